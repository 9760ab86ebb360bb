"""What only the index can see of a batch, beside what `OutputRegistry.verify` tells."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy import and_, bindparam, func, select

from kiseki.core import ids
from kiseki.core.base import Base
from kiseki.core.ids import External
from kiseki.core.keccak import keccak256
from kiseki.index.answers import wording
from kiseki.index.answers.records import Records, chunks, item_ended
from kiseki.index.answers.trace import Lineage, Node, within
from kiseki.index.store import tables as t
from kiseki.index.store.database import Row, Store
from kiseki.index.store.types import Key, among, number_of, raws

__all__ = ["MANIFEST", "Finding", "findings_of", "models_with"]

MANIFEST = keccak256(b"manifest")
"""Kind of the statement with which a developer says which document a model's manifest is."""
_LOOKING = 24 * 3600
"""Seconds from looking what is there to being registered, at most."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know about a batch.

    Attributes:
        code: ``undisclosed_base``, ``stated_base``, ``external_registered``, ``weights_twice``,
            ``manifest_unpublished``, ``manifest_false``, ``manifest_checked``, ``outputs_twice``,
            ``outputs_unpublished``, ``source_revoked``, ``source_expired``, ``model_expired`` or
            ``item_revoked``.
        sentence: the same in plain English.
        subject: ID of what it is about; of a base model that is not registered, who names it.
        severity: ``problem``: something declared is wrong or missing; ``fact``: good to know,
            the batch stays what it was.
        said: makes the sentence in a language.
    """

    code: str
    sentence: str = field(init=False)
    subject: bytes
    severity: str
    said: Callable[[str], str] = field(repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sentence", self.said("en"))

    def words(self, language: str = "en") -> str:
        """The sentence in a language.

        Raises:
            InvalidInput: there is no such language.
        """
        return self.said(language)


_GROUP = bindparam("group", type_=Key())
_WITHIN = within(_GROUP)

_MODELS = select(t.model.c.id, t.model.c.weights, t.model.c.manifest, t.model.c.judged_at).where(
    number_of(t.model.c.id).in_(_WITHIN)
)
_FALSE_ONES = (
    select(
        t.manifest_false.c.model,
        t.manifest_false.c.kind,
        t.manifest_false.c.collection,
        t.manifest_false.c.challenger,
        t.time_of(t.manifest_false.c.at),
        t.transaction_of(t.manifest_false.c.at),
    )
    .where(number_of(t.manifest_false.c.model).in_(_WITHIN))
    .order_by(t.manifest_false.c.at)
)
_CHECKED = select(t.manifest_checked.c.model, t.time_of(t.manifest_checked.c.at)).where(
    number_of(t.manifest_checked.c.model).in_(_WITHIN)
)


def findings_of(
    store: Store, records: Records, lineage: Lineage, model_registry: str
) -> list[Finding]:
    """Everything found about the batch or model of a lineage, problems first."""
    found: list[Finding] = []
    models = _Models(store, lineage, model_registry)
    for node in lineage.nodes:
        if node.kind in ("batch", "model"):
            for external in models.externals[node.id]:
                found.append(_external(node, external))
                found += _external_registered(models.same[external.weights], node, external)
        if node.kind == "collection":
            found += _collection(node, lineage.now)
        elif node.kind == "model":
            found += _weights(models.same[models.rows[node.id][0]], node)
            found += _model(node)
            found += _manifest(models, node)
            found += _walked(models, node)
    found += _revoked_items(store, models, lineage)
    if lineage.nodes[0].kind == "batch":
        found += _outputs(store, records, lineage.nodes[0])
    return sorted(found, key=lambda finding: finding.severity != "problem")


class _Models:
    """What is known of all the models in a lineage, each question asked once for all of them.

    Attributes:
        rows: model -> weights, manifest, and when its consents were judged.
        externals: model or batch -> the base models it names as not registered.
        same: weights -> (model, developer, time) of every model with them, earliest first.
        challenges: model -> evidence against its manifest.
        checked: model -> when its manifest was walked to its end.
        stated: the models whose developer published the manifest.
    """

    def __init__(self, store: Store, lineage: Lineage, registry: str) -> None:
        rows = store.rows(_MODELS, group=lineage.id)
        self.rows: dict[bytes, Row] = {model: tuple(row) for model, *row in rows}
        self.externals: defaultdict[bytes, list[External]] = defaultdict(list)
        for edge in lineage.edges:
            if edge.kind == "external":
                self.externals[edge.user].append(External(edge.source, edge.document))
        weights = {row[0] for row in self.rows.values()}
        weights |= {each.weights for named in self.externals.values() for each in named}
        self.same = _models_by_weights(store, weights)
        self.challenges: defaultdict[bytes, list[Row]] = defaultdict(list)
        for model, *row in store.rows(_FALSE_ONES, group=lineage.id):
            self.challenges[model].append(tuple(row))
        self.checked: dict[bytes, int] = {
            row[0]: row[1] for row in store.rows(_CHECKED, group=lineage.id)
        }
        developers = {node.id: node.registrant for node in lineage.nodes if node.kind == "model"}
        self.stated = _stated(store, registry, developers)


_STATED = (
    select(t.statement.c.subject, t.statement.c.speaker)
    .where(among(t.statement.c.subject, "subjects"))
    .where(among(t.statement.c.speaker, "speakers"))
    .where(t.statement.c.kind == MANIFEST)
    .distinct()
)


def _stated(store: Store, registry: str, developers: dict[bytes, str]) -> set[bytes]:
    """The models whose own developer published the manifest, whatever strangers said."""
    subjects = {ids.subject(registry, model): model for model in developers}
    found = set()
    for asked in chunks(subjects):
        speakers = raws({developers[subjects[key]] for key in asked})
        for about, said_by in store.rows(_STATED, subjects=asked, speakers=speakers):
            if developers[subjects[about]] == said_by:
                found.add(subjects[about])
    return found


def _external(user: Node, named: External) -> Finding:
    """Named with who brings it, because that is who could have said more."""
    said = partial(wording.unregistered_base, kind=user.kind, user=user.id, named=named)
    if named.base is Base.STATED:
        return Finding("stated_base", user.id, "fact", said)
    return Finding("undisclosed_base", user.id, "problem", said)


def _external_registered(same: list[Row], user: Node, named: External) -> list[Finding]:
    """A problem only where whoever names it could have found it registered."""
    found = []
    for model, developer, time in same:
        said = partial(
            wording.base_registered, kind=user.kind, user=user.id, weights=named.weights,
            model=model, by=developer, time=time,
        )  # fmt: skip
        severity = "problem" if _could_be_seen(time, user.time) else "fact"
        found.append(Finding("external_registered", model, severity, said))
    return found


def _could_be_seen(earlier: int, later: int) -> bool:
    """Whether who registered something looked, or should have looked, when the earlier one was
    there. Without this a stranger who sees a registration coming could stain it for good."""
    return earlier + _LOOKING <= later


def _collection(node: Node, now: int) -> list[Finding]:
    if node.revoked_at is not None and node.revoked_at <= now:
        said = partial(
            wording.revoked, provider=node.registrant, collection=node.id, time=node.revoked_at
        )
        return [Finding("source_revoked", node.id, "fact", said)]
    if node.lapsed:
        said = partial(wording.collection_ended, collection=node.id, time=node.ends_at or 0)
        return [Finding("source_expired", node.id, "fact", said)]
    return []


def _model(node: Node) -> list[Finding]:
    if not node.lapsed:
        return []
    said = partial(wording.model_ended, model=node.id, time=node.ends_at or 0)
    return [Finding("model_expired", node.id, "fact", said)]


def _manifest(models: _Models, node: Node) -> list[Finding]:
    _, manifest, _ = models.rows[node.id]
    if not any(manifest) or node.id in models.stated:
        return []
    said = partial(wording.not_published, developer=node.registrant, model=node.id)
    return [Finding("manifest_unpublished", node.id, "problem", said)]


_FALSE = {
    "out_of_order": wording.declared_twice,
    "revoked_item": wording.revoked_item_declared,
}


def _walked(models: _Models, node: Node) -> list[Finding]:
    """What was shown of a manifest, against it or for it; the contract never allows both."""
    found = []
    for kind, collection, challenger, time, transaction in models.challenges[node.id]:
        said = partial(
            _FALSE[kind], model=node.id, collection=collection, challenger=challenger, time=time,
            sent=transaction,
        )  # fmt: skip
        found.append(Finding("manifest_false", node.id, "problem", said))
    checked = models.checked.get(node.id)
    if checked is not None:
        said = partial(wording.checked, model=node.id, time=checked)
        found.append(Finding("manifest_checked", node.id, "fact", said))
    return found


def _weights(same: list[Row], node: Node) -> list[Finding]:
    if len(same) < 2:
        return []
    first, who, time = same[0]
    if first == node.id or who == node.registrant:
        other, by, when = next(row for row in same if row[0] != node.id)
        said = partial(wording.registered_too, model=node.id, other=other, by=by, time=when)
        return [Finding("weights_twice", other, "fact", said)]
    said = partial(wording.registered_before, model=node.id, other=first, by=who, time=time)
    severity = "problem" if _could_be_seen(time, node.time) else "fact"
    return [Finding("weights_twice", first, severity, said)]


_WITH = (
    select(t.model.c.weights, t.model.c.id, t.model.c.developer, t.time_of(t.model.c.at))
    .where(t.model.c.weights.in_(bindparam("weights", expanding=True)))
    .order_by(t.model.c.at)
)


def _models_by_weights(store: Store, weights: Iterable[bytes]) -> defaultdict[bytes, list[Row]]:
    """Weights -> (model, developer, time) of every model with them, earliest first."""
    found: defaultdict[bytes, list[Row]] = defaultdict(list)
    for asked in chunks(weights):
        for same, *row in store.rows(_WITH, weights=asked):
            found[same].append(tuple(row))
    return found


def models_with(store: Store, weights: bytes) -> list[Row]:
    """(model, developer, time) of every model with these weights, earliest first."""
    return _models_by_weights(store, [weights])[weights]


_MINE, _THEIRS = t.published.alias("mine"), t.published.alias("theirs")
_THIS, _OTHER = t.batch.alias("this"), t.batch.alias("other")
_TWICE = (
    select(
        _OTHER.c.id,
        _OTHER.c.creator,
        t.time_of(_OTHER.c.at),
        func.count(),
        _OTHER.c.at < _THIS.c.at,
    )
    .select_from(_THIS)
    .join(_MINE, _MINE.c.group_id == _THIS.c.id)
    .join(_THEIRS, _THEIRS.c.commitment == _MINE.c.commitment)
    .join(_OTHER, and_(_OTHER.c.id == _THEIRS.c.group_id, _OTHER.c.creator != _THIS.c.creator))
    .where(_THIS.c.id == bindparam("batch"))
    .group_by(_OTHER.c.at, _OTHER.c.id, _OTHER.c.creator, _THIS.c.at)
    .order_by(_OTHER.c.at)
)


def _outputs(store: Store, records: Records, batch: Node) -> list[Finding]:
    found = []
    for other, creator, time, count, earlier in store.rows(_TWICE, batch=batch.id):
        said = partial(
            wording.outputs_twice, other=other, creator=creator, time=time, count=count,
            earlier=bool(earlier),
        )  # fmt: skip
        severity = "problem" if earlier and _could_be_seen(time, batch.time) else "fact"
        found.append(Finding("outputs_twice", other, severity, said))
    record = records.batch(batch.id)
    if not record.complete:
        published = len(record.published)
        said = partial(wording.not_all_published, count=record.count, published=published)
        found.append(Finding("outputs_unpublished", batch.id, "fact", said))
    return found


_USED = select(t.source.c.collection).where(number_of(t.source.c.group_id).in_(_WITHIN))
_USED_COLLECTION = t.collection.alias("used")
_PROVIDERS = select(_USED_COLLECTION.c.provider).where(_USED_COLLECTION.c.id.in_(_USED))
_REVOKED_IN = (
    select(t.collection.c.id, t.terms.c.notice, t.time_of(t.item_revocation.c.at))
    .select_from(t.item_revocation)
    .join(t.published, t.published.c.commitment == t.item_revocation.c.commitment)
    .join(
        t.collection,
        and_(
            number_of(t.collection.c.id) == number_of(t.published.c.group_id) + 0,
            number_of(t.collection.c.provider) == number_of(t.item_revocation.c.provider) + 0,
        ),
    )
    .join(t.terms, t.terms.c.id == t.collection.c.terms)
    .where(t.item_revocation.c.provider.in_(_PROVIDERS))
    .where((number_of(t.published.c.group_id) + 0).in_(_USED))
    .order_by(t.item_revocation.c.at)
)
"""Begins with what the providers revoked: adding zero keeps a database from going through all that
they revoked once for each of their collections."""


def _revoked_items(store: Store, models: _Models, lineage: Lineage) -> list[Finding]:
    """Items revoked too late to count when they were judged. Others are what manifests are for."""
    revoked: defaultdict[bytes, list[tuple[int | None, int]]] = defaultdict(list)
    for collection, notice, time in store.rows(_REVOKED_IN, group=lineage.id):
        if time <= lineage.now:
            revoked[collection].append((notice, time))
    judged = {node.id: node.time for node in lineage.nodes if node.kind == "batch"}
    judged |= {model: row[2] for model, row in models.rows.items()}
    first: dict[bytes, Finding] = {}
    for edge in lineage.edges:
        if edge.kind != "collection" or edge.source in first:
            continue
        when = judged[edge.user]
        late = [time for notice, time in revoked[edge.source] if not item_ended(notice, time, when)]
        if late:
            first[edge.source] = _late(edge.source, late)
    return list(first.values())


def _late(collection: bytes, times: list[int]) -> Finding:
    said = partial(wording.items_revoked, count=len(times), collection=collection, time=times[0])
    return Finding("item_revoked", collection, "fact", said)
