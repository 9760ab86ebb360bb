"""Receipts of a vault held against manifests and licences: what does not fit together.

- **Had and not declared**: somebody had an item for training, and none of the models that this
  wallet registered declares it. It may be declared later, by another wallet, or never be used.
- **Declared and never had**: a model declares an item of this vault, and its developer's wallet
  had it from nobody here. It may come from somewhere else, or another wallet fetched it.
- **Had without a licence**: nothing on the chain allowed what a receipt says. That must never be,
  and speaks against the vault itself.

"Declared" is not "used", and "had" is what the vault says. What each finding rests on is told: the
chain proves, the vault's log is signed, and that a vault has no receipt is only told by it.

Licences are taken from the chain's events, purchase by purchase; what a receipt says of its own
licence counts for nothing. Items are told where a manifest is at hand (its root is on the chain);
without it a model names collections only, and where these cannot tell, nothing is found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import pairwise

from kiseki.client.documents import Documents
from kiseki.core import ids
from kiseki.core.manifest import Manifest
from kiseki.core.terms import Terms, Use
from kiseki.core.values import ZERO_ADDRESS
from kiseki.errors import KisekiError, NotInIndex, VaultError
from kiseki.index import MANIFEST, Index, ModelRecord
from kiseki.index.answers.agreements import Purchase
from kiseki.index.answers.values import Status
from kiseki.vault.handing.ledger import Ledger
from kiseki.vault.handing.receipts import Basis, Receipt, Salted
from kiseki.vault.log.checkpoints import Checkpoint
from kiseki.vault.shelf import Shelf

__all__ = ["Audit", "Finding", "Kind", "Rests", "audit"]

_PAGE = 1_000
_STATED = 3
"""Manifests of one developer's statements that are looked at: the last ones."""
_TRAINING = (Use.AI_TRAINING, Use.AI_GENERATIVE_TRAINING)


class Kind(Enum):
    """What does not fit together, the worst first."""

    UNLICENSED = "had without a licence"
    UNDECLARED = "had and not declared"
    NEVER_HAD = "declared and never had"


