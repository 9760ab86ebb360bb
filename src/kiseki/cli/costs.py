"""`kiseki cost`: what a plan costs in gas, and which dues are not worth their claim."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any

import typer

from kiseki.chain.release.networks import Network
from kiseki.cli import context, show
from kiseki.client.settings import gwei
from kiseki.core.amounts import in_units
from kiseki.errors import InvalidInput

__all__ = ["cost"]

_TIMES = {"never": 0, "yearly": 1, "quarterly": 4, "monthly": 12, "weekly": 52}
_BELOW = {"": "none", "gas": "unknown: it follows the prices of the chain below",
          "beside": "unknown: it follows the prices of the chain below"}  # fmt: skip
_PARTS = (10, 100)
"""Thresholds: claims whose gas is at most such a part of what they bring."""


def cost(
    artists: Annotated[int, typer.Option(help="The number of artists.")] = 1,
    items: Annotated[
        str, typer.Option(help="The number of works of all artists together, as 50000 or 1e6.")
    ] = "1",
    claims: Annotated[
        str, typer.Option(help=f"How often each artist claims: {', '.join(_TIMES)}.")
    ] = "monthly",
    price: Annotated[
        str | None,
        typer.Option(help="The price of gas in gwei. Default: the price that the node tells now."),
    ] = None,
    prices: Annotated[
        Path | None,
        typer.Option(
            help="A TOML file of prices: a table for each network, with date, gwei and source."
        ),
    ] = None,
    dues: Annotated[
        bool,
        typer.Option(help="Read from the chain which dues cost more gas to claim than they bring."),
    ] = False,
    only: Annotated[
        str | None,
        typer.Option(
            "--for", help="With --dues: a model or batch, 0x…; only who it rests on. Default: all."
        ),
    ] = None,
) -> None:
    """Calculate what registering and claiming cost in gas on a network.

    The gas is what the tests of the contracts measured. Each artist gets one collection. Terms,
    consents of others and the fee of a rollup for the chain below are not in the figures. Sends
    nothing; without --price and --prices, or with --dues, it asks a node.

    \b
    Examples:
      kiseki cost --artists 300 --items 1e6 --claims monthly --network sepolia
      kiseki cost --artists 20 --items 5000 --claims never --price 20
      kiseki cost --artists 20 --items 5000 --prices prices.toml --network sepolia
      kiseki cost --dues --price 20
      kiseki cost --dues --for 0x3333… --price 20
    """
    from kiseki.client import costs

    if claims not in _TIMES:
        raise InvalidInput(f"--claims must be one of {', '.join(_TIMES)}")
    if only is not None and not dues:
        raise InvalidInput("--for says whose dues are read; give it with --dues")
    group = None if only is None else context.hex32(only, "the model or batch")
    lines = costs.plan(artists, _whole(items), _TIMES[claims])
    wei, source, there = _price(price, prices)
    found = costs.dues(context.watching().index, group) if dues else []
    small = [each for each in found if each.gas * wei > each.amount]
    told: dict[str, Any] = {
        "network": there.name, "currency": there.currency, "price": str(wei), "source": source,
        "fee of the chain below": _BELOW[there.fee_below] if there.chain_id else "unknown",
        "lines": [{"what": e.what, "transactions": e.times, "gas": e.gas, "wei": str(e.gas * wei)}
                  for e in lines],
        "dues": len(found), "dues below their claim": [
            {"wallet": e.wallet, "amount": str(e.amount), "gas": e.gas} for e in small],
        "thresholds": {f"1/{part}": str(costs.claim_gas() * wei * part) for part in _PARTS},
    }  # fmt: skip
    if context.current.json:
        show.json_line(told)
        return
    _show(told, bool(dues))


def _show(told: dict[str, Any], dues: bool) -> None:
    currency = told["currency"]
    show.fields([
        ("network", told["network"]),
        ("price of gas", f"{in_units(int(told['price']), 9)} gwei, {told['source']}"),
        ("fee of the chain below", told["fee of the chain below"]),
    ])  # fmt: skip
    rows = [(each["what"], f"{each['transactions']:,}", f"{each['gas']:,}",
             in_units(int(each["wei"]))) for each in told["lines"]]  # fmt: skip
    show.table(["what", "transactions", "gas", currency], rows,
               numbers=["transactions", "gas", currency])  # fmt: skip
    if dues:
        small = told["dues below their claim"]
        show.say(f"{len(small)} of {told['dues']} providers are owed less than their claims cost.")
        owed = [(each["wallet"], in_units(int(each["amount"])), f"{each['gas']:,}")
                for each in small]  # fmt: skip
        if owed:
            show.table(["wallet", f"owed, {currency}", "gas"], owed,
                       numbers=[f"owed, {currency}", "gas"])  # fmt: skip
    for part, wei in zip(_PARTS, told["thresholds"].values(), strict=True):
        show.say(
            f"Claim from {in_units(int(wei))} {currency} on, and gas is at most 1/{part} of it."
        )


def _whole(text: str) -> int:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number != int(number) or not 0 < number <= 10**12:
        raise InvalidInput("--items must be a whole number, as 50000 or 1e6")
    return int(number)


def _price(given: str | None, table: Path | None) -> tuple[int, str, Network]:
    """The price of gas in wei, where it is from, and the network."""
    at = context.where()
    known = None if at.chain_id is None else context.network_of(at.chain_id)
    wei = gwei(given or "", "--price")
    if table is not None:
        if wei is not None:
            raise InvalidInput("--price and --prices are two prices; give one")
        return _tabled(table, known)
    if wei is not None:
        return wei, "as given", known or Network("no network", 0, ())
    from kiseki.chain.answers import quantity
    from kiseki.chain.contract.contracts import node_errors
    from kiseki.chain.logs import head
    from kiseki.chain.node import connect

    node = connect(at.url, at.chain_id)
    latest = head(node)
    with node_errors():
        wei = quantity(node.one("eth_gasPrice"), 96)
    source = f"as the node tells at block {latest.number:,}, {show.date(latest.time)}"
    return wei, source, context.network_of(node.chain_id)


def _tabled(table: Path, network: Network | None) -> tuple[int, str, Network]:
    from kiseki.client.prices import read_prices

    if network is None:
        raise InvalidInput("--prices needs --network: it has a price for each network")
    there = read_prices(table)
    if network.name not in there:
        raise InvalidInput(
            f"{table} has no price for {network.name}; it has {', '.join(there) or 'none at all'}"
        )
    price = there[network.name]
    source = f"as {table} says of {price.on}"
    return price.wei, source + (f", from {price.source}" if price.source else ""), network
