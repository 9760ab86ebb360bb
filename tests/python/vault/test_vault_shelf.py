"""Content by data ID: what was kept in a collection and is in the vault (promise 6)."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiseki.core import ids
from kiseki.core.collection import Kept, Slice
from kiseki.core.payee import Payee
from kiseki.core.terms import Terms
from kiseki.core.values import ZERO32
from kiseki.errors import VaultError
from kiseki.vault import lists
from kiseki.vault.keystore import KeyStore
from kiseki.vault.objects.adding import Added
from kiseki.vault.objects.incoming import hashed
from kiseki.vault.resealing import next_epoch
from kiseki.vault.setup import Setup
from kiseki.vault.vault import Vault, begin

from .conftest import OTHER, WHO
from .objects import made
from .test_vault_sealed import NOW, Person

KEY = Person("vault")


def kept_of(store: KeyStore, contents: list[bytes], root: int = 0) -> Kept:
    """Keeps a collection of contents, as registering does."""
    digests = [hashlib.sha256(each).digest() for each in contents]
    salts = store.salts(WHO, digests)
    rows = sorted(
        (ids.item_id(WHO, commitment), commitment, digest)
        for digest, salt in zip(digests, salts, strict=True)
        for commitment in (ids.commitment(digest, salt),)
    )
    part = Slice.of(
        WHO, b"".join(row[1] for row in rows), b"".join(row[2] for row in rows), ((),) * len(rows)
    )
    kept = Kept(WHO, Terms.of("train", royalty="20%"), part.root, len(rows), Payee(b"\1" * 32),
                bytes([root]) * 32)  # fmt: skip
    store.keep(kept, [part])
    return kept


@pytest.fixture
def store(store_url: Path | str) -> Iterator[KeyStore]:
    with KeyStore(store_url, KEY.identity) as made_:
        yield made_


def vault_of(store: KeyStore, tmp_path: Path) -> Vault:
    setup = Setup(str(tmp_path / "objects"), "vault.example")
    begin(store, KEY.identity, [KEY.holder], setup, NOW)
    return Vault(store, KEY.identity)


def added(vault: Vault, folder: Path) -> None:
    done = Added()
    vault.add(WHO, hashed(lists.read(folder), done), done)


def item_of(store: KeyStore, content: bytes) -> bytes:
    digest = hashlib.sha256(content).digest()
    return ids.item_id(WHO, ids.commitment(digest, store.first(WHO, [digest])[digest]))


def test_what_is_kept_and_added_is_found_by_its_data_id(store: KeyStore, tmp_path: Path) -> None:
    """Whichever came first: the collection, the content, or the vault."""
    contents = list(made(tmp_path / "works", 4, 70_000))
    before = kept_of(store, contents[:2])
    vault = vault_of(store, tmp_path)
    wanted = [item_of(store, each) for each in contents[:2]]
    assert vault.shelf.items(wanted) == [None, None], "registered, and its content not here"
    added(vault, tmp_path / "works")
    after = kept_of(store, contents[2:])
    wanted = [item_of(store, each) for each in contents]
    found = vault.shelf.items([*wanted, b"\x07" * 32])
    assert found[-1] is None
    assert [each and each.id for each in found[:-1]] == wanted
    assert [each and each.collection for each in found[:-1]] == [before.id] * 2 + [after.id] * 2
    assert vault.shelf.all_of(after.id) == sorted(wanted[2:])
    for content, item in zip(contents, found, strict=False):
        assert item is not None
        assert ids.item_id(item.provider, item.commitment) == item.id
        shown = vault.shelf.content(item)
        assert shown.size == len(content)
        assert b"".join(shown.read(10, 69_000)) == content[10:69_000]


def test_an_item_of_two_collections_is_found_in_the_one_that_is_asked_for(
    store: KeyStore, tmp_path: Path
) -> None:
    vault = vault_of(store, tmp_path)
    contents = list(made(tmp_path / "works", 3))
    added(vault, tmp_path / "works")
    one, two = kept_of(store, contents), kept_of(store, contents[:2])
    wanted = [item_of(store, each) for each in contents]
    (in_one, in_two), (none, _) = (
        [vault.shelf.items(wanted, each.id)[n] for each in (one, two)] for n in (0, 2)
    )
    assert (in_one and in_one.collection, in_two and in_two.collection) == (one.id, two.id)
    assert none is not None
    assert vault.shelf.items(wanted, two.id)[2] is None
    first = vault.shelf.items(wanted)[0]
    assert first is not None
    assert first.collection == min(one.id, two.id)


def test_what_is_forgotten_or_nobodys_is_not_found(store: KeyStore, tmp_path: Path) -> None:
    vault = vault_of(store, tmp_path)
    (content,) = made(tmp_path / "works", 1)
    added(vault, tmp_path / "works")
    kept_of(store, [content])
    (found,) = vault.shelf.items([item_of(store, content)])
    assert found is not None
    with pytest.raises(VaultError, match="not in the vault any longer"):
        vault.shelf.content(found._replace(provider=OTHER))
    with pytest.raises(VaultError, match="not in the vault any longer"):
        vault.shelf.content(found._replace(collection=ZERO32))
    store.forget(WHO, hashlib.sha256(content).digest())
    assert vault.shelf.items([found.id]) == [None]
    assert vault.shelf.all_of(found.collection) == []


def test_another_epoch_changes_nothing_of_what_is_found(store: KeyStore, tmp_path: Path) -> None:
    vault = vault_of(store, tmp_path)
    contents = list(made(tmp_path / "works", 3))
    added(vault, tmp_path / "works")
    kept = kept_of(store, contents)
    next_epoch(store, [KEY.holder, Person("recovery").holder], KEY.identity, NOW + 1)
    again = Vault(store, KEY.identity)
    assert len(again.shelf.all_of(kept.id)) == 3
    added(again, tmp_path / "works")
    assert sum(each.objects for each in again.objects.held()) == 3
    for content in contents:
        found = again.contents.content_of(WHO, hashlib.sha256(content).digest())
        assert found is not None
        assert [each.name for each in found.called()], "known under its name"


def test_who_has_the_content_cannot_tell_from_the_database_that_it_is_here(
    tmp_path: Path,
) -> None:
    """Without the vault's key nothing of a row can be computed from a picture."""
    path = tmp_path / "store"
    with KeyStore(path, KEY.identity) as store:
        vault = vault_of(store, tmp_path)
        (content,) = made(tmp_path / "works", 1)
        added(vault, tmp_path / "works")
        kept_of(store, [content])
        store.gather()
    digest = hashlib.sha256(content).digest()
    assert digest not in path.read_bytes()
    with sqlite3.connect(path) as db:
        keys = {row[0] for row in db.execute("SELECT key FROM object UNION SELECT key FROM item "
                                             "UNION SELECT key FROM called")}  # fmt: skip
    known = {digest, hashlib.sha256(bytes(20) + digest).digest(), hashlib.sha256(digest).digest()}
    assert len(keys) == 2
    assert not keys & known
