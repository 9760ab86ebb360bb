"""The options that state terms."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import or_
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from kiseki import licences
from kiseki.cli import context, show
from kiseki.core.terms import IRREVOCABLE, Terms, Use
from kiseki.errors import InvalidInput

if TYPE_CHECKING:
    from kiseki.client.kiseki import Kiseki

__all__ = [
    "Collection", "Document", "Floor", "Gate", "Licence", "Notice", "Royalty", "Until", "Uses",
    "gate_of", "in_words", "names_of", "notice_of", "say_what_can_be_sold", "terms_of", "uses_of",
]  # fmt: skip
Uses = Annotated[
    str | None,
    typer.Option(
        help="The allowed uses: train, reserved, or a list with commas. Asked for if left out."
    ),
]
Royalty = Annotated[
    str | None,
    typer.Option(
        help="The share of gross that the terms ask, as 20%; 0% asks for none. Asked for if left "
        "out."
    ),
]
Floor = Annotated[str, typer.Option(help="A share that no other source can dilute, as 5%.")]
Document = Annotated[
    Path | None,
    typer.Option("--licence", help="The text of the licence; only its hash is recorded."),
]
Licence = Annotated[
    str | None,
    typer.Option(
        help="The text of the licence: one of Kiseki's (`kiseki licence list`), as royalty or "
        "royalty:ja, or a file. Only its hash is recorded."
    ),
]
Until = Annotated[
    str | None, typer.Option(help="The terms end when this day begins (UTC), as 2027-12-31.")
]
Notice = Annotated[
    str,
    typer.Option(
        help="How long consent holds after it was revoked, as 30d. No licence can last "
        "longer. 0d: consent ends at once. irrevocable: consent never ends."
    ),
]
Gate = Annotated[
    str | None, typer.Option(help="Who decides who may use it: list, market, or a contract.")
]
Collection = Annotated[str, typer.Argument(help="The ID of the collection, 0x…")]


def terms_of(k: Kiseki, uses: str | None, royalty: str | None, floor: str,
             licence: Path | str | None, until: str | None, notice: str,
             gate: str | None) -> Terms:  # fmt: skip
    """The terms that the options state, and the answers to what they leave out. A licence of
    Kiseki's says some of it by its name.

    Raises:
        InvalidInput: uses or royalty were not said, and there is nobody to ask; or the licence is
            not for such terms.
    """
    from kiseki.client.wallet import document_hash

    shipped = licences.named(licence) if isinstance(licence, str) else None
    if shipped is not None:
        usual = _USUAL[shipped.name]
        uses, royalty, gate = uses or usual.uses, royalty or usual.royalty, gate or usual.gate
    uses = uses or context.ask(
        "--uses", "Which uses do you allow? train (all training), reserved (none), or names with "
        f"commas, of {in_words(Use(127))}",
    )  # fmt: skip
    royalty = royalty or context.ask(
        "--royalty", "Which share of gross do you ask for it, as 20%? 0% asks for none"
    )

    try:
        day = datetime.fromisoformat(until) if until else None
        end = day and day.replace(tzinfo=day.tzinfo or UTC)
    except ValueError:
        raise InvalidInput("--until must be a day, as 2027-12-31") from None
    document = None if shipped else document_hash(licence)
    terms = Terms.of(
        [each.strip() for each in uses.split(",")], royalty, floor, end,
        notice_of(notice), gate_of(k, gate), document,
    )  # fmt: skip
    return terms if shipped is None else terms.under(shipped)


class _Usual(NamedTuple):
    uses: str
    royalty: str | None = None
    gate: str | None = None


_USUAL = {
    "royalty": _Usual("train"),
    "licensed": _Usual("train", gate="market"),
    "no-ai": _Usual("none", "0%"),
}
"""What the name of a licence says. Which share is asked nobody says for somebody else."""


def notice_of(text: str) -> timedelta:
    if text == "irrevocable":
        return IRREVOCABLE
    found = context.moment(text, "--notice") if text.endswith("d") else None
    if not isinstance(found, timedelta):
        raise InvalidInput("--notice must be a number of days, as 30d, or irrevocable")
    return found


def gate_of(k: Kiseki, named: str | None) -> str | None:
    ours = {"list": k.data.gate.address, "market": k.market.address}
    return ours.get(named or "", named)


def say_what_can_be_sold(k: Kiseki, terms: Terms) -> None:
    """Says how long a licence can last: gate and notice cannot be changed after registration."""
    if terms.gate == k.market.address.lower():
        show.say(terms.longest_licence())


def uses_of(text: str) -> Use:
    """Uses as people write them, with commas.

    Raises:
        InvalidInput: there is no such use.
    """
    try:
        return reduce(or_, (Use[each.strip().upper()] for each in text.split(",")))
    except KeyError as error:
        raise InvalidInput(f"there is no use {error}; the uses are {in_words(Use(127))}") from None


def names_of(uses: Use) -> list[str]:
    """The names of uses, as people write them."""
    return [str(each.name).lower() for each in uses]


def in_words(uses: Use) -> str:
    """The names of uses in one text."""
    return ", ".join(names_of(uses))
