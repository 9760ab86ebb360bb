"""Consent files: what is signed is what the words say, by any wallet, submitted in bulk (5, 8)."""

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz import targets
from tests.fuzz.almost import almost, unhurried

from kiseki import Kiseki, LocalKiseki, Split, Terms
from kiseki.chain.signing.accounts import local_account
from kiseki.chain.signing.signer import LocalSigner
from kiseki.client.data import consents
from kiseki.client.data.consents import Consent
from kiseki.core import ids
from kiseki.core.collection import Kept
from kiseki.core.keccak import keccak256
from kiseki.core.payee import Payee
from kiseki.core.values import ZERO32
from kiseki.errors import FilesError, InvalidInput, SigningError
from kiseki.vault import receipts
from kiseki.vault.keystore import KeyStore
from kiseki.vault.lists import Entry

ROOT = Path(__file__).resolve().parents[3]
ARTISTS = [local_account(n) for n in (6, 7, 8)]
NAMES = [each.address.lower() for each in ARTISTS]


def entries(count: int = 9) -> Iterator[Entry]:
    for n in range(count):
        yield Entry("", keccak256(b"%d" % n), b"", f"{n}.png", NAMES[n % 3])


@pytest.fixture
def terms(k: LocalKiseki) -> Terms:
    return k.data.define_terms("train", royalty="20%", floor="1%")


@pytest.fixture
def kept(k: LocalKiseki, terms: Terms) -> list[Kept]:
    """A collection of three items for each artist, who is its provider."""
    return k.data.prepare_all(entries(), terms, artists="providers")


@pytest.fixture
def paths(k: LocalKiseki, kept: list[Kept], tmp_path: Path) -> list[Path]:
    return k.data.consents.prepare(kept, tmp_path / "consents")


def problems(k: Kiseki, files: Any) -> dict[str, str]:
    return {each.path.name: each.problem for each in k.data.consents.submit(files)}


def sign_all(paths: list[Path]) -> None:
    for path, artist in zip(paths, ARTISTS, strict=True):
        consents.sign(path, LocalSigner(artist))


# What is in a file


def test_the_words_say_what_the_data_says(
    k: LocalKiseki, kept: list[Kept], paths: list[Path], terms: Terms
) -> None:
    document = json.loads(paths[0].read_text())
    assert {**document, "kiseki": 0} == {**consents.Consent.read(paths[0]).message, "kiseki": 0}
    words = " ".join(document["kiseki"]["words"])
    assert f"{ARTISTS[0].address} consents to registering 3 items" in words
    assert kept[0].id.hex() in words
    assert f"on chain {k.session.chain_id}" in words
    assert terms.words() in words
    assert f"{ARTISTS[0].address} is paid." in words
    japanese = "".join(document["kiseki"]["words_ja"])
    for part in (
        f"{ARTISTS[0].address}は、素材3点をコレクション0x{kept[0].id.hex()}として、",
        f"チェーン{k.session.chain_id}のコントラクト",
        terms.words("ja"),
        f"受取人は{ARTISTS[0].address}です。",
        "まで、誰でも提出できます。",
    ):
        assert part in japanese
    assert "until 26 " in words or "until " in words


@pytest.mark.parametrize(
    ("payee", "words"),
    [
        (Payee.of(NAMES[1]), f"Another is paid: the wallet {ARTISTS[1].address}."),
        (Payee.of(Split([(ids.wallet(NAMES[0]), 1), (ids.wallet(NAMES[1]), 1)])), "in the split"),
        (Payee.subject(NAMES[2], b"\x05" * 32), f"the contract {ARTISTS[2].address} names for"),
        (Payee(b"\x99" * 32, b"\x01" * 52), "in the split 0x9999"),
    ],
)
def test_who_is_paid_is_said(kept: list[Kept], payee: Payee, words: str) -> None:
    consent = Consent(replace(kept[0], payee=payee), 1, NAMES[0], 1, 2)
    assert any(words in each for each in consent.words())
    assert Consent.from_json(consent.to_json()) == consent


