"""`kiseki rights`: the tokens that stand for rights."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiseki.cli import context, letters, names, show
from kiseki.core import conditions as when
from kiseki.core.payee import Payee
from kiseki.core.values import to_hex
from kiseki.disk import texts
from kiseki.errors import InvalidInput

if TYPE_CHECKING:
    from kiseki.chain.sending.outcome import Receipt
    from kiseki.client.kiseki import Kiseki

__all__ = ["rights"]

rights = typer.Typer(help="Mint and move rights tokens, at once or on conditions.")

Kind = Annotated[str, typer.Argument(help="What the token stands for: batch, model or collection.")]
Group = Annotated[str, typer.Argument(help="The ID of the batch, model or collection, 0x…")]


@rights.command("mint")
def mint(
    kind: Kind, group: Group,
    document: Annotated[
        Path | None, typer.Option(help="The rights document; its hash is recorded.")
    ] = None,
    royalty: Annotated[str, typer.Option(help="The royalty of a resale (ERC-2981).")] = "0%",
    set_payee: Annotated[
        bool | None,
        typer.Option(
            "--set-payee/--keep-payee",
            help="Change the payee of the collection from this wallet to the token, permanently; "
            "or keep the payee. Default: ask, if the collection pays this wallet.",
        ),
    ] = None,
    sign_to: Annotated[
        Path | None,
        typer.Option("--sign", help="Send nothing; sign into this file, and anybody sends it."),
    ] = None,
) -> None:  # fmt: skip
    """Mint the rights token of a batch, model or collection of this wallet.

    Each token can be minted once, by the registrant. The command shows which income the token will
    have, and mints the token with exactly that income. Sends one transaction, and another with
    --set-payee. A wallet without ether signs into a file with --sign, and anybody sends that file
    with `kiseki rights mint-for`.

    \b
    Examples:
      kiseki rights mint batch 0x4444…
      kiseki rights mint collection 0x1111… --set-payee
      kiseki rights mint batch 0x4444… --sign mint.json
    """
    from kiseki.client.rights import mints
    from kiseki.client.rights.incomes import STAYS

    wanted = context.hex32(group, "the ID")
    k = context.kiseki()
    if sign_to is not None:
        if set_payee:
            raise InvalidInput(
                "a signed mint cannot change the payee; use --set-payee without --sign, or --sign "
                "with --keep-payee"
            )
        made = k.rights.prepare_mint(kind, wanted, document, royalty)
        letters.write(
            sign_to,
            mints.LETTER,
            made,
            k.signed,
            f"Anybody can send it, with `kiseki rights mint-for {sign_to}`.",
        )
        return
    found = k.rights.income(kind, wanted)
    if set_payee is None:
        set_payee = k.rights.may_pay_token(found) and _made_to_pay_the_token()
    gets = "all that is paid to the collection, permanently" if set_payee else found.words
    show.say(f"What reaches the token: {gets}. {STAYS[0].upper()}{STAYS[1:]}.")
    done = context.spend(
        k, f"mint {kind} {group} {set_payee}",
        lambda k: k.rights.mint(kind, wanted, document, royalty, set_payee=bool(set_payee)),
    )  # fmt: skip
    context.receipts_told([done], token=str(k.rights.token(kind, wanted)), income=gets)


@rights.command("mint-for")
def mint_for(
    file: Annotated[Path, typer.Argument(help="The file that `kiseki rights mint --sign` wrote.")],
) -> None:
    """Send a mint that a registrant signed; the registrant gets the token.

    Anybody can do this. Sends one transaction, and this wallet pays the gas.

    \b
    Examples:
      kiseki rights mint-for mint.json
    """
    from kiseki.client.kinds import kind_of
    from kiseki.client.rights import mints

    signed = mints.LETTER.read(file)
    show.say(mints.LETTER.words(signed))
    told = signed.message["message"]
    k = context.kiseki()
    done = context.spend(k, f"mint for {signed.signer} {told['id']} {signed.nonce}",
                         lambda k: k.rights.mint_for(signed))  # fmt: skip
    token = k.rights.token(kind_of(told["registry"]), context.hex32(told["id"], "the ID"))
    context.receipts_told([done], token=str(token))


def _made_to_pay_the_token() -> bool:
    if context.current.yes or context.current.json or not sys.stdin.isatty():
        raise InvalidInput(
            "the collection pays this wallet, so its token would get nothing; add --set-payee to "
            "make the token the payee, permanently, or --keep-payee"
        )
    return typer.confirm(
        "The collection pays this wallet, so its token would get nothing. Make the token the "
        "payee, permanently? Then every later holder of the token is paid.",
        err=True,
    )


@rights.command("reveal")
def reveal(kind: Kind, group: Group) -> None:
    """Put an unminted rights token on record, so that its money reaches the registrant.

    Anybody can do this. Sends one transaction. `kiseki revenue claim` and the keeper do it
    automatically if money waits for the token.

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
    """Prove to the contract which share of the income reaches a rights token.

    Then the token shows this share to everybody. Anybody can do this. Sends one transaction.

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
    """Transfer a rights token of this wallet, at once.

    The new holder gets all that the token earns from now on, and what it has earned and nobody
    claimed; the command says which. Sends one transaction.

    \b
    Examples:
      kiseki rights transfer batch 0x4444… \\
        0x70997970C51812dc3A010C7d01b50e0d17dc79C8
    """
    wanted, new = context.hex32(group, "the ID"), names.wallet(to, "the new holder")
    k = context.kiseki()
    token = k.rights.token(kind, wanted)
    show.say(k.rights.along(token))
    done = context.spend(k, f"transfer {kind} {group} {new}",
                         lambda k: k.rights.transfer(token, new))  # fmt: skip
    context.receipts_told([done])


@rights.command("show")
def show_token(
    kind: Kind, group: Group,
    seal: Annotated[Path | None, typer.Option(help="Write the seal into this SVG file.")] = None,
) -> None:  # fmt: skip
    """Show a rights token: what it stands for, its holder and its income.

    Reads the chain and sends nothing.

    \b
    Examples:
      kiseki rights show batch 0x4444… \\
        --seal seal.svg
    """
    k = context.watching()
    token = k.rights.token(kind, context.hex32(group, "the ID"))
    holder = k.rights.holder(token)
    if holder is None:
        raise InvalidInput(
            "this token is not minted; its registrant can mint it with `kiseki rights mint`"
        )
    found = k.rights.metadata(token)
    resale = k.revenue.payment_address(Payee.subject(found.registry, found.id))
    if seal is not None:
        texts.write(seal, found.image)
    if context.current.json:
        more = {"token": str(token), "holder": holder, "resale": resale}
        show.json_line(show.plain(found) | more)
        return
    income = "no share was proved" if found.income is None else f"{found.income}%"
    show.fields([
        ("token", f"{token:#066x}"), ("stands for", f"the {found.kind} 0x{found.id.hex()}"),
        ("holder", holder), ("registrant", found.registrant), ("of what is paid", income),
        ("stays with the registrant", found.stays),
        ("resale", f"{found.royalty}%, to {resale}"), ("locked", found.locked),
        ("document", found.document),
    ])  # fmt: skip


# Moving by themselves

Key = Annotated[
    str, typer.Argument(help="The ID of the schedule, 0x… (see `kiseki rights pending`).")
]


@rights.command("schedule")
def schedule(
    kind: Kind, group: Group,
    to: Annotated[str, typer.Argument(help="The wallet that gets the token.")],
    deadline: Annotated[
        str, typer.Option(help="The schedule can lapse only after this: 2027-12-31 or 30d.")
    ],
    income: Annotated[
        list[str] | None,
        typer.Option(help="Condition: a payee earned so much; 100=PAYEE, 100@TOKEN=PAYEE. Repeat."),
    ] = None,
    after: Annotated[
        str | None, typer.Option(help="Condition: this time has passed; 2027-12-31 or 30d.")
    ] = None,
    price: Annotated[
        str | None, typer.Option(help="Condition: this price is in escrow; 0.5 or 1200@TOKEN.")
    ] = None,
    approved: Annotated[
        str | None, typer.Option(help="Condition: so many parties approved; 2=ADDRESS,ADDRESS,…")
    ] = None,
    one: Annotated[
        bool, typer.Option("--one-is-enough", help="One met condition is enough.")
    ] = False,
) -> None:  # fmt: skip
    """Schedule a rights token of this wallet to move when conditions are met.

    Locks the token until the schedule is executed, lapses or is cancelled by both parties. Neither
    party can cancel alone. Money that the token earned and nobody claimed goes with it. Sends one
    transaction.

    \b
    Examples:
      kiseki rights schedule batch 0x4444… \\
        0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --deadline 365d --income 100=0x4444…
      kiseki rights schedule batch 0x4444… \\
        0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --deadline 2027-12-31 --price 0.5
    """
    from kiseki.client.rights.schedules import moment

    to = names.wallet(to, "the new holder")
    k = context.kiseki()
    conditions: list[when.Kind] = []
    for each in income or []:
        amount, _, payee = each.partition("=")
        units, token = context.amount(k, amount)
        conditions.append(when.IncomeThreshold(names.payee(k, payee).key, units, token))
    if after is not None:
        conditions.append(when.AfterTime(moment(context.moment(after, "--after"), 0, "--after")))
    if price is not None:
        units, token = context.amount(k, price)
        conditions.append(when.Escrow(units, token))
    if approved is not None:
        needed, _, parties = approved.partition("=")
        if not needed.isdecimal():
            raise InvalidInput("--approved must be a number and addresses: 2=ADDRESS,ADDRESS,…")
        conditions.append(
            when.Approvals(
                int(needed), [names.wallet(each.strip(), "a party") for each in parties.split(",")]
            )
        )
    if not conditions:
        raise InvalidInput("give at least one condition: --income, --after, --price or --approved")
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
        str, typer.Argument(help="A holder or new holder. Default: all schedules.")
    ] = "",
) -> None:
    """List the open schedules, and show which conditions are met.

    Reads the chain and sends nothing.

    \b
    Examples:
      kiseki rights pending
      kiseki rights pending 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --json
    """
    k = context.watching()
    found = k.rights.pending(names.wallet(wallet, "the holder") if wallet else None)

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
        show.say("There are no open schedules.")


def _act(key: str, what: str, work: Callable[[Kiseki, bytes], Receipt]) -> None:
    wanted = context.hex32(key, "the schedule")
    k = context.kiseki()
    context.receipts_told([context.spend(k, f"{what} {key}", lambda k: work(k, wanted))])


@rights.command("execute")
def execute(
    key: Key,
    claim: Annotated[
        bool, typer.Option(help="First claim for the holder, in the same transaction.")
    ] = False,
) -> None:
    """Execute a schedule whose conditions are met; the token moves.

    Anybody can do this. Sends one transaction.

    \b
    Examples:
      kiseki rights execute 0x4444…
      kiseki rights execute 0x4444… --claim
    """
    _act(key, f"execute {claim}", lambda k, wanted: k.rights.execute(wanted, claim=claim))


@rights.command("lapse")
def lapse(key: Key) -> None:
    """Let a schedule lapse after its deadline; the holder keeps the token.

    Anybody can do this. Sends one transaction.

    \b
    Examples:
      kiseki rights lapse 0x4444…
    """
    _act(key, "lapse", lambda k, wanted: k.rights.lapse(wanted))


@rights.command("cancel")
def cancel(key: Key) -> None:
    """Agree to cancel a schedule before its deadline.

    The schedule ends when the holder and the new holder both agree; the holder keeps the token.
    Sends one transaction.

    \b
    Examples:
      kiseki rights cancel 0x4444…
    """
    _act(key, "cancel", lambda k, wanted: k.rights.cancel(wanted))


@rights.command("approve")
def approve(key: Key) -> None:
    """Approve a schedule, as one of the parties that its condition names.

    Sends one transaction. An approval cannot be taken back.

    \b
    Examples:
      kiseki rights approve 0x4444…
    """
    _act(key, "approve", lambda k, wanted: k.rights.approve(wanted))


@rights.command("pay")
def pay(key: Key) -> None:
    """Pay the price of a schedule into escrow.

    Sends one transaction, and an approval first if the price is in a token. If the token does not
    move, `kiseki rights settle` returns the price.

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
        str | None, typer.Option(help="Send the price to this address, if this wallet owns it.")
    ] = None,
) -> None:
    """Pay out the price in escrow, after the schedule has ended.

    If the token moved, the price goes to its former holder; otherwise the price returns to the
    payer. Anybody can do this. Sends one transaction.

    \b
    Examples:
      kiseki rights settle 0x4444…
    """
    to = names.wallet(to, "the receiver") if to else None
    _act(key, f"settle {to}", lambda k, wanted: k.rights.settle(wanted, to=to))
