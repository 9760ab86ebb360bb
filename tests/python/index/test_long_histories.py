"""A long history is read in few transactions, and leaves the rows that it leaves part by part."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from threading import Event as Event_

import pytest
from benchmarks.reader import Reader
from benchmarks.world.size import Size
from benchmarks.world.suite import ADDRESSES
from benchmarks.world.timeline import HISTORY, make

from kiseki.core.event import Event
from kiseki.errors import IndexInconsistent, NodeBehind
from kiseki.index import DEPTH, Index, writer
from kiseki.index.store import database, figures

SIZE = replace(Size.at(0.001), junk=5, fan=20, blocks=20, deposits=5)
PER_PART = 25
Opened = Callable[[], Index]
Parts = list[list[Event]]


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Parts:
    """A hostile history in parts of whole blocks."""
    folder = tmp_path_factory.mktemp("world")
    make(folder, SIZE)
    lines = (folder / HISTORY).read_text("ascii").splitlines()
    reader = Reader()
    events = [event for line in lines for event in reader.decode(json.loads(line)).events]
    reader.close()
    parts: Parts = [[]]
    for _, block in groupby(events, key=lambda event: event.block):
        if len(parts[-1]) >= PER_PART:
            parts.append([])
        parts[-1] += block
    assert len(parts) > 40
    return parts


@pytest.fixture(scope="module")
def digest(parts: Parts) -> bytes:
    """Of an index that read it part by part."""
    index = Index(ADDRESSES.items())
    for part in parts:
        read(index, part)
    return index.digest()


@pytest.fixture(params=["file", "PostgreSQL"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Opened:
    """Opens the same place again and again."""
    if request.param == "PostgreSQL":
        url = request.getfixturevalue("postgres")
        return lambda: Index(ADDRESSES.items(), url, "kiseki_1")
    return lambda: Index(ADDRESSES.items(), tmp_path / "index.sqlite")


def lasting(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Lets a transaction last so long."""
    monkeypatch.setattr(writer, "_SHORTEST", seconds)
    monkeypatch.setattr(writer, "_LONGEST", seconds)


def read(index: Index, part: list[Event]) -> None:
    """Adds blocks that lie far below the newest one."""
    index.apply(part, latest=part[-1].block + 2 * DEPTH)


@pytest.mark.parametrize(
    ("seconds", "remembered"), [(0.0, 40_000), (0.05, 40), (600.0, 0), (600.0, 40_000)]
)
def test_the_rows_are_those_of_a_history_read_part_by_part(
    opened: Opened,
    parts: Parts,
    digest: bytes,
    seconds: float,
    remembered: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Invariant 9: however long a transaction lasts, and however few rows are remembered."""
    lasting(monkeypatch, seconds)
    monkeypatch.setattr(figures, "_MOST", remembered)
    index = opened()
    with index.together():
        for part in parts:
            read(index, part)
    assert index.digest() == digest
    assert index.cursor.block == parts[-1][-1].block


def test_what_was_added_is_kept_where_the_node_ends_it(
    opened: Opened, parts: Parts, digest: bytes
) -> None:
    half, index = len(parts) // 2, opened()
    with pytest.raises(NodeBehind), index.together():
        for part in parts[:half]:
            read(index, part)
        raise NodeBehind("no further block")
    assert index.cursor.block == parts[half - 1][-1].block
    again = opened()
    with again.together():
        for part in parts[half - 2 :]:  # what was added before is passed over
            read(again, part)
    assert again.digest() == digest


def test_a_contradiction_takes_back_what_was_not_kept_yet(
    opened: Opened, parts: Parts, digest: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = opened()
    read(index, parts[0])
    kept = index.digest()
    lasting(monkeypatch, 600.0)
    with pytest.raises(IndexInconsistent), index.together():
        for part in parts[1:9]:
            read(index, part)
        read(index, [replace(parts[9][0], position=2**20)])
    assert index.digest() == kept
    for part in parts[1:]:
        read(index, part)
    assert index.digest() == digest


def test_others_never_see_money_that_was_not_passed_down(
    opened: Opened, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They see what was kept last, and all of the next transaction at once."""
    lasting(monkeypatch, 600.0)
    index, other = opened(), opened()
    read(index, parts[0])
    other.refresh()
    before = other.digest()
    with index.together():
        for part in parts[1:]:
            read(index, part)
            other.refresh()
            assert other.digest() == before
    other.refresh()
    assert other.digest() == index.digest() != before


def test_the_log_of_a_long_transaction_does_not_stay_on_the_disk(
    tmp_path: Path, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_LOG", 100_000)
    monkeypatch.setattr(database, "_PAGES", 50)
    lasting(monkeypatch, 600.0)
    index = Index(ADDRESSES.items(), tmp_path / "index.sqlite")
    log = tmp_path / "index.sqlite-wal"
    with index.together():
        for part in parts[:-2]:
            read(index, part)
    assert log.stat().st_size > 500_000
    for part in parts[-2:]:  # the first goes into the file, and the log begins anew
        read(index, part)
    assert log.stat().st_size < 500_000


def test_another_who_writes_gets_a_turn_before_a_long_history_ends(
    opened: Opened, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite gives up after a minute, so whoever reads a whole chain must not keep the file."""
    lasting(monkeypatch, 0.2)
    index, other = opened(), opened()
    read(index, parts[0])
    begun, done = Event_(), Event_()
    turns: list[None] = []
    give_way = index._store.give_way
    monkeypatch.setattr(index._store, "give_way", lambda: turns.append(give_way()))

    def write() -> None:
        begun.set()
        read(other, parts[0])
        done.set()

    with index.together(), ThreadPoolExecutor(1) as threads:
        read(index, parts[1])  # the file is taken from here on
        written = threads.submit(write)
        assert begun.wait(60.0)
        turns.clear()
        while not done.is_set() and len(turns) < 6:
            read(index, parts[1])
        assert done.is_set(), "six transactions, and it waits still"
        written.result()


def test_what_was_added_can_be_kept_in_between(
    opened: Opened, parts: Parts, digest: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    lasting(monkeypatch, 600.0)
    index, other = opened(), opened()
    with index.together() as keep:
        for number, part in enumerate(parts):
            read(index, part)
            if number == len(parts) // 2:
                keep()
                other.refresh()
                assert other.cursor.block == part[-1].block
                other.verify(part[-1].block)  # it does not wait, and this one goes on from there
    assert index.digest() == digest
    assert index.cursor.verified == parts[len(parts) // 2][-1].block
