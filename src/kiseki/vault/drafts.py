"""Invitations that a studio is about to make: drawings and a list that come from a browser.

One SQLite file, and beside it a folder for each, with what was chosen in ``files/``
(`kiseki.vault.arriving`). Once links are made, artists are shown the drawings from there.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kiseki.errors import InvalidInput
from kiseki.vault.arriving import COUNTED, FILES, GONE, Announced, Arriving

__all__ = ["Draft", "DraftStore"]

_INVITED = "links to these drawings are made, so they are kept"
_APPLICATION = 0x4B445246  # "KDRF"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS draft (
    id TEXT PRIMARY KEY, said TEXT NOT NULL, made_at INTEGER NOT NULL, revision INTEGER NOT NULL,
    invited_at INTEGER
);
"""
_DRAFTS = (
    f"SELECT draft.id, said, made_at, revision, invited_at, {COUNTED} FROM draft"  # noqa: S608
    " LEFT JOIN file ON file.draft = draft.id"
)


@dataclass(frozen=True, slots=True)
class Draft:
    """Invitations that somebody is about to make.

    Attributes:
        id: by which its page is found.
        said: what the form says: field -> text.
        made_at: Unix seconds.
        revision: counts how often its files were announced.
        invited_at: when links were made, Unix seconds; none before.
        files, received: how many files there are, and how many of them are here.
        size, here: the same in bytes.
    """

    id: str
    said: Mapping[str, str]
    made_at: int
    revision: int
    invited_at: int | None
    files: int
    received: int
    size: int
    here: int

    @property
    def is_whole(self) -> bool:
        """Whether all that was announced is here."""
        return 0 < self.files == self.received


class DraftStore(Arriving):
    """Drafts in a folder. Any number of threads may use one."""

    OWNER = "draft"

    def __init__(self, folder: Path) -> None:
        """
        Raises:
            SecretsError: the folder cannot be used, or others can read what is in it.
        """
        super().__init__(folder, "drawings", _APPLICATION, _SCHEMA)

    def begin(self, said: Mapping[str, str], now: int) -> str:
        """A new draft without files; its ID.

        Args:
            now: Unix seconds.
        """
        made = secrets.token_hex(8)
        with self._writing():
            self._db.execute(
                "INSERT INTO draft VALUES (?, ?, ?, 0, NULL)", (made, json.dumps(dict(said)), now)
            )
        return made

    def announce(
        self, draft: str, said: Mapping[str, str], files: Sequence[Announced]
    ) -> list[tuple[str, int]]:
        """Notes what the form says and which files there are from now on; see `Arriving`.

        Raises:
            InvalidInput, FilesError: as `Arriving`; or links are made already.
        """
        if self._known(draft).invited_at is not None:
            raise InvalidInput(_INVITED)
        return self._announce(
            draft,
            files,
            "UPDATE draft SET revision = revision + 1, said = ? WHERE id = ?",
            (json.dumps(dict(said)), draft),
        )

    def top(self, draft: str, ends: Sequence[str]) -> list[Path]:
        """The files at the top of the folder whose names end so."""
        found = (Path(path) for path in sorted(self._files(draft)))
        return [
            self.folder(draft) / each
            for each in found
            if str(each.parent) == FILES and each.suffix.lower() in ends
        ]

    def invited(self, draft: str, now: int) -> None:
        """Notes that links are made. The files stay from then on.

        Args:
            now: Unix seconds.
        """
        with self._writing():
            self._db.execute("UPDATE draft SET invited_at = ? WHERE id = ?", (now, draft))

    def open(self) -> list[Draft]:
        """Those for which no links are made, the latest first."""
        with self._using():
            rows = self._db.execute(
                f"{_DRAFTS} WHERE invited_at IS NULL GROUP BY draft.id"
                " ORDER BY made_at DESC, draft.rowid DESC"
            ).fetchall()
        return [_draft(row) for row in rows]

    def of(self, draft: str) -> Draft | None:
        """The draft with this ID; none where there is none."""
        with self._using():
            row = self._db.execute(f"{_DRAFTS} WHERE draft.id = ? GROUP BY draft.id", (draft,))
            found = row.fetchone()
        return None if found is None else _draft(found)

    def _must_be_free(self, which: str) -> None:
        if self._known(which).invited_at is not None:
            raise InvalidInput(_INVITED)

    def _known(self, draft: str) -> Draft:
        found = self.of(draft)
        if found is None:
            raise InvalidInput(GONE)
        return found


def _draft(row: Sequence[Any]) -> Draft:
    made, said, *rest = row
    return Draft(made, json.loads(said), *rest)
