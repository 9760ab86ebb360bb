"""The key store: nothing kept is lost, others read nothing, an older key file is taken over (8)."""

import hashlib
import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import textwrap
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from kiseki.core import ids
from kiseki.core.collection import Slice
from kiseki.core.merkle import SLICE
from kiseki.core.values import ZERO32
from kiseki.errors import SecretsError
from kiseki.vault.keystore import KeyStore
from kiseki.vault.store import database

from .conftest import DIGESTS, OTHER, WHO, collection, interrupt, old_file


def lines(*entries: tuple[str, bytes, bytes]) -> bytes:
    """A key file of an earlier version."""
    return b"".join(
        json.dumps({"provider": who, "sha256": digest.hex(), "salt": salt.hex()}).encode() + b"\n"
        for who, digest, salt in entries
    )


# Salts and collections


def test_a_salt_is_made_once_for_each_provider_and_content(store: KeyStore) -> None:
    first = store.salts(WHO, DIGESTS)
    assert len({*first, *store.salts(OTHER, DIGESTS)}) == 18
    assert store.salts(WHO.upper().replace("X", "x"), DIGESTS[::-1]) == first[::-1]
    assert store.salts(WHO, [DIGESTS[0]] * 3) == [first[0]] * 3


def test_what_is_kept_is_there_when_it_is_opened_again(
    file_store: KeyStore, tmp_path: Path
) -> None:
    kept, slices = collection(file_store, SLICE + 3)
    file_store.keep(kept, slices)
    file_store.close()
    again = KeyStore(tmp_path / "store")
    assert again.collection(kept.id) == kept
    assert list(again.collections(WHO)) == [kept]
    assert list(again.collections(OTHER)) == []
    assert list(again.slices(kept.id)) == slices
    assert again.slice_roots(kept.id) == [each.root for each in slices]
    digest, commitment = slices[0].digest_list[0], slices[0].commitment_list[0]
    salt = again.salt_of(WHO, digest, commitment)
    assert salt is not None
    assert ids.commitment(digest, salt) == commitment


def test_what_is_not_kept_is_said(store: KeyStore) -> None:
    assert list(store.slices(b"\x01" * 32)) == []
    with pytest.raises(SecretsError, match=r"0x0101.* is not in this key store .*; name"):
        store.collection(b"\x01" * 32)


def test_kept_again_nothing_that_was_known_is_lost(store: KeyStore) -> None:
    kept, (first,) = collection(store)
    store.keep(kept, [first])
    bare = Slice(first.root, first.commitments, bytes(32 * 5), ((), ("new",), (), (), ()))
    store.keep(kept, [bare])
    (found,) = store.slices(kept.id)
    assert found.digests == first.digests
    assert found.names == (first.names[0], ("new",), *first.names[2:])


def test_a_collection_is_kept_whole_or_not_at_all(store: KeyStore) -> None:
    kept, (first,) = collection(store)

    def interrupted() -> Iterator[Slice]:
        yield first
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.keep(kept, interrupted())
    assert list(store.collections()) == []
    assert list(store.slices(kept.id)) == []


def test_a_salt_that_is_destroyed_is_gone_from_the_file(
    file_store: KeyStore, tmp_path: Path
) -> None:
    (salt,) = file_store.salts(WHO, DIGESTS[:1])
    file_store.salts(WHO, DIGESTS[1:])
    assert file_store.forget(WHO, DIGESTS[0])
    assert not file_store.forget(WHO, DIGESTS[0])
    assert file_store.count() == 8
    for path in tmp_path.iterdir():  # while it is open, too
        assert salt not in path.read_bytes()


def test_of_what_is_destroyed_nothing_links_content_and_id(store: KeyStore) -> None:
    kept, (before,) = collection(store)
    store.keep(kept, [before])
    gone = before.digest_list[2]
    assert store.forget(WHO, gone)
    (after,) = store.slices(kept.id)
    assert (after.root, after.commitments) == (before.root, before.commitments)
    digests, names = before.digest_list, list(before.names)
    digests[2], names[2] = ZERO32, ()
    assert (after.digest_list, after.names) == (digests, tuple(names))


