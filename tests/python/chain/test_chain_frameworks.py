"""Where a script runs and who acts, when no framework lends it; under Ape and Brownie themselves it
is tests/frameworks/run.py that tries it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from eth_account import Account

from kiseki import LocalKiseki, settings
from kiseki.chain.signing import frameworks
from kiseki.chain.signing.accounts import local_account
from kiseki.chain.signing.signer import LocalSigner
from kiseki.errors import InvalidInput, SigningError

ROOT = Path(__file__).resolve().parents[3]
KEY = "0x" + local_account(1).key.hex().removeprefix("0x")
PASSWORD = "a password worth nothing"
GIVEN = {"KISEKI_RPC_URL": "http://127.0.0.1:9", "KISEKI_CHAIN_ID": "31337"}


@pytest.fixture
def keystore(tmp_path: Path) -> dict[str, str]:
    """A wallet in a keystore file, as the environment names it."""
    file, password = tmp_path / "studio.json", tmp_path / "password"
    for path in (file, password):
        path.touch(0o600)
    # Quickly made; its strength is nothing that is tested here.
    file.write_text(
        json.dumps(Account.encrypt(local_account(1).key, PASSWORD, kdf="pbkdf2", iterations=1000))
    )
    password.write_text(PASSWORD + "\n")
    return {"KISEKI_ACCOUNT": str(file), "KISEKI_PASSWORD_FILE": str(password)}


def test_nothing_is_lent_to_plain_python() -> None:
    assert frameworks.lent() is None


@pytest.mark.parametrize("name", ["ape", "brownie"])
def test_a_module_that_only_has_the_name_lends_nothing(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, name, ModuleType(name))
    assert frameworks.lent() is None


def test_no_framework_is_imported() -> None:
    code = (
        "import sys, kiseki; kiseki.Kiseki; from kiseki.chain.signing import frameworks;"
        "frameworks.lent(); sys.exit(bool({'ape', 'brownie'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_a_named_wallet_goes_before_a_key(keystore: dict[str, str]) -> None:
    other = "0x" + local_account(2).key.hex().removeprefix("0x")
    assert settings(GIVEN | {"KISEKI_PRIVATE_KEY": other})["key"] == other
    signer = settings(GIVEN | keystore | {"KISEKI_PRIVATE_KEY": other})["key"]
    assert isinstance(signer, LocalSigner)
    assert signer.address == local_account(1).address
    test = settings(GIVEN | {"KISEKI_ACCOUNT": "test:3", "KISEKI_PRIVATE_KEY": other})["key"]
    assert test.address == local_account(3).address


def test_test_wallets_act_on_no_chain_that_is_not_known_to_be_local() -> None:
    for chain in ("1", "11155111"):
        with pytest.raises(InvalidInput, match="for local chains"):
            settings(GIVEN | {"KISEKI_ACCOUNT": "test:0", "KISEKI_CHAIN_ID": chain})


def test_a_wallet_that_cannot_be_opened_is_told_of_without_its_secrets(
    keystore: dict[str, str],
) -> None:
    Path(keystore["KISEKI_PASSWORD_FILE"]).write_text("another password")
    with pytest.raises(SigningError) as refused:
        settings(GIVEN | keystore)
    error: BaseException | None = refused.value
    assert "not the password of studio" in str(error)
    while error is not None:
        assert "another password" not in str(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def test_a_script_runs_with_a_wallet_in_a_keystore_file(
    tmp_path: Path, keystore: dict[str, str], k: LocalKiseki
) -> None:
    (tmp_path / "artwork").mkdir()
    (tmp_path / "artwork" / "drawing").write_text("drawn by the owner of a keystore file")
    clean = {name: text for name, text in os.environ.items() if not name.startswith("KISEKI_")}
    more = {
        "KISEKI_RPC_URL": k.url,
        "KISEKI_SECRETS": str(tmp_path / "secrets"),
        "KISEKI_JOURNAL": str(tmp_path / "journal"),
        "KISEKI_USES": "train",
        "KISEKI_ROYALTY": "20%",
    }
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "register.py"],
        cwd=tmp_path, env=clean | keystore | more, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    collection = bytes.fromhex(done.stdout.split("collection 0x")[1][:64])
    assert k.index.collection(collection).provider == local_account(1).address.lower()
    kept = b"".join(path.read_bytes() for path in (tmp_path / "journal", tmp_path / "secrets"))
    for secret in (KEY[2:], PASSWORD):
        assert secret not in done.stdout + done.stderr
        assert secret.encode() not in kept
    assert bytes.fromhex(KEY[2:]) not in kept


def test_on_a_public_chain_no_account_of_a_frameworks_is_chosen_for_anybody() -> None:
    lent = frameworks.Lent(
        "Ape", "ethereum:sepolia:node", 11155111, "https://x/key", ("a", "b"), lambda *_: None
    )
    with pytest.raises(InvalidInput, match="name it in KISEKI_ACCOUNT; there is a, b"):
        lent.account("", {})
    assert str(lent) == "Ape lends its network ethereum:sepolia:node, chain 11155111."
    assert "https://x/key" not in repr(lent)


def test_a_framework_without_http_is_no_network_for_kiseki(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    brownie = ModuleType("brownie")
    ws = SimpleNamespace(endpoint_uri="ws://127.0.0.1:8546/key")
    brownie.__dict__.update(
        network=SimpleNamespace(is_connected=lambda: True, show_active=lambda: "mine"),
        web3=SimpleNamespace(provider=ws),
    )
    monkeypatch.setitem(sys.modules, "brownie", brownie)
    with pytest.raises(InvalidInput, match="connected to mine otherwise than over HTTP") as error:
        frameworks.lent()
    assert "8546" not in str(error.value)
