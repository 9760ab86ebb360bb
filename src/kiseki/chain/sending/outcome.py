"""What became of a call that was sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kiseki.chain.contract.contracts import Call
from kiseki.core.values import to_hex
from kiseki.errors import (
    ChainError,
    KisekiError,
)

__all__ = ["Outcome", "Receipt"]


@dataclass(frozen=True, slots=True)
class Receipt:
    """A transaction that was carried out.

    Attributes:
        what: contract and function, for people.
        transaction: its hash, 32 bytes.
        block: block number.
        gas: gas used, intrinsic and calldata included.
        fee: what it cost in wei; of a rollup with its fee for the chain below, where it tells that.
            Where the node does not tell the price, the most that it can have cost.
        contract: address of the contract it made, if it made one.
        logs: what was logged, in JSON, as the node gives it.
        resumed: whether an earlier run, which was interrupted, had sent it.
    """

    what: str
    transaction: bytes
    block: int
    gas: int
    fee: int = 0
    contract: str | None = None
    logs: tuple[Mapping[str, Any], ...] = field(default=(), repr=False, compare=False)
    resumed: bool = field(default=False, compare=False)

    @property
    def told(self) -> dict[str, Any]:
        """It without its logs, as JSON has it."""
        return {
            "what": self.what, "transaction": to_hex(self.transaction), "block": self.block,
            "gas": self.gas, "fee": str(self.fee), "resumed": self.resumed,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one call.

    Attributes:
        call: which.
        receipt: when it was carried out.
        error: when it was not; a `ContractReverted` where nothing was sent.
    """

    call: Call
    receipt: Receipt | None = None
    error: KisekiError | None = None

    @property
    def result(self) -> Receipt:
        """The receipt.

        Raises:
            KisekiError: there is none.
        """
        if self.receipt is None:
            raise self.error or ChainError("nothing is known of it")
        return self.receipt
