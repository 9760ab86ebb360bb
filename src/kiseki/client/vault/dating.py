"""All receipts of one log, held against the anchors: each in its order, and at its time.

Who has the receipts makes the log's tree again, entry by entry, and needs no further proof: at the
size of each anchored head it must have that root. A receipt says a time; the one before it, and the
anchors around it, say whether that can be (`kiseki.vault.log.dates`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from kiseki.client.vault.shown import Shows, shown
from kiseki.client.vault.stated import Stated
from kiseki.core.counts import counted
from kiseki.core.days import day, utc
from kiseki.core.values import to_hex
from kiseki.vault.handing.anchors import AnchorFiles
from kiseki.vault.handing.receipts import Salted
from kiseki.vault.log.checkpoints import Checkpoint
from kiseki.vault.log.dates import DUE, Dated, Dates
from kiseki.vault.log.heads import Stamp, anchored
from kiseki.vault.log.notes import VerifierKey
from kiseki.vault.log.tree import EMPTY, Frontier, leaf_hash

__all__ = ["Dating", "Head", "Kind", "Wrong", "heads_here", "heads_shown", "hidden"]


class Kind(Enum):
    """What is wrong with a log beside its anchors."""

    MISDATED = "misdated"
    """A receipt says a time that cannot be."""
    OTHER = "another history"
    """What was anchored is not what the log has now."""
    HIDDEN = "hidden"
    """An anchor was stated, and its document is not shown."""
    OVERDUE = "overdue"
    """Two days passed, and no anchor has a receipt."""
    LATE = "late"
    """An anchor came so late that times before it rest on the vault's word."""

    @property
    def is_finding(self) -> bool:
        """Whether it speaks against the vault. Late is what anybody can be whose node is away."""
        return self is not Kind.LATE


@dataclass(frozen=True, slots=True)
class Wrong:
    """Something that is wrong.

    Attributes:
        kind: what.
        why: in words.
        number: of the entry; none where it is none.
        stated: the anchor; none where it is none.
    """

    kind: Kind
    why: str
    number: int | None = None
    stated: Stated | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a log in an anchor.

    Attributes:
        stated: where the anchor is on the chain.
        taken: when the head was read, as the anchor says, in seconds since 1970.
        size, root: of the log; none of it where the anchor leaves the log out.
    """

    stated: Stated
    taken: int
    size: int = 0
    root: bytes = EMPTY

    @property
    def called(self) -> str:
        """How it is told of."""
        return (
            f"the anchor of {day(self.stated.time)} (block {self.stated.block:,}, transaction "
            f"{to_hex(self.stated.transaction)})"
        )


class Dating:
    """One log beside its anchors.

    Args:
        heads: of the log, in the order in which they were stated.

    Attributes:
        wrong: what was found so far.
    """

    def __init__(self, heads: Iterable[Head]) -> None:
        self.wrong: list[Wrong] = []
        self._heads = list(self._growing(heads))
        dated = [Dated(each.size, each.taken, each.stated.time) for each in self._heads]
        self._dates, self._tree = Dates(dated), Frontier()
        self._next, self._last, self._first = 0, 0, -1
        self._late: set[bytes] = set()
        for head, each in zip(self._heads, dated, strict=True):
            if each.is_early:
                why = f"{head.called} says that it was made on {utc(head.taken)}, which is later"
                self.wrong.append(Wrong(Kind.MISDATED, why, stated=head.stated))
            elif each.is_late:
                self._is_late(head)

    def take(self, salted: Salted) -> None:
        """Takes the next entry of the log."""
        number, at = self._tree.size, salted.receipt.at
        if at < self._last:
            why = f"entry {number} says {utc(at)}, and the one before it {utc(self._last)}"
            self.wrong.append(Wrong(Kind.MISDATED, why, number))
        elif (no := self._dates.wrong(number, at)) is not None:
            self.wrong.append(Wrong(Kind.MISDATED, no, number))
        self._last = max(self._last, at)
        self._first = at if self._first < 0 else self._first
        self._tree, _ = self._tree.add([leaf_hash(salted.entry)])
        while self._next < len(self._heads) and self._heads[self._next].size <= self._tree.size:
            self._compare(self._heads[self._next])
            self._next += 1

    def end(self, known: int) -> list[Wrong]:
        """All that was found, when there is no further entry.

        Args:
            known: the time of the last block of the chain that counts.
        """
        for each in self._heads[self._next :]:
            if each.size > self._tree.size:
                why = (
                    f"{each.called} has {counted(each.size, 'entry', 'entries')}, and the vault "
                    f"shows {self._tree.size:,}"
                )
                self.wrong.append(Wrong(Kind.OTHER, why, stated=each.stated))
        if self._first >= 0 and known - self._first > DUE:
            why = f"what was handed out since {utc(self._first)} is in no anchor"
            self.wrong.append(Wrong(Kind.OVERDUE, why))
        return self.wrong

    def _compare(self, head: Head) -> None:
        if head.size == self._tree.size and head.root != self._tree.root:
            why = f"{head.called} has another history than the vault shows"
            self.wrong.append(Wrong(Kind.OTHER, why, stated=head.stated))
        if head.size == self._tree.size and self._first >= 0:
            if head.stated.time - self._first > DUE:
                self._is_late(head)
            self._first = -1

    def _is_late(self, head: Head) -> None:
        if head.stated.transaction not in self._late:
            self._late.add(head.stated.transaction)
            why = f"{head.called} came late: times before it rest on the vault's word"
            self.wrong.append(Wrong(Kind.LATE, why, stated=head.stated))

    def _growing(self, heads: Iterable[Head]) -> Iterator[Head]:
        """The heads that are none smaller than one before."""
        size = 0
        for each in heads:
            if each.size < size:
                why = (
                    f"{each.called} has {counted(each.size, 'entry', 'entries')}, and one before "
                    f"it {size:,}"
                )
                self.wrong.append(Wrong(Kind.OTHER, why, stated=each.stated))
                continue
            size = each.size
            yield each


def hidden(stated: Stated) -> Wrong:
    """That the document of an anchor is not shown."""
    why = (
        f"the anchor of {day(stated.time)} (block {stated.block:,}, transaction "
        f"{to_hex(stated.transaction)}) was stated, and its document is not shown"
    )
    return Wrong(Kind.HIDDEN, why, stated=stated)


def heads_shown(
    shows: Shows, log: VerifierKey, stated: Sequence[Stated], chain: int, wallet: str
) -> Iterator[Head | Wrong]:
    """The heads of a log, as a vault shows them to somebody else.

    Raises:
        VaultError: the vault does not answer.
    """
    for each in stated:
        found = shown(shows, log, each, chain, wallet)
        if found is None:
            yield hidden(each)
            continue
        taken = Stamp.from_text(found.anchor.text).taken
        if found.head is None:
            yield Head(each, taken)
            continue
        head = Checkpoint.from_text(anchored(found.head, log).head.text)
        yield Head(each, taken, head.size, head.root)


def heads_here(files: AnchorFiles, stated: Sequence[Stated]) -> dict[str, list[Head]]:
    """Origin -> the heads of each log in the documents that lie here and were stated.

    Raises:
        FilesError: a document cannot be read.
    """
    made: dict[str, list[Head]] = {}
    by_hash = {each.document: each for each in stated}
    for anchor in reversed(list(files.last())):
        at = by_hash.get(anchor.hash)
        if at is None:
            continue
        for note in anchor.heads:
            head = Checkpoint.from_text(note.text)
            found = Head(at, anchor.stamp.taken, head.size, head.root)
            made.setdefault(head.origin, []).append(found)
    return made
