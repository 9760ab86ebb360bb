"""Epochs: whom the vault wraps to, and the key of its columns."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select, update

from kiseki.core.counts import counted
from kiseki.errors import InvalidInput, SecretsError
from kiseki.vault.age.keys import Recipient
from kiseki.vault.keys.services import Opens, wrapped
from kiseki.vault.store.database import Database
from kiseki.vault.store.sealed import Columns, Plain, Sealed
from kiseki.vault.store.tables import epoch, epoch_recipient, objects

__all__ = ["Epoch", "Holder", "begin", "columns_of", "destroyed", "epochs", "lost"]

VAULT, SECOND, RECOVERY = "vault", "second", "recovery"
ROLES = (VAULT, SECOND, RECOVERY)


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who can open what is wrapped in an epoch.

    Attributes:
        recipient: their key, ``age1…``.
        role: ``vault`` (the key that the server uses), ``second`` (another person), ``recovery``
            (a key that lies offline).
        destroyed: when somebody said that the secret key is destroyed, Unix seconds; none where
            nobody did. It is told, and cannot be proved.
    """

    recipient: str
    role: str
    destroyed: int | None = None


@dataclass(frozen=True, slots=True)
class Epoch:
    """A time in which the same keys are in force.

    Attributes:
        number: from 1.
        began: Unix seconds.
        holders: who can open what is wrapped in it.
    """

    number: int
    began: int
    holders: tuple[Holder, ...]

    @property
    def recipients(self) -> list[str]:
        """What is wrapped in it is wrapped to these."""
        return [each.recipient for each in self.holders]

    @property
    def gone(self) -> int | None:
        """Since when nobody can open what was wrapped in it, Unix seconds; none where somebody
        can."""
        when = [each.destroyed for each in self.holders]
        return None if None in when else max(each for each in when if each is not None)


def epochs(store: Database) -> list[Epoch]:
    """All epochs of a vault, the last one is in force; none where the store is no vault."""
    with store.reading() as db:
        rows = db.execute(select(epoch.c.number, epoch.c.began).order_by(epoch.c.number)).all()
        c = epoch_recipient.c
        holders: dict[int, list[Holder]] = {number: [] for number, _ in rows}
        for number, recipient, role, gone in db.execute(
            select(c.epoch, c.recipient, c.role, c.destroyed).order_by(c.epoch, c.role, c.recipient)
        ):
            holders[number].append(Holder(recipient, role, gone))
    return [Epoch(number, began, tuple(holders[number])) for number, began in rows]


def columns_of(store: Database, key: Opens | None) -> Columns:
    """How a store's columns are read and written.

    Raises:
        SecretsError: it is a vault, and no key was given, or the key does not open the epoch that
            is in force.
    """
    with store.reading() as db:
        rows = db.execute(select(epoch.c.number, epoch.c.column_key)).all()
    if not rows:
        return Plain()
    if key is None:
        raise SecretsError(
            f"{store.place} is a vault, and its key was not given; name the file of it "
            "(--vault-identity or KISEKI_VAULT_IDENTITY)"
        )
    keys = {number: key.opened(sealed) for number, sealed in rows}
    if keys[max(keys)] is None:
        raise SecretsError(
            f"this key does not open the vault {store.place}: it is of an earlier epoch, or of "
            f"another vault; the epoch that is in force is number {max(keys)}; give the key of it "
            "(a file can hold several, each in its line, the key of now first)"
        )
    return Sealed({number: each for number, each in keys.items() if each is not None})


def begin(db: Connection, holders: Sequence[Holder], now: int) -> tuple[Epoch, bytes]:
    """Begins the next epoch inside a transaction; it, and its column key.

    Raises:
        InvalidInput: none of the keys is the vault's, one has no such role or is no recipient, or
            one stands twice.
    """
    _must_fit(holders)
    last = db.execute(select(epoch.c.number).order_by(epoch.c.number.desc()).limit(1)).scalar()
    made = Epoch((last or 0) + 1, now, tuple(holders))
    column_key = secrets.token_bytes(32)
    sealed = wrapped(column_key, made.recipients)
    db.execute(insert(epoch), {"number": made.number, "began": now, "column_key": sealed})
    db.execute(
        insert(epoch_recipient),
        [
            {"epoch": made.number, "recipient": each.recipient, "role": each.role}
            for each in made.holders
        ],
    )
    return made, column_key


def destroyed(store: Database, recipient: str, now: int) -> list[int]:
    """Notes that somebody says that the secret key of a recipient is destroyed, in all epochs that
    it stood in; their numbers.

    Raises:
        InvalidInput: it stands in no epoch, is in force, or something is still wrapped to it that
            no key in force opens.
    """
    c = epoch_recipient.c
    with store.writing() as db:
        all_ = epochs(store)
        last = all_[-1] if all_ else Epoch(0, 0, ())
        if recipient in last.recipients:
            raise InvalidInput(
                f"{recipient} is in force in epoch {last.number}: what is kept is wrapped to it "
                "now; begin another epoch without it first (kiseki vault rotate)"
            )
        if count := _alone(db, all_, recipient):
            raise InvalidInput(
                f"{counted(count, 'object')} may still be wrapped to {recipient} and to no key "
                "that is in force; wrap them anew first, with that key (kiseki vault rewrap)"
            )
        numbers = list(db.execute(select(c.epoch).where(c.recipient == recipient)).scalars())
        if not numbers:
            raise InvalidInput(f"{recipient} is none of this vault's keys")
        db.execute(
            update(epoch_recipient)
            .where(c.recipient == recipient, c.destroyed.is_(None))
            .values(destroyed=now)
        )
    return sorted(numbers)


def lost(all_: Sequence[Epoch], number: int, recipient: str | None = None) -> bool:
    """Whether keys of an earlier epoch are destroyed, and no key in force opens what is wrapped for
    it.

    Args:
        all_: all epochs.
        number: of the earlier one; 0 where it is not known which it was.
        recipient: a key that is taken for destroyed too; only its epochs count.
    """
    now = {*all_[-1].recipients}
    for each in all_[:-1]:
        gone = {one.recipient for one in each.holders if one.destroyed is not None}
        if recipient is not None:
            if recipient not in each.recipients:
                continue
            gone.add(recipient)
        if number in (0, each.number) and gone and not now & ({*each.recipients} - gone):
            return True
    return False


def _alone(db: Connection, all_: Sequence[Epoch], recipient: str) -> int:
    """Objects that would be lost with a key."""
    if not all_:
        return 0
    c = objects.c
    rows = db.execute(
        select(c.epoch, func.count()).where(c.epoch < all_[-1].number).group_by(c.epoch)
    )
    return sum(count for number, count in rows if lost(all_, number, recipient))


def _must_fit(holders: Sequence[Holder]) -> None:
    """
    Raises:
        InvalidInput: see `begin`.
    """
    keys = [str(Recipient.of(each.recipient)) for each in holders]
    if len(set(keys)) < len(keys):
        raise InvalidInput(f"of {counted(len(keys), 'key')} one stands twice; name others")
    for each in holders:
        if each.role not in ROLES:
            raise InvalidInput(f"{each.role!r:.40} is no role of a key: {', '.join(ROLES)}")
    if sum(each.role == VAULT for each in holders) != 1:
        raise InvalidInput("a vault has exactly one key of its own, which the server uses")
