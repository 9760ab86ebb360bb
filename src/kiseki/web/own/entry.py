"""Signing in with a passkey: for an hour, this browser sees the pages of one account.

Being signed in shows pages. It moves nothing: whatever is done is signed by the key once more.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from dataclasses import dataclass

from fastapi import Request, Response

from kiseki.core.values import address, address_text
from kiseki.errors import InvalidInput
from kiseki.web.guard import LOCAL

__all__ = ["Visitor", "enter", "leave", "visitor"]

_COOKIE = "kiseki-own"
_SECONDS = 3_600


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whoever signed in.

    Attributes:
        account: whose pages they see, in lower case.
        credential: of the passkey that signed in.
    """

    account: str
    credential: bytes


def enter(request: Request, response: Response, who: Visitor, key: bytes) -> None:
    """Signs somebody in, in this browser.

    Args:
        key: of this site, 32 bytes, which nobody else knows.
    """
    until = int(time.time()) + _SECONDS
    said = _text(json.dumps([who.account, _text(who.credential), until]).encode())
    response.set_cookie(
        _COOKIE, f"{said}.{_seal(said, key)}", max_age=_SECONDS, httponly=True, samesite="strict",
        secure=request.url.hostname not in LOCAL,
    )  # fmt: skip


def leave(response: Response) -> None:
    """Signs out, in this browser."""
    response.delete_cookie(_COOKIE, httponly=True, samesite="strict")


def visitor(request: Request, key: bytes) -> Visitor | None:
    """Who is signed in; none if nobody is, or the hour is over."""
    said, _, seal = request.cookies.get(_COOKIE, "").partition(".")
    if not said or not hmac.compare_digest(seal, _seal(said, key)):
        return None
    account, credential, until = json.loads(_bytes(said))
    if until < time.time():
        return None
    try:
        return Visitor(address_text(address(account, "the account")), _bytes(credential))
    except InvalidInput:
        return None


def _seal(said: str, key: bytes) -> str:
    return _text(hmac.new(key, b"kiseki own pages " + said.encode(), hashlib.sha256).digest())


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
