"""What PostgreSQL keeps of what was erased: tables, log, dumps, base backups and standbys.

`docs/vault.md` says what an operator does about its log; here it is measured.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url
from tests.python import postgres

from kiseki.vault.vault import Vault

from .keeping import Key
from .residue import Known, erase, made


@pytest.fixture
def server() -> Iterator[str]:
    """A server of this test's own, whose settings it changes."""
    with postgres.server() as url:
        yield url


@pytest.fixture
def filled(server: str, tmp_path: Path) -> Iterator[tuple[Vault, Known]]:
    with postgres.database(server) as url:
        vault = made(url, tmp_path, Key(), Key("recovery"))
        yield vault, Known.of(vault)
        vault.keys.close()


def sql(url: str, *sentences: str) -> list[Any]:
    """What the last of them answers."""
    rows: list[Any] = []
    with psycopg.connect(url, autocommit=True) as db:
        for each in sentences:
            done = db.execute(each)
            rows = done.fetchall() if done.description else []
    return rows


def data(url: str) -> Path:
    return Path(sql(url, "SHOW data_directory")[0][0])


def start(url: str, name: str, *words: str | Path) -> subprocess.Popen[bytes]:
    """Starts a program of this server's, as its user."""
    folder = data(url)
    found = sorted((folder.parent / "lent").glob(f"*/*/bin/{name}"))
    program = found[0] if found else postgres._installed() / name
    user: dict[str, Any] = {}
    if os.geteuid() == 0:
        what = folder.stat()
        user = {"user": what.st_uid, "group": what.st_gid, "extra_groups": []}
    return subprocess.Popen(
        [program, *words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True, **user,
    )  # fmt: skip


def run(url: str, name: str, *words: str | Path) -> None:
    assert start(url, name, *words).wait(60) == 0


def test_tables_keep_nothing_and_the_log_keeps_rows_until_it_is_taken_away(
    server: str, filled: tuple[Vault, Known]
) -> None:
    """What is in the log the vault's key opens: it is rows, never content, salt or name."""
    vault, known = filled
    place = data(server)
    sql(server, "CHECKPOINT")
    assert known.kept(place / "base") == {*known.sealed}
    assert known.seen(place) == set()
    erase(vault)
    sql(server, "CHECKPOINT")
    assert known.kept(place / "base") == set()
    assert known.seen(place) == set()
    # The log of before is there, and stays when PostgreSQL uses its files again. A value or two may
    # lie across the heads of its pages, where the search does not see it.
    assert len(known.kept(place / "pg_wal")) >= len(known.sealed) - 2
    sql(server, "SELECT pg_switch_wal()", "CHECKPOINT")
    assert len(known.kept(place / "pg_wal")) >= len(known.sealed) - 2
    # Where it does not, two rounds take it away.
    sql(
        server, "ALTER SYSTEM SET wal_recycle = off", "ALTER SYSTEM SET min_wal_size = '32MB'",
        "SELECT pg_reload_conf()",
    )  # fmt: skip
    for _ in range(2):
        sql(
            server, "CREATE TABLE round (number INTEGER)", "DROP TABLE round",
            "SELECT pg_switch_wal()", "CHECKPOINT",
        )  # fmt: skip
    assert known.kept(place) == set()
    assert known.seen(place) == set()


def test_a_dump_and_a_base_backup_of_before_hold_rows_only(
    server: str, filled: tuple[Vault, Known]
) -> None:
    """Which open with the keys of their epoch, and with none when these are destroyed."""
    vault, known = filled
    place = data(server).parent
    name = str(make_url(vault.keys.database.place).database)
    (place / "dump").mkdir()
    shutil.chown(place / "dump", data(server).stat().st_uid)
    for form in ("plain", "custom"):
        run(
            server, "pg_dump", "-h", place, "-U", "postgres", f"--format={form}", "--compress=none",
            "-f", place / "dump" / form, name,
        )  # fmt: skip
    run(server, "pg_basebackup", "-h", place, "-U", "postgres", "-c", "fast", "-D", place / "copy")
    erase(vault)
    for backup in ("dump", "copy"):
        assert known.seen(place / backup) == set()
        assert known.kept(place / backup) == {*known.sealed}
    (place / "after").mkdir()
    shutil.chown(place / "after", data(server).stat().st_uid)
    run(
        server, "pg_dump", "-h", place, "-U", "postgres", "--compress=none",
        "-f", place / "after" / "dump", name,
    )  # fmt: skip
    assert known.kept(place / "after") == known.seen(place / "after") == set()


@contextmanager
def standby(server: str) -> Iterator[str]:
    """A server that follows another, in its folder; gives its URL."""
    place = data(server).parent
    copy = place / "standby"
    run(server, "pg_basebackup", "-h", place, "-U", "postgres", "-c", "fast", "-R", "-D", copy)
    words = ("-D", copy, "-p", "5433", "-k", place, "-c", "listen_addresses=", "-c", "fsync=off")
    process = start(server, "postgres", *words)
    url = f"postgresql://postgres@/postgres?host={place}&port=5433"
    try:
        _until(lambda: bool(sql(url, "SELECT 1")))
        yield url
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def _until(true: Any) -> None:
    end = time.monotonic() + postgres.PATIENCE
    while time.monotonic() < end:
        try:
            if true():
                return
        except psycopg.OperationalError:
            pass
        time.sleep(0.05)
    raise AssertionError("the standby does not follow")


def test_a_standby_takes_it_out_of_its_tables_too(server: str, filled: tuple[Vault, Known]) -> None:
    vault, known = filled
    with standby(server) as follower:
        folder = data(follower)
        sql(follower, "CHECKPOINT")
        assert known.kept(folder / "base") == {*known.sealed}
        erase(vault)
        sql(server, "CHECKPOINT")
        ((end,),) = sql(server, "SELECT pg_current_wal_flush_lsn()::text")
        _until(lambda: sql(follower, f"SELECT pg_last_wal_replay_lsn() >= '{end}'")[0][0])
        sql(follower, "CHECKPOINT")
        assert known.kept(folder / "base") == set()
        assert known.seen(folder) == set()
