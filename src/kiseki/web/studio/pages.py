"""The producer's first page: who was asked, who has signed; and the door to all of them.

Whoever sees them can invite in the studio's name and have its wallet pay for registering, so they
open to nobody else (`kiseki.web.studio.door`). Everything is shown in words before it is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from kiseki.errors import InvalidInput, KisekiError
from kiseki.web.asked import Answer, Asked
from kiseki.web.guard import own_script
from kiseki.web.names import Name
from kiseki.web.signing.desk import Desk
from kiseki.web.signing.passkeys import SiteName
from kiseki.web.studio.board import board
from kiseki.web.studio.door import Door
from kiseki.web.studio.purse import purse

__all__ = ["Inside", "Producer", "Shut", "let_in", "shut", "studio"]

studio = APIRouter(prefix="/studio", include_in_schema=False)


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

    def page(
        self, name: str, named: Mapping[str, Name] = MappingProxyType({}), /, **values: object
    ) -> Response:
        """One of the pages.

        Args:
            named: what is called how, of what stands on it.
        """
        return self.visit.plain(f"studio/{name}.html", 200, named, at=self.at, **values)

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
        "board", shown=shown, purse=purse(producer.desk), registering=producer.desk.registering,
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


# Registering


@studio.post("/register", dependencies=[Depends(own_script)])
def register(producer: Inside) -> Response:
    """Registers what is signed. The page before it said what that costs."""
    producer.desk.registering.start()
    return JSONResponse({"next": producer.at()}, headers={"Cache-Control": "no-store"})
