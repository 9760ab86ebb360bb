"""An artist's phone: a real browser with a passkey of its own, from the link to the money."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page
from tests.python.passkey import Passkey as Phone
from tests.python.web.browser import launched
from tests.python.web.looking import ROOT, looked_at, looks
from tests.python.web.relaying import rounds

from kiseki import Kiseki, LocalKiseki, Split
from kiseki.chain.signing.accounts import local_account
from kiseki.core import ids
from kiseki.core.checksum import checksummed
from kiseki.vault.invitations import Invitation, Passkey
from kiseki.web.relay import Relay
from kiseki.web.signing.desk import Desk
from kiseki.web.site import Site

from .conftest import Places, served

TO = checksummed("0x" + "71" * 20)
PICTURES = ROOT / "build" / "artist"
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


def with_passkeys(page: Page) -> tuple[CDPSession, str]:
    """The phone's own authenticator, which asks for a face and gets it (WebDriver's, by CDP): the
    session and the authenticator's ID."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    made = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
        "hasUserVerification": True, "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }})  # fmt: skip
    return devtools, str(made["authenticatorId"])


class Taps:
    """Whatever the artist touches on the page, counted; the device asks for the face itself."""

    def __init__(self, page: Page) -> None:
        self.page, self.count = page, 0

    def on(self, name: str, then: str) -> None:
        self.count += 1
        self.page.get_by_text(name, exact=True).tap()
        self.page.wait_for_url(then)


def paying(k: LocalKiseki, folder: Path) -> Relay:
    """A relay with a wallet and files of its own, and the studio's key store."""

    def connect() -> Kiseki:
        return Kiseki.connect(
            k.url, local_account(9), secrets=k.salts, journal=folder / "paying" / "journal",
            index=folder / "paying" / "index", chain_id=31337, allow_old=True,
        )  # fmt: skip

    return Relay(connect)


def five_taps(page: Page, at: str, cuts: Invitation) -> None:
    """From the link to the signature; the device itself asks for the face twice."""
    page.goto(f"{at}/sign/{cuts.secret}")
    assert "You need no wallet" in page.inner_text("main")
    taps = Taps(page)
    taps.on("Make a passkey and begin", "**/terms")
    assert "20%" in page.inner_text("main")
    taps.on("I have read this; show the drawings", "**/drawings")
    pictures = page.locator(".drawings img")
    assert pictures.count() == len(cuts.drawings)
    shown = "e => e.decode().then(() => e.naturalWidth > 0)"
    assert all(each.evaluate(shown) for each in pictures.all())
    taps.on("Sign with the passkey", f"{at}/sign/{cuts.secret}")
    assert "You have signed" in page.inner_text("main")
    faces = 2
    assert taps.count + faces <= 5


def test_from_link_to_registered_consent_in_five_taps_and_the_same_passkey_claims_later(
    site: Site, desk: Desk, cuts: Invitation, places: Places, tmp_path: Path
) -> None:
    """No ether, no wallet, and nobody at the studio does anything between."""
    k = places.scene.k

    relay = paying(k, tmp_path)
    with (
        served(site, desk=desk, relay=relay) as at,
        launched(locale="en-GB", **PHONE) as page,
    ):
        here = at.replace("127.0.0.1", "localhost")
        with_passkeys(page)
        five_taps(page, here, cuts)
        page.get_by_text("How far the sending is", exact=True).tap()
        page.wait_for_url("**/relay/*")
        rounds(relay)
        site.catch_up()
        page.goto(f"{here}/sign/{cuts.secret}")
        assert "Your consent is registered" in page.inner_text("main")
        invitation = desk.of(cuts.secret)
        assert invitation is not None and invitation.account is not None
        split = Split([(ids.wallet(invitation.account), 1), (ids.wallet(k.address), 1)])
        k.revenue.publish(split)
        k.wallet(4).revenue.pay(split, 2 * 10**18)
        site.catch_up()
        page.goto(f"{here}/own")
        Taps(page).on("Sign in with the passkey", "**/own")
        page.wait_for_selector("text=Send it on to another address")
        assert "1 ETH" in page.inner_text("main")
        assert "One key alone opens this account" in page.inner_text("main")
        page.screenshot(path=PICTURES / "own-waits-phone-light-en.png", full_page=True)
        page.get_by_text("Send it on to another address").tap()
        page.fill("#to", TO)
        page.get_by_text("Show what I sign").tap()
        page.wait_for_selector("text=This is what you sign")
        assert f"Send 1 ETH to {TO}" in page.inner_text("main").replace("\n", " ")
        Taps(page).on("Sign with the passkey", "**/relay/*")
        before = k.balance(None, TO)
        rounds(relay)
        assert k.balance(None, TO) - before == 10**18
        site.catch_up()
        page.goto(f"{here}/own")
        assert "Nothing waits now." in page.inner_text("main")
        page.get_by_text("Revoke the consent to it").tap()
        page.wait_for_selector("text=This is what you sign")
        Taps(page).on("Sign with the passkey", "**/relay/*")
        assert "not in force" in page.inner_text("main")
        rounds(relay)
        site.catch_up()
        page.goto(f"{here}/own")
        assert "revoked on" in page.inner_text("main")


