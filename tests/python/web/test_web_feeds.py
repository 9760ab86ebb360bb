"""Feeds of new uses say what the index says, in order, under names that stay (promise 2); a reader
that knows nothing of Kiseki reads them, and nothing but the chain is in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from xml.etree import ElementTree

import feedparser
import pytest
from starlette.testclient import TestClient

from kiseki.core import ids
from kiseki.core.values import to_hex
from kiseki.language import LANGUAGES
from kiseki.web.app import application
from kiseki.web.shown import newest
from kiseki.web.site import Site

from .conftest import Places

NAME = "trace.example.org"
ATOM = "{http://www.w3.org/2005/Atom}"


@contextmanager
def asked(site: Site, names: tuple[str, ...] = (NAME,), settles: int = 0) -> Iterator[TestClient]:
    """Asks a site, which stays open behind it."""
    app = application(site, names, follows=False, settles=settles)
    yield TestClient(app, base_url="http://localhost")


def of(places: Places) -> dict[str, str]:
    """Each kind of feed, by its address."""
    return {
        "collection": f"/collection/{places.art}/uses.atom",
        "model": f"/model/{places.base}/uses.atom",
        "artist": f"/wallet/{places.scene.alice.address}/uses.atom",
        "developer": f"/wallet/{places.scene.developer_1.address}/uses.atom",
        "nobody": f"/wallet/0x{'77' * 20}/uses.atom",
    }


def read(text: str) -> Any:
    """What a feed reader makes of it."""
    found = feedparser.parse(text)
    assert not found.bozo, found.get("bozo_exception")
    assert found.version == "atom10"
    return found


def whole(text: str) -> ElementTree.Element:
    """The document, with all that RFC 4287 asks for (section 4.1)."""
    root = ElementTree.fromstring(text)
    assert root.tag == f"{ATOM}feed"
    for each in (root, *root.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            (only,) = each.findall(f"{ATOM}{name}")
            assert only.text and only.text.strip() == only.text
        (urn,) = each.findall(f"{ATOM}id")
        assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", urn.text or "")
        (time,) = each.findall(f"{ATOM}updated")
        assert datetime.fromisoformat(time.text or "").tzinfo is not None
        assert each.findall(f"{ATOM}author") and each.findall(f"{ATOM}author/{ATOM}name")
        kinds = [
            (link.get("rel"), link.get("type"), link.get("hreflang"))
            for link in each.findall(f"{ATOM}link")
        ]
        assert len(kinds) == len(set(kinds)), "not two links of one kind"
    return root


def test_a_feed_tells_new_uses_as_the_index_does(site: Site, places: Places) -> None:
    index, scene = places.scene.k.index, places.scene
    keys = {
        "collection": scene.collections["alice"].id, "model": scene.model_1,
        "artist": ids.wallet(scene.alice.address),
        "developer": ids.wallet(scene.developer_1.address), "nobody": ids.wallet("0x" + "77" * 20),
    }  # fmt: skip
    with asked(site) as client:
        for name, path in of(places).items():
            for language in LANGUAGES:
                answer = client.get(path, params={"language": language})
                assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
                whole(answer.text)
                found = read(answer.text)
                uses = index.overview.newest_uses(keys[name])
                assert len(found.entries) == len(uses) == (0 if name == "nobody" else len(uses))
                assert found.feed.language == language
                for entry, use in zip(found.entries, uses, strict=True):
                    page = f"https://{NAME}/{use.kind}/{to_hex(use.id)}?language={language}"
                    assert entry.link == page
                    assert to_hex(use.transaction) in str(entry.links)
                    assert entry.author.lower() == use.registrant
                    time = datetime.fromisoformat(entry.updated).timestamp()
                    assert int(time) == use.time and entry.published == entry.updated
                if uses:
                    assert found.feed.updated == found.entries[0].updated
        assert len(read(client.get(of(places)["collection"]).text).entries) == 2
        assert len(read(client.get(of(places)["developer"]).text).entries) == 1


def test_names_of_entries_stay_and_tell_uses_apart(site: Site, places: Places) -> None:
    with asked(site) as here, asked(site, ("another.example.org",)) as there:
        seen: dict[str, str] = {}
        for path in of(places).values():
            ours = read(here.get(path, params={"language": "en"}).text)
            theirs = read(there.get(path, params={"language": "ja"}).text)
            assert [each.id for each in ours.entries] == [each.id for each in theirs.entries]
            for each in ours.entries:
                assert seen.setdefault(each.id, path) == path, "the same use in another feed"
        assert len(seen) > 4
    before = read_all(site, of(places)["collection"])
    places.scene.model(places.scene.developer_2, "another", {"alice": 2})
    site.catch_up()
    after = read_all(site, of(places)["collection"])
    assert len(after) == len(before) + 1 and after[1:] == before


def read_all(site: Site, path: str, **options: Any) -> list[str]:
    """The names of all entries, page by page."""
    with asked(site, **options) as client:
        names, nexts = [], [path]
        while nexts:
            found = read(client.get(nexts.pop()).text)
            names += [each.id for each in found.entries]
            nexts = [each.href for each in found.feed.links if each.rel == "next"]
            nexts = [each.removeprefix(f"https://{NAME}") for each in nexts]
        return names


def test_a_long_feed_comes_in_pages_that_are_the_whole(
    site: Site, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RFC 5005, section 3."""
    path = of(places)["collection"]
    for number in range(5):
        places.scene.model(places.scene.developer_1, f"more {number}", {"alice": number + 2})
    site.catch_up()
    names = read_all(site, path)
    assert len(names) == len(set(names)) == 7
    for rows in (1, 2, 3, 7):
        monkeypatch.setattr(newest, "_ROWS", rows)
        assert read_all(site, path) == names
    with asked(site) as client:
        for wrong in ("x", "-1", "9" * 30, "1.5", "١"):
            assert client.get(path, params={"before": wrong}).status_code == 400, wrong


