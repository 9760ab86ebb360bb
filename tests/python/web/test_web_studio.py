"""The studio's pages: who comes in, what a producer sees, invites and registers."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct
from playwright.sync_api import Page, Route
from starlette.testclient import TestClient
from tests.python.passkey import Passkey as Phone
from tests.python.web.bringing import FOLDER, Files, announced, bring, press, send
from tests.python.web.browser import launched
from tests.python.web.looking import ROOT, looked_at, looks
from tests.python.web.test_web_pages import words

from kiseki import licences
from kiseki.client import costs
from kiseki.core import passkeys
from kiseki.errors import InvalidInput
from kiseki.language import LANGUAGES
from kiseki.licences import Licence
from kiseki.vault.invitations import Invitation, Passkey
from kiseki.web.app import application
from kiseki.web.rate import Rate
from kiseki.web.signing.desk import Desk
from kiseki.web.site import Site
from kiseki.web.studio.door import Door

from .conftest import served

PICTURES = ROOT / "build" / "studio"
HERE = "http://localhost"
POSTS = {"Origin": HERE, "Sec-Fetch-Site": "same-origin"}
WALLET, STRANGER = Account.create(), Account.create()


@pytest.fixture
def door() -> Door:
    return Door([WALLET.address])


@pytest.fixture
def producer(site: Site, desk: Desk, door: Door, cuts: Invitation) -> Iterator[TestClient]:
    app = application(site, desk=desk, door=door, follows=False)
    with TestClient(app, base_url=HERE) as client:
        yield client


def inside(producer: TestClient, door: Door) -> TestClient:
    assert producer.get(f"/studio?key={door.key}").status_code == 200
    return producer


def signed(desk: Desk, cuts: Invitation) -> None:
    """As an artist signs on their phone."""
    phone = Phone()
    passkey = Passkey(b"name", b"cose", phone.key, "localhost")
    with desk.using() as invitations:
        begun = invitations.begin(cuts, passkey)
        answer = passkeys.assertion(*phone.get(invitations.challenge(begun)))
        invitations.sign(begun, passkey, answer)


def asked(page: str) -> tuple[str, str]:
    text = re.search(r'data-text="([^"]*)"', page)
    nonce = re.search(r'data-nonce="([^"]*)"', page)
    assert text and nonce
    return text.group(1).replace("&#34;", '"').replace("&#39;", "'"), nonce.group(1)


def answer(who: Any, text: str, nonce: str) -> dict[str, str]:
    said = encode_defunct(text=text.replace("{address}", who.address))
    signature = who.sign_message(said).signature.hex()
    return {"address": who.address, "nonce": nonce, "signature": f"0x{signature}"}


def test_nobody_comes_in_without_the_key_or_a_named_wallet(
    producer: TestClient, door: Door, cuts: Invitation
) -> None:
    """From this machine neither: behind a proxy everybody seems to sit here."""
    other = door.key[:-1] + ("y" if door.key.endswith("x") else "x")
    for path in ("", "/invite", f"?key={other}", "?key="):
        told = producer.get(f"/studio{path}")
        assert told.status_code == 403, path
        assert cuts.secret not in told.text
    for path in ("/register", "/leave", "/invite"):
        assert producer.post(f"/studio{path}", json={}, headers=POSTS).status_code == 403
    told = inside(producer, door).get("/studio")
    assert cuts.secret in told.text
    assert "no-store" in told.headers["cache-control"]
    producer.cookies.clear()
    producer.cookies.set("kiseki-studio", "W10.AAAA")
    assert producer.get("/studio").status_code == 403


def test_the_key_of_an_earlier_start_opens_nothing(
    producer: TestClient, door: Door, site: Site, desk: Desk
) -> None:
    inside(producer, door)
    later = application(site, desk=desk, door=Door(), follows=False)
    again = TestClient(later, base_url=HERE, cookies=dict(producer.cookies))
    assert again.get("/studio").status_code == 403


def test_a_named_wallet_signs_in_and_no_other(producer: TestClient) -> None:
    """Sign-In with Ethereum: of the message nothing but the address is the visitor's."""
    text, nonce = asked(producer.get("/studio").text)
    assert text.startswith(
        "localhost wants you to sign in with your Ethereum account:\n{address}\n"
    )
    good = answer(WALLET, text, nonce)
    wrong: list[dict[str, Any]] = [
        answer(STRANGER, text, nonce),
        good | {"address": STRANGER.address},
        good | {"nonce": "00" * 32},
        good | {"signature": "0x" + "11" * 65},
        answer(WALLET, text.replace("localhost wants", "elsewhere wants"), nonce),
        {},
    ]
    for each in wrong:
        assert producer.post("/studio/enter", json=each, headers=POSTS).status_code == 400
    assert producer.get("/studio").status_code == 403
    elsewhere = {"Origin": "https://elsewhere.example"}
    assert producer.post("/studio/enter", json=good, headers=elsewhere).status_code == 403
    assert producer.post("/studio/enter", json=good, headers=POSTS).json() == {"next": "/studio"}
    assert producer.get("/studio").status_code == 200
    assert producer.post("/studio/leave", json={}, headers=POSTS).status_code == 200
    assert producer.get("/studio").status_code == 403


