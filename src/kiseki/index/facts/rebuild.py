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

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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
from kiseki.index.store.database import Row, Store

__all__ = ["Made", "Rebuilder", "ancestry"]

_LOGGED = """
SELECT logged.collection, logged.items, logged.weight, collection.terms
FROM model_source AS logged LEFT JOIN collection ON collection.id = logged.collection
WHERE logged.model = ? AND logged.submitter = ? AND logged.judged_at = ? ORDER BY logged.at
"""
_OF_BATCH = """
SELECT logged.collection, collection.terms
FROM batch_source AS logged LEFT JOIN collection ON collection.id = logged.collection
WHERE logged.batch = ? ORDER BY logged.at
"""
_BASES = "SELECT model FROM base WHERE group_id = ?"
_EXTERNALS = "SELECT weights, document FROM external WHERE group_id = ? ORDER BY weights"
_TERMS = "SELECT document FROM terms WHERE id = ?"
_ANCESTORS = "SELECT model, own FROM ancestor WHERE group_id = ?"
_COMPOSED = "SELECT own_split, level FROM composed WHERE id = ?"


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
    prices: list[bytes]
    parents: list[bytes]
    externals: list[External]
    sources_hash: bytes
    payee: bytes
    split: bytes


class Rebuilder:
    """Composes models and batches when they are registered."""

    def __init__(self, store: Store, data_registry: str) -> None:
        self._store = store
        self._data_registry = data_registry
        self._terms: dict[bytes, Terms] = {}
        self._number = store.converters([t.model_source.c.weight])[1][0] or int

    def forget(self) -> None:
        """Drops what was read."""
        self._terms.clear()

    def register(self, kind: str, row: Mapping[str, Any], at: int) -> Made:
        """Composes a model or batch, and keeps what it rests on.

        Args:
            row: the fact of its registration.
            at: the place of that.

        Raises:
            IndexInconsistent: its events do not hash to its ID, or what is composed is not what the
                contract logged.
        """
        self._store.flush()
        group = self._model(row) if kind == "model" else self._batch(row)
        if group is None:
            raise IndexInconsistent(
                f"the {kind} {to_hex(row['id'])} of block {at >> 20} cannot be rebuilt from the"
                " events read so far: events before it are missing, so the node left something out;"
                " ask another node"
            )
        sources = [
            Source(each.id, each.weight, terms.royalty_bps, terms.floor_bps)
            for each, terms in zip(group.collections, map(self._priced, group.prices), strict=True)
        ]
        parents = [ancestry(self._store, model) for model in group.parents]
        for model, listed in zip(group.parents, parents, strict=True):
            if not listed:
                raise IndexInconsistent(
                    f"the {kind} {to_hex(group.id)} rests on the model {to_hex(model)}, whose"
                    " events are missing, so the node left something out; ask another node"
                )
        if kind == "batch":
            return self._keep_batch(group, sources, parents, at)
        return self._keep_model(group, row, sources, parents, at)

    # What a group rests on

    def _model(self, row: Mapping[str, Any]) -> _Group | None:
        keys = self._store.keys
        which = keys.number(row["id"]), keys.number(row["submitter"]), row["judged_at"]
        logged = [
            (Collection(keys.raw(collection), bytes(items), self._number(weight)), terms)
            for collection, items, weight, terms in self._store.read_all(_LOGGED, *which)
        ]
        parents, externals = self._bases(row["id"])
        for chosen in _choices(logged):
            collections = [collection for collection, _ in chosen]
            hashed = _sources_hash(collections, parents, externals)
            if hashed is None:
                continue
            if ids.model_id(row["developer"], row["weights"], hashed, row["terms"]) == row["id"]:
                return self._group("model", row, chosen, parents, externals, hashed)
        return None

    def _batch(self, row: Mapping[str, Any]) -> _Group | None:
        keys = self._store.keys
        chosen = [
            (Collection(keys.raw(collection), ZERO32, 1), terms)
            for collection, terms in self._store.read_all(_OF_BATCH, keys.number(row["id"]))
        ]
        parents, externals = self._bases(row["id"])
        hashed = _sources_hash([collection for collection, _ in chosen], parents, externals)
        if hashed is None or ids.batch_id(row["creator"], hashed, row["root"]) != row["id"]:
            return None
        return self._group("batch", row, chosen, parents, externals, hashed)

    def _group(
        self,
        kind: str,
        row: Mapping[str, Any],
        chosen: Sequence[tuple[Collection, int | None]],
        parents: list[bytes],
        externals: list[External],
        hashed: bytes,
    ) -> _Group:
        missing = [collection for collection, terms in chosen if terms is None]
        for collection in missing:
            raise IndexInconsistent(
                f"the {kind} {to_hex(row['id'])} rests on the collection {to_hex(collection.id)},"
                " whose events are missing, so the node left something out; ask another node"
            )
        return _Group(
            kind=kind,
            id=row["id"],
            collections=[collection for collection, _ in chosen],
            prices=[self._store.keys.raw(terms) for _, terms in chosen if terms is not None],
            parents=parents,
            externals=externals,
            sources_hash=hashed,
            payee=row["payee"],
            split=row["split"],
        )

    def _bases(self, group: bytes) -> tuple[list[bytes], list[External]]:
        number = self._store.keys.number(group)
        models = [self._store.keys.raw(model) for (model,) in self._store.read_all(_BASES, number)]
        rows = self._store.read_all(_EXTERNALS, number)
        return sorted(models), [External(bytes(weights), bytes(said)) for weights, said in rows]

    # What it costs

    def _priced(self, terms_id: bytes) -> Terms:
        terms = self._terms.get(terms_id)
        if terms is None:
            row = self._store.read(_TERMS, self._store.keys.number(terms_id))
            if row is None:
                raise IndexInconsistent(
                    f"the terms {to_hex(terms_id)} were used, but the event that defined them is"
                    " missing, so the node left something out; ask another node"
                )
            terms = self._terms[terms_id] = Terms.from_json(row[0])
        return terms

    def _composed(self, model: bytes) -> Row:
        row = self._store.read(_COMPOSED, self._store.keys.number(model))
        if row is None:
            raise IndexInconsistent(f"the model {to_hex(model)} is gone while it is built on")
        return row

    def _own_splits(self, parents: Sequence[Sequence[Ancestor]]) -> dict[bytes, bytes]:
        own = {}
        for model in {each.model for listed in parents for each in listed if each.own}:
            split, _ = self._composed(model)
            if split is not None:
                own[model] = self._store.keys.raw(split)
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
        return self._keep(group, made, made.own, made.own_split, at)

    def _keep_batch(
        self, group: _Group, sources: list[Source], parents: list[list[Ancestor]], at: int
    ) -> Made:
        own_splits = self._own_splits(parents)
        try:
            made = compose_batch(
                self._data_registry, group.id, sources, parents, own_splits, group.payee
            )
        except KisekiError as error:
            raise _differs(group, str(error)) from error
        return self._keep(group, made, 0, None, at)

    def _keep(
        self,
        group: _Group,
        made: ModelSplits | BatchSplits,
        own: int,
        own_split: Split | None,
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
        row = {
            "at": at,
            "id": group.id,
            "kind": group.kind,
            "sources_hash": group.sources_hash,
            "data_ppm": made.data.ppm,
            "own_ppm": own,
            "own_split": own_split.key if own_split else None,
            "split": group.split,
            "level": int(worst([*levels, *(each.base for each in group.externals)])),
            "weight": weight,
            "shares": shares,
        }
        self._store.add(t.composed, [row])
        splits = [("data", made.data.split), ("own", own_split), (group.kind, made.split)]
        return Made(tuple((kind, split) for kind, split in splits if split))

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


def _choices(
    logged: list[tuple[Collection, int | None]],
) -> list[list[tuple[Collection, int | None]]]:
    """What the true sources can be among those logged by one submitter for one second."""
    rest = len(logged) % PART
    tail = rest or min(PART, len(logged))
    shorter = [logged[-tail:]] if tail else []
    return [logged, *shorter, []]


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
