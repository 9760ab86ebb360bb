"""ABIs and creation code, as `scripts/compile.py` wrote them. They ship in the wheel."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from kiseki.core.keccak import keccak256
from kiseki.core.values import from_hex

__all__ = ["Artifact", "artifact", "names"]


@dataclass(frozen=True, slots=True, repr=False)
class Artifact:
    """One compiled contract.

    Attributes:
        name: as in Solidity.
        abi: functions, events and errors.
        creation_code: without constructor arguments.
        runtime_code: with zeros where immutables go.
        immutables: (start, length) in bytes of every immutable in the runtime code.
        compiler: version and settings.
        metadata: what the compiler says of it, the very text whose hash is in the code.
    """

    name: str
    abi: list[dict[str, Any]]
    creation_code: bytes
    runtime_code: bytes
    immutables: tuple[tuple[int, int], ...]
    compiler: Mapping[str, Any]
    metadata: str

    @property
    def constructor(self) -> list[dict[str, Any]]:
        """Constructor arguments, as in the ABI."""
        found = [entry["inputs"] for entry in self.abi if entry["type"] == "constructor"]
        return found[0] if found else []

    def is_at(self, code: bytes) -> bool:
        """Whether `code` on a chain is this contract, whatever its immutables hold."""
        if len(code) != len(self.runtime_code):
            return False
        masked = bytearray(code)
        for start, length in self.immutables:
            masked[start : start + length] = bytes(length)
        return keccak256(bytes(masked)) == keccak256(self.runtime_code)


@cache
def artifact(name: str) -> Artifact:
    """The compiled contract `name`.

    Raises:
        KeyError: Kiseki has no such contract.
    """
    path = files("kiseki") / "artifacts" / f"{name}.json"
    if not path.is_file():
        raise KeyError(name)
    data = json.loads(path.read_text("utf-8"))
    return Artifact(
        name=name,
        abi=data["abi"],
        creation_code=from_hex(data["bytecode"], None, "bytecode"),
        runtime_code=from_hex(data["deployedBytecode"], None, "deployedBytecode"),
        immutables=tuple((each["start"], each["length"]) for each in data["immutableReferences"]),
        compiler=data["compiler"],
        metadata=data["metadata"],
    )


@cache
def names() -> tuple[str, ...]:
    """Every contract that Kiseki has compiled."""
    folder = files("kiseki") / "artifacts"
    found = (each.name for each in folder.iterdir() if each.name.endswith(".json"))
    return tuple(sorted(name.removesuffix(".json") for name in found))
