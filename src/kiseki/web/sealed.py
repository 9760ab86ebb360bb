"""Cookies that only this site can have written, and that end."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

from fastapi import Request, Response

from kiseki.web.guard import LOCAL

__all__ = ["clear", "keep", "kept"]


def keep(
    request: Request, response: Response, name: str, value: Any, key: bytes, seconds: int
) -> None:
    """Has a browser bring a value back, for so many seconds and from this site's pages alone.

    Args:
        value: of JSON; the browser's owner can read it.
        key: 32 bytes that nobody else knows.
    """
    said = _text(json.dumps([int(time.time()) + seconds, value]).encode())
    response.set_cookie(
        name, f"{said}.{_seal(name, said, key)}", max_age=seconds, httponly=True, samesite="strict",
        secure=request.url.hostname not in LOCAL,
    )  # fmt: skip


def clear(response: Response, name: str) -> None:
    """Takes a value back."""
    response.delete_cookie(name, httponly=True, samesite="strict")


def kept(request: Request, name: str, key: bytes) -> Any:
    """The value that a browser brings back; none where it was not written here, or is over."""
    said, _, seal = request.cookies.get(name, "").partition(".")
    if not said or not hmac.compare_digest(seal.encode(), _seal(name, said, key).encode()):
        return None
    until, value = json.loads(base64.urlsafe_b64decode(said + "=" * (-len(said) % 4)))
    return value if until > time.time() else None


def _seal(name: str, said: str, key: bytes) -> str:
    return _text(hmac.digest(key, f"kiseki {name} {said}".encode(), hashlib.sha256))


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
