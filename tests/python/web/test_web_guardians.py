"""A lost phone, and the people who help: in browsers alone, with nobody at a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page
from starlette.testclient import TestClient
from tests.python.web.browser import launched
from tests.python.web.relaying import rounds
from tests.python.web.test_web_own import message
from tests.python.web.test_web_phone import (
    PHONE,
    PICTURES,
    Taps,
    five_taps,
    paying,
    with_passkeys,
    with_wallet,
)  # fmt: skip
from tests.python.web.test_web_signing import HERE, POSTS, Device, options

from kiseki.client.accounts import recoveries
from kiseki.core.checksum import checksummed
from kiseki.core.values import to_hex
from kiseki.vault.approvals import ApprovalStore
from kiseki.vault.invitations import Invitation
from kiseki.web.app import application
from kiseki.web.signing.desk import Desk
from kiseki.web.site import Site

from .conftest import Places, served


class Person:
    """Somebody with a device, whose passkeys stay when its browser is closed."""

    def __init__(self) -> None:
        self._passkeys: list[dict[str, Any]] = []

    @contextmanager
    def browser(self, language: str = "en-GB") -> Iterator[Page]:
        with launched(locale=language, **PHONE) as page:
            tools, authenticator = with_passkeys(page)
            for each in self._passkeys:
                told = {"authenticatorId": authenticator, "credential": each}
                tools.send("WebAuthn.addCredential", told)
            yield page
            told = {"authenticatorId": authenticator}
            self._passkeys = tools.send("WebAuthn.getCredentials", told)["credentials"]


def words(page: Page) -> str:
    return " ".join(page.inner_text("main").split())


def test_guardians_without_a_wallet_or_a_terminal_give_a_lost_phone_a_new_key(
    site: Site, desk: Desk, cuts: Invitation, places: Places, tmp_path: Path
) -> None:
    """One has a passkey whose account is not on the chain yet, the other a wallet. Nobody pays gas,
    and the new passkey opens the account only after its time."""
    k, friend = places.scene.k, places.scene.k.wallet(6).address
    relay = paying(k, tmp_path)
    owner, sister, stranger, phone = Person(), Person(), Person(), Person()
    with served(site, desk=desk, relay=relay) as at:
        here = at.replace("127.0.0.1", "localhost")
        with sister.browser() as page:
            page.goto(f"{here}/own/guardian")
            page.get_by_text("Make a passkey", exact=True).tap()
            page.wait_for_selector("text=Send it to the person who asked you")
            sisters = page.locator("code").first.inner_text()
            page.screenshot(path=PICTURES / "guardian-phone-light-en.png", full_page=True)
        assert not k.session.node.code(sisters)

        with owner.browser() as page:
            five_taps(page, here, cuts)
            rounds(relay)
            invitation = desk.of(cuts.secret)
            assert invitation is not None and invitation.account is not None
            account = checksummed(invitation.account)
            page.goto(f"{here}/own")
            page.get_by_text("Sign in with the passkey", exact=True).tap()
            page.get_by_text("Name guardians", exact=True).tap()
            assert "/own/guardian" in words(page)
            page.fill("#guardians", f"{sisters} {friend}")
            page.get_by_text("Show what I sign", exact=True).tap()
            Taps(page).on("Sign with the passkey", "**/relay/*")
            rounds(relay)
        assert set(k.accounts.state(account).guardians) == {sisters, friend}

        with phone.browser() as page:
            page.goto(f"{here}/own/new?account={account}")
            Taps(page).on("Make a new passkey", "**/own/new?account=*&key=*")
            link = page.locator("a.whole").first.get_attribute("href") or ""
            shown = page.locator(".sealed p").last.inner_text()
        with stranger.browser() as page:
            page.goto(link)
            assert "I am a guardian: sign in" in words(page) and shown in words(page)
            page.goto(f"{here}/own/guardian")
            page.get_by_text("Make a passkey", exact=True).tap()
            page.wait_for_selector("text=Send it to the person who asked you")
            page.goto(link)
            assert "which is no guardian of this account" in words(page)
            assert page.locator("main button").count() == 0

        with sister.browser() as page:
            page.goto(link)
            page.get_by_text("I am a guardian: sign in").tap()
            page.get_by_text("Sign in with the passkey", exact=True).tap()
            page.wait_for_selector("text=What you sign")
            assert shown in words(page) and "Call the owner now" in words(page)
            assert f"The guardian {sisters} agrees that" in words(page)
            page.screenshot(path=PICTURES / "recovery-phone-light-en.png", full_page=True)
            page.get_by_text("Sign with the passkey", exact=True).tap()
            page.wait_for_selector("text=You have signed.")
            assert words(page).count("has signed here") == 1
        assert k.accounts.state(account).recovery is None

        with Person().browser() as page:
            with_wallet(page, places, friend)
            page.goto(link)
            page.get_by_text("I am a guardian: sign in").tap()
            page.get_by_text("Sign in with a wallet", exact=True).tap()
            page.wait_for_selector("text=What you sign")
            Taps(page).on("Sign with the wallet", "**/relay/*")
            assert "A new key for an account" in words(page)
        rounds(relay)
        opened = k.accounts.state(account).recovery
        assert opened is not None and k.session.node.code(sisters)

        with phone.browser() as page:
            page.goto(link)
            assert "Until then each key of the account can stop it" in words(page)
            k.test_money.wait(31 * 86_400)
            page.goto(link)
            Taps(page).on("Let the new key open the account", "**/relay/*")
            rounds(relay)
            assert k.accounts.state(account).keys == (opened.key,)
            page.goto(link)
            assert "This key opens the account now." in words(page)
            Taps(page).on("Sign in with the passkey", "**/own")
            page.get_by_text("Sign in with the passkey", exact=True).tap()
            page.wait_for_selector("text=Your drawings, and who uses them")
            assert account in page.inner_text("h1")


class Family:
    """An account whose phone is lost, and two guardians who only have passkeys."""

    def __init__(self, visitor: TestClient, places: Places) -> None:
        self.visitor, self.k = visitor, places.scene.k
        self.sister, self.brother, self.new = Device(), Device(), Device()
        lost = Device().phone
        self.account = self.k.accounts.address(lost.key)
        people = sorted(map(self.at, (self.sister, self.brother)), key=str.lower)
        named = self.k.accounts.own(self.account, "setGuardians", people, 2, 30 * 86_400)
        operation = self.k.accounts.prepare(self.account, [named])
        self.k.accounts.relay(operation, lost.sign(operation.digest), key=lost.key)
        for each in (self.sister, self.brother):
            assert self.enters(each).json() == {"next": "/own/guardian"}

    @property
    def page(self) -> str:
        return f"/own/recovery?account={self.account}&key={to_hex(self.new.phone.key)}"

    def at(self, who: Device) -> str:
        return self.k.accounts.address(who.phone.key)

    def enters(self, who: Device) -> Any:
        """Somebody makes a passkey of their own."""
        self.visitor.cookies.clear()
        asked = options(self.visitor.get("/own/guardian").text)["create"]
        return self.visitor.post("/own/guardian", json=who.create(asked), headers=POSTS)

    def returns(self, who: Device) -> None:
        self.visitor.cookies.clear()
        asked = options(self.visitor.get("/own").text)["get"]
        answer = self.visitor.post("/own/enter", json=who.get(asked), headers=POSTS)
        assert answer.is_success

    def brings(self, who: Device) -> dict[str, Any]:
        """What somebody signs, as their browser brings it."""
        told = self.visitor.get(self.page).text
        return {"message": message(told), "answer": who.get(options(told)["get"])}

    def posts(self, brought: dict[str, Any]) -> Any:
        return self.visitor.post(self.page, json=brought, headers=POSTS)


@pytest.fixture
def family(site: Site, desk: Desk, places: Places) -> Iterator[Family]:
    """At a site without a relay."""
    with TestClient(application(site, desk=desk, follows=False), base_url=HERE) as visitor:
        yield Family(visitor, places)


def test_a_guardians_signature_is_taken_from_them_alone_and_over_what_they_were_shown(
    family: Family,
) -> None:
    """Promise 4: nobody but enough guardians gives an account another key."""
    thief = Device()
    family.returns(family.sister)
    honest = family.brings(family.sister)
    for said, brought in (
        ("older than what the guardians sign", {**honest, "message": {
            **honest["message"], "message": {**honest["message"]["message"], "deadline": "1"}}}),
        ("cannot be used", {**honest, "answer": thief.get(
            options(family.visitor.get(family.page).text)["get"])}),
        ("cannot be used", {"message": honest["message"]}),
    ):  # fmt: skip
        refused = family.posts(brought)
        assert refused.status_code == 400 and said in refused.json()["error"], refused.text
    strange = family.visitor.post(family.page, json=honest)
    assert strange.status_code == 403, "another site's page asked"
    assert family.enters(thief).is_success
    assert "is no guardian" in family.posts(honest).json()["error"]
    family.visitor.cookies.clear()
    assert family.posts(honest).status_code == 400
    assert "has signed here" not in family.visitor.get(family.page).text


def test_without_a_relay_what_guardians_signed_is_a_file_that_anybody_brings(
    family: Family,
) -> None:
    """All sign one message, and the accounts of guardians are made on the way."""
    letters = []
    for who in (family.sister, family.brother):
        family.returns(who)
        assert family.posts(family.brings(who)).json() == {"next": family.page}
        told = family.visitor.get(family.page.replace("?", f"/{family.at(who)}.json?"))
        assert told.headers["cache-control"] == "no-store"
        letters.append(recoveries.LETTER.from_json(told.text))
    assert letters[0].message == letters[1].message
    nobody = family.page.replace("?", f"/{family.account}.json?")
    assert family.visitor.get(nobody).status_code == 404
    k = family.k
    assert not k.session.node.code(family.at(family.sister))
    k.wallet(9).accounts.recover(letters)
    opened = k.accounts.state(family.account).recovery
    assert opened is not None and opened.key == family.new.phone.key
    assert "has signed here" not in family.visitor.get(family.page).text, "it counted once"


def test_an_approval_of_another_key_or_round_is_not_counted(family: Family) -> None:
    """The last thing that a guardian signed is kept, and nothing longer than it counts."""
    family.returns(family.sister)
    family.posts(family.brings(family.sister))
    mine, family.new = family.page, Device()
    assert "has signed here" not in family.visitor.get(family.page).text
    family.posts(family.brings(family.sister))
    assert "has signed here" in family.visitor.get(family.page).text
    assert "has signed here" not in family.visitor.get(mine).text, "they signed for another key"
    family.k.test_money.wait(8 * 86_400)
    assert "has signed here" not in family.visitor.get(family.page).text


def test_a_link_to_no_account_or_no_key_says_so(family: Family) -> None:
    for page, said in (
        (family.page.replace(family.account, "0x" + "59" * 20), "there is no account at"),
        (family.page.replace("key=0x", "key=0y"), "the key"),
        ("/own/recovery", "the account"),
    ):
        told = family.visitor.get(page)
        assert told.status_code == 200 and said in told.text
    begin = family.page.replace("?", "/begin?")
    refused = family.visitor.post(begin, json={}, headers=POSTS)
    assert "not enough guardians have signed yet" in refused.json()["error"]
    complete = family.page.replace("?", "/complete?")
    alone = family.visitor.post(complete, json={}, headers=POSTS)
    assert "sends nothing for others" in alone.json()["error"]


def test_approvals_are_kept_by_guardian_and_no_longer_than_they_count(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    store = ApprovalStore(tmp_path)
    store.keep("0xa", "0xb", 10, "first", 1)
    store.keep("0xa", "0xb", 20, "second", 1)
    store.keep("0xa", "0xc", 12, "other", 1)
    assert store.of("0xa", 12) == ["second", "other"] and store.of("0xa", 13) == ["second"]
    store.keep("0xd", "0xb", 99, "late", 21)
    assert store.of("0xa", 1) == [] and store.of("0xd", 1) == ["late"]
    store.close()
