"""A circle's figures are the least that fit, whether they are leapt to or reached step by step."""

from random import Random
from unittest.mock import patch

import pytest

from kiseki.index.books import circles, leap
from kiseki.index.books.circles import Shape, Way, raise_to_rest
from kiseki.index.books.graph import Leaf
from kiseki.index.books.leap import Leap

NO_LEAF = Leaf(0, 0, 0, 0, 0, 0)


def leaving_of(ways: list[Way], count: int) -> list[list[tuple[int, int, int, int]]]:
    """The ways of each account."""
    return [[(n, *way[2:]) for n, way in enumerate(ways) if way.start == at] for at in range(count)]


def circle(draw: Random) -> Shape:
    """Accounts that pay the next one and some others, of all that they have at most."""
    count = draw.randrange(1, 9)
    ways = []
    for start in range(count):
        ends = [(start + 1) % count, *draw.choices(range(count), k=draw.choice([0, 0, 1, 3]))]
        shares = [draw.choice([1, 3, 50, 10**6, 10**18]) for _ in ends]
        rest = draw.choice([0, 1, sum(shares) // 3, sum(shares) * 4])
        total = sum(shares) + rest
        ways += [Way(NO_LEAF, start, e, s, total) for e, s in zip(ends, shares, strict=True)]
    leaving = leaving_of(ways, count)
    leap_ = Leap(count, [way[1:] for way in ways])
    return Shape([*range(count)], frozenset(range(count)), True, ways, leaving, [], leap_)


def raised(
    shape: Shape, virtual: list[int], brought: list[int]
) -> tuple[list[int], list[int], bool]:
    """V, and what came by each way."""
    virtual, brought = list(virtual), list(brought)
    at_rest = raise_to_rest(virtual, shape, brought)
    return virtual, brought, at_rest


@pytest.mark.parametrize("seed", range(8))
def test_who_leaps_comes_to_the_least_figures_that_fit(seed: int) -> None:
    """Invariant 10. Step by step takes a budget without end here, so that it comes to rest too."""
    draw = Random(seed)
    leapt = 0
    for _ in range(60):
        shape = circle(draw)
        virtual = [draw.choice([0, 0, 1, 7, 10**18, 2**127]) for _ in shape.members]
        brought = [0] * len(shape.ways)
        for _ in range(3):  # and on from there, where more came
            step_by_step = shape._replace(leap=None)
            with patch.object(circles, "BUDGET", 200_000):
                expected = raised(step_by_step, virtual, brought)
            told = raised(shape, virtual, brought)
            if not expected[2]:
                assert not told[2]
                break
            if not told[2]:  # the budget is spent
                break
            assert told == expected
            virtual, brought, _ = told
            virtual[draw.randrange(len(virtual))] += draw.choice([1, 10**9, 10**24])
            before = list(brought)
            assert shape.leap is not None
            shape.leap.go(list(virtual), before)
            leapt += before != brought
    assert leapt > 20


def test_a_long_circle_that_keeps_nearly_all_comes_to_rest_within_the_budget() -> None:
    """Step by step would take several times the budget, so its figures would be told as a least."""
    count = 30
    ways = [Way(NO_LEAF, at, (at + 1) % count, 999, 1_000) for at in range(count)]
    shape = Shape([*range(count)], frozenset(), True, ways, leaving_of(ways, count), [], None)
    virtual = [10**20, *[0] * (count - 1)]
    assert not raised(shape, virtual, [0] * count)[2]
    shape = shape._replace(leap=Leap(count, [way[1:] for way in ways]))
    told, brought, at_rest = raised(shape, virtual, [0] * count)
    assert at_rest
    for way, came in zip(ways, brought, strict=True):
        assert came == told[way.start] * 999 // 1_000


def test_what_the_elimination_says_is_not_believed_without_proof() -> None:
    """Where it says too much, the figures stay the least that fit."""
    ways = [Way(NO_LEAF, 0, 1, 1, 2), Way(NO_LEAF, 1, 0, 1, 2)]
    parts = [way[1:] for way in ways]
    shape = Shape([0, 1], frozenset([0, 1]), True, ways, leaving_of(ways, 2), [], None)
    expected = raised(shape, [10**18, 0], [0, 0])
    too_much = Leap(2, parts)
    honest = leap.Leap._solve

    def solve(self: Leap, values: list[int]) -> list[int]:
        return [each * 101 // 100 for each in honest(self, values)]

    with patch.object(leap.Leap, "_solve", solve):
        assert raised(shape._replace(leap=too_much), [10**18, 0], [0, 0]) == expected
