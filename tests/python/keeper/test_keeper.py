"""The keeper does what is due, once, for no more than it may cost. Promise 5, invariant 6."""

import re
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from kiseki import Kiseki, LocalKiseki, Split
from kiseki.chain.contract.contracts import Call
from kiseki.client.revenue.revenue import ETHER
from kiseki.client.session import Session
from kiseki.core import ids
from kiseki.core.conditions import AfterTime, Condition, IncomeThreshold
from kiseki.core.payee import Payee
from kiseki.core.waterfall import Plan, Tier
from kiseki.errors import FilesError, NodeUnreachable
from kiseki.keeper import Duties, Keeper, Metrics, Round
from kiseki.vault.keystore import KeyStore

from ..conftest import Folder, ask


@pytest.fixture
def token(artist: Kiseki, folder: Folder) -> int:
    terms = artist.data.define_terms("train", royalty="20%")
    drawings = artist.data.register(folder("art", {"1.svg": b"1"}), terms).id
    artist.rights.mint("collection", drawings)
    return artist.rights.token("collection", drawings)


def paid(artist: Kiseki, buyer: Kiseki) -> Split:
    return Split([(ids.wallet(artist.address), 1), (ids.wallet(buyer.address), 3)])


def scheduled(
    artist: Kiseki, buyer: Kiseki, token: int, condition: IncomeThreshold | Condition | AfterTime
) -> bytes:
    receipt = artist.rights.schedule(token, buyer.address, condition, timedelta(days=1))
    return artist.rights.scheduled(receipt).id


def test_a_token_moves_in_the_block_after_the_payment(
    artist: Kiseki, buyer: Kiseki, stranger: Kiseki, token: int
) -> None:
    split = paid(artist, buyer)
    scheduled(artist, buyer, token, IncomeThreshold(split.key, 1000))
    keeper = Keeper(stranger)
    assert keeper.round().done == ()
    payment = buyer.revenue.pay(split, 1000)
    ((what, receipt),) = keeper.round().done
    assert what.startswith("execute 0x")
    assert receipt.block == payment.block + 1
    assert artist.rights.holder(token) == buyer.address
    assert keeper.round().done == ()
    assert (keeper.metrics.rounds, keeper.metrics.done) == (3, {"execute": 1})
    assert keeper.metrics.gas == receipt.gas


def test_two_keepers_do_it_once(k: LocalKiseki, artist: Kiseki, buyer: Kiseki, token: int) -> None:
    split = paid(artist, buyer)
    scheduled(artist, buyer, token, IncomeThreshold(split.key, 1))
    buyer.revenue.pay(split, 1)
    metrics: list[Metrics] = []

    def keep(number: int) -> None:
        """Each as a program of its own: a session is for one thread."""
        mine = Kiseki(Session(k.session.node), k.account(number), KeyStore())
        keeper = Keeper(mine)
        metrics.append(keeper.metrics)
        keeper.run(pause=0.05, rounds=3)

    threads = [threading.Thread(daemon=True, target=keep, args=(number,)) for number in (6, 7)]
    for thread in threads:
        thread.start()
    for _ in range(60):
        if [each.rounds for each in metrics] == [3, 3]:
            break
        ask(k, "evm_mine")
        for thread in threads:
            thread.join(0.1)
    assert artist.rights.holder(token) == buyer.address
    assert sum(each.done.get("execute", 0) for each in metrics) == 1
    assert [each.rounds for each in metrics] == [3, 3]


def test_what_waits_in_a_condition_that_burns_or_reverts_costs_nothing(
    k: LocalKiseki, artist: Kiseki, buyer: Kiseki, stranger: Kiseki, token: int
) -> None:
    """A condition that says yes when it is asked and burns all gas when it counts."""
    sent = ask(k, "eth_sendTransaction", {"from": k.address, "data": "0x" + HOSTILE.hex()})
    receipt = k.session.w3.eth.wait_for_transaction_receipt(sent)
    scheduled(artist, buyer, token, Condition(str(receipt["contractAddress"]), b""))
    before = stranger.balance()
    assert Keeper(stranger).round().done == ()
    assert stranger.balance() == before


