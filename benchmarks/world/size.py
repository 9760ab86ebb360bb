"""How large a world is."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Size"]


@dataclass(frozen=True, slots=True)
class Size:
    """Counts, at the full scale those of `docs/benchmarks.md`.

    Attributes:
        items: data IDs, all published.
        collections: that hold them.
        models: on up to `sources` collections each; one in a hundred on more, by a draft.
        sources: the most of one model that needs no draft.
        batches: outputs, on models and collections.
        payments, claims: as the splitter logs them.
        circles: collections that are paid to what rests on them.
        junk: worthless tokens that somebody pays into the most popular split.
        fan: splits under one split, into which the last deposits go.
        blocks: the last blocks, which are read one by one.
        deposits: blocks after those, with one deposit above the fan each.
        seed: the same seed gives the same world.
    """

    items: int = 1_000_000
    collections: int = 10_000
    models: int = 1_000
    sources: int = 1_000
    batches: int = 100_000
    payments: int = 1_000_000
    claims: int = 1_000_000
    circles: int = 20
    junk: int = 300
    fan: int = 1_000
    blocks: int = 500
    deposits: int = 100
    seed: int = 14

    @classmethod
    def at(cls, scale: float, seed: int = 14) -> Size:
        """The same shape, smaller or larger. What hostile people do stays as large as it is."""

        def part(count: int, least: int) -> int:
            return max(least, round(count * scale))

        whole = cls()
        return cls(
            items=part(whole.items, 400),
            collections=part(whole.collections, 40),
            models=part(whole.models, 12),
            batches=part(whole.batches, 60),
            payments=part(whole.payments, 400),
            claims=part(whole.claims, 400),
            circles=min(whole.circles, part(200, 4)),
            blocks=min(whole.blocks, part(20_000, 20)),
            seed=seed,
        )
