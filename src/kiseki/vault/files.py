"""Files to be registered, hashed while they hold still.

Data is hashed as it is. An output is hashed without its credentials (`kiseki.core.credentials`),
and beside that as it is, because earlier batches hold that hash.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import unicodedata
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import BinaryIO, TypeVar

from kiseki.core import credentials
from kiseki.errors import FilesError
from kiseki.vault.doubts import of_content, of_name

__all__ = [
    "HashedFile",
    "HashedOutput",
    "hash_each",
    "hash_files",
    "hash_outputs",
    "on_all_cores",
    "other_form",
    "still",
    "whole",
]

T = TypeVar("T")
R = TypeVar("R")

Progress = Callable[[int, int], None]
_CHUNK = 1 << 20
_BATCH = 64  # files a task, because handing one over costs as much as hashing a small file


@dataclass(frozen=True, slots=True)
class HashedFile:
    """A file and the SHA-256 digest of its content, 32 bytes.

    Attributes:
        doubt: why it is probably no work (`kiseki.vault.doubts`); empty where it is one.
    """

    path: Path
    digest: bytes
    doubt: str = field(default="", kw_only=True)


@dataclass(frozen=True, slots=True)
class HashedOutput(HashedFile):
    """A generated file. Its digest is that of the file without credentials.

    Attributes:
        whole: the SHA-256 digest of the file as it is; the same where it carries none.
        odd: why it is taken as it is, though its format is known; empty when it is understood.
    """

    whole: bytes
    odd: str


def hash_files(paths: Sequence[Path], progress: Progress = lambda *_: None) -> list[HashedFile]:
    """The digest of each file, on all cores.

    Args:
        progress: called with how many are done and how many there are.

    Raises:
        FilesError: one cannot be read, or changed while it was read.
    """
    return _all(paths, _hashed, progress)


def hash_outputs(paths: Sequence[Path], progress: Progress = lambda *_: None) -> list[HashedOutput]:
    """The digests of each generated file, without its credentials and as it is, on all cores.

    Args:
        progress: called with how many are done and how many there are.

    Raises:
        FilesError: one cannot be read, or changed while it was read.
    """
    return _all(paths, _hashed_output, progress)


def hash_each(
    items: Iterable[T],
    file_of: Callable[[T], str | Path | None],
    where: Callable[[T], str] = lambda _: "",
    batch: int = _BATCH,
) -> Iterator[tuple[T, bytes, int, str]]:
    """Each item with digest, size and doubt of its file, on all cores, in the order given.

    Of any number of items a few hundred are held at a time; of a file a megabyte.

    Args:
        file_of: an item's file; none for an item that has none, whose digest is empty.
        where: where an item was named, for an error.
        batch: items a task.

    Raises:
        FilesError: one cannot be read, or changed while it was read.
    """

    def work(item: T) -> tuple[T, bytes, int, str]:
        path = file_of(item)
        if path is None:
            return item, b"", 0, ""
        try:
            return item, *_digest(path)
        except FilesError as error:
            if not isinstance(error.__cause__, FileNotFoundError) or not (same := other_form(path)):
                raise FilesError(f"{where(item)}{error}") from error.__cause__
            return item, *_digest(same)

    return on_all_cores(items, work, batch)


@contextlib.contextmanager
def still(path: str | Path) -> Iterator[BinaryIO]:
    """A file, open for reading, that is afterwards what it was before.

    Raises:
        FilesError: it cannot be read, is no ordinary file, or changed while it was read.
    """
    try:
        before = os.stat(path)  # noqa: PTH116
        _must_be_ordinary(path, before)
        with open(path, "rb") as file:  # noqa: PTH123
            yield file
            after = os.fstat(file.fileno())
        now = os.stat(path)  # noqa: PTH116
    except OSError as error:
        raise _not_read(path, error) from error
    _must_be_same(path, before, after, now)


def whole(path: str | Path, what: str = "") -> bytes:
    """All of a file that somebody names and that is read more than once, as a document is.

    Args:
        what: what it is, in an error.

    Raises:
        FilesError: as `still`. A pipe would be empty the second time.
    """
    try:
        with still(path) as file:
            return file.read()
    except FilesError as error:
        raise FilesError(f"{what} {error}".strip()) from error.__cause__


def on_all_cores(items: Iterable[T], work: Callable[[T], R], batch: int) -> Iterator[R]:
    """What becomes of each item, in order, in threads; a few batches are held."""

    def several(some: Sequence[T]) -> list[R]:
        return [work(item) for item in some]

    cores, rest = os.cpu_count() or 1, iter(items)
    tasks: deque[Future[list[R]]] = deque()
    with ThreadPoolExecutor(cores) as pool:
        try:
            while True:
                while len(tasks) < 4 * cores and (some := list(islice(rest, batch))):
                    tasks.append(pool.submit(several, some))
                if not tasks:
                    return
                yield from tasks.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def _all(paths: Sequence[Path], work: Callable[[Path], R], progress: Progress) -> list[R]:
    cores = os.cpu_count() or 1
    size = max(1, min(_BATCH, len(paths) // (4 * cores)))  # few files are spread over all cores
    done: list[R] = []
    for each in on_all_cores(paths, work, size):
        done.append(each)
        if len(done) % size == 0 or len(done) == len(paths):
            progress(len(done), len(paths))
    return done


def _hashed(path: Path) -> HashedFile:
    digest, _, doubt = _digest(path)
    return HashedFile(path, digest, doubt=doubt)


def _hashed_output(path: Path) -> HashedOutput:
    with still(path) as file:
        doubt = _doubt(path, os.fstat(file.fileno()).st_size, file.read(_CHUNK))
        file.seek(0)
        known = credentials.layout(file)
        digest = _digest_of(file, known)
        whole = _digest_of(file, credentials.Layout("")) if known.cuts else digest
    return HashedOutput(path, digest, whole, known.odd, doubt=doubt)


def _digest_of(file: BinaryIO, known: credentials.Layout) -> bytes:
    digest = hashlib.sha256()
    for piece in credentials.pieces(file, known):
        digest.update(piece)
    return digest.digest()


def _doubt(path: str | Path, size: int, begin: bytes) -> str:
    return of_name(os.path.basename(path)) or of_content(str(path), size, begin)  # noqa: PTH119


def _digest(path: str | Path) -> tuple[bytes, int, str]:
    """The digest of a file that is after reading what it was before, its size, and its doubt.

    With bare system calls: Python's file objects cost twice as much as hashing a small file.
    """
    digest, begin = hashlib.sha256(), b""
    try:
        before = os.stat(path)  # noqa: PTH116
        _must_be_ordinary(path, before)
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            left = before.st_size  # and no more, of one that grows
            while left and (chunk := os.read(file, min(left, _CHUNK))):
                digest.update(chunk)
                left -= len(chunk)
                begin = begin or chunk
            after = os.fstat(file)
        finally:
            os.close(file)
        now = os.stat(path)  # noqa: PTH116
    except OSError as error:
        raise _not_read(path, error) from error
    _must_be_same(path, before, after, now)
    return digest.digest(), after.st_size, _doubt(path, after.st_size, begin)


def other_form(path: str | Path) -> Path | None:
    """The file whose name is the same text in another of Unicode's forms: macOS takes letters apart
    (``か`` and its mark), other systems do not, and a list is often written on another system.
    None where there is no such file either."""
    place = Path(Path(path).anchor)
    for part in Path(path).relative_to(place).parts:
        forms = (part, *(unicodedata.normalize(form, part) for form in ("NFC", "NFD")))
        known = next((each for each in forms if os.path.lexists(place / each)), None)
        if known is None:
            return None
        place /= known
    return place


def _must_be_ordinary(path: str | Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):  # opening a pipe would wait for ever
        raise FilesError(f"{path} is no ordinary file; leave it out; nothing was sent")


def _must_be_same(path: str | Path, *found: os.stat_result) -> None:
    if len({(each.st_ino, each.st_size, each.st_mtime_ns) for each in found}) > 1:
        raise FilesError(
            f"{path} changed while it was read; wait until it is finished and run this again; "
            "nothing was sent"
        )


def _not_read(path: str | Path, error: OSError) -> FilesError:
    return FilesError(f"{path} cannot be read ({error.strerror}); nothing was sent")
