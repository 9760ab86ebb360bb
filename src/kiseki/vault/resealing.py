"""A key store becomes a vault, or a vault begins its next epoch: what is sealed is sealed anew.

All of it happens in one transaction: whatever interrupts it, the epoch of before is in force. Rows
are read a part at a time, so memory does not grow with their number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Table, bindparam, func, select, text, tuple_, update

from kiseki.core.collection import Slice
from kiseki.core.values import ZERO32
from kiseki.errors import SecretsError
from kiseki.vault import items
from kiseki.vault.keyfile import KeyFile
from kiseki.vault.keys.epochs import Epoch, Holder, begin
from kiseki.vault.keys.services import Opens
from kiseki.vault.objects.rows import in_parts
from kiseki.vault.store import tables
from kiseki.vault.store.places import entry_receipt, entry_salt, handed_key
from kiseki.vault.store.sealed import Columns, Sealed, text_hidden, text_shown

__all__ = ["next_epoch"]

_SOME = 5_000
Progress = Callable[[int, int], None]


def next_epoch(
    store: KeyFile,
    holders: Sequence[Holder],
    key: Opens,
    now: int,
    progress: Progress = lambda *_: None,
) -> Epoch:
    """Begins an epoch: from now on what is kept is sealed for these keys alone.

    Args:
        holders: who can open it; one of them is the vault's own key.
        key: the vault's own key of this epoch.
        now: Unix seconds.
        progress: called with how many rows are done and how many there are.

    Raises:
        InvalidInput: the holders are not as `kiseki.vault.keys.epochs.begin` wants them.
        SecretsError: `key` opens none of what is wrapped to them, so the vault would be closed for
            ever; or the store cannot be used; or what was there before is not gone from the disk
            while somebody else reads it (the epoch has begun; scrub again).
    """
    if key.recipient not in [each.recipient for each in holders]:
        raise SecretsError(
            "the vault's own key is not among the keys that it is sealed for, so nobody here could "
            "open it; name its recipient as well"
        )
    with store._store.writing() as db:
        old = store._columns
        made, column_key = begin(db, holders, now)
        new = Sealed({made.number: column_key})
        _seal_all(db, old, new, _Counted(progress, _count(db)))
    store._key = key
    if not store._store.scrub():
        raise SecretsError(
            f"epoch {made.number} has begun, but what was there before is still on the disk while "
            "another program reads the vault; end that, then run `kiseki vault scrub`"
        )
    return made


class _Counted:
    """Tells how far it is."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0

    def add(self, rows: int) -> None:
        self._done += rows
        self._progress(self._done, self._total)


def _count(db: Connection) -> int:
    kept = (tables.salt, tables.slices, tables.received, tables.origin, tables.entry, tables.handed)
    return sum(
        int(db.execute(select(func.count()).select_from(each)).scalar_one()) for each in kept
    )


def _seal_all(db: Connection, old: Columns, new: Columns, counted: _Counted) -> None:
    _salts(db, old, new, counted)
    s = tables.slices.c
    for rows in _parts(db, tables.slices, ("collection", "number")):
        for row in rows:
            place = row.collection + row.number.to_bytes(4)
            values = {
                "digests": _anew(old, new, row.digests, b"digests" + place),
                "names": _anew(old, new, row.names, b"names" + place),
            }
            mine = (s.collection == row.collection, s.number == row.number)
            db.execute(update(tables.slices).where(*mine).values(values))
            if old.epoch is None:
                _note_items(db, old, new, row)
        counted.add(len(rows))
    r = tables.received.c
    for rows in _parts(db, tables.received, ("collection", "commitment")):
        for row in rows:
            place = row.collection + row.commitment
            values = {
                "sha256": _anew(old, new, row.sha256, b"received digest" + place),
                "names": _anew(old, new, row.names, b"received names" + place),
            }
            mine = (r.collection == row.collection, r.commitment == row.commitment)
            db.execute(update(tables.received).where(*mine).values(values))
        counted.add(len(rows))
    for row in db.execute(select(tables.setting)).all():
        value = _anew(old, new, row.value, b"setting" + row.name.encode())
        mine = tables.setting.c.name == row.name
        db.execute(update(tables.setting).where(mine).values(value=value))
    _handed_out(db, old, new, counted)
    e = tables.erasure.c
    for row in db.execute(select(e.number, e.request)).all():
        value = _anew(old, new, row.request, b"erasure" + row.number.to_bytes(4))
        db.execute(update(tables.erasure).where(e.number == row.number).values(request=value))
    for rows in _parts(db, tables.origin, ("hash",)):
        for row in rows:
            place = b"origin" + row.hash
            file = text_hidden(new, text_shown(old, row.file, place), place)
            mine = tables.origin.c.hash == row.hash
            db.execute(update(tables.origin).where(mine).values(file=file))
        counted.add(len(rows))


