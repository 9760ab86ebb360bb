"""Models on more collections than one part holds (promises 2 and 4, invariants 4 and 8)."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from kiseki import Kiseki, LocalKiseki, Manifest, Terms
from kiseki.chain.sending import fees, sender
from kiseki.chain.sending.journal import Journal
from kiseki.chain.signing.accounts import local_account as account_of
from kiseki.client.session import Session
from kiseki.core import ids
from kiseki.core.compose import Source, ancestry_hash, compose_model
from kiseki.core.keccak import keccak256
from kiseki.errors import ContractReverted
from kiseki.vault.keystore import KeyStore

PART = ids.PART
MOST = 2 * PART + 1

TERMS = (
    # Without notice, so that a revocation counts at once.
    Terms.of("train", royalty="20%", floor="0.01%", notice=timedelta(0)),
    Terms.of("train", "0%", notice=timedelta(0)),  # asks nothing, so it is left out of the split
)
PROVIDER = account_of(1).address


def item(number: int) -> bytes:
    return ids.item_id(PROVIDER, keccak256(number.to_bytes(4, "big")))


def terms_of(number: int) -> Terms:
    return TERMS[number % 3 == 0]


def collection(number: int) -> bytes:
    return ids.collection_id(PROVIDER, item(number), terms_of(number).id)


def manifest(count: int) -> Manifest:
    return Manifest({collection(n): [(item(n), 1 + n % 7)] for n in range(count)})


def ask(k: Kiseki, method: str, *arguments: object) -> object:
    return k.session.node.one(method, *arguments)


@pytest.fixture(scope="module")
def registered(chain: LocalKiseki) -> Iterator[LocalKiseki]:
    """All collections, one item each."""
    snapshot = ask(chain, "evm_snapshot")
    k = LocalKiseki(Session(chain.session.node), account_of(0), KeyStore(), "", {})
    for terms in TERMS:
        k.data.put_terms(terms)
    ask(k, "evm_setAutomine", False)
    for number in range(MOST):
        spec = (terms_of(number).id, ids.wallet(PROVIDER), b"", bytes(32))
        commitment = keccak256(number.to_bytes(4, "big"))
        call = k.session["DataRegistry"].call("register", [commitment], spec)
        transaction = {"from": PROVIDER, "to": call.to, "data": "0x" + call.data.hex()}
        ask(k, "eth_sendTransaction", transaction | {"gas": "0x20000", "gasPrice": "0x77359400"})
        if number % 200 == 199 or number == MOST - 1:
            ask(k, "evm_mine")
    ask(k, "evm_setAutomine", True)
    yield k
    ask(chain, "evm_revert", snapshot)


@pytest.fixture
def many(registered: LocalKiseki) -> Iterator[LocalKiseki]:
    snapshot = ask(registered, "evm_snapshot")
    yield registered
    ask(registered, "evm_revert", snapshot)
    registered.session._senders.clear()
    registered.session.journal = Journal()  # it would send again what the chain lost


@pytest.mark.parametrize("count", [PART - 1, PART, PART + 1, 2 * PART, 2 * PART + 1])
def test_the_split_over_parts_is_the_same_in_python_contract_and_index(
    many: LocalKiseki, count: int
) -> None:
    """Promise 4: every provider is in the split, however many parts they came in."""
    developer = many.wallet(2)
    weights, declared = count.to_bytes(32, "big"), manifest(count)
    done = developer.models.register(weights, TERMS[1], manifest=declared, payee="wallet")
    assert len(done.receipts) == -(-count // PART)
    assert all(each.gas < fees.MOST_GAS for each in done.receipts)
    record = many.session["ModelRegistry"].read("modelOf", done.id)
    asked = {collection(n): terms_of(n) for n in range(count)}
    sources = [
        Source(each.id, each.weight, asked[each.id].royalty_bps, asked[each.id].floor_bps)
        for each in declared.collections
    ]
    composed = compose_model(
        many.session["DataRegistry"].address, done.id, sources, [], {}, 0,
        ids.wallet(developer.address),
    )  # fmt: skip
    assert (record["split"], record["manifest"], record["own"]) == (
        composed.split.key, declared.root, composed.own,
    )  # fmt: skip
    assert record["ancestry"] == ancestry_hash(composed.ancestry)
    index = many.index
    assert index.model(done.id).split == record["split"]
    assert composed.data.split is not None
    assert index.split(composed.data.split.key).split.leaves == composed.data.split.leaves
    assert len(index.sources(done.id).collections) == count
    again = developer.models.register(weights, TERMS[1], manifest=declared, payee="wallet")
    assert (again.id, again.receipts) == (done.id, ())


def test_an_interrupted_registration_goes_on_with_the_missing_parts(
    many: LocalKiseki, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Invariant 8: what was sent is not sent again."""
    developer = many.wallet(2)
    sent: list[str] = []
    real = sender.Sender.send

    def fail_after_the_first_part(self: sender.Sender, call, gas=None):  # type: ignore[no-untyped-def]
        if sent:
            raise KeyboardInterrupt
        sent.append(call.what)
        return real(self, call, gas)

    with monkeypatch.context() as patch:
        patch.setattr(sender.Sender, "send", fail_after_the_first_part)
        with pytest.raises(KeyboardInterrupt):
            developer.models.register(b"w" * 32, TERMS[1], manifest=manifest(MOST))
    assert sent == ["ModelRegistry.addPart"]
    many.index  # noqa: B018 - an unfinished registration does not trouble the index
    done = developer.models.register(b"w" * 32, TERMS[1], manifest=manifest(MOST))
    assert [each.what.split(".")[1] for each in done.receipts] == ["addPart", "register"]
    assert many.index.model(done.id).weight == manifest(MOST).weight


