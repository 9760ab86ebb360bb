"""A document of origin is kept with its signatures, in backups too, and goes with receipts only
where somebody wants that (promises 2 and 6, invariants 7 and 8)."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from kiseki.core.collection import Kept
from kiseki.core.origin import Origin, OriginFile, Person, Signature
from kiseki.errors import InvalidInput, ProofError
from kiseki.vault import receipts
from kiseki.vault.keystore import KeyStore

from .conftest import OTHER, WHO, collection

MADE = Origin(
    provider=WHO,
    basis="hire",
    collector=Person("山田花子"),
    first=date(2026, 4, 1),
    last=date(2026, 4, 1),
    how="納品時に収集",
    salt=b"\x05" * 32,
)
ONE, TWO = (Signature(who, 1, WHO, 1, 9, b"\x01" * 65) for who in (WHO, OTHER))


def registered(store: KeyStore, document: bytes = MADE.hash) -> Kept:
    kept, slices = collection(store)
    kept = replace(kept, origin=document)
    store.keep(kept, slices)
    return kept


def test_what_is_kept_gathers_signatures_and_loses_none(store: KeyStore) -> None:
    assert store.origin(MADE.hash) is None
    store.keep_origin(OriginFile(MADE, (ONE,)))
    assert store.keep_origin(OriginFile(MADE, (TWO,))).signatures == (ONE, TWO)
    store.keep_origin(OriginFile(MADE))
    assert store.origin(MADE.hash) == OriginFile(MADE, (ONE, TWO))


def test_a_backup_has_it_and_a_restore_merges(store: KeyStore, tmp_path: Path) -> None:
    store.keep_origin(OriginFile(MADE, (ONE,)))
    store.backup(tmp_path / "backup", clear=True)
    with KeyStore(tmp_path / "new") as new:
        new.keep_origin(OriginFile(MADE, (TWO,)))
        new.restore(tmp_path / "backup")
        assert new.origin(MADE.hash) == OriginFile(MADE, (TWO, ONE))


@pytest.mark.parametrize("shown", [True, False])
def test_a_receipt_holds_it_if_its_writer_wants_that(
    store: KeyStore, tmp_path: Path, shown: bool
) -> None:
    kept = registered(store)
    store.keep_origin(OriginFile(MADE, (ONE,)))
    path = tmp_path / "receipt"
    receipts.write(store, kept.id, path, clear=True, origin=shown)
    assert ("山田花子" in json.loads(path.read_text()).get("document", "")) is shown
    receipt = receipts.read(path)
    receipts.check(receipt)
    assert receipt.origin == (OriginFile(MADE, (ONE,)) if shown else None)


def test_a_receipt_of_a_free_document_has_its_hash_alone(store: KeyStore, tmp_path: Path) -> None:
    kept = registered(store, b"\x09" * 32)
    receipts.write(store, kept.id, tmp_path / "receipt", clear=True)
    receipt = receipts.read(tmp_path / "receipt")
    assert (receipt.origin, receipt.kept.origin) == (None, b"\x09" * 32)


def test_a_receipt_with_another_document_than_was_registered_is_false(
    store: KeyStore, tmp_path: Path
) -> None:
    kept = registered(store)
    store.keep_origin(OriginFile(MADE))
    path = tmp_path / "receipt"
    receipts.write(store, kept.id, path, clear=True)
    document = json.loads(path.read_text())
    other = replace(MADE, basis="own")
    path.write_text(json.dumps({**document, "document": OriginFile(other).to_json()}))
    with pytest.raises(ProofError, match="not the one whose hash"):
        receipts.check(receipts.read(path))
    wrong: list[object] = ["nothing", 7, {}, MADE.to_json().replace("hire", "hired")]
    for text in wrong:
        path.write_text(json.dumps({**document, "document": text}))
        with pytest.raises(InvalidInput):
            receipts.read(path)
