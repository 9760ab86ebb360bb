"""One question to the site: who asks it in which language, and how the answer is sent."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from kiseki.client.documents import Documents
from kiseki.client.statements import sort_for_people
from kiseki.core.values import from_hex
from kiseki.errors import InvalidInput
from kiseki.index import Index
from kiseki.language import LANGUAGES
from kiseki.web.cards.drawn import Card
from kiseki.web.drawing import picture
from kiseki.web.guard import said
from kiseki.web.names import Name, Names
from kiseki.web.people import Sandbox
from kiseki.web.pieces import Pieces, short
from kiseki.web.shelf import Address, Shelf
from kiseki.web.shown.values import ROWS
from kiseki.web.site import Site, State
from kiseki.web.verdict import verdict
from kiseki.web.visitor import here, language_of, remember
from kiseki.web.words import Words

__all__ = ["Answer", "Asked", "cursor", "hex32", "number", "prepare", "rendered"]


def hex32(text: str, what: str) -> bytes:
    """32 bytes from the address of a page.

    Raises:
        InvalidInput: it is none.
    """
    return from_hex(text, 32, what)


def number(text: str | None, otherwise: int = -1) -> int:
    """The cursor of a list that is numbered.

    Raises:
        InvalidInput: it is none.
    """
    if text is None:
        return otherwise
    # What no database holds is no cursor either.
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) < 1 << 63):
        raise InvalidInput("`after` is not what a page before said; begin with the first page")
    return int(text)


def cursor(text: str | None) -> str | None:
    """The cursor of a list, as the page before said it."""
    return text or None


async def _answer(request: Request) -> dict[str, Any]:
    return await said(request)


Answer = Annotated[dict[str, Any], Depends(_answer)]
"""What a script sent, for a route."""


@dataclass(frozen=True, slots=True)
class Linked:
    """Where somebody who shows a link finds it.

    Attributes:
        page, picture: whole addresses.
    """

    page: str
    picture: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of one visitor.

    Attributes:
        site: whom it is asked.
        request: what the browser sent.
        words: in the visitor's language.
    """

    site: Site
    request: Request
    words: Words

    @classmethod
    def of(cls, request: Request) -> Asked:
        """From what a browser sent: `?language=` first, then a cookie, then what it likes best."""
        return cls(request.app.state.site, request, Words(language_of(request)))

    @property
    def documents(self) -> Documents:
        """That this site was given."""
        found: Documents = self.request.app.state.documents
        return found

    @property
    def sandbox(self) -> Sandbox | None:
        """What is said of a sandbox; none for anything else."""
        found: Sandbox | None = self.request.app.state.sandbox
        return found

    def page(
        self, template: str, ask: Callable[[Index], Mapping[str, Any]], *, keep: bool = True
    ) -> Response:
        """A page for everybody, made from one snapshot of the index; nothing is sent where the
        visitor has it.

        Args:
            ask: the values of the template. They follow from the index, the visitor's language
                and the address of the page.
            keep: whether the page may be kept for others who ask while the block is the last.
        """
        shelf: Shelf = self.request.app.state.shelf
        address = self._address() if keep else None
        with self.site.reading() as index:
            state = self.site.state(index)
            tag = self.tag(state)
            if tag in self.request.headers.get("if-none-match", ""):
                return self._kept(Response(status_code=304), tag)
            block = f"{state.hash} {state.time} {bool(state.failure)} {self.documents.mark}"
            body = None if address is None else shelf.page(block, address)
            values = None if body is not None else ask(index)
            named = self._names.of(index, values) if values else {}
        if body is None:
            shown = {**(values or {}), **self._globals(state, named), "state": state}
            if "by" in _templates().get_template(template).blocks:
                shown["card"] = self._linked()
            body = rendered(template, **shown).encode()
            if address is not None:
                shelf.keep(block, address, body)
        return self._kept(Response(body, media_type="text/html; charset=utf-8"), tag)

    def _address(self) -> Address | None:
        """All that a page depends on beside the block; none where the query has anything that this
        page does not read. Each part is as it was sent: in the `request.url` of some releases of
        Starlette, what stands behind a slash in a host's name is part of the path."""
        query, scope = self.request.query_params.multi_items(), self.request.scope
        reads = {"language", *(each.alias for each in scope["route"].dependant.query_params)}
        if any(name not in reads for name, _ in query):
            return None
        host, root = self.request.headers.get("host", ""), str(scope.get("root_path", ""))
        read = (text for pair in query if pair[0] != "language" for text in pair)
        return (str(scope["scheme"]), host, root, str(scope["path"]), self.words.language, *read)

    def card(self, template: str, values: Mapping[str, Any], state: State) -> Card:
        """What a page says in few words: its title, how it stands, and who says so."""
        page = _templates().get_template(template)
        context = page.new_context({**values, **self._globals(state), "state": state})

        def said(block: str) -> str:
            """Of a block of the page, as text."""
            if block not in page.blocks:
                return ""
            told = Markup("".join(page.blocks[block](context)))  # noqa: S704
            return _straight(told.striptags())

        words = self.words
        return Card(
            said("title"), said("about"), said("tone") == "over", said("by"),
            words.say("As of {day}", day=words.day(state.time)), words.language,
        )  # fmt: skip

    def tag(self, state: State) -> str:
        """The same only while a page would be the same."""
        said = f"{state.hash} {state.time} {bool(state.failure)} {self.words.language} {_release()}"
        said += self._names.mark + self.request.app.state.gallery.mark + self.documents.mark
        return f'W/"{hashlib.sha256(said.encode()).hexdigest()[:20]}"'

    def named(self, index: Index, values: object) -> Mapping[str, Name]:
        """What is called how of all that stands in some values; for `plain`."""
        return self._names.of(index, values)

    def plain(
        self,
        template: str,
        status: int,
        named: Mapping[str, Name] = MappingProxyType({}),
        /,
        **values: object,
    ) -> Response:
        """A page that needs no index, as one that says what is wrong."""
        body = rendered(template, **values, **self._globals(None, named), state=None)
        response = Response(body, status, media_type="text/html; charset=utf-8")
        response.headers["Cache-Control"] = "no-store"
        return response

    def atom(self, template: str, media: str, **values: object) -> Response:
        """Something for programs, whose address says all that it depends on, the language too."""
        origin: str = self.request.app.state.origin
        body = rendered(template, **values, **self._globals(None), origin=origin, state=None)
        tag = f'"{hashlib.sha256(body.encode()).hexdigest()[:20]}"'
        headers = {"ETag": tag, "Cache-Control": "no-cache"}
        if tag in self.request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(body, 200, headers, f"{media}; charset=utf-8")

    def _kept(self, response: Response, tag: str) -> Response:
        response.headers["ETag"] = tag
        response.headers["Cache-Control"] = "no-cache"
        response.headers["Vary"] = "Accept-Language, Cookie"
        response.headers["Content-Language"] = self.words.language
        remember(self.request, response)
        return response

    def _linked(self) -> Linked | None:
        """The page and its picture, as those who show links need them: under the name that the site
        was started with, because anybody can ask under another."""
        origin: str = self.request.app.state.origin
        if not origin:
            return None
        path = here(self.request.url.path)
        picture = f"{'/index' if path == '/' else path}.png?language={self.words.language}"
        return Linked(f"{origin}{path}", f"{origin}{picture}")

    @property
    def _names(self) -> Names:
        found: Names = self.request.app.state.names
        return found

    def _globals(
        self, state: State | None, named: Mapping[str, Name] = MappingProxyType({})
    ) -> dict[str, Any]:
        others = [each for each in LANGUAGES if each != self.words.language]
        address = str(self.request.scope.get("root_path", ""))
        pieces = Pieces(self.words, address, named)
        return {
            "say": self.words.say,
            "plural": self.words.plural,
            "words": self.words,
            "language": self.words.language,
            "other": others[0],
            "card": None,
            "root": address,
            "path": here(self.request.url.path),
            "query": self.request.query_params,
            "sandbox": self.sandbox,
            "rate": self.request.app.state.rate,
            "has_own": self.request.app.state.desk is not None,
            "sentences": self.words.sentences,
            "phrases": self.words.phrases,
            "short": short,
            "sort_of": lambda sort: sort_for_people(bytes.fromhex(sort[2:]), self.words.language),
            "most": ROWS,
            "pieces": pieces,
            "verdict": lambda judged: verdict(judged, pieces),
            "picture": lambda part: Markup(  # noqa: S704
                picture(part.itself, part.count, part.drawn, pieces)
            ),
            "gallery": self.request.app.state.gallery,
            "text_of": lambda document: self._names.text(bytes.fromhex(document[2:])),
        }


