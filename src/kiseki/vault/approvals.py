"""Approvals: what guardians signed in a browser, until enough of them have.

One SQLite file, for its owner only. Of each guardian of an account the last approval is kept, and
none longer than it counts, so the file stays small whatever visitors bring.
"""

from __future__ import annotations

from pathlib import Path

from kiseki.vault.ownfile import OwnFile

__all__ = ["ApprovalStore"]

_APPLICATION = 0x4B415050  # "KAPP"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS approval (
    account TEXT NOT NULL, guardian TEXT NOT NULL, deadline INTEGER NOT NULL, letter TEXT NOT NULL,
    PRIMARY KEY (account, guardian)
);
CREATE INDEX IF NOT EXISTS approval_deadline ON approval (deadline);
"""


class ApprovalStore(OwnFile):
    """Approvals in a folder. Any number of threads and processes may use one."""

    def __init__(self, folder: Path) -> None:
        """
        Raises:
            SecretsError: the folder cannot be used, or others can read what is in it.
        """
        super().__init__(folder / "approvals.sqlite", _APPLICATION, _SCHEMA, "approvals")

    def keep(self, account: str, guardian: str, deadline: int, letter: str, now: int) -> None:
        """Keeps what a guardian signed, in the place of what they signed before.

        Args:
            account, guardian: in lower case.
            deadline: the last second at which it counts, in Unix seconds.
            letter: the text of `kiseki.client.accounts.recoveries.LETTER`.
            now: Unix seconds; what counts no more then is forgotten.
        """
        with self._writing():
            self._db.execute("DELETE FROM approval WHERE deadline < ?", (now,))
            self._db.execute(
                "INSERT OR REPLACE INTO approval VALUES (?, ?, ?, ?)",
                (account, guardian, deadline, letter),
            )

    def of(self, account: str, now: int) -> list[str]:
        """The letters that guardians of an account signed here and that still count, by guardian.

        Args:
            account: in lower case.
            now: Unix seconds.
        """
        with self._using():
            rows = self._db.execute(
                "SELECT letter FROM approval WHERE account = ? AND deadline >= ? ORDER BY guardian",
                (account, now),
            )
            return [str(row[0]) for row in rows]
