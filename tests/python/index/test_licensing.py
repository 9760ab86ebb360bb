"""Terms under works and works under terms, against what lineages show."""

import pytest

from kiseki.core.terms import Terms
from kiseki.index import Index

from .busy import Busy, busy
from .diamond import TRAIN, Diamond
from .world import SUITE, named


def terms_by_hand(index: Index, group: bytes) -> set[bytes]:
    found = set()
    for node in index.lineage(group).nodes:
        if node.kind == "collection":
            found.add(index.collection(node.id).terms_id)
        elif node.kind == "model":
            found.add(index.model(node.id).terms_id)
    return found


def works(index: Index) -> list[bytes]:
    return [*index.registered("ModelRegistry"), *index.registered("OutputRegistry")]


def check(world: Busy, index: Index, told: Index) -> None:
    under: dict[bytes, set[bytes]] = {each: set() for each in world.terms}
    for work in works(index):
        found = told.overview.terms_of(work)
        assert len(found) == len(set(found))
        assert set(found) == terms_by_hand(index, work)
        for node in index.lineage(work).nodes:
            if node.kind == "collection":
                under[index.collection(node.id).terms_id].add(work)
    assert any(under.values())
    for terms, expected in under.items():
        rows = told.overview.works_under(terms, most=1000)
        assert {each.id for each in rows} == expected and len(rows) == len(expected)
        assert [each.place for each in rows] == sorted(each.place for each in rows)
        for each in rows:
            sources = index.sources(each.id).collections
            declared = {index.collection(source.id).terms_id for source in sources}
            assert each.is_direct is (terms in declared)
            between = [m for m in index.sources(each.id).models if m in expected]
            assert each.through == (() if each.is_direct else tuple(sorted(between)))
        pages: list[object] = []
        last = -1
        while page := told.overview.works_under(terms, after=last, most=2):
            assert len(page) <= 2
            pages, last = pages + page, page[-1].place
        assert pages == rows


@pytest.mark.parametrize("seed", range(4))
def test_terms_and_works_are_those_of_the_lineages(seed: int) -> None:
    """Promise 2."""
    world, index = busy(seed)
    check(world, index, index)


def test_in_postgresql_too(postgres: str) -> None:
    world, index = busy(2)
    other = Index(SUITE.items(), postgres)
    other.apply(world.events)
    check(world, index, other)
    other.close()


def test_terms_that_nobody_uses_and_works_that_are_not_there_have_nothing() -> None:
    world = Diamond()
    unused = Terms.of("train", royalty="9%")
    world.define(unused)
    overview = world.index().overview
    assert overview.works_under(unused.id) == overview.works_under(named("x")) == []
    assert overview.terms_of(named("x")) == overview.terms_of(world.art) == []
    works = [(each.kind, each.is_direct) for each in overview.works_under(TRAIN.id)]
    assert works == [("model", True), ("model", True), ("model", False), ("batch", False)]
    assert overview.works_under(TRAIN.id)[-1].through == tuple(sorted((world.left, world.right)))
    at = overview.works_under(TRAIN.id)[0].place >> 20
    assert [each.kind for each in overview.works_under(TRAIN.id, block=at)] == ["model"]
    assert overview.terms_of(world.frames, block=at) == []
