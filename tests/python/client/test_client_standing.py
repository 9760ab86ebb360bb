"""Standing consents: one signature of the artist's, a collection of the studio's every week."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kiseki import Kiseki, LocalKiseki, Terms
from kiseki.chain.signing.accounts import local_account
from kiseki.chain.signing.signer import LocalSigner
from kiseki.client import cancellations
from kiseki.client.data import standing
from kiseki.client.data.registering import Totals
from kiseki.client.data.standing import MONTH, StandingConsent
from kiseki.client.kiseki import Kiseki as AnyKiseki
from kiseki.core import ids
from kiseki.errors import FilesError, InvalidInput, SigningError

ROOT = Path(__file__).resolve().parents[3]
ARTIST = local_account(6)
WHO = ARTIST.address.lower()


@pytest.fixture
def terms(k: LocalKiseki) -> Terms:
    return Terms.of("train", royalty="20%")


@pytest.fixture
def path(k: LocalKiseki, terms: Terms, tmp_path: Path) -> Path:
    """Two collections a month, for two months; not signed yet."""
    return k.data.standing.prepare(WHO, terms, tmp_path / "alice.json", per_month=2, months=2)


@pytest.fixture
def consent(path: Path) -> StandingConsent:
    return standing.sign(path, LocalSigner(ARTIST))


def week(folder: Path, number: int) -> Path:
    place = folder / f"week-{number}"
    place.mkdir()
    for each in range(3):
        (place / f"{each}.png").write_bytes(b"%d %d" % (number, each))
    return place


def collect(k: AnyKiseki, consent: StandingConsent, place: Path) -> Totals:
    kept = k.data.standing.collect(consent, place)
    return Totals.of(k.data.standing.register(consent, kept))


def later(k: LocalKiseki, seconds: int) -> None:
    k.session.node.one("evm_increaseTime", seconds)
    k.session.node.one("evm_mine")


# What is in a file


def test_the_words_say_what_the_data_says(
    k: LocalKiseki, path: Path, consent: StandingConsent, terms: Terms
) -> None:
    document = json.loads(path.read_text())
    assert {**document, "kiseki": 0} == {**consent.message, "kiseki": 0}
    words = " ".join(document["kiseki"]["words"])
    for part in (
        f"{ARTIST.address} consents to {k.address} registering up to 2 collections a month",
        f"on chain {k.session.chain_id}", terms.words(), f"{ARTIST.address} is paid.",
        "Nobody asks the provider again", "counted back from the end", str(consent.nonce),
    ):  # fmt: skip
        assert part in words
    assert StandingConsent.from_json(consent.to_json()) == consent


@pytest.mark.parametrize(
    ("member", "value"),
    [("perMonth", 200), ("until", "9999999999"), ("collector", WHO), ("payee", "0x" + "11" * 32)],
)
def test_who_bends_the_data_does_not_get_it_signed(path: Path, member: str, value: Any) -> None:
    """Nothing is consented to before it was shown in words."""
    document = json.loads(path.read_text())
    document["message"][member] = value
    path.write_text(json.dumps(document))
    with pytest.raises(InvalidInput, match="do not sign it"):
        standing.sign(path, LocalSigner(ARTIST))


def test_cast_signs_the_file_as_it_is(k: LocalKiseki, path: Path, tmp_path: Path) -> None:
    key = "0x" + ARTIST.key.hex().removeprefix("0x")
    done = subprocess.run(
        [ROOT / ".tools/bin/cast", "wallet", "sign", "--private-key", key, "--data",
         "--from-file", str(path)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    path.with_suffix(".sig").write_text(done.stdout)
    assert collect(k, standing.StandingConsent.read(path), week(tmp_path, 1)).sent == 1


def test_only_the_provider_signs(path: Path) -> None:
    with pytest.raises(InvalidInput, match="sign with the wallet that is named"):
        standing.sign(path, LocalSigner(local_account(5)))


def test_what_can_never_be_used_is_not_prepared(
    k: LocalKiseki, terms: Terms, path: Path, tmp_path: Path
) -> None:
    there = k.data.standing.prepare(WHO, terms, path, per_month=2, months=2)
    assert there == path  # the same stays
    with pytest.raises(InvalidInput, match="another standing consent"):
        k.data.standing.prepare(WHO, terms, path, per_month=3, months=2)
    with pytest.raises(InvalidInput, match="nobody's consent"):
        k.data.standing.prepare(k.address, terms, tmp_path / "me.json", per_month=1)
    with pytest.raises(InvalidInput, match="number of collections"):
        k.data.standing.prepare(WHO, terms, tmp_path / "none.json", per_month=0)
    short = replace(terms, valid_until=k.session.now() + MONTH)
    with pytest.raises(InvalidInput, match="before the consent does"):
        k.data.standing.prepare(WHO, short, tmp_path / "short.json", per_month=1)


# Using it


def test_the_studio_registers_as_if_the_artist_had_signed_each_time(
    k: LocalKiseki, consent: StandingConsent, tmp_path: Path
) -> None:
    kept = k.data.standing.collect(consent, week(tmp_path, 1))
    assert k.data.standing.left(consent).count == 2
    totals = Totals.of(k.data.standing.register(consent, kept))
    assert (totals.sent, totals.failed) == (1, ())
    found = k.index.collection(kept[0].id)
    assert (found.provider, found.payee, found.complete) == (WHO, ids.wallet(WHO), True)
    assert found.standing == consent.id
    (known,) = k.index.standing(WHO)
    assert (known.id, known.collector, known.nonce, known.collections, known.ended_at) == (
        consent.id, k.address.lower(), consent.nonce, (kept[0].id,), None,
    )  # fmt: skip
    # Run again it sends nothing and counts nothing.
    assert Totals.of(k.data.standing.register(consent, kept)).there == 1
    assert k.data.standing.left(consent).count == 1


def test_its_gas_is_known_beforehand(
    k: LocalKiseki, consent: StandingConsent, tmp_path: Path
) -> None:
    for number in (1, 2):
        kept = k.data.standing.collect(consent, week(tmp_path, number))
        *_, done = k.data.standing.register(consent, kept)
        assert done.error is None
        for each in done.receipts[-1:]:
            sent = k.session.w3.eth.get_transaction(each.transaction)  # type: ignore[arg-type]
            assert each.gas <= sent["gas"] <= 1.6 * each.gas


def test_more_than_are_left_is_refused_before_anything_is_sent(
    k: LocalKiseki, consent: StandingConsent, tmp_path: Path
) -> None:
    for number in (1, 2):
        collect(k, consent, week(tmp_path, number))
    kept = k.data.standing.collect(consent, week(tmp_path, 3))
    nonce = k.session.w3.eth.get_transaction_count(k.address)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match=r"0 more collections can .* Nothing was sent"):
        k.data.standing.register(consent, kept)
    assert k.session.w3.eth.get_transaction_count(k.address) == nonce  # type: ignore[arg-type]
    left = k.data.standing.left(consent)
    later(k, left.month_ends + 1 - k.session.now())
    assert k.data.standing.left(consent).count == 2
    assert Totals.of(k.data.standing.register(consent, kept)).sent == 1


def test_a_collector_that_is_another_is_told(
    k: LocalKiseki, stranger: Kiseki, consent: StandingConsent, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInput, match="for the collector"):
        collect(stranger, consent, week(tmp_path, 1))


def test_what_is_not_signed_or_by_another_is_told(
    k: LocalKiseki, path: Path, consent: StandingConsent, tmp_path: Path
) -> None:
    place = week(tmp_path, 1)
    with pytest.raises(InvalidInput, match="not signed yet"):
        collect(k, replace(consent, signature=None), place)
    other = LocalSigner(local_account(5)).sign_typed(consent.message)
    with pytest.raises(InvalidInput, match="let them sign it"):
        collect(k, replace(consent, signature=other), place)
    with pytest.raises(InvalidInput, match="is for chain 1 "):
        collect(k, replace(consent, chain_id=1), place)


def test_a_list_of_another_artist_is_not_taken(
    k: LocalKiseki, consent: StandingConsent, tmp_path: Path
) -> None:
    listed = tmp_path / "list.csv"
    listed.write_text(f"sha256,artist\n{'11' * 32},{local_account(5).address}\n")
    with pytest.raises(InvalidInput, match="a list of its own"):
        k.data.standing.collect(consent, listed)
    listed.write_text(f"sha256,artist\n{'11' * 32},{ARTIST.address}\n{'22' * 32},\n")
    (kept,) = k.data.standing.collect(consent, listed)
    assert (kept.provider, kept.count) == (WHO, 2)


# Ending it


def test_the_artist_ends_it_at_once(
    k: LocalKiseki, consent: StandingConsent, tmp_path: Path
) -> None:
    collect(k, consent, week(tmp_path, 1))
    artist = k.wallet(6)
    artist.data.standing.end(consent.nonce)
    with pytest.raises(InvalidInput, match="ended it"):
        collect(k, consent, week(tmp_path, 2))
    assert k.data.standing.left(consent).sentence == "The provider ended it."
    (known,) = k.index.standing(WHO)
    assert known.ended_at is not None


def test_an_artist_without_ether_ends_it_by_signature(
    k: LocalKiseki, stranger: Kiseki, consent: StandingConsent, tmp_path: Path
) -> None:
    artist = k.wallet(6)
    made = artist.cancellations.prepare(consent.nonce)
    assert str(consent.nonce) in cancellations.LETTER.words(made)
    file = tmp_path / "ending.json"
    cancellations.LETTER.write(file, artist.signed(made))
    with pytest.raises(FilesError):
        cancellations.LETTER.write(file, made)
    stranger.cancellations.submit(cancellations.LETTER.read(file))
    with pytest.raises(InvalidInput, match="ended it"):
        collect(k, consent, week(tmp_path, 1))
    stranger.cancellations.submit(cancellations.LETTER.read(file))  # again: nothing


def test_a_bent_ending_is_not_sent(k: LocalKiseki, tmp_path: Path) -> None:
    artist, file = k.wallet(6), tmp_path / "ending.json"
    made = artist.signed(artist.cancellations.prepare(5))
    cancellations.LETTER.write(file, made)
    right = file.read_text()
    document = json.loads(right)
    document["message"]["cancelled"] = "6"
    file.write_text(json.dumps(document))
    with pytest.raises(SigningError):
        cancellations.LETTER.read(file)
    document = json.loads(right)
    document["kiseki"]["signature"] = "0x" + "11" * 64 + "1b"
    file.write_text(json.dumps(document))
    with pytest.raises(SigningError):
        cancellations.LETTER.read(file)


def test_it_expires(k: LocalKiseki, consent: StandingConsent, tmp_path: Path) -> None:
    later(k, consent.until + 1 - k.session.now())
    with pytest.raises(InvalidInput, match="it expired on"):
        collect(k, consent, week(tmp_path, 1))
