"""The pages of a season's outputs: bring them, see what they rest on, register, download.

Nothing is sent to the chain before a page said what it costs, and what is registered is what that
page showed. A browser sends files in pieces, so one that was closed goes on where it stopped.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from kiseki.core.values import ZERO_ADDRESS, from_hex, one_line, to_hex
from kiseki.errors import InvalidInput, KisekiError
from kiseki.vault import outputlists
from kiseki.vault.seasons import FILES, TABLE, Announced, Brought
from kiseki.web.guard import body, own_page, own_script, said
from kiseki.web.studio import seasonshown as shown
from kiseki.web.studio.pages import Inside, Producer, let_in
from kiseki.web.studio.seasons import OTHER
from kiseki.web.studio.uploads import inside

__all__ = ["seasons"]

seasons = APIRouter(prefix="/studio/season", include_in_schema=False)

_PIECE = 8 << 20
"""Bytes of a piece of a file."""
_SAID = 16 << 20
"""Bytes in which 20,000 files are named."""
_NEVER = {"Cache-Control": "no-store"}


@seasons.get("")
def every(producer: Inside) -> Response:
    """All seasons, and the form for a new one."""
    kept = producer.desk.seasons
    found = [(each, kept.progress(each.id)) for each in kept.store.all()]
    return producer.page("seasons", rows=shown.rows(found), models=_models(producer))


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
    return producer.page(
        "season", brought=brought, looked=looked, found=found, rows=rows, progress=progress,
        stand=shown.state(brought, progress), problem=kept.problem(season),
        agreed=to_hex(found.id) if found else "", models=_models(producer), zero=ZERO_ADDRESS,
    )  # fmt: skip


# What comes


@seasons.post("", dependencies=[Depends(own_script)])
async def begin(request: Request) -> Response:
    """A new season is announced."""
    producer = let_in(request)
    given = await said(request, _SAID)
    return await run_in_threadpool(_announced, producer, given, "")


@seasons.post("/{season}", dependencies=[Depends(own_script)])
async def again(request: Request, season: str) -> Response:
    """Its files are announced again: the rest of them, or what was put in order."""
    producer = let_in(request)
    given = await said(request, _SAID)
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
    data = await body(request, _PIECE)
    store = producer.desk.seasons.store
    try:
        received = await run_in_threadpool(store.take, season, path, begins, data)
    except KisekiError as error:
        return producer.refused(error)
    return JSONResponse({"received": received}, headers=_NEVER)


def _announced(producer: Producer, given: Mapping[str, Any], season: str) -> Response:
    kept = producer.desk.seasons
    try:
        models = outputlists.ids(_field(given, "models", 4_000))
        files = _files(given)
        if season:
            brought = _of(producer, season)
            if kept.runs(season) or brought.registered_at is not None:
                raise InvalidInput("this season is being registered, or is; bring a new one")
        else:
            name = _field(given, "name", 100)
            if not name.strip() or one_line(name, 100) != name:
                raise InvalidInput("say in one short line of text what you call this season")
            season = kept.store.begin(name, models, producer.desk.now())
        missing = kept.store.announce(season, models, files)
    except KisekiError as error:
        return producer.refused(error)
    kept.look_again(season)
    at = producer.at(f"/season/{season}")
    return JSONResponse({"next": at, "files": missing}, headers=_NEVER)


def _files(given: Mapping[str, Any]) -> list[Announced]:
    """The table and the files that a browser names.

    Raises:
        InvalidInput: it names something else.
    """
    table, files = given.get("table"), given.get("files")
    if not isinstance(table, list) or not isinstance(files, list) or not files:
        raise InvalidInput("choose the table, and the folder with the files")
    name, *rest = _file(table, TABLE)
    return [Announced(name, *rest), *(Announced(*_file(each, FILES)) for each in files)]


def _file(given: object, below: str) -> tuple[str, int, int]:
    match given:
        case [str(name), int(size), int(modified)] if 0 <= size < 1 << 53 > abs(modified):
            path = inside(name)
            if below == TABLE:
                path = PurePosixPath(path.name)
            if len(str(path)) > 1_000 or any(len(part.encode()) > 255 for part in path.parts):
                raise InvalidInput(f"the name {name!r:.80} is too long")
            return f"{below}/{path}", size, modified
    raise InvalidInput("choose the table, and the folder with the files")


# What becomes of it


@seasons.post("/{season}/register", dependencies=[Depends(own_script)])
async def register(request: Request, season: str) -> Response:
    """Registers what the page before showed."""
    producer = let_in(request)
    given = await said(request, _SAID)
    return await run_in_threadpool(_registered, producer, season, given)


def _registered(producer: Producer, season: str, given: Mapping[str, Any]) -> Response:
    kept = producer.desk.seasons
    try:
        brought = _of(producer, season)
        agreed = from_hex(_field(given, "agreed", 66), 32, "what you agreed to")
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


def _models(producer: Producer) -> list[str]:
    """The models of the studio's wallet, of which one made most of what it brings."""
    with producer.visit.site.reading() as index:
        found = index.registered("ModelRegistry", producer.desk.wallet, most=20)
    return [to_hex(each) for each in found]


def _field(given: Mapping[str, Any], name: str, most: int) -> str:
    found = given.get(name, "")
    if not isinstance(found, str) or len(found) > most:
        raise InvalidInput("this form is filled in wrongly")
    return found
