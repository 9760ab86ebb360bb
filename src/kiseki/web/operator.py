"""The operator's page: how far the index is, whether the node answers, what relay and keeper do.

It opens to those who run the site and to nobody else (`kiseki.web.studio.door`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import RedirectResponse

from kiseki.core.values import to_hex
from kiseki.web.asked import Asked
from kiseki.web.relay.relay import Relay
from kiseki.web.relay.told import Figures
from kiseki.web.site import State, now
from kiseki.web.studio.door import Door
from kiseki.web.studio.pages import Shut

__all__ = ["Keeper", "alarms", "keeper_metrics", "operator"]

operator = APIRouter(include_in_schema=False)

_LAST = 30
_LONGEST = 1 << 16


@dataclass(frozen=True, slots=True)
class Keeper:
    """What a keeper said last (`kiseki keeper --metrics`).

    Attributes:
        time: when, in Unix seconds.
        values: its metrics, without ``kiseki_keeper_``.
    """

    time: int
    values: dict[str, str]


def keeper_metrics(path: Path | None) -> Keeper | None:
    """What a keeper wrote into its file; none where there is none."""
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            text = file.read(_LONGEST).decode("utf-8", "replace")
        time = int(path.stat().st_mtime)
    except OSError:
        return None
    rows = [each.rpartition(" ") for each in text.splitlines() if not each.startswith("#")]
    return Keeper(time, {name.removeprefix("kiseki_keeper_"): said for name, _, said in rows})


def alarms(read: State, relay: Figures | None) -> list[str]:
    """What needs somebody: ``node``, ``trouble``, ``balance``, ``limit``."""
    found = ["node"] if read.failure else []
    if relay is None:
        return found
    if relay.trouble is not None:
        found.append("trouble")
    if relay.balance is not None and relay.balance < relay.day:
        found.append("balance")
    if relay.spent * 5 >= relay.day * 4:
        found.append("limit")
    return found


@operator.get("/operator")
def page(
    visit: Annotated[Asked, Depends(Asked.of)],
    key: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """How everything is that runs here."""
    door: Door = visit.request.app.state.door
    if key:
        response = RedirectResponse(visit.request.url.path, 303)
        if door.fits(key):
            door.let_in(visit.request, response)
        return response
    if not door.is_open(visit.request):
        raise Shut("this browser was not let in")
    state = visit.request.app.state
    relay: Relay | None = state.relay
    with visit.site.reading() as index:
        read = visit.site.state(index)
    figures = None if relay is None else relay.figures()
    return visit.plain(
        "operator.html", 200, read=read, now=now(), keeper=keeper_metrics(state.keeper),
        relay=figures, alarms=alarms(read, figures),
        last=[] if relay is None else relay.last(_LAST),
        pending=[] if relay is None else relay.pending(), hexed=to_hex,
    )  # fmt: skip
