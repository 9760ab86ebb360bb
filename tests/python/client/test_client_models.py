"""Models and money derived the same way in Python, Solidity and the index (promises 3 and 4)."""

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kiseki import ContractReverted, Kiseki, LocalKiseki, Manifest, Payee, Split, Terms
from kiseki.chain.contract.contracts import Contract
from kiseki.chain.contract.reverts import decode_revert
from kiseki.chain.sending import fees
from kiseki.client.revenue import revenue
from kiseki.client.revenue.revenue import ETHER
from kiseki.core import ids
from kiseki.core.compose import ancestry_hash
from kiseki.core.keccak import keccak256
from kiseki.core.values import ZERO32
from kiseki.errors import ChainError
from kiseki.index import Step


def ask(k: Kiseki, method: str, *arguments: object) -> None:
    k.session.node.one(method, *arguments)


def leaves(random: Random, count: int) -> list[tuple[bytes, int]]:
    return [
        (ids.wallet("0x" + random.randbytes(20).hex()), random.randint(1, 2**70))
        for _ in range(count)
    ]


class TestSplits:
    @pytest.mark.parametrize(
        "counts", [range(1, 101), range(101, 201), [1_023, 1_024, 1_025]], ids=str
    )
    def test_every_shape_of_a_split_is_the_same(
        self, k: LocalKiseki, counts: Sequence[int]
    ) -> None:
        """The contract rebuilds the root from the leaves, and accepts a proof of the last leaf."""
        splitter, random = k.session["RevenueSplitter"], Random(7)
        for count in counts:
            split = Split(leaves(random, count), random.randbytes(32))
            payees, shares = zip(*split.leaves, strict=True)
            splitter.read("publish", split.opening, list(payees), list(shares))
            for i in {0, random.randrange(count), count - 1}:
                proof = split.proof(i)
                share = (split.opening, *split.leaves[i], proof.side, proof.path)
                assert splitter.read("due", share, ETHER) == 0

    def test_every_leaf_is_due_its_share_and_no_other(self, k: LocalKiseki) -> None:
        splitter, random = k.session["RevenueSplitter"], Random(3)
        split = Split(leaves(random, 11), b"\x01" * 32)
        k.revenue.pay(split, 10**18 + 7)
        other = Split(leaves(random, 11), b"\x01" * 32)
        for i, due in enumerate(split.dues(10**18 + 7)):
            proof = split.proof(i)
            share = (split.opening, *split.leaves[i], proof.side, proof.path)
            assert splitter.read("due", share, ETHER) == due
            theirs = other.proof(i)
            for wrong in (
                (split.opening, *split.leaves[i], theirs.side, theirs.path),
                (split.opening, split.leaves[i][0], split.leaves[i][1] + 1, proof.side, proof.path),
                (split.opening, *split.leaves[(i + 1) % 11], proof.side, proof.path),
                (other.opening, *split.leaves[i], proof.side, proof.path),
            ):
                with pytest.raises(ContractReverted, match="the proof is of another split"):
                    splitter.read("due", wrong, ETHER)

    def test_zero_shares_are_refused_by_the_contract_too(self, k: LocalKiseki) -> None:
        who = ids.wallet(k.address)
        with pytest.raises(ContractReverted, match="leave that payee out") as refused:
            k.session["RevenueSplitter"].read("due", (bytes(76), who, 0, 0, b""), ETHER)
        assert refused.value.name == "SumTree_NoShares"


@pytest.fixture
def data(k: LocalKiseki) -> list[tuple[bytes, bytes]]:
    """Five collections of one item each, by two providers, with four kinds of terms."""
    found = []
    kinds = [("3%", "0%"), ("0%", "0%"), ("1%", "0.5%"), ("0%", "1%")]
    terms = [k.data.define_terms("train", royalty, floor) for royalty, floor in kinds]
    for number in range(5):
        provider, kind = k.wallet(6 + number % 2), terms[number % 4]
        item = ids.item_id(provider.address, keccak256(b"%d" % number))
        spec = (kind.id, ids.wallet(provider.address), b"", ZERO32)
        provider._wallet.send(k.session["DataRegistry"].call("commit", item, 1, spec))
        found.append((ids.collection_id(provider.address, item, kind.id), item))
    return found


