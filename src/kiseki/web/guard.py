"""What every answer and every question must keep to: headers and hosts."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kiseki.core import documents

__all__ = [
    "LOCAL", "POLICY", "Headers", "body", "hosts", "network", "origin", "own_page",
    "own_script", "said",
]  # fmt: skip

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""Nothing comes from elsewhere, and nothing that is written in a page runs or styles it."""

_ALWAYS = {
    "Cache-Control": "no-cache",  # files: a page and its scripts are of one release
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

LOCAL = ("localhost", "127.0.0.1", "[::1]")
"""The names of this machine to itself."""


class Headers:
    """Adds to every answer what keeps a browser from doing more than the page needs."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _ALWAYS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, guarded if scope["type"] == "http" else send)


def hosts(app: ASGIApp, names: Iterable[str]) -> ASGIApp:
    """Refuses questions to any host but those named, so that no other name can be made to lead
    here (DNS rebinding, poisoned caches).

    Args:
        names: of the site, without ports; the names of this machine to itself are added.
    """
    allowed = [*dict.fromkeys([*names, *LOCAL])]
    return TrustedHostMiddleware(app, allowed_hosts=allowed, www_redirect=False)


def origin(names: Iterable[str]) -> str:
    """The origin that a site gives to others: that of the first of its names, behind TLS; empty
    where it has none of its own. What a visitor calls the site (`Host`) is never passed on."""
    found = [each for each in names if each not in LOCAL and "*" not in each]
    return f"https://{found[0]}" if found else ""


def network(peer: str) -> str:
    """What one visitor has: an address of IPv4, or the 64 bits of IPv6 that a provider gives."""
    try:
        at = ipaddress.ip_address(peer)
    except ValueError:
        return peer
    if isinstance(at, ipaddress.IPv6Address):
        mapped = at.ipv4_mapped
        return str(mapped or ipaddress.ip_network((int(at) >> 64 << 64, 64)))
    return str(at)


def own_page(request: Request) -> None:
    """Refuses what another site's page sends in a visitor's name (CSRF).

    Raises:
        HTTPException: 403.
    """
    origin, whole = request.headers.get("origin", ""), request.url.netloc
    if (
        origin not in (f"https://{whole}", f"http://{whole}")
        or request.headers.get("sec-fetch-site", "same-origin") != "same-origin"
    ):
        raise HTTPException(403, "this can only be sent from a page of this site")


def own_script(request: Request) -> None:
    """The same, of what is sent as JSON, which a form of another site cannot.

    Raises:
        HTTPException: 403, or 415.
    """
    own_page(request)
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise HTTPException(415, "this can only be sent as JSON")


_SAID = 1 << 20
"""Bytes of what a script says."""


async def body(request: Request, most: int) -> bytes:
    """All that was sent, and never more than so many bytes of it.

    Raises:
        HTTPException: 413.
    """
    data = bytearray()
    async for part in request.stream():
        data += part
        if len(data) > most:
            raise HTTPException(413, "this is more than anything that is sent here")
    return bytes(data)


async def said(request: Request, most: int = _SAID) -> dict[str, Any]:
    """The JSON object that a script sent. What nests so deep that reading it would end the process
    is not read (`kiseki.core.documents`).

    Raises:
        HTTPException: 400, it is none; 413, it is too long.
    """
    try:
        found = documents.foreign(await body(request, most))
    except ValueError as error:
        raise HTTPException(400, "a part of this address has a wrong form") from error
    if not isinstance(found, dict):
        raise HTTPException(400, "a part of this address has a wrong form")
    return found
