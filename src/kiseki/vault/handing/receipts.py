"""The receipt of a hand-out: who was given which item, for what, and why that was right.

It says that the item was *released* to somebody, not that it arrived. The log holds
SHA-256(salt ‖ receipt), which tells nothing to whom the receipt was not shown; receiver and
provider are given both.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Any, NamedTuple

from kiseki.core import documents, ids
from kiseki.core.terms import Use
from kiseki.core.values import address, address_text, bytes32, from_hex, to_hex, uint
from kiseki.errors import InvalidInput

__all__ = ["HANDED_OUT_FORMAT", "HAND_OUT_USES", "Basis", "Block", "Receipt", "Salted", "use_word"]

HANDED_OUT_FORMAT = "kiseki-handed-out-v1"
"""What a receipt says that it is."""
HAND_OUT_USES = tuple(each for each in Use if each is not Use.GENERATION)
"""The uses that content can be asked for: those that terms speak of."""

_MEMBERS = (
    "format", "chain", "caller", "provider", "item", "collection", "commitment", "use", "because",
    "subject", "until", "block", "size", "at",
)  # fmt: skip
_BLOCK = ("number", "hash", "time")
_LONGEST = 4096
"""Characters of a receipt: the longest that there can be has fewer."""


class Basis(StrEnum):
    """Why somebody may have an item."""

    PROVIDER = "provider"
    LICENCE = "licence"
    OPENED = "opened"


class Block(NamedTuple):
    """The block at which the chain was asked.

    Attributes:
        number: of the block.
        hash: of the block, 32 bytes.
        time: of the block, in seconds since 1970.
    """

    number: int
    hash: bytes
    time: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """The receipt of one item.

    Attributes:
        chain: the chain's ID.
        caller: who was given it.
        provider: whose it is.
        item: its data ID, 32 bytes.
        collection: the collection that it was asked for in, 32 bytes.
        commitment: of the content, 32 bytes; with the provider it gives the data ID.
        use: what the caller said that it is for; one of `HAND_OUT_USES`.
        basis: why it was given.
        subject: what the licence is of, 32 bytes; none without a licence.
        until: last second of the licence or of the consent, in seconds since 1970; none for the
            provider.
        block: at which the chain was asked.
        size: bytes of the whole content, however many of them were fetched.
        at: when it was given, in seconds since 1970.

    Raises:
        InvalidInput: a value is none of its kind, or they contradict each other.
    """

    chain: int
    caller: str
    provider: str
    item: bytes
    collection: bytes
    commitment: bytes
    use: Use
    basis: Basis
    subject: bytes | None
    until: int | None
    block: Block
    size: int
    at: int

    def __post_init__(self) -> None:
        uint(self.chain, 64, "the chain's ID", 1)
        for name, who in (("caller", self.caller), ("provider", self.provider)):
            if address_text(address(who, f"the {name}")) != who:
                raise InvalidInput(f"the {name} must be written in lower case")
        bytes32(self.item, "the data ID")
        bytes32(self.collection, "the collection's ID")
        if ids.item_id(self.provider, self.commitment) != self.item:
            raise InvalidInput("provider and commitment do not give this data ID")
        if self.use not in HAND_OUT_USES:
            raise InvalidInput("a receipt must state one use")
        if (self.subject is not None) != (self.basis is Basis.LICENCE):
            raise InvalidInput("a receipt must say what its licence is of, if there is one")
        if (self.until is None) != (self.basis is Basis.PROVIDER):
            raise InvalidInput("a receipt must say until when it may be had, except a provider's")
        if (self.basis is Basis.PROVIDER) and self.caller != self.provider:
            raise InvalidInput("this receipt calls somebody the provider who is not")
        if self.subject is not None:
            bytes32(self.subject, "what is licensed")
        if self.until is not None:
            uint(self.until, 64, "the end of the licence")
        uint(self.block.number, 63, "the block's number")
        bytes32(self.block.hash, "the block's hash")
        uint(self.block.time, 63, "the block's time")
        uint(self.size, 63, "the size")
        uint(self.at, 63, "the time")

    def to_json(self) -> str:
        """The one text of this receipt."""
        number, block, time = self.block
        return documents.write(
            {
                "format": HANDED_OUT_FORMAT, "chain": str(self.chain), "caller": self.caller,
                "provider": self.provider, "item": to_hex(self.item),
                "collection": to_hex(self.collection), "commitment": to_hex(self.commitment),
                "use": use_word(self.use), "because": self.basis.value,
                "subject": None if self.subject is None else to_hex(self.subject),
                "until": None if self.until is None else str(self.until),
                "block": {"number": str(number), "hash": to_hex(block), "time": str(time)},
                "size": str(self.size), "at": str(self.at),
            }
        )  # fmt: skip

    @classmethod
    def from_json(cls, text: str | bytes) -> Receipt:
        """What `to_json` gives, and only that text: its hash is in the log.

        Raises:
            InvalidInput: it is written in another way, or is no receipt.
        """
        if len(text) > _LONGEST:
            raise InvalidInput("this is longer than any receipt of a hand-out")
        document = documents.read(text, HANDED_OUT_FORMAT)
        _, *values = documents.members(document, _MEMBERS, "a receipt of a hand-out")
        found = cls._of(values)
        plain = text if isinstance(text, str) else text.decode()
        if found.to_json() != plain:
            raise InvalidInput("this receipt is not written as the one that its hash is of")
        return found

    @classmethod
    def _of(cls, values: list[Any]) -> Receipt:
        (
            chain, caller, provider, item, collection, commitment, use, because, subject, until,
            block, size, at,
        ) = values  # fmt: skip
        number, block_hash, time = documents.members(block, _BLOCK, "the block of a receipt")
        if because not in list(Basis):
            raise InvalidInput(f"a receipt must say why: {', '.join(Basis)}, not {because!r:.80}")
        return cls(
            documents.decimal(chain, "the chain's ID"),
            caller,
            provider,
            from_hex(item, 32, "the data ID"),
            from_hex(collection, 32, "the collection's ID"),
            from_hex(commitment, 32, "the commitment"),
            _use(use),
            Basis(because),
            None if subject is None else from_hex(subject, 32, "what is licensed"),
            None if until is None else documents.decimal(until, "the end of the licence"),
            Block(
                documents.decimal(number, "the block's number"),
                from_hex(block_hash, 32, "the block's hash"),
                documents.decimal(time, "the block's time"),
            ),
            documents.decimal(size, "the size"),
            documents.decimal(at, "the time"),
        )


@dataclass(frozen=True, slots=True)
class Salted:
    """A receipt with the salt that hides it in the log.

    Attributes:
        receipt: what it says.
        salt: 32 random bytes; who has them and the receipt can find its entry.
    """

    receipt: Receipt
    salt: bytes = field(repr=False)

    def __post_init__(self) -> None:
        bytes32(self.salt, "the salt of a receipt")

    @property
    def entry(self) -> bytes:
        """What the log holds of it: SHA-256(salt ‖ receipt), 32 bytes."""
        return sha256(self.salt + self.receipt.to_json().encode()).digest()


def use_word(use: Use) -> str:
    """What a use is called in a receipt."""
    return str(use.name).lower()


def _use(word: object) -> Use:
    for each in HAND_OUT_USES:
        if use_word(each) == word:
            return each
    raise InvalidInput(
        f"a use must be one of {', '.join(map(use_word, HAND_OUT_USES))}, not {word!r:.80}"
    )
