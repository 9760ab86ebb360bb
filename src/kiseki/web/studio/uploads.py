"""A folder that a producer's browser names, and then sends in pieces."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from kiseki.errors import InvalidInput, KisekiError
from kiseki.vault.arriving import FILES, TABLE, Announced, Arriving
from kiseki.web.guard import body
from kiseki.web.studio.pages import Producer

__all__ = ["SAID", "field", "files", "took"]

SAID = 16 << 20
"""Bytes in which 20,000 files are named."""
_PIECE = 8 << 20
"""Bytes of a piece of a file."""


def files(given: Mapping[str, Any], *, beside_table: bool = False) -> list[Announced]:
    """The files of the folder that was chosen; with the table first, where one belongs beside it.

    Raises:
        InvalidInput: something else is named.
    """
    named = given.get("files")
    if not isinstance(named, list) or not named:
        raise _nothing(beside_table)
    found = [_announced(each, FILES, beside_table) for each in named]
    return [_announced(given.get("table"), TABLE, True), *found] if beside_table else found


def _nothing(beside_table: bool) -> InvalidInput:
    if beside_table:
        return InvalidInput("choose the table, and the folder with the files")
    return InvalidInput("choose the folder with the drawings and their list")


def _announced(given: object, below: str, beside_table: bool) -> Announced:
    match given:
        case [str(name), int(size), int(modified)] if 0 <= size < 1 << 53 > abs(modified):
            path = inside(name)
            if below == TABLE:
                path = PurePosixPath(path.name)
            if len(str(path)) > 1_000 or any(len(part.encode()) > 255 for part in path.parts):
                raise InvalidInput(f"the name {name!r:.80} is too long")
            return Announced(f"{below}/{path}", size, modified)
    raise _nothing(beside_table)


def inside(name: str) -> PurePosixPath:
    """The path below the folder that was chosen.

    Raises:
        InvalidInput: it leads elsewhere.
    """
    parts = PurePosixPath(name).parts
    if not parts or "\0" in name or "\\" in name or parts[0] == "/" or ".." in parts:
        raise InvalidInput(f"{name!r:.80} is no file of the folder that was chosen")
    return PurePosixPath(*(parts[1:] or parts))


async def took(
    request: Request, producer: Producer, store: Arriving, which: str, path: str, begins: int
) -> Response:
    """Takes a piece of a file; the answer says how much of the file is here then."""
    data = await body(request, _PIECE)
    try:
        received = await run_in_threadpool(store.take, which, path, begins, data)
    except KisekiError as error:
        return producer.refused(error)
    return JSONResponse({"received": received}, headers={"Cache-Control": "no-store"})


def field(given: Mapping[str, Any], name: str, most: int) -> str:
    """What a form says in a field; empty where it has none.

    Raises:
        InvalidInput: it is no text, or too long.
    """
    found = given.get(name, "")
    if not isinstance(found, str) or len(found) > most:
        raise InvalidInput("this form is filled in wrongly")
    return found
