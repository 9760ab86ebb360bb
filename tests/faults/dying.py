"""A `kiseki` command in a process group of its own, all of which dies when something was counted.

What is counted is what the command does, and not time: so a slow machine dies at the same moments
as a fast one. Its workers do whatever they do in that moment.

This module is imported by each worker, so it imports little.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import types
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["NEVER", "Dying", "Moment", "begin"]

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_FILES = {"os.rename", "os.remove", "os.link", "os.mkdir"}
_PATIENCE = 300.0
"""Seconds after which a command that does not end has failed."""


class Moment(NamedTuple):
    """When a command dies.

    Attributes:
        of: what is counted: ``statement`` (before and after each of the database's, and before each
            commit), ``file`` (opened to write, moved or deleted by the command) or ``worker`` (by
            one of its processes), ``task`` (given to its processes), ``request`` (before and after
            each to the node); anything else is counted by who started it.
        number: the count, from 1.
    """

    of: str
    number: int


NEVER = Moment("never", 0)


@dataclass(slots=True)
class Dying:
    """A command that runs.

    Attributes:
        pid: of its first process, and the number of the group.
        said: the file in which it says what it has to say.
        counts: what was counted, once it has ended by itself.
    """

    pid: int
    said: Path
    _report: int
    _status: int | None = None
    _read: bytes = b""

    def kill(self) -> None:
        """Kills all of its processes."""
        os.killpg(self.pid, signal.SIGKILL)

    def interrupt(self) -> None:
        """Ends it as Ctrl-C does."""
        os.kill(self.pid, signal.SIGINT)

    @property
    def runs(self) -> bool:
        """Whether it does still."""
        if self._status is None:
            done, status = os.waitpid(self.pid, os.WNOHANG)
            self._status = status if done else None
        return self._status is None

    def wait(self) -> int:
        """How it ended: its code, or -9. None of its processes is there afterwards."""
        until = time.monotonic() + _PATIENCE
        while self.runs:
            if time.monotonic() > until:
                self.kill()
                raise TimeoutError(f"it did not end: {self.said.read_text()}")
            time.sleep(0.005)
        while _is_there(self.pid):
            if time.monotonic() > until:
                raise TimeoutError("one of its processes is left")
            time.sleep(0.005)
        while some := os.read(self._report, 1 << 16):
            self._read += some
        os.close(self._report)
        assert self._status is not None
        return os.waitstatus_to_exitcode(self._status)

    @property
    def counts(self) -> dict[str, int]:
        return dict(json.loads(self._read)) if self._read else {}


def begin(
    words: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    moment: Moment,
    prepare: Callable[[], None] = lambda: None,
) -> Dying:
    """Starts a command.

    Args:
        words: of the command, without `kiseki`.
        prepare: done in its process before anything else.
    """
    said = folder / "said"
    report, to = os.pipe()
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        code = 70
        try:
            os.setsid()
            os.close(report)
            with said.open("wb") as file:
                os.dup2(file.fileno(), 1)
                os.dup2(file.fileno(), 2)
            prepare()
            code, counts = _run(words, folder, environment, moment)
            os.write(to, json.dumps(counts).encode())
        except BaseException:  # noqa: BLE001 - nothing of the parent's may go on here
            import traceback

            os.write(2, traceback.format_exc().encode())
        finally:
            os._exit(code)
    os.close(to)
    return Dying(pid, said, report)


def _run(
    words: Sequence[str], folder: Path, environment: Mapping[str, str], moment: Moment
) -> tuple[int, dict[str, int]]:
    from kiseki.cli import main

    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115 - until the process ends
    for fd, name in ((1, "stdout"), (2, "stderr")):
        setattr(sys, name, os.fdopen(os.dup(fd), "w", encoding="utf-8", buffering=1))
    # What its workers would import first is none of the command's.
    sys.modules["__main__"] = types.ModuleType("__main__")
    counts = _counting(moment)
    code = 0
    try:
        main([*words, "--yes"])
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    return code, dict(counts)


def _at(counts: Counter[str], moment: Moment, of: str) -> None:
    """Something happened; this may be the end."""
    counts[of] += 1
    if (of, counts[of]) == moment:
        os.killpg(0, signal.SIGKILL)


def _counting(moment: Moment) -> Counter[str]:
    """Counts in this process, and in those that it gives work."""
    import requests
    from sqlalchemy import Engine, event

    counts = Counter[str]()

    def statement(*_: object) -> None:
        _at(counts, moment, "statement")

    for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
        event.listen(Engine, name, statement)
    _watch_files(counts, moment, "file")

    send, submit, made = (
        requests.Session.send, ProcessPoolExecutor.submit, ProcessPoolExecutor.__init__,
    )  # fmt: skip

    def sent(*given: Any, **more: Any) -> Any:
        _at(counts, moment, "request")
        answer = send(*given, **more)
        _at(counts, moment, "request")
        return answer

    def submitted(*given: Any, **more: Any) -> Any:
        future = submit(*given, **more)
        _at(counts, moment, "task")
        return future

    def make(
        self: Any, workers: Any = None, context: Any = None, first: Any = None, given: Any = (),
        **more: Any,
    ) -> None:  # fmt: skip
        made(self, workers, context, _in_worker, (moment, first, given), **more)

    requests.Session.send = sent  # type: ignore[method-assign]
    ProcessPoolExecutor.submit = submitted  # type: ignore[method-assign]
    ProcessPoolExecutor.__init__ = make  # type: ignore[method-assign, assignment]
    return counts


def _in_worker(moment: Moment, first: Callable[..., None] | None, given: Sequence[Any]) -> None:
    if moment.of == "worker":
        _watch_files(Counter(), moment, "worker")
    if first is not None:
        first(*given)


def _watch_files(counts: Counter[str], moment: Moment, of: str) -> None:
    def seen(name: str, given: tuple[Any, ...]) -> None:
        if name in _FILES or (name == "open" and _writes(given)):
            _at(counts, moment, of)

    sys.addaudithook(seen)


def _writes(given: tuple[Any, ...]) -> bool:
    return isinstance(given[2], int) and bool(given[2] & _WRITES)


def _is_there(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
