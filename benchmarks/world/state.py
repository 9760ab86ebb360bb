"""What there is of a world so far, and whom to choose in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import TypeVar

from benchmarks.world.ledger import Ledger
from benchmarks.world.size import Size
from benchmarks.world.suite import OUTPUTS
from benchmarks.world.wire import Wire
from kiseki.core.compose import Ancestor
from kiseki.core.ids import subject
from kiseki.core.keccak import keccak256
from kiseki.core.schedule import Schedule
from kiseki.core.split import Split
from kiseki.core.terms import Terms

__all__ = ["Batch", "Collection", "Model", "Scheduled", "Token", "World", "account", "named"]

_T = TypeVar("_T")


def named(name: str) -> bytes:
    """32 bytes that are the same whenever they are asked for."""
    return keccak256(name.encode())


@cache
def account(name: str) -> str:
    """The address of somebody, lower case."""
    return "0x" + named(name)[:20].hex()


@dataclass(slots=True)
class Collection:
    """A registered collection.

    Attributes:
        subject: what pays its payee.
        payee: whom the registry names now.
        until: the last second at which a model may use it; none where that has no end.
        uses: (root of a sum tree over items of it, their weight), of the ways it is declared.
        item: the commitment of its first item.
    """

    id: bytes
    provider: str
    terms: Terms
    subject: bytes
    payee: bytes
    until: int | None
    uses: tuple[tuple[bytes, int], ...]
    item: bytes


@dataclass(slots=True)
class Model:
    """A registered model.

    Attributes:
        depth: models below each other, itself included.
    """

    id: bytes
    developer: str
    split: bytes
    ancestry: tuple[Ancestor, ...]
    collections: tuple[Collection, ...]
    depth: int


@dataclass(slots=True)
class Batch:
    """A registered batch."""

    id: bytes
    creator: str
    split: bytes
    models: tuple[Model, ...]


@dataclass(slots=True)
class Token:
    """A rights token.

    Attributes:
        number: as 32 bytes.
        subject: what pays its holder.
        minted: otherwise it is only on record, and its registrant holds it.
        income: shares and total of its subject's income that were shown to reach it.
        scheduled: how often it was.
        locked: until its schedule ends.
    """

    collection: Collection
    number: bytes
    subject: bytes
    holder: str
    minted: bool = False
    income: tuple[int, int] = (0, 0)
    scheduled: int = 0
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A schedule that is open."""

    token: Token
    schedule: Schedule
    id: bytes


@dataclass(slots=True)
class World:
    """Everything so far.

    Attributes:
        late: splits that will be published, or not.
        unlisted: collections with slices that are not published yet.
        own_splits: model -> the key of what it asks, as `kiseki.core.compose` takes it.
        circles: wallets that are paid out of what leads back to itself.
        spread: the split above a thousand splits.
    """

    size: Size
    rng: Random
    wire: Wire
    ledger: Ledger
    terms: list[Terms] = field(default_factory=list)
    collections: list[Collection] = field(default_factory=list)
    unlisted: list[tuple[Collection, list[bytes]]] = field(default_factory=list)
    models: list[Model] = field(default_factory=list)
    owns: dict[bytes, int] = field(default_factory=dict)
    own_splits: dict[bytes, bytes] = field(default_factory=dict)
    batches: list[Batch] = field(default_factory=list)
    joints: list[bytes] = field(default_factory=list)
    late: list[Split] = field(default_factory=list)
    tokens: dict[bytes, Token] = field(default_factory=dict)
    persons: list[bytes] = field(default_factory=list)
    circles: list[Collection] = field(default_factory=list)
    scheduled: list[Scheduled] = field(default_factory=list)
    revoked_items: set[bytes] = field(default_factory=set)
    spread: bytes = b""

    # Choosing

    def chance(self, share: float) -> bool:
        """True so often."""
        return self.rng.random() < share

    def one_of(self, of: Sequence[_T]) -> _T:
        """Any, each as likely."""
        return of[int(len(of) * self.rng.random())]

    def popular(self, of: Sequence[_T]) -> _T:
        """Any, the earlier ones far more often."""
        return of[int(len(of) * self.rng.random() ** 3)]

    def artist(self) -> str:
        """A provider; a few have much, most have little."""
        return self._somebody("artist", self.size.collections // 4)

    def developer(self) -> str:
        return self._somebody("developer", self.size.models // 5)

    def creator(self) -> str:
        return self._somebody("creator", self.size.batches // 50)

    def buyer(self) -> str:
        return self._somebody("buyer", 200)

    def _somebody(self, role: str, of: int) -> str:
        return account(f"{role} {int((of + 1) * self.rng.random() ** 2)}")

    def batch_subject(self, batch: Batch) -> bytes:
        """What pays a batch's split."""
        return subject(OUTPUTS, batch.id)
