"""What is erased is gone, wholly or not at all, and when (promise 6)."""

from __future__ import annotations

import multiprocessing
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select

from kiseki.core import ids
from kiseki.core.terms import Use
from kiseki.errors import InvalidInput, SecretsError, VaultError
from kiseki.vault.age.keys import Identity
from kiseki.vault.erasing import Erasing, Request
from kiseki.vault.handing.handout import HandOuts, Lengths
from kiseki.vault.handing.receipts import Block
from kiseki.vault.handing.rules import Facts, Licence, NotGiven, Table
from kiseki.vault.keys import epochs
from kiseki.vault.keys.services import InText
from kiseki.vault.keystore import KeyStore
from kiseki.vault.log.notes import Signer
from kiseki.vault.objects.place import place
from kiseki.vault.resealing import next_epoch
from kiseki.vault.store import tables
from kiseki.vault.vault import Vault

from .conftest import OTHER, WHO
from .keeping import NOW, Content, Key, content, countdown, fill, vault_of

FORK = multiprocessing.get_context("fork")
REQUEST = Request("the artist, by letter", "GDPR, Art. 17(1)(b): consent was withdrawn", NOW)
CONTENTS = [content(each) for each in range(4)]


@pytest.fixture
def key() -> Key:
    return Key()


@pytest.fixture
def offline() -> Key:
    return Key("recovery")


@pytest.fixture
def vault(store_url: Path | str, tmp_path: Path, key: Key, offline: Key) -> Iterator[Vault]:
    made = vault_of(store_url, tmp_path / "objects", key, offline)
    fill(made, WHO, CONTENTS[:3])
    fill(made, OTHER, [CONTENTS[0], CONTENTS[3]])
    yield made
    made.keys.close()


def ids_of(vault: Vault, provider: str, *contents: Content) -> list[bytes]:
    wanted = {each.digest for each in contents}
    found = vault.keys.commitments_of(provider)
    return sorted(ids.item_id(provider, of) for digest, _, of in found if digest in wanted)


def read(vault: Vault, provider: str, which: Content) -> bytes | None:
    found = vault.contents.content_of(provider, which.digest)
    if found is None:
        return None
    with found.open() as opened:
        return b"".join(opened.read())


def objects(folder: Path) -> set[str]:
    return {each.name for each in folder.rglob("*") if each.is_file()}


def test_one_content_is_erased_and_nothing_else(vault: Vault, tmp_path: Path) -> None:
    first, second, third = CONTENTS[:3]
    (item,) = ids_of(vault, WHO, second)
    before = objects(tmp_path / "objects")
    done = Erasing(vault, clock=lambda: NOW + 9).content(WHO, second.digest, REQUEST)
    assert (done.items, done.gone, done.left) == ((item,), NOW + 9, 0)
    assert (done.provider, done.everything, done.request, done.epoch) == (WHO, False, REQUEST, 1)
    assert read(vault, WHO, second) is None
    assert vault.keys.known(WHO, [each.digest for each in CONTENTS]) == {first.digest, third.digest}
    assert len(before - objects(tmp_path / "objects")) == 1
    assert [read(vault, WHO, each) for each in (first, third)] == [first.body, third.body]
    assert read(vault, OTHER, first) == first.body
    (kept,) = vault.keys.collections(WHO)
    (part,) = vault.keys.slices(kept.id)
    told = dict(zip(part.digest_list, part.names, strict=True))
    assert told == {first.digest: (first.name,), bytes(32): (), third.digest: (third.name,)}
    # The collection is what it was: its root and the proofs of the others need the commitment.
    assert item in ids.item_ids(WHO, part.commitment_list)
    with pytest.raises(InvalidInput, match="nothing of"):
        Erasing(vault).content(WHO, second.digest, REQUEST)
    assert [each.number for each in Erasing(vault).all()] == [1]


