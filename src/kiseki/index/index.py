"""The index: events in, answers out."""

from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter

from kiseki.core import ids
from kiseki.core.compose import Ancestor
from kiseki.core.event import Event
from kiseki.core.registrations import fold as fold_log
from kiseki.core.split import Split
from kiseki.core.splitlist import Listed
from kiseki.core.terms import Terms
from kiseki.core.values import ZERO32, ZERO_ADDRESS, address, address_text, to_hex
from kiseki.errors import IndexInconsistent, InvalidInput
from kiseki.index.answers import findings, trace
from kiseki.index.answers.agreements import Agreements
from kiseki.index.answers.records import Records
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
from kiseki.index.books import ahead, ledger, owed
from kiseki.index.books.balance import Balance, balance_of
from kiseki.index.books.flow import Flow
from kiseki.index.books.owed import Owed
from kiseki.index.books.subjects import Subjects
from kiseki.index.facts import fold
from kiseki.index.facts.rebuild import Rebuilder
from kiseki.index.facts.splits import KnownSplit, Splits
from kiseki.index.store.sqlite import Row, Store

__all__ = ["ONCE", "REGISTRIES", "Index"]

ONCE = (
    "DataRegistry",
    "Identities",
    "ModelRegistry",
    "OutputRegistry",
    "RevenueSplitter",
    "RightsToken",
)
"""The contracts that a chain has once; IDs and payees hold their addresses."""

REGISTRIES = {"DataRegistry": "collections", "ModelRegistry": "models", "OutputRegistry": "batches"}
"""The registries that keep a log of what they registered, and what that is."""

_TABLES = {"DataRegistry": "collection", "ModelRegistry": "model", "OutputRegistry": "batch"}


