"""A folder of drawings with its list, from a producer's browser onto the studio's disk."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from kiseki.disk import atomic
from kiseki.errors import FilesError, InvalidInput

__all__ = ["LISTS", "inside", "kept"]

LISTS = (".csv", ".tsv", ".xlsx", ".ods")
_CHUNK = 1 << 20


def kept(files: Iterable[tuple[str, BinaryIO]], below: Path) -> tuple[Path, list[Path]]:
    """Writes what a browser sent into a new folder, for its owner only.

    Args:
        files: each with its path in the folder that was chosen, which comes first in it; a list
            that was chosen alone has no folder, and lies at the top.
        below: where the new folder is made.

    Returns: the folder, and the lists at its top.

    Raises:
        InvalidInput: a path leads out of the folder, or two files have one.
        FilesError: it cannot be written.
    """
    folder = below / secrets.token_hex(8)
    lists: list[Path] = []
    try:
        folder.mkdir(parents=True, mode=0o700)
        for name, content in files:
            path = folder / inside(name)
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with atomic.whole(path, mode=0o600, new=True) as file:
                while piece := content.read(_CHUNK):
                    file.write(piece)
            if path.parent == folder and path.suffix.lower() in LISTS:
                lists.append(path)
    except FileExistsError as error:
        raise InvalidInput("two of these files have the same name; send them once") from error
    except OSError as error:
        raise FilesError(f"the drawings cannot be written ({error.strerror})") from error
    return folder, lists


def inside(name: str) -> PurePosixPath:
    """The path below the folder that was chosen.

    Raises:
        InvalidInput: it leads elsewhere.
    """
    parts = PurePosixPath(name).parts
    if not parts or "\0" in name or "\\" in name or parts[0] == "/" or ".." in parts:
        raise InvalidInput(f"{name!r:.80} is no file of the folder that was chosen")
    return PurePosixPath(*(parts[1:] or parts))
