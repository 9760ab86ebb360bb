"""Sources as the registries take them: from IDs, with what the index knows of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kiseki.core import ids

if TYPE_CHECKING:
    from kiseki.index import Index
    from kiseki.index import Sources as KnownSources

__all__ = ["Named", "collections", "shown", "sources"]


@dataclass(frozen=True, slots=True)
class Named:
    """The sources that a model or batch names.

    Attributes:
        collections: ascending by ID.
        models: IDs, ascending.
        externals: base models that are not registered, ascending by weights.
    """

    collections: tuple[ids.Collection, ...]
    models: tuple[bytes, ...]
    externals: tuple[ids.External, ...]

    @property
    def hash(self) -> bytes:
        """The hash of all of them, which is in the ID of the model or batch."""
        parts = [ids.part_hash(each) for each in ids.parts(self.collections)]
        return ids.sources_hash(parts, self.models, self.externals)


def collections(used: Iterable[ids.Collection]) -> list[tuple[bytes, bytes, int]]:
    """`Collection[]`."""
    return [(each.id, each.items, each.weight) for each in used]


def sources(
    index: Index,
    used: Sequence[ids.Collection],
    models: Sequence[bytes],
    externals: Sequence[ids.External],
) -> tuple[Any, ...]:
    """`Sources`, each model with its ancestry.

    Raises:
        NotInIndex: a model is not registered on this chain.
    """
    parents = [
        (model, [(each.model, each.own) for each in index.ancestry(model)]) for model in models
    ]
    return (collections(used), parents, _externals(externals))


def shown(known: KnownSources, part: int = 0) -> tuple[Any, ...]:
    """`ShownSources`: what is on record, with one part of the collections."""
    used = known.part(part)
    return (
        list(known.parts),
        list(known.models),
        _externals(known.externals),
        part,
        collections(used),
    )


def _externals(externals: Iterable[ids.External]) -> list[tuple[bytes, bytes]]:
    return [(each.weights, each.document) for each in externals]
