"""Folders of files that come from a browser piece by piece.

What is noted as received is on the disk; so a browser that was closed, or a machine that lost its
power, goes on where it stopped. What a folder is for, whoever keeps it knows (`OWNER`).
"""

from __future__ import annotations

import os
import shutil
import threading
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import ClassVar

from kiseki.disk import atomic
from kiseki.errors import FilesError, InvalidInput, KisekiError
from kiseki.vault.outputlists import place
from kiseki.vault.ownfile import OwnFile

__all__ = ["COUNTED", "FILES", "GONE", "NO_ROOM", "TABLE", "Announced", "Arriving"]

TABLE, FILES = "table", "files"
_MOST = 20_000
"""Files of one folder."""
NO_ROOM = "there is not enough room for these files on the studio's machine"
_TWICE = "two of these files have the same name; send them once"
GONE = "what these files belong to is not here any more"
_SPARE = 1 << 28
"""Bytes that stay free on the disk."""
COUNTED = (
    "count(file.path), count(CASE WHEN received = size THEN 1 END), coalesce(sum(size), 0),"
    " coalesce(sum(received), 0)"
)
"""How many files a folder has, how many of them are here, and the same in bytes."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS file (
    {owner} TEXT NOT NULL REFERENCES {owner} (id) ON DELETE CASCADE, path TEXT NOT NULL,
    size INTEGER NOT NULL, modified INTEGER NOT NULL, received INTEGER,
    PRIMARY KEY ({owner}, path)
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Announced:
    """A file that a browser is going to send.

    Attributes:
        path: below its folder, beginning with `TABLE` or `FILES`.
        size: in bytes.
        modified: when it was changed last, as the browser says; another file of that name and size
            has another.
    """

    path: str
    size: int
    modified: int


class Arriving(OwnFile):
    """Folders, one for each row of a table that is named by `OWNER`. Any number of threads may use
    one."""

    OWNER: ClassVar[str]

    def __init__(self, folder: Path, name: str, application: int, schema: str) -> None:
        """
        Args:
            folder: in which the file of the table and the folders are.
            name: of both.
            application, schema: as of `OwnFile`.

        Raises:
            SecretsError: the folder cannot be used, or others can read what is in it.
        """
        whole = schema + _SCHEMA.format(owner=self.OWNER)
        super().__init__(folder / f"{name}.sqlite", application, whole, name)
        self._folder, self._pieces = folder / name, threading.Lock()

    def folder(self, which: str) -> Path:
        """Where the files are."""
        return self._folder / which

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Nothing comes or goes until the block ends."""
        with self._pieces:
            yield

    @contextmanager
    def undone(self, which: str) -> Iterator[None]:
        """Deletes a folder again if what is done in the block with it is refused."""
        try:
            yield
        except KisekiError:
            self.forget(which)
            raise

    def take(self, which: str, path: str, begins: int, data: bytes) -> int:
        """Writes a piece of a file; how many bytes of it are here then. One that does not begin
        where the file ends is not written: whoever sends goes on from the answer.

        Raises:
            InvalidInput: no such file was announced, or it is longer than that.
            FilesError: it cannot be written.
        """
        of = self.OWNER
        with self._pieces:
            with self._using():
                found = self._db.execute(
                    f"SELECT size, received FROM file WHERE {of} = ? AND path = ?",  # noqa: S608
                    (which, path),
                ).fetchone()
            if found is None:
                raise InvalidInput("no such file was announced; choose the folder again")
            size, received = found
            if begins != (received or 0):
                return received or 0
            if begins + len(data) > size:
                raise InvalidInput("the file became longer; choose the folder again")
            try:
                _write(self.folder(which) / path, begins, data)
            except OSError as error:
                raise FilesError(f"the file cannot be written ({error.strerror})") from error
            ends = begins + len(data)
            with self._writing():
                self._db.execute(
                    f"UPDATE file SET received = ? WHERE {of} = ? AND path = ?",  # noqa: S608
                    (ends, which, path),
                )
            return ends

    def forget(self, which: str) -> None:
        """Deletes a folder with its files.

        Raises:
            InvalidInput: it must be kept.
            FilesError: it cannot be deleted.
        """
        with self._pieces:
            self._must_be_free(which)
            try:
                shutil.rmtree(self.folder(which), ignore_errors=False)
            except FileNotFoundError:
                pass
            except OSError as error:
                raise FilesError(f"the files cannot be deleted ({error.strerror})") from error
            with self._writing():
                self._db.execute(
                    f"DELETE FROM {self.OWNER} WHERE id = ?",  # noqa: S608
                    (which,),
                )

    @abstractmethod
    def _must_be_free(self, which: str) -> None:
        """Refuses to delete what must be kept.

        Raises:
            InvalidInput: this must be.
        """

    def _announce(
        self, which: str, files: Sequence[Announced], change: str, values: Sequence[object]
    ) -> list[tuple[str, int]]:
        """Notes which files a folder has from now on; what it had and has no longer is deleted. A
        file that is here already, or begun, stays.

        Args:
            change: a statement that is carried out together with it, and its values.

        Returns: the files that are not whole, each with how many of its bytes are here.

        Raises:
            InvalidInput: there is no such folder, two files have one name, they are too many, or
                there is no room for them.
            FilesError: what is no longer wanted cannot be deleted.
        """
        wanted = {each.path: each for each in files}
        _must_be_apart(files)
        with self._pieces:
            there = self._files(which)
            stale = [
                path
                for path, (size, modified, _) in there.items()
                if path not in wanted
                or (size, modified) != (wanted[path].size, wanted[path].modified)
            ]
            kept = {path: there[path] for path in there if path not in set(stale)}
            self._must_have_room(wanted.values(), kept)
            self._forget_files(which, stale)
            rows = [(which, e.path, e.size, e.modified) for e in files if e.path not in kept]
            with self._writing():
                self._db.execute(change, values)
                self._db.executemany("INSERT INTO file VALUES (?, ?, ?, ?, NULL)", rows)
            return [
                (path, received or 0)
                for path, (size, _, received) in sorted(self._files(which).items())
                if received != size
            ]

    def _files(self, which: str) -> dict[str, tuple[int, int, int | None]]:
        """Path -> size, time and how much of it is here.

        Raises:
            InvalidInput: there is no such folder.
        """
        of = self.OWNER
        with self._using():
            known = f"SELECT 1 FROM {of} WHERE id = ?"  # noqa: S608
            if self._db.execute(known, (which,)).fetchone() is None:
                raise InvalidInput(GONE)
            rows = self._db.execute(
                f"SELECT path, size, modified, received FROM file WHERE {of} = ?",  # noqa: S608
                (which,),
            ).fetchall()
        return {path: (size, modified, received) for path, size, modified, received in rows}

    def _must_have_room(
        self, wanted: Iterable[Announced], kept: Mapping[str, tuple[int, int, int | None]]
    ) -> None:
        needed = sum(each.size for each in wanted) - sum(each[2] or 0 for each in kept.values())
        with self._using():
            self._folder.mkdir(exist_ok=True, mode=0o700)
            if needed + _SPARE > shutil.disk_usage(self._folder).free:
                raise InvalidInput(NO_ROOM)

    def _forget_files(self, which: str, paths: Sequence[str]) -> None:
        """First it is noted that they are not here, then they are deleted, then they are gone: what
        is broken off in between says nothing wrong."""
        named, of = [(which, path) for path in paths], self.OWNER
        with self._writing():
            self._db.executemany(
                f"UPDATE file SET received = NULL WHERE {of} = ? AND path = ?",  # noqa: S608
                named,
            )
        for path in paths:
            try:
                (self.folder(which) / path).unlink(missing_ok=True)
            except OSError as error:
                raise FilesError(f"a file cannot be deleted ({error.strerror})") from error
        with self._writing():
            self._db.executemany(
                f"DELETE FROM file WHERE {of} = ? AND path = ?",  # noqa: S608
                named,
            )


def _write(path: Path, begins: int, data: bytes) -> None:
    """Writes a piece where it belongs; what stood there or behind it is gone."""
    new = not path.exists()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    file = os.open(path, flags, 0o600)
    try:
        rest, at = memoryview(data), begins
        while rest:
            written = os.pwrite(file, rest, at)
            rest, at = rest[written:], at + written
        os.ftruncate(file, begins + len(data))
        os.fsync(file)
    finally:
        os.close(file)
    if new:
        atomic.sync(path.parent)


def _must_be_apart(files: Sequence[Announced]) -> None:
    """Refuses files of which one would stand in the other's place.

    Raises:
        InvalidInput: there are such, or too many of them.
    """
    if len(files) > _MOST:
        raise InvalidInput(
            f"at most {_MOST:,} files are taken at a time; use the command line for more"
        )
    places = {place(each.path) for each in files}
    folders = {str(above) for each in places for above in PurePosixPath(each).parents}
    if len(places) < len(files) or places & folders:
        raise InvalidInput(_TWICE)
