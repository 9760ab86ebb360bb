"""Endorsements: what a model's developer signs for one batch of somebody else's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from kiseki.core.values import bytes32, from_hex, to_hex, uint
from kiseki.errors import InvalidInput

__all__ = ["Endorsement", "for_contract"]


@dataclass(frozen=True, slots=True)
class Endorsement:
    """A developer's word that a batch may rest on a model, whatever the model's terms and gate say.

    Attributes:
        model: ID of the model that the batch may rest on.
        until: last second at which it counts, Unix seconds.
        signature: of that model's developer, over model, batch and `until`.
    """

    model: bytes
    until: int
    signature: bytes = field(repr=False)

    def __post_init__(self) -> None:
        bytes32(self.model, "an endorsed model's ID")
        uint(self.until, 64, "an endorsement's last second")
        if not self.signature:
            raise InvalidInput("an endorsement has a signature")

    def to_text(self) -> str:
        """One word, to hand to the creator: ``MODEL:UNTIL:SIGNATURE``."""
        return f"{to_hex(self.model)}:{self.until}:{to_hex(self.signature)}"

    @classmethod
    def from_text(cls, text: str) -> Endorsement:
        """What `to_text` wrote.

        Raises:
            InvalidInput: it is something else.
        """
        model, until, signature = [*text.strip().split(":"), "", "", ""][:3]
        if text.count(":") != 2 or not (until.isascii() and until.isdecimal()):
            raise InvalidInput("an endorsement is MODEL:UNTIL:SIGNATURE, as `output endorse` says")
        try:
            signed = bytes.fromhex(signature.removeprefix("0x"))
        except ValueError:
            raise InvalidInput("the signature of an endorsement is hex digits") from None
        return cls(from_hex(model, 32, "an endorsed model's ID"), int(until), signed)


def for_contract(models: Sequence[bytes], given: Iterable[Endorsement]) -> list[tuple[int, bytes]]:
    """`Endorsement[]`: one for each model of a batch, empty where there is none.

    Raises:
        InvalidInput: an endorsement is for no model of the batch, or two are for one.
    """
    known: dict[bytes, Endorsement] = {}
    for each in given:
        if each.model not in models:
            raise InvalidInput(f"the batch does not rest on the model {to_hex(each.model)}")
        if known.setdefault(each.model, each) is not each:
            raise InvalidInput(f"two endorsements are for the model {to_hex(each.model)}")
    return [
        (known[each].until, known[each].signature) if each in known else (0, b"") for each in models
    ]