def test_a_reader_that_has_it_gets_nothing_until_something_is_new(
    site: Site, places: Places
) -> None:
    path, scene = of(places)["collection"], places.scene
    with asked(site) as client:
        first = client.get(path)
        has = {"If-None-Match": first.headers["etag"]}
        scene.k.session.node.one("anvil_mine", 3)
        site.catch_up()
        assert client.get(path, headers=has).status_code == 304, "a block alone is nothing new"
        scene.model(scene.developer_2, "another", {"alice": 2})
        site.catch_up()
        again = client.get(path, headers=has)
        assert again.status_code == 200 and again.headers["etag"] != first.headers["etag"]


def test_no_entry_is_told_that_could_be_taken_back(site: Site, places: Places) -> None:
    """A feed reader keeps what a feed told once, whatever becomes of the block."""
    path, scene = of(places)["collection"], places.scene
    node = scene.k.session.node
    node.one("anvil_mine", 10)
    site.catch_up()
    before = read_all(site, path, settles=10)
    assert len(before) == 2
    block = node.one("evm_snapshot")
    scene.model(scene.developer_2, "taken back", {"alice": 2})
    node.one("anvil_mine", 9)
    site.catch_up()
    at_once = read_all(site, path)
    assert len(at_once) == 3 and read_all(site, path, settles=10) == before
    assert node.one("evm_revert", block)
    node.one("anvil_mine", 40)
    site.catch_up()
    assert read_all(site, path) == before == read_all(site, path, settles=10)
    scene.k.session.catch_up()
    scene.model(scene.developer_1, "stays", {"alice": 3})
    node.one("anvil_mine", 10)
    site.catch_up()
    assert len(read_all(site, path, settles=10)) == 3


def test_pages_lead_to_their_feeds(site: Site, places: Places) -> None:
    with asked(site) as client:
        for kind in ("collection", "model", "wallet"):
            for language in LANGUAGES:
                asks = {"language": language}
                html = client.get(places.pages[kind], params=asks).text
                links = re.findall(r'href="([^"]+uses\.atom[^"]*)"', html)
                assert len(links) == 2 and len(set(links)) == 1, kind
                assert re.search(r'<link rel="alternate" type="application/atom\+xml"', html)
                assert read(client.get(links[0]).text).feed.language == language


def test_what_is_nowhere_has_no_feed(site: Site) -> None:
    with asked(site) as client:
        for kind in ("collection", "model"):
            assert client.get(f"/{kind}/0x{'77' * 32}/uses.atom").status_code == 404
            assert client.get(f"/{kind}/x/uses.atom").status_code == 400
        for path in ("/wallet/x/uses.atom", "/own/uses.atom", f"/batch/0x{'77' * 32}/uses.atom"):
            assert client.get(path).status_code in (400, 404)


# Attacks


def test_nothing_that_is_asked_becomes_part_of_a_feed(site: Site, places: Places) -> None:
    """XML from what visitors write, and a cache that is poisoned by what they send beside."""
    path = of(places)["collection"]
    evil = "evil.example.com"
    with asked(site, (NAME, "second.example.org")) as client:
        plain = client.get(path)
        assert "vary" not in plain.headers and NAME in plain.text
        for name, value in {
            "Host": "second.example.org", "X-Forwarded-Host": evil, "Accept-Language": "ja",
            "Cookie": "language=ja", "X-Forwarded-Prefix": f"//{evil}", "Forwarded": f"host={evil}",
            "Referer": f"https://{evil}/", "X-Original-URL": f"//{evil}/",
        }.items():  # fmt: skip
            client.cookies.clear()
            again = client.get(path, headers={name: value})
            assert (again.text, again.headers) == (plain.text, plain.headers), name
        for text in ('"/><x>', "<!DOCTYPE x [<!ENTITY y 'z'>]>", "\u202e", "ja&x=<y>", "\x00"):
            answer = client.get(path, params={"language": text, "x": text})
            if answer.status_code == 200:
                assert answer.text == plain.text
            answer = client.get(path, params={"before": text})
            assert answer.status_code == 400 and "xml" not in answer.headers["content-type"]
        assert client.get(path, headers={"Host": evil}).status_code == 400


def test_hostile_records_make_no_other_feed(site: Site, places: Places) -> None:
    """All that a registrant chooses of what a feed tells is which bytes their IDs come from."""
    scene = places.scene
    hostile = scene.model(scene.stranger, "]]><script>", {"alice": 9})
    scene.stranger.statements.state("model", to_hex(hostile), "name", b"<evil/>".ljust(32, b"\0"))
    site.catch_up()
    with asked(site) as client:
        for path in of(places).values():
            text = client.get(path).text
            whole(text)
            assert "script" not in text and "evil" not in text and "CDATA" not in text
            assert not set(text) & set(map(chr, [*range(9), *range(11, 32), 0x202E, 0xFFFE]))
    assert len(read_all(site, of(places)["collection"])) == 3
