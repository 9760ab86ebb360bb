"""Signing in with a passkey: for an hour, this browser sees the pages of one account.

Being signed in shows pages. It moves nothing: whatever is done is signed by the key once more.
"""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request, Response

from kiseki.core.values import from_hex, to_hex
from kiseki.web import sealed

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
    said = [who.account, to_hex(who.credential)]
    sealed.keep(request, response, _COOKIE, said, key, _SECONDS)


def leave(response: Response) -> None:
    """Signs out, in this browser."""
    sealed.clear(response, _COOKIE)


def visitor(request: Request, key: bytes) -> Visitor | None:
    """Who is signed in; none if nobody is, or the hour is over."""
    said = sealed.kept(request, _COOKIE, key)
    return None if said is None else Visitor(said[0], from_hex(said[1], None, "a passkey"))
