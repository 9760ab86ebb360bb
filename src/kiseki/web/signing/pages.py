"""The pages behind an invitation's link. Whoever has the link sees them, and nobody keeps them:
`no-store` for caches, nothing for search engines, and no page tells which link led to it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from markupsafe import Markup

from kiseki import licences
from kiseki.client.data import originwords
from kiseki.client.data.consents import Consent
from kiseki.core import ids, seal
from kiseki.core.checksum import checksummed
from kiseki.core.values import ZERO32, ZERO_ADDRESS, from_hex, to_hex
from kiseki.errors import FilesError, InvalidInput, KisekiError, NotInIndex
from kiseki.web.asked import Answer, Asked
from kiseki.web.guard import own_script
from kiseki.web.previews import LARGE, SMALL, preview
from kiseki.web.relay.relay import Relay
from kiseki.web.signing import passkeys
from kiseki.web.signing.desk import Desk
from kiseki.web.signing.passkeys import SiteName

__all__ = ["NoInvitation", "signing", "unknown"]

signing = APIRouter(prefix="/sign/{secret}", include_in_schema=False)

T = TypeVar("T")
NOT_OURS = "this passkey was not made here; make a new one"
_PAGE = 60
"""Drawings of one page."""


class NoInvitation(KisekiError):  # noqa: N818 - reads as what happened
    """Nobody here made this link, or the desk is closed."""


class Guest:
    """Whoever has a link.

    Attributes:
        visit: their question.
        desk: of the studio.
        invitation: that the link leads to.
    """

    def __init__(self, request: Request, secret: str) -> None:
        """
        Raises:
            NoInvitation: there is no such invitation here.
        """
        self.visit = Asked.of(request)
        desk: Desk | None = request.app.state.desk
        found = None if desk is None else desk.of(secret)
        if desk is None or found is None:
            raise NoInvitation("there is no such invitation here")
        self.desk, self.invitation = desk, found
        self.site = SiteName.of(request)

    def at(self, page: str = "") -> str:
        """The address of a page of this invitation."""
        root = self.visit.request.scope.get("root_path", "")
        return f"{root}/sign/{self.invitation.secret}{page}"

    def page(self, name: str, **values: object) -> Response:
        """A page of it."""
        return self.visit.plain(
            f"sign/{name}.html", 200, invitation=self.invitation, at=self.at, site=self.site,
            **values,
        )  # fmt: skip

    def relayed(self) -> None:
        """Hands what was just signed to the relay, where there is one. Where it takes nothing more
        now, the consent waits for the studio to send it, as it would without a relay."""
        relay: Relay | None = self.visit.request.app.state.relay
        if relay is None:
            return
        client = self.visit.request.client
        try:
            ticket = relay.consent(
                self.desk.consent(self.invitation), "" if client is None else client.host
            )
        except InvalidInput:
            return
        self.desk.store.relayed(self.invitation.secret, ticket.id)

    def consent(self) -> Consent | None:
        """What is signed; none before it is known who signs."""
        if self.invitation.consent is None:
            return None
        return self.desk.consent(self.invitation)


Visit = Annotated[Guest, Depends(Guest)]


def unknown(request: Request, _: Exception) -> Response:
    """What a visitor is shown whose link leads nowhere."""
    return Asked.of(request).plain("sign/unknown.html", 404)


# What is read


@signing.get("")
def begin(guest: Visit) -> Response:
    """Who asks for what; or what became of it, once it is signed."""
    invitation = guest.invitation
    if guest.site.is_number:  # no browser makes a passkey for 127.0.0.1
        address = guest.visit.request.url.replace(hostname="localhost")
        return RedirectResponse(str(address), 307)
    if invitation.signed_at is not None:
        return _signed(guest)
    options = None
    if not guest.desk.is_over(invitation):
        asked = passkeys.challenge(invitation.secret)
        options = {
            "create": passkeys.creating(guest.site, invitation.artist, asked),
            "get": passkeys.asking(guest.site, asked, None),
        }
    named = None if invitation.credential else invitation.account
    return guest.page(
        "begin", options=options, over=options is None, named=named and checksummed(named),
        asked=replace(invitation.terms, document=ZERO32).words(guest.visit.words.language),
    )  # fmt: skip


@signing.get("/terms")
def terms(guest: Visit) -> Response:
    """The terms, in plain words and whole."""
    consent = guest.consent()
    if consent is None:
        return RedirectResponse(guest.at(), 303)
    said, language = consent.kept.terms, guest.visit.words.language
    licence = licences.matches(said)
    payee = ids.wallet_address(consent.kept.payee.key)
    with guest.desk.using() as invitations:
        origin = invitations.origin(guest.invitation)
    return guest.page(
        "terms",
        origin=[] if origin is None else originwords.words(origin.origin, language),
        said=replace(said, document=ZERO32).words(language),
        document=to_hex(said.document) if any(said.document) else "",
        title=licence and licence.title(language),
        governs=licence and licence.language,
        open_to_all=said.gate == ZERO_ADDRESS,
        ends=bool(said.valid_until),
        text=licence and licences.licence(said, licence, language),
        account=checksummed(consent.asked),
        paid=None if payee == consent.asked else consent.kept.payee.words(language),
    )


@signing.get("/origin.json")
def origin(guest: Visit) -> Response:
    """The document of where the drawings come from, whose hash is signed, for the artist to keep.

    Raises:
        NotInIndex: the studio says nothing of that, or it is not known yet who signs.
    """
    with guest.desk.using() as invitations:
        found = invitations.origin(guest.invitation)
    if found is None:
        raise NotInIndex("there is no document of origin here")
    headers = {
        "Cache-Control": "no-store", "X-Robots-Tag": "noindex",
        "Content-Disposition": 'attachment; filename="origin.json"',
    }  # fmt: skip
    return Response(found.to_json(), media_type="application/json", headers=headers)


@signing.get("/drawings")
def drawings(guest: Visit, page: Annotated[int, Query(ge=1, le=100_000)] = 1) -> Response:
    """The very drawings that are signed for, and the signature."""
    consent = guest.consent()
    if consent is None:
        return RedirectResponse(guest.at(), 303)
    invitation, first = guest.invitation, (page - 1) * _PAGE
    if invitation.signed_at is not None:
        return RedirectResponse(guest.at(), 303)
    digest = guest.desk.challenge(invitation)
    asking = passkeys.asking(guest.site, digest, invitation.credential)
    return guest.page(
        "drawings",
        shown=list(enumerate(invitation.drawings))[first : first + _PAGE],
        pages=-(-len(invitation.drawings) // _PAGE),
        number=page,
        options=None if invitation.credential is None else asking,
        message=consent.message,  # for a wallet
        of_set=consent.kept.root.hex(),
        seal=Markup(seal.svg(consent.kept.root)),  # noqa: S704 - drawn here
        said=consent.words(guest.visit.words.language),
        release=guest.desk.release,
    )


@signing.get("/look/{number}")
def look(guest: Visit, number: int) -> Response:
    """One of them alone, with the way back."""
    if guest.consent() is None or guest.invitation.signed_at is not None:
        return RedirectResponse(guest.at(), 303)
    if not 0 <= number < len(guest.invitation.drawings):
        raise NotInIndex("there is no such drawing")
    drawing = guest.invitation.drawings[number]
    return guest.page("look", drawing=drawing, number=number, page=number // _PAGE + 1)


@signing.get("/drawing/{number}")
def drawing(guest: Visit, number: int, large: bool = False) -> Response:
    """A small picture of one of them; 404 where it cannot be shown."""
    if not 0 <= number < len(guest.invitation.drawings):
        raise NotInIndex("there is no such drawing")
    path: Path = guest.invitation.drawings[number].path
    try:
        told = preview(path, LARGE if large else SMALL)
    except FilesError as error:
        raise NotInIndex(f"this drawing cannot be shown here: {error}") from error
    headers = {"Cache-Control": "private, no-store", "X-Robots-Tag": "noindex"}
    return Response(told, media_type="image/webp", headers=headers)


# What is answered


@signing.post("/begin", dependencies=[Depends(own_script)])
def begun(guest: Visit, answer: Answer) -> Response:
    """The artist has a passkey: their account is known, and what they sign is prepared."""

    def work() -> None:
        store, secret = guest.desk.store, guest.invitation.secret
        if "attestationObject" in _response(answer):
            passkey = passkeys.made(guest.site, answer, secret)
            store.keep_passkey(passkey, guest.desk.now())
        else:
            named = store.passkey(passkeys.named(answer))
            if named is None:
                raise InvalidInput(NOT_OURS)
            passkey = named
            passkeys.answered(guest.site, answer, passkey, None, secret)
        with guest.desk.using() as invitations:
            invitations.begin(guest.invitation, passkey)

    return _done(guest, work, "/terms")


@signing.post("/signature", dependencies=[Depends(own_script)])
def signed(guest: Visit, answer: Answer) -> Response:
    """The artist signs."""

    def work() -> None:
        credential = guest.invitation.credential
        passkey = credential and guest.desk.store.passkey(credential)
        if not passkey:
            raise InvalidInput("it is not known yet who signs this; begin with a passkey")
        with guest.desk.using() as invitations:
            digest = invitations.challenge(guest.invitation)
            assertion = passkeys.answered(guest.site, answer, passkey, digest)
            invitations.sign(guest.invitation, passkey, assertion)
        guest.relayed()

    return _done(guest, work, "")


@signing.post("/no", dependencies=[Depends(own_script)])
def declined(guest: Visit) -> Response:
    """The artist does not agree. Nothing is signed, and the studio sees it."""
    store, secret = guest.desk.store, guest.invitation.secret
    return _done(guest, lambda: store.declined(secret, int(time.time())), "")


@signing.post("/wallet", dependencies=[Depends(own_script)])
def with_wallet(guest: Visit, answer: Answer) -> Response:
    """Somebody with a wallet signs: first it says which, then it signs."""

    def work() -> None:
        with guest.desk.using() as invitations:
            if "signature" in answer:
                given = from_hex(answer["signature"], None, "the signature")
                invitations.sign_with_wallet(guest.invitation, given)
            else:
                invitations.begin(guest.invitation, str(answer.get("account", "")))
        if "signature" in answer:
            guest.relayed()

    return _done(guest, work, "" if "signature" in answer else "/terms")


def _signed(guest: Guest) -> Response:
    """What became of a signature: only the chain says that it is registered."""
    consent = guest.consent()
    collection = guest.invitation.collection
    if consent is None or collection is None:
        raise InvalidInput("the consent file of this invitation is gone; ask the studio")
    registered = None
    with guest.visit.site.reading() as index:
        try:
            registered = index.collection_head(collection).registered_at
        except NotInIndex:
            registered = None
    return guest.page(
        "signed", registered=registered, collection=to_hex(collection),
        account=checksummed(consent.asked), ticket=guest.invitation.ticket,
        said=consent.words(guest.visit.words.language),
    )  # fmt: skip


def _response(answer: dict[str, Any]) -> dict[str, Any]:
    found = answer.get("response")
    return found if isinstance(found, dict) else {}


def _done(guest: Guest, work: Callable[[], T], page: str) -> Response:
    """Does it, and says which page comes next; or what is wrong."""
    try:
        work()
    except InvalidInput as error:
        said = guest.visit.words.refused(str(error))
        return JSONResponse(said, 400, {"Cache-Control": "no-store"})
    return JSONResponse({"next": guest.at(page)}, headers={"Cache-Control": "no-store"})
