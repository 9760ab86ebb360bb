"""Wallets that people name in a word, in files that only they can read (invariant 7)."""

import json
import logging
import os
import stat
import subprocess
import threading
import traceback
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from kiseki.chain.anvil import TEST_WALLETS
from kiseki.chain.signing.accounts import (
    Keystores,
    account_of,
    address_of,
    local_account,
    open_account,
)
from kiseki.errors import InvalidInput, KisekiError, SigningError

PASSWORD = "correct horse"
WRONG = "wrong word"
KEY = "0x" + "4d" * 32


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scrypt with fewer rounds: it is eth-account that is slow on purpose, and not under test."""
    real = Account.encrypt
    monkeypatch.setattr(
        Account, "encrypt", lambda key, word, kdf, iterations=2: real(key, word, kdf, iterations)
    )


@pytest.fixture
def keystores(tmp_path: Path) -> Keystores:
    return Keystores(tmp_path / "place" / "keystores")


def test_a_new_wallet_is_kept_and_opened(keystores: Keystores) -> None:
    made = keystores.new("studio", PASSWORD)
    assert keystores.list() == [made]
    opened = keystores.open("studio", lambda what: PASSWORD)
    assert opened.address == made.address
    assert keystores.open(str(made.path), lambda what: PASSWORD).address == made.address
    assert account_of(keystores.key("studio", PASSWORD)).address == made.address


def test_what_other_wallets_made_is_taken_and_theirs_take_ours(
    keystores: Keystores, tmp_path: Path
) -> None:
    """Web3 Secret Storage: here eth-account's own, as others write it."""
    theirs = tmp_path / "UTC--theirs.json"
    theirs.write_text(
        json.dumps(Account.encrypt(bytes.fromhex(KEY[2:]), "their word", "pbkdf2", 10))
    )
    theirs.chmod(0o600)
    taken = keystores.take_in("taken", theirs, "their word")
    assert taken.address == Account.from_key(KEY).address
    with pytest.raises(SigningError, match="not the password of UTC--theirs"):
        keystores.take_in("again", theirs, "another word")
    ours = json.loads(keystores.add("ours", KEY, PASSWORD).path.read_text())
    assert bytes(Account.decrypt(ours, PASSWORD)) == bytes.fromhex(KEY[2:])


def test_a_password_is_changed_and_the_old_one_opens_no_more(keystores: Keystores) -> None:
    keystores.add("studio", KEY, PASSWORD)
    keystores.change_password("studio", PASSWORD, "another")
    assert keystores.key("studio", "another") == KEY
    with pytest.raises(SigningError, match="not the password"):
        keystores.key("studio", PASSWORD)
    with pytest.raises(SigningError, match="not the password"):
        keystores.change_password("studio", "wrong", "x")
    assert keystores.key("studio", "another") == KEY


def test_files_are_for_their_owner_only_whatever_the_umask(keystores: Keystores) -> None:
    old = os.umask(0)
    try:
        made = keystores.new("studio", PASSWORD)
        keystores.change_password("studio", PASSWORD, "another")
    finally:
        os.umask(old)
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(keystores.folder.stat().st_mode) == 0o700
    assert [each.name for each in keystores.folder.iterdir()] == ["studio.json"]
    made.path.chmod(0o640)
    with pytest.raises(SigningError, match=r"others can read .* \(mode 0640\); run `chmod 600"):
        keystores.open("studio", lambda what: PASSWORD)
    (listed,) = keystores.list()
    assert "chmod 600" in listed.problem


@pytest.mark.parametrize("name", ["", "../studio", "a b", ".hidden", "x" * 65, "stu/dio"])
def test_a_name_that_is_none(keystores: Keystores, name: str) -> None:
    with pytest.raises(InvalidInput, match="a wallet's name has letters"):
        keystores.new(name, PASSWORD)


