"""What was kept of hand-outs, by the checkpoints that prove it, and what came of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from kiseki.client.vault.comparing import Given
from kiseki.client.vault.kept import Said
from kiseki.client.vault.stated import Stated
from kiseki.errors import InvalidInput, ProofError
from kiseki.vault.handing.receipts import Receipt
from kiseki.vault.log.checkpoints import Checkpoint
from kiseki.vault.log.notes import Note, VerifierKey
from kiseki.vault.log.proofs import LogProof

__all__ = ["Confirmed", "Kept", "Verdict", "kept"]


class Verdict(Enum):
    """How it stands with what was kept of a hand-out."""

    ANCHORED = "anchored"
    """An anchor on the chain has it."""
    WAITING = "not anchored yet"
    """No anchor has it, and none is due."""
    OWED = "owed"
    """The vault owes something: an anchor is overdue, or it hides what it stated."""
    CONTRADICTED = "contradicted"
    """What the vault stated contradicts what it had said."""
    UNKNOWN = "unknown"
    """The vault does not answer, or what was kept cannot be read."""

    @property
    def is_finding(self) -> bool:
        """Whether it speaks against the vault."""
        return self in (Verdict.OWED, Verdict.CONTRADICTED)

    @property
    def is_unknown(self) -> bool:
        """Whether it says nothing of the vault."""
        return self is Verdict.UNKNOWN


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What came of the receipts that one checkpoint came with.

    Attributes:
        vault: its URL.
        log: the name of the log.
        handout: of which hand-out.
        size: entries of the log at that time.
        verdict: how it stands.
        why: in words.
        stated: the anchor that has it, or contradicts it.
        file: what others can check, where there is something.
    """

    vault: str
    log: str
    handout: bytes
    size: int
    verdict: Verdict
    why: str
    stated: Stated | None = None
    file: Path | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What was kept of a hand-out under one checkpoint, which proves all of these receipts.

    Attributes:
        said: all that was kept of the hand-out.
        log: the key of the log.
        all: the receipts, in the order of the log; the last stands for all.
    """

    said: Said
    log: VerifierKey
    all: tuple[Given, ...]

    @property
    def given(self) -> Given:
        return self.all[-1]

    @property
    def seen(self) -> Note:
        return self.given.proof.note

    @property
    def size(self) -> int:
        return Checkpoint.from_text(self.seen.text).size

    @property
    def provider(self) -> str:
        return self.log.name.rpartition("/")[2]

    @property
    def name(self) -> str:
        return f"{self.said.handout.id.hex()}-{self.provider}-{self.size}.json"

    def told(
        self, verdict: Verdict, why: str, stated: Stated | None = None, file: Path | None = None
    ) -> Confirmed:
        return Confirmed(
            self.said.vault, self.log.name, self.said.handout.id, self.size, verdict, why, stated,
            file,
        )  # fmt: skip


def kept(said: Said) -> Iterator[Kept | Confirmed]:
    """The receipts of a hand-out, by the checkpoints that prove them."""
    try:
        parts: dict[tuple[VerifierKey, str], list[Given]] = {}
        for each in said.handout.items:
            given = Given(each.receipt, LogProof.from_bytes(each.proof))
            log = said.key_of(Receipt.from_json(each.receipt).provider)
            parts.setdefault((log, given.proof.note.text), []).append(given)
    except (InvalidInput, ProofError) as error:
        why, logs = f"what was kept of it cannot be read: {error}", ", ".join(said.keys)
        yield Confirmed(said.vault, logs, said.handout.id, 0, Verdict.UNKNOWN, why)
        return
    for (log, _), some in parts.items():
        yield Kept(said, log, tuple(sorted(some, key=lambda each: each.proof.index)))