class Rests(Enum):
    """What a part of a finding rests on."""

    PROVED = "proved"
    """By the chain, or by a document whose hash is on it."""
    SIGNED = "signed"
    """By the vault, in a log that others can look at."""
    TOLD = "told"
    """By the vault, and by nothing else."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not fit together, of one wallet and one collection.

    Attributes:
        kind: what.
        wallet: who had, or who declares, in lower case.
        collection: its ID, 32 bytes.
        items: data IDs, ascending; empty where only the whole collection can be told of.
        models: IDs of the models that declare it; empty where none does.
        receipts: numbers in the log of the collection's provider, ascending.
        had: what it rests on that the wallet had the items, or did not have them.
        chain: what it rests on that they are declared, or not, or licensed, or not.
    """

    kind: Kind
    wallet: str
    collection: bytes
    items: tuple[bytes, ...]
    models: tuple[bytes, ...]
    receipts: tuple[int, ...]
    had: Rests
    chain: Rests = Rests.PROVED

    @property
    def level(self) -> str:
        """What it can be told of: ``item`` or ``collection``."""
        return "item" if self.items else "collection"


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit came to.

    Attributes:
        block: up to which the chain was read.
        receipts: how many were looked at.
        elsewhere: how many of them are of other chains, and were passed over.
        models: how many models were looked at.
        unknown: how many models name collections only, because their manifest is not at hand.
        findings: by kind, wallet and collection.
    """

    block: int
    receipts: int
    elsewhere: int
    models: int
    unknown: int
    findings: tuple[Finding, ...]

    @property
    def is_clean(self) -> bool:
        """Whether nothing speaks against the vault itself."""
        return all(each.kind is not Kind.UNLICENSED for each in self.findings)


def audit(
    ledger: Ledger,
    shelf: Shelf,
    collections: Sequence[bytes],
    index: Index,
    registry: str,
    chain: int,
    documents: Documents | None = None,
    since: int = 0,
    see: Callable[[Salted], None] = lambda _: None,
) -> Audit:
    """Holds all receipts of a vault against the chain. Who had what, and the manifests at hand, are
    kept in memory: some hundred bytes for each item.

    Args:
        ledger: the vault's logs.
        shelf: its items.
        collections: that are kept in it.
        index: of the chain, as far as the receipts go.
        registry: the address of the `DataRegistry`.
        chain: its ID.
        documents: where published manifests are looked for.
        since: what was had and what was registered before is passed over, in seconds since 1970.
            That something was had earlier still counts.
        see: is shown each receipt, with its salt, one log after the other.

    Raises:
        VaultError: the index does not go as far as a receipt, or the log lacks one.
    """
    block = index.block
    if block is None:
        raise VaultError("nothing of the chain was read yet; run `kiseki index sync` first")
    looked = _Looked(index, registry, documents or Documents(), since, block)
    receipts = elsewhere = 0
    for provider in _providers(ledger):
        for page in _pages(ledger, provider):
            for _, each in page:
                see(each)
            here = [(number, each.receipt) for number, each in page if each.receipt.chain == chain]
            receipts, elsewhere = receipts + len(page), elsewhere + len(page) - len(here)
            looked.take(here)
    findings = [*looked.unlicensed(), *looked.undeclared(shelf), *looked.never_had(collections)]
    order = list(Kind)
    findings.sort(key=lambda each: (order.index(each.kind), each.wallet, each.collection))
    models = looked.models
    unknown = sum(each is None for each in models.values())
    return Audit(block, receipts, elsewhere, len(models), unknown, tuple(findings))


def _providers(ledger: Ledger) -> list[str]:
    origins = [Checkpoint.from_text(each.text).origin for each in ledger.heads()]
    return [each.rpartition("/")[2] for each in origins]


def _pages(ledger: Ledger, provider: str) -> Iterator[list[tuple[int, Salted]]]:
    """All entries of a log. A gap would hide a receipt, so it is an error."""
    since = 0
    while rows := ledger.given(provider, since, _PAGE):
        numbers = [since - 1, *(number for number, *_ in rows)]
        if any(one + 1 != other for one, other in pairwise(numbers)):
            raise VaultError(
                f"the log of {provider} lacks a receipt after number {since}; `kiseki vault check` "
                "and a backup tell more"
            )
        yield [(number, Salted(Receipt.from_json(text), salt)) for number, text, salt in rows]
        since = rows[-1][0] + 1


_Declared = dict[bytes, frozenset[bytes]]
"""Collection -> data IDs."""


@dataclass(slots=True)
class _Had:
    """A wallet had this."""

    collection: bytes
    numbers: list[int]
    is_new: bool
    """Whether it had it for training in the time that is audited."""


@dataclass(slots=True)
class _Looked:
    """What was read so far."""

    index: Index
    registry: str
    documents: Documents
    since: int
    block: int
    had: dict[str, dict[bytes, _Had]] = field(default_factory=dict)
    wrong: dict[tuple[str, bytes], list[tuple[bytes, int]]] = field(default_factory=dict)
    models: dict[bytes, _Declared | None] = field(default_factory=dict)
    """Model -> what it declares; none where its manifest is not at hand."""
    _statuses: dict[bytes, Status | None] = field(default_factory=dict)
    _terms: dict[bytes, Terms] = field(default_factory=dict)
    _bought: dict[tuple[str, bytes], list[Purchase]] = field(default_factory=dict)

    def take(self, page: Sequence[tuple[int, Receipt]]) -> None:
        """Takes in some receipts of one log."""
        revoked = self.index.items_revoked({said.item for _, said in page})
        for number, said in page:
            if said.block.number > self.block:
                raise VaultError(
                    f"the chain was read up to block {self.block:,}, and a receipt is of block "
                    f"{said.block.number:,}; run `kiseki index sync`, and this again"
                )
            theirs = self.had.setdefault(said.caller, {})
            known = theirs.setdefault(said.item, _Had(said.collection, [], False))
            known.numbers.append(number)
            if said.at < self.since:
                continue
            if said.use in _TRAINING and said.caller != said.provider:
                known.is_new = True
            if not self._may(said, revoked.get(said.item)):
                self.wrong.setdefault((said.caller, said.collection), []).append(
                    (said.item, number)
                )

    # Licences

    def _may(self, said: Receipt, revoked: int | None) -> bool:
        """Whether the chain allowed what a receipt says, whatever it says of that itself."""
        if said.basis is Basis.PROVIDER:
            return said.caller == said.provider
        status, at = self._status(said.collection), max(said.at, said.block.time)
        if status is None or status.provider != said.provider:
            return False
        terms = self._terms_of(status.terms_id)
        if revoked is not None and terms.item_ended(revoked, at):
            return False
        if said.basis is Basis.LICENCE:
            return at <= self._until(said)
        ended = status.ends_at is not None and at >= status.ends_at
        return said.use in terms.uses and terms.gate.lower() == ZERO_ADDRESS and not ended

    def _until(self, said: Receipt) -> int:
        """The last second of what was bought up to the block of a receipt."""
        key = said.caller, ids.subject(self.registry, said.collection)
        if key not in self._bought:
            self._bought[key] = self.index.agreements.purchases(*key)
        ends = -1
        for each in self._bought[key]:
            if each.block <= said.block.number:
                ends = max(ends, each.until.get(said.use, -1))
        return ends

    def _status(self, collection: bytes) -> Status | None:
        if collection not in self._statuses:
            try:
                self._statuses[collection] = self.index.status(collection)
            except NotInIndex:
                self._statuses[collection] = None  # nobody registered it
        return self._statuses[collection]

    def _terms_of(self, terms: bytes) -> Terms:
        if terms not in self._terms:
            self._terms[terms] = self.index.terms(terms)
        return self._terms[terms]

    def unlicensed(self) -> Iterator[Finding]:
        for (wallet, collection), rows in self.wrong.items():
            items, numbers = {item for item, _ in rows}, [number for _, number in rows]
            yield Finding(
                Kind.UNLICENSED, wallet, collection, tuple(sorted(items)), (),
                tuple(sorted(numbers)), Rests.SIGNED,
            )  # fmt: skip

    # Manifests

    def _declares(self, record: ModelRecord) -> _Declared | None:
        if record.id not in self.models:
            self.models[record.id] = self._read(record)
        return self.models[record.id]

    def _read(self, record: ModelRecord) -> _Declared | None:
        stated = self.index.said_by_developers({record.id: record.developer}, MANIFEST, _STATED)
        for each in reversed(stated[record.id]):
            content = self.documents.content(each.document)
            if content is None:
                continue
            try:
                manifest = Manifest.from_json(content)
            except KisekiError:
                continue  # it was stated and is none; another may be
            if manifest.root == record.manifest:
                return {
                    collection: frozenset(item for item, _ in pairs)
                    for collection, pairs in manifest.items.items()
                }
        return None

    def undeclared(self, shelf: Shelf) -> Iterator[Finding]:
        for wallet, theirs in self.had.items():
            new = {item: had for item, had in theirs.items() if had.is_new}
            if not new:
                continue
            declared, named = set[bytes](), set[bytes]()
            for model in self.index.registered("ModelRegistry", by=wallet):
                known = self._declares(self.index.model(model))
                if known is not None:
                    declared.update(*known.values())
                else:
                    named.update(each.id for each in self.index.sources(model).collections)
            left = {item: had for item, had in new.items() if item not in declared}
            homes = shelf.homes(left)
            found = dict[bytes, list[bytes]]()
            for item, had in left.items():
                # A model that names the collection only may declare it: that is not known.
                if named.isdisjoint({had.collection, *homes.get(item, ())}):
                    found.setdefault(had.collection, []).append(item)
            for collection, items in found.items():
                numbers = sorted(n for item in items for n in left[item].numbers)
                yield Finding(
                    Kind.UNDECLARED, wallet, collection, tuple(sorted(items)), (), tuple(numbers),
                    Rests.SIGNED,
                )  # fmt: skip

    def never_had(self, collections: Sequence[bytes]) -> Iterator[Finding]:
        for collection in collections:
            status = self._status(collection)
            if status is None:
                continue
            for record in self._models_on(collection):
                if record.developer == status.provider:
                    continue  # who needs nobody to have it
                theirs = self.had.get(record.developer, {})
                known = self._declares(record)
                if known is None:
                    if any(each.collection == collection for each in theirs.values()):
                        continue  # what of it is declared is not known
                    missing: tuple[bytes, ...] = ()
                else:
                    missing = tuple(sorted(known[collection] - theirs.keys()))
                    if not missing:
                        continue
                yield Finding(
                    Kind.NEVER_HAD, record.developer, collection, missing, (record.id,), (),
                    Rests.TOLD,
                )  # fmt: skip

    def _models_on(self, collection: bytes) -> Iterator[ModelRecord]:
        """The models that declare a collection themselves, registered in the time audited."""
        after = -1
        while page := self.index.overview.models_on(collection, after, _PAGE):
            for each in page:
                if each.is_direct and each.registered_at >= self.since:
                    yield self.index.model(each.id)
            after = page[-1].place
