"""`kiseki training lay` and `clear`: data laid out for a trainer, and taken away again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiseki.cli import context, fromvault, show
from kiseki.cli.training import training
from kiseki.core.values import to_hex
from kiseki.errors import InvalidInput
from kiseki.language.forms import size

if TYPE_CHECKING:
    from kiseki.client.kiseki import Kiseki
    from kiseki.training.lacking import Fetched
    from kiseki.training.laying.clear import Clearing
    from kiseki.training.laying.prepare import Layout

__all__ = ["clear", "lay"]

_SHOWN = 3


@training.command("lay")
def lay(
    collection: Annotated[
        list[str],
        typer.Argument(help="Collections, 0x… or NAME=0x…; the name is that of the folder."),
    ],
    folder: Annotated[
        Path, typer.Argument(help="A new folder, or one that was laid for this tool before.")
    ],
    tool: Annotated[
        str, typer.Option("--for", help="The trainer: kohya, onetrainer, ai-toolkit or diffusers.")
    ],
    source: Annotated[
        list[Path],
        typer.Option("--from", metavar="PATH",
                     help="A folder with the pictures, or a picture; repeat."),
    ],
    repeats: Annotated[
        list[str] | None,
        typer.Option(metavar="N",
                     help="How often the trainer takes each picture in an epoch, for all "
                          "collections; or NAME=N for one, repeat. Default: 1."),
    ] = None,
    vault: fromvault.FromVault = None,
) -> None:  # fmt: skip
    """Lay out what this wallet may train on, in the form that a trainer reads.

    One folder a collection: copies of the pictures, their captions (the .txt beside a picture) and
    a file of settings for the trainer. Pictures are found by their content in the folders of
    --from, whatever they are called; the key store must know them. Left out, and named, is what
    this wallet may not train on now: terms, gate and consent of a collection are asked of the
    chain, and items that were revoked are left out. kiseki-laid.json in the folder says which file
    is which item; `kiseki model from-lora` reads it.

    With --vault, pictures that the folders of --from lack are got from a vault first, checked one
    by one, into the first of these folders. The vault keeps a receipt of each, also one's own
    vault; they lie in kiseki-receipts in that folder, and `kiseki training exposure --receipts`
    counts them. It is shown and asked for before.

    Shows what is written and how large it is, and asks first. Until all is there the folder has a
    hidden name beside its own, so that no trainer reads a part of it; one process at a time lays or
    clears it. Interrupted, run it again: nothing is copied twice. Run later, it adds what is new,
    and deletes what was revoked since, with its caches. Ends with 3 if something is missing that
    might be had. Reads the chain and sends nothing.

    \b
    Examples:
      kiseki training lay foxes=0x1111… train --for kohya --from drawings --repeats 10
      kiseki training lay foxes=0x1111… fruit=0x2222… train --for onetrainer --from store \\
        --repeats 5 --repeats foxes=10
      kiseki training lay foxes=0x1111… train --for kohya --from drawings \\
        --vault https://vault.example.org
      kiseki training lay 0x1111… 0x2222… train --for diffusers --from store --dry-run
    """
    from kiseki.training.laying.held import held
    from kiseki.training.laying.prepare import plan
    from kiseki.training.laying.write import carry_out

    named = _named(collection)
    k = context.kiseki() if vault else context.watching(context.acting(), allow_old=False)
    with held(folder):
        fetched = None if vault is None else _fetched(k, vault, source, list(named.values()))
        if vault is not None and fetched is None:
            return
        with show.progress("hashing", "files") as told:
            planned = plan(
                k, named, tool, folder,
                sources=source, repeats=_repeats(repeats, named), progress=told,
            )  # fmt: skip
        if not context.current.json:
            _show(planned)
        if not context.current.dry_run and not planned.done:
            if not context.current.yes:
                context.confirm(f"Write {_count(planned)}?")
            with show.progress("copying", "files") as told:
                carry_out(planned, told)
    if context.current.json:
        got = {} if fetched is None else {"got": fromvault.document(fetched)}
        show.json_line(_document(planned) | got)
    else:
        _end(planned)
    if planned.lacks:
        raise typer.Exit(3)


@training.command("clear")
def clear(
    folder: Annotated[Path, typer.Argument(help="A folder that `kiseki training lay` laid.")],
) -> None:
    """Delete what was laid in a folder, and what trainers cached beside it.

    Deletes pictures and captions that are still as they were laid, caches of them (.npz,
    _latent_cache and the like), the settings and kiseki-laid.json. Whatever somebody put there or
    changed stays, and is named. Shows what goes, and asks first. Register what you trained before:
    `kiseki model from-lora` reads the folder. Asks no node and sends nothing.

    \b
    Examples:
      kiseki training clear train
      kiseki training clear train --dry-run
    """
    from kiseki.training.laying.clear import clearing
    from kiseki.training.laying.held import held

    with held(folder):
        found = clearing(folder)
        if not context.current.json:
            _show_clearing(found)
        if not context.current.dry_run:
            if not context.current.yes:
                context.confirm(f"{show.count(len(found.files), 'file')}: delete?")
            with show.progress("deleting", "files") as told:
                found.clear(told)
    if context.current.json:
        show.json_line({
            "folder": found.folder, "files": len(found.files), "caches": found.caches,
            "bytes": found.size, "deleted": not context.current.dry_run,
            "kept": [{"file": path, "why": why} for path, why in found.kept],
        })  # fmt: skip
    else:
        show.say("Nothing was deleted." if context.current.dry_run else "Deleted.")


def _fetched(
    k: Kiseki, vault: str, folders: list[Path], collections: list[bytes]
) -> Fetched | None:
    """What the folders lack, got into the first of them; none where only a dry run was wanted."""
    from kiseki.training.lacking import lacks_of

    with fromvault.opened(k, vault) as site:
        with show.progress("hashing", "files") as told:
            lacks = lacks_of(k, collections, folders, site, told)
        return fromvault.asked(k, site, folders[0], lacks, or_all=True)


def _named(given: list[str]) -> dict[str, bytes]:
    named: dict[str, bytes] = {}
    for each in given:
        name, equals, text = each.rpartition("=")
        collection = context.hex32(text, "the collection")
        name = name if equals else collection.hex()[:12]
        if name in named:
            raise InvalidInput(
                f"two collections are called {name!r:.80}; give each a name of its own"
            )
        named[name] = collection
    return named


def _repeats(given: list[str] | None, named: dict[str, bytes]) -> dict[str, int]:
    """By name; a number alone is for all that no other option names."""
    every, of = 1, {}
    for each in given or []:
        name, equals, number = each.rpartition("=")
        if not (number.isascii() and number.isdecimal() and len(number) < 10):
            raise InvalidInput(f"--repeats is N or NAME=N, and this is {each!r:.80}")
        if equals:
            of[name] = int(number)
        else:
            every = int(number)
    return {**dict.fromkeys(named, every), **of}


def _count(planned: Layout) -> str:
    return show.count(len(planned.copies) + len(planned.settings), "file")


def _show(planned: Layout) -> None:
    show.table(
        ["folder", "collection", "pictures", "captions", "repeats"],
        [(each.folder, to_hex(each.collection), f"{len(each.pictures):,}",
          f"{sum(one.caption is not None for one in each.pictures):,}", each.repeats)
         for each in planned.laid.subsets],
        ["pictures", "captions", "repeats"],
    )  # fmt: skip
    if planned.left_out:
        show.table(
            ["left out", "of", "why"],
            [(_some(each.what), to_hex(each.collection), each.why) for each in planned.left_out],
        )
    for each in planned.changed:
        show.say(f"{each} was changed by somebody and stays as it is.")
    if planned.goes is not None:
        show.say(f"{show.count(len(planned.goes.files), 'file')} of what was laid before, with its "
                 "caches, are deleted first.")  # fmt: skip
    for said in planned.may_end:
        show.say(said)
    if planned.done:
        show.say("Everything is there already.")
    else:
        show.say(f"Into {planned.folder}: {_count(planned)}, {size(planned.size)}.")


def _some(what: tuple[str, ...]) -> str:
    if not what:
        return "all of it"
    more = f" and {len(what) - _SHOWN:,} more" if len(what) > _SHOWN else ""
    return ", ".join(what[:_SHOWN]) + more


def _end(planned: Layout) -> None:
    from kiseki.training.laying.forms import FORMS

    if context.current.dry_run:
        show.say("Nothing was written.")
        return
    form = FORMS[planned.laid.tool]
    show.say(f"Laid. For {form.called}: {form.use(planned.folder)}")
    show.say(
        f"Take it away again with `kiseki training clear {planned.folder}`, after the model is "
        "registered."
    )


def _document(planned: Layout) -> dict[str, object]:
    return {
        "folder": planned.folder, "tool": planned.laid.tool, "files": len(planned.copies),
        "bytes": planned.size, "there": planned.there, "written": not context.current.dry_run,
        "subsets": [
            {"folder": each.folder, "collection": to_hex(each.collection),
             "repeats": each.repeats, "pictures": len(each.pictures)}
            for each in planned.laid.subsets
        ],
        "left_out": [
            {"collection": to_hex(each.collection), "what": each.what, "why": each.why}
            for each in planned.left_out
        ],
        "changed": planned.changed,
        "deleted": 0 if planned.goes is None else len(planned.goes.files),
        "warnings": planned.may_end,
    }  # fmt: skip


def _show_clearing(found: Clearing) -> None:
    if found.kept:
        show.table(["stays", "why"], list(found.kept))
    show.say(
        f"From {found.folder}: {show.count(len(found.files), 'file')}, {size(found.size)}, of "
        f"which {show.count(found.caches, 'cache')}."
    )
