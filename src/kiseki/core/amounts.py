"""Amounts as people write them, and as chains count them: exactly, or not at all."""

from __future__ import annotations

import re
from decimal import Decimal, localcontext

from kiseki.core.values import one_line, uint
from kiseki.errors import InvalidInput

__all__ = ["DECIMAL_MARKS", "ETHER_DECIMALS", "in_units", "parse"]

ETHER_DECIMALS = 18
DECIMAL_MARKS = (".", ",")

_UNITS = {"wei": 0, "gwei": 9, "ether": 18, "eth": 18}
_PLAIN = re.compile(r"[0-9]+(\.[0-9]+)?", re.ASCII)
_GROUPS = "_'’ \u00a0\u2009\u202f"
"""Marks that only group digits; point and comma may do either."""
_WRITTEN = re.compile(rf"([0-9](?:[0-9.,{_GROUPS}]*[0-9])?)[ \u00a0]*([A-Za-z]*)", re.ASCII)


def parse(text: str, decimals: int | None = None, mark: str = "") -> int:
    """Base units of an amount: ``0.5``, ``0.5 ether``, ``20 gwei``, ``1000 wei``.

    Without `mark` a point separates the decimals, and commas and grouping marks are refused:
    ``1,250`` is 1250 to some people and 1.25 to others.

    Args:
        decimals: of a token, which a number without a unit is in; ``wei`` then means its base
            unit, and the other units are refused, because they are ether's. ``None`` for ether.
        mark: ``.`` or ``,``: it separates the decimals, and one other mark may group digits by
            threes, as in ``1.250,50``.

    Raises:
        InvalidInput: it is no amount, can be read in two ways, or cannot be said exactly in base
            units.
    """
    found = _WRITTEN.fullmatch(text.strip())
    if not found:
        raise InvalidInput(f"{one_line(text, 40)!r} is no amount; write one like 0.5, or 100 wei")
    written, unit = found.groups()
    number = _with_mark(written, mark) if mark else _plain(written)
    if unit and unit.lower() not in _UNITS:
        raise InvalidInput(f"there is no unit {unit!r:.20}; there is {', '.join(_UNITS)}")
    own = ETHER_DECIMALS if decimals is None else decimals
    places = _UNITS[unit.lower()] if unit else own
    if places and unit and decimals is not None:
        raise InvalidInput(f"{unit} is a unit of ether; leave it out for a token")
    with localcontext() as exact:
        exact.prec = 200
        scaled = Decimal(number).scaleb(places)
        if scaled != scaled.to_integral_value():
            raise InvalidInput(
                f"{text.strip():.60} has more digits than there are base units; it has at most "
                f"{places} after the point"
            )
        return uint(int(scaled), 256, "the amount")


def _plain(written: str) -> str:
    """A number without grouping marks; refuses what is read in several ways."""
    if _PLAIN.fullmatch(written):
        return written
    readings = {mark: _reading(written, mark) for mark in DECIMAL_MARKS}
    known = {mark: number for mark, number in readings.items() if number is not None}
    if not known:
        raise InvalidInput(f"{one_line(written, 40)!r} is no amount; write one like 0.5")
    if len(set(known.values())) == 1:
        mark, number = next(iter(known.items()))
        raise InvalidInput(
            f"{one_line(written, 40)!r} has a comma or a grouping mark; write {number}, or say "
            f"--decimal '{mark}'"
        )
    told = " and ".join(f"{number} (--decimal '{mark}')" for mark, number in known.items())
    raise InvalidInput(
        f"{one_line(written, 40)!r} can be read as {told}; write it with a point and without "
        "grouping marks, or say which with that option"
    )


def _with_mark(written: str, mark: str) -> str:
    if mark not in DECIMAL_MARKS:
        raise InvalidInput(f"decimals are separated by . or , and not by {mark!r:.10}")
    number = _reading(written, mark)
    if number is None:
        raise InvalidInput(
            f"{one_line(written, 40)!r} is no amount where {mark!r} separates the decimals; "
            "another mark can only group digits by threes"
        )
    return number


def _reading(written: str, mark: str) -> str | None:
    """The number, with a point, where `mark` separates decimals; none where it cannot."""
    whole, _, rest = written.partition(mark)
    groups = re.split(rf"[.,{_GROUPS}]", whole)
    kinds = set(re.findall(rf"[.,{_GROUPS}]", whole))
    # Nobody groups what begins with a zero: 0.500 is a half wherever it stands.
    begins = len(groups[0]) <= 3 and not groups[0].startswith("0")
    grouped = len(kinds) <= 1 and begins and all(len(each) == 3 for each in groups[1:])
    if len(groups) > 1 and not grouped:
        return None
    if mark in written and not (rest.isascii() and rest.isdigit()):
        return None
    return "".join(groups) + (f".{rest}" if rest else "")


def in_units(amount: int, decimals: int = ETHER_DECIMALS) -> str:
    """Base units as people write them, exactly: ``1234500000000000000`` is ``1.2345``."""
    if decimals == 0:
        return f"{amount:,}"
    whole, rest = divmod(abs(amount), 10**decimals)
    digits = f"{rest:0{decimals}d}".rstrip("0")
    sign = "-" if amount < 0 else ""
    return f"{sign}{whole:,}" + (f".{digits}" if digits else "")
