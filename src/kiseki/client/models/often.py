"""How often the models that declare a collection took one of its items, as far as it is known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kiseki.client.documents import Documents
from kiseki.core.run import Run
from kiseki.index import MANIFEST, Index

__all__ = ["Taken", "taken"]

_STATED = 3
"""Manifests of one developer's statements that are looked at: the last ones."""


@dataclass(frozen=True, slots=True)
class Taken:
    """How often a model took an item.

    Attributes:
        model: its ID.
        developer: lowercase address.
        registered_at: when it was registered, in Unix seconds.
        weight: of the item in the manifest; 0 where the manifest does not declare it, none where
            the manifest is not at hand. Then nothing is known.
        total: the sum of all weights of the manifest.
        is_counted: whether a hook recorded just these weights as counts, by the developer's word.
            Else a weight is only a share of the whole.
    """

    model: bytes
    developer: str
    registered_at: int
    weight: int | None
    total: int
    is_counted: bool


def taken(
    index: Index, documents: Documents, collection: bytes, data_id: bytes, most: int
) -> list[Taken]:
    """Of the models that declare a collection themselves, the newest first.

    Args:
        most: how many of those that declare it are looked at.
    """
    uses = index.overview.newest_uses(collection, most=most)
    records = {each.id: index.model(each.id) for each in uses if each.kind == "model"}
    developers = {model: record.developer for model, record in records.items()}
    stated = index.said_by_developers(developers, MANIFEST, _STATED)
    found = []
    for model, record in records.items():
        published = [each.document for each in reversed(stated[model])]
        run = documents.run(record.run) if any(record.run) else None
        found.append(Taken(
            model, record.developer, record.registered_at,
            _weight(documents, published, record.manifest, collection, data_id), record.weight,
            run is not None and _counts(run, record.manifest, record.weight),
        ))  # fmt: skip
    return found


def _weight(
    documents: Documents, stated: Iterable[bytes], root: bytes, collection: bytes, data_id: bytes
) -> int | None:
    for key in stated:
        declared = documents.manifest(key, root)
        if declared is not None:
            return declared.weight(collection, data_id)
    return None


def _counts(run: Run, root: bytes, weight: int) -> bool:
    """Whether the hook's counts are the manifest's weights, and not only in their proportion."""
    exposed = run.exposure
    return (
        exposed is not None and exposed.manifest == root
        and exposed.weight == weight == exposed.consumed
    )  # fmt: skip
