"""A log as files that never change once they are full (C2SP tlog-tiles).

A tile has up to 256 hashes, side by side: at level 0 of leaves, at level l of complete subtrees of
256**l leaves. A full tile never changes. The last one of a level is partial and has the number of
its hashes in its name. Entries lie in bundles of up to 256, each with its length before it.
Whoever has a checkpoint and these files can compute every proof, and needs to trust nobody.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from kiseki.core.values import uint
from kiseki.errors import InvalidInput, ProofError
from kiseki.vault.log.tree import Nodes, Place, node_hash
from kiseki.vault.log.tree import root as root_of

__all__ = [
    "ENTRIES",
    "WIDTH",
    "Tile",
    "bundle",
    "bundled",
    "nodes_of",
    "tile",
    "tile_places",
    "tiles",
    "unpacked",
]

WIDTH = 256
"""Hashes of a full tile, and entries of a full bundle."""
ENTRIES = -1
"""The level of a bundle of entries."""

_PATH = re.compile(
    r"tile/(?P<level>entries|0|[1-9][0-9]?)/(?P<index>(?:x[0-9]{3}/){0,6}[0-9]{3})"
    r"(?:\.p/(?P<width>[1-9][0-9]{0,2}))?",
    re.ASCII,
)
_HIGHEST = 63
_LONGEST = 0xFFFF


class Tile(NamedTuple):
    """A tile or a bundle, by its place.

    Attributes:
        level: 0 to 63, or `ENTRIES` for a bundle.
        at: its index, how many are on the left of it.
        width: how many hashes or entries it has, 1 to 256; 256 is full.
    """

    level: int
    at: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Its file, under the log's address.

        Raises:
            InvalidInput: level, index or width is out of range.
        """
        if self.level != ENTRIES and uint(self.level, 6, "the level of a tile") > _HIGHEST:
            raise InvalidInput(f"the level of a tile must be at most {_HIGHEST}")
        rest, last = divmod(uint(self.at, 63, "the index of a tile"), 1000)
        path = f"{last:03}"
        while rest:
            rest, last = divmod(rest, 1000)
            path = f"x{last:03}/{path}"
        if not 0 < self.width <= WIDTH:
            raise InvalidInput(f"a tile must have from 1 to {WIDTH} hashes, not {self.width}")
        level = "entries" if self.level == ENTRIES else str(self.level)
        return f"tile/{level}/{path}" + (f".p/{self.width}" if self.width < WIDTH else "")

    @classmethod
    def from_path(cls, path: str) -> "Tile":
        """The tile whose one path is ``path``.

        Raises:
            InvalidInput: it is no path of a tile or bundle.
        """
        found = _PATH.fullmatch(path)
        if found:
            level = ENTRIES if found["level"] == "entries" else int(found["level"])
            index = int(re.sub("[x/]", "", found["index"]))
            made = cls(level, index, int(found["width"] or WIDTH))
            if level <= _HIGHEST and index < 2**63 and made.width <= WIDTH and made.path == path:
                return made
        raise InvalidInput(f"this is no path of a tile: {path!r:.80}")


def tiles(size: int, since: int = 0) -> Iterator[Tile]:
    """The tiles and bundles of a log of ``size`` entries that one of ``since`` entries lacks.

    Raises:
        InvalidInput: one is no size, or ``since`` is more than ``size``.
    """
    uint(size, 63, "the size of a log")
    if uint(since, 63, "the size of a log") > size:
        raise InvalidInput(f"a log of {size} entries never had {since}")
    for level in range(ENTRIES, 8):
        scale = WIDTH ** max(level, 0)
        here, before = size // scale, since // scale
        if here == before:
            continue
        for index in range(before // WIDTH, -(-here // WIDTH)):
            yield Tile(level, index, min(WIDTH, here - index * WIDTH))


def tile_places(where: Tile) -> list[Place]:
    """The nodes that a tile is made of, from the left.

    Raises:
        InvalidInput: it is a bundle, or no tile.
    """
    if where.level == ENTRIES:
        raise InvalidInput("a bundle holds entries, which a tree does not have")
    _ = where.path  # which refuses a tile that cannot be
    first = where.at * WIDTH
    return [(8 * where.level, first + i) for i in range(where.width)]


def tile(where: Tile, nodes: Nodes) -> bytes:
    """The hashes of a tile, side by side.

    Raises:
        InvalidInput: it is a bundle, or no tile.
        LogDamaged: the store lacks a node.
    """
    return b"".join(nodes(*place) for place in tile_places(where))


def unpacked(data: bytes, width: int = WIDTH) -> list[bytes]:
    """The hashes of a tile.

    Raises:
        InvalidInput: they are not ``width`` hashes.
    """
    if len(data) != 32 * width:
        raise InvalidInput(f"a tile of {width} hashes has {32 * width} bytes, not {len(data)}")
    return [data[i : i + 32] for i in range(0, len(data), 32)]


def bundle(entries: Iterable[bytes]) -> bytes:
    """Entries as a bundle: each with its length before it, 2 bytes.

    Raises:
        InvalidInput: none, more than 256, or one of more than 65,535 bytes.
    """
    found = list(entries)
    if not 0 < len(found) <= WIDTH or any(len(each) > _LONGEST for each in found):
        raise InvalidInput(f"a bundle has from 1 to {WIDTH} entries of at most {_LONGEST} bytes")
    return b"".join(len(each).to_bytes(2, "big") + each for each in found)


def bundled(data: bytes, width: int = WIDTH) -> list[bytes]:
    """The entries of a bundle.

    Raises:
        InvalidInput: they are not ``width`` entries, or the last one is cut.
    """
    found, at = list[bytes](), 0
    while at < len(data) and len(found) <= width:
        start = at + 2
        at = start + int.from_bytes(data[at:start], "big")
        found.append(data[start:at])
    if at != len(data) or len(found) != width:
        raise InvalidInput(f"this is no bundle of {width} entries")
    return found


def nodes_of(read: Callable[[Tile], bytes], size: int, root: bytes) -> Nodes:
    """The nodes of a log of which only tiles are at hand, checked against its root.

    Args:
        read: gives the bytes of a tile. The widths that it is asked for are those of this size;
            each tile is asked for once and kept.
        size, root: those of a checkpoint.

    Returns:
        What `tree.inclusion` and `tree.consistency` read. It raises `InvalidInput` for a tile of
        another length, and for a node that a log of this size does not have.

    Raises:
        ProofError: the last tiles have another root.
    """
    kept: dict[Place, Sequence[bytes]] = {}

    def hashes(level: int, index: int) -> Sequence[bytes]:
        found = kept.get((level, index))
        if found is None:
            width = min(WIDTH, (size >> 8 * level) - index * WIDTH)
            if width < 1:
                raise InvalidInput(f"a log of {size} entries has no tile {index} of level {level}")
            found = kept[level, index] = unpacked(read(Tile(level, index, width)), width)
        return found

    def node(level: int, index: int) -> bytes:
        if level < 0 or not 0 <= index < size >> level:
            raise InvalidInput(f"a log of {size} entries has no node {index} of level {level}")
        high, inside = divmod(level, 8)
        first = index << inside
        row = list(hashes(high, first // WIDTH)[first % WIDTH :][: 1 << inside])
        while len(row) > 1:
            row = [node_hash(row[i], row[i + 1]) for i in range(0, len(row), 2)]
        return row[0]

    if root_of(size, node) != root:
        raise ProofError("the log's last tiles have another root than its checkpoint")
    return node