def test_cast_signs_the_file_as_it_is(
    k: LocalKiseki, kept: list[Kept], paths: list[Path], tmp_path: Path
) -> None:
    """The real `cast`; its signature is put beside the file."""
    for path, artist in zip(paths, ARTISTS, strict=True):
        command = ["wallet", "sign", "--private-key", "0x" + artist.key.hex().removeprefix("0x"),
                   "--data", "--from-file", str(path)]  # fmt: skip
        done = subprocess.run(
            [ROOT / ".tools" / "bin" / "cast", *command], capture_output=True, text=True, check=True
        )
        path.with_suffix(".sig").write_text(done.stdout)
    assert problems(k, tmp_path / "consents") == {path.name: "" for path in paths}
    assert all(k.index.collection(each.id).complete for each in kept)


def test_a_browser_wallet_takes_the_text_of_the_file(paths: list[Path]) -> None:
    """With the member that wallets do not know; another implementation computes the same digest."""
    document = json.loads(paths[0].read_text())
    message = encode_typed_data(full_message={name: document[name] for name in typed_members()})
    by_others = Account.sign_message(message, ARTISTS[0].key).signature
    assert by_others == consents.sign(paths[0], LocalSigner(ARTISTS[0])).signature


def typed_members() -> list[str]:
    return ["types", "primaryType", "domain", "message"]


# Signing


Change = Callable[[dict[str, Any]], None]


def change(*keys: Any, to: Any) -> Change:
    def act(document: dict[str, Any]) -> None:
        for key in keys[:-1]:
            document = document[key]
        document[keys[-1]] = to

    return act


@pytest.mark.parametrize(
    "act",
    [
        change("message", "terms", "royaltyBps", to=0),
        change("message", "payee", to="0x" + "00" * 12 + "11" * 20),
        change("message", "count", to="4"),
        change("message", "root", to="0x" + "11" * 32),
        change("message", "origin", to="0x" + "11" * 32),
        change("message", "deadline", to="99999999999"),
        change("message", "provider", to=NAMES[1]),
        change("domain", "chainId", to=1),
        change("domain", "verifyingContract", to=NAMES[1]),
        change("domain", "name", to="Another contract"),
        change("domain", "extra", to=1),
        change("types", "Consent", 0, "type", to="bytes32"),
        change("types", "Terms", 6, "type", to="uint256"),
        change("primaryType", to="Terms"),
        change("message", "terms", "aiTraining", to=1),
        change("message", "nonce", to=5),
        change("kiseki", "words", 1, to="Allows nothing."),
        change("kiseki", "words", to=[]),
        change("kiseki", "words_ja", 1, to="何も許諾しません。"),
        change("kiseki", "words_ja", to=None),
        change("kiseki", "collection", to="0x" + "11" * 32),
        change("kiseki", "format", to="kiseki-consent-v2"),
        change("kiseki", "more", to=1),
        change("more", to=1),
    ],
)
def test_nothing_is_signed_of_which_words_and_data_disagree(paths: list[Path], act: Change) -> None:
    document = json.loads(paths[0].read_text())
    act(document)
    changed = json.dumps(document)
    paths[0].write_text(changed)
    with pytest.raises(InvalidInput):
        consents.sign(paths[0], LocalSigner(ARTISTS[0]))
    assert paths[0].read_text() == changed


@unhurried
@given(data=st.data())
def test_any_file_is_understood_or_refused(data: st.DataObject) -> None:
    terms = Terms.of("train", royalty="20%")
    made = Kept(NAMES[0], terms, b"\x01" * 32, 3, Payee.of(NAMES[0]), ZERO32)
    document = json.loads(Consent(made, 1, NAMES[1], 5, 6, signature=b"\x07" * 65).to_json())
    targets.consent(data.draw(almost(document)))


