"""Whoever drops a file on the page learns one of three things, which are never mixed up; and the
file stays where it is (promises 1, 2, 3; rules 8, 12, 13)."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Route
from tests.python.core import media
from tests.python.web.asking import Asking, Files, asking
from tests.python.web.browser import launched
from tests.python.web.looking import ROOT, looks, measured, unusable

from kiseki.core import ids
from kiseki.core.credentials import Layout, strip
from kiseki.core.values import to_hex
from kiseki.vault import receipts, sealed
from kiseki.web.site import Site

from .conftest import Places, served

PICTURES = ROOT / "build" / "states"


@pytest.fixture
def files(places: Places, tmp_path: Path) -> Files:
    return Files(places.scene, tmp_path / "disk")


# What is told of a file


def test_a_known_file_is_known_with_credentials_and_without(files: Files, site: Site) -> None:
    """Promise 3: the same ID before, inside and after; and the page leads to all it rests on."""
    with served(site) as at, asking(at) as somebody:
        said = somebody.ask(files.known)
        assert "This file is known" in said and "it rests on 2 collections" in said
        assert "Consent to all of them is in force today." in said and "What was sent" in said
        assert "credentials" not in said.partition("What all")[0]
        inside = somebody.ask(files.inside)
        assert "without the credentials (C2PA) that it carries" in inside
        assert said.splitlines()[0] in inside
        assert "made for other bytes" not in inside
        assert "This file is known" in somebody.ask(files.sealed)
        shown = media.embed(files.plain, "image/png")
        at_pixel = shown.index(files.plain[-300:-200])
        for link in ("output", "batch", "lineage", "model", "wallet"):
            assert somebody.page.locator(f'#told a[href^="/{link}/"]').count(), link
        # A store of another file, around a known picture: the picture is known, the store is not.
        other = media.embed(media.picture("PNG", 61), "image/png")
        store = other[33 : other.index(b"IDAT") - 4]
        assert at_pixel and "made for other bytes" in somebody.ask(
            files.file("borrowed.png", files.plain[:33] + store + files.plain[33:])
        )
        assert somebody.state == "known"
        assert somebody.complaints == []


def test_a_file_that_was_registered_with_its_credentials_is_found_as_it_is(
    files: Files, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batches of an earlier version hold hashes of whole files."""
    scene, older = files.scene, files.scene.folder / "older"
    older.mkdir()
    data = media.embed(media.picture("PNG", 63), "image/png")
    (older / "whole.png").write_bytes(data)
    with monkeypatch.context() as earlier:
        earlier.setattr("kiseki.core.credentials.layout", lambda _: Layout(""))
        scene.creator.outputs.register(scene.creator.outputs.prepare(older, [scene.model_2]))
    site.catch_up()
    with served(site) as at, asking(at) as somebody:
        said = somebody.ask(files.file("whole.png", data))
        assert "registered together with the credentials (C2PA)" in said
        assert somebody.state == "known"
        bare = somebody.ask(files.file("bare.png", strip(data)))
        assert bare.startswith("Nobody here knows this file")


def test_an_unknown_file_is_accused_of_nothing(files: Files, site: Site) -> None:
    """Silence is no guilt, and similar is not the same."""
    changed = bytearray(files.plain)
    changed[-40] ^= 1
    with served(site) as at, asking(at) as somebody:
        for data in (bytes(changed), b"another", files.plain + b" "):
            said = somebody.ask(files.file("picture.png", data))
            assert somebody.state == "unknown"
            assert said.startswith("Nobody here knows this file")
            assert "no sign that anything is wrong" in said and "Similar is not the same" in said
            assert not re.search("forged|fake|false|changed", said)


