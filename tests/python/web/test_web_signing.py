"""The pages behind an invitation's link, asked by an artist's browser and by others."""

import base64
import hashlib
import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cbor2
import pytest
from starlette.testclient import TestClient
from tests.python.passkey import CAN_BE_COPIED, PRESENT, VERIFIED
from tests.python.passkey import Passkey as Phone
from tests.python.web.conftest import Places

from kiseki.client.data.consents import Consent
from kiseki.core.terms import Terms
from kiseki.language import LANGUAGES
from kiseki.vault.invitations import Invitation
from kiseki.web.app import application
from kiseki.web.signing.desk import Desk
from kiseki.web.site import Site

HERE = "http://localhost"
POSTS = {"Origin": HERE, "Sec-Fetch-Site": "same-origin"}


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass(frozen=True)
class Device:
    """A phone whose browser answers as `PublicKeyCredential.toJSON` does."""

    phone: Phone = field(default_factory=Phone)
    origin: str = HERE

    @property
    def name(self) -> bytes:
        return hashlib.sha256(self.phone.key).digest()

    def client(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(said, separators=(",", ":")).encode()

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        x, y = self.phone.key[:32], self.phone.key[32:]
        public = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        flags = bytes([PRESENT | VERIFIED | CAN_BE_COPIED | 0x40])
        data = hashlib.sha256(self.phone.site.encode()).digest() + flags + bytes(4) + bytes(16)
        data += len(self.name).to_bytes(2) + self.name + public
        attested = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._told({
            "clientDataJSON": b64(self.client("webauthn.create", options["challenge"])),
            "attestationObject": b64(attested),
        })  # fmt: skip

    def get(self, options: dict[str, Any], flags: int = PRESENT | VERIFIED) -> dict[str, Any]:
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec

        client = self.client("webauthn.get", options["challenge"])
        data = hashlib.sha256(self.phone.site.encode()).digest() + bytes([flags]) + bytes(4)
        signed = self.phone.secret.sign(
            data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256())
        )
        return self._told({
            "clientDataJSON": b64(client), "authenticatorData": b64(data),
            "signature": b64(signed),
        })  # fmt: skip

    def _told(self, response: dict[str, str]) -> dict[str, Any]:
        name = b64(self.name)
        return {"id": name, "rawId": name, "type": "public-key", "response": response}


@pytest.fixture
def artist(site: Site, desk: Desk, cuts: Invitation) -> Iterator[TestClient]:
    with TestClient(application(site, desk=desk, follows=False), base_url=HERE) as client:
        yield client


def options(page: str) -> dict[str, Any]:
    found = re.search(r'class="options">(.*?)</script>', page)
    assert found is not None
    told: dict[str, Any] = json.loads(found.group(1))
    return told


def begun(artist: TestClient, cuts: Invitation, device: Device) -> None:
    asked = options(artist.get(f"/sign/{cuts.secret}").text)
    answer = artist.post(
        f"/sign/{cuts.secret}/begin", json=device.create(asked["create"]), headers=POSTS
    )
    assert answer.json() == {"next": f"/sign/{cuts.secret}/terms"}


def asked_to_sign(artist: TestClient, cuts: Invitation) -> dict[str, Any]:
    told: dict[str, Any] = options(artist.get(f"/sign/{cuts.secret}/drawings").text)["get"]
    return told


def test_an_artist_reads_looks_signs_and_is_registered(
    artist: TestClient, cuts: Invitation, desk: Desk, site: Site
) -> None:
    device = Device()
    assert "Studio Kaze" in artist.get(f"/sign/{cuts.secret}").text
    begun(artist, cuts, device)
    terms = artist.get(f"/sign/{cuts.secret}/terms").text
    assert "20%" in terms
    page = artist.get(f"/sign/{cuts.secret}/drawings").text
    assert page.count("<img src=") - 1 == len(cuts.drawings)  # and the mark of the site
    answer = artist.post(
        f"/sign/{cuts.secret}/signature", json=device.get(options(page)["get"]), headers=POSTS
    )
    assert answer.json() == {"next": f"/sign/{cuts.secret}"}
    assert "not registered yet" in artist.get(f"/sign/{cuts.secret}").text
    with desk.using() as invitations:
        (done,) = desk._k.data.consents.submit(invitations.folder)
    assert done.problem == ""
    site.catch_up()
    assert "Your consent is registered" in artist.get(f"/sign/{cuts.secret}").text


