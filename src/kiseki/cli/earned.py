"""`kiseki revenue earned`: what reached a wallet so far."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from kiseki.cli import context, names, past, show
from kiseki.cli.revenue import revenue
from kiseki.core.payee import Payee
from kiseki.core.values import to_hex

if TYPE_CHECKING:
    from kiseki.index.answers.earnings import Earning

__all__ = ["earned"]


class By(StrEnum):
    """What the sums are for."""

    CURRENCY = "token"
    MONTH = "month"
    SUBJECT = "subject"


@revenue.command("earned")
def earned(
    wallet: Annotated[str, typer.Argument(help="The wallet. Default: this wallet.")] = "",
    by: Annotated[
        By, typer.Option(help="A sum for each currency, each month (UTC), or each payer.")
    ] = By.CURRENCY,
    at: past.At = None,
) -> None:
    """Show what reached a wallet so far, by payments, claims and resolutions.

    Currencies are never added up. Money that its owner redirected was earned all the same. What is
    still owed is shown by `kiseki revenue owed`. Reads the chain and sends nothing.

    \b
    Examples:
      kiseki revenue earned
      kiseki revenue earned 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --by month --at 2027-12-31
    """
    wallet = names.wallet(wallet, "the wallet") if wallet else ""
    k = context.watching(wallet or context.acting())
    with past.asked(k, at) as index:
        found = index.overview.earnings(k.address, by.value)
    if context.current.json:
        show.json_line([
            {"token": e.token, "amount": str(e.amount), "payments": e.payments,
             **({"month": e.month} if by is By.MONTH else {}),
             **({"from": e.source, "about": e.about if any(e.about) else None}
                if by is By.SUBJECT else {})}
            for e in found
        ])  # fmt: skip
        return
    show.table(
        ["month", "earned", "payments", "from"],
        [(e.month, context.money(k, e.token, e.amount), f"{e.payments:,}", _payer(e, by))
         for e in found],
        numbers=["earned", "payments"],
    )  # fmt: skip
    if not found:
        show.say("Nothing reached this wallet through the splitter.")


def _payer(earning: Earning, by: By) -> str:
    if by is not By.SUBJECT:
        return ""
    if any(earning.about):
        return to_hex(earning.about)
    return Payee(earning.source).words()
