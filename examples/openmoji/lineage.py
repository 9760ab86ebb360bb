"""The lineage as a picture: drawings to models to pictures, and what those earned back to people.

Every width is in proportion: grey is how often training used somebody's drawings, red is money as
a share of gross. Each row is at least as high as its label, so labels cannot touch, however many
artists there are; who comes after the first rows is gathered by size and named in the credits.
It is drawn twice, wide for a desk and tall for a phone; the style sheet shows one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from unicodedata import east_asian_width

from examples.openmoji.marks import ranked, share
from examples.openmoji.summary import Artist, Picture, Summary
from examples.openmoji.units import percent, plural

TEXT = 13.0
"""Letters, in the picture's own units: as many pixels when it is shown at its own width."""
LINE = 21.0
"""The least that a row with one line of text takes."""
TOP = 66.0
"""Where the rows begin, under the columns' heads."""
GROUPS = (100, 10, 0)
"""Who is not named is gathered: at least 1%, at least 0.1%, less. Hundredths of a percent."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the columns stand."""

    kind: str
    width: float
    named: int
    """How many artists get a row of their own."""
    name: float
    """Where the names end."""
    share: float
    """Where the shares end."""
    bar: float
    base: float
    tuned: float
    node: float
    """How wide a bar is; the models' are twice as wide."""
    height: float
    """How high all uses are together, and all money."""
    paid: float
    """Where the money begins."""
    payee: float
    """Where it arrives."""
    pictures: float
    per_row: int
    picture: float


WIDE = Frame("wide", 1080, 22, 166, 222, 232, 404, 530, 7, 400, 778, 882, 606, 4, 33)
TALL = Frame("tall", 350, 14, 132, 190, 195, 268, 330, 6, 300, 0, 118, 0, 12, 29)


@dataclass(frozen=True, slots=True)
class Row:
    """An artist, or several: what was used of theirs, and where it stands."""

    label: str
    say: str
    first: int
    """Uses by the first model."""
    second: int
    """Uses by the last one, if it is another."""
    many: int
    slot: float
    """How much height it takes."""

    @property
    def both(self) -> bool:
        return bool(self.first and self.second)


def lineage(summary: Summary) -> str:
    return "".join(_svg(summary, frame) for frame in (WIDE, TALL))


def text_width(words: str, size: float = TEXT) -> float:
    """At least as wide as common system fonts set it."""
    return size * sum(1.0 if east_asian_width(c) in "WF" else 0.6 for c in words)


