"""Sending transactions: one object owns a wallet's nonces, fees and receipts; nothing else sends.

How many at once, what they may cost and when they count as carried out is a `Policy`; what was
begun and not finished is in a `Journal`, so that whatever is interrupted goes on when it is run
again, and nothing is sent twice.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from kiseki.chain.contract.contracts import Call, node_errors
from kiseki.chain.node import Asked, Refusal, ask
from kiseki.chain.sending.fees import Fees, Policy
from kiseki.chain.sending.intents import Attempt, Intent, Lane
from kiseki.chain.sending.journal import Journal
from kiseki.chain.sending.outcome import Outcome, Receipt
from kiseki.chain.signing.signer import LocalSigner, Signer
from kiseki.core.checksum import checksummed
from kiseki.core.values import from_hex, one_line, to_hex, uint
from kiseki.errors import (
    ChainError,
    FeeTooHigh,
    KisekiError,
    NodeUnreachable,
    SigningError,
    TransactionFailed,
)

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount
    from web3 import Web3

__all__ = ["MOST_BYTES", "MOST_GAS", "Sender"]

MOST_GAS = 16_777_216
"""Gas that one transaction may use (EIP-7825)."""

MOST_BYTES = 131_072
"""Bytes of a transaction that public mempools accept."""

_ENVELOPE = 1024
"""Bytes of a transaction beside its data, generously."""

_SPARE_GAS = 1.15
_FIRST_PAUSE, _LONGEST_PAUSE = 0.004, 1.0
_MANY = 256
_DEEP = 64
"""Blocks after which a transaction is not looked after any more, whatever its user waits for."""

_THERE = ("already known", "already imported", " known transaction", "alreadyknown")
_LATE = ("nonce too low", "nonce is too low", "nonce has already been used", "old nonce",
         "oldnonce", "ownnoncealreadyused")  # fmt: skip
_CHEAP = ("underpriced", "fee too low", "feetoolow", "less than block base fee", "tip too low",
          "lower than the block base fee", "gas price too low", "max fee per gas less")  # fmt: skip
"""How nodes say that they have it, that its nonce was used, that it offers too little. In words
go-ethereum, Besu, Erigon, Reth and Anvil; Nethermind in one (`AcceptTxResult`)."""

_PLAYS = ("anvil", "hardhat", "ganache", "ethereumjs testrpc")
"""Nodes that play a chain for somebody, perhaps one that they copied (`web3_clientVersion`)."""


class Sender:
    """Sends for one wallet, in order, from any number of threads and processes.

    Attributes:
        w3: the connection.
        most_bytes: of one transaction. Public mempools take `MOST_BYTES`; private relays may more.
        policy: fees, finality and patience.
        journal: what is on its way.
        sends: whether it sends; a rehearsal does not.
    """

    sends = True

    def __init__(
        self,
        w3: Web3,
        signer: Signer | LocalAccount,
        journal: Journal | None = None,
        policy: Policy | None = None,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self.w3 = w3
        self._signer = signer if isinstance(signer, Signer) else LocalSigner(signer)
        self._lock = threading.Lock()
        self._lane: Lane | None = None
        self.settled = False
        self.journal = journal or Journal()
        self.policy = policy or Policy()
        self.most_bytes = most_bytes

    def __repr__(self) -> str:
        return f"Sender({self.address})"

    @property
    def address(self) -> str:
        """The wallet, checksummed."""
        return self._signer.address

    @property
    def spare(self) -> float:
        """How many times the gas that a transaction seems to need it may use."""
        return _SPARE_GAS

    # Before sending

    def fits(self, call: Call) -> bool:
        """Whether a call is small enough for one transaction."""
        return self.room(call) >= 0

    def room(self, call: Call) -> int:
        """How many bytes a call could have more in one transaction; below zero if too many."""
        return self.most_bytes - _ENVELOPE - len(call.data)

    def estimate(self, call: Call) -> int:
        """Gas that a transaction needs, as the node finds by trying it.

        Raises:
            ContractReverted: the contract refuses.
            ChainError: no funds, or the node refuses.
        """
        (answer,) = self._try([("eth_estimateGas", [self._json(call)])])
        return self._estimated(call, answer)

    def fees(self) -> Fees:
        """What a transaction sent now would offer.

        Raises:
            FeeTooHigh: the chain asks more than the cap.
        """
        return self._fees(self._try(_FEES))

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
        return self._outcomes(_Flight(self, iter(calls)))  # of the command that asks, not reads

    def _outcomes(self, flight: _Flight) -> Generator[Outcome, None, None]:
        try:
            yield from flight.outcomes()
        finally:
            flight.leave()

    # What is on its way

    @property
    def lane(self) -> Lane:
        """This wallet on this chain."""
        with self._lock:
            if self._lane is None:  # once: a node that changes chains must refuse what follows
                chain_id, first = self._ask(
                    [("eth_chainId", []), ("eth_getBlockByNumber", ["0x0", False])]
                )
                with node_errors():
                    known = from_hex(first["hash"], 32, "the hash of the first block")
                    number = _number(chain_id, 64, 1)
                self._lane = Lane(number, known, self.address, self._fork())
            return self._lane

    def _fork(self) -> str:
        """Which copy of a chain the node plays; empty where it is on the chain itself."""
        (name,) = self._try([("web3_clientVersion", [])])
        if not isinstance(name, str) or not name.lower().startswith(_PLAYS):
            return ""
        (about,) = self._try([("hardhat_metadata", [])])  # Anvil's and Hardhat's
        with node_errors():
            if isinstance(about, Refusal):
                return "copy"  # it cannot say
            if about.get("forkedNetwork") is None:
                return ""
            return from_hex(about["instanceId"], 32, "the instance of the node")[:8].hex()

    def pending(self) -> list[Intent]:
        """What an earlier run, or another, began and has not finished; looked up on the chain."""
        self.settle()
        return [each for each in self.journal.intents(self.lane) if not each.told]

    def recall(self, call: Call) -> Receipt | None:
        """The receipt of a call that an interrupted run sent, waited for; none if none did."""
        flight = _Flight(self, iter(()))
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
        lane = self.lane
        rows = self.journal.intents(lane)
        self.settled = True
        if not rows:
            return
        (head,) = self._ask([("eth_blockNumber", [])])
        with node_errors():
            deep = _number(head, 63) - _DEEP
        attempts = {row.id: self.journal.attempts(row) for row in rows}
        found = self._receipts([attempts[row.id] for row in rows])
        changed: list[tuple[Intent, int | None, bytes | None]] = []
        lost: list[Intent] = []
        for row, receipt in zip(rows, found, strict=True):
            if receipt is None:
                lost.append(row)
                if row.block is not None:
                    changed.append((row, None, None))
            elif receipt.block_hash != row.block_hash:
                changed.append((row, receipt.block, receipt.block_hash))
        if changed:
            self.journal.seen(changed)
        # Something else has had the nonce for long; a node that lags does not lag so far.
        (count,) = self._try([("eth_getTransactionCount", [self.address, hex(max(deep, 0))])])
        with node_errors():
            used = 0 if isinstance(count, Refusal) else _number(count, 64)
        gone = [row for row in lost if row.nonce < used and not self._knows(attempts[row.id])]
        self.journal.forget(gone)
        again = [attempts[row.id][-1] for row in lost if row not in gone]
        self._submit([each for each in again if each.raw])
        self.journal.deep(lane, deep)

    def cancel(self) -> list[Outcome]:
        """Takes the nonces of everything that waits away, so that it is never carried out.

        Each is replaced by a transaction that does nothing, which costs 21,000 gas at a higher fee.
        What gets into a block first counts, and is told.
        """
        lane = self.lane
        flight = _Flight(self, iter(()))
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
                signed.append((row, self._sign(nothing, row.nonce, 21_000, fees), fees))
            for row, nothing_signed, fees in signed:  # all or none
                self.journal.attempt(row, nothing_signed, fees, cancels=True)
                flight.take(row, self.journal.attempts(row))
        self._submit([entry.attempts[-1] for entry in flight.waiting])
        try:
            return list(flight.outcomes())
        finally:
            flight.leave()

    # Inside, for a flight as well

    def _ask(self, questions: Sequence[Asked]) -> list[Any]:
        """Results of questions that no node refuses."""
        with node_errors():
            answers = ask(self.w3, questions)
            for each in answers:
                if isinstance(each, Refusal):
                    raise each
            return answers

    def _try(self, questions: Sequence[Asked]) -> list[Any | Refusal]:
        with node_errors():
            return ask(self.w3, questions)

    def _bare(self, call: Call) -> dict[str, Any]:
        to = checksummed(call.to)  # signing takes no other
        return {"from": self.address, "to": to, "data": call.data, "value": call.value}

    def _sign(self, call: Call, nonce: int, gas: int, fees: Fees) -> Any:
        return self._signer.sign_transaction(
            {
                **self._bare(call),
                "gas": gas,
                "chainId": self.lane.chain_id,
                "nonce": nonce,
                **fees.fields,
            }
        )

    def _json(self, call: Call) -> dict[str, Any]:
        """A call as a question to a node."""
        return {
            "from": self.address,
            "to": call.to,
            "data": to_hex(call.data),
            "value": hex(call.value),
        }

    def _estimated(self, call: Call, answer: Any | Refusal) -> int:
        if isinstance(answer, Refusal) and "insufficient funds" in answer.message.lower():
            raise self._too_poor(call)
        with node_errors():
            return _number(_result(answer), 64)

    def _fees(self, answers: Sequence[Any | Refusal]) -> Fees:
        """From the answers to `_FEES`."""
        block, tip, price = answers
        with node_errors():
            base = _result(block).get("baseFeePerGas")
            if base is None:
                return Fees.now(None, _number(_result(price), 96), self.policy)
            known = _number(base, 94)
            if isinstance(tip, Refusal):  # not every node says what is usual
                usual = max(_number(_result(price), 94) - known, 0)
            else:
                usual = _number(tip, 94)
            return Fees.now(known, usual, self.policy)

    def _receipts(self, attempts: Sequence[Sequence[Attempt]]) -> list[_Found | None]:
        """For each list of attempts the one that is in a block."""
        flat = [(i, each) for i, some in enumerate(attempts) for each in some]
        answers = self._ask([("eth_getTransactionReceipt", [to_hex(e.hash)]) for _, e in flat])
        found: list[_Found | None] = [None] * len(attempts)
        with node_errors():
            for (i, attempt), answer in zip(flat, answers, strict=True):
                if answer is not None:
                    found[i] = _Found.of(attempt, answer)
        return found

    def _knows(self, attempts: Sequence[Attempt]) -> bool:
        """Whether the node has any of them, in a block or waiting for one."""
        asked = [("eth_getTransactionByHash", [to_hex(each.hash)]) for each in attempts]
        return any(each is not None for each in self._ask(asked))

    def _submit(self, attempts: Sequence[Attempt]) -> list[Refusal | None]:
        """Hands them over; what nodes said against them.

        Where an answer is lost they may have arrived, so they are sent once more, and what is said
        against them then counts for nothing: the rest is left to waiting.
        """
        questions = [("eth_sendRawTransaction", [to_hex(each.raw)]) for each in attempts]
        try:
            answers = self._try(questions)
        except ChainError:
            with contextlib.suppress(ChainError):
                self._try(questions)
            return [None] * len(attempts)
        return [each if isinstance(each, Refusal) else None for each in answers]

    def _too_poor(self, call: Call, fee: int = 0, held: int | None = None) -> ChainError:
        if held is None:
            (answer,) = self._ask([("eth_getBalance", [self.address, "latest"])])
            held = _number(answer, 256)
        needed = f"{call.value:,} wei and the fee" if not fee else f"up to {call.value + fee:,} wei"
        return ChainError(
            f"{call.what} needs {needed} and the wallet {self.address} holds {held:,}: "
            "insufficient funds; send it some ether, then run this again; nothing was sent"
        )


_FEES: list[Asked] = [
    ("eth_getBlockByNumber", ["latest", False]),
    ("eth_maxPriorityFeePerGas", []),
    ("eth_gasPrice", []),
]


@dataclass(frozen=True, slots=True)
class _Found:
    """A transaction that is in a block."""

    attempt: Attempt
    block: int
    block_hash: bytes
    done: bool
    gas: int
    fee: int
    contract: str | None
    logs: tuple[Mapping[str, Any], ...]

    @classmethod
    def of(cls, attempt: Attempt, answer: Any) -> _Found:
        gas = _number(answer["gasUsed"], 63)
        price = _number(answer.get("effectiveGasPrice") or "0x0", 256)
        return cls(
            attempt,
            _number(answer["blockNumber"], 63),
            from_hex(answer["blockHash"], 32, "the block's hash"),
            _number(answer["status"], 8) == 1,
            gas,
            gas * price + _number(answer.get("l1Fee") or "0x0", 256),
            answer.get("contractAddress"),
            tuple(_log(each) for each in answer["logs"]),
        )


class _Entry:
    """One call on its way.

    Attributes:
        call: which.
        limit: its gas limit, once that is known.
        intent, attempts: what the journal has of it, once it was written down.
        found: it in a block.
        outcome: the end of it.
        unknown: although that is an error, it may still be carried out.
        resumed: an earlier run had sent it.
        displaced: since when something else seems to have its nonce.
        said: what a node said against it.
    """

    __slots__ = ("attempts", "call", "displaced", "found", "intent", "limit", "outcome",
                 "resumed", "said", "unknown")  # fmt: skip

    def __init__(self, call: Call) -> None:
        self.call = call
        self.limit: int | None = None
        self.intent: Intent | None = None
        self.attempts: list[Attempt] = []
        self.found: _Found | None = None
        self.outcome: Outcome | None = None
        self.unknown = self.resumed = False
        self.displaced: float | None = None
        self.said = ""

    def fails(self, error: KisekiError) -> None:
        self.outcome = Outcome(self.call, error=error)


class _Flight:
    """The calls of one `send_all`: taken, signed, written down, sent, waited for, told."""

    def __init__(self, sender: Sender, calls: Iterator[Call]) -> None:
        self._sender = sender
        self._journal = sender.journal
        self._policy = sender.policy
        self._scope = sender.journal.flight()
        self._calls = calls
        self._exhausted = False
        self._begun = False
        self._queue: deque[_Entry] = deque()
        self._given: list[tuple[Intent, bool]] = []
        self._interrupted: bool | None = None
        self._problem: KisekiError | None = None
        self._broken: Exception | None = None
        self._progress = self._nudged = time.monotonic()
        self._pause = _FIRST_PAUSE
        self._head = self._pruned = 0
        self._silent = False

    @property
    def waiting(self) -> list[_Entry]:
        """What is on its way."""
        return [each for each in self._queue if each.outcome is None and each.intent is not None]

    @property
    def _held(self) -> list[_Entry]:
        """What was taken and could not be sent yet, for want of ether or because of the cap."""
        return [each for each in self._queue if each.outcome is None and each.intent is None]

    def take(self, intent: Intent, attempts: list[Attempt]) -> None:
        """Waits for an intent of the journal."""
        entry = _Entry(intent.call)
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
        """Whoever asks for the same again is given what is still on its way, or was not told."""
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

    def _take(self, most: int) -> list[_Entry]:
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
        sender = self._sender
        if self._interrupted is None:
            if not sender.settled:
                sender.settle()
            self._interrupted = self._journal.is_interrupted(sender.lane)
        return self._interrupted

    def _entries(self, calls: Sequence[Call]) -> Iterator[_Entry]:
        sender = self._sender
        intents: Sequence[Intent | None] = [None] * len(calls)
        if self._is_resumed():
            intents = self._journal.adopt(sender.lane, calls, self._scope)
        for call, intent in zip(calls, intents, strict=True):
            # What was sent, where it is the same in other words.
            entry = _Entry(intent.call if intent is not None and call.same else call)
            if intent is not None:
                entry.intent, entry.resumed = intent, True
                entry.attempts = self._journal.attempts(intent)
            elif not sender.fits(call):
                entry.fails(
                    ChainError(
                        f"{call.what} would be {len(call.data):,} bytes; mempools take "
                        f"{sender.most_bytes:,}; send fewer at a time; nothing was sent"
                    )
                )
            yield entry

    def _start(self, fresh: list[_Entry]) -> None:
        """Signs, writes down and sends those that the wallet can pay now.

        Raises:
            KisekiError: none of them can be sent now.
        """
        sender, lane = self._sender, self._sender.lane
        self._estimate(fresh)
        good = [each for each in fresh if each.outcome is None]
        if not good:
            return
        with self._journal.hold(lane):
            *about_fees, count, balance = sender._try(
                [
                    *_FEES,
                    ("eth_getTransactionCount", [sender.address, "pending"]),
                    ("eth_getBalance", [sender.address, "latest"]),
                ]
            )
            fees = sender._fees(about_fees)
            with node_errors():
                known, balance = _number(_result(count), 64), _number(_result(balance), 256)
            payable = self._payable(good, fees, balance)
            if not payable:
                fee = (good[0].limit or 0) * fees.most
                raise sender._too_poor(good[0].call, fee, balance)
            first = self._next(lane, known)
            new = []
            for nonce, entry in enumerate(payable, first):
                limit = entry.limit or 0
                signed = sender._sign(entry.call, nonce, limit, fees)
                new.append((nonce, entry.call, limit, signed, fees))
            intents = self._journal.add(lane, new, self._scope)
            for entry, intent in zip(payable, intents, strict=True):
                entry.intent = intent
                entry.attempts = self._journal.attempts(intent)
            self._begun = True
            self._hand_over(payable)

    def _estimate(self, fresh: list[_Entry]) -> None:
        """Gives every call its gas limit, or its refusal."""
        sender = self._sender
        for entry in fresh:
            if entry.limit is None and entry.call.gas is not None:
                self._limit(entry, entry.call.gas)
        unknown = [each for each in fresh if each.limit is None and each.outcome is None]
        if not unknown:
            return
        asked = [("eth_estimateGas", [sender._json(each.call)]) for each in unknown]
        for entry, answer in zip(unknown, sender._try(asked), strict=True):
            try:
                self._limit(entry, sender._estimated(entry.call, answer))
            except KisekiError as error:
                entry.fails(error)

    def _limit(self, entry: _Entry, gas: int) -> None:
        if gas > MOST_GAS:
            entry.fails(
                ChainError(
                    f"{entry.call.what} needs {gas:,} gas; a transaction may use {MOST_GAS:,}; "
                    "send fewer at a time; nothing was sent"
                )
            )
        entry.limit = min(int(gas * _SPARE_GAS), MOST_GAS)

    def _payable(self, good: list[_Entry], fees: Fees, balance: int) -> list[_Entry]:
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
            self._sender.settle()  # the node lags, or the chain was reorganised
        return highest + 1

    def _hand_over(self, entries: list[_Entry]) -> None:
        """Sends them. The last ones, if no node takes them, are taken back."""
        answers = self._sender._submit([each.attempts[-1] for each in entries])
        last = len(entries)
        for place in reversed(range(len(entries))):
            answer = answers[place]
            if answer is None or not _is_refused(answer):
                break
            last = place
        for place, (entry, answer) in enumerate(zip(entries, answers, strict=True)):
            if answer is None:
                continue
            entry.said = one_line(answer.message)
            if place >= last and entry.intent is not None:
                self._journal.forget([entry.intent])
                entry.intent = None
                entry.fails(
                    ChainError(
                        f"the node refused {entry.call.what}: {entry.said}; nothing was sent"
                    )
                )

    # Waiting

    def _poll(self, waiting: list[_Entry]) -> None:
        sender = self._sender
        tag = self._policy.finality
        questions: list[Asked] = [
            ("eth_blockNumber", []),
            ("eth_getTransactionCount", [sender.address, "latest"]),
        ]
        if isinstance(tag, str):
            questions.append(("eth_getBlockByNumber", [tag, False]))
        try:
            head, count, *last = sender._ask(questions)
            with node_errors():
                final = self._final(_number(head, 63), last)
                used = _number(count, 64)
            found = sender._receipts([each.attempts for each in waiting])
        except ChainError:
            self._silent = True
            self._rest(waiting)
            return
        self._silent = False
        changed: list[tuple[Intent, int | None, bytes | None]] = []
        again: list[_Entry] = []
        for entry, now in zip(waiting, found, strict=True):
            assert entry.intent is not None  # noqa: S101 - what waits has one
            before = entry.found
            if now is None:
                if before is not None:  # a reorganisation took it out of the chain
                    changed.append((entry.intent, None, None))
                    again.append(entry)
                self._look_for_another(entry, used)
            elif before is None or before.block_hash != now.block_hash:
                changed.append((entry.intent, now.block, now.block_hash))
            entry.found = now
            if now is not None and now.block <= final:
                self._land(entry, now)
        if changed:
            self._journal.seen(changed)
            self._step()
        if again:
            sender._submit([each.attempts[-1] for each in again])
        self._look_deep(_number(head, 63))
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
        (block,) = last
        return -1 if block is None else _number(block["number"], 63)

    def _land(self, entry: _Entry, found: _Found) -> None:
        """It is as final as the policy asks."""
        call, sent = entry.call, to_hex(found.attempt.hash)
        if found.attempt.cancels:
            entry.fails(
                TransactionFailed(
                    f"{call.what} was cancelled by {sent}; nothing of it was done", found.fee
                )
            )
        elif not found.done:
            entry.fails(
                TransactionFailed(
                    f"{call.what} was sent as {sent} and failed in block {found.block}; "
                    "what it depends on changed meanwhile, so run this again",
                    found.fee,
                )
            )
        else:
            receipt = Receipt(
                call.what, found.attempt.hash, found.block, found.gas, found.fee,
                found.contract, found.logs, entry.resumed,
            )  # fmt: skip
            entry.outcome = Outcome(call, receipt)

    def _look_for_another(self, entry: _Entry, used: int) -> None:
        """Gives up on an intent whose nonce something else has taken.

        After a while: of two nodes behind one address one may know the newer block.
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
            try:
                known = self._sender._knows(entry.attempts)
            except ChainError:
                return
            if known:
                entry.displaced = None
                return
            self._journal.forget([entry.intent])
            entry.intent = None
            entry.fails(
                TransactionFailed(
                    f"{entry.call.what} was replaced: another transaction of "
                    f"{self._sender.address} has its nonce; it was not carried out, so run this "
                    "again if it is still wanted"
                )
            )

    def _look_deep(self, head: int, every: int = _DEEP) -> None:
        if head - self._pruned >= every and head > _DEEP:
            self._pruned = head
            self._journal.deep(self._sender.lane, head - _DEEP)

    def _step(self) -> None:
        self._progress = self._nudged = time.monotonic()
        self._pause = _FIRST_PAUSE

    def _rest(self, waiting: Sequence[_Entry] = ()) -> None:
        """Waits a little; after a while without progress does something about it."""
        now = time.monotonic()
        if waiting and now - self._progress > self._policy.patience:
            self._give_up(waiting)
            return
        if waiting and now - self._nudged > self._policy.stuck:
            self._nudged = now
            with contextlib.suppress(ChainError):  # it is asked again soon
                self._nudge()
        time.sleep(self._pause)
        self._pause = min(self._pause * 1.3, _LONGEST_PAUSE)

    def _give_up(self, waiting: Sequence[_Entry]) -> None:
        why = f"nothing is known of it after {self._policy.patience:.0f} s"
        if self._silent:
            why = "nothing is known of it; the node does not answer"
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

    # When nothing moves

    def _nudge(self) -> None:
        """Sends again what nodes have lost, and replaces what the chain passes over.

        For the whole lane: what an earlier run left behind holds up what comes after it.
        """
        sender, lane = self._sender, self._sender.lane
        with self._journal.hold(lane):
            rows = [each for each in self._journal.intents(lane) if each.block is None]
            if not rows:
                return
            attempts = {each.id: self._journal.attempts(each) for each in rows}
            count, *known = sender._ask(
                [
                    ("eth_getTransactionCount", [sender.address, "latest"]),
                    *(
                        ("eth_getTransactionByHash", [to_hex(attempts[each.id][-1].hash)])
                        for each in rows
                    ),
                ]
            )
            used = _number(count, 64)
            lost = [each for each, there in zip(rows, known, strict=True) if there is None]
            lost = [each for each in lost if each.nonce >= used]
            answers = sender._submit([attempts[each.id][-1] for each in lost])
            first = next((each for each in rows if each.nonce == used), None)
            if first is None:
                return  # what comes next is somebody else's, or in a block by now
            said = answers[lost.index(first)] if first in lost else None
            stale = time.time() - attempts[first.id][-1].sent > self._policy.stuck
            if (said is not None and _is_cheap(said)) or (first not in lost and stale):
                # Those behind it that offer no more are passed over for the same reason.
                most = attempts[first.id][-1].fees.most
                self._replace(
                    [
                        (each, attempts[each.id])
                        for each in rows
                        if each.nonce >= used and attempts[each.id][-1].fees.most <= most
                    ]
                )

    def _replace(self, passed_over: Sequence[tuple[Intent, list[Attempt]]]) -> None:
        sender = self._sender
        offered = _uncapped(sender)
        entries = {each.intent.id: each for each in self.waiting if each.intent is not None}
        made: list[Attempt] = []
        for intent, attempts in passed_over:
            fees = offered.replacing(attempts[-1].fees, self._policy)
            if fees is None:
                continue  # at the cap: it waits until the chain asks less
            cancels = attempts[-1].cancels
            call = Call(sender.address, b"", 0, intent.call.what) if cancels else intent.call
            signed = sender._sign(call, intent.nonce, intent.gas, fees)
            self._journal.attempt(intent, signed, fees, cancels=cancels)
            made.append(Attempt(signed.raw, signed.hash, fees, cancels, time.time()))
            if intent.id in entries:
                entries[intent.id].attempts = [*attempts, made[-1]]
        sender._submit(made)


