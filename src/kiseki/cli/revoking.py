"""Revoking: of a collection or an item, by its provider or with the provider's signature."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kiseki.cli import context, letters, show
from kiseki.cli.data import data
from kiseki.cli.terms import Collection
from kiseki.cli.withdrawal import models_told
from kiseki.core.ids import item_id
from kiseki.core.values import to_hex

if TYPE_CHECKING:
    from kiseki.chain.sending.outcome import Receipt
    from kiseki.client.kiseki import Kiseki

__all__ = ["revoke", "revoke_for", "revoke_item"]


@data.command("revoke")
def revoke(
    collection: Collection, sign_to: letters.SignTo = None, days: letters.Days = letters.WAITING
) -> None:
    """Revoke consent for future use of a collection.

    Sends one transaction. Consent ends after the notice period of the terms. Models and batches
    that were registered before stay authorised. A wallet without ether signs into a file with
    --sign, and anybody sends it with `kiseki data revoke-for`.

    \b
    Examples:
      kiseki data revoke 0x1111…
      kiseki data revoke 0x1111… --sign revocation.json
    """
    from kiseki.client.data import revocations

    wanted = context.hex32(collection, "the collection")
    k = context.kiseki()
    if sign_to is not None:
        models_told(k, wanted)
        made = k.data.prepare_revocation(wanted, days)
        letters.write(sign_to, revocations.COLLECTION, made, k.signed, _then(sign_to))
        return
    terms = k.index.terms(k.index.collection(wanted).terms_id)
    says = f"Revoke consent for the collection, for good. Its terms: {terms.words()}"
    models = models_told(k, wanted)
    done = context.spend(k, f"revoke {collection}", says, lambda k: k.data.revoke(wanted))
    _told(k, [done], models)


@data.command("revoke-item")
def revoke_item(
    item: Annotated[
        str, typer.Argument(help="The file, or its data ID or commitment, 0x… (`data find`).")
    ],
    unpublished: Annotated[bool, typer.Option(help="The commitment was never logged.")] = False,
    documents: Annotated[
        Path | None,
        typer.Option(
            help="The folder with documents of derived items, to name what was made from it."
        ),
    ] = None,
    sign_to: letters.SignTo = None,
    days: letters.Days = letters.WAITING,
) -> None:
    """Revoke consent for future use of one item, in all collections of this wallet.

    Sends one transaction. Consent ends after the notice period of each collection's terms. A wallet
    without ether signs into a file with --sign, and anybody sends it with `kiseki data revoke-for`.
    With --documents, items that were made from this one are named; they keep terms of their own.

    \b
    Examples:
      kiseki data revoke-item artwork/1.svg
      kiseki data revoke-item artwork/1.svg --documents documents
      kiseki data revoke-item 0x2222…
    """
    from kiseki.client.data import revocations

    k = context.kiseki()
    wanted = k.data.openings.commitment(item)
    show.say(f"{item} has the commitment {to_hex(wanted)}.")
    made_from = [] if documents is None else _made_from(k, wanted, documents)
    models = _models_of_item(k, wanted)
    if sign_to is not None:
        made = k.data.prepare_item_revocation(wanted, days)
        letters.write(sign_to, revocations.ITEM, made, k.signed, _then(sign_to))
        return
    done = context.spend(k, f"revoke item {to_hex(wanted)}",
                         "Revoke consent for the item in all collections of this wallet, for good.",
                         lambda k: k.data.revoke_item(wanted, unpublished=unpublished))  # fmt: skip
    _told(k, [done], models, made_from=made_from)


@data.command("revoke-for")
def revoke_for(file: letters.SignedLetter) -> None:
    """Send a revocation that a provider signed.

    Shows it in words. Sends one transaction, and this wallet pays the gas.

    \b
    Examples:
      kiseki data revoke-for revocation.json
    """
    from kiseki.client.data import revocations

    letter, signed = revocations.read(file)
    letters.bring(letter, signed, lambda k, signed: k.data.revoke_for(signed))


def _models_of_item(k: Kiseki, commitment: bytes) -> list[dict[str, Any]]:
    """The models that rest on the collections in which this wallet has an item."""
    found = []
    for each in k.data.openings.collections_of(commitment):
        show.say(f"It is in the collection {to_hex(each)}.")
        found += [model | {"collection": each} for model in models_told(k, each, commitment)]
    return found


def _made_from(k: Kiseki, commitment: bytes, documents: Path) -> list[bytes]:
    """What was made from an item of this wallet, by documents that were stated."""
    found = k.data.derivations.of(item_id(k.address, commitment), documents)
    made = [each.id for each in found.below_all()]
    if made:
        listed = ", ".join(map(to_hex, made[:5])) + (" …" if len(made) > 5 else "")
        show.say(
            f"{show.count(len(made), 'item')} {'was' if len(made) == 1 else 'were'} made from it: "
            f"{listed}. Each keeps terms of its own; revoke those of this wallet one by one."
        )
    return made


def _told(k: Kiseki, done: list[Receipt], models: list[dict[str, Any]], **more: Any) -> None:
    """What was sent, and whom it concerns."""
    if context.current.json:
        context.receipts_told(done, models=models, **more)
        return
    context.receipts_told(done)
    if models:
        show.say(f"See what developers answer: kiseki withdrawal list --provider {k.address}")


def _then(file: Path) -> str:
    return f"Anybody can send it, with `kiseki data revoke-for {file}`."
