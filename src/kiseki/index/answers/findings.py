"""What only the index can see of a batch, beside what `OutputRegistry.verify` tells."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import and_, bindparam, func, select

from kiseki.core import ids
from kiseki.core.base import Base
from kiseki.core.counts import counted
from kiseki.core.days import utc
from kiseki.core.ids import External
from kiseki.core.keccak import keccak256
from kiseki.core.values import to_hex
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
    """

    code: str
    sentence: str
    subject: bytes
    severity: str


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
    which = f"weights {_short(named.weights)}" if any(named.weights) else "without its weights"
    said = f"The {user.kind} {_short(user.id)} names a base model that is not registered ({which})"
    if any(named.document):
        said += f"; the document about it has the hash {to_hex(named.document)}, and nobody has"
        said += " checked what that says."
    else:
        said += " and no document about where it comes from."
    if named.base is Base.STATED:
        return Finding("stated_base", said, user.id, "fact")
    return Finding("undisclosed_base", said, user.id, "problem")


def _external_registered(same: list[Row], user: Node, named: External) -> list[Finding]:
    """A problem only where whoever names it could have found it registered."""
    found = []
    for model, developer, time in same:
        sentence = (
            f"The base model that the {user.kind} {_short(user.id)} names as not registered"
            f" (weights {_short(named.weights)}) is registered as the model {_short(model)} by"
            f" {developer} on {utc(time)}; what that asks is not paid."
        )
        severity = "problem" if _could_be_seen(time, user.time) else "fact"
        found.append(Finding("external_registered", sentence, model, severity))
    return found


def _could_be_seen(earlier: int, later: int) -> bool:
    """Whether who registered something looked, or should have looked, when the earlier one was
    there. Without this a stranger who sees a registration coming could stain it for good."""
    return earlier + _LOOKING <= later


def _collection(node: Node, now: int) -> list[Finding]:
    if node.revoked_at is not None and node.revoked_at <= now:
        sentence = (
            f"The provider {node.registrant} revoked the collection {_short(node.id)} on"
            f" {utc(node.revoked_at)}, after it was declared here; what rests on it stays"
            " authorised."
        )
        return [Finding("source_revoked", sentence, node.id, "fact")]
    if node.lapsed:
        sentence = (
            f"The terms of the collection {_short(node.id)} ended on {utc(node.ends_at or 0)},"
            " after it was declared here; what rests on it stays authorised."
        )
        return [Finding("source_expired", sentence, node.id, "fact")]
    return []


def _model(node: Node) -> list[Finding]:
    if not node.lapsed:
        return []
    sentence = (
        f"The terms of the model {_short(node.id)} ended on {utc(node.ends_at or 0)}; what"
        " rested on it before stays authorised."
    )
    return [Finding("model_expired", sentence, node.id, "fact")]


def _manifest(models: _Models, node: Node) -> list[Finding]:
    _, manifest, _ = models.rows[node.id]
    if not any(manifest) or node.id in models.stated:
        return []
    sentence = (
        f"The developer {node.registrant} has not published the manifest of the model"
        f" {_short(node.id)}, so nobody can see which items of its collections it declares."
    )
    return [Finding("manifest_unpublished", sentence, node.id, "problem")]


_FALSE = {
    "out_of_order": "items of the collection {} stand in it twice or out of order",
    "revoked_item": "it declares an item of the collection {} whose revocation had taken effect"
    " before the registration",
}


def _walked(models: _Models, node: Node) -> list[Finding]:
    """What was shown of a manifest, against it or for it; the contract never allows both."""
    found = []
    for kind, collection, challenger, time, transaction in models.challenges[node.id]:
        sentence = (
            f"The manifest of the model {_short(node.id)} is proven false:"
            f" {_FALSE[kind].format(_short(collection))}. {challenger} showed it on"
            f" {utc(time)} in the transaction {to_hex(transaction)}."
        )
        found.append(Finding("manifest_false", sentence, node.id, "problem"))
    checked = models.checked.get(node.id)
    if checked is not None:
        sentence = (
            f"The manifest of the model {_short(node.id)} was checked item by item on"
            f" {utc(checked)}: each is in its collection, once, and its consent had not ended."
            " That shows what is declared, not what training used."
        )
        found.append(Finding("manifest_checked", sentence, node.id, "fact"))
    return found


def _weights(same: list[Row], node: Node) -> list[Finding]:
    if len(same) < 2:
        return []
    first, who, time = same[0]
    if first == node.id or who == node.registrant:
        other, by, when = next(row for row in same if row[0] != node.id)
        sentence = (
            f"The weights of the model {_short(node.id)} are also registered as the model"
            f" {_short(other)} by {by} on {utc(when)}."
        )
        return [Finding("weights_twice", sentence, other, "fact")]
    sentence = (
        f"The weights of the model {_short(node.id)} were registered before, as the model"
        f" {_short(first)} by {who} on {utc(time)}, with sources of its own; whoever was first"
        " need not be right."
    )
    severity = "problem" if _could_be_seen(time, node.time) else "fact"
    return [Finding("weights_twice", sentence, first, severity)]


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
        when = "before" if earlier else "later"
        sentence = (
            f"The batch {_short(other)} of {creator}, registered on {utc(time)}, has"
            f" {counted(count, 'output')} of this batch too, and was registered {when}; whoever was"
            " first need not have made them."
        )
        severity = "problem" if earlier and _could_be_seen(time, batch.time) else "fact"
        found.append(Finding("outputs_twice", sentence, other, severity))
    record = records.batch(batch.id)
    if not record.complete:
        sentence = (
            f"It has {counted(record.count, 'output')}, of which {len(record.published):,} are"
            " published; the others cannot be looked up."
        )
        found.append(Finding("outputs_unpublished", sentence, batch.id, "fact"))
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
    count = len(times)
    sentence = (
        f"{counted(count, 'item')} of the collection {_short(collection)}"
        f" {'was' if count == 1 else 'were'} revoked, first on {utc(times[0])}. When this was"
        " registered, the notice was not over yet, so it stays authorised. The manifest"
        " shows whether it declares such an item."
    )
    return Finding("item_revoked", sentence, collection, "fact")


def _short(value: bytes) -> str:
    return f"{to_hex(value)[:10]}…"
