"""Who declares to have used what, and what something rests on: usage and lineage."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Executable,
    FromClause,
    Select,
    bindparam,
    func,
    select,
    union,
)

from kiseki.core.compose import WHOLE
from kiseki.core.values import ZERO32
from kiseki.index.answers.pages import ALL
from kiseki.index.answers.records import REVOKED_AT, Records, consent_ends
from kiseki.index.store import tables as t
from kiseki.index.store.database import Row, Store
from kiseki.index.store.rows import maker
from kiseki.index.store.types import Address, Key, number_of, numbered

__all__ = ["Edge", "Lineage", "Node", "Usage", "lineage_of", "usage_of", "uses_of", "within"]


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
        place: of the group's registration in the chain.
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
    place: int

    @property
    def ppm(self) -> Fraction:
        """The share in parts per million of gross."""
        return self.share * WHOLE

    @property
    def cursor(self) -> bytes:
        """Of this row, for the page after it."""
        return self.place.to_bytes(8) + self.collection + (self.through or ZERO32)


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


_made_usage, _made_node, _made_edge = maker(Usage), maker(Node), maker(Edge)

_FROM, _MOST = bindparam("start", type_=BigInteger), bindparam("most", type_=BigInteger)
_REGISTRANT = func.coalesce(t.model.c.developer, t.batch.c.creator)
_GROUPS = t.composed.outerjoin(t.model, t.model.c.at == t.composed.c.at).outerjoin(
    t.batch, t.batch.c.at == t.composed.c.at
)
"""A model or batch is composed by the event that registers it, so both stand at one place."""
_USERS = (
    select(
        t.composed.c.at,
        t.composed.c.kind,
        t.composed.c.id,
        number_of(_REGISTRANT),
        t.time_of(t.composed.c.at),
    )
    .select_from(_GROUPS)
    .where(numbered(t.composed.c.at, "places"))
)


_OTHER = t.ancestor.alias("other")


def _through(models: Select[Any]) -> Select[Any]:
    """Where what rests on some models was registered, from a place on: of each model as many as a
    page has rows, because the first of all are among them. So it costs nothing for the rest."""
    each = models.distinct().subquery("each")
    last = (
        select(_OTHER.c.at)
        .where(_OTHER.c.model == each.c.group_id, _OTHER.c.at >= _FROM)
        .order_by(_OTHER.c.at)
        .limit(1)
        .offset(_MOST)
        .correlate(each)
        .scalar_subquery()
    )
    return (
        select(t.ancestor.c.at)
        .join_from(each, t.ancestor, t.ancestor.c.model == each.c.group_id)
        .where(t.ancestor.c.at >= _FROM, t.ancestor.c.at <= func.coalesce(last, ALL))
    )


def _above(models: Select[Any]) -> Select[Any]:
    """The places of some models and of what rests on each."""
    return (
        select(t.composed.c.at, t.ancestor.c.at)
        .join(t.composed, t.composed.c.id == t.ancestor.c.model)
        .where(t.ancestor.c.model.in_(models))
        .where(t.ancestor.c.model != t.ancestor.c.group_id)
    )


class _Uses:
    """Questions about the uses of some collections: all of them, and those of a page of users.
    Sources and ancestors stand at the place of the model or batch that they are of."""

    def __init__(self, is_one: Callable[[FromClause], ColumnElement[bool]]) -> None:
        which = is_one(t.collection)
        direct = (
            select(t.source.c.group_id)
            .join(t.collection, t.collection.c.id == t.source.c.collection)
            .where(which)
        )
        theirs, behind = t.collection.alias("theirs"), t.source.alias("behind")
        end = (  # of a page; whatever declares it later is under nothing before
            select(behind.c.at)
            .join(theirs, theirs.c.id == behind.c.collection)
            .where(is_one(theirs), behind.c.at >= _FROM)
            .order_by(behind.c.at)
            .limit(1)
            .offset(_MOST)
            .scalar_subquery()
        )
        self.above = _above(direct)
        self.uses = (
            select(
                t.source.c.at,
                number_of(t.source.c.collection),
                t.source.c.weight,
                t.composed.c.weight,
                t.source.c.shares,
                t.composed.c.shares,
                t.composed.c.data_ppm,
            )
            .select_from(t.collection)
            .join(t.source, t.source.c.collection == t.collection.c.id)
            .join(t.composed, t.composed.c.at == t.source.c.at)
            .where(which)
        )
        here = (
            select(t.source.c.at)
            .join(t.collection, t.collection.c.id == t.source.c.collection)
            .where(which, t.source.c.at >= _FROM)
        )
        first = here.distinct().order_by(t.source.c.at).limit(_MOST)
        through = _through(direct.where(t.source.c.at <= func.coalesce(end, ALL)))
        self.places: dict[bool, Executable] = {
            False: first,
            True: union(select(first.subquery("first").c.at), through).order_by("at").limit(_MOST),
        }
        before = direct.where(t.source.c.at < bindparam("last", type_=BigInteger))
        self.above_at = _above(before).where(numbered(t.ancestor.c.at, "places"))
        self.uses_at = self.uses.where(numbered(t.source.c.at, "places"))


_OF_PROVIDER = _Uses(lambda collection: collection.c.provider == bindparam("which", type_=Address))
_OF_COLLECTION = _Uses(lambda collection: collection.c.id == bindparam("which", type_=Key()))


def usage_of(
    store: Store, provider: str, deep: bool, after: bytes = b"", most: int | None = None
) -> list[Usage]:
    """Uses of a provider's collections, earliest first.

    Args:
        after: the `cursor` of the last row that is known.
        most: how many rows at most; all when left out.
    """
    return _asked(store, _OF_PROVIDER, provider.lower(), deep, after, most)


def uses_of(
    store: Store, collection: bytes, deep: bool, after: bytes = b"", most: int | None = None
) -> list[Usage]:
    """Uses of one collection, likewise."""
    return _asked(store, _OF_COLLECTION, collection, deep, after, most)


def _asked(
    store: Store, ask: _Uses, which: str | bytes, deep: bool, after: bytes, most: int | None
) -> list[Usage]:
    if most is None:
        found = _all(store, ask, which, deep)
    else:
        found = _some(store, ask, which, deep, int.from_bytes(after[:8]), most)
    return [each for each in found if each.cursor > after][:most] if after or most else found


def _all(store: Store, ask: _Uses, which: str | bytes, deep: bool) -> list[Usage]:
    uses = store.rows(ask.uses, which=which)
    users = {row[0]: [row[0]] for row in uses}
    for model, user in store.rows(ask.above, which=which) if deep else ():
        users[model].append(user)
    return _usage(store, users, uses)


def _some(
    store: Store, ask: _Uses, which: str | bytes, deep: bool, start: int, most: int
) -> list[Usage]:
    """The uses by the first models and batches from a place on. Each has one use or more, and the
    page before may have ended among those of the first."""
    rows = store.rows(ask.places[deep], which=which, start=start, most=most + 1)
    users = {at: [at] for (at,) in rows}
    last = max(users, default=0)
    above = store.rows(ask.above_at, which=which, places=list(users), last=last) if deep else []
    for model, user in above:
        users.setdefault(model, []).append(user)
    return _usage(store, users, store.rows(ask.uses_at, which=which, places=list(users)))


def _usage(store: Store, users: Mapping[int, list[int]], uses: Sequence[Row]) -> list[Usage]:
    """
    Args:
        users: by its place, a model or batch that declares -> the places of the users that are
            meant, itself or above it.
        uses: what is declared.
    """
    keys = store.keys
    places = list({user for each in users.values() for user in each} | users.keys())
    told = {row[0]: row[1:] for row in store.rows(_USERS, places=places)}
    keys.load({row[1] for row in uses} | {row[2] for row in told.values()})
    who = {number: keys.address(number) for number in {row[2] for row in told.values()}}
    part, raw, found = _parts(), keys.raw, []
    for at, number, weight, whole, shares, asked, ppm in uses:
        share, collection = part(shares, asked, ppm), raw(number)
        for user in users[at]:
            kind, id_, registrant, time = told[user]
            by = None if user == at else told[at][1]
            use = _made_usage(
                kind, id_, who[registrant], time, collection, by, weight, whole, share, user
            )
            found.append((user, collection, by or b"", use))
    found.sort()  # no two are alike before their last part
    return [row[3] for row in found]


def within(group: ColumnElement[Any]) -> CompoundSelect[Any]:
    """The numbers of a model or batch and of every model under it."""
    this = select(number_of(t.composed.c.id)).where(t.composed.c.id == group)
    under = select(number_of(t.ancestor.c.model)).where(t.ancestor.c.group_id == group)
    return this.union(under)


_WITHIN = within(bindparam("group", type_=Key()))

_MEMBERS = (
    select(
        number_of(t.composed.c.id),
        t.composed.c.id,
        t.composed.c.kind,
        _REGISTRANT,
        t.time_of(t.composed.c.at),
        t.composed.c.own_ppm,
        t.composed.c.data_ppm,
        t.composed.c.shares,
        t.terms.c.until,
        t.composed.c.at,
    )
    .select_from(_GROUPS.outerjoin(t.terms, t.terms.c.id == t.model.c.terms))
    .where(number_of(t.composed.c.id).in_(_WITHIN))
)
_HERE = numbered(t.source.c.at, "places")
"""Sources stand at the place of the model or batch that they are of, in order."""
_DATA = (
    select(t.source.c.at, number_of(t.source.c.collection), t.source.c.weight, t.source.c.shares)
    .where(_HERE)
    .order_by(t.source.c.at, t.source.c.place)
)
_COLLECTIONS = select(
    number_of(t.collection.c.id),
    t.collection.c.id,
    number_of(t.collection.c.provider),
    t.time_of(t.collection.c.at),
    REVOKED_AT,
    number_of(t.collection.c.terms),
).where(t.collection.c.id.in_(select(t.source.c.collection).where(_HERE)))
_TERMS = select(number_of(t.terms.c.id), t.terms.c.until, t.terms.c.notice).where(
    numbered(t.terms.c.id, "numbers")
)
_BASES = select(number_of(t.base.c.group_id), number_of(t.base.c.model)).where(
    numbered(t.base.c.group_id, "numbers")
)
_EXTERNALS = (
    select(number_of(t.external.c.group_id), t.external.c.weights, t.external.c.document)
    .where(numbered(t.external.c.group_id, "numbers"))
    .order_by(t.external.c.weights, t.external.c.at)
)


def lineage_of(store: Store, records: Records, group: bytes, now: int) -> Lineage:
    """The lineage of a batch or model."""
    records.kind(group)
    return _Walk(store, group, now).lineage()


class _Walk:
    """From a batch or model down to the data, with every row read beforehand."""

    def __init__(self, store: Store, group: bytes, now: int) -> None:
        self._group, self._now, keys = group, now, store.keys
        self._members = {row[0]: row[1:] for row in store.rows(_MEMBERS, group=group)}
        numbers, places = list(self._members), [row[-1] for row in self._members.values()]
        self._data = _by_first(store.rows(_DATA, places=places))
        collections = store.rows(_COLLECTIONS, places=places)
        self._collections = {row[0]: row for row in collections}
        keys.load({row[2] for row in collections})
        self._providers = {each: keys.address(each) for each in {row[2] for row in collections}}
        terms = store.rows(_TERMS, numbers=list({row[5] for row in collections}))
        self._terms = {number: (until, notice) for number, until, notice in terms}
        self._bases = _by_first(store.rows(_BASES, numbers=numbers))
        self._externals = _by_first(store.rows(_EXTERNALS, numbers=numbers))
        self._part = _parts()
        self._nodes: dict[Any, Node] = {}
        self._edges: list[Edge] = []

    def lineage(self) -> Lineage:
        """By depth: what something rests on, before what that rests on."""
        first = next(number for number, row in self._members.items() if row[0] == self._group)
        self._nodes[first] = self._member(first)
        rest = [first]
        for user in rest:
            self._add_data(user)
            rest += self._add_bases(user)
            self._add_externals(user)
        return Lineage(self._group, self._now, tuple(self._nodes.values()), tuple(self._edges))

    def _add_data(self, user: int) -> None:
        user_id, *_, ppm, asked, _until, at = self._members[user]
        nodes, edges, part = self._nodes, self._edges, self._part
        for _, number, weight, shares in self._data.get(at, ()):
            node = nodes.get(number) or self._add_collection(number)
            share = part(shares, asked, ppm)
            edges.append(_made_edge(user_id, "collection", node.id, weight, share))

    def _add_bases(self, user: int) -> list[int]:
        """The models that were not met before."""
        new = []
        models = [number for _, number in self._bases.get(user, ())]
        for number in sorted(models, key=lambda model: self._members[model][0]):
            model, _, _, _, own, *_ = self._members[number]
            share = Fraction(own, WHOLE)
            self._edges.append(Edge(self._members[user][0], "model", model, 0, share))
            if number not in self._nodes:
                self._nodes[number] = self._member(number)
                new.append(number)
        return new

    def _add_externals(self, user: int) -> None:
        user_id = self._members[user][0]
        for _, weights, document in self._externals.get(user, ()):
            self._edges.append(Edge(user_id, "external", weights, 0, Fraction(0), document))
            node = Node("external", weights, "", 0, document=document)
            self._nodes.setdefault((weights, document), node)

    def _member(self, number: int) -> Node:
        group, kind, registrant, time, *_, until, _at = self._members[number]
        return Node(kind, group, registrant, time, None, until, self._lapsed(until))

    def _add_collection(self, number: int) -> Node:
        _, collection, provider, time, revoked, terms = self._collections[number]
        ends = consent_ends(*self._terms[terms], revoked)
        node = self._nodes[number] = _made_node(
            "collection", collection, self._providers[provider], time, revoked, ends,
            ends is not None and self._now >= ends,
        )  # fmt: skip
        return node

    def _lapsed(self, until: int | None) -> bool:
        return until is not None and self._now >= until


def _by_first(rows: list[Row]) -> dict[int, list[Row]]:
    """Rows by their first column."""
    found: defaultdict[int, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[0]].append(row)
    return found


def _parts() -> Callable[[int, int, int], Fraction]:
    """What part of a group's gross a source has that asks for so many of all shares of its data
    split. Most sources ask for the same, and making a fraction is slow."""

    @cache
    def part(shares: int, asked: int, ppm: int) -> Fraction:
        return Fraction(shares * ppm, asked * WHOLE) if asked else Fraction(0)

    return part
