"""Signing in with a wallet (EIP-4361), and out.

A browser gets a session as a cookie that no script reads. A program, which says no origin, gets a
token to send along (`Authorization: Bearer`), and no cookie.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kiseki.core.values import from_hex
from kiseki.vault.handing.signin import NotSignedIn
from kiseki.web.guard import said
from kiseki.web.vault.desk import NONCE, SESSION, Desk, answered, peer

__all__ = ["entry"]

_ASKED, _SIGNED = 1 << 10, 1 << 16
"""Bytes of what is sent."""


async def sign_in(request: Request) -> Response:
    """A text for a wallet to sign."""
    desk = Desk.of(request)
    desk.count(request)
    desk.own(request)
    told = await said(request, _ASKED)
    wallet = told.get("wallet")
    now = desk.clock()
    given = await desk.work(
        desk.door.invite, wallet if isinstance(wallet, str) else "", peer(request), now
    )
    response = answered({"text": given.text, "nonce": given.nonce, "ends": given.ends})
    desk.set_cookie(response, NONCE, given.cookie, given.ends - now)
    return response


async def begin(request: Request) -> Response:
    """The signature, for a session."""
    desk = Desk.of(request)
    desk.count(request)
    desk.own(request)
    told = await said(request, _SIGNED)
    nonce, signature = told.get("nonce"), told.get("signature")
    if not isinstance(nonce, str) or not isinstance(signature, str):
        nonce, signature = "", "0x"
    raw, now = from_hex(signature, None, "the signature"), desk.clock()
    cookie = request.cookies.get(NONCE, "")
    session = await desk.work(desk.door.enter, nonce, cookie, raw, now)
    told = {"wallet": session.address, "ends": session.ends}
    if desk.is_browser(request):
        response = answered(told)
        desk.set_cookie(response, SESSION, session.token, session.ends - now)
    else:
        response = answered({**told, "token": session.token})
    desk.set_cookie(response, NONCE, "", 0)
    return response


async def end(request: Request) -> Response:
    """Signs out."""
    desk = Desk.of(request)
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    try:
        await desk.who(request, leaves=True)
    except NotSignedIn:
        pass  # which is what was wanted
    else:
        if kind.lower() != "bearer":
            token = request.cookies.get(SESSION, "")
        await desk.work(desk.door.leave, token.strip())
    response = answered({})
    desk.set_cookie(response, SESSION, "", 0)
    return response


entry = [
    Route("/sign-in", sign_in, methods=["POST"]),
    Route("/session", begin, methods=["POST"]),
    Route("/session", end, methods=["DELETE"]),
]
