"""Text files that people name: an error says in words what is wrong with one."""

from __future__ import annotations

from pathlib import Path

from kiseki.disk import atomic
from kiseki.errors import FilesError

__all__ = ["read", "write"]


def read(path: Path) -> str:
    """A text in UTF-8.

    Raises:
        FilesError: it cannot be read, or is none.
    """
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise FilesError(f"{path} cannot be read ({error.strerror})") from error
    except UnicodeError:
        raise FilesError(f"{path} cannot be read; save it as plain text in UTF-8") from None


def write(path: Path, text: str, *, mode: int = 0o644, folder: bool = False) -> None:
    """Writes a text in UTF-8, whole or not at all.

    Args:
        mode: who may read it.
        folder: whether its folder is made where there is none.

    Raises:
        FilesError: it cannot be written.
    """
    try:
        if folder:
            path.parent.mkdir(parents=True, exist_ok=True)
        atomic.write(path, text, mode=mode)
    except OSError as error:
        raise FilesError(f"{path} cannot be written ({error.strerror})") from error
