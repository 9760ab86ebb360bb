"""A trial: somebody who knows nothing of Kiseki has a brief and a browser over a sandbox.

What they do is written down in a form that holds for every sandbox, so that a test can do it again
(`test_web_trials.py`). To record one, beside a sandbox (its address and its folder), in a checkout:
`python -m tests.python.web.trial ROW FOLDER ADDRESS SANDBOX`. Then one order after the other is
sent to the address that it prints, as JSON:

    {"do": "open", "at": "home"}     an address that the brief gives (`starts`)
    {"do": "tap", "number": 7}       something that can be tapped, by its number on the page
    {"do": "type", "number": 3, "text": "0x12…"}
    {"do": "choose", "number": 4, "text": "Japanese"}
    {"do": "drop", "number": 2, "files": ["my-holiday.svg"]}   files, or a folder, of the brief
    {"do": "back"}                   and "reload", "look" (a picture; `path`), "end"
    {"do": "note", "text": "20%"}    the page says what the brief asks for, in these words

Each answer says what the page shows and what can be tapped on it.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Locator, Page

from .browser import launched

__all__ = ["ROWS", "Row", "Visitor", "browsing", "files", "starts"]

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
DESK: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}

Row = dict[str, Any]
ROWS: dict[str, Row] = {
    "artist": {"start": "invitation", "screen": PHONE, "locale": "ja-JP"},
    "producer": {"start": "board", "screen": DESK, "locale": "en-GB"},
    "fan": {"start": "home", "screen": PHONE, "locale": "en-GB"},
    "anybody": {"start": "home", "screen": DESK, "locale": "en-GB"},
    "operator": {"start": "operator", "screen": DESK, "locale": "en-GB"},
}
"""Who tries it, where their link leads, on which screen and in which language."""

_WAITS = 120.0
"""Seconds until a page must show what it showed when the trial was recorded: others may use the
machine, and a relay sends when it can."""

_MARK = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9" width="90" height="90">'
    '<circle cx="4" cy="4" r="{}" fill="{}"/></svg>'
)
_TAPPED = "a[href], button, summary, input, select, textarea, label:has(input[type=file])"
_TIME = re.compile(r"\d{4}-\d\d-\d\d(?: \d\d:\d\d)?(?: UTC)?|\d{4}年\d+月\d+日(?: ?\d+:\d\d)?")
_ID = re.compile(r"0x[0-9a-fA-F]{4,}(?:…[0-9a-fA-F]+)?|[0-9a-fA-F]{4,}…[0-9a-fA-F]{4,}")


def starts(address: str, home: str) -> dict[str, str]:
    """Where a brief may lead: the first page of a sandbox, and the links that it has for a trial.

    Args:
        address: of the sandbox.
        home: its first page, as HTML.
    """
    here = address.replace("127.0.0.1", "localhost").rstrip("/")  # passkeys want a name
    (link,) = re.findall(r'href="(/sign/[^"]+)"', home)
    (board,) = re.findall(r'href="(/studio[^"]+)"', home)
    operator = board.replace("/studio", "/operator")
    paths = {"home": "/", "invitation": link, "board": board, "operator": operator}
    return {name: here + path for name, path in paths.items()}


def lasting(text: str) -> str:
    """A text without what differs between two sandboxes: IDs and times."""
    return _TIME.sub("a time", _ID.sub("0x…", " ".join(text.split())))


class Visitor:
    """A browser that takes orders.

    Attributes:
        page: what it shows.
        kept: the orders so far, as they can be given again.
    """

    def __init__(self, page: Page, at: dict[str, str], files: Path) -> None:
        self.page, self._at, self._files = page, at, files
        self.kept: list[dict[str, Any]] = []
        self._seen: list[str] = []

    def order(self, told: dict[str, Any]) -> None:
        """Does what somebody at the screen asks for, and keeps it."""
        kept = dict(told)
        if "number" in told:
            target = self._things().nth(kept.pop("number"))
            kept["name"] = self._name(target)
            if leads := self._leads(target):
                kept["to"] = leads
            earlier = self._things().all()[: told["number"]]
            kept["place"] = sum(self._is(each, kept) for each in earlier)
        if told["do"] in ("type", "note"):
            kept["text"] = self._by_place(told["text"])
        self._do(kept)
        if told["do"] != "look":
            self.kept.append(kept)
        self._remember()

    def again(self, kept: dict[str, Any]) -> None:
        """Does what was kept of an order, where needed once the page is as far as it was then."""
        end = time.monotonic() + _WAITS
        while not self._is_ready(kept):
            shown = self.page.inner_text("body")
            assert time.monotonic() < end, f"{kept} is not on {self.page.url}:\n{shown}"
            time.sleep(1)
            self.page.reload()
        self._do(kept)
        self._remember()

    def shows(self) -> dict[str, Any]:
        """What somebody at the screen sees."""
        things = [
            f"{number}: {self._kind(each)} {self._name(each)}"
            for number, each in enumerate(self._things().all())
            if each.is_visible() or self._kind(each) == "file"
        ]
        return {"url": self.page.url, "text": self.page.inner_text("body"), "things": things}

    def _do(self, kept: dict[str, Any]) -> None:
        page, do = self.page, kept["do"]
        if do == "open":
            page.goto(self._at[kept["at"]])
        elif do == "back":
            page.go_back()
        elif do == "reload":
            page.reload()
        elif do == "look":
            page.screenshot(path=kept["path"], full_page=True)
        elif do == "note":
            assert self._is_ready(kept), f"the page does not say {kept['text']}"
        else:
            self._touch(self._target(kept), kept)
        page.wait_for_load_state()
        page.wait_for_timeout(700)  # what a script does with it

    def _touch(self, target: Locator, kept: dict[str, Any]) -> None:
        do = kept["do"]
        if do == "tap":
            target.click()
        elif do == "type":
            target.fill(self._text(kept["text"]))
        elif do == "choose":
            target.select_option(label=kept["text"])
        elif do == "drop":
            target.set_input_files([self._files / name for name in kept["files"]])
        else:
            raise ValueError(f"there is no order {do}")

    def _is_ready(self, kept: dict[str, Any]) -> bool:
        if kept["do"] == "note":
            said = " ".join(self.page.inner_text("body").split())
            return self._text(" ".join(kept["text"].split())) in said
        return "name" not in kept or self._target(kept).count() > 0

    def _target(self, kept: dict[str, Any]) -> Locator:
        same = [number for number, each in enumerate(self._things().all()) if self._is(each, kept)]
        if len(same) <= kept["place"]:
            return self.page.locator("nothing-of-that-name")
        return self._things().nth(same[kept["place"]])

    def _is(self, thing: Locator, kept: dict[str, Any]) -> bool:
        """Whether it is called so, and leads to a page of that kind: rows of one block stand in the
        order of their IDs, which is another in each sandbox."""
        if self._name(thing) != kept["name"]:
            return False
        return "to" not in kept or self._leads(thing) == kept["to"]

    def _leads(self, thing: Locator) -> str:
        """The path to which a link leads, without IDs; empty for anything else."""
        return lasting(urlsplit(thing.get_attribute("href") or "").path)

    def _things(self) -> Locator:
        return self.page.locator(_TAPPED)

    def _kind(self, thing: Locator) -> str:
        kind: str = thing.evaluate(
            "e => e.tagName === 'INPUT' ? e.type : ({A: 'link', SUMMARY: 'more'})[e.tagName]"
            " ?? e.tagName.toLowerCase()"
        )
        return kind

    def _name(self, thing: Locator) -> str:
        """What somebody calls it: its words, or those beside a field."""
        said: str = thing.evaluate(
            "e => (/^(INPUT|SELECT|TEXTAREA)$/.test(e.tagName)"
            " ? [e.labels?.[0]?.innerText, e.ariaLabel, e.placeholder, e.name, e.id].find(Boolean)"
            " : e.innerText || e.ariaLabel || e.querySelector('title')?.textContent"
            " || e.querySelector('img')?.alt) ?? ''"
        )
        return lasting(said)[:120]

    def _remember(self) -> None:
        """The IDs that were on a page, in the order in which they came."""
        shown = self.page.inner_text("body") + " " + urlsplit(self.page.url).path
        for each in _ID.findall(shown):
            if each not in self._seen:
                self._seen.append(each)

    def _by_place(self, text: str) -> str:
        """A text in which IDs stand by the place at which they were first seen."""

        def place(found: re.Match[str]) -> str:
            return f"<{self._seen.index(found[0])}>" if found[0] in self._seen else found[0]

        return _ID.sub(place, text)

    def _text(self, kept: str) -> str:
        return re.sub(r"<(\d+)>", lambda found: self._seen[int(found[1])], kept)


def files(sandbox: Path, into: Path) -> None:
    """What a brief hands out: a picture from the net that the sandbox registered, the same after
    somebody drew in it, somebody's own picture, and a folder with a cut sheet.

    Args:
        sandbox: the folder of the sandbox.
        into: the folder to fill.
    """
    picture = (sandbox / "work" / "pictures" / "07.svg").read_text("utf-8")
    into.mkdir(parents=True, exist_ok=True)
    _write(into / "picture-from-the-net.svg", picture)
    _write(into / "changed.svg", picture.replace("</svg>", "<path d='M0 0h9v9'/></svg>"))
    _write(into / "my-holiday.svg", _MARK.format(4, "teal"))
    cuts = into / "season-2"
    cuts.mkdir(exist_ok=True)
    rows = ["file,name,artist"]
    for number in range(1, 9):
        artist = ("Sakura Example", "Taro Example", "Hanako Example")[number % 3]
        rows.append(f"cut-{number:02}.svg,Cut {number},{artist}")
        if number != 5:  # the sheet names a file that nobody put there
            _write(cuts / f"cut-{number:02}.svg", _MARK.format(number, "teal"))
    _write(cuts / "cut-sheet.csv", "\n".join(rows) + "\n")


def _write(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")


@contextmanager
def browsing(row: str, at: dict[str, str], files: Path, locale: str) -> Iterator[Visitor]:
    """A browser for a row of `ROWS`, with a passkey as a phone has it, until the block ends."""
    from .test_web_phone import with_passkeys

    with launched(locale=locale, **ROWS[row]["screen"]) as page:
        with_passkeys(page)
        yield Visitor(page, at, files)


def _serve(visitor: Visitor, folder: Path) -> None:
    """Takes orders by HTTP until somebody ends it; writes the trace and what was asked for."""
    log = (folder / "requests.log").open("a", encoding="utf-8")

    def asked(request: Any) -> None:
        parts = urlsplit(request.url)
        if not parts.path.startswith("/static/"):
            log.write(f"{request.method} {parts.path}{'?' + parts.query if parts.query else ''}\n")
            log.flush()

    visitor.page.on("request", asked)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answer: dict[str, Any]
            try:
                if told["do"] != "end":
                    visitor.order(told)
                answer = visitor.shows()
            except Exception as error:  # noqa: BLE001 - told to whoever ordered it
                answer = {"error": str(error)[:800]}
            trace = "".join(json.dumps(e, ensure_ascii=False) + "\n" for e in visitor.kept)
            (folder / "trace.jsonl").write_text(trace, "utf-8")
            raw = json.dumps(answer, ensure_ascii=False, indent=1).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)
            ended.extend(["ended"] * (told["do"] == "end"))

        def log_message(self, *_: Any) -> None:
            """Nothing: the requests of the browser count."""

    ended: list[str] = []
    server = HTTPServer(("127.0.0.1", 0), Handler)
    sys.stdout.write(f"send orders to http://127.0.0.1:{server.server_address[1]}/\n")
    sys.stdout.flush()
    while not ended:
        server.handle_request()


def main() -> None:
    """`python -m tests.python.web.trial ROW FOLDER ADDRESS SANDBOX`"""
    import urllib.request

    row, folder, address, sandbox = sys.argv[1:]
    handed = Path(folder) / "files"
    files(Path(sandbox), handed)
    with urllib.request.urlopen(address) as answer:
        home = answer.read().decode()
    at = starts(address, home)
    with browsing(row, at, handed, ROWS[row]["locale"]) as visitor:
        visitor.order({"do": "open", "at": ROWS[row]["start"]})
        _serve(visitor, Path(folder))


if __name__ == "__main__":
    main()
