"""From files to a manifest: nothing is left out, and nothing is guessed (promises 1 and 3)."""

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from kiseki import Kiseki, LocalKiseki, Manifest, Terms
from kiseki.client.models.making import weights_in
from kiseki.core.values import to_hex
from kiseki.errors import FilesError, InvalidInput
from kiseki.vault import receipts
from kiseki.vault.keystore import KeyStore

from ..conftest import Folder

FILES = {"1.svg": b"one", "2.svg": b"two", "copy.svg": b"two"}


@pytest.fixture
def provider(k: LocalKiseki, tmp_path: Path) -> Kiseki:
    return Kiseki(k.session, k.wallet(1)._wallet.signer, KeyStore(tmp_path / "provider"))


@pytest.fixture
def trainer(k: LocalKiseki, tmp_path: Path) -> Kiseki:
    return Kiseki(k.session, k.wallet(2)._wallet.signer, KeyStore(tmp_path / "trainer"))


def sent(provider: Kiseki, trainer: Kiseki, collection: bytes, path: Path) -> None:
    """The provider sends a receipt, and the other one takes it in."""
    assert isinstance(provider.salts, KeyStore)
    receipts.write(provider.salts, collection, path, clear=True)
    trainer.data.openings.receive(receipts.read(path))


def test_who_has_the_receipt_makes_the_manifest_of_who_registered(
    provider: Kiseki, trainer: Kiseki, folder: Folder, terms: Terms, tmp_path: Path
) -> None:
    art = folder("art", FILES)
    prepared = provider.data.prepare(art, terms)
    provider.data.register(prepared)
    with pytest.raises(InvalidInput, match="are unknown here") as told:
        trainer.models.manifest(art)
    assert "1.svg" in str(told.value) and "kiseki data receive" in str(told.value)
    sent(provider, trainer, prepared.id, tmp_path / "receipt")
    made = trainer.models.manifest(art)
    expected = {item.id: len(item.paths) for item in prepared.items}
    assert made.manifest.items == Manifest({prepared.id: expected}).items
    assert (made.files, made.merged) == (3, 1), "a copy is told of, and counts"
    whole = trainer.models.manifest(whole=[prepared.id]).manifest
    assert {weight for _, weight in whole.items[prepared.id]} == {1}
    done = trainer.models.register(b"w" * 32, terms, manifest=made.manifest)
    assert done.receipts
    with pytest.raises(InvalidInput, match="name the files"):
        trainer.models.manifest()


def test_a_file_that_is_unknown_is_never_left_out(
    provider: Kiseki, trainer: Kiseki, folder: Folder, terms: Terms, tmp_path: Path
) -> None:
    art = folder("art", FILES)
    done = provider.data.register(art, terms)
    sent(provider, trainer, done.id, tmp_path / "receipt")
    (art / "new.svg").write_bytes(b"new")
    with pytest.raises(InvalidInput, match=r"new\.svg is unknown here"):
        trainer.models.manifest(art)
    # What the trainer prepares has IDs of the trainer's own, and they are on no chain.
    prepared = trainer.data.prepare(art / "new.svg", terms)
    with pytest.raises(InvalidInput, match=r"new\.svg is not registered on this chain"):
        trainer.models.manifest(art / "new.svg")
    mine = Manifest({prepared.id: [(each.id, 1) for each in prepared.items]})
    with pytest.raises(InvalidInput, match="kiseki data receive"):
        trainer.models.register(b"w" * 32, terms, manifest=mine)


def test_a_file_in_several_collections_is_asked_for(
    provider: Kiseki, folder: Folder, terms: Terms, tmp_path: Path
) -> None:
    """Who names the collection chooses the terms, so nobody chooses silently."""
    art = folder("art", {"1.svg": b"one"})
    first = provider.data.register(art, terms)
    second = provider.data.register(art, provider.data.define_terms("train", royalty="30%"))
    with pytest.raises(InvalidInput, match="is in 2 collections") as told:
        provider.models.manifest(art)
    assert to_hex(first.id) in str(told.value) and "royalty of 30%" in str(told.value)
    chosen = provider.models.manifest(art, among=[second.id]).manifest
    assert list(chosen.items) == [second.id]


