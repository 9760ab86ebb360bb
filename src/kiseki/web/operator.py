"""The operator's page: how far the index is, whether the node answers, what relay and keeper do.

It opens to those who run the site and to nobody else (`kiseki.web.studio.door`).
"""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from kiseki.core.values import to_hex
from kiseki.vault.people import folded
from kiseki.web.alarms import Bounds, alarms, keeper_metrics
from kiseki.web.asked import Asked
from kiseki.web.guard import own_page
from kiseki.web.relay.book import Whose
from kiseki.web.relay.relay import Relay
from kiseki.web.signing.desk import Desk
from kiseki.web.site import now
from kiseki.web.studio.door import Door
from kiseki.web.studio.pages import Shut

__all__ = ["operator"]

operator = APIRouter(include_in_schema=False)

_LAST, _FOUND = 30, 200
"""Requests that are shown: the last, or those of somebody."""
_LONGEST = 200
_WALLET = re.compile(r"(0x[0-9a-f]{1,40})(?:(?:…|\.\.\.)([0-9a-f]{1,40}))?")
"""The whole of an address, its beginning, or as pages print it."""


@operator.get("/operator")
def page(
    visit: Annotated[Asked, Depends(Asked.of)],
    key: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """How everything is that runs here."""
    if key:
        door: Door = visit.request.app.state.door
        response = RedirectResponse(visit.request.url.path, 303)
        if door.fits(key):
            door.let_in(visit.request, response)
        return response
    return _shown(visit, "")


@operator.post("/operator", dependencies=[Depends(own_page)])
async def found(request: Request) -> Response:
    """The same, with the requests of somebody. What is asked for is a person's name, so it stands
    in no address that a browser or a proxy keeps."""
    async with request.form(max_files=0, max_fields=5) as form:
        who = form.get("who")
    text = who.strip()[:_LONGEST] if isinstance(who, str) else ""
    return await run_in_threadpool(_shown, Asked.of(request), text)


def _shown(visit: Asked, who: str) -> Response:
    state = visit.request.app.state
    if not state.door.is_open(visit.request):
        raise Shut("this browser was not let in")
    relay: Relay | None = state.relay
    desk: Desk | None = state.desk
    with visit.site.reading() as index:
        read = visit.site.state(index)
    figures = None if relay is None else relay.figures()
    pending = [] if relay is None else relay.pending()
    keeper, today = keeper_metrics(state.keeper), now()
    names = [] if desk is None else desk.store.names()
    last = []
    if relay is not None:
        last = relay.last(_FOUND, whose(who, names)) if who else relay.last(_LAST)
    intents = [each for each, _ in pending]
    return visit.plain(
        "operator.html", 200, read=read, now=today, keeper=keeper, relay=figures,
        bounds=Bounds.of(read.chain_id, figures), pending=pending, last=last, who_is=who,
        alarms=alarms(read, figures, now=today, pending=intents, keeper=keeper),
        listed=sum(each.cost for each in last), most_found=_FOUND, knows=desk is not None,
        called=_called(names), hexed=to_hex,
    )  # fmt: skip


def whose(text: str, names: list[tuple[str, str]]) -> Whose:
    """Whom somebody means by a name or a wallet.

    Args:
        names: of whom this site asked for consent: account and name.
    """
    wallet = _WALLET.fullmatch(text.lower())
    if wallet:
        return Whose(begins=wallet[1], ends=wallet[2] or "")
    meant = folded(text)
    return Whose(persons=tuple({account for account, name in names if meant in folded(name)}))


def _called(names: list[tuple[str, str]]) -> dict[str, list[str]]:
    """Account in lower case -> how this studio's lists call them."""
    found: dict[str, list[str]] = {}
    for account, name in names:
        found.setdefault(account, []).append(name)
    return found
