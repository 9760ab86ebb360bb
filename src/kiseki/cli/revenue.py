"""`kiseki revenue`: paying in, what is owed, and claiming it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kiseki.cli import context, letters, show
from kiseki.client.named import split_in
from kiseki.client.revenue import redirects
from kiseki.client.revenue.revenue import ETHER, Claimed
from kiseki.client.revenue.waterfalls import Ahead
from kiseki.core.amounts import parse
from kiseki.core.checksum import checksummed
from kiseki.core.payee import Payee
from kiseki.core.split import Split
from kiseki.core.values import ZERO32
from kiseki.errors import FilesError, InvalidInput

if TYPE_CHECKING:
    from kiseki.client.kiseki import Kiseki

__all__ = ["revenue"]

revenue = typer.Typer(help="Revenue: paying in, what is owed, and claiming it.")

To = Annotated[
    str,
    typer.Argument(
        help="A wallet, a batch's, model's or collection's ID, or the file of a split or title."
    ),
]
Lists = Annotated[
    list[Path] | None,
    typer.Option("--list", help="A split's file that is not on the chain, or a folder of them."),
]
Token = Annotated[str, typer.Option(help="An ERC-20's address; ether if left out.")]


RightsPayee = Annotated[
    str | None,
    typer.Option(
        "--payee",
        help="Who gets the rest: `wallet` for this wallet, an address, an ID, or a split's file; "
        "whoever holds the rights token if left out.",
    ),
]


def rights_payee(k: Kiseki, given: str | None, kind: str) -> Payee | str | None:
    """Who is paid for a model or batch to be registered, said before it is."""
    if given is None:
        paid = f"whoever holds the {kind}'s rights token, and to this wallet before it is minted"
    elif given == "wallet":
        paid = "this wallet, so nothing will reach a rights token of it"
    else:
        paid = f"{given}, and reaches a rights token of it only if that says so"
    show.say(f"What the {kind} is paid and no source asks goes to {paid}. It can never be changed.")
    return given if given in (None, "wallet") else k.payee(given)


def places_of(k: Kiseki, given: str) -> list[Payee]:
    """Whose payment addresses belong to what a person writes: of a batch or model also the one that
    marketplaces pay the royalty of a resale to."""
    first = k.payee(given)
    if len(given) < 60 or Path(given).suffix == ".json":
        return [first]
    wanted = context.hex32(given, "the payee")
    finds: dict[str, Callable[[bytes], object]] = {"batch": k.index.batch, "model": k.index.model}
    for kind, find in finds.items():
        with contextlib.suppress(LookupError):
            find(wanted)
            return [first, k.rights.royalties(kind, wanted)]
    return [first]


@revenue.command("pay")
def pay(
    to: To,
    amount: Annotated[str, typer.Argument(help="As 0.5, '100 gwei' or '1000 wei'.")],
    token: Token = ETHER,
    reference: Annotated[
        str | None, typer.Option(help="A statement or invoice, 32 bytes, 0x…")
    ] = None,
) -> None:
    """Pay everybody whom the trace leads back to. Nobody decides who gets what: the terms do.

    Interrupted and run again, it pays once.

    \b
    Examples:
      kiseki revenue pay 0x4444… 0.5
      kiseki revenue pay series.json 1200 --token 0x5FbDB2315678afecb367f032d93F642f64180aa3
    """
    k = context.kiseki()
    units = parse(amount, k.decimals(token))
    ref = context.hex32(reference, "the reference") if reference else ZERO32
    who = k.payee(to)
    done = context.spend(k, f"pay {who.key.hex()} {units} {token} {ref.hex()}",
                         lambda k: k.revenue.pay(who, units, token, ref))  # fmt: skip
    context.receipts_told([done])


@revenue.command("owed")
def owed(
    wallet: Annotated[str, typer.Argument(help="Whose; this wallet's if left out.")] = "",
    lists: Lists = None,
) -> None:
    """What a wallet is owed, across all splits, subjects and tokens.

    \b
    Examples:
      kiseki revenue owed
      kiseki revenue owed 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --list published --json
    """
    k = context.watching(wallet or context.acting())
    found = k.revenue.owed(lists=lists or ())
    ahead = k.revenue.waterfall.ahead(wallet or None)
    if context.current.json:
        show.json_line({"owed": [{
            "token": e.token, "amount": str(e.amount), "now": str(e.now), "split": e.split,
            "subject": e.subject, "labels": e.labels,
            "steps": len(e.steps), "complete": e.complete,
            "waits_for_record": e.unknown is not None,
        } for e in found], "ahead": [_plain(e) for e in ahead]})  # fmt: skip
        return
    unrecorded = len({e.unknown for e in found if e.unknown and e.amount})
    rows = [
        (context.money(k, e.token, e.amount), context.money(k, e.token, e.now), _label(e))
        for e in found
        if e.amount
    ]
    show.table(["owed", "of that now", "from"], rows, numbers=["owed", "of that now"])
    if not rows:
        show.say("Nothing is owed.")
    if unrecorded:
        show.say(_unrecorded(unrecorded))
    for each in ahead:
        if each.lies or each.owed:
            sum_ = context.money(k, each.token, each.lies + each.owed)
            fall = checksummed(each.waterfall)
            show.say(f"On its way through the waterfall {fall}: {sum_} in all; `kiseki "
                     "revenue claim --through` passes it on.")  # fmt: skip
        told_of_waiting(k, each)


@revenue.command("claim")
def claim(
    wallets: Annotated[
        list[str] | None, typer.Argument(help="Whose; this wallet's if left out.")
    ] = None,
    redirect: Annotated[
        list[Path] | None, typer.Option(help="A payee's signed word where its money goes.")
    ] = None,
    lists: Lists = None,
    through: Annotated[
        bool, typer.Option("--through", help="First pass on what lies in waterfalls on the way.")
    ] = False,
) -> None:
    """Bring what is owed to its payees; anybody can, for anybody, and pays the gas.

    One that is refused stops nobody else's. Ends with 3 when some were.

    \b
    Examples:
      kiseki revenue claim
      kiseki revenue claim 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --account test:0
      kiseki revenue claim --redirect alice.json --list published
    """
    signed = [redirects.LETTER.read(each) for each in redirect or []]
    k = context.kiseki()
    whose = wallets or ([] if signed else [k.address])

    names = sorted([*whose, *(each.signer for each in signed)])

    def work(k: Kiseki) -> Claimed:
        with show.progress("claiming", "steps") as told:
            return k.revenue.claim(whose, told, redirections=signed, lists=lists or (),
                                   through=through)  # fmt: skip

    first = {each.data for who in names for each in k.revenue.unrecorded(who)}
    if first:
        show.say(_unrecorded(len(first)))
    if through and context.is_tried_first(k):
        show.say("What comes out of waterfalls, and is claimed then, is in no estimate.")
    done = context.spend(
        k, f"claim {' '.join(names)}", work, lambda done: [str(why) for _, why in done.failures]
    )
    if context.current.json:
        show.json_line({
            "amounts": {who: {token: str(amount) for token, amount in each.items()}
                        for who, each in done.amounts.items()},
            "transactions": [each.transaction for each in done.receipts],
            "gas": str(done.gas), "refused": [str(reason) for _, reason in done.failures],
            "redirected": [{"payee": e.payee, "to": e.to, "token": e.token,
                            "amount": str(e.amount)} for e in done.redirected],
            "ahead": [_plain(each) for each in done.ahead],
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
            show.say(f"refused, and still there: {reason}")
        for each in done.ahead:
            if each.lies or each.owed:
                fall = checksummed(each.waterfall)
                show.say(f"still at the waterfall {fall}, or owed to it: "
                         + context.money(k, each.token, each.lies + each.owed))  # fmt: skip
            told_of_waiting(k, each)
        show.say(f"{len(done.receipts)} transactions, {done.gas:,} gas." if done.receipts
                 else "Nothing is owed." if not done.failures else "")  # fmt: skip
    if done.failures:
        raise typer.Exit(3 if done.amounts else 1)


def _places(done: Claimed, who: str, token: str, amount: int) -> list[tuple[str, int]]:
    """Where what was due to a wallet went, as the chain logged it; what is left came to itself."""
    places = [(e.to, e.amount) for e in done.redirected if (e.payee, e.token) == (who, token)]
    left = amount - sum(part for _, part in places)
    return [*places, *([("itself", left)] if left > 0 else [])]


@revenue.command("redirect")
def redirect(
    to: Annotated[str, typer.Argument(help="Where this wallet's money is to go.")],
    out: Annotated[Path, typer.Option(help="The file to write.")],
    days: Annotated[
        int,
        typer.Option(help=f"For how long it counts; {redirects.LONGEST_DAYS} at most."),
    ] = redirects.DAYS,
) -> None:
    """Sign that what this wallet is owed goes elsewhere, for somebody else to bring it there.

    For a wallet without ether. Whoever has the file can do nothing else with it.

    \b
    Examples:
      kiseki revenue redirect 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --out alice.json
    """
    wallet = context.kiseki().revenue.wallet
    letters.write(
        out, redirects.LETTER, redirects.prepare(wallet, to, days),
        lambda made: redirects.sign(wallet, made),
        "`kiseki revenue redirects` shows it until then, and how to cancel it.",
    )  # fmt: skip


@revenue.command("redirects")
def open_redirects() -> None:
    """Which redirects this wallet signed here can still be used, and how to cancel each.

    \b
    Examples:
      kiseki revenue redirects
    """
    found = context.watching(context.acting()).revenue.open_redirections()
    if context.current.json:
        show.json_line([{"to": e.to, "nonce": str(e.nonce), "until": e.deadline} for e in found])
        return
    show.table(
        ["goes to", "until", "cancel it with"],
        [(e.to, show.date(e.deadline), f"kiseki revenue cancel-redirect {e.nonce}") for e in found],
    )
    if not found:
        show.say("None that was signed on this computer can be used any more.")


@revenue.command("cancel-redirect")
def cancel_redirect(
    nonce: Annotated[str, typer.Argument(help="Its number, as `kiseki revenue redirects` has it.")],
    sign_to: Annotated[
        Path | None,
        typer.Option("--sign", help="Send nothing; sign it into this file, for anybody to send."),
    ] = None,
) -> None:
    """Make a redirect of this wallet's worthless; what it moved by then stays moved.

    Who has no ether signs that instead, and anybody sends it.

    \b
    Examples:
      kiseki revenue cancel-redirect 1234567890
      kiseki revenue cancel-redirect 1234567890 --sign cancel.json
    """
    k = context.kiseki()
    if not (nonce.isascii() and nonce.isdecimal() and len(nonce) < 79):
        raise InvalidInput(f"a redirect's number is a whole number, not {nonce!r:.90}")
    if sign_to is not None:
        letters.write_cancellation(k.revenue.wallet, sign_to, int(nonce), "RevenueSplitter")
        return
    done = context.spend(k, f"cancel redirect {nonce}",
                         lambda k: k.revenue.cancel_redirection(int(nonce)))  # fmt: skip
    context.receipts_told([done])


@revenue.command("split")
def make_split(
    file: Annotated[Path, typer.Argument(help="The file to write.")],
    payees: Annotated[
        list[str], typer.Argument(help="PAYEE=SHARES: whole numbers, in proportion.")
    ],
) -> None:
    """Make a split of some payees, as a file. Publish it, so that they find themselves.

    A payee is a wallet, a batch, a model, a collection, or the file of a split or title.

    \b
    Examples:
      kiseki revenue split profit.json 0x70997970C51812dc3A010C7d01b50e0d17dc79C8=60 series.json=40
    """
    k = context.watching()
    leaves = []
    for each in payees:
        payee, equals, shares = each.rpartition("=")
        digits = shares.isascii() and shares.isdecimal() and len(shares) < 30
        if not equals or not digits:
            raise InvalidInput(f"write PAYEE=SHARES with a whole number, not {each!r:.90}")
        leaves.append((k.payee(payee).key, int(shares)))
    made = Split(leaves)
    try:
        if not file.exists():
            fresh = file.with_name(file.name + ".new")  # whole or not at all
            fresh.write_text(made.to_json(), "utf-8")
            fresh.replace(file)
        elif file.read_bytes() != made.to_json().encode():
            raise InvalidInput(f"{file} is there and is another; name a new file")
    except OSError as error:
        raise FilesError(f"{file} cannot be made ({error.strerror})") from error
    if context.current.json:
        show.json_line({"file": file, "split": made.key})
        return
    show.fields([("file", file), ("split", made.key)])


@revenue.command("publish")
def publish(split: Annotated[Path, typer.Argument(help="The split's file.")]) -> None:
    """Log all leaves of a split, so that its payees find themselves.

    \b
    Examples:
      kiseki revenue publish series.json
    """
    k = context.kiseki()
    read = split_in(k.data.wallet, split)
    done = context.spend(k, f"publish split {read.key.hex()}", lambda k: k.revenue.publish(read))
    context.receipts_told([done])


@revenue.command("income")
def income(to: To, token: Token = ETHER) -> None:
    """What a payee received from outside, by payment or sweep.

    \b
    Examples:
      kiseki revenue income 0x4444…
    """
    k = context.watching()
    found = k.revenue.income(k.payee(to), token)
    if context.current.json:
        show.json_line({"token": token, "amount": str(found)})
    else:
        show.line(context.money(k, token, found))


@revenue.command("address")
def payment_address(
    to: To,
    royalties: Annotated[
        bool, typer.Option("--royalties", help="Where resales pay a batch's or model's (ERC-2981).")
    ] = False,
) -> None:
    """An address that pays a payee once it is swept: for marketplaces and plain transfers.

    \b
    Examples:
      kiseki revenue address 0x4444…
      kiseki revenue address 0x4444… --royalties
    """
    k = context.watching()
    found = [k.revenue.payment_address(each) for each in places_of(k, to)]
    if context.current.json:
        show.json_line({"address": found[0], "royalties": found[-1]})
    else:
        show.line(found[-1 if royalties else 0])


@revenue.command("sweep")
def sweep(to: To, token: Token = ETHER) -> None:
    """Move what lies at a payee's payment address into the ledger; by anybody.

    Of a batch or model also what marketplaces paid as royalties of its rights token.

    \b
    Examples:
      kiseki revenue sweep 0x4444…
    """
    k = context.kiseki()
    places = {k.revenue.payment_address(each): each for each in places_of(k, to)}
    asked = None if token == ETHER else token
    full = [payee for lies, payee in places.items() if k.balance(asked, lies)]
    if not full:
        raise InvalidInput(f"nothing of it lies at {' or '.join(places)}; nothing was sent")
    context.receipts_told(context.spend(k, f"sweep {to} {token}",
                          lambda k: [k.revenue.sweep(each, token) for each in full]))  # fmt: skip


def told_of_waiting(k: Kiseki, ahead: Ahead) -> None:
    """What waits for tiers of a waterfall, and how to try it again."""
    fall = checksummed(ahead.waterfall)
    option = "" if ahead.token == ETHER else f" --token {ahead.token}"
    for each in ahead.waiting:
        show.say(
            f"{context.money(k, ahead.token, each.amount)} wait for tier {each.tier} of the "
            f"waterfall {fall}, which could not take it; no claim brings that. Try again with "
            f"`kiseki revenue waterfall retry {fall} {each.tier}{option}`."
        )


def _plain(ahead: Ahead) -> dict[str, Any]:
    return {
        "waterfall": ahead.waterfall, "token": ahead.token, "lies": str(ahead.lies),
        "owed": str(ahead.owed),
        "waiting": [{"tier": e.tier, "amount": str(e.amount)} for e in ahead.waiting],
    }  # fmt: skip


def _unrecorded(count: int) -> str:
    many = "a rights token that was" if count == 1 else f"{count:,} rights tokens that were"
    return (
        f"Some of it comes through {many} never minted: `kiseki revenue claim` puts each on record "
        "first, in a transaction of about 75,000 gas."
    )


def _label(owed: Any) -> str:
    named = [f"{each.kind} 0x{each.group.hex()[:8]}…" if any(each.group) else each.kind
             for each in owed.labels]  # fmt: skip
    return ", ".join(named) or "held for it"
