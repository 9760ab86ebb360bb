"""Documents that somebody published, as files in one folder: each is found by its hash, whatever
the file is called. The chain has the hash, so it says which document was meant.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from kiseki.core.keccak import keccak256
from kiseki.errors import FilesError

__all__ = ["Published"]

_MOST = 1 << 24
"""Bytes of one document; what is larger is no document that a page tells of."""
_MANY = 100_000
_EVERY = 5.0
"""Seconds between two looks at the folder."""


class Published:
    """The documents of a folder, with all folders in it.

    Files that come, change or go are seen within seconds. Symbolic links are not followed.

    Args:
        folder: none has nothing.

    Raises:
        FilesError: it is no folder, or cannot be read.
    """

    def __init__(self, folder: str | Path | None = None) -> None:
        self._folder = None if folder is None else Path(folder)
        self._known: dict[str, tuple[tuple[int, int], bytes]] = {}
        self._by_hash: dict[bytes, str] = {}
        self._mark, self._looked, self._one = "", 0.0, threading.Lock()
        if self._folder is not None and not self._folder.is_dir():
            raise FilesError(f"{self._folder} is no folder")
        self._look()

    def __len__(self) -> int:
        return len(self._by_hash)

    @property
    def mark(self) -> str:
        """The same only while the documents are the same; empty without any."""
        with self._one:
            self._look_again()
            return self._mark

    @property
    def is_somewhere(self) -> bool:
        """Whether a folder was named."""
        return self._folder is not None

    def __contains__(self, key: bytes) -> bool:
        """Whether the document with a hash is in the folder, as of the last look."""
        with self._one:
            self._look_again()
            return key in self._by_hash

    def document(self, key: bytes) -> bytes | None:
        """The document with a hash; none where it is not in the folder.

        Args:
            key: its keccak256, 32 bytes.
        """
        if self._folder is None:
            return None
        with self._one:
            self._look_again()
            path = self._by_hash.get(key)
        if path is None:
            return None
        content = _content(path)
        # It may have changed since it was hashed, and then it is another document.
        return content if content is not None and keccak256(content) == key else None

    def hashes(self) -> list[bytes]:
        """Of all documents, ascending, as of the last look at the folder."""
        with self._one:
            return sorted(self._by_hash)

    def _look_again(self) -> None:
        if self._folder is not None and time.monotonic() - self._looked > _EVERY:
            self._look()

    def _look(self) -> None:
        """Hashes what is new or changed."""
        if self._folder is None:
            return
        known: dict[str, tuple[tuple[int, int], bytes]] = {}
        for path, stamp in _files(str(self._folder)):
            before = self._known.get(path)
            if before is not None and before[0] == stamp:
                known[path] = before
            elif (content := _content(path)) is not None:
                known[path] = stamp, keccak256(content)
        self._known, self._looked = known, time.monotonic()
        self._by_hash = {key: path for path, (_, key) in known.items()}
        told = b"".join(sorted(self._by_hash))
        self._mark = hashlib.sha256(told).hexdigest()[:8] if told else ""


def _files(folder: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """Path, size and time of change of every document, as many as one folder may have."""
    waiting, count = [folder], 0
    while waiting:
        try:
            entries = sorted(os.scandir(waiting.pop()), key=lambda each: each.name)
        except OSError as error:
            raise FilesError(f"{error.filename} cannot be read ({error.strerror})") from error
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                waiting.append(entry.path)
            elif entry.is_file(follow_symlinks=False):
                about = entry.stat(follow_symlinks=False)
                if about.st_size <= _MOST:
                    count += 1
                    yield entry.path, (about.st_size, about.st_mtime_ns)
            if count > _MANY:
                raise FilesError(f"{folder} has more than {_MANY:,} files; name one with documents")


def _content(path: str) -> bytes | None:
    """None where it is gone, or grew meanwhile."""
    try:
        with Path(path).open("rb") as opened:
            content = opened.read(_MOST + 1)
    except OSError:
        return None
    return content if len(content) <= _MOST else None
