"""A transparency log of 1,000,000 receipts whose nodes are rows of a SQLite file, as
`kiseki.vault.log` adds to it, proves and checks. Each entry is added alone and is a transaction of
its own; the file is not synced, so the disk's own time comes on top. The proof is that of a receipt
(`.tlog-proof`) with the checkpoint, the log's signature and one witness's. Checking it is two
Ed25519 verifications and 21 hashes. The yardstick writes two rows of the same size into a table
like that one, in a transaction, and nothing else."""

import sqlite3
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

from benchmarks.process import best
from benchmarks.rows import Row
from kiseki.errors import LogDamaged
from kiseki.vault.log.cosigning import Cosigner
from kiseki.vault.log.log import Log
from kiseki.vault.log.notes import Signer
from kiseki.vault.log.proofs import LogProof
from kiseki.vault.log.tree import Node, Place

__all__ = ["ROWS", "measure"]

TITLE = "A log of 1,000,000 receipts"

_SIZE = 1_000_000
_EACH = 1_000
_ORIGIN = "vault.example.com/0x70997970c51812dc3a010c7d01b50e0d17dc79c8"
_WITNESS = Cosigner("witness.example.com/w1", bytes(32))

_LOG = "a log of 1,000,000 receipts"

ROWS = (
    Row(f"{_LOG}: a receipt's proof with one cosignature, at most", "bytes", 1400),
    Row(f"{_LOG}: add one, beside fsync", "µs", 2000),
    Row(f"{_LOG}: prove one", "µs"),
    Row(f"{_LOG}: check a proof", "µs", None, "tlog-scales 0.0.3, which is less strict, 288"),
    Row(f"{_LOG}: two rows written alone, the yardstick", "µs"),
)


class _Rows:
    """A `Store` in SQLite."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = OFF")
        for table in ("node", "plain"):
            self._db.execute(
                f"CREATE TABLE {table} (level INTEGER, at INTEGER, hash BLOB NOT NULL, "
                "PRIMARY KEY (level, at)) WITHOUT ROWID"
            )
        self._db.execute("CREATE TABLE log (size INTEGER NOT NULL)")
        self._db.execute("INSERT INTO log VALUES (0)")

    @property
    def size(self) -> int:
        (found,) = self._db.execute("SELECT size FROM log").fetchone()
        return int(found)

    def nodes(self, places: Sequence[Place]) -> list[bytes]:
        asked = ", ".join(f"({level}, {at})" for level, at in places)  # numbers, and no text
        found = {
            (level, at): value
            for level, at, value in self._db.execute(
                # Not `WHERE (level, at) IN (VALUES …)`, for which SQLite reads the whole table.
                f"WITH asked (level, at) AS (VALUES {asked}) "
                "SELECT level, at, hash FROM asked CROSS JOIN node USING (level, at)"
            )
        }
        if len(found) != len(places):
            raise LogDamaged("a node of the log is not there")
        return [found[place] for place in places]

    def add(self, before: int, nodes: Sequence[Node], size: int) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        if self._db.execute("UPDATE log SET size = ? WHERE size = ?", (size, before)).rowcount != 1:
            self._db.execute("ROLLBACK")
            raise LogDamaged("somebody else added meanwhile")
        self._db.executemany("INSERT INTO node VALUES (?, ?, ?)", nodes)
        self._db.execute("COMMIT")

    def write(self, at: int) -> None:
        """Two rows and nothing else."""
        self._db.execute("BEGIN IMMEDIATE")
        rows = [(0, at, bytes(32)), (1, at, bytes(32))]
        self._db.executemany("INSERT INTO plain VALUES (?, ?, ?)", rows)
        self._db.execute("COMMIT")

    def close(self) -> None:
        self._db.close()


def measure() -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        store = _Rows(Path(folder) / "log")
        log = Log(Signer(_ORIGIN, bytes(range(32))), store)
        log.append(map(_entry, range(_SIZE)))
        added, written = count(_SIZE), count()
        note = log.checkpoint(_SIZE)
        note = note.adding([_WITNESS.cosign(note.text, int(time.time()))])
        indexes = [i * (_SIZE // _EACH) + i for i in range(_EACH)]
        kept = [log.prove(i, note).to_bytes() for i in indexes]

        def add() -> None:
            for index in _next(added):
                log.append([_entry(index)])

        def prove() -> None:
            for index in indexes:
                log.prove(index, note).to_bytes()

        def check() -> None:
            for index, proof in zip(indexes, kept, strict=True):
                LogProof.from_bytes(proof).check(
                    _entry(index), _ORIGIN, [log.key], [_WITNESS.key], quorum=1
                )

        def write() -> None:
            for index in _next(written):
                store.write(index)

        times = best(add, prove, check, write)
        store.close()
    values = (max(map(len, kept)), *(each / _EACH * 1e6 for each in times))
    return {row.name: round(value, 1) for row, value in zip(ROWS, values, strict=True)}


def _next(numbers: Iterator[int]) -> Iterator[int]:
    for _ in range(_EACH):
        yield next(numbers)


def _entry(index: int) -> bytes:
    return index.to_bytes(32, "big")
