"""The waterfalls that money can still come through, against a walk down from every one of them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from random import Random

import pytest

from kiseki.core import ids
from kiseki.core.split import Split
from kiseki.core.waterfall import Tier
from kiseki.errors import NotInIndex
from kiseki.index import Index

from .diamond import TRAIN
from .test_cost_of_questions import counted, steps_of
from .world import ARTIST, DATA, ETHER, STRANGER, STUDIO, SUITE, World, account, named


class Pipes(World):
    """Logs what the splitter and the maker of waterfalls log."""

    def __init__(self) -> None:
        super().__init__()
        self.tiers: dict[str, list[bytes]] = {}

    def publish_split(self, split: Split) -> None:
        self.next_block()
        self.know(split)
        payees, shares = zip(*split.leaves, strict=True)
        said = {"split": split.key, "opening": split.opening}
        self.log("RevenueSplitter", "SplitPublished", **said, payees=payees, shares=shares)

    def fall(self, at: str, openings: Sequence[bytes]) -> None:
        self.next_block()
        tokens = [ETHER] if len(openings) > 1 else []
        tiers = [{"payee": each, "sizes": tokens and [5]} for each in openings[:-1]]
        tiers.append({"payee": openings[-1], "sizes": []})
        plan = {"tiers": tiers, "tokens": tokens, "salt": named(at)}
        self.log("Waterfalls", "WaterfallCreated", waterfall=at, plan=plan)
        self.tiers[at] = [Tier(each, {}).payee for each in openings]


class Falls(Pipes):
    """Splits, collections and waterfalls that pay each other, some in circles."""

    def __init__(self, draw: Random) -> None:
        super().__init__()
        self.draw = draw
        self.people = [account(f"person {i}") for i in range(4)]
        self.falls = [account(f"fall {i}") for i in range(5)]
        self.keys = [ids.wallet(each) for each in (*self.people, *self.falls)]
        openings: list[bytes] = []
        for i in range(7):
            if draw.random() < 0.3:
                made = self.collection(STUDIO, TRAIN, [f"{i}"], payee=draw.choice(self.keys))
                self.keys.append(ids.subject(DATA, made))
                openings.append(ids.subject_opening(DATA, made))
            else:
                some = draw.sample(self.keys, draw.randint(1, 3))
                split = Split([(key, draw.randint(1, 9)) for key in some], named(f"{i}"))
                self.publish_split(split)
                self.keys.append(split.key)
                openings.append(split.opening)
        for fall in self.falls:
            self.fall(fall, draw.sample(openings, draw.randint(1, 3)))

    def down(self, wallets: Collection[str]) -> dict[str, tuple[int, ...]]:
        """The same from above: every waterfall, and all that it pays."""
        tiers = {ids.wallet(at): keys for at, keys in self.tiers.items()}
        wanted = {ids.wallet(who) for who in wallets}
        found = {
            at: tuple(
                place
                for place, key in enumerate(keys, 1)
                if self.reaches(key, ids.wallet(at), tiers, wanted)
            )
            for at, keys in self.tiers.items()
        }
        return {at: places for at, places in found.items() if places}

    def reaches(
        self,
        first: bytes,
        start: bytes,
        tiers: Mapping[bytes, Iterable[bytes]],
        wanted: Collection[bytes],
    ) -> bool:
        left, seen = [first], {start}
        while left:
            key = left.pop()
            if key in wanted and key != start:
                return True
            if key not in seen:
                seen.add(key)
                left += tiers.get(key, ())
                left += [self.stands_for[key]] if key in self.stands_for else []
                left += (
                    [payee for payee, _ in self.split_of[key].leaves]
                    if (key in self.split_of)
                    else []
                )
        return False


@pytest.mark.parametrize("seed", range(40))
def test_the_tiers_that_lead_to_wallets_are_those_found_from_above(seed: int) -> None:
    world = Falls(Random(seed))
    index = world.index()
    private = Index(SUITE.items())
    hidden = list(world.split_of.values())[-1:]
    private.apply(each for each in world.events if not hides(each.args, hidden))
    for split in hidden:
        private.add_split(split)
    for wallets in [[each] for each in (*world.people, *world.falls)] + [world.people[:2]]:
        expected = world.down(wallets)
        assert index.waterfalls_ahead(wallets) == expected
        assert list(index.waterfalls_ahead(wallets)) == list(expected), "earliest first"
        assert private.waterfalls_ahead(wallets) == expected
    assert index.waterfalls_ahead([STRANGER]) == {}


def hides(args: Mapping[str, object], splits: list[Split]) -> bool:
    return any(args.get("split") == split.key for split in splits)


def test_circles_and_waterfalls_in_a_row_are_among_them() -> None:
    rows, circles = 0, 0
    for seed in range(40):
        world = Falls(Random(seed))
        for who in world.people:
            rows += len(world.down([who])) > 1
        circles += any(ids.wallet(fall) in key_leaves(world) for fall in world.falls)
    assert rows > 20 and circles > 5


def key_leaves(world: World) -> set[bytes]:
    return {payee for split in world.split_of.values() for payee, _ in split.leaves}


def test_waterfalls_of_strangers_cost_no_more_than_the_way_up() -> None:
    """Invariant 10: neither where money comes through one, nor where a plan is asked for."""
    costs = []
    for strangers in (0, 120, 300):
        falls = Pipes()
        team = Split([(ids.wallet(ARTIST), 1), (ids.wallet(STUDIO), 2)])
        falls.publish_split(team)
        falls.fall(account("mine"), [team.opening])
        for i in range(strangers):
            other = Split([(ids.wallet(STRANGER), 1), (ids.wallet(account(f"{i}")), 1)])
            falls.publish_split(other)
            falls.fall(account(f"theirs {i}"), [other.opening])
        index = falls.index()
        asked = index.waterfalls_ahead
        assert asked([ARTIST]) == {account("mine"): (1,)}

        def ask(index: Index = index) -> None:
            index.waterfalls_ahead([ARTIST])
            index.agreements.waterfall(account("mine"))

        with counted(index) as sent:
            taken = steps_of(index, ask)
        costs.append((taken, len(sent)))
    (none, few), (some, sent_for_some), (many, sent_for_many) = costs
    assert 20 < some < 5 * none and sent_for_some <= few + 2
    assert many < some * 1.05 + 20 and sent_for_many == sent_for_some


def test_who_pays_a_wallet_costs_no_more_than_the_way_down() -> None:
    """However many splits pay it, where there are few waterfalls (invariant 10)."""
    costs = []
    for payers in (120, 600):
        falls = Pipes()
        below = Split([(ids.wallet(STRANGER), 1), (ids.wallet(STUDIO), 2)])
        mine = Split([(ids.wallet(ARTIST), 1), (ids.wallet(STUDIO), 2)])
        for split in (below, mine):
            falls.publish_split(split)
        falls.fall(account("theirs"), [below.opening])
        for i in range(payers):
            falls.publish_split(Split([(ids.wallet(ARTIST), 1), (ids.wallet(account(f"{i}")), 1)]))
        index = falls.index()
        assert index.waterfalls_ahead([ARTIST]) == {}
        costs.append(steps_of(index, partial(index.waterfalls_ahead, [ARTIST])))
        falls.fall(account("mine"), [mine.opening])
        assert falls.index().waterfalls_ahead([ARTIST]) == {account("mine"): (1,)}
        assert falls.index().waterfalls_ahead([STUDIO]) == {
            account("theirs"): (1,),
            account("mine"): (1,),
        }
    assert 20 < costs[1] < costs[0] * 1.05 + 20


def test_a_plan_is_that_of_its_address() -> None:
    world = Falls(Random(1))
    agreements = world.index().agreements
    for fall, plan in agreements.waterfalls().items():
        assert agreements.waterfall(fall) == plan
        assert [tier.payee for tier in plan.tiers] == world.tiers[fall]
    with pytest.raises(NotInIndex, match="no waterfall"):
        agreements.waterfall(STRANGER)


def test_in_postgresql_the_answers_are_the_same(postgres: str) -> None:
    world = Falls(Random(2))
    index = Index(SUITE.items(), postgres)
    index.apply(world.events)
    for who in (*world.people, *world.falls):
        assert index.waterfalls_ahead([who]) == world.down([who])
    assert index.providers() == world.index().providers()
    index.close()


def test_providers_are_told_once_each_whatever_they_have() -> None:
    world = World()
    people = [account(f"provider {i}") for i in range(5)]
    for i in range(20):
        world.collection(people[i % 5], TRAIN, [f"{i}"])
    index = world.index()
    assert index.providers() == people
    assert index.providers(after=people[1], most=2) == people[2:4]
    assert index.providers(after=people[4]) == []
    with pytest.raises(NotInIndex):
        index.providers(after=STRANGER)


def test_providers_cost_nothing_for_each_collection() -> None:
    costs = []
    for many in (1, 40):
        world = World()
        for i in range(many):
            world.collection(STUDIO, TRAIN, [f"{i}"])
        index = world.index()
        costs.append(steps_of(index, index.providers))
    assert 10 < costs[1] < costs[0] * 1.05 + 20
