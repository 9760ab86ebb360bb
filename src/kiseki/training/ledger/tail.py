"""The last rows of a journal: each is written with one call of the system, until SQLite has it.

The file lies beside the journal. A row in it carries its hash, so that whoever reads knows which
rows are whole: what a process that was killed left half-written follows on nothing.
"""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

from kiseki.training.ledger.rows import Row, hash_of

__all__ = ["Tail", "following", "packed", "rows_in", "tail_of"]

_HEAD = struct.Struct(">IQBq32s")
"""The size of the body, and then the row's number, kind, step (-1 for none) and hash."""


def tail_of(folder: Path, rank: int) -> Path:
    """The file of a rank. It is there while a process writes, and after one was killed."""
    return folder / f"rank-{rank}.tail"


class Tail:
    """Writes it. Every method raises `OSError` where the file cannot be used."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def size(self) -> int:
        """In bytes."""
        return os.lseek(self._file, 0, os.SEEK_END)

    def add(self, packed: bytes) -> None:
        """Adds rows as `packed` made them, which survives the end of the process at once."""
        written = os.write(self._file, packed)
        if written < len(packed):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def cut(self, size: int = 0) -> None:
        """Leaves so many bytes."""
        os.ftruncate(self._file, size)

    def close(self, *, remove: bool) -> None:
        """
        Args:
            remove: whether the file goes, because SQLite has all of it.
        """
        try:
            if remove:
                self._path.unlink(missing_ok=True)
        finally:
            os.close(self._file)


def packed(rows: Iterable[Row]) -> bytes:
    """Rows as bytes."""
    return b"".join(
        [
            _HEAD.pack(len(body), seq, kind, -1 if step is None else step, each) + body
            for seq, kind, step, body, each in rows
        ]
    )


def rows_in(path: Path) -> list[Row]:
    """What a file holds, whole or not; nothing where there is none. See `following`.

    Raises:
        OSError: it cannot be read.
    """
    try:
        held = path.read_bytes()
    except FileNotFoundError:
        return []
    rows, place = [], 0
    while place + _HEAD.size <= len(held):
        size, seq, kind, step, each = _HEAD.unpack_from(held, place)
        begins = place + _HEAD.size
        place = begins + size
        if place > len(held):
            break
        rows.append(Row(seq, kind, None if step == -1 else step, held[begins:place], each))
    return rows


def following(rows: Iterable[Row], seq: int, before: bytes) -> Iterator[Row]:
    """The rows that come after one, each hashed with the one before.

    Earlier ones are left out: SQLite has them already. What follows on nothing ends it: half a row,
    or what lay there while somebody wrote.

    Args:
        rows: of a tail.
        seq, before: the number and the hash of SQLite's last row.
    """
    for row in rows:
        if row.seq <= seq:
            continue
        if row.hash != hash_of(before, *row[:4]):
            return
        seq, before = row.seq, row.hash
        yield row
