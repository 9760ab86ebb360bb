"""Small worlds, event by event: whom the index says money is owed to, and how it gets there."""

import pytest

from kiseki.core import ids
from kiseki.core.split import Split
from kiseki.core.values import ZERO32
from kiseki.errors import InvalidInput, NotInIndex
from kiseki.index import ClaimStep, Index, ResolveStep

from .diamond import Diamond, owed
from .world import (
    ARTIST,
    CREATOR,
    DATA,
    DEVELOPER,
    ETHER,
    MODELS,
    RIGHTS,
    STRANGER,
    STUDIO,
    SUITE,
    account,
    due,
    named,
)

DOLLAR = account("dollar")


def test_everybody_is_owed_what_the_terms_say() -> None:
    world = Diamond()
    world.deposit(world.income, 1_000_000)
    index = world.index()
    # base: 20% data + 5%; left: 20% + 5%; right: 5%.
    assert owed(index, ARTIST) == 150_000 + 200_000
    assert owed(index, STUDIO) == 50_000 + 50_000
    assert owed(index, DEVELOPER) == 100_000
    assert owed(index, CREATOR) == 1_000_000 - 550_000
    assert index.owed(STRANGER) == []
    settled = index.balance(ETHER, settled=True)
    assert settled.exact and settled.held == settled.remainder == 0
    assert index.balance(ETHER).held == 1_000_000


def test_steps_bring_exactly_what_is_owed() -> None:
    world = Diamond()
    world.deposit(world.income, 1_000_003)
    world.deposit(world.income, 77, DOLLAR)
    before = world.index()
    for wallet in (ARTIST, STUDIO, DEVELOPER, CREATOR):
        world.claim_everything_of(wallet)
        for token in (ETHER, DOLLAR):
            assert world.paid[wallet, token] == owed(before, wallet, token)
    after = world.index()
    for wallet in (ARTIST, STUDIO, DEVELOPER, CREATOR):
        assert after.owed(wallet) == []
    assert after.balance(ETHER).exact
    assert after.balance(ETHER).held == after.balance(ETHER).remainder


def test_a_subject_paid_by_several_claims_in_a_row_is_resolved_once() -> None:
    world = Diamond()
    world.deposit(world.income, 1_000_000)
    index = world.index()
    found = due(index, ARTIST)
    assert [each.amount for each in found if each.now] == []
    planned = index.steps(found)
    assert len(set(planned)) == len(planned)
    claims = [step for step in planned if isinstance(step, ClaimStep)]
    last = [step for step in claims if step.payee == ids.subject(DATA, world.art)]
    assert [bool(step.opening) for step in last] == [False, True]
    world.play(planned)
    assert world.paid[ARTIST, ETHER] == 350_000


def test_what_one_claim_brings_now_is_told_apart() -> None:
    world = Diamond()
    world.deposit(world.split_for(MODELS, world.base), 1000)
    data = next(each for each in world.index().owed(ARTIST))
    assert (data.amount, data.now) == (150, 0)
    assert {label.kind for label in data.labels} == {"data"}
    index = world.index()
    (rest,) = index.owed(DEVELOPER)
    assert (rest.amount, rest.now, len(index.steps([rest]))) == (800, 800, 1)


def test_money_that_a_subject_holds_is_owed() -> None:
    world = Diamond()
    world.deposit(ids.subject(DATA, world.art), 50)
    index = world.index()
    (only,) = index.owed(ARTIST)
    assert (only.amount, only.now, only.split, only.leaf) == (50, 50, ZERO32, -1)
    assert only.subject == ids.subject(DATA, world.art)
    (step,) = index.steps([only])
    assert isinstance(step, ResolveStep)
    assert (step.account, step.id) == (DATA, world.art)
    world.claim_everything_of(ARTIST)
    assert world.paid[ARTIST, ETHER] == 50


