"""All of it together: pages, API, files, and what is answered where something is wrong."""

from __future__ import annotations

import logging
import secrets
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

import kiseki
from kiseki.client.documents import Documents
from kiseki.errors import IndexUnusable, InvalidInput, KisekiError, NotInIndex
from kiseki.index import DEPTH
from kiseki.web.api import Same, api, same, twins
from kiseki.web.asked import Asked
from kiseki.web.cards.easel import Easel
from kiseki.web.cards.routes import cards
from kiseki.web.described import describe
from kiseki.web.feeds import feeds
from kiseki.web.gallery import Gallery, gallery
from kiseki.web.guard import Headers, hosts, origin
from kiseki.web.names import Name, Names
from kiseki.web.operator import operator
from kiseki.web.own.guarding import guarding
from kiseki.web.own.pages import Closed, closed, own
from kiseki.web.own.works import works
from kiseki.web.pages import pages
from kiseki.web.people import Sandbox
from kiseki.web.rate import Rate
from kiseki.web.relay.metrics import lines as relay_lines
from kiseki.web.relay.relay import Relay
from kiseki.web.relay.routes import relaying
from kiseki.web.shelf import Shelf
from kiseki.web.signing.desk import Desk
from kiseki.web.signing.pages import NoInvitation, signing, unknown
from kiseki.web.site import READERS, Site, now
from kiseki.web.statements import statements
from kiseki.web.studio.door import Door
from kiseki.web.studio.invitepages import invites
from kiseki.web.studio.pages import Shut, shut, studio
from kiseki.web.studio.seasonpages import seasons
from kiseki.web.vault.app import mounted
from kiseki.web.vault.desk import Desk as VaultDesk

__all__ = ["application"]

_log = logging.getLogger("kiseki.web")
_STATIC = Path(__file__).parent / "static"


