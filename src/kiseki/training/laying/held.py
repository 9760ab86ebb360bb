"""A laid folder while it changes: out of every trainer's sight, and one process's alone.

A trainer reads whatever is in its folder. So the folder has its name only while all is there: it is
renamed, laid or cleared aside, and renamed again, which happens at once. Both names are on one
disk, so nothing is copied for it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO

from kiseki.core.laid import FILE
from kiseki.disk import atomic
from kiseki.errors import FilesError, InvalidInput
from kiseki.vault.laid import aside, read

__all__ = ["held", "put_back", "take_aside", "where"]

_PRIVATE = 0o600
_mine = threading.local()


@contextlib.contextmanager
def held(folder: str | Path) -> Iterator[None]:
    """A folder that nobody else lays or clears while the block runs, whether it is there or not.

    The lock ends with the process, also where that is killed.

    Raises:
        FilesError: another process has it, or nothing can be written beside it.
    """
    real = Path(os.path.realpath(folder))
    mine: set[Path] = _mine.__dict__.setdefault("folders", set())
    if real in mine:
        yield
        return
    path = real.parent / f".{real.name}.lock"
    made = [each for each in real.parents if not each.exists()]
    try:
        real.parent.mkdir(parents=True, exist_ok=True)
        file = _locked(path)
    except BlockingIOError:
        raise FilesError(
            f"another process lays or clears {folder} now{_who(path)}; wait until it ends, or end "
            "it, and run this again"
        ) from None
    except OSError as error:
        raise FilesError(
            f"{path} cannot be written and locked ({error.strerror}), so {folder} cannot be laid; "
            "name a folder in one that you may write to"
        ) from error
    mine.add(real)
    try:
        yield
    finally:
        mine.discard(real)
        with file, contextlib.suppress(OSError):
            path.unlink()
            for each in made:
                each.rmdir()  # as it was, unless something was laid


def where(folder: Path) -> Path:
    """Where a folder lies now: under its own name, or aside.

    Raises:
        InvalidInput: there are files at both.
    """
    away = aside(folder)
    if not away.is_dir():
        return folder
    if folder.is_dir() and any(folder.iterdir()):
        raise InvalidInput(
            f"{folder} holds files, and {away} holds what was laid for it before; move one of them "
            "away"
        )
    return away


def take_aside(folder: Path) -> Path:
    """Takes a folder out of the trainers' sight, and makes it where it is not there.

    Returns:
        Where it lies now. Its list, if it has one, says that it is not whole.

    Raises:
        OSError: it cannot be renamed.
        FilesError, InvalidInput: as `where` and `read`.
    """
    away, real = aside(folder), Path(os.path.realpath(folder))
    if where(folder) != away:
        if real.is_dir():
            _rename(real, away)
        else:
            away.mkdir(mode=0o700)
        atomic.sync(away.parent)
    if (away / FILE).is_file() and (laid := read(away)).whole:
        text = replace(laid, whole=False).to_json()
        atomic.write(away / FILE, text, mode=_PRIVATE)
    return away


def put_back(folder: Path) -> None:
    """Gives a folder its name again.

    Raises:
        OSError: it cannot be renamed.
    """
    away = aside(folder)
    atomic.sync(away)
    _rename(away, Path(os.path.realpath(folder)))
    atomic.sync(away.parent)


def _rename(one: Path, other: Path) -> None:
    try:
        one.rename(other)
    except OSError as error:
        raise FilesError(
            f"{one} cannot be renamed to {other} ({error.strerror}), which keeps trainers from "
            "what is laid in part; name a folder whose parent you may write to, and which is no "
            "disk of its own"
        ) from error


def _locked(path: Path) -> IO[bytes]:
    """The file, locked. Who held it before deletes it, so it must be the one that is there."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _PRIVATE)
        file = os.fdopen(descriptor, "r+b")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                file.truncate()
                file.write(str(os.getpid()).encode())
                file.flush()
                return file
        except FileNotFoundError:
            pass
        except BaseException:
            file.close()
            raise
        file.close()


def _who(path: Path) -> str:
    """The process that wrote itself down, in words; empty where that cannot be read."""
    with contextlib.suppress(OSError, ValueError):
        return f" (process {int(path.read_bytes())})"
    return ""
