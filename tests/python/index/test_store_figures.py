"""Rows that facts change are what was put there, and a reorganisation puts them back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiseki.index.store import tables as t
from kiseki.index.store.database import Store
from kiseki.index.store.figures import Figures, note, undo_from

KEYS = st.tuples(st.sampled_from([1, -1, 2**62]), st.integers(0, 2))
ROWS = st.none() | st.tuples(
    st.sampled_from([0, 1, 2**64, 2**256 - 1]), st.just(5), st.just(0), st.sampled_from([0, 1])
)
STEPS = st.lists(st.lists(st.tuples(KEYS, ROWS), max_size=5), max_size=6)
Rows = dict[Any, Any]


def check(figures: Figures, rows: Rows) -> None:
    """Every way of asking tells the same."""
    for first in (1, -1, 2**62):
        assert sorted(figures.under(first)) == sorted(key for key in rows if key[0] == first)
        for second in (0, 1, 2):
            assert figures.get(first, second) == rows.get((first, second))


@settings(max_examples=150, deadline=None)
@given(blocks=STEPS, back=st.integers(0, 6), ahead=STEPS, asks=st.booleans())
def test_what_blocks_changed_is_put_back(
    blocks: list[Any], back: int, ahead: list[Any], asks: bool
) -> None:
    """Rows are read from the table, and not from what was kept in memory."""
    store = Store()
    figures = Figures(store, t.account)
    states: list[Rows] = [{}]
    for number, puts in enumerate(blocks):
        state = dict(states[-1])
        with store.writing():
            for key, row in puts:
                if asks:
                    check(figures, {key: row for key, row in state.items() if row is not None})
                figures.put(key, row)
                state[key] = row
            note(store, number, [figures])
            figures.flush()
        states.append({key: row for key, row in state.items() if row is not None})
    to = min(back, len(blocks))
    with store.writing():
        undo_from(store, to, [figures])
    state = dict(states[to])
    check(figures, state)
    for puts in ahead:
        with store.writing():
            for key, row in puts:
                assert figures.get(*key) == state.get(key)
                figures.put(key, row)
                state[key] = row
            note(store, 99, [figures])
            figures.flush()
    figures.forget()
    check(figures, {key: row for key, row in state.items() if row is not None})
    store.close()


@pytest.mark.parametrize("row", [(-1, 0, 0, 0), (2**256, 0, 0, 0)])
def test_a_number_that_does_not_fit_is_refused(row: tuple[int, int, int, int]) -> None:
    store = Store()
    figures = Figures(store, t.account)
    with (
        pytest.raises(Exception, match=r"beyond 63 bits|int too big|negative int"),
        store.writing(),
    ):
        figures.put((1, 0), row)
        figures.flush()
    assert figures.get(1, 1) is None
    store.close()
