"""Writes ERC-7730 descriptors: what a wallet shows of Kiseki's messages and calls.

python tools/descriptors.py           write docs/descriptors
python tools/descriptors.py --check   end with 1 if they are old

They are made of `kiseki.core.labels`, the ABIs of the newest release and the table of networks.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from kiseki.chain.contract.artifacts import artifact
from kiseki.chain.release.networks import networks
from kiseki.chain.release.releases import addresses
from kiseki.core import typed
from kiseki.core.labels import INTENTS, Field, fields
from kiseki.language import LANGUAGES, say

ROOT = Path(__file__).resolve().parents[1]
PLACE = ROOT / "docs" / "descriptors"
SCHEMA = "../../../tests/vectors/erc7730-v2.schema.json"
LOCAL = (1337, 31337)

CALLED = {
    "DataRegistry": ("register", "commit", "setPayee", "revoke", "revokeItem", "cancelNonce"),
    "ModelRegistry": ("cancelNonce",),
    "OutputRegistry": ("cancelNonce",),
    "RevenueSplitter": ("claim", "resolve", "sweep", "multicall", "cancelNonce"),
    "RightsToken": ("mint", "cancelNonce"),
    "Statements": ("state", "cancelNonce"),
    "Identities": ("bind", "cancelNonce"),
    "Approvals": ("approve", "cancelNonce"),
}
"""Contract -> the functions that artists and others without a program call."""


def descriptors() -> Iterator[tuple[Path, str]]:
    """Each file with its text."""
    for language in LANGUAGES:
        for contract in CALLED:
            yield PLACE / language / f"eip712-{contract}.json", _text(_messages(contract, language))
            yield PLACE / language / f"calldata-{contract}.json", _text(_calls(contract, language))


def _text(descriptor: Mapping[str, Any]) -> str:
    return json.dumps(descriptor, indent=2, ensure_ascii=False) + "\n"


def _messages(contract: str, language: str) -> dict[str, Any]:
    """Of the messages that a contract takes."""
    formats = {}
    for name, (title, _) in typed.MESSAGES.items():
        if title != f"Kiseki {contract}" and name != "Cancellation":
            continue  # a cancellation is for whichever contract the signature was for
        kind = typed.encode_type(name)
        types = dict(_structs(kind))
        formats[kind] = _format(name, types[name], types, language)
    domain = {"name": f"Kiseki {contract}", "version": "1"}
    bound = {"eip712": {"domain": domain, "deployments": _deployments(contract)}}
    return _descriptor(contract, bound, formats)


def _calls(contract: str, language: str) -> dict[str, Any]:
    """Of the functions that people call."""
    formats = {}
    for entry in artifact(contract).abi:
        if entry["type"] == "function" and entry["name"] in CALLED[contract]:
            key = f"{entry['name']}({','.join(map(_fragment, entry['inputs']))})"
            formats[key] = _format(entry["name"], entry["inputs"], {}, language)
    return _descriptor(contract, {"contract": {"deployments": _deployments(contract)}}, formats)


def _descriptor(
    contract: str, bound: Mapping[str, Any], formats: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "$schema": SCHEMA,
        "context": bound,
        "metadata": {"owner": "Kiseki", "contractName": contract},
        "display": {"formats": formats},
    }


def _format(
    name: str, members: Sequence[Mapping[str, Any]], types: Mapping[str, Any], language: str
) -> dict[str, Any]:
    shown = [_field(each) for each in fields(name, members, types, language)]
    return {"intent": say(INTENTS[name], language), "fields": shown}


def _field(field: Field) -> dict[str, Any]:
    """A field of a descriptor. A list is shown value by value."""
    path = ".".join(field.path) + (".[]" if field.listed else "")
    said: dict[str, Any] = {"path": path, "label": field.label, **_FORMATS[field.form]}
    if field.path == ("calls",):
        said |= {"format": "calldata", "params": {"calleePath": "@.to"}}
    if field.hidden:
        return said | {"visible": "never"}
    if field.none is not None:
        return said | {"visible": {"ifNotIn": [field.none]}}
    return said | {"visible": "always"}


_FORMATS: Mapping[str, Mapping[str, Any]] = {
    "address": {"format": "addressName"},
    "percent": {"format": "unit", "params": {"base": "%", "decimals": 2}},
    "raw": {"format": "raw"},
    "span": {"format": "duration"},
    "time": {"format": "date", "params": {"encoding": "timestamp"}},
}


def _structs(kind: str) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """The structs of an EIP-712 type, with their members."""
    for each in kind.rstrip(")").split(")"):
        name, _, listed = each.partition("(")
        pairs = (member.split(" ") for member in listed.split(","))
        yield name, [{"type": kind, "name": member} for kind, member in pairs]


def _fragment(entry: Mapping[str, Any]) -> str:
    """A parameter with its type, as a key of a descriptor has it."""
    kind = entry["type"]
    if kind.startswith("tuple"):
        kind = f"({','.join(map(_fragment, entry['components']))}){kind.removeprefix('tuple')}"
    return f"{kind} {entry['name']}"


def _deployments(contract: str) -> list[dict[str, Any]]:
    """Where a contract is, or will be: at the same address on every chain that Kiseki knows."""
    chains = sorted({each.chain_id for each in networks().values() if each.chain_id not in LOCAL})
    return [{"chainId": chain, "address": addresses()[contract]} for chain in chains]


def main() -> int:
    """Writes or checks; the exit code."""
    made = dict(descriptors())
    old = [
        path for path, text in made.items() if not path.exists() or path.read_text("utf-8") != text
    ]
    stale = [path for path in PLACE.glob("*/*.json") if path not in made]
    if "--check" in sys.argv[1:]:
        if old or stale:
            print("docs/descriptors is old; run `python tools/descriptors.py`", file=sys.stderr)
        return 1 if old or stale else 0
    for path in old:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(made[path], "utf-8")
    for path in stale:
        path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
