"""Another epoch begins: nothing is lost, and nothing is left for the keys of before (promise 6)."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, text

from kiseki.errors import InvalidInput, SecretsError, VaultError
from kiseki.vault.keys import epochs
from kiseki.vault.keys.services import InFile, Several, wrapped
from kiseki.vault.keystore import KeyStore
from kiseki.vault.objects.adding import Item, add
from kiseki.vault.objects.envelope import Called
from kiseki.vault.objects.sources import Held
from kiseki.vault.rewrapping import rewrap
from kiseki.vault.store import tables
from kiseki.vault.store.database import Database
from kiseki.vault.vault import Vault

from .conftest import OTHER, WHO
from .handed import CALLER
from .keeping import NOW, Key, content, forms
from .rotated import CONTENTS, Kept, many, must_be_whole, opened, rotating
from .test_vault_sealed import _checkpoint, _files

OLD, NEW, OFFLINE = Key(), Key(), Key("recovery")


@pytest.fixture(params=["a file", "PostgreSQL"])
def where(tmp_path: Path, request: pytest.FixtureRequest) -> Path | str:
    if request.param == "a file":
        (tmp_path / "here").mkdir()
        return tmp_path / "here" / "store"
    return str(request.getfixturevalue("postgres"))


@pytest.fixture
def made(where: Path | str, tmp_path: Path) -> Iterator[tuple[Vault, Kept]]:
    vault, kept = rotating(where, tmp_path / "objects", OLD, OFFLINE)
    yield vault, kept
    vault.keys.close()


def secrets_of(vault: Vault, kept: Kept) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for each in CONTENTS:
        (salt,) = vault.keys.salts(WHO, [each.digest])
        found |= {f"digest of {each.name}": each.digest, f"salt of {each.name}": salt,
                  each.name: each.name.encode(), each.caption: each.caption.encode()}  # fmt: skip
    for number, said in enumerate(kept.salted):
        receipt = said.receipt.to_json().encode()
        found |= {f"salt of receipt {number}": said.salt, f"receipt {number}": receipt[3:43],
                  f"end of receipt {number}": receipt[-43:-3]}  # fmt: skip
    return found


def seen(vault: Vault, where: Path | str, secrets: dict[str, bytes]) -> set[str]:
    """What of it a thief finds who has the files and a dump of all tables."""
    lies = []
    with vault.keys.database.reading() as db:
        for table in tables.metadata.sorted_tables:
            for row in db.execute(select(table)):
                lies += [each if isinstance(each, bytes) else str(each).encode() for each in row]
        if isinstance(where, str):
            folder = Path(db.execute(text("SHOW data_directory")).scalar_one()) / "base"
    if isinstance(where, str):
        _checkpoint(where)
        lies.append(_files(folder))
    else:
        lies += [each.read_bytes() for each in where.parent.iterdir()]
    whole = b"\0".join(lies)
    return {name for name, each in secrets.items() if any(form in whole for form in forms(each))}


def test_a_thief_of_the_database_finds_nothing_of_content_and_receipts(
    made: tuple[Vault, Kept], where: Path | str
) -> None:
    vault, kept = made
    secrets = secrets_of(vault, kept)
    assert len(secrets) == 6 * 7
    assert seen(vault, where, secrets) == set()
    vault.begin_epoch([NEW.holder, OFFLINE.holder], NEW.identity, NOW + 1)
    assert seen(vault, where, secrets) == set()
    vault.rewrap()
    assert seen(vault, where, secrets) == set()
    provider = bytes.fromhex(WHO[2:])
    assert seen(vault, where, {"the provider": provider}) == {"the provider"}  # it does look


def test_epochs_move_on_and_everything_is_found_opened_and_read(
    made: tuple[Vault, Kept], where: Path | str, tmp_path: Path
) -> None:
    """Opened with `age` itself, by the keys of now alone."""
    vault, kept = made
    for turn, (key, before) in enumerate([(NEW, OLD), (Key(), NEW), (OLD, NEW)]):
        vault.begin_epoch([key.holder, OFFLINE.holder], key.identity, NOW + turn)
        assert vault.waiting == len(CONTENTS)
        must_be_whole(vault, kept)
        assert vault.rewrap() == len(CONTENTS)
        assert (vault.waiting, vault.rewrap()) == (0, 0)
        must_be_whole(vault, kept)
        for opener in (key, OFFLINE):
            reader = opened(where, opener)
            must_be_whole(reader, kept)
            reader.keys.close()
        for row in vault.objects.each():
            assert before.identity.opened(row.identity) is None
    held = tmp_path / "key"
    held.write_text(OFFLINE.identity.identity + "\n")
    for each in CONTENTS:
        found = vault.objects.find(WHO, each.digest)
        assert found is not None
        age = ["age", "-d", "-i"]
        inner = subprocess.run(
            [*age, str(held)], input=found.identity, check=True, capture_output=True
        )
        (tmp_path / "inner").write_bytes(inner.stdout)
        file = next((tmp_path / "objects").glob(f"??/{found.name.hex()}*"))
        whole = subprocess.run(
            [*age, str(tmp_path / "inner"), str(file)], check=True, capture_output=True
        )
        assert whole.stdout == each.body


def test_until_all_is_wrapped_anew_both_keys_are_needed_and_neither_is_destroyed(
    made: tuple[Vault, Kept], where: Path | str
) -> None:
    vault, kept = made
    database = vault.keys.database
    vault.begin_epoch([NEW.holder], NEW.identity, NOW + 1)
    must_be_whole(vault, kept)
    alone = opened(where, NEW)
    with pytest.raises(VaultError, match=r"give the key of that epoch as well.*vault rewrap"):
        must_be_whole(alone, kept)
    with pytest.raises(VaultError, match=r"6 objects could not be wrapped anew.*rewrap OLD_KEY"):
        alone.rewrap()
    # Its other key is left, but is in force no more.
    with pytest.raises(InvalidInput, match="6 objects may still be wrapped to"):
        epochs.destroyed(database, OLD.holder.recipient, NOW + 2)
    assert alone.rewrap(before=[OLD.identity]) == len(CONTENTS)
    must_be_whole(alone, kept)
    for gone in (OLD, OFFLINE):
        assert epochs.destroyed(database, gone.holder.recipient, NOW + 2) == [1]
    alone.keys.close()


def test_a_key_of_before_may_go_while_another_that_is_in_force_opens_the_same(
    made: tuple[Vault, Kept],
) -> None:
    vault, _ = made
    vault.begin_epoch([NEW.holder, OFFLINE.holder], NEW.identity, NOW + 1)
    assert epochs.destroyed(vault.keys.database, OLD.holder.recipient, NOW + 2) == [1]
    assert opened_by(vault, OFFLINE) == len(CONTENTS)


def opened_by(vault: Vault, key: Key) -> int:
    return sum(key.identity.opened(row.identity) is not None for row in vault.objects.each())


def test_what_the_keys_do_not_open_stays_and_all_else_is_done(
    made: tuple[Vault, Kept],
) -> None:
    vault, kept = made
    many(vault, 3)
    lost = wrapped_for(vault, Key(), 2)
    vault.begin_epoch([NEW.holder, OFFLINE.holder], NEW.identity, NOW + 1)
    with pytest.raises(VaultError, match=r"2 objects could not be wrapped anew.*epoch 1"):
        vault.rewrap()
    assert vault.waiting == 2
    assert opened_by(vault, NEW) == len(CONTENTS) + 1
    assert vault.keys.database.rows(
        select(tables.objects.c.identity).where(tables.objects.c.epoch == 1)
    ) == [(each,) for each in lost]
    must_be_whole(vault, kept)


def wrapped_for(vault: Vault, key: Key, count: int) -> list[bytes]:
    """Some objects are wrapped for somebody else."""
    rows = [each for each in vault.objects.each() if each.provider == b"\x2b" * 20][:count]
    made = []
    for each in rows:
        made.append(wrapped(b"identity", [key.holder.recipient]))
        with vault.keys.database.writing() as db:
            c = tables.objects.c
            db.execute(tables.objects.update().where(c.name == each.name).values(identity=made[-1]))
    return made


# Two servers


def one(number: int) -> Item:
    each = content(number)
    return Item(Held(each.body, each.name), each.digest, Called(each.name, each.caption))


def test_another_server_goes_on_while_an_epoch_begins(
    made: tuple[Vault, Kept], where: Path | str, tmp_path: Path
) -> None:
    """Its identity file has a line for each key, as an identity file of age may."""
    vault, kept = made
    file = tmp_path / "identities"
    file.touch(0o600)
    file.write_text(f"# new\n{NEW.identity.identity}\n# old\n{OLD.identity.identity}\n")
    key = InFile(file)
    assert key.recipient == NEW.holder.recipient
    server = Vault(KeyStore(where, key), key)
    must_be_whole(server, kept)
    vault.begin_epoch([NEW.holder], NEW.identity, NOW + 1)
    must_be_whole(server, kept)
    # It wrapped for the epoch of before, and writes the rows now.
    recipients = vault.epochs[0].recipients
    add(server.objects, server.place, OTHER, recipients, [one(70)], cores=1, epoch=1)
    assert vault.waiting == len(CONTENTS) + 1
    vault.rewrap()
    add(server.objects, server.place, OTHER, recipients, [one(71)], cores=1, epoch=1)
    assert vault.waiting == 1
    with pytest.raises(InvalidInput, match="1 object may still be wrapped to"):
        epochs.destroyed(vault.keys.database, OLD.holder.recipient, NOW + 2)
    vault.rewrap()
    file.write_text(f"{NEW.identity.identity}\n")
    for number in (70, 71):
        stored = server.contents.content_of(OTHER, content(number).digest)
        assert stored is not None
        with stored.open() as whole:
            assert b"".join(whole.read()) == content(number).body
    must_be_whole(server, kept)
    # Once the keys of before are destroyed, what is wrapped for them is not taken in.
    for gone in (OLD, OFFLINE):
        epochs.destroyed(vault.keys.database, gone.holder.recipient, NOW + 2)
    with pytest.raises(VaultError, match="another epoch began while this was added"):
        add(server.objects, server.place, OTHER, recipients, [one(72)], cores=1, epoch=1)
    assert server.contents.content_of(OTHER, content(72).digest) is None
    server.keys.close()


def test_what_is_added_while_an_epoch_begins_is_wrapped_for_it(
    made: tuple[Vault, Kept], where: Path | str
) -> None:
    vault, _ = made
    server = opened(where, NEW, OLD)
    begun = []

    def items() -> Iterator[Item]:
        yield one(70)
        vault.begin_epoch([NEW.holder], NEW.identity, NOW + 1)
        begun.append(vault.rewrap())
        yield one(71)

    server.add(OTHER, items())
    assert begun == [len(CONTENTS)]
    assert vault.waiting == 0
    assert opened_by(vault, NEW) == len(CONTENTS) + 2
    server.keys.close()


def test_an_epoch_that_begins_while_identities_are_wrapped_is_followed(
    made: tuple[Vault, Kept], monkeypatch: pytest.MonkeyPatch
) -> None:
    vault, kept = made
    monkeypatch.setattr("kiseki.vault.rewrapping._PART", 2)
    vault.begin_epoch([NEW.holder], NEW.identity, NOW + 1)
    newest, told = Key(), []

    def progress(done: int, of: int) -> None:
        told.append(done)
        if len(told) == 2:
            vault.begin_epoch([newest.holder], newest.identity, NOW + 2)

    key = Several(newest.identity, (NEW.identity, OLD.identity))
    rewrap(vault.keys, key, progress)
    assert vault.waiting == 0
    assert opened_by(vault, newest) == len(CONTENTS)
    must_be_whole(vault, kept)


def test_a_vault_that_is_opened_without_its_key_tells_no_receipt(
    made: tuple[Vault, Kept], where: Path | str
) -> None:
    """A default does not stand in for the key."""
    vault, _ = made
    bare = Database(where)
    ledger = type(vault.ledger)(bare, vault.setup.domain, vault.setup.seed)
    with pytest.raises(SecretsError, match="opened without its key"):
        ledger.received_by(CALLER)
    bare.close()
