"""Exact amounts as people read them. No float ever touches one."""

from __future__ import annotations

from collections.abc import Iterable


def exact(amount: int, decimals: int, places: int | None = None) -> str:
    """`amount` base units as a decimal number; every digit that is not zero is shown.

    `places` pads with zeros to at least so many decimal places, so that a column lines up.
    """
    sign, digits = ("-" if amount < 0 else ""), str(abs(amount)).rjust(decimals + 1, "0")
    whole, part = digits[: len(digits) - decimals], digits[len(digits) - decimals :].rstrip("0")
    part = part.ljust(places or 0, "0")
    whole = f"{int(whole):,}"
    return f"{sign}{whole}.{part}" if part else f"{sign}{whole}"


def places(amounts: Iterable[int], decimals: int) -> int:
    """How many decimal places the longest of `amounts` needs."""
    return max((len(exact(a, decimals).partition(".")[2]) for a in amounts), default=0)


def percent(bps: int) -> str:
    """Hundredths of a percent: 2000 is "20%"."""
    return f"{exact(bps, 2)}%"


def plural(n: int, one: str, many: str | None = None) -> str:
    return f"{n:,} {one if n == 1 else many or one + 's'}"