def test_only_what_proves_a_change_is_told_as_one(files: Files, site: Site) -> None:
    """Its own credentials, or the receipt of its owner."""
    sealed = media.embed(media.picture("PNG", 62), "image/png")
    true = files.file("sealed.png", sealed)
    at_pixel = len(sealed) - 100
    false = files.file("other.png", sealed[:at_pixel] + b"?" + sealed[at_pixel + 1 :])
    with served(site) as at, asking(at) as somebody:
        assert "Nobody here knows this file" in somebody.ask(true)
        said = somebody.ask(false)
        assert somebody.state == "changed" and said.startswith("This file was changed")
        assert "Nobody here knows this file" not in said
        mine = files.file("alice-1.svg", b"another drawing of this name")
        assert "Nobody here knows" in somebody.ask(mine)
        somebody.page.set_input_files("#receipt", files.receipt)
        somebody.page.wait_for_selector("#told .changed")
        said = somebody.page.inner_text("#told")
        assert "alice-1.svg" in said and "Nobody here knows" not in said
        assert "does not name the file" in somebody.ask_own(files.file("new.svg", b"of mine"))
        assert somebody.state == "unknown"


# The question of an owner


def test_an_owner_learns_which_models_declare_a_work_and_which_provably_do_not(
    files: Files, site: Site
) -> None:
    """Promise 2. A receipt of all works shows that a model takes them all; a model's list shows
    which it takes and which not; and what neither shows is said."""
    with served(site) as at, asking(at) as somebody:
        somebody.ask(files.drawing)
        said = somebody.receive(files.receipt)
        assert "Your work is registered, and its collection is declared" in said
        assert somebody.state == "known" and "given for training" in somebody.told()
        scene = files.scene
        assert somebody.verdicts() == {
            to_hex(scene.model_1): "declared",
            to_hex(scene.model_2): "declared",
            to_hex(files.model): "some works of the collection; the list of its data tells which",
        }
        for sentence in ("does not mean “used”", "nobody registered is not seen", "Somebody else"):
            assert sentence in said
        somebody.page.set_input_files("#manifest", files.list)
        proved = "not declared; proved by the whole list"
        somebody.page.wait_for_selector(f"text={proved}")
        assert somebody.verdicts()[to_hex(files.model)] == proved
        somebody.ask_own(scene.folder / "alice" / "alice-2.svg")
        somebody.page.set_input_files("#manifest", files.list)
        somebody.page.wait_for_selector("text=some works of the collection", state="detached")
        assert somebody.verdicts()[to_hex(files.model)] == "declared"
        other = files.scene.manifest({"alice": 9}).to_json().encode()
        somebody.page.set_input_files("#manifest", files.file("other.json", other))
        somebody.page.wait_for_selector("text=This list is of none of these models")
        somebody.page.set_input_files("#manifest", files.file("no.json", b"{}"))
        somebody.page.wait_for_selector("text=This is no list of a model's data")
        assert somebody.complaints == []


def test_a_receipt_of_a_part_shows_less_and_a_revocation_is_told(files: Files, site: Site) -> None:
    scene = files.scene
    scene.alice.data.revoke(scene.collections["alice"].id)
    scene.alice.data.revoke_item(next(
        each.commitment for each in scene.collections["alice"].items
        if each.paths[0].name == "alice-1.svg"
    ))  # fmt: skip
    site.catch_up()
    with served(site) as at, asking(at) as somebody:
        somebody.ask(files.drawing)
        said = somebody.receive(files.part)
        assert set(somebody.verdicts().values()) == {
            "some works of the collection; the list of its data tells which"
        }
        assert "Consent to the collection was revoked on" in said
        assert "Its provider revoked this one work on" in said


