"""What a model would rest on if it were trained anew, and who would be paid: exactly what the chain
then composes."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from fractions import Fraction
from itertools import count
from math import lcm
from pathlib import Path

import pytest

from kiseki import Kiseki, LocalKiseki, Manifest, Terms
from kiseki.client.models.sharing import Share
from kiseki.client.models.updating import Update
from kiseki.core import ids
from kiseki.core.derived import Row
from kiseki.core.keccak import keccak256
from kiseki.core.terms import IRREVOCABLE
from kiseki.core.values import ZERO32, to_hex
from kiseki.errors import InvalidInput, NotInIndex

from .test_client_series import weekly

TERMS = Terms.of("train", royalty="20%")
ASKS = Terms.of("train", royalty="5%")
_NUMBERS = count()


def collection(k: Kiseki, place: Path, items: int = 3, terms: Terms = TERMS) -> bytes:
    """A new one of this wallet's."""
    number = next(_NUMBERS)
    where = place / f"collection-{number}"
    where.mkdir()
    for each in range(items):
        (where / f"{each}.png").write_bytes(b"%d %d" % (number, each))
    return k.data.register(where, terms).id


def items_of(k: Kiseki, *collections: bytes, weight: int = 1) -> Manifest:
    return Manifest({
        each: [(item.id, weight) for item in k.data.openings.items(each)] for each in collections
    })  # fmt: skip


def model(
    k: Kiseki, manifest: Manifest, parents: Sequence[bytes] = (), terms: Terms = ASKS,
    externals: Sequence[ids.External] = (),
) -> bytes:  # fmt: skip
    weights = keccak256(b"weights %d" % next(_NUMBERS))
    return k.models.register(
        weights, terms, manifest=manifest, parents=parents, externals=externals, payee="wallet"
    ).id


def on_chain(k: Kiseki, model: bytes) -> dict[bytes, Fraction]:
    """Payee -> its part of what is paid to a model, down to where the registry's own splits end."""
    found: defaultdict[bytes, Fraction] = defaultdict(Fraction)

    def down(key: bytes, part: Fraction) -> None:
        split = k.index.split(key).split
        for payee, shares in split.leaves:
            each = part * Fraction(shares, split.total)
            try:
                known = k.index.split(payee)
            except NotInIndex:
                known = None
            if known is not None and any(e.kind in ("data", "own") for e in known.labels):
                down(payee, each)
            else:
                found[payee] += each

    down(k.index.model(model).split, Fraction(1))
    return dict(found)


def told(k: Kiseki, shares: Sequence[Share], after: bool, model: bytes) -> dict[bytes, Fraction]:
    """The same, of what was told before it was registered."""
    found: defaultdict[bytes, Fraction] = defaultdict(Fraction)
    registry = k.session["DataRegistry"].address
    for each in shares:
        part = each.after if after else each.before
        key = {
            "collection": lambda e: ids.subject(registry, e.id),
            "model": lambda e: k.index.model(e.id).payee,
            "rest": lambda e: k.index.model(model).payee,
        }[each.kind](each)
        found[key] += part
    return {key: part for key, part in found.items() if part}


def _made(place: Path) -> int:
    return int(place.name.removeprefix("collection-"))


def states(update: Update) -> dict[bytes, str]:
    return {each.collection: each.state for each in update.changes}


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    return tmp_path / "documents"


