"""A file that is read in places, and the way out where it is not as its format says."""

from __future__ import annotations

from typing import BinaryIO

__all__ = ["Odd", "Source"]


class Odd(Exception):  # noqa: N818 - a way out of the readers of a format, and no error
    """Why a file is taken as it is."""


class Source:
    """A file that is read in places."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = file.seek(0, 2)

    def some(self, at: int, length: int) -> bytes:
        """Up to so many bytes."""
        self._file.seek(at)
        return self._file.read(length)

    def all(self, at: int, length: int) -> bytes:
        """So many bytes."""
        found = self.some(at, length) if at + length <= self.size else b""
        if len(found) != length:
            raise Odd("it is cut off")
        return found
