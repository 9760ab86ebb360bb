"""`kiseki model stamp`: writes a model's ID into the file that it names."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kiseki.cli import context, show
from kiseki.cli.model import Model, model

__all__ = ["stamp"]


@model.command("stamp")
def stamp(
    file: Annotated[Path, typer.Argument(help="The file of weights, in the safetensors format.")],
    model: Model,
    replace: Annotated[
        bool, typer.Option("--replace", help="Write over another stamp that the file has.")
    ] = False,
) -> None:
    """Write a model's ID, registry and chain into its file.

    The tensors and all other metadata stay as they are, so it is the same model. The file must have
    the tensors that the model is registered with. It has the stamp afterwards, or is as it was.
    Whoever gets the file finds the model by it (`kiseki model find`), which compares the stamp with
    the registry: anybody can write one. Reads the chain and sends nothing.

    \b
    Examples:
      kiseki model stamp lora.safetensors 0x3333…
    """
    wanted = context.hex32(model, "the model")
    if context.current.dry_run:
        context.refuse_dry_run("stamp")
    k = context.watching()
    with show.progress("stamping", "bytes") as told:
        done = k.models.stamp(file, wanted, replace=replace, progress=told)
    if context.current.json:
        show.json_line({"file": file, "written": done.written, **done.stamp.metadata})
        return
    said = "The file says now that it is" if done.written else "The file says already that it is"
    show.say(f"{said} the {done.stamp.words}.")
