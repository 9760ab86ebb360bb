"""A page shows a name only with whose word it is, and only where the chain has that word
(promises 2 and 7; rules 9 and 10)."""

from __future__ import annotations

from html import escape

from starlette.testclient import TestClient

from kiseki import Kiseki
from kiseki.core.keccak import keccak256
from kiseki.web.app import application
from kiseki.web.names import Names
from kiseki.web.site import Site

from .conftest import Places
from .test_web_pages import words

HOSTILE = "<b>Kaze\u202e & “co”</b>"


def state(who: Kiseki, kind: str, about: str, text: str) -> None:
    who.statements.state(kind, about, "identity", keccak256(text.encode()))


def asking(site: Site, *texts: str) -> TestClient:
    """A visitor of a site with these names; not begun, so that nothing is closed at its end."""
    return TestClient(
        application(site, follows=False, called=Names(texts)), base_url="http://localhost"
    )


def test_names_stand_with_whose_word_they_are(site: Site, places: Places) -> None:
    """Beside the code, and in the drawing; a stranger names nothing."""
    scene = places.scene
    state(scene.alice, "wallet", scene.alice.address, "Alice of the scene")
    state(scene.creator, "batch", places.batch, "Cuts of Spring")
    state(scene.developer_2, "model", places.model, "Model Two")
    state(scene.stranger, "batch", places.batch, "Stolen")
    state(scene.stranger, "wallet", scene.bob.address, "Not Bob")
    site.catch_up()
    knows = asking(site, "Alice of the scene", "Cuts of Spring", "Model Two", "Stolen", "Not Bob")
    page = knows.get(places.pages["batch"])
    said = words(page.text)
    assert "“Cuts of Spring” (its creator's word)" in said
    assert "“Model Two” (its developer's word)" in said
    assert "“Alice of the scene” (this wallet's own word)" in said
    assert "“Not Bob”" not in said and "“Stolen”" not in said
    assert "“Alice of" in page.text.partition("<svg")[2].partition("</svg>")[0], "the drawing too"
    assert "nobody checks that" in said
    japanese = words(knows.get(places.pages["batch"], headers={"Accept-Language": "ja"}).text)
    assert "「Cuts of Spring」" in japanese and "（作成者の発言）" in japanese
    # What others said stands where all of it stands, with who said it.
    told = words(knows.get(places.pages["batch"]).text).partition("What was said about it")[2]
    assert "Cuts of Spring" in told and "Stolen" in told
    knows_none = asking(site)
    page = knows_none.get(places.pages["batch"])
    assert "Cuts of Spring" not in page.text and 'class="called"' not in page.text
    tag = page.headers["etag"]
    again = asking(site, "Cuts of Spring")
    fresh = again.get(places.pages["batch"], headers={"If-None-Match": tag})
    assert fresh.status_code == 200, "a site with other names has other pages"


def test_a_name_becomes_no_part_of_a_page(site: Site, places: Places) -> None:
    scene = places.scene
    state(scene.alice, "wallet", scene.alice.address, HOSTILE)
    site.catch_up()
    knows = asking(site, HOSTILE)
    for name in ("wallet", "batch", "collection"):
        page = knows.get(places.pages[name]).text
        assert "<b>Kaze" not in page and "\u202e" not in page, name
        assert escape("<b>Kaze") in page, name
