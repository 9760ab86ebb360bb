"""The key store: salts, and what is in every collection that was prepared, in one SQLite file or a
PostgreSQL database.

For its owner only: the file and the two that SQLite puts beside it (``-wal``, ``-shm``) have mode
0600, and a wider one is refused. Any number of threads and processes may use one store. What it
answers with is on the disk before it answers. ::

    store, backup = KeyStore(Path("secrets")), Path("/media/stick/secrets.age")
    store.backup(backup, recipient="age1…")
    KeyStore(Path("elsewhere")).restore(backup, identity=Path("key.txt"))

Losing it loses no right and no money, but every proof of what is behind an ID: back it up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select

from kiseki.core.collection import Kept, Slice
from kiseki.core.origin import OriginFile
from kiseki.core.values import ZERO32, address, address_text, to_hex
from kiseki.errors import SecretsError
from kiseki.vault import backups, items
from kiseki.vault.forgetting import Forgetting, without
from kiseki.vault.people import Person
from kiseki.vault.store import rows, tables
from kiseki.vault.store.database import insert
from kiseki.vault.store.rows import last_place

__all__ = ["KeyStore"]


class KeyStore(Forgetting):
    """Keeps salts and collections in a file, or without a path while the process lives."""

    # Collections

    def keep(self, kept: Kept, slices: Iterable[Slice]) -> None:
        """Keeps a collection with its items, all or nothing, before anything of it is sent.

        Kept again it has the values and names of the later time; digests that are known stay known,
        and the values of before stay among its `versions`.
        """
        with self._store.writing():
            self._keep(kept, slices)

    def collections(self, provider: str | None = None) -> Iterator[Kept]:
        """All collections that are kept, in the order in which they were, or a provider's."""
        c = tables.collection.c
        question = rows.kept_rows(tables.collection).order_by(c.place, c.id)
        if provider is not None:
            question = question.where(c.provider == address(provider, "the provider"))
        for row in self._rows(question):
            yield rows.kept_of(row)

    def versions(self, collection: bytes) -> list[Kept]:
        """A collection with all values that it was prepared with, the last ones first; nothing
        when it is not kept here. Which of them stand, the chain says."""
        now = rows.kept_rows(tables.collection).where(tables.collection.c.id == collection)
        before = rows.earlier().where(tables.before.c.collection == collection)
        with self._store.reading():
            found = self._rows(now) + self._rows(before.order_by(tables.before.c.place))
        return [rows.kept_of(row) for row in found]

    def collection(self, collection: bytes) -> Kept:
        """One collection.

        Raises:
            SecretsError: it is not kept here.
        """
        found = self.versions(collection)
        if not found:
            raise SecretsError(
                f"the collection {to_hex(collection)} is not in this key store ({self.place}); "
                "name the one that it was registered with (--secrets), or restore a backup of "
                "that one (kiseki keys restore). Registering the files again makes new salts, "
                "and so other IDs"
            )
        return found[0]

    def slice_roots(self, collection: bytes) -> list[bytes]:
        """The root of each slice, in order: the leaves of the collection's upper tree."""
        c = tables.slices.c
        roots = select(c.root).where(c.collection == collection).order_by(c.number)
        return [bytes(root) for (root,) in self._rows(roots)]

    # Backup

    def backup(
        self,
        path: Path,
        *,
        recipient: str | None = None,
        passphrase: str | None = None,
        clear: bool = False,
        people: Sequence[Person] = (),
    ) -> None:
        """Writes everything into a new file of mode 0600, encrypted with age.

        To a recipient it takes constant memory; with a passphrase all of it at once, because the
        library encrypts so. What is in it are JSON lines (`kiseki.vault.backups`), so `age -d`
        shows it without us.

        Args:
            recipient: an age recipient (``age1…``).
            passphrase: instead, a passphrase.
            clear: instead, not encrypted at all.
            people: of the address book, which goes along.

        Raises:
            InvalidInput: none of the three is given, or several; or no recipient.
            SecretsError: it cannot be written; or there is a file already.
        """
        with self._store.reading():  # all of one moment
            lines = chain(self._lines(), map(backups.person, people))
            backups.write(path, lines, recipient, passphrase, clear)

    def restore(
        self,
        path: Path,
        *,
        identity: str | Path | None = None,
        passphrase: str | None = None,
        person: Callable[[Person], None] = lambda _: None,
    ) -> int:
        """Merges a backup into this store, all of it or nothing; how many salts were new.

        Nothing that is here is lost. Also takes a key file of JSON lines.

        Args:
            identity: the age identity (``AGE-SECRET-KEY-1…``) of its recipient, or its file.
            passphrase: instead, the passphrase.
            person: called with everybody of the address book that the backup holds. They are not
                kept here (`People.merge`), and count only once this returns.

        Raises:
            SecretsError: wrong identity or passphrase; or it is cut off or damaged.
        """
        with self._store.writing():
            before = self.count()
            backups.read(path, lambda each: self._take(each, person), identity, passphrase)
            return self.count() - before

    # Inside

    def _keep(self, kept: Kept, slices: Iterable[Slice]) -> None:
        self._keep_split(kept)
        c, b = tables.collection.c, tables.before.c
        with self._store.writing() as db:
            place = last_place(tables.before)
            was = select(c.id, c.count, c.payee, c.opening, c.origin, place).where(c.id == kept.id)
            names = ["collection", "count", "payee", "opening", "origin", "place"]
            db.execute(insert(db, tables.before).from_select(names, was).on_conflict_do_nothing())
            place = last_place(tables.collection)
            row = insert(db, tables.collection).values(**rows.row_of(kept), place=place)
            changed = {name: row.excluded[name] for name in names[1:5]}
            db.execute(row.on_conflict_do_update(index_elements=["id"], set_=changed))
            now = (b.collection == kept.id, b.count == kept.count, b.payee == kept.payee.key)
            db.execute(delete(tables.before).where(*now, b.origin == kept.origin))
        for number, each in enumerate(slices):
            self._keep_slice(kept, number, each)

    def _keep_split(self, kept: Kept) -> None:
        """The leaves of a payee, so that they can be published and their payees be paid."""
        if kept.payee.split is not None:
            values = {"payee": kept.payee.key, "file": kept.payee.split.to_json()}
            with self._store.writing() as db:
                db.execute(insert(db, tables.split).on_conflict_do_nothing(), values)

    def _keep_slice(self, kept: Kept, number: int, new: Slice) -> None:
        collection = kept.id
        with self._store.writing() as db:
            new = without(new, self._erased(kept.provider, new.commitment_list))
            digests, names = new.digests, new.names
            if known := self._part(collection, number):
                pairs = zip(known.digest_list, new.digest_list, strict=True)
                digests = b"".join(was if now == ZERO32 else now for was, now in pairs)
                names = tuple(now or was for was, now in zip(known.names, names, strict=True))
            row = insert(db, tables.slices).values(
                collection=collection, number=number, root=new.root, commitments=new.commitments,
                **self._part_columns(collection, number, digests, names),
            )  # fmt: skip
            changed = {each.name: row.excluded[each.name] for each in rows.BODY}
            key = ["collection", "number"]
            db.execute(row.on_conflict_do_update(index_elements=key, set_=changed))
            if self._columns.epoch is not None:
                who = address(kept.provider, "the provider")
                part = replace(new, digests=digests)
                wanted = [each for each in part.digest_list if each != ZERO32]
                items.note(db, who, collection, part, self._known(who, wanted))

    def _lines(self) -> Iterator[dict[str, Any]]:
        """All of it, as a backup has it."""
        for who, digest, salt in self._all_salts():
            yield {"provider": address_text(who), "sha256": digest.hex(), "salt": salt.hex()}
        for kept in self.collections():
            yield backups.head(kept)
            for each in self.slices(kept.id):
                yield backups.body(each)
        for row in self._rows(rows.earlier().order_by(tables.before.c.place)):
            yield backups.before(rows.kept_of(row))
        for file in self.origins():
            yield backups.origin(file)
        for kept, _ in list(self.received()):
            yield from backups.told(kept, self.received_items(kept.id))

    def _take(self, what: backups.Line, person: Callable[[Person], None]) -> None:
        """Merges one line of a backup."""
        if isinstance(what, backups.Salt):
            self._merge_salt(what.provider, what.digest, what.salt)
        elif isinstance(what, backups.Told):
            self._receive(what.kept, what.items)
        elif isinstance(what, OriginFile):
            self._keep_origin(what)
        elif isinstance(what, Person):
            person(what)
        elif isinstance(what, Kept):
            self._keep_split(what)
            there = self.versions(what.id)
            if not there:
                self._keep(what, ())
            elif what not in there:
                with self._store.writing() as db:
                    db.execute(
                        insert(db, tables.before).values(
                            collection=what.id, count=what.count, payee=what.payee.key,
                            opening=what.payee.opening, origin=what.origin,
                            place=last_place(tables.before),
                        )
                    )  # fmt: skip
        else:
            self._keep_slice(what.kept, what.number, what.slice)
