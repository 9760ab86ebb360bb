"""Compile the contracts into src/kiseki/artifacts, the code and ABIs that ship in the package.

    python scripts/compile.py            write one JSON file per contract that can be deployed
    python scripts/compile.py --check    fail if the committed files are not what this would write

The settings are those of foundry.toml, the compiler version that of package.json.
"""

import argparse
import hashlib
import json
import os
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import solcx
from solcx.exceptions import SolcError, SolcInstallationError

ROOT = Path(__file__).resolve().parent.parent
ARTIFACTS = ROOT / "src" / "kiseki" / "artifacts"

Json = dict[str, Any]


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Compile the contracts.")
    parser.add_argument("--check", action="store_true", help="compare, and write nothing")
    options = parser.parse_args(arguments)
    built = {f"{name}.json": text for name, text in artifacts(compile_contracts())}
    changed = differences(built)
    if options.check and changed:
        sys.exit(f"Not what the contracts compile to: {', '.join(changed)}. Run `make compile`.")
    if not options.check:
        write(built)
    print(f"{len(built)} contracts, {len(changed) or 'none'} changed.")


def compiler_version() -> str:
    package: Json = json.loads((ROOT / "package.json").read_text("utf-8"))
    version: str = package["devDependencies"]["solc"]
    return version


def compiler_settings() -> Json:
    """Standard JSON settings, in the form that Forge and Ape also pass to the compiler."""
    profile = tomllib.loads((ROOT / "foundry.toml").read_text("utf-8"))["profile"]["default"]
    return {
        "evmVersion": profile["evm_version"],
        "metadata": {"bytecodeHash": "ipfs", "useLiteralContent": False},
        "optimizer": {"enabled": profile["optimizer"], "runs": profile["optimizer_runs"]},
        "remappings": profile["remappings"],
        "viaIR": profile["via_ir"],
    }


def compile_contracts() -> Json:
    """What the compiler says about everything in contracts/."""
    files = [path.relative_to(ROOT).as_posix() for path in sorted(ROOT.glob("contracts/**/*.sol"))]
    asked = ["abi", "metadata", "evm.bytecode", "evm.deployedBytecode"]
    request = {
        "language": "Solidity",
        "settings": compiler_settings()
        | {"outputSelection": {file: {"*": asked, "": ["ast"]} for file in files}},
        "sources": {file: {"content": (ROOT / file).read_text("utf-8")} for file in files},
    }
    answer = ask_compiler(request)
    for warning in answer.get("errors", []):
        print(warning["formattedMessage"], file=sys.stderr)
    return answer


def ask_compiler(request: Json) -> Json:
    """The npm compiler where tools/setup.py has put it; otherwise the native one, downloaded."""
    folder = os.environ.setdefault("SOLCX_BINARY_PATH", str(ROOT / ".tools" / "solcx"))
    version = compiler_version()
    try:
        if not Path(folder, f"solc-v{version}").exists():
            Path(folder).mkdir(parents=True, exist_ok=True)
            solcx.install_solc(version)
        answer: Json = solcx.compile_standard(
            request, base_path=ROOT, allow_paths=ROOT / "node_modules", solc_version=version
        )
    except SolcError as error:
        sys.exit(f"{error.message}\nThe contracts do not compile; nothing was written.")
    except (OSError, SolcInstallationError) as error:
        sys.exit(
            f"No solc {version} ({error}). Run `python3 tools/setup.py test`, which brings one."
        )
    return answer


def artifacts(answer: Json) -> Iterator[tuple[str, str]]:
    """The name and file of every contract that can be deployed."""
    seen: dict[str, str] = {}
    for file, name in deployable(answer):
        if name in seen:
            sys.exit(f"Two contracts are called {name}: in {seen[name]} and in {file}.")
        seen[name] = file
        artifact = describe(name, answer["contracts"][file][name])
        yield name, json.dumps(artifact, indent=2, sort_keys=True) + "\n"


def deployable(answer: Json) -> Iterator[tuple[str, str]]:
    for file in sorted(answer["contracts"]):
        for node in answer["sources"][file]["ast"]["nodes"]:
            if node.get("contractKind") == "contract" and not node["abstract"]:
                yield file, node["name"]


def describe(name: str, output: Json) -> Json:
    creation, deployed = output["evm"]["bytecode"], output["evm"]["deployedBytecode"]
    if creation["linkReferences"]:
        sys.exit(f"{name} needs a library to be linked; the suite has none to deploy.")
    metadata = json.loads(output["metadata"])
    hashes = {path: source["keccak256"] for path, source in metadata["sources"].items()}
    return {
        "abi": output["abi"],
        "bytecode": "0x" + creation["object"],
        "compiler": {"settings": metadata["settings"], "version": metadata["compiler"]["version"]},
        "contractName": name,
        "deployedBytecode": "0x" + deployed["object"],
        # Places only: the keys are numbers of syntax tree nodes, which any edit elsewhere changes.
        "immutableReferences": sorted(
            (place for places in deployed["immutableReferences"].values() for place in places),
            key=lambda place: int(place["start"]),
        ),
        "metadata": output["metadata"],
        "sourceHash": "0x"
        + hashlib.sha256(json.dumps(hashes, sort_keys=True).encode()).hexdigest(),
    }


def differences(built: dict[str, str]) -> list[str]:
    there = {path.name: path.read_text("utf-8") for path in ARTIFACTS.glob("*.json")}
    return sorted(name for name in built.keys() | there if built.get(name) != there.get(name))


def write(built: dict[str, str]) -> None:
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    for path in ARTIFACTS.glob("*.json"):
        if path.name not in built:
            path.unlink()
    for name, text in built.items():
        (ARTIFACTS / name).write_text(text, "utf-8", newline="\n")


if __name__ == "__main__":
    main()
