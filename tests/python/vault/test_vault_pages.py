"""What artists, receivers and operators see of a vault in a browser."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct
from playwright.sync_api import Page
from tests.python.web.browser import launched
from tests.python.web.looking import ROOT, looked_at, looks

from kiseki.core import ids
from kiseki.core.terms import Use
from kiseki.core.values import to_hex
from kiseki.vault.anchored import Grown, Standing
from kiseki.vault.handing.anchors import Placed
from kiseki.vault.handing.living import living
from kiseki.vault.handing.receipts import Basis, Receipt
from kiseki.vault.keys.epochs import Epoch, Holder
from kiseki.vault.log.notes import Signer
from kiseki.vault.log.proofs import LogProof
from kiseki.vault.objects.rows import Held
from kiseki.vault.store.database import Database
from kiseki.web.vault.desk import Desk
from kiseki.web.vault.health import Health

from .handed import ARTIST, DOMAIN, SEED, World, receipt
from .served import CALLING, Client, desk_of, serving

PICTURES = ROOT / ".build" / "pictures" / "vault"
OWNER = Account.from_key(b"\x08" * 32)
WHO, MINE = CALLING.address.lower(), OWNER.address.lower()
WALLET = """
window.ethereum = { request: async ({ method, params }) =>
  method === "eth_requestAccounts" ? [await window.whoSigns()] : window.signs(params[0]) };
"""


STANDING = Standing(
    1_900, 2, Placed(12_345, 1_950, b"\x99" * 32), (Grown(MINE, 1_012, 1_009),), True
)


class Place:
    """A vault that serves, whose items are the artist's `OWNER`, and browsers at it."""

    def __init__(self, desk: Desk, world: World, port: int) -> None:
        self.desk, self.world, self.port = desk, world, port
        self.at = f"{desk.origin}/vault/"

    def sign_in(self, page: Page, wallet: Any, then: str = "") -> None:
        """As a person does: with the button, and a wallet that the page asks."""
        page.expose_function("whoSigns", lambda: wallet.address)
        page.expose_function("signs", lambda text: _signed(wallet, text))
        page.add_init_script(WALLET)
        page.goto(self.at + then)
        page.click("[data-vault=enter] button")
        page.wait_for_selector("header nav a[href$='/vault/received']")


def _signed(wallet: Any, text: str) -> str:
    asked = encode_defunct(hexstr=text)
    return to_hex(bytes(wallet.sign_message(asked).signature))


def free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


def mine(number: int, **other: Any) -> Receipt:
    commitment = sha256(b"commitment %d" % number).digest()
    values: dict[str, Any] = {
        "provider": MINE, "caller": WHO, "item": ids.item_id(MINE, commitment),
        "commitment": commitment, "size": number * 100_000,
    }  # fmt: skip
    return replace(receipt(number), **{**values, **other})


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    database, port = Database(tmp_path / "store"), free()
    world = World(database, b"a drawing", b"another")
    held = [Held(MINE, 12, 4_000_000, 4_100_000)]
    epochs = [
        Epoch(1, 1_000, (Holder("age1" + "q" * 58, "vault", 1_500),)),
        Epoch(
            2, 1_400, (Holder("age1" + "p" * 58, "vault"), Holder("age1" + "z" * 58, "recovery"))
        ),
    ]
    desk = desk_of(
        database, world, f"http://localhost:{port}",
        operators=frozenset([MINE]), titles=lambda wanted: dict.fromkeys(wanted, "夕焼け <b>1"),
        health=lambda: Health(held, epochs, [1_900], 5_000_000_000, STANDING),
    )  # fmt: skip
    with serving(desk, port):
        yield Place(desk, world, port)
    database.close()


@pytest.fixture
def client(place: Place) -> Callable[[Any], Client]:
    def made(wallet: Any) -> Client:
        client = Client(place.port, place.desk.origin)
        assert client.sign_in(wallet).status == 200
        return client

    return made


