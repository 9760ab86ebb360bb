"""What pages tell of everything that a model or batch rests on, down to the data."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from kiseki.core.checksum import checksummed
from kiseki.core.values import to_hex
from kiseki.index import Index, Lineage
from kiseki.index.answers.trace import Edge, Node
from kiseki.index.store.rows import maker

__all__ = [
    "ChangedRow",
    "EdgeRow",
    "LineageShown",
    "Money",
    "NodeRow",
    "Rowed",
    "Standing",
    "lineage",
    "money",
    "standing",
]

_CHANGED = 5
"""Collections that are named where consent to more of them was revoked or has ended."""


@dataclass(frozen=True, slots=True)
class NodeRow:
    """Something in a lineage.

    Attributes:
        kind: ``batch``, ``model``, ``collection`` or ``external``.
        id: its ID; of an external model its weights commitment, or zero where nobody has the file.
        registrant: who registered it; empty for an external one.
        time: when; zero for an external one.
        revoked_at: when consent was revoked; none where it was not, or cannot be.
        ends_at: first second at which its terms refuse new uses; none where there is no end.
        lapsed: whether that time has come. What rests on it stays authorised.
        share: the part of the whole's gross that goes to it, directly and through models; of a
            model, to its data and its developer together.
        document: of an external one, the hash of the document about it; else empty.
    """

    kind: str
    id: str
    registrant: str
    time: int
    revoked_at: int | None
    ends_at: int | None
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
        to_data: the part of its gross that goes to all its data.
        to_developers: the part that goes to the developers of the models that it rests on.
        rest: what is left, for whoever registered it or got that from them.
        nodes: itself first, then its sources by depth.
        edges: direct ones.
    """

    id: str
    time: int
    to_data: str
    to_developers: str
    rest: str
    nodes: list[NodeRow]
    edges: list[EdgeRow]


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """A collection to which consent is not what it was when it was declared.

    Attributes:
        collection: its ID.
        provider: who registered it, and alone can revoke.
        revoked_at: when they revoked; none where the terms ended by themselves.
        ends_at: first second at which new uses are refused; none where there is no end.
        lapsed: whether that time has come.
    """

    collection: str
    provider: str
    revoked_at: int | None
    ends_at: int | None
    lapsed: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """How a model or batch stands today, as far as registered data goes.

    Attributes:
        collections: how many it rests on, each counted once.
        lapsed: to how many of them consent has ended since.
        in_notice: to how many of them consent was revoked and has not ended yet.
        consent: ``ended`` where consent to some of them has ended; else ``ending`` where it was
            revoked for some; else ``in_force``; ``none`` where it rests on no registered data. Each
            was authorised when it was declared, whatever this says.
        changed: the first of those to which consent has ended or was revoked, by when it ends.
        providers: whose they are, counted.
        stated: external models that somebody stated.
        undisclosed: external models of which nobody says more.
    """

    collections: int
    lapsed: int
    in_notice: int
    consent: str
    changed: list[ChangedRow]
    providers: int
    stated: int
    undisclosed: int


def standing(found: Lineage) -> Standing:
    """How what is in a lineage stands today."""
    data = [each for each in found.nodes if each.kind == "collection"]
    externals = [each for each in found.nodes if each.kind == "external"]
    changed = [each for each in data if each.lapsed or each.revoked_at is not None]
    changed.sort(key=lambda each: (each.ends_at is None, each.ends_at or 0, each.id))
    lapsed = sum(each.lapsed for each in changed)
    return Standing(
        len(data),
        lapsed,
        len(changed) - lapsed,
        _consent(len(data), lapsed, len(changed) - lapsed),
        [_changed(each) for each in changed[:_CHANGED]],
        len({each.registrant for each in data}),
        sum(any(each.document) and any(each.id) for each in externals),
        sum(not (any(each.document) and any(each.id)) for each in externals),
    )


