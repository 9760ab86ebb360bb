"""Who gets which part of what is paid to a model: the parts are those of the composed split, and
they add up."""

from collections import defaultdict
from fractions import Fraction

from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.python.index.world import ARTIST, DATA, STUDIO, World

from kiseki.client.models.sharing import MODEL, REST, composed, millionths, parts_of, shift
from kiseki.core import ids
from kiseki.core.terms import Terms
from kiseki.errors import CompositionError
from kiseki.index import Index

WHOLES = st.lists(st.integers(0, 10**20), min_size=1, max_size=40).filter(any)


@given(WHOLES)
def test_millionths_add_up_and_none_is_off_by_one(weights: list[int]) -> None:
    parts = [Fraction(each, sum(weights)) for each in weights]
    whole = millionths(parts)
    assert sum(whole) == 10**6
    assert all(abs(n - part * 10**6) < 1 for n, part in zip(whole, parts, strict=True))


def test_millionths_of_nothing_are_nothing() -> None:
    assert millionths([]) == [] and millionths([Fraction(0)]) == [0]
    assert millionths([Fraction(1, 3)] * 3) == [333_334, 333_333, 333_333]


asked = st.tuples(st.integers(0, 3_000), st.integers(0, 200), st.integers(1, 10**6))
"""Royalty and floor in basis points, and a weight."""


@settings(max_examples=40)
@example([(0, 0, 1)], [(0, 0, 2)], True)  # data that asks nothing
@example([(3_000, 200, 1)], [], True)  # tuned on nothing new
@given(st.lists(asked, min_size=1, max_size=5), st.lists(asked, max_size=3), st.booleans())
def test_the_parts_are_those_of_the_split_that_is_composed(
    first: list[tuple[int, int, int]], second: list[tuple[int, int, int]], tuned: bool
) -> None:
    """For made-up chains of two models, against the split followed leaf by leaf."""
    world = World()
    made = {}
    for n, (royalty, floor, weight) in enumerate([*first, *second]):
        terms = Terms.of("train", percent_of(royalty), percent_of(min(floor, royalty)))
        made[world.collection(STUDIO if n % 2 else ARTIST, terms, [f"{n}"])] = weight
    below = dict(list(made.items())[: len(first)])
    above = dict(list(made.items())[len(first) :]) if tuned else made
    asks = Terms.of("train", "5%")
    base = world.model("base", below, terms=asks)
    top = world.model("top", above, [base] if tuned else [], terms=asks)
    index = world.index()
    for model in (base, top):
        record, sources = index.model(model), index.sources(model)
        new = composed(index, model, sources.collections, sources.models, 500, record.payee)
        assert new.split.key == record.split, "what the registry logged"
        parts = parts_of(index, model, new, sources.collections)
        assert sum(parts.values()) == 1
        assert followed(index, model, record.split) == parts
        rows = shift(index, record.developer, {}, parts)
        assert {(each.kind, each.id): each.after for each in rows} == parts
        assert all(each.before == 0 for each in rows)
        assert {each.who for each in rows if each.kind == "collection"} <= {ARTIST, STUDIO}


def percent_of(bps: int) -> str:
    return f"{bps / 100:.2f}%"


def followed(index: Index, model: bytes, key: bytes) -> dict[tuple[str, bytes], Fraction]:
    """The same, down the splits that the index knows: a leaf that is no subject is a developer's;
    whose, says the split in which it stands."""
    found: defaultdict[tuple[str, bytes], Fraction] = defaultdict(Fraction)
    collections = {
        ids.subject(DATA, each.id): each.id
        for ancestor in index.ancestry(model)
        for each in index.sources(ancestor.model).collections
    }

    def down(key: bytes, part: Fraction, of: tuple[str, bytes]) -> None:
        known = index.split(key)
        for payee, shares in known.split.leaves:
            each = part * Fraction(shares, known.split.total)
            if payee in collections:
                found["collection", collections[payee]] += each
            elif index.knows(payee):
                label = index.split(payee).labels[0]
                down(payee, each, (MODEL, label.group) if label.kind == "own" else of)
            else:
                found[of] += each

    down(key, Fraction(1), (REST, bytes(32)))
    return dict(found)


def test_what_asks_for_more_than_all_cannot_be_composed() -> None:
    world = World()
    dear = world.collection(ARTIST, Terms.of("train", "60%"), ["a"])
    base = world.model("base", {dear: 1}, terms=Terms.of("train", "30%"))
    index = world.index()
    source = index.sources(base).collections
    try:
        composed(index, bytes(32), source, [base], 500, ids.wallet(ARTIST))
    except CompositionError as error:
        assert "more than everything" in str(error)
    else:
        raise AssertionError("it takes 60% twice")
