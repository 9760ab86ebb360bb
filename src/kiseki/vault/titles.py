"""What items of a vault are called, for whoever may see names; and their captions, for whoever gets
the content."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kiseki.errors import VaultError
from kiseki.vault.handing.rules import Item
from kiseki.vault.shelf import Shelf

__all__ = ["captions", "titles"]


def titles(shelf: Shelf, wanted: Sequence[bytes]) -> dict[bytes, str | None]:
    """Data ID -> name, of those items that are here and have one; none for one whose name does not
    open.

    Raises:
        SecretsError: the store cannot be read.
    """
    told: dict[bytes, str | None] = {}
    for each in filter(None, shelf.items(wanted)):
        try:
            names = shelf.content(each).stored.called()
        except VaultError:
            told[each.id] = None
        else:
            if names:
                told[each.id] = names[0].name
    return told


def captions(shelf: Shelf, items: Sequence[Item]) -> Iterator[tuple[bytes, str | None]]:
    """Data ID and caption of each item, in their order: empty where nothing describes it, none
    where what it is called does not open.

    Raises:
        SecretsError: the store cannot be read.
    """
    for each in items:
        try:
            names = shelf.content(each).stored.called()
        except VaultError:
            yield each.id, None
        else:
            yield each.id, next((name.caption for name in names if name.caption), "")
