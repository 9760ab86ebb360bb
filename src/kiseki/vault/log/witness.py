"""What a witness must ask before it cosigns a checkpoint (C2SP tlog-witness, `add-checkpoint`).

Values in, values out: `add_checkpoint` takes the body of a request and what the witness cosigned
last, and gives the answer. **What an `Accepted` answer says must be stored before it is sent**, in
one step with a check that what is stored meanwhile is still what was given (`Accepted.before`);
else two requests at once could make a witness forget entries that it has seen.

The other side of it is here too: `Submission` makes the request, `accepted` reads the answer.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from kiseki.core.values import uint
from kiseki.errors import InvalidInput, ProofError
from kiseki.vault.log.checkpoints import Checkpoint
from kiseki.vault.log.cosigning import Cosigner, CosignerKey
from kiseki.vault.log.lines import MOST_HASHES, halves, hash_lines, hashes, number, plain
from kiseki.vault.log.notes import Key, Note, Signature, verified
from kiseki.vault.log.tree import EMPTY, check_consistency

__all__ = ["Accepted", "Refused", "Seen", "Submission", "accepted", "add_checkpoint", "behind"]


@dataclass(frozen=True, slots=True)
class Seen:
    """The last checkpoint of one log that a witness cosigned: all that it must keep of it.

    Attributes:
        checkpoint: origin, size and root.
        note: the checkpoint with the log's signatures and the witness's own, to be shown to
            whoever asks (`GET …/checkpoint`).
    """

    checkpoint: Checkpoint
    note: Note

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """From the bytes of `note`, as they were stored.

        Raises:
            InvalidInput: it is no checkpoint.
        """
        note = Note.from_bytes(data)
        return cls(Checkpoint.from_text(note.text), note)


@dataclass(frozen=True, slots=True)
class Submission:
    """A request to cosign a checkpoint.

    Attributes:
        old: the size that the witness cosigned last; 0 for never.
        path: the proof that the new tree begins with the old one (`tree.consistency`).
        note: the new checkpoint, signed by its log.

    Raises:
        InvalidInput: a note that is no checkpoint, too many hashes, or no size.
    """

    old: int
    path: tuple[bytes, ...]
    note: Note

    def __post_init__(self) -> None:
        uint(self.old, 63, "the size of a log")
        Checkpoint.from_text(self.note.text)
        if len(self.path) > MOST_HASHES or any(len(each) != 32 for each in self.path):
            raise InvalidInput(f"a proof must have at most {MOST_HASHES} hashes of 32 bytes")

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Reads the body of a request.

        Raises:
            InvalidInput: it breaks the format.
        """
        (first, *lines), rest = halves(data, "a request to a witness")
        if not first.startswith("old "):
            raise InvalidInput("a request to a witness must begin with the old size")
        old = number(first.removeprefix("old "), "the old size")
        return cls(old, hashes(lines, "a proof"), Note.from_bytes(rest))

    def to_bytes(self) -> bytes:
        """The body of a request."""
        return f"old {self.old}\n{hash_lines(self.path)}\n".encode() + self.note.to_bytes()


@dataclass(frozen=True, slots=True)
class Accepted:
    """The witness cosigns.

    Attributes:
        before: what was stored for this log when it was asked; none for nothing. Store only if it
            still is.
        now: what must be stored before the answer is sent.
        cosignatures: those of the witness.
    """

    before: Seen | None
    now: Seen
    cosignatures: tuple[Signature, ...]

    status = 200
    content_type = "text/plain; charset=utf-8"

    @property
    def body(self) -> bytes:
        """Of the answer: one line a cosignature."""
        return "".join(each.line for each in self.cosignatures).encode()


@dataclass(frozen=True, slots=True)
class Refused:
    """The witness does not cosign. Nothing is stored.

    Attributes:
        status: of HTTP. 400: the request breaks the format, or the old size is above the new; 403:
            no trusted key of the log signed it, or one signed something else; 404: the log is not
            known here; 409: the old size is not that of the last cosigned checkpoint; 422: the
            proof or the root is wrong.
        why: in words.
        size: at 409, that of the last cosigned checkpoint.
        note: at 409 and 422 the checkpoint, which the log signed; at 422 it may be proof that the
            log forked.
    """

    status: int
    why: str
    size: int | None = None
    note: Note | None = None

    @property
    def content_type(self) -> str:
        """Of the answer."""
        return "text/plain; charset=utf-8" if self.size is None else "text/x.tlog.size"

    @property
    def body(self) -> bytes:
        """Of the answer: the size at 409, else the words."""
        return f"{self.why if self.size is None else self.size}\n".encode()


def add_checkpoint(
    body: bytes,
    logs: Mapping[str, Sequence[Key]],
    latest: Callable[[str], Seen | None],
    cosigners: Sequence[Cosigner],
    time: int,
) -> Accepted | Refused:
    """Answers a request to cosign.

    Args:
        body: of the request.
        logs: origin of each log that this witness knows → the keys it trusts for it.
        latest: gives what was stored last for an origin; none if nothing. It is asked once, and
            only about a log that is known.
        cosigners: the witness's keys, one or more.
        time: now, in seconds since 1970.

    Raises:
        InvalidInput: no cosigner, or a time that is none.
    """
    if not cosigners:
        raise InvalidInput("a witness needs a key to cosign with")
    try:
        asked = Submission.from_bytes(body)
        found = Checkpoint.from_text(asked.note.text)
    except InvalidInput as error:
        return Refused(400, str(error))
    if found.origin not in logs:
        return Refused(404, "this log is not known here")
    try:
        signatures = verified(asked.note, logs[found.origin])
    except ProofError as error:
        return Refused(403, str(error))
    if asked.old > found.size:
        return Refused(400, f"the old size, {asked.old}, is above the new one, {found.size}")
    before = latest(found.origin)
    size, root = (before.checkpoint.size, before.checkpoint.root) if before else (0, EMPTY)
    if asked.old != size:
        return Refused(409, f"the size that was cosigned last is {size}", size, asked.note)
    try:
        check_consistency(size, found.size, root, found.root, asked.path)
    except ProofError as error:
        return Refused(422, str(error), note=asked.note)
    cosignatures = tuple(each.cosign(asked.note.text, time) for each in cosigners)
    now = Seen(found, Note(asked.note.text, (*signatures, *cosignatures)))
    return Accepted(before, now, cosignatures)


def accepted(
    body: bytes, note: Note, witnesses: Sequence[CosignerKey]
) -> tuple[Note, tuple[Signature, ...]]:
    """What a witness answered to the checkpoint ``note`` that it was sent.

    Args:
        body: of the answer, with status 200.
        witnesses: the keys that are expected; lines of others are passed over.

    Returns:
        The checkpoint with these cosignatures, and they alone.

    Raises:
        InvalidInput: the answer breaks the format.
        ProofError: no expected key cosigned, or one cosigned something else.
    """
    text = plain(body, "the answer of a witness")
    if not text.endswith("\n"):
        raise InvalidInput("the answer of a witness must be lines of signatures")
    lines = tuple(Signature.from_line(each) for each in text[:-1].split("\n"))
    found = verified(Note(note.text, lines), witnesses)
    return note.adding(found), found


def behind(body: bytes) -> int:
    """The size that a witness says it cosigned last, from the body of a 409.

    Raises:
        InvalidInput: it is no size and a newline.
    """
    text = plain(body, "the answer of a witness")
    if not text.endswith("\n"):
        raise InvalidInput("the answer of a witness must be a size and a newline")
    return number(text[:-1], "the size that a witness cosigned last")
