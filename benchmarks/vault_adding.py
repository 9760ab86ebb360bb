"""100,000 files of 50 KB, each with other bytes, added to a vault in a SQLite file and a folder,
that a studio, a second person and an offline key can open: salts, objects, names and rows. The
yardstick is SHA-256 and pyrage alone over the same files, to the same three recipients, in as many
processes, with the same fsync: a file is read, hashed, encrypted, written, synced and renamed, and
its folder is synced. Both read from the system's cache. They take turns, a part of the files at a
time, and a value is the sum of all parts. Memory is of a run over one file of 4 GB and 50,000 files
of 40 bytes: the most that all its processes had together at one time, shared pages counted once."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pyrage
from pyrage import x25519

from benchmarks.rows import ROOT, Row

__all__ = ["ROWS", "measure"]

TITLE = "Adding to a vault"

_FILES, _SIZE, _PARTS = 100_000, 50_000, 10
_PROCESSES = max(2, os.cpu_count() or 1) * 2
_LARGE, _TINY = 4_000_000_000, 50_000
_PROVIDER = "0x" + "1a" * 20

ROWS = (
    Row("adding 100,000 files of 50 KB to a vault", "files/s"),
    Row("adding them, against SHA-256 and pyrage alone", "times", 2),
    Row("adding them, against the same, in processor time", "times"),
    Row("adding one file of 4 GB and 50,000 tiny ones, memory", "MB", 200),
)


def measure() -> dict[str, float]:
    (ROOT / ".build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT / ".build") as folder:
        where = Path(folder)
        ours = theirs = ours_used = theirs_used = 0.0
        key = str(x25519.Identity.generate())
        for part in range(_PARTS):
            works = where / f"works-{part}"
            _make(works, _FILES // _PARTS, _SIZE)
            turns: list[Callable[[], tuple[float, float]]] = [
                lambda works=works: _alone(works, where),  # type: ignore[misc]
                lambda works=works: _seconds(_child(where, works, key)),  # type: ignore[misc]
            ]
            order = (0, 1) if part % 2 else (1, 0)
            took = {turn: turns[turn]() for turn in order}
            theirs, theirs_used = theirs + took[0][0], theirs_used + took[0][1]
            ours, ours_used = ours + took[1][0], ours_used + took[1][1]
            _take_away(works)
        memory = _memory(where)
    values = (_FILES / ours, ours / theirs, ours_used / theirs_used, memory)
    return {row.name: round(value, 3) for row, value in zip(ROWS, values, strict=True)}


def _make(folder: Path, count: int, size: int) -> None:
    folder.mkdir()
    for number in range(count):
        (folder / f"{number:06}.png").write_bytes(b"\x89PNG" + os.urandom(size - 4))


def _take_away(folder: Path) -> None:
    for file in folder.iterdir():
        file.unlink()


# The yardstick


def _alone(works: Path, where: Path) -> tuple[float, float]:
    """Seconds, and seconds of processors."""
    files = sorted(map(str, works.iterdir()))
    to = where / f"alone-{works.name}"
    to.mkdir()
    before, began = _used(), time.perf_counter()
    with ProcessPoolExecutor(_PROCESSES, get_context("spawn")) as pool:
        some = [files[start : start + 32] for start in range(0, len(files), 32)]
        assert sum(pool.map(_encrypted, some, [str(to)] * len(some))) == len(files)
    return time.perf_counter() - began, _used() - before


_recipients: list[Any] = []


def _encrypted(files: Sequence[str], to: str) -> int:
    if not _recipients:
        _recipients[:] = [x25519.Identity.generate().to_public() for _ in range(3)]
    for path in files:
        with open(path, "rb") as file:  # noqa: PTH123
            content = file.read()
        digest = hashlib.sha256(content).hexdigest()
        folder = f"{to}/{digest[:2]}"
        os.makedirs(folder, exist_ok=True)  # noqa: PTH103
        with open(f"{to}/{digest}.part", "wb") as file:  # noqa: PTH123
            file.write(pyrage.encrypt(content, _recipients))
            file.flush()
            os.fsync(file.fileno())
        os.replace(f"{to}/{digest}.part", f"{folder}/{digest}")  # noqa: PTH105
        there = os.open(folder, os.O_RDONLY)
        os.fsync(there)
        os.close(there)
    return len(files)


def _used() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


# A vault


def _child(where: Path, works: Path, key: str) -> subprocess.Popen[str]:
    """A process that adds to a vault; all that it loads is loaded when it says so."""
    command = [sys.executable, "-m", "benchmarks.vault_adding", str(where), str(works)]
    child = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdin is not None
    child.stdin.write(key + "\n")
    child.stdin.flush()
    return child


def _seconds(child: subprocess.Popen[str]) -> tuple[float, float]:
    answer, _ = child.communicate()
    if child.returncode:
        raise OSError("adding failed, for the reason above")
    wall, used = map(float, answer.split())
    return wall, used


def _memory(where: Path) -> float:
    works = where / "mixed"
    _make(works, _TINY, 40)
    with (works / "large.png").open("wb") as file:
        for _ in range(_LARGE // 1_000_000):
            file.write(os.urandom(1_000_000))
    most = 0
    child = _child(where, works, str(x25519.Identity.generate()))
    ended = threading.Event()

    def look() -> None:
        nonlocal most
        while not ended.wait(0.05):
            most = max(most, sum(map(_pages, _family(child.pid))))

    looking = threading.Thread(target=look)
    looking.start()
    try:
        _seconds(child)
    finally:
        ended.set()
        looking.join()
    return most / 1e6


def _family(process: int) -> list[int]:
    """A process, and all that it began."""
    some, after = [process], 0
    while after < len(some):
        for tasks in Path(f"/proc/{some[after]}/task").glob("*/children"):
            try:
                some += map(int, tasks.read_text("ascii").split())
            except OSError:
                continue  # it ended
        after += 1
    return some


def _pages(process: int) -> int:
    """Bytes that a process has, of those that it shares its part."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text("ascii").splitlines()
    except OSError:
        return 0  # it ended
    return next((int(each.split()[1]) * 1024 for each in lines if each.startswith("Pss:")), 0)


