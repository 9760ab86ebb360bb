"""`kiseki model update`: what a model would rest on if it were trained anew now."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiseki.cli import context, show
from kiseki.cli.model import ManifestFile, Model, model, read_manifest
from kiseki.core.values import to_hex
from kiseki.disk import texts
from kiseki.errors import InvalidInput

if TYPE_CHECKING:
    from kiseki.client.models.updating import Update

__all__ = ["update"]

_SHOWN = 20


@model.command("update")
def update(
    model: Model,
    manifest: ManifestFile,
    out: Annotated[Path, typer.Argument(help="The file to write the new manifest to.")],
    series: Annotated[
        list[str] | None,
        typer.Option(help="A collection, with its series and what came under its standing consent, "
                          "or a standing consent, 0x…; repeat. Default: the model's collections."),
    ] = None,
    documents: Annotated[
        Path | None,
        typer.Option(help="The folder with the documents of series and derived items."),
    ] = None,
    from_previous: Annotated[
        bool,
        typer.Option(help="Fine-tune the model on what is new, so that it is the parent and is "
                          "paid. Without: train on everything from the beginning."),
    ] = False,
    weight: Annotated[
        int | None,
        typer.Option(min=1, help="The weight of each new item. Default: the mean of the others."),
    ] = None,
    royalty: Annotated[
        str | None, typer.Option(help="What the new model's terms ask. Default: as the model's.")
    ] = None,
) -> None:  # fmt: skip
    """Draft a model's successor: what is new, what must be left out, and how pay shifts.

    Compares what the model declares with what there is now: new collections of the same series or
    under the same standing consents, consent that ended, items that were revoked. Writes the
    manifest of a new training, and shows which part of gross each provider gets before and after,
    by the code that composes the split on the chain. The weights of new items are a plan; register
    the new model with what its training really consumed. Reads the chain and sends nothing.

    \b
    Examples:
      kiseki model update 0x3333… manifest.json next.json --documents documents
      kiseki model update 0x3333… manifest.json next.json --from-previous
      kiseki model update 0x3333… manifest.json next.json --series 0x1111… --royalty 5%
    """
    if out.exists():
        raise InvalidInput(f"there is a file {out} already; name another")
    known = read_manifest(manifest)
    k = context.watching(allow_old=False)
    found = k.models.updates.draft(
        context.hex32(model, "the model"), known,
        series=[context.hex32(each, "the series") for each in series or ()],
        documents=documents, from_previous=from_previous, weight=weight,
        royalty=royalty,
    )  # fmt: skip
    texts.write(out, found.manifest.to_json())
    if context.current.json:
        show.json_line(_plain(found, out))
        return
    _changes(found)
    _shift(found)
    for each in found.warnings:
        show.say(each if each.endswith(".") else f"{each}.")
    if found.derived:
        listed = ", ".join(map(to_hex, found.derived[:3]))
        show.say(
            f"{show.count(len(found.derived), 'item')} of it {_was(len(found.derived))} made from "
            f"something whose consent ended or was revoked: {listed}. Their own terms hold all the "
            "same."
        )
    if not found.problem:
        _then(found, out)


def _was(number: int) -> str:
    return "was" if number == 1 else "were"


def _changes(found: Update) -> None:
    shown = found.changes[:_SHOWN]
    gross = {each.id: each for each in found.shares if each.kind == "collection"}
    show.table(
        ["collection", "state", "items before", "after", "revoked", "of gross before", "then",
         "why"],
        [(e.collection, e.state, f"{e.before:,}", f"{e.after:,}", f"{e.revoked:,}",
          show.percent(gross[e.collection].before) if e.collection in gross else "",
          show.percent(gross[e.collection].after) if e.collection in gross else "", e.why)
         for e in shown],
        numbers=["items before", "after", "revoked", "of gross before", "then"],
    )  # fmt: skip
    if len(found.changes) > _SHOWN:
        show.say(f"{len(found.changes) - _SHOWN:,} more are in the answer with --json.")
    if not found.is_due:
        show.say("Nothing changed since the model was registered.")


def _shift(found: Update) -> None:
    from kiseki.client.models.sharing import millionths

    if found.problem:
        show.say(f"This could not be registered: {found.problem}.")
        return
    rows = found.by_wallet()
    before = millionths([row[1] for row in rows])
    after = millionths([row[2] for row in rows])
    show.table(
        ["of gross, to", "before", "after", "change"],
        [(who, _percent(b), _percent(a), f"{(a - b) / 10_000:+.4f}")
         for (who, *_), b, a in list(zip(rows, before, after, strict=True))[:_SHOWN]]
        + [("all together", _percent(sum(before)), _percent(sum(after)), "")],
        numbers=["before", "after", "change"],
    )  # fmt: skip
    if len(rows) > _SHOWN:
        show.say(f"{len(rows) - _SHOWN:,} more are in the answer with --json.")
    data = [each for each in found.shares if each.kind == "collection"]
    show.say(
        f"Of what is paid to the model, data gets {show.percent(sum(e.before for e in data))} "
        f"before and {show.percent(sum(e.after for e in data))} then; the rest is for developers."
    )


def _percent(millionths: int) -> str:
    return f"{millionths / 10_000:.4f}%"


def _then(found: Update, out: Path) -> None:
    items = sum(map(len, found.manifest.items.values()))
    show.say(
        f"{out} has {show.count(items, 'item')}; new items have the weight {found.weight:,}, until "
        "your training says how often it took them."
    )
    if found.from_previous:
        show.say(
            "The model becomes the parent of the new one and is paid. The new one rests on all "
            "that the model rests on, also on what was revoked since, which stays authorised; only "
            "training from the beginning leaves that out."
        )
    else:
        show.say("Trained from the beginning, the new model stands beside this one; nothing on the "
                 "chain connects them.")  # fmt: skip
    parents = "".join(f" --parent {to_hex(each)}" for each in found.parents)
    bases = " and its unregistered base models with --external" if found.externals else ""
    show.say(f"After training: `kiseki model register WEIGHTS --manifest {out}{parents}`{bases}.")


def _plain(found: Update, out: Path) -> dict[str, object]:
    """As programs read it; parts of gross are exact, as fractions."""
    return {
        "file": out, "model": found.model, "from_previous": found.from_previous,
        "changes": found.changes, "parents": found.parents, "externals": found.externals,
        "weight": str(found.weight), "root": found.manifest.root, "problem": found.problem,
        "shares": [{"kind": e.kind, "id": e.id, "who": e.who, "before": str(e.before),
                    "after": str(e.after)} for e in found.shares],
        "wallets": [{"who": who, "before": str(before), "after": str(after)}
                    for who, before, after in found.by_wallet()],
        "derived": found.derived, "warnings": found.warnings, "due": found.is_due,
    }  # fmt: skip
