"""`kiseki rights`, the part about schedules: tokens that wait to move."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiseki.cli import context, letters, names, show
from kiseki.cli.rights import Group, Kind, rights
from kiseki.core import conditions as when
from kiseki.core.values import to_hex
from kiseki.errors import InvalidInput

if TYPE_CHECKING:
    from kiseki.chain.sending.outcome import Receipt
    from kiseki.client.kiseki import Kiseki
    from kiseki.client.letters import Letter
    from kiseki.client.wallet import Signed

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
        conditions.append(
            when.AfterTime(moment(context.moment(after, "--after"), k.session.now(), "--after"))
        )
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
    until = moment(context.moment(deadline, "--deadline"), k.session.now(), "--deadline")
    joined = (" or " if one else " and ").join(_words(k, each) for each in conditions)
    says = [
        f"Lock the rights token of the {kind} until {show.date(until)}, and give it to "
        f"{names.shown(to)} once this is true: {joined}.",
        k.rights.along(k.rights.token(kind, wanted)),
    ]
    name = f"schedule {kind} {group} {to} {deadline} {income} {after} {price} {approved} {one}"
    done = context.spend(
        k, name, says, lambda k: k.rights.schedule(k.rights.token(kind, wanted), to, given, until)
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

    if context.current.json:
        show.json_line([{
            "schedule": e.record.id, "token": f"{e.record.schedule.token:#066x}",
            "holder": e.record.schedule.holder, "beneficiary": e.record.schedule.beneficiary,
            "deadline": e.record.schedule.deadline, "due": e.due, "expired": e.expired,
            "shares": str(e.record.shares), "total": str(e.record.total),
            "conditions": [{"words": _words(k, kind), "met": met}
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
            *((("met" if met else "not met"), _words(k, kind))
              for kind, met in zip(each.conditions, each.met, strict=True)),
        ])  # fmt: skip
        show.line("")
    if not found:
        show.say("There are no open schedules.")


def _words(k: Kiseki, condition: when.Kind) -> str:
    return when.words(condition, lambda amount, token: context.money(k, token, amount))


def _act(key: str, what: str, does: str, work: Callable[[Kiseki, bytes], Receipt]) -> None:
    """Does something about a schedule, once it was said what.

    Args:
        does: what is done, as a sentence.
    """
    wanted = context.hex32(key, "the schedule")
    k = context.kiseki()
    made = k.rights.of(wanted).schedule
    says = f"{does} It moves a rights token from {made.holder} to {made.beneficiary}."
    context.receipts_told([context.spend(k, f"{what} {key}", says, lambda k: work(k, wanted))])


def _sign(
    key: str, file: Path, letter: Letter, twin: str, prepare: Callable[[Kiseki, bytes], Signed]
) -> None:
    """Signs something about a schedule into a file.

    Args:
        twin: the command that sends the file.
    """
    wanted = context.hex32(key, "the schedule")
    k = context.kiseki()
    then = f"Anybody can send it, with `kiseki rights {twin} {file}`."
    letters.write(file, letter, prepare(k, wanted), k.signed, then)


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
    _act(
        key,
        f"execute {claim}",
        "Execute the schedule now.",
        lambda k, wanted: k.rights.execute(wanted, claim=claim),
    )


@rights.command("lapse")
def lapse(key: Key) -> None:
    """Let a schedule lapse after its deadline; the holder keeps the token.

    Anybody can do this. Sends one transaction.

    \b
    Examples:
      kiseki rights lapse 0x4444…
    """
    _act(
        key,
        "lapse",
        "Let the schedule lapse; its holder keeps the token.",
        lambda k, wanted: k.rights.lapse(wanted),
    )


@rights.command("cancel")
def cancel(key: Key, sign_to: letters.SignTo = None, days: letters.Days = letters.WAITING) -> None:
    """Agree to cancel a schedule before its deadline.

    The schedule ends when the holder and the new holder both agree; the holder keeps the token.
    Sends one transaction. A wallet without ether signs into a file with --sign, and anybody sends
    that file with `kiseki rights cancel-for`.

    \b
    Examples:
      kiseki rights cancel 0x4444…
      kiseki rights cancel 0x4444… --sign cancel.json
    """
    if sign_to is not None:
        from kiseki.client.rights.agreements import CANCEL

        _sign(key, sign_to, CANCEL, "cancel-for",
              lambda k, wanted: k.rights.prepare_cancel(wanted, days))  # fmt: skip
        return
    _act(
        key,
        "cancel",
        "Agree to cancel the schedule, for good.",
        lambda k, wanted: k.rights.cancel(wanted),
    )


@rights.command("cancel-for")
def cancel_for(file: letters.SignedLetter) -> None:
    """Send the agreement to cancel a schedule that a party signed.

    Shows it in words. Anybody can do this. Sends one transaction, and this wallet pays the gas.

    \b
    Examples:
      kiseki rights cancel-for cancel.json
    """
    from kiseki.client.rights import agreements

    signed = agreements.CANCEL.read(file)
    letters.bring(agreements.CANCEL, signed, lambda k, signed: k.rights.cancel_for(signed))


@rights.command("approve")
def approve(key: Key, sign_to: letters.SignTo = None, days: letters.Days = letters.WAITING) -> None:
    """Approve a schedule, as one of the parties that its condition names.

    Sends one transaction. An approval cannot be taken back. A wallet without ether signs into a
    file with --sign, and anybody sends that file with `kiseki rights approve-for`.

    \b
    Examples:
      kiseki rights approve 0x4444…
      kiseki rights approve 0x4444… --sign approval.json
    """
    if sign_to is not None:
        from kiseki.client.rights.agreements import APPROVAL

        _sign(key, sign_to, APPROVAL, "approve-for",
              lambda k, wanted: k.rights.prepare_approval(wanted, days))  # fmt: skip
        return
    _act(
        key,
        "approve",
        "Approve the schedule, for good.",
        lambda k, wanted: k.rights.approve(wanted),
    )


@rights.command("approve-for")
def approve_for(file: letters.SignedLetter) -> None:
    """Send the approval of a schedule that a party signed.

    Shows it in words. Anybody can do this. Sends one transaction, and this wallet pays the gas.

    \b
    Examples:
      kiseki rights approve-for approval.json
    """
    from kiseki.client.rights import agreements

    signed = agreements.APPROVAL.read(file)
    letters.bring(agreements.APPROVAL, signed, lambda k, signed: k.rights.approve_for(signed))


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
    then = show.percent(record.shares / record.total) if record.total else "nothing"
    show.say(f"{k.rights.along(record.schedule.token)} When it was scheduled it was {then}.")
    price = k.rights.schedules.price(record.id)
    paid = context.money(k, price.token, price.price)
    _act(
        key,
        "pay",
        f"Pay {paid} into escrow, for a schedule.",
        lambda k, wanted: k.rights.pay_escrow(wanted),
    )


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
    _act(key, f"settle {to}", "Pay out the price in escrow of a schedule that has ended.",
         lambda k, wanted: k.rights.settle(wanted, to=to))  # fmt: skip
