"""What relaying may cost, and which tokens count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from kiseki.chain.sending.fees import Fees
from kiseki.core.values import ZERO_ADDRESS, address, address_text, uint
from kiseki.errors import InvalidInput

__all__ = ["DAY", "TIMES", "Limits", "day_of", "expected"]

DAY = 86_400

TIMES = 3
"""How many times its gas a claim or a transfer must be worth."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What relaying may cost. A day is a day in UTC.

    What a transaction may cost at most counts from before it is sent; what it cost in truth takes
    its place once it is in a block.

    Attributes:
        day: the most that all of it costs a day, in wei.
        person: of that, for one person, who is the wallet or account that signed.
        gas: the most that one transaction may need; a consent beside what its items need.
        hourly: how many requests one network address may make within an hour.
        waiting: how many requests may wait at once.
        tokens: token -> wei that one base unit counts as. Ether always counts, and other tokens
            are not moved.
    """

    day: int = 5 * 10**16
    person: int = 5 * 10**15
    gas: int = 2_000_000
    hourly: int = 30
    waiting: int = 1_000
    tokens: Mapping[str, Fraction] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("day", "person"):
            uint(getattr(self, name), 128, f"what relaying may cost ({name})")
        if min(self.gas, self.hourly, self.waiting) < 1:
            raise InvalidInput("gas, hourly and waiting are numbers above zero")
        known = {address_text(address(each, "a token")): of for each, of in self.tokens.items()}
        if any(each <= 0 for each in known.values()):
            raise InvalidInput("a token that is listed counts as more than nothing")
        known[ZERO_ADDRESS] = Fraction(1)
        object.__setattr__(self, "tokens", known)

    def worth(self, token: str, units: int) -> int | None:
        """What an amount counts as, in wei, rounded down; none of a token that does not count."""
        price = self.tokens.get(token.lower())
        return None if price is None else int(units * price)


def day_of(seconds: int) -> int:
    """The day in UTC, counted from 1970."""
    return seconds // DAY


def expected(fees: Fees) -> int:
    """What a unit of gas will cost, in wei, of what is offered so that it is taken soon: twice the
    base fee, and the tip."""
    return fees.most if fees.tip is None else (fees.most + fees.tip) // 2
