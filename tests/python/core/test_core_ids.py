"""IDs, keys and source hashes are exactly the preimages of DESIGN, "IDs"."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_abi.packed import encode_packed
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from kiseki.core import ids
from kiseki.core.ids import Collection, External
from kiseki.errors import InvalidInput, KisekiError

WORD = st.binary(min_size=32, max_size=32)
ADDRESS = st.binary(min_size=20, max_size=20).filter(any).map(lambda raw: "0x" + raw.hex())
WEIGHT = st.integers(1, 2**96 - 1)

ARTIST = "0x" + "a1" * 20
ROOT, OTHER = b"\x11" * 32, b"\x22" * 32


def packed(prefix: int, types: list[str], *values: Any) -> bytes:
    """The hash as Solidity's abi.encodePacked gives it, by an independent library."""
    return keccak(encode_packed(["uint8", *types], [prefix, *values]))


@given(content=st.binary(max_size=100), salt=WORD)
def test_a_commitment_hashes_digest_then_salt(content: bytes, salt: bytes) -> None:
    digest = hashlib.sha256(content).digest()
    assert ids.commitment(digest, salt) == keccak(digest + salt)


@given(who=ADDRESS, a=WORD, b=WORD, c=WORD, total=WEIGHT)
def test_every_key_is_its_packed_preimage(
    who: str, a: bytes, b: bytes, c: bytes, total: int
) -> None:
    word = "bytes32"
    assert ids.item_id(who, a) == packed(1, ["address", word], who, a)
    assert ids.item_ids(who, [a, b]) == [ids.item_id(who, a), ids.item_id(who, b)]
    assert ids.split_key(a, total, b) == packed(3, [word, "uint96", word], a, total, b)
    assert ids.subject(who, a) == packed(4, ["address", word], who, a)
    assert ids.collection_id(who, a, b) == packed(5, ["address", word, word], who, a, b)
    assert ids.model_id(who, a, b, c) == packed(6, ["address", word, word, word], who, a, b, c)
    assert ids.batch_id(who, a, b) == packed(7, ["address", word, word], who, a, b)


@given(who=ADDRESS, a=WORD, b=WORD, total=WEIGHT)
def test_openings_are_the_preimages_without_their_prefix(
    who: str, a: bytes, b: bytes, total: int
) -> None:
    split, subject = ids.split_opening(a, total, b), ids.subject_opening(who, a)
    assert (len(split), len(subject)) == (76, 52)
    assert keccak(b"\x03" + split) == ids.split_key(a, total, b)
    assert keccak(b"\x04" + subject) == ids.subject(who, a)


@given(who=ADDRESS)
def test_the_case_of_an_address_does_not_matter(who: str) -> None:
    checksummed = to_checksum_address(who)
    assert ids.item_id(who, ROOT) == ids.item_id(checksummed, ROOT)
    assert ids.wallet(who) == ids.wallet(checksummed) == bytes(12) + bytes.fromhex(who[2:])
    assert ids.wallet_address(ids.wallet(checksummed)) == who


def test_a_split_or_subject_or_zero_is_no_wallet() -> None:
    assert ids.wallet_address(ids.subject(ARTIST, ROOT)) is None
    assert ids.wallet_address(bytes(32)) is None


def test_a_copied_commitment_gives_the_copier_another_id() -> None:
    assert ids.item_id(ARTIST, ROOT) != ids.item_id("0x" + "b0" * 20, ROOT)


def collections(count: int) -> list[Collection]:
    return [
        Collection(i.to_bytes(32, "big"), keccak(bytes([i % 256])), i + 1) for i in range(count)
    ]


@pytest.mark.parametrize("count", [1, 2, 1023, 1024])
def test_a_part_is_hashed_as_solidity_encodes_structs(count: int) -> None:
    part = collections(count)
    rows = [(each.id, each.items, each.weight) for each in part]
    assert ids.part_hash(part) == keccak(encode(["(bytes32,bytes32,uint96)[]"], [rows]))


@pytest.mark.parametrize(
    ("count", "sizes"),
    [(0, []), (1, [1]), (1024, [1024]), (1025, [1024, 1]), (2049, [1024, 1024, 1])],
)
def test_a_source_list_is_cut_every_1024(count: int, sizes: list[int]) -> None:
    listed = collections(count)
    cut = ids.parts(listed)
    assert [len(part) for part in cut] == sizes
    assert [each for part in cut for each in part] == listed


@given(
    parts=st.lists(WORD, max_size=4),
    models=st.sets(WORD, max_size=4),
    externals=st.dictionaries(WORD, WORD, max_size=4),
)
def test_sources_are_hashed_as_solidity_encodes_them(
    parts: list[bytes], models: set[bytes], externals: dict[bytes, bytes]
) -> None:
    pairs = sorted(externals.items())
    types = ["bytes32[]", "bytes32[]", "(bytes32,bytes32)[]"]
    expected = keccak(encode(types, [parts, sorted(models), pairs]))
    assert ids.sources_hash(parts, sorted(models), [External(*pair) for pair in pairs]) == expected


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: ids.wallet("0x" + "00" * 20),
        lambda: ids.wallet(ARTIST[2:]),
        lambda: ids.wallet(ARTIST + "00"),
        lambda: ids.wallet(ARTIST + "\n"),
        lambda: ids.item_id(ARTIST, b"\x11" * 31),
        lambda: ids.item_id(ARTIST, ROOT.hex()),  # type: ignore[arg-type]
        lambda: ids.item_ids(ARTIST, [ROOT, b""]),
        lambda: ids.split_key(ROOT, 0, OTHER),
        lambda: ids.split_key(ROOT, 2**96, OTHER),
        lambda: ids.split_key(ROOT, True, OTHER),
        lambda: Collection(ROOT, OTHER, 0),
        lambda: Collection(ROOT, OTHER, 2**96),
        lambda: External(ROOT, b""),
        lambda: ids.part_hash([]),
        lambda: ids.part_hash(collections(1025)),
        lambda: ids.part_hash(collections(2)[::-1]),
        lambda: ids.parts(collections(1) * 2),
        lambda: ids.sources_hash([], [OTHER, ROOT], []),
        lambda: ids.sources_hash([], [ROOT, ROOT], []),
        lambda: ids.sources_hash([b"\x11" * 33], [], []),
        lambda: ids.sources_hash([], [], [External(OTHER, ROOT), External(ROOT, ROOT)]),
    ],
)
def test_a_value_that_cannot_be_right_is_refused(wrong: Callable[[], object]) -> None:
    with pytest.raises(InvalidInput) as raised:
        wrong()
    assert isinstance(raised.value, KisekiError)
    assert isinstance(raised.value, ValueError)
