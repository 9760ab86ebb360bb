"""What readers stumbled over who knew nothing of Kiseki (docs/trials)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.python.web.asking import Files, asking
from tests.python.web.browser import launched

from kiseki.web.app import application
from kiseki.web.meanings import MEANINGS
from kiseki.web.people import Person, Sandbox
from kiseki.web.site import Site

from .conftest import Places, served


@pytest.fixture
def made_up(site: Site, places: Places) -> Iterator[TestClient]:
    """A visitor of a sandbox."""
    buyer = Person("buyer", "", 5, places.scene.buyer.address)
    about = Sandbox(9, 2, "", places.batch, [buyer])
    app = application(site, sandbox=about, follows=False)
    with TestClient(app, base_url="http://localhost") as client:
        yield client


def test_revoked_data_is_a_link_in_the_findings_and_marked_in_the_picture(
    visitor: TestClient, site: Site, places: Places
) -> None:
    before = visitor.get(places.pages["batch"]).text
    assert "× 0x" not in before and 'class="revoked"' not in before
    places.scene.alice.data.revoke(places.scene.collections["alice"].id)
    site.catch_up()
    for page in ("batch", "lineage"):
        shown = visitor.get(places.pages[page]).text
        assert f">× {places.art[:8]}…{places.art[-4:]}</text>" in shown
        assert re.search(r'<path class="(revoked|over)"', shown)
        assert "(consent was revoked)" in shown or "(consent has ended)" in shown
    page = visitor.get(places.pages["batch"]).text
    found = page.partition('<ul class="findings">')[2].partition("</ul>")[0]
    assert f'href="/collection/{places.art}"' in found
    assert f'href="/wallet/{places.scene.alice.address}"'.lower() in found.lower()
    japanese = visitor.get(f"{places.pages['batch']}?language=ja").text
    found = japanese.partition('<ul class="findings">')[2].partition("</ul>")[0]
    for link in (f"/collection/{places.art}", f"/wallet/{places.scene.alice.address}"):
        assert f'href="{link}"'.lower() in found.lower()


def test_a_share_is_said_to_be_money_and_words_are_explained_where_they_stand(
    visitor: TestClient, places: Places
) -> None:
    for page, explained in (
        ("batch", ("batch", "collection", "notice")), ("model", ("model", "gross", "notice")),
        ("collection", ("collection", "gross", "item")), ("lineage", ("notice",)),
        ("commitment", ("batch", "notice")), ("output", ("batch",)), ("item", ("item",)),
    ):  # fmt: skip
        shown = unescape(visitor.get(places.pages[page]).text)
        details = shown.partition('<details class="meanings">')[2].partition("</details>")[0]
        for word in explained:
            assert all(each in details for each in MEANINGS[word]), (page, word)
        assert "endorsed" not in shown and "of gross</t" not in shown
    for page in ("batch", "model", "lineage"):
        figure = visitor.get(places.pages[page]).text.partition("<figcaption>")[2]
        assert figure.startswith("Widths and percentages are parts of the money")
        assert "They do not say how much of a picture comes from whom" in figure


def test_money_is_said_to_be_no_yen(visitor: TestClient, places: Places) -> None:
    assert "They are not yen" in visitor.get(places.pages["wallet"]).text
    assert "円ではありません" in visitor.get(places.pages["wallet"] + "?language=ja").text


def test_a_sandbox_begins_with_what_it_shows_and_says_everywhere_what_it_is(
    made_up: TestClient, visitor: TestClient, places: Places
) -> None:
    page = made_up.get("/").text
    heads = ["What its pictures rest on", "Registered last", "People to act as"]
    assert sorted(heads, key=page.index) == heads
    assert page.index('href="#people"') < page.index("What its pictures rest on")
    for path in (*places.pages.values(), "/nowhere", f"/model/0x{'77' * 32}"):
        assert "no model was trained" in made_up.get(path).text, path
        assert "made-up world" not in visitor.get(path).text, path
    assert "it is play money" in made_up.get(places.pages["wallet"]).text
    assert "it is play money" not in visitor.get(places.pages["wallet"]).text


def test_times_are_those_of_the_reader_where_scripts_run_and_named_where_not(
    site: Site, places: Places
) -> None:
    with served(site) as at:
        with launched(locale="ja-JP", timezone_id="Asia/Tokyo") as page:
            page.goto(at + places.pages["collection"])
            page.wait_for_selector("time[title]")
            shown = page.locator("main time").first
            utc, local = shown.get_attribute("title"), shown.inner_text()
            assert utc is not None and utc.endswith("（UTC）")
            hours = [int(each.partition("日")[2][:2]) for each in (utc, local)]
            assert (hours[1] - hours[0]) % 24 == 9 and ("JST" in local or "GMT+9" in local)
            assert "お使いの端末の時刻" in page.inner_text("footer")
            shift = page.evaluate(
                "new Promise(done => new PerformanceObserver(list => done(list.getEntries()"
                ".reduce((sum, each) => sum + each.value, 0)))"
                ".observe({type: 'layout-shift', buffered: true}) || setTimeout(done, 500, 0))"
            )
            assert shift < 0.1
        with launched(locale="en-GB", java_script_enabled=False) as page:
            page.goto(at + places.pages["collection"])
            assert page.locator("main time").first.inner_text().endswith(" UTC")
            assert "Times are in UTC" in page.inner_text("footer")


@pytest.fixture
def files(places: Places, tmp_path: Path) -> Files:
    return Files(places.scene, tmp_path / "disk")


def test_another_language_keeps_what_was_told_of_a_file(files: Files, site: Site) -> None:
    """The file is still there, because the page is: it is asked about again, and not dropped."""
    with served(site) as at, asking(at) as somebody:
        page = somebody.page
        assert "This file is known" in somebody.ask(files.known)
        somebody.receive(files.receipt)
        page.evaluate("window.kept = true")
        before = len(somebody.sent)
        page.get_by_role("link", name="日本語").click()
        page.wait_for_selector("html[lang=ja]")
        page.wait_for_selector("#told :text('このファイル')")
        assert page.evaluate("window.kept") and page.title().startswith("ファイル")
        assert page.inner_text("#chosen").startswith("picture.png")
        assert not re.search("[a-z]{4,} [a-z]{4,}", page.inner_text("header + main h1"))
        assert page.locator("#used > *").count() and page.inner_text("h1") == "ファイルを調べる"
        asked = [each for each in somebody.sent[before:] if each.method != "GET"]
        assert asked == [] and files.known.name not in somebody.everything_sent()
        page.get_by_role("link", name="English").click()
        page.wait_for_selector("html[lang=en]")
        page.wait_for_selector("#told :text('This file is known')")
        assert "This file is known" in somebody.ask(files.known), "all of it works as before"
        assert "given for training" in somebody.ask(files.drawing)
        assert somebody.complaints == []
        page.reload()
        page.get_by_role("link", name="日本語").click()
        page.wait_for_url("**/file?language=ja")  # nothing was told, so nothing is lost
