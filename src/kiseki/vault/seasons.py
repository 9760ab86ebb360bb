"""Outputs that come from a browser piece by piece, and what became of them.

One SQLite file, and beside it a folder for each season: its table in ``table/``, its files in
``files/``. What is noted as received is on the disk; so a browser that was closed, or a machine
that lost its power, goes on where it stopped.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from kiseki.core.values import from_hex, to_hex
from kiseki.disk import atomic
from kiseki.errors import FilesError, InvalidInput
from kiseki.vault.outputlists import place
from kiseki.vault.ownfile import OwnFile

__all__ = ["FILES", "NO_ROOM", "TABLE", "Announced", "Brought", "Done", "SeasonStore"]

TABLE, FILES = "table", "files"
_MOST = 20_000
"""Files of one season."""
NO_ROOM = "there is not enough room for these files on the studio's machine"
_TWICE = "two of these files have the same name; send them once"
_GONE = "there is no such season any more"
_SPARE = 1 << 28
"""Bytes that stay free on the disk."""
_APPLICATION = 0x4B534541  # "KSEA"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS season (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, models TEXT NOT NULL, made_at INTEGER NOT NULL,
    revision INTEGER NOT NULL, agreed BLOB, registered_at INTEGER
);
CREATE TABLE IF NOT EXISTS file (
    season TEXT NOT NULL REFERENCES season (id) ON DELETE CASCADE, path TEXT NOT NULL,
    size INTEGER NOT NULL, modified INTEGER NOT NULL, received INTEGER,
    PRIMARY KEY (season, path)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS done (
    season TEXT NOT NULL REFERENCES season (id) ON DELETE CASCADE, batch BLOB NOT NULL,
    told TEXT NOT NULL, PRIMARY KEY (season, batch)
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Announced:
    """A file that a browser is going to send.

    Attributes:
        path: below the season's folder, beginning with `TABLE` or `FILES`.
        size: in bytes.
        modified: when it was changed last, as the browser says; another file of that name and size
            has another.
    """

    path: str
    size: int
    modified: int


@dataclass(frozen=True, slots=True)
class Brought:
    """A season that somebody brought.

    Attributes:
        id: by which its page is found.
        name: what the producer calls it.
        models: those that made the files of rows that name none.
        made_at: Unix seconds.
        revision: counts how often its files were announced.
        agreed: what somebody agreed to register; none before.
        registered_at: Unix seconds; none before all of it is.
        files, received: how many files there are, and how many of them are here.
        size, here: the same in bytes.
    """

    id: str
    name: str
    models: tuple[bytes, ...]
    made_at: int
    revision: int
    agreed: bytes | None
    registered_at: int | None
    files: int
    received: int
    size: int
    here: int

    @property
    def is_whole(self) -> bool:
        """Whether all that was announced is here."""
        return self.received == self.files


@dataclass(frozen=True, slots=True)
class Done:
    """A batch of a season that is registered.

    Attributes:
        batch: its ID.
        told: what is kept of it, as JSON has it.
    """

    batch: bytes
    told: Mapping[str, Any] = field(repr=False)


class SeasonStore(OwnFile):
    """Seasons in a folder. Any number of threads may use one."""

    def __init__(self, folder: Path) -> None:
        """
        Raises:
            SecretsError: the folder cannot be used, or others can read what is in it.
        """
        super().__init__(folder / "seasons.sqlite", _APPLICATION, _SCHEMA, "seasons")
        self._folder, self._pieces = folder / "seasons", threading.Lock()

    def folder(self, season: str) -> Path:
        """Where a season's table and files are."""
        return self._folder / season

    def table(self, season: str) -> Path:
        """A season's table.

        Raises:
            InvalidInput: there is no such season.
        """
        with self._using():
            row = self._db.execute(
                "SELECT path FROM file WHERE season = ? AND path LIKE ?", (season, f"{TABLE}/%")
            ).fetchone()
        if row is None:
            raise InvalidInput(_GONE)
        return self.folder(season) / str(row[0])

    # What comes

    def begin(self, name: str, models: Sequence[bytes], now: int) -> str:
        """A new season without files; its ID.

        Args:
            now: Unix seconds.
        """
        made = secrets.token_hex(8)
        with self._writing():
            self._db.execute(
                "INSERT INTO season VALUES (?, ?, ?, ?, 0, NULL, NULL)",
                (made, name, _models_text(models), now),
            )
        return made

    def announce(
        self, season: str, models: Sequence[bytes], files: Sequence[Announced]
    ) -> list[tuple[str, int]]:
        """Notes which files a season has from now on; what it had and has no longer is deleted.
        A file that is here already, or begun, stays.

        Returns: the files that are not whole, each with how many of its bytes are here.

        Raises:
            InvalidInput: there is no such season, two files have one name, they are too many, or
                there is no room for them.
            FilesError: what is no longer wanted cannot be deleted.
        """
        wanted = {each.path: each for each in files}
        _must_be_apart(files)
        with self._pieces:
            there = self._files(season)
            stale = [
                path
                for path, (size, modified, _) in there.items()
                if path not in wanted
                or (size, modified) != (wanted[path].size, wanted[path].modified)
            ]
            kept = {path: there[path] for path in there if path not in set(stale)}
            self._must_have_room(wanted.values(), kept)
            self._forget_files(season, stale)
            rows = [(season, e.path, e.size, e.modified) for e in files if e.path not in kept]
            with self._writing():
                self._db.execute(
                    "UPDATE season SET revision = revision + 1, models = ?, agreed = NULL"
                    " WHERE id = ?", (_models_text(models), season),
                )  # fmt: skip
                self._db.executemany("INSERT INTO file VALUES (?, ?, ?, ?, NULL)", rows)
            return [
                (path, received or 0)
                for path, (size, _, received) in sorted(self._files(season).items())
                if received != size
            ]

    def take(self, season: str, path: str, begins: int, data: bytes) -> int:
        """Writes a piece of a file; how many bytes of it are here then. One that does not begin
        where the file ends is not written: whoever sends goes on from the answer.

        Raises:
            InvalidInput: no such file was announced, or it is longer than that.
            FilesError: it cannot be written.
        """
        with self._pieces:
            with self._using():
                found = self._db.execute(
                    "SELECT size, received FROM file WHERE season = ? AND path = ?", (season, path)
                ).fetchone()
            if found is None:
                raise InvalidInput("no such file was announced; choose the folder again")
            size, received = found
            if begins != (received or 0):
                return received or 0
            if begins + len(data) > size:
                raise InvalidInput("the file became longer; choose the folder again")
            try:
                _write(self.folder(season) / path, begins, data)
            except OSError as error:
                raise FilesError(f"the file cannot be written ({error.strerror})") from error
            ends = begins + len(data)
            with self._writing():
                self._db.execute(
                    "UPDATE file SET received = ? WHERE season = ? AND path = ?",
                    (ends, season, path),
                )
            return ends

    def forget(self, season: str) -> None:
        """Deletes a season with its files.

        Raises:
            InvalidInput: something of it is registered, so that what became of it must be kept.
            FilesError: it cannot be deleted.
        """
        with self._pieces:
            if self.done(season):
                raise InvalidInput("a part of this season is registered, so it is kept")
            try:
                shutil.rmtree(self.folder(season), ignore_errors=False)
            except FileNotFoundError:
                pass
            except OSError as error:
                raise FilesError(f"the files cannot be deleted ({error.strerror})") from error
            with self._writing():
                self._db.execute("DELETE FROM season WHERE id = ?", (season,))

    # What becomes of it

    def all(self) -> list[Brought]:
        """All seasons, the latest first."""
        with self._using():
            rows = self._db.execute(
                f"{_SEASONS} GROUP BY season.id ORDER BY season.made_at DESC, season.rowid DESC"
            ).fetchall()
        return [_brought(row) for row in rows]

    def of(self, season: str) -> Brought | None:
        """The season with this ID; none where there is none."""
        with self._using():
            row = self._db.execute(
                f"{_SEASONS} WHERE season.id = ? GROUP BY season.id", (season,)
            ).fetchone()
        return None if row is None else _brought(row)

    def agree(self, season: str, agreed: bytes) -> None:
        """Notes that somebody agreed to register this."""
        with self._writing():
            self._db.execute("UPDATE season SET agreed = ? WHERE id = ?", (agreed, season))

    def keep(self, season: str, done: Done) -> None:
        """Notes that a batch is registered. What was noted of it before stays beside: a batch that
        was gone on with has transactions of both times."""
        with self._writing():
            row = self._db.execute(
                "SELECT told FROM done WHERE season = ? AND batch = ?", (season, done.batch)
            ).fetchone()
            before = [] if row is None else json.loads(row[0])["transactions"]
            now = list(done.told["transactions"])
            known = {each["transaction"] for each in now}
            now = [each for each in before if each["transaction"] not in known] + now
            told = json.dumps({**done.told, "transactions": now})
            self._db.execute("INSERT OR REPLACE INTO done VALUES (?, ?, ?)",
                             (season, done.batch, told))  # fmt: skip

    def finish(self, season: str, now: int) -> None:
        """Notes that all of it is registered.

        Args:
            now: Unix seconds.
        """
        with self._writing():
            self._db.execute("UPDATE season SET registered_at = ? WHERE id = ?", (now, season))

    def done(self, season: str) -> list[Done]:
        """The batches of a season that are registered."""
        with self._using():
            rows = self._db.execute(
                "SELECT batch, told FROM done WHERE season = ? ORDER BY batch", (season,)
            ).fetchall()
        return [Done(bytes(batch), json.loads(told)) for batch, told in rows]

    # Inside

    def _files(self, season: str) -> dict[str, tuple[int, int, int | None]]:
        with self._using():
            if self._db.execute("SELECT 1 FROM season WHERE id = ?", (season,)).fetchone() is None:
                raise InvalidInput(_GONE)
            rows = self._db.execute(
                "SELECT path, size, modified, received FROM file WHERE season = ?", (season,)
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

    def _forget_files(self, season: str, paths: Sequence[str]) -> None:
        """First it is noted that they are not here, then they are deleted, then they are gone: what
        is broken off in between says nothing wrong."""
        named = [(season, path) for path in paths]
        with self._writing():
            self._db.executemany(
                "UPDATE file SET received = NULL WHERE season = ? AND path = ?", named
            )
        for path in paths:
            try:
                (self.folder(season) / path).unlink(missing_ok=True)
            except OSError as error:
                raise FilesError(f"a file cannot be deleted ({error.strerror})") from error
        with self._writing():
            self._db.executemany("DELETE FROM file WHERE season = ? AND path = ?", named)


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
            f"a season has at most {_MOST:,} files here; register more with the command line"
        )
    places = {place(each.path) for each in files}
    folders = {str(above) for each in places for above in PurePosixPath(each).parents}
    if len(places) < len(files) or places & folders:
        raise InvalidInput(_TWICE)


_SEASONS = (
    "SELECT season.id, name, models, made_at, revision, agreed, registered_at, count(file.path),"
    " count(CASE WHEN received = size THEN 1 END), coalesce(sum(size), 0),"
    " coalesce(sum(received), 0) FROM season LEFT JOIN file ON file.season = season.id"
)


def _models_text(models: Sequence[bytes]) -> str:
    return " ".join(map(to_hex, models))


def _brought(row: Sequence[Any]) -> Brought:
    made, name, models, *rest = row
    ids = tuple(from_hex(each, 32, "a model's ID") for each in models.split())
    return Brought(made, name, ids, *rest)
