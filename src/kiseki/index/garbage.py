"""When Python looks for circles of garbage."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["put_off"]


@contextmanager
def put_off() -> Iterator[Callable[[], None]]:
    """Puts off Python's search for circles of garbage, of which reading events makes few: it would
    look through everything that is remembered again and again, a fifth of the time of reading.

    It gives what looks through what is new since it was called last; nothing inside another one.
    """
    if not gc.isenabled():
        yield _nothing
        return
    gc.disable()
    try:
        yield _look
    finally:
        gc.enable()


def _look() -> None:
    gc.collect(1)


def _nothing() -> None:
    pass
