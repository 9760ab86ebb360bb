"""Registering data: what is refused, what is resumed, what is a no-op (invariants 4, 7 and 8)."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kiseki import ContractReverted, Kiseki, LocalKiseki, Terms
from kiseki.chain.contract.contracts import Call
from kiseki.chain.sending import fees, sender
from kiseki.chain.sending.outcome import Outcome
from kiseki.client.data.data import terms_tuple
from kiseki.client.data.prepared import Prepared, items_of
from kiseki.core import ids
from kiseki.core.merkle import SLICE, IdTree
from kiseki.core.values import ZERO32
from kiseki.errors import FilesError, InvalidInput
from kiseki.vault import files
from kiseki.vault.files import HashedFile, hash_files
from kiseki.vault.folders import find

Folder = Callable[[str, Mapping[str, bytes]], Path]
ART = {f"{n}.svg": f"drawing {n}".encode() for n in range(5)}


def blocks(k: Kiseki) -> int:
    return int(k.session.w3.eth.block_number)


@pytest.fixture
def terms(k: LocalKiseki) -> Terms:
    return k.data.define_terms("train", royalty="20%")


# Files


def test_an_empty_folder(artist: Kiseki, terms: Terms, tmp_path: Path) -> None:
    before = blocks(artist)
    (tmp_path / "art" / "below").mkdir(parents=True)
    (tmp_path / "art" / ".hidden").write_text("passed over")
    with pytest.raises(FilesError, match=r"no files in .*art; name a folder that holds some"):
        artist.data.register(tmp_path / "art", terms)
    with pytest.raises(FilesError, match="an empty list"):
        artist.data.register([], terms)
    assert blocks(artist) == before


def test_a_path_that_is_not_there(artist: Kiseki, terms: Terms, tmp_path: Path) -> None:
    with pytest.raises(FilesError, match=r"there is no .*nowhere; check the path"):
        artist.data.register(tmp_path / "nowhere", terms)


@pytest.fixture
def not_root() -> Iterator[None]:
    """Root can read everything, so for a while the test is somebody else."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.usefixtures("not_root")
def test_an_unreadable_folder_and_file() -> None:
    def as_root(act: Callable[[], object]) -> None:
        me = os.geteuid()
        if os.getuid() == 0:
            os.seteuid(0)
        act()
        os.seteuid(me)

    place = Path(tempfile.mkdtemp())
    (place / "art" / "locked").mkdir(parents=True)
    (place / "art" / "file").write_text("x")
    (place / "art" / "locked").chmod(0)
    try:
        with pytest.raises(FilesError, match=r"locked cannot be read .* check its permissions"):
            find(place / "art")
        (place / "art" / "locked").chmod(0o700)
        (place / "art" / "file").chmod(0)
        with pytest.raises(FilesError, match=r"file cannot be read .*nothing was sent"):
            hash_files(find(place / "art"))
    finally:
        as_root(lambda: shutil.rmtree(place))


def test_a_link_to_nothing_and_a_pipe_are_refused(
    artist: Kiseki, terms: Terms, folder: Folder
) -> None:
    before, art = blocks(artist), folder("art", ART)
    (art / "link").symlink_to(art / "nowhere")
    with pytest.raises(FilesError, match=r"a link that leads nowhere: .* nothing was sent"):
        artist.data.register(art, terms)
    (art / "link").unlink()
    os.mkfifo(art / "pipe")
    with pytest.raises(FilesError, match=r"a pipe, a socket or a device: .*pipe"):
        artist.data.register(art, terms)
    assert blocks(artist) == before


