"""A vault's database tells who steals it nothing of content (promise 6)."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import shutil
import sqlite3
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyrage
import pytest
from sqlalchemy import select, text

from kiseki.core import ids
from kiseki.core.collection import Kept, Slice
from kiseki.core.merkle import IdTree
from kiseki.core.origin import OriginFile
from kiseki.errors import InvalidInput, SecretsError
from kiseki.vault.keys import epochs
from kiseki.vault.keys.epochs import Holder
from kiseki.vault.keys.named import key_of
from kiseki.vault.keys.services import InFile, InService, InText, wrapped
from kiseki.vault.keystore import KeyStore
from kiseki.vault.openings import Item
from kiseki.vault.resealing import next_epoch
from kiseki.vault.store import tables
from kiseki.vault.store.sealed import Sealed

from .conftest import DIGESTS, OTHER, WHO, collection, interrupt
from .test_vault_origins import MADE

NOW = 1_800_000_000


class Person:
    """Somebody with a key."""

    def __init__(self, role: str) -> None:
        made = pyrage.x25519.Identity.generate()
        self.identity, self.role = InText(str(made)), role
        self.holder = Holder(str(made.to_public()), role)


@pytest.fixture
def vault() -> Person:
    return Person("vault")


@pytest.fixture
def recovery() -> Person:
    return Person("recovery")


def filled(store: KeyStore) -> tuple[Kept, list[Slice], list[bytes]]:
    kept, slices = collection(store)
    store.keep(kept, slices)
    store.keep_origin(OriginFile(MADE))
    return kept, slices, store.salts(OTHER, DIGESTS)


def secrets_of(slices: list[Slice], salts: list[bytes]) -> list[bytes]:
    """What must not be found."""
    digests = [each for part in slices for each in part.digest_list]
    names = [name.encode() for part in slices for (name,) in part.names]
    return [*salts, *DIGESTS, *digests, *names, "山田花子".encode(), b"\\u5c71"]


def on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file())


def test_of_a_vault_the_disk_tells_no_salt_no_digest_and_no_name(
    tmp_path: Path, vault: Person, recovery: Person
) -> None:
    (tmp_path / "here").mkdir()
    path = tmp_path / "here" / "store"
    with KeyStore(path) as store:
        kept, slices, salts = filled(store)
        hidden = secrets_of(slices, salts)
        assert any(each in on_disk(path.parent) for each in hidden)
        next_epoch(store, [vault.holder, recovery.holder], vault.identity, NOW)
        assert not [each for each in hidden if each in on_disk(path.parent)]  # while it is open
        assert list(store.slices(kept.id)) == slices
    assert not [each for each in hidden if each in on_disk(path.parent)]
    with KeyStore(path, vault.identity) as store:
        new = store.salts(WHO, [hashlib.sha256(b"new").digest()])
        assert not [each for each in [*hidden, *new] if each in on_disk(path.parent)]


def test_no_column_of_content_can_be_read_without_the_key(store: KeyStore, vault: Person) -> None:
    kept, _, _ = filled(store)
    digest, salt = DIGESTS[8], b"\x07" * 32
    item = Item(
        ("item.png",), digest, salt, ids.commitment(digest, salt), IdTree([digest]).proof(digest)
    )
    store.receive(replace(kept, provider=OTHER), [item])
    questions = [
        select(tables.salt.c.sha256, tables.salt.c.salt),
        select(tables.slices.c.digests, tables.slices.c.names),
        select(tables.received.c.sha256, tables.received.c.names),
        select(tables.origin.c.file),
    ]
    before = [{value for row in store._rows(each) for value in row} for each in questions]
    next_epoch(store, [vault.holder], vault.identity, NOW)
    for question, plain in zip(questions, before, strict=True):
        values = {value for row in store._rows(question) for value in row}
        assert values
        assert not values & plain
        for value in values:
            with pytest.raises(zlib.error):
                zlib.decompress(value.encode() if isinstance(value, str) else value)
            assert not [each for each in plain if each in value]


def test_a_key_store_that_becomes_a_vault_loses_nothing(
    store: KeyStore, vault: Person, recovery: Person
) -> None:
    kept, slices, salts = filled(store)
    held = sorted(store.held(DIGESTS))
    for _ in range(2):  # and a vault that begins another epoch
        next_epoch(store, [vault.holder, recovery.holder], vault.identity, NOW)
        assert store.is_vault
        assert store.salts(OTHER, DIGESTS) == salts
        assert store.known(OTHER, DIGESTS) == set(DIGESTS)
        assert sorted(store.held(DIGESTS)) == held
        assert list(store.slices(kept.id)) == slices
        assert store.collection(kept.id) == kept
        assert store.origins().__next__() == OriginFile(MADE)
        digest, commitment = slices[0].digest_list[0], slices[0].commitment_list[0]
        salt = store.salt_of(WHO, digest, commitment)
        assert salt is not None
        assert store.opens(WHO, [commitment]) == {commitment}
        assert {each.digest for each in store.openings([digest])} == {digest}
        store.keep(kept, slices)
        store.keep_origin(OriginFile(MADE))
        more, others = collection(store, 2, OTHER)
        store.keep(more, others)
        assert list(store.slices(more.id)) == others
    assert store.count() == len(DIGESTS) + kept.count + more.count
    assert store.forget(OTHER, DIGESTS[0])
    assert store.known(OTHER, DIGESTS[:1]) == set()


def test_only_a_key_of_the_epoch_opens_it(tmp_path: Path, vault: Person, recovery: Person) -> None:
    path = tmp_path / "store"
    with KeyStore(path) as store:
        *_, salts = filled(store)
        next_epoch(store, [vault.holder, recovery.holder], vault.identity, NOW)
    for key, why in ((None, "key was not given"), (Person("vault").identity, "does not open")):
        with pytest.raises(SecretsError, match=why):
            KeyStore(path, key)
    for person in (vault, recovery):
        with KeyStore(path, person.identity) as store:
            assert store.salts(OTHER, DIGESTS) == salts


def test_a_store_that_is_open_learns_that_it_became_a_vault(tmp_path: Path, vault: Person) -> None:
    """It writes nothing in clear into a vault that somebody else made of it meanwhile."""
    path = tmp_path / "store"
    with KeyStore(path) as first, KeyStore(path) as second:
        salts = first.salts(OTHER, DIGESTS)
        next_epoch(second, [vault.holder], vault.identity, NOW)
        with pytest.raises(SecretsError, match="key was not given"):
            first.salts(OTHER, [hashlib.sha256(b"new").digest()])
        assert second.salts(OTHER, DIGESTS) == salts
        assert second.count() == len(DIGESTS)


def test_a_key_of_an_earlier_epoch_opens_a_later_one_no_more(
    tmp_path: Path, vault: Person, recovery: Person
) -> None:
    path, later = tmp_path / "store", Person("vault")
    with KeyStore(path) as store:
        *_, salts = filled(store)
        next_epoch(store, [vault.holder], vault.identity, NOW)
        shutil.copy(path, tmp_path / "backup")
        next_epoch(store, [later.holder, recovery.holder], later.identity, NOW + 1)
        assert store.salts(OTHER, DIGESTS) == salts
    with pytest.raises(SecretsError, match="does not open"):
        KeyStore(path, vault.identity)
    with pytest.raises(SecretsError, match="does not open"):
        KeyStore(tmp_path / "backup", later.identity)
    with KeyStore(tmp_path / "backup", vault.identity) as old:
        assert old.salts(OTHER, DIGESTS) == salts


def test_a_process_that_runs_over_a_rotation_goes_on(
    tmp_path: Path, vault: Person, recovery: Person
) -> None:
    path = tmp_path / "store"
    with KeyStore(path) as store:
        salts = store.salts(OTHER, DIGESTS)
        next_epoch(store, [vault.holder, recovery.holder], vault.identity, NOW)
    with KeyStore(path, vault.identity) as first, KeyStore(path, vault.identity) as second:
        assert first.salts(OTHER, DIGESTS) == salts
        next_epoch(second, [vault.holder, recovery.holder], vault.identity, NOW + 1)
        assert first.salts(OTHER, DIGESTS) == salts
        assert first.count() == len(DIGESTS)


def test_an_epoch_that_is_interrupted_never_began(
    store: KeyStore, vault: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, slices, salts = filled(store)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("kiseki.vault.resealing.text_hidden", interrupt)
        next_epoch(store, [vault.holder], vault.identity, NOW)
    assert not store.is_vault
    assert epochs.epochs(store._store) == []
    assert store.salts(OTHER, DIGESTS) == salts
    assert list(store.slices(kept.id)) == slices


def test_a_vault_that_nobody_here_could_open_is_not_made(
    store: KeyStore, vault: Person, recovery: Person
) -> None:
    filled(store)
    with pytest.raises(SecretsError, match="not among the keys"):
        next_epoch(store, [recovery.holder], vault.identity, NOW)
    for holders in (
        [],
        [recovery.holder],
        [vault.holder, vault.holder],
        [vault.holder, Holder("age1none", "second")],
        [vault.holder, Holder(recovery.holder.recipient, "boss")],
    ):
        with pytest.raises((InvalidInput, SecretsError)):
            next_epoch(store, holders, vault.identity, NOW)
    assert not store.is_vault


def test_a_value_that_was_changed_or_moved_does_not_open(tmp_path: Path, vault: Person) -> None:
    path = tmp_path / "store"
    with KeyStore(path) as store:
        filled(store)
        next_epoch(store, [vault.holder], vault.identity, NOW)
    with sqlite3.connect(path) as db:
        pairs = db.execute("SELECT sha256, salt FROM salt WHERE number = 0").fetchall()
        for (lookup, _), (_, other) in zip(pairs, [*pairs[1:], pairs[0]], strict=True):
            db.execute("UPDATE salt SET salt = ? WHERE sha256 = ?", (other, lookup))
    db.close()
    with KeyStore(path, vault.identity) as store, pytest.raises(SecretsError, match="not open"):
        store.salts(OTHER, DIGESTS)


@pytest.mark.parametrize("size", [0, 3, 16, 40])
def test_any_bytes_in_a_column_are_refused(size: int) -> None:
    columns = Sealed({1: bytes(32)})
    for junk in (bytes(size), b"\0\0\0\1" + os.urandom(size)):
        with pytest.raises(SecretsError):
            columns.shown(junk, b"place")


def test_when_everybody_destroyed_their_keys_an_epoch_is_gone(
    store: KeyStore, vault: Person, recovery: Person
) -> None:
    later, offline = Person("vault"), Person("recovery")
    next_epoch(store, [vault.holder, recovery.holder], vault.identity, NOW)
    with pytest.raises(InvalidInput, match="in force in epoch 1"):
        epochs.destroyed(store._store, vault.holder.recipient, NOW)
    next_epoch(store, [later.holder, recovery.holder], later.identity, NOW + 1)
    assert epochs.destroyed(store._store, vault.holder.recipient, NOW + 2) == [1]
    first, second = epochs.epochs(store._store)
    assert (first.gone, second.gone) == (None, None)
    with pytest.raises(InvalidInput, match="in force"):
        epochs.destroyed(store._store, recovery.holder.recipient, NOW + 3)
    next_epoch(store, [later.holder, offline.holder], later.identity, NOW + 4)
    assert epochs.destroyed(store._store, recovery.holder.recipient, NOW + 5) == [1, 2]
    assert [each.gone for each in epochs.epochs(store._store)] == [NOW + 5, None, None]
    assert epochs.destroyed(store._store, recovery.holder.recipient, NOW + 9) == [1, 2]
    assert epochs.epochs(store._store)[0].gone == NOW + 5  # the first word counts
    with pytest.raises(InvalidInput, match="none of this vault's keys"):
        epochs.destroyed(store._store, Person("second").holder.recipient, NOW)


# Where the key is


@pytest.fixture
def key_file(tmp_path: Path, vault: Person) -> Iterator[Path]:
    path = tmp_path / "key.txt"
    path.touch(0o600)
    path.write_text(f"# public key: {vault.holder.recipient}\n{vault.identity.identity}\n")
    yield path


def test_a_key_lies_in_a_file_for_its_owner_only(key_file: Path, vault: Person) -> None:
    secret = wrapped(b"secret", [vault.holder.recipient])
    assert InFile(key_file).opened(secret) == b"secret"
    assert InFile(key_file).recipient == vault.holder.recipient
    key_file.chmod(0o640)
    with pytest.raises(SecretsError, match=r"mode 0640\); run `chmod 600"):
        InFile(key_file).opened(secret)
    key_file.chmod(0o600)
    key_file.write_text("nothing")
    with pytest.raises(SecretsError, match="no age identity"):
        InFile(key_file).opened(secret)
    key_file.unlink()
    with pytest.raises(SecretsError, match="cannot be read"):
        InFile(key_file).opened(secret)


def test_no_key_is_shown(vault: Person) -> None:
    secret = vault.identity.identity
    service = InService(lambda: secret.encode())
    assert secret not in repr([vault.identity, service])
    with pytest.raises(SecretsError) as refused:
        InText(secret[:-1]).opened(b"")
    assert secret[:-1] not in str(refused.value)


def test_a_key_service_opens_the_key_or_says_so(
    vault: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS KMS, as moto's server speaks it over HTTP; the key is named as a person names it."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    try:
        host, port = server.get_host_and_port()
        kms = boto3.client(
            "kms", endpoint_url=f"http://{host}:{port}", region_name="us-east-1",
            aws_access_key_id="none", aws_secret_access_key="none",
        )  # fmt: skip
        name = kms.create_key()["KeyMetadata"]["KeyId"]
        sealed = kms.encrypt(KeyId=name, Plaintext=vault.identity.identity.encode())
        (tmp_path / "key").write_bytes(sealed["CiphertextBlob"])
        for name_of, value in (("ENDPOINT_URL_KMS", f"http://{host}:{port}"),
                               ("DEFAULT_REGION", "us-east-1"), ("ACCESS_KEY_ID", "none"),
                               ("SECRET_ACCESS_KEY", "none")):  # fmt: skip
            monkeypatch.setenv(f"AWS_{name_of}", value)
        key = key_of(f"aws-kms:{tmp_path / 'key'}")
        secret = wrapped(b"secret", [vault.holder.recipient])
        assert key.recipient == vault.holder.recipient
        assert key.opened(secret) == b"secret"
        assert key.opened(wrapped(b"other", [Person("second").holder.recipient])) is None
        (tmp_path / "key").write_bytes(sealed["CiphertextBlob"][:-1])
        with pytest.raises(SecretsError, match="key service does not open"):
            key.opened(secret)
        (tmp_path / "key").unlink()
        with pytest.raises(SecretsError, match="key cannot be read"):
            key.opened(secret)
    finally:
        server.stop()


def _asked(given: tuple[Path, str, int]) -> list[bytes]:
    path, identity, turn = given
    digests = [hashlib.sha256(b"%d" % n).digest() for n in range(turn, turn + 20)]
    with KeyStore(path, InText(identity)) as store:
        return [store.salts(WHO, [each])[0] for each in digests]


def test_processes_that_run_while_the_epoch_changes_get_the_same_salts(
    tmp_path: Path, vault: Person, recovery: Person
) -> None:
    path = tmp_path / "store"
    with KeyStore(path) as store:
        next_epoch(store, [vault.holder, recovery.holder], vault.identity, NOW)
        with multiprocessing.get_context("spawn").Pool(3) as pool:
            work = [(path, vault.identity.identity, 0)] * 6
            running = pool.map_async(_asked, work, chunksize=1)
            for turn in range(5):
                next_epoch(store, [vault.holder, recovery.holder], vault.identity, NOW + turn)
            answers = running.get()
        assert answers == [answers[0]] * 6
        assert store.count() == 20
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT min(length(salt)) FROM salt").fetchone()[0] > 64
    db.close()


def test_an_epoch_takes_as_much_memory_for_many_rows_as_for_few(
    tmp_path: Path, vault: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kiseki.vault.resealing._SOME", 7)
    told: list[tuple[int, int]] = []
    with KeyStore(tmp_path / "store") as store:
        digests = [hashlib.sha256(b"%d" % n).digest() for n in range(100)]
        salts = store.salts(WHO, digests)
        next_epoch(store, [vault.holder], vault.identity, NOW, lambda *each: told.append(each))
        assert store.salts(WHO, digests) == salts
    assert told[-1] == (100, 100)
    assert len(told) == 15


def test_of_a_vault_in_postgresql_the_disk_tells_nothing_either(
    postgres: str, vault: Person
) -> None:
    """In the files of its tables; its log is written over later."""
    with KeyStore(postgres) as store:
        kept, slices, salts = filled(store)
        hidden = secrets_of(slices, salts)
        with store._store.reading() as db:
            folder = Path(db.execute(text("SHOW data_directory")).scalar_one()) / "base"
        _checkpoint(postgres)
        assert any(each in _files(folder) for each in hidden)
        next_epoch(store, [vault.holder], vault.identity, NOW)
        assert store.forget(OTHER, DIGESTS[0])
        _checkpoint(postgres)
        assert not [each for each in hidden if each in _files(folder)]
        assert list(store.slices(kept.id)) == slices


def test_what_is_forgotten_in_postgresql_is_not_left_in_its_pages(postgres: str) -> None:
    digests = [hashlib.sha256(b"%d" % n).digest() for n in range(300)]
    with KeyStore(postgres) as store:
        salts = store.salts(WHO, digests)
        with store._store.reading() as db:
            folder = Path(db.execute(text("SHOW data_directory")).scalar_one()) / "base"
        for digest in digests[:3]:
            store.forget(WHO, digest)
        _checkpoint(postgres)
        shown = _files(folder)
        assert salts[4] in shown
        assert not [each for each in salts[:3] if each in shown]


def _checkpoint(url: str) -> None:
    import psycopg

    with psycopg.connect(url, autocommit=True) as db:
        db.execute("CHECKPOINT")


def _files(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
