"""What pages tell of a split: its payees and what each of them has of it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from kiseki.core.values import ZERO_ADDRESS, to_hex
from kiseki.index import Index
from kiseki.web.shown.values import ROWS, PayeeShown, Rows, of_payees

__all__ = ["LabelRow", "LeafRow", "SplitShown", "split"]


@dataclass(frozen=True, slots=True)
class LeafRow:
    """A payee of a split.

    Attributes:
        payee: who.
        share: the exact part.
    """

    payee: PayeeShown
    share: str


@dataclass(frozen=True, slots=True)
class LabelRow:
    """What a split is.

    Attributes:
        kind: ``income`` of a model or batch, its ``data``, what a model asks of others (``own``),
            or ``published`` by itself.
        id: of the model or batch; zero for one published by itself.
    """

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class SplitShown:
    """A split.

    Attributes:
        key: its payee key.
        labels: what it is.
        total: of all shares.
        payees: how many.
        leaves: they themselves, in the order of the split.
        received: what was paid in so far, in ether, in wei.
    """

    key: str
    labels: list[LabelRow]
    total: str
    payees: int
    leaves: Rows[LeafRow]
    received: str


def split(index: Index, key: bytes, after: int = 0, most: int = ROWS) -> SplitShown:
    """A split that was published or follows from what was registered.

    Args:
        after: how many leaves come before those that are wanted.

    Raises:
        NotInIndex: nobody published it.
    """
    known = index.split(key)
    total, leaves = known.split.total, known.split.leaves
    some = leaves[after : after + most]
    payees = of_payees(index, (payee for payee, _ in some))
    shown = [LeafRow(payees[payee], str(Fraction(shares, total))) for payee, shares in some]
    rest = str(after + most) if len(leaves) > after + most else None
    paid = index.overview.received(key, [ZERO_ADDRESS])
    return SplitShown(
        to_hex(key),
        [LabelRow(each.kind, to_hex(each.group)) for each in known.labels],
        str(total),
        len(leaves),
        Rows(shown, rest),
        str(paid.get(ZERO_ADDRESS, 0)),
    )
