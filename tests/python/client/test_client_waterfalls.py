"""The way production committees are paid, on a real chain. Promise 4."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiseki import ContractReverted, Kiseki, LocalKiseki, Split
from kiseki.client.revenue.revenue import ETHER
from kiseki.client.revenue.titles import read_cuts
from kiseki.client.revenue.waterfalls import Ahead, Waiting
from kiseki.core import ids
from kiseki.core.keccak import keccak256
from kiseki.core.payee import Payee
from kiseki.core.statement import Line, RoyaltyStatement
from kiseki.core.title import Cut, Title
from kiseki.core.waterfall import Plan, Tier
from kiseki.errors import FilesError, InvalidInput, NotInIndex
from kiseki.keeper import Duties, Keeper

from ..conftest import Folder, ask, freeze


def plan(a: Kiseki, b: Kiseki, c: Kiseki, token: str = ETHER) -> Plan:
    return Plan(
        [Tier.to(a.address, {token: 100}), Tier.to(b.address, {token: 50}), Tier.to(c.address)]
    )


def test_a_payment_that_crosses_boundaries_is_divided_to_the_unit(
    k: LocalKiseki, artist: Kiseki, developer: Kiseki, creator: Kiseki, buyer: Kiseki
) -> None:
    tiers = plan(artist, developer, creator)
    fall = k.revenue.waterfall.address(tiers)
    k.revenue.waterfall.create(tiers)
    assert k.revenue.waterfall.known() == {fall.lower(): tiers}
    buyer.revenue.waterfall.pay(fall, 120)
    assert k.revenue.waterfall.dues(fall, 100) == [0, 30, 70] == tiers.dues(ETHER, 120, 100)
    buyer.revenue.waterfall.pay(fall, 100)
    assert k.revenue.waterfall.passed(fall) == 220
    before = [each.balance() for each in (artist, developer, creator)]
    buyer.revenue.claim([each.address for each in (artist, developer, creator)])
    gained = [
        each.balance() - had for each, had in zip((artist, developer, creator), before, strict=True)
    ]
    assert gained == [100, 50, 70]


def test_what_a_tier_cannot_take_waits_for_it_and_is_tried_again(
    k: LocalKiseki, artist: Kiseki, developer: Kiseki, creator: Kiseki, stranger: Kiseki
) -> None:
    token = k.test_token()
    code = ask(k, "eth_getCode", token, "latest")
    tiers = plan(artist, developer, creator, token)
    fall = k.revenue.waterfall.address(tiers)
    k.revenue.waterfall.create(tiers)
    k.mint(token, fall, 120)
    falls = stranger.revenue.waterfall
    assert falls.lies(fall, token) == 120
    freeze(k, token)
    falls.pass_on(fall, token)
    assert falls.waiting(fall, token) == [100, 20, 0]
    assert falls.lies(fall, token) == 0, "what waits is no new money"
    place = (fall.lower(), token.lower(), 0, 0)
    assert artist.revenue.waterfall.ahead() == [Ahead(*place, (Waiting(1, 100),))]
    assert developer.revenue.waterfall.ahead() == [Ahead(*place, (Waiting(2, 20),))]
    assert creator.revenue.waterfall.ahead() == [], "nothing waits for its tier"
    assert artist.revenue.owed() == [], "no claim brings what waits"
    claimed = stranger.revenue.claim(artist.address, through=True)
    assert (claimed.amounts, claimed.receipts) == ({}, ())
    assert claimed.ahead == (Ahead(*place, (Waiting(1, 100),)),)
    with pytest.raises(ContractReverted):
        falls.retry(fall, 1, token)
    keeper = Keeper(stranger, Duties(passes=True, worth={token: 1}))
    before = stranger.balance()
    assert keeper.round().done == ()
    assert stranger.balance() == before, "what still fails costs a keeper nothing"
    ask(k, "anvil_setCode", token, code)
    falls.retry(fall, 2, token)
    assert falls.waiting(fall, token) == [100, 0, 0]
    assert [what.split()[0] for what, _ in keeper.round().done] == ["retry"]
    assert falls.waiting(fall, token) == [0, 0, 0]
    with pytest.raises(ContractReverted, match="NothingWaits"):
        falls.retry(fall, 1, token)
    assert k.revenue.income(Payee(tiers.tiers[0].payee, tiers.tiers[0].opening), token) == 100


def test_a_split_in_front_takes_a_fee_off_the_top(
    k: LocalKiseki, artist: Kiseki, developer: Kiseki, creator: Kiseki, buyer: Kiseki
) -> None:
    """And money may lie where a waterfall will be, before it is there."""
    tiers = plan(artist, developer, creator)
    fall = k.revenue.waterfall.address(tiers)
    front = Split([(ids.wallet(k.address), 10), (ids.wallet(fall), 90)])
    buyer.revenue.pay(front, 1000)
    k.revenue.publish(front)
    buyer.revenue.claim(fall)
    assert k.balance(of=fall) == 900
    k.revenue.waterfall.create(tiers)
    buyer.revenue.waterfall.pass_on(fall)
    assert k.balance(of=fall) == 0
    assert [each.amount for each in artist.revenue.owed()] == [100]
    assert [each.amount for each in creator.revenue.owed()] == [750]


def test_what_is_on_its_way_through_waterfalls_is_told_and_brought(
    k: LocalKiseki, artist: Kiseki, developer: Kiseki, creator: Kiseki, buyer: Kiseki
) -> None:
    """A split, a waterfall, a split, a waterfall, a split: in ether and in a token."""
    coin = k.test_token()
    k.mint(coin, buyer.address, 500)
    last = Plan([Tier.to(developer.address, {ETHER: 50, coin: 60}), Tier.to(artist.address)])
    lower = k.revenue.waterfall.address(last)
    first = Plan([Tier.to(creator.address, {ETHER: 100}), Tier.to(lower)])
    upper = k.revenue.waterfall.address(first)
    front = Split([(ids.wallet(upper), 9), (ids.wallet(k.address), 1)])
    for each in (last, first):
        k.revenue.waterfall.create(each)
    k.revenue.publish(front)
    k.mint(coin, lower, 70)
    buyer.revenue.pay(Split([(ids.wallet(lower), 1)]), 200, coin)
    k.revenue.publish(Split([(ids.wallet(lower), 1)]))
    buyer.revenue.pay(front, 1000)
    assert artist.revenue.owed() == []
    found = {(each.waterfall, each.token): each for each in artist.revenue.waterfall.ahead()}
    assert set(found) == {(upper.lower(), ETHER), (lower.lower(), coin.lower())}
    coins = found[lower.lower(), coin.lower()]
    assert (coins.lies, coins.owed) == (70, 200), "some sent there as if it were any wallet"
    lies = found[upper.lower(), ETHER]
    assert (lies.lies, lies.owed) == (0, 900)
    assert [each.owed for each in creator.revenue.waterfall.ahead()] == [900]
    assert k.revenue.waterfall.ahead() == []
    assert creator.revenue.claim([], through=True).receipts == ()
    code = ask(k, "eth_getCode", coin, "latest")
    ask(k, "anvil_setCode", coin, "0x5f5ffd")
    some = {(each.waterfall, each.token) for each in artist.revenue.waterfall.ahead()}
    assert (upper.lower(), ETHER) in some, "a token that does not answer hides no other"
    ask(k, "anvil_setCode", coin, code)
    before = artist.balance(), creator.balance(), developer.balance()
    claimed = k.revenue.claim([artist.address, creator.address, developer.address], through=True)
    assert claimed.ahead == ()
    after = artist.balance(), creator.balance(), developer.balance()
    assert [a - b for a, b in zip(after, before, strict=True)] == [750, 100, 50]
    assert (developer.balance(coin), artist.balance(coin)) == (60, 210)
    assert not k.revenue.claim(artist.address, through=True).receipts


def test_a_ring_of_payees_is_gone_around_once(
    k: LocalKiseki, artist: Kiseki, buyer: Kiseki, folder: Folder
) -> None:
    """A collection that pays a waterfall whose last tier is the collection."""
    drawings = artist.data.register(
        folder("art", {"1.svg": b"1"}), artist.data.define_terms("train", "0%")
    )
    subject = Payee.subject(k.session["DataRegistry"].address, drawings.id)
    ring = Plan([Tier.to(artist.address, {ETHER: 100}), Tier.to(subject.opening)])
    fall = k.revenue.waterfall.address(ring)
    k.revenue.waterfall.create(ring)
    artist.data.set_payee(drawings.id, fall)
    buyer.revenue.pay(subject, 150)
    before = artist.balance()
    claimed = k.revenue.claim(artist.address, through=True)
    assert artist.balance() == before + 100
    assert [each.lies + each.owed for each in claimed.ahead] == [50], "it goes round for ever"
    assert len(claimed.receipts) <= 3


def test_yen_and_dollars_have_sizes_of_their_own(
    k: LocalKiseki, artist: Kiseki, developer: Kiseki, buyer: Kiseki
) -> None:
    yen, dollar = k.test_token(), k.test_token()
    tiers = Plan(
        [
            Tier.to(artist.address, {yen: 15_000_000, dollar: 100_000 * 10**6}),
            Tier.to(developer.address),
        ]
    )
    fall = k.revenue.waterfall.address(tiers)
    k.revenue.waterfall.create(tiers)
    for token, amount in ((yen, 20_000_000), (dollar, 90_000 * 10**6)):
        k.mint(token, buyer.address, amount)
        buyer.revenue.waterfall.pay(fall, amount, token)
    buyer.revenue.claim([artist.address, developer.address])
    assert (artist.balance(yen), developer.balance(yen)) == (15_000_000, 5_000_000)
    assert (artist.balance(dollar), developer.balance(dollar)) == (90_000 * 10**6, 0)


@given(
    sizes=st.lists(st.integers(1, 1000), min_size=1, max_size=6),
    payments=st.lists(st.integers(1, 3000), min_size=1, max_size=6),
    listed=st.booleans(),
)
def test_in_is_out_and_no_tier_is_over_its_size(
    sizes: list[int], payments: list[int], listed: bool
) -> None:
    who = "0x" + "11" * 20
    tiers = Plan([*(Tier.to(who, {ETHER: size}) for size in sizes), Tier.to(who)])
    token, passed, had = ETHER if listed else who, 0, [0] * (len(sizes) + 1)
    for amount in payments:
        dues = tiers.dues(token, passed, amount)
        assert sum(dues) == amount
        had = [a + b for a, b in zip(had, dues, strict=True)]
        passed += amount
    if listed:
        assert all(got <= size for got, size in zip(had, sizes, strict=False))
        for place, got in enumerate(had[1:]):
            assert not got or had[place] == sizes[place], "the one above is full"
    else:
        assert had == [passed] + [0] * len(sizes)


@pytest.mark.parametrize(
    ("tiers", "said"),
    [
        ([], "1 to 16 tiers"),
        ([Tier.to("0x" + "11" * 20, {ETHER: 5})], "the last tier takes all that is left"),
        ([Tier.to("0x" + "11" * 20), Tier.to("0x" + "11" * 20)], "a size in at least one token"),
        (
            [
                Tier.to("0x" + "11" * 20, {ETHER: 5}),
                Tier.to("0x" + "11" * 20, {"0x" + "22" * 20: 5}),
                Tier.to("0x" + "11" * 20),
            ],
            "each of the same tokens",
        ),
    ],
)
def test_a_plan_that_cannot_be_is_refused(tiers: list[Tier], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        Plan(tiers)


# Titles


def batch(creator: Kiseki, developer: Kiseki, folder: Folder, name: str) -> bytes:
    weights = keccak256(name.encode())
    external = ids.External(b"\x01" * 32, b"\x02" * 32)
    terms = developer.data.define_terms("train", "0%")
    model = developer.models.register(weights, terms, externals=[external]).id
    made = creator.outputs.prepare(
        folder(name, {"1.png": name.encode()}), models=[model], payee=creator.address
    )
    return creator.outputs.register(
        made, endorsements=[developer.outputs.endorse(model, made, 2**40)]
    ).id


def test_a_title_reaches_every_cut_and_grows_by_season(
    artist: Kiseki,
    developer: Kiseki,
    creator: Kiseki,
    buyer: Kiseki,
    folder: Folder,
    tmp_path: Path,
) -> None:
    first = batch(creator, developer, folder, "one")
    second = batch(artist, developer, folder, "two")
    title = Title("Kiseki the series").with_season("1", [Cut(first, 120)])
    one = buyer.revenue.title.split(title)
    (tmp_path / "cuts.csv").write_text(f"batch,weight\n0x{second.hex()},40\n")
    title = title.with_season("2", read_cuts(tmp_path / "cuts.csv"))
    buyer.revenue.title.write(tmp_path / "title.json", title)
    assert buyer.revenue.title.read(tmp_path / "title.json") == title
    both = buyer.revenue.title.split(title)
    assert both.key != one.key
    buyer.revenue.publish(both)
    buyer.revenue.pay(both, 1600)
    before = creator.balance(), artist.balance()
    buyer.revenue.claim([creator.address, artist.address])
    assert (creator.balance() - before[0], artist.balance() - before[1]) == (1200, 400)


def test_a_title_that_cannot_be_is_refused(buyer: Kiseki, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="at least one cut"):
        buyer.revenue.title.split(Title("nothing"))
    with pytest.raises(NotInIndex):
        buyer.revenue.title.split(Title("wrong", {"1": [Cut(b"\x05" * 32, 1)]}))
    with pytest.raises(InvalidInput, match="a name of one line"):
        Title("two\nlines")
    path = tmp_path / "cuts.csv"
    for text, said in (
        ("a,b\n", "there is no column 'a'"),
        ("batch\n", "there is no column weight"),
        ("batch,weight\n0x12,1\n", "row 2, column batch"),
        (f"batch;weight\n0x{'12' * 32};1,5\n", "row 2, column weight"),
    ):
        path.write_text(text)
        with pytest.raises(InvalidInput, match=said):
            read_cuts(path)
    with pytest.raises(FilesError):
        read_cuts(tmp_path / "nowhere")


# Statements


def statement(k: Kiseki, payees: list[Payee], token: str = ETHER) -> RoyaltyStatement:
    lines = [Line(f"channel {i}", "JP", each.key, 100 + i) for i, each in enumerate(payees)]
    return RoyaltyStatement("2026-10", token, lines, "17")


def test_a_statement_is_paid_line_by_line_and_reconciled(
    k: LocalKiseki, artist: Kiseki, developer: Kiseki, creator: Kiseki, buyer: Kiseki
) -> None:
    coin = k.test_token()
    k.mint(coin, buyer.address, 10_000)
    split = Split([(ids.wallet(artist.address), 1), (ids.wallet(developer.address), 1)])
    k.revenue.publish(split)
    given = statement(k, [Payee.of(split), Payee.of(creator.address), Payee.of(split)], coin)
    assert [each.paid for each in buyer.revenue.statement.reconcile(given)] == [0, 0, 0]
    (receipt,) = buyer.revenue.statement.pay(given)
    found = buyer.revenue.statement.reconcile(given)
    assert all(each.is_right for each in found)
    assert {each.transactions for each in found} == {(receipt.transaction,)}
    assert creator.balance(coin) == 101
    assert buyer.revenue.statement.pay(given) == (), "nothing twice"
    assert buyer.balance(coin) == 10_000 - given.total


def test_what_was_paid_otherwise_is_told_and_what_is_missing_is_paid(
    artist: Kiseki, creator: Kiseki, buyer: Kiseki
) -> None:
    given = statement(buyer, [Payee.of(artist.address), Payee.of(creator.address)])
    first, second = given.references()
    buyer.revenue.pay(artist.address, 100, reference=first)
    buyer.revenue.pay(creator.address, 1, reference=second)
    found = buyer.revenue.statement.reconcile(given)
    assert [each.is_right for each in found] == [True, False]
    assert found[1].paid == 1
    with pytest.raises(InvalidInput, match="channel 1, JP was paid otherwise than it says"):
        buyer.revenue.statement.pay(given)
    other = RoyaltyStatement("2026-10", ETHER, given.lines, "18")
    assert len(buyer.revenue.statement.pay(other)) == 1


def test_nobody_else_can_make_a_line_look_paid_or_paid_otherwise(
    artist: Kiseki, buyer: Kiseki, stranger: Kiseki
) -> None:
    """A reference is public once it was used, and anybody can use it again."""
    given = statement(buyer, [Payee.of(artist.address)])
    stranger.revenue.pay(artist.address, 1, reference=given.references()[0])
    assert len(buyer.revenue.statement.pay(given)) == 1
    assert buyer.revenue.statement.reconcile(given, buyer.address)[0].is_right
    assert buyer.revenue.statement.reconcile(given)[0].paid == 101


def test_many_lines_are_as_few_transactions_as_they_need(k: LocalKiseki, buyer: Kiseki) -> None:
    payees = [Payee.of(f"0x{i + 1:040x}") for i in range(0x1000, 0x1000 + 150)]
    given = statement(k, payees)
    assert len(buyer.revenue.statement.pay(given)) == 2
    assert all(each.is_right for each in buyer.revenue.statement.reconcile(given))


def test_a_statement_is_read_from_csv_and_json(buyer: Kiseki, tmp_path: Path) -> None:
    who = "0x" + "12" * 20
    path = tmp_path / "october.csv"
    path.write_text(f"Channel,territory,payee,amount\nstreaming,JP,{who},1.5\ncinema,KR,{who},2\n")
    read = buyer.revenue.statement.read(path, Payee.of, 6, period="2026-10", token="0x" + "34" * 20)
    assert [each.amount for each in read.lines] == [1_500_000, 2_000_000]
    again = tmp_path / "october.json"
    again.write_text(read.to_json())
    assert buyer.revenue.statement.read(again, Payee.of) == read
    assert len(set(read.references())) == 2
    path.write_text(f"channel,territory,payee,amount\nstreaming,JP,{who},much\n")
    with pytest.raises(InvalidInput, match="row 2, column amount: 'much' is no amount"):
        buyer.revenue.statement.read(path, Payee.of, period="2026")
    with pytest.raises(InvalidInput, match="how many decimals"):
        buyer.revenue.statement.read(path, Payee.of, period="2026", token="0x" + "34" * 20)
    path.write_text("channel,payee,amount\n")
    with pytest.raises(
        InvalidInput, match="there is no column territory; the columns are channel, territory"
    ):
        buyer.revenue.statement.read(path, Payee.of, period="2026")
    for wrong in ("2026-13", "october", "26"):
        with pytest.raises(InvalidInput, match="a period is written as"):
            RoyaltyStatement(wrong, ETHER, read.lines)
    document = json.loads(read.to_json()) | {"lines": []}
    with pytest.raises(InvalidInput, match="1 to 100,000 lines"):
        RoyaltyStatement.from_json(json.dumps(document))


def test_money_without_a_purse_is_refused_and_nothing_is_paid(
    k: LocalKiseki, artist: Kiseki, buyer: Kiseki
) -> None:
    coin = k.test_token()
    given = statement(buyer, [Payee.of(artist.address)], coin)
    with pytest.raises(ContractReverted, match="ERC20InsufficientBalance"):
        buyer.revenue.statement.pay(given)
    assert not buyer.revenue.statement.reconcile(given)[0].paid