def test_the_pay_that_is_told_before_is_what_the_chain_composes_afterwards(
    k: LocalKiseki, artist: Kiseki, developer: Kiseki, tmp_path: Path, documents: Path
) -> None:
    """Promise 4: to the last part, for a model trained from the beginning and a fine-tuned one."""
    dear = Terms.of("train", royalty="33.33%", floor="7%")
    first, other = collection(artist, tmp_path, 3), collection(k, tmp_path, 2, dear)
    artist.data.series.state(artist.data.series.begin(first, documents), documents)
    base = model(k, items_of(k, other), terms=Terms.of("train", royalty="1.5%"))
    listed = Manifest({
        first: [(item.id, 3 + n) for n, item in enumerate(k.data.openings.items(first))],
        other: [(item.id, 7) for item in k.data.openings.items(other)],
    })  # fmt: skip
    old = model(developer, listed, [base])
    nothing = developer.models.updates.draft(old, listed, documents=documents)
    assert not nothing.is_due and nothing.manifest.root == listed.root
    assert all(each.before == each.after for each in nothing.shares)
    second = collection(artist, tmp_path, 4, Terms.of("train", royalty="11.11%"))
    artist.data.series.state(artist.data.series.add(second, first, documents), documents)
    for from_previous in (False, True):
        update = developer.models.updates.draft(
            old, listed, documents=documents, from_previous=from_previous
        )
        assert update.is_due and update.problem == ""
        assert states(update) == {first: "kept", other: "kept", second: "new"}
        assert update.weight == round(Fraction(3 + 4 + 5 + 7 + 7, 5)), "the mean of the others"
        assert set(update.manifest.items) == ({second} if from_previous else {first, other, second})
        assert update.parents == ((old,) if from_previous else (base,))
        assert sum(each.before for each in update.shares) == 1
        assert sum(each.after for each in update.shares) == 1
        new = model(developer, update.manifest, update.parents)
        assert told(k, update.shares, True, new) == on_chain(k, new)
        assert told(k, update.shares, False, old) == on_chain(k, old)
        wallets = {who: after for who, _, after in update.by_wallet()}
        registry = k.session["DataRegistry"].address
        parts = on_chain(k, new)
        mine = [ids.subject(registry, each) for each in (first, second)]
        assert wallets[artist.address.lower()] == sum(parts.get(key, 0) for key in mine)
    assert {each.model for each in k.index.ancestry(new)} == {new, old, base}, "lineage is kept"


def test_who_is_told_a_part_is_paid_it(
    k: LocalKiseki, artist: Kiseki, developer: Kiseki, tmp_path: Path
) -> None:
    """Promise 4: an amount that every part divides comes out to the last base unit."""
    first, mine = collection(artist, tmp_path, 3), collection(k, tmp_path, 4)
    listed = items_of(k, first)
    old = model(developer, listed)
    update = developer.models.updates.draft(old, listed, series=[mine], from_previous=True)
    new = model(developer, update.manifest, update.parents)
    wallets = update.by_wallet()
    amount = 10**6 * lcm(*(after.denominator for _, _, after in wallets))
    token = k.test_token()
    k.mint(token, k.address, amount)
    k.revenue.pay(k.payee(to_hex(new)), amount, token)
    for who, _, after in wallets:
        owed = k.revenue.owed(who, tokens=[token])
        assert sum(each.amount for each in owed) == after * amount, who
    assert sum(after for *_, after in wallets) == 1 and len(wallets) == 3