def test_the_same_passkey_signs_the_next_invitation(
    artist: TestClient, cuts: Invitation, desk: Desk, tmp_path: Path
) -> None:
    device = Device()
    begun(artist, cuts, device)
    with desk.using() as invitations:
        (again,) = invitations.invite(
            tmp_path / "cuts" / "cuts.csv", Terms.of("train", royalty="30%"), studio="Studio Kaze"
        )
    asked = options(artist.get(f"/sign/{again.secret}").text)
    answer = artist.post(
        f"/sign/{again.secret}/begin", json=device.get(asked["get"]), headers=POSTS
    )
    assert answer.status_code == 200
    first, second = desk.of(cuts.secret), desk.of(again.secret)
    assert first is not None and second is not None
    assert first.account == second.account


def test_a_link_that_nobody_made_leads_nowhere(artist: TestClient, cuts: Invitation) -> None:
    for page in ("", "/terms", "/drawings", "/drawing/0"):
        told = artist.get(f"/sign/{cuts.secret[:-1]}{page}")
        assert told.status_code == 404
        assert "leads nowhere" in told.text


def test_a_desk_that_is_closed_opens_no_link(site: Site, cuts: Invitation) -> None:
    with TestClient(application(site, follows=False), base_url=HERE) as client:
        assert client.get(f"/sign/{cuts.secret}").status_code == 404


def test_what_is_behind_a_link_is_kept_nowhere_and_found_by_nobody(
    artist: TestClient, cuts: Invitation
) -> None:
    begun(artist, cuts, Device())
    for page in ("", "/terms", "/drawings", "/drawing/0"):
        told = artist.get(f"/sign/{cuts.secret}{page}")
        assert "no-store" in told.headers["cache-control"]
        assert told.headers["referrer-policy"] == "no-referrer"
        if told.headers["content-type"].startswith("text/html"):
            assert 'content="noindex, nofollow"' in told.text
    assert "Disallow: /sign/" in artist.get("/robots.txt").text


def test_a_drawing_has_a_page_that_leads_back(artist: TestClient, cuts: Invitation) -> None:
    """A trial's reader stood before a bare picture."""
    at = f"/sign/{cuts.secret}"
    assert artist.get(f"{at}/look/0", follow_redirects=False).status_code == 303, "not begun"
    begun(artist, cuts, Device())
    shown = artist.get(f"{at}/drawings").text
    assert shown.count(f'href="{at}/look/') == 4 and "large=true" not in shown
    for number, name in enumerate(("Cut 0", "Cut 1", "Cut 2", "Cut h")):
        page = artist.get(f"{at}/look/{number}").text
        assert name in page and f"{at}/drawing/{number}?large=true" in page
        assert f'href="{at}/drawings?page=1"' in page
        assert (f'href="{at}/look/{number + 1}"' in page) == (number < 3)
        assert (f'href="{at}/look/{number - 1}"' in page) == (number > 0)
    assert artist.get(f"{at}/look/4").status_code == 404


def test_a_drawing_is_drawn_anew(artist: TestClient, cuts: Invitation, tmp_path: Path) -> None:
    """No byte of a file is handed on: what hides in it stays in it."""
    for number in range(4):
        told = artist.get(f"/sign/{cuts.secret}/drawing/{number}")
        assert (told.status_code, told.headers["content-type"]) == (200, "image/webp")
    assert artist.get(f"/sign/{cuts.secret}/drawing/4").status_code == 404
    reads = '<svg xmlns="http://www.w3.org/2000/svg"><image href="0.png" width="9"/></svg>'
    hill = tmp_path / "cuts" / "hill.svg"
    for hostile in (reads, '<!DOCTYPE a [<!ENTITY b SYSTEM "/etc/passwd">]><svg>&b;</svg>', "no"):
        hill.write_text(hostile)
        assert artist.get(f"/sign/{cuts.secret}/drawing/3").status_code == 404


@pytest.mark.parametrize("headers", [
    {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "null"},
    {},
    {"Origin": HERE, "Sec-Fetch-Site": "cross-site"},
    {"Origin": HERE, "Content-Type": "text/plain"},
])  # fmt: skip
def test_another_site_signs_nothing_in_an_artists_name(
    artist: TestClient, cuts: Invitation, desk: Desk, headers: dict[str, str]
) -> None:
    asked = options(artist.get(f"/sign/{cuts.secret}").text)
    body = json.dumps(Device().create(asked["create"]))
    told = artist.post(
        f"/sign/{cuts.secret}/begin", content=body,
        headers={"Content-Type": "application/json"} | headers,
    )  # fmt: skip
    assert told.status_code in (403, 415)
    found = desk.of(cuts.secret)
    assert found is not None and found.account is None


