"""Series: successive collections, by the word of who speaks for them, whatever others say."""

from itertools import count
from pathlib import Path

import pytest

from kiseki import Kiseki, LocalKiseki, Terms
from kiseki.chain.signing.accounts import local_account
from kiseki.chain.signing.signer import LocalSigner
from kiseki.client.data import standing
from kiseki.core.keccak import keccak256
from kiseki.core.series import Instalment
from kiseki.core.values import to_hex
from kiseki.errors import InvalidInput, NotInIndex

TERMS = Terms.of("train", royalty="20%")
_NUMBERS = count()


def collection(k: Kiseki, place: Path) -> bytes:
    """A new one of this wallet's."""
    file = place / f"{next(_NUMBERS)}.png"
    file.write_bytes(file.name.encode())
    return k.data.register(file, TERMS).id


def weekly(k: Kiseki, place: Path, account: int) -> bytes:
    """A new one of an artist's, registered by this wallet under a standing consent."""
    who, path = local_account(account), place / f"consent-{account}.json"
    if not path.exists():
        k.data.standing.prepare(who.address, TERMS, path, per_month=9)
        standing.sign(path, LocalSigner(who))
    consent = standing.StandingConsent.read(path)
    file = place / f"{next(_NUMBERS)}.png"
    file.write_bytes(file.name.encode())
    kept = k.data.standing.collect(consent, file)
    (done,) = k.data.standing.register(consent, kept)
    return done.id


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    return tmp_path / "documents"


def serial(k: Kiseki, place: Path, documents: Path, length: int) -> list[bytes]:
    found = [collection(k, place)]
    k.data.series.state(k.data.series.begin(found[0], documents, name="Foxes"), documents)
    for _ in range(length - 1):
        found.append(collection(k, place))
        k.data.series.state(k.data.series.add(found[-1], found[0], documents), documents)
    return found


def test_a_series_is_found_from_each_of_its_collections_and_run_again_sends_nothing(
    k: LocalKiseki, tmp_path: Path, documents: Path
) -> None:
    """Promise 2; invariant 8: the same document again is the same hash."""
    made = serial(k, tmp_path, documents, 3)
    other = collection(k, tmp_path)
    k.data.series.state(k.data.series.begin(other, documents), documents)
    for each in made:
        (found,) = k.data.series.of(each, documents)
        assert found.collections == tuple(made) and found.name == "Foxes"
        assert found.speaker == k.address.lower() and found.not_followed == ()
        assert [(e.number, e.role) for e in found.members] == [
            (n, "provider") for n in (1, 2, 3)
        ]  # fmt: skip
        assert found.unread == 0
    again = k.data.series.begin(made[0], documents, name="Foxes")
    assert k.data.series.state(again, documents) == ()
    assert k.data.series.state(k.data.series.add(made[1], made[0], documents), documents) == ()
    with pytest.raises(InvalidInput, match="begins a series 'Foxes' already, with the number 1"):
        k.data.series.begin(made[0], documents, name="Cats")
    with pytest.raises(InvalidInput, match="already, with the number 2"):
        k.data.series.begin(made[1], documents)
    for again_ in (other, made[0]):
        with pytest.raises(InvalidInput, match="already, with the number 1"):
            k.data.series.add(again_, made[0], documents)
    assert k.data.series.of(collection(k, tmp_path), documents) == []
    with pytest.raises(NotInIndex):
        k.data.series.of(keccak256(b"nothing"), documents)


def test_the_name_cannot_be_guessed_by_the_hash(
    k: LocalKiseki, tmp_path: Path, documents: Path
) -> None:
    """Invariant 7: a title that nobody announced yet is content."""
    one, two = collection(k, tmp_path), collection(k, tmp_path)
    first = k.data.series.begin(one, documents, name="Foxes")
    assert first.salt != k.data.series.begin(two, documents, name="Foxes").salt
    assert first.hash != k.data.series.begin(one, documents, name="Foxes").hash
    k.data.series.state(first, documents)
    assert k.data.series.begin(one, documents, name="Foxes") == first, "once it is said, it stays"


def test_a_stranger_neither_continues_nor_forks_a_series(
    k: LocalKiseki, stranger: Kiseki, tmp_path: Path, documents: Path
) -> None:
    made = serial(k, tmp_path, documents, 2)
    (before,) = k.data.series.of(made[0], documents)
    theirs = collection(stranger, tmp_path)
    after = before.last.next(theirs)
    stranger.data.series.state(after, documents)  # their own collection, so they may say so
    (found,) = k.data.series.of(made[0], documents)
    assert found.collections == tuple(made) and found.not_followed == ()
    (alone,) = k.data.series.of(theirs, documents)
    assert alone.collections == (theirs,) and "says nothing" in alone.not_followed[0].words
    with pytest.raises(InvalidInput, match="no series of this wallet"):
        stranger.data.series.add(theirs, made[0], documents)
    forged = Instalment(made[0], None, 1, "Cats", keccak256(b"salt"))
    with pytest.raises(InvalidInput, match="does not speak for the collection"):
        stranger.data.series.state(forged, documents)
    (documents / f"{to_hex(forged.hash)}.json").write_text(forged.to_json())
    assert k.data.series.strangers(made[0]) == []
    stranger.statements.state("collection", to_hex(made[0]), "series", forged.hash)
    assert k.data.series.strangers(made[0]) == [stranger.address.lower()]
    (same,) = k.data.series.of(made[0], documents)
    assert same.name == "Foxes" and same.collections == tuple(made)


