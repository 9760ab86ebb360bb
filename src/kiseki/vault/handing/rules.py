"""May this caller have this item for this use now?

- **The provider** may, for any use: the content is the provider's own. The data ID itself names
  the provider, so this needs no registration.
- **Who holds a licence** for the stated use may, until its last second.
- **Open terms** give nobody content by themselves. Terms say what may be done with a copy, not who
  is given one; a provider who lets the world train on a drawing that the world has did not ask the
  vault to hand out the file. So they count only for collections that the vault's keeper opened
  (`Openings`), and for the use that they allow, as long as they allow it.
- **Holders of rights tokens** may not. Such a token is about income and rights in an output; what
  a model was trained on stays its providers'.

To others than provider and operator there is one answer for "not here", "not yours" and "ended"
(`NotGiven`): whether a vault holds something is told to nobody who may not have it.

The chain is asked through `Chain`. Ends are judged at the later of the block's time and the clock,
because the block that is safe is minutes old: a licence that ended since then has ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from sqlalchemy import delete, select

from kiseki.core.terms import Use
from kiseki.core.values import address, address_text, bytes32
from kiseki.errors import KisekiError
from kiseki.vault.handing.receipts import HAND_OUT_USES, Basis, Block
from kiseki.vault.store import tables
from kiseki.vault.store.database import Database, insert

__all__ = [
    "Answer", "Chain", "Facts", "Grounds", "Item", "Licence", "NotGiven", "Openings", "Table",
    "grounds", "why_not",
]  # fmt: skip


class NotGiven(KisekiError):  # noqa: N818 - reads as what happened
    """The vault gives this caller nothing here. Why, it does not say."""

    def __init__(self) -> None:
        super().__init__(
            "this vault has nothing for you under this ID for this use now; if you hold a licence, "
            "check its use, its end, and the wallet that you signed in with"
        )


class Item(NamedTuple):
    """What is asked about.

    Attributes:
        id: data ID, 32 bytes.
        provider: whose it is, an address in lower case.
        collection: the collection that it is in, 32 bytes.
        commitment: of its content, 32 bytes.
    """

    id: bytes
    provider: str
    collection: bytes
    commitment: bytes


class Licence(NamedTuple):
    """What a caller is licensed.

    Attributes:
        subject: what the licence is of, the item or its collection, 32 bytes.
        until: its last second, since 1970.
    """

    subject: bytes
    until: int


class Facts(NamedTuple):
    """What the chain says of one item, one caller and one use.

    Attributes:
        licence: the one that ends last; none where there never was one.
        allowed_until: the last second, since 1970, at which the terms let everybody use it so: the
            consent is not revoked, or its notice runs, and no gate stands before it. None where
            they do not.
    """

    licence: Licence | None = None
    allowed_until: int | None = None


class Answer(NamedTuple):
    """What the chain says of all items of one question, at one block.

    Attributes:
        chain: the chain's ID.
        block: at which all of it holds; one that will stay (`safe`).
        facts: one an item, in the order asked.
    """

    chain: int
    block: Block
    facts: Sequence[Facts]


class Chain(Protocol):
    """Asks the chain."""

    def ask(self, caller: str, items: Sequence[Item], use: Use) -> Answer:
        """What it says at this moment, of a node of one's own or two that agree.

        Items that the vault does not hold are asked about in the same way, so that the time an
        answer takes tells nobody what is here: all of them may be unknown to the chain.

        Raises:
            KisekiError: it cannot be asked. That is never an answer, so nothing is given.
        """
        ...


class Table:
    """A chain that is a table of facts, for tests and for trying things out.

    Attributes:
        facts: by caller, data ID and use; an item that is not in it has none.
        block: at which it is asked.
        asked: how often it was.
    """

    def __init__(self, chain: int, block: Block) -> None:
        self.chain, self.block, self.asked = chain, block, 0
        self.facts: dict[tuple[str, bytes, Use], Facts] = {}

    def ask(self, caller: str, items: Sequence[Item], use: Use) -> Answer:
        """See `Chain`."""
        self.asked += 1
        found = [self.facts.get((caller, each.id, use), Facts()) for each in items]
        return Answer(self.chain, self.block, found)


@dataclass(frozen=True, slots=True)
class Grounds:
    """One reason for which somebody may have an item.

    Attributes:
        basis: which one.
        subject: what the licence is of; none without a licence.
        until: the last second at which it holds; none for the provider.
    """

    basis: Basis
    subject: bytes | None = None
    until: int | None = None


def grounds(
    caller: str, item: Item, use: Use, answer: Answer, facts: Facts, opened: bool, now: int
) -> list[Grounds]:
    """All reasons for which a caller may have an item now, the best first; none: it is not given.

    Args:
        facts: those of `answer` about this item.
        opened: whether the vault's keeper opened its collection.
        now: in seconds since 1970.
    """
    if use not in HAND_OUT_USES:
        return []
    at, found = max(now, answer.block.time), []
    if caller == item.provider:
        found.append(Grounds(Basis.PROVIDER))
    if facts.licence is not None and at <= facts.licence.until:
        found.append(Grounds(Basis.LICENCE, *facts.licence))
    if opened and facts.allowed_until is not None and at <= facts.allowed_until:
        found.append(Grounds(Basis.OPENED, None, facts.allowed_until))
    return found


def why_not(
    asking: str, operators: Sequence[str], item: Item | None, answer: Answer, facts: Facts,
    opened: bool, now: int,
) -> str:  # fmt: skip
    """Why somebody was not given an item, for the provider or an operator.

    Args:
        asking: who wants to know.
        operators: wallets that run this vault.
        item: none: it is not here.
        answer, facts, opened, now: as `grounds` was given them.

    Raises:
        NotGiven: to everybody else.
    """
    if asking not in operators and (item is None or asking != item.provider):
        raise NotGiven
    if item is None:
        return "it is not in this vault"
    at = max(now, answer.block.time)
    if facts.licence is not None:
        if at > facts.licence.until:
            return f"the licence ended at {facts.licence.until}"
        return "nothing stands against it"
    if not opened:
        return "there is no licence for this use, and the collection is not opened"
    if facts.allowed_until is None:
        return "there is no licence, and the terms do not allow this use"
    if at > facts.allowed_until:
        return f"there is no licence, and the consent ended at {facts.allowed_until}"
    return "nothing stands against it"


class Openings:
    """The collections that the vault's keeper opened: they are handed out by their terms."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, collection: bytes) -> None:
        """Opens one."""
        row = {"collection": bytes32(collection, "the collection's ID")}
        with self._database.writing() as db:
            db.execute(insert(db, tables.opened).values(row).on_conflict_do_nothing())

    def close(self, collection: bytes) -> None:
        """Closes one; hand-outs that rest on it stop."""
        c = tables.opened.c
        with self._database.writing() as db:
            db.execute(delete(tables.opened).where(c.collection == bytes32(collection, "an ID")))

    def among(self, collections: Sequence[bytes]) -> set[bytes]:
        """Those of some collections that are open."""
        c, found = tables.opened.c, set[bytes]()
        wanted = sorted(set(collections))
        if not wanted:
            return found
        with self._database.reading() as db:
            for start in range(0, len(wanted), 500):
                part = wanted[start : start + 500]
                found.update(
                    db.execute(select(c.collection).where(c.collection.in_(part))).scalars()
                )
        return found


def caller_of(text: str) -> str:
    """A caller's address in lower case.

    Raises:
        InvalidInput: it is none.
    """
    return address_text(address(text, "the caller"))
