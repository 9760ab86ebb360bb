"""`kiseki model manifest`: the manifest of a training run, from the files that it consumed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kiseki.cli import context, show
from kiseki.cli.model import model
from kiseki.disk import texts
from kiseki.errors import InvalidInput

__all__ = ["make_manifest"]


@model.command("manifest")
def make_manifest(
    out: Annotated[Path, typer.Argument(help="The file to write.")],
    files: Annotated[
        list[Path] | None, typer.Argument(help="The files that training consumed, or folders.")
    ] = None,
    table: Annotated[
        Path | None,
        typer.Option(help="A table with the columns weight, and file or sha256, for training that "
                          "consumed some files more often."),
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(help="A table with the columns id (of an item or collection) and weight: by "
                          "which the items are paid instead of by counts, as by their influence."),
    ] = None,
    whole: Annotated[
        list[str] | None,
        typer.Option(help="A collection of which training consumed every item once, 0x…; repeat."),
    ] = None,
    collection: Annotated[
        list[str] | None,
        typer.Option(help="The collection to choose where a file is in several, 0x…; repeat."),
    ] = None,
) -> None:  # fmt: skip
    """Write the manifest of a training run: the data ID of each file that it consumed.

    The key store must know each file: it registered the file, or it took in the provider's receipt
    (`kiseki data receive`). A file that it does not know is named, and nothing is written. Each
    file counts once; use --table where training consumed some more often. With --weights a table
    decides who is paid which part: a number from zero on, such as 3, 0.25 or 7/2, for each item, or
    for a collection, whose weight is divided by counts. What weighs zero stays declared, because
    training used it, and is paid nothing. Reads the chain and sends nothing.

    \b
    Examples:
      kiseki model manifest manifest.json drawings
      kiseki model manifest manifest.json --table consumed.csv
      kiseki model manifest manifest.json drawings --whole 0x1111…
      kiseki model manifest manifest.json drawings --weights influence.csv
    """
    if out.exists():
        raise InvalidInput(f"there is a file {out} already; name another")
    from kiseki.client.models.making import weights_in

    chosen = weights_in(weights, context.table()) if weights else None
    k = context.watching()
    with show.progress("hashing", "files") as told:
        made = k.models.manifest(
            files or (), table=table, form=context.table(), progress=told, weights=chosen,
            whole=[context.hex32(each, "the collection") for each in whole or ()],
            among=[context.hex32(each, "the collection") for each in collection or ()],
        )  # fmt: skip
    manifest = made.manifest
    items = sum(map(len, manifest.items.values()))
    warnings = k.models.may_be_gone(manifest)
    texts.write(out, manifest.to_json())
    if context.current.json:
        show.json_line({"file": out, "items": items, "collections": len(manifest.items),
                        "weight": str(manifest.weight), "root": manifest.root,
                        "merged": made.merged, "unpaid": made.unpaid,
                        "warnings": warnings})  # fmt: skip
        return
    show.fields([
        ("manifest", out), ("items", f"{items:,}"), ("collections", f"{len(manifest.items):,}"),
        ("weight", f"{manifest.weight:,}"),
    ])  # fmt: skip
    if made.merged:
        show.say(f"Of {show.count(made.files, 'file')}, {made.merged:,} with the content of "
                 "another one; the weights of the same content are added up.")  # fmt: skip
    if made.unpaid:
        show.say(f"{show.count(made.unpaid, 'item')} with the weight zero: declared, and not paid.")
    for each in warnings:
        show.say(each)
    show.say(f"Register the model with `kiseki model register WEIGHTS --manifest {out}`.")
