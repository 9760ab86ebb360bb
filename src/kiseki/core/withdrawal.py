"""What a developer answers to a withdrawal: that consent to data, on which a model of theirs rests,
was revoked.

The answer is a document. Its hash is stated about the model on the chain, by the developer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from kiseki.core import documents
from kiseki.core.keccak import keccak256
from kiseki.core.values import bytes32, from_hex, one_line, to_hex, uint
from kiseki.errors import InvalidInput

__all__ = ["ANSWERS", "KINDS", "WITHDRAWAL", "WITHDRAWAL_FORMAT", "Answer"]

WITHDRAWAL_FORMAT = "kiseki-withdrawal-v1"
"""What the file of an answer says that it is."""

WITHDRAWAL = keccak256(b"withdrawal")
"""Sort of the statement that says the hash of an answer."""

ANSWERS = ("acknowledged", "retrain", "kept")
"""What a developer can answer: the word has arrived; another model will be trained without the
data; the model is kept as it is, because that is lawful."""

KINDS = ("collection", "item")
"""What can be withdrawn."""

_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Answer:
    """What a developer answers, of one model and one revocation.

    Attributes:
        model: ID of the model, 32 bytes.
        kind: ``collection`` or ``item``.
        withdrawn: ID of the collection or item, 32 bytes.
        revoked_at: when it was revoked, in Unix seconds, as the chain says.
        answer: one of `ANSWERS`.
        by: of ``retrain``, the day until which the other model is promised; else none.
        reason: what the developer adds, in one line; may be empty.

    Raises:
        InvalidInput: another kind or answer, ``retrain`` without a day or another answer with one,
            or a reason that is no line of at most 500 characters.
    """

    model: bytes
    kind: str
    withdrawn: bytes
    revoked_at: int
    answer: str
    by: date | None = None
    reason: str = ""

    def __post_init__(self) -> None:
        bytes32(self.model, "the model")
        bytes32(self.withdrawn, "what was withdrawn")
        uint(self.revoked_at, 64, "the time of the revocation")
        if self.kind not in KINDS:
            raise InvalidInput(f"what is withdrawn is a collection or an item, not {self.kind!r}")
        if self.answer not in ANSWERS:
            raise InvalidInput(f"an answer is {', '.join(ANSWERS)}, not {self.answer!r:.40}")
        if (self.by is None) == (self.answer == "retrain"):
            raise InvalidInput("the answer retrain names a day, and no other answer names one")
        if not isinstance(self.reason, str) or one_line(self.reason, _LONGEST) != self.reason:
            raise InvalidInput(f"a reason is one line of at most {_LONGEST} characters")

    @property
    def ends(self) -> int | None:
        """The first second after the day that is promised, in Unix seconds; none without a day."""
        if self.by is None:
            return None
        return int(datetime.combine(self.by, time(), UTC).timestamp()) + 86_400

    @property
    def hash(self) -> bytes:
        """keccak256 of its one text."""
        return keccak256(self.to_json().encode())

    def to_json(self) -> str:
        """The one text of it; equal answers give equal texts."""
        return documents.write(
            {
                "format": WITHDRAWAL_FORMAT,
                "model": to_hex(self.model),
                "kind": self.kind,
                "withdrawn": to_hex(self.withdrawn),
                "revoked": str(self.revoked_at),
                "answer": self.answer,
                "by": self.by.isoformat() if self.by else "",
                "reason": self.reason,
            }
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> Answer:
        """From what `to_json` gave.

        Raises:
            InvalidInput: another format, or a member that has a wrong form.
        """
        names = ("format", "model", "kind", "withdrawn", "revoked", "answer", "by", "reason")
        given = documents.members(documents.read(text, WITHDRAWAL_FORMAT), names, "an answer")
        _, model, kind, withdrawn, revoked, answer, by, reason = given
        return cls(
            from_hex(model, 32, "the model"), kind, from_hex(withdrawn, 32, "what was withdrawn"),
            documents.decimal(revoked, "the time of the revocation"), answer, _day(by), reason,
        )  # fmt: skip


def _day(text: object) -> date | None:
    if text == "":
        return None
    try:
        found = date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        found = None
    if found is None or found.isoformat() != text:
        raise InvalidInput(f"a day is written as 2027-12-31, not {text!r:.40}")
    return found
