"""The content of a vault by data ID (`kiseki.vault.handing.handout.Shelf`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select

from kiseki.core.values import address, address_text
from kiseki.errors import VaultError
from kiseki.vault.handing.rules import Item
from kiseki.vault.objects.reading import Contents, Stored
from kiseki.vault.objects.rows import Object, in_parts
from kiseki.vault.store.database import Database
from kiseki.vault.store.tables import erased, item, objects

__all__ = ["OnShelf", "Shelf"]

_CONTENT = (
    select(objects)
    .join_from(
        item, objects, (objects.c.provider == item.c.provider) & (objects.c.key == item.c.key)
    )
    .where(
        item.c.id == bindparam("id"),
        item.c.collection == bindparam("collection"),
        item.c.provider == bindparam("provider"),
    )
)
"""The object of an item; made once, as each range asks it."""


@dataclass(frozen=True, slots=True)
class OnShelf:
    """The content of an item. Each reading opens its object, and closes it at the end."""

    stored: Stored

    @property
    def size(self) -> int:
        """Bytes."""
        return self.stored.size

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        """The bytes from one place up to another, in pieces of at most 64 KiB.

        Raises:
            VaultError: it is damaged, or gone.
        """
        with self.stored.open() as content:
            yield from content.read(start, stop)


class Shelf:
    """The items of a vault whose content is here."""

    def __init__(self, store: Database, contents: Contents) -> None:
        self._store, self._contents = store, contents

    def items(self, wanted: Sequence[bytes], collection: bytes | None = None) -> list[Item | None]:
        """The items by data ID, in the order asked; none for one that is not here.

        Args:
            collection: the one that they are asked for in. Default: of the collections that an item
                is in, the one with the lowest ID.
        """
        i, o = item.c, objects.c
        question = (
            select(i.id, i.provider, i.collection, i.commitment)
            .join_from(item, objects, (o.provider == i.provider) & (o.key == i.key))
            .order_by(i.id, i.collection.desc())
        )
        if collection is not None:
            question = question.where(i.collection == collection)
        found = {
            each: Item(each, address_text(provider), of, commitment)
            for some in in_parts(wanted)
            for each, provider, of, commitment in self._store.rows(question.where(i.id.in_(some)))
        }
        return [found.get(each) for each in wanted]

    def all_of(self, collection: bytes) -> list[bytes]:
        """The data IDs of a collection whose content is here, in ascending order."""
        i, o = item.c, objects.c
        question = (
            select(i.id)
            .join_from(item, objects, (o.provider == i.provider) & (o.key == i.key))
            .where(i.collection == collection)
            .order_by(i.id)
        )
        return [each for (each,) in self._store.rows(question)]

    def objects(self, wanted: Iterable[bytes], collection: bytes) -> dict[bytes, bytes]:
        """Data ID -> the name of its object, of those items of a collection that are here."""
        i, o = item.c, objects.c
        question = (
            select(i.id, o.name)
            .join_from(item, objects, (o.provider == i.provider) & (o.key == i.key))
            .where(i.collection == collection)
        )
        return {
            each: name
            for some in in_parts(wanted)
            for each, name in self._store.rows(question.where(i.id.in_(some)))
        }

    def erased(self, wanted: Iterable[bytes]) -> set[bytes]:
        """Those of some data IDs that were erased here, by record."""
        c = erased.c.item
        return {
            each
            for some in in_parts(wanted)
            for (each,) in self._store.rows(select(c).where(c.in_(some)))
        }

    def homes(self, wanted: Iterable[bytes]) -> dict[bytes, set[bytes]]:
        """Data ID -> the kept collections that it is in; of one that is not here or was erased,
        nothing."""
        i, found = item.c, dict[bytes, set[bytes]]()
        for some in in_parts(wanted):
            for each, of in self._store.rows(select(i.id, i.collection).where(i.id.in_(some))):
                found.setdefault(each, set()).add(of)
        return found

    def content(self, of: Item) -> OnShelf:
        """Its content. It is not read before it is asked for.

        Raises:
            VaultError: it is not here.
        """
        who = address(of.provider, "the provider")
        rows = self._store.rows(_CONTENT, id=of.id, collection=of.collection, provider=who)
        if not rows:
            raise VaultError("the content of this item is not in the vault any longer")
        return OnShelf(self._contents.of(Object(*rows[0])))
