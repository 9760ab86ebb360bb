"""What the events say of a collection, model or batch, and where a commitment stands."""

from dataclasses import dataclass
from operator import itemgetter

from kiseki.core import ids
from kiseki.core.base import Base
from kiseki.core.ids import Collection, External
from kiseki.core.merkle import IdTree
from kiseki.core.terms import Terms
from kiseki.core.values import bytes32, to_hex
from kiseki.errors import NotInIndex
from kiseki.index.store.sqlite import Row, Store

__all__ = [
    "BatchRecord",
    "Challenge",
    "CollectionRecord",
    "Found",
    "ModelRecord",
    "Records",
    "Sources",
    "StandingRecord",
    "Statement",
    "Status",
]


@dataclass(frozen=True, slots=True)
class CollectionRecord:
    """A collection.

    Attributes:
        id, root, terms_id, origin: 32 bytes each.
        provider: lowercase address.
        count: how many items it says it has.
        payee: who it pays now; ``first_payee`` when it was registered.
        registered_at, revoked_at: Unix seconds; ``revoked_at`` is ``None`` when it was not.
        ends_at: first second at which new uses are refused, notice and validity included;
            ``None`` without end.
        published: the distinct commitments that were logged, by ascending ID.
        complete: whether they are all: they number ``count`` and rebuild the root.
        items_revoked: (commitment, time) of logged items that the provider revoked.
        standing: the standing consent that it was registered under; ``None`` for none.
        block, transaction: of the registration.
    """

    id: bytes
    provider: str
    terms_id: bytes
    root: bytes
    count: int
    first_payee: bytes
    payee: bytes
    origin: bytes
    registered_at: int
    revoked_at: int | None
    ends_at: int | None
    published: tuple[bytes, ...]
    complete: bool
    items_revoked: tuple[tuple[bytes, int], ...]
    standing: bytes | None
    block: int
    transaction: bytes


