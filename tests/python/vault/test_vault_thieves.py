"""What thieves get, as `docs/vault.md` says it: also what they do get (promise 6)."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct

from kiseki.core import ids
from kiseki.core.terms import Use
from kiseki.errors import SecretsError, VaultError
from kiseki.vault.handing.receipts import Basis, Block, Receipt
from kiseki.vault.handing.signin import By, SignIn
from kiseki.vault.keystore import KeyStore
from kiseki.vault.objects.envelope import identity_of
from kiseki.vault.store.database import Database
from kiseki.vault.vault import Vault

from .conftest import WHO
from .keeping import NOW, Key, content, fill, vault_of
from .residue import Known

CONTENTS = [content(each) for each in range(3)]
RECEIVER = "0x" + "3c" * 20


@pytest.fixture
def key() -> Key:
    return Key()


@pytest.fixture
def here(tmp_path: Path, key: Key) -> Iterator[Path]:
    """The folder of a vault that handed something out; nothing is open."""
    folder = tmp_path / "here"
    folder.mkdir()
    vault = vault_of(folder / "store", folder / "objects", key, Key("recovery"))
    fill(vault, WHO, CONTENTS)
    ((_, _, of), *_) = vault.keys.commitments_of(WHO)
    said = Receipt(
        1, RECEIVER, WHO, ids.item_id(WHO, of), b"\x22" * 32, of, Use.AI_TRAINING, Basis.LICENCE,
        b"\x23" * 32, NOW + 99, Block(17, b"\x11" * 32, NOW), 3_004, NOW,
    )  # fmt: skip
    vault.ledger.issue([said], NOW)
    vault.keys.gather()
    vault.keys.close()
    yield folder


def opened(here: Path, key: Key) -> Vault:
    return vault_of(here / "store", here / "objects", key, new=False)


def test_a_stolen_disk_tells_wallets_ids_and_sizes_and_no_more(here: Path, key: Key) -> None:
    """Database and objects, without a key."""
    vault = opened(here, key)
    known = [Known.of(vault, each) for each in CONTENTS]
    seed = vault.setup.seed
    vault.keys.close()
    for each in known:
        assert each.seen(here) == set()
    database = (here / "store").read_bytes()
    assert seed not in database  # so it cannot sign as the vault
    # What it does tell: who provides, who received which item, and how large all is.
    assert bytes.fromhex(WHO[2:]) in database
    assert bytes.fromhex(RECEIVER[2:]) in database
    # Not for what, nor on which ground: receipts are sealed.
    assert RECEIVER.encode() not in database
    assert b"because" not in database
    sizes = {each.stat().st_size for each in (here / "objects").glob("??/*")}
    # Nothing is padded; age puts up to a few hundred bytes in front.
    assert all(0 < each - len(CONTENTS[0].body) < 1_000 for each in sizes)
    with pytest.raises(SecretsError, match="key was not given"):
        KeyStore(here / "store")
    with pytest.raises(SecretsError, match="does not open"):
        KeyStore(here / "store", Key().identity)


def test_who_has_key_database_and_objects_has_all_of_it(
    here: Path, key: Key, tmp_path: Path
) -> None:
    """That is what a key is for; nothing else protects then. The recovery key is as good."""
    shutil.copytree(here, tmp_path / "stolen")
    with KeyStore(tmp_path / "stolen" / "store", key.identity) as keys:
        thief = Vault(keys, key.identity)
        for each in CONTENTS:
            row = thief.objects.find(WHO, each.digest)
            assert row is not None
            assert identity_of(row.identity, thief.unwrap).text
            stored = thief.contents.content_of(WHO, each.digest)
            assert stored is not None
            with stored.open() as content_:
                assert b"".join(content_.read()) == each.body
        assert len(thief.setup.seed) == 32  # and could sign receipts as the vault


def test_a_key_alone_and_objects_alone_open_nothing(here: Path, key: Key) -> None:
    """An object is wrapped in the database; without it, no key of the vault opens an object."""
    for each in (here / "objects").glob("??/*"):
        assert key.identity.opened(each.read_bytes()) is None


def test_what_the_database_keeps_of_a_session_is_no_session(tmp_path: Path) -> None:
    """A thief of the database cannot go on as somebody who is signed in; of the token one can,
    until the session ends, or its wallet ends all of its sessions."""
    database = Database(tmp_path / "store")
    door = SignIn(
        database,
        "vault.example.org",
        "https://vault.example.org/",
        1,
        "Sign in.",
        lambda *_: By.KEY,
    )
    text = door.invite(WHO, "somebody", NOW)
    session = door.enter(text.nonce, text.cookie, b"", NOW)
    with sqlite3.connect(tmp_path / "store") as raw:
        ((kept,),) = raw.execute("SELECT token FROM session").fetchall()
    raw.close()
    assert kept == hashlib.sha256(session.token.encode()).digest()
    for stolen in (kept.hex(), kept.decode("latin-1")):
        with pytest.raises(VaultError, match="not signed in"):
            door.who(stolen, NOW)
    assert door.who(session.token, NOW) == WHO
    door.leave_everywhere(WHO)
    with pytest.raises(VaultError, match="not signed in"):
        door.who(session.token, NOW)
    database.close()


def test_what_a_wallet_signed_for_another_site_opens_nothing_here(tmp_path: Path) -> None:
    """A site that stands between makes people sign a text of its own name, which a wallet shows,
    or the vault's, which a wallet warns of: it is not the name of the site that asks."""
    wallet = Account.create()

    def signed_by(who: str, text: str, signature: bytes) -> By | None:
        found = Account.recover_message(encode_defunct(text=text), signature=signature)
        return By.KEY if found.lower() == who else None

    database = Database(tmp_path / "store")
    here, there = (
        SignIn(database, name, f"https://{name}/", 1, "Sign in.", signed_by)
        for name in ("vault.example.org", "vault.example.com")
    )
    ours = here.invite(wallet.address, "somebody", NOW)
    theirs = there.invite(wallet.address, "somebody", NOW)
    assert ours.text.startswith("vault.example.org wants you to sign in")
    assert "URI: https://vault.example.org/\n" in ours.text
    signed = wallet.sign_message(encode_defunct(text=theirs.text)).signature
    with pytest.raises(VaultError, match="did not sign"):
        here.enter(ours.nonce, ours.cookie, bytes(signed), NOW)
    ours = here.invite(wallet.address, "somebody", NOW)
    signed = wallet.sign_message(encode_defunct(text=ours.text)).signature
    assert here.enter(ours.nonce, ours.cookie, bytes(signed), NOW).address == wallet.address.lower()
    database.close()


def test_an_operator_who_hands_out_past_the_vault_leaves_nothing(here: Path, key: Key) -> None:
    """Nothing protects against who has the key: content is read, and no receipt is there."""
    vault = opened(here, key)
    before = len(vault.ledger.received_by(RECEIVER))
    stored = vault.contents.content_of(WHO, CONTENTS[0].digest)
    assert stored is not None
    with stored.open() as content_:
        assert b"".join(content_.read()) == CONTENTS[0].body
    assert len(vault.ledger.received_by(RECEIVER)) == before
    vault.keys.close()
