"""What somebody has seen of a log, and what a new checkpoint says beside it.

Somebody who has seen one checkpoint notices at the next look whether anything before it was altered
or taken out. Two signed checkpoints of one size with different roots prove to everybody that a log
forked (`Evidence.check`). If a log of another size gives no proof that leads from one to the other,
it owes one: nobody else can tell whether it has none.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

from kiseki.errors import ProofError
from kiseki.vault.log.checkpoints import opened
from kiseki.vault.log.notes import Key, Note
from kiseki.vault.log.tree import EMPTY, check_consistency

__all__ = ["Evidence", "Look", "Monitor", "Verdict"]


class Verdict(Enum):
    """What a new checkpoint says beside the one that was seen."""

    CONSISTENT = "consistent"
    """It has all that was seen, unaltered."""
    FORKED = "forked"
    """The log signed two different trees of one size, which both checkpoints prove to anybody."""
    ROLLED_BACK = "rolled back"
    """The log shows less than it had shown. It may have taken entries out, or be behind."""
    UNPROVED = "unproved"
    """The proof does not lead from what was seen to this. The log owes one that does; a log that
    altered or dropped what was seen has none."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a log had shown and what it shows now. If it forked, they convict it.

    Attributes:
        seen, shown: both, as the log signed them.
    """

    seen: Note
    shown: Note

    @property
    def notes(self) -> tuple[Note, Note]:
        """Both, to be handed on."""
        return self.seen, self.shown

    def check(self, origin: str, keys: Sequence[Key]) -> int:
        """Checks, without trusting who says so, that the log ``origin`` signed two trees.

        Returns:
            Of which size.

        Raises:
            InvalidInput: one is no checkpoint.
            ProofError: they do not show it: another log, another signature, another size, or one
                root.
        """
        one, other = (opened(each, origin, keys) for each in self.notes)
        if one.size != other.size or one.root == other.root:
            raise ProofError("these checkpoints do not show that a log signed two trees of a size")
        return one.size


@dataclass(frozen=True, slots=True)
class Look:
    """What somebody saw at one look.

    Attributes:
        verdict: what it is.
        why: in words.
        monitor: what is known now: the new checkpoint if it is consistent, else what was known.
        evidence: what the log had shown and what it shows now, unless it is consistent; if it
            forked, this convicts it.
    """

    verdict: Verdict
    why: str
    monitor: "Monitor"
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True)
class Monitor:
    """What somebody has seen of one log: the last checkpoint, and no entry.

    Attributes:
        origin: which log.
        keys: those of the log.
        seen: the last checkpoint that was consistent with all before; none before the first.
    """

    origin: str
    keys: tuple[Key, ...]
    seen: Note | None = None

    @property
    def size(self) -> int:
        """The size that was seen last: from here a log must prove the next."""
        if self.seen is None:
            return 0
        return opened(self.seen, self.origin, self.keys).size

    def look(self, shown: Note, path: Sequence[bytes]) -> Look:
        """Holds a new checkpoint against what was seen.

        Args:
            shown: what the log shows now.
            path: the proof from `size` to the size shown (`tree.consistency`).

        Raises:
            InvalidInput: it is no checkpoint.
            ProofError: it is of another log, or not signed by it. That says nothing of the log:
                anybody could have written it.
        """
        new = opened(shown, self.origin, self.keys)
        if new.size == 0 and new.root != EMPTY:
            raise ProofError("the log signed a root of no entries that is not the root of none")
        old = None if self.seen is None else opened(self.seen, self.origin, self.keys)
        if old is None or self.seen is None:
            return Look(Verdict.CONSISTENT, "the first look", replace(self, seen=shown))
        evidence = Evidence(self.seen, shown)
        if new.size == old.size and new.root != old.root:
            why = f"the log signed two different trees of {new.size} entries"
            return Look(Verdict.FORKED, why, self, evidence)
        if new.size < old.size:
            why = f"the log had shown {old.size} entries and shows {new.size}"
            return Look(Verdict.ROLLED_BACK, why, self, evidence)
        try:
            check_consistency(old.size, new.size, old.root, new.root, path)
        except ProofError as error:
            return Look(Verdict.UNPROVED, str(error), self, evidence)
        why = f"all {old.size} entries seen are there, of {new.size}"
        return Look(Verdict.CONSISTENT, why, replace(self, seen=shown))
