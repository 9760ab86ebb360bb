"""Promise 4: money that is paid in reaches everybody exactly, with nobody's say-so in between.

Also invariants 1, 2 and 3. Everything is counted in real balances, not in what anybody says.
"""

from typing import Any

import pytest
from hexbytes import HexBytes

from kiseki import ContractReverted, Payee, Split
from kiseki.client.revenue.revenue import ETHER
from kiseki.core import ids
from kiseki.errors import InvalidInput

from .scene import DRAWINGS, WEIGHTS, Scene

AMOUNTS = [1, 7, 999_999, 1_234_567_890_123_456_789]


def expected(scene: Scene, gross: int) -> dict[str, int]:
    """The design's own sum, by hand: each level rounds down once."""
    each_own = gross * 250_000 // 1_000_000  # 20% for the data, 5% for the developer
    data = each_own * 200_000 // 250_000
    shares = {name: WEIGHTS[name] * len(DRAWINGS[name]) for name in WEIGHTS}
    first = {name: data * shares[name] // sum(shares.values()) for name in shares}
    developer = each_own * 50_000 // 250_000
    return {
        scene.alice.address: first["alice"] + data,  # in both models, so paid for both
        scene.bob.address: first["bob"],
        scene.developer_1.address: developer,
        scene.developer_2.address: developer,
        scene.creator.address: gross * 500_000 // 1_000_000,
    }


@pytest.mark.parametrize("in_ether", [True, False], ids=["ether", "token"])
@pytest.mark.parametrize("amount", AMOUNTS)
def test_everybody_gets_the_exact_share_of_gross(scene: Scene, amount: int, in_ether: bool) -> None:
    token = ETHER if in_ether else scene.k.test_token()
    if not in_ether:
        scene.k.mint(token, scene.buyer.address, amount)
    before = scene.balances(token)
    scene.buyer.revenue.pay(scene.buyer.outputs.payee(scene.batch.id), amount, token)
    claimed = scene.stranger.revenue.claim(scene.people)
    assert not claimed.failures
    after = scene.balances(token)
    gained = {who: after[who] - before[who] for who in scene.people}
    assert gained == expected(scene, amount)
    # In = out + held, and what is held is less than one base unit for each leaf.
    assert amount == sum(gained.values()) + scene.held(token)
    leaves = sum(len(known.split.leaves) for known in scene.k.index.splits())
    assert 0 <= scene.held(token) < leaves
    told = {who: tokens.get(token, 0) for who, tokens in claimed.amounts.items()}
    assert told == {who: gain for who, gain in gained.items() if gain}


def test_rounding_never_drifts(scene: Scene) -> None:
    """Many small payments, claimed after each, come to what one payment would."""
    before, payee = scene.balances(), scene.buyer.outputs.payee(scene.batch.id)
    for amount in (1, 2, 3, 5, 7, 11, 13):
        scene.buyer.revenue.pay(payee, amount)
        scene.stranger.revenue.claim(scene.people)
    after = scene.balances()
    gained = {who: after[who] - before[who] for who in scene.people}
    # A unit can still wait above a split until the next one joins it.
    for who, most in expected(scene, 42).items():
        assert most - 1 <= gained[who] <= most
    scene.buyer.revenue.pay(payee, 10**9)
    scene.stranger.revenue.claim(scene.people)
    assert scene.held() < 16


def test_the_data_of_each_model_gets_a_fifth_of_gross(scene: Scene) -> None:
    gross = 10**18
    scene.buyer.revenue.pay(scene.buyer.outputs.payee(scene.batch.id), gross)
    scene.stranger.revenue.claim(scene.people)
    splitter = scene.k.session["RevenueSplitter"]
    data = [
        known.split
        for known in scene.k.index.splits()
        if any(label.kind == "data" for label in known.labels)
    ]
    assert len(data) == 2
    for split in data:
        assert splitter.read("received", split.key, ETHER) == gross // 5


def test_a_base_model_is_paid_once_however_many_paths_lead_to_it(scene: Scene) -> None:
    """A diamond: two models on one base, and one on both."""
    left = scene.model(scene.developer_1, "left", {}, [scene.model_1])
    right = scene.model(scene.developer_2, "right", {}, [scene.model_1])
    top = scene.model(scene.developer_1, "top", {}, sorted([left, right]))
    batch = scene.outputs("diamond", [top])
    split = scene.k.index.split(scene.k.index.batch(batch.id).split).split
    index = scene.k.index
    owns = {index.model(each).own_split: each for each in (scene.model_1, left, right, top)}
    paid = [owns[payee] for payee, _ in split.leaves if payee in owns]
    assert sorted(paid) == sorted(owns.values())
    gross, before = 10**18, scene.balances()
    scene.buyer.revenue.pay(scene.buyer.outputs.payee(batch.id), gross)
    scene.stranger.revenue.claim(scene.people)
    gained = {who: each - before[who] for who, each in scene.balances().items()}
    # 20% to the base's data; 5% for each model: developer 1 made base, left and top, 2 right.
    assert gained[scene.alice.address] == gross // 5 * 21 // 27
    assert gained[scene.bob.address] == gross // 5 * 6 // 27
    assert gained[scene.developer_1.address] == gross * 15 // 100
    assert gained[scene.developer_2.address] == gross * 5 // 100
    assert gained[scene.creator.address] == gross * 60 // 100


def test_anybody_may_claim_and_only_the_payee_is_paid(scene: Scene) -> None:
    """Invariant 3."""
    scene.buyer.revenue.pay(scene.buyer.outputs.payee(scene.batch.id), 10**18)
    stranger = scene.k.balance(of=scene.stranger.address)
    claimed = scene.stranger.revenue.claim(scene.alice.address)
    (receipt,) = claimed.receipts
    found: Any = scene.k.session.w3.eth.get_transaction_receipt(HexBytes(receipt.transaction))
    fee = receipt.gas * found["effectiveGasPrice"]
    assert scene.k.balance(of=scene.stranger.address) == stranger - fee
    assert set(claimed.amounts) == {scene.alice.address}
    assert claimed.amounts[scene.alice.address] == {ETHER: 10**18 // 5 + 10**18 // 5 * 21 // 27}
    again = scene.stranger.revenue.claim(scene.alice.address)
    assert (again.amounts, again.receipts) == ({}, ())


def test_what_was_claimed_by_others_before_does_not_matter(scene: Scene) -> None:
    """The splits above one's own may have been claimed in earlier transactions, by anybody."""
    scene.buyer.revenue.pay(scene.buyer.outputs.payee(scene.batch.id), 10**18)
    owed = {who: sum(each.amount for each in scene.k.revenue.owed(who)) for who in scene.people}
    before = scene.balances()
    for who in scene.people:  # each in transactions of its own, on what the others left
        scene.stranger.revenue.claim(who)
    after = scene.balances()
    assert {who: after[who] - before[who] for who in scene.people} == owed


def test_a_new_payee_gets_what_was_not_passed_on_yet(scene: Scene) -> None:
    scene.buyer.revenue.pay(scene.buyer.outputs.payee(scene.batch.id), 10**18)
    scene.bob.data.set_payee(scene.collections["bob"].id, scene.stranger.address)
    before = scene.k.balance(of=scene.stranger.address), scene.balances()
    claimed = scene.k.revenue.claim(scene.stranger.address)
    due = 10**18 // 5 * 6 // 27
    assert claimed.amounts == {scene.stranger.address: {ETHER: due}}
    assert scene.k.balance(of=scene.stranger.address) == before[0] + due
    assert scene.k.revenue.claim(scene.bob.address).amounts == {}
    assert scene.balances()[scene.bob.address] <= before[1][scene.bob.address]


def test_only_the_provider_changes_the_payee(scene: Scene) -> None:
    with pytest.raises(ContractReverted, match="only the wallet that registered it") as refused:
        scene.stranger.data.set_payee(scene.collections["bob"].id, scene.stranger.address)
    assert refused.value.name == "DataRegistry_NotProvider"


def test_a_subject_without_a_wallet_waits_and_blocks_nobody(scene: Scene) -> None:
    """An artist who has no wallet yet: the money waits at the subject and the others are paid."""
    person = scene.bob.identities.person("somebody who draws for Bob")
    scene.bob.data.set_payee(scene.collections["bob"].id, scene.bob.identities.payee(person))
    scene.buyer.revenue.pay(scene.buyer.outputs.payee(scene.batch.id), 10**18)
    claimed = scene.stranger.revenue.claim(scene.people)
    assert not claimed.failures
    assert scene.bob.address not in claimed.amounts
    assert scene.alice.address in claimed.amounts
    assert scene.held() >= 10**18 // 5 * 6 // 27
    scene.bob.identities.bind({person: scene.bob.address})
    scene.k.wait(7 * 24 * 3600)
    again = scene.stranger.revenue.claim(scene.people)
    assert again.amounts == {scene.bob.address: {ETHER: 10**18 // 5 * 6 // 27}}


def test_income_waits_for_whoever_holds_the_rights_of_an_unminted_batch(scene: Scene) -> None:
    batch = scene.outputs("unminted", [scene.model_2], mint=False)
    scene.buyer.revenue.pay(scene.buyer.outputs.payee(batch.id), 10**18)
    (waits,) = [each for each in scene.k.revenue.owed(scene.creator.address) if each.amount]
    assert waits.unknown == (scene.k.session["OutputRegistry"].address.lower(), batch.id)
    # Whoever claims needs to know nothing of it: the token is put on record first.
    claimed = scene.stranger.revenue.claim(scene.creator.address)
    assert claimed.amounts == {scene.creator.address: {ETHER: 10**18 // 2}}
    assert [each.what for each in claimed.receipts] == [
        "RightsToken.reveal",
        "RevenueSplitter.multicall",
    ]
    assert scene.stranger.revenue.unrecorded(scene.creator.address) == []


def test_a_model_is_paid_like_a_batch(scene: Scene) -> None:
    index = scene.k.index
    model = Payee.of(index.split(index.model(scene.model_2).split).split)
    before = scene.balances()
    scene.buyer.revenue.pay(model, 10**18)
    scene.stranger.revenue.claim(scene.people)
    gained = {who: each - before[who] for who, each in scene.balances().items()}
    fifth = 10**18 // 5
    assert gained[scene.alice.address] == fifth + fifth * 21 // 27
    assert gained[scene.developer_1.address] == 10**18 // 20
    # Model 2's developer has the rest: 100% - 20% of its own data - 25% of model 1.
    assert gained[scene.developer_2.address] == 10**18 * 55 // 100


def test_a_payment_address_pays_the_batch_when_it_is_swept(scene: Scene) -> None:
    payee = scene.buyer.outputs.payee(scene.batch.id)
    address = scene.k.revenue.payment_address(payee)
    eth = scene.k.session.w3.eth
    sent = eth.send_transaction(
        {"from": scene.buyer.address, "to": address, "value": 1_000_000}  # type: ignore[typeddict-item]
    )
    eth.wait_for_transaction_receipt(sent)
    before = scene.balances()
    scene.stranger.revenue.sweep(payee)
    scene.stranger.revenue.claim(scene.people)
    assert scene.balances()[scene.creator.address] - before[scene.creator.address] == 500_000
    assert scene.k.revenue.income(payee) == 1_000_000


def test_a_published_list_pays_each_of_its_payees(scene: Scene) -> None:
    """A collection may belong to a whole team."""
    team = Split([(ids.wallet(each), n) for n, each in enumerate(scene.people, 1)])
    scene.bob.data.set_payee(scene.collections["bob"].id, team)
    scene.bob.revenue.publish(team)
    scene.buyer.revenue.pay(scene.buyer.outputs.payee(scene.batch.id), 27 * 10**15)
    before = scene.balances()
    assert not scene.stranger.revenue.claim(scene.people).failures
    bobs = 27 * 10**15 // 5 * 6 // 27
    assert scene.balances()[scene.bob.address] - before[scene.bob.address] == bobs * 2 // 15


def test_a_declared_source_cannot_be_left_unpaid(scene: Scene) -> None:
    """Levies above everything: no model, no batch, and nothing of either is on record."""
    greedy = scene.k.data.define_terms("train", royalty="70%")
    model = scene.model(scene.developer_1, "greedy", {"bob": 1}, terms=greedy)
    with pytest.raises(ContractReverted, match="use fewer or cheaper sources") as refused:
        scene.model(scene.developer_2, "too much", {"alice": 1}, [model])
    assert refused.value.name == "Compose_LeviesExceedGross"
    assert refused.value.values == {"partsPerMillion": 1_150_000}


@pytest.mark.parametrize("amount", [0, -1, True, 1.5, "1"])
def test_an_amount_is_a_whole_number_of_base_units(scene: Scene, amount: object) -> None:
    with pytest.raises(InvalidInput, match="whole number of base units"):
        scene.buyer.revenue.pay(scene.alice.address, amount)  # type: ignore[arg-type]


def test_zero_shares_are_in_no_split() -> None:
    with pytest.raises(InvalidInput):
        Split([(b"\x01" * 32, 0)])


def test_money_cannot_go_to_a_hash_that_nobody_can_open(scene: Scene) -> None:
    with pytest.raises(ContractReverted):
        scene.buyer.revenue.pay(Payee(b"\xff" * 32), 1)
