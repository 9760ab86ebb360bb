"""Whoever signed something sees what of it is open, until when it counts, and can withdraw it; what
was not sent is said not to be in force (promises 1 and 4)."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from eth_account.messages import encode_defunct
from starlette.testclient import TestClient
from tests.python.web.relaying import rounds
from tests.python.web.test_web_own import enters, message, signs
from tests.python.web.test_web_phone import paying
from tests.python.web.test_web_signing import HERE, POSTS, Device, asked_to_sign, begun

from kiseki import Kiseki
from kiseki.chain.signing.accounts import local_account
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
def device(artist: TestClient, cuts: Invitation) -> Device:
    """An artist's phone, whose consent is signed and not registered yet."""
    made = Device()
    begun(artist, cuts, made)
    answer = made.get(asked_to_sign(artist, cuts))
    assert artist.post(f"/sign/{cuts.secret}/signature", json=answer, headers=POSTS).is_success
    return made


def shown(artist: TestClient, language: str = "en") -> str:
    """What the own page says of open signatures."""
    page = artist.get(f"/own?language={language}").text
    found = re.search(r'<section id="open">(.*?)</section>', page, re.S)
    assert found is not None
    return html.unescape(found.group(1))


def cancel(part: str) -> str:
    """Where the first of them is cancelled."""
    found = re.search(r'href="([^"]*/do/cancel[^"]*)"', part)
    assert found is not None
    return found.group(1)


def test_a_consent_that_waits_is_shown_and_withdrawn_before_it_is_registered(
    artist: TestClient, device: Device, relay: Relay, places: Places
) -> None:
    k = places.scene.k
    account = k.accounts.address(device.phone.key)
    enters(artist, device)
    part = shown(artist)
    assert "consents to registering 4 items" in part and "Anybody may submit this until" in part
    assert "It waits and is not sent yet." in part and part.count("/do/cancel") == 1
    assert "まだ送信していません" in shown(artist, "ja")
    asked = artist.get(cancel(part)).text
    number = int(re.search(r"number=(\d+)", cancel(part)).group(1))  # type: ignore[union-attr]
    assert f"What this account signed with the number {number}" in html.unescape(asked)
    assert signs(artist, device, cancel(part)).status_code == 200
    waits = shown(artist)
    assert "Its signer cancels it." in waits, "until the cancellation is in a block it counts"
    rounds(relay)
    registry = k.session["DataRegistry"]
    assert registry.read("isNonceUsed", account, number)
    k.session.catch_up()
    assert k.index.registered("DataRegistry", account) == [], "it was not registered"
    assert "Nothing that you signed here is open." in shown(artist)


def test_a_consent_that_is_registered_is_not_open(
    artist: TestClient, device: Device, relay: Relay
) -> None:
    enters(artist, device)
    assert "/do/cancel" in shown(artist)
    rounds(relay)
    assert "Nothing that you signed here is open." in shown(artist)


def test_a_revocation_that_is_not_sent_is_not_in_force_and_can_be_taken_back(
    artist: TestClient, device: Device, relay: Relay, site: Site, places: Places
) -> None:
    rounds(relay)
    site.catch_up()
    k = places.scene.k
    k.session.catch_up()
    account = k.accounts.address(device.phone.key)
    (collection,) = k.index.registered("DataRegistry", account)
    enters(artist, device)
    assert signs(artist, device, f"/own/do/revoke?collection={to_hex(collection)}").is_success
    part = shown(artist)
    assert "The revocation is not in force." in part and 'class="over"' in part
    assert "Revoke the consent to the collection" in part
    assert signs(artist, device, cancel(part)).status_code == 200
    rounds(relay)
    assert "Nothing that you signed here is open." in shown(artist)
    k.session.catch_up()
    assert k.index.collection(collection).revoked_at is None


def test_what_somebody_else_signed_is_not_shown(
    artist: TestClient, device: Device, desk: Desk
) -> None:
    other = Device()
    assert enters(artist, device).is_success
    assert "/do/cancel" in shown(artist)
    artist.cookies.clear()
    enters(artist, other)
    assert "/do/cancel" not in artist.get("/own").text
    for number in ("x", "-1", "9" * 90, "", "1.5"):
        enters(artist, device)
        told = artist.get(f"/own/do/cancel?contract=registry&number={number}").text
        assert 'class="message"' not in told, number


def signed_in(artist: TestClient, who: Kiseki) -> None:
    """A wallet signs in to its own pages."""
    page = html.unescape(artist.get("/own").text)
    text = re.search(r'data-text="([^"]*)"', page, re.S)
    nonce = re.search(r'data-nonce="([^"]*)"', page)
    assert text is not None and nonce is not None
    told = text.group(1).replace("{address}", who.address)
    signature = local_account(9).sign_message(encode_defunct(text=told)).signature
    answer = {"address": who.address, "nonce": nonce.group(1), "signature": to_hex(signature)}
    assert artist.post("/own/enter-wallet", json=answer, headers=POSTS).is_success


def test_a_wallet_withdraws_what_it_signed_with_a_letter(
    artist: TestClient, cuts: Invitation, desk: Desk, relay: Relay, places: Places
) -> None:
    wallet = places.scene.k.wallet(9)
    page = f"/sign/{cuts.secret}/wallet"
    assert artist.post(page, json={"account": wallet.address}, headers=POSTS).is_success
    begun_ = desk.of(cuts.secret)
    assert begun_ is not None
    consent = desk.consent(begun_)
    signature = to_hex(wallet.data.wallet.signer.sign_typed(consent.message))
    assert artist.post(page, json={"signature": signature}, headers=POSTS).is_success
    signed_in(artist, wallet)
    part = shown(artist)
    assert "consents to registering 4 items" in part
    asked = message(artist.get(cancel(part)).text)
    assert asked["message"]["cancelled"] == str(consent.nonce)
    foreign = to_hex(places.scene.k.wallet(8).data.wallet.signer.sign_typed(asked))
    mine = to_hex(wallet.data.wallet.signer.sign_typed(asked))
    for given, status in ((foreign, 400), (mine, 200)):
        answer = artist.post(
            "/own/letter", json={"message": asked, "signature": given}, headers=POSTS
        )
        assert answer.status_code == status, answer.text
    assert "A cancellation, to be sent" in artist.get(answer.json()["next"]).text
    rounds(relay)
    registry = places.scene.k.session["DataRegistry"]
    assert registry.read("isNonceUsed", wallet.address, consent.nonce)
    places.scene.k.session.catch_up()
    assert places.scene.k.index.registered("DataRegistry", wallet.address) == []
    assert "Nothing that you signed here is open." in shown(artist)
