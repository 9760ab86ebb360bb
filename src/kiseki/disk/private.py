"""Files that nobody else may read."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

__all__ = ["create", "open_to_others"]


def create(path: Path) -> None:
    """An empty file for its owner only, with its folder, unless the file is there.

    A file that is there is not opened: closing it would take away the locks that SQLite has on it
    for another connection of this process (POSIX, fcntl).

    Raises:
        OSError: it cannot be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def open_to_others(path: Path) -> str:
    """The mode of a file that others can read, as ``0644``; empty where they cannot.

    Raises:
        OSError: there is no such file, or it cannot be looked at.
    """
    mode = stat.S_IMODE(path.stat().st_mode)
    return f"{mode:04o}" if mode & 0o077 else ""
