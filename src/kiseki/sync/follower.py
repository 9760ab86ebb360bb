"""Reads the chain into an index, as far as it goes by now."""

from __future__ import annotations

from kiseki.chain import logs as chain_logs
from kiseki.chain.contract.contracts import Contract, node_errors, returned
from kiseki.chain.contract.events import Decoder
from kiseki.chain.node import Node
from kiseki.chain.release.deploying import Deployment
from kiseki.core.values import bytes32
from kiseki.errors import IndexInconsistent
from kiseki.index import REGISTRIES, Index

__all__ = ["Follower"]


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
        return self._next - 1

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
        try:
            if not self._is_current():
                self._start()
            self._read()
        except IndexInconsistent:
            self._start()
            self._read()
        return self._index

    def _start(self) -> None:
        self._index = Index((each.name, each.address) for each in self._deployment.contracts)
        self._next = self._deployment.block
        self._last_hash: bytes | None = None
        self._compared = self._next - 1

    def _is_current(self) -> bool:
        """Whether the last block read is still the one at its height."""
        return self._last_hash is None or self._last_hash == chain_logs.block_hash(
            self._node, self._next - 1
        )

    def _read(self) -> None:
        latest, now, _ = chain_logs.head(self._node)
        for end, logged in chain_logs.scan(self._node, self._next, latest, self._addresses):
            with node_errors():
                times = chain_logs.timestamps(self._node, logged)
                events = list(self._decoder.decode(logged, times))
            self._index.apply(events)
            self._next = end + 1
            self._last_hash = chain_logs.block_hash(self._node, end)
        if self._compared < self._next - 1:
            self._compare(self._next - 1)
            self._compared = self._next - 1
        self._index.at(now)

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
