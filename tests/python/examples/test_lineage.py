"""The lineage is drawn in proportion, links only what rests on each other, and stays legible."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from itertools import combinations, pairwise
from unicodedata import east_asian_width

import pytest
from examples.openmoji.drawings import Drawing
from examples.openmoji.lineage import lineage, payouts
from examples.openmoji.preview import REFUSED, TUNED_ON, summary
from examples.openmoji.summary import Summary

from .conftest import blank_outputs
from .page import Node, parse

Box = tuple[float, float, float, float]


def of(drawings: Sequence[Drawing], many: int) -> Summary:
    """The same facts with so many artists: who is in both models first, then who refused."""
    names = list(dict.fromkeys([TUNED_ON, REFUSED, *(d.author for d in drawings)]))[:many]
    return summary([d for d in drawings if d.author in names], blank_outputs())


def renamed(facts: Summary) -> Summary:
    """With names in Japanese, and one that is too long for any row."""
    new = {}
    for i, artist in enumerate(facts.artists):
        if artist.name not in (TUNED_ON, REFUSED):
            new[artist.name] = (
                f"名前がとても長い作画監督の{i}" if i % 2 else f"{'Wolfeschlegel' * 3} {i}"
            )
    models = tuple(
        dataclasses.replace(m, uses={new.get(n, n): w for n, w in m.uses.items()})
        for m in facts.models
    )
    artists = tuple(dataclasses.replace(a, name=new.get(a.name, a.name)) for a in facts.artists)
    return dataclasses.replace(facts, artists=artists, models=models)


def pictures(facts: Summary) -> dict[str, Node]:
    return {svg.attrs["class"].split()[1]: svg for svg in parse(lineage(facts)).all("svg")}


def size(svg: Node) -> tuple[float, float]:
    _, _, width, height = map(float, svg.attrs["viewbox"].split())
    return width, height


def box(text: Node) -> Box:
    """Where a text is at most: 0.6 em a letter, 1 em where it is wide, 1.2 em high."""
    em = float(text.attrs["font-size"])
    wide = em * sum(1.0 if east_asian_width(c) in "WF" else 0.6 for c in text.words)
    x, y = float(text.attrs["x"]), float(text.attrs["y"])
    left = {"start": x, "middle": x - wide / 2, "end": x - wide}[text.attrs["text-anchor"]]
    return left, y - 0.6 * em, left + wide, y + 0.6 * em


def overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def rect(node: Node) -> tuple[float, float]:
    """Where a bar begins, and how high it is."""
    return float(node.attrs["y"]), float(node.attrs["height"])


@pytest.mark.parametrize("names", ["as they are", "long and Japanese"])
@pytest.mark.parametrize("many", [1, 5, 38, 121])
def test_labels_never_overlap_or_leave_the_picture(
    drawings: list[Drawing], many: int, names: str
) -> None:
    facts = of(drawings, many)
    assert len(facts.artists) == many
    for svg in pictures(facts if names == "as they are" else renamed(facts)).values():
        width, height = size(svg)
        texts = list(svg.all("text"))
        for one, other in combinations(texts, 2):
            assert not overlap(box(one), box(other)), (one.words, other.words)
        for text in texts:
            left, top, right, bottom = box(text)
            assert left >= 0 and top >= 0 and bottom <= height, text.words
            assert right <= width, text.words


def test_letters_are_ten_pixels_on_the_narrowest_phone_and_desk(facts: Summary) -> None:
    """The tall picture from 320 pixels on, the wide one from 1041: less the page's margins."""
    for kind, room in (("tall", 320 - 2 * 16), ("wide", 1041 - 2 * 24)):
        svg = pictures(facts)[kind]
        smallest = min(float(text.attrs["font-size"]) for text in svg.all("text"))
        assert smallest * min(room / size(svg)[0], 1) >= 10


