"""A dry run: everything up to sending, and what it would cost.

Calls are simulated one after the other (``eth_simulateV1``), each on what those before it did, so
what a later one needs is there. Source: ethereum/execution-apis, `eth_simulateV1`.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from kiseki.chain.contract.contracts import Call, node_errors, refused
from kiseki.chain.refusals import Kind, Refusal
from kiseki.chain.sending.fees import MOST_GAS, calldata_gas
from kiseki.chain.sending.intents import Attempt
from kiseki.chain.sending.outcome import Outcome, Receipt
from kiseki.chain.sending.sender import Sender
from kiseki.chain.sending.wire import Wire
from kiseki.core.values import ZERO32, uint
from kiseki.errors import ChainError, KisekiError

__all__ = ["Rehearsal", "Trial"]

_MOST_BYTES = 1_000_000
"""Of calls that are simulated again for the next one. Of more, each is tried by itself."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A call that would be sent.

    Attributes:
        call: which.
        gas: what it would use, at least where `exact` is false.
        exact: whether it was simulated, on what the calls before it did.
    """

    call: Call
    gas: int
    exact: bool


class _Silent(Wire):
    """A wire that hands nothing over."""

    def settle(self) -> None:
        """Looks nothing up: that sends again what was lost."""
        self.settled = True

    def submit(self, attempts: Sequence[Attempt]) -> list[Refusal | None]:
        """Nothing."""
        return [None] * len(attempts)


class Rehearsal(Sender):
    """A sender that sends nothing.

    Attributes:
        trials: what would have been sent, in order.
    """

    sends = False

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.trials: list[Trial] = []

    def _wired(self, *given: Any) -> Wire:
        return _Silent(*given)

    def __repr__(self) -> str:
        return f"Rehearsal({self.address})"

    def send_all(self, calls: Iterable[Call]) -> Generator[Outcome, None, None]:
        """Tries each call; the receipts say what it would use, and have no transaction."""
        self.wire.must_know_finality()
        for call in calls:
            try:
                trial = self._trial(call)
            except KisekiError as error:
                yield Outcome(call, error=error)
                continue
            self.trials.append(trial)
            yield Outcome(call, Receipt(call.what, ZERO32, 0, trial.gas))

    def estimate(self, call: Call) -> int:
        """Gas that a call needs after those before it."""
        return self._simulated(call)[0]

    # Nothing is sent, of an earlier run's either.

    def recall(self, call: Call) -> Receipt | None:
        """None: whether an interrupted run sent it is found out by the run that goes on."""
        return None

    def remembers(self, call: Call) -> bool:
        """No, for the same reason."""
        return False

    def cancel(self) -> list[Outcome]:
        """Refused.

        Raises:
            ChainError: always.
        """
        raise ChainError("a dry run cancels nothing")

    def cost(self) -> tuple[int, int]:
        """What all of it would cost, in wei: at the fees of now, and at the most it would offer.

        The most is what the wallet must hold; what is stuck and sent again at a higher fee may cost
        more, up to the cap if there is one.

        Raises:
            FeeTooHigh: the chain asks more than the cap.
        """
        gas = sum(each.gas for each in self.trials)
        value = sum(each.call.value for each in self.trials)
        offer = self.fees()
        (block,) = self.wire.ask([("eth_getBlockByNumber", ["latest", False])])
        with node_errors():
            base = int(block.get("baseFeePerGas") or "0x0", 16)
        now = offer.most if offer.tip is None else min(base + offer.tip, offer.most)
        limits = sum(min(int(each.gas * self.spare), MOST_GAS) for each in self.trials)
        return value + gas * now, value + limits * offer.most

    def _trial(self, call: Call) -> Trial:
        if self.room(call) < 0:
            raise ChainError(
                f"{call.what} would be {len(call.data):,} bytes; mempools take "
                f"{self.most_bytes:,}; send fewer at a time"
            )
        if call.gas is not None:
            gas = self.wire.gas(call, max(call.gas, calldata_gas(call.data)))
            return Trial(call, gas, False)
        gas, exact = self._simulated(call)
        if gas > MOST_GAS:
            raise ChainError(
                f"{call.what} needs {gas:,} gas; a transaction may use {MOST_GAS:,}; "
                "send fewer at a time"
            )
        return Trial(call, gas, exact)

    def _simulated(self, call: Call) -> tuple[int, bool]:
        before = [each.call for each in self.trials]
        if sum(len(each.data) for each in before) > _MOST_BYTES:
            return super().estimate(call), False
        given = {
            "blockStateCalls": [{"calls": [self.wire.question(each) for each in (*before, call)]}]
        }
        (answer,) = self.wire.tried([("eth_simulateV1", [given, "latest"])])
        if isinstance(answer, Refusal):
            if answer.kind is Kind.FUNDS:
                raise self.wire.too_poor(call)
            if before:
                raise ChainError(
                    f"this node cannot rehearse {call.what} ({refused(answer)}); it needs what the "
                    "calls before it do, so ask a node that has eth_simulateV1"
                )
            return super().estimate(call), True
        with node_errors():
            last = answer[-1]["calls"][-1]
            if int(last["status"], 16) != 1:
                # Some nodes put what the contract returned beside the error.
                error = last["error"]
                raise refused(Refusal({**error, "data": error.get("data") or last["returnData"]}))
            # What must be there while it runs is given back at the end (EIP-3529), a fifth at most.
            used = uint(int(last["gasUsed"], 16), 63, "the gas of a simulation")
            most = last.get("maxUsedGas")
            if most is not None and int(most, 16) > MOST_GAS:
                used = uint(int(most, 16), 63, "the gas of a simulation")
            return used, most is not None or used <= MOST_GAS * 4 // 5
