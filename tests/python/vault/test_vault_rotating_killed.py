"""Killed at any moment while another epoch begins, a vault loses nothing, and goes on."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from kiseki.vault import rewrapping
from kiseki.vault.keys import epochs

from .keeping import NOW, Key, countdown
from .rotated import CONTENTS, many, must_be_whole, opened, rotating

FORK = multiprocessing.get_context("fork")
FIRST, SECOND = Key(), Key()


@pytest.fixture(params=["a file", "PostgreSQL"])
def where(tmp_path: Path, request: pytest.FixtureRequest) -> Path | str:
    if request.param == "a file":
        return tmp_path / "store"
    return str(request.getfixturevalue("postgres"))


def in_force(where: Path | str) -> tuple[Key, Key]:
    """The key of now, and the other one."""
    for now, other in ((FIRST, SECOND), (SECOND, FIRST)):
        vault = opened(where, now, other)
        last = vault.epochs[-1].recipients
        vault.keys.close()
        if last == [now.holder.recipient]:
            return now, other
    raise AssertionError("no key is in force")


def rotate(where: Path | str, moments: int) -> None:
    """Begins an epoch and wraps anew; each statement and each commit is a moment at which it may be
    killed."""
    rewrapping._PART = 2
    now, new = in_force(where)
    vault = opened(where, now, new)
    at = countdown(moments)
    for moment in ("before_cursor_execute", "after_cursor_execute", "commit"):
        event.listen(vault.keys.database._engine, moment, at)
    vault.begin_epoch([new.holder], new.identity, NOW + moments)
    at()
    vault.rewrap()
    at()
    os._exit(0)


def test_a_vault_that_is_killed_while_another_epoch_begins_loses_nothing(
    where: Path | str, tmp_path: Path
) -> None:
    vault, kept = rotating(where, tmp_path / "objects", FIRST)
    vault.keys.close()
    killed = before = between = moment = 0
    whole = False
    while not whole:
        moment += 1 if moment < 10 else 7
        old, _ = in_force(where)
        process = FORK.Process(target=rotate, args=(where, moment))
        process.start()
        process.join(120)
        whole = process.exitcode == 0
        assert whole or process.exitcode == -signal.SIGKILL
        now, other = in_force(where)
        vault = opened(where, now, other)
        must_be_whole(vault, kept)
        killed += not whole
        before += not whole and now is old
        between += 0 < vault.waiting < len(CONTENTS) and not whole
        assert not whole or vault.waiting == 0
        vault.keys.close()
    # There were moments of every sort.
    assert killed >= 20
    assert before >= 10
    assert between >= 2
    # It is run again, and the key of before opens nothing and is needed for nothing.
    now, other = in_force(where)
    vault = opened(where, now)
    must_be_whole(vault, kept)
    assert epochs.destroyed(vault.keys.database, other.holder.recipient, NOW)
    assert [other.identity.opened(each.identity) for each in vault.objects.each()] == [None] * 6
    vault.keys.close()


def wrap(where: Path, tasks: int) -> None:
    """Wraps until so many tasks were given to its processes, which are at work then."""
    os.setsid()
    rewrapping._PART = 200
    at, submit = countdown(tasks), ProcessPoolExecutor.submit

    def submitted(pool: ProcessPoolExecutor, *task: Any) -> Future[Any]:
        future = submit(pool, *task)
        at()
        return future

    ProcessPoolExecutor.submit = submitted  # type: ignore[assignment]
    opened(where, SECOND, FIRST).rewrap()
    os._exit(0)


def test_many_processes_that_wrap_are_killed_and_go_on_and_end_with_their_own(
    tmp_path: Path,
) -> None:
    vault, kept = rotating(tmp_path / "store", tmp_path / "objects", FIRST)
    many(vault, 3_000)
    vault.begin_epoch([SECOND.holder], SECOND.identity, NOW + 1)
    chance, left = random.Random(17), [vault.waiting]
    assert left == [3_000 + len(CONTENTS)]
    for _ in range(4):
        # Two tasks a part, of which there are 16: never the last one.
        process = FORK.Process(target=wrap, args=(tmp_path / "store", chance.randrange(3, 9)))
        process.start()
        process.join(120)
        assert process.exitcode == -signal.SIGKILL
        must_be_whole(vault, kept)
        left.append(vault.waiting)
        _must_end(process.pid or 0)
    assert left == sorted({*left}, reverse=True)
    vault.rewrap()
    assert vault.waiting == 0
    opens = [SECOND.identity.opened(each.identity) for each in vault.objects.each()]
    assert len(opens) == 3_000 + len(CONTENTS)
    assert None not in opens
    vault.keys.close()


def _must_end(group: int) -> None:
    """No process of the group is left, which would hold the vault's key."""
    for _ in range(600):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    raise AssertionError("a process that wraps outlives its parent")
