"""A split: a payee whose money belongs to many payees by share.

The hash *is* the split, so creating one costs nothing and anybody who knows its leaves can prove
each of them (DESIGN, "Paying the trace").
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from math import gcd

from kiseki.core import documents
from kiseki.core.ids import split_key, split_opening
from kiseki.core.sumtree import NestedSumTree, SumProof, SumTree
from kiseki.core.values import ZERO32, bytes32, from_hex, to_hex
from kiseki.errors import InvalidInput

__all__ = ["Split"]

_FORMAT = "kiseki-split-v1"


@dataclass(frozen=True, slots=True)
class Split:
    """Payees with their shares, in order.

    Attributes:
        leaves: (payee key, shares above zero), in the order given.
        salt: 32 bytes that keep splits with equal leaves apart; zero where they should be one.
        parts: how many leaves each inner tree holds, where the tree is a tree over trees
            (the data split of more than 1,024 sources with leaves left out); empty for flat.
        tree: the sum tree over the leaves.

    Raises:
        InvalidInput: no leaves, a zero payee, shares out of range, or parts that do not add up.
    """

    leaves: Sequence[tuple[bytes, int]] = field(repr=False)
    salt: bytes = ZERO32
    parts: Sequence[int] = ()
    tree: SumTree | NestedSumTree = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "leaves", tuple(self.leaves))
        object.__setattr__(self, "parts", tuple(self.parts))
        bytes32(self.salt, "the salt of a split")
        if any(leaf[0] == ZERO32 for leaf in self.leaves):
            raise InvalidInput("a payee of a split is zero; name a wallet, split or subject")
        object.__setattr__(self, "tree", self._grow())

    def _grow(self) -> SumTree | NestedSumTree:
        if not self.parts:
            return SumTree(self.leaves)
        if min(self.parts) < 1 or sum(self.parts) != len(self.leaves):
            raise InvalidInput("the parts of a split must be above zero and add up to its leaves")
        cuts = pairwise(accumulate(self.parts, initial=0))
        return NestedSumTree([SumTree(self.leaves[start:end]) for start, end in cuts])

    @classmethod
    def joint(cls, shares: Mapping[bytes, int]) -> "Split":
        """The one split of these payees: sorted by key, shares without a common divisor, no salt.

        So whoever makes it gets the same, and all works of the same people in the same proportion
        share one account, which is claimed at once.
        """
        common = gcd(*shares.values())
        return cls([(payee, shares[payee] // common) for payee in sorted(shares)])

    @property
    def root(self) -> bytes:
        """The hash of the tree's root, 32 bytes."""
        return self.tree.root

    @property
    def total(self) -> int:
        """The sum of all shares, a uint96."""
        return self.tree.total

    @property
    def key(self) -> bytes:
        """The payee key, 32 bytes: where money for this split is credited."""
        return split_key(self.root, self.total, self.salt)

    @property
    def opening(self) -> bytes:
        """The 76 bytes that show what the key stands for: root ‖ uint96 total ‖ salt."""
        return split_opening(self.root, self.total, self.salt)

    def proof(self, i: int) -> SumProof:
        """The proof of leaf ``i``, counted from 0, with which its share is claimed."""
        return self.tree.proof(i)

    def dues(self, received: int) -> list[int]:
        """What each leaf is due in all when the split has received this much, in base units.

        ``received × shares // total``: never more than received together, and each leaf loses
        less than one base unit.
        """
        if received < 0:
            raise InvalidInput("a split cannot have received less than nothing")
        return [received * shares // self.total for _, shares in self.leaves]

    # The file named by the split

    @property
    def filename(self) -> str:
        """The name of its published file: the payee key and ``.json``."""
        return to_hex(self.key) + ".json"

    def to_json(self) -> str:
        """The one text of this split."""
        parts = {"parts": [str(each) for each in self.parts]} if self.parts else {}
        return documents.write(
            {
                "format": _FORMAT,
                "root": to_hex(self.root),
                "total": str(self.total),
                "salt": to_hex(self.salt),
                "leaves": [[to_hex(payee), str(shares)] for payee, shares in self.leaves],
                **parts,
            }
        )

    @classmethod
    def from_json(cls, text: str | bytes, key: bytes | None = None) -> "Split":
        """The split in a published file; every hash is recomputed.

        Args:
            text: what :meth:`to_json` gave.
            key: the payee key it must have, when known.

        Raises:
            InvalidInput: another format, a root or total the leaves do not give, another key.
        """
        names = ["format", "root", "total", "salt", "leaves"]
        document = {"parts": [], **documents.read(text, _FORMAT)}
        _, root, total, salt, leaves, parts = documents.members(
            document, [*names, "parts"], "a split"
        )
        split = cls(
            [
                (from_hex(payee, 32, "a payee"), documents.decimal(shares, "shares"))
                for payee, shares in documents.rows(leaves, 2, "the leaves")
            ],
            from_hex(salt, 32, "the salt"),
            _counts(parts),
        )
        if from_hex(root, 32, "the root") != split.root or total != str(split.total):
            raise InvalidInput("the leaves do not give this root and total; the file was changed")
        if key is not None and split.key != key:
            raise InvalidInput(f"the file is of the split {to_hex(split.key)}, not {to_hex(key)}")
        return split


def _counts(parts: object) -> list[int]:
    if not isinstance(parts, list):
        raise InvalidInput("parts must be a JSON array")
    return [documents.decimal(each, "a part's number of leaves") for each in parts]
