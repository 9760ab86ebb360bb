"""The relay's pages, what scripts ask of it, and the operator's page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.python.passkey import Passkey
from tests.python.web.browser import launched
from tests.python.web.looking import looked_at, looks
from tests.python.web.relaying import TO, Desk, done, rounds, told
from tests.python.web.test_web_pages import words

from kiseki import LocalKiseki
from kiseki.chain.contract.contracts import Call
from kiseki.chain.sending.intents import Intent
from kiseki.client.data import revocations
from kiseki.core.values import to_hex
from kiseki.web.alarms import Bounds, Keeper, alarms
from kiseki.web.app import application
from kiseki.web.relay import Limits, Relay
from kiseki.web.relay.reasons import Reason
from kiseki.web.site import Site
from kiseki.web.studio.door import Door

from .conftest import served

ROOT = Path(__file__).resolve().parents[3]
PICTURES = ROOT / "build" / "relay"
OWN = {"Origin": "http://localhost", "Content-Type": "application/json"}


@pytest.fixture
def desk(k: LocalKiseki, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(k, tmp_path)
    yield made
    made.close()


@pytest.fixture
def relay(desk: Desk) -> Relay:
    return desk.relay(Limits(hourly=6))


@pytest.fixture
def site(desk: Desk) -> Site:
    found = Site(desk.connect_to_look)
    found.catch_up()
    return found


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.fixture
def app(desk: Desk, site: Site, relay: Relay, door: Door) -> Any:
    desk.open.clear()  # the application closes it
    return application(
        site, relay=relay, keeper=desk.folder / "keeper.prom", door=door, follows=False
    )


@pytest.fixture
def visitor(app: Any) -> Iterator[TestClient]:
    with TestClient(app, base_url="http://localhost", client=("127.0.0.1", 5)) as client:
        yield client


def test_a_script_hands_in_what_was_signed_and_its_page_says_how_it_stands(
    desk: Desk, relay: Relay, visitor: TestClient
) -> None:
    text = desk.consent().to_json()
    answer = visitor.post("/relay/consent", content=text, headers=OWN)
    assert answer.status_code == 202, answer.text
    page = answer.json()["next"]
    assert "It waits and is not sent yet." in words(visitor.get(page).text)
    assert visitor.get(f"{page}/file").text == text
    done(relay, answer.json()["ticket"])
    for language, said in (("en", "It is carried out"), ("ja", "で完了しました。")):
        found = visitor.get(page, headers={"Accept-Language": language})
        assert said in words(found.text)
        assert found.headers["cache-control"] == "no-store"
    twin = visitor.get(f"{page}.json")
    assert (twin.headers["cache-control"], twin.json()["state"]) == ("no-store", "done")
    assert "access-control-allow-origin" not in twin.headers
    assert visitor.post("/relay/consent", content=text, headers=OWN).json()["next"] == page
    assert visitor.get("/relay/" + "0" * 32).status_code == 404


def test_every_kind_is_handed_in_as_text(desk: Desk, relay: Relay, visitor: TestClient) -> None:
    desk.known(relay)
    artist = desk.k.wallet(1)
    prepared = artist.data.prepare(_files(desk.folder), desk.k.data.define_terms("train", "20%"))
    artist.data.register(prepared)
    letters = {
        revocations.COLLECTION: artist.data.revocation(prepared.id),
        revocations.ITEM: artist.data.item_revocation(prepared.items[0].commitment),
    }
    operation, signed = desk.operation()
    asked = [("revocation", each.to_json(one)) for each, one in letters.items()]
    given = {"message": operation.message, "signature": to_hex(signed), "key": None, "number": "0"}
    asked += [("operation", json.dumps(given)), ("claim", json.dumps({"wallet": TO}))]
    for kind, text in asked:
        answer = visitor.post(f"/relay/{kind}", content=text, headers=OWN)
        assert answer.status_code == 202, (kind, answer.text)
        rounds(relay)
        state = "refused" if kind == "claim" else "done"
        assert visitor.get(answer.json()["next"] + ".json").json()["state"] == state, kind


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({**OWN, "Origin": "https://elsewhere.example"}, 403),
        ({"Content-Type": "application/json"}, 403),
        ({**OWN, "Sec-Fetch-Site": "cross-site"}, 403),
        ({**OWN, "Sec-Fetch-Site": "same-site"}, 403),
        ({**OWN, "Content-Type": "text/plain"}, 415),
        ({**OWN, "Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({**OWN, "Host": "elsewhere.example"}, 400),
    ],
)
def test_no_other_site_hands_anything_in(
    desk: Desk, relay: Relay, visitor: TestClient, headers: dict[str, str], status: int
) -> None:
    """CSRF, and DNS rebinding."""
    text = desk.consent().to_json()
    assert visitor.post("/relay/consent", content=text, headers=headers).status_code == status
    assert relay.figures().waiting == 0


def test_what_is_no_request_is_refused_in_words(
    desk: Desk, relay: Relay, visitor: TestClient
) -> None:
    good = desk.consent()
    for kind, text, status in (
        ("consent", "{}", 400), ("consent", "[" * 10_000, 400), ("claim", "7", 400),
        ("claim", '{"wallet": "0x0"}', 400), ("operation", '{"message": 7}', 400),
        ("operation", '{"message": {}, "signature": "0x"}', 400), ("nothing", "{}", 400),
        ("revocation", good.to_json(), 400), ("consent", "x" * (1 << 19), 413),
        ("consent", b"\xff\xfe", 400),
        ("consent", replace(good, signature=None).to_json(), 400),
    ):  # fmt: skip
        answer = visitor.post(f"/relay/{kind}", content=text, headers=OWN)
        assert answer.status_code == status, (kind, text[:50], answer.text)
        assert answer.json()["error"]
    assert relay.figures().waiting == 0


def test_one_network_address_asks_so_often_and_no_more(
    desk: Desk, relay: Relay, visitor: TestClient
) -> None:
    """Also after a restart; another address still may."""
    for n in range(6):
        text = json.dumps({"wallet": f"0x{n + 100:040x}"})
        assert visitor.post("/relay/claim", content=text, headers=OWN).status_code == 202
    text = json.dumps({"wallet": TO})
    answer = visitor.post("/relay/claim", content=text, headers=OWN)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "3600")
    relay.claim(TO, "192.0.2.7")


def test_without_a_relay_nothing_is_taken(desk: Desk) -> None:
    site = Site(desk.connect_to_look)
    site.catch_up()
    with TestClient(application(site, follows=False), base_url="http://localhost") as visitor:
        answer = visitor.post("/relay/consent", content="{}", headers=OWN)
        assert answer.status_code == 404
        assert visitor.get("/relay/" + "0" * 32).status_code == 404
        assert "kiseki_relay" not in visitor.get("/metrics").text


# The operator's page


def test_the_operator_sees_how_everything_stands(
    desk: Desk, relay: Relay, visitor: TestClient, door: Door
) -> None:
    desk.known(relay)
    relay.claim(TO)
    (desk.folder / "keeper.prom").write_text("# HELP x y\nkiseki_keeper_rounds_total 7\n")
    said = words(visitor.get(f"/operator?key={door.key}").text)
    for part in (
        relay.wallet[:8],
        "0.05 ETH",
        "carried out",
        "rounds_total 7",
        "It answers, and",
        "Nothing needs you",
    ):
        assert part in said, part
    metrics = visitor.get("/metrics").text
    assert 'kiseki_relay_open{state="waiting"} 1' in metrics
    assert 'kiseki_relay_ended_total{state="done"} 1' in metrics
    spent = relay.figures().spent
    assert f"kiseki_relay_spent_today_wei {spent}" in metrics
    assert re.search(r"kiseki_relay_fees_wei_total [1-9]", metrics)
    assert spent == relay.figures().paid, "what it cost took the place of what it could cost"


def test_the_operator_is_told_first_what_needs_somebody(relay: Relay, site: Site) -> None:
    """The node, an empty wallet and a day that is nearly paid out; each by itself."""
    with site.reading() as index:
        read = site.state(index)
    full = replace(relay.figures(), balance=10**20, spent=0, trouble=None)
    near = full.day * 4 // 5
    for changed, found in (
        (full, []),
        (replace(full, balance=full.day), []),
        (replace(full, balance=full.day - 1), ["balance"]),
        (replace(full, balance=None), []),
        (replace(full, spent=near), ["limit"]),
        (replace(full, spent=near - 1), []),
        (replace(full, waiting=full.places * 4 // 5), ["waiting"]),
        (replace(full, waiting=full.places * 4 // 5 - 1), []),
        (replace(full, trouble=Reason.NODE), ["trouble"]),
    ):
        assert alarms(read, changed, now=read.time) == found
    assert alarms(replace(read, failure="away"), full, now=read.time) == ["node"]
    assert alarms(read, None, now=read.time) == []


def test_what_stands_still_is_an_alarm_from_the_time_on_that_the_page_says(site: Site) -> None:
    """A late block, a transaction that gets into none, and a keeper that writes no more. A chain
    of one machine makes no blocks while nobody sends, so there no block is late."""
    with site.reading() as index:
        read = site.state(index)
    public, time = replace(read, chain_id=1), read.time
    of = Bounds.of(1, None)
    assert of.age is not None
    assert alarms(public, None, now=time + of.age) == []
    assert alarms(public, None, now=time + of.age + 1) == ["late"]
    assert alarms(replace(public, failure="away"), None, now=time + of.age + 1) == ["node"]
    assert alarms(read, None, now=time + 10**6) == []
    call = Call(TO, b"", 0, "a call")
    intent = Intent(1, 7, call, "", False, None, None, time)
    assert alarms(read, None, now=time + of.pending, pending=[intent]) == []
    assert alarms(read, None, now=time + of.pending + 1, pending=[intent]) == ["pending"]
    for wrote, late, found in (
        (time, of.keeper, []), (time, of.keeper + 1, ["keeper"]), (None, 0, ["keeper"]),
    ):  # fmt: skip
        assert alarms(read, None, now=time + late, keeper=Keeper(wrote, {})) == found


def test_nobody_else_sees_the_operators_page(app: Any) -> None:
    """Wherever the question comes from: behind a proxy everybody seems to be this machine."""
    with TestClient(app, base_url="http://localhost", client=("127.0.0.1", 5)) as visitor:
        for path in ("/operator", "/operator?key=wrong"):
            answer = visitor.get(path)
            assert (answer.status_code, "Relay" in answer.text) == (403, False)


# Looked at


def test_the_pages_can_be_read_on_every_screen_in_both_languages(
    desk: Desk, relay: Relay, site: Site, door: Door
) -> None:
    """Each state, as pictures in `build/relay`."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    desk.known(relay)
    artist = desk.k.wallet(1)
    prepared = artist.data.prepare(_files(desk.folder), desk.k.data.define_terms("train", "20%"))
    artist.data.register(prepared)
    carried = relay.last()[0].ticket
    refused = relay.claim(TO)
    rounds(relay)
    desk.fund(0)
    relay._looked = -1e9
    waiting = relay.revocation(artist.data.revocation(prepared.id))
    consent = relay.consent(desk.consent("b", Passkey()))
    relay.round()
    assert "too little ether" in told(relay, waiting).said
    keeper = desk.folder / "keeper.prom"
    keeper.write_text("kiseki_keeper_rounds_total 7\nkiseki_keeper_block 9\n")
    desk.open.clear()  # the application closes it
    pages = {
        "done": f"/relay/{carried}", "refused": f"/relay/{refused}", "waits": f"/relay/{waiting}",
        "consent": f"/relay/{consent}", "operator": f"/operator?key={door.key}",
    }  # fmt: skip
    with served(site, relay=relay, keeper=keeper, door=door) as at:
        for look, options in looks():
            with launched(**options) as page:
                for name, path in pages.items():
                    page.goto(at + path)
                    if page.locator("summary").count():
                        page.locator("summary").first.click()
                    assert looked_at(page, PICTURES / f"{name}-{look}.png") == []


def _files(folder: Path) -> Path:
    place = folder / "drawings"
    place.mkdir(exist_ok=True)
    (place / "a.svg").write_bytes(b"a drawing")
    return place