def test_a_file_that_changes_while_it_is_read(
    artist: Kiseki, terms: Terms, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, art = blocks(artist), folder("art", ART)

    class Growing:
        def __init__(self) -> None:
            self.real = hashlib.sha256()

        def update(self, chunk: bytes) -> None:
            self.real.update(chunk)
            with (art / "3.svg").open("ab") as file:
                file.write(b" and more")

        def digest(self) -> bytes:
            return self.real.digest()

    monkeypatch.setattr(files, "hashlib", SimpleNamespace(sha256=Growing))
    with pytest.raises(
        FilesError, match=r"changed while it was read; wait until .* run this again"
    ):
        artist.data.register(art, terms)
    assert blocks(artist) == before
    assert artist.salts.count() == 0  # type: ignore[attr-defined]
    monkeypatch.undo()
    assert artist.data.register(art, terms).receipts


def test_progress_is_told(artist: Kiseki, terms: Terms, folder: Folder) -> None:
    told: list[tuple[int, int]] = []
    artist.data.register(folder("art", ART), terms, progress=lambda *at: told.append(at))
    assert told == [(n, 5) for n in range(1, 6)]


def test_equal_files_are_one_item(artist: Kiseki, terms: Terms, folder: Folder) -> None:
    prepared = artist.data.prepare(folder("art", {"a": b"x", "b": b"x", "c/a": b"y"}), terms)
    assert sorted(len(item.paths) for item in prepared.items) == [1, 2]


@given(st.permutations(list(ART)), st.lists(st.sampled_from(list(ART)), max_size=3))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_same_files_in_another_order_are_the_same_collection(
    artist: Kiseki, folder: Folder, order: list[str], twice: list[str]
) -> None:
    terms, art = Terms.of("train", "0%"), folder("art", ART)
    whole = artist.data.prepare(art, terms)
    mixed = artist.data.prepare([art / name for name in [*order, *twice]], terms)
    assert (mixed.id, mixed.commitments) == (whole.id, whole.commitments)


# Registering again


def test_registered_twice_it_is_sent_once(artist: Kiseki, terms: Terms, folder: Folder) -> None:
    art = folder("art", ART)
    first = artist.data.register(art, terms)
    block = blocks(artist)
    again = artist.data.register(art, terms)
    assert (again.id, again.receipts, again.gas) == (first.id, (), 0)
    assert blocks(artist) == block
    assert first.gas == sum(each.gas for each in first.receipts) > 0


@pytest.mark.parametrize("change", ["payee", "origin", "count"])
def test_registered_with_other_values_it_is_refused(
    artist: Kiseki, stranger: Kiseki, terms: Terms, folder: Folder, change: str
) -> None:
    """Another value under the same key: never a silent no-op."""
    prepared = artist.data.prepare(folder("art", ART), terms)
    artist.data.register(prepared)
    block, record = blocks(artist), artist.index.collection(prepared.id)
    other = {
        "payee": replace(prepared, payee=type(prepared.payee).of(stranger.address)),
        "origin": replace(prepared, origin=b"\x01" * 32),
        "count": replace(prepared, items=prepared.items[:-1]),
    }[change]
    with pytest.raises(ContractReverted, match="kiseki data set-payee`") as refused:
        artist.data.register(other)
    assert refused.value.name == "DataRegistry_DifferentValues"
    assert refused.value.values == {"collection": prepared.id}
    assert blocks(artist) == block
    assert artist.index.collection(prepared.id) == record


def test_terms_are_put_on_record_once(k: LocalKiseki, stranger: Kiseki, terms: Terms) -> None:
    block = blocks(k)
    assert stranger.data.define_terms("train", royalty="20%") == terms
    assert blocks(k) == block


def test_an_unpublished_collection_is_published_by_running_it_again(
    artist: Kiseki, terms: Terms, folder: Folder
) -> None:
    """Invariant 8: also when only the root was committed, by whomever."""
    prepared = artist.data.prepare(folder("art", ART), terms)
    artist.data.register(prepared, publish=False)
    assert not artist.index.collection(prepared.id).complete
    done = artist.data.register(prepared)
    assert [each.what for each in done.receipts] == ["DataRegistry.publish"]
    assert artist.index.collection(prepared.id).complete


def test_a_collection_committed_by_somebody_with_the_providers_signature(
    artist: Kiseki, stranger: Kiseki, terms: Terms, folder: Folder
) -> None:
    prepared = artist.data.prepare(folder("art", ART), terms)
    stranger.data.register(prepared, consent=artist.data.consent(prepared), publish=False)
    done = artist.data.register(prepared)
    assert [each.what for each in done.receipts] == ["DataRegistry.publish"]
    record = artist.index.collection(prepared.id)
    assert (record.provider, record.complete) == (artist.address.lower(), True)


def test_anybody_publishes_who_has_the_commitments(
    artist: Kiseki, stranger: Kiseki, terms: Terms, folder: Folder
) -> None:
    prepared = artist.data.prepare(folder("art", ART), terms)
    artist.data.register(prepared, publish=False)
    stranger.data.publish(prepared)
    assert artist.index.collection(prepared.id).complete


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("large")
    for number in range(SLICE + 1):
        (place / f"{number}").write_bytes(number.to_bytes(4, "big"))
    return place


def test_more_than_a_slice_is_committed_and_published_by_slices(
    artist: Kiseki, terms: Terms, large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """4,001 files, interrupted after the first slice, and resumed (invariant 8)."""
    sent: list[str] = []
    real = sender.Sender.send_all

    def interrupt(self: sender.Sender, calls: Iterable[Call]) -> Iterator[Outcome]:
        for outcome in real(self, islice(calls, 2)):
            sent.append(outcome.call.what)
            yield outcome
        if sent:
            raise KeyboardInterrupt

    prepared = artist.data.prepare(large, terms)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(sender.Sender, "send_all", interrupt)
        artist.data.register(prepared)
    assert sent == ["DataRegistry.commit", "DataRegistry.publish"]
    assert not artist.index.collection(prepared.id).complete
    done = artist.data.register(large, terms)
    assert (done.id, [each.what for each in done.receipts]) == (
        prepared.id,
        ["DataRegistry.publish"],
    )
    record = artist.index.collection(prepared.id)
    assert (record.count, record.complete) == (SLICE + 1, True)
    contract = artist.session["DataRegistry"]
    for item in (prepared.items[0], prepared.items[SLICE - 1], prepared.items[SLICE]):
        proof = list(prepared.tree.proof(item.id))
        assert contract.read("contains", prepared.id, record.root, item.commitment, proof)


def test_a_full_slice_fits_one_transaction(artist: Kiseki, terms: Terms, large: Path) -> None:
    full = artist.data.prepare([large / f"{n}" for n in range(SLICE)], terms)
    (receipt,) = artist.data.register(full).receipts
    assert receipt.gas < fees.MOST_GAS
    assert artist.index.collection(full.id).complete


# What is not one's own


def test_commitments_copied_from_somebody_are_other_ids(
    artist: Kiseki, stranger: Kiseki, terms: Terms, folder: Folder
) -> None:
    """A thief logs an artist's commitments under a root of their own: the IDs are the thief's."""
    art = artist.data.prepare(folder("art", ART), terms)
    artist.data.register(art)
    copied = ids.item_ids(stranger.address, art.commitments)
    assert not set(copied) & {item.id for item in art.items}
    # Committing the artist's own root is possible and worth nothing: nothing can be shown under it.
    stolen = replace(art, provider=stranger.address)
    stranger.data.register(
        replace(stolen, payee=type(art.payee).of(stranger.address)), publish=False
    )
    assert stolen.id != art.id
    with pytest.raises(ContractReverted) as refused:
        stranger.data.publish(stolen)
    assert refused.value.name in ("IdTree_NotAscending", "DataRegistry_NotUnderRoot")
    assert not stranger.index.collection(stolen.id).complete


def test_commitments_of_another_tree_are_refused(
    artist: Kiseki, terms: Terms, folder: Folder
) -> None:
    art = artist.data.prepare(folder("art", ART), terms)
    other = artist.data.prepare(folder("other", {"x": b"1", "y": b"2"}), terms)
    artist.data.register(art, publish=False)
    wrong = replace(art, items=other.items)
    object.__setattr__(wrong, "tree", art.tree)
    with pytest.raises(ContractReverted) as refused:
        artist.data.publish(wrong)
    assert refused.value.name == "DataRegistry_NotUnderRoot"


def test_a_proof_of_another_tree_proves_nothing(
    artist: Kiseki, terms: Terms, folder: Folder
) -> None:
    art = artist.data.prepare(folder("art", ART), terms)
    other = artist.data.prepare(folder("other", {"x": b"1", "y": b"2"}), terms)
    artist.data.register(art)
    artist.data.register(other)
    contract, item = artist.session["DataRegistry"], art.items[0]
    mine, theirs = art.tree.proof(item.id), other.tree.proof(other.items[0].id)
    assert contract.read("contains", art.id, art.tree.root, item.commitment, list(mine))
    assert not contract.read("contains", art.id, art.tree.root, item.commitment, list(theirs))
    assert not contract.read(
        "contains", art.id, art.tree.root, other.items[0].commitment, list(theirs)
    )
    with pytest.raises(ContractReverted, match="take them from the index"):
        contract.read("contains", art.id, other.tree.root, item.commitment, list(mine))


def test_a_collection_is_registered_and_revoked_by_its_provider_only(
    artist: Kiseki, stranger: Kiseki, terms: Terms, folder: Folder
) -> None:
    prepared = artist.data.prepare(folder("art", ART), terms)
    with pytest.raises(InvalidInput, match="submit with its signed consent"):
        stranger.data.register(prepared)
    with pytest.raises(InvalidInput, match="act with the provider's wallet"):
        stranger.data.consent(prepared)
    artist.data.register(prepared)
    with pytest.raises(ContractReverted) as refused:
        stranger.data.revoke(prepared.id)
    assert refused.value.name == "DataRegistry_NotProvider"
    with pytest.raises(InvalidInput, match="name the terms"):
        artist.data.register(prepared.items[0].paths)


# Signatures


def signed(artist: Kiseki, prepared: Prepared) -> Any:
    return artist.data.consent(prepared)


def test_consent_that_was_signed_for_something_else(
    artist: Kiseki, stranger: Kiseki, terms: Terms, folder: Folder, k: LocalKiseki
) -> None:
    prepared = artist.data.prepare(folder("art", ART), terms)
    good, block = signed(artist, prepared), blocks(k)
    dearer = replace(prepared, payee=type(prepared.payee).of(stranger.address))
    forged = [
        (dearer, good),  # other values
        (prepared, replace(good, nonce=good.nonce + 1)),
        (prepared, replace(good, signature=good.signature[:-1] + b"\x00")),
        (prepared, replace(good, signature=b"")),
    ]
    for what, consent in forged:
        with pytest.raises(ContractReverted, match="somebody else signed, or other values") as no:
            k.data.register(what, consent=consent)
        assert no.value.name == "Signed_WrongSignature"
    with pytest.raises(ContractReverted):  # in somebody else's name
        k.data.register(replace(prepared, provider=stranger.address), consent=good, publish=False)
    assert blocks(k) == block
    assert k.data.register(prepared, consent=good).receipts


def test_consent_after_its_deadline(
    artist: Kiseki, terms: Terms, folder: Folder, k: LocalKiseki
) -> None:
    prepared = artist.data.prepare(folder("art", ART), terms)
    consent = signed(artist, prepared)
    k.wait(31 * 24 * 3600)
    with pytest.raises(ContractReverted, match="ask for a new one") as refused:
        k.data.register(prepared, consent=consent)
    assert refused.value.name == "Signed_Expired"


def test_a_signature_counts_once_and_repeating_it_is_harmless(
    artist: Kiseki, terms: Terms, folder: Folder, k: LocalKiseki
) -> None:
    prepared = artist.data.prepare(folder("art", ART), terms)
    consent = signed(artist, prepared)
    k.data.register(prepared, consent=consent)
    assert k.data.register(prepared, consent=consent).receipts == ()
    collection = prepared.id
    change = artist.data.revocation(collection)
    other = artist.data.prepare(folder("other", {"a": b"z"}), terms)
    again = replace(signed(artist, other), nonce=consent.nonce)
    with pytest.raises(ContractReverted) as refused:
        k.data.register(other, consent=again)
    assert refused.value.name in ("Signed_NonceUsed", "Signed_WrongSignature")
    k.data.revoke(collection, change)
    assert k.index.collection(collection).revoked_at is not None


def test_a_cancelled_signature_is_worth_nothing(
    artist: Kiseki, terms: Terms, folder: Folder, k: LocalKiseki
) -> None:
    prepared = artist.data.prepare(folder("art", ART), terms)
    consent = signed(artist, prepared)
    artist._wallet.send(k.session["DataRegistry"].call("cancelNonce", consent.nonce))
    with pytest.raises(ContractReverted, match="used or cancelled") as refused:
        k.data.register(prepared, consent=consent)
    assert refused.value.name == "Signed_NonceUsed"


# Python and Solidity derive the same


USES = ("data_mining", "ai_inference", "ai_training", "ai_generative_training",
        "commercial_output", "redistribution")  # fmt: skip


def root_of(k: Kiseki, terms: Terms, commitments: list[bytes]) -> bytes:
    """The collection that the contract would make of them; nothing is sent."""
    spec = (terms.id, ids.wallet(k.address), b"", ZERO32)
    found: bytes = k.session["DataRegistry"].read("register", commitments, spec, sender=k.address)
    return found


def ascending(k: Kiseki, count: int) -> tuple[list[bytes], IdTree]:
    hashed = [HashedFile(Path(f"{n}"), hashlib.sha256(b"%d" % n).digest()) for n in range(count)]
    items = items_of(k.address, hashed, [ZERO32] * count)
    return [item.commitment for item in items], IdTree([item.id for item in items])


@pytest.mark.parametrize("counts", [range(1, 101), range(101, 201), [3_999, 4_000]], ids=str)
def test_roots_are_the_same_in_python_and_solidity(
    artist: Kiseki, terms: Terms, counts: list[int]
) -> None:
    for count in counts:
        commitments, tree = ascending(artist, count)
        assert root_of(artist, terms, commitments) == ids.collection_id(
            artist.address, tree.root, terms.id
        )


def test_no_more_than_a_slice_at_once_and_ids_ascend(artist: Kiseki, terms: Terms) -> None:
    commitments, _ = ascending(artist, SLICE + 1)
    with pytest.raises(ContractReverted) as refused:
        root_of(artist, terms, commitments)
    assert refused.value.name.startswith("IdTree_")
    few = commitments[:5]
    for wrong in ([], [*few[1:], few[0]], [few[0], few[0]]):
        with pytest.raises(ContractReverted) as refused:
            root_of(artist, terms, wrong)
        assert refused.value.name.startswith("IdTree_"), refused.value


@given(
    uses=st.sets(st.sampled_from(USES)),
    royalty=st.integers(0, 10_000), floor=st.integers(0, 10_000),
    until=st.integers(0, 2**64 - 1), notice=st.integers(0, 2**32 - 1),
    gate=st.binary(min_size=20, max_size=20), document=st.binary(min_size=32, max_size=32),
)  # fmt: skip
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_terms_have_the_same_id_in_python_and_solidity(
    k: LocalKiseki, uses: set[str], royalty: int, floor: int, until: int, notice: int,
    gate: bytes, document: bytes,
) -> None:  # fmt: skip
    terms = replace(
        Terms.of(sorted(uses), "0%"), royalty_bps=royalty, floor_bps=floor, valid_until=until,
        notice_seconds=notice, gate="0x" + gate.hex(), document=document,
    )  # fmt: skip
    assert k.session["DataRegistry"].read("defineTerms", terms_tuple(terms)) == terms.id
