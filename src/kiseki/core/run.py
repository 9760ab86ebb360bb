"""The document of a run: what a model was trained with, so that the training can be made again.

Its keccak256 is registered with the model (`run`), so it cannot be changed afterwards. It is the
word of whoever trained: what a hook of Kiseki's recorded, what the trainer wrote into its file, and
what the developer says. What nobody said is left out, and reads as ``None``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, TypeVar

from kiseki.core import documents
from kiseki.core.keccak import keccak256
from kiseki.core.said import Said
from kiseki.core.told import read_trained, write_trained
from kiseki.core.trained import Draws, Trained
from kiseki.core.values import from_hex, to_hex
from kiseki.errors import InvalidInput

__all__ = [
    "FORMAT", "Code", "Command", "Environment", "Exposed", "Hashes", "Package", "Placed", "Run",
]  # fmt: skip

FORMAT = "kiseki-run-v1"
_TOLERANCE = re.compile(r"0(\.[0-9]{1,18})?", re.ASCII)
_LONGEST = 4_000
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Hashes:
    """Of the weights.

    Attributes:
        form: what the digest covers: ``tensors`` or ``whole file``.
        digest: SHA-256, 32 bytes.
        settings: of the metadata; none where it cannot be told.
    """

    form: str
    digest: bytes
    settings: bytes | None = None


@dataclass(frozen=True, slots=True)
class Code:
    """What ran.

    Attributes:
        revision: the commit of its repository; none without one.
        changed: whether files differed from that commit; none where nobody looked.
        files: path below the folder of the code -> SHA-256, 32 bytes.
    """

    revision: str | None = None
    changed: bool | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Package:
    """An installed package.

    Attributes:
        name, version: as its installer has them.
        wheel: SHA-256 of the file that it was installed from, 32 bytes; none where not known.
    """

    name: str
    version: str
    wheel: bytes | None = None


@dataclass(frozen=True, slots=True)
class Environment:
    """Where it ran; a text is empty where it is not known."""

    python: str = ""
    system: str = ""
    hardware: str = ""
    packages: tuple[Package, ...] = ()


@dataclass(frozen=True, slots=True)
class Command:
    """How it was started.

    Attributes:
        arguments: with ``{inputs}`` and ``{output}`` for the folders of a rerun, and ``{base}``
            for the file of the base model.
        weights: the file in the output's folder that is compared.
    """

    arguments: tuple[str, ...]
    weights: str


@dataclass(frozen=True, slots=True)
class Exposed:
    """What Kiseki's hook recorded while the model was trained.

    Attributes:
        version: of the hook.
        code: SHA-256 over its source, 32 bytes.
        ledger: the last hash of the chain of batches, 32 bytes.
        ranks: processes that trained side by side.
        batches, steps: that the weights descend from.
        read: how often a dataset gave an item; none where no worker counted.
        consumed: how often training took an item, in the steps that the weights descend from.
        lost: the same of steps that they do not descend from.
        handed_out: how often a vault handed an item out, by the receipts that were kept; none where
            none were kept.
        never_consumed: how many items have a receipt, and training never took them; none where
            nobody compared.
        never_handed_out: how many items training took without a receipt of them; none likewise.
        manifest, weight: the root and the weight of the manifest that these counts give; none
            where no manifest was made of them.
    """

    version: str
    code: bytes
    ledger: bytes
    ranks: int
    batches: int
    steps: int
    consumed: int
    lost: int
    read: int | None = None
    handed_out: int | None = None
    manifest: bytes | None = None
    weight: int | None = None
    never_consumed: int | None = None
    never_handed_out: int | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """A folder that the trainer named, and what was found there.

    Attributes:
        name: as the trainer has it.
        pictures: how many were there.
        draws: how often training took each; none where neither the trainer nor its user says.
    """

    name: str
    pictures: int
    draws: Draws | None


@dataclass(frozen=True, slots=True)
class Run:
    """A run. What is not known is none, or empty.

    Attributes:
        weights: the hashes of what came out.
        settings: hyperparameters, any JSON.
        seed: of the random numbers.
        code, environment, command: what ran, where, and how it was started.
        items: path below the inputs' folder -> data ID, 32 bytes.
        files: path below the inputs' folder -> SHA-256 of a file that is no item, 32 bytes.
        exposure: what the hook recorded.
        tolerance: within which a rerun counts as the same, as a part of the way from the base model
            to the weights. 0 is bit for bit.
        base: the base model's file, name -> SHA-256, 32 bytes.
        trained: what the trainer wrote into its file.
        said: what whoever trained says, where that file is silent.
        folders: both beside what was found.
        more: members of the developer's own, as they are.
    """

    weights: Hashes
    settings: Mapping[str, Any] | None = None
    seed: int | None = None
    code: Code | None = None
    environment: Environment | None = None
    command: Command | None = None
    items: Mapping[str, bytes] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    exposure: Exposed | None = None
    tolerance: Fraction | None = None
    base: Mapping[str, bytes] = field(default_factory=dict)
    trained: Trained | None = None
    folders: tuple[Placed, ...] = ()
    said: Said | None = None
    more: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> str:
        """The document: equal runs give equal texts.

        Raises:
            InvalidInput: a member of the developer's own has a name that the format uses, is no
                JSON or nests too deep, or the tolerance is no decimal of 18 digits.
        """
        for name in self.more:
            if name in _NAMES:
                raise InvalidInput(f"the run's document has a member {name} of its own")
        members = dict(self.more) | {"format": FORMAT} | _written(self)
        try:
            text = json.dumps(
                members, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False
            )
        except (TypeError, ValueError) as error:
            raise InvalidInput(f"settings hold what JSON cannot ({error})") from error
        return documents.shallow(text) + "\n"

    @property
    def stated_tolerance(self) -> str | None:
        """The tolerance as the document has it; none where it states none."""
        return None if self.tolerance is None else _decimal(self.tolerance)

    @property
    def hash(self) -> bytes:
        """keccak256 of the document, which is registered."""
        return keccak256(self.to_json().encode())

    @classmethod
    def from_json(cls, text: str | bytes) -> Run:
        """The run in a document.

        Raises:
            InvalidInput: it has another format, or a member that is not as the format wants it.
        """
        document = documents.read(text, FORMAT)
        given = {name: document[name] for name in _NAMES if document.get(name) is not None}
        if "weights" not in given:
            raise InvalidInput("the document of a run says which weights came out")
        read = {name: _READERS[name](given[name]) for name in given}
        read |= read.pop("inputs", {})
        more = {name: document[name] for name in document if name not in {*_NAMES, "format"}}
        return cls(**read, more=more)


def _written(run: Run) -> dict[str, Any]:
    """The members of the format, without those that nobody said."""
    code, environment, command = run.code, run.environment, run.command
    inputs = {"items": _hexes(run.items), "files": _hexes(run.files)}
    members: dict[str, Any] = {
        "weights": {
            "form": run.weights.form, "digest": to_hex(run.weights.digest),
            "settings": _hex(run.weights.settings),
        },
        "settings": None if run.settings is None else dict(run.settings),
        "seed": run.seed,
        "code": code and _known(
            revision=code.revision, changed=code.changed, files=_hexes(code.files)
        ),
        "environment": environment and _known(
            python=environment.python, system=environment.system, hardware=environment.hardware,
            packages=[
                _known(name=each.name, version=each.version, wheel=_hex(each.wheel))
                for each in environment.packages
            ],
        ),
        "command": command and {
            "arguments": list(command.arguments), "weights": command.weights,
        },
        "inputs": _known(**inputs) or None,
        "exposure": run.exposure and _exposed(run.exposure),
        "tolerance": run.stated_tolerance,
        "base": _hexes(run.base) or None,
        "trained": run.trained and write_trained(run.trained),
        "said": run.said and run.said.to_json(),
        "folders": [
            {"name": each.name, "pictures": each.pictures,
             "draws": each.draws and [str(each.draws.least), str(each.draws.most)]}
            for each in run.folders
        ] or None,
    }  # fmt: skip
    return {name: value for name, value in members.items() if value is not None}


def _exposed(exposed: Exposed) -> dict[str, Any]:
    return _known(
        hook={"version": exposed.version, "code": to_hex(exposed.code)},
        ledger=to_hex(exposed.ledger), ranks=exposed.ranks, batches=exposed.batches,
        steps=exposed.steps, read=exposed.read, consumed=exposed.consumed, lost=exposed.lost,
        handed_out=exposed.handed_out, manifest=_hex(exposed.manifest),
        weight=None if exposed.weight is None else str(exposed.weight),
        never_consumed=exposed.never_consumed, never_handed_out=exposed.never_handed_out,
    )  # fmt: skip


def _known(**members: Any) -> dict[str, Any]:
    """Those that somebody said."""
    return {name: value for name, value in members.items() if value not in (None, "", [], {})}


def _hex(value: bytes | None) -> str | None:
    return None if value is None else to_hex(value)


def _hexes(values: Mapping[str, bytes]) -> dict[str, str]:
    return {name: to_hex(value) for name, value in values.items()}


def _decimal(tolerance: Fraction) -> str:
    """As a decimal text, exactly."""
    units, rest = divmod(tolerance * 10**18, 1)
    if rest or not 0 <= units < 10**18:
        raise InvalidInput("a tolerance is a decimal from 0 to below 1, with 18 digits at most")
    return f"0.{int(units):018}".rstrip("0").rstrip(".")


# Reading


def _object(value: object, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidInput(f"{what} must be a JSON object")
    return value


def _text(value: object, what: str) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise InvalidInput(f"{what} must be a text of {_LONGEST:,} characters at most")
    return value


def _whole(value: object, what: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise InvalidInput(f"{what} must be a whole number, 0 or more")
    return value


def _digest(value: object, what: str) -> bytes:
    return from_hex(value, 32, what)


def _or_none(read: Callable[[object, str], _T], value: object, what: str) -> _T | None:
    return None if value is None else read(value, what)


def _digests(value: object, what: str) -> dict[str, bytes]:
    named = _object(value, what)
    return {_text(name, what): _digest(each, what) for name, each in named.items()}


def _list(value: object, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise InvalidInput(f"{what} must be a JSON array")
    return value


def _read_weights(value: object) -> Hashes:
    given = _object(value, "weights")
    form = given.get("form")
    if form not in ("tensors", "whole file"):
        raise InvalidInput(f"weights have the form tensors or whole file, not {form!r:.40}")
    settings = _or_none(_digest, given.get("settings"), "the hash of the metadata")
    return Hashes(form, _digest(given.get("digest"), "the weights' digest"), settings)


def _read_code(value: object) -> Code:
    given = _object(value, "code")
    changed = given.get("changed")
    if changed is not None and not isinstance(changed, bool):
        raise InvalidInput("whether code is changed is true or false")
    revision = _or_none(_text, given.get("revision"), "the revision")
    return Code(revision, changed, _digests(given.get("files", {}), "the files of the code"))


def _read_environment(value: object) -> Environment:
    given = _object(value, "environment")
    packages = []
    for each in _list(given.get("packages", []), "packages"):
        one = _object(each, "a package")
        name, version = _text(one.get("name"), "a name"), _text(one.get("version"), "a version")
        packages.append(Package(name, version, _or_none(_digest, one.get("wheel"), "a wheel")))
    words = {
        name: _text(given.get(name, ""), name) for name in ("python", "system", "hardware")
    }  # fmt: skip
    return Environment(**words, packages=tuple(packages))


def _read_command(value: object) -> Command:
    given = _object(value, "command")
    arguments = _list(given.get("arguments"), "the command's arguments")
    if not arguments:
        raise InvalidInput("a command has arguments")
    said = tuple(_text(each, "an argument") for each in arguments)
    return Command(said, _text(given.get("weights"), "the file of the weights"))


def _read_inputs(value: object) -> dict[str, dict[str, bytes]]:
    given = _object(value, "inputs")
    return {name: _digests(given.get(name, {}), name) for name in ("items", "files")}


def _read_exposure(value: object) -> Exposed:
    given = _object(value, "exposure")
    hook = _object(given.get("hook"), "the hook")

    def count(name: str) -> int:
        return _whole(given.get(name), name)

    return Exposed(
        _text(hook.get("version"), "the hook's version"),
        _digest(hook.get("code"), "the hook's code"),
        _digest(given.get("ledger"), "the ledger"),
        count("ranks"), count("batches"), count("steps"), count("consumed"), count("lost"),
        read=_or_none(_whole, given.get("read"), "read"),
        handed_out=_or_none(_whole, given.get("handed_out"), "handed_out"),
        manifest=_or_none(_digest, given.get("manifest"), "the manifest"),
        weight=_or_none(documents.decimal, given.get("weight"), "the weight"),
        never_consumed=_or_none(_whole, given.get("never_consumed"), "never_consumed"),
        never_handed_out=_or_none(_whole, given.get("never_handed_out"), "never_handed_out"),
    )  # fmt: skip


def _read_tolerance(value: object) -> Fraction:
    if not isinstance(value, str) or not _TOLERANCE.fullmatch(value):
        raise InvalidInput('a tolerance is a decimal text from "0" to below "1", as "0.01"')
    return Fraction(value)


def _read_folders(value: object) -> tuple[Placed, ...]:
    folders = []
    for each in _list(value, "folders"):
        given, draws = _object(each, "a folder"), None
        if given.get("draws") is not None:
            (bounds,) = documents.rows([given["draws"]], 2, "the draws")
            draws = Draws(*(documents.fraction(each, "draws") for each in bounds))
        pictures = _whole(given.get("pictures"), "pictures")
        folders.append(Placed(_text(given.get("name"), "a folder's name"), pictures, draws))
    return tuple(folders)


_READERS: Mapping[str, Callable[[object], Any]] = {
    "weights": _read_weights,
    "settings": lambda value: _object(value, "settings"),
    "seed": lambda value: _whole(value, "the seed"),
    "code": _read_code,
    "environment": _read_environment,
    "command": _read_command,
    "inputs": _read_inputs,
    "exposure": _read_exposure,
    "tolerance": _read_tolerance,
    "base": lambda value: _digests(value, "the base model"),
    "trained": read_trained,
    "said": Said.from_json,
    "folders": _read_folders,
}
_NAMES = tuple(_READERS)
