"""Receipts: an artist checks them and finds their drawings with nobody's help (1, 6, 7)."""

import hashlib
import json
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyrage
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz import targets
from tests.fuzz.almost import almost, unhurried

from kiseki import Kiseki, Terms
from kiseki.client.data.receipts_on_chain import on_chain
from kiseki.core import ids
from kiseki.core.collection import Kept
from kiseki.core.merkle import SLICE
from kiseki.core.payee import Payee
from kiseki.errors import InvalidInput, ProofError, SecretsError
from kiseki.vault import receipts
from kiseki.vault.collecting import collect
from kiseki.vault.keystore import KeyStore
from kiseki.vault.lists import Entry
from kiseki.vault.receipts import Receipt

KEY = pyrage.x25519.Identity.generate()
PUBLIC = str(KEY.to_public())
TERMS = Terms.of("train", royalty="20%")


def content(number: int) -> bytes:
    return b"drawing %d" % number


def entries(count: int) -> list[Entry]:
    digests = [hashlib.sha256(content(n)).digest() for n in range(count)]
    return [Entry("", digest, b"", f"cut/{n}.png", "") for n, digest in enumerate(digests)]


@pytest.fixture
def studio(artist: Kiseki, tmp_path: Path) -> Kiseki:
    return Kiseki(artist.session, artist._wallet.signer, KeyStore(tmp_path / "keys"))


def store_of(k: Kiseki) -> KeyStore:
    found = k.salts
    assert isinstance(found, KeyStore)
    return found


def kept_of(k: Kiseki, count: int) -> Kept:
    (kept,) = k.data.prepare_all(entries(count), TERMS)
    return kept


def test_all_of_a_collection(studio: Kiseki, tmp_path: Path) -> None:
    kept = kept_of(studio, SLICE + 3)
    path = tmp_path / "receipt.age"
    assert receipts.write(store_of(studio), kept.id, path, recipient=PUBLIC) == SLICE + 3
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert b"drawing" not in path.read_bytes()
    assert b"cut/" not in path.read_bytes()
    receipt = receipts.read(path, identity=str(KEY))
    assert receipt.kept == kept
    shown = receipts.check(receipt)
    assert (shown.collection, shown.items, shown.whole, shown.unknown) == (
        kept.id, SLICE + 3, True, 0,
    )  # fmt: skip
    assert "all 4,003 items" in shown.sentence
    assert TERMS.words() in shown.sentence


@pytest.mark.parametrize(
    ("only", "count"),
    [(["cut/3.png"], 1), (["cut/1?.png", "cut/3.png"], 11), ("cut/*", 40), (["cut/[12].png"], 2)],
)
def test_a_part_shows_each_item_by_its_proof(
    studio: Kiseki, tmp_path: Path, only: Any, count: int
) -> None:
    kept = kept_of(studio, 40)
    path = tmp_path / "receipt"
    assert receipts.write(store_of(studio), kept.id, path, only=only, clear=True) == count
    shown = receipts.check(receipts.read(path))
    assert (shown.items, shown.whole) == (count, count == 40)


def test_a_receipt_for_items_by_commitment_is_a_text_without_names_of_persons(
    studio: Kiseki,
) -> None:
    """A vault hands it on with what it hands out, so that the receiver finds the data IDs."""
    store, kept = store_of(studio), kept_of(studio, SLICE + 3)
    wanted = [part.commitment_list[1] for part in store.slices(kept.id)]
    text = b"".join(receipts.document(store, kept.id, [*wanted, bytes(32)]))
    receipt = receipts.parsed(text)
    assert sorted(each.commitment for each in receipt.items) == sorted(wanted)
    assert receipt.origin is None
    assert receipts.check(receipt).items == 2
    assert receipts.parsed(b"".join(receipts.document(store, kept.id, []))).items == ()


def test_the_contract_takes_the_proofs(studio: Kiseki, tmp_path: Path) -> None:
    kept = kept_of(studio, SLICE + 3)
    list(studio.data.register_all([kept], publish=False))
    receipts.write(store_of(studio), kept.id, tmp_path / "r", only=["cut/7.png"], clear=True)
    (item,) = receipts.read(tmp_path / "r").items
    registry = studio.session["DataRegistry"]
    assert registry.read("contains", kept.id, kept.root, item.commitment, list(item.proof))


def test_what_the_chain_says_of_it(studio: Kiseki, tmp_path: Path) -> None:
    kept = kept_of(studio, 3)
    receipts.write(store_of(studio), kept.id, tmp_path / "r", clear=True)
    receipt = receipts.read(tmp_path / "r")
    assert on_chain(receipt, studio.session) is None
    list(studio.data.register_all([kept]))
    found = on_chain(receipt, studio.session)
    assert found is not None
    assert (found.revoked_at, found.ends_at) == (None, None)
    studio.data.revoke(kept.id)
    then = on_chain(receipt, studio.session)
    assert then is not None
    assert then.registered_at == found.registered_at <= (then.revoked_at or 0)
    assert then.ends_at == (then.revoked_at or 0) + 30 * 86_400, "the notice, if nothing is said"


