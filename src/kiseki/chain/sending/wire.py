"""A wallet's wire to the nodes: what it asks, signs and hands over, and what became of that.

Nothing waits here. `flight` decides when; `sender` is what others use.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kiseki.chain.answers import Log, hash_of, quantity
from kiseki.chain.batches import Asked
from kiseki.chain.contract.contracts import Call, node_errors, results
from kiseki.chain.node import Node
from kiseki.chain.refusals import Kind, Refusal
from kiseki.chain.sending.fees import MOST_GAS, Fees, Policy
from kiseki.chain.sending.intents import Attempt, Intent, Lane
from kiseki.chain.sending.journal import Journal
from kiseki.chain.sending.surcharge import PROBES, Surcharge
from kiseki.chain.signing.signer import Signer
from kiseki.core.amounts import in_units
from kiseki.core.checksum import checksummed
from kiseki.core.values import from_hex, to_hex
from kiseki.errors import (
    ChainError,
    FeeTooHigh,
)

__all__ = [
    "DEEP", "FEES", "MOST_BYTES", "Mined", "Wire", "is_refused", "uncapped",
]  # fmt: skip

MOST_BYTES = 131_072
"""Bytes of a transaction that public mempools accept."""
_ENVELOPE = 1024
"""Bytes of a transaction beside its data, generously."""
DEEP = 64
"""Blocks after which a transaction is not looked after any more, whatever its user waits for."""
_LASTS = 60.0
"""Seconds for which a surcharge counts: it follows the prices of another chain."""
_PLAYS = ("anvil", "hardhat", "ganache", "ethereumjs testrpc")
"""Nodes that play a chain for somebody, perhaps one that they copied (`web3_clientVersion`)."""

FEES: list[Asked] = [
    ("eth_getBlockByNumber", ["latest", False]),
    ("eth_maxPriorityFeePerGas", []),
    ("eth_gasPrice", []),
]


@dataclass(frozen=True, slots=True)
class Mined:
    """A transaction that is in a block."""

    attempt: Attempt
    block: int
    block_hash: bytes
    done: bool
    gas: int
    fee: int
    contract: str | None
    logs: tuple[Log, ...]

    @classmethod
    def of(cls, attempt: Attempt, answer: Any) -> Mined:
        gas = quantity(answer["gasUsed"], 63)
        told = answer.get("effectiveGasPrice")
        # Of a node that does not say it: the most that it can have been, and never nothing.
        price = attempt.fees.most if told is None else quantity(told, 256)
        return cls(
            attempt,
            quantity(answer["blockNumber"], 63),
            hash_of(answer["blockHash"]),
            quantity(answer["status"], 8) == 1,
            gas,
            gas * price + quantity(answer.get("l1Fee") or "0x0", 256),
            answer.get("contractAddress"),
            tuple(dict(each) for each in answer["logs"]),
        )


class Wire:
    """What one wallet asks of nodes and hands to them.

    Attributes:
        node: the connection.
        signer: who signs.
        journal: what is on its way.
        policy: fees, finality and patience.
        most_bytes: of one transaction.
        settled: whether what the journal has was looked up.
        least_tip: what nodes said is the least tip that they take, in wei.
    """

    def __init__(
        self, node: Node, signer: Signer, journal: Journal, policy: Policy, most_bytes: int
    ) -> None:
        self.node, self.signer, self.journal, self.policy = node, signer, journal, policy
        self.most_bytes = most_bytes
        self.settled = False
        self.least_tip = policy.least_tip
        self._surcharge: tuple[float, Surcharge] | None = None
        self._lock = threading.Lock()
        self._lane: Lane | None = None

    @property
    def address(self) -> str:
        """The wallet, checksummed."""
        return self.signer.address

    def fits(self, call: Call) -> bool:
        """Whether a call is small enough for one transaction, in bytes and in gas if that is
        known."""
        return self.room(call) >= 0 and (call.gas is None or self.gas(call, call.gas) <= MOST_GAS)

    def gas(self, call: Call, known: int) -> int:
        """What a call needs of which is known what it does: with what a rollup takes for the chain
        below, where its gas limit holds that. Asked of the node again after a minute."""
        if self._surcharge is None or time.monotonic() - self._surcharge[0] > _LASTS:
            answers = self.ask(PROBES)
            with node_errors():
                found = Surcharge.of([quantity(each, 63) for each in answers])
            self._surcharge = time.monotonic(), found
        return known + self._surcharge[1].gas(call.data)

    def room(self, call: Call) -> int:
        """How many bytes a call could have more in one transaction; below zero if too many."""
        return self.most_bytes - _ENVELOPE - len(call.data)

    def fees(self) -> Fees:
        """What a transaction sent now would offer.

        Raises:
            FeeTooHigh: the chain asks more than the cap.
        """
        return self.fees_of(self.tried(FEES))

    @property
    def lane(self) -> Lane:
        """This wallet on this chain."""
        with self._lock:
            if self._lane is None:  # once: a node that changes chains must refuse what follows
                chain_id, first = self.ask(
                    [("eth_chainId", []), ("eth_getBlockByNumber", ["0x0", False])]
                )
                with node_errors():
                    known = from_hex(first["hash"], 32, "the hash of the first block")
                    chain = quantity(chain_id, 64, 1)
                self._lane = Lane(chain, known, self.address, self._fork())
            return self._lane

    def _fork(self) -> str:
        """Which copy of a chain the node plays; empty where it is on the chain itself."""
        (name,) = self.tried([("web3_clientVersion", [])])
        if not isinstance(name, str) or not name.lower().startswith(_PLAYS):
            return ""
        (about,) = self.tried([("hardhat_metadata", [])])  # Anvil's and Hardhat's
        with node_errors():
            if isinstance(about, Refusal):
                return "copy"  # it cannot say
            if about.get("forkedNetwork") is None:
                return ""
            return from_hex(about["instanceId"], 32, "the instance of the node")[:8].hex()

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
        (head,) = self.ask([("eth_blockNumber", [])])
        with node_errors():
            deep = quantity(head, 63) - DEEP
        attempts = {row.id: self.journal.attempts(row) for row in rows}
        found = self.receipts([attempts[row.id] for row in rows])
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
        (count,) = self.tried([("eth_getTransactionCount", [self.address, hex(max(deep, 0))])])
        with node_errors():
            # A node that keeps no state so old refuses: then nothing is forgotten.
            used = 0 if isinstance(count, Refusal) else quantity(count, 64)
        gone = [row for row in lost if row.nonce < used and not self.knows(attempts[row.id])]
        self.journal.forget(gone)
        again = [attempts[row.id][-1] for row in lost if row not in gone]
        self.submit([each for each in again if each.raw])
        self.journal.deep(lane, deep)

    def ask(self, questions: Sequence[Asked]) -> list[Any]:
        """Results of questions that no node refuses."""
        return results(self.node, questions)

    def tried(self, questions: Sequence[Asked]) -> list[Any | Refusal]:
        with node_errors():
            return self.node.ask(questions)

    def bare(self, call: Call) -> dict[str, Any]:
        to = checksummed(call.to)  # signing takes no other
        return {"from": self.address, "to": to, "data": call.data, "value": call.value}

    def sign(self, call: Call, nonce: int, gas: int, fees: Fees) -> Any:
        return self.signer.sign_transaction(
            {
                **self.bare(call),
                "gas": gas,
                "chainId": self.lane.chain_id,
                "nonce": nonce,
                **fees.fields,
            }
        )

    def question(self, call: Call) -> dict[str, Any]:
        """A call as a question to a node."""
        return {
            "from": self.address,
            "to": call.to,
            "data": to_hex(call.data),
            "value": hex(call.value),
        }

    def estimated(self, call: Call, answer: Any | Refusal) -> int:
        if isinstance(answer, Refusal) and answer.kind is Kind.FUNDS:
            raise self.too_poor(call)
        with node_errors():
            return quantity(result(answer), 64)

    def finality(self) -> list[Asked]:
        """Asks which block is as final as the policy wants; nothing where blocks are counted."""
        tag = self.policy.finality
        return [("eth_getBlockByNumber", [tag, False])] if isinstance(tag, str) else []

    def must_know_finality(self, answers: Sequence[Any | Refusal] | None = None) -> None:
        """Refuses to send what could never be told to be final.

        Args:
            answers: to `finality`; the node is asked if they are left out.

        Raises:
            ChainError: the node does not know the block that the policy waits for.
        """
        if answers is None:
            answers = self.tried(self.finality()) if self.finality() else []
        for each in answers:
            if each is None or isinstance(each, Refusal):
                raise ChainError(
                    f"{self._unknown(each)}; nothing was sent; ask another node, or wait for a "
                    "number of blocks instead (--confirmations 12)"
                )

    def final_block(self, answer: Any | Refusal) -> int:
        """The last final block, from the answer to `finality`.

        Raises:
            ChainError: the node does not know one.
        """
        if isinstance(answer, Refusal):
            raise ChainError(self._unknown(answer))
        with node_errors():
            return -1 if answer is None else quantity(answer["number"], 63)

    def _unknown(self, answer: Refusal | None) -> str:
        said = f" (it says: {answer.words(self.policy.currency)})" if answer is not None else ""
        return f"the node does not know which block is {self.policy.finality}{said}"

    def fees_of(self, answers: Sequence[Any | Refusal]) -> Fees:
        """From the answers to `FEES`."""
        block, tip, price = answers
        with node_errors():
            base = result(block).get("baseFeePerGas")
            if base is None:
                asked = quantity(result(price), 96)
                return Fees.now(None, asked, self.policy, self.least_tip)
            known = quantity(base, 94)
            if isinstance(tip, Refusal):  # not every node says what is usual
                usual = max(quantity(result(price), 94) - known, 0)
            else:
                usual = quantity(tip, 94)
            return Fees.now(known, usual, self.policy, self.least_tip)

    def receipts(self, attempts: Sequence[Sequence[Attempt]]) -> list[Mined | None]:
        """For each list of attempts the one that is in a block."""
        flat = [(i, each) for i, some in enumerate(attempts) for each in some]
        answers = self.ask([("eth_getTransactionReceipt", [to_hex(e.hash)]) for _, e in flat])
        found: list[Mined | None] = [None] * len(attempts)
        with node_errors():
            for (i, attempt), answer in zip(flat, answers, strict=True):
                if answer is not None:
                    found[i] = Mined.of(attempt, answer)
        return found

    def knows(self, attempts: Sequence[Attempt]) -> bool:
        """Whether the node has any of them, in a block or waiting for one."""
        asked = [("eth_getTransactionByHash", [to_hex(each.hash)]) for each in attempts]
        return any(each is not None for each in self.ask(asked))

    def is_taken(self, nonce: int, attempts: Sequence[Attempt], last: int) -> bool:
        """Whether a block up to `last` has used a nonce for something other than `attempts`.

        The block that used it is looked for and shown to hold none of them. Two counts and a
        receipt alone do not tell: a reorganisation may lie between the questions, and a node may
        find transactions by their hashes later than it knows the state.

        Raises:
            ChainError: the node does not answer, or does not have the state of those blocks.
        """
        low, high = max(last - DEEP, 0), last
        if high < 0 or self._count(hex(high)) <= nonce:
            return False
        if self._count(hex(low)) > nonce:
            return True  # for so long that no reorganisation reaches it
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self._count(hex(middle)) > nonce else (middle, high)
        (block,) = self.ask([("eth_getBlockByNumber", [hex(high), False])])
        with node_errors():
            block_hash, parent, held = block["hash"], block["parentHash"], block["transactions"]
        before, after = (self._count({"blockHash": each}) for each in (parent, block_hash))
        return before <= nonce < after and not {to_hex(each.hash) for each in attempts} & {*held}

    def _count(self, block: str | dict[str, str]) -> int:
        """Transactions of the wallet up to a block."""
        (count,) = self.ask([("eth_getTransactionCount", [self.address, block])])
        with node_errors():
            return quantity(count, 64)

    def submit(self, attempts: Sequence[Attempt]) -> list[Refusal | None]:
        """Hands them over; what nodes said against them.

        Where an answer is lost they may have arrived, so they are sent once more, and what is said
        against them then counts for nothing: the rest is left to waiting.
        """
        questions = [("eth_sendRawTransaction", [to_hex(each.raw)]) for each in attempts]
        try:
            answers = self.tried(questions)
        except ChainError:
            with contextlib.suppress(ChainError):
                self.tried(questions)
            return [None] * len(attempts)
        refusals = [each if isinstance(each, Refusal) else None for each in answers]
        least = [each.least or 0 for each in refusals if each is not None]
        self.least_tip = max([self.least_tip, *least])
        return refusals

    def too_poor(self, call: Call, fee: int = 0, held: int | None = None) -> ChainError:
        if held is None:
            (answer,) = self.ask([("eth_getBalance", [self.address, "latest"])])
            held = quantity(answer, 256)
        currency = self.policy.currency
        most = f"{in_units(call.value + fee)} {currency}"
        needed = f"up to {most}" if fee else f"{most} and the fee" if call.value else "the fee"
        return ChainError(
            f"{call.what} needs {needed}, and the wallet {self.address} holds {in_units(held)} "
            f"{currency}: insufficient funds; send it some {currency}, then run this again; "
            "nothing was sent"
        )


def uncapped(wire: Wire) -> Fees:
    """What the chain asks, or the cap where that is less."""
    try:
        return wire.fees()
    except FeeTooHigh:
        cap = wire.policy.max_fee or 0
        return Fees(cap, 0)


def is_refused(refusal: Refusal) -> bool:
    """Whether a node that said so has not got the transaction, nor could get it into a block."""
    return refusal.kind not in (Kind.KNOWN, Kind.NONCE, Kind.FEE)


def result(answer: Any | Refusal) -> Any:
    if isinstance(answer, Refusal):
        raise answer
    return answer
