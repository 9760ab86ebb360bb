"""A vault held against the chain: what is registered and not here, and what is here and not
registered.

Items are looked at some thousand at a time, so a collection may be of any size. Which items a
collection has is told by what the vault keeps of it: they gave the root that is part of the
collection's ID.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import islice
from typing import NamedTuple

from kiseki.core import ids
from kiseki.core.collection import Kept
from kiseki.core.counts import counted
from kiseki.errors import NotInIndex, VaultError
from kiseki.index import Index
from kiseki.vault.objects.checking import Wrong
from kiseki.vault.objects.checking import check as look
from kiseki.vault.vault import Vault

__all__ = ["Compared", "Is", "Item", "compare"]

_PAGE = 5_000


class Is(Enum):
    """What an item is."""

    MISSING = "missing"
    """Registered, and its content is not here."""
    UNREGISTERED = "unregistered"
    """Here, and in no registered collection."""
    ALTERED = "altered"
    """Here, and its object is not what was stored."""
    ERASED = "erased"
    """Registered, and erased here by record."""


class Item(NamedTuple):
    """An item that is not both registered and here.

    Attributes:
        what: it is.
        id: its data ID, 32 bytes.
        collection: it was looked at in, 32 bytes.
    """

    what: Is
    id: bytes
    collection: bytes


@dataclass(slots=True)
class Compared:
    """How much was looked at.

    Attributes:
        collections: that are kept.
        items: of these, each as often as it is in one.
    """

    collections: int = 0
    items: int = 0


def compare(
    vault: Vault,
    index: Index,
    done: Compared,
    *,
    read: bool = False,
    told: Callable[[int], None] = lambda _: None,
) -> Iterator[Item]:
    """All items of the kept collections that are not both registered and here, whole.

    Args:
        done: is told how much was looked at.
        read: whether every object is read, and its hash compared with its name.
        told: called with how many items were looked at.

    Raises:
        VaultError: the place of the objects cannot be read, or the vault lacks a part of a
            collection.
        SecretsError: the store cannot be used.
    """
    wrong = {each.name: each.wrong for each in look(vault.objects, vault.place, read=read)}
    for kept in vault.keys.collections():
        done.collections += 1
        is_registered = _is_registered(index, kept.id)
        rest = _items(vault, kept, is_registered)
        while page := list(islice(rest, _PAGE)):
            yield from _page(vault, index, kept.id, page, is_registered, wrong)
            done.items += len(page)
            told(done.items)


def _page(
    vault: Vault, index: Index, collection: bytes, page: list[bytes], is_registered: bool,
    wrong: dict[bytes, Wrong],
) -> Iterator[Item]:  # fmt: skip
    here = vault.shelf.objects(page, collection)
    erased = vault.shelf.erased(page)
    homes = {} if is_registered else vault.shelf.homes(here)
    for each in page:
        name = here.get(each)
        if name is None:
            if is_registered:
                yield Item(Is.ERASED if each in erased else Is.MISSING, each, collection)
        elif name in wrong:
            is_lost = wrong[name] is Wrong.MISSING
            yield Item(Is.MISSING if is_lost else Is.ALTERED, each, collection)
        elif not is_registered and not any(_is_registered(index, of) for of in homes[each]):
            yield Item(Is.UNREGISTERED, each, collection)


def _is_registered(index: Index, collection: bytes) -> bool:
    try:
        index.status(collection)
    except NotInIndex:
        return False
    return True


def _items(vault: Vault, kept: Kept, is_registered: bool) -> Iterator[bytes]:
    """The data IDs of a collection."""
    count = 0
    for part in vault.keys.slices(kept.id):
        found = ids.item_ids(kept.provider, part.commitment_list)
        count += len(found)
        yield from found
    if is_registered and count != kept.count:
        raise VaultError(
            f"of the collection 0x{kept.id.hex()} with {counted(kept.count, 'item')} the vault "
            f"knows {count:,}; bring the others back from a backup (kiseki keys restore)"
        )