def guarded(k: LocalKiseki, phone: Phone, guardians: Sequence[Kiseki]) -> str:
    """The account of a phone, with guardians who must all agree."""
    account = k.accounts.address(phone.key)
    people = sorted((each.address for each in guardians), key=str.lower)
    call = k.accounts.own(account, "setGuardians", people, len(people), 30 * 86_400)
    named = k.accounts.prepare(account, [call])
    k.accounts.relay(named, phone.sign(named.digest), key=phone.key)
    return account


def test_a_lost_phone_is_replaced_by_guardians_and_the_new_one_opens_the_same_account(
    site: Site, desk: Desk, cuts: Invitation, places: Places
) -> None:
    """The new passkey opens nothing before its time, and the account after it."""
    k = places.scene.k
    old, guardians = Phone(), [k.wallet(number) for number in (6, 7)]
    at_account = guarded(k, old, guardians)
    desk.store.keep_passkey(Passkey(b"old", b"cose", old.key, "localhost"), 0)
    with served(site, desk=desk) as at, launched(locale="en-GB", **PHONE) as page:
        here = at.replace("127.0.0.1", "localhost")
        with_passkeys(page)
        page.goto(f"{here}/own")
        page.get_by_text("My passkey is lost").tap()
        page.fill("#account", at_account)
        page.get_by_text("Go on", exact=True).tap()
        page.wait_for_selector("text=Make a new passkey")
        Taps(page).on("Make a new passkey", "**/own/new?account=*&key=*")
        page.screenshot(path=PICTURES / "own-new-phone-light-en.png", full_page=True)
        shown = page.locator("dd code").nth(1).inner_text()
        key = bytes.fromhex(shown.removeprefix("0x"))
        page.goto(f"{here}/own")
        page.get_by_text("Sign in with the passkey", exact=True).tap()
        page.wait_for_selector("#trouble:has-text('guardians have not given it')")
        approvals = []
        for each in guardians:
            made = each.accounts.recovery(at_account, key)
            approvals.append(each.signed(made))
        k.accounts.recover(approvals)
        k.test_money.wait(31 * 86_400)
        k.accounts.complete(at_account)
        Taps(page).on("Sign in with the passkey", "**/own")
        page.wait_for_selector("text=Your drawings, and who uses them")
        assert at_account in page.inner_text("h1")


def test_a_face_that_is_not_shown_signs_nothing_and_says_so(
    site: Site, desk: Desk, cuts: Invitation
) -> None:
    """Without an authenticator that answers, and where the server is lost."""
    with served(site, desk=desk) as at, launched(locale="ja-JP", **PHONE) as page:
        here = at.replace("127.0.0.1", "localhost")
        with_passkeys(page)
        page.goto(f"{here}/sign/{cuts.secret}")
        page.route("**/begin", lambda route: route.abort())
        page.get_by_role("button").first.tap()
        page.wait_for_selector("#trouble:not([hidden])")
        assert "サイトから応答がありません" in page.inner_text("#trouble")
        page.unroute("**/begin")
        page.get_by_role("button").nth(
            1
        ).tap()  # the passkey is there, and the site never learned of it
        page.wait_for_selector("#trouble:has-text('新しく作ってください')")
        found = desk.of(cuts.secret)
        assert found is not None and found.account is None


