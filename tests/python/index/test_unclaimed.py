"""Since when money waits, against plain loops over the events and the made-up chain's ledger."""

from functools import partial
from pathlib import Path

import pytest

from kiseki.core import ids
from kiseki.core.split import Split
from kiseki.index import Index, Waiting

from .busy import Busy, busy
from .diamond import Diamond
from .test_cost_of_questions import Tall, counted, steps_of
from .test_money_properties import TOKENS
from .world import (
    ARTIST,
    CREATOR,
    DATA,
    ETHER,
    MODELS,
    OUTPUTS,
    RIGHTS,
    STRANGER,
    STUDIO,
    SUITE,
    World,
    account,
    named,
)

SEEDS = range(4)
REGISTERED = {
    "CollectionRegistered": (DATA, "collection", "provider"),
    "ModelRegistered": (MODELS, "model", "developer"),
    "BatchRegistered": (OUTPUTS, "batch", "creator"),
}


class Reference:
    """What waits in one token: every account, leaf and credit looked at, nothing remembered."""

    def __init__(self, world: World, token: str) -> None:
        self.world, self.token = world, token
        self.stands: dict[bytes, bytes] = {}
        for event in world.events:
            if event.name in REGISTERED:
                registry, group, who = REGISTERED[event.name]
                number = ids.subject(registry, event.args[group])
                self.stands[ids.subject(RIGHTS, number)] = ids.wallet(event.args[who])
        self.stands |= world.stands_for
        self.leaves = [
            (split.key, place, lo, payee, shares, split.total)
            for split in world.split_of.values()
            for (place, (payee, shares)), lo in zip(
                enumerate(split.leaves), lows(split), strict=True
            )
        ]

    def end(self, payee: bytes) -> bytes:
        while payee in self.stands:
            payee = self.stands[payee]
        return payee

    def had(self, split: bytes, lo: int) -> int:
        return self.world.claimed[split, self.token, lo]

    def held(self, account: bytes) -> int:
        return self.world.received[account, self.token] - self.world.passed[account, self.token]

    def whole(self, account: bytes) -> int:
        """What an account would have received if all above it were claimed."""
        found = self.world.received[account, self.token]
        for split, _, lo, payee, shares, total in self.leaves:
            if self.end(payee) == account:
                found += self.whole(split) * shares // total - self.had(split, lo)
        return found + sum(self.held(each) for each in self.stands if self.end(each) == account)

    def came(self, account: bytes, shares: int, total: int, passed: int) -> tuple[int, int]:
        """Time and block of the first credit that was not passed on in full."""
        came = 0
        for event in self.world.events:
            is_credit = event.name in ("Deposited", "Claimed", "Resolved")
            if is_credit and (event.args["payee"], event.args["token"]) == (account, self.token):
                came += event.args["amount"]
                if came * shares // total > passed:
                    return event.timestamp, event.block
        raise AssertionError("nothing waits there")

    def ages(self, account: bytes) -> list[tuple[int, int]]:
        """Of all that is on its way to an account."""
        found = []
        for split, _, lo, payee, shares, total in self.leaves:
            if self.end(payee) == account:
                had = self.had(split, lo)
                if self.whole(split) * shares // total > had:
                    if self.world.received[split, self.token] * shares // total > had:
                        found.append(self.came(split, shares, total, had))
                    found += self.ages(split)
        for each in self.stands:
            if self.end(each) == account and self.held(each):
                found.append(self.came(each, 1, 1, self.world.passed[each, self.token]))
        return found

    def waiting(self, wanted: bytes) -> set[tuple[bytes, int, bytes, int, int, int, int]]:
        """(split, leaf, payee, amount, here, since, block) of all that is for a wallet or subject,
        or, of a split, for its leaves."""
        rows, splits = set(), {key for key, *_ in self.leaves}
        for split, place, lo, payee, shares, total in self.leaves:
            if split == wanted if wanted in splits else self.reaches(payee, wanted):
                had, part = self.had(split, lo), self.world.received[split, self.token]
                amount = self.whole(split) * shares // total - had
                here = part * shares // total - had
                if amount > 0:
                    ages = [self.came(split, shares, total, had)] if here else []
                    ages += self.ages(split) if amount > here else []
                    rows.add((split, place, payee, amount, here, *min(ages)))
        for each in set() if wanted in splits else {*self.stands, wanted}:
            held = 0 if ids.wallet_address(each) else self.held(each)
            if held and self.reaches(each, wanted):
                came = self.came(each, 1, 1, self.world.passed[each, self.token])
                rows.add((bytes(32), -1, each, held, held, *came))
        return rows

    def reaches(self, payee: bytes, wanted: bytes) -> bool:
        while payee != wanted and payee in self.stands:
            payee = self.stands[payee]
        return payee == wanted


