"""Series: what one wallet said about collections, followed as far as it holds together."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiseki.core.keccak import keccak256
from kiseki.core.series import Followed, Instalment, Told, Words
from kiseki.errors import InvalidInput

SALT = keccak256(b"salt")


def some(number: int) -> bytes:
    return keccak256(b"collection %d" % number)


FIRST = Instalment(some(1), None, 1, "Foxes", SALT)


def told(number: int, before: int | None, n: int) -> Told:
    said = Instalment(some(number), None if before is None else some(before), n, "", SALT)
    return Told(said, 1_000 + number, number)


def follow(said: list[Told], start: bytes) -> Followed:
    return Words(said).follow(start)


def chain(length: int) -> list[Told]:
    return [told(n, n - 1 if n > 1 else None, n) for n in range(1, length + 1)]


def test_each_says_the_one_before_and_the_name_is_carried_on() -> None:
    second = FIRST.next(some(2))
    assert (second.number, second.before, second.name, second.salt) == (2, some(1), "Foxes", SALT)
    for each in (FIRST, second):
        assert Instalment.from_json(each.to_json()) == each
        assert each.hash == keccak256(each.to_json().encode())
    again = json.loads(second.to_json())
    assert set(again) == {"format", "name", "salt", "collection", "before", "number"}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"number": 1}, "the first of a series"),
        ({"before": None}, "the first of a series"),
        ({"number": "2"}, "whole number"),
        ({"number": True}, "whole number"),
        ({"number": 2**32}, "out of range"),
        ({"name": "a\nb"}, "one line"),
        ({"name": "x" * 201}, "one line"),
        ({"name": None}, "one line"),
        ({"salt": "0x00"}, "32 bytes"),
        ({"before": "0x" + some(2).hex()}, "cannot come after itself"),
        ({"format": "kiseki-derived-v1"}, "format must be"),
        ({"more": 1}, "exactly the members"),
    ],
)
def test_what_is_no_instalment_is_refused(change: dict[str, Any], why: str) -> None:
    said = json.loads(FIRST.next(some(2)).to_json()) | change
    with pytest.raises(InvalidInput, match=why):
        Instalment.from_json(json.dumps(said))


@given(st.permutations(chain(6)), st.integers(1, 6))
def test_a_series_is_found_from_any_of_its_collections(said: list[Told], start: int) -> None:
    found = follow(said, some(start))
    assert found.collections == tuple(some(n) for n in range(1, 7)) and found.problems == ()


def test_a_series_of_10_000_is_followed_without_a_stack() -> None:
    found = follow(chain(10_000), some(5_000))
    assert len(found.told) == 10_000 and found.problems == ()


def test_a_fork_is_told_and_not_followed() -> None:
    said = [*chain(3), told(9, 2, 3)]
    before = follow(said, some(1))
    assert before.collections == (some(1), some(2))
    (problem,) = before.problems
    assert problem.kind == "fork" and problem.collection == some(2)
    assert set(problem.others) == {some(3), some(9)}
    assert "none is followed" in problem.words
    assert follow(said, some(9)).collections == (some(9),), "neither side is the series"
    assert follow(said, some(9)).problems[0].kind == "fork"


def test_a_gap_and_a_wrong_number_are_told_and_not_followed() -> None:
    gap = follow([told(1, None, 1), told(3, 2, 3), told(4, 3, 4)], some(4))
    assert gap.collections == (some(3), some(4))
    assert [(e.kind, e.collection, e.others) for e in gap.problems] == [
        ("gap", some(3), (some(2),))
    ]
    assert "says nothing" in gap.problems[0].words
    said = [told(1, None, 1), told(2, 1, 7)]
    for start in (1, 2):
        wrong = follow(said, some(start))
        assert wrong.collections == (some(start),)
        assert [each.kind for each in wrong.problems] == ["number"]
    beside = follow([*chain(3), told(9, 2, 8)], some(1))
    assert beside.collections == (some(1), some(2), some(3)), "a wrong number is no fork"
    assert [each.kind for each in beside.problems] == ["number"]


def test_what_nobody_said_is_no_series() -> None:
    assert follow(chain(3), some(9)).told == () == follow([], some(1)).told
    assert follow([], some(1)).name == ""
    with pytest.raises(InvalidInput, match="two words"):
        follow([told(1, None, 1), told(1, None, 1)], some(1))


links = st.lists(
    st.tuples(st.integers(0, 7), st.integers(0, 7), st.integers(2, 9)), unique_by=lambda e: e[0]
).map(lambda rows: [told(a, b, n) for a, b, n in rows if a != b])


@given(links, st.integers(0, 7))
def test_whatever_is_said_it_ends_and_every_link_holds(said: list[Told], start: int) -> None:
    """Circles too: each number is one more than the one before, so nothing goes round."""
    found = follow(said, some(start))
    listed = [each.instalment for each in found.told]
    assert len({each.collection for each in listed}) == len(listed)
    for before, after in pairwise(listed):
        assert after.before == before.collection and after.number == before.number + 1
        rivals = [e for e in said if e.instalment.before == before.collection
                  and e.instalment.number == after.number]  # fmt: skip
        assert len(rivals) == 1