def test_an_item_is_erased_by_its_data_id(vault: Vault) -> None:
    (item,) = ids_of(vault, WHO, CONTENTS[0])
    with pytest.raises(InvalidInput, match="another provider's"):
        Erasing(vault).item(OTHER, item, REQUEST)
    assert Erasing(vault).item(WHO, item, REQUEST).items == (item,)
    assert read(vault, WHO, CONTENTS[0]) is None
    assert read(vault, OTHER, CONTENTS[0]) == CONTENTS[0].body  # their own copy, of the same file


def test_all_that_is_a_providers_is_erased(vault: Vault, tmp_path: Path) -> None:
    items = ids_of(vault, WHO, *CONTENTS)
    assert len(items) == 3
    done = Erasing(vault).everything(WHO, REQUEST)
    assert list(done.items) == items
    assert done.everything
    assert vault.keys.known(WHO, [each.digest for each in CONTENTS]) == set()
    assert len(objects(tmp_path / "objects")) == 2
    (kept,) = vault.keys.collections(WHO)
    (part,) = vault.keys.slices(kept.id)
    assert (set(part.digest_list), set(part.names)) == ({bytes(32)}, {()})
    assert [read(vault, OTHER, each) for each in (CONTENTS[0], CONTENTS[3])] == [
        CONTENTS[0].body, CONTENTS[3].body
    ]  # fmt: skip
    with pytest.raises(InvalidInput, match="nothing of"):
        Erasing(vault).everything(WHO, REQUEST)


def test_who_asked_and_why_is_kept_and_nobody_reads_it_without_the_key(
    vault: Vault, key: Key
) -> None:
    erasing = Erasing(vault)
    done = erasing.content(WHO, CONTENTS[0].digest, REQUEST)
    ((kept,),) = vault.keys.database.rows(select(tables.erasure.c.request))
    assert REQUEST.ground.encode() not in kept
    later = Key()
    next_epoch(vault.keys, [later.holder], later.identity, NOW + 1)
    assert erasing.one(done.number) == done
    for nothing in ("", "  "):
        with pytest.raises(InvalidInput, match="who asked"):
            Request("somebody", nothing, NOW)
    with pytest.raises(InvalidInput, match="no erasure 7"):
        erasing.one(7)


def test_a_backup_does_not_bring_back_what_was_erased(vault: Vault, tmp_path: Path) -> None:
    """Neither salt nor digest nor name; the other contents come back."""
    backup = tmp_path / "backup.age"
    backup_key = Key()
    vault.keys.backup(backup, recipient=backup_key.holder.recipient)
    (kept,) = vault.keys.collections(WHO)
    salts = vault.keys.salts(WHO, [each.digest for each in CONTENTS[:3]])
    Erasing(vault).content(WHO, CONTENTS[1].digest, REQUEST)
    vault.keys.restore(backup, identity=backup_key.identity.identity)
    assert vault.keys.known(WHO, [CONTENTS[1].digest]) == set()
    assert vault.keys.salts(WHO, [CONTENTS[0].digest]) == salts[:1]
    (part,) = vault.keys.slices(kept.id)
    assert CONTENTS[1].digest not in part.digest_list
    assert (CONTENTS[1].name,) not in part.names
    assert CONTENTS[0].digest in part.digest_list
    # The same file can be kept anew, under another ID.
    assert vault.keys.salts(WHO, [CONTENTS[1].digest]) != salts[1:2]


def test_it_is_erased_in_the_copies_that_are_named_too(vault: Vault, tmp_path: Path) -> None:
    copy, gone = tmp_path / "copy", tmp_path / "objects"
    shutil.copytree(gone, copy)
    done = Erasing(vault, [place(copy)]).content(WHO, CONTENTS[0].digest, REQUEST)
    assert done.copies == (str(copy),)
    assert objects(copy) == objects(gone)
    assert len(objects(copy)) == 4


