"""Money over random worlds: nothing is lost, nothing is owed twice, and steps bring it all.

Promise 4 and invariants 1 and 2 of DESIGN, as the index tells them.
"""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiseki.core import ids
from kiseki.core.split import Split
from kiseki.core.terms import Terms
from kiseki.index import Balance, Index, Owed

from .world import DATA, ETHER, MODELS, OUTPUTS, SUITE, World, account, due

TOKENS = [ETHER, account("dollar")]
AMOUNTS = st.one_of(st.integers(1, 50), st.integers(1, 10**24))


class Random_(World):  # noqa: N801 - there is a Random
    """Collections, models over collections and models before them, batches, all drawn."""

    def __init__(self, draw: Random) -> None:
        super().__init__()
        self.people = [account(f"person {i}") for i in range(8)]
        self.given: list[Split] = []
        terms = [
            Terms.of(["train", "ai_inference"], royalty=f"{draw.randint(0, 8)}%", floor=floor)
            for floor in ("0%", "0.3%", "0.01%")
        ]
        collections = [self.a_collection(draw, terms, i) for i in range(draw.randint(1, 6))]
        models: list[bytes] = []
        for i in range(draw.randint(1, 5)):
            used = draw.sample(collections, draw.randint(1, len(collections)))
            parents = draw.sample(models, draw.randint(0, len(models)))
            models.append(
                self.model(
                    f"model {i}",
                    {each: draw.randint(1, 1000) for each in used},
                    parents,
                    terms=Terms.of("train", royalty=f"{draw.randint(0, 3)}%"),
                    developer=draw.choice(self.people),
                )
            )
        self.payable = [self.split_for(MODELS, each) for each in models]
        self.payable += [ids.subject(DATA, each) for each in collections]
        for i in range(draw.randint(1, 3)):
            used = draw.sample(models, draw.randint(1, len(models)))
            read = draw.sample(collections, draw.randint(0, len(collections)))
            creator = draw.choice(self.people)
            batch = self.batch([f"frame {i}"], used, read, creator=creator)
            self.payable.append(self.split_for(OUTPUTS, batch))

    def a_collection(self, draw: Random, terms: list[Terms], i: int) -> bytes:
        provider = draw.choice(self.people)
        made = self.collection(provider, draw.choice(terms), [f"{i}"])
        if draw.random() < 0.3:
            team = Split([(ids.wallet(who), draw.randint(1, 9)) for who in self.people[:3]])
            self.given.append(team)
            self.know(team)
            self.set_payee(made, team.key)
        elif draw.random() < 0.3:
            _, subject = self.token(DATA, made)
            self.set_payee(made, subject)
            if draw.random() < 0.5:
                self.reveal(DATA, made, provider)
                self.transfer(DATA, made, draw.choice(self.people))
        return made

    def index(self) -> Index:
        index = super().index()
        for each in self.given:
            index.add_split(each)
        return index

    def everything_owed(self) -> list[Owed]:
        index = self.index()
        return [each for who in self.people for each in due(index, who)]


def check(index: Index, balance: Balance) -> None:
    assert balance.exact
    assert all(each.held >= 0 for each in balance.accounts)
    for each in balance.accounts:
        if each.kind == "split":
            assert 0 <= each.remainder < len(index.split(each.key).split.leaves)


def pay(world: Random_, draw: Random, amounts: list[int]) -> None:
    for amount in amounts:
        world.deposit(draw.choice(world.payable), amount, draw.choice(TOKENS))


WORLDS = settings(max_examples=40, deadline=None)


@WORLDS
@given(st.randoms(use_true_random=False), st.lists(AMOUNTS, min_size=1, max_size=5))
def test_all_money_is_owed_but_for_the_bounded_remainder(draw: Random, amounts: list[int]) -> None:
    world = Random_(draw)
    pay(world, draw, amounts)
    index, found = world.index(), world.everything_owed()
    for token in index.tokens():
        balance = index.balance(token, settled=True)
        check(index, balance)
        check(index, index.balance(token))
        owed = sum(each.amount for each in found if each.token == token)
        assert owed + balance.remainder == index.balance(token).deposited
        assert balance.held == balance.remainder


@settings(max_examples=15, deadline=None)
@given(st.randoms(use_true_random=False), st.lists(AMOUNTS, min_size=1, max_size=4))
def test_after_the_steps_nothing_is_owed(draw: Random, amounts: list[int]) -> None:
    world = Random_(draw)
    for _ in range(2):
        pay(world, draw, amounts)
        for who in draw.sample(world.people, len(world.people)):
            index = world.index()
            found = due(index, who)
            before = {token: world.paid[who, token] for token in TOKENS}
            world.record(found)
            world.play(index.steps(found))
            for token in TOKENS:
                owed = sum(each.amount for each in found if each.token == token)
                assert world.paid[who, token] - before[token] == owed
        index = world.index()
        assert world.everything_owed() == []
        for token in index.tokens():
            check(index, index.balance(token))
            balance = index.balance(token, settled=True)
            check(index, balance)
            assert balance.held == balance.remainder
            assert dict(balance.payments) == {
                who: world.paid[who, token]
                for who in sorted(world.people)
                if world.paid[who, token]
            }


@WORLDS
@given(st.randoms(use_true_random=False), st.lists(AMOUNTS, min_size=1, max_size=3))
def test_each_amount_comes_by_its_own_steps_alone(draw: Random, amounts: list[int]) -> None:
    world = Random_(draw)
    pay(world, draw, amounts)
    found = world.everything_owed()
    if not found:
        return
    one = draw.choice(found)
    before = world.paid[one.wallet, one.token]
    world.record([one])
    world.play(world.index().steps([one]))
    assert world.paid[one.wallet, one.token] - before >= one.amount


@WORLDS
@given(st.randoms(use_true_random=False), st.lists(AMOUNTS, min_size=1, max_size=3))
def test_chunks_repetition_and_undoing_change_nothing(draw: Random, amounts: list[int]) -> None:
    """Invariant 9: whatever way an index came to a block, it holds the same rows."""
    world = Random_(draw)
    pay(world, draw, amounts)
    whole = world.index()
    events = list(world.events)
    cut = draw.randint(1, len(events))
    index = Index(SUITE.items(), depth=draw.choice([0, 3, 64]))
    chunks = [events[at : at + cut] for at in range(0, len(events), cut)]
    for place, chunk in enumerate(chunks):
        index.apply(chunk)
        if draw.random() < 0.5:
            index.apply(draw.choice(chunks[: place + 1]))
        if draw.random() < 0.5 and index.undo(index.cursor.block - draw.randint(0, 8)):
            index.apply(events[: (place + 1) * cut])
    assert index.digest() == whole.digest()
    for each in world.given:
        index.add_split(each)
    assert index.block == whole.block
    assert index.splits() == whole.splits()
    for who in world.people:
        assert due(index, who) == due(whole, who)
        assert index.usage(who, deep=True) == whole.usage(who, deep=True)
    for token in whole.tokens():
        assert index.balance(token) == whole.balance(token)


@pytest.mark.parametrize("people", [1, 2, 1000])
def test_a_split_of_many_pays_them_all(people: int) -> None:
    world = World()
    leaves = [(ids.wallet(account(f"payee {i}")), i + 1) for i in range(people)]
    team = Split(leaves)
    world.know(team)
    world.deposit(team.key, 10**18 + 7)
    index = world.index()
    index.add_split(team)
    dues = team.dues(10**18 + 7)
    for i in {0, people // 2, people - 1}:
        (only,) = index.owed(account(f"payee {i}"))
        assert only.amount == only.now == dues[i]
        world.play(index.steps([only]))
