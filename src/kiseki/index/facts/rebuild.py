"""Rebuilding what every model and batch rests on and pays, from events alone.

Which `ModelSource` events are a model's? They are logged before the model is registered, also by
drafts that are abandoned and by strangers who add parts under the ID of somebody else's model. A
registration says its (submitter, judgedAt), and so does every source event, which leaves those of
one submitter judged at one second. Among these, from the contract:

- a draft only grows, by exactly 1,024 collections a part, ascending, and starting it again takes
  24 hours, so that `judgedAt` differs: its events, in order, are 1,024 each but for the last part,
  which is logged by the registration itself;
- a registration *without* a draft logs at most 1,024, just before `ModelRegistered`. Should the
  same submitter have opened a draft for the same ID in the same second (even in one transaction,
  through a contract), the draft's whole parts stand before these.

So with n events the sources are one of three: all n; the last n mod 1,024; or, when that is 0, the
last 1,024. Which one it is, the model's ID says: it is the hash of them. (Filtering by transaction
would not add anything: a draft and a registration can share one.) Parents and externals are logged
once, by the registration.

Events come in their order, so when a registration comes, all that it rests on is there: sources
that do not hash to the ID are a fault. What does is composed, and must give the split that the
contract logged.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from kiseki.core import ids
from kiseki.core.base import Base, worst
from kiseki.core.compose import (
    Ancestor,
    BatchSplits,
    Data,
    ModelSplits,
    Source,
    compose_batch,
    compose_model,
)
from kiseki.core.ids import PART, Collection, External
from kiseki.core.manifest import manifest_root
from kiseki.core.split import Split
from kiseki.core.terms import Terms
from kiseki.core.values import ZERO32, to_hex
from kiseki.errors import IndexInconsistent, InvalidInput, KisekiError
from kiseki.index.store import tables as t
from kiseki.index.store.database import Store

__all__ = ["Made", "Rebuilder", "ancestry"]

_OF_MODEL = """
SELECT collection, items, weight FROM model_source
WHERE model = ? AND submitter = ? AND judged_at = ? ORDER BY at
"""
_OF_BATCH = "SELECT collection FROM batch_source WHERE batch = ? ORDER BY at"
_BASES = "SELECT model FROM base WHERE group_id = ?"
_EXTERNALS = "SELECT weights, document FROM external WHERE group_id = ?"
_PRICES = "SELECT id, terms, provider FROM collection WHERE id IN ({})"
_TERMS = "SELECT document FROM terms WHERE id = ?"
_ANCESTORS = "SELECT model, own FROM ancestor WHERE group_id = ?"
_COMPOSED = """
SELECT composed.own_split, composed.level, model.developer
FROM composed JOIN model ON model.at = composed.at WHERE composed.id = ?
"""

_GROUPS = {"model_source": "model", "batch_source": "batch", "base": "group_id",
           "external": "group_id"}  # fmt: skip
"""The facts that say what a group rests on, and which of their columns names the group."""
_TOGETHER = 500
"""Collections of one question."""
_MOST = 200_000
"""Ancestors, and prices of collections, that are remembered."""


@dataclass(frozen=True, slots=True)
class Made:
    """What a registration made known.

    Attributes:
        splits: (kind, split) of each, payees before who pays them.
    """

    splits: tuple[tuple[str, Split], ...]


@dataclass(frozen=True, slots=True)
class _Group:
    """A registered model or batch whose true sources were found."""

    kind: str
    id: bytes
    collections: list[Collection]
    parents: list[bytes]
    externals: list[External]
    sources_hash: bytes
    payee: bytes
    split: bytes


class _Logged(NamedTuple):
    """What was logged for a group: not all of it needs to be the group's."""

    sources: list[Collection]
    parents: list[bytes]
    externals: list[External]