def test_a_copy_that_cannot_be_used_keeps_it_from_being_called_gone(
    vault: Vault, tmp_path: Path
) -> None:
    shutil.copytree(tmp_path / "objects", tmp_path / "copy")
    erasing = Erasing(vault, [place(tmp_path / "copy")])
    # Root may delete anything, so a file stands where a folder must be.
    folders = [each for each in (tmp_path / "copy").iterdir() if each.name != "begun"]
    for each in folders:
        each.rename(each.with_name(each.name + ".away"))
        each.write_text("no folder")
    with pytest.raises(VaultError, match="deleted"):
        erasing.content(WHO, CONTENTS[0].digest, REQUEST)
    (open_,) = erasing.all()
    assert (open_.gone, open_.left) == (None, 1)
    assert read(vault, WHO, CONTENTS[0]) is None
    with pytest.raises(VaultError, match="is not named now"):
        Erasing(vault).finish()
    for each in folders:
        each.unlink()
        each.with_name(each.name + ".away").rename(each)
    (done,) = erasing.finish()
    assert done.gone is not None
    assert objects(tmp_path / "copy") == objects(tmp_path / "objects")
    assert erasing.finish() == []


def test_it_is_not_gone_while_another_program_reads_a_state_of_before(
    tmp_path: Path, key: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kiseki.vault.store.database._SECONDS", 0.2)
    vault = vault_of(tmp_path / "store", tmp_path / "objects", key)
    fill(vault, WHO, CONTENTS[:1])
    reader = vault_of(tmp_path / "store", tmp_path / "objects", key, new=False)
    with reader.keys.database.reading(), pytest.raises(SecretsError, match="go on with the"):
        Erasing(vault).content(WHO, CONTENTS[0].digest, REQUEST)
    (open_,) = Erasing(vault).all()
    assert open_.gone is None
    (done,) = Erasing(vault).finish()
    assert done.gone is not None
    reader.keys.close()
    vault.keys.close()


def test_gone_from_backups_is_when_every_key_of_the_epochs_is_told_to_be_destroyed(
    vault: Vault, key: Key, offline: Key
) -> None:
    erasing, later, new_offline = Erasing(vault, clock=lambda: NOW + 50), Key(), Key("recovery")
    vault.begin_epoch([later.holder, offline.holder], later.identity, NOW + 1)
    vault.rewrap()
    vault = Vault(vault.keys, later.identity)
    done = erasing.everything(OTHER, REQUEST)
    assert done.epoch == 2

    def said() -> tuple[int | None, set[str], bool]:
        told = done.backups(vault.epochs)
        return told.gone, {each.recipient for each in told.keys}, told.rotate

    every = {each.holder.recipient for each in (key, offline, later)}
    assert said() == (None, every, True)
    epochs.destroyed(vault.keys.database, key.holder.recipient, NOW + 60)
    assert said() == (None, every - {key.holder.recipient}, True)
    newest = Key()
    vault.begin_epoch([newest.holder, new_offline.holder], newest.identity, NOW + 2)
    vault.rewrap()
    assert said() == (None, every - {key.holder.recipient}, False)
    epochs.destroyed(vault.keys.database, later.holder.recipient, NOW + 61)
    assert said() == (None, {offline.holder.recipient}, False)
    epochs.destroyed(vault.keys.database, offline.holder.recipient, NOW + 62)
    assert said() == (NOW + 62, set(), False)
    # What is erased now needs the keys of now as well.
    again = Erasing(Vault(vault.keys, newest.identity)).everything(WHO, REQUEST)
    assert again.backups(vault.epochs).gone is None


def test_what_runs_of_hand_outs_ends_and_their_receipts_stay(vault: Vault) -> None:
    """Also a download in its middle. Other items of the same hand-out go on."""
    large = [content(each, 200_000) for each in (8, 9)]
    fill(vault, WHO, large)
    first, second = (ids_of(vault, WHO, each)[0] for each in large)
    receiver, chain = "0x" + "3c" * 20, Table(31337, Block(17, b"\x11" * 32, NOW))
    for each in (first, second):
        chain.facts[receiver, each, Use.AI_TRAINING] = Facts(Licence(b"\x22" * 32, NOW + 999))
    handouts = HandOuts(
        vault.keys.database, vault.ledger, vault.shelf, chain,
        clock=lambda: NOW, lengths=Lengths(check_bytes=1),
    )  # fmt: skip
    out = handouts.begin(receiver, [first, second], Use.AI_TRAINING, Identity.new().recipient)
    pieces = handouts.read(out.id, receiver, first)
    assert next(pieces)
    Erasing(vault).content(WHO, large[0].digest, REQUEST)
    with pytest.raises(NotGiven):
        list(pieces)
    with pytest.raises(NotGiven):
        handouts.read(out.id, receiver, first)
    with pytest.raises(NotGiven):
        handouts.begin(receiver, [first], Use.AI_TRAINING)
    assert b"".join(handouts.read(out.id, receiver, second))
    rows = vault.keys.database.rows
    assert rows(select(tables.handed.c.item)) == [(second,)]
    assert rows(select(tables.item.c.id).where(tables.item.c.id == first)) == []
    (kept,) = vault.ledger.receipts_of(first, WHO)
    assert kept.receipt.caller == receiver
    origin = vault.ledger.origin(WHO)
    log = Signer(origin, vault.setup.seed).key
    vault.ledger.prove(WHO, 0).check(vault.ledger.receipt(WHO, 0).entry, origin, [log])
    Erasing(vault).content(WHO, large[1].digest, REQUEST)
    assert rows(select(tables.handout.c.id)) == []


# Killed


def _erase(path: Path, identity: str, which: Content, moments: int) -> None:
    """Each statement, each commit, each object deleted and the scrub is a moment at which it is
    killed: before it and behind it."""
    keys = KeyStore(path, InText(identity))
    at = countdown(moments)
    for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
        event.listen(keys.database._engine, name, at)
    vault = Vault(keys, InText(identity))
    for of, name in ((vault.place, "delete"), (keys.database, "scrub")):
        was = getattr(type(of), name)

        def watched(*given: object, was: Any = was) -> object:
            at()
            done = was(*given)
            at()
            return done

        setattr(type(of), name, watched)
    Erasing(vault).content(WHO, which.digest, REQUEST)
    at()


def test_whenever_it_is_killed_it_is_there_or_goes_on(tmp_path: Path, key: Key) -> None:
    """Invariant 8: never half erased and taken for there; run again it finishes."""
    path, folder = tmp_path / "store", tmp_path / "objects"
    contents = [content(each, 200) for each in range(120)]
    with vault_of(path, folder, key).keys as keys:
        fill(Vault(keys, key.identity), WHO, contents)
    moment = there = under_way = 0
    while True:
        which = contents[moment]
        moment += 1
        process = FORK.Process(
            target=_erase, args=(path, key.identity.identity, which, moment)
        )  # fmt: skip
        process.start()
        process.join(60)
        with KeyStore(path, key.identity) as keys:
            vault = Vault(keys, key.identity)
            erasing = Erasing(vault)
            begun = [each for each in erasing.all() if each.gone is None]
            if process.exitcode == 0:
                assert begun == []
                break
            assert process.exitcode == -signal.SIGKILL
            known = keys.known(WHO, [which.digest])
            if read(vault, WHO, which) is not None:  # all of it is there
                assert read(vault, WHO, which) == which.body
                assert known == {which.digest}
                assert begun == []
                there += 1
                erasing.content(WHO, which.digest, REQUEST)
            else:  # or nothing, and what remains to be done is known
                assert known == set()
                under_way += len(begun)
                done = erasing.finish()
                assert [each.number for each in done] == [each.number for each in begun]
            (kept,) = keys.collections(WHO)
            for part in keys.slices(kept.id):
                assert which.digest not in part.digest_list
            assert len(objects(folder)) == len(contents) - moment
            assert all(each.gone for each in erasing.all())
            assert len(list(erasing.all())) == moment
    assert there >= 10
    assert under_way >= 10