HOSTILE = bytes.fromhex(
    "602c600c600039602c6000f3"  # creates what follows
    "60443611601657"  # with more than 68 bytes of calldata, which `start` has, it is `isMet`
    "6020600052600060205260406000f3"  # `start` gives empty bytes
    "5b6210c8e05a10602157fe"  # with 1,100,000 gas or more, burn it all
    "5b600160005260206000f3"  # else it is met
)


def test_what_pretends_to_be_due_is_tried_ever_more_seldom(
    k: LocalKiseki, artist: Kiseki, buyer: Kiseki, stranger: Kiseki, token: int
) -> None:
    """A condition that is met when it is only asked, and not in a transaction: each try costs."""
    sent = ask(k, "eth_sendTransaction", {"from": k.address, "data": "0x" + PRETENDING.hex()})
    receipt = k.session.w3.eth.wait_for_transaction_receipt(sent)
    scheduled(artist, buyer, token, Condition(str(receipt["contractAddress"]), b""))
    before, tries = stranger.balance(), 0
    keeper = Keeper(stranger)
    for _ in range(60):
        result = keeper.round()
        assert result.done == ()
        tries += len(result.refused)
        assert len(result.refused) + len(result.postponed) == 1
        ask(k, "evm_mine")
    assert tries == 6, "at once, and after 2, 4, 8, 16 and 32 blocks"
    assert keeper.metrics.wei == before - stranger.balance() > 0
    assert artist.rights.holder(token) == artist.address


PRETENDING = bytes.fromhex(
    "6021600c60003960216000f3"  # creates what follows
    "60443611601657"  # with more than 68 bytes of calldata, which `start` has, it is `isMet`
    "6020600052600060205260406000f3"  # `start` gives empty bytes
    "5b3a1560005260206000f3"  # met where gas is free
)


def test_it_sweeps_passes_and_claims_what_is_worth_it(
    k: LocalKiseki, artist: Kiseki, developer: Kiseki, buyer: Kiseki, stranger: Kiseki
) -> None:
    tiers = Plan([Tier.to(artist.address, {ETHER: 100}), Tier.to(developer.address)])
    fall = k.revenue.waterfall.address(tiers)
    k.revenue.waterfall.create(tiers)
    front = Split([(ids.wallet(fall), 1)])
    k.revenue.publish(front)
    payee = Payee.of(front)
    lies = k.revenue.payment_address(front)
    duties = Duties(
        sweeps=[payee], passes=True, claims=[artist.address, developer.address], worth={ETHER: 150}
    )
    keeper = Keeper(stranger, duties)
    buyer.sender.send(Call(lies, b"", 149, "a marketplace pays"))
    assert keeper.round().done == (), "not worth the gas yet"
    buyer.sender.send(Call(lies, b"", 251, "a marketplace pays"))
    before = artist.balance(), developer.balance()
    for _ in range(3):  # along the trace, a step a round
        keeper.round()
    assert artist.balance() - before[0] == 0, "100 are not worth it"
    assert developer.balance() - before[1] == 300
    assert keeper.metrics.done == {"sweep": 1, "claim": 2, "pass": 1}


def test_a_round_costs_no_more_than_it_may(
    artist: Kiseki, buyer: Kiseki, stranger: Kiseki, token: int
) -> None:
    scheduled(artist, buyer, token, AfterTime(5))
    poor = Keeper(stranger, Duties(most_wei=1))
    result = poor.round()
    assert result.done == ()
    assert len(result.postponed) == 1
    assert artist.rights.holder(token) == artist.address
    Keeper(stranger).round()
    assert artist.rights.holder(token) == buyer.address