def test_an_encrypted_receipt_is_opened_here(files: Files, site: Site) -> None:
    key = files.folder / "key.txt"
    public = sealed.new_identity(key)
    art = files.scene.collections["alice"].id
    ours, words = files.folder / "key.age", files.folder / "words.age"
    receipts.write(files.store, art, ours, recipient=public)
    receipts.write(files.store, art, words, passphrase="café in the morning")
    with served(site) as at, asking(at) as somebody:
        somebody.ask(files.drawing)
        page = somebody.page
        for path, secret in ((ours, key.read_text()), (words, "cafe\u0301 in the morning")):
            page.set_input_files("#receipt", path)
            page.fill("#key", "another passphrase")
            page.press("#key", "Enter")
            page.wait_for_selector("text=This is no receipt that can be read")
            page.fill("#key", " ".join(secret.split("\n")) if path == ours else secret)
            page.press("#key", "Enter")
            page.wait_for_selector("text=Your work is registered")
            assert page.input_value("#key") == "" and page.locator("#secret").is_hidden()
        secrets = [re.search("AGE-SECRET-KEY-[0-9A-Z]+", key.read_text()), "caf"]
        assert all(secrets) and somebody.complaints == []
        assert "AGE-SECRET" not in somebody.everything_sent()


def test_a_receipt_that_is_not_right_shows_nothing(files: Files, site: Site) -> None:
    true = json.loads(files.receipt.read_text())

    def changed(**more: object) -> bytes:
        return json.dumps(true | more).encode()

    def first(**more: object) -> bytes:
        return changed(items=[true["items"][0] | more, *true["items"][1:]])

    nothing = "0x" + "77" * 32
    wrong = [
        changed(root=nothing), changed(provider=files.scene.bob.address.lower()),
        changed(collection=nothing), first(salt=nothing), first(sha256=nothing),
        first(commitment=nothing), first(proof=[nothing]), first(proof=[]),
    ]  # fmt: skip
    broken = [
        b"", b"{}", b"[]", b"null", b"\xff\xfe", files.plain, changed(format="another"),
        changed(items=None), changed(items=[None]), changed(items=[1]), first(names=[1]),
        first(proof="0x"), changed(terms=None), b"age-encryption.org/v0", b'{"a":' * 9999,
    ]  # fmt: skip
    with served(site) as at, asking(at) as somebody:
        somebody.ask(files.drawing)
        for text, data in [
            *(("This receipt is not right", each) for each in wrong),
            *(("This is no receipt that can be read", each) for each in broken),
        ]:
            somebody.page.evaluate("document.getElementById('used').replaceChildren()")
            said = somebody.receive(files.file("receipt", data))
            assert text in said, data[:200]
            assert "Nobody here knows this file" in somebody.told()
        elsewhere = json.loads(files.receipt.read_text())
        terms = elsewhere["terms"]["id"]
        moved = "0x" + "12" * 20
        item = ids.item_id(moved, bytes.fromhex(elsewhere["items"][0]["commitment"][2:]))
        root = to_hex(item)
        made = ids.collection_id(moved, item, bytes.fromhex(terms[2:]))
        one = elsewhere["items"][0] | {"proof": []}
        alone = changed(provider=moved, root=root, collection=to_hex(made), count=1, items=[one])
        name = one["names"][0]
        somebody.ask(files.scene.folder / "alice" / name)
        said = somebody.receive(files.file("nowhere", alone))
        assert "Nobody here knows its collection" in said
        assert [each for each in somebody.complaints if "404" not in each] == []


# Files of every kind


