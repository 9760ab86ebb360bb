"""Objects in a folder: whole or not at all, also when the power fails; for its owner only."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kiseki.disk import atomic
from kiseki.errors import VaultError
from kiseki.vault.objects.draft import Draft, Hashing, Lies, Lying, faults_told, name_of, place_of

__all__ = ["Folder", "missing"]

_BEGUN = "begun"
"""Where drafts are, so that no other tool sees one among objects."""
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW


@dataclass(frozen=True, slots=True)
class Folder:
    """A place for objects. It is made, with mode 0700, when something is kept.

    Attributes:
        path: the folder.
    """

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    @contextlib.contextmanager
    def draft(self) -> Iterator[Draft]:
        """An object to be written in the block.

        Raises:
            VaultError: it cannot be.
        """
        with faults_told(str(self), "kept"):
            self._made(f"{self.path}/{_BEGUN}")
            begun = _Begun(self)
        try:
            yield begun
        finally:
            begun.leave()

    def open(self, name: bytes) -> Lies:
        """An object, for reading at any place.

        Raises:
            VaultError: it is not there, or cannot be read.
        """
        try:
            with faults_told(str(self), "read"):
                file = os.open(self._file(name), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
                return os.fdopen(file, "rb")
        except VaultError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                raise missing(name, str(self)) from error.__cause__
            raise

    def size(self, name: bytes) -> int | None:
        """Bytes of an object; none where it is not there.

        Raises:
            VaultError: that cannot be said.
        """
        with faults_told(str(self), "found"), contextlib.suppress(FileNotFoundError):
            return self._file(name).stat(follow_symlinks=False).st_size
        return None

    def delete(self, where: bytes | str) -> None:
        """Takes away an object by its name, or something that `walk` found; it may be gone already.

        Raises:
            VaultError: it cannot be.
        """
        file = self._file(where) if isinstance(where, bytes) else self.path / where
        with faults_told(str(self), "deleted"):
            try:
                file.unlink()
            except FileNotFoundError:
                if not self.path.is_dir():  # as of a disk that is not there: that is no answer
                    raise
            else:
                atomic.sync(file.parent)

    def walk(self) -> Iterator[Lying]:
        """Everything that lies here, a folder at a time.

        Raises:
            VaultError: it cannot be read.
        """
        with faults_told(str(self), "looked for"), contextlib.suppress(FileNotFoundError):
            for folder in sorted(os.listdir(self.path)):  # noqa: PTH208 - names only
                yield from self._inside(folder)

    def _inside(self, folder: str) -> Iterator[Lying]:
        entries: list[os.DirEntry[str]] = []
        with (
            contextlib.suppress(FileNotFoundError, NotADirectoryError),
            os.scandir(self.path / folder) as found,
        ):
            entries = sorted(found, key=lambda each: each.name)
        for entry in entries:
            with contextlib.suppress(FileNotFoundError):  # kept, or gone meanwhile
                what = entry.stat(follow_symlinks=False)
                where = f"{folder}/{entry.name}"
                name = name_of(where) if entry.is_file(follow_symlinks=False) else b""
                yield Lying(name, what.st_size, what.st_mtime, where)

    def _file(self, name: bytes) -> Path:
        return self.path / place_of(name)

    def _made(self, folder: str) -> None:
        """The folder, and its name on the disk."""
        if not os.path.isdir(folder):  # noqa: PTH112 - for each object
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            Path(folder).mkdir(exist_ok=True, mode=0o700)
            atomic.sync(self.path)


class _Begun(Hashing):
    """A draft, in a file of mode 0600."""

    def __init__(self, place: Folder) -> None:
        super().__init__()
        self._place = place
        self._path = f"{place.path}/{_BEGUN}/{secrets.token_hex(16)}.part"
        self._file = os.open(self._path, _NEW, 0o600)
        self._kept = False

    def _put(self, data: bytes) -> None:
        rest = memoryview(data)
        with faults_told(str(self._place), "kept"):
            while rest:
                rest = rest[os.write(self._file, rest) :]

    def keep(self) -> bytes:
        name = self.name
        to = f"{self._place.path}/{place_of(name)}"
        folder = to.rpartition("/")[0]
        with faults_told(str(self._place), "kept"):
            os.fsync(self._file)
            self._place._made(folder)
            os.replace(self._path, to)  # noqa: PTH105 - for each object
            self._kept = True
            atomic.sync(folder)
        return name

    def leave(self) -> None:
        os.close(self._file)
        if not self._kept:
            with contextlib.suppress(OSError):  # sweeping takes it away later
                os.unlink(self._path)  # noqa: PTH108


def missing(name: bytes, place: str) -> VaultError:
    """That an object is not there."""
    return VaultError(
        f"the object {name.hex()[:16]}… is not in {place}; `kiseki vault repair` brings it back "
        "from another copy"
    )
