"""`kiseki revenue`: pays in, shows what is owed, and claims it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiseki.cli import context, falls, letters, names, past, show
from kiseki.cli.labels import label
from kiseki.core.checksum import checksummed
from kiseki.core.days import LONGEST_REDIRECT_DAYS, REDIRECT_DAYS
from kiseki.core.payee import Payee
from kiseki.core.split import Split
from kiseki.core.values import ZERO32, ZERO_ADDRESS
from kiseki.errors import InvalidInput

if TYPE_CHECKING:
    from kiseki.client.kiseki import Kiseki
    from kiseki.client.revenue.revenue import Claimed
    from kiseki.client.revenue.waterfalls import Ahead

__all__ = ["To", "Token", "revenue"]

revenue = typer.Typer(help="Pay in revenue, show what is owed, and claim it.")

To = Annotated[
    str,
    typer.Argument(
        help="The payee: a wallet, the ID of a batch, model or collection, or the file of a split "
        "or title."
    ),
]
Lists = Annotated[
    list[Path] | None,
    typer.Option("--list", help="A file of a split that is not on the chain, or a folder."),
]
Token = Annotated[str, typer.Option(help="The address of an ERC-20 token. Default: ether.")]


RightsPayee = Annotated[
    str | None,
    typer.Option(
        "--payee",
        help="Who gets the rest, after the sources: `wallet` for this wallet, an address, an ID, "
        "or the file of a split. Default: the holder of the rights token.",
    ),
]


def rights_payee(k: Kiseki, given: str | None, kind: str) -> Payee | str | None:
    """The payee of a new model or batch; shows the payee before it is registered."""
    if given is None:
        paid = "the holder of its rights token, and to this wallet until that token is minted"
    elif given == "wallet":
        paid = "this wallet; its rights token will get nothing"
    else:
        paid = f"{given}; its rights token gets only what that payee gives to it"
    show.say(
        f"After the sources are paid, the rest of the {kind}'s income goes to {paid}. This payee "
        "can never be changed."
    )
    return given if given in (None, "wallet") else names.payee(k, given)


@revenue.command("pay")
def pay(
    to: To,
    amount: Annotated[
        str,
        typer.Argument(help="The amount, as 0.5, '100 gwei' or '1000 wei'; or 1200@TOKEN."),
    ],
    token: Token = ZERO_ADDRESS,
    reference: Annotated[
        str | None, typer.Option(help="A reference to log, as of an invoice: 32 bytes, 0x…")
    ] = None,
) -> None:
    """Pay a payee, and everybody in the trace behind that payee.

    The registered terms decide who gets which share. Sends one transaction, and an approval first
    if the amount is in a token. If the command is interrupted, run it again; it pays only once.

    \b
    Examples:
      kiseki revenue pay 0x4444… 0.5
      kiseki revenue pay series.json 1200 --token 0x5FbDB2315678afecb367f032d93F642f64180aa3
    """
    k = context.kiseki()
    units, token = context.amount(k, amount, token)
    ref = context.hex32(reference, "the reference") if reference else ZERO32
    who = names.payee(k, to)
    done = context.spend(k, f"pay {who.key.hex()} {units} {token} {ref.hex()}",
                         f"Pay {context.money(k, token, units)} to {names.shown(to)}.",
                         lambda k: k.revenue.pay(who, units, token, ref))  # fmt: skip
    context.receipts_told([done])


@revenue.command("owed")
def owed(
    wallet: Annotated[
        str, typer.Argument(help="The wallet that is owed. Default: this wallet.")
    ] = "",
    lists: Lists = None,
    at: past.At = None,
) -> None:
    """Show what a wallet is owed, over all splits, subjects and tokens.

    Where the node does not answer, it shows what was read before and how old that is; what lies at
    waterfalls is not known then. Reads the chain and sends nothing.

    \b
    Examples:
      kiseki revenue owed
      kiseki revenue owed 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --list published --json
      kiseki revenue owed --at 2027-12-31
    """
    if at is not None and lists:
        raise InvalidInput("--at looks at what is on the chain; leave --list out")
    wallet = names.wallet(wallet, "the wallet") if wallet else ""
    k = context.watching(wallet or context.acting())
    ahead: list[Ahead] | None = []
    if at is None:
        found, ahead = k.revenue.owed(lists=lists or ()), falls.ahead_of(k)
    else:
        with past.asked(k, at, money=True) as index:
            found = past.owed(index, k.address)
    if context.current.json:
        show.json_line({"owed": [{
            "token": e.token, "amount": str(e.amount), "split": e.split,
            "subject": e.subject, "labels": e.labels,
            "complete": e.complete,
            "waits_for_record": e.unknown is not None,
        } for e in found], "ahead": None if ahead is None else [falls.plain(e) for e in ahead],
        })  # fmt: skip
        return
    unrecorded = len({e.unknown for e in found if e.unknown and e.amount})
    rows = [(context.money(k, e.token, e.amount), label(e.labels)) for e in found if e.amount]
    show.table(["owed", "from"], rows, numbers=["owed"])
    if at is None or not rows:
        show.say("`kiseki revenue claim` brings this money, with every step on its way."
                 if rows else "Nothing is owed.")  # fmt: skip
    if unrecorded and at is None:
        show.say(_unrecorded(unrecorded))
    if ahead is None:
        show.say("More may be on the way through a waterfall; only a node tells.")
    for each in ahead or ():
        if each.lies or each.owed:
            sum_ = context.money(k, each.token, each.lies + each.owed)
            fall = checksummed(each.waterfall)
            show.say(f"{sum_} in all are on the way through the waterfall {fall}. `kiseki "
                     "revenue claim --through` passes this money on.")  # fmt: skip
        falls.told_of_waiting(k, each)


@revenue.command("claim")
def claim(
    wallets: Annotated[
        list[str] | None, typer.Argument(help="The wallet that is owed. Default: this wallet.")
    ] = None,
    redirect: Annotated[
        list[Path] | None, typer.Option(help="The file of a redirect; its payee is paid elsewhere.")
    ] = None,
    lists: Lists = None,
    through: Annotated[
        bool, typer.Option("--through", help="First pass on waterfalls that pay the wallet.")
    ] = False,
) -> None:
    """Claim what wallets are owed; the splitter pays it out to them.

    Anybody can claim for any wallet. Sends as few transactions as the gas allows, and this wallet
    pays the gas. If one payment is refused, the other payments go on. Ends with 3 if some were
    refused.

    \b
    Examples:
      kiseki revenue claim
      kiseki revenue claim 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --account test:0
      kiseki revenue claim --redirect alice.json --list published
    """
    from kiseki.client.revenue import redirects

    signed = [redirects.LETTER.read(each) for each in redirect or []]
    k = context.kiseki()
    whose = [names.wallet(each, "the wallet") for each in wallets or []]
    whose = whose or ([] if signed else [k.address])
    payees = sorted([*whose, *(each.signer for each in signed)])

    def work(k: Kiseki) -> Claimed:
        with show.progress("claiming", "steps") as told:
            return k.revenue.claim(whose, told, redirections=signed, lists=lists or (),
                                   through=through)  # fmt: skip

    first = {each.data for who in payees for each in k.revenue.unrecorded(who)}
    if first:
        show.say(_unrecorded(len(first)))
    if through and context.is_tried_first():
        show.say("The cost below leaves out the claims of money that waterfalls pass on first.")
    done = context.spend(
        k, f"claim {' '.join(payees)}", _says(k, payees, lists or ()), work,
        lambda done: [str(why) for _, why in done.failures],
    )  # fmt: skip
    if context.current.json:
        show.json_line({
            "amounts": {who: {token: str(amount) for token, amount in each.items()}
                        for who, each in done.amounts.items()},
            "transactions": [each.transaction for each in done.receipts],
            "gas": str(done.gas), "refused": [str(reason) for _, reason in done.failures],
            "redirected": [{"payee": e.payee, "to": e.to, "token": e.token,
                            "amount": str(e.amount)} for e in done.redirected],
            "ahead": [falls.plain(each) for each in done.ahead],
        })  # fmt: skip
    else:
        rows = [
            (who, context.money(k, token, amount), place, context.money(k, token, part))
            for who, each in done.amounts.items()
            for token, amount in each.items()
            for place, part in _places(done, who, token, amount)
        ]
        columns = ["paid to", "amount", "went to", "of it"]
        show.table(columns, rows, numbers=["amount", "of it"])
        for _, reason in done.failures:
            show.say(f"refused; the money is still in the splitter: {reason}")
        for each in done.ahead:
            if each.lies or each.owed:
                fall = checksummed(each.waterfall)
                show.say(f"still in the waterfall {fall}, or owed to the waterfall: "
                         + context.money(k, each.token, each.lies + each.owed))  # fmt: skip
            falls.told_of_waiting(k, each)
        if done.receipts:
            show.say(f"{show.count(len(done.receipts), 'transaction')}, {done.gas:,} gas.")
        elif not done.failures:
            show.say("Nothing is owed.")
    if done.failures:
        raise typer.Exit(3 if done.amounts else 1)


def _places(done: Claimed, who: str, token: str, amount: int) -> list[tuple[str, int]]:
    """The addresses that got a wallet's money, as logged; the wallet itself got the rest."""
    places = [(e.to, e.amount) for e in done.redirected if (e.payee, e.token) == (who, token)]
    left = amount - sum(part for _, part in places)
    return [*places, *([("itself", left)] if left > 0 else [])]


