"""One collection of the owner's: its works one by one, and the consent to each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import RedirectResponse

from kiseki.core.values import from_hex
from kiseki.errors import FilesError, NotInIndex
from kiseki.web.own.drawings import drawings
from kiseki.web.own.pages import Visit
from kiseki.web.previews import LARGE, SMALL, preview
from kiseki.web.shown import collections

__all__ = ["works"]

works = APIRouter(prefix="/own/collection/{which}", include_in_schema=False)

_PAGE = 48
_PRIVATE = {"Cache-Control": "private, no-store", "X-Robots-Tag": "noindex"}


@dataclass(frozen=True, slots=True)
class WorkShown:
    """A work of the collection.

    Attributes:
        row: its ID, commitment and revocation, as everybody sees them.
        name: what the studio's list calls it; empty where this site does not have it.
    """

    row: collections.ItemRow
    name: str


@works.get("")
def shown(
    owner: Visit, which: str, after: Annotated[str | None, Query(max_length=66)] = None
) -> Response:
    """Its works, with the drawings where this site has them."""
    if owner.who is None:
        return RedirectResponse(owner.at(), 303)
    key, account = from_hex(which, 32, "the ID of a collection"), owner.who.account
    with owner.visit.site.reading() as index:
        record = index.collection_head(key)
        if record.provider.lower() != account:
            raise NotInIndex("this collection is another wallet's")
        forever = index.terms(record.terms_id).irrevocable
        rows = collections.items(index, key, account, after, _PAGE)
    here = drawings(owner.desk, account, key)
    names = {commitment: each.name for commitment, each in here.items()}
    listed = [
        WorkShown(row, names.get(from_hex(row.commitment, 32, "a commitment"), ""))
        for row in rows.rows
    ]
    return owner.page(
        "works", id_of=which, listed=listed, rows=rows, here=bool(here),
        revocable=owner.visit.request.app.state.relay is not None
        and record.revoked_at is None and not forever,
    )  # fmt: skip


@works.get("/drawing/{commitment}")
def drawing(owner: Visit, which: str, commitment: str, large: bool = False) -> Response:
    """A small picture of one of them, for its owner alone; 404 where there is none here."""
    key = from_hex(which, 32, "the ID of a collection")
    work = from_hex(commitment, 32, "the commitment")
    found = None if owner.who is None else drawings(owner.desk, owner.who.account, key).get(work)
    if found is None:
        raise NotInIndex("there is no such drawing")
    try:
        told = preview(found.path, LARGE if large else SMALL)
    except FilesError as error:
        raise NotInIndex(f"this drawing cannot be shown here: {error}") from error
    return Response(told, media_type="image/webp", headers=_PRIVATE)
