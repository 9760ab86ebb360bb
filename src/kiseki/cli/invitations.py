"""`kiseki data invite` and `invited`: links for artists who have no wallet."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiseki.cli import context, names, show, sources
from kiseki.cli.data import data
from kiseki.cli.sources import Doubtful, Source
from kiseki.cli.terms import (
    Floor,
    Gate,
    Licence,
    Notice,
    Royalty,
    Until,
    Uses,
    say_what_can_be_sold,
    terms_of,
)
from kiseki.core.days import WAITING_DAYS, utc
from kiseki.disk import texts
from kiseki.errors import InvalidInput, KisekiError, NotInIndex

if TYPE_CHECKING:
    from kiseki.client.kiseki import Kiseki
    from kiseki.vault.invitations import Invitation

__all__: list[str] = []

_SITE = re.compile(r"https://[^/\s?#]+(/[^\s?#]*)?|http://localhost(:\d+)?/?")

Folder = Annotated[Path, typer.Argument(help="The folder of the invitations.")]
At = Annotated[
    str,
    typer.Option(
        help="Where `kiseki serve` is reached, as https://trace.example.org. Passkeys belong to "
        "that name for ever."
    ),
]


@data.command("invite")
def invite(
    source: Source, folder: Folder,
    studio: Annotated[str, typer.Option(help="How the studio calls itself.")],
    at: At = "http://localhost:8000",
    uses: Uses = None, royalty: Royalty = None, floor: Floor = "0%", licence: Licence = None,
    until: Until = None, notice: Notice = "30d", gate: Gate = None,
    days: Annotated[
        int, typer.Option(help="The invitations can be signed for this many days.")
    ] = WAITING_DAYS,
    qr: Annotated[
        Path | None, typer.Option(help="Draw a QR code of each link into this folder, as SVG.")
    ] = None,
    doubtful: Doubtful = "ask",
) -> None:  # fmt: skip
    """Invite the artists of a list to consent, by links that open on their phones.

    Sends nothing. The list has the columns file and artist; an artist is a name, and needs no
    wallet: their phone makes a passkey, and what they sign is prepared then. `kiseki serve
    --invitations` must run where --at says, on a machine that has the files. Run again with the
    same list it prints the same links. Whoever has a link can sign in the artist's place: send each
    to its artist alone.

    \b
    Examples:
      kiseki data invite cuts.csv invitations --studio "Studio Kaze" --uses train --royalty 20%
      kiseki data invite cuts.csv invitations --studio "Studio Kaze" --licence royalty:ja \\
        --royalty 20% --at https://trace.example.org --qr codes
    """
    from kiseki.client.data.invitations import Invitations

    site = _site(at)
    k = context.kiseki()
    terms = terms_of(k, uses, royalty, floor, licence, until, notice, gate)
    say_what_can_be_sold(k, terms)
    desk = Invitations(k.data, folder)
    context.opened.callback(desk.close)
    with show.progress("reading", "files") as told:
        made = desk.invite(
            source, terms, studio=studio, days=days, names=names.known, table=context.table(),
            progress=told, doubtful=sources.decide(doubtful),
        )  # fmt: skip
    links = [_link(site, each) for each in made]
    if qr is not None:
        _draw(qr, made, links)
    if context.current.json:
        show.json_line([
            {"artist": e.artist, "drawings": len(e.drawings), "account": e.account,
             "until": e.until, "link": link}
            for e, link in zip(made, links, strict=True)
        ])  # fmt: skip
        return
    show.say(terms.words())
    for each, link in zip(made, links, strict=True):
        show.say(f"{each.artist}, {show.count(len(each.drawings), 'drawing')}, until "
                 f"{utc(each.until)}:")  # fmt: skip
        show.line(f"  {link}")
    show.say(
        "Send each link to its artist alone. Whoever has it can sign in their place. Then let the "
        f"pages run: kiseki serve --invitations {folder}"
    )


@data.command("invited")
def invited(folder: Folder, at: At = "http://localhost:8000") -> None:
    """Show who was invited, and who has signed.

    Reads the chain, and sends nothing. `kiseki data consent submit` registers what is signed.

    \b
    Examples:
      kiseki data invited invitations
    """
    from kiseki.vault.invitations import InvitationStore

    site = _site(at)
    if not (folder / "invitations.sqlite").exists():
        raise InvalidInput(f"there are no invitations in {folder}; make some: kiseki data invite")
    store = InvitationStore(folder / "invitations.sqlite")
    context.opened.callback(store.close)
    k = context.watching()
    rows = [(each, _state(k, each)) for each in store.all()]
    if context.current.json:
        show.json_line([
            {"artist": e.artist, "drawings": len(e.drawings), "account": e.account,
             "collection": e.collection, "until": e.until, "state": state, "link": _link(site, e)}
            for e, state in rows
        ])  # fmt: skip
        return
    show.table(
        ["artist", "drawings", "state", "until"],
        [(e.artist, str(len(e.drawings)), state, utc(e.until)) for e, state in rows],
        numbers=["drawings"],
    )


def _state(k: Kiseki, invitation: Invitation) -> str:
    """How far one is, in words; only the chain says that it is registered."""
    if invitation.collection is not None and _there(k, invitation.collection):
        return "registered"
    if invitation.signed_at is not None:
        return "signed, not registered"
    if invitation.until < k.session.now():
        return "over, not signed"
    if invitation.declined_at is not None:
        return "declined"
    return "not opened" if invitation.collection is None else "begun, not signed"


def _there(k: Kiseki, collection: bytes) -> bool:
    try:
        k.index.collection(collection)
    except NotInIndex:
        return False
    return True


def _site(text: str) -> str:
    if not _SITE.fullmatch(text):
        raise InvalidInput(
            f"--at is the address of the site, as https://trace.example.org, not {text!r:.80}; "
            "without TLS only http://localhost makes passkeys"
        )
    return text.rstrip("/")


def _link(site: str, invitation: Invitation) -> str:
    return f"{site}/sign/{invitation.secret}"


def _draw(folder: Path, made: list[Invitation], links: list[str]) -> None:
    """A QR code for each link, named after its artist."""
    import io

    try:
        import segno
    except ModuleNotFoundError as error:
        raise KisekiError("QR codes need more packages; install kiseki[web]") from error
    for number, (each, link) in enumerate(zip(made, links, strict=True), 1):
        told = io.BytesIO()
        segno.make(link, error="m", micro=False).save(told, kind="svg", scale=8)
        name = re.sub(r"[^\w-]+", "-", each.artist).strip("-")[:60]
        path = folder / f"{number:03}-{name}.svg"
        texts.write(path, told.getvalue().decode(), mode=0o600, folder=True)
