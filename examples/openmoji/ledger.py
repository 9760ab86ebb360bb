"""Who was paid what, as a statement of account: in, out, what is left; every column exact."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from examples.openmoji.marks import code, count, in_both, money, scroll
from examples.openmoji.summary import Payee, Payment, Summary, Token
from examples.openmoji.units import percent, places, plural


def statement(s: Summary) -> str:
    """In = out + remainder, with the numbers, and for each kind of payee what it got."""
    tokens = [p.token for p in s.payments]
    artists = [p for p in s.payees if p.role == "artist"]
    asked = {m.developer: m.developer_bps for m in s.models}
    data = sum(m.data_bps for m in s.models)
    rest = 10_000 - data - sum(asked.values())
    lines = [
        (p.name, f"{percent(asked.get(p.name, rest))}{'' if p.name in asked else ', all the rest'}",
         [p])
        for p in s.payees
        if p.role != "artist"
    ]  # fmt: skip
    each = " + ".join(f"{percent(m.data_bps)} for {m.name}" for m in s.models)
    lines.append((plural(len(artists), "artist"), f"{percent(data)}: {each}", artists))
    width = [places((p.amount_in, p.amount_out, p.remainder), p.token.decimals) for p in s.payments]
    everyone = [p.amounts.get(t.symbol, 0) for t in tokens for p in s.payees]
    width = [max(w, places(everyone, t.decimals)) for w, t in zip(width, tokens, strict=True)]

    def row(kind: str, name: str, why: str, amounts: Sequence[int]) -> str:
        cells = "".join(
            f'<td class="n">{money(a, t, w)}</td>'
            for a, t, w in zip(amounts, tokens, width, strict=True)
        )
        return (
            f'<tr{kind}><th scope="row">{escape(name)}</th><td class="why">{why}</td>{cells}</tr>'
        )

    body = row(' class="sum"', "Paid in by the buyer", "gross", [p.amount_in for p in s.payments])
    for name, why, people in lines:
        got = [sum(p.amounts.get(t.symbol, 0) for p in people) for t in tokens]
        body += row("", name, escape(why), got)
    body += row(' class="sum"', "Paid out", "sum of the lines above",
                [p.amount_out for p in s.payments])  # fmt: skip
    body += row("", "Remainder", "still in the splitter", [p.remainder for p in s.payments])
    return scroll(
        "Statement of account",
        '<table class="ledger"><thead><tr><th scope="col">Payee</th><th class="why" scope="col">'
        f"Share of gross</th>{_heads(tokens)}</tr></thead><tbody>{body}</tbody></table>",
    ) + "".join(_even(p) for p in s.payments)


def _heads(tokens: Sequence[Token]) -> str:
    return "".join(f'<th class="n" scope="col">{escape(t.symbol)}</th>' for t in tokens)


def _even(p: Payment) -> str:
    """Whether it adds up, in words and numbers of base units."""
    true = p.amount_in == p.amount_out + p.remainder and 0 <= p.remainder <= p.bound
    return (
        f'<p class="even"><b>{escape(p.token.symbol)} '
        f"{'adds up' if true else 'does not add up'}:</b> paid in = paid out + remainder, to the "
        f"base unit (10<sup>−{p.token.decimals}</sup> {escape(p.token.symbol)}). The remainder is "
        f"{count(p.remainder)} of those, of at most {count(p.bound)} that rounding can leave.</p>"
    )


def everyone(s: Summary) -> str:
    """All payees, to the base unit."""
    tokens = [p.token for p in s.payments]
    first = tokens[0].symbol
    artists = sorted(
        (p for p in s.payees if p.role == "artist"),
        key=lambda p: (-p.amounts.get(first, 0), p.name),
    )
    rows = [*(p for p in s.payees if p.role != "artist"), *artists]
    width = {
        t.symbol: places((p.amounts.get(t.symbol, 0) for p in rows), t.decimals) for t in tokens
    }
    both = in_both(s.models)
    body = "".join(_row(p, tokens, width, p.role == "artist" and p.name in both) for p in rows)
    return scroll(
        "Every payee to the base unit",
        '<table class="payees"><thead><tr><th scope="col">Payee</th><th scope="col">Role</th>'
        f'{_heads(tokens)}<th scope="col">Wallet</th></tr></thead><tbody>{body}</tbody></table>',
    )


def _row(p: Payee, tokens: Sequence[Token], width: dict[str, int], both: bool) -> str:
    amounts = "".join(
        f'<td class="n">{money(p.amounts.get(t.symbol, 0), t, width[t.symbol])}</td>'
        for t in tokens
    )
    return (
        f'<tr{" class=both" if both else ""}><th scope="row">{escape(p.name)}</th>'
        f"<td>{p.role}{', in both models' if both else ''}</td>{amounts}"
        f"<td>{code(p.wallet)}</td></tr>"
    )
