"""Published lists of payees too long to be held: read once, in memory that grows with their depth.

The same file as :meth:`kiseki.core.split.Split.to_json` writes. Root, total and key come out of one
pass, and with them the proofs of the payees that are asked for: while the tree is built from left
to right, only the complete trees at its right edge are kept, and each carries the unfinished proofs
of the wanted leaves in it.
"""

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO

import ijson

from kiseki.core import documents
from kiseki.core.ids import split_key, split_opening
from kiseki.core.keccak import keccak256
from kiseki.core.sumtree import SumProof
from kiseki.core.values import ZERO32, bytes32, from_hex, to_hex, uint
from kiseki.errors import InvalidInput

__all__ = ["Listed", "ListedLeaf", "read_list", "write_list"]

_FORMAT = "kiseki-split-v1"
_LIMIT = 1 << 96
_LONGEST = 80
_HEAD = ("format", "root", "total", "salt")
_NAMES = (*_HEAD, "leaves")

Leaf = tuple[bytes, int]


@dataclass(frozen=True, slots=True)
class ListedLeaf:
    """A leaf that was asked for.

    Attributes:
        place: which leaf, counted from 0.
        payee, shares: as listed.
        proof: with which it is claimed.
    """

    place: int
    payee: bytes
    shares: int
    proof: SumProof


@dataclass(frozen=True, slots=True)
class Listed:
    """A split whose leaves were read and not kept.

    Attributes:
        key: its payee key.
        opening: the 76 bytes that hash to it.
        total: the sum of all shares.
        count: how many leaves there are.
        leaves: those that were asked for.
    """

    key: bytes
    opening: bytes
    total: int
    count: int
    leaves: tuple[ListedLeaf, ...] = field(repr=False)


class _Wanted:
    """A leaf on its way to its proof."""

    __slots__ = ("lo", "path", "payee", "place", "shares", "side")

    def __init__(self, place: int, payee: bytes, shares: int) -> None:
        self.place, self.payee, self.shares = place, payee, shares
        self.lo = self.side = 0
        self.path: list[bytes] = []


class _Node:
    """A complete tree."""

    __slots__ = ("hash", "height", "sum", "wanted")

    def __init__(self, height: int, hashed: bytes, shares: int, wanted: list[_Wanted]) -> None:
        self.height, self.hash, self.sum, self.wanted = height, hashed, shares, wanted

    @property
    def packed(self) -> bytes:
        return self.hash + self.sum.to_bytes(12, "big")


class _Grower:
    """A sum tree that grows to the right; see `kiseki.core.sumtree` for its shape."""

    def __init__(self, wanted: Container[bytes]) -> None:
        self._wanted = wanted
        self._edge: list[_Node] = []
        self.count = 0

    def add(self, payee: bytes, shares: int) -> None:
        leaf = keccak256(b"\x00" + payee + shares.to_bytes(12, "big"))
        wanted = [_Wanted(self.count, payee, shares)] if payee in self._wanted else []
        self._edge.append(_Node(0, leaf, shares, wanted))
        self.count += 1
        while len(self._edge) > 1 and self._edge[-1].height == self._edge[-2].height:
            self._join()

    def finish(self) -> _Node:
        """The whole tree. A node without a neighbour is promoted until it meets one on its left."""
        if not self._edge:
            raise InvalidInput("a split has at least one payee")
        while len(self._edge) > 1:
            self._join()
        return self._edge[0]

    def _join(self) -> None:
        right, left = self._edge.pop(), self._edge.pop()
        both = left.sum + right.sum
        if both >= _LIMIT:
            raise InvalidInput("the shares add up to 2**96 or more; scale them down")
        for each in left.wanted:
            each.path.append(right.packed)
        for each in right.wanted:
            each.side |= 1 << len(each.path)
            each.path.append(left.packed)
            each.lo += left.sum
        hashed = keccak256(b"\x02" + left.packed + right.packed)
        self._edge.append(_Node(left.height + 1, hashed, both, left.wanted + right.wanted))


