"""Checkpoints: how many entries a log has and their root, as a note (C2SP tlog-checkpoint).

The text has three lines or more: the log's origin, the size in decimal, the root in base64, and
whatever the log adds. A log signs it with a key that has the origin's name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from kiseki.core.values import bytes32, uint
from kiseki.errors import InvalidInput, ProofError
from kiseki.vault.log.lines import decoded, encoded, number, plain
from kiseki.vault.log.notes import Key, Note, verified

__all__ = ["Checkpoint", "opened"]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log says of itself at one size.

    Attributes:
        origin: which log; a name that no other has.
        size: how many entries it has, below 2**63.
        root: of the tree over them, 32 bytes.
        more: further lines, which say nothing here.

    Raises:
        InvalidInput: an empty line, a control character, a number or root that is none.
    """

    origin: str
    size: int
    root: bytes
    more: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        uint(self.size, 63, "the size of a log")
        bytes32(self.root, "the root of a log")
        for line in (self.origin, *self.more):
            if not isinstance(line, str) or not line or "\n" in line:
                raise InvalidInput("origin and further lines of a checkpoint must be lines")
            try:
                plain(line.encode(), "a line of a checkpoint")
            except UnicodeEncodeError:
                raise InvalidInput("a line of a checkpoint has half of a character") from None

    @property
    def text(self) -> str:
        """What is signed."""
        lines = (self.origin, str(self.size), encoded(self.root), *self.more)
        return "".join(line + "\n" for line in lines)

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Reads the text of a note.

        Raises:
            InvalidInput: it is no checkpoint.
        """
        *lines, last = text.split("\n")
        if last or len(lines) < 3:
            raise InvalidInput("a checkpoint must have three lines: origin, size and root")
        origin, size, root, *more = lines
        found = decoded(root, "the root of a log", 32)
        return cls(origin, number(size, "the size of a log"), found, tuple(more))


def opened(note: Note, origin: str, keys: Sequence[Key]) -> Checkpoint:
    """The checkpoint in a note of the log ``origin``, signed by a key of it.

    Args:
        keys: those of the log; cosignatures are passed over.

    Raises:
        InvalidInput: it is no checkpoint.
        ProofError: it is of another log, no key of this log signed it, or one signed another.
    """
    found = Checkpoint.from_text(note.text)
    if found.origin != origin:
        raise ProofError(f"this checkpoint is of {found.origin!r:.80}, not of {origin!r:.80}")
    verified(note, keys)
    return found