class Rebuilder:
    """Composes models and batches when they are registered."""

    def __init__(self, store: Store, data_registry: str) -> None:
        self._store = store
        self._data_registry = data_registry
        self._terms: dict[bytes, Terms] = {}
        self._prices: dict[bytes, tuple[bytes, str]] = {}  # terms, and whose it is
        self._ancestries: dict[bytes, list[Ancestor]] = {}
        self._compositions: dict[bytes, tuple[bytes | None, int, str]] = {}
        self._facts: defaultdict[bytes, list[tuple[str, Mapping[str, Any]]]] = defaultdict(list)
        self._number = store.converters([t.model_source.c.weight])[1][0] or int

    def log(self, name: str, row: Mapping[str, Any]) -> None:
        """Remembers a fact of a group, which is registered soon after: what it rests on is mostly
        logged with it, and need not be read again."""
        column = _GROUPS.get(name)
        if column is not None:
            self._facts[row[column]].append((name, row))

    def end(self) -> None:
        """A batch of blocks ended: what was logged in it is in the store."""
        self._facts.clear()
        if sum(map(len, self._ancestries.values())) > _MOST or len(self._prices) > _MOST:
            self._ancestries.clear()
            self._compositions.clear()
            self._prices.clear()

    def register(self, kind: str, row: Mapping[str, Any], at: int) -> Made:
        """Composes a model or batch, and keeps what it rests on.

        Args:
            row: the fact of its registration.
            at: the place of that.

        Raises:
            IndexInconsistent: its events do not hash to its ID, or what is composed is not what the
                contract logged.
        """
        group = self._group(kind, row)
        if group is None:
            raise IndexInconsistent(
                f"the {kind} {to_hex(row['id'])} of block {at >> 20} cannot be rebuilt from the"
                " events read so far: events before it are missing, so the node left something out;"
                " ask another node"
            )
        sources = [
            Source(each.id, each.weight, terms.royalty_bps, terms.floor_bps)
            for each, terms in zip(group.collections, self._priced_all(group), strict=True)
        ]
        parents = [self._ancestry(model) for model in group.parents]
        for model, listed in zip(group.parents, parents, strict=True):
            if not listed:
                raise IndexInconsistent(
                    f"the {kind} {to_hex(group.id)} rests on the model {to_hex(model)}, whose"
                    " events are missing, so the node left something out; ask another node"
                )
        if kind == "batch":
            return self._keep_batch(group, row, sources, parents, at)
        return self._keep_model(group, row, sources, parents, at)

    # What a group rests on

    def _group(self, kind: str, row: Mapping[str, Any]) -> _Group | None:
        """The group, whose ID says which of what was logged is its; nothing where none is."""
        for look_up in (self._here, self._kept):
            logged = look_up(kind, row)
            for chosen in _choices(logged.sources) if kind == "model" else [logged.sources]:
                hashed = _sources_hash(chosen, logged.parents, logged.externals)
                if hashed is not None and _id_of(kind, row, hashed) == row["id"]:
                    return _Group(
                        kind=kind,
                        id=row["id"],
                        collections=chosen,
                        parents=logged.parents,
                        externals=logged.externals,
                        sources_hash=hashed,
                        payee=row["payee"],
                        split=row["split"],
                    )
        return None

    def _here(self, kind: str, row: Mapping[str, Any]) -> _Logged:
        """What was logged for it in this batch of blocks, as far as it was not registered."""
        logged = _Logged([], [], [])
        for name, fact in self._facts.pop(row["id"], []):
            if name == "base":
                logged.parents.append(fact["model"])
            elif name == "external":
                logged.externals.append(External(fact["weights"], fact["document"]))
            elif name == "batch_source":
                logged.sources.append(Collection(fact["collection"], ZERO32, 1))
            elif all(fact[column] == row[column] for column in ("submitter", "judged_at")):
                source = Collection(fact["collection"], fact["items"], fact["weight"])
                logged.sources.append(source)
        return _ordered(logged)

    def _kept(self, kind: str, row: Mapping[str, Any]) -> _Logged:
        """What was ever logged for it."""
        self._store.flush(t.model_source, t.batch_source, t.base, t.external)
        keys, read = self._store.keys, self._store.read_all
        number = keys.number(row["id"])
        if kind == "model":
            rows = read(_OF_MODEL, number, keys.number(row["submitter"]), row["judged_at"])
            sources = [
                Collection(keys.raw(collection), bytes(items), self._number(weight))
                for collection, items, weight in rows
            ]
        else:
            sources = [Collection(keys.raw(each), ZERO32, 1) for (each,) in read(_OF_BATCH, number)]
        parents = [keys.raw(model) for (model,) in read(_BASES, number)]
        externals = [External(bytes(w), bytes(said)) for w, said in read(_EXTERNALS, number)]
        return _ordered(_Logged(sources, parents, externals))

    # What it costs

    def _priced(self, terms_id: bytes) -> Terms:
        terms = self._terms.get(terms_id)
        if terms is None:
            self._store.flush(t.terms)
            row = self._store.read(_TERMS, self._store.keys.number(terms_id))
            if row is None:
                raise IndexInconsistent(
                    f"the terms {to_hex(terms_id)} were used, but the event that defined them is"
                    " missing, so the node left something out; ask another node"
                )
            terms = self._terms[terms_id] = Terms.from_json(row[0])
        return terms

    def _priced_all(self, group: _Group) -> list[Terms]:
        """The terms of its collections."""
        keys, prices = self._store.keys, self._prices
        missing = [each.id for each in group.collections if each.id not in prices]
        if missing:
            self._store.flush(t.collection)
        for start in range(0, len(missing), _TOGETHER):
            listed = ", ".join(str(keys.number(id_)) for id_ in missing[start : start + _TOGETHER])
            for id_, terms, provider in self._store.read_all(_PRICES.format(listed)):
                prices[keys.raw(id_)] = keys.raw(terms), keys.address(provider)
        for each in group.collections:
            if each.id not in prices:
                raise IndexInconsistent(
                    f"the {group.kind} {to_hex(group.id)} rests on the collection"
                    f" {to_hex(each.id)}, whose events are missing, so the node left something"
                    " out; ask another node"
                )
        return [self._priced(prices[each.id][0]) for each in group.collections]

    # What models before it came to

    def _ancestry(self, model: bytes) -> list[Ancestor]:
        listed = self._ancestries.get(model)
        if listed is None:
            self._store.flush(t.ancestor)
            listed = self._ancestries[model] = ancestry(self._store, model)
        return listed

    def _composed(self, model: bytes) -> tuple[bytes | None, int, str]:
        """The split of what a model asks for itself, its level, and its developer."""
        known = self._compositions.get(model)
        if known is None:
            self._store.flush(t.composed, t.model)
            keys = self._store.keys
            row = self._store.read(_COMPOSED, keys.number(model))
            if row is None:
                raise IndexInconsistent(f"the model {to_hex(model)} is gone while it is built on")
            own = None if row[0] is None else keys.raw(row[0])
            known = own, row[1], keys.address(row[2])
            self._compositions[model] = known
        return known

    def _own_splits(self, parents: Sequence[Sequence[Ancestor]]) -> dict[bytes, bytes]:
        own = {}
        for model in {each.model for listed in parents for each in listed if each.own}:
            split, *_ = self._composed(model)
            if split is not None:
                own[model] = split
        return own

    # Keeping it

    def _keep_model(
        self,
        group: _Group,
        row: Mapping[str, Any],
        sources: list[Source],
        parents: list[list[Ancestor]],
        at: int,
    ) -> Made:
        own_splits = self._own_splits(parents)
        terms = self._priced(row["terms"])
        try:
            made = compose_model(
                self._data_registry,
                group.id,
                sources,
                parents,
                own_splits,
                terms.royalty_bps,
                group.payee,
            )
            manifest, weight = manifest_root(group.collections)
        except KisekiError as error:
            raise _differs(group, str(error)) from error
        if (row["manifest"], row["weight"]) != (manifest, weight):
            raise _differs(group, f"its manifest is {to_hex(manifest)} with the weight {weight}")
        return self._keep(group, made, made.own, made.own_split, row, at)

    def _keep_batch(
        self,
        group: _Group,
        row: Mapping[str, Any],
        sources: list[Source],
        parents: list[list[Ancestor]],
        at: int,
    ) -> Made:
        own_splits = self._own_splits(parents)
        try:
            made = compose_batch(
                self._data_registry, group.id, sources, parents, own_splits, group.payee
            )
        except KisekiError as error:
            raise _differs(group, str(error)) from error
        return self._keep(group, made, 0, None, row, at)

    def _keep(
        self,
        group: _Group,
        made: ModelSplits | BatchSplits,
        own: int,
        own_split: Split | None,
        row: Mapping[str, Any],
        at: int,
    ) -> Made:
        if made.split.key != group.split:
            raise _differs(group, f"its split is {to_hex(made.split.key)}")
        weight, shares = self._keep_sources(group, made.data, at)
        ancestry = made.ancestry if isinstance(made, ModelSplits) else made.ancestors
        self._store.add(
            t.ancestor,
            (
                {"at": at, "place": i, "group_id": group.id, "model": each.model, "own": each.own}
                for i, each in enumerate(ancestry)
            ),
        )
        levels = [Base(self._composed(model)[1]) for model in group.parents]
        level = int(worst([*levels, *(each.base for each in group.externals)]))
        own_key = own_split.key if own_split else None
        if group.kind == "model":
            under = [each.model for each in ancestry if each.model != group.id]
            keys = [*(each.id for each in group.collections), *under]
            self._store.add(
                t.rests, ({"at": at, "place": i, "key": each} for i, each in enumerate(keys))
            )
            self._ancestries[group.id] = sorted(ancestry, key=lambda each: each.model)
            self._compositions[group.id] = own_key, level, row["developer"]
        self._keep_used(group, at)
        composed = {
            "at": at,
            "id": group.id,
            "kind": group.kind,
            "sources_hash": group.sources_hash,
            "data_ppm": made.data.ppm,
            "own_ppm": own,
            "own_split": own_key,
            "split": group.split,
            "level": level,
            "weight": weight,
            "shares": shares,
        }
        self._store.add(t.composed, [composed])
        splits = [("data", made.data.split), ("own", own_split), (group.kind, made.split)]
        return Made(tuple((kind, split) for kind, split in splits if split))

    def _keep_used(self, group: _Group, at: int) -> None:
        """What it builds on, and whose that and its data are."""
        owners = {self._prices[each.id][1] for each in group.collections}
        owners |= {self._composed(model)[2] for model in group.parents}
        keys = [*group.parents, *map(ids.wallet, sorted(owners))]
        self._store.add(
            t.used, ({"at": at, "place": i, "key": each} for i, each in enumerate(keys))
        )

    def _keep_sources(self, group: _Group, data: Data, at: int) -> tuple[int, int]:
        """All weight, and all shares of the data split."""
        leaves = dict(data.split.leaves) if data.split else {}
        weight = shares = 0
        rows = []
        for place, collection in enumerate(group.collections):
            share = leaves.get(ids.subject(self._data_registry, collection.id), 0)
            weight, shares = weight + collection.weight, shares + share
            row = {
                "at": at,
                "place": place,
                "group_id": group.id,
                "collection": collection.id,
                "items": collection.items,
                "weight": collection.weight,
                "shares": share,
            }
            rows.append(row)
        self._store.add(t.source, rows)
        return weight, shares


