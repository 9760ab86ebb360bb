"""The options by which people say terms."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiseki.cli import context, show
from kiseki.client.wallet import document_hash
from kiseki.core.terms import IRREVOCABLE, Terms
from kiseki.errors import InvalidInput

if TYPE_CHECKING:
    from kiseki.client.kiseki import Kiseki

__all__ = [
    "Collection", "Floor", "Gate", "Licence", "Notice", "Royalty", "Source", "Until", "Uses",
    "gate_of", "notice_of", "say_what_can_be_sold", "terms_of",
]  # fmt: skip
Uses = Annotated[str, typer.Option(help="What is allowed: train, reserved, or uses with commas.")]
Royalty = Annotated[str, typer.Option(help="The share of gross asked, as 20%.")]
Floor = Annotated[str, typer.Option(help="The share that no other source can dilute.")]
Licence = Annotated[Path | None, typer.Option(help="The licence as a document; its hash is kept.")]
Until = Annotated[str | None, typer.Option(help="Until when it holds, as 2027-12-31.")]
Notice = Annotated[
    str,
    typer.Option(
        help="How long consent holds after it was revoked, as 30d, which is the longest licence "
        "that can be sold; 0d ends it at once, `irrevocable` never."
    ),
]
Gate = Annotated[
    str | None, typer.Option(help="`list`, `market`, or the contract that says who may use it.")
]
Collection = Annotated[str, typer.Argument(help="The collection's ID, 0x…")]
Source = Annotated[Path, typer.Argument(help="A folder, or a list (MANIFEST.csv).")]


def terms_of(k: Kiseki, uses: str, royalty: str, floor: str, licence: Path | None,
             until: str | None, notice: str, gate: str | None) -> Terms:  # fmt: skip
    """Terms as the options say them."""
    try:
        end = datetime.fromisoformat(until).replace(tzinfo=UTC) if until else None
    except ValueError:
        raise InvalidInput("--until is a day, as 2027-12-31") from None
    return Terms.of(
        [each.strip() for each in uses.split(",")], royalty, floor, end,
        notice_of(notice), gate_of(k, gate), document_hash(licence),
    )  # fmt: skip


def notice_of(text: str) -> timedelta:
    if text == "irrevocable":
        return IRREVOCABLE
    found = context.moment(text, "--notice") if text.endswith("d") else None
    if not isinstance(found, timedelta):
        raise InvalidInput("--notice is so long, as 30d, or irrevocable")
    return found


def gate_of(k: Kiseki, named: str | None) -> str | None:
    ours = {"list": k.data.gate.address, "market": k.market.address}
    return ours.get(named or "", named)


def say_what_can_be_sold(k: Kiseki, terms: Terms) -> None:
    """Once it is registered neither gate nor notice can be changed."""
    if terms.gate == k.market.address.lower():
        show.say(terms.longest_licence())
