"""Erasure: a content, or all that is a provider's, is gone from a vault, and when.

One transaction destroys every row that leads to the content (salt, digest, names, wrapped identity,
hand-outs that run) and writes down in their place that it is erased, for whom, and which objects
are still to be deleted. So nothing is ever half erased, and from then on nothing of it is served.
Then the objects are deleted from their place and from the copies that were named, then the store is
scrubbed, and only then is it written that all of it is gone. Whatever interrupts this, `finish`
goes on.

There are two dates. *Gone here* is when this was done. *Gone from backups* is when every key is
destroyed that opens a backup from before: of the epoch that was in force and of all earlier ones,
because the vault does not keep how long it had a salt. That a key is destroyed somebody says;
nobody can prove it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, delete, func, select, update

from kiseki.core import ids
from kiseki.core.counts import counted
from kiseki.core.values import address, address_text, bytes32, to_hex
from kiseki.errors import InvalidInput, SecretsError, VaultError
from kiseki.vault.keys.epochs import Epoch, Holder
from kiseki.vault.objects.place import Place
from kiseki.vault.objects.rows import in_parts
from kiseki.vault.store import tables
from kiseki.vault.store.database import insert
from kiseki.vault.vault import Vault

__all__ = ["Backups", "Erasing", "Erasure", "Request"]


@dataclass(frozen=True, slots=True)
class Request:
    """Why something is erased.

    Attributes:
        by: who asked for it, in words.
        ground: on what ground, in words: a law, a contract, a wish.
        at: when it was asked for, Unix seconds.

    Raises:
        InvalidInput: one of them says nothing.
    """

    by: str = field(repr=False)
    ground: str = field(repr=False)
    at: int

    def __post_init__(self) -> None:
        if not self.by.strip() or not self.ground.strip():
            raise InvalidInput("say who asked for the erasure, and on what ground; both are kept")


@dataclass(frozen=True, slots=True)
class Erasure:
    """Something that was erased, or is being erased.

    Attributes:
        number: of the erasure, from 1.
        provider: whose content it was, an address in lower case.
        everything: whether it was all of theirs.
        items: the data IDs of it, in ascending order.
        request: who asked for it, when and why.
        epoch: the epoch that was in force; what was erased was sealed in it, or in one before.
        copies: in which copies of the objects it is erased, too.
        gone: when it was gone from here, Unix seconds; none while it is being erased.
        left: objects that are still to be deleted.
    """

    number: int
    provider: str
    everything: bool
    items: tuple[bytes, ...]
    request: Request
    epoch: int
    copies: tuple[str, ...]
    gone: int | None
    left: int

    def backups(self, epochs: Sequence[Epoch]) -> Backups:
        """Whether backups from before can still be opened.

        Args:
            epochs: all of the vault.
        """
        before = [each for each in epochs if each.number <= self.epoch]
        open_by = {
            holder.recipient: holder
            for each in before
            for holder in each.holders
            if holder.destroyed is None
        }
        told = [each.gone for each in before if each.gone is not None]
        whole = self.gone is not None and len(told) == len(before)
        return Backups(
            max(self.gone or 0, *told) if whole else None,
            tuple(open_by.values()),
            bool({*epochs[-1].recipients}.intersection(open_by)),
        )


@dataclass(frozen=True, slots=True)
class Backups:
    """Whether backups of before an erasure can still be opened, as far as the vault was told.

    It is about copies of the database and of the objects. Files of `kiseki keys backup`, receipts
    of data, and copies of the key store from before it was a vault are not sealed in epochs: they
    are gone when they are deleted.

    Attributes:
        gone: since when nobody can open one, Unix seconds; none where somebody may.
        keys: the keys of which nobody said that they are destroyed.
        rotate: whether one of them is in force, so that another epoch must begin without it first.
    """

    gone: int | None
    keys: tuple[Holder, ...]
    rotate: bool


class Erasing:
    """The erasures of a vault.

    Args:
        vault: which is open.
        copies: other places that hold the same objects; they are erased there, too.
        clock: the time, Unix seconds.
        told: called with how many objects are deleted, and how many there are.
    """

    def __init__(
        self,
        vault: Vault,
        copies: Sequence[Place] = (),
        clock: Callable[[], int] = lambda: int(time.time()),
        told: Callable[[int, int], None] = lambda *_: None,
    ) -> None:
        self._keys, self._database = vault.keys, vault.keys.database
        self._objects = vault.objects
        self._places: dict[str, Place] = {str(each): each for each in (vault.place, *copies)}
        self._copies = sorted(str(each) for each in copies)
        self._clock, self._told = clock, told

    # To erase

    def content(self, provider: str, digest: bytes, request: Request) -> Erasure:
        """Erases one content of a provider, whatever it is called and wherever it is registered.

        Args:
            digest: SHA-256 of it.

        Raises:
            InvalidInput: it is not here.
            VaultError: a place cannot be used; it is erased but for its objects there, and `finish`
                goes on.
            SecretsError: the store cannot be used, or the rows are still on the disk because
                another program reads them; `finish` goes on.
        """
        return self._contents(provider, {bytes32(digest, "a SHA-256 digest")}, request)

    def contents(self, provider: str, digests: Collection[bytes], request: Request) -> Erasure:
        """Erases several contents of a provider, all of them or none.

        Args:
            digests: SHA-256 of each.

        Raises:
            InvalidInput: none of them is here.
            VaultError, SecretsError: as `content`.
        """
        return self._contents(
            provider, {bytes32(each, "a SHA-256 digest") for each in digests}, request
        )

    def item(self, provider: str, item: bytes, request: Request) -> Erasure:
        """Erases the content that a data ID is of, with all other IDs that it has here.

        Raises:
            InvalidInput: it is not here.
            VaultError, SecretsError: as `content`.
        """
        who = address_text(address(provider, "the provider"))
        known = self._keys.commitments_of(who)
        digests = {digest for digest, _, of in known if ids.item_id(who, of) == item}
        if not digests:
            raise InvalidInput(
                f"no content of {who} with the data ID {to_hex(item)} is in this vault; it may "
                "have been erased already, or be another provider's"
            )
        return self._contents(who, digests, request)

    def everything(self, provider: str, request: Request) -> Erasure:
        """Erases all that is a provider's: contents, salts, names, what was received of their
        collections, documents of origin that no other provider's collections name, and sessions.

        Raises:
            InvalidInput: nothing of theirs is here.
            VaultError, SecretsError: as `content`.
        """
        return self._contents(provider, None, request)

    def finish(self) -> list[Erasure]:
        """Goes on with every erasure that was interrupted; these.

        Raises:
            VaultError: a place cannot be used, or a copy that was named is not named now.
            SecretsError: as `content`.
        """
        c = tables.erasure.c
        open_ = self._database.rows(select(c.number).where(c.gone.is_(None)).order_by(c.number))
        return [self._finished(number) for (number,) in open_]

    # What was erased

    def all(self, provider: str | None = None) -> Iterator[Erasure]:
        """Every erasure, or a provider's, in the order in which they began."""
        c = tables.erasure.c
        question = select(c.number).order_by(c.number)
        if provider is not None:
            question = question.where(c.provider == address(provider, "the provider"))
        for (number,) in self._database.rows(question):
            yield self.one(number)

    def one(self, number: int) -> Erasure:
        """An erasure by its number.

        Raises:
            InvalidInput: there is none.
        """
        e, i, o = tables.erasure.c, tables.erased.c, tables.erasing.c
        with self._database.reading() as db:
            row = db.execute(select(tables.erasure).where(e.number == number)).one_or_none()
            if row is None:
                raise InvalidInput(f"there is no erasure {number}")
            items = db.execute(select(i.item).where(i.erasure == number).order_by(i.item)).scalars()
            left = db.execute(select(func.count()).where(o.erasure == number)).scalar_one()
            by, ground = json.loads(self._keys.columns.shown(row.request, _place(number)))
            return Erasure(
                number, address_text(row.provider), row.everything, tuple(items),
                Request(by, ground, row.asked), row.epoch, tuple(json.loads(row.copies)), row.gone,
                left,
            )  # fmt: skip

    # Inside

    def _contents(
        self, provider: str, digests: Collection[bytes] | None, request: Request
    ) -> Erasure:
        who = address(provider, "the provider")
        self._look_at_copies()
        with self._database.writing() as db:
            number = self._noted(db, who, digests is None, request)
            objects = self._remove_objects(db, who, digests, number)
            commitments = self._keys.unlink(provider, digests)
            items = ids.item_ids(address_text(who), commitments)
            _end_hand_outs(db, who, None if digests is None else items)
            others = digests is None and _remove_of_provider(db, who)
            if not objects and not items and not others:
                raise InvalidInput(
                    f"nothing of {address_text(who)} that could be erased is in this vault; look "
                    "whether it was erased before, or is another provider's"
                )
            rows = [{"item": each, "erasure": number} for each in items]
            for some in in_parts(rows):
                db.execute(insert(db, tables.erased).on_conflict_do_nothing(), some)
        return self._finished(number)

    def _look_at_copies(self) -> None:
        """What is not in a copy counts as gone there. So a copy that somebody spelt wrong, or whose
        disk is not there, must not look like one."""
        for each in self._copies:
            if next(iter(self._places[each].walk()), None) is None:
                raise VaultError(
                    f"there is no object at all in the copy {each}; look whether it is spelt so "
                    "and its disk is there. Nothing was erased"
                )

    def _noted(self, db: Connection, who: bytes, everything: bool, request: Request) -> int:
        last = db.execute(select(func.max(tables.erasure.c.number))).scalar()
        number = int(last or 0) + 1
        columns = self._keys.columns
        words = json.dumps([request.by, request.ground]).encode()
        values = {
            "number": number, "provider": who, "everything": everything, "asked": request.at,
            "request": columns.hidden(words, _place(number)), "epoch": columns.epoch,
            "copies": json.dumps(self._copies), "gone": None,
        }  # fmt: skip
        db.execute(insert(db, tables.erasure).values(values))
        return number

    def _remove_objects(
        self, db: Connection, who: bytes, digests: Collection[bytes] | None, number: int
    ) -> int:
        """Their rows and names; which objects they were is kept until these are deleted."""
        c = tables.objects.c
        if digests is None:
            names = list(db.execute(select(c.name).where(c.provider == who)).scalars())
        else:
            known = [self._objects.find(address_text(who), each) for each in sorted(digests)]
            names = [each.name for each in known if each is not None]
        for some in in_parts(names):
            rows = [{"object": each, "erasure": number} for each in some]
            db.execute(insert(db, tables.erasing), rows)
            db.execute(delete(tables.called).where(tables.called.c.object.in_(some)))
            db.execute(delete(tables.objects).where(c.name.in_(some)))
        return len(names)

    def _finished(self, number: int) -> Erasure:
        """It, when all of it is gone."""
        found = self.one(number)
        if found.gone is not None:
            return found
        if missing := sorted({*found.copies} - {*self._places}):
            raise VaultError(
                f"erasure {number} was asked for in {counted(len(missing), 'copy', 'copies')} that "
                f"{'is' if len(missing) == 1 else 'are'} not named now: {', '.join(missing)}; name "
                "what was named first"
            )
        c = tables.erasing.c
        names = self._database.rows(select(c.object).where(c.erasure == number))
        for done, (name,) in enumerate(names, 1):
            for place in self._places.values():
                place.delete(name)
            self._told(done, len(names))
        with self._database.writing() as db:
            db.execute(delete(tables.erasing).where(c.erasure == number))
        if not self._database.scrub():
            raise SecretsError(
                f"the rows of erasure {number} are gone, but still on the disk while another "
                "program reads the vault; end that program and go on with the erasure"
            )
        e = tables.erasure.c
        with self._database.writing() as db:
            mine = (e.number == number, e.gone.is_(None))
            db.execute(update(tables.erasure).where(*mine).values(gone=self._clock()))
        return self.one(number)


