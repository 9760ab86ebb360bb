"""The log of a registry, by which a list of its IDs is shown to be whole.

A registry keeps ``log = keccak256(log ‖ id)`` over everything that it registered, in storage slot 0
(`contracts/interfaces/IRegistrations.sol`). A list that gives the same number lacks nothing, has
nothing twice and stands in order; a proof of the slot says that the number is the chain's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from kiseki.core import documents
from kiseki.core.keccak import keccak256
from kiseki.core.state import Header, StorageProof
from kiseki.core.values import ZERO32, address, address_text, bytes32, from_hex, to_hex, uint
from kiseki.errors import InvalidInput, ProofError

__all__ = ["SLOT", "ProvedList", "fold"]

SLOT = 0
"""Where a registry keeps its log."""

_FORMAT = "kiseki-list-v1"


def fold(ids: Iterable[bytes], log: bytes = ZERO32) -> bytes:
    """The log after these IDs were registered, one after the other.

    Args:
        log: what it was before; zero for a registry in which there was nothing.
    """
    for each in ids:
        log = keccak256(log + bytes32(each, "an ID"))
    return log


@dataclass(frozen=True, slots=True)
class ProvedList:
    """All IDs that a registry held as of a block, with what shows that they are all.

    Attributes:
        chain_id: the chain, as whoever made it says; a block's hash does not tell.
        registry: its address.
        ids: in the order in which they were registered.
        proof: of the registry's log.
    """

    chain_id: int
    registry: str
    ids: Sequence[bytes] = field(repr=False)
    proof: StorageProof

    def check(self) -> Header:
        """The block as of which the list is whole. Whether that block is the chain's is for the
        reader to compare, by its hash.

        Raises:
            ProofError: the proof leads elsewhere, or the list is not the whole one.
        """
        log = self.proof.value(self.registry, SLOT)
        if fold(self.ids) != log:
            raise ProofError(
                f"this list of {len(self.ids):,} IDs is not what the registry held at block "
                f"{self.proof.header.number:,}: something is missing, too much or out of order"
            )
        return self.proof.header

    def to_json(self) -> str:
        """As a file, which `from_json` reads."""
        return documents.write(
            {
                "format": _FORMAT,
                "chain": self.chain_id,
                "registry": self.registry,
                "header": to_hex(self.proof.header.encoded),
                "account": [to_hex(each) for each in self.proof.account],
                "storage": [to_hex(each) for each in self.proof.storage],
                "ids": [to_hex(each) for each in self.ids],
            }
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> ProvedList:
        """What :meth:`to_json` wrote. Nothing is checked but its form: call :meth:`check`.

        Raises:
            InvalidInput: it is no such file.
        """
        document = documents.read(text, _FORMAT)
        _, chain, registry, header, account, storage, ids = documents.members(
            document,
            ["format", "chain", "registry", "header", "account", "storage", "ids"],
            "a proved list",
        )
        return cls(
            uint(chain, 64, "the chain", 1),
            address_text(address(registry, "the registry")),
            tuple(_blobs(ids, 32, "an ID")),
            StorageProof(
                Header(from_hex(header, None, "the header")),
                tuple(_blobs(account, None, "a node of the proof")),
                tuple(_blobs(storage, None, "a node of the proof")),
            ),
        )


def _blobs(listed: object, length: int | None, what: str) -> list[bytes]:
    if not isinstance(listed, list):
        raise InvalidInput(f"what holds {what} must be a JSON array")
    return [from_hex(each, length, what) for each in listed]
