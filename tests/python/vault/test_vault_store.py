"""A store of an earlier release becomes one of this release, and loses nothing (invariant 8)."""

from __future__ import annotations

import hashlib
import multiprocessing
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from kiseki.core import ids
from kiseki.core.payee import Payee
from kiseki.errors import SecretsError
from kiseki.vault.keystore import KeyStore
from kiseki.vault.store import migrations
from kiseki.vault.store.database import Database
from kiseki.vault.store.tables import metadata

from .conftest import DIGESTS, OTHER, WHO, interrupt

OLD = Path(__file__).with_name("store_of_2026_11.sql")
CONTENTS = [hashlib.sha256(b"content %d" % number).digest() for number in range(8)]
SALTS = dict(zip(sorted(CONTENTS[:3]), (number.to_bytes(32) for number in (1, 2, 3)), strict=True))
"""Made in the order of the digests."""
LATER = ("received", "receipt", "origin", "given_up", "before", "split")
"""Tables that key stores of the first days do not have."""


def old(path: Path) -> Path:
    """A file as the release of November 2026 left it."""
    path.touch(0o600)
    with sqlite3.connect(path) as db:
        db.executescript(OLD.read_text("utf-8"))
    db.close()
    return path


def rows(path: Path) -> dict[str, list[Any]]:
    with sqlite3.connect(path) as db:
        names = [
            name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        found = {name: sorted(db.execute(f"SELECT * FROM {name}"), key=repr) for name in names}
    db.close()
    return found


def differences(db: Connection) -> list[Any]:
    """Between the tables that are there and those of this release."""
    context = MigrationContext.configure(db, opts={"compare_type": True})
    odd = [
        each
        for each in compare_metadata(context, metadata)
        if not (each[0] == "remove_table" and each[1].name == "alembic_version")
    ]
    # SQLite lets keys be null that were made without saying otherwise; nobody writes one.
    keys = {
        (table.name, column.name)
        for table in metadata.tables.values()
        for column in table.primary_key
    }
    return [
        each
        for each in odd
        if not isinstance(each, list) or each[0][0] != "modify_nullable" or each[0][2:4] not in keys
    ]


def test_a_key_store_of_before_loses_nothing(tmp_path: Path) -> None:
    path = old(tmp_path / "store")
    before = rows(path)
    with KeyStore(path) as store:
        salts = [SALTS[each] for each in CONTENTS[:3]]
        assert store.salts(WHO, CONTENTS[:3]) == salts
        first, second = store.collections()
        assert (first.provider, first.count, first.payee) == (WHO, 3, Payee.of(WHO))
        assert (second.provider, second.count) == (OTHER, 2)
        again, was = store.versions(first.id)
        assert (again, was.payee) == (first, Payee.of(OTHER))
        (part,) = store.slices(first.id)
        assert sorted(part.names) == [("0.png",), ("1.png",), ("2.png",)]
        hidden = {ids.commitment(*each) for each in zip(CONTENTS, salts, strict=False)}
        assert set(part.commitment_list) == hidden
        assert store.lacking([(b"\x05" * 32, 1)]) == []
        ((receipt, count),) = store.received()
        assert count == 1
        ((_, digest, names),) = store.received_items(receipt.id)
        assert (digest, names) == (CONTENTS[7], ("seven.png",))
    after = rows(path)
    for name, there in before.items():
        width = len(there[0]) if there else 0
        assert sorted((row[:width] for row in after[name]), key=repr) == there


def test_a_key_store_of_the_first_days_gets_what_came_later(tmp_path: Path) -> None:
    path = old(tmp_path / "store")
    with sqlite3.connect(path) as db:
        for name in LATER:
            db.execute(f"DROP TABLE {name}")
    db.close()
    with KeyStore(path) as store:
        assert store.salts(WHO, CONTENTS[:1]) == [SALTS[CONTENTS[0]]]
        store.give_up([b"\x06" * 32])
        assert store.lacking([(b"\x06" * 32, 1)]) == []


def test_what_migrations_make_is_what_a_new_store_has(tmp_path: Path, postgres: str) -> None:
    Database(old(tmp_path / "old")).close()
    Database(tmp_path / "new").close()
    shapes = []
    for name in ("old", "new"):
        store = Database(tmp_path / name)
        with store.reading() as db:
            assert differences(db) == []
        shapes.append(sorted(each for each in rows(tmp_path / name)))
        store.close()
    assert shapes[0] == shapes[1]
    new = Database(postgres, "made")
    with new.reading() as db:
        assert differences(db) == []
    with new.writing() as db:  # and by every migration, one after the other
        metadata.drop_all(db)
        db.execute(text("DELETE FROM alembic_version"))
        migrations._migrate(db, None)
        assert differences(db) == []
    new.close()


def test_the_last_migration_is_the_one_that_a_new_store_says() -> None:
    here = Config()
    here.set_main_option("script_location", str(Path(migrations.__file__).parent))
    assert ScriptDirectory.from_config(here).get_heads() == [migrations.HEAD]


@pytest.fixture(params=["a file", "PostgreSQL"])
def where(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path | str]:
    yield tmp_path / "store" if request.param == "a file" else request.getfixturevalue("postgres")


def test_a_store_of_a_later_release_is_refused_and_left(where: Path | str) -> None:
    made = Database(where)
    with made.writing() as db:
        db.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    made.close()
    before = where.read_bytes() if isinstance(where, Path) else b""
    with pytest.raises(SecretsError, match=r"later release .* version 9999\); update Kiseki"):
        Database(where)
    assert not isinstance(where, Path) or where.read_bytes() == before


def test_a_migration_that_is_interrupted_is_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = old(tmp_path / "store")
    before = rows(path)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("alembic.op.create_index", interrupt)
        KeyStore(path)
    assert rows(path) == before
    with KeyStore(path) as store:
        assert store.salts(WHO, CONTENTS[:1]) == [SALTS[CONTENTS[0]]]


def _opened(path: Path) -> list[bytes]:
    with KeyStore(path) as store:
        return store.salts(WHO, CONTENTS[:3])


def test_processes_that_open_an_old_store_at_once_all_find_it(tmp_path: Path) -> None:
    path = old(tmp_path / "store")
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        answers = pool.map(_opened, [path] * 8)
    assert answers == [[SALTS[each] for each in CONTENTS[:3]]] * 8


def test_what_is_written_is_there_whole_or_not_at_all(where: Path | str) -> None:
    made = Database(where)
    with pytest.raises(KeyboardInterrupt), made.writing() as db:
        db.execute(text("INSERT INTO given_up VALUES (:id)"), {"id": b"\x01" * 32})
        raise KeyboardInterrupt
    assert made.rows(text("SELECT count(*) FROM given_up")) == [(0,)]
    with made.writing() as outer, made.writing() as inner:
        assert inner is outer
    with made.reading(), pytest.raises(RuntimeError, match="cannot begin to write"):
        made.writing().__enter__()
    made.close()


def test_a_question_of_several_parts_sees_one_moment(where: Path | str) -> None:
    first, second = Database(where), Database(where)
    count = text("SELECT count(*) FROM given_up")
    with first.reading() as db:
        assert db.execute(count).scalar_one() == 0
        with second.writing() as other:
            other.execute(text("INSERT INTO given_up VALUES (:id)"), {"id": b"\x01" * 32})
        assert db.execute(count).scalar_one() == 0
    assert first.rows(count) == [(1,)]
    first.close()
    second.close()


def test_as_many_threads_as_there_are_read_at_once(where: Path | str) -> None:
    """A server has forty, and none waits for another to be done."""
    made, together = Database(where), threading.Barrier(40)

    def reads(_: int) -> int:
        with made.reading() as db:
            together.wait(600)
            return int(db.execute(text("SELECT 1")).scalar_one())

    with ThreadPoolExecutor(40) as pool:
        assert list(pool.map(reads, range(40))) == [1] * 40
    made.close()


def test_a_store_that_was_closed_is_not_opened_again(where: Path | str) -> None:
    for made in (Database(where), Database(None)):
        made.close()
        with pytest.raises(RuntimeError, match="is closed"):
            made.rows(text("SELECT 1"))


@pytest.mark.parametrize("name", ["a?b=c", "a#b", "%20", "a b", "鍵", ":memory:", "a%2Fb"])
def test_a_path_is_never_read_as_a_part_of_a_url(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    path = tmp_path / name / name
    with KeyStore(path) as store:
        salts = store.salts(WHO, CONTENTS)
    assert [each.name for each in tmp_path.rglob("*") if each.is_file()] == [name]
    with KeyStore(path) as store:
        assert store.salts(WHO, CONTENTS) == salts


def test_no_password_and_no_row_is_in_an_error_of_postgresql(postgres: str) -> None:
    with pytest.raises(SecretsError) as refused:
        Database("postgresql://somebody:hunter2@localhost:1/none")
    assert "hunter2" not in str(refused.value)
    assert "somebody" in str(refused.value)
    made = Database(postgres)
    with pytest.raises(SecretsError) as refused, made.writing() as db:
        for _ in range(2):
            db.execute(text("INSERT INTO given_up VALUES (:id)"), {"id": b"\xabsecret"})
    assert "secret" not in str(refused.value)
    assert "ab" + b"secret".hex() not in str(refused.value)
    made.close()


def test_a_store_that_one_process_opens_twice_loses_nothing(tmp_path: Path) -> None:
    """Closing any file of its own on a database takes away the locks that a process has on it
    (POSIX). Another process would then delete the log that this one still writes to."""
    path = tmp_path / "store"
    script = (
        "import sys; from pathlib import Path; from kiseki.vault.keystore import KeyStore\n"
        "with KeyStore(Path(sys.argv[1])) as store: print(store.count())"
    )

    def counted_elsewhere() -> int:
        done = subprocess.run([sys.executable, "-c", script, str(path)], check=True,
                              capture_output=True, text=True)  # fmt: skip
        return int(done.stdout)

    with KeyStore(path) as first:
        first.salts(WHO, DIGESTS[:1])
        with KeyStore(path) as second:
            assert second.count() == 1
            assert counted_elsewhere() == 1
            first.salts(WHO, DIGESTS[:5])
            assert counted_elsewhere() == 5
        first.salts(WHO, DIGESTS)
        assert counted_elsewhere() == len(DIGESTS)
    assert counted_elsewhere() == len(DIGESTS)