def test_an_expired_draft_is_begun_again(
    many: LocalKiseki, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Consent is judged at the first part, and that judgement lasts 24 hours."""
    developer = many.wallet(2)
    real = sender.Sender.send

    def only_parts(self: sender.Sender, call, gas=None):  # type: ignore[no-untyped-def]
        if call.what.endswith("register"):
            raise KeyboardInterrupt
        return real(self, call, gas)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(sender.Sender, "send", only_parts)
        developer.models.register(b"w" * 32, TERMS[1], manifest=manifest(PART + 1))
    many.wait(25 * 3600)
    done = developer.models.register(b"w" * 32, TERMS[1], manifest=manifest(PART + 1))
    assert len(done.receipts) == 2
    assert many.index.model(done.id).registered_at >= many.index.model(done.id).judged_at


def test_a_source_revoked_before_the_first_part_is_refused(many: LocalKiseki) -> None:
    """Invariant 5: no model on a revoked source, in whichever part it stands."""
    last = max(collection(n) for n in range(PART + 1))
    many.wallet(1).data.revoke(last)
    with pytest.raises(ContractReverted, match="ended consent") as refused:
        many.wallet(2).models.register(b"w" * 32, TERMS[1], manifest=manifest(PART + 1))
    assert refused.value.name == "DataRegistry_ConsentRevoked"
    assert refused.value.values["collection"] == last


def test_a_manifest_of_several_parts_is_walked_to_its_end(many: LocalKiseki) -> None:
    """Promise 3: also where what is shown beside the items is as large as it can be."""
    declared = manifest(PART + 1)
    model = many.wallet(2).models.register(b"w" * 32, TERMS[1], manifest=declared).id
    told: list[tuple[int, int]] = []
    walker = many.wallet(3)
    receipts = walker.models.check_manifest(model, declared, lambda *at: told.append(at))
    assert told[-2:] == [(PART, PART + 1), (PART + 1, PART + 1)]
    assert all(each.gas < fees.MOST_GAS for each in receipts)
    assert [each.code for each in many.index.findings(model)] == [
        "manifest_unpublished",
        "manifest_checked",
    ]


def test_a_whole_part_is_small_enough_for_public_mempools(many: LocalKiseki) -> None:
    """96 bytes a collection: 1,024 of them leave room in the 131,072 bytes that mempools take."""
    contract = many.session["ModelRegistry"]
    part = [(bytes([1]) * 32, bytes([1]) * 32, 2**96 - 1)] * PART
    call = contract.call("addPart", b"m" * 32, many.address, 1, 0, part)
    assert many.wallet(2)._wallet.sender.fits(call)
    assert len(call.data) < 100_000