@given(st.integers(0, 2**32))
@settings(
    max_examples=8, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
def test_whatever_rests_on_whatever_is_composed_the_same(
    k: LocalKiseki, data: list[tuple[bytes, bytes]], seed: int
) -> None:
    """Random ancestries, diamonds among them: records, splits and ancestries of all models agree.

    The index rebuilds every split from events alone and raises if one is not the contract's.
    """
    random = Random(seed)
    asks = [k.data.define_terms("train", f"{percent}%") for percent in (0, 1, 2)]
    models: list[bytes] = []
    registry = k.session["ModelRegistry"]
    for _ in range(6):
        used = random.sample(data, random.randint(0 if models else 1, 3))
        parents = random.sample(models, min(len(models), random.randint(0 if used else 1, 3)))
        manifest = Manifest({each: [(item, random.randint(1, 10**6))] for each, item in used})
        developer = k.wallet(random.randint(1, 3))
        done = developer.models.register(
            random.randbytes(32), random.choice(asks), manifest=manifest if used else None,
            parents=parents,
        )  # fmt: skip
        models.append(done.id)
    index = k.index
    for model in models:
        record, known = registry.read("modelOf", model), index.model(model)
        assert (record["split"], record["own"]) == (known.split, known.own_ppm)
        assert record["ownSplit"] == (known.own_split or ZERO32)
        assert record["ancestry"] == ancestry_hash(index.ancestry(model))
        assert index.split(known.split).split.total == 1_000_000
    last = models[-1]
    paid = Payee.of(index.split(index.model(last).split).split)
    k.revenue.pay(paid, 10**15 + 1)
    wallets = [k.wallet(number).address for number in (1, 2, 3, 6, 7)]
    claimed = k.revenue.claim(wallets)
    out = sum(tokens[ETHER] for tokens in claimed.amounts.values())
    held = k.index.balance(ETHER).held
    assert out + held >= 10**15 + 1
    assert not k.revenue.claim(wallets).amounts


class TestClaiming:
    def split_of(self, wallets: Sequence[str], salt: int) -> Split:
        return Split([(ids.wallet(each), 1) for each in wallets], salt.to_bytes(32, "big"))

    def test_more_than_a_transaction_holds_is_cut_by_gas(
        self, k: LocalKiseki, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        wallets = [f"0x{n:040x}" for n in range(0x10_000, 0x10_000 + 130)]
        split = self.split_of(wallets, 1)
        k.revenue.publish(split)
        k.revenue.pay(split, 130 * 10)
        monkeypatch.setattr(revenue, "MOST_GAS_TRIED", 2_000_000)
        told: list[tuple[int, int]] = []
        claimed = k.revenue.claim(wallets, lambda *at: told.append(at))
        assert told == [(100, 130), (130, 130)]
        assert len(claimed.receipts) > 2
        assert all(each.gas < 2_000_000 for each in claimed.receipts)
        assert all(k.balance(of=each) == 10 for each in wallets)
        assert not claimed.failures

    def test_a_hundred_steps_fit_one_transaction(self, k: LocalKiseki) -> None:
        wallets = [f"0x{n:040x}" for n in range(0x20_000, 0x20_000 + 100)]
        split = self.split_of(wallets, 2)
        k.revenue.publish(split)
        k.revenue.pay(split, 1_000)
        (receipt,) = k.revenue.claim(wallets).receipts
        assert receipt.gas < fees.MOST_GAS

    def test_a_payee_that_refuses_is_told_and_stops_nobody(self, k: LocalKiseki) -> None:
        """Promise 4: what cannot be paid waits."""
        refuses, burns = "0x" + "ee" * 20, "0x" + "ef" * 20
        ask(k, "anvil_setCode", refuses, "0x60006000fd")
        ask(k, "anvil_setCode", burns, "0x5b600056")  # loops until its gas is gone
        wallets = [refuses, *(f"0x{n:040x}" for n in range(0x30_000, 0x30_003)), burns]
        split = self.split_of(wallets, 3)
        k.revenue.publish(split)
        k.revenue.pay(split, 500)
        claimed = k.revenue.claim(wallets)
        assert [error.name for _, error in claimed.failures] == ["RevenueSplitter_PayoutFailed"] * 2
        assert "the money stays with the split" in str(claimed.failures[0][1])
        assert {each.lower() for each in claimed.amounts} == set(wallets[1:4])
        assert all(k.balance(of=each) == 100 for each in wallets[1:4])
        ask(k, "anvil_setCode", refuses, "0x")
        ((_, later),) = k.revenue.claim(refuses).amounts.items()
        assert later == {ETHER: 100}

    def test_what_was_refused_only_for_want_of_gas_is_tried_again(
        self, k: LocalKiseki, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A node may try all steps together with less gas than they need."""
        wallets = [f"0x{n:040x}" for n in range(0x40_000, 0x40_006)]
        split = self.split_of(wallets, 4)
        k.revenue.publish(split)
        k.revenue.pay(split, 600)
        told: list[int] = []
        real = revenue.Revenue._tried

        def starved(self: revenue.Revenue, part: Sequence[Step], first: bytes) -> object:
            good, refused = real(self, part, first)
            if not told:
                told.append(len(part))
                refused += [(step, decode_revert(b"")) for step in good[3:]]
                good = good[:3]
            return good, refused

        monkeypatch.setattr(revenue.Revenue, "_tried", starved)
        claimed = k.revenue.claim(wallets)
        assert told == [6]
        assert not claimed.failures
        assert all(k.balance(of=each) == 100 for each in wallets)

    def test_nothing_owed_is_nothing_sent(self, k: LocalKiseki) -> None:
        before = k.session.w3.eth.block_number
        claimed = k.revenue.claim()
        assert (claimed.amounts, claimed.receipts, claimed.failures, claimed.gas) == ({}, (), (), 0)
        assert k.revenue.claim([]).receipts == ()
        assert k.session.w3.eth.block_number == before

    def test_an_allowance_too_small_is_raised(self, k: LocalKiseki, buyer: Kiseki) -> None:
        token = k.test_token()
        k.mint(token, buyer.address, 100)
        splitter = k.session["RevenueSplitter"].address
        coin = Contract(k.session.node, "TestToken", token)
        buyer._wallet.send(coin.call("approve", splitter, 3))
        buyer.revenue.pay(k.address, 50, token)
        assert coin.read("balanceOf", k.address) == 50
        assert coin.read("allowance", buyer.address, splitter) == 0
        with pytest.raises(ContractReverted, match="the payer holds less of this token"):
            buyer.revenue.pay(k.address, 51, token)


def test_a_large_batch_on_many_ancestors_is_committed_and_then_published(
    k: LocalKiseki, data: list[tuple[bytes, bytes]], tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """A slice and an ancestry can be more than one transaction takes: it is sent in two."""
    free = Terms.of("train", "0%")
    collection, item = data[1]
    model = k.models.register(b"w" * 32, free, manifest=Manifest({collection: [(item, 1)]})).id
    folder = tmp_path_factory.mktemp("frames")
    for n in range(50):
        (folder / f"{n}.png").write_bytes(b"frame %d" % n)
    prepared = k.outputs.prepare(folder, [model])
    monkeypatch.setattr(k._wallet.sender.wire, "most_bytes", 1024 + 1500)
    with pytest.raises(ChainError, match="send fewer at a time"):  # the slice alone is too much
        k.outputs.register(prepared)
    assert k.session["OutputRegistry"].read("registrantOf", prepared.id) != "0x" + "00" * 20
    monkeypatch.undo()
    done = k.outputs.register(prepared)
    assert [each.what for each in done.receipts] == ["OutputRegistry.publish"]
    assert k.index.batch(prepared.id).complete
    assert k.outputs.verify(folder / "7.png").known
