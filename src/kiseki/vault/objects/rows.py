"""What the database knows of objects."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import func, select

from kiseki.core.values import address, address_text
from kiseki.vault.objects.envelope import Called
from kiseki.vault.store.database import Database, insert
from kiseki.vault.store.tables import called, objects

__all__ = ["DigestKey", "Held", "Name", "Object", "Objects", "in_parts"]

DigestKey = Callable[[bytes, bytes], bytes]
"""From a provider (20 bytes) and a SHA-256: what that is looked up by, 32 bytes."""
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

    def __init__(self, store: Database, digest_key: DigestKey = lambda _, digest: digest) -> None:
        """
        Args:
            digest_key: what a digest is looked up by.
        """
        self._store, self._key = store, digest_key

    def key(self, provider: str, digest: bytes) -> bytes:
        """What a content of a provider is looked up by."""
        return self._key(address(provider, "the provider"), digest)

    def name_key(self, provider: str, digest: bytes, what: Called) -> bytes:
        """By which it is known again that a content is called so."""
        text = json.dumps(what).encode()
        return self._key(
            address(provider, "the provider"), hashlib.sha256(digest + text).digest()
        )  # fmt: skip

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
        key = self.key(provider, digest)
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

    def add(self, rows: Sequence[Object], names: Sequence[Name]) -> None:
        """Adds rows and names, all or none; those that are here stay as they are. A name of an
        object that has no row afterwards, because its content is here as another, is left out."""
        with self._store.writing() as db:
            if rows:
                self._insert(db, objects, [row._asdict() for row in rows])
            has = self.there({each.object for each in names})
            if fit := [each._asdict() for each in names if each.object in has]:
                self._insert(db, called, fit)

    @staticmethod
    def _insert(db: Any, table: Any, rows: list[dict[str, Any]]) -> None:
        db.execute(insert(db, table).on_conflict_do_nothing(), rows)


def in_parts(values: Iterable[T], size: int = _PART) -> Iterator[list[T]]:
    """Values, so many at a time."""
    rest = iter(values)
    while some := list(islice(rest, size)):
        yield some
