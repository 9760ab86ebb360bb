"""What an operator can bring together: what each request cost, whose it is, and what all of it
cost."""
# ruff: noqa: F401, F811 - the fixtures are those of the relay's other tests

from __future__ import annotations

import re
import sqlite3
from dataclasses import replace
from pathlib import Path

from starlette.testclient import TestClient
from tests.python.conftest import ask
from tests.python.passkey import Passkey as Phone
from tests.python.web.relaying import PAYER, TO, Desk, done, rounds, told

from kiseki import Terms
from kiseki.core import accounts
from kiseki.core.values import to_hex
from kiseki.vault.invitations import Passkey
from kiseki.web.app import application
from kiseki.web.relay import Limits, Relay, Ticket
from kiseki.web.signing.desk import Desk as Studio
from kiseki.web.site import Site
from kiseki.web.studio.door import Door

from .test_relay_pages import OWN, app, desk, door, relay, site, visitor
from .test_web_pages import words

WEI = re.compile(r"([0-9.]+) ETH")


def of_two(desk: Desk, relay: Relay) -> Ticket:
    """A request that needs two transactions: its terms are on no record yet."""
    consent = desk.asked(desk.account, terms=Terms.of("train", "7%"))
    signed = desk.phone.sign_for(desk.account, consent.message)
    desk.k.accounts.create(desk.phone.key)
    ticket = relay.consent(replace(consent, signature=signed))
    done(relay, ticket)
    return ticket


def wei(cell: str) -> int:
    whole, _, part = cell.partition(".")
    return int(whole + part.ljust(18, "0"))


def paid(desk: Desk) -> int:
    """What the wallet has less than it had, as the node says."""
    return 10**22 - int(ask(desk.k, "eth_getBalance", PAYER.address, "latest"), 16)


def test_what_each_transaction_cost_adds_up_to_what_was_paid(
    desk: Desk, relay: Relay, visitor: TestClient, door: Door
) -> None:
    """To the last unit, on the page, in its twin, and in the wallet."""
    ask(desk.k, "anvil_setBalance", PAYER.address, hex(10**22))
    two = of_two(desk, relay)
    one = relay.consent(desk.consent("b"))
    done(relay, one)
    costs = [told(relay, each).paid for each in (two, one)]
    assert [len(each) for each in costs] == [2, 1]
    node = desk.k.session.node
    for each in (*costs[0], *costs[1]):
        assert each.hash is not None
        receipt = node.one("eth_getTransactionReceipt", to_hex(each.hash))
        fee = int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)
        assert (each.fee, each.block) == (fee, int(receipt["blockNumber"], 16))
    figures = relay.figures()
    everything = sum(each.fee for cost in costs for each in cost)
    assert everything == figures.paid == figures.spent == paid(desk)
    assert figures.kept == 0

    page = visitor.get(f"/operator?key={door.key}").text
    table = page.partition('id="requests"')[2]
    lines = re.findall(r'<span class="paid">.*?<span class="cost">([0-9.]+) ETH', table)
    singles = [wei(each) for each in lines]
    together = sum(each.fee for each in costs[0])
    assert sorted(singles) == sorted([*(each.fee for cost in costs for each in cost), together]), (
        "each transaction, and the sum of the request that needed two"
    )
    sums = [wei(each) for each in re.findall(r'<dd><span class="cost">([0-9.]+) ETH', table)]
    assert sums == [everything, 0, everything]
    twin = visitor.get(f"/relay/{two}.json").json()
    assert [int(each["fee"]) for each in twin["transactions"]] == [e.fee for e in costs[0]]
    assert twin["transactions"][-1]["transaction"] == twin["transaction"]
    shown = words(visitor.get(f"/relay/{two}").text)
    for each in costs[0]:
        assert each.hash is not None and to_hex(each.hash) in shown


