"""What the events say of a collection, model or batch, and where a commitment stands."""

from collections.abc import Iterable
from functools import lru_cache
from operator import itemgetter
from typing import TypeVar

from sqlalchemy import BigInteger, Executable, bindparam, select

from kiseki.core import ids
from kiseki.core.base import Base
from kiseki.core.ids import Collection, External
from kiseki.core.merkle import IdTree
from kiseki.core.terms import ITEM_NOTICE, Terms
from kiseki.core.values import address, address_text, bytes32, to_hex
from kiseki.errors import NotInIndex
from kiseki.index.answers.pages import ALL, paged, place_after
from kiseki.index.answers.values import (
    BatchRecord,
    Challenge,
    CollectionRecord,
    Found,
    ModelRecord,
    Sources,
    StandingRecord,
    Statement,
    Status,
)
from kiseki.index.store import tables as t
from kiseki.index.store.database import Row, Store
from kiseki.index.store.types import among

__all__ = [
    "BATCH",
    "COLLECTION",
    "REGISTRANT",
    "REVOKED_AT",
    "Records",
    "chunks",
    "consent_ends",
    "item_ended",
]

_CHUNK = 1000
"""Values that one question asks about at most."""

REGISTRANT = {
    "collection": t.collection.c.provider,
    "model": t.model.c.developer,
    "batch": t.batch.c.creator,
}
"""Table -> the column with who registered."""

T = TypeVar("T")

_TABLES = {"collection": t.collection, "model": t.model, "batch": t.batch}

REVOKED_AT = (
    select(t.time_of(t.revocation.c.at))
    .where(t.revocation.c.collection == t.collection.c.id)
    .scalar_subquery()
)
"""When the collection of a row was revoked, if it was."""


def consent_ends(until: int | None, notice: int | None, revoked_at: int | None) -> int | None:
    """First second at which consent refuses new uses; ``None`` without end.

    Args:
        until, notice: of its terms, as the table of terms has them.
        revoked_at: when it was revoked, if it was.
    """
    if revoked_at is None or notice is None:
        return until
    return revoked_at + notice if until is None else min(until, revoked_at + notice)


def item_ended(notice: int | None, revoked_at: int, when: int) -> bool:
    """Whether an item that was revoked then is false in a manifest judged at `when`, as
    `Terms.item_ended` says.

    Args:
        notice: of its terms, as the table of terms has it.
    """
    return notice is not None and revoked_at + max(notice, ITEM_NOTICE) <= when


def chunks(values: Iterable[T]) -> Iterable[list[T]]:
    """The values, as many at a time as one question can ask about."""
    listed = list(values)
    return (listed[start : start + _CHUNK] for start in range(0, len(listed), _CHUNK))


_read_terms = lru_cache(4096)(Terms.from_json)

_TERMS = select(t.terms.c.document).where(t.terms.c.id == bindparam("id"))

_REGISTERED = {
    name: paged(select(table.c.id).order_by(table.c.at), table) for name, table in _TABLES.items()
}
_LATEST = {
    name: select(table.c.id).order_by(table.c.at.desc()).limit(bindparam("most", type_=BigInteger))
    for name, table in _TABLES.items()
}
_REGISTERED_BY = {
    name: question.where(REGISTRANT[name] == bindparam("who"))
    for name, question in _REGISTERED.items()
}

_PROVIDERS = """
WITH RECURSIVE who (provider) AS (
    SELECT max(provider) FROM collection WHERE provider < ?
    UNION ALL
    SELECT (SELECT max(provider) FROM collection WHERE provider < who.provider) FROM who
    WHERE who.provider IS NOT NULL
)
SELECT provider FROM who WHERE provider IS NOT NULL LIMIT ?
"""
"""From one to the next in the index: wallets have numbers below zero, the first the greatest."""

_STATUS = (
    select(
        t.collection.c.provider,
        t.time_of(t.collection.c.at),
        REVOKED_AT,
        t.terms.c.until,
        t.terms.c.notice,
        t.collection.c.terms,
    )
    .join(t.terms, t.terms.c.id == t.collection.c.terms)
    .where(t.collection.c.id == bindparam("id"))
)
COLLECTION = _STATUS.add_columns(
    t.collection.c.root,
    t.collection.c.count,
    t.collection.c.payee,
    t.collection.c.origin,
    select(t.payee_change.c.payee)
    .where(t.payee_change.c.collection == t.collection.c.id)
    .order_by(t.payee_change.c.at.desc())
    .limit(1)
    .correlate(t.collection)
    .scalar_subquery(),
    select(t.standing_use.c.consent)
    .where(t.standing_use.c.collection == t.collection.c.id)
    .correlate(t.collection)
    .scalar_subquery(),
    t.block_of(t.collection.c.at),
    t.transaction_of(t.collection.c.at),
)
_ITEMS_REVOKED = (
    select(t.item_revocation.c.commitment, t.time_of(t.item_revocation.c.at))
    .join(t.published, t.published.c.commitment == t.item_revocation.c.commitment)
    .where(t.item_revocation.c.provider == bindparam("provider"))
    .where(t.published.c.group_id == bindparam("id"))
    .order_by(t.item_revocation.c.at)
)
_PUBLISHED = select(t.published.c.commitment).where(t.published.c.group_id == bindparam("id"))