def _svg(summary: Summary, f: Frame) -> str:
    scale = f.height / (sum(summary.models[0].uses.values()) or 1)
    rows = _rows(summary, f, scale)
    wide = f.kind == "wide"
    tall = max(sum(r.slot for r in rows), f.height + (40 if wide else 2 * LINE + 60))
    middle = TOP + tall / 2
    uses, tuned_end = _uses(summary, rows, f, scale, middle)
    sheet = summary.batch.outputs[: f.per_row * (12 if wide else 4)]
    sheet_height = -(-len(sheet) // f.per_row) * f.picture
    if wide:
        sheet_top, paid_middle, heads = middle - sheet_height / 2, middle, 20.0
        bottom = TOP + tall + 8
    else:
        sheet_top = TOP + tall + 76
        heads = sheet_top + sheet_height + 52
        paid_middle = heads + 46 + f.height / 2 + 30
        bottom = paid_middle + f.height / 2 + 60
    parts = [
        uses,
        _sheet(sheet, f, sheet_top),
        _head(f.pictures, 20 if wide else sheet_top - 32, plural(len(summary.batch.outputs),
              "picture"), "one batch, registered", "start"),
        _money(summary, f, paid_middle, heads),
    ]  # fmt: skip
    if wide:
        right = f.pictures + f.per_row * f.picture
        parts += [_arrow(tuned_end + 6, middle, f.pictures - 8, middle),
                  _arrow(right + 4, middle, f.paid - 6, middle)]  # fmt: skip
    else:
        spine = tuned_end - f.node
        parts += [_arrow(spine, TOP + tall + 4, spine, sheet_top - 8),
                  _arrow(f.node, sheet_top + sheet_height + 4, f.node, heads - 18)]  # fmt: skip
    first, last = summary.models[0], summary.models[-1]
    describe = (
        f"{plural(len(ranked(summary)), 'artist')} lead to {first.name}"
        + (f", which {last.name} continues" if last is not first else "")
        + f", and so to {plural(len(summary.batch.outputs), 'picture')}. Of what is paid for them, "
        + "; ".join(f"{percent(bps)} goes to {name}" for name, _, bps in payouts(summary))
        + ". Every artist is listed under the picture."
    )
    title = "From drawings to models to pictures, and the money back"
    return (
        f'<svg class="flow {f.kind}" viewBox="0 0 {f.width:g} {bottom:.0f}" role="img" '
        f'aria-labelledby="{f.kind}-title {f.kind}-desc"><title id="{f.kind}-title">{title}</title>'
        f'<desc id="{f.kind}-desc">{escape(describe)}</desc>{"".join(parts)}</svg>'
    )


# Drawings to models


def _rows(summary: Summary, f: Frame, scale: float) -> list[Row]:
    artists = ranked(summary)
    first, last = summary.models[0], summary.models[-1]
    whole = sum(first.uses.values())

    def row(label: str, members: Sequence[Artist], spread: str = "") -> Row:
        one = sum(first.uses.get(a.name, 0) for a in members)
        two = 0 if last is first else sum(last.uses.get(a.name, 0) for a in members)
        say = f"{label}: {plural(sum(a.drawings for a in members), 'drawing')}, "
        say += f"{plural(one, 'use')} by {first.name}"
        say += f", {plural(two, 'use')} by {last.name}" if two else ""
        say += spread
        return Row(label, say, one, two, len(members), max(LINE, max(one, two) * scale + 5))

    # One too many for a group of its own is named too.
    named = f.named if len(artists) > f.named + 1 else len(artists)
    rows = [row(a.name, [a]) for a in artists[:named]]
    rest = artists[named:]
    above = 10_001
    for least in GROUPS:
        each = [
            a for a in rest if least <= 10_000 * first.uses.get(a.name, 0) / (whole or 1) < above
        ]
        above = least
        if each:
            low, high = (share(first.uses.get(a.name, 0), whole) for a in (each[-1], each[0]))
            spread = f"; {low} to {high} each" if low != high else f"; {low} each"
            rows.append(row(f"{len(each)} more", each, spread))
    return rows


def _uses(
    summary: Summary, rows: Sequence[Row], f: Frame, scale: float, middle: float
) -> tuple[str, float]:
    """The artists' rows, their ribbons, the models; and where the last model's bar ends."""
    first, last = summary.models[0], summary.models[-1]
    whole = sum(first.uses.values())
    height = whole * scale
    top = into = middle - height / 2
    own = sum(r.second for r in rows) * scale
    y, aside = TOP, top - max(own, 3.0) - 1
    left, right = f.base + 2 * f.node, f.tuned
    parts = []
    for r in rows:
        h, centre = r.first * scale, y + r.slot / 2
        thick = max(h, 1.0)
        kind = " both" if r.both else " many" if r.many > 1 else ""
        begin = centre - thick / 2
        x = f.bar + f.node
        parts.append(
            f"<g><title>{escape(r.say)}</title>"
            + (_ribbon(f"use{kind}", x, begin, f.base, into, thick, h) if h else "")
        )
        if r.second:
            more = max(r.second * scale, 3.0)
            parts.append(_ribbon("use both", x, begin, right, aside, thick, more))
            aside += more
        parts.append(
            f'<rect class="who{kind}" x="{f.bar:g}" y="{begin:.2f}" width="{f.node:g}" '
            f'height="{thick:.2f}"/>'
            + _text(f.name, centre, _fit(r.label, f.name), "end", "name" + kind)
            + _text(f.share, centre, share(r.first, whole), "end", "soft")
            + "</g>"
        )
        into += h
        y += r.slot
    parts.append(_node(f.base, top, 2 * f.node, height))
    parts += [
        _head(f.share, 20, plural(sum(r.many for r in rows), "artist"), "and their share", "end"),
    ]
    if f.kind == "wide":
        parts.append(_head(f.base, 20, first.name, plural(whole, "use"), "start"))
    else:
        parts.append(_head(left, 20, first.name, plural(whole, "use"), "end"))
    if last is first:
        return "".join(parts), left
    parts.insert(0, _ribbon("passes", left, top, right, top, height, height))
    parts.append(_node(right, top - max(own, 3.0) - 1, 2 * f.node, height + max(own, 3.0) + 1))
    note = f"+ {plural(sum(last.uses.values()), 'use')}"
    if f.kind == "wide":
        parts.append(_head(right, 20, last.name, note, "start"))
    else:  # no room beside the first model's: under its own bar
        parts.append(_head(f.width, top + height + 22, last.name, note, "end"))
    return "".join(parts), right + 2 * f.node


# Money to people


def payouts(summary: Summary) -> list[tuple[str, str, int]]:
    """Who gets what share of gross, as the terms have it: name, why, hundredths of a percent."""
    shares = []
    for m in reversed(summary.models):
        shares.append((m.developer, f"for {m.name}", m.developer_bps))
    for m in reversed(summary.models):
        used = [name for name, weight in m.uses.items() if weight]
        who = used[0] if len(used) == 1 else plural(len(used), "artist")
        shares.append((who, f"for {m.name}", m.data_bps))
    rest = 10_000 - sum(bps for _, _, bps in shares)
    return [(summary.batch.creator, "all the rest", rest), *shares]


def _money(summary: Summary, f: Frame, middle: float, heads: float) -> str:
    rows = payouts(summary)
    scale = f.height / 10_000
    slots = [max(bps * scale + 8, 2 * LINE) for _, _, bps in rows]
    y, out = middle - sum(slots) / 2, middle - f.height / 2
    if f.kind == "tall":
        y = max(y, heads + 34)
    parts = []
    for (name, why, bps), slot in zip(rows, slots, strict=True):
        h, centre = bps * scale, y + slot / 2
        label = f.payee + f.node + 8
        parts.append(
            f"<g><title>{escape(name)}, {escape(why)}: {percent(bps)} of gross</title>"
            + _ribbon("pay", f.paid + 2 * f.node, out, f.payee, centre - h / 2, h, h)
            + f'<rect class="got" x="{f.payee:g}" y="{centre - h / 2:.2f}" width="{f.node:g}" '
            f'height="{h:.2f}"/>'
            + _text(label, centre - 8, _fit(name, f.width - label), "start", "name")
            + _text(
                label, centre + 8, _fit(f"{percent(bps)}, {why}", f.width - label), "start", "soft"
            )
            + "</g>"
        )
        out += h
        y += slot
    parts.append(
        f'<rect class="till" x="{f.paid:g}" y="{middle - f.height / 2:.2f}" '
        f'width="{2 * f.node:g}" height="{f.height:g}"/>'
    )
    parts.append(_head(f.paid, heads, "Paid in", "the gross", "start"))
    parts.append(_head(f.payee, heads, "Paid out", "by the terms", "start"))
    return "".join(parts)


# Pieces


def _ribbon(kind: str, x0: float, y0: float, x1: float, y1: float, h0: float, h1: float) -> str:
    m = (x0 + x1) / 2
    return (
        f'<path class="{kind}" d="M{x0:g} {y0:.2f}C{m:g} {y0:.2f} {m:g} {y1:.2f} {x1:g} {y1:.2f}'
        f"v{h1:.2f}C{m:g} {y1 + h1:.2f} {m:g} {y0 + h0:.2f} {x0:g} {y0 + h0:.2f}"
        'Z"/>'
    )


def _node(x: float, y: float, width: float, height: float) -> str:
    return f'<rect class="node" x="{x:g}" y="{y:.2f}" width="{width:g}" height="{height:.2f}"/>'


def _arrow(x0: float, y0: float, x1: float, y1: float) -> str:
    head = "l-6 -4m6 4l-6 4" if y0 == y1 else "l-4 -6m4 6l4 -6"
    return f'<path class="arrow" d="M{x0:.1f} {y0:.1f}L{x1:.1f} {y1:.1f}{head}"/>'


def _sheet(pictures: Iterable[Picture], f: Frame, top: float) -> str:
    """What was generated, as a small contact sheet."""
    parts, side = [], f.picture - 3
    for i, picture in enumerate(pictures):
        x, y = f.pictures + i % f.per_row * f.picture, top + i // f.per_row * f.picture
        box = f'x="{x:.1f}" y="{y:.1f}" width="{side:g}" height="{side:g}"'
        parts.append(
            f'<rect class="sheet" {box}/><image {box} href="{picture.uri}">'
            f"<title>{escape(picture.caption)}</title></image>"
        )
    return "".join(parts)


def _fit(words: str, room: float) -> str:
    if text_width(words) <= room:
        return words
    while words and text_width(words + "…") > room:
        words = words[:-1]
    return words.rstrip() + "…"


def _text(x: float, y: float, words: str, anchor: str, kind: str, size: float = TEXT) -> str:
    return (
        f'<text class="{kind}" x="{x:g}" y="{y:.1f}" dy=".35em" text-anchor="{anchor}" '
        f'font-size="{size:g}">{escape(words)}</text>'
    )


def _head(x: float, y: float, title: str, note: str, anchor: str) -> str:
    return _text(x, y - 6, title, anchor, "head") + _text(x, y + 11, note, anchor, "soft")
