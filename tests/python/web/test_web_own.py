"""An artist's own pages, asked by their devices and by somebody who is not them."""

from __future__ import annotations

import html
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from eth_account.messages import encode_defunct
from PIL import Image
from starlette.testclient import TestClient
from tests.python.web.browser import launched
from tests.python.web.looking import looked_at, looks
from tests.python.web.relaying import rounds
from tests.python.web.test_web_browser import PICTURES
from tests.python.web.test_web_phone import paying
from tests.python.web.test_web_signing import HERE, POSTS, Device, asked_to_sign, begun, options

from kiseki.chain.signing.accounts import local_account
from kiseki.core import ids
from kiseki.core.terms import NOTICE
from kiseki.core.values import to_hex
from kiseki.language import day
from kiseki.vault.invitations import Invitation
from kiseki.web.app import application
from kiseki.web.relay import Relay
from kiseki.web.signing.desk import Desk
from kiseki.web.site import Site

from .conftest import Places, served


@pytest.fixture
def relay(places: Places, tmp_path: Path) -> Relay:
    return paying(places.scene.k, tmp_path)


@pytest.fixture
def artist(site: Site, desk: Desk, relay: Relay) -> Iterator[TestClient]:
    app = application(site, desk=desk, relay=relay, follows=False)
    with TestClient(app, base_url=HERE) as client:
        yield client


@pytest.fixture
def device(artist: TestClient, cuts: Invitation, relay: Relay) -> Device:
    """An artist's phone, whose consent is registered."""
    made = Device()
    begun(artist, cuts, made)
    answer = made.get(asked_to_sign(artist, cuts))
    assert artist.post(f"/sign/{cuts.secret}/signature", json=answer, headers=POSTS).is_success
    rounds(relay)
    return made


def enters(artist: TestClient, device: Device, then: str = "") -> Any:
    artist.cookies.clear()
    asked = options(artist.get("/own").text)["get"]
    return artist.post(f"/own/enter{then}", json=device.get(asked), headers=POSTS)


def message(page: str) -> dict[str, Any]:
    found = re.search(r'class="message">(.*?)</script>', page)
    assert found is not None
    told: dict[str, Any] = json.loads(found.group(1))
    return told


def signs(artist: TestClient, device: Device, page: str) -> Any:
    told = artist.get(page).text
    answer = device.get(options(told)["get"])
    return artist.post("/own/do", json={"message": message(told), "answer": answer}, headers=POSTS)


def test_a_passkey_on_another_device_becomes_the_second_key(
    artist: TestClient, device: Device, relay: Relay, places: Places
) -> None:
    account, second = places.scene.k.accounts.address(device.phone.key), Device()
    asked = options(artist.get(f"/own/new?account={account}").text)["create"]
    made = artist.post(f"/own/new?account={account}", json=second.create(asked), headers=POSTS)
    shown = html.unescape(artist.get(made.json()["next"]).text)
    link = f"/own/do/key?key={to_hex(second.phone.key)}"
    assert f"{HERE}{link}" in shown and "<svg" in shown
    assert enters(artist, second).status_code == 400, "it opens nothing yet"
    artist.cookies.clear()
    door = artist.get(link)
    assert "/own/enter?then=" in door.text, "who is not signed in comes back here"
    then = re.search(r'/own/enter(\?then=[^"]*)', door.text)
    assert then is not None
    assert enters(artist, device, html.unescape(then.group(1))).json() == {"next": link}
    assert signs(artist, device, link).status_code == 200
    rounds(relay)
    assert set(places.scene.k.accounts.state(account).keys) == {
        device.phone.key, second.phone.key
    }  # fmt: skip
    assert enters(artist, second).json() == {"next": "/own"}
    assert account in artist.get("/own").text


def test_what_an_account_refuses_is_said_before_somebody_signs_it(
    artist: TestClient, device: Device, places: Places
) -> None:
    """A trial's reader named the account itself as its second key, and signed."""
    account = places.scene.k.accounts.address(device.phone.key)
    enters(artist, device)
    for page, said in (
        (f"key?key={account}", "this is your account itself"),
        (f"key?key={to_hex(device.phone.key)}", "the account refuses this"),
        ("key?key=mika@example.com", "hex"),
        (f"guardians?guardians={account}&threshold=1&days=30", "this is your account itself"),
        (f"guardians?guardians=0x{'ab' * 20}&threshold=2&days=30", "as many guardians as must"),
        (f"guardians?guardians=0x{'ab' * 20}&threshold=1&days=7", "at least 30 days"),
        ("claim?to=" + account, "nothing waits for you"),
        ("nonsense", "there is nothing like"),
        (f"revoke?collection=0x{'00' * 31}", "the collection"),
    ):
        told = artist.get(f"/own/do/{page}").text
        assert said in html.unescape(told), page
        assert 'class="message"' not in told, "nothing is there to be signed"


