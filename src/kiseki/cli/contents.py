"""`kiseki vault`: adding content, and looking whether all of it is there."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiseki.cli import context, names, show
from kiseki.cli.sources import Source
from kiseki.cli.vault import opened, vault, vault_of
from kiseki.core.checksum import checksummed
from kiseki.core.values import to_hex
from kiseki.errors import InvalidInput
from kiseki.language.forms import size

if TYPE_CHECKING:
    from kiseki.vault.objects.checking import Finding
    from kiseki.vault.objects.item import Added
    from kiseki.vault.vault import Vault

__all__ = ["put", "say_added"]

_SHOWN = 100


@vault.command("add")
def add(
    source: Source,
    provider: Annotated[
        str | None, typer.Option(help="Whose content it is: an address. Default: this wallet.")
    ] = None,
    take_doubtful: Annotated[
        bool,
        typer.Option(
            "--take-doubtful", help="Add files that are probably no works, too, as empty ones."
        ),
    ] = False,
) -> None:
    """Encrypt the files of a folder, list, tar or Parquet file, and keep them.

    Of a tar (webdataset) and a Parquet file with pictures (Hugging Face) the contents are kept,
    with their captions. What is kept already is not kept twice. The files stay where they are.
    Files that are probably no works are left out and named. Interrupted, run it again: it goes on.
    Asks no node and sends nothing; `kiseki data register --vault` registers the files too.

    \b
    Examples:
      kiseki vault add artwork
      kiseki vault add MANIFEST.csv --provider alice
      kiseki vault add shard-0000.tar
    """
    who = names.account(provider) if provider else context.acting()
    with opened() as found:
        added = put(found, source, who, take_doubtful)
    if context.current.json:
        show.json_line({"provider": checksummed(who), "stored": added.stored, "known": added.known,
                        "size": added.size, "elsewhere": added.elsewhere,
                        "left_out": added.doubts.words})  # fmt: skip
    else:
        say_added(added, who)
    if added.doubts:
        raise typer.Exit(3)


def put(
    found: Vault, source: Path, provider: str, take_doubtful: bool, only_known: bool = False
) -> Added:
    """Keeps the files of a folder or list, with a bar.

    Args:
        only_known: only those that have a salt: what was registered, or is about to be.

    Raises:
        FilesError, VaultError, SecretsError: as `kiseki.vault.objects.adding.add`.
    """
    from kiseki.vault.objects import incoming
    from kiseki.vault.objects.item import Added
    from kiseki.vault.objects.rows import in_parts

    added = Added()
    total = incoming.count(source)
    items = incoming.contents(
        source, added, context.table(), names.account, take_doubtful=take_doubtful or only_known
    )
    if only_known:
        known = found.keys.known
        items = (
            item
            for some in in_parts(items)
            for here in [known(provider, [each.digest for each in some])]
            for item in some
            if item.digest in here
        )
    with show.progress("encrypting", "files") as told:
        found.add(provider, items, added, lambda done, _: told(done, total))
    return added


def say_added(added: Added, provider: str) -> None:
    """Tells what was kept, and what was not."""
    files = added.stored + added.known
    new = "" if not added.known else f" {show.count(added.stored, 'file')} are new."
    show.say(
        f"The vault keeps {show.count(files, 'file')} ({size(added.size)}) of "
        f"{checksummed(provider)}.{new}"
    )
    if added.elsewhere:
        show.say(
            f"Not in the vault: {show.count(added.elsewhere, 'row')} of the list without a file."
        )
    for each in added.doubts.words:
        show.say(f"Left out: {each}.")


@vault.command("check")
def check(
    read: Annotated[
        bool, typer.Option("--read", help="Read every object and compare its hash.")
    ] = False,
    decrypt: Annotated[
        bool, typer.Option("--decrypt", help="Decrypt every content and compare its hash, too.")
    ] = False,
    chain: Annotated[
        bool,
        typer.Option(
            "--chain",
            help="Say which items of the kept collections are not both here and registered.",
        ),
    ] = False,
) -> None:
    """Say whether every object is there and whole.

    Without an option it compares what lies there by name and size. It also tells what has no row:
    what a run that was killed left behind, or what is being added now. Asks no node, sends and
    changes nothing. Ends with 4 if something is wrong.

    With --chain it reads the chain, and tells of items: missing (registered, and not here),
    unregistered (here, and in no registered collection), altered, and erased by record, which is
    not wrong.

    \b
    Examples:
      kiseki vault check
      kiseki vault check --read
      kiseki vault check --chain --json
    """
    if chain:
        if decrypt:
            raise InvalidInput("--chain goes without --decrypt; run `kiseki vault check` for that")
        _compare(read)
        return
    from kiseki.vault.objects.checking import check as look

    with opened() as found, show.progress("looking", "objects") as told:
        unwrap = found.unwrap if decrypt else None
        total = sum(each.objects for each in found.objects.held())
        seen = list(look(found.objects, found.place, read=read, unwrap=unwrap,
                         told=lambda objects, _: told(objects, total)))  # fmt: skip
    _say_findings(seen, total)


def _compare(read: bool) -> None:
    from kiseki.client.vault.checking import Compared, Is, compare

    k, done, kinds = context.watching(), Compared(), Counter[str]()
    found, rows = vault_of(context.key_store(k)), list[tuple[str, str, str]]()
    total = sum(each.count for each in found.keys.collections())
    with show.progress("looking", "items") as told:
        for each in compare(found, k.index, done, read=read, told=lambda many: told(many, total)):
            kinds[each.what.value] += 1
            if context.current.json or len(rows) < _SHOWN:
                rows.append((each.what.value, to_hex(each.id), to_hex(each.collection)))
    if context.current.json:
        show.json_line({"collections": done.collections, "items": done.items, "findings": [
            {"is": what, "item": item, "collection": of} for what, item, of in rows
        ]})  # fmt: skip
    else:
        show.table(["item", "is", "collection"], [(item, what, of) for what, item, of in rows])
        said = ", ".join(f"{many:,} {kind}" for kind, many in kinds.items()) or "nothing is wrong"
        counted = show.count(done.items, "item")
        show.say(f"Of {counted} in {show.count(done.collections, 'collection')}: {said}.")
    if kinds.total() > kinds[Is.ERASED.value]:
        raise typer.Exit(4)


def _say_findings(seen: list[Finding], total: int) -> None:
    from kiseki.vault.objects.checking import Wrong

    leftover = (Wrong.NO_ROW, Wrong.HALF)
    wrong = [each for each in seen if each.wrong not in leftover]
    if context.current.json:
        show.json_line({"objects": total, "findings": [
            {"wrong": each.wrong.value, "object": each.name, "where": each.where} for each in seen
        ]})  # fmt: skip
    else:
        show.table(
            ["object", "is"],
            [(each.name or each.where, each.wrong.value) for each in wrong[:100]],
        )
        kinds = Counter(each.wrong.value for each in wrong)
        if wrong:
            said = ", ".join(f"{many:,} {kind}" for kind, many in kinds.items())
            show.say(
                f"Of {show.count(total, 'object')}: {said}. `kiseki vault repair COPY` brings "
                "objects back from another copy."
            )
        else:
            show.say(f"Nothing is wrong with {show.count(total, 'object')}.")
        if left := len(seen) - len(wrong):
            show.say(
                f"{show.count(left, 'file')} without a row: of a run that goes on, or was killed. "
                "`kiseki vault sweep` takes away what is older than a day."
            )
    if wrong:
        raise typer.Exit(4)


@vault.command("repair")
def repair(
    copy: Annotated[str, typer.Argument(help="Another copy of the objects: a folder, or a URL.")],
    read: Annotated[
        bool, typer.Option("--read", help="Read every object, to find altered ones, too.")
    ] = False,
) -> None:
    """Bring back objects that are missing, cut off or altered, from another copy.

    An object is named by its hash, so a wrong copy is not taken. Asks no node and sends nothing.
    Ends with 4 if something is still missing.

    \b
    Examples:
      kiseki vault repair /media/copy/objects
      kiseki vault repair s3://studio-copy/objects --read
    """
    from kiseki.vault.objects import checking
    from kiseki.vault.objects.place import place

    there = place(copy)
    done = list[bytes]()
    left = list[bytes]()
    with opened() as found:
        for each in checking.check(found.objects, found.place, read=read):
            if each.wrong in (checking.Wrong.NO_ROW, checking.Wrong.HALF):
                continue
            mended = checking.repair(found.objects, found.place, each, there)
            (done if mended else left).append(each.name)
    if context.current.json:
        show.json_line({"repaired": done, "left": left})
    else:
        show.say(f"{show.count(len(done), 'object')} brought back.")
        show.table(["not in that copy"], [(each,) for each in left[:100]])
    if left:
        raise typer.Exit(4)


@vault.command("sweep")
def sweep(
    hours: Annotated[
        float, typer.Option(help="Leave what is younger: it may be of a run that goes on.")
    ] = 24.0,
) -> None:
    """Take away what runs that were killed left in the place of the objects.

    That is what is half-written, and objects that no row names, whose identities nobody has. Asks
    no node and sends nothing.

    \b
    Examples:
      kiseki vault sweep
    """
    from kiseki.vault.objects import checking

    with opened() as found:
        gone = [each.where for each in checking.sweep(found.objects, found.place, hours * 3_600)]
    if context.current.json:
        show.json_line({"gone": gone})
        return
    show.say(f"{show.count(len(gone), 'file')} taken away.")
