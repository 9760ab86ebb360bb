"""A long-running program that executes due transfers, sweeps payment addresses and passes money on.

It holds no right that others have not, and no state of its own but the record of what it posted:
each round looks at the chain anew,
so it can be stopped at any moment, run twice at once (the second finds the work done, and what it
tries costs nothing, because everything is tried first), and a reorganisation is simply looked at
again. What it sends is in the journal like everything else.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from kiseki.chain.contract.contracts import Call
from kiseki.chain.logs import head
from kiseki.chain.sending.outcome import Receipt
from kiseki.client.kiseki import Kiseki
from kiseki.client.rights.schedules import Pending
from kiseki.client.withdrawals.outbox import Outbox
from kiseki.core.payee import Payee
from kiseki.errors import (
    ChainError,
    ContractReverted,
    FilesError,
    KisekiError,
    NodeUnreachable,
    TransactionFailed,
)
from kiseki.keeper.metrics import Metrics

__all__ = ["Duties", "Keeper", "Round"]


@dataclass(frozen=True, slots=True)
class Duties:
    """What a keeper does.

    Attributes:
        executes: conditional transfers that are due.
        lapses: those whose deadline has passed and that are not due.
        sweeps: payees whose payment addresses are emptied, for each of `tokens`.
        passes: waterfalls that are emptied, for each of `tokens`: all that are known.
        claims: wallets whose money is brought to them, along the whole trace.
        worth: token -> the least amount, in base units, for which money is moved. A token that is
            not named is not moved; ether is the zero address.
        most_wei: the most that one round may cost in fees; none for no limit.
        most_gas: the most that executing one transfer may use. A hostile condition costs no more.
        posts: revocations that are posted to a URL; none for no posting.
    """

    executes: bool = True
    lapses: bool = False
    sweeps: Sequence[Payee] = ()
    passes: bool = False
    claims: Sequence[str] = ()
    worth: dict[str, int] = field(default_factory=dict)
    most_wei: int | None = None
    most_gas: int = 2_000_000
    posts: Outbox | None = None


@dataclass(frozen=True, slots=True)
class Round:
    """What one round did.

    Attributes:
        block: the latest it looked at.
        done: (what, receipt) of everything that was carried out.
        refused: (what, why) of everything that was not.
        postponed: what there was no money left for in this round, or what failed on the chain and
            is tried again after twice as many blocks each time.
        failure: why it ended early; empty if it did not.
        posted: the names of the revocations that a server took.
    """

    block: int
    done: tuple[tuple[str, Receipt], ...]
    refused: tuple[tuple[str, str], ...]
    postponed: tuple[str, ...]
    failure: str = ""
    posted: tuple[str, ...] = ()


class Keeper:
    """Does what is due, round by round.

    Attributes:
        metrics: what it did since it began.
    """

    def __init__(
        self,
        kiseki: Kiseki,
        duties: Duties | None = None,
        told: Callable[[Round], None] = lambda _: None,
        counted: Callable[[Metrics], None] = lambda _: None,
    ) -> None:
        """
        Args:
            kiseki: with the wallet that pays the gas. It is not used by another thread meanwhile.
            told: called after each round in which anything was done or refused, and when the chain
                cannot be read, once until it can again.
            counted: called after every round, and every time the chain cannot be read.
        """
        self._kiseki = kiseki
        self._duties = duties or Duties()
        self._told, self._counted = told, counted
        self._stop = threading.Event()
        # (to, data) of what failed on the chain -> from which block on it is tried, failures. What
        # pretends to succeed whenever it is only tried would cost its fee each block.
        self._rests: dict[tuple[str, bytes], tuple[int, int]] = {}
        self.metrics = Metrics()

    def stop(self) -> None:
        """Ends `run` after what it is doing; from any thread, or a signal."""
        self._stop.set()

    def run(self, pause: float = 2.0, rounds: int | None = None) -> None:
        """Looks at every new block until it is stopped.

        Args:
            pause: seconds between two looks.
            rounds: how many rounds; without end if left out.
        """
        last: tuple[int, bytes] | None = None
        silent = False
        while not self._stop.is_set() and (rounds is None or self.metrics.rounds < rounds):
            try:
                head = self._head()
                if head != last:  # another block, or the chain was reorganised
                    self.round()
                    silent = False
                    if self._kiseki.session.has_read(head[0]):
                        last = head
                        continue
                    # The node that answers is behind the one that told the head: looked at again.
            except (NodeUnreachable, ChainError) as error:  # asked again soon; nothing is lost
                self.metrics.failures += 1
                self._counted(self.metrics)
                if not silent:
                    self._told(Round(self.metrics.block, (), (), (), str(error)))
                silent = True
            self._stop.wait(pause)

    def round(self) -> Round:
        """Does once what is due now.

        Raises:
            NodeUnreachable, ChainError: the chain cannot be read. What was done stays done, and is
                told and counted.
        """
        head, _ = self._head()
        done: list[tuple[str, Receipt]] = []
        refused: list[tuple[str, str]] = []
        postponed: list[str] = []
        posted: list[str] = []
        spent = 0
        try:
            for what, call in self._work():
                try:
                    if self._rests.get((call.to, call.data), (0, 0))[0] > head or not self._pays(
                        call, spent
                    ):
                        postponed.append(what)
                        continue
                    receipt = self._kiseki.sender.send(call)
                except NodeUnreachable:
                    raise
                except KisekiError as error:  # somebody was quicker, or it is not due after all
                    refused.append((what, str(error)))
                    if isinstance(error, TransactionFailed):
                        spent += error.fee
                        self._rest(call, head)
                    continue
                spent += receipt.fee
                done.append((what, receipt))
            posted += self._post(head, refused)
        finally:
            result = Round(
                head, tuple(done), tuple(refused), tuple(postponed), posted=tuple(posted)
            )
            self._count(result, spent)
            if done or refused or posted:
                self._told(result)
        return result

    def _post(self, head: int, refused: list[tuple[str, str]]) -> Sequence[str]:
        """What a server took; nothing that it answers ends a round."""
        if self._duties.posts is None:
            return ()
        try:
            told = self._duties.posts.post(head)
        except FilesError as error:
            refused.append(("post", str(error)))
            return ()
        refused += [(f"post {name}", why) for name, why in told.failed.items()]
        return told.delivered

    # What is due

    def _work(self) -> Iterator[tuple[str, Call]]:
        duties = self._duties
        if duties.executes or duties.lapses:
            yield from self._transfers()
        for payee in duties.sweeps:
            yield from self._sweeps(payee)
        for wallet in duties.claims:
            yield from self._claims(wallet)
        if duties.passes:
            for fall in self._kiseki.revenue.waterfall.known():
                yield from self._claims(fall)
            for fall in self._kiseki.revenue.waterfall.known():
                yield from self._passes(fall)

    def _transfers(self) -> Iterator[tuple[str, Call]]:
        for each in self._kiseki.rights.pending():
            if each.due and self._duties.executes:
                call = self._kiseki.rights.call("execute", each.record.id)
                if self._is_cheap(call):
                    yield f"execute {_short(each)}", call
            elif each.expired and self._duties.lapses:
                yield f"lapse {_short(each)}", self._kiseki.rights.call("lapse", each.record.id)

    def _is_cheap(self, call: Call) -> bool:
        """What a condition burns is not paid for."""
        try:
            return self._kiseki.sender.estimate(call) <= self._duties.most_gas
        except ContractReverted:
            return False

    def _sweeps(self, payee: Payee) -> Iterator[tuple[str, Call]]:
        revenue, splitter = self._kiseki.revenue, self._kiseki.session["RevenueSplitter"]
        for token, least in self._duties.worth.items():
            if revenue.lies(payee, token) >= max(least, 1):
                call = splitter.call("sweep", payee.key, payee.opening, token)
                yield f"sweep {payee.key.hex()[:8]}…", call

    def _passes(self, fall: str) -> Iterator[tuple[str, Call]]:
        for token, least in self._duties.worth.items():
            waterfalls = self._kiseki.revenue.waterfall
            if waterfalls.lies(fall, token) >= max(least, 1):
                yield f"pass {fall[:10]}…", waterfalls.call(fall, token)
            for tier, waits in enumerate(waterfalls.waiting(fall, token), 1):
                call = waterfalls.retry_call(fall, tier, token)
                # One that still fails when it is tried costs nothing and is not told every round.
                if waits >= max(least, 1) and self._is_cheap(call):
                    yield f"retry tier {tier} of {fall[:10]}…", call

    def _claims(self, wallet: str) -> Iterator[tuple[str, Call]]:
        for call in self._kiseki.revenue.unrecorded(wallet, self._duties.worth):
            yield f"record a token of {wallet[:10]}…", call
        # Looked up after that was sent: what is on record now is claimed in the same round.
        for call in self._kiseki.revenue.calls(wallet, self._duties.worth):
            yield f"claim for {wallet[:10]}…", call

    def _pays(self, call: Call, spent: int) -> bool:
        """Whether there is money left for it in this round, at the most that it may cost."""
        most, sender = self._duties.most_wei, self._kiseki.sender
        if most is None:
            return True
        if spent >= most:
            return False
        gas = sender.estimate(call) if call.gas is None else call.gas
        return spent + int(gas * sender.spare) * sender.fees().most <= most

    def _rest(self, call: Call, head: int) -> None:
        failures = self._rests.get((call.to, call.data), (0, 0))[1] + 1
        self._rests[call.to, call.data] = (head + 2 ** min(failures, 20), failures)

    def _head(self) -> tuple[int, bytes]:
        latest = head(self._kiseki.session.node)
        return latest.number, latest.hash

    def _count(self, result: Round, spent: int) -> None:
        metrics = self.metrics
        metrics.rounds += 1
        metrics.block = result.block
        metrics.wei += spent
        metrics.gas += sum(receipt.gas for _, receipt in result.done)
        for kept, happened in (
            (metrics.done, [*(what for what, _ in result.done), *("post" for _ in result.posted)]),
            (metrics.refused, [what for what, _ in result.refused]),
        ):
            for what in happened:
                verb = what.partition(" ")[0]
                kept[verb] = kept.get(verb, 0) + 1
        self._counted(metrics)


def _short(pending: Pending) -> str:
    return f"0x{pending.record.id.hex()[:8]}…"
