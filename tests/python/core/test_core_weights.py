"""A commitment covers a model's tensors, whatever order, files and comments they are stored in;
or the whole file, where two readers could find two models in it."""

from __future__ import annotations

import hashlib
import io
import json
import random
import struct
import tracemalloc
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz import targets
from tests.fuzz.almost import JSON, almost, unhurried

from kiseki.core.weights import DTYPES, HEADER, payload_digest, shards, tensors, whole_digest
from kiseki.errors import InvalidInput

VECTORS = Path(__file__).parents[2] / "vectors" / "weights"

Loaded = dict[str, tuple[str, tuple[int, ...], bytes]]


def digest(*files: bytes) -> bytes:
    return tensors({f"{k}": io.BytesIO(each) for k, each in enumerate(files)}).digest


def written(header: Mapping[str, Any] | bytes, data: bytes = b"") -> bytes:
    """A file by hand, as true or false as its header."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def entry(start: int, stop: int, dtype: str = "U8", **more: Any) -> dict[str, Any]:
    """A tensor of bytes."""
    return {"dtype": dtype, "shape": [stop - start], "data_offsets": [start, stop], **more}


def loaded(data: bytes) -> Loaded | None:
    """What the library finds in a file; nothing when it refuses it."""
    try:
        found = safetensors.deserialize(data)  # type: ignore[no-untyped-call]
    except safetensors.SafetensorError:
        return None
    return {k: (v["dtype"], tuple(v["shape"]), bytes(v["data"])) for k, v in found}


def by_the_book(found: Loaded) -> bytes:
    """The digest once more, from the docstring and what the library loaded."""
    text = b"kiseki-tensors-v1\0" + struct.pack(">Q", len(found))
    for name, (dtype, shape, data) in sorted(found.items(), key=lambda each: each[0].encode()):
        key = name.encode()
        text += struct.pack(">I", len(key)) + key + bytes([len(dtype)]) + dtype.encode()
        text += struct.pack(">I", len(shape)) + b"".join(struct.pack(">Q", n) for n in shape)
        text += hashlib.sha256(data).digest()
    return hashlib.sha256(text).digest()


# The library, both ways

NAMES = st.text(st.sampled_from('aé軌😀\ue000."\\\x00 '), max_size=5).filter(
    lambda name: name != "__metadata__"
)
ARRAYS = st.builds(
    lambda shape, kind, seed: np.random.default_rng(seed).integers(0, 2, shape).astype(kind),
    st.lists(st.integers(0, 3), max_size=3),
    st.sampled_from(["f2", "f4", "f8", "i1", "u1", "i2", "u4", "i8", "u8", "?"]),
    st.integers(0, 9),
)
METADATA = st.none() | st.dictionaries(NAMES, NAMES, max_size=3)


@unhurried
@given(st.dictionaries(NAMES, ARRAYS, min_size=1, max_size=6), METADATA, METADATA, st.randoms())
def test_the_same_tensors_have_one_digest_whatever_order_comment_and_files(
    model: dict[str, np.ndarray[Any, Any]],
    one: dict[str, str] | None,
    other: dict[str, str] | None,
    order: random.Random,
) -> None:
    first = safetensors.numpy.save(model, one)
    whole = loaded(first)
    assert whole is not None
    assert digest(first) == by_the_book(whole)
    assert digest(safetensors.numpy.save(model, other)) == digest(first)

    names = list(whole)
    order.shuffle(names)
    assert digest(laid_out(whole, names, other or {})) == digest(first)

    cut = order.randrange(len(names) + 1)
    halves = [laid_out(whole, some, {}) for some in (names[:cut], names[cut:])]
    assert digest(*halves) == digest(first)


def laid_out(model: Loaded, order: list[str], metadata: dict[str, str]) -> bytes:
    """A file with its tensors in this order, the header in another."""
    header: dict[str, Any] = {"__metadata__": metadata}
    data = b""
    for name in order:
        dtype, shape, content = model[name]
        place = [len(data), len(data) + len(content)]
        header[name] = {"data_offsets": place, "shape": shape, "dtype": dtype}
        data += content
    return written(dict(sorted(header.items())), data)


@unhurried
@given(st.data())
def test_what_is_accepted_the_library_loads_with_the_same_tensors(data: st.DataObject) -> None:
    true = {"__metadata__": {"a": "b"}, "w": entry(0, 4), "v": entry(4, 6), "z": entry(6, 6)}
    text = data.draw(almost(true))
    space = data.draw(st.sampled_from([b"", b" ", b"\n ", b"x", b"\0"]))
    file = written(text + space, bytes(range(data.draw(st.integers(4, 7)))))
    targets.tensors(file)
    try:
        found = digest(file)
    except InvalidInput:
        return
    read = loaded(file)
    assert read is not None
    assert found == by_the_book(read)


@unhurried
@given(st.binary() | JSON.map(lambda each: written(json.dumps(each).encode())))
def test_anything_at_all_is_read_or_refused(data: bytes) -> None:
    targets.tensors(data)
    targets.shards(data)


@pytest.mark.parametrize("dtype", DTYPES)
def test_each_dtype_has_the_size_that_the_library_gives_it(dtype: str) -> None:
    header = {"w": {"dtype": dtype, "shape": [2, 4], "data_offsets": [0, DTYPES[dtype]]}}
    file = written(header, bytes(DTYPES[dtype]))
    read = loaded(file)
    assert read is not None
    assert digest(file) == by_the_book(read)


# What differs has another digest


def test_every_part_of_a_tensor_is_in_the_digest() -> None:
    def of(name: str, dtype: str, shape: list[int], data: bytes) -> bytes:
        return digest(written({name: {"dtype": dtype, "shape": shape,
                                      "data_offsets": [0, len(data)]}}, data))  # fmt: skip

    variants = [
        of("w", "U8", [4], b"abcd"), of("v", "U8", [4], b"abcd"), of("w", "I8", [4], b"abcd"),
        of("w", "U8", [2, 2], b"abcd"), of("w", "U8", [4, 1], b"abcd"), of("w", "U8", [4], b"abce"),
        of("w", "U16", [2], b"abcd"), of("w", "U8", [0, 4], b""), of("w", "U8", [4, 0], b""),
        digest(written({"w": entry(0, 2), "v": entry(2, 4)}, b"abcd")),
        digest(written({"w": entry(2, 4), "v": entry(0, 2)}, b"abcd")),
    ]  # fmt: skip
    assert len(set(variants)) == len(variants)


def test_the_settings_are_told_apart_and_change_no_digest() -> None:
    def of(*metadata: dict[str, str] | None) -> tuple[bytes, bytes]:
        files = {}
        for k, each in enumerate(metadata):
            head = {} if each is None else {"__metadata__": each}
            files[f"{k}"] = io.BytesIO(written({**head, f"w{k}": entry(0, 1)}, b"1"))
        found = tensors(files)
        return found.digest, found.settings

    none, empty, low, high = of(None), of({}), of({"alpha": "1"}), of({"alpha": "2"})
    assert none == empty
    assert len({none[0], low[0], high[0]}) == 1
    assert len({none[1], low[1], high[1], of({"alph": "a1"})[1]}) == 4
    assert of({"a": "1", "b": "2"}) == of({"b": "2", "a": "1"})
    # Files of one model that say the same are one file that says it.
    assert of({"a": "1"}, {"a": "1"}) == of({"a": "1"}, None)
    assert of({"a": "1"}, {"a": "2"})[1] != of({"a": "1"}, None)[1]


# Refused


T = '{"dtype":"U8","shape":[1],"data_offsets":[0,1]}'
HOSTILE = {
    "a key twice": (f'{{"w":{T},"w":{T}}}', "twice"),
    "a key twice, once in another spelling": (f'{{"w":{T},"\\u0077":{T}}}', "twice"),
    "a comment twice": (f'{{"__metadata__":{{"a":"1","a":"2"}},"w":{T}}}', "twice"),
    "the comments twice": (f'{{"__metadata__":{{}},"__metadata__":{{}},"w":{T}}}', "twice"),
    "a field twice": (f'{{"w":{T[:-1]},"dtype":"U8"}}}}', "unknown field"),
    "a field in place of another": (f'{{"w":{T.replace("shape", "dtype")}}}', "unknown field"),
    "an unknown field": (f'{{"w":{T[:-1]},"scale":[2]}}}}', "unknown field"),
    "a field missing": ('{"w":{"dtype":"U8","shape":[1]}}', "lacks"),
    "an unknown dtype": (f'{{"w":{T.replace("U8", "U9")}}}', "unknown dtype"),
    "a shape of another size": (f'{{"w":{T.replace("[1]", "[2]")}}}', "of its shape"),
    "a shape that is no number": (f'{{"w":{T.replace("[1]", "[1.0]")}}}', "field"),
    "an offset below zero": (f'{{"w":{T.replace("[0,", "[-0,")}}}', "field"),
    "three offsets": (f'{{"w":{T.replace("[0,1]", "[0,1,1]")}}}', "two offsets"),
    "a hole": ('{"w":{"dtype":"U8","shape":[0],"data_offsets":[1,1]}}', "hole"),
    "an overlap": (f'{{"v":{T},"w":{T}}}', "overlap"),
    "trailing bytes": ('{"w":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}', "follow"),
    "less than it says": (f'{{"w":{T.replace("1]", "2]")}}}', "cut off"),
    "a size beyond all numbers": (
        f'{{"w":{T.replace("[1]", f"[{2**63},{2**63},0]").replace("0,1", "0,0")}}}', "larger than"),
    "half a letter": (f'{{"\\ud800":{T}}}', "UTF-8"),
    "text after it": (f'{{"w":{T}}}x', "follows the header"),
    "a list in it": ('{"w":[[[[[]]]]]}', "unknown field"),
    "a comment that is no text": (f'{{"__metadata__":{{"a":1}},"w":{T}}}', "no list of tensors"),
    "no tensor": ('{"__metadata__":{"a":"b"}}', "no tensor"),
    "space before it": (f' {{"w":{T}}}', "not in the safetensors format"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_what_readers_could_read_in_two_ways_is_refused_with_the_reason(name: str) -> None:
    with pytest.raises(InvalidInput, match=HOSTILE[name][1]):
        digest(hostile(name))


def hostile(name: str) -> bytes:
    """With the one byte of data that all but one of them should have."""
    return written(HOSTILE[name][0].encode(), b"" if name == "no tensor" else b"1")


def test_text_that_is_not_in_utf_8_is_refused() -> None:
    for name in (b"\xff", b"\xed\xa0\x80"):
        with pytest.raises(InvalidInput, match="UTF-8"):
            digest(written(b'{"' + name + b'":' + T.encode() + b"}", b"1"))


@pytest.mark.parametrize("deep", [b"[" * 200_000, b'{"w":' * 200_000, b'"' + b"\\\\" * 200_000])
def test_a_header_that_nests_or_never_ends_is_refused_at_once(deep: bytes) -> None:
    with pytest.raises(InvalidInput):
        digest(written(b"{" + deep))


def test_a_header_longer_than_any_is_refused_before_it_is_read() -> None:
    with pytest.raises(InvalidInput, match="more than"):
        digest(struct.pack("<Q", HEADER + 1) + b"{" + bytes(HEADER))
    with pytest.raises(InvalidInput, match="format"):
        digest(struct.pack("<Q", 1 << 63) + b"{}")


def test_several_files_are_one_model_only_if_each_tensor_is_in_one_of_them() -> None:
    left, right = written({"a": entry(0, 1)}, b"1"), written({"b": entry(0, 1)}, b"2")
    both = written({"b": entry(0, 1), "a": entry(1, 2)}, b"21")
    assert digest(left, right) == digest(right, left) == digest(both)
    with pytest.raises(InvalidInput, match="in 0 and in 1"):
        digest(left, left)
    with pytest.raises(InvalidInput, match=r"1: .*cut off"):
        digest(left, right[:-1])


def test_an_index_says_which_tensors_are_in_which_file() -> None:
    index = json.dumps({"weight_map": {"a": "one", "b": "two", "c": "one"}}).encode()
    assert shards(index) == {"one": ["a", "c"], "two": ["b"]}
    files = {
        "one": written({"a": entry(0, 1), "c": entry(1, 2)}, b"13"),
        "two": written({"b": entry(0, 1)}, b"2"),
    }

    def of(listed: dict[str, list[str]]) -> bytes:
        opened = {name: io.BytesIO(each) for name, each in files.items()}
        return tensors(opened, listed=listed).digest

    assert of(shards(index)) == digest(*files.values())
    for wrong in ({"one": ["a"], "two": ["b"]}, {"one": ["a", "c"], "two": ["b", "d"]}):
        with pytest.raises(InvalidInput, match="that the index says"):
            of(wrong)


@pytest.mark.parametrize(
    "name", ["../one", "/one", "a/b", "a\\b", "..", ".", "", "c:one", "a\nb", "\x1b[2J", 1, None]
)
def test_an_index_names_no_file_outside_of_its_folder(name: object) -> None:
    with pytest.raises(InvalidInput, match="no file beside it"):
        shards(json.dumps({"weight_map": {"a": name}}).encode())


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"{}", b'{"weight_map":{}}', b'{"weight_map":{"a":"1","a":"2"}}']
)
def test_what_is_no_index_is_refused(text: bytes) -> None:
    with pytest.raises(InvalidInput):
        shards(text)


# The whole file


def test_no_whole_file_has_the_digest_of_tensors() -> None:
    """The preimage of a digest is a text that anybody can write into a file."""
    file = written({"w": entry(0, 1)}, b"1")
    text = b"kiseki-tensors-v1\0" + struct.pack(">QI", 1, 1) + b"w\x02U8" + struct.pack(">IQ", 1, 1)
    text += hashlib.sha256(b"1").digest()
    assert hashlib.sha256(text).digest() == digest(file)
    with pytest.raises(InvalidInput, match="no weights"):
        whole_digest(io.BytesIO(text))
    assert whole_digest(io.BytesIO(file)) == hashlib.sha256(file).digest()
    assert whole_digest(io.BytesIO(b"")) == hashlib.sha256(b"").digest()


def test_a_large_file_takes_no_more_memory_than_a_small_one_and_says_how_far_it_is() -> None:
    size, told = 1 << 28, [(0, 0)]

    class Zeros(io.RawIOBase):
        """Endless to memory: nothing of it is kept."""

        def __init__(self) -> None:
            self.head, self.at = written({"w": entry(0, size)}), 0

        def seek(self, to: int, whence: int = 0) -> int:
            self.at = to if whence == 0 else len(self.head) + size
            return self.at

        def read(self, length: int = -1) -> bytes:
            at, self.at = self.at, min(self.at + length, len(self.head) + size)
            found = self.head[at : self.at]
            return found + bytes(self.at - at - len(found))

    tracemalloc.start()
    tensors({"w": Zeros()}, lambda *each: told.append(each))  # type: ignore[dict-item]
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 8 << 20
    assert told[-1] == (size, size)
    assert told == sorted(told)


# Vectors


def vectors() -> list[tuple[str, dict[str, Any]]]:
    return list(json.loads((VECTORS / "expected.json").read_text("utf-8")).items())


def test_every_vector_says_what_is_expected_of_it() -> None:
    assert {path.name for path in VECTORS.iterdir()} == {
        "expected.json", *(name for name, _ in vectors()),
    }  # fmt: skip


@pytest.mark.parametrize(("name", "expected"), vectors())
def test_the_vectors_are_as_they_were(name: str, expected: dict[str, Any]) -> None:
    """Files that trainers, the library and hands wrote: a commitment is for good."""
    data = (VECTORS / name).read_bytes()
    if "digest" in expected:
        found = tensors({name: io.BytesIO(data)})
        assert found.digest.hex() == expected["digest"]
        assert found.settings.hex() == expected["settings"]
        assert found.count == expected["count"]
    else:
        with pytest.raises(InvalidInput) as refusal:
            digest(data)
        assert str(refusal.value) == expected["reason"]
    assert whole_digest(io.BytesIO(data)).hex() == expected["whole"]


def test_two_trainers_files_of_the_same_tensors_are_the_same_model() -> None:
    """OneTrainer and ai-toolkit wrote them, each with comments of its own."""
    expected = dict(vectors())
    one, other = expected["onetrainer.safetensors"], expected["ai-toolkit.safetensors"]
    assert one["digest"] == other["digest"]
    assert one["settings"] != other["settings"]
    assert one["whole"] != other["whole"]
    for name in ("onetrainer.safetensors", "ai-toolkit.safetensors"):
        data = (VECTORS / name).read_bytes()
        (stated,) = (
            value.removeprefix("0x")
            for key, value in tensors({name: io.BytesIO(data)}).metadata.items()
            if key in ("sshs_model_hash", "modelspec.hash_sha256")
        )
        assert (payload_digest(io.BytesIO(data)) or b"").hex() == stated
    assert payload_digest(io.BytesIO(b"short")) is None