def test_payees_that_change_are_paid_as_of_now() -> None:
    world = Diamond()
    world.deposit(world.income, 1_000_000)
    world.set_payee(world.art, ids.wallet(STRANGER))
    assert owed(world.index(), ARTIST) == 0
    assert owed(world.index(), STRANGER) == 350_000


def test_rights_tokens_pay_their_holder_or_before_minting_the_registrant() -> None:
    world = Diamond()
    number, subject = world.token(DATA, world.art)
    world.set_payee(world.art, subject)
    world.deposit(world.income, 1_000_000)
    # Nobody told the token its opening: owed all the same, and said that it waits for that.
    (waits, *_) = world.index().owed(ARTIST)
    assert (owed(world.index(), ARTIST), waits.unknown) == (350_000, (DATA, world.art))
    world.reveal(DATA, world.art, ARTIST)
    assert owed(world.index(), ARTIST) == 350_000
    assert {each.unknown for each in world.index().owed(ARTIST)} == {None}
    world.transfer(DATA, world.art, STRANGER)
    assert owed(world.index(), ARTIST) == 0
    index = world.index()
    (first, *_) = index.owed(STRANGER)
    last = index.steps([first])[-1]
    assert isinstance(last, ResolveStep)
    assert (last.account, last.id) == (RIGHTS, number.to_bytes(32, "big"))
    world.claim_everything_of(STRANGER)
    assert world.paid[STRANGER, ETHER] == 350_000


def test_lists_added_by_hand_are_checked_and_told_apart() -> None:
    world = Diamond()
    team = Split([(ids.wallet(ARTIST), 2), (ids.wallet(STRANGER), 1)])
    world.set_payee(world.art, team.key)
    world.deposit(world.income, 1_000_000)
    index = world.index()
    assert owed(index, STRANGER) == 0
    assert index.balance(ETHER, settled=True).held == 350_000
    with pytest.raises(NotInIndex):
        index.split(team.key)
    with pytest.raises(InvalidInput):
        index.add_list(team.to_json(), key=ZERO32)
    assert index.add_list(team.to_json(), key=team.key) == team.key
    assert owed(index, STRANGER) == 350_000 // 3
    assert [label.kind for label in index.split(team.key).labels] == ["added"]
    world.log(
        "RevenueSplitter",
        "SplitPublished",
        split=team.key,
        opening=team.opening,
        payees=[payee for payee, _ in team.leaves],
        shares=[shares for _, shares in team.leaves],
    )
    index.apply(world.events)
    assert [label.kind for label in index.split(team.key).labels] == ["added", "published"]


def test_a_published_split_with_a_payee_of_zero_is_passed_over() -> None:
    world = Diamond()
    world.log(
        "RevenueSplitter",
        "SplitPublished",
        split=named("any"),
        opening=bytes(76),
        payees=[ZERO32],
        shares=[1],
    )
    assert all(known.key != named("any") for known in world.index().splits())


