"""The contracts of the suite, and their events as topics and data in hex.

What the suite logs is words and lists of words, whose hex is put together here in the order of the
ABI; `eth_abi` would take most of the time. It writes what is more than that, and a test holds all
of it to `eth_abi`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from kiseki.chain.contract.abi import kind, topic
from kiseki.chain.contract.artifacts import artifact
from kiseki.chain.release import releases

__all__ = [
    "ADDRESSES",
    "CHAIN",
    "DATA",
    "IDENTITIES",
    "MODELS",
    "OUTPUTS",
    "RIGHTS",
    "SPLITTER",
    "Shape",
    "shape",
]

ADDRESSES = {name: at.lower() for name, at in releases.addresses().items()}
"""Name of each contract -> its address, lower case."""

CHAIN = 1

DATA, MODELS, OUTPUTS = (
    ADDRESSES[name] for name in ("DataRegistry", "ModelRegistry", "OutputRegistry")
)
SPLITTER, RIGHTS, IDENTITIES = (
    ADDRESSES[name] for name in ("RevenueSplitter", "RightsToken", "Identities")
)

Entry = Mapping[str, Any]
Writer = Callable[[Any], str]
"""A value as hex without `0x`."""


class Shape:
    """How one event is logged.

    Attributes:
        address: of the contract, lower case.
    """

    def __init__(self, contract: str, entry: Entry) -> None:
        self.address = ADDRESSES[contract]
        self._topic = f'"0x{topic(entry).hex()}"'
        members = entry["inputs"]
        self._indexed = [(i, _word(each)) for i, each in enumerate(members) if each["indexed"]]
        self._plain = [(i, each) for i, each in enumerate(members) if not each["indexed"]]
        self._words = [(i, _static(each)) for i, each in self._plain]
        self._static = all(write for _, write in self._words)

    def topics(self, values: Sequence[Any]) -> str:
        """The topics as JSON writes them between the brackets."""
        return ",".join([self._topic, *[f'"0x{write(values[i])}"' for i, write in self._indexed]])

    def data(self, values: Sequence[Any]) -> str:
        """The other arguments, as hex without `0x`."""
        if self._static:
            return "".join([write(values[i]) for i, write in self._words if write])
        if any(each["type"] == "tuple" for _, each in self._plain):
            return self._by_eth_abi(values)
        return self._heads_and_tails(values)

    def _heads_and_tails(self, values: Sequence[Any]) -> str:
        heads, tails, behind = [], [], 32 * len(self._words)
        for (i, member), (_, write) in zip(self._plain, self._words, strict=True):
            if write:
                heads.append(write(values[i]))
                continue
            tail = _tail(member, values[i])
            heads.append(f"{behind:064x}")
            tails.append(tail)
            behind += len(tail) // 2
        return "".join([*heads, *tails])

    def _by_eth_abi(self, values: Sequence[Any]) -> str:
        from eth_abi.abi import encode

        return encode(
            [kind(each) for _, each in self._plain], [values[i] for i, _ in self._plain]
        ).hex()


@cache
def shape(contract: str, event: str) -> Shape:
    """How a contract's event is logged."""
    (entry,) = [
        each for each in artifact(contract).abi if each["type"] == "event" and each["name"] == event
    ]
    return Shape(contract, entry)


def _static(member: Entry) -> Writer | None:
    """None for what differs in size from log to log."""
    if member["type"] != "tuple":
        return None if member["type"] == "bytes" or member["type"].endswith("]") else _word(member)
    parts = [_static(each) for each in member["components"]]
    if not all(parts):
        return None
    return lambda values: "".join(
        [write(each) for write, each in zip(parts, values, strict=True) if write]
    )


def _word(member: Entry) -> Writer:
    if member["type"].startswith("bytes32"):
        return bytes.hex
    if member["type"].startswith("address"):
        return lambda address: "0" * 24 + address[2:]
    return lambda number: f"{number:064x}"


def _tail(member: Entry, value: Any) -> str:
    count = f"{len(value):064x}"
    if member["type"] == "bytes":
        text: str = value.hex()
        return count + text + "0" * (-len(text) % 64)
    write = _word(member)
    return count + "".join([write(each) for each in value])