def _add(where: Path, works: Path, key: str) -> None:
    from kiseki.vault.keys.epochs import Holder
    from kiseki.vault.keys.services import InText
    from kiseki.vault.keystore import KeyStore
    from kiseki.vault.objects import incoming
    from kiseki.vault.objects.item import Added
    from kiseki.vault.setup import Setup
    from kiseki.vault.vault import Vault, begin

    mine = InText(key)
    others = [str(x25519.Identity.generate().to_public()) for _ in range(2)]
    place = where / f"vault-{hashlib.sha256(key.encode()).hexdigest()[:8]}"
    new = not (place / "store").exists()
    place.mkdir(exist_ok=True)
    with KeyStore(place / "store", None if new else mine) as keys:
        if new:
            holders = [
                Holder(each, role)
                for each, role in zip(
                    [mine.recipient, *others], ("vault", "second", "recovery"), strict=True
                )
            ]
            setup = Setup(str(place / "objects"), "localhost:8000")
            begin(keys, mine, holders, setup, int(time.time()))
        vault, added = Vault(keys, mine), Added()
        before, began = _used(), time.perf_counter()
        vault.add(_PROVIDER, incoming.contents(works, added), added)
        took, used = time.perf_counter() - began, _used() - before
    if added.stored + added.known < len(os.listdir(works)) or added.doubts:  # noqa: PTH208
        raise OSError(f"{added} is not all that is in {works}")
    print(took, used)


if __name__ == "__main__":
    _add(Path(sys.argv[1]), Path(sys.argv[2]), sys.stdin.readline().strip())
