"""The calls of one `send_all`: taken, signed, written down, sent, waited for, told."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from kiseki.chain.answers import quantity
from kiseki.chain.batches import Asked
from kiseki.chain.contract.contracts import Call, node_errors
from kiseki.chain.refusals import Refusal
from kiseki.chain.sending.entry import Entry
from kiseki.chain.sending.fees import MOST_GAS, SPARE_GAS, Fees
from kiseki.chain.sending.intents import Attempt, Intent, Lane
from kiseki.chain.sending.outcome import Outcome, Receipt
from kiseki.chain.sending.stuck import nudge
from kiseki.chain.sending.wire import (
    DEEP,
    FEES,
    Mined,
    Wire,
    is_refused,
    result,
)
from kiseki.core.values import to_hex
from kiseki.errors import (
    ChainError,
    FeeTooHigh,
    KisekiError,
    NodeUnreachable,
    SigningError,
    TransactionFailed,
)

__all__ = ["Flight"]

_FIRST_PAUSE, _LONGEST_PAUSE = 0.004, 1.0
_MANY = 256


class Flight:
    """The calls of one `send_all`: taken, signed, written down, sent, waited for, told."""

    def __init__(self, wire: Wire, calls: Iterator[Call]) -> None:
        self._wire = wire
        self._journal = wire.journal
        self._policy = wire.policy
        self._scope = wire.journal.flight()
        self._calls = calls
        self._exhausted = False
        self._begun = False
        self._queue: deque[Entry] = deque()
        self._given: list[tuple[Intent, bool]] = []
        self._interrupted: bool | None = None
        self._problem: KisekiError | None = None
        self._broken: Exception | None = None
        self._progress = self._nudged = time.monotonic()
        self._pause = _FIRST_PAUSE
        self._head = self._pruned = 0
        self._trouble = ""

    @property
    def waiting(self) -> list[Entry]:
        """What is on its way."""
        return [each for each in self._queue if each.outcome is None and each.intent is not None]

    @property
    def _held(self) -> list[Entry]:
        """What was taken and could not be sent yet, for want of ether or because of the cap."""
        return [each for each in self._queue if each.outcome is None and each.intent is None]

    def take(self, intent: Intent, attempts: list[Attempt]) -> None:
        """Waits for an intent of the journal."""
        entry = Entry(intent.call)
        entry.intent, entry.attempts, entry.resumed = intent, attempts, True
        self._queue.append(entry)

    def recall(self, call: Call) -> Receipt | None:
        """The receipt of an intent that an interrupted run left for this call."""
        (entry,) = self._entries([call])
        if entry.intent is None:
            return None
        self._queue.append(entry)
        return next(self.outcomes()).result

    def outcomes(self) -> Iterator[Outcome]:
        """Until all have one."""
        while True:
            yield from self._ready()
            self._fill()
            waiting = self.waiting
            if waiting:
                self._poll(waiting)
            elif self._problem is not None:
                yield from self._ready()
                raise self._problem
            elif self._held:
                self._rest()
            elif self._exhausted and not self._queue:
                self._look_deep(self._head, 0)
                if self._broken is not None:
                    raise self._broken
                return

    def leave(self) -> None:
        """Leaves what is on its way, or was not told, to whoever asks for the same again.

        Where the journal was closed before, that is so already: a run that ended holds nothing.
        """
        if not self._journal.closed:
            self._tell()
            self._journal.leave(self._scope)

    def _ready(self) -> Iterator[Outcome]:
        self._tell()
        while self._queue and (outcome := self._queue[0].outcome) is not None:
            entry = self._queue.popleft()
            if entry.intent is not None and not entry.unknown:
                self._given.append((entry.intent, outcome.receipt is not None))
            yield outcome

    def _tell(self) -> None:
        """Remembers what was given out; together, because a write waits for the disk."""
        if self._given:
            self._journal.tell(self._given)
            self._given = []

    # Taking, signing, sending

    def _fill(self) -> None:
        room = self._policy.in_flight - len(self.waiting)
        # Several at a time, because handing one over costs as much as handing over many.
        if self._problem is not None or room <= self._policy.in_flight // 2:
            return
        try:
            fresh = self._take(room)
            if fresh:
                self._start(fresh)
        except KisekiError as error:
            self._cannot(error)

    def _cannot(self, error: KisekiError) -> None:
        """It may be possible once what is on its way has landed, or the chain asks less."""
        quiet = time.monotonic() - self._progress
        passes = isinstance(error, FeeTooHigh | NodeUnreachable)
        if passes and self._begun and quiet < self._policy.patience:
            return
        # Somebody who would not sign is not asked again.
        if not self.waiting or isinstance(error, SigningError):
            self._problem = error

    def _take(self, most: int) -> list[Entry]:
        """Those to be sent now: the held ones first."""
        wanted = most - len(self._held)
        # The first in the queue holds up the outcomes of the others, so not too many are taken.
        if wanted > 0 and not self._exhausted and len(self._queue) <= 4 * self._policy.in_flight:
            if self._is_resumed():  # what is there already takes no room
                wanted = max(wanted, _MANY)
            self._queue.extend(self._entries(self._pull(wanted)))
        return self._held[:most]

    def _pull(self, most: int) -> list[Call]:
        """The caller's next calls. What making them raises is told after those made before."""
        calls: list[Call] = []
        try:
            calls.extend(islice(self._calls, most))  # keeps those before an error
        except Exception as error:  # noqa: BLE001 - raised again, later
            self._broken = error
        self._exhausted = len(calls) < most
        return calls

    def _is_resumed(self) -> bool:
        """Whether an interrupted run has left anything."""
        wire = self._wire
        if self._interrupted is None:
            if not wire.settled:
                wire.settle()
            self._interrupted = self._journal.is_interrupted(wire.lane)
        return self._interrupted

    def _entries(self, calls: Sequence[Call]) -> Iterator[Entry]:
        wire = self._wire
        intents: Sequence[Intent | None] = [None] * len(calls)
        if self._is_resumed():
            intents = self._journal.adopt(wire.lane, calls, self._scope)
        for call, intent in zip(calls, intents, strict=True):
            # What was sent, where it is the same in other words.
            entry = Entry(intent.call if intent is not None and call.same else call)
            if intent is not None:
                entry.intent, entry.resumed = intent, True
                entry.attempts = self._journal.attempts(intent)
            elif wire.room(call) < 0:
                entry.fails(
                    ChainError(
                        f"{call.what} would be {len(call.data):,} bytes; mempools take "
                        f"{wire.most_bytes:,}; send fewer at a time; nothing was sent"
                    )
                )
            yield entry

    def _start(self, fresh: list[Entry]) -> None:
        """Signs, writes down and sends those that the wallet can pay now.

        Raises:
            KisekiError: none of them can be sent now.
        """
        wire, lane = self._wire, self._wire.lane
        self._estimate(fresh)
        good = [each for each in fresh if each.outcome is None]
        if not good:
            return
        with self._journal.hold(lane):
            count, balance, *others = wire.tried(
                [
                    ("eth_getTransactionCount", [wire.address, "pending"]),
                    ("eth_getBalance", [wire.address, "latest"]),
                    *FEES,
                    *wire.finality(),
                ]
            )
            wire.must_know_finality(others[len(FEES) :])
            fees = wire.fees_of(others[: len(FEES)])
            with node_errors():
                known, balance = quantity(result(count), 64), quantity(result(balance), 256)
            payable = self._payable(good, fees, balance)
            if not payable:
                fee = (good[0].limit or 0) * fees.most
                raise wire.too_poor(good[0].call, fee, balance)
            first = self._next(lane, known)
            new = []
            for nonce, entry in enumerate(payable, first):
                limit = entry.limit or 0
                signed = wire.sign(entry.call, nonce, limit, fees)
                new.append((nonce, entry.call, limit, signed, fees))
            intents = self._journal.add(lane, new, self._scope)
            for entry, intent in zip(payable, intents, strict=True):
                entry.intent = intent
                entry.attempts = self._journal.attempts(intent)
            self._begun = True
            self._hand_over(payable)

    def _estimate(self, fresh: list[Entry]) -> None:
        """Gives every call its gas limit, or its refusal."""
        wire = self._wire
        for entry in fresh:
            if entry.limit is None and entry.call.gas is not None:
                self._limit(entry, wire.gas(entry.call, entry.call.gas))
        unknown = [each for each in fresh if each.limit is None and each.outcome is None]
        if not unknown:
            return
        asked = [("eth_estimateGas", [wire.question(each.call)]) for each in unknown]
        for entry, answer in zip(unknown, wire.tried(asked), strict=True):
            try:
                self._limit(entry, wire.estimated(entry.call, answer))
            except KisekiError as error:
                entry.fails(error)

    def _limit(self, entry: Entry, gas: int) -> None:
        if gas > MOST_GAS:
            entry.fails(
                ChainError(
                    f"{entry.call.what} needs {gas:,} gas; a transaction may use {MOST_GAS:,}; "
                    "send fewer at a time; nothing was sent"
                )
            )
        entry.limit = min(int(gas * SPARE_GAS), MOST_GAS)

    def _payable(self, good: list[Entry], fees: Fees, balance: int) -> list[Entry]:
        """As many, from the first on, as the wallet can pay beside what is on its way."""
        left = balance - sum(
            each.call.value + each.intent.gas * each.attempts[-1].fees.most
            for each in self.waiting
            if each.intent is not None and each.found is None
        )
        found = []
        for each in good:
            left -= each.call.value + (each.limit or 0) * fees.most
            if left < 0:
                break
            found.append(each)
        return found

    def _next(self, lane: Lane, known: int) -> int:
        """The first nonce that nobody has: what the node knows, or one more than it may not yet."""
        highest = self._journal.highest(lane)
        if highest is None or highest < known:
            return known
        if any(each.nonce >= known and each.block for each in self._journal.intents(lane)):
            self._wire.settle()  # the node lags, or the chain was reorganised
        return highest + 1

    def _hand_over(self, entries: list[Entry]) -> None:
        """Sends them. The last ones, if no node takes them, are taken back."""
        answers = self._wire.submit([each.attempts[-1] for each in entries])
        low = [e for e, told in zip(entries, answers, strict=True) if told and told.least]
        if low:
            answers = self._offer_more(entries, answers, low)
        last = len(entries)
        for place in reversed(range(len(entries))):
            answer = answers[place]
            if answer is None or not is_refused(answer):
                break
            last = place
        for place, (entry, answer) in enumerate(zip(entries, answers, strict=True)):
            if answer is None:
                continue
            entry.said = answer.words(self._policy.currency)
            if place >= last and entry.intent is not None:
                self._journal.forget([entry.intent])
                entry.intent = None
                entry.fails(
                    ChainError(
                        f"the node refused {entry.call.what}: {entry.said}; nothing was sent"
                    )
                )

    def _offer_more(
        self, entries: list[Entry], answers: list[Refusal | None], low: list[Entry]
    ) -> list[Refusal | None]:
        """Signs what nodes found too cheap again, with the least tip that they named."""
        try:
            fees = self._wire.fees()
        except FeeTooHigh as error:  # no node has them
            told = Refusal({"message": str(error).removesuffix("; nothing was sent")})
            return [
                told if each in low else said for each, said in zip(entries, answers, strict=True)
            ]
        for each in low:
            assert each.intent is not None  # noqa: S101 - it was just written down
            signed = self._wire.sign(each.call, each.intent.nonce, each.intent.gas, fees)
            self._journal.attempt(each.intent, signed, fees)
            each.attempts = self._journal.attempts(each.intent)
        again = iter(self._wire.submit([each.attempts[-1] for each in low]))
        return [
            next(again) if each in low else said
            for each, said in zip(entries, answers, strict=True)
        ]

    # Waiting

    def _poll(self, waiting: list[Entry]) -> None:
        wire = self._wire
        questions: list[Asked] = [
            ("eth_blockNumber", []),
            ("eth_getTransactionCount", [wire.address, "latest"]),
        ]
        try:
            head, count, *last = wire.tried([*questions, *wire.finality()])
            with node_errors():
                final = self._final(quantity(result(head), 63), last)
                used = quantity(result(count), 64)
            found = wire.receipts([each.attempts for each in waiting])
        except ChainError as error:
            self._trouble = str(error).partition(";")[0]
            self._rest(waiting)
            return
        self._trouble = ""
        changed: list[tuple[Intent, int | None, bytes | None]] = []
        again: list[Entry] = []
        for entry, now in zip(waiting, found, strict=True):
            assert entry.intent is not None  # noqa: S101 - what waits has one
            before, entry.found = entry.found, now
            if now is None:
                if before is not None:  # a reorganisation took it out of the chain
                    changed.append((entry.intent, None, None))
                    again.append(entry)
                self._look_for_another(entry, used, final)
                continue
            entry.displaced = None
            if before is None or before.block_hash != now.block_hash:
                changed.append((entry.intent, now.block, now.block_hash))
            if now.block <= final:
                self._land(entry, now)
        if changed:
            self._journal.seen(changed)
            self._step()
        wire.submit([entry.attempts[-1] for entry in again if entry.outcome is None])
        self._look_deep(quantity(head, 63))
        if any(each.outcome is not None for each in waiting):
            self._step()
        else:
            self._rest(waiting)

    def _final(self, head: int, last: Sequence[Any]) -> int:
        """The last block that is as final as the policy asks."""
        if head > self._head and any(each.found for each in self.waiting):
            self._step()
        self._head = max(self._head, head)
        if isinstance(self._policy.finality, int):
            return head - self._policy.finality + 1
        return self._wire.final_block(*last)

    def _land(self, entry: Entry, found: Mined) -> None:
        """It is as final as the policy asks."""
        call, sent = entry.call, to_hex(found.attempt.hash)
        if found.attempt.cancels:
            entry.fails(
                TransactionFailed(
                    f"{call.what} was cancelled by {sent}; nothing of it was done",
                    found.fee,
                    found.attempt.hash,
                    found.block,
                )
            )
        elif not found.done:
            entry.fails(
                TransactionFailed(
                    f"{call.what} was sent as {sent} and failed in block {found.block}; "
                    "what it depends on changed meanwhile, so run this again",
                    found.fee,
                    found.attempt.hash,
                    found.block,
                )
            )
        else:
            receipt = Receipt(
                call.what, found.attempt.hash, found.block, found.gas, found.fee,
                found.contract, found.logs, entry.resumed,
            )  # fmt: skip
            entry.outcome = Outcome(call, receipt)

    def _look_for_another(self, entry: Entry, used: int, final: int) -> None:
        """Gives up on an intent whose nonce something else has taken, as finally as is asked.

        After a while: of two nodes behind one address one may know the newer block. And only with
        the block that shows it: what is asked before and after a reorganisation looks the same.
        """
        assert entry.intent is not None  # noqa: S101 - what waits has one
        if used <= entry.intent.nonce:
            entry.displaced = None
            return
        attempts = self._journal.attempts(entry.intent)
        if len(attempts) > len(entry.attempts):  # another flight has replaced or cancelled it
            entry.attempts, entry.displaced = attempts, None
        elif entry.displaced is None:
            entry.displaced = time.monotonic()
        elif time.monotonic() - entry.displaced > self._policy.stuck:
            entry.displaced = None  # looked at again after as long
            try:
                if self._wire.knows(entry.attempts) or not self._wire.is_taken(
                    entry.intent.nonce, entry.attempts, final
                ):
                    return
            except ChainError:
                return
            self._journal.forget([entry.intent])
            entry.intent = None
            entry.fails(
                TransactionFailed(
                    f"{entry.call.what} was replaced: another transaction of "
                    f"{self._wire.address} has its nonce; it was not carried out, so run this "
                    "again if it is still wanted"
                )
            )

    def _look_deep(self, head: int, every: int = DEEP) -> None:
        if head - self._pruned >= every and head > DEEP:
            self._pruned = head
            self._journal.deep(self._wire.lane, head - DEEP)

    def _step(self) -> None:
        self._progress = self._nudged = time.monotonic()
        self._pause = _FIRST_PAUSE

    def _rest(self, waiting: Sequence[Entry] = ()) -> None:
        """Waits a little; after a while without progress does something about it."""
        now = time.monotonic()
        if waiting and now - self._progress > self._policy.patience:
            self._give_up(waiting)
            return
        if waiting and now - self._nudged > self._policy.stuck:
            self._nudged = now
            with contextlib.suppress(ChainError):  # it is asked again soon
                nudge(self._wire, self.waiting)
        time.sleep(self._pause)
        self._pause = min(self._pause * 1.3, _LONGEST_PAUSE)

    def _give_up(self, waiting: Sequence[Entry]) -> None:
        why = f"nothing is known of it after {self._policy.patience:.0f} s"
        if self._trouble:
            why = f"nothing is known of it: {self._trouble}"
        for entry in waiting:
            known = "it waits for more blocks" if entry.found else why
            if entry.said:
                known += f" (a node said: {entry.said})"
            entry.unknown = True
            entry.fails(
                TransactionFailed(
                    f"{entry.call.what} was sent as {to_hex(entry.attempts[-1].hash)} and {known}; "
                    "it is in the journal, and running this again goes on with it and sends "
                    "nothing twice"
                )
            )
        if waiting[0].outcome is not None:
            self._problem = self._problem or waiting[0].outcome.error
