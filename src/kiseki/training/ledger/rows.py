"""What happened in a process that trains, row by row; each row is hashed with the one before.

No row is ever changed or taken away, so the last hash says all of them. That a batch was followed
by a step of the optimizer is a row of its own: batches, and then the step that took them.
"""

from __future__ import annotations

import json
import struct
from enum import IntEnum
from typing import Any, NamedTuple

from kiseki.core.keccak import keccak256
from kiseki.errors import TrainingError

__all__ = ["Begin", "Kind", "Row", "first_hash", "hash_of"]


class Kind(IntEnum):
    """What a row says.

    BEGIN: a process goes on from an earlier row, or from nothing.
    BATCH: a batch arrived. ASIDE: the same while gradients were off, as in an evaluation.
    STEP: the optimizer stepped; it took all batches since the last one.
    SKIP: the batches since then were given up, as when gradients overflow.
    STATE: a checkpoint was told where it stands. END: training came to its end.
    """

    BEGIN = 1
    BATCH = 2
    ASIDE = 3
    STEP = 4
    SKIP = 5
    STATE = 6
    END = 7


class Row(NamedTuple):
    """One of them.

    Attributes:
        seq: its number, from 1.
        kind: what it says.
        step: how many steps the weights have had; of BEGIN, STEP, STATE and END.
        body: the samples of a batch, or the JSON of a beginning.
        hash: keccak256 over it and the hash before.
    """

    seq: int
    kind: int
    step: int | None
    body: bytes
    hash: bytes


class Begin(NamedTuple):
    """What a row BEGIN says.

    Attributes:
        seq: its own number.
        after: the row from which it goes on; 0 for none.
        step: how many steps the weights have had there.
        closes: whether batches that waited there were taken by that step: another process of the
            run saw it done, and this one was ended before it could write it down.
        ranks: how many processes train side by side.
    """

    seq: int
    after: int
    step: int
    closes: bool
    ranks: int

    @property
    def body(self) -> bytes:
        """Of its row."""
        said = {"after": self.after, "closes": self.closes, "ranks": self.ranks}
        return json.dumps(said, sort_keys=True).encode()

    @classmethod
    def of(cls, row: Row) -> Begin:
        """
        Raises:
            TrainingError: the row says something else.
        """
        try:
            said: Any = json.loads(row.body)
            after, closes, ranks = said["after"], said["closes"], said["ranks"]
        except (ValueError, KeyError, TypeError) as error:
            raise TrainingError(f"row {row.seq} of the ledger is no beginning") from error
        whole = all(isinstance(each, int) for each in (after, ranks))
        if row.step is None or not whole or not 0 <= after < row.seq:
            raise TrainingError(f"row {row.seq} of the ledger is no beginning")
        return cls(row.seq, after, row.step, bool(closes), ranks)


_HEAD = struct.Struct(">QBq")


def first_hash(run: bytes, rank: int) -> bytes:
    """The hash before the first row, so that a journal is of one run and one process only."""
    return keccak256(b"kiseki-ledger-v1" + run + rank.to_bytes(4))


def hash_of(before: bytes, seq: int, kind: int, step: int | None, body: bytes) -> bytes:
    """The hash of a row."""
    return keccak256(before + _HEAD.pack(seq, kind, -1 if step is None else step) + body)