def ancestry(store: Store, model: bytes) -> list[Ancestor]:
    """A model and every distinct ancestor, ascending; empty when it is not composed."""
    number = store.keys.look_up(model)
    rows = [] if number is None else store.read_all(_ANCESTORS, number)
    return sorted(
        (Ancestor(store.keys.raw(each), own) for each, own in rows), key=lambda each: each.model
    )


def _ordered(logged: _Logged) -> _Logged:
    """The same as the contract orders it; sources stay in the order of their events."""
    logged.parents.sort()
    logged.externals.sort(key=lambda each: each.weights)
    return logged


def _choices(logged: list[Collection]) -> list[list[Collection]]:
    """What the true sources can be among those logged by one submitter for one second."""
    rest = len(logged) % PART
    tail = rest or min(PART, len(logged))
    shorter = [logged[-tail:]] if tail else []
    return [logged, *shorter, []]


def _id_of(kind: str, row: Mapping[str, Any], hashed: bytes) -> bytes:
    """The ID of what rests on sources with a hash."""
    if kind == "model":
        return ids.model_id(row["developer"], row["weights"], hashed, row["terms"])
    return ids.batch_id(row["creator"], hashed, row["root"])


def _sources_hash(
    collections: Sequence[Collection], parents: Sequence[bytes], externals: Sequence[External]
) -> bytes | None:
    """``None`` for what no contract accepts: out of order."""
    try:
        parts = [ids.part_hash(part) for part in ids.parts(collections)]
        return ids.sources_hash(parts, parents, externals)
    except InvalidInput:
        return None


def _differs(group: _Group, found: str) -> IndexInconsistent:
    return IndexInconsistent(
        f"the {group.kind} {to_hex(group.id)} was registered with the split {to_hex(group.split)},"
        f" but from its events: {found}; the index and the contracts disagree, which is a fault of"
        " Kiseki's or a chain that is not what it says"
    )