def test_what_was_revoked_is_left_out_and_what_was_made_from_it_named(
    k: LocalKiseki, artist: Kiseki, developer: Kiseki, tmp_path: Path, documents: Path
) -> None:
    rough, clean, gone = (collection(artist, tmp_path) for _ in range(3))
    listed = items_of(k, rough, clean, gone, weight=2)
    old = model(developer, listed)
    items = {each: k.data.openings.items(each) for each in (rough, clean)}
    rows = [Row(items[clean][n + 1].id, items[rough][n].id, "clean") for n in (0, 1)]
    beside = k.data.openings.items(collection(artist, tmp_path))[0]  # in no model
    rows.append(Row(items[clean][0].id, beside.id, "clean"))
    made = artist.data.derivations.make(clean, rows)
    artist.data.derivations.state(made, documents)
    colour = collection(artist, tmp_path)  # made from a rough, too, and in no model
    row = Row(k.data.openings.items(colour)[0].id, items[rough][0].id, "colour")
    artist.data.derivations.state(artist.data.derivations.make(colour, [row]), documents)
    artist.data.revoke_item(items[rough][0].commitment)
    artist.data.revoke(gone)
    update = developer.models.updates.draft(old, listed, documents=documents)
    assert update.is_due
    assert states(update) == {rough: "kept", clean: "kept", gone: "gone"}
    (change,) = [each for each in update.changes if each.collection == rough]
    assert (change.before, change.after, change.revoked) == (3, 2, 1)
    assert "1 item left out as revoked" in change.words
    (ended,) = [each for each in update.changes if each.collection == gone]
    assert "its provider revoked consent" in ended.why and ended.after == 0
    left = {item for listed_ in update.manifest.items.values() for item, _ in listed_}
    assert items[rough][0].id not in left and len(left) == 5
    assert update.derived == (items[clean][1].id,)
    new = model(developer, update.manifest)
    assert told(k, update.shares, True, new) == on_chain(k, new)
    blind = developer.models.updates.draft(old, listed)
    assert blind.derived == () and blind.manifest.root == update.manifest.root
    # A new collection comes without what was revoked in it, and so does one that ended.
    fresh = collection(artist, tmp_path)
    artist.data.revoke_item(k.data.openings.items(fresh)[0].commitment)
    more = developer.models.updates.draft(old, listed, series=[fresh])
    (change,) = [each for each in more.changes if each.collection == fresh]
    assert (change.state, change.after, change.revoked) == ("new", 2, 1)
    artist.data.revoke(rough)
    later = developer.models.updates.draft(old, listed, documents=documents)
    assert states(later)[rough] == "gone"
    assert later.derived == tuple(sorted(items[clean][n].id for n in (1, 2)))
    artist.data.revoke_item(beside.commitment)
    last = developer.models.updates.draft(old, listed, documents=documents)
    assert last.derived == tuple(sorted(each.id for each in items[clean]))
    artist.data.revoke_item(items[clean][1].commitment)
    less = developer.models.updates.draft(old, listed, documents=documents)
    assert less.derived == tuple(sorted(items[clean][n].id for n in (0, 2))), "of the draft's own"


def test_revoking_what_cannot_be_revoked_changes_nothing(
    k: LocalKiseki, artist: Kiseki, developer: Kiseki, tmp_path: Path
) -> None:
    lasting = Terms.of("train", royalty="20%", notice=IRREVOCABLE)
    there = collection(artist, tmp_path, 3, lasting)
    listed = items_of(k, there)
    old = model(developer, listed)
    artist.data.revoke_item(k.data.openings.items(there)[0].commitment)
    update = developer.models.updates.draft(old, listed)
    assert not update.is_due and update.manifest.root == listed.root


def test_a_standing_consents_new_collections_appear_by_themselves(
    k: LocalKiseki, developer: Kiseki, tmp_path: Path
) -> None:
    """Collection goes on, every week; nobody states a series."""
    first = weekly(k, tmp_path, 6)
    listed = items_of(k, first)
    old = model(developer, listed)
    second, strange = weekly(k, tmp_path, 6), weekly(k, tmp_path, 7)
    update = developer.models.updates.draft(old, listed)
    assert states(update) == {first: "kept", second: "new"}
    consent = k.index.collection(strange).standing
    assert consent is not None
    named = developer.models.updates.draft(old, listed, series=[consent])
    assert states(named) == {first: "kept", strange: "new"}
    only = developer.models.updates.draft(old, listed, series=[strange])
    assert states(only) == {first: "kept", strange: "new"}
    with pytest.raises(NotInIndex):
        developer.models.updates.draft(old, listed, series=[keccak256(b"nothing")])


def test_what_may_not_or_cannot_be_taken_is_named_and_left_out(
    k: LocalKiseki, artist: Kiseki, developer: Kiseki, stranger: Kiseki, tmp_path: Path
) -> None:
    first = collection(artist, tmp_path)
    listed = items_of(k, first)
    old = model(developer, listed)
    gated = collection(artist, tmp_path, 3, Terms.of("train", "1%", gate=k.data.gate.address))
    reserved = collection(artist, tmp_path, 3, Terms.of("reserved", "0%"))
    again = Terms.of("train", "2%")  # the same drawings under other terms have the same IDs
    twice = artist.data.register(min(tmp_path.glob("collection-*"), key=_made), again).id
    ended = collection(artist, tmp_path)
    artist.data.revoke(ended)
    there = {gated: "refused", reserved: "refused", twice: "nothing", ended: "gone"}
    update = developer.models.updates.draft(old, listed, series=[first, *there])
    assert states(update) == {first: "kept", **there}
    assert update.manifest.root == listed.root
    artist.data.gate.allow(gated, developer.address, Terms.of("train", "1%").uses)
    assert states(developer.models.updates.draft(old, listed, series=[gated]))[gated] == "new"


