"""`kiseki model provenance`: what a model came from, in the forms that other tools read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from kiseki.cli import context, show
from kiseki.cli.model import Model, model
from kiseki.disk import texts
from kiseki.errors import FilesError, InvalidInput

__all__ = ["provenance"]

FORMS = ("slsa", "openlineage", "model-signing")


@model.command("provenance")
def provenance(
    model: Model,
    weights: Annotated[Path, typer.Argument(help="The published file of weights.")],
    out: Annotated[
        Path, typer.Argument(help="The file to write; for openlineage a folder of two.")
    ],
    run: Annotated[Path, typer.Option(help="The document of its run.")],
    form: Annotated[
        str, typer.Option("--for", help="slsa (in-toto), openlineage or model-signing (OpenSSF).")
    ],
    key: Annotated[
        Path | None,
        typer.Option(help="For model-signing: the private key, elliptic curve, as PEM."),
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option(help="For model-signing: the certificate of that key.")
    ] = None,
    chain: Annotated[
        list[Path] | None,
        typer.Option(help="For model-signing: a certificate above that one; repeat."),
    ] = None,
) -> None:
    """Write what a model came from in a form that other tools read.

    slsa is an in-toto statement with SLSA provenance: collections by ID, base models, code and
    wheels by hash. openlineage is the beginning and the end of the run, as events. model-signing
    signs the file with a key that you name, which is no wallet's (pip install 'kiseki[signing]').
    The run's document and the weights must be the model's. Reads the chain and sends nothing.

    \b
    Examples:
      kiseki model provenance 0x3333… model.safetensors model.intoto.json --run run.json --for slsa
      kiseki model provenance 0x3333… model.safetensors model.sig --run run.json \\
        --for model-signing --key developer.pem
    """
    from kiseki.training.provenance import known, openlineage, signing, slsa
    from kiseki.vault.files import whole

    if form not in FORMS:
        raise InvalidInput(f"--for is one of {', '.join(FORMS)}, not {form!r:.40}")
    if (key is None) == (form == "model-signing"):
        raise InvalidInput("--key names the key that model-signing signs with, and nothing else")
    wanted = context.hex32(model, "the model")
    if out.exists():
        raise FilesError(f"{out} exists already; name another")
    origin = known.origin_of(context.watching(), wanted, weights, whole(run, "the document"))
    if form == "slsa":
        _write(out, slsa.statement(origin))
    elif form == "openlineage":
        out.mkdir(parents=True)
        for each in openlineage.events(origin):
            _write(out / f"{each['eventType'].lower()}.json", each)
    elif key is not None:
        signing.sign(weights, out, signing.Key(key, certificate, tuple(chain or ())))
    if context.current.json:
        show.json_line({"for": form, "out": out})
        return
    show.say(f"{out} says what the model came from, for {form}.")


def _write(path: Path, document: object) -> None:
    texts.write(path, json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
