"""`kiseki local`: test money and time, on a local chain only."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from kiseki.cli import context, names, show
from kiseki.core.amounts import in_units
from kiseki.errors import InvalidInput

__all__ = ["local"]

local = typer.Typer(help="Make test ether, test tokens and time on a local chain.")

To = Annotated[str, typer.Argument(help="The address that gets it.")]


@local.command("ether")
def ether(
    to: To, amount: Annotated[str, typer.Argument(help="The amount, as 10 or '100 gwei'.")]
) -> None:
    """Give an address test ether, out of nothing.

    Refused on public networks. Sends no transaction; tells Anvil.

    \b
    Examples:
      kiseki local ether 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 10
    """
    context.refuse_dry_run("local ether")
    to = names.wallet(to, "the address")
    held = context.watching(allow_old=False).test_money.ether(to, context.units(amount))
    if context.current.json:
        show.json_line({"address": to, "balance": str(held)})
    else:
        show.say(f"{to} holds {in_units(held)} test ether now.")


@local.command("token")
def token() -> None:
    """Deploy a new test token, an ERC-20 with 6 decimals that anybody may mint.

    Refused on public networks. Sends one transaction and prints the token's address.

    \b
    Examples:
      kiseki local token
    """
    context.refuse_dry_run("local token")
    made = context.kiseki().test_money.token()
    if context.current.json:
        show.json_line({"token": made})
    else:
        show.line(made)


@local.command("mint")
def mint(
    token: Annotated[str, typer.Argument(help="The address of a test token.")],
    to: To,
    amount: Annotated[str, typer.Argument(help="How many tokens, as 1200 or 0.5.")],
) -> None:
    """Mint test tokens for an address.

    Refused on public networks. Sends one transaction.

    \b
    Examples:
      kiseki local mint 0x5FbDB2315678afecb367f032d93F642f64180aa3 \\
        0x70997970C51812dc3A010C7d01b50e0d17dc79C8 1200
    """
    context.refuse_dry_run("local mint")
    to = names.wallet(to, "the address")
    k = context.kiseki()
    k.test_money.must_be_local()  # before the token is asked about
    k.test_money.mint(token, to, context.units(amount, k.session.digits(token)))
    held = k.balance(token, to)
    if context.current.json:
        show.json_line({"address": to, "token": token, "balance": str(held)})
    else:
        show.say(f"{to} holds {in_units(held, k.decimals(token))} of {token} now.")


@local.command("wait")
def wait(
    days: Annotated[str, typer.Argument(help="How long, as 30d.")],
) -> None:
    """Let time pass on the chain, as for a deadline or a notice.

    Refused on public networks. Sends no transaction; tells Anvil.

    \b
    Examples:
      kiseki local wait 30d
    """
    context.refuse_dry_run("local wait")
    span = context.moment(days, "the time") if days.endswith("d") else None
    if not isinstance(span, timedelta) or span <= timedelta():
        raise InvalidInput("the time must be a number of days, as 30d")
    now = context.watching(allow_old=False).test_money.wait(int(span.total_seconds()))
    if context.current.json:
        show.json_line({"time": now})
    else:
        show.say(f"It is {show.date(now)} on the chain now.")
