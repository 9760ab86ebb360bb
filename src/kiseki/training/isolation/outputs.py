"""What comes out of a room: ordinary files alone, each taken by its name."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from kiseki.disk import atomic
from kiseki.errors import FilesError

__all__ = ["removed", "take"]

_CHUNK = 1 << 20
_PART = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


def take(folder: Path, name: str, into: Path, most: int) -> None:
    """Copies a file that a command wrote. No link is followed, whatever it left there.

    Args:
        folder: that it wrote into.
        name: of the file below that folder.
        into: the new file.
        most: its bytes, at most.

    Raises:
        FilesError: it is missing, no ordinary file, behind a link, or too large.
    """
    with _opened(folder, name) as source:
        found = os.fstat(source.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise FilesError(f"the command's {name!r:.200} is no ordinary file")
        if found.st_size > most:
            raise FilesError(f"the command's {name!r:.200} has more than {most:,} bytes")
        with atomic.whole(into) as target:
            shutil.copyfileobj(source, target, _CHUNK)


@contextlib.contextmanager
def _opened(folder: Path, name: str) -> Iterator[BinaryIO]:
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts or "\0" in name:
        raise FilesError(f"{name!r:.200} is no file below the folder that a command writes")
    at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in parts:
            inner = os.open(part, _PART, dir_fd=at)
            os.close(at)
            at = inner
        file = os.fdopen(at, "rb")
    except OSError as error:
        os.close(at)
        raise FilesError(
            f"the command wrote no file {name!r:.200}, or a link is in its place ({error.strerror})"
        ) from error
    with file:
        yield file


def removed(folder: Path) -> None:
    """Takes away a folder that a command wrote, however deep and closed it made it."""
    with contextlib.suppress(RecursionError):
        shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():  # tools of the system take away what is too deep for Python
        for words in (["chmod", "-R", "u+rwx"], ["rm", "-rf"]):
            subprocess.run([*words, "--", str(folder)], capture_output=True, check=False)  # noqa: S603