def read_list(
    file: IO[bytes],
    wanted: Container[bytes],
    key: bytes | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Listed:
    """Reads a split's file through; every hash is computed.

    Args:
        file: open for reading bytes.
        wanted: payee keys whose leaves are to be kept.
        key: the payee key that the file must have, when known.
        progress: called now and then with the number of leaves read.

    Raises:
        InvalidInput: it is no split's file, or its leaves do not give what it says.
    """
    grower = _Grower(wanted)
    head: dict[str, str] = {}
    try:
        for leaf in _leaves(file, head):
            grower.add(*leaf)
            if grower.count % 10_000 == 0:
                progress(grower.count)
    except (ijson.JSONError, UnicodeError, RecursionError) as error:
        raise InvalidInput("this is not the file of a split; it may be cut off") from error
    root = grower.finish()
    salt = from_hex(head.get("salt"), 32, "the salt")
    said = from_hex(head.get("root"), 32, "the root")
    if head.get("format") != _FORMAT or said != root.hash or head.get("total") != str(root.sum):
        raise InvalidInput("the leaves do not give this root and total; the file was changed")
    found = split_key(root.hash, root.sum, salt)
    if key is not None and found != key:
        raise InvalidInput(f"the file is of the split {to_hex(found)}, not {to_hex(key)}")
    leaves = (
        ListedLeaf(e.place, e.payee, e.shares, SumProof(e.lo, e.side, b"".join(e.path)))
        for e in root.wanted
    )
    opening = split_opening(root.hash, root.sum, salt)
    return Listed(found, opening, root.sum, grower.count, tuple(leaves))


def write_list(file: IO[str], leaves: Callable[[], Iterable[Leaf]], salt: bytes = ZERO32) -> Listed:
    """Writes a split's file from payees that are gone through twice, and held never.

    Args:
        file: open for writing text.
        leaves: gives (payee key, shares above zero), the same each time it is called.
    """
    bytes32(salt, "the salt of a split")
    grower = _Grower(())
    for payee, shares in leaves():
        grower.add(_payee(payee), uint(shares, 96, "shares", minimum=1))
    root = grower.finish()
    head = {"format": _FORMAT, "root": to_hex(root.hash), "total": str(root.sum)}
    text = documents.write({**head, "salt": to_hex(salt), "leaves": []})
    file.write(text.removesuffix("]}"))
    for place, (payee, shares) in enumerate(leaves()):
        file.write(("," if place else "") + f'["{to_hex(payee)}","{shares}"]')
    file.write("]}")
    opening = split_opening(root.hash, root.sum, salt)
    return Listed(split_key(root.hash, root.sum, salt), opening, root.sum, grower.count, ())


def _leaves(file: IO[bytes], head: dict[str, str]) -> Iterator[Leaf]:
    """The leaves one by one; what stands beside them goes into `head`.

    Events without their path: to name it would take a time that grows with how deep a file nests.
    """
    depth, name, names = 0, "", set()
    pair: list[str] = []
    for event, value in ijson.basic_parse(file):
        match depth, event:
            case (0, "start_map") | (2, "start_array"):
                depth, pair = depth + 1, []
            case (1, "map_key") if value in names:
                raise InvalidInput(f"{value} is in the document twice")
            case (1, "map_key") if value in _NAMES:
                name = value
                names.add(name)
            case (1, "string") if name in _HEAD:
                head[name] = value
            case (1, "start_array") if name == "leaves":
                depth = 2
            case (3, "string") if len(pair) < 2:
                pair.append(value)
            case (3, "end_array"):
                yield _leaf(pair)
                depth = 2
            case (2, "end_array") | (1, "end_map"):
                depth -= 1
            case _:
                raise InvalidInput(
                    "a split's file has a format, a root, a total, a salt and leaves and nothing "
                    "else; one with parts is read whole (Split.from_json)"
                )


def _leaf(pair: Sequence[str]) -> Leaf:
    if len(pair) != 2 or len(pair[1]) > _LONGEST:
        raise InvalidInput("each of the leaves must be a payee and its shares")
    payee = _payee(from_hex(pair[0], 32, "a payee"))
    return payee, uint(documents.decimal(pair[1], "shares"), 96, "shares", minimum=1)


def _payee(key: bytes) -> bytes:
    if bytes32(key, "a payee") == ZERO32:
        raise InvalidInput("a payee of a split is zero; name a wallet, split or subject")
    return key