def test_a_wallet_is_never_overwritten(keystores: Keystores) -> None:
    keystores.add("studio", KEY, PASSWORD)
    with pytest.raises(InvalidInput, match="there is a wallet studio already"):
        keystores.new("studio", PASSWORD)
    assert keystores.key("studio", PASSWORD) == KEY
    with pytest.raises(InvalidInput, match="at least one character"):
        keystores.new("empty", "")


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"address": "5"}', "{" * 5_000, "\x00", '{"crypto": 5, "version": 3}',
             '{"version": 3, "crypto": {"kdf": "none", "kdfparams": {}, "mac": "00"}}']
)  # fmt: skip
def test_a_file_that_is_damaged_is_told_in_a_sentence(keystores: Keystores, text: str) -> None:
    keystores.folder.mkdir(parents=True)
    path = keystores.folder / "studio.json"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(SigningError, match=r"is no keystore file, or is damaged; restore"):
        keystores.open("studio", lambda what: PASSWORD)
    (listed,) = keystores.list()
    assert bool(listed.problem) != text.startswith('{"version"')


def test_a_wallet_that_is_not_there_names_those_that_are(keystores: Keystores) -> None:
    with pytest.raises(InvalidInput, match="there is none yet, and `kiseki accounts new NAME`"):
        keystores.open("studio", lambda what: PASSWORD)
    keystores.add("studio", KEY, PASSWORD)
    with pytest.raises(InvalidInput, match="there is no wallet studios; there is studio, and"):
        keystores.open("studios", lambda what: PASSWORD)


@pytest.mark.parametrize(
    "spec",
    [
        KEY,
        KEY[2:],
        "web3Signer:http://user:secret@signer/key#0x12",
        "web3signer:http://user:secret@signer/key",
        "node:https://node/v3/secret",
        "https://node/v3/secret",
    ],
)
def test_what_was_typed_in_the_place_of_a_name_is_not_repeated(
    keystores: Keystores, spec: str
) -> None:
    """A private key, or a URL with one."""
    with pytest.raises(InvalidInput) as raised:
        open_account(spec, url="http://127.0.0.1:9", keystores=keystores, environment={})
    said = str(raised.value)
    assert "secret" not in said
    assert KEY[2:] not in said


