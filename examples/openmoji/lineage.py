"""The lineage as a picture: from the artists through the models to the batch.

A ribbon is as thick as what training consumed; a line says that one thing rests on another. It
is drawn twice, wide for a desk and tall for a phone; the style sheet shows one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from examples.openmoji.summary import Artist, Model, Summary
from examples.openmoji.units import percent, plural


@dataclass(frozen=True, slots=True)
class Frame:
    """Where things stand, in the picture's own units."""

    kind: str
    width: float
    names: float
    """Where the artists' bars begin; their names end a little left of it."""
    base: float
    tuned: float
    batch: float
    """Where each later column begins (for `tuned`, its middle)."""
    bars: float
    """How high all the artists' bars are together."""
    text: float
    leader: float
    letters: int
    """The longest name that fits."""
    picture: float
    per_row: int


WIDE = Frame("wide", 1080, 222, 560, 690, 780, 720, 12.5, 34, 28, 50, 6)
TALL = Frame("tall", 350, 126, 212, 260, 293, 700, 10.5, 16, 18, 29.5, 2)

_BAR = 8.0
_GAP = 1.0
_TOP = 74.0
_DRIFT = 44.0
"""How far a name may stand from its bar."""


@dataclass(frozen=True, slots=True)
class _Bar:
    """One artist's collection: where its bar is, and where its ribbon arrives."""

    artist: Artist
    y: float
    height: float
    into: float
    both: bool

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


def lineage(summary: Summary) -> str:
    return _svg(summary, WIDE) + _svg(summary, TALL)


def _svg(summary: Summary, f: Frame) -> str:
    base, tuned = summary.models[0], summary.models[-1]
    bars = _bars(summary.artists, summary.models, f)
    apart = [a for a in summary.artists if not any(m.uses.get(a.name) for m in summary.models)]
    end = bars[-1].y + bars[-1].height if bars else _TOP
    node_top = bars[0].into if bars else _TOP
    node_height = sum(b.height for b in bars)
    centre = node_top + node_height * 0.4
    edge = f.batch - (14 if f.kind == "wide" else 6)

    parts = [_ribbons(bars, summary.models, f)]
    if tuned != base:
        parts += [
            _line(f.base + _BAR * 2, f.tuned, centre),
            _line(f.tuned, edge, centre),
            _again(bars, tuned, f, centre),
            f'<circle class="node" cx="{f.tuned:g}" cy="{centre:.1f}" r="{_BAR:g}"/>',
            _head(f.tuned, centre + 32, tuned.name, _terms(tuned, f), f, "middle"),
        ]
    else:
        parts.append(_line(f.base + _BAR * 2, edge, centre))
    grid, above = _outputs(summary, f, centre)
    kept_out, bottom = _apart(apart, f, end + 40)
    parts += [
        f'<rect class="node" x="{f.base:g}" y="{node_top:.1f}" width="{_BAR * 2:g}" '
        f'height="{node_height:.1f}" rx="2"/>',
        _names(bars, end, f),
        _head(f.names + _BAR, 20, "Artists", plural(len(bars), "collection"), f, "end"),
        _head(f.base, 20, base.name, _terms(base, f), f, "start"),
        _head(f.batch, above - 30, "Batch", plural(len(summary.batch.outputs), "picture"), f,
              "start"),
        grid,
        kept_out,
    ]  # fmt: skip
    words = (
        f"{plural(len(bars), 'artist')} lead to {base.name}, and by way of {tuned.name} to the "
        f"batch. {plural(len(apart), 'artist')} apart, with no link."
    )
    return (
        f'<svg class="lineage {f.kind}" viewBox="0 0 {f.width:g} {max(bottom, end) + 8:.0f}" '
        f'role="img" aria-label="{escape(words)}">{"".join(parts)}</svg>'
    )


def _bars(artists: Sequence[Artist], models: Sequence[Model], f: Frame) -> list[_Bar]:
    """Who is in both models stands first, then who was consumed most."""
    base, tuned = models[0], models[-1]
    weight = {a.name: base.uses.get(a.name, 0) for a in artists}
    both = {n for n, w in weight.items() if w and tuned != base and tuned.uses.get(n)}
    used = sorted(
        (a for a in artists if any(m.uses.get(a.name) for m in models)),
        key=lambda a: (a.name not in both, -weight[a.name], a.name),
    )
    scale = (f.bars - _GAP * len(used)) / (sum(weight.values()) or 1)
    heights = [max(weight[a.name] * scale, 0.7) for a in used]
    y, into = _TOP, _TOP + _GAP * len(used) / 2
    bars = []
    for artist, height in zip(used, heights, strict=True):
        bars.append(_Bar(artist, y, height, into, artist.name in both))
        y += height + _GAP
        into += height
    return bars


def _ribbons(bars: Sequence[_Bar], models: Sequence[Model], f: Frame) -> str:
    parts = []
    for bar in bars:
        uses = [(m.name, m.uses[bar.artist.name]) for m in models if m.uses.get(bar.artist.name)]
        say = f"{bar.artist.name}: {plural(bar.artist.drawings, 'drawing')}, " + ", ".join(
            f"weight {weight:,} in {name}" for name, weight in uses
        )
        trace = " trace" if bar.both else ""
        x0, x1, h = f.names + _BAR, f.base, bar.height
        m = (x0 + x1) / 2
        parts.append(
            f'<path class="ribbon{trace}" stroke-width="{min(0.7, h / 8):.2f}" d="'
            f"M{x0:g} {bar.y:.2f}"
            f"C{m:g} {bar.y:.2f} {m:g} {bar.into:.2f} {x1:g} {bar.into:.2f}v{h:.2f}"
            f'C{m:g} {bar.into + h:.2f} {m:g} {bar.y + h:.2f} {x0:g} {bar.y + h:.2f}Z">'
            f"<title>{escape(say)}</title></path>"
            f'<rect class="bar{trace}" x="{f.names:g}" y="{bar.y:.2f}" width="{_BAR:g}" '
            f'height="{h:.2f}" rx="{min(1.5, h / 2):.2f}"/>'
        )
    return "".join(parts)


