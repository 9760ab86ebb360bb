"""What is asked about a world once it was read: by chance, and what is largest and oddest in it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from operator import attrgetter
from pathlib import Path
from random import Random

from benchmarks.world.state import Batch, Model, World, account

__all__ = ["Sample"]

_FILE = "sample.json"
_MANY, _HOSTILE = 300, 10


@dataclass(frozen=True, slots=True)
class Sample:
    """Arguments of questions, and what the world knows of itself.

    Attributes:
        wallets: who is asked what they are owed, addresses.
        groups: batches and models whose lineage is asked, hex.
        providers: who is asked where their collections are used, addresses.
        items: published commitments, hex.
        events: logs of all files together.
        time: of the last block, Unix seconds.
        deposited, paid, held: by token, base units; of `held` each account, hex.
    """

    wallets: Sequence[str]
    groups: Sequence[str]
    providers: Sequence[str]
    items: Sequence[str]
    events: int
    time: int
    deposited: dict[str, int]
    paid: dict[str, int]
    held: dict[str, dict[str, int]]

    @classmethod
    def of(cls, world: World) -> Sample:
        """Of a world that was made; the same for the same world."""
        rng = Random(world.size.seed + 1)
        return cls(
            wallets=_wallets(world, rng),
            groups=_groups(world, rng),
            providers=_providers(world, rng),
            items=[each.item.hex() for each in rng.choices(world.collections, k=2 * _MANY)],
            events=world.wire.events,
            time=world.wire.time - world.wire.seconds,
            deposited=dict(world.ledger.deposited),
            paid=dict(world.ledger.paid),
            held={
                token: {key.hex(): amount for key, amount in accounts.items()}
                for token, accounts in world.ledger.held().items()
            },
        )

    def write(self, folder: Path) -> None:
        """Beside the logs."""
        (folder / _FILE).write_text(json.dumps(asdict(self)), "ascii")

    @classmethod
    def read(cls, folder: Path) -> Sample:
        return cls(**json.loads((folder / _FILE).read_text("ascii")))


def _wallets(world: World, rng: Random) -> list[str]:
    """Artists, developers and creators; those with most, whom circles pay, and the spread's."""
    known = [
        *(each.provider for each in rng.choices(world.collections, k=_MANY // 2)),
        *(each.developer for each in rng.choices(world.models, k=_MANY // 4)),
        *(each.creator for each in rng.choices(world.batches, k=_MANY // 4)),
    ]
    most = [account(f"{role} {i}") for role in ("artist", "developer", "creator") for i in range(3)]
    odd = [each.provider for each in world.circles[:_HOSTILE]]
    spread = [account(f"artist {i} of the spread") for i in range(min(3, world.size.fan))]
    held = [each.holder for each in list(world.tokens.values())[:_HOSTILE]]
    return [*known, *most, *odd, *spread, *held]


def _groups(world: World, rng: Random) -> list[str]:
    """Batches and models; the widest, the deepest, and what is paid most."""
    by_size = sorted(world.models, key=lambda each: -len(each.collections))
    by_depth = sorted(world.models, key=lambda each: (-each.depth, -len(each.ancestry)))
    chosen: list[Batch | Model] = [
        *rng.choices(world.batches, k=_MANY * 2 // 3),
        *rng.choices(world.models, k=_MANY // 3),
        *by_size[:_HOSTILE],
        *by_depth[:_HOSTILE],
        *world.batches[:_HOSTILE],
    ]
    return [each.id.hex() for each in chosen]


def _providers(world: World, rng: Random) -> list[str]:
    chosen = map(attrgetter("provider"), rng.choices(world.collections, k=_MANY))
    return [*chosen, *(account(f"artist {i}") for i in range(_HOSTILE))]
