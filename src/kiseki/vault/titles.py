"""What items of a vault are called: the first name of each, for whoever may see names."""

from __future__ import annotations

from collections.abc import Sequence

from kiseki.errors import VaultError
from kiseki.vault.shelf import Shelf

__all__ = ["titles"]


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
