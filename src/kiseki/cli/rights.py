"""`kiseki rights`: the tokens that stand for rights."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiseki.cli import context, letters, names, show
from kiseki.core import ids
from kiseki.core.payee import Payee
from kiseki.core.values import to_hex
from kiseki.disk import texts
from kiseki.errors import InvalidInput

if TYPE_CHECKING:
    pass

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
    sign_to: letters.SignTo = None,
    days: letters.Days = letters.WAITING,
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
        made = k.rights.prepare_mint(kind, wanted, document, royalty, days)
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
    says = (
        f"What reaches the token: {gets}. {STAYS[0].upper()}{STAYS[1:]}. A resale asks for "
        f"{royalty} of its price (--royalty), permanently."
    )
    done = context.spend(
        k, f"mint {kind} {group} {set_payee}", says,
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
    told = signed.message["message"]
    k = context.kiseki()
    done = context.spend(k, f"mint for {signed.signer} {told['id']} {signed.nonce}",
                         letters.in_words(mints.LETTER, signed),
                         lambda k: k.rights.mint_for(signed))  # fmt: skip
    token = k.rights.token(kind_of(told["registry"]), context.hex32(told["id"], "the ID"))
    context.receipts_told([done], token=str(token))


def _made_to_pay_the_token() -> bool:
    if context.current.yes or context.current.json or not sys.stdin.isatty():
        raise InvalidInput(
            "the collection pays this wallet, so its token would get nothing; add --set-payee to "
            "make the token the payee, permanently, or --keep-payee"
        )
    with show.paused():
        return typer.confirm(
            show.question(
                "The collection pays this wallet, so its token would get nothing. Make the token "
                "the payee, permanently? Then every later holder of the token is paid."
            ),
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
    says = f"Put the rights token of the {kind} on record, so that its registrant can be paid."
    done = context.spend(k, f"reveal {kind} {group}", says, lambda k: k.rights.reveal(kind, wanted))
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
    says = f"Record on the chain which share of the income of the {kind} reaches its token."
    done = context.spend(
        k, f"income {kind} {group}", says, lambda k: k.rights.show_income(kind, wanted)
    )
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
    done = context.spend(k, f"transfer {kind} {group} {new}",
                         [f"Give the token to {names.shown(to)}.", k.rights.along(token)],
                         lambda k: k.rights.transfer(token, new))  # fmt: skip
    context.receipts_told([done])


@rights.command("list")
def list_tokens(
    holder: Annotated[str, typer.Argument(help="The holder's wallet. Default: this wallet.")] = "",
) -> None:
    """List the rights tokens that a wallet holds.

    Only tokens that are minted. Reads the chain and sends nothing.

    \b
    Examples:
      kiseki rights list
      kiseki rights list 0x70997970C51812dc3A010C7d01b50e0d17dc79C8
    """
    from kiseki.client.kinds import KINDS

    who = names.wallet(holder, "the holder") if holder else context.acting()
    k = context.watching(who)
    kinds = {k.session[registry].address.lower(): kind for kind, registry in KINDS.items()}
    held = k.index.agreements.held(who)
    locked = {each.record.schedule.token for each in k.rights.pending(who)}
    rows = [
        (
            kinds.get(each.registry),
            to_hex(each.id),
            int.from_bytes(ids.subject(each.registry, each.id)),
        )
        for each in held
    ]
    if context.current.json:
        show.json_line([{"kind": kind, "id": group, "token": f"{token:#066x}",
                         "waits": token in locked} for kind, group, token in rows])  # fmt: skip
        return
    show.table(["stands for the", "ID", "token", "state"], [
        (kind or "unknown", group, f"{token:#066x}", "waits to move" if token in locked else "")
        for kind, group, token in rows
    ])  # fmt: skip
    if not rows:
        show.say(f"{who} holds no rights tokens on this chain.")


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
    income = ("no share was proved" if found.income is None
              else f"{found.income}% of what is paid")  # fmt: skip
    show.fields([
        ("token", f"{token:#066x}"), ("stands for", f"the {found.kind} 0x{found.id.hex()}"),
        ("holder", holder), ("registrant", found.registrant), ("income", income),
        ("stays with the registrant", found.stays),
        ("royalty of a resale", f"{found.royalty}%, to {resale}"), ("locked", found.locked),
        ("document", found.document),
    ])  # fmt: skip


# Moving by themselves
