"""A file that is there, opened at any place; and a file for somebody, made as it is read."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from kiseki.errors import VaultError
from kiseki.vault.age import header
from kiseki.vault.age.keys import Identity, Recipient
from kiseki.vault.age.stream import CHUNK, NONCE, TAG, Stream, sealed_size

__all__ = ["Opened", "Readable", "Sealing"]

_SEALED = CHUNK + TAG


class Readable(Protocol):
    """A file of which any part can be read, as one of `open` or of fsspec."""

    def seek(self, offset: int, whence: int = 0, /) -> int: ...

    def read(self, size: int = -1, /) -> bytes: ...


class Opened:
    """The content of an age file, of which any part can be had without the rest.

    Attributes:
        size: bytes of content. That the file is whole is known: its last chunk was opened.
    """

    def __init__(self, file: Readable, identity: Identity) -> None:
        """
        Raises:
            VaultError: it is encrypted to others, or it is damaged or cut off.
        """
        self._file = file
        length = file.seek(0, os.SEEK_END)
        file.seek(0)
        head = header.read(file.read)
        key = head.file_key(identity)
        self._begin = head.size + NONCE
        if length < self._begin + TAG:
            raise VaultError("this file is cut off behind its head; use another copy of it")
        self._stream = Stream(key, self._exactly(head.size, NONCE))
        self._chunks = -(-(length - self._begin) // _SEALED)
        if (length - self._begin) - (self._chunks - 1) * _SEALED < TAG:
            raise VaultError("this file is cut off in its last chunk; use another copy of it")
        self.size = (length - self._begin) - self._chunks * TAG
        self._chunk(self._chunks - 1)

    def __enter__(self) -> Opened:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file; nothing more can be read."""
        if (close := getattr(self._file, "close", None)) is not None:
            close()

    def read(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` up to `stop`, or to the end, a chunk at a time.

        Raises:
            VaultError: a chunk is damaged.
            ValueError: there are no such bytes.
        """
        stop = self.size if stop is None else stop
        if not 0 <= start <= stop <= self.size:
            raise ValueError(f"of {self.size:,} bytes there are none from {start:,} to {stop:,}")
        for number in range(start // CHUNK, -(-stop // CHUNK)):
            at = number * CHUNK
            yield self._chunk(number)[max(0, start - at) : stop - at]

    def _chunk(self, number: int) -> bytes:
        last = number == self._chunks - 1
        at = self._begin + number * _SEALED
        size = self.size - number * CHUNK + TAG if last else _SEALED
        return self._stream.opened(number, self._exactly(at, size), last=last)

    def _exactly(self, at: int, size: int) -> bytes:
        self._file.seek(at)
        parts, left = [], size
        while left and (some := self._file.read(left)):
            parts.append(some)
            left -= len(some)
        if left:
            raise VaultError("this file became shorter while it was read; use another copy of it")
        return b"".join(parts)


@dataclass(frozen=True, slots=True)
class Sealing:
    """An age file for somebody, of which any part can be made anew, always with the same bytes.

    It must be used for one content only: the same chunk with another content under the same key
    would give both away.

    Attributes:
        head: what the file begins with, and its nonce.
        key: the file key, 16 bytes; to be kept secret.
        content: bytes of content.
    """

    head: bytes
    key: bytes = field(repr=False)
    content: int

    @classmethod
    def to(cls, recipients: Sequence[Recipient], content: int) -> Sealing:
        """A new one, for content of so many bytes."""
        key = header.new_file_key()
        return cls(header.made(recipients, key) + os.urandom(NONCE), key, content)

    @property
    def size(self) -> int:
        """Bytes of the whole file."""
        return len(self.head) - NONCE + sealed_size(self.content)

    def read(
        self, plain: Callable[[int, int], Iterator[bytes]], start: int = 0, stop: int | None = None
    ) -> Iterator[bytes]:
        """The bytes of the file from `start` up to `stop`, or to its end, about a chunk at a time.

        Args:
            plain: gives the bytes of the content from one place up to another.

        Raises:
            ValueError: there are no such bytes.
        """
        stop = self.size if stop is None else stop
        if not 0 <= start <= stop <= self.size:
            raise ValueError(f"of {self.size:,} bytes there are none from {start:,} to {stop:,}")
        begin = len(self.head)
        if start < begin:
            yield self.head[start:stop]
        if stop <= begin:
            return
        stream = Stream(self.key, self.head[-NONCE:])
        chunks = max(1, -(-self.content // CHUNK))
        first, end = max(0, start - begin) // _SEALED, -(-(stop - begin) // _SEALED)
        content = _Chunks(plain(first * CHUNK, min(end * CHUNK, self.content)))
        for number in range(first, end):
            piece = content.next(min(CHUNK, self.content - number * CHUNK))
            sealed = stream.sealed(number, piece, last=number == chunks - 1)
            at = begin + number * _SEALED
            yield sealed[max(0, start - at) : stop - at]


class _Chunks:
    """Pieces of any length, as pieces of the length that is asked for."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._rest = pieces, b""

    def next(self, size: int) -> bytes:
        """
        Raises:
            VaultError: the content ends before.
        """
        parts, have = [self._rest], len(self._rest)
        while have < size:
            piece = next(self._pieces, b"")
            if not piece:
                raise VaultError("the content is shorter than it was; nothing more is given out")
            parts.append(piece)
            have += len(piece)
        whole = b"".join(parts)
        self._rest = whole[size:]
        return whole[:size]
