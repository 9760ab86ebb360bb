"""Receipts and items that are made up."""

import random
from collections.abc import Iterator, Sequence
from hashlib import sha256

from kiseki.core import ids
from kiseki.core.terms import Use
from kiseki.errors import VaultError
from kiseki.vault.age.stream import CHUNK
from kiseki.vault.handing.handout import HandOuts, Lengths
from kiseki.vault.handing.ledger import Ledger
from kiseki.vault.handing.receipts import Basis, Block, Receipt
from kiseki.vault.handing.rules import Facts, Item, Licence, Openings, Table
from kiseki.vault.store.database import Database

__all__ = [
    "ARTIST", "BLOCK", "CALLER", "COLLECTION", "DOMAIN", "OTHER_ARTIST", "SEED", "Bytes", "Clock",
    "Shelf", "World", "receipt", "spoilt",
]  # fmt: skip

ARTIST, OTHER_ARTIST, CALLER = ("0x" + each * 20 for each in ("1a", "2b", "3c"))
COLLECTION = b"\x22" * 32
BLOCK = Block(17, b"\x11" * 32, 1_000)
DOMAIN, SEED = "vault.example.com", bytes(range(32))


def receipt(number: int = 0, provider: str = ARTIST, **other: object) -> Receipt:
    commitment = sha256(b"commitment %d" % number).digest()
    values: dict[str, object] = {
        "chain": 1, "caller": CALLER, "provider": provider,
        "item": ids.item_id(provider, commitment), "collection": b"\x22" * 32,
        "commitment": commitment, "use": Use.AI_TRAINING, "basis": Basis.LICENCE,
        "subject": b"\x22" * 32, "until": 2**36 - 1, "block": BLOCK, "size": number, "at": 1_000,
    }  # fmt: skip
    return Receipt(**{**values, **other})  # type: ignore[arg-type]


class Bytes:
    """Content in memory, which tells when it is read."""

    def __init__(self, content: bytes, size: int | None = None) -> None:
        self.content, self.size = content, len(content) if size is None else size

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        for at in range(start, stop, CHUNK):
            yield self.content[at : min(at + CHUNK, stop)]


class Shelf:
    """Items of one provider, with their contents, in memory."""

    def __init__(self, provider: str, *contents: bytes) -> None:
        self.contents: dict[Item, Bytes] = {}
        for content in contents:
            commitment = ids.commitment(sha256(content).digest(), b"\x55" * 32)
            item = Item(ids.item_id(provider, commitment), provider, COLLECTION, commitment)
            self.contents[item] = Bytes(content)

    @property
    def ids(self) -> list[bytes]:
        return [each.id for each in self.contents]

    def items(self, wanted: Sequence[bytes], collection: bytes | None = None) -> list[Item | None]:
        by_id = {
            each.id: each for each in self.contents if collection in (None, each.collection)
        }  # fmt: skip
        return [by_id.get(each) for each in wanted]

    def content(self, item: Item) -> Bytes:
        if item not in self.contents:
            raise VaultError("it is not here any longer")
        return self.contents[item]


class Clock:
    """A clock that stands until it is set."""

    def __init__(self, now: int) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


class World:
    """A vault of one artist in a store, a chain that is a table, and a clock."""

    def __init__(self, database: Database, *contents: bytes, **lengths: int) -> None:
        self.shelf, self.clock = Shelf(ARTIST, *contents), Clock(2_000)
        self.chain = Table(31337, BLOCK)
        self.ledger = Ledger(database, DOMAIN, SEED)
        self.openings = Openings(database)
        self.handouts = HandOuts(
            database, self.ledger, self.shelf, self.chain, clock=self.clock,
            lengths=Lengths(**lengths),
        )  # fmt: skip

    def license(self, until: int | None, use: Use = Use.AI_TRAINING, who: str = CALLER) -> None:
        """Says that somebody has a licence for all items, or none."""
        licence = None if until is None else Licence(COLLECTION, until)
        for each in self.shelf.ids:
            self.chain.facts[who, each, use] = Facts(licence)

    def allow(self, until: int | None) -> None:
        """Says that the terms let everybody train on all items."""
        for each in self.shelf.ids:
            self.chain.facts[CALLER, each, Use.AI_TRAINING] = Facts(None, until)


def spoilt(text: bytes, chance: random.Random) -> bytes:
    """`text` with one small thing changed."""
    at = chance.randrange(len(text))
    how = chance.randrange(4)
    if how == 0:
        return text[:at] + text[at + 1 :]
    if how == 1:
        return text[:at] + bytes([text[at] ^ 1 << chance.randrange(8)]) + text[at + 1 :]
    if how == 2:
        return text[:at] + bytes([chance.randrange(256)]) + text[at:]
    return text[:at] + text[chance.randrange(len(text)) :]