def test_only_who_is_asked_signs_and_in_time(
    kept: list[Kept], paths: list[Path], tmp_path: Path
) -> None:
    with pytest.raises(InvalidInput, match="sign with the wallet that is named"):
        consents.sign(paths[0], LocalSigner(ARTISTS[1]))
    old = tmp_path / "old.json"
    old.write_text(Consent(kept[0], 1, NAMES[0], 1, 1_700_000_000).to_json())
    with pytest.raises(InvalidInput, match=r"expired on 2023-11-14.*ask for a new one"):
        consents.sign(old, LocalSigner(ARTISTS[0]))


def test_a_wallet_that_signs_as_somebody_else_is_found_out(paths: list[Path]) -> None:
    class Wrong(LocalSigner):
        def sign_typed(self, message: Any) -> bytes:
            return LocalSigner(ARTISTS[1]).sign_typed(message)

    before = paths[0].read_text()
    with pytest.raises(SigningError, match="signed as"):
        consents.sign(paths[0], Wrong(ARTISTS[0]))
    assert paths[0].read_text() == before


def test_a_receipt_is_checked_before_signing(
    k: LocalKiseki, kept: list[Kept], paths: list[Path], tmp_path: Path
) -> None:
    store = k.salts
    assert isinstance(store, KeyStore)
    receipts.write(store, kept[0].id, tmp_path / "mine", clear=True)
    receipts.write(store, kept[1].id, tmp_path / "other", clear=True)
    receipts.write(store, kept[0].id, tmp_path / "part", clear=True, only=["0.png"])
    signer = LocalSigner(ARTISTS[0])
    for name in ("other", "part"):
        with pytest.raises(InvalidInput, match="does not hold all"):
            consents.sign(paths[0], signer, receipt=receipts.read(tmp_path / name))
    mine = receipts.read(tmp_path / "mine")
    assert consents.sign(paths[0], signer, receipt=mine).signer == NAMES[0]


# Submitting


def test_what_is_signed_is_registered_and_what_is_not_is_told(
    k: LocalKiseki, kept: list[Kept], paths: list[Path], tmp_path: Path
) -> None:
    consents.sign(paths[0], LocalSigner(ARTISTS[0]))
    told = problems(k, tmp_path / "consents")
    assert told[paths[0].name] == ""
    assert told[paths[1].name] == f"it is not signed yet; send it to {NAMES[1]}"
    assert [each.kind for each in k.index.find(kept_commitment(k, kept[0]))] == ["collection"]
    sign_all(paths)
    before = sent(k)
    assert set(problems(k, tmp_path / "consents").values()) == {""}
    assert sent(k) == before + 2
    assert all(k.index.collection(each.id).complete for each in kept)
    assert set(problems(k, tmp_path / "consents").values()) == {""}
    assert sent(k) == before + 2


def sent(k: LocalKiseki) -> int:
    return int(k.session.w3.eth.get_transaction_count(k.address))  # type: ignore[arg-type]


def kept_commitment(k: LocalKiseki, kept: Kept) -> bytes:
    (found,) = k.salts.slices(kept.id)
    return found.commitment_list[0]


def test_whatever_is_wrong_with_a_file_stops_no_other(
    k: LocalKiseki, kept: list[Kept], paths: list[Path], tmp_path: Path
) -> None:
    sign_all(paths)
    good = consents.Consent.read(paths[0])
    folder = tmp_path / "consents"
    signature = good.signature or b""

    def put(name: str, consent: Consent) -> None:
        (folder / f"{name}.json").write_text(consent.to_json())

    other = replace(good, kept=replace(good.kept, count=4))
    put("a-chain", replace(good, chain_id=1))
    put("b-late", replace(good, deadline=1_700_000_000))
    put("c-wrong", replace(good, signature=signature[:40] + b"\x00" + signature[41:]))
    put("d-short", replace(good, signature=b"\x01"))
    put("e-forged", replace(other, signature=signature))
    put("z-again", good)
    (folder / "f-broken.json").write_text("{")
    (folder / "g-unsigned.json").write_text(replace(good, signature=None).to_json())
    (folder / "g-unsigned.sig").write_text("not a signature")
    told = problems(k, folder)
    expected = {
        "a-chain": "prepare it for this one", "b-late": "it expired on 2023-11-14",
        "c-wrong": "and not by", "d-short": "signed by nobody and not by",
        "e-forged": "and not by", "f-broken": "nests deeper", "g-unsigned": "must be a string of",
        "z-again": "delete one",
    }  # fmt: skip
    for name, why in expected.items():
        assert why in told[f"{name}.json"], (name, told)
    for path in paths:
        assert told[path.name] == ""
    assert all(k.index.collection(each.id).complete for each in kept)