_STANDING = (
    select(
        t.standing_use.c.consent,
        t.standing_use.c.collector,
        t.standing_use.c.nonce,
        t.standing_use.c.collection,
        select(t.time_of(t.nonce_cancelled.c.at))
        .where(t.nonce_cancelled.c.signer == t.collection.c.provider)
        .where(t.nonce_cancelled.c.nonce == t.standing_use.c.nonce)
        .scalar_subquery(),
    )
    .join(t.collection, t.collection.c.id == t.standing_use.c.collection)
    .where(t.collection.c.provider == bindparam("provider"))
    .order_by(t.standing_use.c.at)
)

_MODEL_UNTIL = (
    select(t.terms.c.until)
    .join(t.model, t.model.c.terms == t.terms.c.id)
    .where(t.model.c.id == bindparam("id"))
)
_MODEL = (
    select(
        *(t.model.c[name] for name in ("developer", "weights", "terms", "run", "payee", "split")),
        *(t.model.c[name] for name in ("manifest", "weight", "submitter", "judged_at")),
        t.time_of(t.model.c.at),
        *(t.composed.c[name] for name in ("sources_hash", "data_ppm", "own_ppm", "own_split")),
        t.composed.c.level,
        t.block_of(t.model.c.at),
        t.transaction_of(t.model.c.at),
    )
    .join(t.composed, t.composed.c.id == t.model.c.id)
    .where(t.model.c.id == bindparam("id"))
)
BATCH = (
    select(
        *(t.batch.c[name] for name in ("creator", "root", "count", "record", "payee", "split")),
        t.batch.c.endorsed,
        t.composed.c.level,
        t.time_of(t.batch.c.at),
        t.composed.c.sources_hash,
        t.composed.c.data_ppm,
        t.block_of(t.batch.c.at),
        t.transaction_of(t.batch.c.at),
    )
    .join(t.composed, t.composed.c.id == t.batch.c.id)
    .where(t.batch.c.id == bindparam("id"))
)

_SOURCES_HASH = select(t.composed.c.sources_hash).where(t.composed.c.id == bindparam("id"))
_SOURCES = (
    select(t.source.c.collection, t.source.c["items"], t.source.c.weight)
    .where(t.source.c.group_id == bindparam("id"))
    .order_by(t.source.c.place)
)
_BASES = select(t.base.c.model).where(t.base.c.group_id == bindparam("id"))
_EXTERNALS = (
    select(t.external.c.weights, t.external.c.document)
    .where(t.external.c.group_id == bindparam("id"))
    .order_by(t.external.c.weights, t.external.c.at)
)
_KIND = select(t.composed.c.kind).where(t.composed.c.id == bindparam("id"))

_FIND = {
    kind: paged(
        select(table.c.at, table.c.id, REGISTRANT[kind], t.time_of(table.c.at))
        .join(t.published, t.published.c.group_id == table.c.id)
        .where(t.published.c.commitment == bindparam("commitment"))
        .order_by(table.c.at),
        table,
    )
    for kind, table in (("collection", t.collection), ("batch", t.batch))
}

_NAMED = (
    select(t.allowed.c.user)
    .where(t.allowed.c.registry == bindparam("registry"))
    .where(t.allowed.c.id == bindparam("id"))
    .order_by(t.allowed.c.at)
)
_STATEMENTS = paged(
    select(
        t.statement.c.speaker,
        t.statement.c.kind,
        t.statement.c.document,
        t.time_of(t.statement.c.at),
        t.statement.c.at,
    )
    .where(t.statement.c.subject == bindparam("subject"))
    .order_by(t.statement.c.at),
    t.statement,
)
_CHALLENGES = paged(
    select(
        t.manifest_false.c.kind,
        t.manifest_false.c.collection,
        t.manifest_false.c.challenger,
        t.time_of(t.manifest_false.c.at),
        t.transaction_of(t.manifest_false.c.at),
        t.manifest_false.c.at,
    )
    .where(t.manifest_false.c.model == bindparam("model"))
    .order_by(t.manifest_false.c.at),
    t.manifest_false,
)
_REVOKED = select(t.item_revocation.c.item, t.time_of(t.item_revocation.c.at)).where(
    among(t.item_revocation.c.item, "items")
)
_CHECKED = select(t.time_of(t.manifest_checked.c.at)).where(
    t.manifest_checked.c.model == bindparam("model")
)