@revenue.command("redirect")
def redirect(
    to: Annotated[str, typer.Argument(help="The address that gets this wallet's money.")],
    out: Annotated[Path, typer.Option(help="The file to write.")],
    days: Annotated[
        int,
        typer.Option(help=f"Valid for this many days, at most {LONGEST_REDIRECT_DAYS}."),
    ] = REDIRECT_DAYS,
) -> None:
    """Sign a redirect: what this wallet is owed goes to another address.

    For a wallet without ether: somebody else claims with the file (`kiseki revenue claim
    --redirect`) and pays the gas. Nothing else can be done with the file. Sends nothing.

    \b
    Examples:
      kiseki revenue redirect 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --out alice.json
    """
    from kiseki.client.revenue import redirects

    to = names.wallet(to, "the receiver")
    redirect_ = context.kiseki().revenue.redirect
    letters.write(
        out, redirects.LETTER, redirect_.prepare(to, days), redirect_.sign,
        "`kiseki revenue redirects` shows it while it is valid, and how to cancel it.",
    )  # fmt: skip


@revenue.command("redirects")
def open_redirects() -> None:
    """List the valid redirects that this wallet signed on this computer.

    Shows how to cancel each. Reads the chain and sends nothing.

    \b
    Examples:
      kiseki revenue redirects
    """
    found = context.watching(context.acting()).revenue.redirect.open()
    if context.current.json:
        show.json_line([{"to": e.to, "nonce": str(e.nonce), "until": e.deadline} for e in found])
        return
    show.table(
        ["goes to", "until", "cancel it with"],
        [(e.to, show.date(e.deadline), f"kiseki revenue cancel-redirect {e.nonce}") for e in found],
    )
    if not found:
        show.say("This wallet has no valid redirect that was signed on this computer.")


