"""What the index knows of one thing: a collection, a model, a batch, and what was said of them."""

from dataclasses import dataclass

from kiseki.core import ids
from kiseki.core.base import Base
from kiseki.core.ids import Collection, External

__all__ = [
    "BatchRecord",
    "Challenge",
    "CollectionRecord",
    "Found",
    "ModelRecord",
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
        place: of it in the chain, the cursor for the next page.
    """

    speaker: str
    kind: bytes
    document: bytes
    time: int
    place: int


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
        place: of it in the chain, the cursor for the next page.
    """

    kind: str
    collection: bytes
    challenger: str
    time: int
    transaction: bytes
    place: int


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
