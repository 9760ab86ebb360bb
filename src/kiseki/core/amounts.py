"""Amounts as people write them, and as chains count them: exactly, or not at all."""

from __future__ import annotations

import re
from decimal import Decimal, localcontext

from kiseki.core.values import one_line, uint
from kiseki.errors import InvalidInput

__all__ = ["ETHER_DECIMALS", "in_units", "parse"]

ETHER_DECIMALS = 18
_UNITS = {"wei": 0, "gwei": 9, "ether": 18, "eth": 18}
_WRITTEN = re.compile(r"([0-9][0-9,_]*(?:\.[0-9]+)?)\s*([A-Za-z]*)", re.ASCII)


def parse(text: str, decimals: int = ETHER_DECIMALS) -> int:
    """Base units of an amount: ``0.5``, ``0.5 ether``, ``20 gwei``, ``1,000 wei``.

    Args:
        decimals: of the token, which a number without a unit is in; ``wei`` then means its base
            unit, and the other units are ether's.

    Raises:
        InvalidInput: it is no amount, or cannot be said exactly in base units.
    """
    found = _WRITTEN.fullmatch(text.strip())
    if not found:
        raise InvalidInput(f"{one_line(text, 40)!r} is no amount; write one like 0.5, or 100 wei")
    number, unit = found.groups()
    if unit and unit.lower() not in _UNITS:
        raise InvalidInput(f"there is no unit {unit!r:.20}; there is {', '.join(_UNITS)}")
    places = _UNITS[unit.lower()] if unit else decimals
    if places and unit and decimals != ETHER_DECIMALS:
        raise InvalidInput(f"{unit} is a unit of ether; leave it out for a token")
    with localcontext() as exact:
        exact.prec = 200
        scaled = Decimal(number.replace(",", "").replace("_", "")).scaleb(places)
        if scaled != scaled.to_integral_value():
            raise InvalidInput(
                f"{text.strip():.60} has more digits than there are base units; it has at most "
                f"{places} after the point"
            )
        return uint(int(scaled), 256, "the amount")


def in_units(amount: int, decimals: int = ETHER_DECIMALS) -> str:
    """Base units as people write them, exactly: ``1234500000000000000`` is ``1.2345``."""
    if decimals == 0:
        return f"{amount:,}"
    whole, rest = divmod(abs(amount), 10**decimals)
    digits = f"{rest:0{decimals}d}".rstrip("0")
    sign = "-" if amount < 0 else ""
    return f"{sign}{whole:,}" + (f".{digits}" if digits else "")
