"""`kiseki training run-document`: what a model was trained with, as a document."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kiseki.cli import context, show
from kiseki.cli.exposing import Receipts, received, told_against
from kiseki.cli.training import training
from kiseki.core import documents
from kiseki.core.values import to_hex
from kiseki.disk import texts
from kiseki.errors import FilesError, InvalidInput

if TYPE_CHECKING:
    from kiseki.core.run import Exposed

__all__ = ["run_document"]


@training.command("run-document")
def run_document(
    out: Annotated[Path, typer.Argument(help="The file to write.")],
    weights: Annotated[Path, typer.Argument(help="The file of weights that came out.")],
    command: Annotated[
        list[str] | None,
        typer.Argument(help="After --: the command, as it was typed in the folder of the code."),
    ] = None,
    code: Annotated[
        Path | None, typer.Option(help="The folder of the program; its files are hashed.")
    ] = None,
    inputs: Annotated[Path | None, typer.Option(help="The folder that training read.")] = None,
    output: Annotated[
        Path | None,
        typer.Option(help="The folder that training wrote. Default: that of the weights."),
    ] = None,
    base: Annotated[Path | None, typer.Option(help="The file of the base model.")] = None,
    settings: Annotated[Path | None, typer.Option(help="Hyperparameters, as JSON.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Of the random numbers.")] = None,
    tolerance: Annotated[
        str | None,
        typer.Option(help="Within which a rerun counts as the same: 0 is bit for bit, 1% the "
                          "most that counts."),
    ] = None,
    python: Annotated[
        Path | None,
        typer.Option(help="The Python that trained. Default: the one that runs Kiseki."),
    ] = None,
    wheels: Annotated[
        Path | None, typer.Option(help="A folder of wheels; packages get their hashes from it.")
    ] = None,
    lock: Annotated[
        Path | None, typer.Option(help="Requirements with hashes, which give the rest.")
    ] = None,
    collection: Annotated[
        list[str] | None,
        typer.Option(help="The collection to choose where an input is in several, 0x…; repeat."),
    ] = None,
    ledger: Annotated[
        Path | None, typer.Option(help="The ledger of the run's exposure: Exposure(FOLDER).")
    ] = None,
    step: Annotated[
        int | None,
        typer.Option(min=0, help="With --ledger: how many steps these weights have had. Default: "
                                 "where the run stands."),
    ] = None,
    manifest: Annotated[
        Path | None, typer.Option(help="With --ledger: the manifest that was made of it.")
    ] = None,
    receipts: Receipts = None,
    by_hash: Annotated[
        bool,
        typer.Option("--by-hash", help="Ask no node; name each input by its SHA-256 alone."),
    ] = False,
) -> None:  # fmt: skip
    """Write what a model was trained with: command, code, packages, inputs and weights.

    Register the model with the document (`kiseki model register --run`): its hash is on the chain
    then, and anybody can make the run again (`kiseki model reproduce`). The tolerance must stand in
    it before. What is not known stays out. No variable of the environment is written down, and an
    argument that looks like a secret is refused. Paths become {inputs} and {output}. The key store
    gives registered inputs their IDs. With --receipts it says how often vaults handed items out;
    with --manifest too, how many of these were never consumed, and how many that were consumed have
    no receipt. Reads the chain and sends nothing.

    \b
    Examples:
      kiseki training run-document run.json out/model.safetensors --inputs drawings --code . \\
        --seed 7 --tolerance 0 -- python train.py --data drawings --out out
      kiseki training run-document run.json lora.safetensors --by-hash --settings settings.json
    """
    from kiseki.training.runs.making import Folders, make

    if out.exists():
        raise FilesError(f"the file {out} exists already; name another file")
    openings = None if by_hash or inputs is None else context.watching().data.openings
    among = [context.hex32(each, "the collection") for each in collection or ()]
    exposure = _exposure(ledger, step, manifest, receipts)
    with show.progress("hashing", "inputs") as told:
        run = make(
            weights, command or [], Folders(code, inputs, output, base), openings=openings,
            among=among, settings=_settings(settings), seed=seed, python=python, wheels=wheels,
            tolerance=None if tolerance is None else _tolerance(tolerance),
            lock=lock, exposure=exposure, progress=told,
        )  # fmt: skip
    texts.write(out, run.to_json())
    if context.current.json:
        show.json_line({"file": out, "hash": run.hash, "items": len(run.items),
                        "files": len(run.files)})  # fmt: skip
        return
    known = run.environment.packages if run.environment else ()
    show.fields([
        ("command", " ".join(run.command.arguments) if run.command else "not said"),
        ("inputs", f"{show.count(len(run.items), 'registered item')}, "
                   f"{show.count(len(run.files), 'other file')}"),
        ("code", f"{show.count(len(run.code.files), 'file')}" if run.code else "not said"),
        ("packages", f"{show.count(len(known), 'package')}, "
                     f"{sum(each.wheel is not None for each in known):,} with the hash of their "
                     "wheel"),
        *_counts(run.exposure),
        ("hash", to_hex(run.hash)),
    ])  # fmt: skip
    show.say(f"The document is in {out}. Register the model with --run {out}.")


def _counts(exposed: Exposed | None) -> list[tuple[str, object]]:
    if exposed is None:
        return []
    figures = [("handed out", exposed.handed_out), ("read", exposed.read),
               ("consumed", exposed.consumed)]  # fmt: skip
    return [(name, "unknown" if each is None else f"{each:,}") for name, each in figures]


def _exposure(
    ledger: Path | None, step: int | None, manifest: Path | None, receipts: list[Path] | None
) -> Exposed | None:
    if ledger is None:
        if step is not None or manifest is not None or receipts:
            raise InvalidInput(
                "--step, --manifest and --receipts are about a ledger; name it with --ledger"
            )
        return None
    from kiseki.cli.model import read_manifest
    from kiseki.training.exposed import exposed
    from kiseki.training.ledger.figures import Ledger

    made = None if manifest is None else read_manifest(manifest)
    handed = received(receipts)
    if handed is not None and made is not None:
        told_against(handed.against(made))
    return exposed(Ledger(ledger).figures(step), made, handed)


def _tolerance(text: str) -> Fraction:
    """A part of one, as a person says it: 1% or 0.01."""
    number, percent = text.removesuffix("%"), text.endswith("%")
    try:
        found = Fraction(number) / (100 if percent else 1)
    except (ValueError, ZeroDivisionError):
        found = Fraction(-1)
    if not 0 <= found < 1 or "/" in number:
        raise InvalidInput(f"--tolerance is 0, or a percentage as 1%, and not {text!r:.40}")
    return found


def _settings(path: Path | None) -> dict[str, Any] | None:
    if path is None:
        return None
    try:
        return documents.parse(texts.read(path))
    except InvalidInput as error:
        raise InvalidInput(f"{path} is no JSON object of settings ({error})") from error