class Index:
    """A pure fold over the events of one suite on one chain.

    The same events give the same answers, in whatever chunks and order they arrive and however
    often. Every split is rebuilt from events alone and compared with the one that the contract
    logged. It holds no connection and asks nobody.

    Attributes:
        agreements: conditional transfers, offers and licences, waterfalls.

    Args:
        contracts: name and address of each contract, of every release on the chain: all of
            :data:`ONCE`, and any number of others, of which several may have one name.

    Raises:
        InvalidInput: one of `ONCE` is missing or there twice, or an address is none.
    """

    def __init__(self, contracts: Iterable[tuple[str, str]]) -> None:
        self._names = {
            address_text(address(at, f"the address of {name}")): name for name, at in contracts
        }
        for name in ONCE:
            many = list(self._names.values()).count(name)
            if many != 1:
                raise InvalidInput(f"the index needs the address of one {name}, not of {many}")
        self._addresses = {name: at for at, name in self._names.items() if name in ONCE}
        self._store = Store()
        self._records = Records(self._store)
        self.agreements = Agreements(self._store)
        self._splits = Splits(self._store)
        self._rebuilder = Rebuilder(self._store, self._splits, self._addresses["DataRegistry"])
        self._block: int | None = None
        self._time = 0
        self._now = 0
        self._identities: set[tuple[str, bytes]] = set()
        self._flows: dict[str, Flow] = {}
        self._subjects: Subjects | None = None
        self._keys: set[bytes] | None = None
        self._waits: list[Row] | None = None
        self._logs: dict[str, tuple[tuple[int, int], bytes]] = {}

    def close(self) -> None:
        """Frees the memory; the index cannot be asked afterwards."""
        self._store.close()

    # Events in

    @property
    def block(self) -> int | None:
        """The highest block of which an event was applied; ``None`` before the first."""
        return self._block

    @property
    def time(self) -> int:
        """That block's time, Unix seconds; zero before the first event."""
        return self._time

    def apply(self, events: Iterable[Event]) -> None:
        """Adds events; those that were added before, by (block, position), are skipped.

        All of them are kept or, when it raises, none. A registration whose sources are not all
        here yet waits for later events, and questions that depend on it raise until they are.

        Raises:
            IndexInconsistent: what is rebuilt is not what the contracts logged, or another
                transaction stands in the place of one already applied: the chain was
                reorganised, make a new index.
        """
        block, time = self._block, self._time
        ours = (event for event in events if event.address.lower() in self._names)
        given = sorted(ours, key=lambda event: (event.block, event.position))
        self._forget()
        if given:  # a log goes on from where it was, unless an event comes before that
            first = given[0].block, given[0].position
            self._logs = {name: each for name, each in self._logs.items() if each[0] < first}
        with self._store.transaction():
            for event in given:
                self._add(event)
                if block is None or event.block > block:
                    block, time = event.block, event.timestamp
            self._rebuilder.run()
        self._block, self._time = block, time

    def at(self, now: int) -> None:
        """Sets the time that questions are asked at, which is never before the last event's.

        Args:
            now: Unix seconds; of the latest block.
        """
        old, self._now = self._now, max(now, self._time)
        changed = self._store.row(
            "SELECT 1 FROM identity WHERE since > ? AND since <= ?", old, self._now
        )
        if changed is not None or self._now < old:
            self._forget()

    def add_identity(self, issuer: str, person: bytes) -> bytes:
        """Adds an identity that nobody has bound yet, so that what waits for it can be told.

        Returns:
            Its subject's key, which is a hash and tells nothing by itself.
        """
        who = address_text(address(issuer, "the issuer"))
        identity = ids.identity_id(who, person)
        self._identities.add((who, person))
        self._forget()
        return ids.subject(self._addresses["Identities"], identity)

    def identity(self, issuer: str, person: bytes) -> tuple[str, int] | None:
        """The wallet that an identity is bound to and from when on it stands; none if it is not."""
        row = self._store.row(
            "SELECT wallet, since FROM identity WHERE issuer = ? AND person = ?"
            " ORDER BY block DESC, position DESC",
            issuer.lower(),
            person,
        )
        return None if row is None or row[0] == ZERO_ADDRESS else (row[0], row[1])

    def add_split(self, split: Split) -> bytes:
        """Adds a split known from elsewhere than the events; returns its key.

        Its key is the hash of its leaves, so nothing needs to be believed. It is labelled
        ``added``, apart from what events say.
        """
        self._forget()
        with self._store.transaction():
            return self._splits.add(split, "added")

    def add_list(self, text: str | bytes, key: bytes | None = None) -> bytes:
        """:meth:`add_split` from a published file, of the split ``key`` when that is known.

        Raises:
            InvalidInput: the file is not a split's, or of another split.
        """
        return self.add_split(Split.from_json(text, key))

    # Money

    def owed(self, wallet: str) -> list[owed.Owed]:
        """All money inside that belongs to a wallet: every leaf of every known split that pays it.

        Directly or through subjects that stand for it now; what is due now and what becomes due
        once the splits above are claimed. The amounts are exact when the steps are sent and
        nothing else happens in between; see :mod:`kiseki.index.books.flow` for circles of payees.
        Use :func:`kiseki.index.steps` to send the steps of several as one multicall.
        """
        self._check_complete()
        ids.wallet(wallet)
        sight = owed.Sight(wallet.lower(), self._splits, self._subject_map())
        found = []
        for token in self.tokens():
            found += owed.owed_in(self._flow(token), sight)
        return found

    def owed_in_list(self, wallet: str, listed: Listed) -> list[Owed]:
        """What a split that is too long to be added owes a wallet whose leaves in it were read.

        Nothing for a split that the index knows: :meth:`owed` tells of that.
        """
        self._check_complete()
        if self._known_split(listed.key) is not None:
            return []
        sight = owed.Sight(wallet.lower(), self._splits, self._subject_map())
        found = []
        for token in self.tokens():
            found += owed.owed_in_list(self._flow(token), sight, listed)
        return found

    def waterfalls_ahead(self, wallets: Iterable[str]) -> dict[str, tuple[int, ...]]:
        """The waterfalls through which money comes to wallets, as far as is known here.

        What lies or waits at a waterfall is no money of the ledger, so :meth:`owed` does not tell
        of it; `Waterfalls.ahead` of the client asks the waterfall itself.

        Returns:
            Address, in lower case -> the tiers that lead to the wallets, counted from 1.
        """
        self._check_complete()
        falls = self.agreements.waterfalls()
        keys = {ids.wallet(each): each for each in falls}
        tiers = {key: [tier.payee for tier in falls[each].tiers] for key, each in keys.items()}
        payees = self._subject_map().payees
        wanted = {ids.wallet(each) for each in wallets}
        found = ahead.ahead(wanted, tiers, self._known_split, payees)
        return {keys[fall]: places for fall, places in found.items()}

    def tokens(self) -> list[str]:
        """Every token that ever came in; the zero address, first, is ether."""
        return ledger.tokens(self._store)

    def balance(self, token: str, settled: bool = False) -> Balance:
        """What came in, went out and is held, account by account.

        Args:
            token: its address; the zero address is ether.
            settled: as it would be after every claim and resolution that can be made now.
        """
        self._check_complete()
        token = address_text(address(token, "the token"))
        read = self._flow(token).ledger if settled else ledger.read_ledger(self._store, token)
        openings = self._subject_map().openings
        return balance_of(read, self._known_split, openings.__contains__)

    def splits(self) -> list[KnownSplit]:
        """Every known split, by ascending key."""
        self._check_complete()
        return list(self._splits)

    def split(self, key: bytes) -> KnownSplit:
        """The split with this payee key, with what it is.

        Raises:
            NotInIndex: its leaves are not known.
        """
        return self._splits.known(key)

    def opening(self, payee: bytes) -> bytes:
        """What shows what a split (76 bytes) or a subject of the suite (52) stands for.

        Raises:
            NotInIndex: it is neither, as far as the events tell.
        """
        subject = self._subject_map().openings.get(payee)
        if subject is not None:
            return ids.subject_opening(*subject)
        return self._splits.known(payee).split.opening

    def deposits(self, references: Iterable[bytes]) -> dict[bytes, list[ledger.Deposit]]:
        """What was paid in with each of some references; nothing for one that nobody used."""
        return {each: ledger.deposits(self._store, each) for each in references}

    # Trace

    def usage(self, provider: str, deep: bool = False) -> list[trace.Usage]:
        """Which models and batches declare which collection of a provider, earliest first.

        Args:
            provider: its address.
            deep: also what rests on those models, through any number of others.
        """
        self._check_complete()
        who = address_text(address(provider, "the provider"))
        return trace.usage_of(self._store, who, deep)

    def lineage(self, group: bytes, now: int | None = None) -> trace.Lineage:
        """Everything a batch or model rests on, down to the data.

        Args:
            group: its ID.
            now: Unix seconds, for statuses; the time of the last block when left out.
        """
        self._check_complete()
        return trace.lineage_of(
            self._store, self._records, group, self._time if now is None else now
        )

    def findings(self, group: bytes, now: int | None = None) -> list[findings.Finding]:
        """What only the index sees of a batch (or model), through all ancestors; problems first."""
        return findings.findings_of(
            self._store,
            self._records,
            self.lineage(group, now),
            self._addresses["ModelRegistry"],
        )

    def find(self, commitment: bytes) -> list[Found]:
        """Every collection and batch in which a published commitment stands, earliest first."""
        return self._records.find(commitment)

    def models_with(self, weights: bytes) -> list[bytes]:
        """The IDs of all models registered with this commitment of weights, earliest first."""
        return [bytes(model) for model, *_ in findings.models_with(self._store, weights)]

    def ancestry(self, model: bytes) -> list[Ancestor]:
        """A model and every distinct ancestor, ascending: what who builds on it hands over.

        Raises:
            NotInIndex: there is no such model.
        """
        self._records.model(model)
        return self._rebuilder.ancestry(model)

    def sources(self, group: bytes) -> Sources:
        """What a model or batch rests on directly, to show to verifiers.

        Raises:
            NotInIndex: there is no such model or batch.
        """
        self._check_complete()
        return self._records.sources(group)

    def statements(self, contract: str, group: bytes) -> list[Statement]:
        """What anybody said about what a contract of the suite holds, earliest first.

        Args:
            contract: its name, such as ``ModelRegistry``.
            group: the ID there.
        """
        return self._records.statements(ids.subject(self._addresses[contract], group))

    def stated(self, subject: bytes) -> list[Statement]:
        """:meth:`statements` about any subject, as the payee key of a wallet."""
        return self._records.statements(subject)

    def named_in_list(self, contract: str, group: bytes) -> list[str]:
        """Every user that an allow list ever named for a collection or model, in lower case,
        earliest first. What each may do now, the list itself says."""
        return self._records.named_in_list(self._addresses[contract], group)

    def challenges(self, model: bytes) -> list[Challenge]:
        """All evidence on record that a model's manifest is false, earliest first."""
        return self._records.challenges(model)

    def manifest_checked_at(self, model: bytes) -> int | None:
        """When a model's manifest was walked to its end; ``None`` when it was not."""
        return self._records.manifest_checked_at(model)

    def items_revoked(self) -> dict[bytes, int]:
        """Item ID -> when its provider revoked it, of all items, logged in a collection or not."""
        return self._records.items_revoked()

    def registered(self, registry: str, by: str | None = None) -> list[bytes]:
        """All that a registry registered, as far as the events tell, in the order of its log.

        Args:
            registry: its name, of :data:`REGISTRIES`.
            by: only what this wallet registered.
        """
        if by is not None:
            return self._records.registered_by(_TABLES[registry], by)
        return [each for _, _, each in self._records.registered(_TABLES[registry])]

    def log(self, registry: str) -> bytes:
        """What a registry's log is, if the events are all: one that is another lacks some."""
        place, log = self._logs.get(registry, ((-1, -1), ZERO32))
        later = self._records.registered(_TABLES[registry], place)
        if later:
            log = fold_log((each for _, _, each in later), log)
            self._logs[registry] = later[-1][:2], log
        return log

    def standing(self, provider: str) -> list[StandingRecord]:
        """The standing consents of a provider that were used, and what rests on each."""
        return self._records.standing_of(address_text(address(provider, "the provider")))

    # Records; each raises NotInIndex for an unknown ID

    def collections(self, provider: str) -> list[CollectionRecord]:
        """All collections of a provider, earliest first."""
        return [self.collection(each) for each in self.registered("DataRegistry", provider)]

    def collection(self, collection: bytes) -> CollectionRecord:
        """A collection."""
        return self._records.collection(collection)

    def status(self, collection: bytes) -> Status:
        """Whose a collection is and when consent ends, which takes no time however large it is."""
        return self._records.status(collection)

    def model(self, model: bytes) -> ModelRecord:
        """A model."""
        self._check_complete()
        return self._records.model(model)

    def batch(self, batch: bytes) -> BatchRecord:
        """A batch."""
        self._check_complete()
        return self._records.batch(batch)

    def terms(self, terms_id: bytes) -> Terms:
        """Terms on record."""
        return self._records.terms(terms_id)

    # Inside

    def _add(self, event: Event) -> None:
        if not self._is_new(event):
            return
        contract = self._names[event.address.lower()]
        place = {"block": event.block, "position": event.position}
        for table, rows in groupby(fold.facts(contract, event), itemgetter(0)):
            self._store.add(table, (row | place for _, row in rows))
        if (contract, event.name) == ("RevenueSplitter", "SplitPublished"):
            split = fold.read_split(event.args)
            if split is not None:
                key = self._splits.add(split, "published")
                self._store.add("publication", [{"split": key, **place}])

    def _is_new(self, event: Event) -> bool:
        row = self._store.row(
            "SELECT tx FROM event WHERE block = ? AND position = ?", event.block, event.position
        )
        if row is None:
            values = {
                "block": event.block,
                "position": event.position,
                "time": event.timestamp,
                "tx": bytes(event.transaction),
            }
            self._store.add("event", [values])
            return True
        if row[0] != bytes(event.transaction):
            raise IndexInconsistent(
                f"another transaction stands at position {event.position} of block {event.block}"
                " now; the chain was reorganised, so read it again into a new index"
            )
        return False

    def _check_complete(self) -> None:
        if self._waits is None:
            self._waits = self._rebuilder.waiting()
        for kind, group, block, _ in self._waits:
            raise IndexInconsistent(
                f"the {kind} {to_hex(group)} of block {block} cannot be rebuilt from the events"
                " read so far; events before it are missing, apply those too"
            )

    def _forget(self) -> None:
        """Drops what was worked out from the events so far."""
        self._flows = {}
        self._subjects = self._keys = self._waits = None

    def _subject_map(self) -> Subjects:
        if self._subjects is None:
            now = max(self._now, self._time)
            self._subjects = Subjects(self._store, self._addresses, now, self._identities)
        return self._subjects

    def _known_split(self, key: bytes) -> Split | None:
        if self._keys is None:
            self._keys = set(self._splits.keys())
        return self._splits.get(key) if key in self._keys else None

    def _flow(self, token: str) -> Flow:
        if token not in self._flows:
            self._flows[token] = Flow(
                ledger.read_ledger(self._store, token),
                self._known_split,
                self._subject_map().payees,
                ids.wallet(self._addresses["RevenueSplitter"]),
            )
        return self._flows[token]