def test_the_board_says_who_is_missing_and_registers_what_is_signed(
    producer: TestClient, door: Door, desk: Desk, cuts: Invitation, site: Site
) -> None:
    inside(producer, door)
    page = producer.get("/studio").text
    assert "has not opened the link" in page and "Register what is signed" not in page
    assert "gas" in page and "ETH" in page
    signed(desk, cuts)
    page = producer.get("/studio").text
    assert "has signed; not registered yet" in page and "Register what is signed" in page
    assert producer.post("/studio/register", json={}, headers=POSTS).status_code == 200
    until = time.monotonic() + 600
    while desk.registering.runs and time.monotonic() < until:
        time.sleep(0.05)
    assert desk.registering.problems == []
    site.catch_up()
    page = producer.get("/studio").text
    assert "/collection/" in page and "Register what is signed" not in page


def test_a_folder_from_a_browser_is_seen_and_then_becomes_links(
    producer: TestClient, door: Door, desk: Desk
) -> None:
    """Who is in it, under which terms, at which cost and who pays: all before a link is made."""
    inside(producer, door)
    page = bring(producer, FOLDER)
    text = producer.get(page).text
    said = words(text)
    for part in (
        "山田 花子", "Sato Ken", "Nothing that the list names is missing.", "20%",
        "a passkey, which they make when they open the link", "which this site's wallet pays",
        "The artists pay nothing", "This site was told no exchange rate", "Make the links",
    ):  # fmt: skip
        assert part in said, part
    used = re.search(r"uses about ([0-9,]+) gas", said)
    assert used and int(used[1].replace(",", "")) == costs.registering([1, 1])
    assert len(desk.store.all()) == 1, "nobody is invited by looking"
    assert press(producer, page).json() == {"next": "/studio"}
    assert press(producer, page, 1).json() == {"next": "/studio"}, "a second press makes no more"
    made = desk.store.all()[1:]
    assert [(each.artist, len(each.drawings)) for each in made] == [
        ("山田 花子", 1), ("Sato Ken", 1),
    ]  # fmt: skip
    assert made[0].terms.royalty_bps == 2_000
    for each in made:
        assert all(drawing.path.stat().st_mode & 0o077 == 0 for drawing in each.drawings)
    told = producer.post(f"{page}/forget", json={}, headers=POSTS)
    assert told.status_code == 400, "artists are shown these files"
    assert producer.post(page, json=announced(FOLDER), headers=POSTS).status_code == 400
    assert made[0].drawings[0].path.exists()


