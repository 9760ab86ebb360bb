"""Numbers of things, and parts of a whole, in words."""

from fractions import Fraction

__all__ = ["counted", "percent"]


def counted(number: int, noun: str, nouns: str = "") -> str:
    """A number of things: ``1 item``, ``2,000 items``.

    Args:
        nouns: the plural, where it is not the noun with an s.
    """
    return f"{number:,} {noun if number == 1 else nouns or noun + 's'}"


def percent(part: Fraction | float) -> str:
    """A part of a whole: ``20%``, ``0.0554%``."""
    return f"{float(part) * 100:.4f}".rstrip("0").rstrip(".") + "%"
