"""The arithmetic of money, proved with z3 for all values.

Each theorem says what is assumed and what follows; z3 finds no values that meet the first and not
the second. Whole numbers of any size stand for the EVM's 256-bit words, which is the same thing
because the first theorems of each chapter say that nothing overflows.

The formulas are copied from the contracts; `COPIED` says from where, and the run fails when one is
no longer there. `broken` is the same theorem with something left out, which must then be false: a
theorem that cannot fail says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import z3

COPIED = {
    "contracts/RevenueSplitter.sol": (
        "entitled = uint256(account.credit) * shares / total",
        "amount = entitled - leaf.claimed",
        "leaf.claimed = entitled",
        "if (sum > type(uint128).max) return false",
        "if (amount > type(uint128).max - income_) revert",
        "if (amount > type(uint128).max - credit) revert",
        "= (uint128(credit + amount), uint128(income_ + amount))",
    ),
    "contracts/libraries/SumTree.sol": (
        "if (sum - 1 >= type(uint96).max) _refuse(sum)",
        "if (sum > type(uint96).max) revert",
        "if (all > type(uint96).max) revert",
    ),
    "contracts/libraries/Compose.sol": (
        "MAX_WEIGHT = 1 << 82",
        "if (weight > totalWeight) revert",
        "shares = weight * grant.royaltyBps()",
        "uint256 floor = totalWeight * grant.floorBps()",
        "if (floor > shares) shares = floor",
        "data = (100 * shares + weight - 1) / weight",
        "if (data > WHOLE) revert",
    ),
    "contracts/RightsToken.sol": (
        "royalty = salePrice / 10_000 * _rights[tokenId].royaltyBps"
        " + salePrice % 10_000 * _rights[tokenId].royaltyBps / 10_000",
    ),
}
"""Where each formula below is from."""


@dataclass(frozen=True)
class Theorem:
    """`given` implies `then`, and without `needs` (one of `given`) it would not."""

    name: str
    given: list[Any]
    then: Any
    needs: Any = None

    def holds(self) -> bool:
        return bool(self._search(self.given) == z3.unsat)

    def can_fail(self) -> bool:
        """Whether values are found that break it once what it needs is left out."""
        if self.needs is None:
            return True
        rest = [each for each in self.given if not each.eq(self.needs)]
        assert len(rest) < len(self.given), self.name
        return bool(self._search(rest) == z3.sat)

    def _search(self, given: list[Any]) -> z3.CheckSatResult:
        """As it stands, then multiplied out: either way of writing is too hard for some."""
        claims = [*given, z3.Not(self.then)]
        for written in (claims, [z3.simplify(each, som=True) for each in claims]):
            solver = z3.Solver()
            solver.set("timeout", 20_000)
            solver.add(*written)
            found = solver.check()
            if found != z3.unknown:
                break
        return found


def naturals(names: str) -> Any:
    return z3.Ints(names)


def floor(q: Any, a: Any, b: Any) -> Any:
    """q is a // b, of a from 0 and b from 1."""
    return z3.And(q * b <= a, a < (q + 1) * b)


def theorems() -> list[Theorem]:
    return [*due(), *intervals(), *composing(), *royalties()]


def due() -> list[Theorem]:
    """What is due to a leaf: entitled - claimed, entitled = received * shares // total; a claim
    sets claimed to entitled."""
    r, r2, s, t, q, q2, c = naturals("received received2 shares total due due2 claimed")
    all_shares, paid, s2 = naturals("all_shares paid shares2")
    leaf = [r >= 0, r < 2**128, s >= 1, s <= t, t < 2**96]
    grows, once_due = r2 >= r, c * t <= r * s
    is_due = floor(q, r * s, t)
    fits = paid * t <= r * all_shares
    inside = all_shares + s <= t
    return [
        Theorem("received * shares fits a word", leaf, r * s < 2**256, leaf[1]),
        Theorem(
            "what was claimed is never more than the share: a claim keeps it so",
            [*leaf, is_due],
            q * t <= r * s,
            is_due,
        ),
        Theorem("and so does a deposit", [*leaf, grows, c >= 0, once_due], c * t <= r2 * s, grows),
        Theorem(
            "so due never goes below zero, whatever was claimed before",
            [*leaf, is_due, c >= 0, once_due],
            q - c >= 0,
            once_due,
        ),
        Theorem(
            "who received more is never due less",
            [*leaf, grows, is_due, floor(q2, r2 * s, t)],
            q2 >= q,
            grows,
        ),
        Theorem(
            "less than one base unit is left to rounding",
            [*leaf, is_due],
            z3.And(r * s - q * t >= 0, r * s - q * t < t),
        ),
        Theorem(
            "two leaves that do not overlap never get more than was received",
            [*leaf, s2 >= 1, s + s2 <= t, is_due, floor(q2, r * s2, t)],
            q + q2 <= r,
            s + s2 <= t,
        ),
        Theorem(
            "any number of leaves: what one more is paid stays within their shares together",
            [*leaf, paid >= 0, all_shares >= 0, fits, is_due],
            (paid + q) * t <= r * (all_shares + s),
            fits,
        ),
        Theorem(
            "any number of leaves: and so within what was received",
            [*leaf, paid >= 0, fits, all_shares >= 0, inside],
            paid <= r,
            inside,
        ),
        Theorem(
            "a sum of 2^64 leaves checked one by one for 96 bits has not wrapped around",
            [q >= 0, q <= 2**64, s >= 0, s < 2**96],
            q * s < 2**256,
        ),
    ]


