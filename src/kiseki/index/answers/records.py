"""What the events say of a collection, model or batch, and where a commitment stands."""

from operator import itemgetter

from kiseki.core import ids
from kiseki.core.base import Base
from kiseki.core.ids import Collection, External
from kiseki.core.merkle import IdTree
from kiseki.core.terms import Terms
from kiseki.core.values import address, address_text, bytes32, to_hex
from kiseki.errors import NotInIndex
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
from kiseki.index.store.sqlite import Row, Store

__all__ = ["Records"]

_REGISTRANT = {"collection": "provider", "model": "developer", "batch": "creator"}
"""Table -> the column with who registered."""


class Records:
    """Questions about single things. Each raises :class:`NotInIndex` for an unknown ID."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._complete: dict[bytes, bool] = {}

    def terms(self, terms_id: bytes) -> Terms:
        """Terms on record."""
        (document,) = self._one("SELECT document FROM terms WHERE id = ?", terms_id, "terms")
        return Terms.from_json(document)

    def registered_by(self, table: str, who: str) -> list[bytes]:
        """IDs of what a wallet registered, earliest first."""
        sql = f"SELECT id FROM {table} WHERE {_REGISTRANT[table]} = ? ORDER BY block, position"  # noqa: S608
        return [each for (each,) in self._store.rows(sql, address_text(address(who, "the wallet")))]

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

    def named_in_list(self, registry: str, group: bytes) -> list[str]:
        """Every user that an allow list ever named for something, each once, earliest first."""
        rows = self._store.rows(
            "SELECT user FROM allowed WHERE registry = ? AND id = ? ORDER BY block, position",
            registry,
            group,
        )
        return list(dict.fromkeys(user for (user,) in rows))

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
