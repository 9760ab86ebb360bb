"""Where pictures of links are asked for: each page's address with `.png` behind it.

The address alone says what a picture shows, its language too, so a cache can keep it; nothing that
a browser sends beside changes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request, Response

from kiseki.client.documents import Documents
from kiseki.core.values import from_hex
from kiseki.errors import ChainError, NotInIndex
from kiseki.index import Index
from kiseki.language import LANGUAGES
from kiseki.web.asked import Asked
from kiseki.web.cards.easel import Easel
from kiseki.web.shown import (
    batches,
    collections,
    commitments,
    home,
    identities,
    items,
    models,
    offers,
    parts,
    schedules,
    splits,
    terms,
    tokens,
    transactions,
    wallets,
)
from kiseki.web.words import Words

__all__ = ["cards"]

cards = APIRouter(include_in_schema=False)

_MINUTES = 300
"""Seconds for which a cache need not ask again. A picture says of which day it is."""

Ask = Callable[[Index, bytes, str, Documents], Any]
_ASKS: Mapping[str, tuple[str, Ask]] = {
    "data": ("item.html", lambda index, key, _, by: items.item(index, key, by, most=1)),
    "output": ("item.html", lambda index, key, _, by: items.item(index, key, by, most=1)),
    "commitment": (
        "commitment.html",
        lambda index, key, said, by: commitments.commitment(index, key, said, by, most=1),
    ),
    "collection": (
        "collection.html",
        lambda index, key, said, by: collections.collection(index, key, said, by, 1),
    ),
    "model": (
        "model.html",
        lambda index, key, said, by: models.model(index, key, said, by, parts.part, 1),
    ),
    "batch": (
        "batch.html",
        lambda index, key, said, by: batches.batch(index, key, said, by, parts.part, 1),
    ),
    "lineage": ("lineage.html", lambda index, key, *_: parts.of(index, key)),
    "token": ("token.html", lambda index, key, *_: tokens.token(index, key)),
    "split": ("split.html", lambda index, key, *_: splits.split(index, key, most=1)),
    "terms": (
        "terms.html",
        lambda index, key, language, _: terms.terms(index, key, language, most=1),
    ),
    "offer": ("offer.html", lambda index, key, *_: offers.offer(index, key)),
    "schedule": ("schedule.html", lambda index, key, *_: schedules.schedule(index, key)),
    "identity": ("identity.html", lambda index, key, *_: identities.identity(index, key)),
}
"""Page -> its template, and what it tells, in a language and by documents."""

Language = Annotated[str, Query(max_length=10)]


@cards.get("/index.png")
def front(request: Request, language: Language = "en") -> Response:
    """Of the first page."""
    return _picture(
        request, language, "home.html", lambda index: {"shown": home.home(index), "drawn": None}
    )


@cards.get("/file.png")
def file(request: Request, language: Language = "en") -> Response:
    """Of the page that is asked about files."""
    return _picture(request, language, "file.html", lambda _: {})


@cards.get("/wallet/{who}.png")
def wallet(request: Request, who: str, language: Language = "en") -> Response:
    """Of a wallet: its address alone."""
    return _picture(
        request, language, "wallet.html", lambda index: {"shown": wallets.wallet(index, who, 1)}
    )


@cards.get("/tx/{which}.png")
def transaction(request: Request, which: str, language: Language = "en") -> Response:
    """Of a transaction, as the node tells it."""
    key = from_hex(which, 32, "the hash of a transaction")
    try:
        told = request.app.state.site.transaction(key)
    except ChainError:
        return _later()
    if told is None:
        raise NotInIndex(f"the node knows no transaction {which}; another node may know it")
    return _picture(
        request, language, "transaction.html",
        lambda index: {"shown": transactions.shown(index, told)},
    )  # fmt: skip


@cards.get("/{kind}/{which}.png")
def thing(request: Request, kind: str, which: str, language: Language = "en") -> Response:
    """Of anything else that has a page."""
    if kind not in _ASKS:
        raise HTTPException(404)
    template, ask = _ASKS[kind]
    key, said = from_hex(which, 32, "the ID"), _language(language)
    documents: Documents = request.app.state.documents
    return _picture(
        request, language, template, lambda index: {"shown": ask(index, key, said, documents)}
    )


def _picture(
    request: Request, language: str, template: str, ask: Callable[[Index], Mapping[str, Any]]
) -> Response:
    """The picture of a page, as of one block. What is kept costs nothing, and what is not is asked
    and drawn only while there is time for it."""
    visit = Asked(request.app.state.site, request, Words(_language(language)))
    easel: Easel = request.app.state.easel
    address = f"{visit.words.language} {request.url.path.lower()}"
    with visit.site.reading() as index:
        state = visit.site.state(index)
        tag = visit.tag(state)
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=_headers(tag))
        png = easel.kept(address, tag)
        if png is not None:
            return Response(png, media_type="image/png", headers=_headers(tag))
        if not easel.may_draw():
            return _later()
        values = ask(index)
    png = easel.drawn(address, tag, visit.card(template, values, state))
    return _later() if png is None else Response(png, 200, _headers(tag), "image/png")


def _language(said: str) -> str:
    return said if said in LANGUAGES else "en"


def _headers(tag: str) -> dict[str, str]:
    return {"ETag": tag, "Cache-Control": f"public, max-age={_MINUTES}"}


def _later() -> Response:
    return Response(status_code=503, headers={"Retry-After": "10", "Cache-Control": "no-store"})
