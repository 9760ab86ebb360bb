"""Who asks: in which language, and on which page."""

from __future__ import annotations

from starlette.requests import HTTPConnection
from starlette.responses import Response

from kiseki.language import LANGUAGES, accepted

__all__ = ["here", "language_of", "remember"]

_COOKIE = "language"
_YEAR = 365 * 86_400


def language_of(request: HTTPConnection) -> str:
    """In which language a visitor reads: `?language=` first, then a cookie, then what the browser
    likes best."""
    said = request.query_params.get("language") or request.cookies.get(_COOKIE, "")
    return said if said in LANGUAGES else accepted(request.headers.get("accept-language", ""))


def remember(request: HTTPConnection, response: Response) -> None:
    """Keeps the language that was asked for by name, for the pages that come."""
    said = request.query_params.get("language")
    if said in LANGUAGES:
        response.set_cookie(_COOKIE, said, max_age=_YEAR, samesite="lax", httponly=True)


def here(path: str) -> str:
    """A path for links. Two slashes, or another site's address in the request's first line, would
    lead to that site."""
    return "/" + path.lstrip("/\\")
