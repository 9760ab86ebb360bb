"""`kiseki vault receipts`: who got what of a provider's items, as a vault of others tells it."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kiseki.cli import context, show
from kiseki.cli.vault import vault
from kiseki.cli.witnessing import known_key
from kiseki.core.checksum import checksummed
from kiseki.errors import ProofError

if TYPE_CHECKING:
    from kiseki.vault.handing.receipts import Receipt

__all__: list[str] = []


@dataclass
class _Had:
    """What one wallet was given out of one collection, for one use, on one ground.

    Attributes:
        items: how often an item was given.
        first, last: when, in seconds since 1970.
    """

    items: int
    first: int
    last: int


@vault.command("receipts")
def receipts(
    url: Annotated[str, typer.Argument(help="Where the vault is: https://…")],
) -> None:
    """Show who was given what of this wallet's own items, and for what.

    The wallet signs in at the vault, which shows a provider all receipts of the provider's own
    items. They are held against the log, which the vault has signed: if one is altered, left out or
    put between the others, the command says so and ends with 4. `kiseki vault witness` holds the
    log against what it showed before. --json tells each receipt. Asks for the chain's ID only, and
    sends nothing.

    \b
    Examples:
      kiseki vault receipts https://vault.example.org
      kiseki vault receipts https://vault.example.org --json
    """
    from kiseki.client.vault.given import given
    from kiseki.client.vault.site import VaultSite
    from kiseki.client.vault.weblogs import WebLogs

    at = context.where()
    chain_id = context.chain_of(at)
    wallet, logs = context.signer(at.url, chain_id), WebLogs(url)
    provider = wallet.address.lower()
    key = known_key(context.beside_secrets() / "witness", logs, provider)
    try:
        with (
            closing(VaultSite(url, wallet, chain_id)) as site,
            show.progress("reading", "receipts") as told,
        ):
            found = _counted(given(site, logs, provider, key), told)
            rows = [_row(each) for each in found] if context.current.json else []
            had = {} if context.current.json else _summed(found)
    except ProofError as error:
        show.say(f"kiseki: {error}. Keep this, and ask who keeps the vault.")
        raise typer.Exit(4) from error
    if context.current.json:
        show.json_line({"log": key.text, "receipts": rows})
        return
    show.table(
        ["collection", "who", "for", "because", "items", "first", "last"],
        [(*of, f"{each.items:,}", show.date(each.first), show.date(each.last))
         for of, each in had.items()],
        numbers=["items"],
    )  # fmt: skip
    total = sum(each.items for each in had.values())
    if not total:
        show.say("Nothing of yours was handed out.")
        return
    show.say(f"That is {show.count(total, 'receipt')}: all that the log {key.name} has.")


def _counted(found: Iterable[Receipt], told: show.Told) -> Iterable[Receipt]:
    for count, each in enumerate(found, 1):
        told(count, 0)
        yield each


def _summed(found: Iterable[Receipt]) -> dict[tuple[str, str, str, str], _Had]:
    from kiseki.vault.handing.receipts import use_word

    had = dict[tuple[str, str, str, str], _Had]()
    for each in found:
        use, basis = use_word(each.use), each.basis.value
        of = (f"0x{each.collection.hex()}", checksummed(each.caller), use, basis)
        known = had.setdefault(of, _Had(0, each.at, each.at))
        known.items += 1
        known.last = max(known.last, each.at)
    return had


def _row(each: Receipt) -> dict[str, Any]:
    from kiseki.vault.handing.receipts import use_word

    return {
        "item": each.item, "collection": each.collection, "who": checksummed(each.caller),
        "use": use_word(each.use), "because": each.basis.value, "until": each.until,
        "size": each.size, "at": each.at,
    }  # fmt: skip