def test_a_missing_drawing_stands_beside_whose_it_is_and_can_be_sent_alone(
    producer: TestClient, door: Door, desk: Desk
) -> None:
    inside(producer, door)
    files = {path: data for path, data in FOLDER.items() if path != "a/1.svg"}
    page = bring(producer, files)
    text = producer.get(page).text
    row = re.search(r"<tr>(?:(?!</tr>).)*a/1\.svg.*?</tr>", text)
    assert row and "Sato Ken" in row[0] and "山田" not in row[0]
    assert "Make the links" not in words(text)
    told = press(producer, page, 1)
    assert told.status_code == 400 and "a/1.svg (Sato Ken)" in told.json()["error"]
    assert len(desk.store.all()) == 1
    again = producer.post(page, json=announced(FOLDER), headers=POSTS).json()
    assert again["files"] == [["files/a/1.svg", 0]], "what is here is not sent again"
    send(producer, again, FOLDER)
    assert press(producer, page, 1).status_code == 400, "that page showed something else"
    assert press(producer, page).status_code == 200
    assert len(desk.store.all()) == 3


def test_the_address_book_says_whose_wallet_signs(
    producer: TestClient, door: Door, desk: Desk
) -> None:
    inside(producer, door)
    desk.names = lambda name: WALLET.address if name == "Sato Ken" else None
    said = producer.get(bring(producer, FOLDER)).text
    assert said.count(f"/wallet/{WALLET.address}") == 1


def test_a_broken_off_folder_goes_on_where_it_stopped(
    producer: TestClient, door: Door, desk: Desk
) -> None:
    inside(producer, door)
    files = FOLDER | {"a/0.svg": b"<svg>" + b"0" * 9_000 + b"</svg>"}
    told = producer.post("/studio/invite", json=announced(files), headers=POSTS).json()
    asked: dict[str, str | int] = {"path": "files/a/0.svg", "from": 0}
    half = files["a/0.svg"][:4_000]
    sent = producer.post(f"{told['next']}/file", params=asked, content=half, headers=POSTS)
    assert sent.json() == {"received": 4_000}
    said = words(producer.get(told["next"]).text)
    assert "0 of 3 files are here." in said and "Make the links" not in said
    assert press(producer, told["next"], 1).status_code == 400
    assert "not all files are here yet" in words(producer.get("/studio/invite").text)
    again = producer.post(told["next"], json=announced(files), headers=POSTS).json()
    assert ["files/a/0.svg", 4_000] in again["files"]
    send(producer, again, files)
    assert press(producer, told["next"]).status_code == 200
    kept = desk.drafts.folder(told["next"].rpartition("/")[2]) / "files"
    assert {path: (kept / path).read_bytes() for path in files} == files


@pytest.mark.parametrize(("changed", "files"), [
    ({}, {"../../evil.csv": b"x"}),
    ({}, {"second.csv": b"x"}),
    ({"files": [["c/list.csv", 1, 5], ["c/a", 1, 5], ["c/a", 2, 5]]}, {}),
    ({"files": [["/etc/evil", 1, 5]]}, {}),
    ({"files": []}, {}),
    ({"licence": "anything"}, {}),
    ({"licence": "no-ai"}, {}),
    ({"governs": "xx"}, {}),
    ({"royalty": "much"}, {}),
    ({"days": "-1"}, {}),
    ({"days": "0"}, {}),
    ({"studio": ""}, {}),
    ({"studio": 7}, {}),
])  # fmt: skip
def test_a_folder_that_cannot_be_meant_is_refused_with_a_reason(
    producer: TestClient, door: Door, desk: Desk, changed: dict[str, Any], files: Files
) -> None:
    """Before a byte of it is sent."""
    inside(producer, door)
    told = producer.post("/studio/invite", json=announced(FOLDER | files) | changed, headers=POSTS)
    assert told.status_code == 400
    assert told.json()["error"]
    assert len(desk.store.all()) == 1 and desk.drafts.open() == []


