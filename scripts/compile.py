"""Compile the contracts into src/kiseki/releases, the code and ABIs that ship in the package.

    python scripts/compile.py            write one JSON file per contract that can be deployed
    python scripts/compile.py --check    fail if the committed files are not what this would write

A contract goes into the newest release whose release.json lists it; one that none lists, into
src/kiseki/artifacts. An earlier release's file of a contract that a later one replaces stays.

The settings are those of foundry.toml, the compiler version that of package.json.
"""

import argparse
import hashlib
import json
import os
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import solcx
from solcx.exceptions import SolcError, SolcInstallationError

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "kiseki"
OF_NO_RELEASE = PACKAGE / "artifacts"

Json = dict[str, Any]


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Compile the contracts.")
    parser.add_argument("--check", action="store_true", help="compare, and write nothing")
    options = parser.parse_args(arguments)
    homes = homes_of(releases())
    built = {
        homes.get(name, OF_NO_RELEASE) / f"{name}.json": text
        for name, text in compiled(again=not options.check).items()
    }
    changed = differences(built)
    if options.check and changed:
        told = ", ".join(path.relative_to(PACKAGE).as_posix() for path in changed)
        sys.exit(f"Not what the contracts compile to: {told}. Run `make compile`.")
    if not options.check:
        write(built)
    for path in changed:
        alone = "; no release.json lists it" if path.parent == OF_NO_RELEASE else ""
        print(f"{path.relative_to(PACKAGE).as_posix()}{alone}")
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


def compiled(again: bool) -> dict[str, str]:
    """The file of every contract that can be deployed, by name. It takes half a minute, and the
    same sources always make the same, so a check takes what an earlier one found.

    Args:
        again: whether they are compiled even so.
    """
    request = what_is_asked()
    read = hashlib.sha256(json.dumps(request).encode())
    for file in (Path(__file__), ROOT / "package-lock.json"):  # which names what they import
        read.update(file.read_bytes())
    kept = ROOT / ".build" / "compile" / f"{read.hexdigest()}.json"
    if kept.exists() and not again:
        known: dict[str, str] = json.loads(kept.read_text("utf-8"))
        return known
    made = dict(artifacts(compile_contracts(request)))
    kept.parent.mkdir(parents=True, exist_ok=True)
    fresh = kept.with_suffix(f".{os.getpid()}")
    fresh.write_text(json.dumps(made), "utf-8")
    fresh.replace(kept)
    return made


def what_is_asked() -> Json:
    """Everything in contracts/, as the compiler is given it."""
    files = [path.relative_to(ROOT).as_posix() for path in sorted(ROOT.glob("contracts/**/*.sol"))]
    asked = ["abi", "metadata", "storageLayout", "evm.bytecode", "evm.deployedBytecode"]
    return {
        "language": "Solidity",
        "settings": compiler_settings()
        | {"outputSelection": {file: {"*": asked, "": ["ast"]} for file in files}},
        "sources": {file: {"content": (ROOT / file).read_text("utf-8")} for file in files},
    }


def compile_contracts(request: Json) -> Json:
    """What the compiler says about them."""
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
        "storageLayout": storage_layout(output["storageLayout"]),
        "sourceHash": "0x"
        + hashlib.sha256(json.dumps(hashes, sort_keys=True).encode()).hexdigest(),
    }


def storage_layout(layout: Json) -> Json:
    """Without numbers of syntax tree nodes, which any edit elsewhere changes."""
    text = json.dumps(
        {
            "storage": [
                {key: each[key] for key in ("label", "slot", "offset", "type")}
                for each in layout["storage"]
            ],
            "types": layout["types"] or {},
        }
    )
    numbered = r"(t_(?:struct|enum|contract|userDefinedValueType)\([^()]*\))\d+"
    plain: Json = without(json.loads(re.sub(numbered, r"\1", text)), {"astId", "contract"})
    return plain


def without(value: Any, keys: set[str]) -> Any:
    """A JSON value without some members, at any depth."""
    if isinstance(value, dict):
        return {key: without(each, keys) for key, each in value.items() if key not in keys}
    if isinstance(value, list):
        return [without(each, keys) for each in value]
    return value


def releases() -> list[tuple[Path, list[str]]]:
    """The folder and the contracts of each release, oldest first."""
    folders = [path.parent for path in PACKAGE.glob("releases/*/release.json")]
    folders.sort(key=lambda folder: [int(part) for part in folder.name.split(".")])
    return [
        (folder, list(json.loads((folder / "release.json").read_text("utf-8"))["contracts"]))
        for folder in folders
    ]


def homes_of(known: list[tuple[Path, list[str]]]) -> dict[str, Path]:
    """Where a contract's file goes: the newest release that lists it."""
    return {name: folder for folder, names in known for name in names}


def kept() -> set[Path]:
    """Files of contracts that a later release replaces: nothing compiles them any more."""
    known = releases()
    homes = homes_of(known)
    return {
        folder / f"{name}.json"
        for folder, names in known
        for name in names
        if homes[name] != folder
    }


def there() -> set[Path]:
    """Every file that this script has written."""
    found = {*OF_NO_RELEASE.glob("*.json"), *PACKAGE.glob("releases/*/*.json")}
    return {path for path in found if path.name != "release.json"} - kept()


def differences(built: dict[Path, str]) -> list[Path]:
    old = {path: path.read_text("utf-8") for path in there()}
    return sorted(path for path in built.keys() | old if built.get(path) != old.get(path))


def write(built: dict[Path, str]) -> None:
    for path in there() - built.keys():
        path.unlink()
    for path, text in built.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", newline="\n")


if __name__ == "__main__":
    main()
