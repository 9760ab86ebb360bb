"""The report's smallest parts: numbers that carry their exact value, long hashes, bars, signs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape

from examples.openmoji.summary import Artist, Model, Picture, Summary, Token
from examples.openmoji.units import exact

_LONG = re.compile(r"0x[0-9a-fA-F]{16,}|\b\d{30,}\b")
"""Hashes, wallets and token numbers: too long for a line of text."""


def count(n: int) -> str:
    """A whole number; what it is exactly stands in `value`, for machines and for tests."""
    return f'<data value="{n}">{n:,}</data>'


def money(amount: int, token: Token, places: int | None = None) -> str:
    """An exact amount. Its decimals are set in threes by the style sheet, and copied without."""
    whole, point, part = exact(amount, token.decimals, places).partition(".")
    threes = "".join(f"<i>{part[i : i + 3]}</i>" for i in range(0, len(part), 3))
    return f'<data class="money" value="{amount}">{whole}{point}{threes}</data>'


def hundredths(part: int, whole: int) -> int:
    """`part` of `whole` in hundredths of a percent, rounded half up."""
    return (20_000 * part + whole) // (2 * whole) if whole else 0


def share(part: int, whole: int) -> str:
    """A rounded percentage with two decimals; what is too small for them is not called zero."""
    rounded = hundredths(part, whole)
    return "<0.01%" if part and not rounded else f"{exact(rounded, 2, 2)}%"


def code(value: str) -> str:
    """A long value, its middle folded away by the style sheet: selecting it copies all of it."""
    if len(value) < 24:
        return f"<code>{escape(value)}</code>"
    head, middle, tail = value[:8], value[8:-6], value[-6:]
    return (
        f'<code class="long" title="{escape(value)}">{escape(head)}<span>{escape(middle)}</span>'
        f"{escape(tail)}</code>"
    )


def prose(text: str) -> str:
    """A sentence that came from outside, escaped, with whatever is long in it folded."""
    parts, at = [], 0
    for found in _LONG.finditer(text):
        parts += [escape(text[at : found.start()]), code(found[0])]
        at = found.end()
    return "".join(parts) + escape(text[at:])


def bar(part: int, most: int, kind: str = "") -> str:
    """A bar as long as `part` of `most`; never so short that it cannot be seen."""
    long = max(1000 * part / most, 4) if part and most else 0
    return (
        f'<svg class="meter {kind}" viewBox="0 0 1000 10" preserveAspectRatio="none" '
        f'aria-hidden="true"><rect width="{long:.4g}" height="10"/></svg>'
    )


def image(picture: Picture) -> str:
    return (
        f'<img src="{picture.uri}" alt="{escape(picture.caption)}" '
        f'title="{escape(picture.caption)}. {escape(picture.notice)}">'
    )


_SIGNS = {
    True: ("none", "M7 12.4l3.3 3.3L17 8.9"),
    False: ("found", "M12 6.8v6.4M12 16.9v.1"),
    None: ("refused", "M7.5 12h9"),
}


def sign(ok: bool | None) -> str:
    """A tick, an exclamation mark or a bar: told apart by shape; the words stand beside it."""
    name, path = _SIGNS[ok]
    return (
        f'<svg class="sign {name}" viewBox="0 0 24 24" aria-hidden="true">'
        f'<circle cx="12" cy="12" r="11"/><path d="{path}"/></svg>'
    )


def scroll(label: str, table: str) -> str:
    """A table that scrolls inside itself where it does not fit, by keyboard too."""
    return (
        f'<div class="scroll" role="region" aria-label="{escape(label)}" tabindex="0">{table}</div>'
    )


# What several parts ask of the facts


def in_both(models: Sequence[Model]) -> frozenset[str]:
    """The artists whose drawings more than one model used."""
    uses: Mapping[str, int] = models[0].uses
    return frozenset(
        n for m in models[1:] for n, weight in m.uses.items() if weight and uses.get(n)
    )


def ranked(summary: Summary) -> list[Artist]:
    """Whose drawings were used: who is in both models first, then by use."""
    first, both = summary.models[0], in_both(summary.models)
    used = [a for a in summary.artists if any(m.uses.get(a.name) for m in summary.models)]
    return sorted(used, key=lambda a: (a.name not in both, -first.uses.get(a.name, 0), a.name))


def left_out(summary: Summary) -> list[Artist]:
    """Whose drawings no model used."""
    return [a for a in summary.artists if not any(m.uses.get(a.name) for m in summary.models)]
