"""A proof that an entry is in a log, which needs no network (C2SP tlog-proof, version 1).

The file, ending in `.tlog-proof`, says where the entry is, the hashes beside its way up to the
root, and the checkpoint with all signatures. Who checks it brings three things: the entry, the
log's key, and the witnesses that are trusted. `extra` is whatever the log hands on with it (a
salt, for instance); nothing signs it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

from kiseki.core.values import uint
from kiseki.errors import InvalidInput, ProofError
from kiseki.vault.log.checkpoints import Checkpoint, opened
from kiseki.vault.log.cosigning import CosignerKey, time_of
from kiseki.vault.log.lines import (
    MOST_HASHES,
    decoded,
    encoded,
    halves,
    hash_lines,
    hashes,
    number,
)
from kiseki.vault.log.notes import Key, Note, verified
from kiseki.vault.log.tree import check_inclusion, leaf_hash

__all__ = ["Cosigned", "LogProof", "cosigned"]

_FIRST = "c2sp.org/tlog-proof@v1"


class Cosigned(NamedTuple):
    """A checkpoint that its log signed, and who saw it.

    Attributes:
        checkpoint: origin, size and root.
        witnesses: name of each trusted witness that cosigned it → when, in seconds since 1970;
            the latest time where one cosigned it more than once.
    """

    checkpoint: Checkpoint
    witnesses: dict[str, int]


def cosigned(
    note: Note, origin: str, keys: Sequence[Key], witnesses: Sequence[CosignerKey]
) -> Cosigned:
    """The checkpoint in ``note``, and which of ``witnesses`` cosigned it.

    Raises:
        InvalidInput: it is no checkpoint, or two witnesses have one key.
        ProofError: it is of another log, no key of this log signed it, or a key of the log or of
            a trusted witness signed something else.
    """
    names: dict[bytes, str] = {}
    if any(names.setdefault(each.public, each.name) != each.name for each in witnesses):
        raise InvalidInput("two witnesses have one key, so one could count as two")
    found = opened(note, origin, keys)
    times: dict[str, int] = {}
    theirs = {(each.name, each.id) for each in witnesses}
    if any((each.name, each.id) in theirs for each in note.signatures):
        for each in verified(note, witnesses):
            times[each.name] = max(time_of(each), times.get(each.name, 0))
    return Cosigned(found, times)


@dataclass(frozen=True, slots=True)
class LogProof:
    """The proof of one entry, of which nothing was checked.

    Attributes:
        index: which entry, from 0.
        path: the hashes from beside the leaf up to below the root.
        note: the checkpoint with its signatures.
        extra: whatever is handed on with it, at least one byte; none where there is nothing.

    Raises:
        InvalidInput: a note that is no checkpoint, too many hashes, an empty ``extra``.
    """

    index: int
    path: tuple[bytes, ...]
    note: Note
    extra: bytes | None = None

    def __post_init__(self) -> None:
        uint(self.index, 63, "the index of an entry")
        Checkpoint.from_text(self.note.text)
        if len(self.path) > MOST_HASHES or any(len(each) != 32 for each in self.path):
            raise InvalidInput(f"a proof must have at most {MOST_HASHES} hashes of 32 bytes")
        if self.extra is not None and not self.extra:
            raise InvalidInput("what is handed on with a proof must not be empty")

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Reads a proof.

        Raises:
            InvalidInput: it breaks the format.
        """
        (first, *lines), rest = halves(data, "a proof")
        if first != _FIRST:
            raise InvalidInput(f"a proof must begin with {_FIRST}, not {first!r:.80}")
        extra = None
        if lines and lines[0].startswith("extra "):
            extra = decoded(lines.pop(0).removeprefix("extra "), "what is handed on")
        if not lines or not lines[0].startswith("index "):
            raise InvalidInput("a proof must say the index of its entry")
        index = number(lines[0].removeprefix("index "), "the index of an entry")
        return cls(index, hashes(lines[1:], "a proof"), Note.from_bytes(rest), extra)

    def to_bytes(self) -> bytes:
        """The proof as it is stored, in a file that ends in `.tlog-proof`."""
        extra = "" if self.extra is None else f"extra {encoded(self.extra)}\n"
        head = f"{_FIRST}\n{extra}index {self.index}\n{hash_lines(self.path)}\n"
        return head.encode() + self.note.to_bytes()

    def check(
        self,
        entry: bytes,
        origin: str,
        keys: Sequence[Key],
        witnesses: Sequence[CosignerKey] = (),
        quorum: int = 0,
    ) -> Cosigned:
        """Checks that ``entry`` is in the log ``origin``, and that witnesses saw it.

        Args:
            entry: its bytes, as they were appended.
            keys: those of the log.
            witnesses: those that are trusted; others are passed over.
            quorum: how many of them must have cosigned.

        Returns:
            The checkpoint, and who cosigned it when.

        Raises:
            InvalidInput: the proof cannot be of a log of this size, or see `cosigned`.
            ProofError: it does not show this, or fewer witnesses cosigned.
        """
        found = cosigned(self.note, origin, keys, witnesses)
        size, root = found.checkpoint.size, found.checkpoint.root
        check_inclusion(self.index, size, leaf_hash(entry), self.path, root)
        if len(found.witnesses) < quorum:
            raise ProofError(
                f"trusted witnesses that cosigned: {len(found.witnesses)}, asked for: {quorum}"
            )
        return found
