"""What a link looks like where somebody sends it: a picture in words that its page says, under the
site's own name, and at a bounded cost whoever asks."""

from __future__ import annotations

import io
import re
from html import unescape
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from PIL import Image
from starlette.testclient import TestClient

from kiseki.language import LANGUAGES, catalogue
from kiseki.web.app import application
from kiseki.web.cards import easel as easels
from kiseki.web.cards.drawn import SIZE, Card, draw
from kiseki.web.cards.easel import Easel
from kiseki.web.cards.letters import COMMON, GETA, KNOWN, Face, lines, readable
from kiseki.web.site import Site

from .conftest import Places

SEEN = Path(__file__).parents[3] / "build" / "cards"
"""Where the pictures are, for people to look at."""
NAME = "trace.example.org"
ELSEWHERE = "evil.example.com"
HOSTILE = (
    "\u202egnirts denrut a\u202c", "\x00\x07\x1b[31m", "\U0001f4a9" * 50, "مرحبا", "שלום",
    "Z" + "\u0301" * 400, "\u200b" * 90, "<script>alert(1)</script>", "A" * 100_000, "軌" * 100_000,
    "\ud800", "\U000e0041", "\n\r\t" * 9, "",
)  # fmt: skip
"""Titles that nobody should have."""


def meta(html: str) -> dict[str, str]:
    """Property -> content, as those who show links read it."""
    found = re.findall(r'<meta (?:property|name)="([^"]+)" content="([^"]*)">', html)
    return {name: unescape(content) for name, content in found}


def test_each_lasting_address_has_a_picture_under_the_sites_own_name(
    site: Site, places: Places
) -> None:
    SEEN.mkdir(parents=True, exist_ok=True)
    names = ["localhost", "*.example.org", NAME, "second.example.org"]
    with TestClient(application(site, names, follows=False), base_url="http://localhost") as asks:
        for name, path in places.pages.items():
            for language in LANGUAGES:
                asked = f"{path}{'&' if '?' in path else '?'}language={language}"
                told = meta(asks.get(asked).text)
                if name in ("search", "uses", "history", "earned", "held"):
                    assert "og:image" not in told and told["twitter:card"] == "summary"
                    continue
                assert told["og:url"] == f"https://{NAME}{path}"
                assert told["twitter:card"] == "summary_large_image"
                assert told["og:title"] in told["og:image:alt"]
                image = told["og:image"].removeprefix(f"https://{NAME}")
                assert image != told["og:image"], "the address is whole"
                asks.cookies.clear()
                answer = asks.get(image, headers={"Accept-Language": "fr"})
                assert answer.status_code == 200, image
                assert answer.headers["content-type"] == "image/png"
                with Image.open(io.BytesIO(answer.content)) as picture:
                    assert picture.size == SIZE
                assert len(answer.content) < 80_000
                (SEEN / f"{name}-{language}.png").write_bytes(answer.content)


def test_a_site_without_a_name_of_its_own_names_none(visitor: TestClient, places: Places) -> None:
    told = meta(visitor.get(places.pages["model"]).text)
    assert "og:image" not in told and "og:url" not in told and told["og:title"]


def test_no_header_decides_which_site_or_language_a_picture_names(
    site: Site, places: Places
) -> None:
    """Cache poisoning: the address alone says what is answered."""
    poison = {
        "Host": "second.example.org:666", "X-Forwarded-Host": ELSEWHERE, "Cookie": "language=ja",
        "X-Forwarded-Proto": "gopher", "Forwarded": f"host={ELSEWHERE}", "Accept-Language": "ja",
        "X-Forwarded-Prefix": f"//{ELSEWHERE}", "X-Original-URL": "/model/x",
    }  # fmt: skip
    with TestClient(
        application(site, [NAME, "second.example.org"], follows=False), base_url=f"http://{NAME}"
    ) as asks:
        page, picture = places.pages["model"], f"{places.pages['model']}.png?language=en"
        plain, drawn = asks.get(page), asks.get(picture)
        for name, value in poison.items():
            again = asks.get(picture, headers={name: value})
            assert (again.content, again.headers) == (drawn.content, drawn.headers), name
            if name not in ("Accept-Language", "Cookie"):
                assert asks.get(page, headers={name: value}).text == plain.text, name
        assert "vary" not in drawn.headers, "nothing else decides, so nothing else need be told"
        assert asks.get(page, headers={"Host": ELSEWHERE}).status_code == 400


