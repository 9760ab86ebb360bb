"""A backup restores everything or nothing, merges, and is read by those only who may (7, 8)."""

import io
import stat
import traceback
import unicodedata
from pathlib import Path
from typing import Any

import pyrage
import pytest
from sqlalchemy import select

from kiseki.core.merkle import SLICE
from kiseki.errors import InvalidInput, SecretsError
from kiseki.vault import backups, sealed
from kiseki.vault.keystore import KeyStore
from kiseki.vault.people import Person
from kiseki.vault.store import tables

from .conftest import DIGESTS, OTHER, WHO, collection, interrupt, old_file


def everything(store: KeyStore) -> list[Any]:
    found: list[Any] = sorted(store._rows(select(tables.salt)))
    for kept in store.collections():
        found += [kept, *store.slices(kept.id)]
    return found


@pytest.fixture
def full(store: KeyStore) -> KeyStore:
    """A store with something of everything in it."""
    store.salts(OTHER, DIGESTS)
    for count, provider in ((5, WHO), (SLICE + 1, OTHER), (1, WHO)):
        kept, slices = collection(store, count, provider)
        store.keep(kept, slices)
    return store


KEY = pyrage.x25519.Identity.generate()
WAYS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"recipient": str(KEY.to_public())}, {"identity": str(KEY)}),
    ({"passphrase": "correct horse"}, {"passphrase": "correct horse"}),
    ({"clear": True}, {}),
]


@pytest.mark.parametrize(("hide", "open_"), WAYS, ids=["recipient", "passphrase", "clear"])
def test_a_backup_restores_everything(
    full: KeyStore, tmp_path: Path, hide: dict[str, Any], open_: dict[str, Any]
) -> None:
    path = tmp_path / "below" / "backup"
    full.backup(path, **hide)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (b'"salt"' in path.read_bytes()) is bool(hide.get("clear"))
    with KeyStore(tmp_path / "new") as new:
        assert new.restore(path, **open_) == full.count()
        assert everything(new) == everything(full)


def test_a_backup_without_people_opens_and_one_with_them_hands_them_on(
    full: KeyStore, tmp_path: Path
) -> None:
    """Users have backups from before the address book was in them."""
    known, told = [Person("山田花子", WHO, "hana", role="key animation")], list[Person]()
    full.backup(tmp_path / "older", clear=True)
    full.backup(tmp_path / "newer", clear=True, people=known)
    assert b"person" not in (tmp_path / "older").read_bytes()
    for name, people in (("older", []), ("newer", known)):
        with KeyStore() as new:
            assert new.restore(tmp_path / name, person=told.append) == full.count()
            assert everything(new) == everything(full)
        assert told == people


def test_somebody_who_cannot_be_paid_makes_a_backup_a_damaged_one(
    full: KeyStore, tmp_path: Path
) -> None:
    full.backup(tmp_path / "backup", clear=True, people=[Person("artist 1", WHO)])
    text = (tmp_path / "backup").read_text()
    other = old_file(
        tmp_path / "other", text.replace(f'"account":"{WHO}"', '"account":"x"').encode()
    )
    with pytest.raises(SecretsError, match="damaged"):
        KeyStore().restore(other)


def test_restored_twice_it_is_there_once(full: KeyStore, tmp_path: Path) -> None:
    full.backup(tmp_path / "backup", clear=True)
    with KeyStore() as new:
        new.restore(tmp_path / "backup")
        assert new.restore(tmp_path / "backup") == 0
        assert everything(new) == everything(full)


def test_an_identity_may_be_in_a_file(full: KeyStore, tmp_path: Path) -> None:
    full.backup(tmp_path / "backup", recipient=str(KEY.to_public()))
    (tmp_path / "key.txt").write_text(f"# made by age-keygen\n{KEY}\n")
    assert KeyStore().restore(tmp_path / "backup", identity=tmp_path / "key.txt") == full.count()


def test_restoring_merges_and_nothing_is_lost(full: KeyStore, tmp_path: Path) -> None:
    """Two stores that made salts of their own for one content: each one's collections stay."""
    new = KeyStore()
    mine, slices = collection(new, 5)
    new.keep(mine, slices)
    salts = new.salts(WHO, slices[0].digest_list)
    full.backup(tmp_path / "backup", clear=True)
    new.restore(tmp_path / "backup")
    assert new.salts(WHO, slices[0].digest_list) == salts  # those that were there count
    assert new.count() == full.count() + 5
    assert len(list(new.collections())) == 4
    for kept in new.collections():
        for each in new.slices(kept.id):
            for digest, commitment in zip(each.digest_list, each.commitment_list, strict=True):
                assert new.salt_of(kept.provider, digest, commitment) is not None


