"""What a page shows of a lineage: the same as the whole of it says, and no row more."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction

import pytest

from kiseki.index.answers.trace import Edge, Node
from kiseki.web.shown.lineages import EdgeRow, LineageShown, NodeRow, Rowed, lineage
from kiseki.web.shown.parts import ALONE, part

from .test_cost_of_questions import Tall


@pytest.mark.parametrize("collections", [3, ALONE + 1, ALONE + 2, 40])
def test_a_part_says_what_the_whole_says(collections: int) -> None:
    world = Tall(collections, 2)
    found = world.index().lineage(world.frames)
    whole, shown = lineage(found), part(found, most=4)
    assert (shown.id, shown.itself) == (whole.id, whole.nodes[0])
    assert (shown.to_data, shown.to_developers, shown.rest) == (
        whole.to_data, whole.to_developers, whole.rest,
    )  # fmt: skip
    assert shown.count == len(whole.nodes) - 1
    assert shown.rows == whole.nodes[1:5]
    further = part(found, after=4, most=4)
    assert (further.rows, further.drawn) == (whole.nodes[5:9], None)
    assert part(found, after=10**18).rows == []

    drawn = shown.drawn
    assert drawn is not None
    data = _by_share(whole)
    alone = len(data) if len(data) <= ALONE + 1 else ALONE
    assert drawn.data == data[:alone]
    assert drawn.others == len(data) - alone
    assert drawn.models == [each for each in whole.nodes[1:] if each.kind == "model"]
    named = {each.id for each in [*drawn.data, *drawn.models]}
    assert drawn.edges == [each for each in whole.edges if each.source in named]
    flows: defaultdict[str, Fraction] = defaultdict(Fraction)
    for each in whole.edges:
        if each.source not in named:
            flows[each.user] += Fraction(each.share)
    assert {each.user: each.share for each in drawn.others_flows} == pytest.approx(dict(flows))
    others = sum(Fraction(each.share) for each in data[alone:])
    assert drawn.others_share == pytest.approx(float(others))


def _by_share(whole: LineageShown) -> list[NodeRow]:
    data = [each for each in whole.nodes if each.kind == "collection"]
    return sorted(data, key=lambda each: (-Fraction(each.share), each.id))


def test_a_page_makes_a_row_of_nothing_that_it_does_not_show(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[object] = []

    class Counted(Rowed):
        def node(self, each: Node, share: Fraction) -> NodeRow:
            made.append(each)
            return super().node(each, share)

        def edge(self, each: Edge) -> EdgeRow:
            made.append(each)
            return super().edge(each)

    monkeypatch.setattr("kiseki.web.shown.parts.Rowed", Counted)
    counts = []
    for collections in (30, 90):
        world = Tall(collections, 2)
        found = world.index().lineage(world.frames)
        made.clear()
        part(found, most=10)
        counts.append(len(made))
    itself, rows, models, between = 1, 10, 2, 2
    # Both models and the batch rest on all of the data.
    assert counts == [itself + rows + ALONE + models + 3 * ALONE + between] * 2
