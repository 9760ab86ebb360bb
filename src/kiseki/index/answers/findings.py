"""What only the index can see of a batch, beside what `OutputRegistry.verify` tells."""

from dataclasses import dataclass

from kiseki.core import ids
from kiseki.core.base import Base
from kiseki.core.counts import counted
from kiseki.core.days import utc
from kiseki.core.ids import External
from kiseki.core.keccak import keccak256
from kiseki.core.values import to_hex
from kiseki.index.answers.records import Records
from kiseki.index.answers.trace import Lineage, Node
from kiseki.index.store.sqlite import Row, Store

__all__ = ["MANIFEST", "Finding", "findings_of"]

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


def findings_of(
    store: Store, records: Records, lineage: Lineage, model_registry: str
) -> list[Finding]:
    """Everything found about the batch or model of a lineage, problems first."""
    found: list[Finding] = []
    for node in lineage.nodes:
        if node.kind in ("batch", "model"):
            for each in records.externals(node.id):
                found.append(_external(node, each))
                found += _external_registered(store, node, each)
        if node.kind == "collection":
            found += _collection(node, lineage.now)
        elif node.kind == "model":
            found += _weights(store, node)
            found += _model(node)
            found += _manifest(records, node, model_registry)
            found += _walked(records, node)
    found += _revoked_items(store, records, lineage)
    if lineage.nodes[0].kind == "batch":
        found += _outputs(store, records, lineage.nodes[0])
    return sorted(found, key=lambda each: each.severity != "problem")


def _external(user: Node, each: External) -> Finding:
    """Named with who brings it, because that is who could have said more."""
    named = f"weights {_short(each.weights)}" if any(each.weights) else "without its weights"
    said = f"The {user.kind} {_short(user.id)} names a base model that is not registered ({named})"
    if any(each.document):
        said += f"; the document about it has the hash {to_hex(each.document)}, and nobody has"
        said += " checked what that says."
    else:
        said += " and no document about where it comes from."
    if each.base is Base.STATED:
        return Finding("stated_base", said, user.id, "fact")
    return Finding("undisclosed_base", said, user.id, "problem")


def _external_registered(store: Store, user: Node, each: External) -> list[Finding]:
    """A problem only where whoever names it could have found it registered."""
    found = []
    for model, developer, time in models_with(store, each.weights):
        sentence = (
            f"The base model that the {user.kind} {_short(user.id)} names as not registered"
            f" (weights {_short(each.weights)}) is registered as the model {_short(model)} by"
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


def _manifest(records: Records, node: Node, model_registry: str) -> list[Finding]:
    if not any(records.model(node.id).manifest):
        return []
    stated = records.statements(ids.subject(model_registry, node.id))
    if any((each.speaker, each.kind) == (node.registrant, MANIFEST) for each in stated):
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


def _walked(records: Records, node: Node) -> list[Finding]:
    """What was shown of a manifest, against it or for it; the contract never allows both."""
    found = []
    for each in records.challenges(node.id):
        sentence = (
            f"The manifest of the model {_short(node.id)} is proven false:"
            f" {_FALSE[each.kind].format(_short(each.collection))}. {each.challenger} showed it on"
            f" {utc(each.time)} in the transaction {to_hex(each.transaction)}."
        )
        found.append(Finding("manifest_false", sentence, node.id, "problem"))
    checked = records.manifest_checked_at(node.id)
    if checked is not None:
        sentence = (
            f"The manifest of the model {_short(node.id)} was checked item by item on"
            f" {utc(checked)}: each is in its collection, once, and its consent had not ended."
            " That shows what is declared, not what training used."
        )
        found.append(Finding("manifest_checked", sentence, node.id, "fact"))
    return found


def _weights(store: Store, node: Node) -> list[Finding]:
    row = store.row("SELECT weights FROM model WHERE id = ?", node.id)
    same = models_with(store, row[0]) if row else []
    (first, who, time), *_ = same or [(node.id, node.registrant, node.time)]
    if len(same) < 2:
        return []
    if first == node.id or who == node.registrant:
        other, by, when = next(each for each in same if each[0] != node.id)
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


def models_with(store: Store, weights: bytes) -> list[Row]:
    """(model, developer, time) of every model with these weights, earliest first."""
    return store.rows(
        "SELECT id, developer, time FROM model JOIN event USING (block, position)"
        " WHERE weights = ? ORDER BY block, position",
        weights,
    )


_TWICE = """
SELECT other.id, other.creator, event.time, COUNT(*),
       (other.block, other.position) < (this.block, this.position)
FROM batch AS this
JOIN published AS mine ON mine.group_id = this.id
JOIN published AS theirs ON theirs.commitment = mine.commitment
JOIN batch AS other ON other.id = theirs.group_id AND other.creator != this.creator
JOIN event ON event.block = other.block AND event.position = other.position
WHERE this.id = ?
GROUP BY other.id, other.creator, event.time, other.block, other.position, this.block, this.position
ORDER BY other.block, other.position
"""


def _outputs(store: Store, records: Records, batch: Node) -> list[Finding]:
    found = []
    for other, creator, time, count, earlier in store.rows(_TWICE, batch.id):
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


_ITEMS = """
SELECT source.collection, collection.terms, revoked.time
FROM source
JOIN collection ON collection.id = source.collection
JOIN published ON published.group_id = collection.id
JOIN item_revocation AS i
  ON i.commitment = published.commitment AND i.provider = collection.provider
JOIN event AS revoked ON revoked.block = i.block AND revoked.position = i.position
WHERE source.group_id = ? AND revoked.time <= ?
ORDER BY source.collection, revoked.time
"""


def _revoked_items(store: Store, records: Records, lineage: Lineage) -> list[Finding]:
    """Items revoked too late to count when they were judged. Others are what manifests are for."""
    first: dict[bytes, Finding] = {}
    for node in lineage.nodes:
        if node.kind not in ("model", "batch"):
            continue
        judged = records.model(node.id).judged_at if node.kind == "model" else node.time
        late: dict[bytes, list[int]] = {}
        for collection, terms, time in store.rows(_ITEMS, node.id, lineage.now):
            if not records.terms(terms).item_ended(time, judged):
                late.setdefault(collection, []).append(time)
        for collection, times in late.items():
            count, time = len(times), times[0]
            sentence = (
                f"{counted(count, 'item')} of the collection {_short(collection)}"
                f" {'was' if count == 1 else 'were'} revoked, first on {utc(time)}. When this was"
                " registered, the notice was not over yet, so it stays authorised. The manifest"
                " shows whether it declares such an item."
            )
            first.setdefault(collection, Finding("item_revoked", sentence, collection, "fact"))
    return list(first.values())


def _short(value: bytes) -> str:
    return f"{to_hex(value)[:10]}…"
