"""ABIs and code, as `scripts/compile.py` wrote them. They ship in the wheel.

A release is a folder: the contracts that it puts on a chain beside those of earlier releases. A
contract of no release is for tests and examples.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from kiseki.core.keccak import keccak256
from kiseki.core.values import from_hex

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

__all__ = ["RELEASE_FILE", "Artifact", "artifact", "load", "names", "release_folders"]

RELEASE_FILE = "release.json"


@dataclass(frozen=True, slots=True, repr=False)
class Artifact:
    """One compiled contract.

    Attributes:
        name: as in Solidity.
        abi: functions, events and errors.
        creation_code: without constructor arguments.
        runtime_code: with zeros where immutables go.
        immutables: (start, length) in bytes of every immutable in the runtime code.
        storage: where each state variable lies, as the compiler's `storageLayout` says it.
        compiler: version and settings.
        metadata: what the compiler says of it, the very text whose hash is in the code.
    """

    name: str
    abi: list[dict[str, Any]]
    creation_code: bytes
    runtime_code: bytes
    immutables: tuple[tuple[int, int], ...]
    storage: Mapping[str, Any]
    compiler: Mapping[str, Any]
    metadata: str

    @property
    def constructor(self) -> list[dict[str, Any]]:
        """Constructor arguments, as in the ABI."""
        found = [entry["inputs"] for entry in self.abi if entry["type"] == "constructor"]
        return found[0] if found else []

    @property
    def code_hash(self) -> bytes:
        """Keccak-256 of the runtime code, with zeros where immutables go."""
        return keccak256(self.runtime_code)

    def is_at(self, code: bytes) -> bool:
        """Whether `code` on a chain is this contract, whatever its immutables hold."""
        if len(code) != len(self.runtime_code):
            return False
        masked = bytearray(code)
        for start, length in self.immutables:
            masked[start : start + length] = bytes(length)
        return keccak256(bytes(masked)) == self.code_hash


def release_folders() -> list[Traversable]:
    """The folder of each release, oldest first."""
    folders = [each for each in (files("kiseki") / "releases").iterdir() if each.is_dir()]
    return sorted(folders, key=lambda folder: [int(part) for part in folder.name.split(".")])


@cache
def artifact(name: str) -> Artifact:
    """The compiled contract `name`, of the newest release that has one.

    Raises:
        KeyError: Kiseki has no such contract.
    """
    for folder in _folders():
        if (folder / f"{name}.json").is_file():
            return load(folder, name)
    raise KeyError(name)


@cache
def names() -> tuple[str, ...]:
    """Every contract that Kiseki has compiled."""
    found = {each.name for folder in _folders() for each in folder.iterdir()} - {RELEASE_FILE}
    return tuple(sorted(name.removesuffix(".json") for name in found if name.endswith(".json")))


def load(folder: Traversable, name: str) -> Artifact:
    """The contract `name` as it is in one folder.

    Raises:
        FileNotFoundError: its release.json lists it, and it was not compiled yet.
    """
    file = folder / f"{name}.json"
    if not file.is_file():
        raise FileNotFoundError(f"there is no {file}; run `python scripts/compile.py`")
    data = json.loads(file.read_text("utf-8"))
    return Artifact(
        name=name,
        abi=data["abi"],
        creation_code=from_hex(data["bytecode"], None, "bytecode"),
        runtime_code=from_hex(data["deployedBytecode"], None, "deployedBytecode"),
        immutables=tuple((each["start"], each["length"]) for each in data["immutableReferences"]),
        storage=data["storageLayout"],
        compiler=data["compiler"],
        metadata=data["metadata"],
    )


def _folders() -> list[Traversable]:
    """Newest release first, and last what is of none."""
    return [*reversed(release_folders()), files("kiseki") / "artifacts"]
