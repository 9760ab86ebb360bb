"""An index that is killed at any moment goes on as if nothing had been (kill -9; invariant 9)."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

from tests.python.moments import MOMENTS

from kiseki.core.event import Event
from kiseki.index import Index
from kiseki.index.store.database import Store

from .test_money_properties import Random_, pay
from .world import SUITE

KILLS = 12
"""How often it is killed at each kind of moment."""


def world() -> Random_:
    draw = Random(4)
    made = Random_(draw)
    for _ in range(2):
        pay(made, draw, [7, 10**21])
        made.claim_everything_of(draw.choice(made.people))
    return made


def die_at(moment: str, after: int) -> None:
    """Makes this process kill itself at the next such moment but some."""
    left = [after]

    def or_die(real: Callable[..., Any]) -> Callable[..., Any]:
        def called(store: Store, *given: Any) -> Any:
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(store, *given)

        return called

    for name in MOMENTS[moment]:
        setattr(Store, name, or_die(getattr(Store, name)))


def work(events: Sequence[Event], path: Path, moment: str, after: int, back: int) -> None:
    index = Index(SUITE.items(), path, depth=500)
    if moment == "in an undo":
        index.apply(events)
        die_at(moment, after)
        index.undo(max(index.cursor.block - back, 1))
        return
    die_at(moment, after)
    for end in range(1, len(events), 7):
        index.apply(events[:end])


def is_killed(*given: Any) -> bool:
    """Does that work in a process of its own; whether it was killed."""
    child = os.fork()
    if child == 0:
        try:
            work(*given)
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def test_killed_at_any_moment_it_holds_what_a_clean_reading_holds(tmp_path: Path) -> None:
    """Takes over 10 seconds: 60 processes, each of which is killed and looked at."""
    made, dice = world(), Random(5)
    path = tmp_path / "index.sqlite"
    Index(SUITE.items(), path, depth=500).close()
    killed: Counter[str] = Counter()
    for moment in MOMENTS:
        while killed[moment] < KILLS:
            after = dice.randrange(12 if "write" in MOMENTS[moment] else 3)
            events = made.events[: dice.randint(len(made.events) // 2, len(made.events))]
            killed[moment] += is_killed(events, path, moment, after, dice.randrange(1, 20))
            index, whole = (Index(SUITE.items(), at, depth=500) for at in (path, None))
            last = divmod(index.cursor.event, 1 << 20)
            whole.apply(each for each in made.events if (each.block, each.position) <= last)
            assert index.digest() == whole.digest(), f"{moment}, {after} calls later"
            index.clear()
            index.close()
            whole.close()
    index = Index(SUITE.items(), path, depth=500)
    index.apply(made.events)
    assert index.digest() == made.index().digest()
    index.close()