_TURNING = re.compile("[\x00-\x08\x0b-\x1f\x7f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Marks that say from which side a text is read, and other characters that nobody sees."""


def _straight(text: str) -> str:
    """A text as it is shown. What somebody else wrote turns round nothing that stands behind it: a
    name could make a sum or a sentence read another way."""
    return _TURNING.sub("\ufffd", text)


def rendered(template: str, /, **values: Any) -> str:
    """A page. Templates have no marks that turn a text, so it is looked through as a whole."""
    return _straight(_templates().get_template(template).render(values))


@cache
def _templates() -> Environment:
    from fractions import Fraction

    found = Environment(
        loader=PackageLoader("kiseki.web"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        auto_reload=False,  # an upgrade beside a running site is for its next start
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["fraction"] = Fraction
    return found


@cache
def _release() -> str:
    """Of the templates and what they are made with: another release, another page."""
    code = hashlib.sha256()
    folder = Path(__file__).parent
    for each in sorted(p for p in folder.rglob("*") if p.suffix in (".py", ".html", ".css", ".js")):
        code.update(each.read_bytes())
    return code.hexdigest()[:12]


def prepare() -> None:
    """Loads what the first pages would wait for: templates, and both languages."""
    for each in _templates().list_templates():
        _templates().get_template(each)
    for language in LANGUAGES:
        words = Words(language)
        words.phrases(words.say("Search"))
    _release()
