"""A log that is added to, signed and asked. Where its nodes lie is a `Store`.

An order holds everywhere: entries are stored, then a checkpoint over them is signed. A checkpoint
over nodes that are not stored for good could contradict the next one, which is what a fork is.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

from kiseki.core.counts import counted
from kiseki.core.values import uint
from kiseki.errors import InvalidInput, LogDamaged
from kiseki.vault.log import tree
from kiseki.vault.log.checkpoints import Checkpoint, opened
from kiseki.vault.log.notes import Note, Signer, VerifierKey, sign
from kiseki.vault.log.proofs import LogProof
from kiseki.vault.log.tiles import Tile, tile, tile_places
from kiseki.vault.log.tree import Frontier, Node, Nodes, Place, leaf_hash

__all__ = ["Log", "Memory", "Store"]


class Store(Protocol):
    """Where the nodes of one log lie."""

    @property
    def size(self) -> int:
        """How many entries are stored for good."""
        ...

    def nodes(self, places: Sequence[Place]) -> Sequence[bytes]:
        """The hashes of complete subtrees, in the order of ``places``: at most about 80 for a
        proof, and 256 for a tile. Each must be found by its key. (SQLite reads a whole table for
        ``(level, at) IN (VALUES …)``; a join on these values does not.)

        Raises:
            LogDamaged: one is not there.
        """
        ...

    def add(self, before: int, nodes: Sequence[Node], size: int) -> None:
        """Stores ``nodes`` and the new ``size``, all or nothing, and for good when it returns.

        Raises:
            LogDamaged: the size stored is not ``before``: somebody else added meanwhile.
        """
        ...


class Memory:
    """A store in memory, for a small tree that is made again when it is needed."""

    __slots__ = ("_nodes", "size")

    def __init__(self) -> None:
        self._nodes: dict[tuple[int, int], bytes] = {}
        self.size = 0

    def node(self, level: int, index: int) -> bytes:
        """One of `nodes`."""
        found = self._nodes.get((level, index))
        if found is None:
            raise LogDamaged(f"the log's node {index} of level {level} is not there")
        return found

    def nodes(self, places: Sequence[Place]) -> list[bytes]:
        """See `Store`."""
        return [self.node(*place) for place in places]

    def add(self, before: int, nodes: Sequence[Node], size: int) -> None:
        """See `Store`."""
        if before != self.size:
            raise LogDamaged(f"the log has {self.size} entries, not {before} as before")
        self._nodes.update(((each.level, each.at), each.hash) for each in nodes)
        self.size = size


class Log:
    """One log: its origin, the key that signs for it, and where its nodes lie.

    Args:
        signer: signs checkpoints; the name of its key is the log's origin.
        store: where the nodes lie.
    """

    def __init__(self, signer: Signer, store: Store) -> None:
        self._signer, self._store = signer, store
        self._frontier = Frontier()

    @property
    def origin(self) -> str:
        """The log's name, which no other has."""
        return self.key.name

    @property
    def key(self) -> VerifierKey:
        """By which others check what the log signs."""
        return self._signer.key

    @property
    def size(self) -> int:
        """How many entries there are."""
        return self._store.size

    def append(self, entries: Iterable[bytes]) -> range:
        """Adds entries, and returns their indexes when they are stored.

        Raises:
            LogDamaged: the store lacks a node, or somebody else added meanwhile; nothing was
                added, and the same call can be made again.
        """
        before = self._store.size
        # Kept between calls, and read again if somebody else added.
        if self._frontier.size != before:
            self._frontier = self._read(before)
        frontier, made = self._frontier.add(leaf_hash(each) for each in entries)
        if made:
            self._store.add(before, made, frontier.size)
        self._frontier = frontier
        return range(before, frontier.size)

    def checkpoint(self, size: int | None = None) -> Note:
        """The log's signed word of its first ``size`` entries; of all if it is left out.

        Raises:
            InvalidInput: it has not so many.
            LogDamaged: the store lacks a node.
        """
        size = self._known(self._store.size if size is None else size)
        return sign(Checkpoint(self.origin, size, self._read(size).root).text, self._signer)

    def prove(self, index: int, checkpoint: Note, extra: bytes | None = None) -> LogProof:
        """The proof that entry ``index`` is in the log as ``checkpoint`` says it.

        Args:
            checkpoint: of this log, signed by it, with whatever cosignatures came meanwhile.
            extra: handed on with it; nothing signs it.

        Raises:
            InvalidInput: the log has no such entry, or not so many as the checkpoint says.
            ProofError: the checkpoint is of another log.
            LogDamaged: the store lacks a node, or has another root than was signed.
        """
        said = opened(checkpoint, self.origin, [self.key])
        places = tree.inclusion_places(index, self._known(said.size))
        path = tree.inclusion(index, said.size, self._nodes(places))
        return LogProof(index, path, checkpoint, extra)

    def consistency(self, old: int, new: int | None = None) -> tuple[bytes, ...]:
        """The proof that the first ``new`` entries begin with the first ``old``.

        Args:
            new: all entries if it is left out.

        Raises:
            InvalidInput: ``old`` is above ``new``, or the log has not so many.
            LogDamaged: the store lacks a node.
        """
        new = self._known(self._store.size if new is None else new)
        return tree.consistency(old, new, self._nodes(tree.consistency_places(old, new)))

    def tile(self, where: Tile) -> bytes:
        """The hashes of a tile, side by side.

        Raises:
            InvalidInput: this log has no such tile yet, or it is a bundle, which holds entries.
            LogDamaged: the store lacks a node.
        """
        places = tile_places(where)
        if places[-1][1] >= self._store.size >> places[-1][0]:
            raise InvalidInput(f"this log has no tile {where.path} yet")
        return tile(where, self._nodes(places))

    def _read(self, size: int) -> Frontier:
        return Frontier.read(size, self._nodes(tree.frontier_places(size)))

    def _nodes(self, places: Sequence[Place]) -> Nodes:
        """These nodes, asked for at once."""
        hashes = self._store.nodes(places) if places else ()
        if len(hashes) != len(places):
            raise LogDamaged(
                f"the log's store gave {counted(len(hashes), 'node')}, not {len(places)}"
            )
        found = dict(zip(places, hashes, strict=True))
        return lambda level, index: found[level, index]

    def _known(self, size: int) -> int:
        if uint(size, 63, "the size of a log") > self._store.size:
            raise InvalidInput(f"this log has {self._store.size} entries, not {size}")
        return size
