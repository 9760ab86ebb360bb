"""Runs a command in a room, watches its bounds, and ends everything that it started."""

from __future__ import annotations

import os
import selectors
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from kiseki.core.counts import counted
from kiseki.errors import NotIsolated
from kiseki.training.isolation.calls import program
from kiseki.training.isolation.rooms import Bounds, Room

__all__ = ["Ended", "run"]

_EVERY = 0.2
_PATIENCE = 30.0
_CHUNK = 1 << 16
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended.

    Attributes:
        code: its exit code; -1 where it was ended.
        reason: why it was ended; empty where it ended by itself.
        seconds: that it took.
    """

    code: int
    reason: str
    seconds: float

    @property
    def is_well(self) -> bool:
        """Whether it ended by itself and says that it did its work."""
        return not self.reason and self.code == 0


def run(
    room: Room,
    command: list[str],
    log: IO[bytes],
    told: Callable[[float, bytes], None] = lambda *_: None,
) -> Ended:
    """Runs a command to its end. No process of it is left afterwards, whatever happens.

    Args:
        log: gets what the command says, up to the room's bound.
        told: called now and then with the seconds that it runs, and the end of what it said.

    Raises:
        NotIsolated: there is no isolation here, or a process outlived it.
    """
    with tempfile.TemporaryFile() as judged:
        judged.write(program())
        judged.flush()
        judged.seek(0)
        begun = time.monotonic()
        process = subprocess.Popen(  # noqa: S603
            room.words(command, judged.fileno()),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={}, cwd="/", pass_fds=[judged.fileno()], start_new_session=True, umask=0o022,
        )  # fmt: skip
    if process.stdout is None:
        raise NotIsolated("there is no pipe to the command")
    try:
        reason = _watch(room, process, _Log(log, room.bounds.log), begun, told)
    finally:
        process.kill()  # and with it all that it started, which its namespace holds
        process.wait()
        gone = _closed(process.stdout)
        process.stdout.close()
    if not gone:
        raise NotIsolated("a process of the command outlived it; end it by hand")
    code = -1 if reason else process.returncode
    return Ended(code, reason, time.monotonic() - begun)


class _Log:
    """What a command says, as far as it is kept."""

    def __init__(self, file: IO[bytes], most: int) -> None:
        self._file, self._left, self.end = file, most, b""

    def add(self, chunk: bytes) -> None:
        self.end = (self.end + chunk)[-500:]
        if not self._left:
            return
        self._file.write(chunk[: self._left])
        self._left -= min(self._left, len(chunk))
        if not self._left:
            self._file.write(b"\n[more was said, and is not kept]\n")


def _watch(
    room: Room,
    process: subprocess.Popen[bytes],
    log: _Log,
    begun: float,
    told: Callable[[float, bytes], None],
) -> str:
    """Until the command ends; why it must be ended, where it must."""
    pipe = process.stdout
    assert pipe is not None  # noqa: S101 - for mypy; `run` looked
    looked = 0.0
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while process.poll() is None:
            if selector.select(_EVERY):
                chunk = os.read(pipe.fileno(), _CHUNK)
                log.add(chunk)
                if not chunk:  # it closed what it speaks to
                    time.sleep(_EVERY)
            now = time.monotonic()
            if now - looked >= _EVERY:
                looked = now
                if reason := _exceeded(room, process.pid, now - begun):
                    return reason
                told(now - begun, log.end)
        while selector.select(0) and (chunk := os.read(pipe.fileno(), _CHUNK)):
            log.add(chunk)
    return _exceeded(room, process.pid, time.monotonic() - begun)


def _exceeded(room: Room, process: int, seconds: float) -> str:
    bounds = room.bounds
    if seconds > bounds.seconds:
        return f"it took more than {bounds.seconds:,.0f} seconds"
    if _memory(process) > bounds.memory:
        return f"it took more than {bounds.memory / 2**30:,.1f} GiB of memory"
    return _written(room.output, bounds)


def _written(folder: Path, bounds: Bounds) -> str:
    size = files = 0
    try:
        for each in _entries(str(folder)):
            files += 1
            size += each.st_blocks * 512
            if size > bounds.output:
                return f"it wrote more than {bounds.output / 2**30:,.2f} GiB"
            if files > bounds.files:
                return f"it wrote more than {counted(bounds.files, 'file')}"
    except OSError as error:
        return f"what it writes cannot be counted ({error.strerror})"
    return ""


def _entries(folder: str) -> Iterator[os.stat_result]:
    waiting = [folder]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    try:
                        yield entry.stat(follow_symlinks=False)
                        if entry.is_dir(follow_symlinks=False):
                            waiting.append(entry.path)
                    except FileNotFoundError:  # it is gone meanwhile
                        continue
        except FileNotFoundError:
            continue


def _memory(process: int) -> int:
    """Bytes that a process and all that it started hold."""
    parents: dict[int, int] = {}
    resident: dict[int, int] = {}
    for name in os.listdir("/proc"):  # noqa: PTH208
        if name.isdecimal():
            try:
                with open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123
                    fields = file.read().rpartition(b")")[2].split()
            except OSError:  # it ended meanwhile
                continue
            parents[int(name)], resident[int(name)] = int(fields[1]), int(fields[21])
    total = 0
    for each in resident:
        above, seen = each, set[int]()
        while above and above != process and above not in seen:
            seen.add(above)
            above = parents.get(above, 0)
        total += resident[each] if above == process else 0
    return total * _PAGE


def _closed(pipe: IO[bytes]) -> bool:
    """Whether nobody holds the pipe any more: no process of the command is left."""
    until = time.monotonic() + _PATIENCE
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while time.monotonic() < until:
            if selector.select(_EVERY) and not os.read(pipe.fileno(), _CHUNK):
                return True
    return False