def test_what_the_contract_refuses_is_told_by_name(
    k: LocalKiseki, kept: list[Kept], paths: list[Path], tmp_path: Path
) -> None:
    sign_all(paths)
    nonce = consents.Consent.read(paths[1]).nonce
    k.wallet(7).data.wallet.send(k.session["DataRegistry"].call("cancelNonce", nonce))
    told = problems(k, tmp_path / "consents")
    assert "used or cancelled" in told[paths[1].name]
    assert sorted(told.values())[:2] == ["", ""]


def test_without_the_key_store_only_the_root_can_be_registered(
    k: LocalKiseki, kept: list[Kept], paths: list[Path], tmp_path: Path
) -> None:
    sign_all(paths)
    bare = Kiseki(k.session, local_account(0), KeyStore())
    told = problems(bare, tmp_path / "consents")
    assert all("not in this key store" in each for each in told.values())
    results = list(bare.data.consents.submit(tmp_path / "consents", publish=False))
    assert [each.problem for each in results] == [""] * 3
    assert [k.index.collection(each.id).count for each in kept] == [3] * 3


def test_prepared_again_a_file_that_is_on_its_way_is_left(
    k: LocalKiseki, kept: list[Kept], paths: list[Path], tmp_path: Path
) -> None:
    sign_all(paths)
    before = [path.read_bytes() for path in paths]
    assert k.data.consents.prepare(kept, tmp_path / "consents") == paths
    assert [path.read_bytes() for path in paths] == before
    dearer = [replace(each, origin=b"\x01" * 32) for each in kept]
    k.data.consents.prepare(dearer, tmp_path / "consents")
    assert not {path.read_bytes() for path in paths} & set(before)
    assert all(consents.Consent.read(path).signature is None for path in paths)
    aside = [path.with_name(path.name + ".before").read_bytes() for path in paths]
    assert aside == before, "nothing that was signed is lost"
    second = [path.read_bytes() for path in paths]
    k.data.consents.prepare(kept, tmp_path / "consents")
    aside = [path.with_name(path.name + ".before").read_bytes() for path in paths]
    assert aside == before, "nor by what is moved aside after it"
    assert [path.with_name(path.name + ".before2").read_bytes() for path in paths] == second


@pytest.mark.parametrize("days", [0, -30])
def test_what_could_never_be_submitted_is_not_prepared(
    k: LocalKiseki, kept: list[Kept], tmp_path: Path, days: int
) -> None:
    with pytest.raises(InvalidInput, match="the number of days"):
        k.data.consents.prepare(kept, tmp_path / "late", days=days)
    with pytest.raises(InvalidInput, match="the number of days"):
        k.data.prepare_revocation(kept[0].id, days)


def test_a_signature_whose_last_byte_counts_from_zero(
    k: LocalKiseki, paths: list[Path], tmp_path: Path
) -> None:
    signed = LocalSigner(ARTISTS[0]).sign_typed(consents.Consent.read(paths[0]).message)
    other = signed[:64] + bytes([signed[64] - 27])
    paths[0].with_suffix(".sig").write_text(f"0x{other.hex()}\n")
    assert problems(k, [paths[0]]) == {paths[0].name: ""}


def test_no_files(k: LocalKiseki, tmp_path: Path) -> None:
    with pytest.raises(FilesError, match="no consent files"):
        list(k.data.consents.submit(tmp_path))
    (told,) = k.data.consents.submit(tmp_path / "nowhere.json")
    assert "cannot be read" in told.problem
    assert list(tmp_path.iterdir()) == []
