"""The tutorials are true: what is in their grey boxes is run, in order, as it stands."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import requests
from tests.python.typed import Programs

from kiseki import LocalKiseki, Split
from kiseki.chain.anvil import anvil
from kiseki.chain.signing.accounts import local_account as account_of
from kiseki.core import ids
from kiseki.core.values import to_hex

from .promises.scene import Scene

TUTORIALS = Path(__file__).resolve().parents[2] / "docs" / "tutorials"
PROGRAMS = Path(sys.executable).parent


Hook = Callable[[int, str], None]


def type_in(
    command: list[str], folder: Path, given: Mapping[str, str]
) -> "subprocess.CompletedProcess[str]":
    """Runs a box at a terminal, where every question is answered `y`, as the pages say."""
    typed, terminal = os.openpty()
    os.write(typed, b"y\n" * 40)
    done = subprocess.run(
        command, cwd=folder, env=given, capture_output=True, text=True, timeout=900,
        stdin=terminal,
    )  # fmt: skip
    os.close(terminal)
    os.close(typed)
    return done


def follow(name: str, folder: Path, given: Mapping[str, str], after: Hook = lambda *_: None) -> str:
    """Does what a tutorial says; what was printed. `after` is told of each box, and of its end."""
    text = (TUTORIALS / f"{name}.md").read_text("utf-8")
    printed = ""
    for number, (language, box) in enumerate(re.findall(r"```(\w+)\n(.*?)```", text, re.S)):
        if language == "csv":
            (folder / "MANIFEST.csv").write_text(box)
            continue
        command = [sys.executable, "-c", box]
        if language == "sh":
            lines = [line.removeprefix("$ ") for line in box.splitlines()]
            command = ["bash", "-euo", "pipefail", "-c", "\n".join(lines)]
        done = type_in(command, folder, given)
        assert done.returncode == 0, box + done.stdout + done.stderr
        printed += done.stdout + done.stderr
        after(number, done.stdout)
    return printed


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """An environment in which nothing is set, and a home in which nothing is."""
    kept = {name: each for name, each in os.environ.items() if not name.startswith("KISEKI_")}
    (tmp_path / "home").mkdir()
    path = f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"
    return kept | {"HOME": str(tmp_path / "home"), "PATH": path}


@pytest.fixture
def home(tmp_path: Path, bare: dict[str, str], programs: Programs) -> dict[str, str]:
    """The same, with a `kiseki` that need import nothing (`tests/python/typed`)."""
    folder = programs.command(tmp_path / "program")
    return bare | {"PATH": f"{folder}{os.pathsep}{bare['PATH']}"}


def test_deploy_to_a_testnet(tmp_path: Path, bare: dict[str, str]) -> None:
    """With the real program, as a reader starts it."""
    password = tmp_path / "password"
    password.write_text("a long one")
    password.chmod(0o600)
    options = ("--enable-tx-gas-limit", "--hardfork", "osaka", "--balance", "0")
    with anvil(11_155_111, options=options) as url:
        given = bare | {"NODE": url, "KISEKI_PASSWORD_FILE": str(password)}

        def faucet(number: int, told: str) -> None:
            if number == 0:
                wallet = json.loads(told)["address"]
                asked = {"id": 1, "jsonrpc": "2.0", "method": "anvil_setBalance"}
                requests.post(url, json=asked | {"params": [wallet, hex(10**18)]}, timeout=9)

        printed = follow("deploy", tmp_path, given, faucet)
    assert "the same, to the byte" in printed
    assert (tmp_path / "deployments" / "11155111.json").exists()
    assert (tmp_path / "verification" / "DataRegistry.json").exists()


def test_register_your_data(tmp_path: Path, home: dict[str, str], k: LocalKiseki) -> None:
    (tmp_path / "artwork").mkdir()
    for number in range(1, 4):
        (tmp_path / "artwork" / f"{number}.svg").write_text(f"drawing {number}")
    key = "0x" + bytes(account_of(0).key).hex()
    given = home | {"KISEKI_RPC_URL": k.url, "KISEKI_PRIVATE_KEY": key}
    printed = follow("register", tmp_path, given)
    assert "2 collections in 3 transactions" in printed
    assert "1 are registered, 1 are not" in printed
    assert len(k.index.collections(k.address)) == 4
    assert len(k.index.collections(account_of(1).address)) == 2  # one signed, one standing
    together = k.index.split(k.index.collections(k.address)[-1].payee)
    assert sorted(shares for _, shares in together.split.leaves) == [2, 3]
    assert f"{account_of(1).address} 3/5" in printed


def test_claim_your_royalties(tmp_path: Path, home: dict[str, str], k: LocalKiseki) -> None:
    wallets = [account_of(number).address for number in (1, 2, 5)]
    split = Split([(ids.wallet(each), 1) for each in wallets])
    k.revenue.publish(split)
    k.revenue.pay(split, 10**18)
    k.revenue.pay(account_of(0).address, 1)
    given = home | {"KISEKI_RPC_URL": k.url,
                    "KISEKI_PRIVATE_KEY": "0x" + bytes(account_of(1).key).hex()}  # fmt: skip
    before = k.balance(of=account_of(3).address)
    printed = follow("claim", tmp_path, given)
    assert "0.333333333333333333 ether" in printed
    assert k.balance(of=account_of(3).address) - before == 10**18 // 3
    assert all(not k.revenue.owed(each) for each in wallets)


def test_license_your_data(tmp_path: Path, home: dict[str, str], k: LocalKiseki) -> None:
    (tmp_path / "artwork").mkdir()
    (tmp_path / "artwork" / "1.svg").write_text("a drawing")
    before = k.balance(of=account_of(1).address)
    printed = follow("license", tmp_path, home | {"KISEKI_RPC_URL": k.url})
    assert "ai_generative_training" in printed
    assert account_of(2).address in printed.rpartition("holder")[2], "the rights have moved"
    gained = k.balance(of=account_of(1).address) - before
    assert 2.39 * 10**18 < gained < 24 * 10**17, "four licences and the price, less some gas"


def test_pay_a_production_committee(tmp_path: Path, home: dict[str, str], k: LocalKiseki) -> None:
    scene = Scene(k, tmp_path)
    episodes = [scene.batch, scene.outputs("second", [scene.model_2])]
    people = {"DISTRIBUTOR": 6, "INVESTOR": 7, "STUDIO": 8, "PUBLISHER": 9}
    wallets = {name: account_of(number).address for name, number in people.items()}
    yen = k.test_token()
    k.mint(yen, wallets["DISTRIBUTOR"], 1_200_000 * 10**6)
    batches = {f"EPISODE{n}": to_hex(each.id) for n, each in enumerate(episodes, 1)}
    given = home | wallets | batches | {"YEN": yen, "KISEKI_RPC_URL": k.url}
    (tmp_path / "here").mkdir()
    printed = follow("committee", tmp_path / "here", given)
    assert "on the way through the waterfall" in printed
    assert "not paid" not in printed
    whole = {"DISTRIBUTOR": 120_000, "INVESTOR": 900_000, "STUDIO": 54_000, "PUBLISHER": 90_000}
    held = {name: k.balance(yen, wallet) for name, wallet in wallets.items()}
    assert held == {name: amount * 10**6 for name, amount in whole.items()}
    k.revenue.claim(scene.people)
    # 36,000 are the series', of which a fifth is for the data of model 2, which is all Alice's.
    assert k.balance(yen, scene.alice.address) >= 7_200 * 10**6
    series = sum(k.balance(yen, each) for each in scene.people if each not in wallets.values())
    assert 0 <= 36_000 * 10**6 - series < 60


def test_train_on_somebody_elses_data(tmp_path: Path, home: dict[str, str], k: LocalKiseki) -> None:
    """Promises 1 to 3, between two homes that share nothing but what one sent the other."""
    (tmp_path / "sent").mkdir()
    homes = {}
    for name in ("provider", "developer"):
        homes[name] = tmp_path / name
        (tmp_path / name / "home").mkdir(parents=True)
        (tmp_path / name / "sent").symlink_to(tmp_path / "sent")
    drawings = homes["provider"] / "drawings"
    drawings.mkdir()
    for number in (1, 2, 3):
        (drawings / f"{number}.svg").write_text(f"drawing {number}")
    text = (TUTORIALS / "train.md").read_text("utf-8")
    printed = ""
    for box in re.findall(r"```sh\n(.*?)```", text, re.S):
        who, *lines = box.splitlines()
        place = homes[who.removeprefix("# ")]
        command = "\n".join(line.removeprefix("$ ") for line in lines)
        given = home | {"HOME": str(place / "home"), "KISEKI_RPC_URL": k.url}
        done = type_in(["bash", "-euo", "pipefail", "-c", command], place, given)
        assert done.returncode == 0, box + done.stdout + done.stderr
        printed += done.stdout + done.stderr
    provider, developer = account_of(1).address, account_of(2).address.lower()
    (collection,) = k.index.collections(provider)
    (usage,) = k.index.usage(provider)
    assert (usage.collection, usage.registrant) == (collection.id, developer)
    assert k.index.manifest_checked_at(usage.group)
    assert k.index.collections(developer) == [], "who trains registers no data"
    assert "declared by" in printed and to_hex(usage.group) in printed
    (table,) = re.findall(r"```csv\n(.*?)```", text, re.S)
    (homes["developer"] / "consumed.csv").write_text(table)
    done = subprocess.run(
        ["kiseki", "model", "manifest", "weighted.json", "--table", "consumed.csv", "--json"],
        cwd=homes["developer"], capture_output=True, text=True, timeout=900,
        env=home | {"HOME": str(homes["developer"] / "home"), "KISEKI_RPC_URL": k.url},
    )  # fmt: skip
    assert json.loads(done.stdout)["weight"] == "4", done.stderr
