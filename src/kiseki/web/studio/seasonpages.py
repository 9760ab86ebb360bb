"""The pages of a season's outputs: bring them, see what they rest on, register, download.

Nothing is sent to the chain before a page said what it costs, and what is registered is what that
page showed. A browser sends files in pieces, so one that was closed goes on where it stopped.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from kiseki.core.values import ZERO_ADDRESS, from_hex, one_line, to_hex
from kiseki.errors import InvalidInput, KisekiError
from kiseki.vault import outputlists
from kiseki.vault.seasons import Brought
from kiseki.web.guard import own_page, own_script, said
from kiseki.web.names import Name
from kiseki.web.studio import seasonshown as shown
from kiseki.web.studio import uploads
from kiseki.web.studio.pages import Inside, Producer, let_in
from kiseki.web.studio.seasons import OTHER

__all__ = ["seasons"]

seasons = APIRouter(prefix="/studio/season", include_in_schema=False)

_NEVER = {"Cache-Control": "no-store"}


@seasons.get("")
def every(producer: Inside) -> Response:
    """All seasons, and the form for a new one."""
    kept = producer.desk.seasons
    found = [(each, kept.progress(each.id)) for each in kept.store.all()]
    models, named = _models(producer)
    return producer.page("seasons", named, rows=shown.rows(found), models=models)


@seasons.get("/{season}")
def one(producer: Inside, season: str) -> Response:
    """A season: what was found, what it costs, how far it is."""
    kept = producer.desk.seasons
    looked = kept.looked(_of(producer, season))
    progress = kept.progress(season)
    brought = _of(producer, season)
    if looked is None and not progress.what:  # it was done in between
        looked = kept.looked(brought)
    found = looked.season if looked else None
    with producer.visit.site.reading() as index:
        rows = shown.batches(index, found.batches if found else (), kept.store.done(season))
    models, named = _models(producer)
    return producer.page(
        "season", named, brought=brought, looked=looked, found=found, rows=rows, progress=progress,
        stand=shown.state(brought, progress), problem=kept.problem(season),
        agreed=to_hex(found.id) if found else "", models=models, zero=ZERO_ADDRESS,
    )  # fmt: skip


# What comes


@seasons.post("", dependencies=[Depends(own_script)])
async def begin(request: Request) -> Response:
    """A new season is announced."""
    producer = let_in(request)
    given = await said(request, uploads.SAID)
    return await run_in_threadpool(_announced, producer, given, "")


@seasons.post("/{season}", dependencies=[Depends(own_script)])
async def again(request: Request, season: str) -> Response:
    """Its files are announced again: the rest of them, or what was put in order."""
    producer = let_in(request)
    given = await said(request, uploads.SAID)
    return await run_in_threadpool(_announced, producer, given, season)


@seasons.post("/{season}/file", dependencies=[Depends(own_page)])
async def piece(
    request: Request,
    season: str,
    path: Annotated[str, Query(max_length=1_200)],
    begins: Annotated[int, Query(alias="from", ge=0, lt=1 << 53)] = 0,
) -> Response:
    """A piece of a file."""
    producer = let_in(request)
    return await uploads.took(request, producer, producer.desk.seasons.store, season, path, begins)


def _announced(producer: Producer, given: Mapping[str, Any], season: str) -> Response:
    kept = producer.desk.seasons
    try:
        models = outputlists.ids(uploads.field(given, "models", 4_000))
        files = uploads.files(given, beside_table=True)
        if season:
            brought = _of(producer, season)
            if kept.runs(season) or brought.registered_at is not None:
                raise InvalidInput("this season is being registered, or is; bring a new one")
            missing = kept.store.announce(season, models, files)
        else:
            name = uploads.field(given, "name", 100)
            if not name.strip() or one_line(name, 100) != name:
                raise InvalidInput("say in one short line of text what you call this season")
            season = kept.store.begin(name, models, producer.desk.now())
            with kept.store.undone(season):
                missing = kept.store.announce(season, models, files)
    except KisekiError as error:
        return producer.refused(error)
    kept.look_again(season)
    at = producer.at(f"/season/{season}")
    return JSONResponse({"next": at, "files": missing}, headers=_NEVER)


# What becomes of it


@seasons.post("/{season}/register", dependencies=[Depends(own_script)])
async def register(request: Request, season: str) -> Response:
    """Registers what the page before showed."""
    producer = let_in(request)
    given = await said(request, uploads.SAID)
    return await run_in_threadpool(_registered, producer, season, given)


def _registered(producer: Producer, season: str, given: Mapping[str, Any]) -> Response:
    kept = producer.desk.seasons
    try:
        brought = _of(producer, season)
        agreed = from_hex(uploads.field(given, "agreed", 66), 32, "what you agreed to")
        if brought.registered_at is None and not kept.register(brought, agreed):
            raise InvalidInput(OTHER)
    except KisekiError as error:
        return producer.refused(error)
    return JSONResponse({"next": producer.at(f"/season/{season}")}, headers=_NEVER)


@seasons.post("/{season}/again", dependencies=[Depends(own_script)])
def look_again(producer: Inside, season: str) -> Response:
    """Looks once more, at the same files."""
    _of(producer, season)
    producer.desk.seasons.look_again(season)
    return JSONResponse({"next": producer.at(f"/season/{season}")}, headers=_NEVER)


@seasons.post("/{season}/forget", dependencies=[Depends(own_script)])
def forget(producer: Inside, season: str) -> Response:
    """Deletes a season of which nothing is registered."""
    kept = producer.desk.seasons
    try:
        _of(producer, season)
        if kept.progress(season).what:
            raise InvalidInput("something goes on with this season; wait until it is done")
        kept.store.forget(season)
    except KisekiError as error:
        return producer.refused(error)
    return JSONResponse({"next": producer.at("/season")}, headers=_NEVER)


# What is to be kept


@seasons.get("/{season}/outputs.csv")
def table(producer: Inside, season: str) -> Response:
    """Every registered output with its file, batch, models and transaction."""
    brought = _of(producer, season)
    text = shown.outputs_table(producer.desk.seasons.store.done(season))
    return _download(text, "text/csv; charset=utf-8", f"kiseki-outputs-{brought.id}.csv")


@seasons.get("/{season}/registered.json")
def registered(producer: Inside, season: str) -> Response:
    """What `kiseki output register --json` prints, of each batch, and what is in it."""
    brought = _of(producer, season)
    done = [dict(each.told) for each in producer.desk.seasons.store.done(season)]
    told = {"season": brought.name, "batches": done}
    text = json.dumps(told, ensure_ascii=False, indent=1) + "\n"
    return _download(text, "application/json", f"kiseki-outputs-{brought.id}.json")


def _download(text: str, kind: str, name: str) -> Response:
    where = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, media_type=kind, headers=_NEVER | where)


# Inside


def _of(producer: Producer, season: str) -> Brought:
    found = producer.desk.seasons.store.of(season)
    if found is None:
        raise HTTPException(404)
    return found


def _models(producer: Producer) -> tuple[list[shown.ModelChoice], Mapping[str, Name]]:
    """The newest models of the studio's wallet, of which one made most of what it brings, and what
    they are called."""
    with producer.visit.site.reading() as index:
        found = shown.choices(index, producer.desk.wallet)
        return found, producer.visit.named(index, found)
