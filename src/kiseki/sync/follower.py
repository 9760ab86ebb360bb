"""Reads the chain into an index, as far as it goes by now.

Several nodes may answer behind one address, and one of them may be behind the others. Such a node
says of blocks that it does not have that nothing was logged in them. So an empty answer stands for
nothing near the head of the chain: the cursor goes to the last block with a log, and what seemed
empty after it is asked for again with the next question.
"""

from __future__ import annotations

import contextlib
import time

from kiseki.chain import logs as chain_logs
from kiseki.chain.answers import hash_of, quantity
from kiseki.chain.contract.contracts import Contract, node_errors, returned
from kiseki.chain.contract.events import Decoder
from kiseki.chain.history import Part, history
from kiseki.chain.node import Node
from kiseki.chain.release.deploying import Deployment
from kiseki.core.values import bytes32
from kiseki.errors import IndexInconsistent, NodeBehind
from kiseki.index import REGISTRIES, Index

__all__ = ["Follower"]

_NEAR = 64
"""Blocks from the head for which an empty answer is asked for again."""

_PAUSES = (0.1, 0.4)
"""Seconds to wait where one question shows that another was answered by a node that is behind."""


class Follower:
    """The index of one deployment, kept up with its chain. For one thread."""

    def __init__(self, node: Node, deployment: Deployment, decoder: Decoder) -> None:
        self._node, self._deployment, self._decoder = node, deployment, decoder
        self._addresses = [each.address for each in deployment.contracts]
        self._registries = {
            name: Contract(node, name, deployment.addresses[name]) for name in REGISTRIES
        }
        self._start()

    @property
    def block(self) -> int:
        """The last block that was read; before the first question, the one before the suite's."""
        return self._block

    def index(self) -> Index:
        """The index, with everything that the chain has logged by now.

        When blocks that were read are no longer the chain's (a reorganisation, or a local chain set
        back), it is made anew from the first block on. Where the node that answers about logs is
        behind the others for longer than a moment, the index ends at the last block that it has
        (`block`).

        What it holds is compared with the registries' own logs as of the last block read, so that a
        registration that the node left out is never passed over.

        Raises:
            IndexInconsistent: the events contradict each other, or the node left something out,
                also when read afresh.
            NodeUnreachable: the node does not answer.
        """
        latest = self._latest()
        try:
            self._read(latest)
        except IndexInconsistent:
            self._start()
            self._read(latest)
        return self._index

    def _start(self) -> None:
        self._index = Index((each.name, each.address) for each in self._deployment.contracts)
        self._next = self._deployment.block
        self._last_hash: bytes | None = None
        self._block = self._compared = self._next - 1
        self._now = 0

    def _latest(self) -> chain_logs.Head:
        """The latest block; starts again where the last block that counts is not the chain's."""
        for pause in (*_PAUSES, None):
            if self._last_hash is None:
                return chain_logs.head(self._node)
            latest, last = chain_logs.blocks(self._node, "latest", self._next - 1)
            if latest is not None and last is not None:
                if last.hash != self._last_hash:
                    self._start()
                return latest
            if pause is not None:  # a node that is behind has not got it yet
                self._node.pass_over()
                time.sleep(pause)
        self._start()  # the chain was set back
        return chain_logs.head(self._node)

    def _read(self, latest: chain_logs.Head) -> None:
        for pause in (*_PAUSES, None):
            try:
                self._advance(latest)
                break
            except IndexInconsistent:
                if pause is None:
                    raise
                time.sleep(pause)

    def _advance(self, latest: chain_logs.Head) -> None:
        """Reads what is new, and again what seemed empty.

        Raises:
            IndexInconsistent: as `index` says.
        """
        with contextlib.suppress(NodeBehind):
            self._settle(latest.number - _NEAR)
            self._scan(latest.number)
        if self._block >= latest.number:
            self._now = max(self._now, latest.time)
        self._index.at(self._now)
        if self._compared < self._block:
            self._compare(self._block)
            self._compared = self._block

    def _settle(self, last: int) -> None:
        """Reads up to a block for good, once that is worth a request of its own."""
        if last - self._next < _NEAR:
            return
        self._scan(last)
        (block,) = chain_logs.blocks(self._node, last)
        if block is not None and self._next <= last:
            self._next, self._last_hash = last + 1, block.hash

    def _scan(self, last: int) -> None:
        for part in history(self._node, self._next, last, self._addresses):
            self._apply(part)
            self._block = max(self._block, part.last.number)

    def _apply(self, part: Part) -> None:
        if not part.logs:
            return
        with node_errors():
            events = list(self._decoder.decode(part.logs, part.times))
            last = quantity(part.logs[-1]["blockNumber"], 63)
            last_hash = hash_of(part.logs[-1]["blockHash"])
        self._index.apply(events)
        # Who logged this block has every block before it.
        self._next, self._last_hash = last + 1, last_hash

    def _compare(self, block: int) -> None:
        """Holds the index to the registries' logs."""
        calls = [self._registries[name].call("log") for name in REGISTRIES]
        logs = [
            bytes32(each, "the log of a registry") for each in returned(self._node, calls, block)
        ]
        for (name, kind), log in zip(REGISTRIES.items(), logs, strict=True):
            if self._index.log(name) != log:
                many = len(self._index.registered(name))
                raise IndexInconsistent(
                    f"the node told of {many:,} {kind} up to block {block:,}, and these are not "
                    f"what {name} registered: it left something out, or added something; ask "
                    "another node"
                )
