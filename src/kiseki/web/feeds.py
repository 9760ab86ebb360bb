"""Feeds of new uses, and of revocations that touch a developer's models (Atom, RFC 4287), page by
page (RFC 5005), for whoever wants to be told.

A feed has only what is on the chain, and the address alone says what is answered. Entries come once
so many blocks stand on them that none is taken back: who reads feeds never unlearns one.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from kiseki.language import LANGUAGES
from kiseki.web.asked import Asked, number
from kiseki.web.shown import withdrawals
from kiseki.web.shown.newest import FeedShown, feed
from kiseki.web.words import Words

__all__ = ["feeds"]

feeds = APIRouter(include_in_schema=False)


class _Feed:
    """A question for a feed, in the language that its address says."""

    def __init__(
        self,
        request: Request,
        language: Annotated[str, Query(max_length=10)] = "en",
        before: Annotated[str | None, Query(max_length=70)] = None,
    ) -> None:
        said = language if language in LANGUAGES else "en"
        self.visit = Asked(request.app.state.site, request, Words(said))
        self.before = before

    def answer(self, kind: str, which: str) -> Response:
        """A feed of new uses as XML; nothing where the reader has it.

        Raises:
            InvalidInput: `before` is no place.
        """
        before = None if self.before is None else number(self.before)
        site, settles = self.visit.site, self.visit.request.app.state.settles
        with site.reading() as index:
            state = site.state(index)
            shown: FeedShown = feed(
                index, state.chain_id, kind, which, state.block - settles, before
            )
        return self.visit.atom("feed.xml", "application/atom+xml", shown=shown, wait=settles)

    def withdrawals(self, who: str) -> Response:
        """A feed of revocations, likewise.

        Raises:
            InvalidInput: `before` is no cursor, or it is no address.
        """
        site, settles = self.visit.site, self.visit.request.app.state.settles
        language = self.visit.words.language
        with site.reading() as index:
            state = site.state(index)
            last = state.block - settles
            shown = withdrawals.feed(index, state.chain_id, who, language, last, self.before)
        return self.visit.atom("withdrawals.xml", "application/atom+xml", shown=shown, wait=settles)


Visit = Annotated[_Feed, Depends(_Feed)]


@feeds.get("/collection/{which}/uses.atom")
def of_collection(asked: Visit, which: str) -> Response:
    """Who newly declares a collection."""
    return asked.answer("collection", which)


@feeds.get("/model/{which}/uses.atom")
def of_model(asked: Visit, which: str) -> Response:
    """What newly builds on a model, or was made with it."""
    return asked.answer("model", which)


@feeds.get("/wallet/{who}/uses.atom")
def of_wallet(asked: Visit, who: str) -> Response:
    """Who newly declares anything that a wallet registered."""
    return asked.answer("wallet", who)


@feeds.get("/wallet/{who}/withdrawals.atom")
def withdrawn(asked: Visit, who: str) -> Response:
    """What was revoked on which the models of a wallet rest."""
    return asked.withdrawals(who)