def _place(number: int) -> bytes:
    """Where the words of a request are sealed; `kiseki.vault.resealing` seals them anew."""
    return b"erasure" + number.to_bytes(4)


def _end_hand_outs(db: Connection, who: bytes, items: Sequence[bytes] | None) -> None:
    """What runs of hand-outs ends, and its keys are destroyed. Receipts stay."""
    one, out = tables.handed.c, tables.handout.c
    if items is None:
        db.execute(delete(tables.handed).where(one.provider == who))
    else:
        for some in in_parts(items):
            db.execute(delete(tables.handed).where(one.item.in_(some)))
    empty = ~select(one.item).where(one.handout == out.id).exists()
    db.execute(delete(tables.handout).where(empty))


def _remove_of_provider(db: Connection, who: bytes) -> bool:
    """What belongs to a provider and to no content; whether there was something."""
    gone = 0
    for table in (tables.session, tables.nonce):
        gone += db.execute(delete(table).where(table.c.address == who)).rowcount
    kept, told, was = tables.collection.c, tables.receipt.c, tables.before.c
    theirs, others = set[bytes](), set[bytes]()
    for question in (
        select(kept.origin, kept.provider),
        select(told.origin, told.provider),
        select(was.origin, kept.provider).where(was.collection == kept.id),
    ):
        for origin, provider in db.execute(question):
            (theirs if provider == who else others).add(origin)
    for some in in_parts(sorted(theirs - others)):
        gone += db.execute(delete(tables.origin).where(tables.origin.c.hash.in_(some))).rowcount
    return gone > 0