def _handed_out(db: Connection, old: Columns, new: Columns, counted: _Counted) -> None:
    """Receipts of hand-outs, and the keys of those that run."""
    e, h = tables.entry.c, tables.handed.c
    entry = (
        update(tables.entry)
        .where(e.provider == bindparam("who"), e.number == bindparam("at"))
        .values(salt=bindparam("new_salt"), receipt=bindparam("new_receipt"))
    )
    for rows in _parts(db, tables.entry, ("provider", "number")):
        values = []
        for row in rows:
            of = entry_receipt(row.provider, row.number)
            said = text_hidden(new, text_shown(old, row.receipt, of), of)
            salt = _anew(old, new, row.salt, entry_salt(row.provider, row.number))
            values.append(
                {"who": row.provider, "at": row.number, "new_salt": salt, "new_receipt": said}
            )
        db.execute(entry, values)
        counted.add(len(rows))
    handed = (
        update(tables.handed)
        .where(h.handout == bindparam("out"), h.item == bindparam("of"))
        .values(key=bindparam("new_key"))
    )
    for rows in _parts(db, tables.handed, ("handout", "item")):
        keys = [
            {"out": row.handout, "of": row.item,
             "new_key": _anew(old, new, row.key, handed_key(row.handout, row.item))}
            for row in rows if row.key is not None
        ]  # fmt: skip
        if keys:
            db.execute(handed, keys)
        counted.add(len(rows))


def _note_items(db: Connection, old: Columns, new: Columns, row: Any) -> None:
    """Of a key store that becomes a vault: where its items are."""
    c = tables.collection.c
    who: bytes = db.execute(select(c.provider).where(c.id == row.collection)).scalar_one()
    part = Slice(row.root, row.commitments, row.digests, ())
    wanted = {new.lookup(who, each): each for each in part.digest_list if each != ZERO32}
    salts = dict[bytes, bytes]()
    s = tables.salt.c
    for some in in_parts(wanted, 500):
        question = select(s.sha256, s.salt).where(
            s.provider == who, s.number == 0, s.sha256.in_(some)
        )
        for lookup, kept in db.execute(question):
            digest, salts_of = new.salt_shown(who, lookup, kept)
            salts[digest] = salts_of
    items.note(db, who, row.collection, part, salts)


def _salts(db: Connection, old: Columns, new: Columns, counted: _Counted) -> None:
    """By what a salt is found changes too, so all of them are put aside first, sealed already."""
    binary = "BYTEA" if db.dialect.name == "postgresql" else "BLOB"
    db.execute(
        text(
            f"CREATE TEMPORARY TABLE sealed_salt (provider {binary}, sha256 {binary},"
            f" number INTEGER, salt {binary})"
        )
    )
    add = text("INSERT INTO sealed_salt VALUES (:provider, :sha256, :number, :salt)")
    for rows in _parts(db, tables.salt, ("provider", "sha256", "number")):
        values = []
        for row in rows:
            digest, salt = old.salt_shown(row.provider, row.sha256, row.salt)
            values.append(
                {
                    "provider": row.provider,
                    "sha256": new.lookup(row.provider, digest),
                    "number": row.number,
                    "salt": new.salt_kept(row.provider, digest, salt),
                }
            )
        db.execute(add, values)
        counted.add(len(rows))
    db.execute(text("DELETE FROM salt"))
    db.execute(text("INSERT INTO salt SELECT provider, sha256, number, salt FROM sealed_salt"))
    db.execute(text("DROP TABLE sealed_salt"))


def _parts(db: Connection, table: Table, keys: tuple[str, ...]) -> Iterator[Sequence[Any]]:
    """All rows of a table by its key, some at a time."""
    columns = [table.c[each] for each in keys]
    question = select(table).order_by(*columns).limit(_SOME)
    rows = db.execute(question).all()
    while rows:
        yield rows
        last = tuple(getattr(rows[-1], each) for each in keys)
        rows = db.execute(question.where(tuple_(*columns) > last)).all()


def _anew(old: Columns, new: Columns, kept: bytes, place: bytes) -> bytes:
    return new.hidden(old.shown(kept, place), place)
