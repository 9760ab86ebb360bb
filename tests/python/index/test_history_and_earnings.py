"""A wallet's statement and what it earned, against plain loops over the events."""

from collections import defaultdict
from datetime import UTC, datetime

import pytest

from kiseki.core import ids
from kiseki.core.event import Event
from kiseki.core.values import ZERO32
from kiseki.errors import InvalidInput
from kiseki.index.answers.earnings import Earning, earnings_of
from kiseki.index.answers.history import Entry, history_of
from kiseki.index.store.tables import place_of

from .busy import busy
from .diamond import Diamond
from .world import ARTIST, BUYER, CREATOR, DATA, ETHER, OUTPUTS, STRANGER, STUDIO, World, named

SEEDS = range(5)


def moved(event: Event) -> tuple[str, bytes, bytes] | None:
    """Kind, and the accounts that money left and reached."""
    args = event.args
    match event.name:
        case "Deposited":
            return "deposit", ids.wallet(args["payer"]), args["payee"]
        case "Claimed":
            return "claim", args["split"], args["payee"]
        case "Resolved":
            return "resolution", args["subject"], args["payee"]
        case "Redirected":
            return "redirect", ids.wallet(args["payee"]), ids.wallet(args["to"])
    return None


def expected(events: list[Event], wallet: str) -> list[Entry]:
    found, me = [], ids.wallet(wallet)
    for event in events:
        move = moved(event)
        if move and me in move[1:]:
            at = place_of(event.block, event.position)
            said = event.args["token"], event.args["amount"], event.args.get("ref", ZERO32)
            found.append(Entry(at, event.timestamp, event.transaction, *move, *said))
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_a_statement_has_each_move_of_a_wallets_money_once(seed: int) -> None:
    """Invariant 1. Pages of any size are the whole; at a place it ends there."""
    world, index = busy(seed)
    store, cut = index._store, place_of(*world.cut)
    for who in [*world.people, BUYER, STRANGER, DATA]:
        entries = expected(world.events, who)
        assert history_of(store, who) == entries
        pages: list[Entry] = []
        while page := history_of(store, who, pages[-1].place if pages else -1, most=3):
            assert len(page) <= 3
            pages += page
        assert pages == entries
        assert history_of(store, who, at=cut) == [each for each in entries if each.place <= cut]
        assert all(ids.wallet(who) in (each.source, each.target) for each in entries)


def test_who_pays_itself_has_one_entry() -> None:
    world = World()
    world.next_block()
    paid = {"payee": ids.wallet(BUYER), "payer": BUYER, "token": ETHER, "ref": named("a bill")}
    world.log("RevenueSplitter", "Deposited", **paid, amount=2**128 - 1)
    world.log("RevenueSplitter", "Redirected", payee=BUYER, to=BUYER, token=ETHER, amount=3)
    deposit, redirect = history_of(world.index()._store, BUYER)
    assert (deposit.amount, deposit.reference) == (2**128 - 1, named("a bill"))
    assert redirect.source == redirect.target == ids.wallet(BUYER)


def sums(entries: list[Entry], me: bytes, by: str) -> dict[tuple[str, bytes, str], list[int]]:
    found: defaultdict[tuple[str, bytes, str], list[int]] = defaultdict(lambda: [0, 0])
    for each in entries:
        if each.target == me and each.kind != "redirect":
            month = f"{datetime.fromtimestamp(each.time, UTC):%Y-%m}" if by == "month" else ""
            told = found[month, each.source if by == "subject" else ZERO32, each.token]
            told[0] += each.amount
            told[1] += 1
    return dict(found)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_a_wallet_earned_is_the_sum_of_what_reached_it(seed: int) -> None:
    world, index = busy(seed)
    store, cut = index._store, place_of(*world.cut)
    for who in world.people:
        entries = expected(world.events, who)
        for at in (None, cut):
            known = [each for each in entries if at is None or each.place <= at]
            for by in ("month", "subject", "token"):
                told = earnings_of(store, who, by, at)
                found = {(e.month, e.source, e.token): [e.amount, e.payments] for e in told}
                assert found == sums(known, ids.wallet(who), by)
                assert len(found) == len(told)
                assert told == sorted(told, key=lambda e: (e.month, e.token, -e.amount, e.source))


def test_earnings_say_which_work_they_are_of() -> None:
    """Of a collection through its subject, of a batch through its split, else of nothing."""
    world = Diamond()
    world.deposit(world.income, 10**6)
    for who in (ARTIST, CREATOR):
        world.claim_everything_of(who)
    world.deposit(ids.wallet(ARTIST), 5)
    store = world.index()._store
    collection, paid = earnings_of(store, ARTIST, "subject")
    assert (collection.source, collection.about) == (ids.subject(DATA, world.art), world.art)
    assert paid == Earning(ETHER, 5, 1, source=ids.wallet(BUYER))
    (batch,) = earnings_of(store, CREATOR, "subject")
    assert (batch.source, batch.about) == (world.split_for(OUTPUTS, world.frames), world.frames)
    assert earnings_of(store, STUDIO, "token") == []


def test_earnings_by_anything_else_and_of_no_address_are_refused() -> None:
    store = World().index()._store
    with pytest.raises(InvalidInput, match="by month, subject or token"):
        earnings_of(store, ARTIST, "year")  # type: ignore[arg-type]
    for ask in (lambda: earnings_of(store, "0x12", "month"), lambda: history_of(store, "0x12")):
        with pytest.raises(InvalidInput):
            ask()
