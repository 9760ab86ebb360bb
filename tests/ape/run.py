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
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
ARTIFACTS = ROOT / "src" / "kiseki" / "artifacts"
SCRIPTS = ("deploy", "register", "claim")


def main() -> None:
    # A plain kill must still stop Anvil.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    code = shipped_code()
    compare(code, compile_with_ape())
    print(f"Ape: the creation code of {len(code)} contracts is that of src/kiseki/artifacts.")
    with anvil() as url:
        for script in SCRIPTS:
            run_script(script, url)


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


def run_script(name: str, url: str) -> None:
    if not (ROOT / "scripts" / f"{name}.py").exists():
        print(f"Ape: scripts/{name}.py is not there, so it was not run.")
        return
    environment = os.environ | {"APE_FOUNDRY_HOST": url, "KISEKI_RPC_URL": url}
    command = ["ape", "run", name, "--network", "ethereum:local:foundry"]
    if subprocess.run(command, cwd=ROOT, env=environment, timeout=300).returncode:
        sys.exit(f"`{' '.join(command)}` failed, for the reason above.")
    print(f"Ape: ran scripts/{name}.py")


if __name__ == "__main__":
    main()
