"""Questions that the driver is asked at once mean what SQLAlchemy says that they mean."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass
from typing import Any

import pytest
from sqlalchemy import bindparam, func, select

from kiseki.index.answers.trace import Edge
from kiseki.index.books.owed import Owed
from kiseki.index.store import tables as t
from kiseki.index.store.database import Store
from kiseki.index.store.rows import maker
from kiseki.index.store.types import keys, number_of, numbered

from .world import ARTIST, named

WORDS = (0, 1, 2**63 - 1, 2**63, 2**128, 2**256 - 1)
AMOUNTS = (0, 2**63, 2**128 - 1)
BIG = Owed(ARTIST, ARTIST, 2**200, 3, named("a"), 1, (), named("b"), True, (ARTIST, named("c")))


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> Store:
    url = None if request.param == "sqlite" else request.getfixturevalue("postgres")
    store = Store(url)
    request.addfinalizer(store.close)
    rows: list[dict[str, Any]] = [
        {"at": place, "terms": named("terms"), "id": named(f"{place}"), "provider": ARTIST,
         "root": named("root"), "count": AMOUNTS[place % 3], "payee": None if place % 2 else ARTIST,
         "origin": bytes(32)}
        for place in range(6)
    ]  # fmt: skip
    batches = [
        {"at": place, "id": named(f"batch {place}"), "creator": ARTIST, "root": bytes(32),
         "count": 1, "record": bytes(32), "payee": ARTIST, "split": ARTIST, "endorsed": place == 1}
        for place in range(2)
    ]  # fmt: skip
    words = [
        {"key": named(f"{place}"), "token": ARTIST, "received": word, "passed": 0,
         "virtual": WORDS[-1 - place], "restless": 0}
        for place, word in enumerate(WORDS)
    ]  # fmt: skip
    with store.writing():
        store.add(t.collection, rows)
        store.add(t.batch, batches)
        store.add(t.account, words)
    return store


QUESTIONS = {
    "every column": select(t.collection).order_by(t.collection.c.at),
    "numbers of any size": select(t.account).order_by(number_of(t.account.c.key)),
    "one such number": select(t.account.c.received).order_by(number_of(t.account.c.key)),
    "yes and no": select(t.batch.c.endorsed, t.batch.c.at < 1).order_by(t.batch.c.at),
    "a sum": select(func.count(), func.max(t.collection.c.at)),
    "with a default": select(t.collection.c.at)
    .where(t.collection.c.at > bindparam("after", 2))
    .order_by(t.collection.c.at),
    "a key, a word and an amount": select(t.collection.c.id)
    .where(t.collection.c.id == bindparam("key"), t.collection.c.count == bindparam("count"))
    .where(t.collection.c.provider == bindparam("who")),
    "nothing": select(t.collection).where(t.collection.c.at < 0),
}
GIVEN = {"key": named("1"), "count": 2**63, "who": ARTIST}


@pytest.mark.parametrize("name", QUESTIONS)
def test_rows_are_those_that_sqlalchemy_gives(store: Store, name: str) -> None:
    question = QUESTIONS[name]
    expected = [tuple(row) for row in store._db.execute(question, GIVEN).all()]
    found = store.rows(question, **GIVEN)
    assert found == expected
    assert [list(map(type, row)) for row in found] == [list(map(type, row)) for row in expected]
    assert store.row(question, **GIVEN) == (expected[0] if expected else None)
    assert bool(found) == (name != "nothing")


def test_numbers_come_back_whatever_their_size(store: Store) -> None:
    rows = store.rows(QUESTIONS["numbers of any size"])
    assert [row[2] for row in rows] == list(WORDS)
    assert [row[4] for row in rows] == list(reversed(WORDS))


def test_a_value_that_is_not_given_is_missed(store: Store) -> None:
    with pytest.raises(KeyError, match="key"):
        store.rows(QUESTIONS["a key, a word and an amount"], count=1, who=ARTIST)


@pytest.mark.parametrize("column", [keys.c.id, t.collection.c.id, t.source.c.group_id])
def test_a_list_of_numbers_is_looked_up_and_not_looked_for(column: Any) -> None:
    """By an index, however many rows the table has (invariant 10)."""
    store = Store()
    question = select(number_of(column)).where(numbered(column, "numbers"))
    sent: list[str] = []
    store._driver.set_trace_callback(sent.append)
    assert store.rows(question, numbers=[1, 2, 3]) == []
    (sql,) = (each for each in sent if each.startswith("SELECT"))
    plan = [row[3] for row in store.read_all(f"EXPLAIN QUERY PLAN {sql}")]
    assert plan[0].startswith("SEARCH"), plan


def test_a_list_of_numbers_has_any_length(store: Store) -> None:
    question = select(t.collection.c.at).where(numbered(t.collection.c.at, "places"))
    for places in ([], [3], [-1, 7], list(range(100_000))):
        found = sorted(at for (at,) in store.rows(question, places=places))
        assert found == [at for at in range(6) if at in places]


def test_whoever_only_asks_remembers_so_many_keys(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long it asks; and what it numbered for itself keeps its number."""
    monkeypatch.setattr("kiseki.index.store.keys._MOST", 5)
    store.refresh()
    listed = store.rows(select(keys.c.id, keys.c.raw))
    assert len(listed) > 8
    for number, raw in listed:
        store.keys.load([number])
        assert store.keys.raw(number) == raw
        assert len(store.keys._raws) <= 6
    own = store.keys.number(named("nobody's"))
    for number, raw in listed:
        store.keys.load([number])
        assert store.keys.raw(number) == raw and store.keys.number(named("nobody's")) == own


def test_what_is_made_quickly_is_what_its_class_makes() -> None:
    """Equal, of one type and closed, with what was left out as it is there."""
    values = [getattr(BIG, name) for name in Owed.__slots__]
    made = maker(Owed)(*values)
    assert (
        made == BIG and type(made) is Owed and hash(made) == hash(BIG) and repr(made) == repr(BIG)
    )
    assert maker(Owed)(*values[:-1]) == Owed(*values[:-1]) != BIG
    assert maker(Edge)(b"u", "model", b"s", 1, BIG.amount).ppm  # type: ignore[arg-type]
    with pytest.raises(FrozenInstanceError):
        made.amount = 1  # type: ignore[misc]
    with pytest.raises(TypeError):
        maker(Owed)(*values[:3])


def test_a_class_that_does_more_or_has_no_slots_is_refused() -> None:
    @dataclass(frozen=True)
    class Open:
        value: int

    @dataclass(frozen=True, slots=True)
    class Busy:
        value: int

        def __post_init__(self) -> None:
            raise ValueError("more to do")

    for kind in (Open, Busy, int):
        with pytest.raises(TypeError, match="is no dataclass with slots"):
            maker(kind)
