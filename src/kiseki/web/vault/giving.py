"""Hand-outs, their content, and receipts.

Content is asked for at any range, as often as a download needs; its bytes are the same as long as
the hand-out lives, so a strong ETag names them.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kiseki.core.terms import Use
from kiseki.core.values import from_hex, to_hex
from kiseki.errors import InvalidInput
from kiseki.vault.age.files import Sealing
from kiseki.vault.age.keys import Recipient
from kiseki.vault.handing.handout import HandOut
from kiseki.vault.handing.ledger import Ledger
from kiseki.vault.handing.rates import AskedTooOften
from kiseki.vault.handing.receipts import HAND_OUT_USES
from kiseki.vault.handing.rules import NotGiven
from kiseki.web.guard import said
from kiseki.web.vault.desk import Desk, answered, hexed
from kiseki.web.vault.flow import Sent
from kiseki.web.vault.ranges import wanted

__all__ = ["giving"]

_ASKED = 1 << 20
"""Bytes of what is asked for: 10,000 items have 700,000."""
_PAGE = 1_000
"""Receipts of one answer, or items of which captions are told."""
_TEXTS = 1 << 20
"""Characters of captions after which an answer ends."""
_KEPT_NOWHERE = {
    "Accept-Ranges": "bytes",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


async def hand_out(request: Request) -> Response:
    """Begins a hand-out. What this answers is durable."""
    desk = Desk.of(request)
    caller = await desk.who(request)
    told = await said(request, _ASKED)
    return answered(await desk.work(_begun, desk, caller, told))


def _begun(desk: Desk, caller: str, told: dict[str, Any]) -> dict[str, object]:
    use, recipient = _use(told.get("use")), told.get("recipient")
    to = None if recipient is None else Recipient.of(_text(recipient, "the recipient"))
    collection, listed = told.get("collection"), told.get("items")
    found = None if collection is None else from_hex(collection, 32, "the collection's ID")
    items: Sequence[bytes]
    whole = listed is None
    if isinstance(listed, list):
        items = [from_hex(each, 32, "a data ID") for each in listed]
    elif not whole or found is None or desk.listed is None:
        raise InvalidInput("name the items, or a collection")
    else:
        # Of one that is not here its own ID is asked for, so that its answer takes as long.
        items = desk.listed(found) or [found]
    out = desk.handouts.begin(caller, items, use, to, found, partly=whole)
    return _told(out, desk.ledger)


def _told(out: HandOut, ledger: Ledger) -> dict[str, object]:
    proofs = ledger.proofs([each.issued for each in out.items])
    return {
        "handout": out.id.hex(),
        "ends": out.ends,
        "items": [
            {
                "item": to_hex(each.issued.salted.receipt.item),
                "size": each.size,
                "receipt": each.issued.salted.receipt.to_json(),
                "salt": to_hex(each.issued.salted.salt),
                "number": each.issued.number,
                "checkpoint": each.issued.checkpoint.to_bytes().decode(),
                "proof": proof.to_bytes().decode(),
            }
            for each, proof in zip(out.items, proofs, strict=True)
        ],
    }


async def content(request: Request) -> Response:
    """The content of an item, or a range of it."""
    desk = Desk.of(request)
    caller = await desk.who(request)
    now, running = desk.clock(), desk.downloads
    desk.pace.count(f"reads {caller}", desk.most.reads, now)
    if running[caller] >= desk.most.running or running.total() >= desk.most.all_running:
        raise AskedTooOften(1)
    handout, item = (hexed(request.path_params[name], n) for name, n in (("id", 16), ("item", 32)))
    opened = await desk.work(desk.handouts.open, handout, caller, item)
    etag = f'"{sha256(handout + item).hexdigest()[:32]}"'
    found = wanted(request.method, request.headers, opened.size, etag)
    headers = {**_KEPT_NOWHERE, "ETag": etag}
    if found.status in (304, 412):
        return Response(None, found.status, headers)
    if found.status == 416:
        headers["Content-Range"] = f"bytes */{opened.size}"
        return Response(None, 416, headers)
    headers["Content-Type"] = "application/octet-stream"
    headers["Content-Disposition"] = f'attachment; filename="{item.hex()[:16]}"'
    if found.status == 206:
        headers["Content-Range"] = f"bytes {found.start}-{found.stop - 1}/{opened.size}"
    if request.method == "HEAD":
        return Sent(desk.flow, iter(()), opened.size, found.status, headers)
    pieces: Iterator[bytes] = opened.read(found.start, found.stop)
    return _Counted(desk, caller, pieces, found.stop - found.start, found.status, headers)


class _Counted(Sent):
    """A download, which counts among those of its wallet as long as it runs."""

    def __init__(self, desk: Desk, caller: str, *given: Any) -> None:
        super().__init__(desk.flow, *given)
        self._running, self._caller = desk.downloads, caller

    async def __call__(self, *given: Any) -> None:
        """Answers (ASGI)."""
        self._running[self._caller] += 1
        try:
            await super().__call__(*given)
        finally:
            self._running[self._caller] -= 1
            if not self._running[self._caller]:
                del self._running[self._caller]


async def opening(request: Request) -> Response:
    """The registration receipt of what was handed out of a collection."""
    desk = Desk.of(request)
    caller = await desk.who(request)
    handout, collection = (
        hexed(request.path_params[name], n) for name, n in (("id", 16), ("collection", 32))
    )
    if desk.opening is None:
        raise NotGiven
    text = await desk.work(desk.opening, handout, caller, collection)
    return Response(text, media_type="application/json", headers=_KEPT_NOWHERE)


async def captions(request: Request) -> Response:
    """The captions of what was handed out, by data ID: encrypted to an age key (``to``), or as they
    are. ``after`` is the data ID behind which they are wanted; `next` where there are more."""
    desk = Desk.of(request)
    caller = await desk.who(request)
    desk.pace.count(f"reads {caller}", desk.most.reads, desk.clock())
    handout, asked = hexed(request.path_params["id"], 16), request.query_params
    after = hexed(asked["after"], 32) if "after" in asked else b""
    to = Recipient.of(asked["to"]) if "to" in asked else None
    return answered(await desk.work(_captions, desk, caller, handout, after, to))


def _captions(
    desk: Desk, caller: str, handout: bytes, after: bytes, to: Recipient | None
) -> dict[str, object]:
    items = desk.handouts.items(handout, caller, after, _PAGE + 1)
    told, size, last = list[dict[str, str | None]](), 0, b""
    for last, text in () if desk.captions is None else desk.captions(items[:_PAGE]):
        if text is None:
            told.append({"item": to_hex(last), "caption": None})
        elif text:
            data = text.encode(errors="replace")
            said = data.decode() if to is None else _sealed(data, to)
            told.append({"item": to_hex(last), "caption": said})
            size += len(said)
        if size >= _TEXTS:
            break
    more = last not in (b"", items[-1].id)
    return {"captions": told, "next": to_hex(last) if more else None}


def _sealed(data: bytes, to: Recipient) -> str:
    """An age file of its own, in Base64."""
    sealing = Sealing.to([to], len(data))
    whole = b"".join(sealing.read(lambda start, stop: iter([data[start:stop]])))
    return b64encode(whole).decode()


async def receipts(request: Request) -> Response:
    """Receipts: of what the caller was given by a provider (``provider``), and without that of what
    others were given of the caller's own. ``since`` is a number of the log; `next` where there are
    more."""
    desk = Desk.of(request)
    caller = await desk.who(request)
    asked = request.query_params
    since = asked.get("since", "0")
    if not since.isascii() or not since.isdigit() or len(since) > 18:
        raise InvalidInput("since is the number of an entry")
    return answered(await desk.work(_receipts, desk, caller, asked.get("provider"), int(since)))


def _receipts(desk: Desk, caller: str, provider: str | None, since: int) -> dict[str, object]:
    ledger = desk.ledger
    if provider is None:
        provider, rows = caller, ledger.given(caller, since, _PAGE + 1)
    else:
        rows = ledger.received(caller, provider, since, _PAGE + 1)
    return {
        "provider": provider,
        "receipts": [
            {"number": number, "receipt": receipt, "salt": to_hex(salt)}
            for number, receipt, salt in rows[:_PAGE]
        ],
        "next": rows[_PAGE][0] if len(rows) > _PAGE else None,
        "providers": ledger.givers(caller),
    }


def _use(word: object) -> Use:
    for each in HAND_OUT_USES:
        if str(each.name).lower() == word:
            return each
    words = ", ".join(str(each.name).lower() for each in HAND_OUT_USES)
    raise InvalidInput(f"say what it is for (use): one of {words}")


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise InvalidInput(f"{what} must be text")
    return value


giving = [
    Route("/handouts", hand_out, methods=["POST"]),
    Route("/handouts/{id}/openings/{collection}", opening, methods=["GET"]),
    Route("/handouts/{id}/captions", captions, methods=["GET"]),
    Route("/handouts/{id}/{item}", content, methods=["GET", "HEAD"]),
    Route("/receipts", receipts, methods=["GET"]),
]