@pytest.mark.parametrize("hide", [way[0] for way in WAYS], ids=["recipient", "passphrase", "clear"])
def test_a_backup_that_is_cut_off_restores_nothing(
    full: KeyStore, tmp_path: Path, hide: dict[str, Any]
) -> None:
    full.backup(tmp_path / "whole", **hide)
    whole = (tmp_path / "whole").read_bytes()
    new = KeyStore()
    sizes = (len(whole) - 1, len(whole) // 2, 250)
    for number, size in enumerate(sizes[:1] if "passphrase" in hide else sizes):  # which is slow
        path = old_file(tmp_path / f"{number}", whole[:size])
        with pytest.raises(SecretsError, match=r"cut off|damaged"):
            new.restore(path, identity=str(KEY), passphrase="correct horse")
        assert everything(new) == []


def test_the_wrong_key_opens_nothing_and_is_not_repeated(full: KeyStore, tmp_path: Path) -> None:
    full.backup(tmp_path / "to", recipient=str(KEY.to_public()))
    full.backup(tmp_path / "by", passphrase="correct horse")
    wrong, new = str(pyrage.x25519.Identity.generate()), KeyStore()
    tries: list[tuple[str, dict[str, Any], str]] = [
        ("to", {"identity": wrong}, "needs another identity"),
        ("to", {"identity": wrong[:-9]}, "no age identity"),
        ("to", {"passphrase": "correct horse"}, "give the identity"),
        ("by", {"passphrase": "wrong horse"}, "needs another passphrase"),
        ("by", {"identity": wrong}, "with a passphrase; say it"),
        ("nowhere", {}, "cannot be read"),
    ]
    for name, given, why in tries:
        with pytest.raises((SecretsError, InvalidInput), match=why) as refused:
            new.restore(tmp_path / name, **given)
        shown = "".join(traceback.format_exception(refused.value))
        assert wrong[20:-9] not in shown
        assert "wrong horse" not in shown
    assert everything(new) == []


def test_a_backup_that_was_changed_is_refused(full: KeyStore, tmp_path: Path) -> None:
    full.backup(tmp_path / "whole", clear=True)
    rows = (tmp_path / "whole").read_text().splitlines(keepends=True)
    head = next(n for n, row in enumerate(rows) if "collection" in row)
    changed = [
        rows[:1] + rows[2:],  # a line less
        [*rows, rows[-1]],
        rows[:head] + rows[head + 1 :],
        rows[: head + 1] + rows[head + 2 :],
        [*rows[:head], rows[head].replace('"count":5', '"count":6').replace(WHO, OTHER),
         *rows[head + 1 :]],
    ]  # fmt: skip
    for number, some in enumerate(changed):
        path = old_file(tmp_path / f"{number}", "".join(some).encode())
        new = KeyStore()
        with pytest.raises(SecretsError, match=r"cut off|damaged"):
            new.restore(path)
        assert everything(new) == []


def test_an_interrupted_backup_is_not_there(
    full: KeyStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "backup"
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(backups, "body", interrupt)
        full.backup(path, clear=True)
    assert not path.exists()
    full.backup(path, clear=True)
    with pytest.raises(SecretsError, match=r"the file .*backup exists already"):
        full.backup(path, clear=True)
    assert KeyStore().restore(path) == full.count()


def test_who_backs_up_says_who_may_read_it(full: KeyStore, tmp_path: Path) -> None:
    wrong: list[dict[str, Any]] = [
        {}, {"clear": True, "passphrase": "x"}, {"passphrase": ""}, {"recipient": "age1nobody"},
    ]  # fmt: skip
    for given in wrong:
        with pytest.raises(InvalidInput):
            full.backup(tmp_path / "backup", **given)
    assert not (tmp_path / "backup").exists()


def test_a_passphrase_opens_however_its_accents_are_made_of(tmp_path: Path) -> None:
    """Sealed on a system that types accents as two characters, opened where they are one. Each
    attempt takes age's scrypt a second, so there are few."""
    path, word = tmp_path / "theirs", "pässwörd"
    path.write_bytes(pyrage.passphrase.encrypt(b"salts", unicodedata.normalize("NFD", word)))
    opened = io.BytesIO()
    sealed.copy(path, opened, passphrase=unicodedata.normalize("NFC", word))
    assert opened.getvalue() == b"salts"