def test_forks_gaps_and_false_documents_are_told_and_not_followed(
    k: LocalKiseki, stranger: Kiseki, tmp_path: Path, documents: Path
) -> None:
    made = serial(k, tmp_path, documents, 3)
    (whole,) = k.data.series.of(made[0], documents)
    second = next(e for e in documents.iterdir() if to_hex(made[0]) in e.read_text()
                  and '"number":2' in e.read_text())  # fmt: skip
    kept = second.read_text()
    second.unlink()
    (gap,) = k.data.series.of(made[2], documents)
    assert gap.collections == (made[2],) and gap.unread == 1
    second.write_text(kept.replace('"number":2', '"number":1'))
    assert k.data.series.of(made[1], documents) == []
    second.write_text(kept)
    rival = collection(k, tmp_path)
    fork = Instalment.from_json(kept)
    fork = Instalment(rival, fork.before, fork.number, fork.name, fork.salt)
    k.data.series.state(fork, documents)
    (forked,) = k.data.series.of(made[0], documents)
    assert forked.collections == (made[0],) and "none is followed" in forked.not_followed[0].words
    mended = whole.last.next(rival)
    k.data.series.state(mended, documents)  # the last word counts
    (right,) = k.data.series.of(made[0], documents)
    assert right.collections == (*made, rival) and right.not_followed == ()
    (back,) = k.data.series.state(fork, documents)
    assert back.gas, "an earlier word is said again where it shall be the last one"
    k.data.series.state(mended, documents)
    # A statement about one collection with the document of another, and one for a stranger's.
    k.statements.state("collection", to_hex(collection(k, tmp_path)), "series", mended.hash)
    theirs = mended.next(collection(stranger, tmp_path))
    (documents / f"{to_hex(theirs.hash)}.json").write_text(theirs.to_json())
    k.statements.state("collection", to_hex(theirs.collection), "series", theirs.hash)
    (odd,) = k.data.series.of(made[0], documents)
    assert odd.collections == right.collections
    assert {(each.kind, each.collection) for each in odd.not_followed} == {
        ("elsewhere", rival), ("foreign", theirs.collection),
    }  # fmt: skip
    assert any("does not speak for it" in each.words for each in odd.not_followed)
    assert any("about something else names" in each.words for each in odd.not_followed)


def test_a_collector_leads_a_series_over_several_artists(
    k: LocalKiseki, tmp_path: Path, documents: Path
) -> None:
    """Each artist signed one standing consent; the studio says what follows on what."""
    made = [weekly(k, tmp_path, 6), weekly(k, tmp_path, 7), collection(k, tmp_path)]
    k.data.series.state(k.data.series.begin(made[0], documents), documents)
    for each in made[1:]:
        k.data.series.state(k.data.series.add(each, made[0], documents), documents)
    (found,) = k.data.series.of(made[2], documents)
    assert found.collections == tuple(made) and found.speaker == k.address.lower()
    assert [each.role for each in found.members] == ["collector", "collector", "provider"]
    assert [each.provider for each in found.members] == [
        *(local_account(n).address.lower() for n in (6, 7)), k.address.lower(),
    ]  # fmt: skip
    assert set(k.index.under(k.index.collection(made[0]).standing or b"")) == {made[0]}


def test_a_signed_word_counts_as_a_sent_one(
    k: LocalKiseki, artist: Kiseki, stranger: Kiseki, tmp_path: Path, documents: Path
) -> None:
    """A provider without ether signs, and anybody sends it."""
    one = collection(artist, tmp_path)
    first = artist.data.series.begin(one, documents, name="Foxes")
    signed = artist.signed(artist.data.series.prepare(first, documents))
    stranger.statements.submit(signed)
    (found,) = k.data.series.of(one, documents)
    assert found.speaker == artist.address.lower() and found.name == "Foxes"


def test_an_instalment_costs_the_same_however_long_the_series_is(
    k: LocalKiseki, tmp_path: Path, documents: Path
) -> None:
    """One statement each."""
    made = serial(k, tmp_path, documents, 2)
    gas = []
    for _ in range(3):
        made.append(collection(k, tmp_path))
        (sent,) = k.data.series.state(k.data.series.add(made[-1], made[0], documents), documents)
        gas.append(sent.gas)
    assert max(gas) - min(gas) < 100, gas