def test_their_drawings_are_found_under_whatever_name(studio: Kiseki, tmp_path: Path) -> None:
    kept = kept_of(studio, 5)
    receipts.write(store_of(studio), kept.id, tmp_path / "r", clear=True)
    receipt = receipts.read(tmp_path / "r")
    (tmp_path / "old" / "below").mkdir(parents=True)
    (tmp_path / "old" / "below" / "renamed.bin").write_bytes(content(3))
    (tmp_path / "old" / "another").write_bytes(content(77))
    told: list[int] = []
    (found,) = receipts.find(receipt, tmp_path / "old", told.append)
    assert (found.path.name, found.item.names) == ("renamed.bin", ("cut/3.png",))
    assert found.id == ids.item_id(kept.provider, found.item.commitment)
    assert told == [1, 2]
    assert receipts.find(receipt, tmp_path / "old" / "another") == []


def test_no_studio_no_node_no_key_store(studio: Kiseki, tmp_path: Path) -> None:
    """In another process, with only the receipt, the identity and the drawings."""
    kept = kept_of(studio, 3)
    receipts.write(store_of(studio), kept.id, tmp_path / "r.age", recipient=PUBLIC)
    (tmp_path / "key.txt").write_text(f"{KEY}\n")
    (tmp_path / "art").mkdir()
    (tmp_path / "art" / "x").write_bytes(content(1))
    program = (
        "from pathlib import Path\nfrom kiseki.vault import receipts\n"
        "receipt = receipts.read(Path('r.age'), identity=Path('key.txt'))\n"
        "print(receipts.check(receipt).whole, len(receipts.find(receipt, 'art')))"
    )
    store_of(studio).close()
    (tmp_path / "keys").unlink()
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == "True 1\n"


def test_what_is_false_is_found_out(studio: Kiseki, tmp_path: Path) -> None:
    kept = kept_of(studio, 5)
    receipts.write(store_of(studio), kept.id, tmp_path / "r", clear=True)
    good = receipts.read(tmp_path / "r")
    first, second, *_ = good.items
    assert first.proof
    wrong = [
        ([replace(first, digest=b"\x01" * 32), second], "is not that of its digest and salt"),
        ([replace(first, salt=b"\x01" * 32), second], "is not that of its digest and salt"),
        ([replace(first, commitment=second.commitment)], "is not that of its digest and salt"),
        ([replace(first, proof=second.proof)], "does not show that it is in there"),
        ([replace(first, proof=first.proof[1:])], "does not show that it is in there"),
        ([], "holds no items"),
    ]
    for items, why in wrong:
        with pytest.raises(ProofError, match=why):
            receipts.check(Receipt(kept, tuple(items)))
    few = replace(kept, count=4)
    with pytest.raises(ProofError, match="more items than the collection"):
        receipts.check(Receipt(few, good.items))
    false = replace(kept, count=2)
    with pytest.raises(ProofError, match="not those of which"):
        receipts.check(Receipt(false, (first, second)))
    assert receipts.check(Receipt(kept, (first, first))).items == 1


def test_what_nobody_knows_is_said(studio: Kiseki, tmp_path: Path) -> None:
    """An item of which only the commitment was listed, and one whose salt was destroyed."""
    rows = [*entries(3), Entry("", b"", b"\x07" * 32, "elsewhere", "")]
    (kept,) = studio.data.prepare_all(rows, TERMS)
    store_of(studio).forget(kept.provider, rows[0].sha256)
    receipts.write(store_of(studio), kept.id, tmp_path / "r", clear=True)
    shown = receipts.check(receipts.read(tmp_path / "r"))
    assert (shown.items, shown.unknown, shown.whole) == (4, 2, True)
    assert "It does not say which content 2 items of these have." in shown.sentence


def test_who_may_read_it_is_said(studio: Kiseki, tmp_path: Path) -> None:
    kept, store, path = kept_of(studio, 3), store_of(studio), tmp_path / "r"
    with pytest.raises(InvalidInput, match="say one of"):
        receipts.write(store, kept.id, path)
    with pytest.raises(InvalidInput, match="no item of this collection"):
        receipts.write(store, kept.id, path, only=["nothing"], clear=True)
    with pytest.raises(SecretsError, match="not in this key store"):
        receipts.write(store, b"\x01" * 32, path, clear=True)
    assert not list(tmp_path.glob("r*"))
    receipts.write(store, kept.id, path, passphrase="correct horse")
    with pytest.raises(SecretsError, match="needs another passphrase"):
        receipts.read(path, passphrase="wrong")
    assert receipts.check(receipts.read(path, passphrase="correct horse")).whole


def test_salts_are_in_no_repr(studio: Kiseki, tmp_path: Path) -> None:
    kept = kept_of(studio, 3)
    receipts.write(store_of(studio), kept.id, tmp_path / "r", clear=True)
    receipt = receipts.read(tmp_path / "r")
    shown = repr([receipt, *receipt.items, receipts.check(receipt)])
    for item in receipt.items:
        assert item.salt is not None
        assert item.salt.hex() not in shown
        assert str(item.salt)[2:-1] not in shown


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    store, path = KeyStore(), tmp_path_factory.mktemp("receipt") / "r"
    digest = hashlib.sha256(content(1)).digest()
    who = "0x" + "1a" * 20
    (kept,) = collect(
        [Entry("", digest, b"", "a", ""), Entry("", b"", digest, "b", "")],
        store,
        lambda _: who,
        lambda _, root, count: Kept(who, TERMS, root, count, Payee.of(who), bytes(32)),
    )
    receipts.write(store, kept.id, path, clear=True)
    found: dict[str, Any] = json.loads(path.read_text())
    return found


@unhurried
@given(data=st.data())
def test_any_file_is_checked_or_refused(example: dict[str, Any], data: st.DataObject) -> None:
    targets.receipt(data.draw(almost(example)))
