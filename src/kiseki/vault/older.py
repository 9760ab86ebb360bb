"""Key files of JSON lines, as they were before there was a database: their salts are taken over."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Protocol

from kiseki.disk.atomic import sync
from kiseki.errors import SecretsError

__all__ = ["take_over"]


class Store(Protocol):
    """What of a key store is needed."""

    def restore(self, path: Path) -> Any:
        """Takes in the lines of a file."""
        ...

    def gather(self) -> None:
        """Puts all of it into the one file."""
        ...

    def close(self) -> None:
        """Closes it."""
        ...


def take_over(path: Path, file: IO[bytes], store_at: Callable[[Path], Store]) -> None:
    """Puts a store with the salts of a key file of JSON lines in its place."""
    if _moved(path, file):
        return  # another process was faster
    before = path.with_name(path.name + ".before")
    if before.exists() and not before.samefile(path):
        raise SecretsError(f"{path} is a key file of an earlier version; move {before} away")
    new = path.with_name(path.name + ".importing")
    new.unlink(missing_ok=True)
    store = store_at(new)
    try:
        store.restore(path)
        store.gather()
    except BaseException as error:
        store.close()
        new.unlink(missing_ok=True)
        if isinstance(error, SecretsError):
            raise SecretsError(
                f"{error} (it was read as a key file of an earlier version)"
            ) from None
        raise
    store.close()
    with contextlib.suppress(FileExistsError):
        os.link(path, before)
    new.replace(path)
    sync(path.parent)


def _moved(path: Path, file: IO[bytes]) -> bool:
    """Whether another file took the place of an open one."""
    return not os.path.samestat(path.stat(), os.fstat(file.fileno()))