def application(
    site: Site,
    names: Iterable[str] = (),
    *,
    desk: Desk | None = None,
    door: Door | None = None,
    relay: Relay | None = None,
    keeper: Path | None = None,
    sandbox: Sandbox | None = None,
    called: Names | None = None,
    pictures: Gallery | None = None,
    documents: Documents | None = None,
    rate: Rate | None = None,
    shelf: Shelf | None = None,
    vault: VaultDesk | None = None,
    follows: bool = True,
    settles: int = DEPTH,
) -> ASGIApp:
    """The application of a site.

    Args:
        site: closed when the application ends.
        names: under which it is reached, without ports; those of this machine to itself count too.
            The first is the one that pictures and feeds of the site name, behind TLS.
        desk: of a studio whose invitations open here; closed likewise.
        door: to the pages of those who run the site; none lets nobody in.
        relay: pays gas for others; closed likewise.
        keeper: the file of a keeper's metrics, for the operator's page.
        sandbox: what is said of a sandbox, on every page; none for anything else.
        called: names that were stated in public, to be shown where they were.
        pictures: of outputs, which everybody sees.
        documents: that were published, to be told of where the chain has their hashes.
        rate: at which the pages of those who run the site name yen too; none to name none.
        shelf: for pages of the last block; one of its own when left out.
        vault: routes and pages of a vault, under ``/vault``; closed likewise.
        follows: whether it follows the chain, and relays, by itself.
        settles: how many blocks must stand on a use before a feed tells it.
    """
    names = list(names)

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        current_default_thread_limiter().total_tokens = READERS
        if follows:
            site.start()
            if relay is not None:
                relay.start()
        yield
        if relay is not None:
            relay.close()
        site.close()
        if desk is not None:
            desk.close()
        if vault is not None:
            vault.close()

    app = FastAPI(
        title="Kiseki",
        version=kiseki.__version__,
        description=(
            "What is registered of generative models: data, models, outputs, rights and money, as"
            " of one block. IDs are 0x text, amounts base units as text, times Unix seconds, parts"
            " of a whole fractions."
        ),
        lifespan=life,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        # FastAPI would tell whatever collects traces in this process the addresses that visitors
        # open, and links of invitations are secrets.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.state.site, app.state.desk, app.state.door = site, desk, door or Door()
    app.state.settles = settles
    app.state.gallery = pictures or Gallery()
    app.state.documents = documents or Documents()
    app.state.names = called or Names(() if sandbox is None else sandbox.names)
    app.state.easel, app.state.origin = Easel(), origin(names)
    app.state.shelf = Shelf() if shelf is None else shelf
    app.state.relay, app.state.keeper, app.state.sandbox = relay, keeper, sandbox
    app.state.rate = rate
    app.include_router(api)
    app.include_router(cards)
    app.include_router(feeds)
    app.include_router(gallery)
    app.include_router(statements)
    app.include_router(twins)  # before the pages, whose IDs could end in .json too
    app.include_router(pages)
    app.include_router(signing)
    app.include_router(own)
    app.include_router(guarding)
    app.include_router(works)
    app.include_router(studio)
    app.include_router(invites)
    app.include_router(seasons)
    app.include_router(relaying)
    app.include_router(operator)
    if vault is not None:

        def named(values: object) -> Mapping[str, Name]:
            with site.reading() as index:
                return app.state.names.of(index, values)  # type: ignore[no-any-return]

        app.router.routes.append(mounted(vault, named))
    app.openapi = describe(app)  # type: ignore[method-assign]
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    app.add_api_route("/robots.txt", _robots, include_in_schema=False)
    app.add_api_route("/health", _health, include_in_schema=False)
    app.add_api_route("/metrics", _metrics, include_in_schema=False)
    for kind, answer in (
        (NoInvitation, unknown),
        (Closed, closed),
        (Shut, shut),
        (Same, same),
        (KisekiError, _failed),
        (HTTPException, _refused),
        (RequestValidationError, _invalid),
        (Exception, _broken),
    ):
        app.add_exception_handler(kind, answer)
    return Headers(hosts(app, names))


# What is wrong, in words


def _failed(request: Request, error: Exception) -> Response:
    if isinstance(error, NotInIndex):
        return _wrong(request, 404, str(error))
    if isinstance(error, InvalidInput):
        return _wrong(request, 400, str(error))
    # Where files and databases lie is the operator's business, who reads it in the log.
    # A path can hold the secret of an invitation: the log has its pattern alone.
    _log.error("%s: %s", getattr(request.scope.get("route"), "path", "?"), error)
    return _wrong(request, 503, "what answers here cannot be used now; the operator knows more")


def _refused(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    status = error.status_code
    if status == 404 and error.detail == "Not Found":
        return _wrong(request, status, "there is no such page")
    if error.detail == HTTPStatus(status).phrase:
        return _wrong(request, status, "this address takes no question of this kind")
    return _wrong(request, status, error.detail)


def _invalid(request: Request, _: Exception) -> Response:
    return _wrong(request, 400, "a part of this address has a wrong form")


def _broken(request: Request, error: Exception) -> Response:
    """A fault of ours: the log, which has its trace as well, says it under the same mark. No
    template is used, as it may be what is broken."""
    mark = secrets.token_hex(4)
    _log.error("fault %s at %s", mark, getattr(request.scope.get("route"), "path", "?"))
    path = request.url.path
    if request.method == "POST" or path.startswith("/api/") or path.endswith(".json"):
        why = f"this site made a mistake; its operator finds it in the log as {mark}"
        return JSONResponse({"error": why}, 500, {"Cache-Control": "no-store"})
    text = _BROKEN.format(root=request.scope.get("root_path", ""), mark=mark)
    return HTMLResponse(text, 500, {"Cache-Control": "no-store"})


_BROKEN = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Kiseki</title><link rel="stylesheet" href="{root}/static/site.css">
<main><h1>This site made a mistake</h1>
<p>What is registered is not touched by it. Try again in a moment. If it stays, tell whoever runs
this site this mark: <b>{mark}</b>.</p>
<p lang="ja">このサイトの不具合により、ページを表示できません。登録内容に影響はありません。
しばらくしてからもう一度お試しください。続くときは、この記号をサイトの運営者にお知らせください：<b>{mark}</b></p>
<p><a href="{root}/">Kiseki</a></p></main></html>
"""


def _wrong(request: Request, status: int, why: str) -> Response:
    path = request.url.path
    if request.method == "POST":
        said = Asked.of(request).words.refused(why)
        return JSONResponse(said, status, {"Cache-Control": "no-store"})
    if path.startswith("/api/") or path.endswith(".json"):
        headers = {"Access-Control-Allow-Origin": "*", "Cache-Control": "no-store"}
        return JSONResponse({"error": why}, status, headers)
    return Asked.of(request).plain("wrong.html", status, code=status, why=why)


# For whoever runs it


def _robots() -> Response:
    """Search engines may read pages, and not walk every list."""
    closed = ("/search", "/api/", "/own", "/relay/", "/sign/", "/studio", "/vault")
    return PlainTextResponse("\n".join(["User-agent: *", *(f"Disallow: {e}" for e in closed), ""]))


def _health(request: Request) -> Response:
    """Whether pages can be made, and how far they are behind the clock."""
    site: Site = request.app.state.site
    try:
        with site.reading() as index:
            state = site.state(index)
    except IndexUnusable:
        return JSONResponse({"ok": False}, 503)
    node = "away" if state.failure else "answers"
    told = {"ok": True, "block": state.block, "age": max(0, now() - state.time), "node": node}
    return JSONResponse(told)


def _metrics(request: Request) -> Response:
    """The same for Prometheus."""
    site: Site = request.app.state.site
    with site.reading() as index:
        state = site.state(index)
    lines = [
        "# HELP kiseki_block The last block that was read.",
        "# TYPE kiseki_block gauge",
        f"kiseki_block {state.block}",
        "# HELP kiseki_age_seconds Seconds since that block was made.",
        "# TYPE kiseki_age_seconds gauge",
        f"kiseki_age_seconds {max(0, now() - state.time)}",
        "# HELP kiseki_node_answers Whether the node answered last time.",
        "# TYPE kiseki_node_answers gauge",
        f"kiseki_node_answers {0 if state.failure else 1}",
    ]
    relay: Relay | None = request.app.state.relay
    if relay is not None:
        lines += relay_lines(relay.figures())
    return PlainTextResponse("\n".join(lines) + "\n")
