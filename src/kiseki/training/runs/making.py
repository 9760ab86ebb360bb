"""Makes the document of a run from what lies on the machine that trained."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from kiseki.client.data.openings import Openings
from kiseki.client.models.making import Consumed, one_place
from kiseki.client.models.weights import read_weights
from kiseki.core.run import Command, Exposed, Hashes, Run
from kiseki.errors import FilesError, InvalidInput
from kiseki.training.runs.code import code_of
from kiseki.training.runs.hiding import must_hold_no_secret
from kiseki.training.runs.interpreters import environment, interpreter
from kiseki.vault.files import hash_files
from kiseki.vault.folders import walk

__all__ = ["Folders", "make"]

_PYTHON = re.compile(r"python(3(\.\d+)?)?(\.exe)?")


@dataclass(frozen=True, slots=True)
class Folders:
    """Where things lie on the machine that trained.

    Attributes:
        code: the program.
        inputs: what it read.
        output: what it wrote. Default: the folder of the weights.
        base: the file of the base model.
    """

    code: Path | None = None
    inputs: Path | None = None
    output: Path | None = None
    base: Path | None = None


def make(
    weights: str | Path,
    command: Sequence[str],
    folders: Folders,
    *,
    openings: Openings | None = None,
    among: Sequence[bytes] = (),
    items: Mapping[str, bytes] | None = None,
    settings: Mapping[str, Any] | None = None,
    seed: int | None = None,
    tolerance: Fraction | None = None,
    exposure: Exposed | None = None,
    python: str | Path | None = None,
    wheels: str | Path | None = None,
    lock: str | Path | None = None,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Run:
    """The run that made these weights, as far as it is known here. What is not known stays out.

    Paths of the command become ``{inputs}``, ``{output}`` and ``{base}``, so that it can be run
    elsewhere. No variable of the environment is written down.

    Args:
        weights: the file that came out, below `folders.output`.
        command: as it was typed; empty where a rerun is not meant.
        openings: gives the inputs that are registered their data IDs. Without it, each input is
            named by the SHA-256 of its content.
        among: IDs of collections to choose, where an input is in several.
        items: data IDs that are known already, by the path of the input below its folder: as where
            equal contents are items of several collections, and training counted each.
        settings: hyperparameters, any JSON.
        seed: of the random numbers.
        tolerance: within which a rerun counts as the same; 0 is bit for bit.
        exposure: what Kiseki's hook recorded.
        python: the interpreter that trained. Default: the one that runs Kiseki.
        wheels: a folder with the wheels that its packages were installed from.
        lock: requirements with hashes.
        progress: called with the number of inputs hashed, and in all.

    Raises:
        InvalidInput: the command names a path that no rerun would have, or holds what looks like a
            secret; an input is in several collections; `items` names what is no input; a file is
            not where it must be.
        FilesError: a file cannot be read.
    """
    file = Path(weights)
    found = read_weights(file)
    output = folders.output or file.parent
    if not file.resolve().is_relative_to(output.resolve()):
        raise InvalidInput(f"the weights {file} do not lie in the folder of the output, {output}")
    must_hold_no_secret(command, settings or {})
    inputs = dict(_inputs(folders))
    hashed = hash_files(list(inputs.values()), progress)
    digests = {name: each.digest for name, each in zip(inputs, hashed, strict=True)}
    known = dict(items or {})
    if strange := sorted(known.keys() - inputs.keys()):
        raise InvalidInput(f"{strange[0]!r:.200} is none of the inputs, so it cannot be an item")
    asked = {name: digest for name, digest in digests.items() if name not in known}
    if openings is not None and asked:
        known |= _items(openings, asked, among)
    base = {}
    if folders.base is not None:
        base = {folders.base.name: hash_files([folders.base])[0].digest}
    return Run(
        Hashes(found.form, found.digest, found.settings),
        settings=settings,
        seed=seed,
        code=None if folders.code is None else code_of(
            folders.code, [each for each in (folders.inputs, output, file) if each is not None
                           and each.resolve() != folders.code.resolve()],
        ),
        environment=environment(interpreter(python), wheels, lock),
        command=None if not command else Command(
            tuple(_arguments(command, folders, output, inputs)),
            file.resolve().relative_to(output.resolve()).as_posix(),
        ),
        items=known,
        files={name: digest for name, digest in digests.items() if name not in known},
        exposure=exposure,
        tolerance=tolerance,
        base=base,
    )  # fmt: skip


def _inputs(folders: Folders) -> Iterator[tuple[str, Path]]:
    """Every input, by its path below the folder that a rerun will have."""
    if folders.inputs is not None:
        if not folders.inputs.is_dir():
            raise FilesError(f"{folders.inputs} is no folder of inputs")
        for each in sorted(walk(folders.inputs)):
            yield Path(each).relative_to(folders.inputs).as_posix(), Path(each)


def _items(
    openings: Openings, digests: Mapping[str, bytes], among: Sequence[bytes]
) -> dict[str, bytes]:
    places = openings.places(list(digests.values()))
    now = openings.wallet.session.now()
    return {
        name: one_place(Consumed(name, digest, 1), there, among, now).id
        for name, digest in digests.items()
        if (there := [each for each in places.get(digest, []) if each.collection is not None])
    }


def _arguments(
    command: Sequence[str], folders: Folders, output: Path, inputs: Mapping[str, Path]
) -> Iterator[str]:
    """The command as a rerun has it."""
    for place, each in enumerate(command):
        if any(name in each for name in ("{inputs}", "{output}", "{base}")):
            yield each
            continue
        if place == 0 and _PYTHON.fullmatch(Path(each).name):
            yield "python"
            continue
        option, equals, value = each.partition("=") if each.startswith("-") else ("", "", each)
        yield f"{option}{equals}{_moved(value, folders, output)}"


def _moved(value: str, folders: Folders, output: Path) -> str:
    """A path of the command, as a rerun has it; what is no path stays."""
    path = Path(value)
    if not value or "\0" in value or not (path.is_absolute() or path.exists()):
        inner = _within(path, output) if "/" in value else None  # what it will write
        return value if inner is None else _joined("{output}", inner)
    if folders.base is not None and path.resolve() == folders.base.resolve():
        if (inner := _within(path, folders.inputs)) is not None:
            return _joined("{inputs}", inner)
        return "{base}"
    for name, folder in (("{output}", output), ("{inputs}", folders.inputs)):
        if (inner := _within(path, folder)) is not None:
            return _joined(name, inner)
    if (inner := _within(path, folders.code)) is not None:
        return inner
    if path.is_absolute() or "/" in value:
        raise InvalidInput(
            f"the command names {value}, which is in none of the folders of inputs, output and "
            "code; a rerun would not have it. Put it into one of them"
        )
    return value


def _within(path: Path, folder: Path | None) -> str | None:
    if folder is None:
        return None
    try:
        return path.resolve().relative_to(folder.resolve()).as_posix()
    except ValueError:
        return None


def _joined(name: str, inner: str) -> str:
    return name if inner == "." else f"{name}/{inner}"
