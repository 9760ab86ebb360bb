"""What scripts of this site ask of the relay, and the page of each request.

`POST /relay/consent` takes the text of a consent's file, `/relay/revocation` that of a letter,
`/relay/operation` ``{"message", "signature", "key", "number"}``, `/relay/claim` ``{"wallet"}``,
`/relay/recovery` ``{"approvals"}``, letters of guardians, and `/relay/completion` ``{"account",
"key", "round"}``.
The answer names the page of the request, which nobody else can guess.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from kiseki.core.values import to_hex
from kiseki.errors import InvalidInput, SigningError
from kiseki.language import LANGUAGES
from kiseki.web.asked import Asked
from kiseki.web.guard import own_script
from kiseki.web.relay.book import TooMany
from kiseki.web.relay.relay import Relay
from kiseki.web.relay.told import Told

__all__ = ["relaying"]

relaying = APIRouter(prefix="/relay", include_in_schema=False)

_LONGEST = 1 << 18
"""Bytes of a request."""

_PRIVATE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}


async def _body(request: Request) -> str:
    """The text of a request, of which no more is read than any has."""
    text = bytearray()
    async for part in request.stream():
        text += part
        if len(text) > _LONGEST:
            raise HTTPException(413, "this is longer than anything that is relayed")
    try:
        return text.decode()
    except UnicodeDecodeError:
        raise HTTPException(400, "this is no text in UTF-8") from None


def _relay(request: Request) -> Relay:
    relay: Relay | None = request.app.state.relay
    if relay is None:
        raise HTTPException(404, "this site sends nothing for others")
    return relay


Visit = Annotated[Asked, Depends(Asked.of)]


@relaying.post("/{kind}", dependencies=[Depends(own_script)])
def asked(
    visit: Visit,
    kind: str,
    relay: Annotated[Relay, Depends(_relay)],
    text: Annotated[str, Depends(_body)],
) -> Response:
    """Somebody hands in what they signed, or asks for a claim."""
    client = visit.request.client
    peer = "" if client is None else client.host
    try:
        ticket = relay.ask(kind, text, peer)
    except TooMany as error:
        said = visit.words.refused(str(error))
        return JSONResponse(said, 429, {**_PRIVATE, "Retry-After": "3600"})
    except (InvalidInput, SigningError) as error:
        return JSONResponse(visit.words.refused(str(error)), 400, _PRIVATE)
    at = f"{visit.request.scope.get('root_path', '')}/relay/{ticket}"
    return JSONResponse({"ticket": ticket.id, "next": at}, 202, _PRIVATE)


@relaying.get("/{ticket}.json")
def twin(ticket: str, relay: Annotated[Relay, Depends(_relay)]) -> Response:
    """How a request stands, for a script."""
    return JSONResponse(_plain(_found(relay, ticket)), headers=_PRIVATE)


@relaying.get("/{ticket}/file")
def file(ticket: str, relay: Annotated[Relay, Depends(_relay)]) -> Response:
    """What was handed in, for whoever else is to send it."""
    told = _found(relay, ticket)
    name = f'attachment; filename="{told.kind}-{told.ticket[:8]}.json"'
    headers = {**_PRIVATE, "Content-Disposition": name}
    return Response(told.text, media_type="application/json", headers=headers)


@relaying.get("/{ticket}")
def page(visit: Visit, ticket: str, relay: Annotated[Relay, Depends(_relay)]) -> Response:
    """How a request stands, and how to have it sent by somebody else."""
    told = _found(relay, ticket)
    response = visit.plain("relay.html", 200, told=told, hexed=to_hex)
    response.headers.update(_PRIVATE)
    return response


def _found(relay: Relay, ticket: str) -> Told:
    told = relay.state(ticket)
    if told is None:
        raise HTTPException(404, "nobody has such a request here, or it ended long ago")
    return told


def _plain(told: Told) -> dict[str, Any]:
    return {
        "ticket": told.ticket,
        "kind": told.kind,
        "person": told.person,
        "state": told.state,
        "reason": told.reason.value if told.state in ("waiting", "refused") else None,
        "words": {each: told.words(each) for each in LANGUAGES},
        "detail": told.detail or None,
        "calls": [
            {"to": call.to, "data": to_hex(call.data), "value": str(call.value)}
            for call in told.calls
        ],
        "transaction": None if told.hash is None else to_hex(told.hash),
        "block": told.block,
        "transactions": [
            {
                "transaction": None if each.hash is None else to_hex(each.hash),
                "block": each.block,
                "fee": str(each.fee),
                "done": each.done,
            }
            for each in told.paid
        ],
        "ends": told.ends,
        "created": told.created,
    }
