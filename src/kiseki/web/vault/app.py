"""All routes of a vault together, as a part of a site or alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from kiseki.errors import KisekiError
from kiseki.web.guard import Headers, hosts
from kiseki.web.vault.desk import Desk, answered, refused
from kiseki.web.vault.entry import entry
from kiseki.web.vault.giving import giving
from kiseki.web.vault.logs import logs
from kiseki.web.vault.pages import Named, pages

__all__ = ["application", "mounted"]

_STATIC = Path(__file__).parents[1] / "static"


async def health(request: Request) -> Response:
    """Whether the store answers, and for an operator how many downloads run."""
    desk = Desk.of(request)
    desk.count(request)
    await desk.work(desk.ledger.latest, "0x" + "00" * 20)
    told: dict[str, object] = {"ok": True}
    if "authorization" in request.headers and await desk.who(request) in desk.operators:
        told["downloads"] = desk.flow.running
    return answered(told)


def mounted(desk: Desk, named: Named | None = None) -> Mount:
    """The routes and pages under ``/vault``, for a site that has others.

    Args:
        named: what the site calls wallets; none where there is no site around.
    """
    inner = Starlette(
        routes=[*pages, *entry, *giving, *logs, Route("/health", health)],
        exception_handlers={KisekiError: refused, HTTPException: refused, Exception: refused},
    )
    inner.state.desk, inner.state.named = desk, named
    return Mount("/vault", inner, name="vault")


def application(desk: Desk) -> ASGIApp:
    """A vault that runs alone; it closes the desk when it ends."""

    @asynccontextmanager
    async def life(_: Starlette) -> AsyncIterator[None]:
        yield
        desk.close()

    app = Starlette(
        routes=[
            mounted(desk),
            Mount("/static", StaticFiles(directory=_STATIC), name="static"),
            Route("/", lambda _: RedirectResponse("/vault/")),
        ],
        lifespan=life,
        exception_handlers={HTTPException: refused},
    )
    return Headers(hosts(app, [urlsplit(desk.origin).hostname or ""]))