def _says(k: Kiseki, wallets: Sequence[str], lists: Sequence[Path]) -> list[str]:
    """What each wallet is owed, which a claim brings them."""
    says = []
    for who in wallets:
        owed: dict[str, int] = {}
        for each in k.revenue.owed(who, lists=lists):
            owed[each.token] = owed.get(each.token, 0) + each.amount
        sums = " and ".join(context.money(k, token, amount) for token, amount in owed.items())
        says.append(f"Claim for {who}: {sums or 'nothing that is known yet'}.")
    return says


@revenue.command("cancel-redirect")
def cancel_redirect(
    nonce: Annotated[
        str, typer.Argument(help="The number of the redirect, from `revenue redirects`.")
    ],
    sign_to: letters.SignTo = None,
    days: letters.Days = letters.WAITING,
) -> None:
    """Cancel a redirect of this wallet.

    Sends one transaction. Money that the redirect moved before stays moved. A wallet without ether
    signs into a file with --sign, and anybody sends it with `kiseki letters cancel-for`.

    \b
    Examples:
      kiseki revenue cancel-redirect 1234567890
      kiseki revenue cancel-redirect 1234567890 --sign cancel.json
    """
    k = context.kiseki()
    if not (nonce.isascii() and nonce.isdecimal() and len(nonce) < 79):
        raise InvalidInput(f"the number of a redirect must be a whole number, not {nonce!r:.90}")
    if sign_to is not None:
        letters.write_cancellation(k, sign_to, int(nonce), "RevenueSplitter", days)
        return
    done = context.spend(k, f"cancel redirect {nonce}",
                         f"Cancel the redirect {nonce} of this wallet.",
                         lambda k: k.revenue.redirect.cancel(int(nonce)))  # fmt: skip
    context.receipts_told([done])