def intervals() -> list[Theorem]:
    """Leaves A and B under one root, at any depth.

    Induction over the levels, from the leaves up. Assumed below: under one node two leaves are the
    same or apart, and none reaches beyond its node's sum. One level up (halmos proves it of
    `SumTree.climb`, SumTreeProof: `OneLevelKeepsIntervalsApart`, `TwoLevelsAreOneAndOne`,
    `ThreeLevelsAreOneAndTwo`): under one parent two nodes are the same node or apart; `lo` adds up.
    Where one path ends and the other goes on, a leaf would be a node: `NoLeafIsANode`.
    """
    a, lo_a, sum_a, up_a = naturals("sharesA loA sumA offsetA")
    b, lo_b, sum_b, up_b = naturals("sharesB loB sumB offsetB")
    total, end, begin = naturals("total end begin")
    same_leaf, same_node = z3.Bools("same_leaf same_node")
    natural = [each >= 0 for each in (lo_a, up_a, lo_b, up_b)] + [a >= 1, b >= 1]

    def apart(first: Any, size: Any, second: Any, size2: Any) -> Any:
        return z3.Or(first + size <= second, second + size2 <= first)

    within = z3.And(lo_a + a <= sum_a, lo_b + b <= sum_b)
    parent = z3.And(up_a + sum_a <= total, up_b + sum_b <= total)
    below = z3.Implies(same_node, z3.Or(same_leaf, apart(lo_a, a, lo_b, b)))
    level = z3.Or(z3.And(same_node, up_a == up_b), apart(up_a, sum_a, up_b, sum_b))
    step = [*natural, within, parent, below, level]
    follows = apart(lo_a + up_a, a, lo_b + up_b, b)
    return [
        Theorem("a leaf stays within the sum above it", step, lo_a + up_a + a <= total, parent),
        Theorem(
            "two leaves that are apart below a node are apart above it",
            step,
            z3.Or(same_leaf, follows),
            level,
        ),
        Theorem(
            "two leaves that begin at one place are the same leaf",
            [*step, lo_a + up_a == lo_b + up_b],
            same_leaf,
            below,
        ),
        Theorem(
            "so leaves from left to right never have more shares than the total",
            [begin >= end, sum_a >= 0, sum_a <= end, a >= 1, begin + a <= total],
            z3.And(sum_a + a <= begin + a, sum_a + a <= total),
            begin >= end,
        ),
    ]


def composing() -> list[Theorem]:
    """The data split: leaves max(w * r, f * W), and ceil(100 * sum / W) of the gross."""
    w, whole, r, f, leaf, count = naturals("weight total royalty floor leaf count")
    asked, data = naturals("asked data")
    weights = [w >= 1, w <= whole, whole >= 1, whole < 2**82]
    priced = [r >= 0, r < 2**16, f >= 0, f < 2**16]
    is_leaf = leaf == z3.If(f * whole > w * r, f * whole, w * r)
    rounded = floor(data, 100 * asked + whole - 1, whole)
    passed = data <= 1_000_000
    no_heavier = weights[1]
    sums = [asked >= 0, whole >= 1, whole < 2**82, rounded]
    return [
        Theorem(
            "a sum of weights has not wrapped around when none weighs more than was said of all",
            [*weights, count >= 0, count < 2**64],
            count * w < 2**256,
            no_heavier,
        ),
        Theorem(
            "a leaf is below 2^98, so that the sum of 1,024 does not wrap around",
            [*weights, *priced, is_leaf, count >= 0, count <= 1024],
            z3.And(leaf < 2**98, count * leaf < 2**256, 100 * 1024 * 2**98 + 2**82 < 2**256),
            weights[3],
        ),
        Theorem(
            "what passes for at most everything sums up below 2^96",
            [*sums, passed],
            z3.And(asked <= 10_000 * whole, asked < 2**96),
            passed,
        ),
        Theorem(
            "rounded up, by less than one part in a million",
            sums,
            z3.And(data * whole >= 100 * asked, data * whole < 100 * asked + whole),
            rounded,
        ),
        Theorem(
            "so nobody's share of the gross is less than their terms ask of it",
            [*sums, *weights, *priced, is_leaf, asked >= leaf, asked >= 1],
            # leaf / asked of data ppm, against 100 * w * r / W ppm and 100 * f ppm
            z3.And(data * leaf * whole >= 100 * leaf * asked, leaf >= w * r, leaf >= f * whole),
            rounded,
        ),
    ]


def royalties() -> list[Theorem]:
    """ERC-2981, of a price of any size: whole ten-thousandths first, then the rest of the price."""
    tens, rest, less, part = naturals("tens rest less part")
    bps = 10_000 - less  # at most everything
    price, royalty = tens * 10_000 + rest, tens * bps + part
    rounded = floor(part, rest * bps, 10_000)
    given = [tens >= 0, rest >= 0, rest < 10_000, less >= 0, less <= 10_000, rounded]
    return [
        Theorem("the royalty is exact", given, floor(royalty, price * bps, 10_000), rounded),
        Theorem(
            "the royalty is never more than the price, so nothing overflows",
            given,
            royalty <= price,
            rounded,
        ),
    ]


def gone(root: Path) -> list[str]:
    """The formulas that are no longer where they were copied from."""
    found = []
    for path, formulas in COPIED.items():
        text = " ".join((root / path).read_text("utf-8").split())
        found += [f"{path}: {each}" for each in formulas if each not in text]
    return found
