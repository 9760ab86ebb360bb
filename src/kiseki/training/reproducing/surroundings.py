"""The recorded packages: from wheels by their hashes, or those that are here.

Nothing is fetched. A wheel of a stranger's choice runs nothing when it is installed, and it is
installed in isolation all the same.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kiseki.core.run import Environment, Package, Run
from kiseki.core.values import one_line
from kiseki.errors import FilesError, InvalidInput
from kiseki.training.isolation import rooms
from kiseki.training.isolation.checked import must_hold
from kiseki.training.isolation.rooms import Bounds, Room
from kiseki.training.isolation.running import run as run_in
from kiseki.training.reproducing.gathering import Gathered, copy
from kiseki.training.runs.interpreters import Interpreter, canonical, packages, wheels
from kiseki.vault.files import hash_files

__all__ = ["INSIDE", "Surroundings", "here", "install"]

INSIDE = "/environment"
"""Where an environment lies in the room, when it is made and when it is used."""
_NAMED = 5
_KISEKI = Path(__file__).resolve().parents[2]
"""The hook that training imports. Where Kiseki was installed to be worked on (`pip install -e`), it
lies outside the interpreter's folders."""
_BOUNDS = Bounds(seconds=1800, output=32 * 2**30, files=1_000_000)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a rerun finds beside its inputs and code.

    Attributes:
        how: ``wheels`` or ``installed``.
        python: the interpreter in the room.
        programs: folders that are seen where they are.
        reads: folders that are seen elsewhere.
        path: where programs are looked for.
        notes: what is other than recorded, in English.
    """

    how: str
    python: str
    programs: tuple[Path, ...]
    reads: dict[str, Path]
    path: tuple[str, ...]
    notes: tuple[str, ...] = ()


def here(run: Run, python: Interpreter) -> Surroundings:
    """The packages of an interpreter of this machine, if they are the recorded ones.

    Raises:
        InvalidInput: one is missing or has another version, or a hash is recorded of which the
            installer noted another or none.
    """
    recorded = run.environment or Environment()
    there = {each.name: each for each in packages(python)}
    problems = []
    for each in recorded.packages:
        found = there.get(canonical(each.name))
        if found is None or found.version != each.version:
            has = "is not there" if found is None else f"has version {one_line(found.version, 40)}"
            problems.append(f"{_name(each)} {has}")
        elif each.wheel is not None and found.wheel != each.wheel:
            problems.append(f"{_name(each)} may be of another file than the recorded one")
    if problems:
        more = f" and {len(problems) - _NAMED:,} more" if len(problems) > _NAMED else ""
        raise InvalidInput(
            f"the packages here are not the recorded ones: {'; '.join(problems[:_NAMED])}{more}. "
            "Name a folder with the recorded wheels (--wheels), or another Python (--python). "
            "Nothing was run"
        )
    own = (python.prefix, python.base)
    apart = () if any(_KISEKI.is_relative_to(each.resolve()) for each in own) else (_KISEKI,)
    return Surroundings(
        "installed", str(python.program), (*own, *apart), {},
        (str(python.program.parent),), tuple(_notes(recorded, python)),
    )  # fmt: skip


def install(
    run: Run,
    python: Interpreter,
    cache: Path,
    work: Path,
    told: Callable[[float, bytes], None] = lambda *_: None,
) -> Surroundings:
    """An environment with the recorded packages, each from the wheel with the recorded hash.

    Args:
        cache: a folder with those wheels.
        work: an empty folder for the environment and copies of the wheels.

    Raises:
        InvalidInput: a recorded wheel is not there, or the document names no wheel.
        FilesError: they cannot be installed.
        NotIsolated: there is no isolation here.
    """
    recorded = run.environment or Environment()
    _must_fit(recorded, python)
    wanted = [each for each in recorded.packages if each.wheel is not None]
    if not wanted:
        raise InvalidInput("the document names no package by the hash of its wheel")
    files = _found(wanted, cache)
    copy(Gathered({path.name: (path, digest) for path, digest in files}, frozenset(), ()),
         work / "wheels")  # fmt: skip
    lines = [f"{each.name}=={each.version} --hash=sha256:{each.wheel.hex()}"
             for each in wanted if each.wheel]  # fmt: skip
    (work / "requirements.txt").write_text("\n".join(lines) + "\n", "utf-8")
    (work / "requirements.txt").chmod(0o444)
    room = Room(
        rooms.made(work / "environment"),
        {"/wheels": work / "wheels", "/requirements.txt": work / "requirements.txt"},
        (python.prefix, python.base), written=INSIDE, bounds=_BOUNDS,
    )  # fmt: skip
    must_hold(room, str(python.program))
    pip = [f"{INSIDE}/bin/python", "-I", "-m", "pip", "--no-cache-dir", "--no-input",
           "--disable-pip-version-check", "install", "--no-index", "--find-links", "/wheels",
           "--only-binary", ":all:", "--no-deps", "--require-hashes",
           "-r", "/requirements.txt"]  # fmt: skip
    for words in ([str(python.program), "-I", "-m", "venv", "--copies", INSIDE], pip):
        said = io.BytesIO()
        ended = run_in(room, words, said, told)
        if not ended.is_well:
            text = " ".join(said.getvalue().decode(errors="replace").split())[-400:]
            raise FilesError(
                f"the recorded packages cannot be installed: {ended.reason or one_line(text, 400)}"
            )
    (work / "environment").chmod(0o755)  # the next command is another user
    left = [each for each in recorded.packages if each.wheel is None]
    notes = []
    if left:
        more = f" and {len(left) - _NAMED:,} more" if len(left) > _NAMED else ""
        named = ", ".join(map(_name, left[:_NAMED]))
        notes = [f"not installed, because no wheel is recorded: {named}{more}"]
    return Surroundings(
        "wheels", f"{INSIDE}/bin/python", (python.base,), {INSIDE: work / "environment"},
        (f"{INSIDE}/bin",), (*_notes(recorded, python), *notes),
    )  # fmt: skip


def _found(wanted: list[Package], cache: Path) -> list[tuple[Path, bytes]]:
    there = wheels(cache)
    named = [
        path for each in wanted for path in there.get((canonical(each.name), each.version), ())
    ]
    by_hash = {each.digest: each.path for each in hash_files(named)}
    missing = [_name(each) for each in wanted if each.wheel not in by_hash]
    if missing:
        more = f" and {len(missing) - _NAMED:,} more" if len(missing) > _NAMED else ""
        raise InvalidInput(
            f"{cache} has no wheel with the recorded hash of {', '.join(missing[:_NAMED])}{more}. "
            "Nothing was run"
        )
    return [(by_hash[each.wheel], each.wheel) for each in wanted if each.wheel is not None]


def _must_fit(recorded: Environment, python: Interpreter) -> None:
    if recorded.python and _minor(recorded.python) != _minor(python.version):
        raise InvalidInput(
            f"the run had Python {one_line(recorded.python, 40)}, and here is {python.version}; "
            "its wheels are for that version. Name such a Python (--python). Nothing was run"
        )


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _notes(recorded: Environment, python: Interpreter) -> list[str]:
    if recorded.python and recorded.python != python.version:
        return [f"Python {python.version} in place of {one_line(recorded.python, 40)}"]
    return []


def _name(package: Package) -> str:
    return f"{one_line(package.name, 80)} {one_line(package.version, 40)}"
