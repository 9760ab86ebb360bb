"""`--vault` of commands that train: what the folders lack is got from a vault first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kiseki.cli import context, show
from kiseki.core.values import to_hex
from kiseki.language.forms import size

if TYPE_CHECKING:
    from kiseki.client.kiseki import Kiseki
    from kiseki.client.vault.site import Site
    from kiseki.training.lacking import Fetched, Lack

__all__ = ["FromVault", "asked", "document", "opened"]

FromVault = Annotated[
    str | None,
    typer.Option(
        "--vault",
        metavar="URL",
        help="A vault, from which what the folders lack is got into the first of them: https://…, "
        "or own for the vault that the key store is.",
    ),
]
_OWN = "own"


@contextmanager
def opened(k: Kiseki, where: str) -> Iterator[Site]:
    """The vault that was named, for this wallet."""
    from kiseki.client.vault.site import VaultSite

    with closing(_own(k) if where == _OWN else VaultSite(where, k.signer, k.session.chain_id)) as s:
        yield s


def asked(
    k: Kiseki, site: Site, folder: Path, lacks: Sequence[Lack], *, or_all: bool = False
) -> Fetched | None:
    """Gets what is lacking, after a question. None where only a dry run was wanted.

    Args:
        or_all: whether what the vault has of a collection is of use, where it has not all items.
    """
    from kiseki.training.lacking import USE, Fetched, fetch
    from kiseki.vault.handing.receipts import use_word

    if not lacks:
        return Fetched((), ())
    for each in lacks:
        show.say(
            f"Ask the vault {site.url} for {show.count(each.count, 'item')} of the collection "
            f"{to_hex(each.collection)}, for {use_word(USE)}, as {k.address}."
        )
    show.say("The vault keeps a receipt of each item for good.")
    if context.current.dry_run:
        show.say("Nothing was asked for.")
        return None
    if not context.current.yes:
        context.confirm("Ask for them?")
    with show.progress("getting", "bytes") as told:
        done = fetch(k, site, folder, lacks, told, lambda each: or_all and _agreed(each))
    new, bytes_ = sum(each.new for each in done.got), sum(each.size for each in done.got)
    show.say(f"{show.count(new, 'new file')} in {folder} ({size(bytes_)}).")
    if captions := sum(len(each.captions.there) for each in done.got):
        show.say(
            f"{show.count(captions, 'caption')} beside them are what the vault says; nothing on "
            "the chain shows them."
        )
    for lack, why in done.refused:
        what = f"{show.count(lack.count, 'item')} of {to_hex(lack.collection)}"
        show.say(f"Not given: {what}: {why}.")
    return done


def _agreed(lack: Lack) -> bool:
    of = to_hex(lack.collection)
    show.say(f"The vault does not give all of these items of {of}: one may have been erased.")
    if not context.current.yes:
        context.confirm("Ask for all that it gives of this collection?")
    return True


def document(done: Fetched) -> dict[str, Any]:
    """What came of it, for programs."""
    return {
        "new": sum(each.new for each in done.got), "size": sum(each.size for each in done.got),
        "handouts": [each.said.handout.id for each in done.got],
        "refused": [
            {"collection": to_hex(lack.collection), "items": lack.items, "why": why}
            for lack, why in done.refused
        ],
    }  # fmt: skip


def _own(k: Kiseki) -> Site:
    from kiseki.cli.handing import asking
    from kiseki.cli.vault import vault_of
    from kiseki.client.vault.own import OwnVault
    from kiseki.client.vault.signing import signed_by

    return OwnVault(
        vault_of(context.key_store(k)), k.signer, k.session.chain_id, asking(k),
        signed_by(k.session.node),
    )  # fmt: skip
