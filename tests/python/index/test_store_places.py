"""An index lies in memory, in a file or in PostgreSQL, and is the same; several may use it."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from kiseki.errors import IndexInconsistent, IndexUnusable
from kiseki.index import Head, Index

from .diamond import TRAIN, Diamond, owed
from .test_money_properties import Random_, pay
from .world import ARTIST, ETHER, STRANGER, SUITE, due

Opened = Callable[[], Index]
MORE = SUITE | {"Extra": STRANGER}


@pytest.fixture(params=["memory", "file", "PostgreSQL"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Opened:
    """Opens the same place again and again; memory is another one each time."""
    if request.param == "PostgreSQL":
        url = request.getfixturevalue("postgres")
        return lambda: Index(SUITE.items(), url, "kiseki_1")
    path = tmp_path / "index.sqlite" if request.param == "file" else None
    return lambda: Index(SUITE.items(), path)


@pytest.fixture(params=["file", "PostgreSQL"])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Opened:
    """The same, without memory, which nobody shares."""
    if request.param == "PostgreSQL":
        url = request.getfixturevalue("postgres")
        return lambda: Index(SUITE.items(), url, "kiseki_1")
    return lambda: Index(SUITE.items(), tmp_path / "index.sqlite")


def busy(seed: int) -> Random_:
    draw = Random(seed)
    world = Random_(draw)
    pay(world, draw, [7, 10**21, 3])
    for who in world.people[:3]:
        world.claim_everything_of(who)
    pay(world, draw, [1, 10**6])
    return world


@pytest.mark.parametrize("seed", range(3))
def test_every_place_holds_the_same_rows_and_gives_the_same_answers(
    opened: Opened, seed: int
) -> None:
    world = busy(seed)
    index, known = opened(), world.index()
    index.apply(world.events[: len(world.events) // 2])
    index.apply(world.events)
    for split in world.given:
        index.add_split(split)
    assert index.digest() == known.digest()
    for who in world.people:
        rows = due(index, who)
        assert rows == due(known, who)
        assert index.steps(rows) == known.steps(due(known, who))
        assert index.usage(who, deep=True) == known.usage(who, deep=True)
        assert index.overview.history(who) == known.overview.history(who)
        assert index.overview.earnings(who, "month") == known.overview.earnings(who, "month")
    for token in known.tokens():
        assert index.balance(token, settled=True) == known.balance(token, settled=True)
    for registry in ("ModelRegistry", "OutputRegistry"):
        for group in known.registered(registry):
            assert index.lineage(group) == known.lineage(group)
            assert index.findings(group) == known.findings(group)
    assert index.overview.counts() == known.overview.counts()
    assert index.overview.coverage(world.time) == known.overview.coverage(world.time)
    index.close()


def test_what_was_read_is_there_when_it_is_opened_again(shared: Opened) -> None:
    world = Diamond()
    world.deposit(world.income, 1_000_000)
    first = shared()
    first.apply(world.events)
    digest = first.digest()
    first.close()
    again = shared()
    assert (again.digest(), again.block) == (digest, world.block)
    assert owed(again, ARTIST) == 350_000
    again.close()


def test_who_reads_sees_whole_blocks_and_nothing_new_before_it_looks_again(shared: Opened) -> None:
    world = Diamond()
    writer, reader = shared(), shared()
    writer.apply(world.events)
    assert reader.block is None
    reader.refresh()
    assert owed(reader, ARTIST) == 0
    world.deposit(world.income, 1_000_000)
    writer.apply(world.events)
    assert (owed(reader, ARTIST), reader.tokens()) == (0, [])
    reader.refresh()
    assert (owed(reader, ARTIST), reader.tokens()) == (350_000, [ETHER])
    for index in (writer, reader):
        index.close()


def test_two_writers_write_nothing_twice(shared: Opened) -> None:
    world = busy(1)
    first, second = shared(), shared()
    cut = len(world.events) // 3
    first.apply(world.events[:cut])
    second.apply(world.events[: 2 * cut])
    first.apply(world.events)
    second.apply(world.events)
    assert first.digest() == second.digest() == world.index().digest()
    for index in (first, second):
        index.close()


def test_a_write_that_fails_leaves_what_was_there(shared: Opened) -> None:
    world = Diamond()
    world.deposit(world.income, 1_000_000)
    index = shared()
    index.apply(world.events[:-1])
    digest = index.digest()
    with pytest.raises(IndexInconsistent):
        index.apply([replace(world.events[-1], block=2**70)])
    with pytest.raises(IndexInconsistent):
        index.apply([replace(world.events[-1], position=2**20)])
    assert index.digest() == digest
    index.apply(world.events)
    assert index.digest() == world.index().digest()
    index.close()


def test_what_was_read_for_other_contracts_is_read_again(tmp_path: Path) -> None:
    """A release that adds contracts may have events in blocks that were read without it."""
    world, path = Diamond(), tmp_path / "index.sqlite"
    for contracts, block in ((SUITE, None), (SUITE, world.block), (MORE, None), (SUITE, None)):
        index = Index(contracts.items(), path)
        assert index.block == block
        index.apply(world.events)
        index.close()


def test_a_block_that_is_taken_back_was_never_there(shared: Opened) -> None:
    world = Diamond()
    index = shared()
    index.apply(world.events, [Head(world.block, world.time, b"\x01" * 32)])
    before = index.digest()
    at = world.block
    world.next_block()
    world.deposit(world.income, 1_000_000)
    index.apply(world.events, [Head(world.block, world.time, b"\x02" * 32)])
    assert index.undo(at + 1)
    assert (index.digest(), index.cursor.block) == (before, at)
    assert index.cursor.hash == "01" * 32
    assert not Index(SUITE.items(), depth=0).undo(-1)
    index.close()


def test_only_its_owner_can_read_the_file(tmp_path: Path) -> None:
    from kiseki.sync.places import Place

    index = Place(tmp_path / "index").open(1, b"\x05" * 32, list(SUITE.items()))
    index.apply(Diamond().events)
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "index").iterdir()
    }
    assert set(modes.values()) == {0o600}
    index.close()


@pytest.mark.parametrize("damage", ["cut short", "no database", "half zero"])
def test_a_damaged_file_is_said_to_be_unusable(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "index.sqlite"
    world = busy(2)
    index = Index(SUITE.items(), path)
    index.apply(world.events)
    index.close()
    content = path.read_bytes()
    if damage == "cut short":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "no database":
        path.write_bytes(b"something else" * 1_000)
    else:
        path.write_bytes(content[:4096] + bytes(len(content) - 4096))
    with pytest.raises(IndexUnusable, match="kiseki index drop"):
        index = Index(SUITE.items(), path)
        index.digest()


def test_a_full_disk_is_said_and_answers_go_on(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    world = Diamond()
    first = len(world.events)
    world.collection(ARTIST, TRAIN, [f"drawing {number}" for number in range(2_000)])
    index = Index(SUITE.items(), path)
    index.apply(world.events[:first])
    digest = index.digest()
    index._store.write("PRAGMA max_page_count = 1")  # as if no page more could be had
    with pytest.raises(IndexUnusable, match="full"):
        index.apply(world.events)
    assert index.digest() == digest
    index._store.write("PRAGMA max_page_count = 100000")
    index.apply(world.events)
    assert index.digest() == world.index().digest()
    index.close()


def test_the_password_of_a_database_is_not_told() -> None:
    from kiseki.sync.places import Place

    said = Place("postgresql://me:geheim@host/db?password=geheim").named(1, bytes(32))
    assert "geheim" not in said and "me@host/db" in said
    assert sqlite3.sqlite_version_info >= (3, 35) and os.name == "posix"
