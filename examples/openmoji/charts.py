"""Two small charts of who earned what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import sqrt

from examples.openmoji.summary import Payee, Token
from examples.openmoji.units import exact, plural


def bands(payees: Sequence[Payee], tokens: Sequence[Token]) -> str:
    """One bar of everything that was paid: creator, developers, artists."""
    groups: list[tuple[str, str, list[Payee]]] = [
        (p.role, p.name, [p]) for p in payees if p.role != "artist"
    ]
    artists = [p for p in payees if p.role == "artist"]
    groups.append(("artist", plural(len(artists), "artist"), artists))
    first = tokens[0]
    whole = sum(p.amounts.get(first.symbol, 0) for p in payees) or 1
    bar, key = [], []
    for role, name, members in groups:
        sums = {t.symbol: sum(p.amounts.get(t.symbol, 0) for p in members) for t in tokens}
        tenths = (sums[first.symbol] * 2000 + whole) // (2 * whole)
        share = f"{exact(tenths, 1)}%"
        bar.append(
            f'<i class="{role}" style="flex-grow:{max(tenths, 1)}" '
            f'title="{escape(name)}: {share}"></i>'
        )
        amounts = "".join(
            f"<b>{exact(sums[t.symbol], t.decimals)} {escape(t.symbol)}</b>" for t in tokens
        )
        key.append(
            f'<li><i class="{role}"></i>{escape(name)} <span class="quiet">{share}</span>'
            f"{amounts}</li>"
        )
    return f'<div class="bands">{"".join(bar)}</div><ul class="key">{"".join(key)}</ul>'


@dataclass(frozen=True, slots=True)
class _Circle:
    x: float
    y: float
    r: float


def circles(artists: Sequence[Payee], token: Token, both: frozenset[str]) -> str:
    """A circle for each artist, the most first, whose area is what they earned."""
    return "".join(
        _circles(artists, token, both, kind, width, largest)
        for kind, width, largest in (("wide", 1080.0, 84.0), ("tall", 350.0, 58.0))
    )


def _circles(
    artists: Sequence[Payee],
    token: Token,
    both: frozenset[str],
    kind: str,
    width: float,
    largest: float,
) -> str:
    amounts = [p.amounts.get(token.symbol, 0) for p in artists]
    most = max(amounts, default=0) or 1
    placed, height = _in_rows([max(largest * sqrt(a / most), 0.8) for a in amounts], width)
    parts = []
    for payee, amount, c in zip(artists, amounts, placed, strict=True):
        trace = " trace" if payee.name in both else ""
        value = f"{exact(amount, token.decimals)} {token.symbol}"
        parts.append(
            f'<circle class="bar{trace}" cx="{c.x:.1f}" cy="{c.y:.1f}" r="{c.r:.2f}">'
            f"<title>{escape(payee.name)}: {escape(value)}</title></circle>"
        )
        if c.r * 2 > 7 * len(payee.name):
            parts.append(
                f'<text class="inside{trace}" x="{c.x:.1f}" y="{c.y:.1f}" dy=".35em" '
                f'text-anchor="middle" font-size="13">{escape(payee.name)}</text>'
            )
    say = f"What each of {len(artists)} artists earned in {token.symbol}, the most first"
    return (
        f'<svg class="chart {kind}" viewBox="0 0 {width:g} {height:.0f}" role="img" '
        f'aria-label="{escape(say)}">{"".join(parts)}</svg>'
    )


def _in_rows(radii: Sequence[float], width: float, gap: float = 5.0) -> tuple[list[_Circle], float]:
    """Circles from left to right: what is far larger than the rest first, the rest in rows."""
    left, tall = 0.0, 0.0
    first = 0
    while first < len(radii) - 1 and radii[first] > 2 * radii[first + 1] and left < width / 2:
        left += 2 * radii[first] + 4 * gap
        tall = max(tall, 2 * radii[first])
        first += 1
    rows: list[list[tuple[float, float]]] = [[]]
    x = left
    for r in radii[first:]:
        if rows[-1] and x + 2 * r > width:
            rows.append([])
            x = left
        rows[-1].append((x + r, r))
        x += 2 * r + gap
    inner = sum(2 * max(r for _, r in row) + gap * 1.6 for row in rows if row) - gap * 1.6
    height = max(inner, tall)
    placed = []
    x = 0.0
    for r in radii[:first]:
        placed.append(_Circle(x + r, height / 2, r))
        x += 2 * r + 4 * gap
    y = (height - inner) / 2
    for row in rows:
        if row:
            top = max(r for _, r in row)
            placed += [_Circle(cx, y + top, r) for cx, r in row]
            y += 2 * top + gap * 1.6
    return placed, height