@pytest.mark.parametrize(("list_", "why"), [
    (b"file,artist\na/0.svg,\n", "names no artist who could be invited"),
    (b"file,artist\n../../../evil.svg,Sato Ken\n", "is no file of the folder that was chosen"),
    (b"file\na/0.svg\n", "names no artist who could be invited"),
    (b"", "list.csv is empty"),
    (b"file,artist\n", "there is nobody to invite in list.csv"),
])  # fmt: skip
def test_a_list_that_cannot_be_meant_is_told_of_and_invites_nobody(
    producer: TestClient, door: Door, desk: Desk, list_: bytes, why: str
) -> None:
    inside(producer, door)
    page = bring(producer, FOLDER | {"list.csv": list_})
    text = producer.get(page).text
    assert why in words(text), words(text)
    assert "Make the links" not in words(text)
    assert str(desk.drafts.folder("")) not in text, "where files lie is the operator's business"
    assert producer.post(f"{page}/forget", json={}, headers=POSTS).status_code == 200
    assert producer.get(page).status_code == 404
    assert not desk.drafts.folder(page.rpartition("/")[2]).exists()


def test_a_producer_reads_the_whole_text_of_a_licence_before_choosing_it(
    producer: TestClient, door: Door
) -> None:
    inside(producer, door)
    form = producer.get("/studio/invite").text
    for word in ("royalty", "licensed"):
        assert f'href="/studio/invite/licence/{word}"' in form
        for language in LANGUAGES:
            asked = {"Accept-Language": language}
            shown = words(producer.get(f"/studio/invite/licence/{word}", headers=asked).text)
            whole = " ".join(licences.blank(Licence(word, 1, language)).split())
            assert whole in " ".join(shown.split())
    assert producer.get("/studio/invite/licence/anything").status_code == 404


def test_yen_are_named_at_the_rate_that_the_site_was_told_and_not_otherwise(
    site: Site, desk: Desk, door: Door, cuts: Invitation
) -> None:
    rate = Rate.of("412,000@2026-11-30")
    assert (rate.of_wei(10**18), rate.of_wei(1), rate.of_wei(0)) == (412_000, 1, 0)
    for wrong in ("412000", "0@2026-11-30", "x@2026-11-30", "412000@2026-13-30", "1.5@2026-11-30"):
        with pytest.raises(InvalidInput, match="--yen"):
            Rate.of(wrong)
    app = application(site, desk=desk, door=door, rate=rate, follows=False)
    with TestClient(app, base_url=HERE) as producer:
        text = words(inside(producer, door).get("/studio").text)
        assert "at the rate of ¥412,000 for 1 ETH that this site was told for 2026-11-30" in text
        text = words(producer.get("/studio", headers={"Accept-Language": "ja"}).text)
        assert "円に当たります" in text and "2026年11月30日のレート、1 ETH＝412,000円" in text


def test_another_site_invites_nobody(producer: TestClient, door: Door, desk: Desk) -> None:
    inside(producer, door)
    page = bring(producer, FOLDER)
    headers = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    for path, said in (
        ("/studio/invite", announced(FOLDER)), (page, announced(FOLDER)),
        (f"{page}/links", {"revision": 1}), (f"{page}/forget", {}),
    ):  # fmt: skip
        assert producer.post(path, json=said, headers=headers).status_code == 403, path
    sent = producer.post(f"{page}/file?path=x", content=b"x", headers=headers)
    assert sent.status_code == 403
    producer.cookies.clear()
    for path in (page, "/studio/invite/licence/royalty"):
        assert producer.get(path).status_code == 403
    assert press(producer, page, 1).status_code == 403
    assert len(desk.store.all()) == 1


# In a real browser


def with_wallet(page: Page, who: Any, refuses: bool = False) -> None:
    """A wallet that announces itself (EIP-6963) and signs as people do, or refuses."""

    def sign(text: str) -> str:
        said = encode_defunct(hexstr=text)
        return "0x" + str(who.sign_message(said).signature.hex())

    page.expose_function("signs", sign)
    page.add_init_script(f"""
      const provider = {{ request: async ({{ method, params }}) => {{
        if (method === "eth_requestAccounts") return ["{who.address.lower()}"];
        if ({str(refuses).lower()}) throw {{ code: 4001, message: "no" }};
        if (method === "personal_sign") return window.signs(params[0]);
        throw {{ code: 4200 }};
      }} }};
      const info = {{ uuid: "1", name: "Test", icon: "data:,", rdns: "org.example" }};
      window.addEventListener("eip6963:requestProvider", () => window.dispatchEvent(
        new CustomEvent("eip6963:announceProvider", {{ detail: {{ info, provider }} }})));
    """)


