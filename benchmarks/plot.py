"""Curves as an SVG: plain, readable on light and on dark, without a library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

__all__ = ["Curve", "Panel", "drawn"]

Points = Sequence[tuple[float, float]]

_WIDE, _HIGH = 430, 290
"""A panel with its words."""
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 100, 44, 40
"""What stands around the curves: numbers and names."""
_HEAD = 74
_LINE = 14
"""Between two names, one below the other."""

_STYLE = """\
svg { font: 12px system-ui, sans-serif } .page { fill: #fffdf8 }
text { fill: #2b2a28 } .head { font-size: 17px; font-weight: 600 } .title { font-weight: 600 }
.soft { fill: #6b6860 } .axis { stroke: #8d8a80 } .grid { stroke: #e4e0d4 }
.must { stroke: #6b6860; stroke-dasharray: 4 4 }
polyline { fill: none; stroke-width: 2 } .edge { text-anchor: end } .middle { text-anchor: middle }
.c0 { stroke: #b3261e } .c1 { stroke: #1f5fa8 } .c2 { stroke: #2f7d3b } .c3 { stroke: #8a5a00 }
circle { stroke: none } .d0 { fill: #b3261e } .d1 { fill: #1f5fa8 } .d2 { fill: #2f7d3b }
.d3 { fill: #8a5a00 }
@media (prefers-color-scheme: dark) {
.page { fill: #1b1b1d } text { fill: #ece9e1 } .soft { fill: #a9a599 }
.axis { stroke: #7d7a72 } .grid { stroke: #37363a } .must { stroke: #a9a599 }
.c0 { stroke: #ff8a80 } .c1 { stroke: #8ab8f5 } .c2 { stroke: #7fcf8b } .c3 { stroke: #e3b65b }
.d0 { fill: #ff8a80 } .d1 { fill: #8ab8f5 } .d2 { fill: #7fcf8b } .d3 { fill: #e3b65b }
}
"""


@dataclass(frozen=True, slots=True)
class Curve:
    """Values of one thing.

    Attributes:
        points: (x, y), of which x is more than 0 and ascends.
    """

    name: str
    points: Points


@dataclass(frozen=True, slots=True)
class Panel:
    """Curves over the same axes, four at most.

    Attributes:
        unit: of y, which begins at 0.
        must: the most that y may be, drawn as a line; none where nothing is asked.
    """

    title: str
    unit: str
    curves: Sequence[Curve]
    must: float | None = None


def drawn(title: str, told: str, x: str, panels: Sequence[Panel]) -> str:
    """The panels, two in a row, over one x in a scale of powers of ten.

    Args:
        told: a sentence below the title.
        x: what is on that axis.
    """
    rows = ceil(len(panels) / 2)
    wide, high = 2 * _WIDE, _HEAD + rows * _HIGH
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}"'
        f' height="{high}" role="img">',
        f"<title>{escape(title)}</title>",
        f"<style>\n{_STYLE}</style>",
        f'<rect width="{wide}" height="{high}" class="page"/>',
        _text(16, 30, title, "head"),
        _text(16, 52, told, "soft"),
    ]
    for place, panel in enumerate(panels):
        at = (place % 2 * _WIDE, _HEAD + place // 2 * _HIGH)
        parts.append(f'<g transform="translate({at[0]} {at[1]})">')
        parts += _panel(panel, x)
        parts.append("</g>")
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(panel: Panel, x: str) -> list[str]:
    xs = sorted({each for curve in panel.curves for each, _ in curve.points})
    most = max([panel.must or 0, *(y for curve in panel.curves for _, y in curve.points)])
    step = _step(most)
    top = step * ceil(most / step)
    right, bottom = _WIDE - _RIGHT, _HIGH - _BOTTOM

    def across(value: float) -> float:
        span = log10(xs[-1] / xs[0]) or 1
        return _LEFT + 8 + (right - _LEFT - 16) * log10(value / xs[0]) / span

    def up(value: float) -> float:
        return bottom - (bottom - _TOP) * value / top

    parts = [_text(_LEFT, 18, panel.title, "title"), _text(_LEFT, 34, panel.unit, "soft")]
    for n in range(round(top / step) + 1):
        y = up(n * step)
        parts.append(_line(_LEFT, y, right, y, "axis" if n == 0 else "grid"))
        parts.append(_text(_LEFT - 6, y + 4, f"{n * step:,g}", "soft edge"))
    for each in xs:
        parts.append(_text(across(each), bottom + 16, _short(each), "soft middle"))
    parts.append(_text((_LEFT + right) / 2, bottom + 33, x, "soft middle"))
    names: list[tuple[float, str, str]] = []
    if panel.must is not None:
        parts.append(_line(_LEFT, up(panel.must), right, up(panel.must), "must"))
        names.append((up(panel.must), f"wanted: {panel.must:,g}", "soft"))
    for n, curve in enumerate(panel.curves):
        spots = [(across(a), up(b)) for a, b in curve.points]
        listed = " ".join(f"{a:.1f},{b:.1f}" for a, b in spots)
        parts.append(f'<polyline class="c{n}" points="{listed}"/>')
        parts += [f'<circle class="d{n}" cx="{a:.1f}" cy="{b:.1f}" r="3"/>' for a, b in spots]
        names.append((spots[-1][1], curve.name, f"d{n}"))
    parts += [_text(right + 8, y, name, kind) for y, name, kind in _apart(names)]
    return parts


def _apart(names: list[tuple[float, str, str]]) -> list[tuple[float, str, str]]:
    """The names beside the ends of their curves, so far apart that each can be read."""
    groups: list[list[tuple[float, str, str]]] = []
    for each in sorted(names):
        groups.append([each])
        while len(groups) > 1 and _ends(groups[-2])[1] + _LINE > _ends(groups[-1])[0]:
            last = groups.pop()
            groups[-1] += last
    return [
        (_ends(group)[0] + n * _LINE + 4, name, kind)
        for group in groups
        for n, (_, name, kind) in enumerate(group)
    ]


def _ends(group: list[tuple[float, str, str]]) -> tuple[float, float]:
    """Where the first and the last of some names stand that are as close as can be."""
    middle = sum(y for y, _, _ in group) / len(group)
    half = (len(group) - 1) * _LINE / 2
    return middle - half, middle + half


def _step(most: float) -> float:
    """Between two lines of the grid: 1, 2 or 5 times a power of ten, for four to eight lines."""
    power = 10.0 ** floor(log10(most / 4))
    return next(power * n for n in (1, 2, 5, 10) if most / (power * n) <= 8)


def _short(number: float) -> str:
    return f"{number / 1e6:.3g} M" if number >= 1e6 else f"{number / 1e3:.0f} k"


def _text(x: float, y: float, text: str, kind: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}">{escape(text)}</text>'


def _line(x: float, y: float, to: float, down: float, kind: str) -> str:
    return f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{to:.1f}" y2="{down:.1f}" class="{kind}"/>'
