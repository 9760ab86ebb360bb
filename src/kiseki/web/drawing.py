"""The lineage as a picture: data on the left, models in between, the model or batch on the right.

Every width is in proportion to what goes there of the gross. Each row is at least as high as its
label, so labels cannot touch; what comes after the first rows is gathered and counted. It is drawn
twice, wide for a desk and narrow for a phone; the style sheet shows one. On a phone the models in
between are left out: the table under the picture has them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from unicodedata import east_asian_width

from kiseki.web.pieces import Pieces, quoted, short
from kiseki.web.shown.lineages import EdgeRow, NodeRow
from kiseki.web.shown.parts import ALONE, Drawn, Flow
from kiseki.web.words import Words

__all__ = ["picture"]

_TEXT = 13.0
"""Letters, in the picture's own units: pixels, when it is shown at its own width."""
_LINE = 22.0
"""The least that a row takes."""
_TOP = 50.0
"""Where the rows begin, under the heads of the columns."""
_HEIGHT = 340.0
"""How high all of the gross is together."""
_LEAST = 1.0
"""How thick a ribbon is at least, so that it can be seen."""


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where the columns stand."""

    kind: str
    width: float
    rows: int
    """Rows of data that stand alone."""
    label: float
    """Where labels end."""
    share: float
    """Where shares end."""
    bar: float
    goal: float
    """Where the bar of the model or batch begins."""
    thick: float
    """How wide a bar is; those of models are twice as wide."""
    has_models: bool


_WIDE = _Frame("wide", 1080, ALONE, 150, 210, 220, 1060, 7, True)
_NARROW = _Frame("narrow", 350, 14, 136, 190, 197, 336, 6, False)


_Key = tuple[str, str, str]
"""Kind, ID and document of a source."""


@dataclass(frozen=True, slots=True)
class _Row:
    """Data in a row: one collection or external model, or several."""

    label: str
    href: str
    share: float
    members: tuple[NodeRow, ...]
    flows: Sequence[Flow]
    """Of what it gathers beside its members."""
    kind: str


def picture(goal: NodeRow, count: int, drawn: Drawn, pieces: Pieces) -> str:
    """Both drawings as SVG; empty where it rests on nothing.

    Args:
        goal: the model or batch itself.
        count: how many things it rests on.
        drawn: the largest of them, and what the others are together.
        pieces: in the visitor's language, with the names of what is drawn.
    """
    if not count:
        return ""
    edges: defaultdict[_Key, list[EdgeRow]] = defaultdict(list)
    for edge in drawn.edges:
        edges[edge.kind, edge.source, edge.document].append(edge)
    return "".join(_svg(goal, count, drawn, edges, pieces, f) for f in (_WIDE, _NARROW))


def _svg(
    goal: NodeRow, count: int, drawn: Drawn, edges: Mapping[_Key, Sequence[EdgeRow]],
    pieces: Pieces, f: _Frame,
) -> str:  # fmt: skip
    """One drawing, with the edges by their source."""
    words, rows = pieces.words, _rows(drawn, pieces, f)
    slots = [max(_LINE, row.share * _HEIGHT + 6) for row in rows]
    tall = max(sum(slots), _HEIGHT + _LINE)
    middle = _TOP + tall / 2
    y = _TOP + (tall - sum(slots)) / 2
    centres = []
    for slot in slots:
        centres.append(y + slot / 2)
        y += slot
    boxes = _models(goal, drawn, f, middle) if f.has_models else {}
    into: defaultdict[str, float] = defaultdict(float)
    top = middle - _HEIGHT / 2
    parts, bars = [], []
    for row, centre in zip(rows, centres, strict=True):
        thick = max(row.share * _HEIGHT, _LEAST)
        bars.append(_bar(row, centre, thick, f, words))
        begin = centre - thick / 2
        for user, share in _targets(edges, row, goal.id, boxes):
            height = share * _HEIGHT
            x, end = (f.goal, top) if user == goal.id else boxes[user][:2]
            parts.append(
                _ribbon(row.kind, f.bar + f.thick, begin, x, end + into[user], max(height, _LEAST),
                        max(height, _LEAST))
            )  # fmt: skip
            begin, into[user] = begin + height, into[user] + height
    for edge in drawn.edges:
        if edge.kind == "model" and edge.source in boxes:
            x, y0, height = boxes[edge.source]
            wide = min(height, 26.0)
            ends = (f.goal, top) if edge.user == goal.id else boxes[edge.user][:2]
            start = y0 + (height - wide) / 2
            parts.append(
                _ribbon("passes", x + 2 * f.thick, start, ends[0], ends[1] + into[edge.user], wide,
                        wide)
            )  # fmt: skip
            into[edge.user] += wide
    nodes = [
        f'<a href="{pieces.root}/model/{key}"><rect class="node" x="{x:g}" y="{y:.2f}" '
        f'width="{2 * f.thick:g}" height="{height:.2f}"/>'
        + _text(x, y - 11, _called(key, pieces) or short(key), "start", "soft")
        + "</a>"
        for key, (x, y, height) in boxes.items()
    ]
    nodes.append(
        f'<rect class="till" x="{f.goal:g}" y="{top:.2f}" width="{2 * f.thick:g}" '
        f'height="{_HEIGHT:g}"/>'
    )
    heads = [_text(0, 20, words.say("Data, and its share of the money"), "start", "head")]
    if boxes:
        first = min(x for x, _, _ in boxes.values())
        heads.append(_text(first, 20, words.say("Models"), "start", "head"))
    kind = words.say("This batch") if goal.kind == "batch" else words.say("This model")
    heads.append(_text(f.goal + 2 * f.thick, 20, kind, "end", "head"))
    described = words.plural(
        "It rests on {number} thing, each named in the table below.",
        "It rests on {number} things, each named in the table below.",
        count,
    )
    title = words.say("From data to models to outputs")
    return (
        f'<svg class="flow {f.kind}" viewBox="0 0 {f.width:g} {_TOP + tall + 8:.0f}" role="group" '
        f'aria-labelledby="{f.kind}-title {f.kind}-desc"><title id="{f.kind}-title">'
        f'{escape(title)}</title><desc id="{f.kind}-desc">{escape(described)}</desc>'
        f"{''.join(parts)}{''.join(bars)}{''.join(nodes)}{''.join(heads)}</svg>"
    )


def _rows(drawn: Drawn, pieces: Pieces, f: _Frame) -> list[_Row]:
    """The largest first; one row too many for a row of its own is named too."""
    data, count = drawn.data, len(drawn.data) + drawn.others
    alone = data if count <= f.rows + 1 else data[: f.rows]
    rows = [
        _Row(
            _label(each, pieces),
            f"{pieces.root}/collection/{each.id}" if each.kind == "collection" else "",
            _part(each.share),
            (each,),
            (),
            _kind(each),
        )
        for each in alone
    ]
    if count > len(alone):
        words, rest = pieces.words, tuple(data[len(alone) :])
        label = words.plural("{number} more", "{number} more", count - len(alone))
        share = sum(_part(each.share) for each in rest) + drawn.others_share
        rows.append(_Row(label, "", share, rest, drawn.others_flows, "many"))
    return rows


def _kind(each: NodeRow) -> str:
    if each.kind == "external":
        return "unknown"
    if each.lapsed:
        return "over"
    return "use" if each.revoked_at is None else "revoked"


def _label(each: NodeRow, pieces: Pieces) -> str:
    """What a row is called: by its name, or that of its provider, in quotation marks, where one is
    known. A mark, and not a colour alone, says that consent does not hold as it did."""
    words = pieces.words
    if each.kind == "external":
        return words.say("not registered")
    label = _called(each.id, pieces) or _called(each.registrant, pieces) or short(each.id)
    return f"× {label}" if each.lapsed or each.revoked_at else label


def _called(value: str, pieces: Pieces) -> str:
    """What something is called, in quotation marks; empty where nobody here knows."""
    name = pieces.named.get(value.lower())
    return "" if name is None else quoted(name.text, pieces.words)


@lru_cache(4096)
def _part(share: str) -> float:
    """A fraction as a length of the picture; most sources have the same."""
    over, _, under = share.partition("/")
    return int(over) / int(under or 1)


def _targets(
    edges: Mapping[_Key, Sequence[EdgeRow]], row: _Row, goal: str, boxes: Mapping[str, object]
) -> list[tuple[str, float]]:
    """To whom a row goes, and how much of it; where no models are drawn, to the goal."""
    found: defaultdict[str, float] = defaultdict(float)
    for each in row.members:
        for edge in edges.get((each.kind, each.id, each.document), ()):
            user = edge.user if edge.user in boxes else goal
            found[user] += _part(edge.share)
    for flow in row.flows:
        found[flow.user if flow.user in boxes else goal] += flow.share
    return list(found.items())


def _models(
    goal: NodeRow, drawn: Drawn, f: _Frame, middle: float
) -> dict[str, tuple[float, float, float]]:
    """Model -> where its bar stands, and how high it is; those that others rest on further left."""
    depth = {goal.id: 0}
    for edge in drawn.edges:  # by depth: a user comes before what it rests on
        if edge.kind == "model":
            depth[edge.source] = max(depth.get(edge.source, 0), depth[edge.user] + 1)
    columns: defaultdict[int, list[NodeRow]] = defaultdict(list)
    for each in drawn.models:
        columns[depth[each.id]].append(each)
    if not columns:
        return {}
    step = (f.goal - f.bar - 120) / (max(columns) + 1)
    boxes = {}
    for place, models in columns.items():
        heights = [max(_part(each.share) * _HEIGHT, 10.0) for each in models]
        y = middle - (sum(heights) + 2 * _LINE * (len(models) - 1)) / 2
        for each, height in zip(models, heights, strict=True):
            boxes[each.id] = (f.goal - place * step, y, height)
            y += height + 2 * _LINE
    return boxes


def _bar(row: _Row, centre: float, thick: float, f: _Frame, words: Words) -> str:
    part = words.rounded(row.share)
    state = {
        "over": words.say("consent has ended"),
        "revoked": words.say("consent was revoked"),
    }.get(row.kind)
    code = short(row.members[0].id) if len(row.members) == 1 else row.label
    label = row.label if code in row.label or not row.href else f"{row.label}, {code}"
    told = f"{label}: {part}" + (f" ({state})" if state else "")
    inside = (
        f"<title>{escape(told)}</title>"
        f'<rect class="who {row.kind}" x="{f.bar:g}" y="{centre - thick / 2:.2f}" '
        f'width="{f.thick:g}" height="{thick:.2f}"/>'
        + _text(f.label, centre, _fit(row.label, f.label), "end", "name")
        + _text(f.share, centre, part, "end", "soft")
    )
    return f'<a href="{escape(row.href)}">{inside}</a>' if row.href else f"<g>{inside}</g>"


def _ribbon(
    kind: str, x0: float, y0: float, x1: float, y1: float, h0: float, h1: float
) -> str:  # fmt: skip
    m = (x0 + x1) / 2
    return (
        f'<path class="{kind}" d="M{x0:g} {y0:.2f}C{m:g} {y0:.2f} {m:g} {y1:.2f} {x1:g} {y1:.2f}'
        f'v{h1:.2f}C{m:g} {y1 + h1:.2f} {m:g} {y0 + h0:.2f} {x0:g} {y0 + h0:.2f}Z"/>'
    )


def _fit(text: str, room: float) -> str:
    if _width(text) <= room:
        return text
    while text and _width(text + "…") > room:
        text = text[:-1]
    return text.rstrip() + "…"


def _width(text: str) -> float:
    """At least as wide as common system fonts set it."""
    return _TEXT * sum(1.0 if east_asian_width(letter) in "WF" else 0.62 for letter in text)


def _text(x: float, y: float, text: str, anchor: str, kind: str) -> str:
    return (
        f'<text class="{kind}" x="{x:g}" y="{y:.1f}" dy=".35em" text-anchor="{anchor}" '
        f'font-size="{_TEXT:g}">{escape(text)}</text>'
    )
