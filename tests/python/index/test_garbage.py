"""Python looks for circles of garbage between batches of events, and not while one is read."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from kiseki.core.event import Event
from kiseki.index import Index, garbage

from .world import SUITE


class Circle:
    def __init__(self) -> None:
        self.itself = self


def test_it_is_not_looked_for_while_events_are_read() -> None:
    seen: list[bool] = []

    def events() -> Iterator[Event]:
        seen.append(gc.isenabled())
        yield from ()

    Index(SUITE.items()).apply(events())
    assert (seen, gc.isenabled()) == ([False], True)


def test_it_is_looked_for_again_after_a_fault() -> None:
    with pytest.raises(RuntimeError), garbage.put_off():
        raise RuntimeError
    assert gc.isenabled()


def test_what_came_since_is_looked_through_when_asked() -> None:
    with garbage.put_off() as look_for_it:
        gone = weakref.ref(Circle())
        assert gone() is not None
        look_for_it()
        assert gone() is None


def test_one_inside_another_changes_nothing() -> None:
    with garbage.put_off():
        with garbage.put_off() as look_for_it:
            gone = weakref.ref(Circle())
            look_for_it()
            assert gone() is not None
        assert not gc.isenabled()
    assert gc.isenabled()
