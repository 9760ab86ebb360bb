"""`kiseki training exposure` and `manifest`: what the ledger of a run says that it consumed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kiseki.cli import context, show
from kiseki.cli.training import training
from kiseki.core.values import to_hex
from kiseki.disk import texts
from kiseki.errors import InvalidInput

if TYPE_CHECKING:
    from kiseki.training.handed import Against, HandedOut
    from kiseki.training.ledger.figures import Figures

__all__ = ["Receipts", "exposure", "make_manifest", "received", "told_against"]

Ledger = Annotated[
    Path, typer.Argument(help="The folder that training was given: Exposure(FOLDER).")
]
Step = Annotated[
    int | None,
    typer.Option(help="How many steps the weights have had. Default: where the run stands.", min=0),
]
NamesFile = Annotated[
    Path | None,
    typer.Option(help="A JSON file that maps the names of samples to data IDs or SHA-256 digests."),
]
Files = Annotated[
    Path | None,
    typer.Option(help="Where the names of samples begin, if they are paths of files."),
]
Receipts = Annotated[
    list[Path] | None,
    typer.Option(
        "--receipts",
        help="A folder with receipts of what a vault handed out for this training, in it or below "
        "(`kiseki vault get`, `kiseki training lay --vault`); repeat.",
    ),
]
Among = Annotated[
    list[str] | None,
    typer.Option(help="The collection to choose where a file is in several, 0x…; repeat."),
]


_NAMED = 5
"""Data IDs that a sentence names."""


@training.command("exposure")
def exposure(
    ledger: Ledger,
    step: Step = None,
    collections: Annotated[
        bool, typer.Option("--collections", help="Show the figures of each collection too.")
    ] = False,
    names: NamesFile = None,
    folder: Files = None,
    collection: Among = None,
    receipts: Receipts = None,
) -> None:
    """Show what a training handed out, read, consumed and lost.

    Consumed is what arrived in the training loop and was followed by a step of the optimizer from
    which the weights descend. Read is what datasets gave out, also what nobody took. Handed out is
    what a vault's receipts in the folders of --receipts say, for training; without them it is
    unknown. Lost are steps after a checkpoint that training went on from. Every hash of the ledger
    is computed again, and each receipt is checked. Works while training goes on. Reads files and
    sends nothing; --collections reads the chain and the key store too, and tells what was handed
    out and never consumed, and the other way round.

    \b
    Examples:
      kiseki training exposure runs/foxes
      kiseki training exposure runs/foxes --step 800 --collections --folder train
      kiseki training exposure runs/foxes --receipts drawings --collections
    """
    from kiseki.training.ledger.figures import Ledger as Book

    found, handed = Book(ledger).figures(step), received(receipts)
    told: dict[str, Any] = {
        "run": found.run, "ledger": found.head, "ranks": found.ranks, "steps": found.steps,
        "batches": found.batches, "handed_out": None if handed is None else handed.times,
        "read": found.read, "consumed": found.consumed, "lost": found.lost,
        "samples": len(found.counts), "checkpoints": list(found.states), "ended": found.ended,
        "together": found.together,
    }  # fmt: skip
    rows: list[tuple[bytes | None, int, int, int]] = []
    against: Against | None = None
    if collections:
        rows, taken = _per_collection(found, names, folder, collection)
        if handed is not None:
            there = {each for each, *_ in rows}
            rows += [(each, 0, 0, 0) for each in sorted(handed.collections) if each not in there]
            against = None if taken is None else handed.against(taken)
    if context.current.json:
        if collections:
            told["collections"] = [
                {
                    "collection": each,
                    "handed_out": _handed(handed, each),
                    "read": read,
                    "consumed": consumed,
                    "lost": lost,
                }
                for each, read, consumed, lost in rows
            ]
        if against is not None:
            told |= {
                "never_consumed": against.never_consumed,
                "never_handed_out": against.never_handed_out,
            }
        show.json_line(told)
        return
    rest = found.read - found.consumed - found.lost
    show.fields([
        ("run", to_hex(found.run)), ("processes", f"{found.ranks:,}"),
        ("steps", f"{found.steps:,}"), ("batches", f"{found.batches:,}"),
        ("checkpoints", ", ".join(f"{each:,}" for each in found.states) or "none"),
        ("handed out",
         "unknown (no receipts)" if handed is None else
         f"{handed.times:,} (of {show.count(len(handed.items), 'item')})"),
        ("read", f"{found.read:,}"),
        ("consumed", f"{found.consumed:,} (of {show.count(len(found.counts), 'sample')})"),
        ("lost", f"{found.lost:,}"),
        ("read, never used", f"{max(rest, 0):,}"),
    ])  # fmt: skip
    if rows:
        show.table(
            ["collection", "handed out", "read", "consumed", "lost"],
            [((each and to_hex(each)) or "unknown", _number(_handed(handed, each)),
              *map(_number, counts)) for each, *counts in rows],
            ["handed out", "read", "consumed", "lost"],
        )  # fmt: skip
    told_against(against)
    if handed is not None and collections and against is None:
        show.say(
            "Of some samples nobody knows which item they are, so what was handed out and never "
            "consumed is not known either. Say what they stand for with --names or --folder."
        )
    if step is None and (why := _not_ended(found)):
        show.say(f"{why} Name the step of your weights with --step.")
    else:
        at = "" if step is None else f" --step {step}"
        show.say(f"Make the manifest with `kiseki training manifest {ledger} FILE{at}`.")


@training.command("manifest")
def make_manifest(
    ledger: Ledger,
    out: Annotated[Path, typer.Argument(help="The file to write.")],
    step: Step = None,
    names: NamesFile = None,
    folder: Files = None,
    collection: Among = None,
) -> None:
    """Write the manifest of what a training consumed, from its ledger.

    Each sample counts as often as steps took it from which the weights descend. Samples are known
    by data ID, by the SHA-256 of the content, by their file, or by the name in a folder that
    `kiseki training lay` laid. A sample that nothing maps to a registered item is named, and
    nothing is written. A run that did not end needs --step. Reads the chain and the key store, and
    sends nothing.

    \b
    Examples:
      kiseki training manifest runs/foxes manifest.json
      kiseki training manifest runs/foxes manifest.json --step 800 --folder train
    """
    from kiseki.training.consumed import Names, manifest_of
    from kiseki.training.ledger.figures import Ledger as Book

    if out.exists():
        raise InvalidInput(f"there is a file {out} already; name another")
    found = Book(ledger).figures(step)
    if step is None and (why := _not_ended(found)):
        raise InvalidInput(f"{why} Name the step of your weights with --step")
    k = context.watching()
    made = manifest_of(
        k.data.openings, found.counts, Names.read(names, folder),
        [context.hex32(each, "the collection") for each in collection or ()],
    )  # fmt: skip
    manifest = made.manifest
    items = sum(map(len, manifest.items.values()))
    warnings = k.models.may_be_gone(manifest)
    texts.write(out, manifest.to_json())
    if context.current.json:
        show.json_line({"file": out, "items": items, "collections": len(manifest.items),
                        "weight": str(manifest.weight), "root": manifest.root,
                        "steps": found.steps, "consumed": found.consumed, "lost": found.lost,
                        "ledger": found.head, "warnings": warnings})  # fmt: skip
        return
    show.fields([
        ("manifest", out), ("steps", f"{found.steps:,}"), ("items", f"{items:,}"),
        ("collections", f"{len(manifest.items):,}"), ("weight", f"{manifest.weight:,}"),
    ])  # fmt: skip
    for each in warnings:
        show.say(each)
    show.say(f"Register the model with `kiseki model register WEIGHTS --manifest {out}`.")


def received(folders: list[Path] | None) -> HandedOut | None:
    """What the receipts in some folders say; none where no folder was named, so that it is unknown.

    Raises:
        FilesError, InvalidInput, ProofError: see `kiseki.training.handed.handed_out`.
    """
    from kiseki.training.handed import handed_out

    if not folders:
        return None
    found = handed_out(folders)
    if found.others:
        show.say(
            f"Not counted: {show.count(found.others, 'receipt')} for other uses than training."
        )
    return found


def told_against(against: Against | None) -> None:
    """Says what was handed out and never consumed, and the other way round."""
    if against is None:
        return
    for items, what in (
        (against.never_consumed, "handed out, and never consumed"),
        (against.never_handed_out, "consumed, and no receipt says that it was handed out"),
    ):
        if items:
            more = f" and {len(items) - _NAMED:,} more" if len(items) > _NAMED else ""
            named = ", ".join(map(to_hex, items[:_NAMED]))
            show.say(f"{show.count(len(items), 'item')} {what}: {named}{more}.")


def _handed(handed: HandedOut | None, collection: bytes | None) -> int | None:
    """How often items of a collection were handed out; none where that is not known."""
    if handed is None or collection is None:
        return None
    return handed.collections.get(collection, 0)


def _number(count: int | None) -> str:
    return "unknown" if count is None else f"{count:,}"


def _per_collection(
    found: Figures, names: Path | None, folder: Path | None, collection: list[str] | None
) -> tuple[list[tuple[bytes | None, int, int, int]], set[bytes] | None]:
    """The figures of each collection, and the data IDs that were consumed; none where it is not
    known of all samples which item they are."""
    from kiseki.training.consumed import Names, per_collection, samples

    counts = [found.read_counts, found.counts, found.lost_counts]
    known = samples(
        context.watching().data.openings, {each for one in counts for each in one},
        Names.read(names, folder),
        [context.hex32(each, "the collection") for each in collection or ()],
    )  # fmt: skip
    rows = sorted(per_collection(known, counts).items(), key=lambda row: row[0] or b"")
    taken = {each and each.id for key in found.counts for each in (known[key],)}
    return [(each, *of) for each, of in rows], None if None in taken else taken  # type: ignore[misc, return-value]


def _not_ended(found: Figures) -> str:
    """Why it is not plain which step the weights have; empty where it is."""
    if not found.steps:
        return "No step was taken."
    if not found.together:
        return "The processes of this run stand at different steps."
    if not found.ended:
        last = f" and its last checkpoint is of step {found.states[-1]:,}" if found.states else ""
        return f"This run did not end: it stands at step {found.steps:,}{last}."
    return ""
