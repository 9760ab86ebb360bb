"""The figures in docs/compiler.md are those of the committed snapshot and of the artifacts."""

import json
import re
from pathlib import Path

from kiseki.chain.artifacts import artifact
from kiseki.chain.deployment import SUITE

ROOT = Path(__file__).resolve().parents[2]
GAS = json.loads((ROOT / "tests/contracts/snapshots/gas.json").read_text("utf-8"))

WORDS = (
    (r"(?<=\d),(?=\d{3})", ""),
    (r" \(floor.*\)| \(1\)|, any number of IDs| to its provider|:", ""),
    (r" (IDs?|outputs?)$", ""),
    (r"^collection ", "data "),
    (r"commit by signature", "commitFor"),
    (r"^one part of 1024 collections", "model part of 1024"),
    (r" in (?=ether|an ERC-20)", " "),
    (r" an ERC-20", " ERC-20"),
    (r", \d+ payees \((\d+)(?: levels)?\)", r", \1 levels"),
    (r"^(.*), not the first(.*)$", r"\1\2, again"),
    (r"through a collection$", "through a collection, again"),
    (r"^first sweep of a payment address$", "sweep ether, first"),
    (r"^sweep, ", "sweep ether, "),
)
"""From a row of the table to the name in the snapshot, one after the other."""


def snapshot_name(row: str) -> str:
    for pattern, other in WORDS:
        row = re.sub(pattern, other, row)
    return row


def tables() -> tuple[dict[str, str], ...]:
    """Of each table, the "legacy 200" column by row."""
    text = (ROOT / "docs" / "compiler.md").read_text("utf-8")
    found = re.findall(r"^\| \| \*\*legacy 200\*\* \|.*\n\|[ :|-]+\n((?:\|.*\n?)+)", text, re.M)
    return tuple(dict(re.findall(r"^\| (.+?) \| (.+?) \|", rows, re.M)) for rows in found)


def test_gas_is_that_of_the_snapshot() -> None:
    gas, _ = tables()
    named = {snapshot_name(row): figure for row, figure in gas.items()}
    assert len(named) == len(gas)
    measured = {name: f"{int(figure):,}" for name, figure in GAS.items() if "(bytes)" not in name}
    known = {name: figure for name, figure in named.items() if name in measured}
    assert len(known) >= 0.9 * max(len(named), len(measured)), set(named) ^ set(measured)
    assert known == {name: measured[name] for name in known}


def test_code_sizes_are_those_of_the_artifacts() -> None:
    _, sizes = tables()
    assert sizes == {name: f"{len(artifact(name).runtime_code):,}" for name in SUITE}
