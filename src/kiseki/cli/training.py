"""`kiseki training`: what training does beside the chain."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kiseki.cli import context, show
from kiseki.core.values import to_hex

__all__ = ["training"]

training = typer.Typer(help="Lay out data for a trainer, and count what training consumed.")


@training.command("original")
def original(
    files: Annotated[
        list[Path], typer.Argument(help="Files in a folder that `kiseki training lay` laid.")
    ],
    laid: Annotated[
        Path | None,
        typer.Option(help="The laid folder, where the files lie elsewhere, as crops do."),
    ] = None,
) -> None:
    """Say which registered item a picture, crop, caption or cache comes from.

    Reads the names that trainers give to what they write beside a picture: latents and outputs of
    text encoders (.npz, .safetensors), crops, masks, captions. A file that no rule maps is named as
    unknown, and the command ends with 4. Reads no content, asks no node and sends nothing.

    \b
    Examples:
      kiseki training original train/10_foxes/0123456789ab.png
      kiseki training original train/10_foxes/*.npz
      kiseki training original --laid train crops/*.jpg
    """
    from kiseki.training.laid import Originals

    originals = Originals(laid)
    found = [(each, originals.of(each)) for each in files]
    if context.current.json:
        show.json_line([
            {"file": file, "item": each and to_hex(each.id), "kind": each and each.kind.value,
             "collection": each and to_hex(each.collection), "picture": each and each.picture}
            for file, each in found
        ])  # fmt: skip
    else:
        show.table(
            ["file", "is", "data ID", "picture"],
            [(file, "unknown", "", "") if each is None
             else (file, each.kind.value, to_hex(each.id), each.picture) for file, each in found],
        )  # fmt: skip
    if any(each is None for _, each in found):
        raise typer.Exit(4)
