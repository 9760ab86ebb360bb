"""The three scripts as people run them: a folder, a `.env`, a chain. They never print a secret."""

import contextlib
import os
import sqlite3
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.python.typed import Programs

from kiseki import LocalKiseki, Split, settings
from kiseki.chain.anvil import anvil
from kiseki.chain.signing.accounts import local_account as account_of
from kiseki.core import ids
from kiseki.errors import InvalidInput

ROOT = Path(__file__).resolve().parents[3]
STUDIO = "0x" + account_of(0).key.hex().removeprefix("0x")
REAL = Programs()
CONSENT = {"KISEKI_USES": "train", "KISEKI_ROYALTY": "0%"}
KEY = "0x" + account_of(1).key.hex().removeprefix("0x")


class Place:
    """A folder from which somebody runs the scripts."""

    def __init__(self, folder: Path, url: str, programs: Programs = REAL) -> None:
        self.folder, self.programs = folder, programs
        self.secrets = folder / "keys" / "secrets"
        self.env(KISEKI_RPC_URL=url, KISEKI_PRIVATE_KEY=KEY, KISEKI_SECRETS=str(self.secrets))

    def env(self, **values: str) -> None:
        text = "".join(f"{name}={value}\n" for name, value in values.items())
        (self.folder / ".env").write_text(text)

    def salts(self) -> list[bytes]:
        """Those that are kept."""
        if not self.secrets.exists():
            return []
        with contextlib.closing(sqlite3.connect(self.secrets)) as db:
            return [salt for (salt,) in db.execute("SELECT salt FROM salt")]

    def run(self, script: str, *, code: int = 0, **more: str) -> str:
        if script == "register":
            more = CONSENT | more
        clean = {
            name: value for name, value in os.environ.items() if not name.startswith("KISEKI_")
        }
        done = subprocess.run(
            self.programs.script(ROOT / "scripts" / f"{script}.py"),
            cwd=self.folder, env=clean | more, capture_output=True, text=True, timeout=600,
        )  # fmt: skip
        shown = done.stdout + done.stderr
        assert done.returncode == code, shown
        assert "Traceback" not in shown
        secrets = [KEY, KEY[2:]]
        secrets += [salt.hex() for salt in self.salts()]
        assert not [each for each in secrets if each in shown]
        return shown


@pytest.fixture
def place(tmp_path: Path, k: LocalKiseki, programs: Programs) -> Place:
    """The suite is on the chain, its record is not here."""
    return Place(tmp_path, k.url, programs)


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Place]:
    """A chain without the suite."""
    with anvil(31_338) as url:
        yield Place(tmp_path, url)


def test_deploy_once_and_again(bare: Place) -> None:
    first = bare.run("deploy")
    assert "DataRegistry" in first
    record = bare.folder / "deployments" / "31338.json"
    kept = record.read_bytes()
    again = bare.run("deploy")
    assert record.read_bytes() == kept
    assert first.splitlines()[-7:] == again.splitlines()[-7:]
    assert all(line.split()[1] == "0" for line in again.splitlines()[:7])


def test_register_before_the_suite_is_there_says_what_to_do(bare: Place) -> None:
    (bare.folder / "artwork").mkdir()
    assert "run `kiseki deploy` on it first" in bare.run("register", code=1)
    assert not bare.secrets.exists()


@pytest.mark.parametrize("name", CONSENT)
def test_nobody_consents_by_a_setting_that_is_not_there(
    place: Place, k: LocalKiseki, name: str
) -> None:
    """Only the key filled in means nothing: no use and no royalty is a default."""
    (place.folder / "artwork").mkdir()
    (place.folder / "artwork" / "1.svg").write_text("a drawing")
    assert f"{name} must be set to" in place.run("register", code=1, **{name: ""})
    assert not k.index.collections(account_of(1).address)
    assert not place.salts()


def test_register_and_again(place: Place, k: LocalKiseki) -> None:
    art = place.folder / "artwork"
    art.mkdir()
    for number in range(3):
        (art / f"{number}.svg").write_text(f"drawing {number}")
    licence = place.folder / "licence.txt"
    licence.write_text("may be trained on")
    first = place.run("register", KISEKI_ROYALTY="20%", KISEKI_LICENCE=str(licence))
    assert "for a royalty of 20% of gross" in first
    collection = bytes.fromhex(first.split("collection 0x")[1][:64])
    record = k.index.collection(collection)
    assert (record.provider, record.count, record.complete) == (
        account_of(1).address.lower(), 3, True,
    )  # fmt: skip
    assert stat.S_IMODE(place.secrets.stat().st_mode) == 0o600
    again = place.run("register", KISEKI_ROYALTY="20%", KISEKI_LICENCE=str(licence))
    assert f"0x{collection.hex()}: transactions: 0, gas: 0" in again
    assert len(place.salts()) == 3


