"""`kiseki market`: offers and buys licences."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiseki.cli import context, names, pages, show
from kiseki.cli.terms import in_words, uses_of
from kiseki.core.offer import FOREVER, Licence
from kiseki.core.values import to_hex
from kiseki.disk import texts
from kiseki.disk.tables import Table
from kiseki.errors import InvalidInput

if TYPE_CHECKING:
    from kiseki.client.kiseki import Kiseki
    from kiseki.client.market.market import Bought
    from kiseki.core.offer import Offer

__all__ = ["market"]

market = typer.Typer(help="Offer and buy licences for data, models and outputs.")

Kind = Annotated[str, typer.Argument(help="What is licensed: collection, model or batch.")]
Group = Annotated[str, typer.Argument(help="The ID of the collection, model or batch, 0x…")]


@market.command("offer")
def offer(
    kind: Kind, group: Group,
    price: Annotated[str, typer.Argument(help="The price, as 0.5, or 1200@TOKEN for a token.")],
    uses: Annotated[
        str, typer.Option(help="The allowed uses, with commas: ai_generative_training,generation,…")
    ],
    lasts: Annotated[
        str | None, typer.Option(help="How long a licence lasts, as 365d. Default: for ever.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="The offer can be bought until: 2027-12-31 or 30d.")
    ] = None,
    supply: Annotated[
        int | None, typer.Option(help="How many can be bought. Default: any number.")
    ] = None,
    buyers: Annotated[
        Path | None,
        typer.Option(help="A table with the column buyer: the addresses of the allowed buyers."),
    ] = None,
    licence: Annotated[
        Path | None, typer.Option(help="The licence: its text, or the file of `market licence`.")
    ] = None,
    replaces: Annotated[
        str | None, typer.Option(help="The ID of an offer that this one replaces, 0x…")
    ] = None,
) -> None:  # fmt: skip
    """Offer licences for a collection, model or batch whose rights this wallet holds.

    Sends one transaction.

    \b
    Examples:
      kiseki market offer collection 0x4444… 0.1 --uses ai_generative_training --lasts 365d
      kiseki market offer model 0x4444… 20 --uses generation --supply 1
    """
    from kiseki.client.wallet import document_hash

    k = context.kiseki()
    units, token = context.amount(k, price)
    long = context.moment(lasts, "--lasts") if lasts else None
    if long is not None and not hasattr(long, "total_seconds"):
        raise InvalidInput("--lasts must be a number of days, as 365d")
    old = context.hex32(replaces, "the offer") if replaces else None
    made = k.market.draft(
        kind, context.hex32(group, "the ID"), units, uses_of(uses), token=token,
        lasts=long,  # type: ignore[arg-type]
        until=context.moment(until, "--until") if until else None,
        supply=supply, buyers=_buyers(buyers), licence=document_hash(licence) if licence else None,
        salt=bytes(32),
    )  # fmt: skip
    key = to_hex(k.market.key(made))
    says = [f"Offer for {context.money(k, token, units)}: {in_words(made.uses)}.",
            k.market.told(made)]  # fmt: skip
    says += [items.words for items in k.market.revoked([made]) if items and items.words]
    done = context.spend(k, f"offer {key}", says, lambda k: k.market.offer(made, old))
    context.receipts_told([done], offer=key)


@market.command("offers")
def offers(
    kind: Annotated[str, typer.Argument(help="Only for a collection, model or batch.")] = "",
    group: Annotated[str, typer.Argument(help="Only for the one with this ID, 0x…")] = "",
    all_: Annotated[
        bool, typer.Option("--all", help="Also offers that cannot be bought any more.")
    ] = False,
) -> None:
    """List the offers that can be bought, the cheapest first.

    Reads the chain and sends nothing.

    \b
    Examples:
      kiseki market offers
      kiseki market offers collection 0x4444… --json
    """
    k = context.watching()
    wanted = context.hex32(group, "the ID") if group else None
    found = k.market.offers(kind or None, wanted, all_=all_)
    revoked = k.market.revoked([each.offer for each in found])
    if context.current.json:
        show.json_line([{
            "offer": e.key, "registry": e.offer.registry, "id": e.offer.id, "by": e.owner,
            "price": str(e.offer.price), "token": e.offer.token, "uses": in_words(e.offer.uses),
            "lasts": e.offer.duration, "until": e.offer.until, "supply": e.offer.supply,
            "sold": e.sold, "ended": e.ended, "document": e.offer.document,
            "named_buyers": any(e.offer.buyers), "opens": k.market.opens(e.offer),
            "items_revoked": show.plain(items) if items else None,
        } for e, items in zip(found, revoked, strict=True)])  # fmt: skip
        return
    rows = [
        (each.key, _named(each.offer), context.money(k, each.offer.token, each.offer.price),
         in_words(each.offer.uses),
         show.count(each.offer.duration // 86_400, "day") if each.offer.duration else "for ever",
         "any number" if each.offer.supply == 2**32 - 1 else f"{each.left:,} left",
         "" if k.market.opens(each.offer) else "nothing on the chain")
        for each in found
    ]  # fmt: skip
    show.table(
        ["offer", "for", "price", "allows", "lasts", "supply", "opens"], rows, numbers=["price"]
    )
    for each, items in zip(found, revoked, strict=True):
        if items and items.words:
            show.say(f"{to_hex(each.key)}: {items.words}")
    if not rows:
        show.say("There are no offers.")


@market.command("end")
def end(key: Annotated[str, typer.Argument(help="The ID of the offer, 0x…")]) -> None:
    """End an offer of this wallet.

    Sends one transaction. Licences that were sold before stay valid.

    \b
    Examples:
      kiseki market end 0x4444…
    """
    wanted = context.hex32(key, "the offer")
    k = context.kiseki()
    says = f"End the offer {key}. Licences that were sold before stay valid."
    context.receipts_told([context.spend(k, f"end {key}", says, lambda k: k.market.end(wanted))])


@market.command("delegate")
def delegate(
    to: Annotated[str, typer.Argument(help="The address that may make offers for this wallet.")],
    stop: Annotated[bool, typer.Option("--stop", help="Take the permission back.")] = False,
) -> None:
    """Let another wallet make and end offers for all rights of this wallet.

    Sends one transaction. Take the permission back with --stop.

    \b
    Examples:
      kiseki market delegate 0x70997970C51812dc3A010C7d01b50e0d17dc79C8
    """
    to = names.wallet(to, "the delegate")
    k = context.kiseki()
    may = "may not make offers any more" if stop else "may make and end offers"
    done = context.spend(
        k, f"delegate {to} {stop}", f"{names.shown(to)} {may} for all rights of this wallet.",
        lambda k: k.market.delegate(to, not stop),
    )  # fmt: skip
    context.receipts_told([done])


@market.command("buy")
def buy(
    keys: Annotated[list[str], typer.Argument(help="The IDs of the offers, 0x…")],
    licensee: Annotated[
        str | None, typer.Option("--for", help="The licensee. Default: this wallet.")
    ] = None,
    skip: Annotated[
        bool, typer.Option("--skip", help="Skip offers that cannot be bought; then end with 3.")
    ] = False,
    buyers: Annotated[
        Path | None, typer.Option(help="The list of buyers, for an offer that has one.")
    ] = None,
    execute: Annotated[
        list[str] | None, typer.Option(help="A schedule to execute with the payment, 0x…; repeat.")
    ] = None,
    approve: Annotated[
        bool,
        typer.Option(
            "--approve", help="Approve tokens in a transaction; sign no permit (ERC-2612)."
        ),
    ] = False,
    traced_only: Annotated[
        bool,
        typer.Option(
            "--traced-only", help="Refuse models and batches with unregistered base models."
        ),
    ] = False,
    revoked: Annotated[
        bool, typer.Option("--revoked", help="Buy even if every item of a collection is revoked.")
    ] = False,
) -> None:
    """Buy licences, and pay everybody in the trace in the same transaction.

    Shows first until when each licence lasts, and which items of a collection are revoked. Sends
    one transaction, and more for many offers or for a token that must be approved first. Refuses a
    collection without any item left, unless you add --revoked.

    \b
    Examples:
      kiseki market buy 0x4444…
      kiseki market buy 0x4444… 0x5555… --skip --for 0x70997970C51812dc3A010C7d01b50e0d17dc79C8
    """
    wanted = [context.hex32(each, "the offer") for each in keys]
    due = [context.hex32(each, "the schedule") for each in execute or []]
    known = _buyers(buyers)
    licensee = names.wallet(licensee, "the licensee") if licensee else None
    k = context.kiseki()
    agreements = k.index.agreements
    found = [agreements.offer(each).offer for each in wanted]
    says = [f"Buy for {licensee or k.address}:"]
    for each in found:
        told = k.market.shown(each, licensee, known)
        if not k.market.opens(each):
            told = f"{k.market.told(each)} {told}"
        price = context.money(k, each.token, each.price)
        told = told.strip() or "cannot be bought now"
        says.append(f"{to_hex(k.market.key(each))} for {price}: {told}")

    def work(k: Kiseki) -> Bought:
        return k.market.buy(
            found, licensee, skip=skip, buyers=known, executes=due, permits=not approve,
            traced_only=traced_only, revoked=revoked,
        )  # fmt: skip

    done = context.spend(
        k, f"buy {' '.join(keys)} {licensee}", says, work,
        lambda done: [f"{to_hex(key)}: {why}" for key, why in done.skipped.items()],
    )  # fmt: skip
    if context.current.json:
        show.json_line({
            "transactions": [each.transaction for each in done.receipts],
            "bought": list(done.licences),
            "skipped": {to_hex(key): why for key, why in done.skipped.items()},
        })  # fmt: skip
    else:
        context.receipts_told(done.receipts)
        for key, why in done.skipped.items():
            show.say(f"not bought: {to_hex(key)}, because {why}")
    if done.skipped:
        raise typer.Exit(3 if done.licences else 1)


@market.command("licences")
def licences(
    wallet: Annotated[str, typer.Argument(help="The licensee. Default: this wallet.")] = "",
    most: pages.Most = None,
    after: pages.After = None,
) -> None:
    """List the licences of a wallet, and until when they last.

    Reads the chain and sends nothing.

    \b
    Examples:
      kiseki market licences
      kiseki market licences 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --json
      kiseki market licences --most 100
    """
    who = names.wallet(wallet, "the licensee") if wallet else context.acting()
    k = context.watching(who)
    found = k.market.licences(who, pages.after_place(after), pages.asked(most))
    if context.current.json:
        show.json_line([{
            "subject": e.subject, "licensee": e.licensee, "offers": list(e.offers),
            "payers": list(e.payers),
            "until": {in_words(use): until for use, until in e.until.items()}, "place": e.place,
        } for e in found])  # fmt: skip
        return
    rows = [
        (_named(k.index.agreements.offer(each.offers[0]).offer), in_words(use),
         "for ever" if until == FOREVER else show.date(until))
        for each in found
        for use, until in each.until.items()
    ]  # fmt: skip
    show.table(["licence for", "allows", "until"], rows)
    pages.told(found, most, after, lambda each: each.place, "This wallet has no licences.")


@market.command("licence")
def licence(
    out: Annotated[Path, typer.Option(help="The file to write.")],
    text: Annotated[
        Path | None, typer.Option(help="The text of the licence; its hash goes into the file.")
    ] = None,
    territory: Annotated[
        list[str] | None, typer.Option(help="A country (ISO 3166), as JP; repeat. Default: world.")
    ] = None,
    media: Annotated[
        list[str] | None, typer.Option(help="A medium, as streaming; repeat. Default: all.")
    ] = None,
    language: Annotated[
        list[str] | None, typer.Option(help="A language, as ja; repeat. Default: all.")
    ] = None,
    exclusive: Annotated[
        bool, typer.Option("--exclusive", help="Promise to license nobody else.")
    ] = False,
    term: Annotated[str, typer.Option(help="How long, as P2Y (ISO 8601). Default: for ever.")] = "",
) -> None:  # fmt: skip
    """Write a licence as a file that programs can read.

    Give the file to `kiseki market offer --licence`. Asks no node and sends nothing.

    \b
    Examples:
      kiseki market licence --out licence.json --territory JP --media streaming --term P2Y
    """
    from kiseki.client.wallet import document_hash

    made = Licence(
        document_hash(text), territory or ["WORLD"], media or [], language or [], exclusive, term
    )
    texts.write(out, made.to_json())
    if context.current.json:
        show.json_line({"file": out, "document": made.hash})
    else:
        show.fields([("file", out), ("document", made.hash)])


def _named(offered: Offer) -> str:
    """What an offer is for, as other commands take it: ``collection 0x…``."""
    from kiseki.client.kinds import kind_of

    registry = offered.registry  # which anybody may have made
    with suppress(InvalidInput):
        registry = kind_of(offered.registry)
    return f"{registry} {to_hex(offered.id)}"


def _buyers(path: Path | None) -> list[str]:
    if path is None:
        return []
    found = []
    with Table(path, ("buyer",), context.table(), headless=True) as table:
        for (buyer,) in table:
            try:
                found.append(names.wallet(buyer.strip(), "the buyer"))
            except InvalidInput as error:
                raise table.refusal("buyer", error) from None
    return found
