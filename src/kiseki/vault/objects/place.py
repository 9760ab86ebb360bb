"""Where objects lie: a folder, or any filesystem that fsspec knows, by its URL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from kiseki.vault.objects.draft import Draft, Lies, Lying
from kiseki.vault.objects.folder import Folder
from kiseki.vault.objects.remote import Remote

__all__ = ["Place", "place"]


class Place(Protocol):
    """A place for objects. It can be given to another process, and is told without secrets by
    ``str``. All of it raises `VaultError` where the place cannot be used."""

    def draft(self) -> AbstractContextManager[Draft]:
        """An object to be written in the block."""
        ...

    def open(self, name: bytes) -> Lies:
        """An object, for reading at any place."""
        ...

    def size(self, name: bytes) -> int | None:
        """Bytes of an object; none where it is not there."""
        ...

    def delete(self, where: bytes | str) -> None:
        """Takes away an object by its name, or something that `walk` found."""
        ...

    def walk(self) -> Iterator[Lying]:
        """Everything that lies here."""
        ...


def place(where: str | Path, options: Mapping[str, Any] | None = None) -> Place:
    """What a path or a URL names. Nothing is made or asked yet.

    Args:
        options: of the filesystem of a URL, as fsspec takes them.

    Raises:
        InvalidInput: no such filesystem is known, or its library is not installed.
    """
    if isinstance(where, str) and "://" in where:
        return Remote(where.rstrip("/"), dict(options or {}))
    return Folder(Path(where))
