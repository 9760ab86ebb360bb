"""What to do where nothing moves: send again, or replace at a higher fee."""

from __future__ import annotations

import time
from collections.abc import Sequence

from kiseki.chain.answers import quantity
from kiseki.chain.contract.contracts import Call
from kiseki.chain.refusals import Kind
from kiseki.chain.sending.entry import Entry
from kiseki.chain.sending.intents import Attempt, Intent
from kiseki.chain.sending.wire import Wire, uncapped
from kiseki.core.values import to_hex

__all__ = ["nudge"]


def nudge(wire: Wire, waiting: Sequence[Entry]) -> None:
    """Sends again what nodes have lost, and replaces what the chain passes over.

    For the whole lane: what an earlier run left behind holds up what comes after it.
    """
    lane = wire.lane
    with wire.journal.hold(lane):
        rows = [each for each in wire.journal.intents(lane) if each.block is None]
        if not rows:
            return
        attempts = {each.id: wire.journal.attempts(each) for each in rows}
        count, *known = wire.ask(
            [
                ("eth_getTransactionCount", [wire.address, "latest"]),
                *(
                    ("eth_getTransactionByHash", [to_hex(attempts[each.id][-1].hash)])
                    for each in rows
                ),
            ]
        )
        used = quantity(count, 64)
        lost = [each for each, there in zip(rows, known, strict=True) if there is None]
        lost = [each for each in lost if each.nonce >= used]
        answers = wire.submit([attempts[each.id][-1] for each in lost])
        first = next((each for each in rows if each.nonce == used), None)
        if first is None:
            return  # what comes next is somebody else's, or in a block by now
        said = answers[lost.index(first)] if first in lost else None
        stale = time.time() - attempts[first.id][-1].sent > wire.policy.stuck
        if (said is not None and said.kind is Kind.FEE) or (first not in lost and stale):
            # Those behind it that offer no more are passed over for the same reason.
            most = attempts[first.id][-1].fees.most
            _replace(
                wire,
                waiting,
                [
                    (each, attempts[each.id])
                    for each in rows
                    if each.nonce >= used and attempts[each.id][-1].fees.most <= most
                ],
            )


def _replace(
    wire: Wire, waiting: Sequence[Entry], passed_over: Sequence[tuple[Intent, list[Attempt]]]
) -> None:
    offered = uncapped(wire)
    entries = {each.intent.id: each for each in waiting if each.intent is not None}
    made: list[Attempt] = []
    for intent, attempts in passed_over:
        fees = offered.replacing(attempts[-1].fees, wire.policy)
        if fees is None:
            continue  # at the cap: it waits until the chain asks less
        cancels = attempts[-1].cancels
        call = Call(wire.address, b"", 0, intent.call.what) if cancels else intent.call
        signed = wire.sign(call, intent.nonce, intent.gas, fees)
        wire.journal.attempt(intent, signed, fees, cancels=cancels)
        made.append(Attempt(signed.raw, signed.hash, fees, cancels, time.time()))
        if intent.id in entries:
            entries[intent.id].attempts = [*attempts, made[-1]]
    wire.submit(made)
