"""What was made from what: rows of IDs, without circles, however deep and hostile."""

import json
from collections import defaultdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiseki.core.derived import ROWS, Derived, Row, circles, reached
from kiseki.core.keccak import keccak256
from kiseki.errors import InvalidInput

COLLECTION = keccak256(b"collection")


def some(number: int) -> bytes:
    return keccak256(b"item %d" % number)


def row(item: int, source: int, step: str = "clean") -> Row:
    return Row(some(item), some(source), step)


def up(rows: list[Row]) -> dict[bytes, list[Row]]:
    found = defaultdict(list)
    for each in rows:
        found[each.item].append(each)
    return dict(found)


pairs = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda p: p[0] != p[1]))


def test_a_document_says_ids_and_steps_in_one_text_and_nothing_else() -> None:
    made = Derived.of(COLLECTION, [row(3, 2, "colour"), row(2, 1, "清書"), row(3, 2, "colour")])
    assert Derived.from_json(made.to_json()) == made
    said = json.loads(made.to_json())
    assert set(said) == {"format", "collection", "rows"} and len(said["rows"]) == 2
    assert made.to_json().isascii() and made.hash == keccak256(made.to_json().encode())
    assert made.rows == tuple(sorted(made.rows))
    with pytest.raises(InvalidInput, match="by colour and by paint"):
        Derived.of(COLLECTION, [row(3, 2, "colour"), row(3, 2, "paint")])


@pytest.mark.parametrize("step", ["", " ", "a\nb", " clean", "x" * 41, "\x1b[31m", "a‮b", 7, None])
def test_a_step_is_a_word_that_shows_as_it_is(step: Any) -> None:
    with pytest.raises(InvalidInput, match="a step"):
        row(2, 1, step)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda said: said.update(rows=[]), "1 to 50,000 rows"),
        (lambda said: said.update(rows=said["rows"][::-1]), "out of order"),
        (lambda said: said.update(rows=said["rows"] + said["rows"][-1:]), "twice"),
        (lambda said: said["rows"][0].append("name.png"), "3 values"),
        (lambda said: said["rows"][0].__setitem__(0, said["rows"][0][2]), "from itself"),
        (lambda said: said.update(collection="0x12"), "the collection must be 32 bytes"),
        (lambda said: said.update(format="kiseki-series-v1"), "format must be"),
        (lambda said: said.update(more=1), "exactly the members"),
        (lambda said: said.update(rows=[said["rows"][0]] * (ROWS + 1)), "at most 50,000 rows"),
    ],
)
def test_what_is_no_document_is_refused(change: Any, why: str) -> None:
    said = json.loads(Derived.of(COLLECTION, [row(3, 2), row(2, 1)]).to_json())
    change(said)
    with pytest.raises(InvalidInput, match=why):
        Derived.from_json(json.dumps(said))


def test_a_circle_is_refused_however_long() -> None:
    """10,000 items, each made from the one before, and then the first from the last."""
    chain = [row(n + 1, n) for n in range(10_000)]
    assert len(Derived.of(COLLECTION, chain).rows) == 10_000
    with pytest.raises(InvalidInput, match=r"10,001 items .* in a circle"):
        Derived.of(COLLECTION, [*chain, row(0, 10_000)])


def test_a_chain_of_10_000_steps_is_followed_without_a_stack() -> None:
    chain = [row(n + 1, n) for n in range(10_000)]
    way = list(reached(up(chain), some(10_000), up=True))
    assert [away for away, _ in way] == list(range(1, 10_001))
    assert way[-1][1].made_from == some(0)


@given(pairs)
def test_circles_are_those_that_a_plain_search_finds(given_: list[tuple[int, int]]) -> None:
    """Against the closure of the relation, worked out the long way."""
    closure = set(given_)
    for k in range(8):
        closure |= {(a, b) for a in range(8) for b in range(8) if {(a, k), (k, b)} <= closure}
    on = {a for a, b in closure if a == b}
    between = {
        n for n in range(8)
        if any((n, c) in closure for c in on) and any((c, n) in closure for c in on)
    }  # fmt: skip
    assert circles(row(*each) for each in given_) == {some(n) for n in on | between}


@given(pairs, st.integers(0, 7))
def test_everything_that_leads_to_an_item_is_found_once_and_nearest_first(
    given_: list[tuple[int, int]], start: int
) -> None:
    rows = [row(*each) for each in dict.fromkeys(given_)]
    way = list(reached(up(rows), some(start), up=True))
    found = {start}
    while more := {b for a, b in given_ if a in found} - found:
        found |= more
    assert {each.item for _, each in way} <= {some(n) for n in found}
    assert {(e.item, e.made_from) for _, e in way} == {
        (some(a), some(b)) for a, b in given_ if a in found
    }
    assert len(way) == len({each for _, each in way})
    assert [away for away, _ in way] == sorted(away for away, _ in way)


@given(pairs)
def test_a_document_without_circles_is_written_and_read_back(given_: list[tuple[int, int]]) -> None:
    rows = [row(*each) for each in given_]
    if not rows or circles(rows):
        with pytest.raises(InvalidInput):
            Derived.of(COLLECTION, rows)
        return
    made = Derived.of(COLLECTION, rows)
    assert Derived.from_json(made.to_json()) == made == Derived.of(COLLECTION, rows[::-1])
