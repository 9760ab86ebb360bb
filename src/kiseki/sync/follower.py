"""Reads the chain into an index, as far as it goes by now.

What lies far below the head is read in wide ranges; the newest blocks one by one, by their hashes,
so that no node can say of a block that it does not have that nothing was logged in it. The hash of
the last block that was read is kept with what was read. Where it is no longer the chain's, because
of a reorganisation or a local chain that was set back, blocks are taken back down to one that is.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait

from kiseki.chain import logs as chain_logs
from kiseki.chain.contract.contracts import Contract, returned
from kiseki.chain.contract.events import Decoder
from kiseki.chain.history import SPAN, Part, history
from kiseki.chain.node import Node
from kiseki.chain.release.deploying import Deployment
from kiseki.core.values import bytes32
from kiseki.errors import IndexInconsistent, NodeBehind, NodeContradicts
from kiseki.index import REGISTRIES, Head, Index, garbage
from kiseki.sync.places import Place

__all__ = ["Follower"]

_NEAR = 64
"""Blocks from the head that are read one by one, and can be taken back."""

_FIRST = 64
"""Blocks asked for at first, where nobody knows how much is logged in each."""

_PAUSES = (0.1, 0.4)
"""Seconds to wait where one question shows that another was answered by a node that is behind."""

_PATIENCE = 2.0
"""Seconds that a node may take for its next answer before what was read so far is kept: others who
write wait for that, and give up after a minute."""

Progress = Callable[[int, int], None]
"""Blocks done and in all."""


class Follower:
    """The index of one deployment, kept up with its chain. For one thread."""

    def __init__(
        self, node: Node, deployment: Deployment, decoder: Decoder, place: Place | None = None
    ) -> None:
        self._node, self._deployment, self._decoder = node, deployment, decoder
        self._addresses = [each.address for each in deployment.contracts]
        self._registries = {
            name: Contract(node, name, deployment.addresses[name]) for name in REGISTRIES
        }
        self._place = place or Place(None)
        self._index: Index | None = None
        self._genesis = b""

    @property
    def block(self) -> int:
        """The last block that was read; before the first question, the one before the suite's."""
        before = self._deployment.block - 1
        return before if self._index is None else max(before, self._index.cursor.block)

    @property
    def place(self) -> str:
        """Where the index is kept, in words."""
        return self._place.named(self._deployment.chain_id, self._first_hash())

    @property
    def known(self) -> Index | None:
        """The index, if it was opened already."""
        return self._index

    def drop(self) -> None:
        """Deletes the index; it is read again when it is asked for.

        Raises:
            IndexUnusable: it cannot be deleted.
        """
        if self._index is not None:
            self._index.close()
        self._index = None
        self._place.drop(self._deployment.chain_id, self._first_hash())

    def close(self) -> None:
        """Closes the index, if it was opened."""
        if self._index is not None:
            self._index.close()
            self._index = None

    def _first_hash(self) -> bytes:
        if not self._genesis:
            (first,) = chain_logs.blocks(self._node, 0)
            self._genesis = bytes(32) if first is None else first.hash
        return self._genesis

    def opened(self) -> Index:
        """The index as it was left, without asking the node for anything new.

        Raises:
            NodeUnreachable: the node does not say which chain it is on.
            IndexUnusable: the file or database cannot be used.
        """
        if self._index is None:
            self._index = self.reader()
        return self._index

    def reader(self) -> Index:
        """Another connection to the index, as it was left, for another thread.

        Raises:
            NodeUnreachable: the node does not say which chain it is on.
            IndexUnusable: the file or database cannot be used.
        """
        contracts = [(each.name, each.address) for each in self._deployment.contracts]
        return self._place.open(self._deployment.chain_id, self._first_hash(), contracts)

    def index(self, progress: Progress = lambda *_: None) -> Index:
        """The index, with everything that the chain has logged by now.

        Where the node that answers is behind others for longer than a moment, the index ends at the
        last block that it has (`block`).

        What it holds is compared with the registries' own logs as of the last block read, so that a
        registration that the node left out is never passed over.

        Raises:
            IndexInconsistent: the events contradict each other, or the node left something out,
                also when read afresh.
            IndexUnusable: the file or database cannot be used.
            NodeUnreachable: the node does not answer.
        """
        index = self.opened()
        index.refresh()
        try:
            self._follow(index, progress)
        except IndexInconsistent:  # what was found to be the chain's stays, if it can
            if not index.undo(index.cursor.verified + 1):
                index.clear()
            self._follow(index, progress)
        return index

    def _follow(self, index: Index, progress: Progress) -> None:
        for pause in (*_PAUSES, None):
            try:
                latest = self._agree(index)
                with contextlib.suppress(NodeBehind):
                    self._advance(index, latest, progress)
                if index.cursor.block >= latest.number:
                    index.at(latest.time)
                self._compare(index)
                return
            except (IndexInconsistent, NodeContradicts):
                if pause is None:
                    raise
                time.sleep(pause)

    # What is no longer the chain's

    def _agree(self, index: Index) -> chain_logs.Head:
        """The latest block; what was read and is no longer the chain's is taken back."""
        cursor = index.cursor
        if cursor.block < 0:
            return chain_logs.head(self._node)
        for pause in (*_PAUSES, None):
            latest, last = chain_logs.blocks(self._node, "latest", cursor.block)
            if latest is not None and last is not None:
                if last.hash.hex() != cursor.hash:
                    self._take_back(index)
                return latest
            if pause is not None:  # a node that is behind has not got it yet
                self._node.pass_over()
                time.sleep(pause)
        latest = chain_logs.head(self._node)
        self._take_back(index)  # the chain was set back
        return latest

    def _take_back(self, index: Index) -> None:
        """Takes blocks back to the newest one that is still the chain's; all, where none is known
        to be."""
        known = index.block_hashes()
        there = chain_logs.blocks(self._node, *known)
        same = [
            number
            for (number, hash_), block in zip(known.items(), there, strict=True)
            if block is not None and block.hash == hash_
        ]
        if not same or not index.undo(max(same) + 1):
            index.clear()

    # What is new

    def _advance(self, index: Index, latest: chain_logs.Head, progress: Progress) -> None:
        first = max(index.cursor.block + 1, self._deployment.block)
        settled = latest.number - _NEAR
        span = SPAN if index.cursor.block >= 0 else _FIRST
        with garbage.put_off() as look_for_it, index.together() as keep:
            parts = history(self._node, first, settled, self._addresses, span=span)
            for part in _each(parts, keep) if first <= settled else ():
                events = self._decoder.decode(part.logs, part.times)
                index.apply(events, [_head(part.last)], latest.number)
                progress(part.last.number - first + 1, latest.number - first + 1)
                look_for_it()
        numbers = range(max(first, settled + 1), latest.number + 1)
        newest: list[chain_logs.Block] = []
        try:
            for block in chain_logs.by_hash(self._node, numbers, self._addresses, _last(index)):
                newest.append(block)
        finally:  # also what a node has that lacks the last
            self._apply(index, newest, latest.number)

    def _apply(self, index: Index, newest: Sequence[chain_logs.Block], latest: int) -> None:
        if newest:
            heads = [_head(block.head) for block in newest]
            times = {head.number: head.time for head in heads}
            logged = [log for block in newest for log in block.logs]
            index.apply(self._decoder.decode(logged, times), heads, latest)

    def _compare(self, index: Index) -> None:
        """Holds the index to the registries' logs."""
        block = index.cursor.block
        if block <= index.cursor.verified:
            return
        calls = [self._registries[name].call("log") for name in REGISTRIES]
        logs = [
            bytes32(each, "the log of a registry") for each in returned(self._node, calls, block)
        ]
        for (name, kind), log in zip(REGISTRIES.items(), logs, strict=True):
            if index.log(name) != log:
                many = index.count(name)
                raise IndexInconsistent(
                    f"the node told of {many:,} {kind} up to block {block:,}, and these are not "
                    f"what {name} registered: it left something out, or added something; ask "
                    "another node"
                )
        index.verify(block)


def _each(parts: Iterator[Part], meanwhile: Callable[[], object]) -> Iterator[Part]:
    """Each part, in order; whenever the next is long in coming, something is done once."""
    thread = ThreadPoolExecutor(1, "history")
    try:
        while True:
            coming = thread.submit(next, parts, None)
            if not wait({coming}, _PATIENCE).done:
                meanwhile()
            part = coming.result()
            if part is None:
                return
            yield part
    finally:
        thread.shutdown(wait=False, cancel_futures=True)


def _last(index: Index) -> chain_logs.Head | None:
    """The block that the next one must follow: perhaps another node, on another branch, tells of
    that."""
    cursor = index.cursor
    if not cursor.hash:
        return None
    return chain_logs.Head(cursor.block, cursor.time, bytes.fromhex(cursor.hash), b"")


def _head(block: chain_logs.Head) -> Head:
    return Head(block.number, block.time, block.hash)