class Records:
    """Questions about single things. Each raises :class:`NotInIndex` for an unknown ID."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def terms(self, terms_id: bytes) -> Terms:
        """Terms on record."""
        (document,) = self._one(_TERMS, terms_id, "terms")
        return _read_terms(document)

    def registered(
        self, table: str, by: str | None = None, after: bytes | None = None, most: int = ALL
    ) -> list[bytes]:
        """IDs of what was registered, by anybody or by one wallet, earliest first.

        Args:
            table: ``collection``, ``model`` or ``batch``.
            by: whose.
            after: the last one that is known.
            most: how many at most.
        """
        page = {"after": place_after(self._store, _TABLES[table], after, table), "most": most}
        if by is None:
            rows = self._store.rows(_REGISTERED[table], **page)
        else:
            wallet = address_text(address(by, "the wallet"))
            rows = self._store.rows(_REGISTERED_BY[table], who=wallet, **page)
        return [found for (found,) in rows]

    def latest(self, table: str, most: int) -> list[bytes]:
        """IDs of what was registered last, the newest first.

        Args:
            table: ``collection``, ``model`` or ``batch``.
            most: how many at most.
        """
        return [found for (found,) in self._store.rows(_LATEST[table], most=most)]

    def providers(self, after: str, most: int) -> list[str]:
        """Every wallet that has collections, after one of them."""
        keys, last = self._store.keys, 0
        if after:
            number = keys.look_up(address_text(address(after, "the provider")))
            if number is None:
                raise NotInIndex(f"{after} has no collections up to this block")
            last = number
        rows = self._store.read_all(_PROVIDERS, last, most)
        keys.load(number for (number,) in rows)
        return [keys.address(number) for (number,) in rows]

    def collection(self, collection: bytes) -> CollectionRecord:
        """A collection."""
        row = self._one(COLLECTION, collection, "collection")
        provider, time, revoked, until, notice, terms_id, root, count, *rest = row
        payee, origin, later_payee, standing, block, transaction = rest
        published, complete = self._published(collection, provider, root, count)
        items = self._store.rows(_ITEMS_REVOKED, id=collection, provider=provider)
        return CollectionRecord(
            id=collection,
            provider=provider,
            terms_id=terms_id,
            root=root,
            count=count,
            first_payee=payee,
            payee=payee if later_payee is None else later_payee,
            origin=origin,
            registered_at=time,
            revoked_at=revoked,
            ends_at=consent_ends(until, notice, revoked),
            published=published,
            complete=complete,
            items_revoked=tuple((commitment, when) for commitment, when in items),
            standing=standing,
            block=block,
            transaction=transaction,
        )

    def standing_of(self, provider: str) -> list[StandingRecord]:
        """The standing consents of a provider that were used, in the order of their first use."""
        found: dict[bytes, list[Row]] = {}
        for row in self._store.rows(_STANDING, provider=provider):
            found.setdefault(row[0], []).append(row)
        return [
            StandingRecord(
                id=consent,
                provider=provider,
                collector=uses[0][1],
                nonce=uses[0][2],
                collections=tuple(use[3] for use in uses),
                ended_at=uses[0][4],
            )
            for consent, uses in found.items()
        ]

    def status(self, collection: bytes) -> Status:
        """Whose a collection is and when consent ended, which takes no time however large."""
        row = self._one(_STATUS, collection, "collection")
        provider, time, revoked, until, notice, terms_id = row
        return Status(provider, time, revoked, consent_ends(until, notice, revoked), terms_id)

    def model_ends_at(self, model: bytes) -> int | None:
        """First second at which a model's terms refuse new uses; ``None`` without end."""
        until: int | None = self._one(_MODEL_UNTIL, model, "model")[0]
        return until

    def model(self, model: bytes) -> ModelRecord:
        """A model."""
        said = list(self._one(_MODEL, model, "model"))
        said[15] = Base(said[15])
        return ModelRecord(model, *said)

    def batch(self, batch: bytes) -> BatchRecord:
        """A batch."""
        row = self._one(BATCH, batch, "batch")
        creator, root, count, record, payee, split, endorsed, level, time, hashed, ppm, *at = row
        published, complete = self._published(batch, creator, root, count)
        block, transaction = at
        return BatchRecord(
            id=batch,
            creator=creator,
            root=root,
            count=count,
            record=record,
            payee=payee,
            split=split,
            endorsed=endorsed,
            base=Base(level),
            registered_at=time,
            sources_hash=hashed,
            data_ppm=ppm,
            published=published,
            complete=complete,
            block=block,
            transaction=transaction,
        )

    def sources(self, group: bytes) -> Sources:
        """What a model or batch rests on, directly."""
        (hashed,) = self._one(_SOURCES_HASH, group, "model or batch")
        collections = tuple(Collection(*row) for row in self._store.rows(_SOURCES, id=group))
        return Sources(
            hash=hashed,
            parts=tuple(map(ids.part_hash, ids.parts(collections))),
            models=tuple(self.bases(group)),
            externals=tuple(self.externals(group)),
            collections=collections,
        )

    def bases(self, group: bytes) -> list[bytes]:
        """The models that a model or batch rests on directly, ascending."""
        return sorted(model for (model,) in self._store.rows(_BASES, id=group))

    def externals(self, group: bytes) -> list[External]:
        """The base models that one model or batch names as not registered."""
        return [External(*row) for row in self._store.rows(_EXTERNALS, id=group)]

    def kind(self, group: bytes) -> str:
        """``model`` or ``batch``."""
        return str(self._one(_KIND, group, "model or batch")[0])

    def find(
        self, commitment: bytes, after: bytes | None = None, most: int = ALL, kind: str = ""
    ) -> list[Found]:
        """Every collection and batch in which a published commitment stands, earliest first, or
        those of one kind; at most so many, behind the one with the ID `after`."""
        groups = t.collection, t.batch
        place = place_after(self._store, groups, after, "collection or batch")
        values = {"commitment": commitment, "after": place, "most": most}
        found = [
            (at, Found(name, group, who, time))
            for name, question in _FIND.items()
            if kind in ("", name)
            for at, group, who, time in self._store.rows(question, **values)
        ]
        return [each for _, each in sorted(found, key=itemgetter(0))[:most]]

    def named_in_list(self, registry: str, group: bytes) -> list[str]:
        """Every user that an allow list ever named for something, each once, earliest first."""
        rows = self._store.rows(_NAMED, registry=registry, id=group)
        return list(dict.fromkeys(user for (user,) in rows))

    def statements(self, subject: bytes, after: int = -1, most: int = ALL) -> list[Statement]:
        """Everything stated about a subject, earliest first; nothing when nobody said anything.

        Args:
            after: the place of the last one that is known.
            most: how many at most.
        """
        rows = self._store.rows(_STATEMENTS, subject=subject, after=after, most=most)
        return [Statement(*row) for row in rows]

    def challenges(self, model: bytes, after: int = -1, most: int = ALL) -> list[Challenge]:
        """All evidence on record against a model's manifest, earliest first; pages likewise."""
        rows = self._store.rows(_CHALLENGES, model=model, after=after, most=most)
        return [Challenge(*row) for row in rows]

    def manifest_checked_at(self, model: bytes) -> int | None:
        """When a model's manifest was walked to its end; ``None`` when it was not."""
        row = self._store.row(_CHECKED, model=model)
        return row[0] if row else None

    def items_revoked(self, items: Iterable[bytes]) -> dict[bytes, int]:
        """Item ID -> when its provider revoked it, of those of some items that were revoked;
        logged in a collection or not."""
        return {
            item: time
            for asked in chunks(items)
            for item, time in self._store.rows(_REVOKED, items=asked)
        }

    def _one(self, question: Executable, key: bytes, what: str) -> Row:
        bytes32(key, f"the ID of a {what}")
        row = self._store.row(question, id=key)
        if row is None:
            raise NotInIndex(f"no {what} {to_hex(key)} up to this block; is it on this chain?")
        return row

    def _published(
        self, group: bytes, registrant: str, root: bytes, count: int
    ) -> tuple[tuple[bytes, ...], bool]:
        listed = [commitment for (commitment,) in self._store.rows(_PUBLISHED, id=group)]
        by_id = dict(sorted(zip(ids.item_ids(registrant, listed), listed, strict=True)))
        complete = bool(by_id) and len(by_id) == count and IdTree(list(by_id)).root == root
        return tuple(by_id.values()), complete
