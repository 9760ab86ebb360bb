"""Salts that are gone are noticed before the same files are registered again (promise 1)."""

from pathlib import Path

import pytest

from kiseki import Kiseki, LocalKiseki, Manifest, Terms
from kiseki.client.data import standing
from kiseki.core.values import to_hex
from kiseki.errors import InvalidInput, SaltsMissing, SecretsError
from kiseki.vault import receipts
from kiseki.vault.keystore import KeyStore

from ..conftest import Folder

FILES = {"1.svg": b"one", "2.svg": b"two"}


def with_store(k: Kiseki, path: Path) -> Kiseki:
    """The same wallet with another key store."""
    return Kiseki(k.session, k._wallet.signer, KeyStore(path))


def test_no_salt_is_made_while_earlier_registrations_cannot_be_opened(
    k: LocalKiseki, folder: Folder, tmp_path: Path, terms: Terms
) -> None:
    art = folder("art", FILES)
    first = with_store(k, tmp_path / "keys")
    done = first.data.register(art, terms)
    typo = with_store(k, tmp_path / "kesy")
    for work in (
        lambda: typo.data.prepare(art, terms),
        lambda: typo.data.prepare_all(art, terms),
        lambda: typo.data.register(art, terms),
    ):
        with pytest.raises(SaltsMissing, match=to_hex(done.id)) as told:
            work()
        assert told.value.registrations == (done.id,)
        for words in ("2 items", "kesy", "--secrets", "keys restore", "--as-new"):
            assert words in str(told.value)
    assert KeyStore(tmp_path / "kesy").count() == 0, "or a backup would come second"
    assert [each.id for each in typo.data.openings.lacking()] == [done.id]
    # Whoever knows better says so once.
    typo.data.openings.give_up([done.id])
    assert typo.data.openings.lacking() == []
    assert typo.data.register(art, terms).id != done.id
    assert typo.data.register(folder("more", {"3.svg": b"three"}), terms).receipts


def test_who_has_their_salts_is_asked_nothing(
    k: LocalKiseki, folder: Folder, tmp_path: Path, terms: Terms
) -> None:
    """New files, new chains and old salts are no reason to ask."""
    store = with_store(k, tmp_path / "keys")
    store.data.register(folder("art", FILES), terms)
    store.data.register(folder("new", {"3.svg": b"three"}), terms)
    (tmp_path / "backup").unlink(missing_ok=True)
    KeyStore(tmp_path / "keys").backup(tmp_path / "backup", clear=True)
    other = with_store(k, tmp_path / "other")
    KeyStore(tmp_path / "other").restore(tmp_path / "backup")
    assert other.data.register(tmp_path / "art", terms).receipts == ()
    # What somebody else registered is nothing that this store could lack.
    assert with_store(k.wallet(5), tmp_path / "fifth").data.prepare(tmp_path / "art", terms)


def test_a_receipt_gives_the_provider_their_ids_back(
    k: LocalKiseki, folder: Folder, tmp_path: Path, terms: Terms
) -> None:
    """The salts that a receipt holds are those with which the provider registers again."""
    art = folder("art", FILES)
    first = with_store(k, tmp_path / "keys")
    done = first.data.register(art, terms)
    receipts.write(KeyStore(tmp_path / "keys"), done.id, tmp_path / "receipt", clear=True)
    second = with_store(k, tmp_path / "second")
    receipt = receipts.read(tmp_path / "receipt")
    assert second.data.openings.receive(receipt) == 2
    assert second.data.openings.receive(receipt) == 0
    again = second.data.register(art, terms)
    assert (again.id, again.receipts) == (done.id, ())


def test_a_part_of_a_receipt_is_a_part(
    k: LocalKiseki, folder: Folder, tmp_path: Path, terms: Terms
) -> None:
    art = folder("art", FILES)
    done = with_store(k, tmp_path / "keys").data.register(art, terms)
    store = KeyStore(tmp_path / "keys")
    receipts.write(store, done.id, tmp_path / "part", only=["1.svg"], clear=True)
    second = with_store(k, tmp_path / "second")
    second.data.openings.receive(receipts.read(tmp_path / "part"))
    with pytest.raises(SaltsMissing):
        second.data.prepare(art, terms)
    known, unknown = second.data.openings.find(art)
    assert ([each.collection and each.collection.id for each in known.places]) == [done.id]
    assert unknown.places == ()


def test_salts_of_artists_are_asked_for_where_this_wallet_registered(
    k: LocalKiseki, folder: Folder, tmp_path: Path, terms: Terms
) -> None:
    """Standing consents and consent files: the studio keeps the salts of its artists."""
    art, alice = folder("art", FILES), k.wallet(1)
    path = k.data.standing.prepare(alice.address, terms, tmp_path / "alice.json", per_month=5)
    standing.sign(path, alice._wallet.signer)
    consent = standing.StandingConsent.read(path)
    studio = with_store(k, tmp_path / "keys")
    kept = studio.data.standing.collect(consent, art)
    (done,) = studio.data.standing.register(consent, kept)
    assert done.error is None
    lost = with_store(k, tmp_path / "lost")
    with pytest.raises(SaltsMissing, match=alice.address):
        lost.data.standing.collect(consent, art)
    with pytest.raises(SaltsMissing):
        lost.data.prepare(art, terms, provider=alice.address)
    # Another studio never had them; the artist is told.
    other = with_store(k.wallet(6), tmp_path / "other")
    assert other.data.prepare(art, terms, provider=alice.address)
    with pytest.raises(SaltsMissing):
        with_store(alice, tmp_path / "alice").data.prepare(art, terms)


