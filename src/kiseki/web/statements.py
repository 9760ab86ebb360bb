"""A statement to download: what reached a wallet, payment by payment, for whoever keeps its books.

The rows are those that `kiseki revenue earned --by month` sums up. They are read a part at a time,
all as of one block, so a long statement takes no more memory than a short one.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, localcontext
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from fastapi.responses import StreamingResponse

from kiseki.core import ids
from kiseki.core.checksum import checksummed
from kiseki.core.days import day
from kiseki.core.values import ZERO_ADDRESS, to_hex
from kiseki.index import Index
from kiseki.index.answers.history import Entry
from kiseki.web.asked import Asked
from kiseki.web.pieces import Pieces
from kiseki.web.sheets import MARK, lines
from kiseki.web.shown.values import of_payees

__all__ = ["statement", "statements"]

statements = APIRouter(include_in_schema=False)

_PART = 500
"""Rows that are read at a time."""


@statements.get("/wallet/{who}/statement.csv")
def of_wallet(visit: Annotated[Asked, Depends(Asked.of)], who: str) -> Response:
    """What reached a wallet, as everybody can read it on the chain."""
    return statement(visit, who, "no-cache")


def statement(visit: Asked, who: str, kept: str) -> Response:
    """What reached a wallet, as CSV.

    Args:
        kept: `Cache-Control` of the answer.

    Raises:
        InvalidInput: it is no address.
    """
    wallet = checksummed(who)
    with visit.site.reading() as index:
        block = visit.site.state(index).block
    return StreamingResponse(
        _table(visit, wallet, block),
        media_type="text/csv; charset=utf-8",
        headers={
            "Cache-Control": kept,
            "Vary": "Accept-Language, Cookie",
            "Content-Disposition": f'attachment; filename="kiseki-{wallet}.csv"',
        },
    )


def _table(visit: Asked, wallet: str, block: int) -> Iterator[str]:
    words = visit.words
    head = [
        words.say("Month (UTC)"), words.say("On (UTC)"), words.say("How it came"),
        words.say("From"), words.say("ID"), words.say("Currency"), words.say("Amount"),
        words.say("Exact amount"), words.say("Transaction"), words.say("As of block"),
    ]  # fmt: skip
    yield MARK
    yield from lines([head])
    after: int | None = -1
    while after is not None:
        with visit.site.reading() as index:
            rows, after = _part(visit, index, wallet, block, after)
        yield from lines(rows)


def _part(
    visit: Asked, index: Index, wallet: str, block: int, after: int
) -> tuple[list[list[object]], int | None]:
    """The next rows, and after which place those behind them begin; none where nothing is left."""
    found = index.overview.history(wallet, after, _PART, block)
    mine = ids.wallet(wallet)
    # What others had sent on to here is what they earned.
    came = [each for each in found if each.target == mine and each.kind != "redirect"]
    names = of_payees(index, (each.source for each in came))
    pieces, words = Pieces(visit.words, ""), visit.words
    rows: list[list[object]] = []
    for each in came:
        source, time = names[each.source], day(each.time)
        rows.append([
            time[:7], words.iso(each.time)[:19].replace("T", " "), _how(visit, each.kind),
            pieces.kind(source.kind), source.id, _currency(each.token), _amount(each),
            _exact(each), to_hex(each.transaction), block,
        ])  # fmt: skip
    return rows, found[-1].place if len(found) == _PART else None


def _how(visit: Asked, kind: str) -> str:
    words = visit.words
    if kind == "claim":
        return words.say("share of what was paid")
    return words.say("paid directly") if kind == "deposit" else words.say("what had waited")


def _currency(token: str) -> str:
    return "ETH" if token == ZERO_ADDRESS else checksummed(token)


def _amount(entry: Entry) -> str:
    """A number to count with, where it is known what one is: a token itself says how many digits
    stand after the point, and nobody here vouches for that."""
    if entry.token != ZERO_ADDRESS:
        return ""
    with localcontext() as all_digits:
        all_digits.prec = 100
        return f"{Decimal(entry.amount).scaleb(-18).normalize():f}"


def _exact(entry: Entry) -> str:
    """All digits, as a text: a spreadsheet keeps fifteen of a number."""
    return f"{entry.amount} {'wei' if entry.token == ZERO_ADDRESS else 'units'}"
