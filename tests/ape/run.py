"""Ape makes the same code as scripts/compile.py, and runs the project's scripts on Anvil.

Run by `make test-ape`, in .venv-ape: what Ape needs and what the rest needs do not fit together in
one environment, so this is a program rather than a pytest file.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from kiseki import Kiseki, Split, settings
from kiseki.client.accounts import local_account
from kiseki.core.ids import wallet

ROOT = Path(__file__).resolve().parent.parent.parent
ARTIFACTS = ROOT / "src" / "kiseki" / "artifacts"


def main() -> None:
    # A plain kill must still stop Anvil.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    code = shipped_code()
    compare(code, compile_with_ape())
    print(f"Ape: the creation code of {len(code)} contracts is that of src/kiseki/artifacts.")
    with anvil() as url, tempfile.TemporaryDirectory() as folder:
        settings = settings_in(Path(folder), url)
        run_script("deploy", settings)
        said = run_script("register", settings)
        demand(", 0 gas" in run_script("register", settings), "it registered twice")
        demand("20% of gross" in said, "it did not say the terms in words")
        pay(settings)
        demand("50 wei" in run_script("claim", settings), "it did not claim what was owed")
        demand("Nothing is owed" in run_script("claim", settings), "it claimed twice")


def settings_in(folder: Path, url: str) -> dict[str, str]:
    """What the scripts read, with files to register, and a test wallet worth nothing."""
    artwork = folder / "artwork"
    artwork.mkdir()
    (artwork / "drawing.txt").write_text("a drawing", "utf-8")
    return {
        "KISEKI_RPC_URL": url,
        "KISEKI_PRIVATE_KEY": "0x" + bytes(local_account(0).key).hex(),
        "KISEKI_CHAIN_ID": "31337",
        "KISEKI_SECRETS": str(folder / "secrets"),
        "KISEKI_DEPLOYMENTS": str(folder / "deployments"),
        "KISEKI_FOLDER": str(artwork),
        "KISEKI_ROYALTY": "20%",
    }


def pay(given: dict[str, str]) -> None:
    """Half of 100 wei to the wallet of the settings, through a split."""
    k = Kiseki.connect(**settings(given))
    half = Split([(wallet(local_account(number).address), 1) for number in (0, 1)])
    k.revenue.publish(half)
    k.revenue.pay(half, 100)


def shipped_code() -> dict[str, str]:
    files = [json.loads(path.read_text("utf-8")) for path in sorted(ARTIFACTS.glob("*.json"))]
    if not files:
        sys.exit("Nothing in src/kiseki/artifacts to compare with: run `make compile` first.")
    return {file["contractName"]: file["bytecode"] for file in files}


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


@contextlib.contextmanager
def anvil() -> Iterator[str]:
    """A chain on a free port; both Ape and Kiseki are pointed at it."""
    program = shutil.which("anvil") or sys.exit("No anvil: run this through `make test-ape`.")
    with subprocess.Popen(
        [program, "--port", "0"], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as node:
        try:
            yield listening(node)
        finally:
            node.kill()


def listening(node: "subprocess.Popen[str]") -> str:
    assert node.stdout
    for line in node.stdout:
        if found := re.search(r"Listening on (\S+)", line):
            return f"http://{found[1]}"
    sys.exit("Anvil ended before it listened.")


def run_script(name: str, given: dict[str, str]) -> str:
    environment = os.environ | given | {"APE_FOUNDRY_HOST": given["KISEKI_RPC_URL"]}
    command = ["ape", "run", name, "--network", "ethereum:local:foundry"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, timeout=300, capture_output=True, text=True
    )
    demand(done.returncode == 0, f"`{' '.join(command)}` failed: {done.stdout}{done.stderr}")
    demand(given["KISEKI_PRIVATE_KEY"][2:] not in done.stdout + done.stderr, "it showed the key")
    print(f"Ape: ran scripts/{name}.py")
    return done.stdout


def demand(fact: bool, otherwise: str) -> None:
    if not fact:
        sys.exit(f"Ape: {otherwise}")


if __name__ == "__main__":
    main()