def test_a_copy_of_the_page_elsewhere_gets_no_signature(
    artist: TestClient, cuts: Invitation
) -> None:
    """What a passkey signed at another origin counts for nothing here."""
    device = Device()
    begun(artist, cuts, device)
    asked = asked_to_sign(artist, cuts)
    copy = Device(device.phone, "https://localhost.example")
    answers: list[dict[str, Any]] = [
        copy.get(asked), device.get(asked | {"challenge": b64(bytes(32))}),
        device.get(asked, PRESENT), Device().get(asked), {}, {"id": 3}, {"response": []},
    ]  # fmt: skip
    for false in answers:
        told = artist.post(f"/sign/{cuts.secret}/signature", json=false, headers=POSTS)
        assert told.status_code == 400, false
        assert told.json()["error"]
    assert artist.get(f"/sign/{cuts.secret}").text.count("You have signed") == 0


def test_an_old_challenge_makes_no_passkey(
    artist: TestClient, cuts: Invitation, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kiseki.web.signing import passkeys

    asked = options(artist.get(f"/sign/{cuts.secret}").text)["create"]
    monkeypatch.setattr(passkeys, "_MINUTES", -1)
    told = artist.post(f"/sign/{cuts.secret}/begin", json=Device().create(asked), headers=POSTS)
    assert told.status_code == 400
    assert "took too long" in told.json()["error"]


def test_a_signature_is_told_once(artist: TestClient, cuts: Invitation, desk: Desk) -> None:
    """A replay of what was sent changes nothing."""
    device = Device()
    begun(artist, cuts, device)
    answer = device.get(asked_to_sign(artist, cuts))
    first = artist.post(f"/sign/{cuts.secret}/signature", json=answer, headers=POSTS)
    assert first.status_code == 200
    found = desk.of(cuts.secret)
    again = artist.post(f"/sign/{cuts.secret}/signature", json=answer, headers=POSTS)
    assert again.status_code == 400
    assert desk.of(cuts.secret) == found


def test_somebody_with_a_wallet_signs_too(
    artist: TestClient, cuts: Invitation, desk: Desk, places: Places
) -> None:
    wallet = places.scene.k.wallet(9)
    told = artist.post(
        f"/sign/{cuts.secret}/wallet", json={"account": wallet.address}, headers=POSTS
    )
    assert told.json() == {"next": f"/sign/{cuts.secret}/terms"}
    with desk.using() as invitations:
        consent: Consent = invitations.consent(desk.of(cuts.secret))  # type: ignore[arg-type]
    signature = wallet.data.wallet.signer.sign_typed(consent.message)
    other = places.scene.k.wallet(8).data.wallet.signer.sign_typed(consent.message)
    for given, status in ((other, 400), (signature, 200)):
        told = artist.post(
            f"/sign/{cuts.secret}/wallet", json={"signature": "0x" + given.hex()}, headers=POSTS
        )
        assert told.status_code == status


def test_the_pages_are_japanese_for_who_reads_japanese(
    artist: TestClient, cuts: Invitation
) -> None:
    begun(artist, cuts, Device())
    for page in ("", "/terms", "/drawings"):
        told = artist.get(f"/sign/{cuts.secret}{page}?language=ja").text
        assert '<html lang="ja">' in told


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_says_what_the_command_line_says(
    artist: TestClient, cuts: Invitation, desk: Desk, language: str
) -> None:
    """One set of words: on the page, in the consent file, and so in `kiseki data consent show`."""
    begun(artist, cuts, Device())
    found = desk.of(cuts.secret)
    assert found is not None
    page = html.unescape(artist.get(f"/sign/{cuts.secret}/drawings?language={language}").text)
    for sentence in desk.consent(found).words(language):
        assert sentence in page


def test_an_artist_can_say_no_and_change_their_mind(
    artist: TestClient, cuts: Invitation, desk: Desk
) -> None:
    device = Device()
    begun(artist, cuts, device)
    told = artist.post(f"/sign/{cuts.secret}/no", json={}, headers=POSTS)
    assert told.json() == {"next": f"/sign/{cuts.secret}"}
    found = desk.of(cuts.secret)
    assert found is not None and found.declined_at is not None and found.signed_at is None
    assert "You said no" in artist.get(f"/sign/{cuts.secret}").text
    answer = device.get(asked_to_sign(artist, cuts))
    assert (
        artist.post(f"/sign/{cuts.secret}/signature", json=answer, headers=POSTS).status_code == 200
    )
    found = desk.of(cuts.secret)
    assert found is not None and found.declined_at is None
    assert artist.post(f"/sign/{cuts.secret}/no", json={}, headers=POSTS).status_code == 400