def test_a_salt_that_somebody_still_reads_is_not_said_to_be_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program reads an older state, which is kept on the disk for it."""
    monkeypatch.setattr(database, "_SECONDS", 0.1)
    store = KeyStore(tmp_path / "secrets")
    who, digest = "0x" + "11" * 20, bytes(31) + b"\x01"
    (salt,) = store.salts(who, [digest])
    reader = sqlite3.connect(tmp_path / "secrets")
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM salt").fetchone()
    with pytest.raises(SecretsError, match="still on the disk while another program reads"):
        store.forget(who, digest)
    reader.close()
    store.forget(who, digest)
    assert all(salt not in path.read_bytes() for path in tmp_path.iterdir())


def test_without_a_path_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = KeyStore()
    kept, slices = collection(store)
    store.keep(kept, slices)
    assert list(store.slices(kept.id)) == slices
    assert list(tmp_path.iterdir()) == []


# For its owner only


def test_all_of_its_files_are_for_the_owner_only(file_store: KeyStore, tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        file_store.salts(WHO, DIGESTS)
        found = {each.name: stat.S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir()}
    finally:
        os.umask(old)
    assert found == dict.fromkeys(["store", "store-wal", "store-shm"], 0o600)


@pytest.mark.parametrize("end", ["", "-wal", "-shm"])
def test_a_wider_mode_is_refused_with_what_to_do(
    file_store: KeyStore, tmp_path: Path, end: str
) -> None:
    file_store.salts(WHO, DIGESTS[:1])
    path = tmp_path / f"store{end}"
    path.chmod(0o604)
    for act in (lambda: file_store.salts(WHO, DIGESTS), lambda: KeyStore(tmp_path / "store")):
        with pytest.raises(SecretsError, match=rf"\(mode 0604\); run `chmod 600 {path}`"):
            act()
    path.chmod(0o600)
    assert file_store.count() == 1


@pytest.mark.parametrize("content", [b"SQLite format 3\x00" + b"x" * 5_000, b"\x00" * 4_096])
def test_a_damaged_store_is_refused_and_left(tmp_path: Path, content: bytes) -> None:
    path = old_file(tmp_path / "store", content)
    with pytest.raises(SecretsError, match=r"damaged; restore a backup"):
        KeyStore(path)
    assert path.read_bytes() == content


def test_a_database_of_something_else_is_refused_and_left(tmp_path: Path) -> None:
    path = old_file(tmp_path / "store", b"")
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE mine (x)")
    other.close()
    content = path.read_bytes()
    with pytest.raises(SecretsError, match="keeps something else; name another file"):
        KeyStore(path)
    assert path.read_bytes() == content


def test_no_secret_is_in_an_error_or_repr(store: KeyStore, tmp_path: Path) -> None:
    salts = store.salts(WHO, DIGESTS)
    kept, slices = collection(store)
    store.keep(kept, slices)
    shown = repr([store, kept, slices])
    with store._store.writing() as db:
        db.execute(text("DROP TABLE salt"))
    with pytest.raises(SecretsError) as refused:
        store.salts(WHO, DIGESTS)
    shown += "".join(traceback.format_exception(refused.value))
    assert not [each for each in [*salts, *DIGESTS] if each.hex() in shown or str(each) in shown]
    assert "content" not in shown
    assert "0.png" not in shown


# Several processes, killed at any moment

WORKER = textwrap.dedent(
    """
    import hashlib, sys
    from pathlib import Path
    from kiseki.vault.keystore import KeyStore
    store = KeyStore(Path(sys.argv[1]))
    print("ready", flush=True)
    for n in range(200):
        digest = hashlib.sha256(b"%d" % n).digest()
        print(n, store.salts("0x" + "1a" * 20, [digest])[0].hex(), flush=True)
    """
)


def worker(path: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, str(path)], stdout=subprocess.PIPE, text=True
    )


def told(text: str) -> dict[int, str]:
    whole = [line.split() for line in text.splitlines(keepends=True) if line.endswith("\n")]
    return {int(row[0]): row[1] for row in whole if len(row) == 2}


def test_processes_that_run_at_once_get_the_same_salts(tmp_path: Path) -> None:
    path = old_file(tmp_path / "store", lines((WHO, DIGESTS[0], b"\x07" * 32)))
    running = [worker(path) for _ in range(3)]
    answers = [told(each.communicate()[0]) for each in running]
    assert [each.returncode for each in running] == [0, 0, 0]
    assert answers[0] == answers[1] == answers[2]
    assert (len(answers[0]), answers[0][0]) == (200, "07" * 32)


def test_what_a_killed_process_was_told_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "store"
    seen: dict[int, str] = {}
    for most in (1, 5, 17, 40):
        running = worker(path)
        assert running.stdout is not None
        text = "".join(running.stdout.readline() for _ in range(most))
        running.send_signal(signal.SIGKILL)
        text += running.stdout.read()
        running.wait()
        running.stdout.close()
        for number, salt in told(text).items():
            assert seen.setdefault(number, salt) == salt
    store = KeyStore(path)
    digests = [hashlib.sha256(b"%d" % n).digest() for n in seen]
    assert [each.hex() for each in store.salts(WHO, digests)] == list(seen.values())


# An older key file


def test_an_older_key_file_is_taken_over_once(tmp_path: Path) -> None:
    entries = [(WHO, digest, bytes([n]) * 32) for n, digest in enumerate(DIGESTS)]
    content = lines(*entries, (WHO, DIGESTS[0], b"\xff" * 32))  # the first of a content counts
    path = old_file(tmp_path / "secrets", content)
    store = KeyStore(path)
    assert store.salts(WHO, DIGESTS) == [salt for *_, salt in entries]
    store.close()
    assert (tmp_path / "secrets.before").read_bytes() == content
    assert stat.S_IMODE((tmp_path / "secrets.before").stat().st_mode) == 0o600
    assert KeyStore(path).salts(WHO, DIGESTS) == [salt for *_, salt in entries]
    assert sorted(each.name for each in tmp_path.iterdir() if "-" not in each.name) == [
        "secrets", "secrets.before",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "line",
    [
        b"not json",
        b"[]",
        b'{"provider": 1}',
        b'{"provider": "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "sha256": "00", "salt": "00"}',
        b'{"provider": "alice", "sha256": "' + b"00" * 32 + b'", "salt": "' + b"00" * 32 + b'"}',
        b"\xff\xfe",
    ],
)
def test_a_damaged_line_is_named_and_not_shown(tmp_path: Path, line: bytes) -> None:
    first, *others = lines(*((WHO, each, each) for each in DIGESTS[:3])).splitlines(keepends=True)
    content = b"".join([first, line + b"\n", *others])
    path = old_file(tmp_path / "secrets", content)
    with pytest.raises(SecretsError, match=r"line 2 .* damaged; restore a backup") as refused:
        KeyStore(path)
    shown = "".join(traceback.format_exception(refused.value))
    assert repr(line)[2:-1] not in shown
    assert line.decode("utf-8", "surrogateescape") not in shown
    assert path.read_bytes() == content
    assert [each.name for each in tmp_path.iterdir() if "-" not in each.name] == ["secrets"]


def test_a_line_that_was_never_finished_costs_nothing(tmp_path: Path) -> None:
    whole = lines((WHO, DIGESTS[0], b"\x07" * 32))
    for number, end in enumerate((whole[:50], whole[:50] + b"\x00" * 9, b"", b"{")):
        store = KeyStore(old_file(tmp_path / f"{number}", whole + end))
        assert (store.count(), store.salts(WHO, DIGESTS[:1])) == (1, [b"\x07" * 32])
    # A last line that lacks only its end is a salt like any other.
    assert KeyStore(old_file(tmp_path / "end", whole.rstrip(b"\n"))).count() == 1


def test_taking_over_goes_on_after_a_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Invariant 8: before the store is in its place, and after the older file was put aside."""
    content = lines((WHO, DIGESTS[0], b"\x07" * 32))
    path = old_file(tmp_path / "secrets", content)
    for name in ("link", "replace"):
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(os if name == "link" else Path, name, interrupt)
            KeyStore(path)
        assert path.read_bytes() == content
    assert KeyStore(path).salts(WHO, DIGESTS[:1]) == [b"\x07" * 32]
    assert (tmp_path / "secrets.before").read_bytes() == content
