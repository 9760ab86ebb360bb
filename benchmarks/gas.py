"""Whole transactions, each with everything cold: the 21,000, the calldata, and the floor of
EIP-7623 where that is more. Forge measures them (`tests/contracts/*Gas.t.sol`) and gas is exact,
so these are the figures of the committed snapshot on any machine. "Repeat" is every time but the
first.

Claims are of random sums, with an ID as salt: zero bytes would make them cheaper than they are. The
aim of 64,000 for a claim in an ERC-20 was not reached: the transaction and its calldata (36,500),
the token's own code (12,700), two cold reads, a write, a cold call and the log (12,300) are most of
it. `python -m benchmarks.claim_trace` shows the rest by opcode.

A registration keeps its registry's log, in one slot: 5,097 gas of a collection, 5,080 of a model,
5,333 of a batch (the rest is the place of functions in the code). The bounds of the two rows of
collections that it reaches were raised by that, from 80,000 and 75,000.

A licence of something that nobody bought before costs two new words of storage (44,200 gas): the
licence, and the first income of what is licensed. 200 such do not fit in one transaction; about 170
do, and the client sends the rest in a second. Licences are measured on collections with terms of
their own and on numbers without zero bytes, so no question is asked twice and no byte is cheap."""

import json
import shutil

from benchmarks.process import quietly
from benchmarks.rows import ROOT, Row

__all__ = ["FIGURES", "ROWS", "measure", "measured", "snapshot"]

TITLE = "Gas"

_MOST = 16_777_216  # that one transaction may use (EIP-7825)

FIGURES = {
    Row(
        "register 4,000 IDs, logged, root computed",
        "gas per ID",
        1_295,
        "calldata floor 1,278; EAS `multiTimestamp` 24,603; Vana 205,528",
    ): ("data register 4000", 4000),
    Row("register 1 ID under known terms", "gas", 85_097, "EAS `attest` 180,132"): (
        "data register 1",
        1,
    ),
    Row("commit any number of IDs", "gas", 80_097): ("data commit", 1),
    Row("publish a slice of 4,000 IDs", "gas per ID", 1_295): ("data publish 4000", 4000),
    Row(
        "deposit to a split, repeat, ether",
        "gas",
        33_000,
        "0xSplits, 500 payees: 4,767,672; floor of one counter 26,303",
    ): ("deposit ether, again", 1),
    Row(
        "deposit to a split, repeat, ERC-20",
        "gas",
        52_000,
        "an OpenZeppelin ERC-20 transfer alone 34,453",
    ): ("deposit ERC-20, again", 1),
    Row("a transfer of the same ERC-20 alone, repeat", "gas"): ("transfer ERC-20 alone, again", 1),
    Row(
        "claim, repeat, 10 levels, ether",
        "gas",
        56_000,
        "PaymentSplitter 48,013, of at most 338 payees; 0xSplits withdraw 40,016",
    ): ("claim ether, 10 levels, again", 1),
    Row("claim, repeat, 20 levels, ether", "gas", 64_000): ("claim ether, 20 levels, again", 1),
    Row(
        "claim, repeat, 20 levels, ERC-20",
        "gas",
        70_000,
        "aim 64,000; Morpho URD, which trusts whoever sets its root, 64,234; Merkl 112,591",
    ): ("claim ERC-20, 20 levels, again", 1),
    Row(
        "a model on 121 collections, shared terms",
        "gas",
        1_400_000,
        "Story: 16 parents at most",
    ): ("model on 121 collections, shared terms", 1),
    Row("a model on 121 collections, own terms and gate", "gas", 2_000_000): (
        "model on 121 collections, own terms and gate",
        1,
    ),
    Row("a model on 1,024 collections in one transaction, shared terms", "gas", _MOST): (
        "model on 1024 collections, shared terms",
        1,
    ),
    Row("a model on 1,024 collections in one transaction, own terms and gate", "gas", _MOST): (
        "model on 1024 collections, own terms and gate",
        1,
    ),
    Row("a model on 4 parents that share a base", "gas"): (
        "model on 4 parents that share a base",
        1,
    ),
    Row("schedule a rights token, one income condition", "gas", 150_000): (
        "rights schedule income",
        1,
    ),
    Row("execute it", "gas", 90_000): ("rights execute income", 1),
    Row("buy a licence, ether, first", "gas", 140_000): ("market buy ether first", 1),
    Row("buy a licence, ether, repeat", "gas", 95_000): ("market buy ether repeat", 1),
    Row("buy 200 licences in one transaction, of what others bought", "gas each", 81_000): (
        "market buy 200 that others bought",
        200,
    ),
    Row("buy 200 licences of what nobody bought before", "gas each"): (
        "market buy 200 that nobody bought before",
        200,
    ),
    Row("pay a three-tier waterfall across two boundaries, first", "gas", 250_000): (
        "waterfall pay across two boundaries",
        1,
    ),
}
"""Each row with its name in the snapshot, and what that is divided by."""

ROWS = tuple(FIGURES)


def measure() -> dict[str, float]:
    """Has Forge write the snapshot again."""
    forge = shutil.which("forge") or str(ROOT / ".tools" / "bin" / "forge")
    quietly([forge, "test", "--match-path", "tests/contracts/*Gas.t.sol"])
    return measured(snapshot())


def measured(gas: dict[str, int]) -> dict[str, float]:
    """The rows, from a snapshot."""
    return {row.name: round(gas[name] / by, 1) for row, (name, by) in FIGURES.items()}


def snapshot() -> dict[str, int]:
    """The committed figures."""
    folder = ROOT / "tests" / "contracts" / "snapshots"
    read = [
        json.loads((folder / name).read_text("utf-8")) for name in ("gas.json", "agreements.json")
    ]
    return {name: int(figure) for each in read for name, figure in each.items()}
