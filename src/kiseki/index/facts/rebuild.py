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

What does not hash to the ID **waits** for events that are not here yet, so that events can arrive
in chunks of any order; what does, is composed, and must give the split that the contract logged.
"""

from collections.abc import Sequence
from dataclasses import dataclass

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
from kiseki.index.facts.splits import Splits
from kiseki.index.store.sqlite import Row, Store

__all__ = ["Rebuilder"]

_SOURCES = """
SELECT collection, items, weight FROM model_source
WHERE model = ? AND submitter = ? AND judged_at = ? AND (block, position) < (?, ?)
ORDER BY block, position
"""
_WAITING = """
SELECT 'model' AS kind, id, block, position FROM model WHERE id NOT IN (SELECT id FROM composed)
UNION ALL
SELECT 'batch', id, block, position FROM batch WHERE id NOT IN (SELECT id FROM composed)
ORDER BY block, position
"""


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


class Rebuilder:
    """Composes models and batches as their events become complete."""

    def __init__(self, store: Store, splits: Splits, data_registry: str) -> None:
        self._store = store
        self._splits = splits
        self._data_registry = data_registry
        self._terms: dict[bytes, Terms] = {}

    def run(self) -> None:
        """Composes all that is complete, each group after those it rests on.

        Raises:
            IndexInconsistent: what is composed is not what the contract logged.
        """
        moved = True
        while moved:
            moved = False
            for kind, group, *_ in self.waiting():
                moved |= self._attempt(kind, group)

    def waiting(self) -> list[Row]:
        """(kind, ID, block, position) of registered groups that are not composed, in order."""
        return self._store.rows(_WAITING)

    def _attempt(self, kind: str, group: bytes) -> bool:
        found = self._model(group) if kind == "model" else self._batch(group)
        if found is None:
            return False
        sources = self._priced(found.collections)
        parents = [self.ancestry(each) for each in found.parents]
        if sources is None or not all(parents):
            return False
        if kind == "batch":
            self._keep_batch(found, sources, parents)
            return True
        terms = self.terms(self._model_row(group)[2])
        if terms is None:
            return False
        self._keep_model(found, sources, parents, terms)
        return True

    # What a group rests on

    def _model_row(self, model: bytes) -> Row:
        row = self._store.row(
            "SELECT developer, weights, terms, submitter, judged_at, block, position, payee, split"
            " FROM model WHERE id = ?",
            model,
        )
        if row is None:
            raise IndexInconsistent(f"the model {to_hex(model)} is gone while it is composed")
        return row

    def _model(self, model: bytes) -> _Group | None:
        developer, weights, terms, *which, payee, split = self._model_row(model)
        logged = [
            Collection(collection, items, int(weight))
            for collection, items, weight in self._store.rows(_SOURCES, model, *which)
        ]
        parents, externals = self._bases(model)
        for collections in _choices(logged):
            hashed = _sources_hash(collections, parents, externals)
            if hashed and ids.model_id(developer, weights, hashed, terms) == model:
                return _Group("model", model, collections, parents, externals, hashed, payee, split)
        return None

    def _batch(self, batch: bytes) -> _Group | None:
        row = self._store.row("SELECT creator, root, payee, split FROM batch WHERE id = ?", batch)
        if row is None:
            return None
        creator, root, payee, split = row
        rows = self._store.rows(
            "SELECT collection FROM batch_source WHERE batch = ? ORDER BY block, position", batch
        )
        collections = [Collection(each, ZERO32, 1) for (each,) in rows]
        parents, externals = self._bases(batch)
        hashed = _sources_hash(collections, parents, externals)
        if not hashed or ids.batch_id(creator, hashed, root) != batch:
            return None
        return _Group("batch", batch, collections, parents, externals, hashed, payee, split)

    def _bases(self, group: bytes) -> tuple[list[bytes], list[External]]:
        models = self._store.rows("SELECT model FROM base WHERE group_id = ? ORDER BY model", group)
        externals = self._store.rows(
            "SELECT weights, document FROM external WHERE group_id = ? ORDER BY weights", group
        )
        return [model for (model,) in models], [External(*row) for row in externals]

    # What it costs

    def terms(self, terms_id: bytes) -> Terms | None:
        """Terms on record."""
        if terms_id not in self._terms:
            row = self._store.row("SELECT document FROM terms WHERE id = ?", terms_id)
            if row is None:
                return None
            self._terms[terms_id] = Terms.from_json(row[0])
        return self._terms[terms_id]

    def _priced(self, collections: Sequence[Collection]) -> list[Source] | None:
        priced = []
        for each in collections:
            row = self._store.row("SELECT terms FROM collection WHERE id = ?", each.id)
            terms = self.terms(row[0]) if row else None
            if terms is None:
                return None
            priced.append(Source(each.id, each.weight, terms.royalty_bps, terms.floor_bps))
        return priced

    def ancestry(self, model: bytes) -> list[Ancestor]:
        """A model and every distinct ancestor, ascending; empty when it is not composed."""
        rows = self._store.rows(
            "SELECT model, own FROM ancestor WHERE group_id = ? ORDER BY model", model
        )
        return [Ancestor(*row) for row in rows]

    def _own_splits(self, parents: Sequence[Sequence[Ancestor]]) -> dict[bytes, bytes]:
        found = {}
        for model in {each.model for listed in parents for each in listed if each.own}:
            row = self._store.row("SELECT own_split FROM composed WHERE id = ?", model)
            if row and row[0]:
                found[model] = row[0]
        return found

    # Keeping it

    def _keep_model(
        self,
        group: _Group,
        sources: list[Source],
        parents: list[list[Ancestor]],
        terms: Terms,
    ) -> None:
        own_splits = self._own_splits(parents)
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
        row = self._store.row("SELECT manifest, weight FROM model WHERE id = ?", group.id)
        if row != (manifest, str(weight)):
            raise _differs(group, f"its manifest is {to_hex(manifest)} with the weight {weight}")
        self._keep(group, sources, made, made.own, made.own_split)

    def _keep_batch(
        self, group: _Group, sources: list[Source], parents: list[list[Ancestor]]
    ) -> None:
        own_splits = self._own_splits(parents)
        try:
            made = compose_batch(
                self._data_registry, group.id, sources, parents, own_splits, group.payee
            )
        except KisekiError as error:
            raise _differs(group, str(error)) from error
        self._keep(group, sources, made, 0, None)

    def _keep(
        self,
        group: _Group,
        sources: list[Source],
        made: ModelSplits | BatchSplits,
        own: int,
        own_split: Split | None,
    ) -> None:
        if made.split.key != group.split:
            raise _differs(group, f"its split is {to_hex(made.split.key)}")
        self._splits.add(made.split, group.kind, group.id)
        if made.data.split:
            self._splits.add(made.data.split, "data", group.id)
        own_key = self._splits.add(own_split, "own", group.id) if own_split else None
        self._keep_sources(group, sources, made.data)
        ancestry = made.ancestry if isinstance(made, ModelSplits) else made.ancestors
        self._store.add(
            "ancestor",
            ({"group_id": group.id, "model": each.model, "own": each.own} for each in ancestry),
        )
        row = {
            "id": group.id,
            "kind": group.kind,
            "sources_hash": group.sources_hash,
            "data_ppm": made.data.ppm,
            "own_ppm": own,
            "own_split": own_key,
            "split": group.split,
            "level": worst([*map(self._level, group.parents), *(x.base for x in group.externals)]),
        }
        self._store.add("composed", [row])

    def _level(self, model: bytes) -> Base:
        row = self._store.row("SELECT level FROM composed WHERE id = ?", model)
        if row is None:
            raise IndexInconsistent(f"the model {to_hex(model)} is gone while it is built on")
        return Base(row[0])

    def _keep_sources(self, group: _Group, sources: list[Source], data: Data) -> None:
        leaves = dict(data.split.leaves) if data.split else {}
        rows = []
        for place, (collection, source) in enumerate(zip(group.collections, sources, strict=True)):
            subject = ids.subject(self._data_registry, source.collection)
            row = {
                "group_id": group.id,
                "place": place,
                "collection": collection.id,
                "items": collection.items,
                "weight": str(collection.weight),
                "shares": str(leaves.get(subject, 0)),
            }
            rows.append(row)
        self._store.add("source", rows)


def _choices(logged: list[Collection]) -> list[list[Collection]]:
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
