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
from playwright.sync_api import Page
from starlette.testclient import TestClient
from tests.python.passkey import Passkey as Phone
from tests.python.web.browser import launched
from tests.python.web.test_web_browser import MEASURE, ROOT, _looks

from kiseki.core import passkeys
from kiseki.vault.invitations import Invitation, Passkey
from kiseki.web.app import application
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


def folder(*more: tuple[str, bytes]) -> list[tuple[str, tuple[str, bytes]]]:
    files = [
        ("cuts/list.csv", "file,artist\na/0.svg,山田 花子\na/1.svg,Sato Ken\n".encode()),
        ("cuts/a/0.svg", b"<svg>0</svg>"), ("cuts/a/1.svg", b"<svg>1</svg>"), *more,
    ]  # fmt: skip
    return [("folder", each) for each in files]


FORM = {
    "studio": "Studio Kaze", "licence": "royalty", "governs": "ja", "royalty": "20%",
    "notice": "30", "days": "30",
}  # fmt: skip


def test_a_folder_from_a_browser_becomes_links(
    producer: TestClient, door: Door, desk: Desk
) -> None:
    inside(producer, door)
    told = producer.post("/studio/invite", data=FORM, files=folder(), headers=POSTS)
    assert told.json() == {"next": "/studio"}
    made = desk.store.all()[1:]
    assert [(each.artist, len(each.drawings)) for each in made] == [
        ("山田 花子", 1), ("Sato Ken", 1),
    ]  # fmt: skip
    assert made[0].terms.royalty_bps == 2_000
    for each in made:
        assert all(drawing.path.stat().st_mode & 0o077 == 0 for drawing in each.drawings)


@pytest.mark.parametrize(("changed", "files"), [
    ({}, (("cuts/../../evil.csv", b"x"),)),
    ({}, (("/etc/evil", b"x"),)),
    ({}, (("cuts/second.csv", b"x"),)),
    ({}, (("cuts/a/0.svg", b"twice"),)),
    ({"licence": "anything"}, ()),
    ({"governs": "xx"}, ()),
    ({"royalty": "much"}, ()),
    ({"days": "-1"}, ()),
    ({"studio": ""}, ()),
])  # fmt: skip
def test_a_folder_that_cannot_be_meant_is_refused_with_a_reason(
    producer: TestClient, door: Door, desk: Desk, changed: dict[str, str],
    files: tuple[tuple[str, bytes], ...],
) -> None:  # fmt: skip
    inside(producer, door)
    told = producer.post("/studio/invite", data=FORM | changed, files=folder(*files), headers=POSTS)
    assert told.status_code == 400
    assert told.json()["error"]
    assert len(desk.store.all()) == 1


def test_another_site_invites_nobody(producer: TestClient, door: Door, desk: Desk) -> None:
    inside(producer, door)
    headers = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    told = producer.post("/studio/invite", data=FORM, files=folder(), headers=headers)
    assert told.status_code == 403
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
        page.get_by_text("Make the links", exact=True).click()
        page.wait_for_selector("text=Mori Aya")
        signed(desk, cuts)
        page.reload()
        with page.expect_response("**/studio/register"):
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
    axe = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    PICTURES.mkdir(parents=True, exist_ok=True)
    signed(desk, cuts)
    wrong: list[str] = []
    with served(site, desk=desk, door=door) as at:
        here = at.replace("127.0.0.1", "localhost")
        for look, options in _looks():
            with launched(**options, bypass_csp=True) as page:
                page.on("pageerror", lambda error: wrong.append(str(error)))
                for name, path in (
                    ("studio-door", "/studio"), ("studio-board", f"/studio?key={door.key}"),
                    ("studio-invite", "/studio/invite"),
                ):  # fmt: skip
                    page.goto(here + path)
                    page.screenshot(path=PICTURES / f"{name}-{look}.png", full_page=True)
                    found = page.evaluate(MEASURE)
                    told = (found["wide"], found["clipped"], found["small"], found["begins"])
                    assert told == ([], [], [], []), (name, look)
                    page.evaluate(axe)
                    told = page.evaluate("tags => axe.run({runOnly: tags})", tags)
                    for each in told["violations"]:
                        nodes = [node["html"][:120] for node in each["nodes"][:3]]
                        wrong.append(f"{name}-{look} {each['id']} {nodes}")
    assert wrong == []