def test_of_two_who_make_a_wallet_of_one_name_at_once_one_is_told(keystores: Keystores) -> None:
    """Otherwise one of both keys would be lost, and perhaps paid to by then."""
    made: list[Any] = []

    def make() -> None:
        try:
            made.append(keystores.new("studio", PASSWORD).address)
        except InvalidInput as error:
            made.append(error)

    threads = [threading.Thread(target=make) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (won,) = [each for each in made if isinstance(each, str)]
    (lost,) = [each for each in made if isinstance(each, InvalidInput)]
    assert "there is a wallet studio already" in str(lost)
    assert keystores.open("studio", lambda what: PASSWORD).address == won
    assert [each.name for each in keystores.list()] == ["studio"]


@pytest.mark.parametrize(
    ("member", "value"), [("n", 1.5), ("r", 0), ("p", -1), ("dklen", "32"), ("salt", 5)]
)
def test_a_file_whose_numbers_are_none_is_damaged(
    keystores: Keystores, member: str, value: Any
) -> None:
    path = keystores.add("studio", KEY, PASSWORD).path
    document = json.loads(path.read_text())
    document["crypto"]["kdfparams"][member] = value
    path.write_text(json.dumps(document))
    with pytest.raises(SigningError, match=r"is damaged|not the password"):
        keystores.open("studio", lambda what: PASSWORD)


def test_a_wallet_that_is_taken_in_has_the_address_of_its_key(
    keystores: Keystores, tmp_path: Path
) -> None:
    """A file that says another would have its owner paid elsewhere."""
    made = Account.from_key(KEY)
    file = tmp_path / "theirs.json"
    file.write_text(
        json.dumps(Account.encrypt(made.key, PASSWORD, kdf="scrypt") | {"address": "12" * 20})
    )
    file.chmod(0o600)
    assert keystores.take_in("theirs", file, PASSWORD).address == made.address


def test_a_wallet_that_says_another_address_than_its_keys_is_not_used(
    keystores: Keystores,
) -> None:
    """What asks for no key, as `revenue owed`, would speak of one wallet, and sign as another."""
    path = keystores.add("studio", KEY, PASSWORD).path
    path.write_text(json.dumps(json.loads(path.read_text()) | {"address": "12" * 20}))
    assert keystores.list()[0].address == "0x" + "12" * 20
    with pytest.raises(SigningError, match=r"says that it is the wallet 0x1212.* is that of 0x"):
        keystores.open("studio", lambda _: PASSWORD)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cipher": "aes-256-ctr"}, "cipher aes-256-ctr"),
        ({"cipher": "aes-128-cbc"}, "cipher aes-128-cbc"),
        ({"kdf": "argon2id"}, "kdf argon2id"),
        ({"kdf": "pbkdf2", "kdfparams": {"prf": "hmac-sha512"}}, "prf hmac-sha512"),
        ({"kdfparams": {"n": 2**22, "r": 8}}, "a scrypt of 4 GB of memory"),
        ({"kdfparams": {"n": 2**40, "r": 8}}, "a scrypt of 1,048,576 GB of memory"),
    ],
)
def test_what_cannot_be_decrypted_here_is_said_and_not_called_a_wrong_password(
    keystores: Keystores, change: dict[str, Any], said: str
) -> None:
    """A key that was decrypted with another cipher is another key, and nobody notices."""
    path = keystores.add("studio", KEY, PASSWORD).path
    document = json.loads(path.read_text())
    document["crypto"] |= change
    path.write_text(json.dumps(document))
    with pytest.raises(SigningError, match=f"encrypted with {said}; .* Export the account again"):
        keystores.open("studio", lambda _: PASSWORD)


# Of other wallets


ACCENTED = "pässwörd ガ"
NAMES = ("NFC", "NFD", "NFKC", "NFKD")


def put(path: Path, document: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))
    path.chmod(0o600)