def test_it_lets_lapse_only_when_told_to(
    k: LocalKiseki, artist: Kiseki, buyer: Kiseki, stranger: Kiseki, token: int
) -> None:
    key = scheduled(artist, buyer, token, AfterTime(2**60))
    k.wait(2 * 86_400)
    assert Keeper(stranger).round().done == ()
    assert len(Keeper(stranger, Duties(lapses=True)).round().done) == 1
    assert artist.rights.of(key).state == "lapsed"


def test_what_a_reorganisation_took_back_is_done_again(
    k: LocalKiseki, artist: Kiseki, buyer: Kiseki, stranger: Kiseki, token: int
) -> None:
    scheduled(artist, buyer, token, AfterTime(5))
    keeper = Keeper(stranger)
    assert len(keeper.round().done) == 1
    ask(k, "anvil_reorg", 1, [])
    ask(k, "anvil_dropAllTransactions")
    assert artist.rights.holder(token) == artist.address
    keeper.round()
    assert artist.rights.holder(token) == buyer.address


def test_a_node_that_does_not_answer_is_waited_for(
    k: LocalKiseki, artist: Kiseki, buyer: Kiseki, stranger: Kiseki, token: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    scheduled(artist, buyer, token, AfterTime(5))
    told: list[Round] = []
    keeper = Keeper(stranger, None, told.append)
    node = stranger.session.node
    real = node.one
    failing = iter([True, True, False])

    def one(method: str, *given: object) -> object:
        if method == "eth_getBlockByNumber" and next(failing, False):
            raise ValueError("nobody there")
        return real(method, *given)

    monkeypatch.setattr(node, "one", one)
    keeper.run(pause=0.01, rounds=1)
    assert keeper.metrics.failures == 2
    assert ["makes no sense" in each.failure for each in told if each.failure] == [True]
    assert artist.rights.holder(token) == buyer.address


def test_it_stops_when_it_is_told_to(stranger: Kiseki) -> None:
    keeper = Keeper(stranger)
    threading.Timer(0.2, keeper.stop).start()
    keeper.run(pause=60.0)
    assert keeper.metrics.rounds == 1


def test_what_was_done_before_the_node_failed_is_told_and_counted(
    k: LocalKiseki, artist: Kiseki, buyer: Kiseki, stranger: Kiseki, token: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    scheduled(artist, buyer, token, AfterTime(5))
    told: list[Round] = []
    keeper = Keeper(stranger, Duties(claims=[artist.address]), told.append)

    def fail(*_: object) -> None:
        raise NodeUnreachable("nobody there")

    monkeypatch.setattr(type(stranger.revenue), "calls", fail)
    with pytest.raises(NodeUnreachable):
        keeper.round()
    assert [what.partition(" ")[0] for what, _ in told[0].done] == ["execute"]
    assert keeper.metrics.done == {"execute": 1}
    assert keeper.metrics.wei == told[0].done[0][1].fee > 0


def test_what_it_did_is_in_prometheus_format(tmp_path: Path) -> None:
    metrics = Metrics(3, {"sweep": 1, "execute": 2}, {}, 100_000, 5 * 10**18, 1, 77)
    metrics.write(tmp_path / "kiseki.prom")
    lines = (tmp_path / "kiseki.prom").read_text().splitlines()
    assert 'kiseki_keeper_done_total{what="execute"} 2' in lines
    assert "kiseki_keeper_fees_wei_total 5000000000000000000" in lines
    assert "kiseki_keeper_block 77" in lines
    for line in lines:
        assert re.fullmatch(
            r"# (HELP|TYPE) kiseki_keeper_\w+ .+|kiseki_keeper_\w+(\{what=\"\w+\"\})? \d+", line
        ), line
    assert list(tmp_path.iterdir()) == [tmp_path / "kiseki.prom"]
    with pytest.raises(FilesError, match="cannot be written"):
        metrics.write(tmp_path / "nowhere" / "kiseki.prom")