def _uncapped(sender: Sender) -> Fees:
    """What the chain asks, or the cap where that is less."""
    try:
        return sender.fees()
    except FeeTooHigh:
        cap = sender.policy.max_fee or 0
        return Fees(cap, 0)


def _is_refused(refusal: Refusal) -> bool:
    """Whether a node that said so has not got the transaction, nor could get it into a block."""
    return not _says(refusal, (*_THERE, *_LATE, *_CHEAP))


def _is_cheap(refusal: Refusal) -> bool:
    return _says(refusal, _CHEAP)


def _says(refusal: Refusal, any_of: Sequence[str]) -> bool:
    said = " " + refusal.message.lower()
    return any(words in said for words in any_of)


def _result(answer: Any | Refusal) -> Any:
    if isinstance(answer, Refusal):
        raise answer
    return answer


def _number(value: Any, bits: int, minimum: int = 0) -> int:
    """A JSON-RPC quantity."""
    if not isinstance(value, str) or not value.startswith("0x"):
        raise ValueError("a quantity that is none")
    return uint(int(value, 16), bits, "what the node answered", minimum)


def _log(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """A log as web3 gives it."""
    return {
        **raw,
        "topics": [from_hex(each, 32, "a topic") for each in raw["topics"]],
        "data": from_hex(raw["data"], None, "the data of a log"),
        "blockNumber": _number(raw["blockNumber"], 63),
        "logIndex": _number(raw["logIndex"], 63),
        "transactionHash": from_hex(raw["transactionHash"], 32, "the transaction's hash"),
    }