def test_where_consent_has_ended_there_is_nothing_to_choose(
    k: LocalKiseki, provider: Kiseki, folder: Folder, terms: Terms
) -> None:
    art = folder("art", {"1.svg": b"one"})
    first = provider.data.register(art, terms)
    second = provider.data.register(art, provider.data.define_terms("train", royalty="30%"))
    provider.data.revoke(first.id)
    k.wait(31 * 86_400)
    assert list(provider.models.manifest(art).manifest.items) == [second.id]
    assert list(provider.models.manifest(art, among=[first.id]).manifest.items) == [first.id]


def test_weights_come_from_a_table(
    provider: Kiseki, folder: Folder, terms: Terms, tmp_path: Path
) -> None:
    art = folder("art", FILES)
    prepared = provider.data.prepare(art, terms)
    provider.data.register(prepared)
    by_name = {each.name: item.id for item in prepared.items for each in item.paths}
    table = tmp_path / "consumed.csv"

    def weights(*rows: str) -> dict[bytes, int]:
        table.write_text("\n".join(["file;weight", *rows]))
        made = provider.models.manifest(table=table).manifest
        return dict(made.items[prepared.id])

    assert weights("art/1.svg;3", "art/2.svg;1", "art/copy.svg;1") == {
        by_name["1.svg"]: 3,
        by_name["2.svg"]: 2,
    }
    for row in ("art/1.svg;0", "art/1.svg;-1", "art/1.svg;1.5", "art/1.svg;", ";1"):
        with pytest.raises(InvalidInput, match="row 2"):
            weights(row)
    with pytest.raises(FilesError, match="gone"):
        weights("art/gone.svg;1")


def test_a_collection_that_nobody_logged_cannot_be_taken_whole(
    provider: Kiseki, trainer: Kiseki, folder: Folder, terms: Terms
) -> None:
    done = provider.data.register(folder("art", FILES), terms, publish=False)
    with pytest.raises(InvalidInput, match="of which only 0 can be found"):
        trainer.models.manifest(whole=[done.id])
    assert provider.models.manifest(whole=[done.id]).files == 2


def test_weights_take_the_place_of_counts(
    provider: Kiseki, folder: Folder, terms: Terms, tmp_path: Path
) -> None:
    """Promise 4: any number from zero on, of an item or a collection; all stays declared."""
    one, two = (folder(name, files) for name, files in (("a", FILES), ("b", {"3.svg": b"three"})))
    prepared = [provider.data.prepare(each, terms) for each in (one, two)]
    for each in prepared:
        provider.data.register(each)
    first, second = (each.id for each in prepared)
    ids = {item.paths[0].name: item.id for each in prepared for item in each.items}
    made = provider.models.manifest([one, two], weights={first: Fraction(3, 2), second: Decimal(4)})
    weights = {item: weight for pairs in made.manifest.items.values() for item, weight in pairs}
    assert weights == {ids["1.svg"]: 1, ids["2.svg"]: 2, ids["3.svg"]: 8}, "by counts inside"
    none = provider.models.manifest([one, two], weights={first: 0, second: 1})
    assert none.unpaid == 2 and set(none.manifest.items) == {first, second}
    assert {weight for _, weight in none.manifest.items[first]} == {1}
    assert provider.models.register(b"w" * 32, terms, manifest=none.manifest).receipts
    with pytest.raises(InvalidInput, match="is a float"):
        provider.models.manifest([one, two], weights={first: 0.5, second: 1})  # type: ignore[dict-item]
    table = tmp_path / "weights.csv"
    table.write_text(f"decimal=,\nid;weight\n{to_hex(first)};1,5\n{to_hex(second)};8/2\n")
    assert weights_in(table) == {first: Fraction(3, 2), second: 4}
    for row, why in (
        (f"{to_hex(first)},-1", "from zero on"), (f"{to_hex(first)},1/0", "from zero on"),
        (f"{to_hex(first)},1e9", "from zero on"), ("0x12,1", "64 hex digits"),
        (f"{to_hex(first)},1\n{to_hex(first)},2", "no row above"), (f"{to_hex(first)},", "zero on"),
    ):  # fmt: skip
        table.write_text(f"id,weight\n{row}\n")
        with pytest.raises(InvalidInput, match=why):
            weights_in(table)