def test_register_a_list_with_its_artists(place: Place, k: LocalKiseki) -> None:
    (place.folder / "artwork").mkdir()
    rows = ["file,artist"]
    for number in range(4):
        (place.folder / "artwork" / f"{number}.svg").write_text(f"drawing {number}")
        rows.append(f"artwork/{number}.svg,{account_of(6 + number % 2).address}")
    (place.folder / "list.csv").write_text("\n".join(rows))
    said = place.run("register", KISEKI_FOLDER="list.csv")
    found = [bytes.fromhex(line[:64]) for line in said.split("collection 0x")[1:]]
    records = [k.index.collection(each) for each in found]
    assert [each.payee for each in records] == [ids.wallet(account_of(n).address) for n in (6, 7)]
    assert {(each.count, each.complete) for each in records} == {(2, True)}


def test_claim_what_is_owed(place: Place, k: LocalKiseki) -> None:
    assert "Nothing is owed." in place.run("claim")
    owner = account_of(1).address
    split = Split([(ids.wallet(owner), 2), (ids.wallet(k.address), 1)])
    k.revenue.publish(split)
    k.revenue.pay(split, 3_703_701)
    before = k.balance(of=owner)
    sent = place.run("claim", KISEKI_PRIVATE_KEY=STUDIO, KISEKI_WALLET=owner)
    assert sent.strip() == f"{owner}: 2,469,134 wei"
    assert k.balance(of=owner) == before + 2_469_134
    assert "Nothing is owed." in place.run("claim")


def test_what_is_missing_is_named(place: Place) -> None:
    place.env(KISEKI_RPC_URL="http://127.0.0.1:9", KISEKI_CHAIN_ID="1")
    for script in ("deploy", "register", "claim"):
        assert "set KISEKI_ACCOUNT or KISEKI_PRIVATE_KEY (.env.example" in place.run(script, code=1)
    place.env(KISEKI_RPC_URL="http://127.0.0.1:9/secret-token", KISEKI_PRIVATE_KEY=KEY)
    for script in ("deploy", "register", "claim"):
        shown = place.run(script, code=1)
        assert "no node answers at http://127.0.0.1:9" in shown
        assert "secret-token" not in shown


@pytest.mark.parametrize("script", ["deploy", "register", "claim"])
@pytest.mark.parametrize("bad", [b"\xff", b"\0"], ids=["not UTF-8", "zero byte"])
def test_a_dotenv_that_is_no_text_is_refused_in_one_line(
    place: Place, script: str, bad: bytes
) -> None:
    path = place.folder / ".env"
    path.write_bytes(path.read_bytes() + b"KISEKI_WALLET=" + bad)
    said = place.run(script, code=1)
    assert said == f"{path} cannot be read; save it as plain text in UTF-8\n"


def test_a_wrong_key_or_chain_is_refused(place: Place, k: LocalKiseki) -> None:
    place.env(KISEKI_RPC_URL=k.url, KISEKI_PRIVATE_KEY="0x1234zz")
    shown = place.run("claim", code=1)
    assert "a private key is 0x and 64 hex digits" in shown
    assert "1234zz" not in shown
    place.env(KISEKI_RPC_URL=k.url, KISEKI_PRIVATE_KEY=KEY, KISEKI_CHAIN_ID="1")
    assert "is on chain 31337, not 1; nothing was sent" in place.run("deploy", code=1)


def test_an_unsafe_key_file_is_refused(place: Place) -> None:
    (place.folder / "artwork").mkdir()
    (place.folder / "artwork" / "a").write_text("a")
    place.run("register")
    place.secrets.chmod(0o644)
    assert "chmod 600" in place.run("register", code=1)


def test_settings_are_read_from_what_is_given() -> None:
    given = {"KISEKI_RPC_URL": "http://x", "KISEKI_PRIVATE_KEY": "k"}
    assert settings(given)["chain_id"] is None
    assert settings(given)["secrets"] == Path.home() / ".kiseki" / "secrets"
    assert settings(given | {"KISEKI_CHAIN_ID": "5"})["chain_id"] == 5
    with pytest.raises(InvalidInput, match="must be a number"):
        settings(given | {"KISEKI_CHAIN_ID": "five"})
    with pytest.raises(InvalidInput, match="no wallet is named"):
        settings({"KISEKI_CHAIN_ID": "1"})
