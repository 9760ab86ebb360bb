"""What pages tell of everything that a model or batch rests on, down to the data."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from kiseki.core.checksum import checksummed
from kiseki.core.values import to_hex
from kiseki.index import Index, Lineage

__all__ = ["EdgeRow", "LineageShown", "NodeRow", "Standing", "lineage", "standing"]


@dataclass(frozen=True, slots=True)
class NodeRow:
    """Something in a lineage.

    Attributes:
        kind: ``batch``, ``model``, ``collection`` or ``external``.
        id: its ID; of an external model its weights commitment, or zero where nobody has the file.
        registrant: who registered it; empty for an external one.
        time: when; zero for an external one.
        revoked_at: when consent was revoked; none where it was not, or cannot be.
        lapsed: whether its terms refuse new uses now. What rests on it stays authorised.
        share: the part of the whole's gross that goes to it, directly and through models; of a
            model, to its data and its developer together.
        document: of an external one, the hash of the document about it; else empty.
    """

    kind: str
    id: str
    registrant: str
    time: int
    revoked_at: int | None
    lapsed: bool
    share: str
    document: str


@dataclass(frozen=True, slots=True)
class EdgeRow:
    """That one thing rests on another, directly.

    Attributes:
        user: ID of a batch or model.
        kind, source, document: of what it rests on.
        share: the exact part of the user's gross that goes to it.
    """

    user: str
    kind: str
    source: str
    share: str
    document: str


@dataclass(frozen=True, slots=True)
class LineageShown:
    """Everything that a model or batch rests on.

    Attributes:
        id: itself.
        time: the time that statuses are told for.
        nodes: itself first, then its sources by depth.
        edges: direct ones.
    """

    id: str
    time: int
    nodes: list[NodeRow]
    edges: list[EdgeRow]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a model or batch stands today, as far as registered data goes.

    Attributes:
        collections: how many it rests on, each counted once.
        lapsed: to how many of them consent has ended since.
        in_notice: to how many of them consent was revoked and has not ended yet.
        providers: whose they are, counted.
        stated: external models that somebody stated.
        undisclosed: external models of which nobody says more.
    """

    collections: int
    lapsed: int
    in_notice: int
    providers: int
    stated: int
    undisclosed: int


def standing(found: Lineage) -> Standing:
    """How what is in a lineage stands today."""
    data = [each for each in found.nodes if each.kind == "collection"]
    externals = [each for each in found.nodes if each.kind == "external"]
    return Standing(
        len(data),
        sum(each.lapsed for each in data),
        sum(each.revoked_at is not None and not each.lapsed for each in data),
        len({each.registrant for each in data}),
        sum(any(each.document) and any(each.id) for each in externals),
        sum(not (any(each.document) and any(each.id)) for each in externals),
    )


def lineage(found: Lineage) -> LineageShown:
    """A lineage as values."""
    shares = _reached(found)
    return LineageShown(
        to_hex(found.id),
        found.now,
        [
            NodeRow(
                each.kind,
                to_hex(each.id),
                checksummed(each.registrant) if each.registrant else "",
                each.time,
                each.revoked_at,
                each.lapsed,
                str(shares[each.kind, each.id, each.document]),
                to_hex(each.document) if each.document else "",
            )
            for each in found.nodes
        ],
        [
            EdgeRow(
                to_hex(each.user),
                each.kind,
                to_hex(each.source),
                str(each.share),
                to_hex(each.document) if each.document else "",
            )
            for each in found.edges
        ],
    )


def of(index: Index, group: bytes) -> LineageShown:
    """The lineage of a model or batch.

    Raises:
        NotInIndex: there is none with that ID.
    """
    return lineage(index.lineage(group))


_Key = tuple[str, bytes, bytes]


def _reached(found: Lineage) -> dict[_Key, Fraction]:
    """Which part of the whole's gross reaches each node. A model asks the same of all that rests on
    it, through however many others; a collection gets its part of each user's gross."""
    shares = {("batch", found.id, b""): Fraction(1), ("model", found.id, b""): Fraction(1)}
    for edge in found.edges:
        key = edge.kind, edge.source, edge.document
        had = None if edge.kind == "model" else shares.get(key)
        # Most have one user, and adding fractions is slow.
        shares[key] = edge.share if had is None else had + edge.share
    return shares
