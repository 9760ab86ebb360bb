"""What gas may cost, and how sure one wants to be: what its user says of a sender."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from kiseki.core.values import uint
from kiseki.errors import FeeTooHigh, InvalidInput

__all__ = [
    "GWEI",
    "MOST_GAS",
    "MOST_GAS_TRIED",
    "SPARE_GAS",
    "Fees",
    "Finality",
    "Policy",
    "calldata_gas",
]

MOST_GAS = 16_777_216
"""Gas that one transaction may use (EIP-7825)."""

SPARE_GAS = 1.15
"""Sent along for each unit that a node estimates; what is not used is given back."""

MOST_GAS_TRIED = int(MOST_GAS / SPARE_GAS)
"""Gas that one transaction may need as estimated, so that there is some to spare."""

GWEI = 10**9

Finality = int | Literal["safe", "finalized"]
"""How final is final: so many blocks with the transaction's own, or the block that the chain calls
safe or finalized."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How a wallet's transactions are sent.

    Attributes:
        max_fee: the most a unit of gas may cost, in wei; none for whatever the chain asks.
        tip: of that, for whoever makes the block (EIP-1559), in wei; none for what the node says.
            Where the chain takes no tip so low, its least one is offered, within `max_fee`.
        least_tip: below which the chain takes no tip, as far as that is known, in wei.
        finality: when a transaction counts as carried out: 1 once it is in a block.
        in_flight: how many may wait for their block at once. Nodes keep few of one wallet.
        stuck: seconds without a block after which it is sent again, or replaced at a higher fee.
        currency: what gas is paid in, for people.
        patience: seconds without any progress after which sending gives up. What waits is kept in
            the journal, and the same command goes on with it.
    """

    max_fee: int | None = None
    tip: int | None = None
    least_tip: int = 0
    finality: Finality = 1
    in_flight: int = 16
    stuck: float = 30.0
    currency: str = "ETH"
    patience: float = 180.0

    def __post_init__(self) -> None:
        for name, value in (
            ("max_fee", self.max_fee), ("tip", self.tip), ("least_tip", self.least_tip),
        ):  # fmt: skip
            if value is not None:
                uint(value, 95, name, 1 if name == "max_fee" else 0)
        if self.finality not in ("safe", "finalized") and not (
            isinstance(self.finality, int) and not isinstance(self.finality, bool)
            and 1 <= self.finality <= 10_000
        ):  # fmt: skip
            raise InvalidInput("finality is a number of blocks from 1, or safe, or finalized")
        if self.in_flight < 1:
            raise InvalidInput("at least one transaction must be in flight at a time")


@dataclass(frozen=True, slots=True)
class Fees:
    """What one transaction offers for a unit of gas, in wei.

    Attributes:
        most: in all.
        tip: of that, beyond the base fee; none on a chain without EIP-1559.
    """

    most: int
    tip: int | None

    @classmethod
    def now(cls, base: int | None, tip: int, policy: Policy, least_tip: int = 0) -> Fees:
        """What to offer so that it is taken soon, also if the base fee doubles.

        Args:
            base: the base fee of the latest block; none on a chain without EIP-1559.
            tip: what the node says is usual; there, its gas price.
            least_tip: below which nodes take no transaction, whatever is usual.

        Raises:
            FeeTooHigh: the chain asks more than the cap.
        """
        if base is None:
            tip = max(tip, least_tip)
        least = tip if base is None else base + least_tip
        if policy.max_fee is not None and least > policy.max_fee:
            raise FeeTooHigh(
                f"gas costs at least {in_gwei(least)} gwei now and the cap is "
                f"{in_gwei(policy.max_fee)}; wait, or raise the cap; nothing was sent"
            )
        if base is None:
            return cls(tip, None)
        tip = max(tip if policy.tip is None else policy.tip, least_tip)
        most = 2 * base + tip
        if policy.max_fee is not None:
            most = min(most, policy.max_fee)
        return cls(most, min(tip, most))

    def replacing(self, old: Fees, policy: Policy) -> Fees | None:
        """These, raised so that nodes let them take the place of `old`; none above the cap.

        Nodes ask at least 10% more (go-ethereum's ``--txpool.pricebump``); this is an eighth.
        """
        most = max(self.most, _raised(old.most))
        if policy.max_fee is not None:
            most = min(most, policy.max_fee)
        tip = None if old.tip is None else min(max(self.tip or 0, _raised(old.tip)), most)
        enough = most * 10 >= old.most * 11 and (tip or 0) * 10 >= (old.tip or 0) * 11
        return Fees(most, tip) if enough else None

    @property
    def fields(self) -> Mapping[str, int]:
        """As a transaction has them."""
        if self.tip is None:
            return {"gasPrice": self.most}
        return {"maxFeePerGas": self.most, "maxPriorityFeePerGas": self.tip}


def calldata_gas(data: bytes) -> int:
    """What a transaction with this calldata pays at least (EIP-7623): 21,000 and 10 for each token,
    of which a zero byte is one and another is four."""
    zeros = data.count(0)
    return 21_000 + 10 * (zeros + 4 * (len(data) - zeros))


def in_gwei(wei: int) -> str:
    """For people."""
    return f"{wei / GWEI:,.9f}".rstrip("0").rstrip(".")


def _raised(value: int) -> int:
    return value + value // 8 + 1
