"""Which bytes of a file somebody wants (RFC 9110, sections 13 and 14).

Of what is not one range of bytes, the whole file is the answer, as that standard lets a server do:
also several ranges, and units and forms that nobody knows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["Wanted", "wanted"]

_ONE = re.compile(r"bytes=[ \t]*([0-9]{0,18})-([0-9]{0,18})[ \t]*", re.ASCII | re.IGNORECASE)


class Wanted(NamedTuple):
    """What is to be answered.

    Attributes:
        status: 200 whole file, 206 a part, 304 the client has it, 412 it is another file than the
            client means, 416 there are no such bytes.
        start: the first byte.
        stop: the first byte that is not sent.
    """

    status: int
    start: int
    stop: int


def wanted(method: str, headers: Mapping[str, str], size: int, etag: str) -> Wanted:
    """What a question is about.

    Args:
        method: GET or HEAD.
        headers: of the question, by name in lower case.
        size: bytes of the file.
        etag: of the file, a strong one with its quotes.
    """
    only, unless = headers.get("if-match"), headers.get("if-none-match")
    if only is not None and not _names(only, etag, weak=False):
        return Wanted(412, 0, 0)
    if unless is not None and _names(unless, etag, weak=True):
        return Wanted(304, 0, 0)
    # A range is asked for with GET only, and with If-Range only of the very same file.
    if method == "GET" and headers.get("if-range", etag).strip() == etag:
        found = _ONE.fullmatch(headers.get("range", "").strip())
        if found and (found[1] or found[2]):
            return _part(found[1], found[2], size)
    return Wanted(200, 0, size)


def _part(first: str, last: str, size: int) -> Wanted:
    if not first:  # so many bytes at the end
        start, stop = max(0, size - int(last)), size
    elif last and int(last) < int(first):
        return Wanted(200, 0, size)  # no range at all
    else:
        start, stop = int(first), min(int(last) + 1 if last else size, size)
    return Wanted(206, start, stop) if start < stop else Wanted(416, 0, 0)


def _names(text: str, etag: str, *, weak: bool) -> bool:
    """Whether a list of entity tags has this one."""
    tags = [each.strip() for each in text.split(",")]
    return "*" in tags or etag in tags or (weak and f"W/{etag}" in tags)
