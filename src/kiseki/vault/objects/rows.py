"""What the database knows of objects."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from sqlalchemy import func, select

from kiseki.core.values import address, address_text
from kiseki.errors import VaultError
from kiseki.vault.items import object_key
from kiseki.vault.keys.epochs import epochs, lost
from kiseki.vault.objects.envelope import Called
from kiseki.vault.store.database import insert
from kiseki.vault.store.tables import called, objects

if TYPE_CHECKING:
    from kiseki.vault.salts import Salts

__all__ = ["Held", "Name", "Object", "Objects", "in_parts", "name_key"]

T = TypeVar("T")
_PART = 500
"""Values that one question names."""


class Object(NamedTuple):
    """A row; see `kiseki.vault.store.tables.objects`."""

    name: bytes
    provider: bytes
    key: bytes
    size: int
    sealed: int
    identity: bytes
    recipient: bytes
    added: int
    epoch: int


class Name(NamedTuple):
    """A row of what objects are called.

    Attributes:
        object: its name.
        key: tells that it is called so, and nothing else.
        text: sealed to the object's identity.
    """

    object: bytes
    key: bytes
    text: bytes


class Held(NamedTuple):
    """How much is kept of a provider.

    Attributes:
        provider: an address in lower case.
        objects: how many.
        size: bytes of their content.
        sealed: bytes of the objects.
    """

    provider: str
    objects: int
    size: int
    sealed: int


class Objects:
    """The objects of a store. All of it raises `SecretsError` where the database cannot be used."""

    def __init__(self, keys: Salts) -> None:
        """
        Args:
            keys: the key store in which they are.
        """
        self._keys, self._store = keys, keys.database

    def salts(self, provider: str, digests: Sequence[bytes]) -> list[bytes]:
        """The salts of contents, by which their objects are found; new ones are made. So the data
        ID of everything that is kept is known."""
        return self._keys.salts(provider, digests)

    def known(self, provider: str, keys: Iterable[bytes]) -> dict[bytes, Object]:
        """Of these contents those that are here, by key."""
        whose, c = address(provider, "the provider"), objects.c
        return {
            row[2]: Object(*row)
            for some in in_parts(keys)
            for row in self._store.rows(
                select(objects).where(c.provider == whose, c.key.in_(some))
            )
        }  # fmt: skip

    def find(self, provider: str, digest: bytes) -> Object | None:
        """The object of a content; none where it is not here."""
        salt = self._keys.first(provider, [digest]).get(digest)
        if salt is None:
            return None
        key = object_key(salt)
        return self.known(provider, [key]).get(key)

    def names_known(self, names: Iterable[bytes]) -> set[tuple[bytes, bytes]]:
        """Of these objects, what they are called: object and key."""
        c = called.c
        return {
            (row[0], row[1])
            for some in in_parts(names)
            for row in self._store.rows(select(c.object, c.key).where(c.object.in_(some)))
        }

    def called(self, name: bytes) -> list[bytes]:
        """What an object is called, sealed."""
        c = called.c
        question = select(c.text).where(c.object == name).order_by(c.key)
        return [row[0] for row in self._store.rows(question)]

    def there(self, names: Iterable[bytes]) -> set[bytes]:
        """Of these objects those that have a row."""
        c = objects.c
        return {
            row[0]
            for some in in_parts(names)
            for row in self._store.rows(select(c.name).where(c.name.in_(some)))
        }

    def held(self) -> list[Held]:
        """How much is kept of each provider."""
        c = objects.c
        sums = func.count(), func.sum(c.size), func.sum(c.sealed)
        question = select(c.provider, *sums).group_by(c.provider).order_by(c.provider)
        return [
            Held(address_text(who), count, int(size), int(sealed))
            for who, count, size, sealed in self._store.rows(question)
        ]

    def each(self) -> Iterator[Object]:
        """Every object, in the order of names; a few hundred are held."""
        c, after = objects.c, b""
        while True:
            question = select(objects).where(c.name > after).order_by(c.name).limit(_PART)
            rows = self._store.rows(question)
            yield from (Object(*row) for row in rows)
            if len(rows) < _PART:
                return
            after = rows[-1][0]

    def add(self, rows: Sequence[Object], names: Sequence[Name]) -> set[bytes]:
        """Adds rows and names, all or none; those that are here stay as they are. A name of an
        object that has no row afterwards, because its content is here as another, is left out.

        Returns:
            The objects, of those that were named, that have a row now.

        Raises:
            VaultError: another epoch began since they were wrapped, and a key that they need was
                destroyed; nothing was added.
        """
        with self._store.writing() as db:
            self._must_open(rows)
            if rows:
                self._insert(db, objects, [row._asdict() for row in rows])
            has = self.there({each.name for each in rows} | {each.object for each in names})
            if fit := [each._asdict() for each in names if each.object in has]:
                self._insert(db, called, fit)
            return has

    def _must_open(self, rows: Sequence[Object]) -> None:
        """What was wrapped for an epoch of before is wrapped anew (`kiseki.vault.rewrapping`), but
        not where nobody can open it any longer."""
        known = epochs(self._store)
        if any(known and lost(known, each) for each in {row.epoch for row in rows} if each):
            raise VaultError(
                "another epoch began while this was added, and the keys of before were destroyed; "
                "run this again, which wraps it for the keys of now"
            )

    @staticmethod
    def _insert(db: Any, table: Any, rows: list[dict[str, Any]]) -> None:
        db.execute(insert(db, table).on_conflict_do_nothing(), rows)


def name_key(salt: bytes, what: Called) -> bytes:
    """By which it is known again that a content is called so.

    Args:
        salt: the content's.
    """
    return hmac.digest(salt, b"kiseki-vault-v1 name " + json.dumps(what).encode(), "sha256")


def in_parts(values: Iterable[T], size: int = _PART) -> Iterator[list[T]]:
    """Values, so many at a time."""
    rest = iter(values)
    while some := list(islice(rest, size)):
        yield some
