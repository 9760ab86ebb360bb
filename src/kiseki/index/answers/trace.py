"""Who declares to have used what, and what something rests on: usage and lineage."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Executable,
    bindparam,
    func,
    select,
    type_coerce,
    union,
)

from kiseki.core.compose import WHOLE
from kiseki.core.values import ZERO32
from kiseki.index.answers.records import REVOKED_AT, Records, chunks, consent_ends
from kiseki.index.store import tables as t
from kiseki.index.store.database import Row, Store
from kiseki.index.store.types import Address, Key, Long, keys, number_of

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


_NUMBERS = bindparam("numbers", type_=Long, expanding=True)
_PLACES = bindparam("places", type_=Long, expanding=True)
_FROM, _MOST = bindparam("start", type_=BigInteger), bindparam("most", type_=BigInteger)
_ADDRESSES = select(keys.c.id, type_coerce(keys.c.raw, Address.shown)).where(
    keys.c.id.in_(_NUMBERS)
)
_REGISTRANT = func.coalesce(t.model.c.developer, t.batch.c.creator)
_GROUPS = t.composed.outerjoin(t.model, t.model.c.at == t.composed.c.at).outerjoin(
    t.batch, t.batch.c.at == t.composed.c.at
)
"""A model or batch is composed by the event that registers it, so both stand at one place."""
_USERS = select(
    number_of(t.composed.c.id),
    t.composed.c.kind,
    t.composed.c.id,
    number_of(_REGISTRANT),
    t.time_of(t.composed.c.at),
    t.composed.c.at,
).select_from(_GROUPS)


_USERS_AT = _USERS.where(t.composed.c.at.in_(_PLACES))
_USERS_AMONG = _USERS.where(number_of(t.composed.c.id).in_(_NUMBERS))


class _Uses:
    """Questions about the uses of some collections: all of them, and those of a page of users.
    Sources and ancestors stand at the place of the model or batch that they are of."""

    def __init__(self, which: ColumnElement[bool]) -> None:
        direct = (
            select(t.source.c.group_id)
            .join(t.collection, t.collection.c.id == t.source.c.collection)
            .where(which)
        )
        deep = select(t.ancestor.c.group_id).where(t.ancestor.c.model.in_(direct))
        self.direct_users = _USERS.where(t.composed.c.id.in_(direct))
        self.deep_users = _USERS.where(t.composed.c.id.in_(deep))
        self.above = (
            select(number_of(t.ancestor.c.model), number_of(t.ancestor.c.group_id))
            .where(t.ancestor.c.model.in_(direct))
            .where(t.ancestor.c.model != t.ancestor.c.group_id)
        )
        self.uses = (
            select(
                number_of(t.source.c.group_id),
                t.source.c.collection,
                t.source.c.weight,
                t.composed.c.weight,
                t.source.c.shares,
                t.composed.c.shares,
                t.composed.c.data_ppm,
            )
            .select_from(t.collection)
            .join(t.source, t.source.c.collection == t.collection.c.id)
            .join(t.composed, t.composed.c.id == t.source.c.group_id)
            .where(which)
        )
        here = (
            select(t.source.c.at)
            .join(t.collection, t.collection.c.id == t.source.c.collection)
            .where(which, t.source.c.at >= _FROM)
        )
        through = select(t.ancestor.c.at).where(
            t.ancestor.c.model.in_(direct), t.ancestor.c.at >= _FROM
        )
        self.places: dict[bool, Executable] = {
            False: here.distinct().order_by(t.source.c.at).limit(_MOST),
            True: union(here, through).order_by("at").limit(_MOST),
        }
        self.above_at = self.above.where(t.ancestor.c.at.in_(_PLACES))
        self.uses_at = self.uses.where(t.source.c.at.in_(_PLACES))


_OF_PROVIDER = _Uses(t.collection.c.provider == bindparam("which"))
_OF_COLLECTION = _Uses(t.collection.c.id == bindparam("which"))


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
    users = {row[0]: row[1:] for row in store.rows(ask.direct_users, which=which)}
    through: defaultdict[int, list[int]] = defaultdict(list, {user: [user] for user in users})
    if deep:
        users |= {row[0]: row[1:] for row in store.rows(ask.deep_users, which=which)}
        for model, user in store.rows(ask.above, which=which):
            through[model].append(user)
    return _usage(store, users, through, store.rows(ask.uses, which=which))


def _some(
    store: Store, ask: _Uses, which: str | bytes, deep: bool, start: int, most: int
) -> list[Usage]:
    """The uses by the first models and batches from a place on. Each has one use or more, and the
    page before may have ended among those of the first."""
    rows = store.rows(ask.places[deep], which=which, start=start, most=most + 1)
    places = [at for (at,) in rows]
    users = {row[0]: row[1:] for row in store.rows(_USERS_AT, places=places)}
    through: defaultdict[int, list[int]] = defaultdict(list, {user: [user] for user in users})
    if deep:
        for model, user in store.rows(ask.above_at, which=which, places=places):
            through[model].append(user)
    users |= {row[0]: row[1:] for row in store.rows(_USERS_AMONG, numbers=list(through))}
    places = [users[each][-1] for each in through]
    return _usage(store, users, through, store.rows(ask.uses_at, which=which, places=places))


def _usage(
    store: Store, users: dict[int, Row], through: dict[int, list[int]], uses: Iterable[Row]
) -> list[Usage]:
    """
    Args:
        users: what is told of each model or batch, by its number.
        through: a model or batch that declares -> the users that are meant, itself or above it.
        uses: what is declared.
    """
    registrants = _told(store, _ADDRESSES, {row[2] for row in users.values()})
    part = _parts()
    found = []
    for group, collection, weight, whole, *shares in uses:
        share, direct = part(*shares), users[group][1]
        for user in through[group]:
            kind, user_id, number, time, at = users[user]
            (registrant,) = registrants[number]
            by = None if user == group else direct
            use = Usage(kind, user_id, registrant, time, collection, by, weight, whole, share, at)
            found.append((at, collection, by or b"", use))
    return [row[-1] for row in sorted(found)]  # no two are alike before their last part


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
    )
    .select_from(_GROUPS.outerjoin(t.terms, t.terms.c.id == t.model.c.terms))
    .where(number_of(t.composed.c.id).in_(_WITHIN))
)
_DATA = select(
    number_of(t.source.c.group_id),
    t.source.c.place,
    number_of(t.source.c.collection),
    t.source.c.weight,
    t.source.c.shares,
).where(number_of(t.source.c.group_id).in_(_WITHIN))
_COLLECTIONS = select(
    number_of(t.collection.c.id),
    t.collection.c.id,
    number_of(t.collection.c.provider),
    t.time_of(t.collection.c.at),
    REVOKED_AT,
    number_of(t.collection.c.terms),
).where(
    t.collection.c.id.in_(
        select(t.source.c.collection).where(number_of(t.source.c.group_id).in_(_WITHIN))
    )
)
_TERMS = select(number_of(t.terms.c.id), t.terms.c.until, t.terms.c.notice).where(
    number_of(t.terms.c.id).in_(_NUMBERS)
)
_BASES = select(number_of(t.base.c.group_id), number_of(t.base.c.model)).where(
    number_of(t.base.c.group_id).in_(_WITHIN)
)
_EXTERNALS = (
    select(number_of(t.external.c.group_id), t.external.c.weights, t.external.c.document)
    .where(number_of(t.external.c.group_id).in_(_WITHIN))
    .order_by(t.external.c.weights, t.external.c.at)
)


def lineage_of(store: Store, records: Records, group: bytes, now: int) -> Lineage:
    """The lineage of a batch or model."""
    records.kind(group)
    return _Walk(store, group, now).lineage()


class _Walk:
    """From a batch or model down to the data, with every row read beforehand."""

    def __init__(self, store: Store, group: bytes, now: int) -> None:
        self._group, self._now = group, now
        self._members = {row[0]: row[1:] for row in store.rows(_MEMBERS, group=group)}
        self._collections = {row[0]: row[1:] for row in store.rows(_COLLECTIONS, group=group)}
        self._providers = _told(store, _ADDRESSES, {row[1] for row in self._collections.values()})
        self._terms = _told(store, _TERMS, {row[4] for row in self._collections.values()})
        self._data = _by_group(store.rows(_DATA, group=group))
        self._bases = _by_group(store.rows(_BASES, group=group))
        self._externals = _by_group(store.rows(_EXTERNALS, group=group))
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
        user_id, *_, ppm, asked, _until = self._members[user]
        for _, _, number, weight, shares in sorted(self._data.get(user, ())):
            node = self._nodes.get(number)
            if node is None:
                node = self._nodes[number] = self._collection(number)
            part = self._part(shares, asked, ppm)
            self._edges.append(Edge(user_id, "collection", node.id, weight, part))

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
        group, kind, registrant, time, *_, until = self._members[number]
        return Node(kind, group, registrant, time, None, until, self._lapsed(until))

    def _collection(self, number: int) -> Node:
        collection, provider, time, revoked, terms = self._collections[number]
        (who,), (until, notice) = self._providers[provider], self._terms[terms]
        ends = consent_ends(until, notice, revoked)
        return Node("collection", collection, who, time, revoked, ends, self._lapsed(ends))

    def _lapsed(self, until: int | None) -> bool:
        return until is not None and self._now >= until


def _told(store: Store, question: Executable, numbers: Iterable[int]) -> dict[int, Row]:
    """What is told of each of some keys, by their numbers."""
    return {
        row[0]: row[1:] for asked in chunks(numbers) for row in store.rows(question, numbers=asked)
    }


def _by_group(rows: list[Row]) -> dict[int, list[Row]]:
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
