"""The vault's pages: what artists and receivers see of it without a terminal.

They read what the routes beside them give to programs. Signing in needs a script, because only a
script can ask a wallet; all else needs none. Nobody else sees these pages, and no cache keeps them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from kiseki.core.values import address, address_text, from_hex, to_hex
from kiseki.errors import InvalidInput, KisekiError
from kiseki.language import LANGUAGES
from kiseki.vault.handing.living import Living, lies, living
from kiseki.vault.handing.receipts import Receipt
from kiseki.vault.handing.rules import NotGiven
from kiseki.vault.handing.signin import NotSignedIn
from kiseki.vault.log.checkpoints import Checkpoint
from kiseki.web.vault.desk import Desk, hexed, wrong
from kiseki.web.visitor import here, language_of, remember
from kiseki.web.words import Words

if TYPE_CHECKING:
    from kiseki.web.names import Name

__all__ = ["Named", "pages"]

Named = Callable[[object], Mapping[str, "Name"]]
"""What wallets in some values are called in public, on the site that has pages of them."""

PART = 100
"""Rows of one page."""
_BEHIND = ("given", "received", "operator")
"""Pages behind the door."""


@dataclass(frozen=True, slots=True)
class Row:
    """A receipt, as a page shows it.

    Attributes:
        number: of the entry in the provider's log.
        receipt: what it says.
        title: what the item is called here; none where its name does not open.
    """

    number: int
    receipt: Receipt
    title: str | None = ""


@dataclass(frozen=True, slots=True)
class Log:
    """The log of a provider, as a page shows it.

    Attributes:
        provider: whose it is.
        size: how many entries its last checkpoint is over; 0 where there is none.
    """

    provider: str
    size: int


class Visit:
    """One question of one visitor.

    Attributes:
        request: what the browser sent.
        desk: what the routes need.
        who: the wallet that signed in, in lower case; empty where none did.
    """

    def __init__(self, request: Request) -> None:
        self.request, self.desk, self.who = request, Desk.of(request), ""

    @property
    def named(self) -> Named | None:
        """Of the site around; none where the vault runs alone."""
        found: Named | None = self.request.app.state.named
        return found

    def page(self, name: str, status: int = 200, **values: object) -> Response:
        """One of the pages."""
        from kiseki.web.asked import rendered  # what a vault that shows no page does not need
        from kiseki.web.pieces import Pieces, short

        words, asked = Words(language_of(self.request)), self.request
        root = str(asked.scope.get("app_root_path", ""))
        named = {} if self.named is None else self.named([values, _wallets(values)])
        pieces = Pieces(words, root, named)

        def who(wallet: str) -> object:
            return pieces.id(wallet) if self.named is None else pieces.who(wallet)

        body = rendered(
            f"vault/{name}.html", **values, wallet=self.who, at=lambda page: f"{root}/vault/{page}",
            is_operator=self.who in self.desk.operators, alone=self.named is None, who_of=who,
            hexed=to_hex, short=short, say=words.say, plural=words.plural, words=words,
            language=words.language, other=next(e for e in LANGUAGES if e != words.language),
            card=None, root=root, path=here(asked.url.path), query=asked.query_params,
            sandbox=None, has_own=False, sentences=words.sentences, phrases=words.phrases,
            pieces=pieces, state=None,
        )  # fmt: skip
        response = Response(body, status, media_type="text/html; charset=utf-8")
        response.headers["Cache-Control"] = "no-store"
        remember(asked, response)
        return response


def _wallets(values: Mapping[str, object]) -> list[str]:
    """Of the receipts on a page: names are looked up by the text of an address."""
    rows = values.get("rows")
    found = [each for each in rows if isinstance(each, Row)] if isinstance(rows, list) else []
    return [who for each in found for who in (each.receipt.caller, each.receipt.provider)]


def _page(ask: Callable[[Visit], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """A page behind the door. Who has not signed in is led there; what is wrong is told in
    words."""

    async def answer(request: Request) -> Response:
        visit = Visit(request)
        try:
            visit.who = await visit.desk.who(request)
            return await ask(visit)
        except NotSignedIn:
            root, then = request.scope.get("app_root_path", ""), request.url.path.split("/")[-1]
            behind = f"?then={then}" if then in _BEHIND else ""
            return RedirectResponse(f"{root}/vault/{behind}", 303, {"Cache-Control": "no-store"})
        except (KisekiError, HTTPException) as error:
            status, why, headers = wrong(error)
            response = visit.page("wrong", status, code=status, why=why)
            response.headers.update(headers)
            return response

    return answer


async def front(request: Request) -> Response:
    """What this is, and the door."""
    visit, then = Visit(request), request.query_params.get("then", "")
    try:
        visit.who = await visit.desk.who(request)
    except NotSignedIn:
        pass
    except (KisekiError, HTTPException) as error:
        status, why, headers = wrong(error)
        response = visit.page("wrong", status, code=status, why=why)
        response.headers.update(headers)
        return response
    return visit.page(
        "home", then=then if then in _BEHIND else "", domain=urlsplit(visit.desk.origin).netloc
    )


async def given(visit: Visit) -> Response:
    """Who got which of the visitor's items, for what."""
    asked = visit.request.query_params
    item = asked.get("item", "").strip()
    of = from_hex(item, 32, "the data ID") if item else None
    return await visit.desk.work(_given, visit, _before(asked.get("before")), of)