def test_no_file_does_harm_and_none_is_sent(files: Files, site: Site) -> None:
    """Rule 12: empty ones, polyglots, names that are HTML, formats that are none, large ones."""
    large = files.folder / "film.mp4"
    head = media.mp4(media.FTYP, media.store_box(b"some"), b"moov", media.box(b"mdat"))
    with large.open("wb") as film:
        film.write(head[:-8] + media.u32(8 + (1 << 27)) + b"mdat")
        film.truncate(len(head) + (1 << 27))
    script = b"<script>document.title = 'run'</script>"
    hostile = {
        "<img src=x onerror=alert(1)>.png": script,
        "polyglot.svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>" + script,
        "page.html": script,
        "film\u202egnp.exe": b"turned round",
        "both.png": files.plain + b"PK\x03\x04" + script,
        "bomb.png": media.png(media.chunk(b"IDAT", bytes(99)))[:30] + b"\xff" * 40,
        "cut.jpg": media.embed(media.picture("JPEG", 30), "image/jpeg")[:-900],
    }
    with served(site) as at, asking(at) as somebody:
        said = somebody.ask(files.file("empty.png", b""))
        assert "This file is empty" in said and "Nobody" not in said
        for name, data in hostile.items():
            assert "Nobody here knows" in somebody.ask(files.file(name, data)), name
            shown = name.replace("\u202e", "\ufffd")
            assert somebody.page.inner_text("#chosen b") == shown
        assert somebody.page.locator("#chosen img, #told script, #told img").count() == 0
        began = time.monotonic()
        assert "Nobody here knows" in somebody.ask(large)
        print(f"128 MB: {time.monotonic() - began:.1f} s")
        assert somebody.page.title().startswith("Ask about a file")
        assert somebody.complaints == []
        allowed = re.compile(
            r"/(file|static/[\w./]+|(api/v1/commitments|commitment)/0x[0-9a-f]{64}(\?most=1|\?language=en)?)$"
        )
        for request in somebody.sent:
            assert request.method == "GET" and request.post_data is None
            assert request.url.startswith(at) and allowed.match(request.url[len(at) :]), request.url
        assert "script" not in somebody.everything_sent().replace("static/js", "")


def test_a_file_that_is_being_read_can_be_stopped(files: Files, site: Site) -> None:
    large = files.folder / "film.mov"
    with large.open("wb") as film:
        film.truncate(1 << 31)
    with served(site) as at, asking(at) as somebody:
        page = somebody.page
        page.set_input_files("#file", large)
        while not page.evaluate("document.getElementById('progress').value"):
            page.wait_for_timeout(50)
        page.click("#cancel")
        page.wait_for_selector("#working", state="hidden")
        assert page.inner_text("#told") == ""
        assert not [each for each in somebody.sent if "/api/" in each.url]
        assert "This file is known" in somebody.ask(files.known)


# Sites that do not answer, and browsers without scripts


def _answered(answer: dict[str, Any], route: Route) -> None:
    """An answer about the file that is asked about, unless it names another one."""
    told = answer.get("json")
    if isinstance(told, dict) and "error" not in told and told:
        which = re.findall("0x[0-9a-f]{64}", route.request.url)[0]
        answer = answer | {"json": {"commitment": which} | told}
    route.fulfill(**answer)


def test_a_failed_question_is_never_an_answer(files: Files, site: Site) -> None:
    """Rule 13: whatever is not just what was asked for makes a file neither known nor unknown."""
    as_of = {"Kiseki-Block": "5", "Kiseki-Time": "1790000000"}
    unknown: dict[str, Any] = {"output": None, "places": {"rows": [], "after": None}}
    elsewhere = unknown | {"commitment": "0x" + "77" * 32}
    answers: list[dict[str, Any]] = [
        {"status": 500}, {"status": 404, "json": {"error": "nothing"}, "headers": as_of},
        {"status": 200, "body": ""}, {"status": 200, "json": {}, "headers": as_of},
        {"status": 200, "json": [], "headers": as_of},
        {"status": 302, "headers": {"Location": "/"}},
        {"status": 200, "body": "<!doctype html>", "content_type": "text/html"},
        {"status": 200, "json": elsewhere, "headers": as_of},  # about another file
        {"status": 200, "json": unknown},  # without a block, so not of this site
        {"status": 500, "json": unknown, "headers": as_of},
        {"status": 200, "json": {"places": None}, "headers": as_of},
    ]  # fmt: skip
    other = files.file("other.png", b"another")
    with served(site) as at, asking(at) as somebody:
        page = somebody.page
        for path in (files.known, other):
            for answer in answers:
                page.route("**/api/v1/commitments/**", partial(_answered, answer))
                said = somebody.ask(path)
                assert somebody.state == "failed", answer
                assert said.startswith("This could not be asked"), answer
                assert "Nobody here knows" not in said
                page.unroute("**/api/v1/commitments/**")
        page.route("**/api/v1/**", lambda route: route.abort())
        assert somebody.ask(files.known).startswith("This could not be asked")
        page.unroute("**/api/v1/**")
        page.get_by_role("button", name="Ask again").click()
        page.wait_for_selector("#told .known")
        page.route(re.compile("/commitment/0x"), lambda route: route.fulfill(status=503))
        assert somebody.ask(other).startswith("This could not be asked")
        for part in ("collections", "revocations"):
            page.route(f"**/api/v1/{part}/**", lambda route: route.abort())
            somebody.ask(files.drawing)
            assert "This could not be asked" in somebody.receive(files.receipt)
            page.unroute(f"**/api/v1/{part}/**")
        page.route("**/sources/**", lambda route: route.fulfill(status=503))
        page.get_by_role("button", name="Ask again").last.click()
        page.wait_for_selector("text=Your work is registered")
        assert set(somebody.verdicts().values()) == {"could not be asked"}


