"""The producer's pages: invite, see who has signed, register.

Whoever sees them can invite in the studio's name and have its wallet pay for registering, so they
open to nobody else (`kiseki.web.studio.door`). Everything is shown in words before it is sent.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from kiseki import licences
from kiseki.chain.answers import quantity
from kiseki.chain.contract.contracts import node_errors
from kiseki.core.terms import Terms
from kiseki.errors import ChainError, InvalidInput, KisekiError
from kiseki.language import LANGUAGES
from kiseki.licences import LICENCES, Licence
from kiseki.vault import doubts
from kiseki.web.asked import Asked
from kiseki.web.guard import Answer, own_page, own_script
from kiseki.web.signing.desk import Desk
from kiseki.web.signing.passkeys import SiteName
from kiseki.web.studio import uploads
from kiseki.web.studio.board import board
from kiseki.web.studio.door import Door

__all__ = ["Inside", "Producer", "Shut", "let_in", "shut", "studio"]

studio = APIRouter(prefix="/studio", include_in_schema=False)

NO_LIST = "there must be exactly one list (CSV, TSV, XLSX or ODS) at the top of the folder"
_MOST_FILES = 20_000


class Shut(KisekiError):  # noqa: N818 - reads as what happened
    """This browser was not let in."""


class Producer:
    """Somebody at the studio's pages.

    Attributes:
        visit: their question.
        desk: of the studio.
        door: through which they came.
    """

    def __init__(self, request: Request) -> None:
        """
        Raises:
            Shut: this site has no studio's pages.
        """
        self.visit, self.site = Asked.of(request), SiteName.of(request)
        self.request, self.door = request, _door(request)
        desk: Desk | None = request.app.state.desk
        if desk is None:
            raise Shut("there is no studio's desk here")
        self.desk = desk

    def at(self, page: str = "") -> str:
        """The address of one of the pages."""
        return f"{self.request.scope.get('root_path', '')}/studio{page}"

    @property
    def origin(self) -> str:
        """The address of this site, as links name it."""
        secure = self.site.host not in ("localhost", "127.0.0.1", "[::1]")
        where = self.request.url.netloc.replace("127.0.0.1", "localhost")
        root = self.request.scope.get("root_path", "")
        return f"{'https' if secure else 'http'}://{where}{root}"

    def page(self, name: str, **values: object) -> Response:
        """One of the pages."""
        return self.visit.plain(f"studio/{name}.html", 200, at=self.at, **values)

    def refused(self, error: KisekiError) -> Response:
        """What is wrong, for a script."""
        said = self.visit.words.refused(str(error))
        return JSONResponse(said, 400, {"Cache-Control": "no-store"})


def _door(request: Request) -> Door:
    found: Door = request.app.state.door
    return found


def let_in(request: Request) -> Producer:
    """Whoever was let in.

    Raises:
        Shut: this browser was not.
    """
    if not _door(request).is_open(request):
        raise Shut("this browser was not let in")
    return Producer(request)


Inside = Annotated[Producer, Depends(let_in)]


def shut(request: Request, _: Exception) -> Response:
    """What a visitor is shown who was not let in: how to come in, where a wallet can."""
    visit, door = Asked.of(request), _door(request)
    chain_id = visit.site.k.session.chain_id
    asked = door.asked(request, chain_id) if door.wallets else None
    page = request.url.path.rpartition("/")[2]
    return visit.plain(
        "studio/door.html", 403, asked=asked, root_of=request.scope.get("root_path", ""),
        to="operator" if page == "operator" else "studio",
    )  # fmt: skip


# Coming in


@studio.get("")
def front(request: Request, key: Annotated[str, Query(max_length=100)] = "") -> Response:
    """Who was asked, who has signed; or the door."""
    if key:
        response = RedirectResponse(request.url.path, 303)
        if _door(request).fits(key):
            _door(request).let_in(request, response)
        return response
    producer = let_in(request)
    with producer.visit.site.reading() as index:
        state = producer.visit.site.state(index)
        shown = board(index, producer.desk.store.all(), producer.origin, state.time)
    return producer.page(
        "board", shown=shown, wei=_price(producer.desk), registering=producer.desk.registering,
        relays=request.app.state.relay is not None,
    )  # fmt: skip


@studio.post("/enter", dependencies=[Depends(own_script)])
def entered(
    request: Request, answer: Answer, to: Annotated[str, Query(max_length=20)] = ""
) -> Response:
    """A wallet signs in, to the studio's pages or the operator's, which a site may have alone."""
    visit, door = Asked.of(request), _door(request)
    never_kept = {"Cache-Control": "no-store"}
    try:
        door.entered(request, visit.site.k.session.chain_id, answer)
    except InvalidInput as error:
        return JSONResponse(visit.words.refused(str(error)), 400, never_kept)
    page = "/operator" if to == "operator" or request.app.state.desk is None else "/studio"
    at = f"{request.scope.get('root_path', '')}{page}"
    response = JSONResponse({"next": at}, headers=never_kept)
    door.let_in(request, response)
    return response


@studio.post("/leave", dependencies=[Depends(own_script)])
def left(producer: Inside) -> Response:
    """Somebody leaves."""
    response = JSONResponse({"next": producer.at()}, headers={"Cache-Control": "no-store"})
    producer.door.shut(response)
    return response


# Inviting


@studio.get("/invite")
def ask(producer: Inside) -> Response:
    """The form: drawings, list, terms."""
    names = [
        (word, Licence(word, 1, "en").title(producer.visit.words.language)) for word in LICENCES
    ]
    return producer.page("invite", names=names)


@studio.post("/invite", dependencies=[Depends(own_page)])
async def invite(request: Request) -> Response:
    """Drawings and list come from the browser; each artist in the list is invited."""
    producer = let_in(request)
    async with request.form(max_files=_MOST_FILES, max_fields=50) as form:
        said = {name: each for name, each in form.items() if isinstance(each, str)}
        sent = [
            (each.filename or "", each.file)
            for _, each in form.multi_items()
            if isinstance(each, UploadFile) and each.filename
        ]
        try:
            await run_in_threadpool(_invited, producer, said, sent)
        except KisekiError as error:
            return producer.refused(error)
    return JSONResponse({"next": producer.at()}, headers={"Cache-Control": "no-store"})


def _invited(producer: Producer, said: dict[str, str], sent: list[Any]) -> None:
    terms, days = _terms(producer.desk, said), _whole(said, "days", 30)
    with producer.desk.using() as invitations:
        folder, lists = uploads.kept(sent, invitations.folder / "drawings")
        if len(lists) != 1:
            raise InvalidInput(NO_LIST)
        invitations.invite(
            lists[0], terms, studio=said.get("studio", ""), days=days,
            names=producer.desk.names, doubtful=doubts.refuse, within=folder,
        )  # fmt: skip


def _terms(desk: Desk, said: dict[str, str]) -> Terms:
    """The terms that the form says, under one of Kiseki's licences.

    Raises:
        InvalidInput: it says something that no terms can.
    """
    word, language = said.get("licence", ""), said.get("governs", "")
    if word not in LICENCES or language not in LANGUAGES:
        raise InvalidInput("choose one of the licences, and the language that counts")
    notice = timedelta(days=_whole(said, "notice", 30))
    royalty = said.get("royalty", "").strip() or "0%"
    if not royalty.endswith("%"):
        royalty += "%"
    uses = "none" if word == "no-ai" else "train"
    with desk.connected() as k:
        gate = k.market.address if word == "licensed" else None
    found = Terms.of(uses, "0%" if uses == "none" else royalty, notice=notice, gate=gate)
    return found.under(licences.Licence(word, 1, language))


def _whole(said: dict[str, str], name: str, otherwise: int) -> int:
    text = said.get(name, "").strip()
    if not text:
        return otherwise
    if not text.isascii() or not text.isdigit() or len(text) > 5:
        raise InvalidInput("say the number of days as a whole number")
    return int(text)


# Registering


@studio.post("/register", dependencies=[Depends(own_script)])
def register(producer: Inside) -> Response:
    """Registers what is signed. The page before it said what that costs."""
    producer.desk.registering.start()
    return JSONResponse({"next": producer.at()}, headers={"Cache-Control": "no-store"})


def _price(desk: Desk) -> int | None:
    """What a unit of gas costs now, in wei; none where the node does not say."""
    try:
        with desk.connected() as k, node_errors():
            return quantity(k.session.node.one("eth_gasPrice"), 96)
    except ChainError:
        return None
