"""`kiseki output`: batches of generated files; and `kiseki verify`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiseki.cli import context, letters, names, pages, past, published, show
from kiseki.cli.bases import External, externals_of, told_of_base
from kiseki.cli.revenue import RightsPayee, rights_payee
from kiseki.cli.sources import Doubtful, decide
from kiseki.core.days import SIGNED_DAYS
from kiseki.core.values import to_hex
from kiseki.errors import InvalidInput

if TYPE_CHECKING:
    from kiseki.client.data.registering import Registered
    from kiseki.client.kiseki import Kiseki
    from kiseki.client.outputs.outputs import PreparedBatch

__all__ = ["output", "verify"]

output = typer.Typer(help="Register generated files in batches.")

Batch = Annotated[str, typer.Argument(help="The ID of the batch, 0x…")]


@output.command("register")
def register(
    files: Annotated[list[Path], typer.Argument(help="Generated files, or folders of them.")],
    model: Annotated[list[str], typer.Option(help="A model that generated them, 0x…; repeat.")],
    collection: Annotated[
        list[str] | None, typer.Option(help="A collection that generation read, 0x…; repeat.")
    ] = None,
    record: Annotated[Path | None, typer.Option(help="A document: prompt, seed, settings.")] = None,
    payee: RightsPayee = None,
    endorsement: Annotated[
        list[str] | None,
        typer.Option(help="An endorsement, as `output endorse` prints it; repeat for several."),
    ] = None,
    external: External = None,
    publish: Annotated[bool, typer.Option(help="Log the commitments on the chain.")] = True,
    doubtful: Doubtful = "ask",
    sign_to: letters.SignTo = None,
    days: letters.Days = SIGNED_DAYS,
) -> None:
    """Register generated files as one batch, and name the models that generated them.

    Sends one transaction; more for a large batch, and one more to log a new payee's split. Only
    hashes go to the chain. Anybody who has one of the files can look it up. Credentials (C2PA)
    inside a file do not change its ID. A creator without ether signs into a file with --sign, and
    anybody sends that file with `kiseki output register-for`.

    \b
    Examples:
      kiseki output register pictures --model 0x3333…
      kiseki output register pictures --model 0x3333… --sign batch.json
    """
    from kiseki.client.outputs import prepared
    from kiseki.client.outputs.endorsements import Endorsement

    k = context.kiseki()
    models = [context.hex32(each, "the model") for each in model]
    read = [context.hex32(each, "the collection") for each in collection or []]
    given = [Endorsement.from_text(each) for each in endorsement or []]
    paid = rights_payee(k, payee, "batch")
    with show.progress("hashing", "files") as told:
        batch = k.outputs.prepare(files, models, collections=read, record=record, payee=paid,
                                  externals=externals_of(k, external), progress=told,
                                  doubtful=decide(doubtful), tell=show.say)  # fmt: skip
    told_of_base(k, batch.models, batch.externals)
    _told_of_odd(batch)
    if sign_to is not None:
        made = k.outputs.prepare_approval(batch, given, days)
        then = f"Anybody can send it, with `kiseki output register-for {sign_to}` and the files."
        letters.write(sign_to, prepared.LETTER, made, k.signed, then)
        return
    says = (
        f"Register {show.count(len(batch.items), 'file')} as one batch, made with "
        f"{show.count(len(models), 'model')}. Its money "
        f"goes to {payee or 'its own rights token'}."
    )
    done = context.spend(k, f"batch {batch.id.hex()} {publish}", says, lambda k: k.outputs.register(
        batch, endorsements=given, publish=publish))  # fmt: skip
    context.registered_told("batch", done)


@output.command("season")
def register_season(
    table: Annotated[
        Path, typer.Argument(help="The table: a column file, and if wanted model and others.")
    ],
    folder: Annotated[Path, typer.Argument(help="The folder of the files that it names.")],
    model: Annotated[
        list[str] | None,
        typer.Option(help="A model that made the files of rows that name none, 0x…; repeat."),
    ] = None,
) -> None:
    """Register a season's outputs: a folder, and a table that says which models made which file.

    The table has a column `file` and, if wanted, `model` and `collection` (IDs, with ; between
    several), `record` (a document in the folder) and `endorsement`. Rows that agree in these are
    one batch. It says what is missing or in disorder, as a row without its file, and sends nothing
    before that is in order; files in no row are named and left out. Run it again to send only what
    is missing. The studio's pages do the same in a browser (`kiseki serve --invitations`).

    \b
    Examples:
      kiseki output season season.csv pictures
      kiseki output season season.xlsx pictures --model 0x3333…
    """
    from kiseki.client.outputs.season import look

    k = context.kiseki()
    models = [context.hex32(each, "the model") for each in model or []]
    with show.progress("hashing", "files") as told:
        season = look(
            k.outputs, table, folder, models=models, form=context.table(), progress=told
        )  # fmt: skip
    for each in season.disorders:
        more = f" and {each.more:,} more" if each.more else ""
        names_of = f" {'; '.join(each.named())}{more}" if each.names else ""
        why = f" ({each.why})" if each.why else ""
        show.say(f"{each.words()}{names_of}{why}")
    if season.problems:
        raise InvalidInput("this season is not in order; nothing was sent")
    for batch in season.batches:
        told_of_base(k, batch.prepared.models, ())
    says = (
        f"Register {show.count(season.files, 'file')} in "
        f"{show.count(len(season.batches), 'batch', 'batches')}."
    )
    done = context.spend(
        k, season.command, says, lambda k: [each.register(k.outputs) for each in season.batches]
    )
    if context.current.json:
        show.json_line({"batches": [
            {"batch": to_hex(each.id), "transactions": [one.told for one in each.receipts]}
            for each in done
        ]})  # fmt: skip
        return
    show.table(
        ["batch", "outputs", "sent", "gas"],
        [(each.id, f"{len(batch.prepared.items):,}", len(each.receipts), f"{each.gas:,}")
         for each, batch in zip(done, season.batches, strict=True)],
        numbers=["outputs", "sent", "gas"],
    )  # fmt: skip


@output.command("register-for")
def register_for(
    file: letters.SignedLetter,
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="The files of the batch, or folders of them. Without: only the root."),
    ] = None,
    endorsement: Annotated[
        list[str] | None,
        typer.Option(help="An endorsement, as `output endorse` prints it; repeat for several."),
    ] = None,
    doubtful: Doubtful = "ask",
) -> None:
    """Register a batch in the name of a creator who signed it.

    Shows it in words. Anybody can do this. Sends one transaction; more for a large batch, and one
    more to log a new payee's split; this wallet pays the gas. Without the files only the root of
    the batch is registered, and nobody can look a file up; run the command again with them.

    \b
    Examples:
      kiseki output register-for batch.json pictures
    """
    from kiseki.client.outputs import prepared
    from kiseki.client.outputs.endorsements import Endorsement

    signed = prepared.LETTER.read(file)
    batch = prepared.batch_of(signed)
    given = [Endorsement.from_text(each) for each in endorsement or []]
    k = context.kiseki()
    told_of_base(k, batch.named.models, batch.named.externals)
    decides = decide(doubtful)

    def work(k: Kiseki) -> Registered:
        with show.progress("hashing", "files") as told:
            return k.outputs.register_for(signed, files or None, endorsements=given, progress=told,
                                          doubtful=decides, tell=show.say)  # fmt: skip

    name = f"batch for {signed.signer} {signed.nonce} {bool(files)}"
    done = context.spend(k, name, letters.in_words(prepared.LETTER, signed), work)
    context.registered_told("batch", done)


@output.command("endorse")
def endorse(
    files: Annotated[list[Path], typer.Argument(help="The files of the creator's batch.")],
    model: Annotated[str, typer.Option(help="The model of this wallet, 0x…")],
    creator: Annotated[str, typer.Option(help="The address that will register the batch.")],
    until: Annotated[
        str, typer.Option(help="The last day of the endorsement, as 2027-12-31, or 30d.")
    ],
    other: Annotated[
        list[str] | None, typer.Option(help="Another model behind the files, 0x…; repeat.")
    ] = None,
    collection: Annotated[
        list[str] | None, typer.Option(help="A collection that generation read, 0x…; repeat.")
    ] = None,
    external: External = None,
    doubtful: Doubtful = "ask",
) -> None:
    """Sign that a creator may register these files as made with your model.

    The signature also holds if the model's terms or gate say no. The ID of the batch depends on its
    models, collections and base models, so give the same ones as the creator will. Sends nothing;
    prints the option for the creator's `kiseki output register`.

    \b
    Examples:
      kiseki output endorse pictures --until 30d \\
        --model 0x3333… \\
        --creator 0x70997970C51812dc3A010C7d01b50e0d17dc79C8
    """
    from kiseki.client.rights.schedules import moment

    k = context.kiseki()
    ends = moment(context.moment(until, "--until"), k.session.now(), "--until")
    mine = context.hex32(model, "the model")
    models = [mine, *(context.hex32(each, "the model") for each in other or [])]
    read = [context.hex32(each, "the collection") for each in collection or []]
    theirs = context.watching(names.wallet(creator, "the creator"))
    batch = theirs.outputs.prepare(
        files, models, collections=read, externals=externals_of(k, external),
        doubtful=decide(doubtful), tell=show.say,
    )  # fmt: skip
    _told_of_odd(batch)
    show.say(
        f"You sign that {batch.creator} may register the batch {to_hex(batch.id)} of "
        f"{show.count(len(batch.items), 'file')} as made with your model {to_hex(mine)}, until "
        f"{show.date(ends)}, even if the model's terms or gate say no. It cannot be cancelled."
    )
    if not context.current.yes:
        context.confirm("Sign this endorsement?")
    signed = k.outputs.endorse(mine, batch, ends)
    if context.current.json:
        told = {"model": mine, "batch": batch.id, "until": ends, "signature": signed.signature}
        show.json_line(told | {"endorsement": signed.to_text()})
    else:
        show.line(f"--endorsement {signed.to_text()}")


def _told_of_odd(batch: PreparedBatch) -> None:
    for path, why in batch.odd:
        show.say(f"{path} is hashed byte by byte, with its credentials: {why}")


@output.command("list")
def list_batches(
    creator: Annotated[
        str, typer.Argument(help="The creator's wallet. Default: this wallet.")
    ] = "",
    most: pages.Most = None,
    after: pages.After = None,
) -> None:
    """List the batches of a creator, with how many outputs and which models each has.

    Reads the chain and sends nothing.

    \b
    Examples:
      kiseki output list
      kiseki output list 0x70997970C51812dc3A010C7d01b50e0d17dc79C8
      kiseki output list --most 100
    """
    who = names.wallet(creator, "the creator") if creator else context.acting()
    k = context.watching(who)
    index = k.index
    listed = index.registered("OutputRegistry", who, pages.after_id(after), pages.asked(most))
    found = [index.batch(each) for each in listed]
    models = [index.sources(each.id).models for each in found]
    if context.current.json:
        show.json_line([
            {"batch": e.id, "outputs": e.count, "logged": len(e.published), "models": made_with,
             "registered": e.registered_at, "base": e.base}
            for e, made_with in zip(found, models, strict=True)
        ])  # fmt: skip
        return
    show.table(
        ["batch", "outputs", "logged", "models", "registered"],
        [(e.id, f"{e.count:,}", f"{len(e.published):,}", ", ".join(map(to_hex, made_with)),
          show.date(e.registered_at)) for e, made_with in zip(found, models, strict=True)],
        numbers=["outputs", "logged"],
    )  # fmt: skip
    nothing = f"{who} has no batches on this chain."
    pages.told(found, most, after, lambda each: each.id, nothing)


@output.command("show")
def show_batch(batch: Batch, at: past.At = None) -> None:
    """Show a batch: its creator, its models and what was found about it.

    Reads the chain and sends nothing.

    \b
    Examples:
      kiseki output show 0x4444…
      kiseki output show 0x4444… --at 30d
    """
    k, wanted = context.watching(), context.hex32(batch, "the batch")
    with past.asked(k, at) as index:
        found, sources = index.batch(wanted), index.sources(wanted)
        findings = index.findings(wanted)
    if context.current.json:
        told = show.plain(found) | {"published": len(found.published), "models": sources.models}
        show.json_line(told | {"findings": findings})
        return
    show.fields([
        ("batch", found.id), ("creator", found.creator),
        ("registered", show.date(found.registered_at)), ("outputs", f"{found.count:,}"),
        ("logged", f"{len(found.published):,}{'' if found.complete else ', not all'}"),
        *(("model", each) for each in sources.models),
        ("allowed by", "its models' developers" if found.endorsed
                       else "the terms and gate of at least one model"),
        ("base models", found.base.words), ("paid to", f"the split {to_hex(found.split)}"),
    ])  # fmt: skip
    for each in findings:
        show.say(f"{each.severity}: {each.sentence}")


def verify(
    file: Annotated[list[Path], typer.Argument(help="Generated files.")],
    traced_only: Annotated[
        bool,
        typer.Option("--traced-only", help="Count unregistered base models as problems."),
    ] = False,
    documents: published.Folder = None,
) -> None:
    """Say what is on record about a generated file.

    Prints one sentence for each file; --json adds the findings. Reads the chain and sends nothing.
    Ends with 4 if a file is unknown or has a problem. With --documents, what trainers and hooks
    recorded is held against what the models declare.

    \b
    Examples:
      kiseki verify pictures/1.png
      kiseki verify pictures/*.png --json
      kiseki verify pictures/1.png --traced-only
      kiseki verify pictures/1.png --documents published
    """
    k = context.watching()
    found = [k.outputs.verify(each, traced_only=traced_only, documents=documents) for each in file]
    if context.current.json:
        show.json_line(
            [{"file": path, **show.plain(each)} for path, each in zip(file, found, strict=True)]
        )
    else:
        for path, each in zip(file, found, strict=True):
            show.line(f"{path}: {each.sentence}" if len(file) > 1 else each.sentence)
    if any(each.problems or not each.known for each in found):
        raise typer.Exit(4)
