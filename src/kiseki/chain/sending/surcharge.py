"""Gas that a chain takes beside what a transaction does: a rollup's fee for the chain below.

Some rollups (Arbitrum and its like) hold that fee in the gas limit. What a transaction needs there
cannot be worked out; it changes with the prices below. So the node is asked for two transactions
that do nothing but carry bytes, and what it answers above the known cost is added to every other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kiseki.chain.batches import Asked
from kiseki.chain.sending.fees import calldata_gas
from kiseki.core.keccak import keccak256
from kiseki.core.values import to_hex

__all__ = ["PROBES", "Surcharge"]

_NOISE = 0.05
"""Part of an estimate that nodes may add for themselves (go-ethereum: 1.5%)."""


def _bytes(count: int) -> bytes:
    """Such as no rollup can compress."""
    return b"".join(keccak256(bytes([place])) for place in range(count // 32))


_SHORT, _LONG = _bytes(32), _bytes(4_096)
_NOBODY = to_hex(keccak256(b"kiseki: nobody")[:20])

PROBES: list[Asked] = [
    ("eth_estimateGas", [{"to": _NOBODY, "data": to_hex(each)}]) for each in (_SHORT, _LONG)
]
"""What is asked of the node."""


@dataclass(frozen=True, slots=True)
class Surcharge:
    """Gas beside what a transaction does.

    Attributes:
        fixed: of every transaction.
        byte: of a byte of its data.
    """

    fixed: float = 0.0
    byte: float = 0.0

    @classmethod
    def of(cls, estimates: Sequence[int]) -> Surcharge:
        """From the answers to `PROBES`."""
        short, long = (
            answer - _plain(data) for answer, data in zip(estimates, (_SHORT, _LONG), strict=True)
        )
        if long <= _NOISE * _plain(_LONG) and short <= _NOISE * _plain(_SHORT):
            return cls()
        byte = max(0.0, (long - short) / (len(_LONG) - len(_SHORT)))
        return cls(max(0.0, short - byte * len(_SHORT)), byte)

    def gas(self, data: bytes) -> int:
        """Of a transaction with this data."""
        return int(self.fixed + self.byte * len(data) + 0.999)


def _plain(data: bytes) -> int:
    zeros = data.count(0)
    return max(21_000 + 4 * zeros + 16 * (len(data) - zeros), calldata_gas(data))
