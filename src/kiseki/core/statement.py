"""Royalty statements: what a distributor pays for a period, line by line.

Each line's payment carries its own reference, so that what came in can be held against the file
later, by anybody who has it; the chain shows only hashes.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from kiseki.core import documents
from kiseki.core.keccak import keccak256
from kiseki.core.values import address, address_text, bytes32, from_hex, one_line, to_hex, uint
from kiseki.errors import InvalidInput

__all__ = ["Line", "RoyaltyStatement"]

_FORMAT = "kiseki-royalty-statement-v1"
_PERIOD = re.compile(r"\d{4}(-(0[1-9]|1[0-2])|-Q[1-4]|-H[12])?", re.ASCII)
_MOST = 100_000
_PREFIX = b"\x09"


@dataclass(frozen=True, slots=True)
class Line:
    """What is paid for one channel in one territory.

    Attributes:
        channel: where it was earned, as ``streaming``; what the payer calls it.
        territory: likewise, as ``JP``.
        payee: the key of who is paid, 32 bytes.
        amount: base units, above zero.
    """

    channel: str
    territory: str
    payee: bytes
    amount: int

    def __post_init__(self) -> None:
        for name in ("channel", "territory"):
            text = getattr(self, name)
            if not isinstance(text, str) or not text.strip() or one_line(text, 80) != text:
                raise InvalidInput(f"the {name} of a line is one short line of text")
        bytes32(self.payee, "the payee of a line")
        uint(self.amount, 127, "the amount of a line", 1)


@dataclass(frozen=True, slots=True)
class RoyaltyStatement:
    """A statement.

    Attributes:
        period: a year, month, quarter or half: ``2026``, ``2026-10``, ``2026-Q4``, ``2026-H1``.
        token: an ERC-20's address; the zero address for ether.
        lines: in order; their order is part of what is hashed.
        number: the payer's own number of it, which tells it from an equal one.
    """

    period: str
    token: str
    lines: Sequence[Line]
    number: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "lines", tuple(self.lines))
        object.__setattr__(self, "token", address_text(address(self.token, "the token")))
        if not isinstance(self.period, str) or not _PERIOD.fullmatch(self.period):
            raise InvalidInput("a period is written as 2026, 2026-10, 2026-Q4 or 2026-H1")
        if not isinstance(self.number, str) or one_line(self.number, 80) != self.number:
            raise InvalidInput("the number of a statement is one short line of text")
        if not 1 <= len(self.lines) <= _MOST:
            raise InvalidInput(f"a statement has 1 to {_MOST:,} lines")

    @property
    def total(self) -> int:
        """Of all lines, in base units."""
        return sum(each.amount for each in self.lines)

    @property
    def hash(self) -> bytes:
        """keccak256 of its one text."""
        return keccak256(self.to_json().encode())

    def references(self) -> list[bytes]:
        """What the payment of each line carries: keccak256(0x09 ‖ statement ‖ uint32 line)."""
        hashed = self.hash
        return [keccak256(_PREFIX + hashed + i.to_bytes(4, "big")) for i in range(len(self.lines))]

    def to_json(self) -> str:
        """The one text of it."""
        return documents.write(
            {
                "format": _FORMAT,
                "period": self.period,
                "number": self.number,
                "token": self.token,
                "lines": [
                    [each.channel, each.territory, to_hex(each.payee), str(each.amount)]
                    for each in self.lines
                ],
            }
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> "RoyaltyStatement":
        """From what `to_json` gave.

        Raises:
            InvalidInput: another format, or a line that is none.
        """
        names = ["format", "period", "number", "token", "lines"]
        given = documents.members(documents.read(text, _FORMAT), names, "a statement")
        _, period, number, token, lines = given
        found = []
        for channel, territory, payee, amount in documents.rows(lines, 4, "the lines"):
            key = from_hex(payee, 32, "a payee")
            found.append(Line(channel, territory, key, documents.decimal(amount, "an amount")))
        return cls(period, token, found, number)
