"""What became of making a run again, as a document that somebody states on the chain.

Whoever made it again signs its hash (a statement of the sort ``reproduction``). It is their word:
that they ran the recorded command on the recorded inputs, and what came out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal, get_args

from kiseki.core import documents
from kiseki.core.keccak import keccak256
from kiseki.core.values import address, address_text, from_hex, one_line, to_hex
from kiseki.errors import InvalidInput

__all__ = ["FORMAT", "MOST", "Against", "Outcome", "Reproduction", "decimal", "judged"]

FORMAT = "kiseki-reproduction-v1"
MOST = Fraction(1, 100)
"""The largest tolerance that counts, whatever was stated."""

Outcome = Literal["bit for bit", "within", "differs", "failed"]
Against = Literal["base", "zero"]
_DIGITS = 18
_LONGEST = 1_000


@dataclass(frozen=True, slots=True)
class Reproduction:
    """What became of it.

    Attributes:
        model, run: the model's ID, and the hash of its run's document, 32 bytes each.
        registry, chain_id: where the model is registered.
        outcome: equal tensors; a distance within the stated tolerance; another one; or nothing came
            out that could be compared.
        stated: the tolerance in the run's document, which was hashed before the model was
            registered; none where it states none.
        distance: of what came out from what was published, as a part of the way from the base model
            to what was published; none where it was not measured.
        against: what that way begins at: the base model, or zero where an adapter has none.
        published, reproduced: SHA-256 of the tensors, or of the whole file, 32 bytes.
        packages: how the packages came: ``wheels`` by their hashes, or those that were
            ``installed``, with the recorded versions.
        python, system, hardware: of whoever made it again.
        seconds: that the command took.
        reason: more about it, in English; empty where nothing is to be said.
    """

    model: bytes
    run: bytes
    registry: str
    chain_id: int
    outcome: Outcome
    stated: Fraction | None = None
    distance: Fraction | None = None
    against: Against | None = None
    published: bytes | None = None
    reproduced: bytes | None = None
    packages: str = ""
    python: str = ""
    system: str = ""
    hardware: str = ""
    seconds: int = 0
    reason: str = ""

    @property
    def is_reproduced(self) -> bool:
        """Whether the run counts as made again."""
        return self.outcome in ("bit for bit", "within")

    @property
    def words(self) -> str:
        """For people."""
        stated = "none is stated" if self.stated is None else f"stated {_percent(self.stated)}"
        far = "" if self.distance is None else _percent(self.distance)
        said = {
            "bit for bit": "Reproduced bit for bit: the same tensors came out",
            "within": f"Reproduced within {far} ({stated})",
            "differs": f"Not reproduced: it differs by {far} ({stated})"
            if far
            else f"Not reproduced: other tensors came out ({stated})",
            "failed": "Not reproduced: the run failed",
        }[self.outcome]
        if self.distance is not None and self.outcome != "bit for bit":
            zero = "zero, as no recorded base has these tensors"
            way = "the base model" if self.against == "base" else zero
            said += f"; measured against the way from {way}"
        return f"{said}. {self.reason}".rstrip()

    def to_json(self) -> str:
        """The document: equal reproductions give equal texts."""
        members = {
            "format": FORMAT, "model": to_hex(self.model), "run": to_hex(self.run),
            "registry": self.registry, "chain": self.chain_id, "outcome": self.outcome,
            "tolerance": None if self.stated is None else decimal(self.stated),
            "distance": None if self.distance is None else decimal(self.distance),
            "against": self.against,
            "published": None if self.published is None else to_hex(self.published),
            "reproduced": None if self.reproduced is None else to_hex(self.reproduced),
            "packages": self.packages, "python": self.python, "system": self.system,
            "hardware": self.hardware, "seconds": self.seconds, "reason": self.reason,
        }  # fmt: skip
        kept = {name: value for name, value in members.items() if value not in (None, "")}
        return json.dumps(kept, indent=1, ensure_ascii=False, allow_nan=False) + "\n"

    @property
    def hash(self) -> bytes:
        """keccak256 of the document, which is stated."""
        return keccak256(self.to_json().encode())

    @classmethod
    def from_json(cls, text: str | bytes) -> Reproduction:
        """The reproduction in a document.

        Raises:
            InvalidInput: it has another format, lacks or adds a member, or contradicts itself: it
                says that a run was made again that by its own figures was not.
        """
        given = documents.read(text, FORMAT)
        given.pop("format")
        unknown = given.keys() - _READERS.keys()
        if unknown:
            raise InvalidInput(f"a reproduction has no member {min(unknown)!r:.80}")
        for name in ("model", "run", "registry", "chain", "outcome"):
            if name not in given:
                raise InvalidInput(f"a reproduction has a member {name}")
        read = {_FIELDS.get(name, name): _READERS[name](value) for name, value in given.items()}
        found = cls(**read)
        if found.outcome in ("bit for bit", "within") and found.outcome != judged(
            found.published is not None and found.published == found.reproduced,
            found.distance,
            found.stated,
        ):
            raise InvalidInput(
                f"the document says {found.outcome!r}, and its own figures say otherwise"
            )
        return found


def judged(is_same: bool, distance: Fraction | None, stated: Fraction | None) -> Outcome:
    """What a rerun comes to.

    Args:
        is_same: whether the digests are equal.
        distance: of what came out; none where it could not be measured.
        stated: the tolerance that was stated before. One above `MOST` never counts.
    """
    if is_same:
        return "bit for bit"
    if distance is None or stated is None or stated > MOST or distance > stated:
        return "differs"
    return "within"


def decimal(value: Fraction) -> str:
    """As a decimal text, rounded up, so that nothing seems closer than it is."""
    units = -((-value * 10**_DIGITS) // 1)
    whole, rest = divmod(int(units), 10**_DIGITS)
    return f"{whole}.{rest:0{_DIGITS}}".rstrip("0").rstrip(".")


def _percent(part: Fraction) -> str:
    """To three digits behind the point, rounded up."""
    thousandths = -((-part * 100_000) // 1)
    if part and part < Fraction(1, 100_000):
        return "less than 0.001%"
    return f"{int(thousandths) / 1_000:,.3f}".rstrip("0").rstrip(".") + "%"


# Reading


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST or one_line(value, _LONGEST) != value:
        raise InvalidInput(f"a text of a reproduction is one line of {_LONGEST:,} characters")
    return value


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise InvalidInput("a number of a reproduction is whole, 0 or more")
    return value


def _fraction(value: object) -> Fraction:
    try:
        number = Fraction(value) if isinstance(value, str) and "/" not in value else Fraction(-1)
    except (ValueError, ZeroDivisionError):
        number = Fraction(-1)
    if number < 0 or decimal(number) != value:
        raise InvalidInput('a part is a decimal text, as "0.01"')
    return number


def _one_of(*known: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        if value not in known:
            raise InvalidInput(f"it is one of {', '.join(known)}, not {value!r:.40}")
        return str(value)

    return read


def _digest(value: object) -> bytes:
    return from_hex(value, 32, "a hash of a reproduction")


_READERS: Mapping[str, Callable[[object], Any]] = {
    "model": _digest, "run": _digest, "published": _digest, "reproduced": _digest,
    "registry": lambda value: address_text(address(value, "the registry")),
    "chain": _number, "seconds": _number,
    "outcome": _one_of(*get_args(Outcome)), "against": _one_of(*get_args(Against)),
    "packages": _one_of("wheels", "installed"),
    "tolerance": _fraction, "distance": _fraction,
    "python": _text, "system": _text, "hardware": _text, "reason": _text,
}  # fmt: skip
_FIELDS = {"tolerance": "stated", "chain": "chain_id"}