def _given(visit: Visit, before: int | None, item: bytes | None) -> Response:
    desk, who = visit.desk, visit.who
    numbers = desk.ledger.numbers(who, PART + 1, before, item=item)
    said = [desk.ledger.receipt(who, each).receipt for each in numbers[:PART]]
    called = {} if desk.titles is None else desk.titles(list({each.item for each in said}))
    rows = [
        Row(number, each, called.get(each.item, ""))
        for number, each in zip(numbers, said, strict=False)
    ]
    return visit.page(
        "given", rows=rows, log=_log(desk, who), item=to_hex(item) if item else "",
        first=before is None, before=numbers[PART - 1] if len(numbers) > PART else None,
    )  # fmt: skip


async def received(visit: Visit) -> Response:
    """What the visitor was given: hand-outs that are open, and receipts."""
    asked = visit.request.query_params
    provider = asked.get("provider")
    of = None if provider is None else address_text(address(provider, "the provider"))
    return await visit.desk.work(_received, visit, of, _before(asked.get("before")))


def _received(visit: Visit, provider: str | None, before: int | None) -> Response:
    desk, who = visit.desk, visit.who
    givers = desk.ledger.givers(who)
    of = provider or (givers[0] if givers else None)
    numbers = [] if of is None else desk.ledger.numbers(of, PART + 1, before, caller=who)
    rows = [Row(each, desk.ledger.receipt(of or "", each).receipt) for each in numbers[:PART]]
    alive: Sequence[Living] = (
        [] if before is not None else living(desk.ledger.database, desk.clock(), who)
    )
    return visit.page(
        "received", rows=rows, givers=givers, provider=of, living=alive[:PART],
        more_live=max(0, len(alive) - PART), log=None if of is None else _log(desk, of),
        first=before is None, before=numbers[PART - 1] if len(numbers) > PART else None,
    )  # fmt: skip


async def handout(visit: Visit) -> Response:
    """The items of a hand-out that is open, to be downloaded."""
    made = hexed(visit.request.path_params["id"], 16)
    after = visit.request.query_params.get("after")
    behind = b"" if after is None else from_hex(after, 32, "the data ID")
    return await visit.desk.work(_handout, visit, made, behind)


def _handout(visit: Visit, made: bytes, after: bytes) -> Response:
    database, now, who = visit.desk.ledger.database, visit.desk.clock(), visit.who
    found = [each for each in living(database, now, who) if each.id == made]
    if not found:
        raise NotGiven
    items = lies(database, now, made, who, PART + 1, after)
    return visit.page(
        "handout", out=found[0], items=items[:PART],
        after=to_hex(items[PART - 1].item) if len(items) > PART else "",
    )  # fmt: skip


async def proof(visit: Visit) -> Response:
    """The proof that a receipt is in the log (C2SP tlog-proof), with the receipt's salt."""
    provider, number, _ = await _entry(visit)
    made = await visit.desk.work(visit.desk.ledger.prove, provider, number)
    return _file(made.to_bytes(), f"{provider[:10]}-{number}.tlog-proof", "text/plain")


async def receipt(visit: Visit) -> Response:
    """The one text of a receipt, which the proof is about."""
    provider, number, said = await _entry(visit)
    text = said.to_json().encode()
    return _file(text, f"{provider[:10]}-{number}.json", "application/json")


async def _entry(visit: Visit) -> tuple[str, int, Receipt]:
    """A receipt that the visitor may see: the provider's, or the receiver's.

    Raises:
        NotGiven: there is no such one, for this visitor.
    """
    asked = visit.request.path_params
    provider = "0x" + hexed(asked["provider"], 20).hex()
    number = _before(asked["number"])
    try:
        found = (await visit.desk.work(visit.desk.ledger.receipt, provider, number)).receipt
    except InvalidInput:
        raise NotGiven from None
    if visit.who not in (found.provider, found.caller):
        raise NotGiven
    return provider, number or 0, found


def _file(data: bytes, name: str, kind: str) -> Response:
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
    }
    return Response(data, 200, headers, f"{kind}; charset=utf-8")


async def operator(visit: Visit) -> Response:
    """How the vault stands, for those who run it."""
    if visit.who not in visit.desk.operators:
        raise HTTPException(403, "only the wallets that run this vault see this page")
    return await visit.desk.work(_operator, visit)


def _operator(visit: Visit) -> Response:
    desk, now = visit.desk, visit.desk.clock()
    heads = [Checkpoint.from_text(each.text) for each in desk.ledger.heads()]
    alive = living(desk.ledger.database, now)
    return visit.page(
        "operator", health=None if desk.health is None else desk.health(), now=now,
        logs=[Log(each.origin.rpartition("/")[2], each.size) for each in heads],
        downloads=desk.flow.running, most=desk.most.all_running, living=len(alive),
        items=sum(each.items for each in alive),
    )  # fmt: skip


def _log(desk: Desk, provider: str) -> Log:
    note = desk.ledger.latest(provider)
    return Log(provider, 0 if note is None else Checkpoint.from_text(note.text).size)


def _before(text: str | None) -> int | None:
    """The number of an entry, of an address.

    Raises:
        InvalidInput: it is none.
    """
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise InvalidInput("this is not the number of a receipt; begin with the first page")
    return int(text)


pages = [
    Route("/", front, methods=["GET"]),
    Route("/given", _page(given), methods=["GET"]),
    Route("/received", _page(received), methods=["GET"]),
    Route("/received/{id}", _page(handout), methods=["GET"]),
    Route("/receipts/{provider}/{number}", _page(receipt), methods=["GET"]),
    Route("/receipts/{provider}/{number}/proof", _page(proof), methods=["GET"]),
    Route("/operator", _page(operator), methods=["GET"]),
]