def lows(split: Split) -> list[int]:
    return [sum(n for _, n in split.leaves[:place]) for place in range(len(split.leaves))]


def told(rows: list[Waiting]) -> set[tuple[bytes, int, bytes, int, int, int, int]]:
    found = {(e.split, e.leaf, e.payee, e.amount, e.here, e.since, e.block) for e in rows}
    assert len(found) == len(rows) and all(each.complete for each in rows)
    return found


def asked(world: Busy) -> list[bytes]:
    wallets = [ids.wallet(who) for who in [*world.people, STRANGER]]
    return [*wallets, *world.payable, *(split.key for split in world.given), named("nobody's")]


@pytest.mark.parametrize("seed", SEEDS)
def test_what_waits_is_as_old_as_the_oldest_payment_of_which_something_is_left(seed: int) -> None:
    """Invariant 9; in pages of any size."""
    world, index = busy(seed)
    old = set()
    for token in TOKENS:
        reference = Reference(world, token)
        for payee in asked(world):
            rows = index.unclaimed(payee, token, most=1000)
            assert told(rows) == reference.waiting(payee)
            pages: list[Waiting] = []
            while page := index.unclaimed(payee, token, pages[-1].cursor if pages else b"", 2):
                assert len(page) <= 2
                pages += page
            assert pages == rows
            old |= {each.block for each in rows}
    assert len(old) > 1


def test_what_is_owed_waits() -> None:
    world, index = busy(1)
    for token in TOKENS:
        for who in world.people:
            owed = {(e.split, e.leaf, e.amount, e.now) for e in index.owed(who, token)}
            rows = index.unclaimed(ids.wallet(who), token, most=1000)
            assert {(e.split, e.leaf, e.amount, e.here) for e in rows} == owed


def test_money_leaves_in_the_order_in_which_it_came() -> None:
    """A claim takes the oldest; what came in before it is not told any more."""
    world = Diamond()
    times = []
    for amount in (1000, 1000, 5):
        world.next_block(86_400)
        world.deposit(world.split_for(MODELS, world.base), amount)
        times.append(world.time)
    (row,) = world.index().unclaimed(ids.wallet(ARTIST))
    assert (row.since, row.here) == (times[0], 0), "in the model's split, and not yet in the data's"
    world.claim_everything_of(ARTIST)
    assert world.index().unclaimed(ids.wallet(ARTIST)) == []
    world.next_block(86_400)
    world.deposit(ids.subject(DATA, world.art), 7)
    (row,) = world.index().unclaimed(ids.wallet(ARTIST))
    assert (row.since, row.amount, row.here, row.leaf) == (world.time, 7, 7, -1)


@pytest.mark.parametrize("first", ["the split", "further up", "at a subject"])
def test_the_oldest_part_counts_wherever_it_lies(first: str) -> None:
    """A split that is paid itself, by a split above it, and by a subject that holds something."""
    world = Diamond()
    team = Split([(ids.wallet(ARTIST), 1), (ids.wallet(STUDIO), 1)])
    above = Split([(team.key, 1), (ids.wallet(CREATOR), 1)])
    world.know(team, above)
    world.set_payee(world.art, team.key)
    places = {
        "the split": team.key,
        "further up": above.key,
        "at a subject": ids.subject(DATA, world.art),
    }
    order = [first, *(each for each in places if each != first)]
    for place in order:
        world.next_block(86_400)
        world.deposit(places[place], 1000)
        if place == first:
            oldest = world.block
    index = world.index()
    for each in (team, above):
        index.add_split(each)
    (row,) = [e for e in index.unclaimed(ids.wallet(ARTIST)) if e.split == team.key]
    assert (row.amount, row.here, row.block) == (1250, 500, oldest)
    assert told(index.unclaimed(ids.wallet(ARTIST))) == Reference(world, ETHER).waiting(
        ids.wallet(ARTIST)
    )


def test_rows_keep_their_order_while_more_comes_in() -> None:
    """A page that was begun goes on where it was."""
    world = Busy(2)
    index = world.index()
    payee = max(asked(world), key=lambda each: len(index.unclaimed(each)))
    before = index.unclaimed(payee)
    assert len(before) > 2
    for each in world.payable:
        world.deposit(each, 10**19)
    after = world.index().unclaimed(payee, most=1000)
    cursors = [each.cursor for each in after]
    assert cursors == sorted(cursors)
    assert {each.cursor for each in before} <= set(cursors)
    rest = world.index().unclaimed(payee, after=before[1].cursor, most=1000)
    assert rest == after[cursors.index(before[1].cursor) + 1 :]


