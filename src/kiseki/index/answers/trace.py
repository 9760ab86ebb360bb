"""Who declares to have used what, and what something rests on: usage and lineage."""

from dataclasses import dataclass
from fractions import Fraction
from operator import itemgetter

from kiseki.core.compose import WHOLE
from kiseki.index.answers.records import Records
from kiseki.index.store.sqlite import Store

__all__ = ["Edge", "Lineage", "Node", "Usage", "lineage_of", "usage_of"]


@dataclass(frozen=True, slots=True)
class Usage:
    """That a model or batch rests on a provider's collection, by its registrant's own word.

    Attributes:
        kind: ``model`` or ``batch``; of ``group``.
        group: ID of the user.
        registrant: its developer or creator.
        time: when it was registered, Unix seconds.
        collection: which collection.
        through: the model that was trained on it, when the group only rests on that model; else
            ``None``, and the group itself declares it.
        weight, whole: declared weight, of all that the direct user declared together.
        share: the exact part of the group's gross that goes to the collection this way.
    """

    kind: str
    group: bytes
    registrant: str
    time: int
    collection: bytes
    through: bytes | None
    weight: int
    whole: int
    share: Fraction

    @property
    def ppm(self) -> Fraction:
        """The share in parts per million of gross."""
        return self.share * WHOLE


@dataclass(frozen=True, slots=True)
class Node:
    """Something in a lineage.

    Attributes:
        kind: ``batch``, ``model``, ``collection`` or ``external``.
        id: its ID; of an external its weights commitment, or zero where nobody has the file.
        registrant: who registered it; empty for an external.
        time: when, Unix seconds; zero for an external.
        revoked_at: when consent was revoked; ``None`` when it was not, or cannot be.
        ends_at: first second at which its terms refuse new uses; ``None`` without end.
        lapsed: whether that time has come. What rests on it stays authorised.
        document: of an external, the hash of the document about it, or zero without one; else
            empty. Weights and document together tell one external from another.
    """

    kind: str
    id: bytes
    registrant: str
    time: int
    revoked_at: int | None = None
    ends_at: int | None = None
    lapsed: bool = False
    document: bytes = b""


@dataclass(frozen=True, slots=True)
class Edge:
    """That one thing rests on another, directly.

    Attributes:
        user: ID of a batch or model.
        kind, source, document: of the node it rests on. An external's weights are anything that
            somebody wrote, so the ID alone does not tell which node is meant.
        weight: declared weight of a collection; zero for a model or external.
        share: the exact part of the user's gross that goes to this source: to a collection, or
            to a model's own split (which holds its data and its developer, not its ancestors).
    """

    user: bytes
    kind: str
    source: bytes
    weight: int
    share: Fraction
    document: bytes = b""

    @property
    def ppm(self) -> Fraction:
        """The share in parts per million of gross."""
        return self.share * WHOLE


@dataclass(frozen=True, slots=True)
class Lineage:
    """Everything a batch or model rests on, down to the data.

    Attributes:
        id: of the batch or model.
        now: the time that statuses are told for, Unix seconds.
        nodes: itself first, then its sources by depth; each once.
        edges: direct ones of every node, so a base model can have several.
    """

    id: bytes
    now: int
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


_USAGE = """
SELECT composed.kind, composed.id, source.collection, source.weight, source.shares,
       composed.data_ppm
FROM source
JOIN collection ON collection.id = source.collection
JOIN composed ON composed.id = source.group_id
WHERE collection.provider = ?
"""


def usage_of(store: Store, provider: str, deep: bool) -> list[Usage]:
    """Uses of a provider's collections, earliest first."""
    found = []
    for kind, group, collection, weight, shares, ppm in store.rows(_USAGE, provider.lower()):
        whole, asked = _sums(store, group)
        share = Fraction(int(shares) * ppm, asked * WHOLE) if asked else Fraction(0)
        users = [(kind, group)]
        if deep and kind == "model":
            sql = (
                "SELECT kind, id FROM ancestor JOIN composed ON id = group_id"
                " WHERE model = ? AND id != ?"
            )
            users += [(row[0], row[1]) for row in store.rows(sql, group, group)]
        for user_kind, user in users:
            place, registrant, time = _registration(store, user_kind, user)
            through = None if user == group else group
            usage = Usage(
                user_kind,
                user,
                registrant,
                time,
                collection,
                through,
                int(weight),
                whole,
                share,
            )
            found.append((place, collection, through or b"", usage))
    return [each[-1] for each in sorted(found, key=itemgetter(0, 1, 2))]


def lineage_of(store: Store, records: Records, group: bytes, now: int) -> Lineage:
    """The lineage of a batch or model."""
    kind = records.kind(group)
    nodes = {(kind, group, b""): _group(store, records, kind, group, now)}
    edges: list[Edge] = []
    rest = [group]
    for user in rest:
        read = _data_edges(store, user)
        edges += read
        for edge in read:
            if ("collection", edge.source, b"") not in nodes:
                nodes["collection", edge.source, b""] = _collection(records, edge.source, now)
        for model in records.bases(user):
            own = store.row("SELECT own_ppm FROM composed WHERE id = ?", model)
            edges.append(Edge(user, "model", model, 0, Fraction(own[0] if own else 0, WHOLE)))
            if ("model", model, b"") not in nodes:
                nodes["model", model, b""] = _group(store, records, "model", model, now)
                rest.append(model)
        for external in records.externals(user):
            said = external.document
            edges.append(Edge(user, "external", external.weights, 0, Fraction(0), said))
            node = Node("external", external.weights, "", 0, document=said)
            nodes.setdefault(("external", external.weights, said), node)
    return Lineage(group, now, tuple(nodes.values()), tuple(edges))


def _data_edges(store: Store, group: bytes) -> list[Edge]:
    _, asked = _sums(store, group)
    rows = store.rows(
        "SELECT collection, weight, shares, data_ppm FROM source JOIN composed ON id = group_id"
        " WHERE group_id = ? ORDER BY place",
        group,
    )
    return [
        Edge(
            group,
            "collection",
            collection,
            int(weight),
            Fraction(int(shares) * ppm, asked * WHOLE) if asked else Fraction(0),
        )
        for collection, weight, shares, ppm in rows
    ]


def _sums(store: Store, group: bytes) -> tuple[int, int]:
    """All declared weight of a group, and all shares of its data split."""
    rows = store.rows("SELECT weight, shares FROM source WHERE group_id = ?", group)
    return sum(int(weight) for weight, _ in rows), sum(int(shares) for _, shares in rows)


def _registration(store: Store, kind: str, group: bytes) -> tuple[tuple[int, int], str, int]:
    registrant = "developer" if kind == "model" else "creator"
    row = store.row(
        f"SELECT block, position, {registrant}, time FROM {kind}"  # noqa: S608
        " JOIN event USING (block, position) WHERE id = ?",
        group,
    )
    block, position, who, time = row or (0, 0, "", 0)
    return (block, position), who, time


def _group(store: Store, records: Records, kind: str, group: bytes, now: int) -> Node:
    _, registrant, time = _registration(store, kind, group)
    if kind == "batch":
        return Node(kind, group, registrant, time)
    until = records.model_ends_at(group)
    return Node(kind, group, registrant, time, None, until, until is not None and now >= until)


def _collection(records: Records, collection: bytes, now: int) -> Node:
    status = records.status(collection)
    until = status.ends_at
    return Node(
        "collection",
        collection,
        status.provider,
        status.registered_at,
        status.revoked_at,
        until,
        until is not None and now >= until,
    )