WALLET = """
  const state = { chain: %d };
  const provider = { request: async ({ method, params }) => {
    if (method === "eth_requestAccounts") return ["%s"];
    if (method === "eth_chainId") return "0x" + state.chain.toString(16);
    if (method === "wallet_switchEthereumChain") {
      if (!%s) throw { code: 4902 };
      state.chain = Number(params[0].chainId);
      return null;
    }
    if (!%s) throw { code: 4001, message: "no" };
    return window.signs(method, params);
  } };
  const info = { uuid: "1", name: "Test", icon: "data:,", rdns: "org.example" };
  window.addEventListener("eip6963:requestProvider", () => window.dispatchEvent(
    new CustomEvent("eip6963:announceProvider", { detail: { info, provider } })));
"""
"""A wallet that announces itself (EIP-6963); what it signs, the test's own node signs."""


def with_wallet(
    page: Page, places: Places, who: str, *, chain: int = 31337, switches: bool = True,
    signs: bool = True,
) -> None:  # fmt: skip
    node = places.scene.k.session.node
    page.expose_function("signs", lambda method, params: node.one(method, *params))
    yes = ("false", "true")
    page.add_init_script(WALLET % (chain, who, yes[switches], yes[signs]))


def test_somebody_with_a_wallet_signs_with_it(
    site: Site, desk: Desk, cuts: Invitation, places: Places
) -> None:
    """Also one that is on another chain first."""
    who = places.scene.k.wallet(9).address
    with served(site, desk=desk) as at, launched(locale="en-GB", **PHONE) as page:
        with_wallet(page, places, who, chain=1)
        page.goto(f"{at.replace('127.0.0.1', 'localhost')}/sign/{cuts.secret}")
        taps = Taps(page)
        taps.on("Use a wallet of this browser", "**/terms")
        taps.on("I have read this; show the drawings", "**/drawings")
        taps.on("Sign with the wallet", f"**/sign/{cuts.secret}")
        assert "You have signed" in page.inner_text("main")
        with desk.using() as invitations:
            (done,) = places.scene.k.data.consents.submit(invitations.folder)
    assert done.problem == ""


def test_somebody_with_a_wallet_has_own_pages_claims_and_revokes(
    site: Site, desk: Desk, places: Places, tmp_path: Path
) -> None:
    """Without sending anything: the relay brings the claim and the signed revocation."""
    k, alice = places.scene.k, places.scene.alice
    split = Split([(ids.wallet(alice.address), 1), (ids.wallet(k.address), 1)])
    k.revenue.publish(split)
    k.wallet(4).revenue.pay(split, 2 * 10**18)
    site.catch_up()
    relay = paying(k, tmp_path)
    with (
        served(site, desk=desk, relay=relay) as at,
        launched(locale="en-GB", **PHONE) as page,
    ):
        here = at.replace("127.0.0.1", "localhost")
        with_wallet(page, places, alice.address)
        page.goto(f"{here}/own")
        page.get_by_text("Sign in with a wallet", exact=True).tap()
        page.wait_for_selector("text=Your drawings, and who uses them")
        assert alice.address in page.inner_text("h1")
        before = k.balance(None, alice.address)
        page.get_by_text("Bring it into your wallet").first.tap()
        page.wait_for_url("**/relay/*")
        rounds(relay)
        assert k.balance(None, alice.address) - before >= 10**18
        page.goto(f"{here}/own")
        page.get_by_text("Revoke the consent to it").first.tap()
        page.wait_for_selector("text=This is what you sign")
        Taps(page).on("Sign with the wallet", "**/relay/*")
        assert "not in force" in page.inner_text("main")
        rounds(relay)
        site.catch_up()
        page.goto(f"{here}/own")
        assert "revoked on" in page.inner_text("main")