def test_a_picture_says_what_its_page_says(visitor: TestClient, site: Site, places: Places) -> None:
    """Promise 2: consent that was revoked is not shown as given."""
    path = f"{places.pages['collection']}.png"
    before = visitor.get(path)
    again = visitor.get(path, headers={"If-None-Match": before.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    places.scene.alice.data.revoke(places.scene.collections["alice"].id)
    site.catch_up()
    after = visitor.get(path, headers={"If-None-Match": before.headers["etag"]})
    assert after.status_code == 200 and after.content != before.content
    assert visitor.get(f"{path}?language=ja").content != after.content
    assert "and it ended on" in meta(visitor.get(places.pages["collection"]).text)["og:description"]


def test_what_nobody_knows_has_no_picture(visitor: TestClient) -> None:
    for path in (f"/collection/0x{'77' * 32}.png", f"/tx/0x{'77' * 32}.png", "/x/0x00.png"):
        assert visitor.get(path).status_code == 404, path
    for path in ("/model/x.png", "/wallet/x.png", "/own/x.png", "/sign/x.png", "/studio/x.png"):
        assert visitor.get(path).status_code in (400, 404), path


# The cost


def test_pictures_take_a_part_of_one_processor_whoever_asks(
    visitor: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anybody can ask for the picture of any wallet, and there are 2**160."""
    monkeypatch.setattr(easels, "_SAVED", 0.05)
    monkeypatch.setattr(easels, "_PART", 1e-9)
    told = [visitor.get(f"/wallet/0x{number:040x}.png") for number in range(1, 41)]
    codes = [each.status_code for each in told]
    assert codes[0] == 200 and set(codes) == {200, 503}
    assert codes.index(503) < 20 and 200 not in codes[codes.index(503) :]
    refused = told[-1]
    assert refused.headers["retry-after"] and refused.headers["cache-control"] == "no-store"
    assert visitor.get(f"/wallet/0x{1:040x}.png").status_code == 200, "what is kept is told"
    assert visitor.get("/").status_code == 200, "and pages are"


def test_time_comes_back_while_nobody_asks() -> None:
    now = [0.0]
    easel = Easel(lambda: now[0])
    asked = 0
    while easel.may_draw() and asked < 200:
        assert easel.drawn(f"page {asked}", "tag", Card(f"{asked}", "x", False, "", "", "en"))
        asked += 1
    assert 2 < asked < 200
    now[0] += 60
    assert easel.may_draw()


def test_few_pictures_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(easels, "_KEPT", 3)
    easel = Easel()
    for number in range(5):
        easel.drawn(f"page {number}", "tag", Card(f"{number}", "x", False, "", "", "en"))
    assert [easel.kept(f"page {number}", "tag") is not None for number in range(5)] == [
        False, False, True, True, True,
    ]  # fmt: skip
    assert easel.kept("page 4", "another block") is None


def test_the_same_words_are_not_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    easel, card = Easel(), Card("Model", "It holds.", False, "", "", "en")
    first = easel.drawn("page", "block 1", card)
    monkeypatch.setattr(easels, "draw", lambda _: b"drawn again")
    assert easel.drawn("page", "block 2", card) == first
    assert easel.kept("page", "block 2") == first
    assert easel.drawn("page", "block 3", Card("Model", "", True, "", "", "en")) == b"drawn again"


# The letters


def test_the_fonts_have_the_letters_that_they_are_said_to_have() -> None:
    for face, known in ((Face(24), KNOWN), (Face(24, heading=True), COMMON)):
        ((_, font),) = face.parts("a")
        nothing = bytes(font.getmask("\U0010ffff"))
        blank = {each for each in known if not bytes(font.getmask(each)).strip(b"\0")}
        assert {each for each in blank if not each.isspace()} == set()
        lacking = [each for each in known - blank if bytes(font.getmask(each)) == nothing]
        assert not lacking, f"{font.getname()}: {''.join(lacking)}"


def test_all_that_pages_say_can_be_drawn() -> None:
    catalogues = Path(catalogue.__file__).parent / "locale"
    with (catalogues / "ja/LC_MESSAGES/kiseki.po").open("rb") as file:
        for message in read_po(file):
            for said in (message.id, message.string):
                for text in [said] if isinstance(said, str) else said or ():
                    assert GETA not in readable(text[:500].replace("\n", " "), "ja"), text


@pytest.mark.parametrize("text", HOSTILE)
def test_no_title_harms_a_picture(text: str) -> None:
    for language in LANGUAGES:
        for told in (text, f"{text} and then", f"名前 {text}"):
            card = Card(told, told, True, told, told[:20], language)
            with Image.open(io.BytesIO(draw(card))) as picture:
                assert picture.size == SIZE
            for face, room in ((Face(36), 300.0), (Face(68, heading=True), 1_056.0)):
                found = lines(told, face, room, 3, language)
                assert len(found) <= 3 and all(face.width(each) <= room for each in found)
                assert set("".join(found)) <= KNOWN


def test_what_nobody_sees_is_seen_on_a_picture() -> None:
    assert readable("a\u202eb\u200bc\x07d", "en") == f"a{GETA}b{GETA}c{GETA}d"
    assert readable("髙﨑 纊 é ‘x’", "ja") == "髙﨑 纊 é ‘x’"
    assert readable("one \n\t two", "en") == "one two"
