"""The option that names base models which are not registered, and the warning about them.

A command shows the warning before it sends anything, because the record is permanent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiseki.cli import context, show
from kiseki.core import ids
from kiseki.core.base import worst
from kiseki.core.values import ZERO32, to_hex

if TYPE_CHECKING:
    from kiseki.client.kiseki import Kiseki

__all__ = ["External", "externals_of", "told_of_base"]

External = Annotated[
    list[str] | None,
    typer.Option(
        metavar="WEIGHTS=DOCUMENT",
        help="A base model that is not registered. WEIGHTS is its file, its hash (0x…) or "
        "`unknown`. DOCUMENT says where it comes from and what its licence allows. Repeat the "
        "option for each base model.",
    ),
]


def externals_of(k: Kiseki, given: Iterable[str] | None) -> list[ids.External]:
    """The base models that the option names.

    Raises:
        FilesError: a file cannot be read.
        InvalidInput: a hash that is not 0x and 64 hex digits.
    """
    return [_external(k, each) for each in given or []]


def told_of_base(k: Kiseki, models: Sequence[bytes], externals: Sequence[ids.External]) -> None:
    """Warns if a base model is not traced, or if the record contradicts an earlier record.

    Raises:
        NotInIndex: a model is not registered on this chain.
    """
    index = k.index
    levels = [index.model(each).base for each in models] + [each.base for each in externals]
    if level := worst(levels):
        show.say(
            f"Base models: {level.words}. This is recorded permanently, and also holds for "
            "everything that will be made with this."
        )
    for model in (each for external in externals for each in index.models_with(external.weights)):
        show.say(
            f"You name a base model as not registered, but it is the model {to_hex(model)}. Name "
            "that model as the parent. Otherwise everybody sees a contradiction, permanently."
        )


def _external(k: Kiseki, given: str) -> ids.External:
    from kiseki.client.wallet import document_hash

    named, _, document = given.partition("=")
    said = document_hash(Path(document)) if document else ZERO32
    if named == "unknown":
        return ids.External(ZERO32, said)
    if named.startswith("0x"):
        return ids.External(context.hex32(named, "the weights"), said)
    with show.progress("hashing", "bytes") as told:
        found = k.models.find(named, progress=told)
    show.say(f"{named}: {found.weights.words}")
    for each in found.models:
        show.say(
            f"This file is registered as the model {to_hex(each.model)} ({each.words}). Name that "
            "model as the parent, so that its developer is paid."
        )
    return ids.External(found.weights.commitment, said)
