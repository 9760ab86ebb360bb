"""Of what was erased nothing is left: in files, free pages, logs, copies and rotated backups.

Searched for are the content, its salt, digest, names and identity, as they are, in hex and in
Base64; and what stood in the rows, which the vault's key opens as long as it is there.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlalchemy import select

from kiseki.errors import SecretsError
from kiseki.vault.erasing import Erasing
from kiseki.vault.keys import epochs
from kiseki.vault.keystore import KeyStore
from kiseki.vault.objects.envelope import identity_of
from kiseki.vault.store import tables
from kiseki.vault.store.database import Database
from kiseki.vault.vault import Vault

from .conftest import WHO
from .keeping import NOW, Key, forms
from .residue import CONTENTS, ERASED, Known, erase, made


def test_of_what_was_erased_nothing_is_left_in_a_file(tmp_path: Path) -> None:
    """Neither in the database, its free pages and its log, nor among the objects."""
    here, copy = tmp_path / "here", tmp_path / "copy"
    here.mkdir()
    vault = made(here / "store", tmp_path, Key())
    known = Known.of(vault, ERASED)
    other = Known.of(vault, CONTENTS[8])
    assert known.seen(here) == set()  # a vault never wrote them
    assert known.kept(here) == {*known.sealed}
    shutil.copytree(here, copy)  # as a replica of files would have it
    erase(vault)
    assert known.kept(here) == set()
    assert known.seen(here) == set()
    assert other.kept(here) == {*other.sealed}  # what is searched for is what is kept so
    vault.keys.close()
    assert known.kept(here) == set()
    # A copy that follows is a copy of this.
    shutil.rmtree(copy)
    shutil.copytree(here, copy)
    assert known.kept(copy) == known.seen(copy) == set()


def test_what_is_searched_for_is_seen_where_it_lies(tmp_path: Path) -> None:
    """The same search finds all of it in a key store without keys, and in a file beside it."""
    (tmp_path / "here").mkdir()
    vault = made(tmp_path / "here" / "store", tmp_path, Key())
    known = Known.of(vault, ERASED)
    vault.keys.close()
    (tmp_path / "plain").mkdir()
    with KeyStore(tmp_path / "plain" / "store") as plain:
        (salt,) = plain.salts(WHO, [ERASED.digest])
        hidden = Known({**known.secrets, "salt": salt}, {})
        assert hidden.seen(tmp_path / "plain") == {"salt", "digest"}
        assert plain.forget(WHO, ERASED.digest)
        assert hidden.seen(tmp_path / "plain") == set()
    for number, value in enumerate(known.secrets.values()):
        for form in forms(value):
            (tmp_path / "plain" / "file").write_bytes(b"x" * number + form + b"x")
            assert known.seen(tmp_path / "plain")


def test_a_backup_of_before_tells_nothing_when_its_keys_are_destroyed(tmp_path: Path) -> None:
    """The second date: with every key that is left, an old backup opens nowhere."""
    here, backup = tmp_path / "here", tmp_path / "backup"
    here.mkdir()
    key, offline = Key(), Key("recovery")
    vault = made(here / "store", tmp_path, key, offline)
    known = Known.of(vault, ERASED)
    vault.keys.gather()
    shutil.copytree(here, backup)
    erase(vault)
    later, new_offline = Key(), Key("recovery")
    vault.begin_epoch([later.holder, new_offline.holder], later.identity, NOW + 1)
    vault.rewrap()
    assert known.seen(backup) == set()
    assert known.kept(backup) == {*known.sealed}
    # As long as a key of then is left, it opens.
    for old in (key, offline):
        with KeyStore(backup / "store", old.identity) as opened:
            before = Vault(opened, old.identity)
            assert opened.salts(WHO, [ERASED.digest]) == [known.secrets["salt"]]
            row = before.objects.find(WHO, ERASED.digest)
            assert row is not None
            assert (
                identity_of(row.identity, before.unwrap).text.encode() == known.secrets["identity"]
            )
    for old in (key, offline):
        epochs.destroyed(vault.keys.database, old.holder.recipient, NOW + 2)
    (done,) = Erasing(vault).all()
    assert done.backups(epochs.epochs(vault.keys.database)).gone is not None
    # Every key that is left, on everything in the backup that is wrapped.
    plain = Database(backup / "store")
    wrapped = [each for (each,) in plain.rows(select(tables.epoch.c.column_key))]
    wrapped += [each for (each,) in plain.rows(select(tables.objects.c.identity))]
    wrapped += [each for (each,) in plain.rows(select(tables.called.c.text))]
    wrapped += [each.read_bytes() for each in (backup / "objects").glob("??/*")]
    plain.close()
    assert len(wrapped) == 1 + 3 * len(CONTENTS)
    for left in (later, new_offline):
        with pytest.raises(SecretsError, match="does not open"):
            KeyStore(backup / "store", left.identity)
        assert [left.identity.opened(each) for each in wrapped] == [None] * len(wrapped)
    vault.keys.close()
