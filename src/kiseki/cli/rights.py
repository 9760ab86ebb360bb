"""`kiseki rights`: the tokens that stand for rights."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiseki.chain.sending.outcome import Receipt
from kiseki.cli import context, letters, show
from kiseki.client.rights import mints
from kiseki.client.rights.rights import STAYS, Income
from kiseki.client.rights.schedules import moment
from kiseki.core import conditions as when
from kiseki.core.ids import wallet as wallet_key
from kiseki.core.payee import Payee
from kiseki.core.values import address, to_hex
from kiseki.errors import InvalidInput

if TYPE_CHECKING:
    from kiseki.client.kiseki import Kiseki

__all__ = ["rights"]

rights = typer.Typer(help="Rights: the token that stands for a batch, model or collection.")

Kind = Annotated[str, typer.Argument(help="batch, model or collection.")]
Group = Annotated[str, typer.Argument(help="Its ID, 0x…")]


@rights.command("mint")
def mint(
    kind: Kind, group: Group,
    document: Annotated[Path | None, typer.Option(help="The rights document.")] = None,
    royalty: Annotated[str, typer.Option(help="What a resale is asked for (ERC-2981).")] = "0%",
    set_payee: Annotated[
        bool | None,
        typer.Option(
            "--set-payee/--keep-payee",
            help="Make a collection that pays this wallet pay its token, for good; or leave it. "
            "Asked for where it can be and is left out.",
        ),
    ] = None,
    sign_to: Annotated[
        Path | None,
        typer.Option("--sign", help="Send nothing; sign it into this file, for anybody to bring."),
    ] = None,
) -> None:  # fmt: skip
    """Mint the token to this wallet, which must have registered the group; once.

    It says which income the token will have, and mints it with that or not at all. Who has no ether
    signs it into a file, and anybody brings that with `kiseki rights mint-for`.

    \b
    Examples:
      kiseki rights mint batch 0x4444…
      kiseki rights mint collection 0x1111… --set-payee
      kiseki rights mint batch 0x4444… --sign mint.json
    """
    wanted = context.hex32(group, "the ID")
    k = context.kiseki()
    if sign_to is not None:
        if set_payee:
            raise InvalidInput(
                "whoever brings a signed mint cannot change who is paid; mint it with --set-payee "
                "and without --sign, or sign it with --keep-payee"
            )
        made = k.rights.prepare_mint(kind, wanted, document, royalty)
        letters.write(
            sign_to,
            mints.LETTER,
            made,
            k.rights.wallet.signed,
            f"Anybody brings it, with `kiseki rights mint-for {sign_to}`.",
        )
        return
    found = k.rights.income(kind, wanted)
    if set_payee is None:
        set_payee = _pays_itself(k, found) and _made_to_pay_the_token()
    gets = "all of what is paid to the collection, for good" if set_payee else found.words
    show.say(f"What reaches the token: {gets}. {STAYS[0].upper()}{STAYS[1:]}.")
    done = context.spend(
        k, f"mint {kind} {group} {set_payee}",
        lambda k: k.rights.mint(kind, wanted, document, royalty, set_payee=bool(set_payee)),
    )  # fmt: skip
    context.receipts_told([done], token=str(k.rights.token(kind, wanted)), income=gets)


@rights.command("mint-for")
def mint_for(
    file: Annotated[Path, typer.Argument(help="What `kiseki rights mint --sign` wrote.")],
) -> None:
    """Bring a mint that a registrant signed; by anybody. The registrant gets the token.

    \b
    Examples:
      kiseki rights mint-for mint.json
    """
    signed = mints.LETTER.read(file)
    show.say(mints.LETTER.words(signed))
    told = signed.message["message"]
    k = context.kiseki()
    done = context.spend(k, f"mint for {signed.signer} {told['id']} {signed.nonce}",
                         lambda k: k.rights.mint_for(signed))  # fmt: skip
    token = k.rights.token(mints.kind_of(told["registry"]), context.hex32(told["id"], "the ID"))
    context.receipts_told([done], token=str(token))


def _pays_itself(k: Kiseki, found: Income) -> bool:
    return found.kind == "collection" and found.payee == wallet_key(k.address)


def _made_to_pay_the_token() -> bool:
    if context.current.yes or context.current.json or not sys.stdin.isatty():
        raise InvalidInput(
            "the collection pays this wallet, so nothing would reach its token; say --set-payee to "
            "make it pay the token, for good, or --keep-payee"
        )
    return typer.confirm(
        "The collection pays this wallet, so nothing would reach its token. Make it pay the token "
        "instead, whoever holds it, for good?",
        err=True,
    )


@rights.command("reveal")
def reveal(kind: Kind, group: Group) -> None:
    """Make an unminted token pay the registrant of its group; by anybody.

    `kiseki revenue claim` and the keeper do it by themselves where money waits for it.

    \b
    Examples:
      kiseki rights reveal batch 0x4444…
    """
    wanted = context.hex32(group, "the ID")
    k = context.kiseki()
    done = context.spend(k, f"reveal {kind} {group}", lambda k: k.rights.reveal(kind, wanted))
    context.receipts_told([done])


@rights.command("show-income")
def show_income(kind: Kind, group: Group) -> None:
    """Put on record which part of what is paid to a group reaches its token; by anybody.

    \b
    Examples:
      kiseki rights show-income batch 0x4444…
    """
    wanted = context.hex32(group, "the ID")
    k = context.kiseki()
    done = context.spend(k, f"income {kind} {group}", lambda k: k.rights.show_income(kind, wanted))
    context.receipts_told([done])


@rights.command("transfer")
def transfer(
    kind: Kind, group: Group, to: Annotated[str, typer.Argument(help="The new holder's address.")]
) -> None:
    """Give a token of this wallet's away, and with it what it earns from now on.

    \b
    Examples:
      kiseki rights transfer batch 0x4444… \\
        0x70997970C51812dc3A010C7d01b50e0d17dc79C8
    """
    wanted, new = context.hex32(group, "the ID"), to_hex(address(to, "the new holder"))
    k = context.kiseki()
    token = k.rights.token(kind, wanted)
    show.say(k.rights.along(token))
    done = context.spend(k, f"transfer {kind} {group} {new}",
                         lambda k: k.rights.transfer(token, new))  # fmt: skip
    context.receipts_told([done])


@rights.command("show")
def show_token(
    kind: Kind, group: Group,
    seal: Annotated[Path | None, typer.Option(help="Write its seal into this SVG file.")] = None,
) -> None:  # fmt: skip
    """What a token says of itself: what it stands for, who holds it, whether income reaches it.

    \b
    Examples:
      kiseki rights show batch 0x4444… \\
        --seal seal.svg
    """
    k = context.watching()
    token = k.rights.token(kind, context.hex32(group, "the ID"))
    holder = k.rights.holder(token)
    if holder is None:
        raise InvalidInput("it is not minted; its registrant mints it with `kiseki rights mint`")
    found = k.rights.metadata(token)
    resale = k.revenue.payment_address(Payee.subject(found.registry, found.id))
    if seal is not None:
        seal.write_text(found.image, "utf-8")
    if context.current.json:
        more = {"token": str(token), "holder": holder, "resale": resale}
        show.json_line(show.plain(found) | more)
        return
    income = "nothing that was shown" if found.income is None else f"{found.income}%"
    show.fields([
        ("token", f"{token:#066x}"), ("stands for", f"the {found.kind} 0x{found.id.hex()}"),
        ("holder", holder), ("registrant", found.registrant), ("of what is paid", income),
        ("stays with the registrant", found.stays),
        ("resale", f"{found.royalty}%, to {resale}"), ("locked", found.locked),
        ("document", found.document),
    ])  # fmt: skip


# Moving by themselves

Key = Annotated[str, typer.Argument(help="The schedule's ID, 0x… (`kiseki rights pending`).")]


@rights.command("schedule")
def schedule(
    kind: Kind, group: Group,
    to: Annotated[str, typer.Argument(help="Who gets the token.")],
    deadline: Annotated[
        str, typer.Option(help="Until when nobody may let it lapse: 2027-12-31, or 30d.")
    ],
    income: Annotated[
        list[str] | None,
        typer.Option(help="Met once a payee has earned so much: 100=PAYEE, or 100@TOKEN=PAYEE."),
    ] = None,
    after: Annotated[str | None, typer.Option(help="Met from a time on: 2027-12-31, 30d.")] = None,
    price: Annotated[
        str | None, typer.Option(help="Met once it lies in escrow: 0.5, or 1200@TOKEN.")
    ] = None,
    approved: Annotated[
        str | None, typer.Option(help="Met once so many have approved it: 2=ADDRESS,ADDRESS,…")
    ] = None,
    one: Annotated[
        bool, typer.Option("--one-is-enough", help="Met when one of these is, not all.")
    ] = False,
) -> None:  # fmt: skip
    """Lock a token of this wallet's until it moves to somebody, or does not.

    From then on neither side can back out alone. What it earned and nobody claimed goes with it.

    \b
    Examples:
      kiseki rights schedule batch 0x4444… \\
        0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --deadline 365d --income 100=0x4444…
      kiseki rights schedule batch 0x4444… \\
        0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --deadline 2027-12-31 --price 0.5
    """
    k = context.kiseki()
    conditions: list[when.Kind] = []
    for each in income or []:
        amount, _, payee = each.partition("=")
        units, token = context.amount(k, amount)
        conditions.append(when.IncomeThreshold(k.payee(payee).key, units, token))
    if after is not None:
        conditions.append(when.AfterTime(moment(context.moment(after, "--after"), 0, "--after")))
    if price is not None:
        units, token = context.amount(k, price)
        conditions.append(when.Escrow(units, token))
    if approved is not None:
        needed, _, parties = approved.partition("=")
        if not needed.isdecimal():
            raise InvalidInput("--approved is how many of whom: 2=ADDRESS,ADDRESS,…")
        conditions.append(when.Approvals(int(needed), parties.split(",")))
    if not conditions:
        raise InvalidInput("say when it is to move: --income, --after, --price or --approved")
    given = [when.AnyOf(conditions)] if one else conditions
    wanted = context.hex32(group, "the ID")
    until = context.moment(deadline, "--deadline")
    show.say(k.rights.along(k.rights.token(kind, wanted)))
    name = f"schedule {kind} {group} {to} {deadline} {income} {after} {price} {approved} {one}"
    done = context.spend(
        k, name, lambda k: k.rights.schedule(k.rights.token(kind, wanted), to, given, until)
    )
    context.receipts_told([done], schedule=to_hex(k.rights.scheduled(done).id))


@rights.command("pending")
def pending(
    wallet: Annotated[
        str, typer.Argument(help="Only those of one side; everybody's if left out.")
    ] = "",
) -> None:
    """Every token that waits to move, and which of its conditions are met.

    \b
    Examples:
      kiseki rights pending
      kiseki rights pending 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --json
    """
    k = context.watching()
    found = [
        each
        for each in k.rights.pending()
        if not wallet
        or wallet.lower() in (each.record.schedule.holder, each.record.schedule.beneficiary)
    ]

    def said(kind: when.Kind) -> str:
        return when.words(kind, lambda amount, token: context.money(k, token, amount))

    if context.current.json:
        show.json_line([{
            "schedule": e.record.id, "token": f"{e.record.schedule.token:#066x}",
            "holder": e.record.schedule.holder, "beneficiary": e.record.schedule.beneficiary,
            "deadline": e.record.schedule.deadline, "due": e.due, "expired": e.expired,
            "shares": str(e.record.shares), "total": str(e.record.total),
            "conditions": [{"words": said(kind), "met": met}
                           for kind, met in zip(e.conditions, e.met, strict=True)],
        } for e in found])  # fmt: skip
        return
    for each in found:
        made = each.record.schedule
        waits = f"until {show.date(made.deadline)}"
        state = "its deadline has passed" if each.expired else waits
        state = "can be executed now" if each.due else state
        show.fields([
            ("schedule", each.record.id), ("token", f"{made.token:#066x}"),
            ("moves from", made.holder), ("to", made.beneficiary), ("state", state),
            ("with it", k.rights.along(made.token)),
            *((("met" if met else "not met"), said(kind))
              for kind, met in zip(each.conditions, each.met, strict=True)),
        ])  # fmt: skip
        show.line("")
    if not found:
        show.say("Nothing waits to move.")


def _act(key: str, what: str, work: Callable[[Kiseki, bytes], Receipt]) -> None:
    wanted = context.hex32(key, "the schedule")
    k = context.kiseki()
    context.receipts_told([context.spend(k, f"{what} {key}", lambda k: work(k, wanted))])


@rights.command("execute")
def execute(
    key: Key,
    claim: Annotated[
        bool, typer.Option(help="Bring its holder first what they are owed, at once.")
    ] = False,
) -> None:
    """Move a token whose conditions are all met; by anybody.

    \b
    Examples:
      kiseki rights execute 0x4444…
      kiseki rights execute 0x4444… --claim
    """
    _act(key, f"execute {claim}", lambda k, wanted: k.rights.execute(wanted, claim=claim))


@rights.command("lapse")
def lapse(key: Key) -> None:
    """Unlock a token where it is, once the deadline has passed; by anybody.

    \b
    Examples:
      kiseki rights lapse 0x4444…
    """
    _act(key, "lapse", lambda k, wanted: k.rights.lapse(wanted))


@rights.command("cancel")
def cancel(key: Key) -> None:
    """Agree to cancel a transfer before its deadline; once both sides have, the token is free.

    \b
    Examples:
      kiseki rights cancel 0x4444…
    """
    _act(key, "cancel", lambda k, wanted: k.rights.cancel(wanted))


@rights.command("approve")
def approve(key: Key) -> None:
    """Approve a transfer as one of the parties it names. It cannot be taken back.

    \b
    Examples:
      kiseki rights approve 0x4444…
    """
    _act(key, "approve", lambda k, wanted: k.rights.approve(wanted))


@rights.command("pay")
def pay(key: Key) -> None:
    """Pay the price in that a transfer asks for; it comes back if the token does not move.

    \b
    Examples:
      kiseki rights pay 0x4444…
    """
    k = context.watching()
    record = k.rights.of(context.hex32(key, "the schedule"))
    then = f"{record.shares} of {record.total}" if record.total else "nothing"
    show.say(f"{k.rights.along(record.schedule.token)} When it was scheduled it was {then}.")
    _act(key, "pay", lambda k, wanted: k.rights.pay_escrow(wanted))


@rights.command("settle")
def settle(
    key: Key,
    to: Annotated[
        str | None, typer.Option(help="Another address, if it belongs to this wallet.")
    ] = None,
) -> None:
    """Bring an escrowed price to whom it belongs, once the token has moved or the deal has lapsed.

    \b
    Examples:
      kiseki rights settle 0x4444…
    """
    _act(key, f"settle {to}", lambda k, wanted: k.rights.settle(wanted, to=to))