@dataclass(frozen=True, slots=True)
class Status:
    """Consent of a collection, as :class:`CollectionRecord` has it, without its items."""

    provider: str
    registered_at: int
    revoked_at: int | None
    ends_at: int | None
    terms_id: bytes


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """A model. Times are Unix seconds, shares parts per million of gross; ``base`` is the worst
    level of itself and every ancestor."""

    id: bytes
    developer: str
    weights: bytes
    terms_id: bytes
    run: bytes
    payee: bytes
    split: bytes
    manifest: bytes
    weight: int
    submitter: str
    judged_at: int
    registered_at: int
    sources_hash: bytes
    data_ppm: int
    own_ppm: int
    own_split: bytes | None
    base: Base
    block: int
    transaction: bytes


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """A batch; ``published`` and ``complete`` as in :class:`CollectionRecord`, ``base`` as in
    :class:`ModelRecord`."""

    id: bytes
    creator: str
    root: bytes
    count: int
    record: bytes
    payee: bytes
    split: bytes
    endorsed: bool
    base: Base
    registered_at: int
    sources_hash: bytes
    data_ppm: int
    published: tuple[bytes, ...]
    complete: bool
    block: int
    transaction: bytes


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything that a model or batch rests on, to show to verifiers (`ShownSources`).

    Attributes:
        hash: the sourcesHash.
        parts: the hash of each 1,024 collections.
        models: IDs, ascending.
        externals: ascending by weights.
        collections: all of them, ascending by ID.
    """

    hash: bytes
    parts: tuple[bytes, ...]
    models: tuple[bytes, ...]
    externals: tuple[External, ...]
    collections: tuple[Collection, ...]

    def part(self, k: int) -> tuple[Collection, ...]:
        """The collections of part ``k``, counted from 0."""
        return self.collections[k * ids.PART : (k + 1) * ids.PART]


@dataclass(frozen=True, slots=True)
class StandingRecord:
    """A standing consent that was used, and what rests on it.

    Attributes:
        id: its struct hash.
        provider, collector: lowercase addresses.
        nonce: what the provider cancels to end it.
        collections: IDs, earliest first.
        ended_at: when the provider ended it, Unix seconds; ``None`` when it did not. When it
            expires is in the consent itself, which the chain does not keep.
    """

    id: bytes
    provider: str
    collector: str
    nonce: int
    collections: tuple[bytes, ...]
    ended_at: int | None


@dataclass(frozen=True, slots=True)
class Statement:
    """What somebody said about a subject. Readers choose whom to believe.

    Attributes:
        speaker: lowercase address.
        kind: keccak256 of what sort (``manifest``, ``audit``, ``dispute``...).
        document: keccak256 of what is said.
        time: Unix seconds.
    """

    speaker: str
    kind: bytes
    document: bytes
    time: int


@dataclass(frozen=True, slots=True)
class Challenge:
    """Evidence on record that a model's manifest is false.

    Attributes:
        kind: ``out_of_order`` (items that do not ascend, or one twice) or ``revoked_item`` (its
            revocation had taken effect before the registration).
        collection: of the items.
        challenger: who showed it, lowercase address.
        time: when, Unix seconds.
        transaction: 32 bytes.
    """

    kind: str
    collection: bytes
    challenger: str
    time: int
    transaction: bytes


@dataclass(frozen=True, slots=True)
class Found:
    """Where a published commitment stands.

    Attributes:
        kind: ``collection`` or ``batch``.
        id: of the collection or batch.
        registrant: who registered it.
        time: when, Unix seconds.
    """

    kind: str
    id: bytes
    registrant: str
    time: int


class Records:
    """Questions about single things. Each raises :class:`NotInIndex` for an unknown ID."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._complete: dict[bytes, bool] = {}

    def terms(self, terms_id: bytes) -> Terms:
        """Terms on record."""
        (document,) = self._one("SELECT document FROM terms WHERE id = ?", terms_id, "terms")
        return Terms.from_json(document)

    def collections_of(self, provider: str) -> list[bytes]:
        """IDs of a provider's collections, earliest first."""
        rows = self._store.rows(
            "SELECT id FROM collection WHERE provider = ? ORDER BY block, position", provider
        )
        return [each for (each,) in rows]

    def collection(self, collection: bytes) -> CollectionRecord:
        """A collection."""
        sql = (
            "SELECT provider, terms, root, count, payee, origin, time, block, tx"
            " FROM collection JOIN event USING (block, position) WHERE id = ?"
        )
        row = self._one(sql, collection, "collection")
        provider, terms_id, root, count, payee, origin, time, block, tx = row
        published, complete = self._published(collection, provider, root, int(count))
        revoked = self._time("revocation", collection)
        return CollectionRecord(
            id=collection,
            provider=provider,
            terms_id=terms_id,
            root=root,
            count=int(count),
            first_payee=payee,
            payee=self._payee(collection, payee),
            origin=origin,
            registered_at=time,
            revoked_at=revoked,
            ends_at=self.terms(terms_id).ends_at(revoked),
            published=published,
            complete=complete,
            items_revoked=self._items_revoked(provider, collection),
            standing=self._standing(collection),
            block=block,
            transaction=tx,
        )

    def standing_of(self, provider: str) -> list[StandingRecord]:
        """The standing consents of a provider that were used, in the order of their first use."""
        rows = self._store.rows(
            "SELECT consent, collector, nonce, collection FROM standing_use"
            " JOIN collection ON collection.id = standing_use.collection"
            " WHERE provider = ? ORDER BY standing_use.block, standing_use.position",
            provider,
        )
        found: dict[bytes, list[Row]] = {}
        for row in rows:
            found.setdefault(row[0], []).append(row)
        return [
            StandingRecord(
                id=consent,
                provider=provider,
                collector=uses[0][1],
                nonce=int(uses[0][2]),
                collections=tuple(each[3] for each in uses),
                ended_at=self._cancelled_at(provider, uses[0][2]),
            )
            for consent, uses in found.items()
        ]

    def registered(
        self, table: str, after: tuple[int, int] = (-1, -1)
    ) -> list[tuple[int, int, bytes]]:
        """(block, position, ID) of every registration after a place in the chain, in order."""
        sql = (
            f"SELECT block, position, id FROM {table}"  # noqa: S608
            " WHERE (block, position) > (?, ?) ORDER BY block, position"
        )
        return [(block, position, each) for block, position, each in self._store.rows(sql, *after)]

    def status(self, collection: bytes) -> Status:
        """Whose a collection is and when consent ended, which takes no time however large."""
        sql = (
            "SELECT provider, terms, time FROM collection JOIN event USING (block, position)"
            " WHERE id = ?"
        )
        provider, terms_id, time = self._one(sql, collection, "collection")
        revoked = self._time("revocation", collection)
        return Status(provider, time, revoked, self.terms(terms_id).ends_at(revoked), terms_id)

    def model_ends_at(self, model: bytes) -> int | None:
        """First second at which a model's terms refuse new uses; ``None`` without end."""
        (terms_id,) = self._one("SELECT terms FROM model WHERE id = ?", model, "model")
        return self.terms(terms_id).ends_at(None)

    def model(self, model: bytes) -> ModelRecord:
        """A model."""
        sql = (
            "SELECT developer, weights, terms, run, payee, model.split, manifest, weight,"
            " submitter, judged_at, time, sources_hash, data_ppm, own_ppm, own_split, level,"
            " block, tx"
            " FROM model JOIN event USING (block, position) JOIN composed USING (id) WHERE id = ?"
        )
        row = self._one(sql, model, "model")
        *said, level, block, tx = row
        return ModelRecord(model, *(*said[:7], int(said[7]), *said[8:], Base(level), block, tx))

    def batch(self, batch: bytes) -> BatchRecord:
        """A batch."""
        sql = (
            "SELECT creator, root, count, record, payee, batch.split, endorsed, time,"
            " sources_hash, data_ppm, level, block, tx"
            " FROM batch JOIN event USING (block, position) JOIN composed USING (id) WHERE id = ?"
        )
        row = self._one(sql, batch, "batch")
        creator, root, count, record, payee, split, endorsed, time, hashed, ppm, level, *at = row
        block, tx = at
        published, complete = self._published(batch, creator, root, int(count))
        return BatchRecord(
            id=batch,
            creator=creator,
            root=root,
            count=int(count),
            record=record,
            payee=payee,
            split=split,
            endorsed=bool(endorsed),
            base=Base(level),
            registered_at=time,
            sources_hash=hashed,
            data_ppm=ppm,
            published=published,
            complete=complete,
            block=block,
            transaction=tx,
        )

    def sources(self, group: bytes) -> Sources:
        """What a model or batch rests on, directly."""
        sql = "SELECT sources_hash FROM composed WHERE id = ?"
        (hashed,) = self._one(sql, group, "model or batch")
        rows = self._store.rows(
            "SELECT collection, items, weight FROM source WHERE group_id = ? ORDER BY place", group
        )
        collections = tuple(Collection(each, items, int(w)) for each, items, w in rows)
        return Sources(
            hash=hashed,
            parts=tuple(map(ids.part_hash, ids.parts(collections))),
            models=tuple(self.bases(group)),
            externals=tuple(self.externals(group)),
            collections=collections,
        )

    def bases(self, group: bytes) -> list[bytes]:
        """The models that a model or batch rests on directly, ascending."""
        sql = "SELECT model FROM base WHERE group_id = ? ORDER BY model"
        return [model for (model,) in self._store.rows(sql, group)]

    def externals(self, group: bytes) -> list[External]:
        """The base models that one model or batch names as not registered."""
        sql = "SELECT weights, document FROM external WHERE group_id = ? ORDER BY weights"
        return [External(*row) for row in self._store.rows(sql, group)]

    def kind(self, group: bytes) -> str:
        """``model`` or ``batch``."""
        sql = "SELECT kind FROM composed WHERE id = ?"
        (kind,) = self._one(sql, group, "model or batch")
        return str(kind)

    def find(self, commitment: bytes) -> list[Found]:
        """Every collection and batch in which a published commitment stands, earliest first."""
        found = []
        for kind, registrant in (("collection", "provider"), ("batch", "creator")):
            sql = (
                f"SELECT {kind}.id, {registrant}, time, {kind}.block, {kind}.position"  # noqa: S608
                f" FROM published JOIN {kind} ON {kind}.id = published.group_id"
                f" JOIN event ON event.block = {kind}.block AND event.position = {kind}.position"
                " WHERE commitment = ?"
            )
            for group, who, time, *place in self._store.rows(sql, commitment):
                found.append((place, Found(kind, group, who, time)))
        return [each for _, each in sorted(found, key=itemgetter(0))]

    def statements(self, subject: bytes) -> list[Statement]:
        """Everything stated about a subject, earliest first; nothing when nobody said anything."""
        sql = (
            "SELECT speaker, kind, document, time FROM statement JOIN event USING (block, position)"
            " WHERE subject = ? ORDER BY block, position"
        )
        return [Statement(*row) for row in self._store.rows(sql, subject)]

    def challenges(self, model: bytes) -> list[Challenge]:
        """All evidence on record against a model's manifest, earliest first."""
        sql = (
            "SELECT kind, collection, challenger, time, tx FROM manifest_false"
            " JOIN event USING (block, position) WHERE model = ? ORDER BY block, position"
        )
        return [Challenge(*row) for row in self._store.rows(sql, model)]

    def manifest_checked_at(self, model: bytes) -> int | None:
        """When a model's manifest was walked to its end; ``None`` when it was not."""
        row = self._store.row(
            "SELECT time FROM manifest_checked JOIN event USING (block, position) WHERE model = ?",
            model,
        )
        return row[0] if row else None

    def items_revoked(self) -> dict[bytes, int]:
        """Item ID -> when its provider revoked it, of all items, logged in a collection or not."""
        rows = self._store.rows(
            "SELECT provider, commitment, time FROM item_revocation"
            " JOIN event USING (block, position)"
        )
        return {ids.item_id(provider, commitment): time for provider, commitment, time in rows}

    def _one(self, sql: str, key: bytes, what: str) -> Row:
        bytes32(key, f"the ID of a {what}")
        row = self._store.row(sql, key)
        if row is None:
            raise NotInIndex(f"no {what} {to_hex(key)} up to this block; is it on this chain?")
        return row

    def _time(self, table: str, collection: bytes) -> int | None:
        row = self._store.row(
            f"SELECT time FROM {table} JOIN event USING (block, position)"  # noqa: S608
            " WHERE collection = ?",
            collection,
        )
        return row[0] if row else None

    def _standing(self, collection: bytes) -> bytes | None:
        row = self._store.row("SELECT consent FROM standing_use WHERE collection = ?", collection)
        return row[0] if row else None

    def _cancelled_at(self, signer: str, nonce: str) -> int | None:
        row = self._store.row(
            "SELECT time FROM nonce_cancelled JOIN event USING (block, position)"
            " WHERE signer = ? AND nonce = ?",
            signer,
            nonce,
        )
        return row[0] if row else None

    def _payee(self, collection: bytes, first: bytes) -> bytes:
        row = self._store.row(
            "SELECT payee FROM payee_change WHERE collection = ?"
            " ORDER BY block DESC, position DESC",
            collection,
        )
        return row[0] if row else first

    def _items_revoked(self, provider: str, collection: bytes) -> tuple[tuple[bytes, int], ...]:
        rows = self._store.rows(
            "SELECT i.commitment, time FROM item_revocation AS i"
            " JOIN published AS p ON p.commitment = i.commitment AND p.group_id = ?"
            " JOIN event ON event.block = i.block AND event.position = i.position"
            " WHERE provider = ? ORDER BY i.block, i.position",
            collection,
            provider,
        )
        return tuple((commitment, time) for commitment, time in rows)

    def _published(
        self, group: bytes, registrant: str, root: bytes, count: int
    ) -> tuple[tuple[bytes, ...], bool]:
        rows = self._store.rows("SELECT commitment FROM published WHERE group_id = ?", group)
        listed = [commitment for (commitment,) in rows]
        by_id = dict(sorted(zip(ids.item_ids(registrant, listed), listed, strict=True)))
        complete = len(by_id) == count and self._rebuilds(group, list(by_id), root)
        return tuple(by_id.values()), complete

    def _rebuilds(self, group: bytes, listed: list[bytes], root: bytes) -> bool:
        """Worth remembering: a tree over all IDs, whose number `count` fixes."""
        if group not in self._complete:
            self._complete[group] = bool(listed) and IdTree(listed).root == root
        return self._complete[group]