def _consent(collections: int, lapsed: int, in_notice: int) -> str:
    if lapsed:
        return "ended"
    if in_notice:
        return "ending"
    return "in_force" if collections else "none"


def _changed(each: Node) -> ChangedRow:
    return ChangedRow(
        to_hex(each.id), checksummed(each.registrant), each.revoked_at, each.ends_at, each.lapsed
    )


@dataclass(frozen=True, slots=True)
class Money:
    """Where the gross of a model or batch goes.

    Attributes:
        shares: kind, ID and document of each node -> the part that reaches it.
        to_data, to_developers: as of :class:`LineageShown`.
    """

    shares: Mapping[tuple[str, bytes, bytes], Fraction]
    to_data: Fraction
    to_developers: Fraction

    @property
    def rest(self) -> Fraction:
        """What is left."""
        return 1 - self.to_data - self.to_developers

    def share(self, node: Node) -> Fraction:
        """The part that reaches a node of the lineage."""
        return self.shares[node.kind, node.id, node.document]


def money(found: Lineage) -> Money:
    """Where the gross of what a lineage is of goes."""
    shares = _reached(found)
    data = _sum(edge.share for edge in found.edges if edge.kind == "collection")
    models = _sum(
        shares[each.kind, each.id, each.document]
        for each in found.nodes[1:]
        if each.kind == "model"
    )
    # A model's share is for its data, too.
    developers = models - _sum(
        edge.share for edge in found.edges if edge.kind == "collection" and edge.user != found.id
    )
    return Money(shares, data, developers)


_made_node, _made_edge = maker(NodeRow), maker(EdgeRow)


class Rowed:
    """Makes rows. Of thousands of sources, many have the same registrant, user or share, so each of
    these is written once."""

    def __init__(self) -> None:
        self._written: dict[bytes, str] = {b"": ""}
        self._wallets: dict[str, str] = {"": ""}
        # By identity: one of many is one object, and hashing is slow. Each is held, so that no
        # other gets its identity.
        self._fractions: dict[int, tuple[Fraction, str]] = {}

    def node(self, each: Node, share: Fraction) -> NodeRow:
        """The row of a node that a part of the gross reaches."""
        return _made_node(
            each.kind,
            self._hexed(each.id),
            self._wallet(each.registrant),
            each.time,
            each.revoked_at,
            each.ends_at,
            each.lapsed,
            self._fraction(share),
            self._hexed(each.document),
        )

    def edge(self, each: Edge) -> EdgeRow:
        """The row of an edge."""
        return _made_edge(
            self._hexed(each.user),
            each.kind,
            self._hexed(each.source),
            self._fraction(each.share),
            self._hexed(each.document),
        )

    def _hexed(self, value: bytes) -> str:
        text = self._written.get(value)
        if text is None:
            text = self._written[value] = to_hex(value)
        return text

    def _wallet(self, address: str) -> str:
        text = self._wallets.get(address)
        if text is None:
            text = self._wallets[address] = checksummed(address)
        return text

    def _fraction(self, share: Fraction) -> str:
        known = self._fractions.get(id(share))
        if known is None:
            known = self._fractions[id(share)] = share, str(share)
        return known[1]


def lineage(found: Lineage) -> LineageShown:
    """A lineage as values, whole."""
    paid, rows = money(found), Rowed()
    return LineageShown(
        to_hex(found.id),
        found.now,
        str(paid.to_data),
        str(paid.to_developers),
        str(paid.rest),
        [rows.node(each, paid.share(each)) for each in found.nodes],
        [rows.edge(each) for each in found.edges],
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


def _sum(parts: Iterable[Fraction]) -> Fraction:
    """All together. Fractions are slow to add, and these have few denominators."""
    listed = list(parts)
    under = math.lcm(*{each.denominator for each in listed})
    return Fraction(sum(each.numerator * (under // each.denominator) for each in listed), under)
