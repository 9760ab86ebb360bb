"""A content that is to be added, and the count of what adding did."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from kiseki.vault.doubts import Doubts
from kiseki.vault.objects.envelope import Called
from kiseki.vault.objects.sources import Of

__all__ = ["Added", "Item"]


class Item(NamedTuple):
    """A content to be added.

    Attributes:
        source: where it is.
        digest: SHA-256 of it.
        called: what it is called.
    """

    source: Of
    digest: bytes
    called: Called


@dataclass
class Added:
    """What adding did.

    Attributes:
        stored: contents that were not here before.
        known: items whose content was here, or came twice.
        size: bytes of content of all items.
        elsewhere: rows of a list that name no file; their content is not here.
        doubts: files that were left out, and why.
    """

    stored: int = 0
    known: int = 0
    size: int = 0
    elsewhere: int = 0
    doubts: Doubts = field(default_factory=Doubts)
