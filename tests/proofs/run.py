"""Proves what the files here claim, and shows that each claim can fail.

Run by `make prove`, in .venv-verify. Halmos runs the contracts' own code on symbolic arguments; z3
does the arithmetic and the induction (arithmetic.py). Then the code is broken, one place at a time,
in a copy, and the same checks must find it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.proofs import arithmetic

ROOT = Path(__file__).resolve().parent.parent.parent
COPY = ROOT / ".build" / "prove-broken"
SECONDS = 900


@dataclass(frozen=True)
class Break:
    """Code changed wherever it matches a pattern, and a check that must find it."""

    file: str
    old: str
    new: str
    check: str


SUM_TREE = "contracts/libraries/SumTree.sol"
BREAKS = (
    # Nodes that do not hash the sums of their children: an ordinary Merkle tree.
    *(
        Break(
            SUM_TREE,
            r"top := keccak256",
            "mstore(64, shr(96, mload(76))) mstore(88, shl(96, shr(96, mload(88)))) \\g<0>",
            check,
        )
        for check in (
            "SumTreeProof.check_OneLevelKeepsIntervalsApart",
            "SumTreeProof.check_LeavesAtDepths1And1",
        )
    ),
    # Sums that may outgrow the 96 bits that are hashed.
    Break(
        SUM_TREE,
        r"if \(all > type\(uint96\).max\) revert",
        "if (all > type(uint128).max) revert",
        "SumTreeProof.check_LeavesAtDepths2And2",
    ),
    # An interval that begins where the last left sibling does, not all of them.
    Break(
        SUM_TREE,
        r"lo := add\(other, lo\)",
        "lo := other",
        "SumTreeProof.check_TwoLevelsAreOneAndOne",
    ),
    # A last node that is not promoted, a tree that writes into what lies behind it, shares of 2^96.
    Break(
        SUM_TREE,
        r"if and\(count, 1\) \{[^}]+\}",
        "",
        "PlainProof.check_RootOfThreePromotesTheLast",
    ),
    Break(SUM_TREE, r"add\(HEAD, TAIL\)", "HEAD", "PlainProof.check_TreesSideBySideDoNotTouch"),
    Break(
        SUM_TREE,
        r"sum - 1 >= type",
        "sum - 1 > type",
        "PlainProof.check_PushTakesSharesOf96BitsAndNotZero",
    ),
    # Fields of a word that overlap.
    Break(
        "contracts/types/TermsHead.sol",
        r"uint256\(floor\) << 184",
        "uint256(floor) << 183",
        "PackingProof.check_TermsHeadKeepsWhatItWasMadeOf",
    ),
)


def main() -> None:
    began = time.monotonic()
    proved = halmos(ROOT)
    wrong = [name for name, passed in proved.items() if not passed]
    demand(not wrong, f"not proved: {', '.join(wrong)}")
    demand(len(proved) > 0, "halmos found nothing to prove")
    print(f"halmos: {len(proved)} checks hold for all arguments.")
    gone = arithmetic.gone(ROOT)
    demand(not gone, "proved of a formula that is no longer there:\n  " + "\n  ".join(gone))
    theorems = arithmetic.theorems()
    for each in theorems:
        demand(each.holds(), f"z3 cannot prove: {each.name}")
        demand(each.can_fail(), f"true whatever is left out, so it says nothing: {each.name}")
    print(f"z3: {len(theorems)} theorems hold, and fail without what they need.")
    for change in BREAKS:
        contract, check = change.check.split(".")
        found = halmos(broken(change), contract, check)
        demand(
            found == {change.check: False},
            f"{change.check} does not find {change.old} broken: {found}",
        )
    print(f"broken code: {len(BREAKS)} of {len(BREAKS)} found.")
    print(f"All proved in {time.monotonic() - began:.0f} s.")


def halmos(root: Path, contract: str = "Proof", check: str = "check_") -> dict[str, bool]:
    """Which checks hold, by contract and name."""
    answer = root / ".build" / "halmos.json"
    answer.parent.mkdir(parents=True, exist_ok=True)
    answer.unlink(missing_ok=True)
    command = ["halmos", "--root", str(root), "--forge-build-out", ".build/prove"]
    command += ["--match-contract", f"{contract}$", "--match-test", f"^{check}"]
    command += ["--loop", "4", "--solver-timeout-assertion", "120000", "--json-output", str(answer)]
    done = subprocess.run(
        command,
        cwd=root,
        env=os.environ | {"FOUNDRY_PROFILE": "prove"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    demand(answer.exists(), done.stdout + done.stderr)
    results = json.loads(answer.read_text("utf-8"))["test_results"]
    found = {}
    for path, checks in results.items():
        for each in checks:
            name = f"{path.split(':')[-1]}.{each['name'].split('(')[0]}"
            # Halmos calls a check passed whose loops it cut short.
            found[name] = each["exitcode"] == 0 and not each["num_bounded_loops"]
    return found


def broken(change: Break) -> Path:
    """A copy of the project with one place changed."""
    shutil.rmtree(COPY, ignore_errors=True)
    for folder in ("contracts", "tests/proofs"):
        shutil.copytree(ROOT / folder, COPY / folder)
    for name in ("foundry.toml", ".tools", "node_modules"):
        (COPY / name).symlink_to(ROOT / name)
    path = COPY / change.file
    text = path.read_text("utf-8")
    text, count = re.subn(change.old, change.new, text)
    demand(count > 0, f"{change.file} has nothing like {change.old} to break")
    path.write_text(text, "utf-8")
    return COPY


def demand(holds: bool, otherwise: str) -> None:
    if not holds:
        sys.exit(f"tests/proofs: {otherwise}")


if __name__ == "__main__":
    main()
