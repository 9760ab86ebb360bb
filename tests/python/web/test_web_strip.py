"""A page finds the ID of a file as Python does: whatever the file is, both take out the same bytes
(promise 3; rule 12)."""

from __future__ import annotations

import json
import os
import random
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.python.core import media
from tests.python.core.media import box, full, u32, u64
from tests.python.web.script import Script, running

ROOT = Path(__file__).resolve().parents[3]
VECTORS = ROOT / "tests" / "vectors" / "credentials"
FILES = sorted(path for path in VECTORS.iterdir() if path.suffix != ".json")
MDAT = box(b"mdat", bytes(range(40)))


@pytest.fixture(scope="module")
def script() -> Iterator[Script]:
    with running() as found:
        yield found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_vectors_are_in_a_browser_what_they_are_elsewhere(script: Script, path: Path) -> None:
    data = path.read_bytes()
    expected = json.loads((VECTORS / "expected.json").read_text("utf-8"))
    found = script.ask(data)
    assert [found["format"], found["bare"]] == expected[path.name]
    assert found["whole"] != found["bare"]
    script.must_agree(data)


SIGNED = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}


@pytest.mark.parametrize("kind", SIGNED)
@pytest.mark.parametrize("thumbnail", [False, True])
def test_credentials_that_were_made_for_other_bytes_are_told_from_those_of_the_file(
    script: Script, kind: str, thumbnail: bool
) -> None:
    """The real library made them; what it leaves out of its hash may change."""
    plain = media.picture(kind, 60)
    inside = media.embed(plain, SIGNED[kind], thumbnail=thumbnail)
    again = media.embed(inside, SIGNED[kind], thumbnail=thumbnail)
    assert script.ask(plain)["bound"] is None
    assert script.ask(inside)["bound"] is True
    assert script.ask(again)["bound"] is True
    at = inside.index(plain[-300:-200]) + 50  # in the picture itself, wherever the store is
    changed = inside[:at] + bytes([inside[at] ^ 1]) + inside[at + 1 :]
    assert script.ask(changed)["bound"] is False
    assert script.ask(changed)["bare"] != script.ask(inside)["bare"]


def test_credentials_that_cannot_be_read_accuse_nobody(script: Script) -> None:
    """Damage inside of them, at every fifth byte, is never taken for a change of the picture."""
    plain = media.picture("PNG", 20)
    inside = media.embed(plain, "image/png")
    store = inside[33 : len(inside) - len(plain) + 33]
    named = store.index(b"c2pa.hash.data")
    for at in range(12, len(store) - 4, 5):
        damaged = store[:at] + bytes([store[at] ^ 0xFF]) + store[at + 1 :]
        told = script.ask(inside[:33] + damaged + inside[33 + len(store) :])["bound"]
        assert told is not False or 0 <= at - named < 300, "only what the hash itself says counts"


def test_every_case_of_the_tests_of_python_is_one_of_the_script(tmp_path: Path) -> None:
    """Also the forgeries: a picture that hides in a store is nobody else's in a browser either."""
    told = tmp_path / "compared"
    done = subprocess.run(
        [
            sys.executable, "-m", "pytest", "-q", "-p", "tests.python.web.comparing",
            "-k", "not boxes_without_end",  # it changes limits of Python alone
            "tests/python/core/test_core_credentials.py",
            "tests/python/core/test_core_credentials_forged.py",
        ],
        cwd=ROOT, env={**os.environ, "COMPARED": str(told)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(told.read_text("ascii")) > 1_000


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_damaged_file_is_damaged_alike_in_both(script: Script, path: Path) -> None:
    """300 of each: bytes replaced, left out, put in; numbers at their limits; cut off; doubled."""
    true, chance = path.read_bytes(), random.Random(path.name)
    numbers = [struct.pack(">I", each) for each in (0, 1, 7, 8, 0x7FFFFFFF, 0xFFFFFFFF)]
    puts = [*numbers, b"\xff" * 8, bytes(8), b"\x00\x20" + bytes(6), b"", b"\xff\xd9", b"uuid"]
    for _ in range(300):
        data = bytearray(true)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(min(len(data), chance.choice([60, 1000, 1 << 20])) + 1)
            put = chance.choice([*puts, chance.randbytes(chance.randint(0, 5))])
            data[at : at + chance.choice([0, len(put), len(put), 1, 4])] = put
        if not chance.randrange(10):
            del data[chance.randrange(len(data) + 1) :]
        if not chance.randrange(10):
            data += data[chance.randrange(len(data) + 1) :]
        script.must_agree(bytes(data))


def test_numbers_that_no_float_holds_are_put_back_exactly(script: Script) -> None:
    """A base of eight bytes may point beyond every file where nothing is counted from it."""
    store = media.store_box(b"some")
    for base in ((1 << 64) - 1, (1 << 53) + 1, 1 << 63):
        tfhd = full(b"tfhd", 0, 1, u32(1), u64(base))
        film = media.FTYP + store + box(b"moof", box(b"traf", tfhd)) + MDAT
        cuts = script.ask(film)["cuts"]
        assert u64(base - len(store)).hex() in cuts[-1][2]
        script.must_agree(film)
        item = struct.pack(">HHHHQH", 1, 1, 0, 0, base, 0)
        listed = full(b"iloc", 1, 0, b"\x44\x80", item)
        picture = media.FTYP + store + full(b"meta", 0, 0, listed) + MDAT
        assert u64(base - len(store)).hex() in script.ask(picture)["cuts"][-1][2]
        script.must_agree(picture)


def test_sums_that_no_float_holds_are_told_exactly(script: Script) -> None:
    """Sizes of samples add up beyond 2**53 in a list that only points into the file."""
    store = media.store_box(b"some")
    large = 0xFFFFFFFF
    for sizes, samples in (([large] * 9, 1), ([1, 2, 3], 1), ([1, 2, 3], large)):
        stsz = full(b"stsz", 0, 0, u32(0, len(sizes), *sizes))
        stbl = box(
            b"stbl", full(b"stts", 0, 0, u32(1, 1, 2)), full(b"stsc", 0, 0, u32(1, 1, samples, 1)),
            stsz, full(b"co64", 0, 0, u32(3), u64(len(media.FTYP) + len(store) + 8, 9, large)),
        )  # fmt: skip
        film = media.FTYP + store + MDAT + box(b"moov", box(b"trak", box(b"mdia", box(
            b"minf", stbl))))  # fmt: skip
        script.must_agree(film)


@pytest.mark.parametrize(
    "data",
    [b"", b"R", b"RIFF", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"\0\0\0\x08ftyp", b"%PDF-1.7",
     b"GIF89a" + b"\x89PNG\r\n\x1a\n" * 9, b"\0\0\0\x01ftyp" + bytes(7), b"PK\x03\x04" + bytes(90)],
)  # fmt: skip
def test_a_file_of_no_known_kind_is_taken_as_it_is(script: Script, data: bytes) -> None:
    found = script.ask(data)
    assert found["cuts"] == [] and found["bare"] == found["whole"]
    script.must_agree(data)
