"""The logs of receipts as any reader of C2SP tlog-tiles fetches them, and cosignatures.

Everybody may read them: their entries are salted hashes. A log's address is
``/vault/log/{provider}``; below it are ``checkpoint``, ``tile/…``, ``key``, ``consistency`` and
``anchors``. Of an anchor nobody gets more than one head and hashes of the others.
"""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from kiseki.core.values import address, address_text, from_hex, to_hex
from kiseki.errors import InvalidInput
from kiseki.vault.handing.anchors import Listed
from kiseki.vault.log.lines import hash_lines, number
from kiseki.vault.log.notes import Note
from kiseki.vault.log.tiles import WIDTH, Tile
from kiseki.web.guard import body, said
from kiseki.web.vault.desk import Desk, answered

__all__ = ["logs"]

_NOTE = 1 << 16
"""Bytes of a checkpoint with cosignatures."""
_MANY = 100
"""Anchors of one answer."""
_TEXT = "text/plain; charset=utf-8"
_FRESH = {"Cache-Control": "no-cache", "Access-Control-Allow-Origin": "*"}
_FOR_GOOD = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Access-Control-Allow-Origin": "*",
}


def _log(request: Request) -> tuple[Desk, str]:
    """The desk, and whose log is asked for.

    Raises:
        HTTPException: 404, it is nobody's.
        AskedTooOften: this network address asked too often.
    """
    desk = Desk.of(request)
    desk.count(request)
    try:
        return desk, address_text(address(request.path_params["provider"], "the provider"))
    except InvalidInput:
        raise _nothing() from None


def _nothing() -> HTTPException:
    return HTTPException(404, "this vault has no such log, or no such part of it yet")


async def key(request: Request) -> Response:
    """The key that signs a log, as vkey (C2SP signed-note)."""
    desk, provider = _log(request)
    return PlainTextResponse(f"{desk.ledger.key(provider).text}\n", headers=_FRESH)


async def checkpoint(request: Request) -> Response:
    """The last checkpoint, or that over so many entries; with its cosignatures."""
    desk, provider = _log(request)
    asked = request.path_params.get("size")
    size = None if asked is None else number(asked, "the size of a log")
    note = await desk.work(desk.cosigners.shown, provider, size)
    if note is None:
        raise _nothing()
    return Response(note.to_bytes(), headers=_FRESH, media_type=_TEXT)


async def tile(request: Request) -> Response:
    """A tile, or a bundle of entries."""
    desk, provider = _log(request)
    try:
        where = Tile.from_path(f"tile/{request.path_params['path']}")
        data = await desk.work(desk.ledger.tile, provider, where)
    except InvalidInput:
        raise _nothing() from None
    headers = _FOR_GOOD if where.width == WIDTH else _FRESH
    return Response(data, headers=headers, media_type="application/octet-stream")


async def consistency(request: Request) -> Response:
    """The proof that the first ``new`` entries begin with the first ``old``: hashes in base64, one
    a line."""
    desk, provider = _log(request)
    old, new = (number(request.query_params.get(each, ""), each) for each in ("old", "new"))
    path = await desk.work(desk.ledger.consistency, provider, old, new)
    return PlainTextResponse(hash_lines(path), headers=_FRESH)


async def anchors(request: Request) -> Response:
    """Which anchors have a head of a log, the latest first: those whose heads were read
    ``before``. And the wallet that stated the last of all."""
    desk, provider = _log(request)
    asked = request.query_params.get("before")
    before = None if asked is None else number(asked, "before")
    all_, found = list[Listed](), list[Listed]()
    if desk.anchors is not None:
        all_ = await desk.work(desk.anchors.listed)
        found = await desk.work(desk.anchors.of, desk.ledger.origin(provider), _MANY, before)
    told = {
        "wallet": all_[-1].wallet if all_ else None,
        "anchors": [{"document": to_hex(each.hash), "taken": each.taken} for each in found],
    }
    return JSONResponse(told, headers=_FRESH)


async def anchored(request: Request) -> Response:
    """The proof (C2SP tlog-proof) that the head of a log is in an anchor, with that head."""
    desk, provider = _log(request)
    document = _document(request)
    if desk.anchors is None:
        raise _nothing()
    proof = await desk.work(desk.anchors.prove, desk.ledger.origin(provider), document)
    if proof is None:
        raise _nothing()
    return Response(proof.to_bytes(), headers=_FOR_GOOD, media_type=_TEXT)


async def anchor(request: Request) -> Response:
    """An anchor, signed: how many heads it has, their root, when they were read and by whom it is
    stated."""
    desk = Desk.of(request)
    desk.count(request)
    document = _document(request)
    note = None
    if desk.anchors is not None:
        note = await desk.work(desk.anchors.note, document)
    if note is None:
        raise _nothing()
    return Response(note.to_bytes(), headers=_FOR_GOOD, media_type=_TEXT)


def _document(request: Request) -> bytes:
    try:
        return from_hex(request.path_params["document"], 32, "the hash of an anchor")
    except InvalidInput:
        raise _nothing() from None


async def cosign(request: Request) -> Response:
    """Cosignatures of a checkpoint that this vault signed, as a note. Who they are of shows
    itself, so nobody signs in."""
    desk, provider = _log(request)
    desk.own(request)
    note = Note.from_bytes(await body(request, _NOTE))
    kept = await desk.work(desk.cosigners.keep, provider, note, desk.clock())
    return answered({"kept": [each.name for each in kept]})


async def register(request: Request) -> Response:
    """A key that cosigns a provider's log, from the provider. Witnesses of all logs are registered
    by the keeper, on the machine."""
    desk, provider = _log(request)
    if await desk.who(request) != provider:
        raise HTTPException(403, "only a provider registers a key for the provider's own log")
    text = (await said(request, _NOTE)).get("key")
    found = await desk.work(
        desk.cosigners.register, text if isinstance(text, str) else "", provider
    )
    return answered({"key": found.text})


logs = [
    Route("/log/{provider}/key", key, methods=["GET"]),
    Route("/log/{provider}/checkpoint", checkpoint, methods=["GET"]),
    Route("/log/{provider}/checkpoint/{size}", checkpoint, methods=["GET"]),
    Route("/log/{provider}/tile/{path:path}", tile, methods=["GET"]),
    Route("/log/{provider}/consistency", consistency, methods=["GET"]),
    Route("/log/{provider}/anchors", anchors, methods=["GET"]),
    Route("/log/{provider}/anchors/{document}", anchored, methods=["GET"]),
    Route("/anchors/{document}", anchor, methods=["GET"]),
    Route("/log/{provider}/cosignatures", cosign, methods=["POST"]),
    Route("/log/{provider}/cosigners", register, methods=["POST"]),
]