def enter_as(client: TestClient, wallet: Any) -> None:
    """Somebody signs in with a wallet (EIP-4361)."""
    page = client.get("/own").text
    text, nonce = (re.search(rf'data-{each}="([^"]*)"', page) for each in ("text", "nonce"))
    assert text and nonce
    said = html.unescape(text[1]).replace("{address}", wallet.address)
    signature = wallet.sign_message(encode_defunct(text=said)).signature
    answer = {"address": wallet.address, "nonce": nonce[1], "signature": to_hex(bytes(signature))}
    assert client.post("/own/enter-wallet", json=answer, headers=POSTS).status_code == 200


def shown(artist: TestClient, places: Places, site: Site) -> tuple[str, str]:
    """The owner's collection, and its page with the drawings."""
    site.catch_up()
    found = re.search(r'href="(/own/collection/(0x[0-9a-f]{64}))"', artist.get("/own").text)
    assert found is not None
    return found[2], artist.get(found[1]).text


def test_an_owner_sees_which_drawing_is_which_and_revokes_one(
    artist: TestClient, device: Device, relay: Relay, places: Places, site: Site
) -> None:
    """Two trials' readers found IDs only, and no way to take back one work."""
    enters(artist, device)
    collection, page = shown(artist, places, site)
    items = re.findall(rf"/own/do/revoke-item\?collection={collection}&amp;item=(0x\w+)", page)
    names = re.findall(r"<b>(Cut .)</b>", page)
    assert len(items) == 4 and sorted(names) == ["Cut 0", "Cut 1", "Cut 2", "Cut h"]
    pictures = {
        name: artist.get(f"/own/collection/{collection}/drawing/{item}")
        for name, item in zip(names, items, strict=True)
    }
    assert all(each.headers["content-type"] == "image/webp" for each in pictures.values())
    assert all("no-store" in each.headers["cache-control"] for each in pictures.values())
    for number in range(3):  # each name stands beside the picture that the studio calls so
        colour = Image.open(io.BytesIO(pictures[f"Cut {number}"].content)).getpixel((5, 5))
        assert isinstance(colour, tuple) and abs(colour[1] - 40 * number) < 12
    link = f"/own/do/revoke-item?collection={collection}&item={items[0]}"
    told = html.unescape(artist.get(link).text)
    assert f"the item with the commitment {items[0]}" in told
    assert f"/own/collection/{collection}/drawing/{items[0]}" in told
    account = places.scene.k.accounts.address(device.phone.key)
    item = ids.item_id(account, bytes.fromhex(items[0][2:]))
    with site.reading() as index:
        ends = datetime.fromtimestamp(index.time + NOTICE.days * 86_400, UTC).date()
    assert f"nobody may begin a new use from {day(ends, 'en')} on" in told
    assert to_hex(item) in told and "No model that is registered rests on" in told
    assert signs(artist, device, link).status_code == 200
    rounds(relay)
    _, after = shown(artist, places, site)
    assert after.count("revoked on") == 1 and after.count("Revoke this one") == 3
    assert item in places.scene.k.index.items_revoked([item])
    assert "is revoked already" in html.unescape(artist.get(link).text)
    other = f"/own/do/revoke-item?collection={collection}&item=0x{'77' * 32}"
    assert "none of your collections lists this item" in html.unescape(artist.get(other).text)


