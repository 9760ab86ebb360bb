"""Sending transactions: one object owns a wallet's nonces, fees and receipts; nothing else sends.

How many at once, what they may cost and when they count as carried out is a `Policy`; what was
begun and not finished is in a `Journal`, so that whatever is interrupted goes on when it is run
again, and nothing is sent twice.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kiseki.chain.contract.contracts import Call
from kiseki.chain.node import Node
from kiseki.chain.sending.fees import SPARE_GAS, Fees, Policy
from kiseki.chain.sending.flight import Flight
from kiseki.chain.sending.intents import Intent, Lane
from kiseki.chain.sending.journal import Journal
from kiseki.chain.sending.outcome import Outcome, Receipt
from kiseki.chain.sending.wire import MOST_BYTES, Wire
from kiseki.chain.signing.signer import LocalSigner, Signer
from kiseki.errors import (
    FeeTooHigh,
)

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount


__all__ = ["Sender"]


class Sender:
    """Sends for one wallet, in order, from any number of threads and processes.

    Attributes:
        node: the connection.
        most_bytes: of one transaction. Public mempools take `MOST_BYTES`; private relays may more.
        policy: fees, finality and patience.
        journal: what is on its way.
        sends: whether it sends; a rehearsal does not.
    """

    sends = True

    def __init__(
        self,
        node: Node,
        signer: Signer | LocalAccount,
        journal: Journal | None = None,
        policy: Policy | None = None,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        who = signer if isinstance(signer, Signer) else LocalSigner(signer)
        self.wire = self._wired(node, who, journal or Journal(), policy or Policy(), most_bytes)

    def _wired(self, *given: Any) -> Wire:
        return Wire(*given)

    def __repr__(self) -> str:
        return f"Sender({self.address})"

    @property
    def address(self) -> str:
        """The wallet, checksummed."""
        return self.wire.address

    @property
    def node(self) -> Node:
        """The connection."""
        return self.wire.node

    @property
    def journal(self) -> Journal:
        """What is on its way."""
        return self.wire.journal

    @property
    def policy(self) -> Policy:
        """Fees, finality and patience."""
        return self.wire.policy

    @property
    def most_bytes(self) -> int:
        """Of one transaction. Public mempools take `MOST_BYTES`; private relays may more."""
        return self.wire.most_bytes

    @property
    def lane(self) -> Lane:
        """This wallet on this chain."""
        return self.wire.lane

    @property
    def spare(self) -> float:
        """How many times the gas that a transaction seems to need it may use."""
        return SPARE_GAS

    # Before sending

    def fits(self, call: Call) -> bool:
        """Whether a call is small enough for one transaction, in bytes and in gas if that is
        known."""
        return self.wire.fits(call)

    def room(self, call: Call) -> int:
        """How many bytes a call could have more in one transaction; below zero if too many."""
        return self.wire.room(call)

    def estimate(self, call: Call) -> int:
        """Gas that a transaction needs, as the node finds by trying it.

        Raises:
            ContractReverted: the contract refuses.
            ChainError: no funds, or the node refuses.
        """
        (answer,) = self.wire.tried([("eth_estimateGas", [self.wire.question(call)])])
        return self.wire.estimated(call, answer)

    def fees(self) -> Fees:
        """What a transaction sent now would offer.

        Raises:
            FeeTooHigh: the chain asks more than the cap.
        """
        return self.wire.fees()

    # Sending

    def send(self, call: Call, gas: int | None = None) -> Receipt:
        """Sends one transaction and waits until it is carried out, as final as the policy asks.

        It is tried on the node first, so what a contract would refuse costs nothing.

        Args:
            gas: what `estimate` found, when that is known better than from trying this very call.

        Raises:
            ContractReverted: the contract refuses; nothing was sent.
            FeeTooHigh: gas costs more than the cap; nothing was sent.
            TransactionFailed: it was sent and not carried out, or nobody knows yet.
            ChainError: too large or too much gas, no funds, or the node refuses; nothing was sent.
            NodeUnreachable: the node does not answer; nothing was sent.
            SigningError: the wallet did not sign; nothing was sent.
        """
        if gas is not None:
            call = replace(call, gas=gas)
        with contextlib.closing(self.send_all([call])) as outcomes:
            return next(outcomes).result

    def send_all(self, calls: Iterable[Call]) -> Generator[Outcome, None, None]:
        """Sends many, of which several wait for their blocks at once; outcomes in the same order.

        Calls are taken as they can be sent, so there may be any number. One that a contract
        refuses stops no other. None may need what an earlier one of them does.

        Raises:
            FeeTooHigh, SigningError, NodeUnreachable, ChainError: what stops all of them. What is
                on its way is in the journal: the same calls, sent again, go on there.
        """
        return self._outcomes(Flight(self.wire, iter(calls)))  # of the command that asks, not reads

    def _outcomes(self, flight: Flight) -> Generator[Outcome, None, None]:
        try:
            yield from flight.outcomes()
        finally:
            flight.leave()

    # What is on its way

    def pending(self) -> list[Intent]:
        """What an earlier run, or another, began and has not finished; looked up on the chain."""
        self.settle()
        return [each for each in self.journal.intents(self.lane) if not each.told]

    def recall(self, call: Call) -> Receipt | None:
        """The receipt of a call that an interrupted run sent, waited for; none if none did."""
        flight = Flight(self.wire, iter(()))
        try:
            return flight.recall(call)
        finally:
            flight.leave()

    def remembers(self, call: Call) -> bool:
        """Whether `recall` would find one; nothing is waited for, and nothing taken."""
        return self.journal.holds(self.lane, call, self.journal.inside)

    def settle(self) -> None:
        """Looks up what the journal has of this wallet, and sends again what is in no block.

        What a reorganisation took out of the chain is sent again too, for as long as the journal
        remembers it.
        """
        self.wire.settle()

    def cancel(self) -> list[Outcome]:
        """Takes the nonces of everything that waits away, so that it is never carried out.

        Each is replaced by a transaction that does nothing, which costs 21,000 gas at a higher fee.
        What gets into a block first counts, and is told.
        """
        lane = self.lane
        flight = Flight(self.wire, iter(()))
        with self.journal.hold(lane):
            self.settle()
            offered = self.fees()
            signed = []
            for row in self.journal.intents(lane):
                if row.told or row.block is not None:
                    continue
                fees = offered.replacing(self.journal.attempts(row)[-1].fees, self.policy)
                if fees is None:
                    raise FeeTooHigh(
                        "replacing what waits costs more than the cap; raise the cap; "
                        "nothing was cancelled"
                    )
                nothing = Call(self.address, b"", 0, row.call.what, 21_000)
                signed.append((row, self.wire.sign(nothing, row.nonce, 21_000, fees), fees))
            for row, nothing_signed, fees in signed:  # all or none
                self.journal.attempt(row, nothing_signed, fees, cancels=True)
                flight.take(row, self.journal.attempts(row))
        self.wire.submit([entry.attempts[-1] for entry in flight.waiting])
        try:
            return list(flight.outcomes())
        finally:
            flight.leave()
