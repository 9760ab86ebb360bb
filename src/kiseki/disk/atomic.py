"""Files written whole or not at all, also when the power fails."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

__all__ = ["sync", "whole", "write"]


@contextlib.contextmanager
def whole(path: Path, *, mode: int = 0o644, new: bool = False) -> Iterator[IO[bytes]]:
    """A file to be written in the block. Afterwards `path` has all of it, or is as it was before.

    A process that is killed meanwhile leaves a file beside it, with a name of its own, which stands
    in nobody's way: another process may write to `path` at the same time.

    Args:
        path: where; its folder must be there.
        mode: who may read it; others never read more, not even while it is written.
        new: whether there must be no such file.

    Raises:
        FileExistsError: there is one, and it had to be new.
        OSError: it cannot be written.
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    begun = Path(name)  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        begun.chmod(mode)
        if new:
            path.hardlink_to(begun)  # refuses to take the place of another
        else:
            begun.replace(path)
        sync(path.parent)
    finally:
        begun.unlink(missing_ok=True)


def write(path: Path, text: str, *, mode: int = 0o644, new: bool = False) -> None:
    """Writes a text in UTF-8; see `whole`."""
    with whole(path, mode=mode, new=new) as file:
        file.write(text.encode())


def sync(folder: Path | str) -> None:
    """A power cut from now on leaves the files of a folder under their names.

    Raises:
        OSError: the folder cannot be opened.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