def test_the_drawings_can_be_read_and_used_on_every_screen(
    artist: TestClient, device: Device, places: Places, site: Site, desk: Desk, relay: Relay
) -> None:
    """As all other pages: nothing too wide, clipped or too small, and nothing that axe finds."""
    enters(artist, device)
    collection, page = shown(artist, places, site)
    link = re.search(r'href="(/own/do/revoke-item[^"]*)"', page)
    assert link is not None
    paths = {
        "own-home": "/own", "own-works": f"/own/collection/{collection}",
        "own-revoke-one": html.unescape(link[1]), "own-elsewhere": f"/collection/{collection}",
    }  # fmt: skip
    PICTURES.mkdir(parents=True, exist_ok=True)
    wrong: list[str] = []
    with served(site, desk=desk, relay=relay) as at:
        here = at.replace("127.0.0.1", "localhost")
        for look, options in looks():
            with launched(**options) as browser:
                cookie = {"name": "kiseki-own", "value": artist.cookies["kiseki-own"], "url": here}
                browser.context.add_cookies([cookie])  # type: ignore[list-item]
                for name, path in paths.items():
                    browser.goto(here + path)
                    browser.wait_for_load_state("networkidle")
                    wrong += looked_at(browser, PICTURES / f"{name}-{look}.png")
    assert wrong == []


def test_drawings_are_shown_to_their_owner_alone(
    artist: TestClient, device: Device, places: Places, site: Site
) -> None:
    enters(artist, device)
    collection, page = shown(artist, places, site)
    pictures = re.findall(r'src="(/own/collection/[^"]*)"', page)
    assert artist.get(pictures[0]).status_code == 200
    for path in (
        f"/own/collection/{places.art}", f"/own/collection/0x{'77' * 32}", "/own/collection/0x12",
        f"/own/collection/{places.art}/drawing/{pictures[0][-66:]}", f"{pictures[0][:-2]}zz",
        f"/own/collection/{collection}/drawing/0x{'77' * 32}",
    ):  # fmt: skip
        assert artist.get(path).status_code in (400, 404), path
    artist.cookies.clear()
    assert artist.get(pictures[0]).status_code == 404
    door = artist.get(f"/own/collection/{collection}", follow_redirects=False)
    assert door.status_code == 303


def test_a_site_without_the_drawings_says_why(
    site: Site, desk: Desk, places: Places, relay: Relay
) -> None:
    """A wallet that registered elsewhere signs in, and revokes one by a letter."""
    app = application(site, desk=desk, relay=relay, follows=False)
    with TestClient(app, base_url=HERE) as client:
        enter_as(client, local_account(1))
        page = client.get(f"/own/collection/{places.art}").text
        assert "This site does not have the drawings" in page and "/drawing/" not in page
        assert page.count("Revoke this one") == 3
        link = re.search(r'href="(/own/do/revoke-item[^"]*)"', page)
        assert link is not None
        told = html.unescape(client.get(html.unescape(link[1])).text)
        assert "ends its consent to new uses of the item with the commitment" in told
        letter = message(told)
        signature = places.scene.alice.data.wallet.signer.sign_typed(letter)
        answer = {"message": letter, "signature": to_hex(signature)}
        assert client.post("/own/letter", json=answer, headers=POSTS).status_code == 200
        rounds(relay)
        site.catch_up()
        assert "revoked on" in client.get(f"/own/collection/{places.art}").text


def test_own_pages_are_nobody_elses(artist: TestClient, device: Device, places: Places) -> None:
    account = places.scene.k.accounts.address(device.phone.key)
    assert account not in artist.get("/own").text
    for page in ("/own/statement.csv", f"/own/do/key?key=0x{'ab' * 20}"):
        told = artist.get(page, follow_redirects=False)
        assert told.status_code in (303, 400)
    enters(artist, device)
    assert account in artist.get("/own").text
    table = artist.get("/own/statement.csv")
    assert table.text.startswith("\ufeffMonth (UTC),On (UTC),How it came,From,ID,Currency,Amount,")
    for each in (artist.get("/own"), table):
        assert "no-store" in each.headers["cache-control"]
    stranger = Device()
    foreign = places.scene.k.accounts.prepare(
        places.scene.k.accounts.address(stranger.phone.key), []
    )
    answer = device.get({"challenge": ""})
    told = artist.post(
        "/own/do", json={"message": foreign.message, "answer": answer}, headers=POSTS
    )
    assert told.status_code == 400
    artist.cookies.set("kiseki-own", artist.cookies["kiseki-own"][:-2] + "xx")
    artist.cookies.clear()
    assert account not in artist.get("/own").text


@pytest.mark.parametrize("then", [
    "https://elsewhere.example/", "//elsewhere.example/own/do/", "/studio", "/own/do",
])  # fmt: skip
def test_signing_in_leads_nowhere_else(artist: TestClient, device: Device, then: str) -> None:
    told = enters(artist, device, f"?then={then}").json()["next"]
    assert told == "/own"
