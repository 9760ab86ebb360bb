"""A witness: somebody who looks at logs of a vault, remembers what it saw, and cosigns.

A provider looks at its own log; a guild looks at those of its members. What it saw lies in one
file, on the disk before anybody is told. A log that contradicts it is not cosigned, and both
checkpoints are kept: if the log forked, they convict it (`Evidence.check`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from kiseki.core.values import address as to_address
from kiseki.core.values import address_text
from kiseki.disk import database
from kiseki.errors import FilesError, VaultError
from kiseki.vault.log.checkpoints import opened
from kiseki.vault.log.cosigning import Cosigner
from kiseki.vault.log.monitor import Evidence, Look, Monitor, Verdict
from kiseki.vault.log.notes import Key, Note, Signature
from kiseki.vault.log.witness import Refused, Seen, Submission, add_checkpoint

__all__ = ["Logs", "Witness"]

_APPLICATION = 0x4B495749
_TABLES = (
    "CREATE TABLE IF NOT EXISTS seen (origin TEXT PRIMARY KEY, note BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS evidence (id INTEGER PRIMARY KEY, origin TEXT NOT NULL,"
    " at INTEGER NOT NULL, verdict TEXT NOT NULL, seen BLOB NOT NULL, shown BLOB NOT NULL,"
    " UNIQUE (origin, seen, shown))",
)


class Logs(Protocol):
    """The logs of one vault, as they are reached."""

    def checkpoint(self, provider: str) -> Note | None:
        """What the log of a provider shows; none where it says that it has no entry."""
        ...

    def consistency(self, provider: str, old: int, new: int) -> Sequence[bytes]:
        """The proof that its first `new` entries begin with the first `old`."""
        ...

    def cosign(self, provider: str, note: Note, signatures: Sequence[Signature]) -> None:
        """Hands the vault cosignatures of a checkpoint."""
        ...


class Witness:
    """What somebody saw of logs.

    Args:
        path: of the file; it is made.
        cosigner: the key to cosign with; none: it only looks.

    Raises:
        FilesError: the file cannot be used, or is another program's.
    """

    def __init__(self, path: Path, cosigner: Cosigner | None = None) -> None:
        import sqlite3

        self._cosigner = cosigner
        try:
            self._db = database.connect(path)
            if not database.is_of(self._db, _APPLICATION):
                self._db.close()
                raise FilesError(f"{path} is another program's file; name another place")
            database.make_durable(self._db)
            with database.transaction(self._db) as db:
                db.execute(f"PRAGMA application_id = {_APPLICATION}")
                for each in _TABLES:
                    db.execute(each)
        except sqlite3.Error as error:
            raise FilesError(f"{path} cannot be used ({error}); check the disk") from error

    def close(self) -> None:
        """Closes the file."""
        self._db.close()

    def seen(self, origin: str) -> Note | None:
        """The last consistent checkpoint of a log, with cosignatures; none before the first."""
        row = self._db.execute("SELECT note FROM seen WHERE origin = ?", (origin,)).fetchone()
        return None if row is None else Note.from_bytes(row[0])

    def evidence(self, origin: str) -> list[Evidence]:
        """What a log had shown and showed then, each time that it was not consistent."""
        rows = self._db.execute(
            "SELECT seen, shown FROM evidence WHERE origin = ? ORDER BY id", (origin,)
        )
        return [Evidence(*map(Note.from_bytes, row)) for row in rows]

    def look(self, logs: Logs, domain: str, provider: str, keys: Sequence[Key], now: int) -> Look:
        """Looks at the log of a provider, and cosigns what it shows if that is consistent.

        Interrupted, it is run again: what was stored and not handed over is handed over then.

        Args:
            domain: of the vault.
            keys: those of the log, as they were first learnt.
            now: in seconds since 1970.

        Raises:
            InvalidInput, ProofError: what is shown is no checkpoint of this log; that says nothing
                of the log.
            VaultError: another process looked meanwhile.
            KisekiError: the vault does not answer. That says nothing of the log either.
        """
        who = address_text(to_address(provider, "the provider"))
        origin = f"{domain}/{who}"
        before = self.seen(origin)
        monitor = Monitor(origin, tuple(keys), before)
        shown = logs.checkpoint(who)
        if shown is None:
            if before is None:
                return Look(Verdict.CONSISTENT, "nothing was seen, and nothing is there", monitor)
            why = f"the log had shown {monitor.size} entries and shows none"
            return Look(Verdict.ROLLED_BACK, why, monitor)
        old, new = monitor.size, opened(shown, origin, keys).size
        path = tuple(logs.consistency(who, old, new)) if 0 < old < new else ()
        found = monitor.look(shown, path)
        if found.verdict is not Verdict.CONSISTENT:
            self._convict(origin, found, now)
            return found
        signatures, note = self._cosign(shown, origin, keys, before, path, now)
        self._store(origin, before, note)
        if signatures:
            logs.cosign(who, shown, signatures)
        return found

    def _cosign(
        self, shown: Note, origin: str, keys: Sequence[Key], before: Note | None,
        path: tuple[bytes, ...], now: int,
    ) -> tuple[tuple[Signature, ...], Note]:  # fmt: skip
        if self._cosigner is None:
            return (), shown
        old = 0 if before is None else opened(before, origin, keys).size
        seen = None if before is None else Seen.from_bytes(before.to_bytes())
        body = Submission(old, path, shown).to_bytes()
        answer = add_checkpoint(body, {origin: keys}, lambda _: seen, [self._cosigner], now)
        if isinstance(answer, Refused):
            raise VaultError(f"this checkpoint is not cosigned: {answer.why}")
        return answer.cosignatures, answer.now.note

    def _store(self, origin: str, before: Note | None, note: Note) -> None:
        with database.transaction(self._db) as db:
            if self.seen(origin) != before:
                raise VaultError("another process looked at this log meanwhile; run this again")
            db.execute("INSERT OR REPLACE INTO seen VALUES (?, ?)", (origin, note.to_bytes()))

    def _convict(self, origin: str, found: Look, now: int) -> None:
        if found.evidence is None:
            return
        seen, shown = (each.to_bytes() for each in found.evidence.notes)
        with database.transaction(self._db) as db:
            db.execute(
                "INSERT OR IGNORE INTO evidence (origin, at, verdict, seen, shown)"
                " VALUES (?, ?, ?, ?, ?)",
                (origin, now, found.verdict.value, seen, shown),
            )