@pytest.mark.parametrize(("options", "said"), [
    ({"signs": False}, "The wallet did not sign."),
    ({"chain": 1, "switches": False}, "The wallet is on another chain"),
])  # fmt: skip
def test_a_wallet_that_refuses_or_stays_elsewhere_signs_nothing_and_says_so(
    site: Site, desk: Desk, cuts: Invitation, places: Places, options: dict[str, Any], said: str
) -> None:
    who = places.scene.k.wallet(9).address
    with served(site, desk=desk) as at, launched(locale="en-GB", **PHONE) as page:
        with_wallet(page, places, who, **options)
        page.goto(f"{at.replace('127.0.0.1', 'localhost')}/sign/{cuts.secret}")
        taps = Taps(page)
        taps.on("Use a wallet of this browser", "**/terms")
        taps.on("I have read this; show the drawings", "**/drawings")
        page.get_by_text("Sign with the wallet", exact=True).tap()
        page.wait_for_selector(f"#trouble:has-text('{said}')")
        found = desk.of(cuts.secret)
        assert found is not None and found.signed_at is None


def test_each_page_of_an_artist_can_be_read_and_used_on_every_screen(
    site: Site, desk: Desk, cuts: Invitation, places: Places, tmp_path: Path
) -> None:
    """As all other pages: nothing too wide, clipped or too small, and nothing that axe finds."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    wrong: list[str] = []
    k = places.scene.k
    of = f"account={guarded(k, Phone(), [k.wallet(6), k.wallet(7)])}&key=0x{Phone().key.hex()}"
    with served(site, desk=desk) as at:
        here = at.replace("127.0.0.1", "localhost")
        for look, options in looks():
            with launched(**options) as page:
                page.on("pageerror", lambda error: wrong.append(str(error)))
                with_passkeys(page)
                page.goto(f"{here}/sign/{cuts.secret}")

                def look_at(name: str, page: Page = page, look: str = look) -> None:
                    page.wait_for_load_state("networkidle")
                    wrong.extend(looked_at(page, PICTURES / f"{name}-{look}.png"))

                look_at("sign-begin")
                page.get_by_role("button").first.click()
                page.wait_for_url("**/terms")
                look_at("sign-terms")
                page.goto(f"{here}/sign/{cuts.secret}/drawings")
                look_at("sign-drawings")
                page.goto(f"{here}/sign/{cuts.secret}/look/1")
                look_at("sign-look")
                page.goto(f"{here}/own")
                look_at("own-enter")
                page.get_by_role("main").get_by_role("button").first.click()
                page.wait_for_selector(".set, .counts, section")
                look_at("own-home")
                for action in ("claim", "key", "guardians"):
                    page.goto(f"{here}/own/do/{action}")
                    look_at(f"own-{action}")
                page.goto(f"{here}/own/do/key?key=0x{'ab' * 20}")
                look_at("own-words")
                page.goto(f"{here}/own/guardian")
                look_at("own-guardian")
                page.goto(f"{here}/own/recovery?{of}")
                look_at("own-recovery")
                page.goto(f"{here}/own/new?{of}")
                look_at("own-new")
                page.goto(f"{here}/sign/nobody")
                look_at("sign-unknown")
    assert wrong == []


def test_a_page_whose_script_did_not_arrive_says_so_and_takes_no_tap(
    site: Site, desk: Desk, cuts: Invitation
) -> None:
    """A lost script makes no button that does nothing, and no page that is empty."""
    said = "e => { const s = getComputedStyle(e, '::after'); return [s.content, s.visibility]; }"
    with served(site, desk=desk) as at, launched(**PHONE) as page:
        here = at.replace("127.0.0.1", "localhost")
        place, note = page.locator("[data-passkey]"), page.locator(".unloaded")
        button = place.get_by_role("button").first
        page.route("**/static/js/*.js", lambda route: route.abort())
        page.goto(f"{here}/sign/{cuts.secret}")
        page.wait_for_timeout(5_000)
        content, visibility = place.evaluate(said)
        assert "did not arrive" in content and visibility == "visible"
        assert button.evaluate("e => getComputedStyle(e).pointerEvents") == "none"
        page.goto(f"{here}/file")
        note.wait_for(state="visible")
        page.unroute("**/static/js/*.js")
        page.goto(f"{here}/sign/{cuts.secret}")
        assert place.evaluate(said)[0] == "none"
        assert button.evaluate("e => getComputedStyle(e).pointerEvents") == "auto"
        page.goto(f"{here}/file")
        page.wait_for_selector("#drop")
        assert not note.is_visible()
