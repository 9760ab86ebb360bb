"""Files to be registered: found, and hashed while they hold still."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

from kiseki.errors import FilesError

__all__ = ["HashedFile", "find", "hash_each", "hash_files", "measure", "walk"]

T = TypeVar("T")

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
    """The digest of each file, on all cores.

    Args:
        progress: called with how many are done and how many there are.

    Raises:
        FilesError: one cannot be read, or changed while it was read.
    """
    cores = os.cpu_count() or 1
    size = max(1, min(_BATCH, len(paths) // (4 * cores)))  # few files are spread over all cores
    done: list[HashedFile] = []
    for path, digest, _ in hash_each(paths, lambda each: each, size):
        done.append(HashedFile(path, digest))
        if len(done) % size == 0 or len(done) == len(paths):
            progress(len(done), len(paths))
    return done


def hash_each(
    items: Iterable[T], file_of: Callable[[T], str | Path | None], batch: int = _BATCH
) -> Iterator[tuple[T, bytes, int]]:
    """Each item with the digest and size of its file, on all cores, in the order given.

    Of any number of items a few hundred are held at a time; of a file a megabyte.

    Args:
        file_of: an item's file; none for an item that has none, whose digest is empty.
        batch: items a task.

    Raises:
        FilesError: one cannot be read, or changed while it was read.
    """

    def work(some: Sequence[T]) -> list[tuple[T, bytes, int]]:
        found = []
        for item in some:
            path = file_of(item)
            found.append((item, b"", 0) if path is None else (item, *_digest(path)))
        return found

    cores, rest = os.cpu_count() or 1, iter(items)
    tasks: deque[Future[list[tuple[T, bytes, int]]]] = deque()
    with ThreadPoolExecutor(cores) as pool:
        try:
            while True:
                while len(tasks) < 4 * cores and (some := list(islice(rest, batch))):
                    tasks.append(pool.submit(work, some))
                if not tasks:
                    return
                yield from tasks.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def walk(folder: str | Path) -> Iterator[str]:
    """All files in a folder and below, as `find` finds them, one after the other: the same order
    every time, and no list of all of them.

    Raises:
        FilesError: a folder cannot be read.
    """
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda each: each.name)
    except OSError as error:
        raise _unreadable(error) from error
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from walk(entry.path)
        elif not entry.is_dir():
            yield entry.path


def measure(paths: Iterable[str | Path]) -> tuple[int, int]:
    """How many files, and how many bytes in all; for whoever tells how far hashing has got."""
    count = size = 0
    for path in paths:
        count += 1
        with contextlib.suppress(OSError):  # hashing says what is wrong with it
            size += os.stat(path).st_size  # noqa: PTH116
    return count, size


def _below(folder: Path) -> list[Path]:
    def refuse(error: OSError) -> None:
        raise _unreadable(error) from error

    found = []
    for place, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(place, name) for name in files if not name.startswith(".")]
    return found


def _unreadable(error: OSError) -> FilesError:
    return FilesError(
        f"the folder {error.filename} cannot be read ({error.strerror}); "
        "check its permissions; nothing was registered"
    )


def _digest(path: str | Path) -> tuple[bytes, int]:
    """The digest of a file that is after reading what it was before, and its size.

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
    return digest.digest(), after.st_size


def _state(found: os.stat_result) -> tuple[int, int, int]:
    return (found.st_ino, found.st_size, found.st_mtime_ns)