def test_a_producer_signs_in_with_a_wallet_sends_a_folder_and_sees_who_signed(
    site: Site, desk: Desk, door: Door, tmp_path: Path, cuts: Invitation
) -> None:
    season = tmp_path / "season"
    season.mkdir()
    (season / "list.csv").write_text("file,artist\nx.svg,Mori Aya\n")
    (season / "x.svg").write_text("<svg>x</svg>")
    with served(site, desk=desk, door=door) as at, launched(locale="en-GB") as page:
        here = at.replace("127.0.0.1", "localhost")
        with_wallet(page, WALLET)
        page.goto(f"{here}/studio")
        page.get_by_text("Sign in with a wallet", exact=True).click()
        page.wait_for_selector("text=has not opened the link")
        page.get_by_text("Invite artists", exact=True).click()
        page.set_input_files("#folder", season)
        page.fill("#studio", "Studio Kaze")
        page.fill("#royalty", "20%")
        lost: list[str] = []

        def lose(route: Route) -> None:
            """The line is lost once."""
            lost.append(route.request.url)
            route.abort() if len(lost) == 1 else route.continue_()

        page.route("**/file?path=*", lose)
        page.get_by_text("Send the files and look", exact=True).click()
        page.wait_for_selector("text=Who would be asked")
        assert page.get_by_text("Mori Aya").count() == 1 and len(lost) == 3
        page.get_by_text("Make the links", exact=True).click()
        page.wait_for_selector("text=has not opened the link")
        assert page.get_by_text("Mori Aya").count() == 1
        signed(desk, cuts)
        page.reload()
        with page.expect_navigation():  # to its end: another one would interrupt it
            page.get_by_text("Register what is signed", exact=True).click()
        until = time.monotonic() + 600
        while desk.registering.runs and time.monotonic() < until:
            time.sleep(0.05)
        site.catch_up()
        page.goto(f"{here}/studio")
        assert page.locator("a[href^='/collection/']").count() == 1


def test_a_wallet_that_refuses_is_told_of_in_words(site: Site, desk: Desk, door: Door) -> None:
    with served(site, desk=desk, door=door) as at, launched(locale="ja-JP") as page:
        with_wallet(page, WALLET, refuses=True)
        page.goto(at.replace("127.0.0.1", "localhost") + "/studio")
        page.get_by_role("main").get_by_role("button").click()
        page.wait_for_selector("#trouble:has-text('ウォレットの署名がありません')")


def test_the_studios_pages_can_be_read_and_used_on_every_screen(
    site: Site, desk: Desk, door: Door, cuts: Invitation
) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    signed(desk, cuts)
    wrong: list[str] = []
    rate = Rate.of("412000@2026-11-30")
    app = application(site, desk=desk, door=door, follows=False)
    without = {path: data for path, data in FOLDER.items() if path != "a/1.svg"}
    producer = inside(TestClient(app, base_url=HERE), door)
    drafts = [bring(producer, FOLDER), bring(producer, without)]
    with served(site, desk=desk, door=door, rate=rate) as at:
        here = at.replace("127.0.0.1", "localhost")
        for look, options in looks():
            with launched(**options) as page:
                page.on("pageerror", lambda error: wrong.append(str(error)))
                for name, path in (
                    ("studio-door", "/studio"), ("studio-board", f"/studio?key={door.key}"),
                    ("studio-invite", "/studio/invite"), ("studio-draft", drafts[0]),
                    ("studio-lost", drafts[1]),
                    ("studio-licence", "/studio/invite/licence/royalty"),
                ):  # fmt: skip
                    page.goto(here + path)
                    wrong.extend(looked_at(page, PICTURES / f"{name}-{look}.png"))
    assert wrong == []