def test_a_circle_of_payees_is_followed_and_said_to_be_incomplete() -> None:
    world = Diamond()
    world.set_payee(world.film, world.income)
    world.deposit(world.income, 10**18)
    index = world.index()
    found = index.owed(ARTIST)
    # The studio's 5% of each round come back: 0.35 + 0.35 * 0.05 + ...
    assert abs(sum(each.amount for each in found) - 35 * 10**18 // 95) < 10
    world.play(index.steps(found))
    assert index.balance(ETHER, settled=True).exact
    alone = Split([(ids.subject(DATA, world.film), 1)])
    world.know(alone)
    world.set_payee(world.film, alone.key)
    world.deposit(world.income, 10**18)
    index = world.index()
    index.add_split(alone)
    assert index.balance(ETHER, settled=True).exact  # it ends, though the money never does
    assert all(each.complete for each in index.owed(CREATOR))


def test_below_a_circle_without_end_amounts_are_lower_bounds() -> None:
    world = Diamond()
    circle = Split([(ids.subject(DATA, world.film), 999_999), (ids.wallet(STRANGER), 1)])
    world.set_payee(world.film, circle.key)
    world.deposit(circle.key, 10**18)
    index = world.index()
    index.add_split(circle)
    (only,) = index.owed(STRANGER)
    assert not only.complete
    world.play(index.steps([only]))
    assert world.paid[STRANGER, ETHER] == only.amount > 0


def test_a_full_account_of_a_hostile_token_harms_only_those_paid_in_it() -> None:
    world = Diamond()
    _, subject = world.token(DATA, world.art)
    world.set_payee(world.art, subject)
    world.reveal(DATA, world.art, ARTIST)
    world.deposit(world.income, 1_000_000)
    world.deposit(subject, 2**128 - 2, DOLLAR)
    world.deposit(world.income, 1_000_000, DOLLAR)
    index = world.index()
    assert owed(index, ARTIST) == 350_000
    # The splitter takes no 2**128 at once, so what waits is passed on before more comes.
    assert owed(index, ARTIST, DOLLAR) == 2**128 - 2 + 350_000
    assert owed(index, CREATOR, DOLLAR) == 450_000
    assert index.balance(DOLLAR, settled=True).exact
    world.play(index.steps(index.owed(ARTIST, DOLLAR)))
    assert world.paid[ARTIST, DOLLAR] == 2**128 - 2 + 350_000


@pytest.mark.parametrize("waiting", [2**128 - 2, 2**128 - 1])
@pytest.mark.parametrize("before", [0, 2**128 - 1])
def test_money_stopped_by_a_full_account_goes_on_behind_what_waits_there(
    waiting: int, before: int
) -> None:
    """Also where the account that is full is not the one that the claim pays."""
    world = Diamond()
    _, subject = world.token(DATA, world.art)
    world.set_payee(world.art, subject)
    world.reveal(DATA, world.art, ARTIST)
    if before:
        world.deposit(ids.subject(DATA, world.art), before, DOLLAR)
    world.deposit(subject, waiting, DOLLAR)
    world.deposit(world.split_for(MODELS, world.base), 1_000, DOLLAR)
    index = world.index()
    assert owed(index, ARTIST, DOLLAR) == before + waiting + 150
    world.play(index.steps(index.owed(ARTIST, DOLLAR)))
    assert world.paid[ARTIST, DOLLAR] == before + waiting + 150
    assert world.index().owed(ARTIST, DOLLAR) == []


def test_more_of_a_hostile_token_than_an_account_holds_leaves_at_once(postgres: str) -> None:
    """What waited and what a claim brought: the whole index would be refused for such a payout."""
    world = Diamond()
    art = ids.subject(DATA, world.art)
    world.deposit(art, 2**128 - 1, DOLLAR)
    world.deposit(world.split_for(MODELS, world.base), 2**128 - 1, DOLLAR)
    index = world.index()
    for step in index.steps(index.owed(ARTIST, DOLLAR)):
        if isinstance(step, ClaimStep):  # by whoever does not resolve first
            world.next_block()
            world.claim(step)
    paid = world.paid[ARTIST, DOLLAR]
    assert paid > 2**128
    to = {"payee": ARTIST, "to": STRANGER, "token": DOLLAR, "amount": paid}
    world.log("RevenueSplitter", "Redirected", **to)
    for where in (None, postgres):
        index = Index(SUITE.items(), where)
        index.apply(world.events)
        assert index.owed(ARTIST, DOLLAR) == []
        assert {each.amount for each in index.overview.history(ARTIST)} == {paid}
        assert index.balance(DOLLAR).exact
        index.close()


def test_money_held_and_money_coming_are_paid_out_once() -> None:
    world = Diamond()
    world.deposit(world.income, 1_000_000)
    world.deposit(ids.subject(DATA, world.art), 50)
    index = world.index()
    planned = index.steps(due(index, ARTIST))
    paying = [step for step in planned if isinstance(step, ResolveStep) or step.opening]
    assert paying == [planned[-1]]
    world.play(planned)
    assert world.paid[ARTIST, ETHER] == 350_050
    assert [each.name for each in world.events].count("Resolved") == 1
