"""A list of any length gives the same split, and the same proofs, as one that is held."""

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiseki.core.ids import wallet
from kiseki.core.keccak import keccak256
from kiseki.core.split import Split
from kiseki.core.splitlist import read_list, write_list
from kiseki.core.sumtree import verify
from kiseki.errors import InvalidInput

KEYS = st.binary(min_size=32, max_size=32).filter(any)
LEAVES = st.lists(st.tuples(KEYS, st.integers(1, 2**64)), min_size=1, max_size=40)


def file_of(split: Split) -> io.BytesIO:
    return io.BytesIO(split.to_json().encode())


@given(LEAVES, st.binary(min_size=32, max_size=32))
def test_a_list_gives_what_the_split_gives(leaves: list[tuple[bytes, int]], salt: bytes) -> None:
    split = Split(leaves, salt)
    wanted = {leaves[0][0], leaves[-1][0]}
    listed = read_list(file_of(split), wanted, split.key)
    assert (listed.key, listed.opening, listed.total) == (split.key, split.opening, split.total)
    assert listed.count == len(leaves)
    assert [each.place for each in listed.leaves] == [
        place for place, (payee, _) in enumerate(leaves) if payee in wanted
    ]
    for each in listed.leaves:
        assert (each.payee, each.shares) == leaves[each.place]
        assert each.proof == split.proof(each.place)


@given(LEAVES)
def test_what_is_written_is_the_file_of_the_split(leaves: list[tuple[bytes, int]]) -> None:
    file = io.StringIO()
    listed = write_list(file, lambda: leaves, b"\x05" * 32)
    assert file.getvalue() == Split(leaves, b"\x05" * 32).to_json()
    assert listed.key == Split(leaves, b"\x05" * 32).key


def test_a_long_one_holds_nothing(tmp_path: Any) -> None:
    """20,000 payees here; a million are measured in the benchmarks."""

    def leaves() -> Iterator[tuple[bytes, int]]:
        for n in range(20_000):
            yield wallet("0x" + keccak256(n.to_bytes(8))[:20].hex()), n + 1

    path = tmp_path / "list.json"
    with path.open("w") as file:
        written = write_list(file, leaves)
    payee, shares = list(leaves())[12_345]
    told: list[int] = []
    with path.open("rb") as read:
        listed = read_list(read, {payee}, written.key, told.append)
    (leaf,) = listed.leaves
    assert (leaf.place, leaf.shares) == (12_345, shares)
    root, total = listed.opening[:32], listed.total
    assert verify(root, total, leaf.payee, leaf.shares, leaf.proof)
    assert told == [10_000, 20_000]


def document() -> dict[str, Any]:
    split = Split([(wallet("0x" + "11" * 20), 1), (wallet("0x" + "22" * 20), 2)])
    return dict(json.loads(split.to_json()))


@pytest.mark.parametrize(
    "change",
    [
        {"root": "0x" + "00" * 32}, {"total": "4"}, {"total": 3}, {"format": "kiseki-split-v2"},
        {"salt": "0x00"}, {"leaves": []}, {"leaves": [["0x" + "11" * 32, "0"]]},
        {"leaves": [["0x" + "11" * 32, "-1"]]}, {"leaves": [["0x" + "11" * 32, 5]]},
        {"leaves": [["0x" + "11" * 32]]}, {"leaves": [["0x11", "1"]]}, {"leaves": {"a": 1}},
        {"leaves": [["0x" + "00" * 32, "3"]]}, {"leaves": [["0x" + "11" * 32, "9" * 99]]},
        {"leaves": [["0x" + "11" * 32, str(2**96)]]}, {"parts": ["1", "1"]}, {"more": 1},
        {"leaves": [[["0x" + "11" * 32, "3"]]]},
        {"leaves": [["0x" + "11" * 32, str(2**95)], ["0x" + "22" * 32, str(2**95)]]},
    ],
)  # fmt: skip
def test_a_file_that_says_something_else_is_refused(change: dict[str, Any]) -> None:
    text = json.dumps(document() | change).encode()
    with pytest.raises(InvalidInput):
        read_list(io.BytesIO(text), ())


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"5", b"{", b'{"leaves":' + b"[" * 50_000, b"\xff", b'{"a"', b"null"]
)
def test_what_is_no_file_of_a_split_is_refused(text: bytes) -> None:
    with pytest.raises(InvalidInput):
        read_list(io.BytesIO(text), ())


def test_every_cut_off_file_is_refused() -> None:
    text = json.dumps(document()).encode()
    for end in range(len(text)):
        with pytest.raises(InvalidInput):
            read_list(io.BytesIO(text[:end]), ())


def test_a_member_twice_or_another_split_is_refused() -> None:
    text = json.dumps(document())
    twice = text.replace('"total"', '"salt": "0x' + "00" * 32 + '", "total"')
    with pytest.raises(InvalidInput, match="salt is in the document twice"):
        read_list(io.BytesIO(twice.encode()), ())
    with pytest.raises(InvalidInput, match="the file is of the split 0x"):
        read_list(io.BytesIO(text.encode()), (), b"\x01" * 32)


def test_how_deep_a_file_nests_costs_nothing() -> None:
    """Rule 10: a file of 50,000 brackets took half a minute, one of a million would take hours."""
    file = io.BytesIO(b'{"leaves":' + b"[" * 2_000_000)
    with pytest.raises(InvalidInput, match="and nothing else"):
        read_list(file, ())
    assert file.tell() <= 1 << 17, "it is refused with the first brackets"


@pytest.mark.parametrize("name", ["format", "root", "total", "salt", "leaves"])
def test_what_a_file_says_twice_is_refused(name: str) -> None:
    """Readers disagree about which of the two counts."""
    text = json.dumps(document())
    again = json.dumps({name: document()[name]})[1:-1]
    with pytest.raises(InvalidInput, match=f"{name} is in the document twice"):
        read_list(io.BytesIO(f"{text[:-1]},{again}}}".encode()), ())
