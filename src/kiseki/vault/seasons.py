"""Outputs that come from a browser piece by piece, and what became of them.

One SQLite file, and beside it a folder for each season: its table in ``table/``, its files in
``files/`` (`kiseki.vault.arriving`).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kiseki.core.values import from_hex, to_hex
from kiseki.errors import InvalidInput
from kiseki.vault.arriving import COUNTED, GONE, TABLE, Announced, Arriving

__all__ = ["Brought", "Done", "SeasonStore"]

_APPLICATION = 0x4B534541  # "KSEA"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS season (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, models TEXT NOT NULL, made_at INTEGER NOT NULL,
    revision INTEGER NOT NULL, agreed BLOB, registered_at INTEGER
);
CREATE TABLE IF NOT EXISTS done (
    season TEXT NOT NULL REFERENCES season (id) ON DELETE CASCADE, batch BLOB NOT NULL,
    told TEXT NOT NULL, PRIMARY KEY (season, batch)
) WITHOUT ROWID;
"""


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
    def model_ids(self) -> list[str]:
        """The models, as pages write them."""
        return list(map(to_hex, self.models))

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


class SeasonStore(Arriving):
    """Seasons in a folder. Any number of threads may use one."""

    OWNER = "season"

    def __init__(self, folder: Path) -> None:
        """
        Raises:
            SecretsError: the folder cannot be used, or others can read what is in it.
        """
        super().__init__(folder, "seasons", _APPLICATION, _SCHEMA)

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
            raise InvalidInput(GONE)
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
        return self._announce(
            season,
            files,
            "UPDATE season SET revision = revision + 1, models = ?, agreed = NULL WHERE id = ?",
            (_models_text(models), season),
        )

    def _must_be_free(self, which: str) -> None:
        if self.done(which):
            raise InvalidInput("a part of this season is registered, so it is kept")

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


_SEASONS = (
    "SELECT season.id, name, models, made_at, revision, agreed, registered_at,"  # noqa: S608
    f" {COUNTED} FROM season LEFT JOIN file ON file.season = season.id"
)


def _models_text(models: Sequence[bytes]) -> str:
    return " ".join(map(to_hex, models))


def _brought(row: Sequence[Any]) -> Brought:
    made, name, models, *rest = row
    ids = tuple(from_hex(each, 32, "a model's ID") for each in models.split())
    return Brought(made, name, ids, *rest)
