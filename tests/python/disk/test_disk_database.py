"""SQLite as every file of Kiseki uses it: whole or not at all, and no other program's file."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiseki.disk import database


def test_what_fails_in_the_middle_leaves_nothing_and_the_next_goes_on(tmp_path: Path) -> None:
    db = database.connect(tmp_path / "a.sqlite")
    db.execute("CREATE TABLE t (x INTEGER)")
    with pytest.raises(ZeroDivisionError), database.transaction(db) as writing:
        writing.execute("INSERT INTO t VALUES (1)")
        raise ZeroDivisionError
    assert not db.in_transaction
    with database.transaction(db) as writing:
        writing.execute("INSERT INTO t VALUES (2)")
    assert database.connect(tmp_path / "a.sqlite").execute("SELECT x FROM t").fetchall() == [(2,)]


def test_a_transaction_that_sqlite_ended_itself_raises_its_own_error(tmp_path: Path) -> None:
    """ROLLBACK of nothing would hide what was wrong."""
    db = database.connect(tmp_path / "a.sqlite")
    db.execute("CREATE TABLE t (x INTEGER)")
    with pytest.raises(ZeroDivisionError), database.transaction(db) as writing:
        writing.execute("ROLLBACK")
        raise ZeroDivisionError


def test_only_a_new_file_and_ones_own_are_taken(tmp_path: Path) -> None:
    db = database.connect(tmp_path / "a.sqlite")
    assert database.is_of(db, 7)
    db.execute("CREATE TABLE t (x INTEGER)")
    assert not database.is_of(db, 7)
    db.execute("PRAGMA application_id = 7")
    assert database.is_of(db, 7)
    assert not database.is_of(db, 8)
