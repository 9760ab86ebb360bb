"""What is to be kept: a file, a part of one (of a tar), or bytes; held still while it is read."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple, Protocol

from kiseki.errors import FilesError
from kiseki.vault.files import still

__all__ = ["Held", "Of", "Part", "Piece", "opened", "version"]


class Part(NamedTuple):
    """A file, or a part of one.

    Attributes:
        path: of the file.
        start: where the content begins.
        size: its bytes; a file may have others behind them only where `inside` is true.
        inside: whether it is a part.
        was: the file's `version` when the part was found; none where that does not matter.
    """

    path: str
    start: int
    size: int
    inside: bool = False
    was: tuple[int, ...] | None = None

    def __str__(self) -> str:
        return self.path


class Held(NamedTuple):
    """A content that is in memory, because the file it comes from packs it.

    Attributes:
        data: the content.
        where: it comes from, for an error.
    """

    data: bytes
    where: str

    @property
    def size(self) -> int:
        """Its bytes."""
        return len(self.data)

    def __str__(self) -> str:
        return self.where


Of = Part | Held


class Piece(Protocol):
    """What `opened` gives."""

    def read(self, size: int = -1, /) -> bytes: ...


@contextlib.contextmanager
def opened(source: Of) -> Iterator[Piece]:
    """A source, for reading from its beginning to its end.

    Raises:
        FilesError: the file cannot be read, or it changed before the block ended: nothing that was
            read must be kept.
    """
    if isinstance(source, Held):
        yield io.BytesIO(source.data)
        return
    with still(source.path) as file:
        end = file.seek(0, io.SEEK_END)
        other = source.was is not None and source.was != version(file)
        if other or end < source.start + source.size or (end != source.size and not source.inside):
            raise FilesError(
                f"{source.path} changed since it was hashed; wait until it is finished and run "
                "this again"
            )
        file.seek(source.start)
        yield _Limited(file, source.size)


def version(file: BinaryIO) -> tuple[int, ...]:
    """What is another number once somebody wrote to a file, or put another in its place."""
    now = os.fstat(file.fileno())
    return now.st_ino, now.st_size, now.st_mtime_ns


class _Limited:
    """A file up to a place, and no more of one that grows."""

    def __init__(self, file: BinaryIO, left: int) -> None:
        self._file, self._left = file, left

    def read(self, size: int = -1, /) -> bytes:
        wanted = self._left if size < 0 else min(size, self._left)
        data = self._file.read(wanted)
        self._left -= len(data)
        return data