def test_items_that_nobody_here_can_find_are_not_made_up(
    k: LocalKiseki, artist: Kiseki, developer: Kiseki, tmp_path: Path
) -> None:
    from kiseki.vault.keystore import KeyStore

    first = collection(artist, tmp_path)
    listed = items_of(k, first)
    old = model(developer, listed)
    file = tmp_path / "hidden.png"
    file.write_bytes(b"hidden")
    hidden = artist.data.register(artist.data.prepare(file, TERMS), publish=False).id
    elsewhere = Kiseki(k.session, developer._wallet.signer, KeyStore())
    update = elsewhere.models.updates.draft(old, listed, series=[hidden])
    (change,) = [each for each in update.changes if each.collection == hidden]
    assert change.state == "unknown" and "0 can be found" in change.why
    assert hidden not in update.manifest.items
    here = developer.models.updates.draft(old, listed, series=[hidden])
    assert states(here)[hidden] == "new", "whose key store has the openings"


def test_what_could_not_be_registered_says_why(
    k: LocalKiseki, artist: Kiseki, developer: Kiseki, tmp_path: Path
) -> None:
    first = collection(artist, tmp_path)
    listed = items_of(k, first)
    old = model(developer, listed, terms=Terms.of("train", royalty="70%"))
    dear = collection(artist, tmp_path, 3, Terms.of("train", royalty="60%"))
    update = developer.models.updates.draft(old, listed, series=[dear])
    assert "more than everything" in update.problem and update.shares == ()
    cheaper = developer.models.updates.draft(old, listed, series=[dear], royalty="5%", weight=1)
    assert cheaper.problem == "" and sum(each.after for each in cheaper.shares) == 1
    artist.data.revoke(first)
    nothing = developer.models.updates.draft(old, listed)
    assert nothing.problem == "nothing is left that it could rest on"
    with pytest.raises(InvalidInput, match="not the manifest of"):
        developer.models.updates.draft(old, items_of(k, dear))
    with pytest.raises(NotInIndex):
        developer.models.updates.draft(keccak256(b"no model"), listed)


def test_a_base_model_that_may_no_longer_be_trained_on_is_named(
    k: LocalKiseki, artist: Kiseki, developer: Kiseki, tmp_path: Path
) -> None:
    ends = datetime.fromtimestamp(k.session.now() + 86_400, UTC)
    base = model(k, items_of(k, collection(k, tmp_path)),
                 terms=Terms.of("train", "1%", valid_until=ends))  # fmt: skip
    listed = items_of(k, collection(artist, tmp_path))
    old = model(developer, listed, [base])
    assert developer.models.updates.draft(old, listed).problem == ""
    k.wait(2 * 86_400)
    anew = developer.models.updates.draft(old, listed)
    assert f"the base model {to_hex(base)} may not be trained on" in anew.problem
    assert developer.models.updates.draft(old, listed, from_previous=True).problem == ""


def test_an_unregistered_base_stays_where_training_begins_anew(
    k: LocalKiseki, artist: Kiseki, developer: Kiseki, tmp_path: Path
) -> None:
    listed = items_of(k, collection(artist, tmp_path))
    unknown = ids.External(ZERO32, ZERO32)
    old = model(developer, listed, externals=[unknown])
    assert developer.models.updates.draft(old, listed).externals == (unknown,)
    tuned = developer.models.updates.draft(old, listed, from_previous=True)
    assert tuned.externals == () and tuned.parents == (old,) and not tuned.manifest.items
