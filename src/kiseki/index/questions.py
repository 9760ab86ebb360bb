"""Questions about what was registered, and what rests on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import bindparam, select

from kiseki.core import ids
from kiseki.core.compose import Ancestor
from kiseki.core.ids import Collection
from kiseki.core.terms import Terms
from kiseki.core.values import address, address_text, bytes32
from kiseki.index.answers import findings, trace
from kiseki.index.answers.called import Called, called
from kiseki.index.answers.declared import source_of
from kiseki.index.answers.heads import BatchHead, CollectionHead, batch_head, collection_head
from kiseki.index.answers.items import Item, home_of, item_of, items_in
from kiseki.index.answers.pages import ALL
from kiseki.index.answers.records import Records
from kiseki.index.answers.resting import Declaring, declaring
from kiseki.index.answers.runs import Ran, runs_in, said_of
from kiseki.index.answers.spoken import Spoken, collector_of, said_about, said_by, under
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
from kiseki.index.answers.withdrawals import said_by_registrants
from kiseki.index.facts.rebuild import ancestry
from kiseki.index.store import tables as t
from kiseki.index.store.database import Store
from kiseki.index.store.types import Address

__all__ = ["Questions"]

_TABLES = {"DataRegistry": "collection", "ModelRegistry": "model", "OutputRegistry": "batch"}
_LOG = select(t.log.c.hash, t.log.c.count).where(
    t.log.c.registry == bindparam("registry", type_=Address)
)


class Questions:
    """The part of :class:`~kiseki.index.Index` that only reads facts. Its last block's ``time`` is
    when statuses are told for, where nobody names another time."""

    _store: Store
    _records: Records
    _addresses: Mapping[str, str]

    @property
    def time(self) -> int:
        """The time of the last block, Unix seconds; zero before the first."""
        raise NotImplementedError

    # Trace

    def usage(
        self, provider: str, deep: bool = False, after: bytes = b"", most: int | None = None
    ) -> list[trace.Usage]:
        """Which models and batches declare which collection of a provider, earliest first.

        Args:
            provider: its address.
            deep: also what rests on those models, through any number of others.
            after: the `cursor` of the last row of the page before.
            most: how many rows at most; all when left out.
        """
        who = address_text(address(provider, "the provider"))
        return trace.usage_of(self._store, who, deep, after, most)

    def uses(
        self, collection: bytes, deep: bool = False, after: bytes = b"", most: int | None = None
    ) -> list[trace.Usage]:
        """:meth:`usage` of one collection; nothing for one that nobody registered."""
        which = bytes32(collection, "the collection")
        return trace.uses_of(self._store, which, deep, after, most)

    def lineage(self, group: bytes, now: int | None = None) -> trace.Lineage:
        """Everything a batch or model rests on, down to the data.

        Args:
            group: its ID.
            now: Unix seconds, for statuses; the time of the last block when left out.
        """
        return trace.lineage_of(
            self._store, self._records, group, self.time if now is None else now
        )

    def findings_in(self, lineage: trace.Lineage) -> list[findings.Finding]:
        """:meth:`findings` of what a lineage is of, as of its time, for who has that already."""
        registry = self._addresses["ModelRegistry"]
        return findings.findings_of(self._store, self._records, lineage, registry)

    def findings(self, group: bytes, now: int | None = None) -> list[findings.Finding]:
        """What only the index sees of a batch (or model), through all ancestors; problems first."""
        return self.findings_in(self.lineage(group, now))

    def find(
        self, commitment: bytes, after: bytes | None = None, most: int = ALL, kind: str = ""
    ) -> list[Found]:
        """Every collection and batch in which a published commitment stands, earliest first.

        Args:
            after: the ID of the last one of the page before.
            most: how many at most.
            kind: only ``collection`` or only ``batch``; both if left out.

        Raises:
            NotInIndex: no collection or batch has the ID `after`.
        """
        return self._records.find(commitment, after, most, kind)

    def item(self, data_id: bytes) -> Item:
        """Whose a data ID is, and which commitment it stands for; `find` says where that stands.

        Raises:
            NotInIndex: no collection or batch logged an item with this ID. It may be registered all
                the same, because a collection need not log its items.
        """
        return item_of(self._store, data_id)

    def home(self, item: Item) -> Found:
        """The first collection in which its registrant logged an item; where there is none, it is
        an output, and this is the first batch."""
        return home_of(self._store, item)

    def items(
        self, group: bytes, registrant: str, after: bytes | None = None, most: int = 100
    ) -> list[Item]:
        """The logged items of a collection or batch, a page at a time.

        Args:
            registrant: its provider or creator, as its record says.
            after: the commitment of the last one of the page before.
            most: how many at most.
        """
        which = bytes32(group, "the collection or batch")
        return items_in(self._store, which, registrant, after, most)

    def latest(self, registry: str, most: int = 10) -> list[bytes]:
        """The IDs of what a registry registered last, the newest first.

        Args:
            registry: its name, of :data:`REGISTRIES`.
            most: how many at most.
        """
        return self._records.latest(_TABLES[registry], most)

    def models_with(self, weights: bytes) -> list[bytes]:
        """The IDs of all models registered with this commitment of weights, earliest first."""
        return [bytes(model) for model, *_ in findings.models_with(self._store, weights)]

    def ancestry(self, model: bytes) -> list[Ancestor]:
        """A model and every distinct ancestor, ascending: what who builds on it hands over.

        Raises:
            NotInIndex: there is no such model.
        """
        self._records.model(model)
        return ancestry(self._store, model)

    def sources(self, group: bytes) -> Sources:
        """What a model or batch rests on directly, to show to verifiers.

        Raises:
            NotInIndex: there is no such model or batch.
        """
        return self._records.sources(group)

    def source(self, group: bytes, collection: bytes) -> Collection | None:
        """What a model or batch itself declares of a collection: the root and the weight of the
        items that it used. ``None`` where its sources, which are on the chain whole, do not name
        the collection; a model below it may.

        Raises:
            NotInIndex: there is no such model or batch.
        """
        return source_of(self._store, group, collection)

    def statements(
        self, contract: str, group: bytes, after: int = -1, most: int = ALL
    ) -> list[Statement]:
        """What anybody said about what a contract of the suite holds, earliest first.

        Args:
            contract: its name, such as ``ModelRegistry``.
            group: the ID there.
            after: the place of the last one of the page before.
            most: how many at most.
        """
        subject = ids.subject(self._addresses[contract], group)
        return self._records.statements(subject, after, most)

    def stated(self, subject: bytes, after: int = -1, most: int = ALL) -> list[Statement]:
        """:meth:`statements` about any subject, as the payee key of a wallet."""
        return self._records.statements(subject, after, most)

    def declaring(self, collection: bytes, models: Iterable[bytes]) -> list[Declaring]:
        """Which models declare a collection themselves, of some models and all that they rest on;
        one row for each such pair."""
        return declaring(self._store, collection, models)

    def runs_in(self, lineage: trace.Lineage, most: int = ALL) -> list[Ran]:
        """What is registered of the training of a lineage's models, the newest first.

        Args:
            most: how many at most.
        """
        return runs_in(self._store, self._addresses["ModelRegistry"], lineage, most)

    def said_of_model(
        self, model: bytes, kinds: Sequence[bytes], most: int = ALL
    ) -> list[Statement]:
        """What anybody said of a model, of some sorts, earliest first.

        Args:
            kinds: the sorts, keccak256 of their words.
            most: how many at most.
        """
        return said_of(self._store, self._addresses["ModelRegistry"], model, kinds, most)

    def said_by_developers(
        self, models: Mapping[bytes, str], kind: bytes, most: int = ALL
    ) -> dict[bytes, list[Statement]]:
        """What developers said about their own models, of one sort, earliest first.

        Args:
            models: ID -> its developer, lowercase address.
            kind: the sort.
            most: how many at most of each model; the last ones.
        """
        registry = self._addresses["ModelRegistry"]
        return said_by_registrants(self._store, registry, models, kind, most)

    def said_by(self, speaker: str, kind: bytes, after: int = -1, most: int = ALL) -> list[Spoken]:
        """Everything that a wallet stated as one sort, about whatever, earliest first.

        Args:
            speaker: its address.
            kind: keccak256 of the sort.
            after: the place of the last one of the page before.
            most: how many at most.
        """
        who = address_text(address(speaker, "the speaker"))
        return said_by(self._store, who, bytes32(kind, "the sort"), after, most)

    def said_about(
        self, contract: str, group: bytes, speaker: str, kind: bytes, after: int = -1,
        most: int = ALL,
    ) -> list[Statement]:  # fmt: skip
        """:meth:`statements` of one wallet and one sort; what others state costs nothing."""
        who = address_text(address(speaker, "the speaker"))
        about = ids.subject(self._addresses[contract], group)
        return said_about(self._store, about, who, bytes32(kind, "the sort"), after, most)

    def collector(self, collection: bytes) -> str | None:
        """Who registered a collection under a standing consent, in lower case; ``None`` where it
        was registered otherwise, or not at all."""
        return collector_of(self._store, bytes32(collection, "the collection"))

    def under(self, consent: bytes, after: int = -1, most: int = ALL) -> list[bytes]:
        """The collections that were registered under a standing consent, earliest first.

        Args:
            consent: its struct hash (`StandingConsent.id`).
            after, most: as of :meth:`statements`.
        """
        return under(self._store, bytes32(consent, "the standing consent"), after, most)

    def called(self, groups: Iterable[bytes], wallets: Iterable[str]) -> list[Called]:
        """What some collections, models, batches and wallets are called by the word of whoever
        registered them, or of the wallet itself: the hash of the name, by the last such statement.

        Args:
            groups: IDs; what is none of these is passed over.
            wallets: addresses.
        """
        registries = {
            kind: self._addresses[name]
            for kind, name in (
                ("collection", "DataRegistry"), ("model", "ModelRegistry"),
                ("batch", "OutputRegistry"),
            )
        }  # fmt: skip
        return called(self._store, registries, groups, wallets)

    def named_in_list(self, contract: str, group: bytes) -> list[str]:
        """Every user that an allow list ever named for a collection or model, in lower case,
        earliest first. What each may do now, the list itself says."""
        return self._records.named_in_list(self._addresses[contract], group)

    def challenges(self, model: bytes, after: int = -1, most: int = ALL) -> list[Challenge]:
        """All evidence on record that a model's manifest is false, earliest first; in pages as
        :meth:`statements`."""
        return self._records.challenges(model, after, most)

    def manifest_checked_at(self, model: bytes) -> int | None:
        """When a model's manifest was walked to its end; ``None`` when it was not."""
        return self._records.manifest_checked_at(model)

    def items_revoked(self, items: Iterable[bytes]) -> dict[bytes, int]:
        """Item ID -> when its provider revoked it, of those among some items that are revoked,
        whether they were logged in a collection or not."""
        return self._records.items_revoked(items)

    def registered(
        self, registry: str, by: str | None = None, after: bytes | None = None, most: int = ALL
    ) -> list[bytes]:
        """All that a registry registered, as far as the events tell, in the order of its log.

        Args:
            registry: its name, of :data:`REGISTRIES`.
            by: only what this wallet registered.
            after: the last ID of the page before.
            most: how many at most.

        Raises:
            NotInIndex: nothing was registered with the ID `after`.
        """
        return self._records.registered(_TABLES[registry], by, after, most)

    def providers(self, after: str = "", most: int = 1_000) -> list[str]:
        """Every wallet that has collections, in lower case. It costs nothing for each collection.

        Args:
            after: the last one of the page before.
            most: how many at most.
        """
        return self._records.providers(after, most)

    def log(self, registry: str) -> bytes:
        """What a registry's log is, if the events are all: one that is another lacks some."""
        row = self._store.row(_LOG, registry=self._addresses[registry])
        return bytes(32) if row is None else int(row[0]).to_bytes(32)

    def count(self, registry: str) -> int:
        """How many a registry registered, as far as the events tell."""
        row = self._store.row(_LOG, registry=self._addresses[registry])
        return 0 if row is None else int(row[1])

    def standing(self, provider: str) -> list[StandingRecord]:
        """The standing consents of a provider that were used, and what rests on each."""
        return self._records.standing_of(address_text(address(provider, "the provider")))

    # Records; each raises NotInIndex for an unknown ID

    def collections(
        self, provider: str, after: bytes | None = None, most: int = ALL
    ) -> list[CollectionRecord]:
        """The collections of a provider, earliest first; in pages as :meth:`registered`."""
        found = self.registered("DataRegistry", provider, after, most)
        return [self.collection(each) for each in found]

    def collection(self, collection: bytes) -> CollectionRecord:
        """A collection."""
        return self._records.collection(collection)

    def status(self, collection: bytes) -> Status:
        """Whose a collection is and when consent ends, which takes no time however large it is."""
        return self._records.status(collection)

    def collection_head(self, collection: bytes) -> CollectionHead:
        """A collection without its items, which takes no time however large it is."""
        return collection_head(self._store, collection)

    def batch_head(self, batch: bytes) -> BatchHead:
        """A batch without its outputs, likewise."""
        return batch_head(self._store, batch)

    def model(self, model: bytes) -> ModelRecord:
        """A model."""
        return self._records.model(model)

    def batch(self, batch: bytes) -> BatchRecord:
        """A batch."""
        return self._records.batch(batch)

    def terms(self, terms_id: bytes) -> Terms:
        """Terms on record."""
        return self._records.terms(terms_id)
