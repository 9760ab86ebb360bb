"""What a page shows of a lineage: some rows of its table, and its picture.

A model can rest on thousands of collections, of which a page shows some fifty. So rows are made of
these, and the others are counted and added up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from kiseki.core.values import to_hex
from kiseki.index import Index, Lineage
from kiseki.index.answers.trace import Node
from kiseki.web.shown.lineages import EdgeRow, Money, NodeRow, Rowed, money
from kiseki.web.shown.values import ROWS

__all__ = ["ALONE", "Drawn", "Flow", "LineagePart", "of", "part"]

ALONE = 22
"""Sources of data that a picture shows one by one; one too many for that is shown too."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Money that goes from many sources to one user.

    Attributes:
        user: ID of a batch or model.
        share: the part of the gross.
    """

    user: str
    share: float


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a picture shows.

    Attributes:
        data: the collections and external models that get most, the first first.
        models: all, by depth.
        edges: between models, and from those data.
        others: how many more collections and external models there are.
        others_share: the part of the gross that goes to these.
        others_flows: to whom it goes on, by depth.
    """

    data: list[NodeRow]
    models: list[NodeRow]
    edges: list[EdgeRow]
    others: int
    others_share: float
    others_flows: list[Flow]


@dataclass(frozen=True, slots=True)
class LineagePart:
    """What a page shows of a lineage.

    Attributes:
        id: of the model or batch.
        to_data, to_developers, rest: as of :class:`~kiseki.web.shown.lineages.LineageShown`.
        itself: its own row.
        count: how many things it rests on.
        rows: some of these, by depth.
        drawn: what its picture shows; none where the table only goes on.
    """

    id: str
    to_data: str
    to_developers: str
    rest: str
    itself: NodeRow
    count: int
    rows: list[NodeRow]
    drawn: Drawn | None


def part(found: Lineage, after: int = 0, most: int = ROWS) -> LineagePart:
    """What a page shows of a lineage.

    Args:
        after: how many rows of the table the pages before have.
        most: rows of the table at most.
    """
    paid, rows = money(found), Rowed()
    first = found.nodes[0]
    return LineagePart(
        to_hex(found.id),
        str(paid.to_data),
        str(paid.to_developers),
        str(paid.rest),
        rows.node(first, paid.share(first)),
        len(found.nodes) - 1,
        [rows.node(each, paid.share(each)) for each in found.nodes[after + 1 : after + 1 + most]],
        _drawn(found, paid, rows) if after == 0 else None,
    )


def of(index: Index, group: bytes, after: int = 0) -> LineagePart:
    """What a page shows of the lineage of a model or batch.

    Raises:
        NotInIndex: there is none with that ID.
    """
    return part(index.lineage(group), after)


def _drawn(found: Lineage, paid: Money, rows: Rowed) -> Drawn:
    length = _lengths()
    data = [
        (-length(paid.share(each)), each.id, place)
        for place, each in enumerate(found.nodes)
        if each.kind in ("collection", "external")
    ]
    data.sort()
    count = len(data) if len(data) <= ALONE + 1 else ALONE
    alone = [found.nodes[place] for _, _, place in data[:count]]
    named = {_key(each) for each in alone}
    edges, flows = [], defaultdict[bytes, float](float)
    for edge in found.edges:
        if edge.kind == "model" or (edge.kind, edge.source, edge.document) in named:
            edges.append(rows.edge(edge))
        else:
            flows[edge.user] += length(edge.share)
    return Drawn(
        [rows.node(each, paid.share(each)) for each in alone],
        [rows.node(each, paid.share(each)) for each in found.nodes[1:] if each.kind == "model"],
        edges,
        len(data) - count,
        -sum(minus for minus, _, _ in data[count:]),
        [Flow(to_hex(user), share) for user, share in flows.items()],
    )


def _key(each: Node) -> tuple[str, bytes, bytes]:
    return each.kind, each.id, each.document


def _lengths() -> Callable[[Fraction], float]:
    """What makes a number of a fraction. One of many is one object, and dividing is slow."""
    known: dict[int, tuple[Fraction, float]] = {}

    def length(share: Fraction) -> float:
        found = known.get(id(share))
        if found is None:
            found = known[id(share)] = share, share.numerator / share.denominator
        return found[1]

    return length
