"""Base models that are not registered: how they are named, what they make of what rests on them.

Said before anything is sent, because it stays on record for good.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiseki.cli import context, show
from kiseki.client.wallet import document_hash
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
        help="A base model that is not registered: its file, the hash of it (0x…) or `unknown`, and"
        " a document that says where it comes from and what its licence allows. Several if so.",
    ),
]


def externals_of(k: Kiseki, given: Iterable[str] | None) -> list[ids.External]:
    """What was named.

    Raises:
        FilesError: a file cannot be read.
        InvalidInput: a hash that is none.
    """
    return [_external(k, each) for each in given or []]


def told_of_base(k: Kiseki, models: Sequence[bytes], externals: Sequence[ids.External]) -> None:
    """Says what is about to be on record for good, where it is less than traced or contradicts what
    is there.

    Raises:
        NotInIndex: a model is not registered on this chain.
    """
    index = k.index
    levels = [index.model(each).base for each in models] + [each.base for each in externals]
    if level := worst(levels):
        show.say(f"Base models, for good and of all that will rest on this: {level.words}.")
    for model in (each for external in externals for each in index.models_with(external.weights)):
        show.say(
            f"A base model that you name as not registered is the model {to_hex(model)}; name that "
            "as what this rests on, or everybody sees a contradiction, for good."
        )


def _external(k: Kiseki, given: str) -> ids.External:
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
            f"It is registered as the model {to_hex(each.model)} ({each.words}): name that as the "
            "parent, so that what it asks is paid."
        )
    return ids.External(found.weights.commitment, said)
