"""PostgreSQL is not waited for while facts are written, and nothing is lost by that."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import bindparam, select

from kiseki.errors import IndexUnusable
from kiseki.index.store import tables as t
from kiseki.index.store.database import Store


@pytest.fixture
def store(postgres: str) -> Iterator[Store]:
    store = Store(postgres)
    yield store
    store.close()


def note(store: Store, name: str, value: str = "1") -> None:
    store.write("INSERT INTO about (name, value) VALUES (?, ?)", name, value)


def names(store: Store) -> list[Any]:
    return [name for (name,) in store.read_all("SELECT name FROM about ORDER BY name")]


def test_what_is_written_is_under_way_until_something_is_read(store: Store) -> None:
    driver = store._driver

    def waits() -> bool:
        return not driver._pipeline.result_queue

    with store.writing():
        for name in "ab":
            note(store, name)
        assert not waits()
        assert names(store) == ["a", "b"]
        assert waits()
        note(store, "c")
        assert not waits()
    assert names(store) == ["a", "b", "c"]


def test_a_question_of_a_list_is_answered_between(store: Store) -> None:
    some = select(t.about.c.name).where(t.about.c.name.in_(bindparam("names", expanding=True)))
    with store.writing():
        note(store, "a")
        assert store.rows(some, names=["a", "b"]) == [("a",)]
        note(store, "b")
    assert names(store) == ["a", "b"]


@pytest.mark.parametrize("order", ["bac", "bca"])
def test_what_is_refused_is_said_and_takes_all_with_it(store: Store, order: str) -> None:
    """Also where nothing is sent behind it."""
    with store.writing():
        note(store, "a")
    with pytest.raises(IndexUnusable, match="duplicate key"), store.writing():
        for name in order:
            note(store, name)
    assert names(store) == ["a"]
    with store.writing():
        note(store, "b")
    assert names(store) == ["a", "b"]
