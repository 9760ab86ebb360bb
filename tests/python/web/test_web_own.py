"""An artist's own pages, asked by their devices and by somebody who is not them."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.python.web.relaying import rounds
from tests.python.web.test_web_phone import paying
from tests.python.web.test_web_signing import HERE, POSTS, Device, asked_to_sign, begun, options

from kiseki.core.values import to_hex
from kiseki.vault.invitations import Invitation
from kiseki.web.app import application
from kiseki.web.relay import Relay
from kiseki.web.signing.desk import Desk
from kiseki.web.site import Site

from .conftest import Places


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
