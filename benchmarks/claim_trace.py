"""What a repeated claim of 20 levels spends its gas on, by `debug_traceTransaction` on Anvil:
`python -m benchmarks.claim_trace`.

The siblings are made up, with random sums and an ID as salt, as in `tests/contracts/Gas.t.sol`:
sums that end in zero bytes, or no salt, would make the calldata cheaper than it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from web3.types import RPCEndpoint

from kiseki import Kiseki
from kiseki.client.kiseki import LocalKiseki
from kiseki.core import ids
from kiseki.core.keccak import keccak256
from kiseki.core.payee import Payee
from kiseki.core.values import ZERO_ADDRESS

__all__ = ["main", "table", "traced"]

LEVELS = 20
_TRACE = RPCEndpoint("debug_traceTransaction")

GROUPS = {
    "SLOAD": "storage read",
    "SSTORE": "storage written",
    "TLOAD": "lock and redirect (transient)",
    "TSTORE": "lock and redirect (transient)",
    "LOG4": "the event",
    "KECCAK256": "hashes",
    "CALLDATACOPY": "calldata copied and read",
    "CALLDATALOAD": "calldata copied and read",
    "MSTORE": "memory",
    "MSTORE8": "memory",
    "MLOAD": "memory",
    "JUMP": "jumps",
    "JUMPI": "jumps",
    "JUMPDEST": "jumps",
}
STACK = ("PUSH", "DUP", "SWAP", "POP")


def share(payee: str, levels: int = LEVELS, width: int = 4) -> tuple[tuple[Any, ...], bytes]:
    """A leaf with its proof and the opening of its split; sums of `width` bytes."""
    random = Random(15)

    def shares() -> int:
        return random.randrange(1 << (8 * width - 1)) + 1

    own = total = shares()
    key = ids.wallet(payee)
    node = keccak256(b"\0" + key + own.to_bytes(12, "big"))
    side, path = 0, b""
    for level in range(levels):
        sibling, other = random.randbytes(32), shares()
        path += sibling + other.to_bytes(12, "big")
        mine = node + total.to_bytes(12, "big")
        beside = sibling + other.to_bytes(12, "big")
        left = level % 2 == 1
        node = keccak256(b"\2" + (beside + mine if left else mine + beside))
        side |= left << level
        total += other
    opening = node + total.to_bytes(12, "big") + random.randbytes(32)
    return (opening, key, own, side, path), opening


def traced(k: LocalKiseki, token: str, width: int = 4) -> tuple[int, int, dict[str, int]]:
    """Gas of the transaction, of its start (21,000 and calldata), and of the rest by group."""
    splitter = k.session["RevenueSplitter"]
    payee = k.account(2).address
    claim, opening = share(payee, width=width)
    split = Payee(
        ids.split_key(opening[:32], int.from_bytes(opening[32:44]), opening[44:]), opening
    )
    call = splitter.call("claim", claim, token, b"")
    for _ in range(2):
        k.revenue.pay(split, 10**18, token)
        receipt = k.wallet(1).sender.send(call)
    w3 = k.session.w3
    options = {"disableStorage": True, "disableMemory": True, "disableStack": True}
    answer = w3.manager.request_blocking(_TRACE, [receipt.transaction, options])
    steps = answer["structLogs"]
    start = 21_000 + sum(16 if byte else 4 for byte in call.data)
    return receipt.gas, start, grouped(steps)


def grouped(steps: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Gas by group: of the splitter's own code by opcode, and of what it calls as a whole."""
    found: Counter[str] = Counter()
    for i, step in enumerate(steps):
        name, cost = step["op"], step["gasCost"]
        if step["depth"] > 1:
            found["the token's own code"] += cost
            continue
        if name in ("CALL", "STATICCALL"):
            # A call is charged what it hands on, which comes back or is counted above.
            after = next(each for each in steps[i + 1 :] if each["depth"] == 1)
            inside = sum(
                each["gasCost"]
                for each in steps[i + 1 : steps.index(after, i + 1)]
                if each["depth"] == 2
            )
            found["the call"] += step["gas"] - after["gas"] - inside
            continue
        plain = "stack" if name.startswith(STACK) else "arithmetic and other"
        found[GROUPS.get(name, plain)] += cost
    return dict(found)


def table(figures: Sequence[tuple[str, tuple[int, int, dict[str, int]]]]) -> str:
    """A table in Markdown, a column for each claim."""
    groups = sorted({each for _, (_, _, found) in figures for each in found})
    groups.sort(key=lambda name: -max(found.get(name, 0) for _, (_, _, found) in figures))
    lines = ["| | " + " | ".join(name for name, _ in figures) + " |"]
    lines.append("| --- |" + " ---: |" * len(figures))

    def row(name: str, values: Sequence[int]) -> None:
        lines.append(f"| {name} | " + " | ".join(f"{value:,}" for value in values) + " |")

    row("21,000 and the calldata", [start for _, (_, start, _) in figures])
    for group in groups:
        row(group, [found.get(group, 0) for _, (_, _, found) in figures])
    row("the transaction", [gas for _, (gas, _, _) in figures])
    return "\n".join(lines)


def main() -> None:
    with Kiseki.local(options=("--steps-tracing",)) as k:
        token = k.test_token()
        k.mint(token, k.address, 10**21)
        print(table([("ether", traced(k, ZERO_ADDRESS)), ("ERC-20", traced(k, token))]))


if __name__ == "__main__":
    main()
