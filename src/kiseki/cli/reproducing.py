"""`kiseki model reproduce`: makes the run of a model again, in isolation."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiseki.cli import context, fromvault, letters, show
from kiseki.cli.model import Model, model, read_manifest
from kiseki.core.values import one_line, to_hex
from kiseki.errors import FilesError, InvalidInput, VaultError

if TYPE_CHECKING:
    from kiseki.client.kiseki import Kiseki
    from kiseki.core.reproduction import Reproduction

__all__ = ["reproduce"]


@model.command("reproduce")
def reproduce(
    model: Model,
    run: Annotated[Path, typer.Option(help="The document of its run.")],
    inputs: Annotated[
        list[Path] | None, typer.Option(help="A folder with the recorded inputs; repeat.")
    ] = None,
    vault: fromvault.FromVault = None,
    code: Annotated[
        Path | None, typer.Option(help="The folder of the program that trained.")
    ] = None,
    wheels: Annotated[
        Path | None,
        typer.Option(help="A folder with the recorded wheels. Default: the packages that are here, "
                          "where they are the recorded ones."),
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(help="The published file of weights, which tells how far off a rerun is."),
    ] = None,
    base: Annotated[
        Path | None, typer.Option(help="The file of the base model, for a finetune.")
    ] = None,
    manifest: Annotated[
        Path | None, typer.Option(help="The model's manifest; the inputs are compared with it.")
    ] = None,
    python: Annotated[
        Path | None, typer.Option(help="A Python to run it. Default: the one that runs Kiseki.")
    ] = None,
    out: Annotated[
        Path, typer.Option(help="The folder for log, weights and the document of what came out.")
    ] = Path("reproduction"),
    hours: Annotated[float, typer.Option(min=0.001, help="How long it may run.")] = 24,
    memory: Annotated[int, typer.Option(min=1, help="How many GiB of memory it may take.")] = 16,
    disk: Annotated[int, typer.Option(min=1, help="How many GiB it may write.")] = 32,
    state: Annotated[
        bool, typer.Option("--state", help="State the outcome on the chain, as this wallet.")
    ] = False,
    sign_to: letters.SignTo = None,
    days: letters.Days = letters.WAITING,
) -> None:  # fmt: skip
    """Run a model's recorded command again, and compare the weights that come out.

    The document must be the one that is registered with the model. Inputs and code are found in the
    folders that you name, by their content; if something is missing, changed or too much, nothing
    runs. The command is somebody else's: it is shown first, and runs in isolation (Linux with
    bubblewrap) without network, home, keys and environment, and without a graphics card. Equal
    tensors count as reproduced, and so does a distance within the tolerance that the document
    states, 1% at most. --dry-run checks everything and runs nothing. Sends nothing but with
    --state, which sends one transaction; with --sign a wallet without ether signs into a file,
    which anybody sends with `kiseki statements send`. Ends with 4 if it is not reproduced.

    With --vault, registered inputs that the folders of --inputs lack are got from a vault first,
    into the first of these folders. It is shown and asked for before, and the vault keeps a receipt
    of each item for good.

    \b
    Examples:
      kiseki model reproduce 0x3333… --run run.json --inputs drawings --code trainer
      kiseki model reproduce 0x3333… --run run.json --inputs drawings --code trainer \\
        --wheels wheels --weights model.safetensors --base base.safetensors --state
      kiseki model reproduce 0x3333… --run run.json --inputs drawings --code trainer \\
        --vault https://vault.example.org
    """
    from kiseki.training.isolation.rooms import Bounds
    from kiseki.training.reproducing import reproducing
    from kiseki.vault.files import whole

    wanted = context.hex32(model, "the model")
    sends = (state or sign_to is not None) and not context.current.dry_run
    k = context.kiseki() if sends or vault else context.watching()
    text = whole(run, "the document")
    if vault is not None and not _fetched(k, vault, wanted, text, inputs or []):
        return
    given = reproducing.Given(
        tuple(inputs or ()), code, wheels, weights, base,
        read_manifest(manifest) if manifest else None, python,
        Bounds(seconds=hours * 3600, memory=memory * 2**30, output=disk * 2**30),
    )  # fmt: skip
    with show.progress("hashing", "inputs") as told:
        plan = reproducing.plan(k, wanted, text, given, told)
    for each in (plan.words, *plan.notes):
        show.say(each)
    if context.current.dry_run:
        show.say("Everything that it needs is here. Nothing was run.")
        return
    document = out / reproducing.DOCUMENT
    if document.exists():  # before anybody answers a question
        raise FilesError(f"{out} holds a reproduction already; name another folder (--out)")
    if not context.current.yes:
        context.confirm("Run it?")
    with _running() as tell:
        done = reproducing.reproduce(plan, out, tell)
    if state and sign_to is None:
        _state(k, wanted, done)
    _told(done, document, out / reproducing.LOG)
    if sign_to is not None:
        letters.write_statement(
            k, sign_to, "model", to_hex(wanted), "reproduction", done.hash, days
        )  # fmt: skip
    _next(wanted, document, is_said=state or sign_to is not None)
    if not done.is_reproduced:
        raise typer.Exit(4)


def _fetched(k: Kiseki, vault: str, model: bytes, text: bytes, folders: list[Path]) -> bool:
    """Gets what the folders lack into the first of them; whether it is done."""
    from kiseki.training.lacking import lacks_of_run
    from kiseki.training.reproducing.reproducing import registered

    if not folders:
        raise InvalidInput("--inputs names the folder that what the vault gives goes into")
    run = registered(k, model, text)
    with fromvault.opened(k, vault) as site:
        with show.progress("hashing", "inputs") as told:
            lacks = lacks_of_run(k, model, run, folders, told)
        done = fromvault.asked(k, site, folders[0], lacks)
    if done is not None and done.refused:
        raise VaultError(f"{done.refused[0][1]}. Nothing was run")
    return done is not None


def _state(k: Kiseki, model: bytes, done: Reproduction) -> None:
    about = to_hex(model)
    says = (
        f"{k.address} states as reproduction about the model {about}, for good: {done.words} "
        f"The document's hash is {to_hex(done.hash)}."
    )
    name = f"state model {about} reproduction {done.hash.hex()}"
    context.spend(
        k, name, says, lambda k: k.statements.state("model", about, "reproduction", done.hash)
    )


def _told(done: Reproduction, document: Path, log: Path) -> None:
    if context.current.json:
        show.json_line({
            "outcome": done.outcome, "reproduced": done.is_reproduced, "words": done.words,
            "distance": None if done.distance is None else str(float(done.distance)),
            "against": done.against, "packages": done.packages, "seconds": done.seconds,
            "hash": done.hash,
            "document": document, "log": log,
        })  # fmt: skip
        return
    show.line(done.words)
    packages = {"wheels": "installed from wheels with the recorded hashes",
                "installed": "those that are here, which have the recorded versions"}  # fmt: skip
    show.fields([
        ("packages", packages.get(done.packages, "")),
        ("took", show.count(done.seconds, "second")), ("document", document),
        ("hash", to_hex(done.hash)), ("log", log),
    ])  # fmt: skip


def _next(model: bytes, document: Path, *, is_said: bool) -> None:
    if is_said:
        show.say(f"Publish {document}: the chain has its hash alone, and nobody can read that.")
    else:
        show.say(
            "Only you know it so far. To state it on the chain: kiseki statements make model "
            f"{to_hex(model)} reproduction {document}"
        )


@contextlib.contextmanager
def _running() -> Iterator[Callable[[float, bytes], None]]:
    """A line that says how long the command runs and what it said last; on a terminal alone."""
    with show.waiting("running") as say:

        def tell(seconds: float, said: bytes) -> None:
            lines = said.decode(errors="replace").replace("\r", "\n").strip().splitlines()
            say(f"running for {seconds:,.0f} s: {one_line(lines[-1], 60) if lines else ''}")

        yield tell