def test_no_artist_gets_a_second_identity_where_salts_are_gone(
    k: LocalKiseki, folder: Folder, tmp_path: Path, terms: Terms
) -> None:
    """Promise 4: money was sent to another identity of the same artist, without a word."""
    studio = with_store(k, tmp_path / "keys")
    person = studio.identities.person("staff 12")
    studio.data.register(folder("art", FILES), terms, payee=studio.identities.payee(person))
    assert studio.identities.person("staff 12") == person
    with pytest.raises(SaltsMissing) as told:
        with_store(k, tmp_path / "lost").identities.person("staff 12")
    lost = with_store(k, tmp_path / "lost")
    lost.data.openings.give_up(told.value.registrations)
    assert lost.identities.person("staff 12") != person


def test_a_private_model_is_not_hidden_twice(
    k: LocalKiseki, folder: Folder, tmp_path: Path, terms: Terms
) -> None:
    art = k.data.prepare(folder("art", FILES), terms)
    k.data.register(art)
    manifest = Manifest({art.id: [(each.id, 1) for each in art.items]})
    weights = folder("model", {"model.bin": b"weights"}) / "model.bin"
    developer = with_store(k.wallet(2), tmp_path / "keys")
    opened = developer.models.weights(weights)
    assert developer.models.register(opened, terms, manifest=manifest).receipts
    private = developer.models.weights(weights, private=True)
    done = developer.models.register(private, terms, manifest=manifest)
    assert developer.models.weights(weights, private=True) == private
    lost = with_store(k.wallet(2), tmp_path / "lost")
    assert lost.models.weights(weights) == opened, "which needs no salt"
    with pytest.raises(SaltsMissing, match=to_hex(done.id)) as told:
        lost.models.weights(weights, private=True)
    lost.data.openings.give_up(told.value.registrations)
    assert lost.models.weights(weights, private=True) != private


def test_the_same_files_under_other_terms_are_told_what_still_stands(
    k: LocalKiseki, folder: Folder, terms: Terms
) -> None:
    """Promise 2: registering again ends nothing; after a revocation there is nothing to tell."""
    art = folder("art", FILES)
    first = k.data.register(art, terms)
    second = k.data.prepare(art, Terms.of("reserved", "0%"))
    (look,) = k.data.look([second])
    (told,) = look.overlaps
    assert (told.other.id, told.items, told.same_terms) == (first.id, 2, False)
    assert "both pay the same" in told.words
    assert "chooses under which terms" in told.words
    assert f"still stand: {terms.words()}" in told.words
    assert "kiseki data revoke" in told.words
    k.data.revoke(first.id)
    ((told,),) = (each.overlaps for each in k.data.look([second]))
    assert "still stand until" in told.words
    k.wait(31 * 86_400)
    assert k.data.look([second])[0].overlaps == ()


def test_what_was_received_is_in_a_backup(
    k: LocalKiseki, folder: Folder, tmp_path: Path, terms: Terms
) -> None:
    """Invariant 8: a store that is restored finds what the first one found."""
    art = folder("art", FILES)
    done = with_store(k, tmp_path / "keys").data.register(art, terms)
    receipts.write(KeyStore(tmp_path / "keys"), done.id, tmp_path / "receipt", clear=True)
    developer = with_store(k.wallet(2), tmp_path / "theirs")
    developer.data.openings.receive(receipts.read(tmp_path / "receipt"))
    KeyStore(tmp_path / "theirs").backup(tmp_path / "backup", clear=True)
    restored = with_store(k.wallet(2), tmp_path / "restored")
    KeyStore(tmp_path / "restored").restore(tmp_path / "backup")
    assert restored.data.openings.find(art) == developer.data.openings.find(art)
    assert all(each.registered for each in restored.data.openings.find(art))


def test_a_receipt_of_nothing_on_the_chain_is_not_taken_in(
    k: LocalKiseki, folder: Folder, tmp_path: Path, terms: Terms
) -> None:
    studio = with_store(k, tmp_path / "keys")
    prepared = studio.data.prepare(folder("art", FILES), terms)
    receipts.write(KeyStore(tmp_path / "keys"), prepared.id, tmp_path / "receipt", clear=True)
    other = with_store(k.wallet(2), tmp_path / "other")
    with pytest.raises(InvalidInput, match="is not registered on chain"):
        other.data.openings.receive(receipts.read(tmp_path / "receipt"))
    with pytest.raises(SecretsError, match="not in this key store"):
        receipts.write(KeyStore(tmp_path / "other"), prepared.id, tmp_path / "no", clear=True)