def test_an_artist_signs_in_with_a_wallet_and_out(place: Place) -> None:
    """In a browser, through the routes: the page that was wanted comes, and leaving ends it."""
    place.world.ledger.issue([mine(1)], 2_000)
    with launched(locale="en-GB") as page:
        place.sign_in(page, OWNER, "given")
        assert "AI training" in page.inner_text("main")
        assert "夕焼け <b>1" in page.inner_text("main")  # a name is text, whatever is in it
        page.click("header a:text('Sign out')")
        page.click("[data-vault=leave] button")
        page.wait_for_selector("[data-vault=enter]")
        page.goto(place.at + "given")
        assert page.url == place.at + "?then=given"


def test_a_wallet_that_refuses_is_told_in_the_readers_language(place: Place) -> None:
    with launched(locale="ja-JP") as page:
        page.expose_function("whoSigns", lambda: OWNER.address)
        page.expose_function("signs", lambda _: _signed(CALLING, "0x00"))
        page.add_init_script(WALLET)
        page.goto(place.at)
        page.click("[data-vault=enter] button")
        page.wait_for_selector("#trouble:not([hidden]) small")
        assert page.locator("#trouble small").get_attribute("lang") == "ja"


def test_every_page_can_be_read_on_every_screen_in_both_languages(place: Place) -> None:
    """Each look: contrast and names (axe, WCAG 2.2 AA), nothing wider than the screen."""
    world, wrong = place.world, list[str]()
    more = [mine(n, basis=Basis.OPENED, subject=None, until=9_000) for n in range(3, 5)]
    own = mine(5, basis=Basis.PROVIDER, subject=None, until=None, caller=MINE)
    world.ledger.issue([mine(1), mine(2), *more, own], 2_000)
    world.chain.facts.clear()
    world.license(2**36 - 1, who=MINE)
    world.handouts.begin(MINE, world.shelf.ids, Use.AI_TRAINING)
    (out,) = living(world.ledger.database, 2_000, MINE)
    pages = {
        "home": "", "given": "given", "received": "received", "handout": f"received/{out.id.hex()}",
        "operator": "operator", "missing": f"received/{'00' * 16}",
    }  # fmt: skip
    for look, options in looks():
        with launched(**options) as page:
            page.goto(place.at)
            wrong += looked_at(page, PICTURES / f"door-{look}.png")
            place.sign_in(page, OWNER)
            for name, path in pages.items():
                page.goto(place.at + path)
                assert page.url == place.at + path, "not the door again"
                wrong += looked_at(page, PICTURES / f"{name}-{look}.png")
    assert wrong == []


def test_receipts_come_newest_first_in_parts_of_a_hundred(
    place: Place, client: Callable[[Any], Client]
) -> None:
    place.world.ledger.issue([mine(n) for n in range(250)], 2_000)
    for wallet, page in ((OWNER, "given"), (CALLING, "received")):
        who, seen, where = client(wallet), list[int](), f"/{page}"
        while where:
            text = who.ask("GET", where).body.decode()
            seen += [int(each.partition('"')[0]) for each in text.split(f"/receipts/{MINE}/")[1::2]]
            _, _, link = text.partition("before=")
            number = link.partition('"')[0].partition("&")[0]
            where = f"/{page}?provider={MINE}&before={number}" if link else ""
        assert seen == list(reversed(range(250)))


def test_receipts_of_one_item_are_shown_alone(
    place: Place, client: Callable[[Any], Client]
) -> None:
    place.world.ledger.issue([mine(1), mine(2), mine(1)], 2_000)
    text = client(OWNER).ask("GET", f"/given?item={to_hex(mine(1).item)}").body.decode()
    assert [n for n in range(3) if f"/receipts/{MINE}/{n}" in text] == [0, 2]
    none = client(OWNER).ask("GET", f"/given?item=0x{'01' * 32}")
    assert b"No receipt in your log" in none.body


