"""Files to be registered: found, and hashed while they hold still."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from kiseki.errors import FilesError

__all__ = ["HashedFile", "find", "hash_files"]

Progress = Callable[[int, int], None]
_CHUNK = 1 << 20
_BATCH = 64  # files a task, because handing one over costs as much as hashing a small file


@dataclass(frozen=True, slots=True)
class HashedFile:
    """A file and the SHA-256 digest of its content, 32 bytes."""

    path: Path
    digest: bytes


def find(given: str | Path | Iterable[str | Path]) -> list[Path]:
    """The files meant: one file, all in a folder and below, or several of these; each once, sorted.

    Names that begin with a dot are passed over, and linked folders are not entered.

    Raises:
        FilesError: nothing is there, or a folder cannot be read.
    """
    places = [Path(given)] if isinstance(given, str | Path) else [Path(each) for each in given]
    found: set[Path] = set()
    for place in places:
        if place.is_dir():
            found |= set(_below(place))
        elif place.exists():
            found.add(place)
        else:
            raise FilesError(f"there is no {place}; check the path")
    if not found:
        raise FilesError(
            f"there are no files in {', '.join(map(str, places)) or 'an empty list'}; "
            "name a folder that holds some"
        )
    return sorted(found)


def hash_files(paths: Sequence[Path], progress: Progress = lambda *_: None) -> list[HashedFile]:
    """The digest of each file, on all cores, in constant memory.

    Args:
        progress: called with how many are done and how many there are.

    Raises:
        FilesError: one cannot be read, or changed while it was read.
    """
    cores = os.cpu_count() or 1
    size = max(1, min(_BATCH, len(paths) // (4 * cores)))  # few files are spread over all cores
    batches = [paths[start : start + size] for start in range(0, len(paths), size)]
    done: list[HashedFile] = []
    with ThreadPoolExecutor(cores) as pool:
        try:
            for hashed in pool.map(_hash_batch, batches):
                done += hashed
                progress(len(done), len(paths))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return done


def _below(folder: Path) -> list[Path]:
    def refuse(error: OSError) -> None:
        raise FilesError(
            f"the folder {error.filename} cannot be read ({error.strerror}); "
            "check its permissions; nothing was registered"
        ) from error

    found = []
    for place, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(place, name) for name in files if not name.startswith(".")]
    return found


def _hash_batch(paths: Sequence[Path]) -> list[HashedFile]:
    return [HashedFile(path, _digest(path)) for path in paths]


def _digest(path: Path) -> bytes:
    """The digest of a file that is after reading what it was before.

    With bare system calls: Python's file objects cost twice as much as hashing a small file.
    """
    digest = hashlib.sha256()
    try:
        before = os.stat(path)  # noqa: PTH116
        if not stat.S_ISREG(before.st_mode):  # opening a pipe would wait for ever
            raise FilesError(f"{path} is no ordinary file; leave it out; nothing was registered")
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            left = before.st_size  # and no more, of one that grows
            while left and (chunk := os.read(file, min(left, _CHUNK))):
                digest.update(chunk)
                left -= len(chunk)
            after = os.fstat(file)
        finally:
            os.close(file)
        now = os.stat(path)  # noqa: PTH116
    except OSError as error:
        raise FilesError(
            f"{path} cannot be read ({error.strerror}); nothing was registered"
        ) from error
    if not _state(before) == _state(after) == _state(now):
        raise FilesError(
            f"{path} changed while it was read; wait until it is finished and run this again; "
            "nothing was registered"
        )
    return digest.digest()


def _state(found: os.stat_result) -> tuple[int, int, int]:
    return (found.st_ino, found.st_size, found.st_mtime_ns)
