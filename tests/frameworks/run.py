"""Ape and Brownie lend the scripts their network and their accounts, and nothing else: what is
deployed has the addresses that are Kiseki's everywhere. Ape makes the same code, too.

    python tests/frameworks/run.py ape          in .venv-ape, by `make test-ape`
    python tests/frameworks/run.py brownie      in .venv-brownie, by `make test-brownie`

What they need and what the rest needs do not fit together in one environment, so this is a program
rather than pytest files.
"""

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path
from typing import Any

from eth_account import Account

from kiseki import Kiseki, Split
from kiseki.chain.anvil import anvil
from kiseki.chain.release import releases
from kiseki.chain.signing import frameworks
from kiseki.chain.signing.accounts import local_account
from kiseki.chain.signing.signer import LocalSigner
from kiseki.core import typed
from kiseki.core.ids import wallet
from kiseki.errors import SigningError
from kiseki.vault.keystore import KeyStore

ROOT = Path(__file__).resolve().parents[2]
PACKAGE, CONTRACTS = ROOT / "src" / "kiseki", ROOT / "contracts"
APE_NETWORK, BROWNIE_NETWORK = "ethereum:local:foundry", "kiseki-test"
USUAL, STUDIO = local_account(0), local_account(3)
PASSWORD = "a password worth nothing"


def main(which: list[str]) -> None:
    # A plain kill must still stop Anvil.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if which == ["ape"]:
        compile_and_sign_with_ape()
        run_all("Ape", APE_NETWORK)
    elif which == ["brownie"]:
        run_all("Brownie", BROWNIE_NETWORK)
        compare_with_brownie(shipped_code())
    else:
        sys.exit("say which: ape or brownie")


# Both


def demand(fact: bool, otherwise: str) -> None:
    if not fact:
        sys.exit(otherwise)


