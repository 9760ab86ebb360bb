"""How the client is put together, and what a command line and pages both ask of it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kiseki import Kiseki, LocalKiseki, Split
from kiseki.client.revenue.revenue import ETHER
from kiseki.client.wallet import Wallet
from kiseki.core import ids
from kiseki.core.conditions import AfterTime
from kiseki.core.payee import Payee
from kiseki.core.waterfall import Plan, Tier
from kiseki.errors import FilesError, InvalidInput, NotInIndex

from ..conftest import Folder, ask, freeze

ONE, TWO = (f"0x{number:040x}" for number in (0xA11CE, 0xB0B))


def split(*shares: int) -> Split:
    return Split(list(zip(map(ids.wallet, (ONE, TWO)), shares, strict=False)))


def nouns(of: object) -> Iterator[tuple[str, object]]:
    """Those that act with the wallet, wherever they hang, by their names."""
    for name, each in vars(of).items() if hasattr(of, "__dict__") else ():
        if not name.startswith("_") and isinstance(getattr(each, "wallet", None), Wallet):
            yield name, each
            yield from ((f"{name}.{inner}", noun) for inner, noun in nouns(each))


def test_a_noun_is_an_attribute_made_once_and_inherits_nothing(k: LocalKiseki) -> None:
    found = dict(nouns(k))
    assert {"data.gate", "data.consents", "revenue.waterfall", "rights.schedules"} < found.keys()
    for name, noun in found.items():
        assert type(noun).__bases__ == (object,), name
        made = [n for n, each in vars(type(noun)).items()
                if isinstance(each, property) and not n.startswith("_")
                and isinstance(getattr(getattr(noun, n), "wallet", None), Wallet)]  # fmt: skip
        assert not made, f"{name} makes {made} anew each time"


@pytest.fixture
def model(developer: Kiseki) -> bytes:
    base = ids.External(b"b" * 32, b"d" * 32)
    terms = developer.data.define_terms("commercial_output", royalty="1%")
    return developer.models.register(b"w" * 32, terms, externals=[base]).id


@pytest.fixture
def batch(creator: Kiseki, model: bytes, folder: Folder) -> bytes:
    prepared = creator.outputs.prepare(folder("out", {"a.png": b"picture"}), [model])
    creator.outputs.register(prepared)
    return prepared.id


def test_money_for_a_batch_or_model_may_lie_at_two_places(
    k: LocalKiseki, model: bytes, batch: bytes
) -> None:
    """What is paid to it, and the royalties of a resale."""
    for kind, group in (("model", model), ("batch", batch)):
        written = f"0x{group.hex()}"
        paid, resold = k.places(written)
        assert paid == k.payee(written)
        assert resold == k.rights.royalties(kind, group)
    assert k.revenue.lies(resold) == 0
    ask(k, "anvil_setBalance", k.revenue.payment_address(resold), hex(70))
    coin = k.test_token()
    k.mint(coin, k.revenue.payment_address(paid), 9)
    assert (k.revenue.lies(resold), k.revenue.lies(paid)) == (70, 0)
    assert (k.revenue.lies(resold, coin), k.revenue.lies(paid, coin)) == (0, 9)
    k.revenue.sweep(resold)
    assert k.revenue.lies(resold) == 0


def test_money_for_anybody_else_lies_at_one(
    k: LocalKiseki, artist: Kiseki, folder: Folder, tmp_path: Path
) -> None:
    terms = artist.data.define_terms("train", "0%")
    drawings = artist.data.register(folder("art", {"1.svg": b"1"}), terms).id
    k.revenue.split.write(tmp_path / "split.json", split(1, 2))
    person = artist.identities.person("somebody")
    for written in (
        ONE, f"0x{drawings.hex()}", str(tmp_path / "split.json"),
        f"{artist.address}:0x{person.hex()}",
    ):  # fmt: skip
        assert k.places(written) == (k.payee(written),), written


def test_a_splits_file_is_written_once_and_read_again(k: LocalKiseki, tmp_path: Path) -> None:
    path = tmp_path / "profit.json"
    k.revenue.split.write(path, split(3, 1))
    assert k.revenue.split.read(path) == split(3, 1)
    before = path.stat().st_mtime_ns, path.stat().st_ino
    k.revenue.split.write(path, split(3, 1))
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == before, "one that says the same is left"
    with pytest.raises(InvalidInput, match="has other content"):
        k.revenue.split.write(path, split(1, 3))
    assert k.revenue.split.read(path) == split(3, 1)
    assert [each.name for each in tmp_path.iterdir()] == ["profit.json"]
    with pytest.raises(FilesError, match="cannot be written"):
        k.revenue.split.write(tmp_path / "nowhere" / "profit.json", split(1, 3))


def test_a_split_is_published_once_its_leaves_are_logged(k: LocalKiseki) -> None:
    assert not k.revenue.split.is_published(split(3, 1))
    k.revenue.publish(split(3, 1))
    assert k.revenue.split.is_published(split(3, 1))
    assert not k.revenue.split.is_published(split(1, 3))


def test_a_tier_is_whoever_is_paid(k: LocalKiseki) -> None:
    """Of a split the leaves are needed, and are looked up where only its key is known."""
    falls, sizes = k.revenue.waterfall, {ETHER: 5}
    assert falls.tier(Payee.of(ONE), sizes) == Tier.to(ONE, sizes)
    known = Payee(split(3, 1).key, split(3, 1).opening)
    with pytest.raises(NotInIndex):
        falls.tier(known, sizes)
    k.revenue.publish(split(3, 1))
    assert falls.tier(known, sizes) == Tier.to(split(3, 1), sizes)
    subject = Payee.subject(k.session["DataRegistry"].address, bytes(31) + b"\1")
    assert falls.tier(subject, {}) == Tier.to(subject.opening, {})


def test_what_each_tier_has_had(k: LocalKiseki) -> None:
    """Without what waits for a tier that could not take it."""
    falls, coin = k.revenue.waterfall, k.test_token()
    code = ask(k, "eth_getCode", coin, "latest")
    plan = Plan([Tier.to(ONE, {coin: 100}), Tier.to(TWO, {})])
    falls.create(plan)
    at = falls.address(plan)
    k.mint(coin, at, 70)
    falls.pass_on(at, coin)
    assert falls.had(at, coin) == [70, 0]
    k.mint(coin, at, 50)
    freeze(k, coin)
    falls.pass_on(at, coin)
    assert falls.waiting(at, coin) == [30, 20]
    assert falls.had(at, coin) == [70, 0]
    ask(k, "anvil_setCode", coin, code)
    falls.retry(at, 1, coin)
    assert falls.had(at, coin) == [100, 0]
    assert falls.had(at) == [0, 0]


def test_only_a_collection_that_pays_this_wallet_may_still_pay_its_token(
    artist: Kiseki, stranger: Kiseki, folder: Folder
) -> None:
    terms = artist.data.define_terms("train", "0%")
    drawings = artist.data.register(folder("art", {"1.svg": b"1"}), terms).id
    income = artist.rights.income("collection", drawings)
    assert artist.rights.may_pay_token(income)
    assert not stranger.rights.may_pay_token(income)
    assert not artist.rights.may_pay_token(replace(income, kind="batch"))
    artist.rights.mint("collection", drawings, set_payee=True)
    assert not artist.rights.may_pay_token(artist.rights.income("collection", drawings))


def test_pending_schedules_of_a_party(
    k: LocalKiseki, artist: Kiseki, buyer: Kiseki, stranger: Kiseki, folder: Folder
) -> None:
    terms = artist.data.define_terms("train", "0%")
    drawings = artist.data.register(folder("art", {"1.svg": b"1"}), terms).id
    artist.rights.mint("collection", drawings)
    token = artist.rights.token("collection", drawings)
    until = k.session.now() + 1_000
    artist.rights.schedule(token, buyer.address, AfterTime(2**40), until)
    for party, many in ((None, 1), (artist.address, 1), (buyer.address.lower(), 1),
                        (stranger.address, 0)):  # fmt: skip
        assert len(k.rights.pending(party)) == many, party
    with pytest.raises(InvalidInput):
        k.rights.pending("alice")