@pytest.mark.parametrize("many", [1, 5, 38, 121])
def test_bars_and_ribbons_are_in_proportion_and_complete(
    drawings: list[Drawing], many: int
) -> None:
    facts = of(drawings, many)
    whole = sum(facts.models[0].uses.values())
    for svg in pictures(facts).values():
        node, tuned = (rect(n)[1] for n in svg.all("rect", "node"))
        inside = 0.0
        uses = 0
        for row in svg.all("g"):
            if not (bars := list(row.all("rect", "who"))):
                continue
            said = re.search(r"([\d,]+) uses? by Model 1", row.one("title").words)
            assert said, "every row says how much it is"
            used = int(said[1].replace(",", ""))
            uses += used
            assert rect(bars[0])[1] == pytest.approx(max(node * used / whole, 1), abs=0.01)
            ribbon = re.search(r"v([\d.]+)C", next(row.all("path")).attrs["d"])
            assert ribbon
            inside += float(ribbon[1])
        assert uses == whole, "nobody is missing"
        assert inside == pytest.approx(node, abs=0.5), "ribbons fill the model"
        assert tuned >= node
        paid = rect(next(svg.all("rect", "till")))[1]
        shares = [bps for _, _, bps in payouts(facts)]
        got = [rect(bar)[1] for bar in svg.all("rect", "got")]
        assert sum(shares) == 10_000
        assert got == pytest.approx([paid * bps / 10_000 for bps in shares], abs=0.01)


def test_the_shares_in_the_picture_are_those_that_were_paid(facts: Summary) -> None:
    """The terms' shares against the money: at most a rounding apart."""
    gross = facts.payments[0].amount_in
    asked: dict[str, int] = {}
    for name, why, bps in payouts(facts):
        key = name if name in ("Creator", "Developer of model 1", "Developer of model 2") else "all"
        asked[key] = asked.get(key, 0) + bps
        assert why
    paid = {p.name: p.amounts["ETH"] for p in facts.payees if p.role != "artist"}
    paid["all"] = sum(p.amounts["ETH"] for p in facts.payees if p.role == "artist")
    assert {name: gross * bps // 10_000 for name, bps in asked.items()} == pytest.approx(
        paid, abs=facts.payments[0].bound
    )


def test_the_refused_artist_is_linked_to_nothing(facts: Summary) -> None:
    for svg in pictures(facts).values():
        assert REFUSED not in svg.words


def test_who_is_in_both_models_is_linked_to_both_and_stands_first(facts: Summary) -> None:
    for svg in pictures(facts).values():
        rows = [row for row in svg.all("g") if list(row.all("rect", "who"))]
        assert [len(list(row.all("path"))) for row in rows] == [2] + [1] * (len(rows) - 1)
        assert rows[0].one("text").words == TUNED_ON


def test_the_most_used_are_named_and_the_rest_is_counted(facts: Summary) -> None:
    uses = facts.models[0].uses
    ranked = sorted((n for n in uses if n != TUNED_ON), key=lambda n: (-uses[n], n))
    for svg in pictures(facts).values():
        labels = [row.one("text").words for row in svg.all("g") if list(row.all("rect", "who"))]
        more = [int(label.split()[0]) for label in labels if label.endswith(" more")]
        named = labels[1 : len(labels) - len(more)]
        assert named == ranked[: len(named)] and len(named) >= 12
        assert 1 + len(named) + sum(more) == len(uses) == 120


def test_rows_stand_one_under_the_other(facts: Summary) -> None:
    for svg in pictures(facts).values():
        bars = [rect(bar) for bar in svg.all("rect", "who")]
        assert all(y + height < below for (y, height), (below, _) in pairwise(bars))


def test_as_many_pictures_are_shown_as_the_head_says(facts: Summary) -> None:
    outputs = facts.batch.outputs * 8
    many = dataclasses.replace(facts, batch=dataclasses.replace(facts.batch, outputs=outputs))
    for drawn in re.findall(r'<svg class="flow.*?</svg>', lineage(many), re.S):
        assert drawn.count("<image ") == 48 and ">48 pictures<" in drawn