def test_receipt_and_proof_can_be_checked_without_the_vault(
    place: Place, client: Callable[[Any], Client]
) -> None:
    """By provider and receiver alone (promise 6); whoever else asks learns nothing."""
    place.world.ledger.issue([mine(1), mine(2)], 2_000)
    path = f"/receipts/{MINE}/1"
    for wallet in (OWNER, CALLING):
        who = client(wallet)
        said = Receipt.from_json(who.ask("GET", path).body)
        proof = LogProof.from_bytes(who.ask("GET", f"{path}/proof").body)
        assert said == replace(mine(2), at=2_000)
        key = Signer(f"{DOMAIN}/{MINE}", SEED).key
        entry = sha256((proof.extra or b"") + said.to_json().encode()).digest()
        assert proof.check(entry, f"{DOMAIN}/{MINE}", [key]).checkpoint.size == 2
    stranger = client(Account.from_key(b"\x09" * 32))
    absent = stranger.ask("GET", f"/receipts/{MINE}/7").body.replace(b"/7", b"/1")
    for where in (path, f"{path}/proof"):
        answer = stranger.ask("GET", where)
        assert (answer.status, answer.body.replace(b"/proof", b"")) == (404, absent)


def test_a_receiver_downloads_what_is_open_and_sees_nobody_elses(
    place: Place, client: Callable[[Any], Client]
) -> None:
    place.world.license(2**36 - 1, who=WHO)
    receiver, other = client(CALLING), client(OWNER)
    out = place.world.handouts.begin(WHO, place.world.shelf.ids, Use.AI_TRAINING)
    assert f"/vault/received/{out.id.hex()}" in receiver.ask("GET", "/received").body.decode()
    text = receiver.ask("GET", f"/received/{out.id.hex()}").body.decode()
    for item in place.world.shelf.ids:
        link = f"/handouts/{out.id.hex()}/{to_hex(item)}"
        assert f'href="/vault{link}"' in text
        part = receiver.ask("GET", link, headers={"Range": "bytes=2-4"})
        (content,) = (b.content for i, b in place.world.shelf.contents.items() if i.id == item)
        assert (part.status, part.body) == (206, content[2:5])
    assert other.ask("GET", f"/received/{out.id.hex()}").status == 404
    assert out.id.hex() not in other.ask("GET", "/received").body.decode()
    place.world.clock.now = out.ends
    assert client(CALLING).ask("GET", f"/received/{out.id.hex()}").status == 404


def test_how_the_vault_stands_is_shown_to_operators_alone(
    place: Place, client: Callable[[Any], Client]
) -> None:
    shown = client(OWNER).ask("GET", "/operator")
    assert (shown.status, b"erasure" in shown.body) == (200, True)
    text = " ".join(re.sub(r"<[^>]*>|\s", " ", shown.body.decode()).split())
    for said in (
        "with the heads of 2 logs", "in block 12,345", "1,012 1,009",
        "waited for an anchor for more than a day",
    ):  # fmt: skip
        assert said in text, said
    refused = client(CALLING).ask("GET", "/operator")
    assert (refused.status, b"4.1 MB" in refused.body) == (403, False)


@pytest.mark.parametrize("path", ["/given", "/received", "/operator", f"/receipts/{ARTIST}/0"])
def test_no_page_behind_the_door_is_shown_before_signing_in(place: Place, path: str) -> None:
    answer = Client(place.port, place.desk.origin).ask("GET", path)
    assert answer.status == 303
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "path", ["/given?before=x", "/given?item=0x12", "/received?provider=me", "/received?before=-1"]
)
def test_an_address_of_a_wrong_form_is_told_in_words(
    client: Callable[[Any], Client], path: str
) -> None:
    answer = client(OWNER).ask("GET", path, headers={"Accept-Language": "ja"})
    assert answer.status == 400
    assert 'lang="en"' not in answer.body.decode().partition("<main")[2].partition("</main")[0]
