"""The pages of invitations: bring drawings and their list, see who would be asked, make the links.

Nobody is invited before a page showed who stands in the list, what is missing and whose, under
which terms, and what registering will cost and who pays. A browser sends the folder in pieces, so
one that was closed goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from kiseki import licences
from kiseki.client import costs
from kiseki.client.data import guests
from kiseki.client.data.guests import Seen
from kiseki.core.checksum import checksummed
from kiseki.core.terms import Terms
from kiseki.core.values import ZERO32, uint
from kiseki.errors import InvalidInput, KisekiError
from kiseki.language import LANGUAGES
from kiseki.licences import LICENCES, Licence
from kiseki.vault import doubts
from kiseki.vault.arriving import FILES, Announced
from kiseki.vault.drafts import Draft
from kiseki.web.guard import own_page, own_script, said
from kiseki.web.signing.desk import Desk
from kiseki.web.studio import uploads
from kiseki.web.studio.pages import Inside, Producer, let_in
from kiseki.web.studio.purse import purse

__all__ = ["NO_LIST", "OTHER", "invites"]

invites = APIRouter(prefix="/studio/invite", include_in_schema=False)

NO_LIST = "there must be exactly one list (CSV, TSV, XLSX or ODS) at the top of the folder"
OTHER = "what you saw is no longer what is here; look at it again, and then make the links"
_LISTS = (".csv", ".tsv", ".xlsx", ".ods")
_ASKED = ("royalty", "licensed")
"""Licences that an artist is asked for: the third allows nothing."""
_FIELDS = ("studio", "licence", "governs", "royalty", "notice", "days")
_NEVER = {"Cache-Control": "no-store"}


@invites.get("")
def ask(producer: Inside) -> Response:
    """The form: drawings, list, terms."""
    return producer.page(
        "invite", drafts=producer.desk.drafts.open(), licences=_titles(producer), given=None
    )


@invites.get("/licence/{word}")
def text(producer: Inside, word: str) -> Response:
    """The whole text of a licence, with blanks where the terms stand."""
    if word not in LICENCES:
        raise HTTPException(404)
    language = producer.visit.words.language
    which = Licence(word, 1, language)
    return producer.page("licence", title=which.title(language), text=licences.blank(which))


@invites.get("/{draft}")
def one(producer: Inside, draft: str) -> Response:
    """Who would be asked for what; what is missing; what it will cost."""
    brought, language = _of(producer, draft), producer.visit.words.language
    if brought.invited_at is not None:
        return RedirectResponse(producer.at(), 303)
    seen, problem = None, ""
    if brought.is_whole:
        try:
            seen = _seen(producer, brought)
        except KisekiError as error:
            problem = str(_without_places(error, producer.desk, draft))
    terms = _terms(producer.desk, brought.said)
    which = Licence(brought.said["licence"], 1, brought.said["governs"])
    counts = [count for each in seen.guests for count in each.works] if seen else []
    return producer.page(
        "draft", brought=brought, seen=seen, problem=problem, given=brought.said,
        licences=_titles(producer), purse=purse(producer.desk), checksummed=checksummed,
        gas=costs.registering(counts), links=len(counts), drawings=sum(counts),
        relays=producer.request.app.state.relay is not None, title=which.title(language),
        text=licences.licence(terms, which, language),
        words_of=replace(terms, document=ZERO32).words(language),
    )  # fmt: skip


# What comes


@invites.post("", dependencies=[Depends(own_script)])
async def begin(request: Request) -> Response:
    """Drawings and their list are announced."""
    return await _announcing(request, "")


@invites.post("/{draft}", dependencies=[Depends(own_script)])
async def again(request: Request, draft: str) -> Response:
    """They are announced again: the rest of them, or what was put in order."""
    return await _announcing(request, draft)


@invites.post("/{draft}/file", dependencies=[Depends(own_page)])
async def piece(
    request: Request,
    draft: str,
    path: Annotated[str, Query(max_length=1_200)],
    begins: Annotated[int, Query(alias="from", ge=0, lt=1 << 53)] = 0,
) -> Response:
    """A piece of a file."""
    producer = let_in(request)
    return await uploads.took(request, producer, producer.desk.drafts, draft, path, begins)


async def _announcing(request: Request, draft: str) -> Response:
    producer = let_in(request)
    given = await said(request, uploads.SAID)
    return await run_in_threadpool(_announced, producer, given, draft)


def _announced(producer: Producer, given: Mapping[str, Any], draft: str) -> Response:
    store = producer.desk.drafts
    try:
        form = {name: uploads.field(given, name, 200).strip() for name in _FIELDS}
        guests.must_be_a_name(form["studio"])
        _terms(producer.desk, form)
        uint(_whole(form, "days", 30), 16, "the number of days", 1)
        files = uploads.files(given)
        if len([each for each in files if _is_list(each)]) != 1:
            raise InvalidInput(NO_LIST)
        if draft:
            _of(producer, draft)
            missing = store.announce(draft, form, files)
        else:
            draft = store.begin(form, producer.desk.now())
            with store.undone(draft):
                missing = store.announce(draft, form, files)
    except KisekiError as error:
        return producer.refused(error)
    return JSONResponse({"next": producer.at(f"/invite/{draft}"), "files": missing}, headers=_NEVER)


def _is_list(file: Announced) -> bool:
    path = PurePosixPath(file.path)
    return str(path.parent) == FILES and path.suffix.lower() in _LISTS


# What becomes of it


@invites.post("/{draft}/links", dependencies=[Depends(own_script)])
async def links(request: Request, draft: str) -> Response:
    """Makes the links, to what the page before showed."""
    producer = let_in(request)
    given = await said(request)
    return await run_in_threadpool(_linked, producer, draft, given.get("revision"))


def _linked(producer: Producer, draft: str, shown: object) -> Response:
    desk = producer.desk
    try:
        with desk.drafts.holding():
            brought = _of(producer, draft)
            if brought.invited_at is None:
                if brought.revision != shown or not brought.is_whole:
                    raise InvalidInput(OTHER)
                _invite(desk, brought)
                desk.drafts.invited(draft, desk.now())
    except KisekiError as error:
        return producer.refused(_without_places(error, desk, draft))
    return JSONResponse({"next": producer.at()}, headers=_NEVER)


def _invite(desk: Desk, brought: Draft) -> None:
    form = brought.said
    terms, days = _terms(desk, form), _whole(form, "days", 30)
    with desk.using() as invitations:
        invitations.invite(
            _list(desk, brought), terms, studio=form["studio"], days=days, names=desk.names,
            doubtful=doubts.refuse, within=desk.drafts.folder(brought.id) / FILES,
        )  # fmt: skip


@invites.post("/{draft}/forget", dependencies=[Depends(own_script)])
def forget(producer: Inside, draft: str) -> Response:
    """Deletes drawings to which no links were made."""
    try:
        _of(producer, draft)
        producer.desk.drafts.forget(draft)
    except KisekiError as error:
        return producer.refused(error)
    return JSONResponse({"next": producer.at("/invite")}, headers=_NEVER)


# Inside


def _of(producer: Producer, draft: str) -> Draft:
    found = producer.desk.drafts.of(draft)
    if found is None:
        raise HTTPException(404)
    return found


def _seen(producer: Producer, brought: Draft) -> Seen:
    desk = producer.desk
    within = desk.drafts.folder(brought.id) / FILES
    return guests.look(_list(desk, brought), desk.names, within=within)


def _list(desk: Desk, brought: Draft) -> Path:
    found = desk.drafts.top(brought.id, _LISTS)
    if len(found) != 1:
        raise InvalidInput(NO_LIST)
    return found[0]


def _titles(producer: Producer) -> list[tuple[str, str]]:
    language = producer.visit.words.language
    return [(word, Licence(word, 1, "en").title(language)) for word in LICENCES if word in _ASKED]


def _without_places(error: KisekiError, desk: Desk, draft: str) -> KisekiError:
    """Where files lie is the operator's business."""
    return InvalidInput(str(error).replace(f"{desk.drafts.folder(draft) / FILES}/", ""))


def _terms(desk: Desk, form: Mapping[str, str]) -> Terms:
    """The terms that the form says, under one of Kiseki's licences.

    Raises:
        InvalidInput: it says something that no terms can.
    """
    word, language = form.get("licence", ""), form.get("governs", "")
    if word not in _ASKED or language not in LANGUAGES:
        raise InvalidInput("choose one of the licences, and the language that counts")
    notice = timedelta(days=_whole(form, "notice", 30))
    royalty = form.get("royalty", "").strip() or "0%"
    if not royalty.endswith("%"):
        royalty += "%"
    with desk.connected() as k:
        gate = k.market.address if word == "licensed" else None
    return Terms.of("train", royalty, notice=notice, gate=gate).under(Licence(word, 1, language))


def _whole(form: Mapping[str, str], name: str, otherwise: int) -> int:
    text = form.get(name, "").strip()
    if not text:
        return otherwise
    if not text.isascii() or not text.isdigit() or len(text) > 5:
        raise InvalidInput("say the number of days as a whole number")
    return int(text)