def test_what_is_kept_for_a_transaction_becomes_what_it_cost(desk: Desk, relay: Relay) -> None:
    """What counts for today is at every moment what was paid, and what is kept."""
    ticket = relay.consent(desk.consent())
    row = relay._book.row(ticket.id)
    assert row is not None
    call = desk.transfer(1)
    sending = relay._book.begin(row, replace(call, gas=21_000), 7 * 10**15, relay._clock())
    assert (relay.figures().spent, relay.figures().kept) == (7 * 10**15, 7 * 10**15)
    relay._book.release(row, sending)
    assert (relay.figures().spent, relay.figures().kept) == (0, 0)
    done(relay, ticket)
    figures = relay.figures()
    assert figures.kept == 0 < figures.spent == figures.paid


def test_a_book_of_before_costs_were_kept_goes_on(desk: Desk, relay: Relay) -> None:
    """What it does not know of stands with what is not listed, and not as nothing."""
    done(relay, relay.consent(desk.consent("a")))
    earlier = relay.figures().paid
    desk.close()
    with sqlite3.connect(desk.folder / "relay") as db:
        for name in ("fee", "hash", "block", "done"):
            db.execute(f"ALTER TABLE sending DROP COLUMN {name}")
    relay = desk.relay()
    assert [each.paid for each in relay.last()] == [()]
    ticket = relay.consent(desk.consent("b"))
    done(relay, ticket)
    assert relay.figures().paid == earlier + told(relay, ticket).cost > earlier


# Whose it is


def test_a_request_is_found_by_a_name_of_the_studios_lists_or_by_a_wallet(
    desk: Desk, relay: Relay, site: Site, door: Door, tmp_path: Path
) -> None:
    """And by nothing else; whoever was not let in finds nobody."""
    desk.known(relay)
    other = relay.claim(TO)
    rounds(relay)
    studio = Studio(lambda: desk.k, tmp_path / "invitations")
    (tmp_path / "list.csv").write_text("file,artist\na.svg,山田 花子\n")
    (tmp_path / "a.svg").write_text("<svg/>")
    with studio.using() as invitations:
        (made,) = invitations.invite(
            tmp_path / "list.csv", Terms.of("train", "20%"), studio="Studio Kaze"
        )
        phone = desk.phone
        invitations.begin(made, Passkey(b"name", b"cose", phone.key, "localhost"))
    desk.open.clear()
    app = application(site, relay=relay, door=door, desk=studio, follows=False)
    with TestClient(app, base_url="http://localhost") as visitor:
        asked = {"Origin": "http://localhost"}
        assert visitor.post("/operator", data={"who": "山田"}, headers=asked).status_code == 403
        visitor.get(f"/operator?key={door.key}")
        account, ticket = desk.account, relay.last()[-1].ticket
        for who in (
            "山田", "山田花子", account, account.lower()[:9], f"{account[:6]}…{account[-4:]}",
        ):  # fmt: skip
            answer = visitor.post("/operator", data={"who": who}, headers=asked)
            assert answer.headers["cache-control"] == "no-store"
            assert f"/relay/{ticket}" in answer.text and str(other) not in answer.text, who
            assert "山田 花子" in words(answer.text)
        for who in ("佐藤", "0x" + "77" * 20, f"{account[:6]}…{'0' * 4}", "%", "_", "0x%"):
            answer = visitor.post("/operator", data={"who": who}, headers=asked)
            assert "has a request here" in words(answer.text), who
            assert str(ticket) not in answer.text and str(other) not in answer.text
        elsewhere = {"Origin": "https://elsewhere.example"}
        answer = visitor.post("/operator", data={"who": "山田"}, headers=elsewhere)
        assert answer.status_code == 403


# What cannot be known


def test_the_page_says_what_a_keepers_file_shows_and_what_it_does_not(
    desk: Desk, visitor: TestClient, door: Door
) -> None:
    said = words(visitor.get(f"/operator?key={door.key}").text)
    assert "no keeper has written it yet" in said, "a file is named, and is not there"
    assert "The keeper's file is more than" in said
    (desk.folder / "keeper.prom").write_text("kiseki_keeper_rounds_total 7\n")
    said = words(visitor.get("/operator").text)
    assert "not that one runs now" in said and "Nothing needs you now." in said
    assert 'href="/metrics"' in visitor.get("/operator").text
    for each in ("Once the wallet is empty", "Requests are taken as before and wait."):
        assert each in said
