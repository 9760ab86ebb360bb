"""Joint works: one picture of several artists is one item, and all of them are paid (1, 4, 8)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from kiseki import Kiseki, LocalKiseki, Split, Terms
from kiseki.client.data.registering import Totals
from kiseki.core import ids
from kiseki.core.collection import Kept
from kiseki.core.manifest import Manifest
from kiseki.core.payee import Payee
from kiseki.errors import DifferentValues, InvalidInput
from kiseki.vault.keystore import KeyStore

from ..conftest import ask

ALICE, BOB, CAROL = ("0x" + who * 20 for who in ("a1", "b0", "ca"))

Rows = Sequence[Sequence[str]]
Listed = Callable[..., Path]


@pytest.fixture
def terms(k: LocalKiseki) -> Terms:
    return k.data.define_terms("train", royalty="20%")


@pytest.fixture
def listed(tmp_path: Path) -> Listed:
    """A list of pictures, which are made as they are named; with ``=`` a copy of another."""

    def write(*rows: Iterable[str], columns: str = "file,artist", name: str = "list.csv") -> Path:
        for file, *_ in rows:
            (tmp_path / file).write_text(f"the content of {file.partition('=')[2] or file}")
        text = "\n".join([columns, *map(",".join, rows)])
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return write


def store_of(k: Kiseki) -> KeyStore:
    found = k.salts
    assert isinstance(found, KeyStore)
    return found


def parts(kept: Kept) -> dict[bytes, Fraction]:
    return {each.key: part for each, part in kept.payee.parts}


def names(k: Kiseki, kept: Kept) -> list[str]:
    return sorted(n for e in store_of(k).slices(kept.id) for each in e.names for n in each)


# In a list


def test_one_picture_of_two_artists_is_one_work_that_pays_both(
    k: LocalKiseki, terms: Terms, listed: Listed
) -> None:
    """And is not called "there already" for the second of them, who would get nothing."""
    source = listed(("a.png", ALICE), ("a.png", BOB), ("b.png", BOB), ("c=a.png", ALICE))
    kept = k.data.prepare_all(source, terms)
    half = Fraction(1, 2)
    assert [parts(each) for each in kept] == [
        {ids.wallet(ALICE): half, ids.wallet(BOB): half},
        {ids.wallet(BOB): Fraction(1)},
    ]
    assert [(each.count, names(k, each)) for each in kept] == [
        (1, ["a.png", "c=a.png"]), (1, ["b.png"]),
    ]  # fmt: skip
    assert {each.provider for each in kept} == {k.address.lower()}
    totals = Totals.of(k.data.register_all(kept))
    assert (totals.sent, totals.there, totals.failed) == (2, 0, ())
    assert [k.index.collection(each.id).payee for each in kept] == [e.payee.key for e in kept]


def test_equal_sets_in_equal_parts_are_one_account_in_whatever_order(
    k: LocalKiseki, terms: Terms, listed: Listed
) -> None:
    """Shares are in proportion; an artist who is named twice with the same share counts once."""
    rows = [
        ("a.png", ALICE, "50%"), ("a.png", BOB, "50%"),
        ("b.png", BOB, "3"), ("b.png", ALICE, "3"), ("b=b.png", ALICE, "3"),
        ("c.png", BOB, ""), ("c.png", ALICE, ""),
        ("d.png", ALICE, "66.6%"), ("d.png", BOB, "33.4%"),
        ("e.png", ALICE, "333"), ("e.png", BOB, "167"),
        ("f.png", ALICE, "1"), ("f.png", BOB, "1"), ("f.png", CAROL, "1"),
        ("g.png", ALICE, "100%"), ("h.png", ALICE, "7"),
    ]  # fmt: skip
    kept = k.data.prepare_all(listed(*rows, columns="file,artist,share"), terms)
    assert [names(k, each) for each in kept] == [
        ["a.png", "b.png", "b=b.png", "c.png"], ["d.png", "e.png"], ["f.png"], ["g.png", "h.png"],
    ]  # fmt: skip
    keys = [ids.wallet(each) for each in (BOB, ALICE)]
    assert kept[0].payee == Payee.of(Split.joint(dict.fromkeys(keys, 8)))
    assert parts(kept[1])[ids.wallet(ALICE)] == Fraction(333, 500)


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (
            [("a.png", ALICE, "1"), ("a.png", BOB, "")],
            "rows 2 and 3, 'a.png': column share: every",
        ),
        ([("a.png", ALICE, "60%"), ("a.png", BOB, "3")], "rows 2 and 3, .* in percent, or none"),
        ([("a.png", ALICE, "60%"), ("a.png", BOB, "30%")], "60% and 30% add up to 90%"),
        ([("b.png", BOB, ""), ("a.png", ALICE, "60%")], "row 3, 'a.png': .* add up to 60%"),
        ([("a.png", ALICE, ""), ("a.png", "", "")], "rows 2 and 3, .* only some name an artist"),
        (
            [("a.png", ALICE, "1"), ("b.png", BOB, ""), ("c=a.png", ALICE, "2")],
            f"rows 2 and 4, 'a.png' alias 'c=a.png': column share: {ALICE} has 1 and 2 of one",
        ),
    ],
)
def test_shares_that_cannot_be_right_are_named_and_nothing_is_taken(
    k: LocalKiseki, terms: Terms, listed: Listed, rows: Rows, why: str
) -> None:
    with pytest.raises(InvalidInput, match=why):
        k.data.prepare_all(listed(*rows, columns="file,artist,share"), terms)
    assert list(store_of(k).collections()) == []


def test_both_are_paid_to_the_unit_by_a_model_that_used_their_work(
    k: LocalKiseki, developer: Kiseki, buyer: Kiseki, stranger: Kiseki, terms: Terms,
    listed: Listed, tmp_path: Path,
) -> None:  # fmt: skip
    """Promise 4, with a wallet and with an artist who has none yet; a stranger brings it, who knows
    nothing but the chain."""
    person = k.identities.person("somebody")
    later, parts_ = f"{k.address}:0x{person.hex()}", ("2", "1")
    rows = [("a.png", who, share) for who, share in zip((ALICE, later), parts_, strict=True)]
    (kept,) = k.data.prepare_all(listed(*rows, columns="file,artist,share"), terms)
    done = Totals.of(k.data.register_all([kept]))
    assert (done.sent, done.transactions) == (1, 2), "the split, and the collection"
    (record,) = k.index.collection(kept.id).published
    item = ids.item_id(k.address, record)
    weights = developer.models.weights(listed(("weights", "")).parent / "weights")
    model = developer.models.register(weights, terms, manifest=Manifest({kept.id: [(item, 1)]})).id
    split = stranger.index.split(stranger.index.model(model).split).split
    buyer.revenue.pay(split, 10_007)
    k.identities.bind({person: CAROL})
    ask(k, "evm_increaseTime", 7 * 24 * 3600 + 1)
    ask(k, "evm_mine")
    before = {who: k.balance(of=who) for who in (ALICE, CAROL)}
    for who in before:
        stranger.revenue.claim(who)
    dues = 10_007 * 20 // 100
    assert [k.balance(of=who) - had for who, had in before.items()] == [dues * 2 // 3, dues // 3]


def test_a_split_is_logged_once_and_its_leaves_are_in_the_key_store(
    k: LocalKiseki, terms: Terms, listed: Listed, tmp_path: Path
) -> None:
    source = listed(("a.png", ALICE), ("a.png", BOB))
    (kept,) = k.data.prepare_all(source, terms)
    bare = Totals.of(k.data.register_all([kept], publish=False))
    assert (bare.sent, bare.transactions) == (1, 1)
    assert not [each for each in k.index.splits() if each.key == kept.payee.key]
    backup = tmp_path / "backup"
    store_of(k).backup(backup, clear=True)
    other = Kiseki(k.session, k.data.wallet.signer, KeyStore())
    store_of(other).restore(backup)
    (restored,) = store_of(other).collections()
    assert restored.payee.split == kept.payee.split != None  # noqa: E711
    (done,) = other.data.register_all([restored])
    assert [each.what for each in done.receipts] == [
        "RevenueSplitter.publish", "DataRegistry.publish",
    ]  # fmt: skip
    assert [e.labels[0].kind for e in k.index.splits() if e.key == kept.payee.key] == ["published"]
    assert Totals.of(k.data.register_all([kept])).there == 1


# What is there already, and what is not


def test_there_already_is_said_only_where_every_value_is_as_asked(
    k: LocalKiseki, terms: Terms, listed: Listed
) -> None:
    """The same picture with another artist, in another run: one ID, and so one payee."""
    (first,) = k.data.prepare_all(listed(("a.png", "")), terms)
    assert Totals.of(k.data.register_all([first])).sent == 1
    (second,) = k.data.prepare_all(listed(("a.png", ALICE), ("a.png", BOB)), terms)
    assert second.id == first.id
    block = k.session.w3.eth.block_number
    (done,) = k.data.register_all([second])
    assert isinstance(done.error, DifferentValues)
    (different,) = done.error.differences
    assert different.what == "who is paid"
    assert different.stands == f"the wallet {k.address}"
    assert "1/2" in different.asked
    assert k.session.w3.eth.block_number == block, "nothing is sent"
    assert store_of(k).collection(first.id) == first, "what stands is what is kept"
    assert store_of(k).versions(first.id) == [first, second], "and nothing is lost"
    assert second.payee.split is not None
    k.revenue.publish(second.payee.split)
    k.data.set_payee(first.id, second.payee)
    assert Totals.of(k.data.register_all([second])).there == 1, "now it is as asked"
    (again,) = k.data.register_all([first])
    assert "who is paid: asked for is the wallet 0x" in str(again.error)
    other = replace(second, origin=b"\x01" * 32, count=2)
    (wrong,) = k.data.register_all([other])
    assert isinstance(wrong.error, DifferentValues)
    assert [each.what for each in wrong.error.differences] == [
        "the number of items", "the document of origin",
    ]  # fmt: skip


def test_what_was_revoked_is_not_simply_there(k: LocalKiseki, terms: Terms, listed: Listed) -> None:
    (kept,) = k.data.prepare_all(listed(("a.png", ALICE)), terms)
    list(k.data.register_all([kept]))
    k.data.revoke(kept.id)
    (done,) = k.data.register_all([kept])
    assert "asked for is consent, on the chain stands consent revoked on" in str(done.error)


def test_one_that_is_named_twice_fails_twice(k: LocalKiseki, terms: Terms, listed: Listed) -> None:
    """The second is not there because the first was meant to be."""
    (kept,) = k.data.prepare_all(listed(("a.png", ALICE)), terms)
    wrong = replace(kept, payee=Payee(b"\x99" * 32, b"\x01" * 76))
    results = list(k.data.register_all([wrong, wrong]))
    assert all("Payees_WrongOpening" in str(each.error) for each in results)
    other = replace(kept, payee=Payee.of(BOB))
    first, second, third = k.data.register_all([kept, other, kept])
    assert (first.error, len(first.receipts)) == (None, 1)
    assert "named twice in this run and not with the same values" in str(second.error)
    assert (third.error, third.receipts) == (None, ())
    bare = Kiseki(k.session, k.data.wallet.signer, KeyStore())
    (unknown,) = k.data.prepare_all(listed(("b.png", ALICE)), terms)
    results = list(bare.data.register_all([unknown, unknown]))
    assert all("not in this key store" in str(each.error) for each in results)


def test_of_models_and_batches_too_it_is_said_what_differs(
    k: LocalKiseki, terms: Terms, listed: Listed
) -> None:
    """And whom their payee stands for is logged with them, so that all of them find themselves."""
    both = Split.joint({ids.wallet(who): 1 for who in (ALICE, BOB)})
    (kept,) = k.data.prepare_all(listed(("a.png", ALICE)), terms)
    list(k.data.register_all([kept]))
    (record,) = k.index.collection(kept.id).published
    manifest = Manifest({kept.id: [(ids.item_id(k.address, record), 1)]})
    done = k.models.register(b"w" * 32, terms, manifest=manifest, payee=both)
    assert [each.what for each in done.receipts] == [
        "ModelRegistry.register", "RevenueSplitter.publish",
    ]  # fmt: skip
    assert k.models.register(b"w" * 32, terms, manifest=manifest, payee=both).receipts == ()
    with pytest.raises(DifferentValues) as refused:
        k.models.register(b"w" * 32, terms, manifest=manifest, payee=ALICE, run=b"\x01" * 32)
    assert [each.what for each in refused.value.differences] == ["the run", "who is paid"]
    files = listed(("out.png", "")).parent / "out.png"
    batch = k.outputs.prepare(files, [done.id], payee=both)
    assert [e.what for e in k.outputs.register(batch).receipts] == ["OutputRegistry.register"]
    assert k.outputs.register(batch).receipts == ()
    other = replace(batch, payee=Payee.of(BOB), record=b"\x01" * 32)
    with pytest.raises(DifferentValues) as refused:
        k.outputs.register(other)
    assert [each.what for each in refused.value.differences] == ["the record", "who is paid"]


def test_the_same_content_in_two_collections_that_pay_others_is_told(
    k: LocalKiseki, terms: Terms, listed: Listed
) -> None:
    """By whoever is the provider, as far as it is on the chain; and not where all pay the same."""
    (one,) = k.data.prepare_all(listed(("a.png", ""), ("b.png", "")), terms)
    (two,) = k.data.prepare_all(listed(("a.png", BOB), ("c.png", BOB)), terms)
    assert not any(each.overlaps for each in k.data.look([one, two])), "neither is on the chain"
    list(k.data.register_all([one]))
    (look,) = k.data.look([two])
    (told,) = look.overlaps
    assert (told.other, told.items, told.same_terms) == (one, 1, True)
    assert told.words.startswith("1 item of 2 in the collection")
    (more,) = k.data.prepare_all(listed(("a.png", ""), ("d.png", "")), terms)
    assert not any(each.overlaps for each in k.data.look([one, more]))
    assert [len(each.overlaps) for each in k.data.look([more, two])] == [0, 1], "each by its own"
    k.data.set_payee(one.id, BOB)
    assert not k.data.look([two])[0].overlaps
    other = k.data.prepare_all(
        listed(("b.png", ALICE)), Terms.of("train", "0%"), artists="providers"
    )
    ((told,),) = (each.overlaps for each in k.data.look(other))
    assert (told.items, told.same_terms, told.paid) == (1, False, Payee.of(BOB))


def test_a_payee_is_named_in_one_way_everywhere(
    k: LocalKiseki, terms: Terms, listed: Listed, tmp_path: Path
) -> None:
    """A wallet, a person, an ID, or the file of a split."""
    both = Split.joint({ids.wallet(who): 1 for who in (ALICE, BOB)})
    (tmp_path / both.filename).write_text(both.to_json())
    person = k.identities.person("somebody")
    (kept,) = k.data.prepare_all(listed(("a.png", ALICE)), terms)
    list(k.data.register_all([kept]))
    assert k.payee(ALICE) == Payee.of(ALICE)
    assert k.payee(f"{k.address}:0x{person.hex()}") == k.identities.payee(person)
    assert k.payee(str(tmp_path / both.filename)).split == both
    contract = k.session["DataRegistry"].address
    assert k.payee(f"0x{kept.id.hex()}") == Payee.subject(contract, kept.id)
    with pytest.raises(InvalidInput, match="nothing here is"):
        k.payee("0x" + "77" * 32)