def test_a_keystore_of_cast_has_no_address_until_it_is_opened(keystores: Keystores) -> None:
    """Made by the real program: no ending, no address, as Foundry writes it."""
    keystores.folder.mkdir(parents=True)
    made = subprocess.run(
        ["cast", "wallet", "new", keystores.folder, "foundry", "--unsafe-password", ACCENTED],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    theirs = made.stdout.rpartition("0x")[2].strip()
    file = keystores.folder / "foundry"
    assert "address" not in json.loads(file.read_text())
    file.chmod(0o600)
    (listed,) = keystores.list()
    assert (listed.name, listed.address, listed.problem) == ("foundry", "", "")
    with pytest.raises(SigningError, match="not the password of foundry"):
        keystores.open("foundry", lambda what: "another")
    assert keystores.list() == [listed]
    typed = unicodedata.normalize("NFD", ACCENTED)
    assert keystores.open("foundry", lambda what: typed).address == f"0x{theirs}"
    (learnt,) = keystores.list()
    assert (learnt.address, stat.S_IMODE(file.stat().st_mode)) == (f"0x{theirs}", 0o600)
    opened = subprocess.run(
        ["cast", "wallet", "decrypt-keystore", "-k", keystores.folder, "foundry",
         "--unsafe-password", ACCENTED],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert keystores.key("foundry", ACCENTED) in opened, "cast opens it as before"


def test_a_keystore_elsewhere_opens_and_is_left_as_it_was(
    keystores: Keystores, tmp_path: Path
) -> None:
    document = Account.encrypt(bytes.fromhex(KEY[2:]), PASSWORD, "scrypt")
    del document["address"]
    path = tmp_path / "theirs" / "a.json"
    put(path, document)
    assert keystores.key(str(path), PASSWORD) == KEY
    assert keystores.open(str(path), lambda what: PASSWORD).address
    assert json.loads(path.read_text()) == document
    keystores.take_in("mine", path, PASSWORD)
    assert keystores.list()[0].address == Account.from_key(KEY).address


def test_an_address_that_cannot_be_written_down_keeps_nobody_out(
    keystores: Keystores, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = Account.encrypt(bytes.fromhex(KEY[2:]), PASSWORD, "scrypt") | {"address": ""}
    put(keystores.folder / "a.json", document)

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("kiseki.disk.atomic.write", full)
    assert keystores.open("a", lambda what: PASSWORD).address == Account.from_key(KEY).address


@pytest.mark.parametrize("form", ["version 3", "version", "Crypto", "0x", "upper", "odd", "id",
                                  "pbkdf2", "more", "wrong case", "hex"])  # fmt: skip
def test_every_form_that_other_wallets_write_opens(keystores: Keystores, form: str) -> None:
    """As text, in another case, with 0x, without an id, as geth, MyEtherWallet, ethers write."""
    secret = bytes.fromhex(KEY[2:])
    mine = Account.from_key(KEY).address
    document = Account.encrypt(secret, PASSWORD, "pbkdf2" if form == "pbkdf2" else "scrypt", 2)
    crypto = document["crypto"]
    changed: dict[str, dict[str, Any]] = {
        "version 3": {"version": "3"},
        "version": {"version": 3.0},
        "0x": {"address": mine},
        "upper": {"address": "0X" + mine[2:].upper()},
        "odd": {"address": None},
        "more": {"name": "", "meta": "{}", "x-ethers": {"client": "ethers", "path": "m/0"}},
        "wrong case": {"address": mine[2:].swapcase()},
        "hex": {"crypto": crypto | {n: "0x" + crypto[n] for n in ("mac", "ciphertext")}},
    }
    document |= changed.get(form, {})
    if form == "Crypto":
        document = {"Crypto": document.pop("crypto")} | document
    if form == "id":
        del document["id"]
    put(keystores.folder / "UTC--2026-11-29T01-02-03.000000004Z--theirs", document)
    (keystores.folder / "README").write_text("no keystore")
    (listed,) = keystores.list()
    assert listed.address == ("" if form in ("odd", "wrong case") else mine)
    assert not listed.problem
    assert keystores.open(listed.name, lambda what: PASSWORD).address == mine
    assert [each.address for each in keystores.list()] == [mine]
    keystores.change_password(listed.name, PASSWORD, "another")
    assert keystores.key(listed.name, "another") == KEY


@pytest.mark.parametrize("made", NAMES)
@pytest.mark.parametrize("typed", NAMES)
def test_a_password_opens_however_its_accents_are_made_of(
    keystores: Keystores, made: Any, typed: Any
) -> None:
    word = unicodedata.normalize(made, "pässwörd ガ")
    put(keystores.folder / "a.json", Account.encrypt(bytes.fromhex(KEY[2:]), word, "scrypt"))
    assert keystores.key("a", unicodedata.normalize(typed, "pässwörd ガ")) == KEY
    with pytest.raises(SigningError, match="not the password"):
        keystores.key("a", "passwörd ガ")


def test_a_password_is_written_composed_as_others_type_it(keystores: Keystores) -> None:
    made = keystores.add("a", KEY, unicodedata.normalize("NFD", ACCENTED))
    composed = unicodedata.normalize("NFC", ACCENTED)
    assert bytes(Account.decrypt(json.loads(made.path.read_text()), composed)).hex() == KEY[2:]


@pytest.mark.parametrize("version", [1, "1", 4, "v3", None])
def test_a_keystore_of_another_version_says_so(keystores: Keystores, version: Any) -> None:
    """Version 4 is of validators (EIP-2335), whose key must not become an account."""
    document = Account.encrypt(bytes.fromhex(KEY[2:]), PASSWORD, "scrypt")
    put(keystores.folder / "a.json", document | {"version": version})
    with pytest.raises(SigningError, match=r"keystore of version .*; Kiseki opens version 3"):
        keystores.open("a", lambda what: PASSWORD)


# In a word


def test_words_name_wallets(keystores: Keystores, tmp_path: Path) -> None:
    mine = Account.from_key(KEY).address
    assert open_account("env", environment={"KISEKI_PRIVATE_KEY": KEY}).address == mine
    assert (
        open_account("test:3", chain_id=31337, environment={}).address == local_account(3).address
    )
    keystores.add("studio", KEY, PASSWORD)
    given = {"keystores": keystores, "ask": lambda what: PASSWORD}
    assert open_account("studio", environment={}, **given).address == mine  # type: ignore[arg-type]


def test_a_password_is_read_from_a_file_that_only_its_owner_can_read(
    keystores: Keystores, tmp_path: Path
) -> None:
    keystores.add("studio", KEY, PASSWORD)
    file = tmp_path / "password"
    file.write_text(PASSWORD + "\n")
    named = {"KISEKI_PASSWORD_FILE": str(file)}
    file.chmod(0o644)
    with pytest.raises(SigningError, match="others can read the password file"):
        open_account("studio", keystores=keystores, environment=named)
    file.chmod(0o600)
    assert open_account("studio", keystores=keystores, environment=named).address
    with pytest.raises(SigningError, match="KISEKI_PASSWORD_FILE"):
        open_account("studio", keystores=keystores, environment={})


def test_the_wallets_that_everybody_has_are_for_local_chains() -> None:
    for chain in (0, 1, 11_155_111, 137):
        with pytest.raises(InvalidInput, match="everybody has the keys"):
            open_account("test:0", chain_id=chain, environment={})
    with pytest.raises(InvalidInput, match="numbered from 0"):
        open_account("test:x", chain_id=31337, environment={})


def test_a_key_that_is_none_is_not_repeated() -> None:
    for wrong in ("0x1234zz", "4d" * 31, "", "0x" + "ff" * 32):
        with pytest.raises(InvalidInput, match=r"KISEKI_PRIVATE_KEY is not set|0x and 64") as told:
            open_account("env", environment={"KISEKI_PRIVATE_KEY": wrong})
        shown = "".join(traceback.format_exception(told.value))
        assert not wrong or wrong not in str(told.value)
        assert not wrong or f"{wrong}'" not in shown


def test_nothing_secret_is_ever_shown(
    keystores: Keystores, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    keystores.add("studio", KEY, PASSWORD)
    told: list[str] = []
    for attempt in (
        lambda: keystores.key("studio", WRONG),
        lambda: keystores.new("studio", PASSWORD),
    ):
        try:
            attempt()
        except KisekiError as error:
            told.append("".join(traceback.format_exception(error)))
    signer = keystores.open("studio", lambda what: PASSWORD)
    told += [repr(signer), repr(keystores), repr(keystores.list()), caplog.text, str(vars(signer))]
    shown = "\n".join(told)
    for secret in (KEY[2:], PASSWORD, WRONG):
        assert secret not in shown


def test_an_address_is_known_without_the_key(
    keystores: Keystores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of whoever only looks nobody asks a password."""
    kept = keystores.new("studio", "a password")
    monkeypatch.setattr(Keystores, "open", None)
    named: dict[str, Any] = {
        "url": "http://node",
        "chain_id": 31337,
        "keystores": keystores,
        "environment": {},
    }
    assert address_of("studio", **named) == kept.address
    numbers = [0, 9, 10]
    found = [address_of(f"test:{number}", **named) for number in numbers]
    assert found == [local_account(number).address for number in numbers]
    with pytest.raises(InvalidInput, match="for local chains"):
        address_of("test:0", **(named | {"chain_id": 1}))


def test_the_test_wallets_are_those_of_their_words() -> None:
    assert list(TEST_WALLETS) == [local_account(n).address for n in range(len(TEST_WALLETS))]