def test_looking_back_costs_only_what_came_in_since() -> None:
    """A thousand payments that were claimed long ago are not read again."""
    world = World()
    team = Split([(ids.wallet(ARTIST), 1), (ids.wallet(STUDIO), 1)])
    world.know(team)
    split = {"split": team.key, "opening": team.opening}
    world.log("RevenueSplitter", "SplitPublished", **split,
              payees=[payee for payee, _ in team.leaves], shares=[1, 1])  # fmt: skip
    for _ in range(1000):
        world.deposit(team.key, 2)
    claimed = world.index()
    world.play(claimed.steps(claimed.owed(ARTIST)))
    world.deposit(team.key, 2)
    index = world.index()
    reads: list[str] = []
    driver = index._store._driver
    assert index.unclaimed(ids.wallet(ARTIST))[0].amount == 1
    driver.set_trace_callback(reads.append)
    (row,) = index.unclaimed(ids.wallet(ARTIST))
    (old,) = index.unclaimed(ids.wallet(STUDIO))
    driver.set_trace_callback(None)
    assert (row.block, old.block) == (world.block, world.events[1].block)
    looks = [each for each in reads if "FROM deposit" in each]
    assert 2 <= len(looks) <= 8, "once for the artist; pages that double for the studio"


def test_a_page_asks_the_same_however_much_lies_above_it() -> None:
    """Batches that pay the data split of a model, each with money of its own. Of that money, only
    what can be the oldest is looked at."""
    sent = []
    for batches in (3, 40):
        world = Tall(2, 1)
        for i in range(batches):
            made = world.batch([f"{i}"], [world.top])
            world.deposit(world.split_for(OUTPUTS, made), 10**6 + i)
        index = world.index()
        payee = ids.wallet(ARTIST)
        (row,) = index.unclaimed(payee)
        assert told([row]) == Reference(world, ETHER).waiting(payee)
        index.refresh()  # so that nothing is remembered
        with counted(index) as statements:
            assert index.unclaimed(payee) == [row]
        sent.append(len(statements))
    assert sent[0] == sent[1] <= 60


def test_a_page_costs_what_it_shows_of_a_split() -> None:
    """However many leaves it has."""
    costs = []
    for many in (40, 400):
        world = World()
        leaves = [(ids.wallet(account(f"{i}")), 1) for i in range(many)]
        crowd = Split(leaves)
        world.know(crowd)
        payees, shares = zip(*crowd.leaves, strict=True)
        split = {"split": crowd.key, "opening": crowd.opening}
        world.log("RevenueSplitter", "SplitPublished", **split, payees=payees, shares=shares)
        world.deposit(crowd.key, many)
        index = world.index()
        first = index.unclaimed(crowd.key, most=3)
        assert [row.leaf for row in first] == [0, 1, 2]
        index.refresh()

        ask = partial(index.unclaimed, crowd.key, after=first[-1].cursor, most=3)
        costs.append(steps_of(index, ask))
        assert [row.leaf for row in ask()] == [3, 4, 5]
        last = index.unclaimed(crowd.key, most=many)[-1]
        assert last.leaf == many - 1 and index.unclaimed(crowd.key, after=last.cursor) == []
    assert 20 < costs[1] < costs[0] * 1.05 + 20


def test_a_page_asks_the_same_however_many_splits_pay_a_wallet() -> None:
    sent = []
    for many in (5, 50):
        world = World()
        for i in range(many):
            team = Split([(ids.wallet(ARTIST), 1), (ids.wallet(account(f"{i}")), 1)])
            world.know(team)
            payees, shares = zip(*team.leaves, strict=True)
            split = {"split": team.key, "opening": team.opening}
            world.log("RevenueSplitter", "SplitPublished", **split, payees=payees, shares=shares)
            world.deposit(team.key, 10)
        index = world.index()
        index.unclaimed(ids.wallet(ARTIST), most=3)
        index.refresh()
        with counted(index) as statements:
            assert len(index.unclaimed(ids.wallet(ARTIST), most=3)) == 3
        sent.append(len(statements))
    assert sent[0] == sent[1] <= 30


def test_a_stranger_and_a_token_that_never_came_have_nothing(tmp_path: Path) -> None:
    world = Diamond()
    world.deposit(world.income, 10**6)
    index = Index(SUITE.items(), tmp_path / "index.db")
    index.apply(world.events)
    assert index.unclaimed(ids.wallet(STRANGER)) == index.unclaimed(named("x")) == []
    assert index.unclaimed(ids.wallet(CREATOR), STRANGER) == []
    (row,) = index.unclaimed(ids.wallet(CREATOR), ETHER)
    assert row.block == world.block
    index.close()


def test_the_answers_are_the_same_in_postgresql(postgres: str) -> None:
    world, index = busy(0)
    other = Index(SUITE.items(), postgres)
    other.apply(world.events)
    for each in world.given:
        other.add_split(each)
    for token in TOKENS:
        for payee in asked(world):
            assert other.unclaimed(payee, token) == index.unclaimed(payee, token)
    other.close()
