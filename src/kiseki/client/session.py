"""One chain, the suite on it, and what it logged so far; shared by all wallets that act there."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kiseki.chain.contract.contracts import Contract, node_errors
from kiseki.chain.contract.events import Decoder
from kiseki.chain.node import Refusal, ask
from kiseki.chain.release import deploying as deployment
from kiseki.chain.sending.fees import Policy
from kiseki.chain.sending.journal import Journal
from kiseki.chain.sending.outcome import Receipt
from kiseki.chain.sending.rehearsal import Rehearsal
from kiseki.chain.sending.sender import Sender
from kiseki.chain.signing.signer import Signer
from kiseki.core.event import Event
from kiseki.core.values import from_hex, to_hex
from kiseki.errors import ChainError, IndexInconsistent, NodeUnreachable
from kiseki.index import REGISTRIES, Index

if TYPE_CHECKING:
    from web3 import Web3

__all__ = ["Session"]

_BLOCKS = 10_000
"""Blocks asked for at once; halved when the node finds that too much."""


class Session:
    """The suite on one chain. Its index is for one thread; another makes a session of its own.

    Attributes:
        w3: the connection.
        journal: what its wallets have on their way.
        policy: fees, finality and patience.
        rehearses: whether nothing is sent and everything only tried.
    """

    def __init__(
        self,
        w3: Web3,
        record: Path | None = None,
        journal: Journal | None = None,
        policy: Policy | None = None,
        *,
        rehearses: bool = False,
    ) -> None:
        """
        Args:
            record: the folder of deployment records, when there is one.
            journal: one in memory if none is given.
            rehearses: for a dry run.

        Raises:
            NotDeployed: the suite is not there, or not the whole of it.
            NodeUnreachable: the node does not answer.
        """
        self.w3 = w3
        self.journal = journal or Journal()
        self.policy = policy or Policy()
        self.rehearses = rehearses
        self.deployment = deployment.find(w3, record)
        self._contracts = {
            name: Contract(w3, name, address) for name, address in self.deployment.addresses.items()
        }
        self._senders: dict[str, Sender] = {}
        self._decoder = Decoder(self.deployment.addresses)
        self._forget()
        self._lock = threading.Lock()

    @property
    def chain_id(self) -> int:
        """The chain."""
        return self.deployment.chain_id

    def __getitem__(self, name: str) -> Contract:
        """A contract of the suite by its name."""
        return self._contracts[name]

    def sender(self, signer: Signer) -> Sender:
        """The one sender of a wallet."""
        kind = Rehearsal if self.rehearses else Sender
        with self._lock:
            if signer.address not in self._senders:
                self._senders[signer.address] = kind(self.w3, signer, self.journal, self.policy)
            return self._senders[signer.address]

    def now(self) -> int:
        """Time of the latest block, in seconds; what contracts compare with."""
        with node_errors():
            return int(self.w3.eth.get_block("latest")["timestamp"])

    @property
    def index(self) -> Index:
        """The index, with everything that the chain has logged by now.

        When blocks that were read are no longer the chain's (a reorganisation, or a local chain set
        back), it is made anew from the first block on.

        What it holds is compared with the registries' own logs as of the last block read, so that a
        registration that the node left out is never passed over.

        Raises:
            IndexInconsistent: the events contradict each other, or the node left something out,
                also when read afresh.
            NodeUnreachable: the node does not answer.
        """
        with self._lock:
            try:
                if not self._is_current():
                    self._forget()
                self._read()
            except IndexInconsistent:
                self._forget()
                self._read()
            return self._index

    @property
    def block(self) -> int:
        """The last block that the index has read; before the first question, the one before the
        suite's."""
        return self._next - 1

    def events(self, receipt: Receipt) -> list[Event]:
        """What the suite logged in one transaction."""
        with node_errors():
            return list(self._decoder.decode(receipt.logs, self._timestamps(receipt.logs)))

    def _forget(self) -> None:
        self._index = Index(self.deployment.addresses)
        self._next = self.deployment.block
        self._last_hash: bytes | None = None
        self._compared = self._next - 1

    def _is_current(self) -> bool:
        """Whether the last block read is still the one at its height."""
        return self._last_hash is None or self._hash(self._next - 1) == self._last_hash

    def _hash(self, number: int) -> bytes | None:
        from web3.exceptions import BlockNotFound

        with node_errors(), contextlib.suppress(BlockNotFound):
            return bytes(self.w3.eth.get_block(number)["hash"])
        return None

    def _read(self) -> None:
        with node_errors():
            head = self.w3.eth.get_block("latest")
            latest, now = int(head["number"]), int(head["timestamp"])
        step = _BLOCKS
        while self._next <= latest:
            end = min(self._next + step - 1, latest)
            try:
                logs = self._logs(self._next, end)
            except NodeUnreachable:
                raise
            except ChainError:
                if step == 1:
                    raise
                step //= 2
                continue
            with node_errors():
                events = list(self._decoder.decode(logs, self._timestamps(logs)))
            self._index.apply(events)
            self._next = end + 1
            self._last_hash = self._hash(end)
        if self._compared < self._next - 1:
            self._compare(self._next - 1)
            self._compared = self._next - 1
        self._index.at(now)

    def _compare(self, block: int) -> None:
        """Holds the index to the registries' logs."""
        contracts = [self._contracts[name] for name in REGISTRIES]
        with node_errors():
            answers = ask(
                self.w3,
                [
                    (
                        "eth_call",
                        [{"to": each.address, "data": to_hex(each.call("log").data)}, hex(block)],
                    )
                    for each in contracts
                ],
            )
            for each in answers:
                if isinstance(each, Refusal):
                    raise each
            logs = [from_hex(each, 32, "the log of a registry") for each in answers]
        for (name, kind), log in zip(REGISTRIES.items(), logs, strict=True):
            if self._index.log(name) != log:
                many = len(self._index.registered(name))
                raise IndexInconsistent(
                    f"the node told of {many:,} {kind} up to block {block:,}, and these are not "
                    f"what {name} registered: it left something out, or added something; ask "
                    "another node"
                )

    def _logs(self, first: int, last: int) -> list[Mapping[str, Any]]:
        with node_errors():
            addresses = list(self.deployment.addresses.values())
            found = self.w3.eth.get_logs(
                {"fromBlock": first, "toBlock": last, "address": addresses}  # type: ignore[typeddict-item]
            )
        return list(found)

    def _timestamps(self, logs: Sequence[Mapping[str, Any]]) -> Mapping[int, int]:
        return dict(self._times(logs))

    def _times(self, logs: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, int]]:
        """From the logs where the node tells, which most do now; else from the blocks."""
        for number in sorted({log["blockNumber"] for log in logs}):
            told = next(log.get("blockTimestamp") for log in logs if log["blockNumber"] == number)
            if told is None:
                with node_errors():
                    told = self.w3.eth.get_block(number)["timestamp"]
            yield number, int(told, 16) if isinstance(told, str) else int(told)
