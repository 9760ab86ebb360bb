"""Numbers of any size lie in SQLite as they compare, and as short as they are."""

from __future__ import annotations

from random import Random

import pytest
from sqlalchemy import select

from kiseki.index.store import tables as t
from kiseki.index.store.database import Store

from .world import ARTIST, named

BOUNDS = [0, 1, 2**63 - 1, 2**63, 2**64 - 1, 2**64, 2**72, 2**128, 2**255, 2**256 - 1]


def filled(url: str | None, words: list[int]) -> Store:
    store = Store(url)
    rows = [
        {"key": named(f"{place}"), "token": ARTIST, "received": word, "passed": word,
         "virtual": 0, "restless": 0}
        for place, word in enumerate(words)
    ]  # fmt: skip
    with store.writing():
        store.add(t.account, rows)
    return store


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_database_orders_them_as_numbers(kind: str, request: pytest.FixtureRequest) -> None:
    draw = Random(5)
    words = [*BOUNDS, *(draw.getrandbits(draw.randrange(1, 257)) for _ in range(300))]
    draw.shuffle(words)
    store = filled(None if kind == "sqlite" else request.getfixturevalue("postgres"), words)
    received = t.account.c.received
    found = [word for (word,) in store.rows(select(received).order_by(received))]
    assert found == sorted(words)
    for bound in BOUNDS:
        above = store.rows(select(received).where(received > bound))
        assert len(above) == sum(word > bound for word in words)
    assert len(store.rows(select(received).where(received == t.account.c.passed))) == len(words)
    store.close()


def test_in_sqlite_one_takes_no_more_bytes_than_it_has() -> None:
    store = filled(None, [2**64, 2**256 - 1])
    sizes = store.read_all("SELECT length(received) FROM account ORDER BY received")
    assert sizes == [(10,), (33,)]
    store.close()