def _again(bars: Sequence[_Bar], tuned: Model, f: Frame, centre: float) -> str:
    """The second link of who is in both models: over the base model and down to the tuned one."""
    parts = []
    for i, bar in enumerate(b for b in bars if b.both):
        thick = max(bar.height, 2.5)
        x0, y0, top = f.names + _BAR, bar.y + thick / 2, _TOP - 14 - i * 4
        say = f"{bar.artist.name}, weight {tuned.uses[bar.artist.name]:,} in {tuned.name}"
        rise = (f.base - x0) * 0.5
        parts.append(
            f'<path class="again" stroke-width="{thick:.2f}" d="M{x0:g} {y0:.1f}'
            f"C{x0 + rise:.1f} {y0:.1f} {x0 + rise:.1f} {top:.1f} {f.base:g} {top:.1f}"
            f"C{(f.base + f.tuned) / 2 + 20:.1f} {top:.1f} {f.tuned:.1f} {top + 70:.1f} "
            f'{f.tuned:.1f} {centre:.1f}"><title>{escape(say)}</title></path>'
        )
    return "".join(parts)


def _names(bars: Sequence[_Bar], end: float, f: Frame) -> str:
    """As many names as there is room for, each with a hairline to its bar."""
    step = f.text * 1.16
    parts: list[str] = []
    y = _TOP - step
    shown = 0
    for bar in bars:
        y = max(y + step, bar.middle)
        if y - bar.middle > _DRIFT:
            break
        x = f.names - f.leader
        trace = " trace" if bar.both else ""
        parts.append(
            f'<path class="leader" d="M{x + 3:g} {y:.1f}L{f.names - 2:g} {bar.middle:.1f}"/>'
            + _name(x, y, bar.artist.name, f"name{trace}", f)
        )
        shown += 1
    if shown < len(bars):
        rest = f"and {len(bars) - shown} more"
        parts.append(_name(f.names - f.leader, (y + end) / 2, rest, "name quiet", f))
    return "".join(parts)


def _name(x: float, y: float, words: str, cls: str, f: Frame) -> str:
    short = words if len(words) <= f.letters else words[: f.letters - 1] + "…"
    return (
        f'<text class="{cls}" x="{x:g}" y="{y:.1f}" dy=".35em" text-anchor="end" '
        f'font-size="{f.text:g}">{escape(short)}</text>'
    )


def _outputs(summary: Summary, f: Frame, centre: float) -> tuple[str, float]:
    """The batch as a small contact sheet, and where it begins."""
    shown = summary.batch.outputs[: f.per_row * 12]
    rows = -(-len(shown) // f.per_row)
    top = max(centre - rows * f.picture / 2, _TOP)
    side = f.picture - 4
    parts = []
    for i, picture in enumerate(shown):
        x, y = f.batch + i % f.per_row * f.picture, top + i // f.per_row * f.picture
        box = f'x="{x:.1f}" y="{y:.1f}" width="{side:g}" height="{side:g}"'
        parts.append(
            f'<rect class="paper" {box} rx="4"/><image {box} href="{picture.uri}">'
            f"<title>{escape(picture.caption)}</title></image>"
        )
    return "".join(parts), top


def _apart(artists: Sequence[Artist], f: Frame, y: float) -> tuple[str, float]:
    """Who is in no model: shown, and connected to nothing."""
    parts = []
    side, x = 44.0, f.names + _BAR - 44.0
    for artist in artists:
        verdict = "refused, used by nothing" if artist.status == "refused" else "used by nothing"
        box = f'x="{x:g}" y="{y:.1f}" width="{side:g}" height="{side:g}"'
        inner = f'x="{x + 4:g}" y="{y + 4:.1f}" width="{side - 8:g}" height="{side - 8:g}"'
        span = side - 10
        parts.append(
            f'<rect class="paper" {box} rx="4"/>'
            f'<image class="faded" {inner} href="{artist.picture.uri}"/>'
            f'<rect class="fence" {box} rx="4"/>'
            f'<path class="cross" d="M{x + 5:g} {y + 5:.1f}l{span:g} {span:g}m0 {-span:g}'
            f'l{-span:g} {span:g}"/>'
            + _head(x + side + 12, y + 18, artist.name, verdict, f, "start")
        )
        y += side + 12
    return "".join(parts), y


def _line(x0: float, x1: float, y: float) -> str:
    return f'<path class="rests" d="M{x0:g} {y:.1f}H{x1:g}"/>'


def _terms(model: Model, f: Frame) -> str:
    share = percent(model.data_bps)
    return f"{share} to artists" if f.kind == "wide" else share


def _head(x: float, y: float, title: str, note: str, f: Frame, anchor: str) -> str:
    return (
        f'<text class="head" x="{x:g}" y="{y:.1f}" text-anchor="{anchor}" '
        f'font-size="{f.text + 1:g}">{escape(title)}</text>'
        f'<text class="quiet" x="{x:g}" y="{y + f.text * 1.35:.1f}" text-anchor="{anchor}" '
        f'font-size="{f.text:g}">{escape(note)}</text>'
    )