class Scripts:
    """The scripts, run as `FRAMEWORK run NAME --network NETWORK`."""

    def __init__(self, framework: str, network: str, environment: dict[str, str]) -> None:
        self.framework, self.network, self.environment = framework, network, environment

    def run(self, name: str, more: dict[str, str] | None = None, code: int = 0) -> str:
        clean = {key: text for key, text in os.environ.items() if not key.startswith("KISEKI_")}
        command = [self.framework.lower(), "run", name, "--network", self.network]
        done = subprocess.run(
            command, cwd=ROOT, env=clean | self.environment | (more or {}), timeout=1800,
            capture_output=True, text=True, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        said = done.stdout + done.stderr
        demand(
            done.returncode == code, f"`{' '.join(command)}` ended with {done.returncode}:\n{said}"
        )
        for secret in (USUAL.key.hex(), STUDIO.key.hex(), PASSWORD):
            demand(secret.removeprefix("0x") not in said, f"{self.framework} showed a secret")
        demand("Traceback" not in said, f"a trace and no sentence:\n{said}")
        print(f"{self.framework}: ran scripts/{name}.py, exit code {code}", flush=True)
        return said


def run_all(framework: str, network: str) -> None:
    """Deploys, registers and claims on an Anvil of the test's own.

    What Kiseki would use if nothing were lent leads nowhere: a port where nobody listens, no key.
    """
    with anvil(31337) as url, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scripts = Scripts(framework, network, settings_in(folder, url))

        said = scripts.run("deploy")
        demand(f"{framework} lends its network" in said, "it did not say whose network it is")
        for contract, address in releases.addresses().items():
            demand(address in said, f"{contract} has another address under {framework}")
        k = Kiseki.connect(url, STUDIO, secrets=KeyStore(), journal=folder / "its journal")
        # Connecting has looked at the code at every address.
        spent = k.session.w3.eth.get_transaction_count(USUAL.address)
        demand(spent > 0, "it was not the framework's usual account that deployed")

        studio = {"KISEKI_ACCOUNT": "studio"}
        wrong = folder / "wrong"
        wrong.touch(0o600)
        wrong.write_text("wrong", "utf-8")
        refused = scripts.run("register", studio | {"KISEKI_PASSWORD_FILE": str(wrong)}, 1)
        demand("password" in refused.lower(), f"it did not say what is wrong:\n{refused}")

        said = scripts.run("register", {"KISEKI_ACCOUNT": "nobody"}, 1)
        demand("accounts there is studio" in said, f"it did not say who there is:\n{said}")

        said = scripts.run("register", studio)
        demand("20% of gross" in said, "it did not say the terms in words")
        collection = bytes.fromhex(said.split("collection 0x")[1][:64])
        provider = k.index.collection(collection).provider
        demand(provider == STUDIO.address.lower(), "it was not the account named that registered")

        half = Split([(wallet(each.address), 1) for each in (USUAL, STUDIO)])
        k.revenue.publish(half)
        k.revenue.pay(half, 100)
        demand("50 wei" in scripts.run("claim", studio), "it did not claim what was owed")
        demand("Nothing is owed" in scripts.run("claim", studio), "it claimed twice")


def settings_in(folder: Path, url: str) -> dict[str, str]:
    """What the scripts and the frameworks read, the latter in folders of the test's own.

    There is a file to register and, in both frameworks, an account `studio` with its password.
    """
    for accounts in (folder / "ape" / "accounts", folder / ".brownie" / "accounts"):
        accounts.mkdir(parents=True)
        # Quickly, because it is opened at every run and protects nothing.
        text = json.dumps(Account.encrypt(STUDIO.key, PASSWORD, kdf="pbkdf2", iterations=1000))
        (accounts / "studio.json").write_text(text, "utf-8")
    (folder / ".brownie" / "network-config.yaml").write_text(brownie_networks(url), "utf-8")
    artwork, password = folder / "artwork", folder / "password"
    artwork.mkdir()
    (artwork / "drawing.txt").write_text("a drawing", "utf-8")
    password.touch(0o600)
    password.write_text(PASSWORD, "utf-8")
    return {
        "HOME": str(folder),
        "APE_DATA_FOLDER": str(folder / "ape"),
        "APE_FOUNDRY_HOST": url,
        # Not left out: what is not set is looked for in a .env, and somebody may have one here.
        "KISEKI_RPC_URL": "http://127.0.0.1:9",
        "KISEKI_PRIVATE_KEY": "",
        "KISEKI_ACCOUNT": "",
        "KISEKI_CHAIN_ID": "31337",
        "KISEKI_PASSWORD_FILE": str(password),
        "KISEKI_SECRETS": str(folder / "secrets"),
        "KISEKI_JOURNAL": str(folder / "journal"),
        "KISEKI_DEPLOYMENTS": str(folder / "deployments"),
        "KISEKI_FOLDER": str(artwork),
        "KISEKI_USES": "train",
        "KISEKI_ROYALTY": "20%",
    }


# Ape


def compile_and_sign_with_ape() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["APE_DATA_FOLDER"] = folder  # before Ape is imported, which reads it then
        code = shipped_code()
        compare(code, compiled_once())
        print(f"Ape: the creation code of {len(code)} contracts is what ships.")
        sign_the_same()
        print("Ape: signs the same transactions and messages as Kiseki does, byte for byte.")


def shipped_code() -> dict[str, str]:
    paths = [*PACKAGE.glob("artifacts/*.json"), *PACKAGE.glob("releases/*/*.json")]
    paths = [path for path in sorted(paths) if path.name != "release.json"]
    files = [json.loads(path.read_text("utf-8")) for path in paths]
    if not files:
        sys.exit("There is no compiled contract to compare with: run `make compile` first.")
    return {file["contractName"]: file["bytecode"] for file in files}


def compiled_once() -> dict[str, str]:
    """What Ape makes of the contracts. It takes half a minute, and always makes the same of the
    same files with the same Ape."""
    files = [ROOT / "ape-config.yaml", ROOT / "package-lock.json", *CONTRACTS.rglob("*.sol")]
    read = hashlib.sha256(metadata.version("eth-ape").encode())
    for file in sorted(files):
        read.update(str(file).encode() + b"\0" + file.read_bytes())
    kept = ROOT / ".build" / "ape" / f"{read.hexdigest()}.json"
    if kept.exists():
        print("Ape: compiled these contracts before.", flush=True)
        known: dict[str, str] = json.loads(kept.read_text("utf-8"))
        return known
    code = compile_with_ape()
    kept.parent.mkdir(parents=True, exist_ok=True)
    fresh = kept.with_suffix(".new")
    fresh.write_text(json.dumps(code), "utf-8")
    fresh.replace(kept)
    return code


def compile_with_ape() -> dict[str, str]:
    import ape
    from ape.logging import LogLevel, logger

    logger.set_level(LogLevel.WARNING)  # it lists every source file otherwise
    contracts = ape.Project(ROOT).load_contracts(use_cache=False)
    return {
        name: contract.contract_type.deployment_bytecode.bytecode
        for name, contract in contracts.items()
        if contract.contract_type.deployment_bytecode
    }


def compare(ours: dict[str, str], apes: dict[str, str]) -> None:
    wrong = [name for name in ours if apes.get(name) != ours[name]]
    if wrong:
        sys.exit(
            f"Ape makes other code for {', '.join(wrong)}: run `make compile`, and if that "
            "changes nothing, hold the settings in ape-config.yaml to those in foundry.toml."
        )


def sign_the_same() -> None:
    """What Ape's account signs is what Kiseki's own signer makes of the same key."""
    import ape

    demand(frameworks.lent() is None, "Ape lends something before it is connected")
    with anvil(31337) as url:
        os.environ["APE_FOUNDRY_HOST"] = url
        with ape.networks.parse_network_choice(APE_NETWORK):
            lent = frameworks.lent()
            demand(lent is not None and lent.url == url, "Ape lends another network")
            theirs, ours = frameworks.ApeSigner(ape.accounts.test_accounts[0]), LocalSigner(USUAL)
            to = "0x00000000000000000000000000000000000000AA"
            call = {"from": ours.address, "to": to, "data": b"\x01\x02", "value": 3, "nonce": 0,
                    "gas": 50_000, "chainId": 31337}  # fmt: skip
            for fees in ({"maxFeePerGas": 9, "maxPriorityFeePerGas": 0}, {"gasPrice": 9}):
                same = theirs.sign_transaction(call | fees) == ours.sign_transaction(call | fees)
                demand(same, f"Ape signs another transaction, with {', '.join(fees)}")
            message = typed.revocation(
                31337, to, provider=ours.address, collection=bytes(32), nonce=1, deadline=2
            )
            same = theirs.sign_typed(message) == ours.sign_typed(message)
            demand(same, "Ape signs another message")
            demand(USUAL.key.hex() not in repr([theirs, lent]), "a key is shown")
            other = frameworks.ApeSigner(Changing(ape.accounts.test_accounts[0]))
            try:
                other.sign_transaction(call | {"gasPrice": 9})
            except SigningError as error:
                demand("not what was asked for" in str(error), str(error))
            else:
                sys.exit("an account that pays somebody else was believed")


class Changing:
    """One of Ape's accounts that signs for more money than it was asked for."""

    def __init__(self, account: Any) -> None:
        self._account, self.address, self.provider = account, account.address, account.provider

    def sign_transaction(self, transaction: Any) -> Any:
        transaction.value += 1
        return self._account.sign_transaction(transaction)


# Brownie


def brownie_networks(url: str) -> str:
    """Brownie's list of networks, with the chain at the URL as a live one."""
    network = {"id": BROWNIE_NETWORK, "name": BROWNIE_NETWORK, "host": url, "chainid": 31337}
    return json.dumps({"live": [{"name": "Kiseki", "networks": [network]}], "development": []})


def compare_with_brownie(ours: dict[str, str]) -> None:
    """Brownie makes the same code, but for the hash of metadata that name a remapping otherwise."""
    for name, code in ours.items():
        built = json.loads((ROOT / "build" / "contracts" / f"{name}.json").read_text("utf-8"))
        same = without_metadata(built["bytecode"]) == without_metadata(code)
        demand(
            same, f"Brownie makes other code for {name}: hold brownie-config.yaml to foundry.toml"
        )
    print(f"Brownie: the code of {len(ours)} contracts is the same but for metadata's hashes.")


def without_metadata(code: str) -> bytes:
    """Creation code without the IPFS hashes that the compiler writes into it (CBOR)."""
    found, hashes = re.subn(
        rb'\xa2dipfsX"\x12 .{32}', b"", bytes.fromhex(code.removeprefix("0x")), flags=re.DOTALL
    )
    demand(hashes > 0, "the compiler writes its hashes in another way")
    return found


if __name__ == "__main__":
    main(sys.argv[1:])