@revenue.command("split")
def make_split(
    file: Annotated[Path, typer.Argument(help="The file to write.")],
    payees: Annotated[
        list[str],
        typer.Argument(
            help="PAYEE=SHARES; shares are whole numbers. Repeat. Or a table with the columns "
            "payee and share (team.csv)."
        ),
    ],
) -> None:
    """Write the file of a split, which divides money among several payees.

    A payee is a wallet, a batch, a model, a collection, or the file of a split or title. Sends
    nothing. Publish the split afterwards, so that its payees find their money.

    \b
    Examples:
      kiseki revenue split profit.json 0x70997970C51812dc3A010C7d01b50e0d17dc79C8=60 series.json=40
      kiseki revenue split team.json team.csv
    """
    k = context.watching()
    leaves = []
    for each in payees:
        if "=" not in each and Path(each).is_file():
            leaves += k.revenue.split.leaves(
                Path(each), lambda text: names.payee(k, text), context.table()
            )
            continue
        payee, equals, shares = each.rpartition("=")
        digits = shares.isascii() and shares.isdecimal() and len(shares) < 30
        if not equals or not digits:
            raise InvalidInput(
                f"write PAYEE=SHARES, where SHARES is a whole number, not {each!r:.90}"
            )
        leaves.append((names.payee(k, payee).key, int(shares)))
    made = Split(leaves)
    k.revenue.split.write(file, made)
    if context.current.json:
        show.json_line({"file": file, "split": made.key})
        return
    show.fields([("file", file), ("split", made.key)])


@revenue.command("publish")
def publish(split: Annotated[Path, typer.Argument(help="The file of the split.")]) -> None:
    """Log all payees of a split on the chain, so that they find their money.

    Sends one transaction.

    \b
    Examples:
      kiseki revenue publish series.json
    """
    k = context.kiseki()
    read = k.revenue.split.read(split)
    done = context.spend(
        k, f"publish split {read.key.hex()}",
        f"Log the split of {split}. Everybody can read who gets which share.",
        lambda k: k.revenue.publish(read),
    )  # fmt: skip
    context.receipts_told([done])


@revenue.command("income")
def income(to: To, token: Token = ZERO_ADDRESS) -> None:
    """Show what a payee received from outside, by payments and sweeps.

    Reads the chain and sends nothing.

    \b
    Examples:
      kiseki revenue income 0x4444…
    """
    k = context.watching()
    found = k.revenue.income(names.payee(k, to), token)
    if context.current.json:
        show.json_line({"token": token, "amount": str(found)})
    else:
        show.line(context.money(k, token, found))


@revenue.command("address")
def payment_address(
    to: To,
    royalties: Annotated[
        bool, typer.Option("--royalties", help="The address for royalties of resales (ERC-2981).")
    ] = False,
) -> None:
    """Print the payment address of a payee, for marketplaces and plain transfers.

    Money at the address reaches the payee after a sweep. Reads the chain and sends nothing.

    \b
    Examples:
      kiseki revenue address 0x4444…
      kiseki revenue address 0x4444… --royalties
    """
    k = context.watching()
    found = [k.revenue.payment_address(each) for each in k.places(names.account(to))]
    if context.current.json:
        show.json_line({"address": found[0], "royalties": found[-1]})
    else:
        show.line(found[-1 if royalties else 0])


@revenue.command("sweep")
def sweep(to: To, token: Token = ZERO_ADDRESS) -> None:
    """Sweep the payment address of a payee into the splitter.

    For a batch or model also sweeps the royalties of its rights token. Anybody can do this. Sends
    one transaction for each address.

    \b
    Examples:
      kiseki revenue sweep 0x4444…
    """
    k = context.kiseki()
    places = k.places(names.account(to))
    full = [each for each in places if k.revenue.lies(each, token)]
    if not full:
        where = " or ".join(k.revenue.payment_address(each) for each in places)
        raise InvalidInput(f"there is no such money at {where}; nothing was sent")
    lie = sum(k.revenue.lies(each, token) for each in full)
    says = f"Sweep {context.money(k, token, lie)} that was paid for {names.shown(to)}."
    context.receipts_told(context.spend(k, f"sweep {to} {token}", says,
                          lambda k: [k.revenue.sweep(each, token) for each in full]))  # fmt: skip


def _unrecorded(count: int) -> str:
    many = (
        "a rights token that was"
        if count == 1
        else f"{show.count(count, 'rights token')} that were"
    )
    return (
        f"Some of this money comes through {many} never minted. `kiseki revenue claim` first puts "
        "each token on record, in a transaction of about 75,000 gas."
    )