def test_files_are_dropped_and_chosen_by_keyboard(files: Files, site: Site) -> None:
    with served(site) as at, asking(at) as somebody:
        page = somebody.page
        data = page.evaluate_handle(
            """bytes => { const d = new DataTransfer();
            d.items.add(new File([new Uint8Array(bytes)], 'dropped.png')); return d; }""",
            list(files.plain),
        )
        page.dispatch_event("#drop", "dragover", {"dataTransfer": data})
        assert "over" in (page.get_attribute("#drop", "class") or "")
        page.dispatch_event("#drop", "drop", {"dataTransfer": data})
        assert "This file is known" in somebody.told()
        page.focus("#file")
        with page.expect_file_chooser() as opened:
            page.keyboard.press("Enter")
        opened.value.set_files(files.file("other.png", b"other"))
        page.wait_for_selector("#told .unknown")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('#told') !== null")


def test_without_scripts_the_page_says_what_to_do_instead(site: Site, places: Places) -> None:
    with served(site) as at, launched(java_script_enabled=False, locale="en-GB") as page:
        page.goto(at)
        page.get_by_role("link", name="Ask about a file").first.click()
        said = page.inner_text("main")
        assert "kiseki verify picture.png" in said and "kiseki data find" in said
        assert page.locator("#ask").is_hidden()


# How it looks


def _states(somebody: Asking, files: Files) -> Iterator[str]:
    """Every state, one after the other."""
    somebody.ask(files.inside)
    yield "known"
    somebody.ask(files.file("other.png", files.plain + b"changed"))
    yield "unknown"
    somebody.ask(files.drawing)
    somebody.receive(files.receipt)
    yield "used"
    somebody.ask(files.file("alice-1.svg", b"another drawing under the same name"))
    somebody.page.wait_for_selector("#told .changed")
    yield "changed"
    somebody.page.route("**/api/**", lambda route: route.abort())
    somebody.ask(files.known)
    somebody.page.wait_for_selector("#used .unknown")
    yield "failed"


def test_every_state_can_be_read_on_every_screen_in_both_languages(
    files: Files, site: Site
) -> None:
    shutil.rmtree(PICTURES, ignore_errors=True)
    PICTURES.mkdir(parents=True)
    with served(site) as at:
        for look, options in looks():
            with asking(at, **{**options, "bypass_csp": False}) as somebody:
                for state in _states(somebody, files):
                    path = PICTURES / f"{state}-{look}.png"
                    somebody.page.screenshot(path=path, full_page=True)
                    assert measured(somebody.page)["wrong"] == [], (state, look)
                unforeseen = [each for each in somebody.complaints if "ERR_FAILED" not in each]
                assert unforeseen == []


def test_every_state_can_be_used_by_those_who_do_not_see_it(files: Files, site: Site) -> None:
    """WCAG 2.2 AA, as far as axe can tell."""
    wrong: list[str] = []
    with served(site) as at:
        for scheme in ("light", "dark"):
            with asking(at, color_scheme=scheme, bypass_csp=True) as somebody:
                for state in _states(somebody, files):
                    wrong += [f"{state} {scheme} {each}" for each in unusable(somebody.page)]
    assert wrong == []
