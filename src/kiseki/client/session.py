"""One chain, the suite on it, and what it logged so far; shared by all wallets that act there."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from kiseki.chain.answers import Log
from kiseki.chain.contract.contracts import Contract, erc20, node_errors
from kiseki.chain.contract.events import Decoder
from kiseki.chain.contract.foreign import tried
from kiseki.chain.logs import Head, head, timestamps
from kiseki.chain.node import Node
from kiseki.chain.release import deploying as deployment
from kiseki.chain.release.networks import Network, network
from kiseki.chain.sending.fees import Policy
from kiseki.chain.sending.journal import Journal
from kiseki.chain.sending.outcome import Receipt
from kiseki.chain.sending.rehearsal import Rehearsal
from kiseki.chain.sending.sender import Sender
from kiseki.chain.signing.signer import Signer
from kiseki.client.asof import AWAY, AsOf, Old, deployment_of, kept
from kiseki.core.amounts import ETHER_DECIMALS
from kiseki.core.event import Event
from kiseki.core.values import address
from kiseki.errors import ChainError, InvalidInput, NotDeployed

if TYPE_CHECKING:
    from web3 import Web3

    from kiseki.index import Index
    from kiseki.sync.follower import Follower

__all__ = ["Session"]

Progress = Callable[[int, int], None]
"""Blocks done, and in all."""


class Session:
    """The suite on one chain. Its index is for one thread; another makes a session of its own.

    Attributes:
        node: the connection.
        journal: what its wallets have on their way.
        policy: fees, finality and patience.
        rehearses: whether nothing is sent and everything only tried.
        watch: is told how far reading the chain is, each time the index is asked for.
        warn: is told once how old answers are from then on, if they are.
    """

    watch: Callable[[], AbstractContextManager[Progress]] = staticmethod(
        lambda: nullcontext(lambda *_: None)
    )
    warn: Callable[[AsOf], None] = staticmethod(lambda _: None)

    def __init__(
        self,
        node: Node,
        record: Path | None = None,
        journal: Journal | None = None,
        policy: Policy | None = None,
        *,
        rehearses: bool = False,
        networks: Path | None = None,
        index: Path | str | None = None,
        allow_old: bool = False,
    ) -> None:
        """
        Args:
            record: the folder of deployment records, when there is one.
            journal: one in memory if none is given.
            rehearses: for a dry run.
            networks: the user's own table of networks.
            index: the folder or database of the index; in memory if none is given.
            allow_old: while the node does not answer, the index answers as it was left (`as_of`).

        Raises:
            NotDeployed: some of what every chain has once is not there.
            NodeUnreachable: the node does not answer, and nothing that was read before can.
            IndexUnusable: what was read before cannot be used, and the node does not answer.
        """
        self.node = node
        self.journal = journal or Journal()
        self.policy = policy or Policy()
        self.rehearses = rehearses
        self._networks, self._index = networks, index
        self._lock = threading.Lock()
        self._follower: Follower | None = None
        self._old: Old | None = None
        self._allows_old = allow_old
        try:
            self.deployment = deployment.find(node, record)
        except AWAY as error:
            self.deployment = deployment_of(self._left(error), node.chain_id)
        self._contracts = [
            Contract(node, place.name, place.address, place.artifact)
            for place in self.deployment.contracts
        ]
        self._senders: dict[str, Sender] = {}
        self._decoder = Decoder((each.address, each.artifact) for each in self.deployment.contracts)

    @property
    def w3(self) -> Web3:
        """The same connection for web3, for questions of your own."""
        return self.node.w3

    @property
    def chain_id(self) -> int:
        """The chain."""
        return self.deployment.chain_id

    @property
    def network(self) -> Network:
        """What the user's own table of networks, or Kiseki's, says of the chain.

        Raises:
            InvalidInput: the own table cannot be read.
        """
        return network(self.chain_id, self._networks)

    def __getitem__(self, name: str) -> Contract:
        """The newest contract of that name: new things go to it.

        Raises:
            NotDeployed: no release on this chain has one.
        """
        found = self.all(name)
        if not found:
            raise NotDeployed(
                f"chain {self.chain_id} has no {name}: no release on it has one; run "
                "`kiseki deploy`, which adds what is missing"
            )
        return found[-1]

    @property
    def names(self) -> dict[str, str]:
        """Address, in lower case -> name, of every contract that is on this chain."""
        return {each.address.lower(): each.name for each in self._contracts}

    def all(self, name: str) -> list[Contract]:
        """The contracts of that name, of every release on this chain, oldest first."""
        return [each for each in self._contracts if each.name == name]

    def sender(self, signer: Signer) -> Sender:
        """The one sender of a wallet."""
        kind = Rehearsal if self.rehearses else Sender
        with self._lock:
            if signer.address not in self._senders:
                self._senders[signer.address] = kind(self.node, signer, self.journal, self.policy)
            return self._senders[signer.address]

    def rehearsing(self) -> Session:
        """The same chain and index, for the same thread; what is sent there is only tried.

        It lives as long as this one, and is not closed.
        """
        with self._lock:
            if self._old is None:
                self._followed()
            other = copy.copy(self)
        other.rehearses, other._senders = True, {}
        return other

    def decimals(self, token: str) -> int:
        """How many digits a currency has after the point; see `Kiseki.decimals`."""
        if address(token, "the token") == bytes(20):
            return ETHER_DECIMALS
        return tried(erc20(self.node, token), "decimals") or 0

    def digits(self, token: str) -> int:
        """The same, of a token that somebody named and means to pay or to be paid in.

        Raises:
            InvalidInput: there is no contract at that address, so nobody knows what an amount is.
        """
        found = self.decimals(token)
        if not found:
            with node_errors():
                if not self.node.code(token):
                    raise InvalidInput(
                        f"there is no contract at {token} on chain {self.chain_id}, so it is no "
                        "token there; check the address and the network"
                    )
        return found

    def now(self) -> int:
        """Time of the latest block, in seconds; what contracts compare with."""
        return head(self.node).time

    @property
    def index(self) -> Index:
        """The index, with everything that the chain has logged by now; see `Follower.index`.

        Raises:
            IndexInconsistent: the events contradict each other, or the node left something out,
                also when read afresh.
            NodeUnreachable: the node does not answer.
        """
        with self._lock:
            if self._old is None:
                try:
                    with self.watch() as told:
                        return self._followed().index(told)
                except AWAY as error:
                    self._left(error)
                    as_of = self._as_of()
                if as_of is not None:
                    self.warn(as_of)
            index = self._kept()
            index.refresh()
            return index

    @property
    def as_of(self) -> AsOf | None:
        """How old the answers of the index are, since the node does not answer; none while it does.

        A session that went on without its node does not ask it again; connect again for that.
        """
        with self._lock:
            return self._as_of()

    def catch_up(self, progress: Progress = lambda *_: None) -> Index:
        """The same as `index`, told of what is done (blocks, and blocks in all), and never old."""
        with self._lock:
            return self._followed().index(progress)

    def kept(self) -> Index:
        """The index as it was left, without reading anything new."""
        with self._lock:
            return self._kept()

    def reader(self) -> Index:
        """Another connection to the index, as it was left, for another thread; close it. An index
        in memory has no other.

        Raises:
            IndexUnusable: it cannot be opened.
        """
        from kiseki.sync.places import Place

        with self._lock:
            if self._old is not None and self.node.away is not None:
                return kept(Place(self._index), self.chain_id, self.node.away).kept
            return self._followed().reader()

    def drop(self) -> None:
        """Deletes what was read of this chain; it is read again when it is asked for.

        Raises:
            IndexUnusable: it cannot be deleted.
        """
        with self._lock:
            self._followed().drop()

    def close(self) -> None:
        """Closes the index, if it was opened."""
        with self._lock:
            if self._follower is not None:
                self._follower.close()
            if self._old is not None:
                self._old.kept.close()

    def index_place(self) -> str:
        """Where the index is kept, in words."""
        with self._lock:
            if self._old is not None:
                return self._old.place
            return self._followed().place

    def latest(self) -> Head:
        """The chain's latest block."""
        return head(self.node)

    @property
    def block(self) -> int:
        """The last block that the index has read; before the first question, the one before the
        suite's."""
        if self._old is not None:
            return self._old.kept.cursor.block
        return self.deployment.block - 1 if self._follower is None else self._follower.block

    def has_read(self, block: int) -> bool:
        """Whether the index, if it was asked at all, goes as far as a block."""
        return self._follower is None or self._follower.block >= block

    def decoded(self, logs: Iterable[Log], times: Mapping[int, int]) -> Iterator[Event]:
        """What the suite logged, among some logs; see `Decoder.decode`."""
        return self._decoder.decode(logs, times)

    def events(self, receipt: Receipt) -> list[Event]:
        """What the suite logged in one transaction."""
        with node_errors():
            return list(self._decoder.decode(receipt.logs, timestamps(self.node, receipt.logs)))

    def _left(self, why: ChainError) -> Index:
        """Goes on without the node, with what was read before; raises `why` where that cannot be.

        Raises:
            IndexUnusable: what was read before cannot be used.
        """
        from kiseki.sync.places import Place

        if not self._allows_old:
            raise why
        why = self.node.away or why
        read = None if self._follower is None else self._follower.known
        if self._follower is None or read is None:
            self._old = kept(Place(self._index), self.node.chain_id, why)
        elif read.cursor.block < 0:
            raise why
        else:
            self._old = Old(read, self._follower.place)
        self.node.give_up(why)
        return self._old.kept

    def _kept(self) -> Index:
        return self._followed().opened() if self._old is None else self._old.kept

    def _as_of(self) -> AsOf | None:
        if self._old is None:
            return None
        cursor, why = self._old.kept.cursor, str(self.node.away)
        return AsOf(cursor.block, cursor.time, cursor.verified, self.node.place, why)

    def _followed(self) -> Follower:
        """Who reads the chain; begun with the first question, as few commands ask one."""
        from kiseki.sync.follower import Follower
        from kiseki.sync.places import Place

        if self._follower is None:
            place = Place(self._index)
            self._follower = Follower(self.node, self.deployment, self._decoder, place)
        return self._follower
