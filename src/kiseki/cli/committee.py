"""`kiseki revenue waterfall`, `title` and `statement`: how production committees are paid."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiseki.cli import context, names, show
from kiseki.cli.falls import told_of_waiting
from kiseki.cli.revenue import revenue
from kiseki.core.payee import Payee
from kiseki.core.statement import RoyaltyStatement
from kiseki.core.title import Title
from kiseki.core.values import ZERO_ADDRESS, address, to_hex
from kiseki.core.waterfall import Plan, Tier
from kiseki.disk import texts
from kiseki.errors import InvalidInput

if TYPE_CHECKING:
    from kiseki.chain.sending.outcome import Receipt
    from kiseki.client.kiseki import Kiseki
    from kiseki.client.revenue.statements import Reconciled

__all__ = ["statement", "title", "waterfall"]

waterfall = typer.Typer(help="Make and pay waterfalls: payees that pay tier by tier.")
title = typer.Typer(help="Pay a series or film, as a split over its cuts.")
statement = typer.Typer(help="Pay royalty statements, and compare them with the chain.")
for _name, _group in (("waterfall", waterfall), ("title", title), ("statement", statement)):
    revenue.add_typer(_group, name=_name, no_args_is_help=True)

Fall = Annotated[str, typer.Argument(help="The address of the waterfall.")]
Token = Annotated[str, typer.Option(help="The address of an ERC-20 token. Default: ether.")]


# Waterfalls


@waterfall.command("create")
def create(
    tiers: Annotated[
        list[str],
        typer.Argument(
            help="The tiers in order, as SIZE=PAYEE; the last tier has no size: 100=PAYEE "
            "1500@TOKEN=PAYEE PAYEE. In several currencies: 100+15000@TOKEN=PAYEE."
        ),
    ],
) -> None:
    """Create a waterfall, which pays its tiers one after the other.

    The first tier is paid until it has its size, then the second tier, and so on. A tier without a
    size in a currency takes all of that currency. A payee is a wallet, a batch, a model, or the
    file of a split or title. Sends one transaction, and one more to log each new split.

    \b
    Examples:
      kiseki revenue waterfall create 900=investors.json profit.json
      kiseki revenue waterfall create \\
        500=0x70997970C51812dc3A010C7d01b50e0d17dc79C8 profit.json
    """
    k = context.kiseki()
    plan = Plan([_tier(k, each) for each in tiers])
    at = k.revenue.waterfall.address(plan)
    parts = [each.rpartition("=") for each in tiers]
    rows = ", then ".join(
        f"{_sizes(k, sizes) or 'all the rest'} to {names.shown(payee)}" for sizes, _, payee in parts
    )
    done = context.spend(
        k, f"waterfall {at}", f"Create a waterfall that can never be changed. It pays {rows}.",
        lambda k: k.revenue.waterfall.create(plan),
    )  # fmt: skip
    context.receipts_told(done, waterfall=at)


def _sizes(k: Kiseki, text: str) -> str:
    """The sizes of a tier with their currencies."""
    amounts = [context.amount(k, each) for each in text.split("+")] if text else []
    return " and ".join(context.money(k, token, units) for units, token in amounts)


def _tier(k: Kiseki, text: str) -> Tier:
    sizes, _, payee = text.rpartition("=")
    known: dict[str, int] = {}
    for each in sizes.split("+") if sizes else []:
        units, token = context.amount(k, each)
        if token in known:
            raise InvalidInput(f"a tier has one size in each currency; {text!r:.80} has two")
        known[token] = units
    return k.revenue.waterfall.tier(names.payee(k, payee), known)


@waterfall.command("pay")
def pay(
    fall: Fall,
    amount: Annotated[str, typer.Argument(help="The amount, as 0.5, or 1200@TOKEN for a token.")],
    token: Token = ZERO_ADDRESS,
    reference: Annotated[
        str | None, typer.Option(help="A reference to log with the payment: 32 bytes, 0x…")
    ] = None,
) -> None:
    """Pay an amount to a waterfall, which divides it among its tiers at once.

    Sends one transaction, and an approval first if the amount is in a token.

    \b
    Examples:
      kiseki revenue waterfall pay 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 1200
    """
    k = context.kiseki()
    units, token = context.amount(k, amount, token)
    ref = context.hex32(reference, "the reference") if reference else bytes(32)
    done = context.spend(
        k, f"pay waterfall {fall} {units} {token} {ref.hex()}",
        f"Pay {context.money(k, token, units)} to the waterfall {fall}.",
        lambda k: k.revenue.waterfall.pay(fall, units, token, ref),
    )  # fmt: skip
    context.receipts_told([done])


@waterfall.command("pass")
def pass_on(fall: Fall, token: Token = ZERO_ADDRESS) -> None:
    """Divide the money that lies in a waterfall among its tiers.

    Anybody can do this. Sends one transaction.

    \b
    Examples:
      kiseki revenue waterfall pass 0x70997970C51812dc3A010C7d01b50e0d17dc79C8
    """
    k = context.kiseki()
    done = context.spend(k, f"pass {fall} {token}",
                         f"Divide the money in the waterfall {fall} among its tiers.",
                         lambda k: k.revenue.waterfall.pass_on(fall, token))  # fmt: skip
    context.receipts_told([done])


@waterfall.command("show")
def show_waterfall(fall: Fall, token: Token = ZERO_ADDRESS) -> None:
    """Show how much each tier of a waterfall has received.

    Reads the chain and sends nothing.

    \b
    Examples:
      kiseki revenue waterfall show 0x70997970C51812dc3A010C7d01b50e0d17dc79C8
    """
    from kiseki.client.revenue.waterfalls import Ahead, Waiting

    k = context.watching()
    where, currency = to_hex(address(fall, "the waterfall")), to_hex(address(token, "the token"))
    plan = k.revenue.waterfall.plan(fall)
    passed = k.revenue.waterfall.passed(fall, token)
    had = k.revenue.waterfall.had(fall, token)
    lies = k.revenue.waterfall.lies(fall, token)
    waiting = k.revenue.waterfall.waiting(fall, token)
    if context.current.json:
        show.json_line({
            "passed": str(passed), "lies": str(lies),
            "tiers": [{"payee": tier.payee, "had": str(got), "waiting": str(waits),
                       "size": str(tier.sizes.get(currency, "")) or None}
                      for tier, got, waits in zip(plan.tiers, had, waiting, strict=True)],
        })  # fmt: skip
        return
    rows = [
        (place, tier.payee, context.money(k, currency, got),
         context.money(k, currency, tier.sizes[currency]) if currency in tier.sizes else "the rest")
        for place, (tier, got) in enumerate(zip(plan.tiers, had, strict=True), 1)
    ]  # fmt: skip
    show.table(["tier", "payee", "has had", "of"], rows, numbers=["has had", "of"])
    if lies:
        show.say(
            f"{context.money(k, currency, lies)} lie in the waterfall; `kiseki revenue waterfall "
            "pass` divides them."
        )
    waits = tuple(Waiting(place, amount) for place, amount in enumerate(waiting, 1) if amount)
    told_of_waiting(k, Ahead(where, currency, lies, 0, waits))


@waterfall.command("retry")
def retry(
    fall: Fall,
    tier: Annotated[int, typer.Argument(help="The number of the tier in `show`.")],
    token: Token = ZERO_ADDRESS,
) -> None:
    """Try again to pay a tier that could not take its money before.

    Anybody can do this. Sends one transaction.

    \b
    Examples:
      kiseki revenue waterfall retry 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 1
    """
    k = context.kiseki()
    done = context.spend(k, f"retry {fall} {tier} {token}",
                         f"Pay tier {tier} of the waterfall {fall} what waits for it.",
                         lambda k: k.revenue.waterfall.retry(fall, tier, token))  # fmt: skip
    context.receipts_told([done])


# Titles

File = Annotated[Path, typer.Argument(help="The file of the title.")]


@title.command("add")
def add(
    file: File,
    season: Annotated[str, typer.Argument(help="The season, as 1.")],
    cuts: Annotated[Path, typer.Argument(help="A table with the columns batch and weight.")],
    name: Annotated[str, typer.Option(help="The name of the title, for a new file.")] = "",
) -> None:
    """Add the cuts of a season to a title, or replace them.

    Writes the title's file and sends nothing. Publish the title afterwards.

    \b
    Examples:
      kiseki revenue title add series.json 1 season1.csv --name "The series"
    """
    from kiseki.client.revenue.titles import read_cuts

    k = context.watching()
    had = k.revenue.title.read(file) if file.exists() else Title(name)
    made = had.with_season(season, read_cuts(cuts, context.table()))
    split = k.revenue.title.split(made)
    k.revenue.title.write(file, made)
    _title_told(made, split.key)


@title.command("publish")
def publish(file: File) -> None:
    """Log the current split of a title, so that its payees find their money.

    Sends one transaction, or none if the split is on the chain already.

    \b
    Examples:
      kiseki revenue title publish series.json
    """
    k = context.kiseki()
    split = k.revenue.title.split(k.revenue.title.read(file))
    if k.revenue.split.is_published(split):
        context.receipts_told([], split=to_hex(split.key))
        return
    done = context.spend(
        k, f"publish {split.key.hex()}",
        f"Log the split of {file}. Everybody can read who gets which share.",
        lambda k: k.revenue.publish(split),
    )  # fmt: skip
    context.receipts_told([done], split=to_hex(split.key))


@title.command("show")
def show_title(file: File) -> None:
    """Show the cuts of a title and its current split.

    Pay a title with `kiseki revenue pay` and its file or its split. Reads the chain and sends
    nothing.

    \b
    Examples:
      kiseki revenue title show series.json
    """
    k = context.watching()
    made = k.revenue.title.read(file)
    _title_told(made, k.revenue.title.split(made).key)


def _title_told(made: Title, key: bytes) -> None:
    if context.current.json:
        show.json_line({"name": made.name, "cuts": len(made.cuts), "split": key})
        return
    show.fields([("title", made.name), ("cuts", f"{len(made.cuts):,}"), ("split", key)])
    rows = [(season, f"{len(cuts):,}", f"{sum(each.weight for each in cuts):,}")
            for season, cuts in made.seasons.items()]  # fmt: skip
    show.table(["season", "cuts", "weight"], rows, numbers=["cuts", "weight"])


# Statements

Statement = Annotated[
    Path, typer.Argument(help="A JSON file, or a table with channel, territory, payee and amount.")
]
Period = Annotated[str, typer.Option(help="The period of a table: 2026-10, 2026-Q4 or 2026.")]
Number = Annotated[str, typer.Option(help="The payer's own number of the statement.")]


def _read(
    k: Kiseki, file: Path, period: str, token: str, number: str
) -> tuple[RoyaltyStatement, dict[bytes, bytes]]:
    openings: dict[bytes, bytes] = {}

    def payee(text: str) -> Payee:
        found = names.payee(k, text)
        if found.opening:
            openings[found.key] = found.opening
        return found

    read = k.revenue.statement.read(
        file,
        payee,
        None if token == ZERO_ADDRESS else k.session.digits(token),
        context.table(),
        period=period,
        token=token,
        number=number,
    )
    return read, openings


@statement.command("pay")
def pay_statement(
    file: Statement,
    period: Period = "",
    token: Token = ZERO_ADDRESS,
    number: Number = "",
) -> None:
    """Pay every line of a statement that is not paid yet.

    Sends one transaction for several lines, and an approval first if the money is a token. Run the
    command again to pay only what is missing; no line is paid twice. The chain shows a hash for
    each line, so everybody with the file can compare it with the payments.

    \b
    Examples:
      kiseki revenue statement pay october.csv --period 2026-10
      kiseki revenue statement pay october.json
    """
    k = context.kiseki()
    read, openings = _read(k, file, period, token, number)

    def work(k: Kiseki) -> tuple[Receipt, ...]:
        return k.revenue.statement.pay(read, openings)

    says = (
        f"Pay the statement {file}: {context.money(k, read.token, read.total)} in "
        f"{show.count(len(read.lines), 'line')}. Lines that were paid before are left out."
    )
    done = context.spend(k, f"statement {read.hash.hex()}", says, work)
    kept = file.with_suffix(".json")
    if not kept.exists():
        texts.write(kept, read.to_json())
    context.receipts_told(done, statement=to_hex(read.hash), total=str(read.total), kept=str(kept))


@statement.command("check")
def check(
    file: Statement,
    period: Period = "",
    token: Token = ZERO_ADDRESS,
    number: Number = "",
    payer: Annotated[
        str | None,
        typer.Option(help="Count only payments of this wallet. Default: of any wallet."),
    ] = None,
) -> None:
    """Compare a statement with the payments on the chain, line by line.

    Reads the chain and sends nothing. Ends with 4 if a line differs.

    \b
    Examples:
      kiseki revenue statement check october.json
    """
    k = context.watching()
    read, _ = _read(k, file, period, token, number)
    payer = names.wallet(payer, "the payer") if payer else None
    found = k.revenue.statement.reconcile(read, payer)
    if context.current.json:
        show.json_line([{
            "channel": e.line.channel, "territory": e.line.territory, "payee": e.line.payee,
            "amount": str(e.line.amount), "paid": str(e.paid), "elsewhere": str(e.elsewhere),
            "right": e.is_right, "transactions": list(e.transactions),
        } for e in found])  # fmt: skip
    else:
        rows = [
            (e.line.channel, e.line.territory, context.money(k, read.token, e.line.amount),
             context.money(k, read.token, e.paid), _said(e))
            for e in found
        ]  # fmt: skip
        show.table(
            ["channel", "territory", "amount", "paid", "state"], rows, numbers=["amount", "paid"]
        )
    if not all(each.is_right for each in found):
        raise typer.Exit(4)


def _said(line: Reconciled) -> str:
    if line.is_right:
        return "right"
    if line.elsewhere:
        return "paid to another payee or in another currency"
    return "paid, but another amount" if line.paid else "not paid"
