"""An output's ID is that of the file without credentials: before, inside and after are one.

That no two files with one ID show different things is in `test_core_credentials_forged.py`.
"""

from __future__ import annotations

import hashlib
import io
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from tests.fuzz import targets
from tests.fuzz.almost import unhurried
from tests.python.core import media
from tests.python.core.media import box, chunk, embed, full, mp4, picture, png, riff, segment

from kiseki.core.credentials import Layout, layout, pieces, strip

VECTORS = Path(__file__).parents[2] / "vectors" / "credentials"
MDAT = box(b"mdat", bytes(range(40)))

T = TypeVar("T")


def told(data: bytes) -> Layout:
    return layout(io.BytesIO(data))


# The real library


WAV = b"RIFF" + (44).to_bytes(4, "little") + (
    b"WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0data\x08\0\0\0" + bytes(8)
)  # fmt: skip

FILES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "png": ("image/png", lambda: picture("PNG")),
    "png with text after it": ("image/png", lambda: picture("PNG") + b"and more"),
    "jpeg": ("image/jpeg", lambda: picture("JPEG")),
    "jpeg with scans": ("image/jpeg", lambda: picture("JPEG", progressive=True)),
    "jpeg with restarts": ("image/jpeg", lambda: picture("JPEG", restart_marker_blocks=1)),
    "webp": ("image/webp", lambda: picture("WEBP")),
    "webp without loss": ("image/webp", lambda: picture("WEBP", lossless=True)),
    "webp with exif": ("image/webp", lambda: picture("WEBP", exif=b"Exif\0\0II*\0\x08\0\0\0\0\0")),
    "mp4": ("video/mp4", lambda: mp4(media.FTYP, b"moov", MDAT)),
    "mp4, content first": ("video/mp4", lambda: mp4(media.FTYP, MDAT, b"moov")),
    "mp4 with a large box": (
        "video/mp4",
        lambda: mp4(media.FTYP, b"moov", MDAT, box(b"free", bytes(9), large=True)),
    ),
    "mp4 in fragments": ("video/mp4", lambda: fragments(1)),
    "avif": ("image/avif", lambda: picture("AVIF")),
    "heic, places": ("image/heic", lambda: items(0, 4, 0, first=0)),
    "heic, bases": ("image/heic", lambda: items(2, 0, 8, first=4)),
    "heic, places of methods": ("image/heic", lambda: items(1, 8, 0, first=0)),
    "wav": ("audio/wav", lambda: WAV),
}


def fragments(count: int) -> bytes:
    """A film in fragments, with an index of them at its end."""
    trex = box(b"mvex", full(b"trex", 0, 0, media.u32(1, 1, 0, 0, 0)))
    film = media.FTYP + box(b"moov", full(b"mvhd", 0, 0, bytes(96)), trex)
    starts = []
    for _ in range(count):
        starts.append(len(film))
        tfhd = full(b"tfhd", 0, 1, media.u32(1), media.u64(len(film)))
        traf = box(b"traf", tfhd, full(b"trun", 0, 1, media.u32(1, 100)))
        film += box(b"moof", full(b"mfhd", 0, 0, media.u32(1)), traf) + MDAT
    rows = b"".join(media.u64(1, start) + b"\1\1\1" for start in starts)
    return film + box(b"mfra", full(b"tfra", 1, 0, media.u32(1, 0, count), rows))


def items(version: int, offset: int, base: int, first: int) -> bytes:
    """A picture of items: in the file by places or by bases, and (by method 1) inside a box.

    Args:
        offset, base: the bytes that a place and a base have.
        first: the base of the first item, counted from where the content begins; 0 for none.
    """
    wide = 4 if version == 2 else 2

    def item(number: int, method: int, where: int, *places: int) -> bytes:
        text = number.to_bytes(wide, "big") + (bytes([0, method]) if version else b"") + b"\0\0"
        text += where.to_bytes(base, "big") + len(places).to_bytes(2, "big")
        return text + b"".join(place.to_bytes(offset, "big") + media.u32(3) for place in places)

    def meta(at: int) -> bytes:
        place = at if offset else 0
        beside = 40 if offset else 0  # counted from a base, or from where a box begins
        rows = [
            item(1, 0, at + first if first else 0, place),
            item(2, 0, at, beside) if base else item(2, 0, 0, place, place),
        ]
        if version:
            rows.append(item(3, 1, 0, beside))
        head = bytes([offset << 4 | 4, base << 4]) + len(rows).to_bytes(wide, "big")
        hdlr = full(b"hdlr", 0, 0, media.u32(0), b"pict", bytes(12), b"\0")
        idat = box(b"idat", bytes(50)) if version else b""
        return full(b"meta", 0, 0, hdlr, full(b"iloc", version, 0, head, *rows), idat)

    return media.FTYP + meta(len(media.FTYP) + len(meta(0)) + 8) + MDAT


@pytest.mark.parametrize("thumbnail", [False, True])
@pytest.mark.parametrize("name", FILES)
def test_what_the_library_puts_in_is_taken_out_to_the_byte(name: str, thumbnail: bool) -> None:
    mime, made = FILES[name]
    before = made()
    once = embed(before, mime, thumbnail=thumbnail)
    again = embed(once, mime, thumbnail=thumbnail)
    assert len(before) < len(once)
    assert once != again
    assert strip(before) == strip(once) == strip(again) == before
    assert told(once).odd == ""


def test_the_hashes_of_a_films_parts_are_taken_out_too() -> None:
    film = mp4(media.FTYP, b"moov", box(b"mdat", bytes(range(256)) * 20))
    inside = embed(film, "video/mp4", core={"merkle_tree_chunk_size_in_kb": 1})
    assert inside.count(b"merkle\0") > 1
    assert strip(inside) == film


def test_what_the_library_itself_loses_is_not_put_back() -> None:
    """It writes one place into the whole index of a film in fragments, and leaves out what follows
    a WebP file. Where this fails, a newer one keeps them: say so in docs/design.md."""
    film, loose = fragments(3), picture("WEBP") + b"and more"
    assert strip(embed(fragments(1), "video/mp4")) == fragments(1)
    found = strip(embed(film, "video/mp4"))
    assert len(found) == len(film)
    assert {at for at in range(len(film)) if film[at] != found[at]} <= set(
        range(film.index(b"tfra"), len(film))
    )
    assert found != film
    assert strip(embed(loose, "image/webp")) == picture("WEBP")


def test_what_the_library_itself_moves_twice_is_not_the_picture_from_before() -> None:
    """Of an item whose base is zero it moves base and place, so the item lies elsewhere."""
    before = items(0, 4, 4, first=0)
    inside = embed(before, "image/heic")
    assert strip(inside) != before
    assert strip(before) == before


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.filter_too_much])
@given(data=st.data(), name=st.sampled_from(["png", "mp4", "mp4, content first", "avif"]))
def test_a_damaged_file_too_is_the_same_before_and_inside_or_that_is_said(
    name: str, data: st.DataObject
) -> None:
    mime, made = FILES[name]
    damaged = data.draw(almost(made()))
    try:
        inside = embed(damaged, mime)
    except Exception:  # noqa: BLE001 - the library refuses it in one of its many ways
        assume(False)
    assert strip(damaged) == damaged
    assert strip(inside) == damaged or (told(inside).odd and strip(inside) == inside)


# Built with and without: what is taken out is that and nothing else


@st.composite
def almost(draw: st.DrawFn, true: bytes) -> bytes:
    """A file with bytes replaced, left out or put in."""
    made = bytearray(true)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, min(len(made), draw(st.sampled_from([64, 100_000])))))
        put = draw(st.sampled_from([b"", b"\0", b"\xff", bytes(8)]) | st.binary(max_size=4))
        made[at : at + draw(st.sampled_from([0, 1, 2, 8]))] = put
    return bytes(made)


SMALL = st.binary(max_size=9)
KINDS = st.sampled_from([b"tEXt", b"IDAT", b"caBx", b"CaBX", b"C2PB", b"free", b"EXIF"])


@unhurried
@given(st.lists(st.tuples(KINDS, SMALL)), st.data())
def test_of_a_png_the_stores_behind_its_head_and_no_other_chunk_are_taken_out(
    others: list[tuple[bytes, bytes]], data: st.DataObject
) -> None:
    plain = [chunk(kind, each) for kind, each in others]
    stores = [chunk(b"caBX", each) for each in data.draw(st.lists(SMALL, max_size=3))]
    tail = data.draw(SMALL)
    assert strip(png(*stores, *plain) + tail) == png(*plain) + tail
    assert told(png(*stores, *plain) + tail).odd == ""


@unhurried
@given(st.lists(st.tuples(KINDS, SMALL)), st.data())
def test_of_a_webp_the_stores_at_its_end_and_no_other_chunk_are_taken_out(
    others: list[tuple[bytes, bytes]], data: st.DataObject
) -> None:
    stores = [(b"C2PA", each) for each in data.draw(st.lists(SMALL, max_size=3))]
    assert strip(riff(*others, *stores)) == riff(*others)
    assert told(riff(*others, *stores)).odd == ""


OTHER_KIND = bytes.fromhex("65706e6700110010800000aa00389b71")


@unhurried
@given(st.data())
def test_of_a_jpeg_every_store_in_front_and_no_other_box_is_taken_out(data: st.DataObject) -> None:
    """Boxes of another kind may have a store's number, and stand before or after it."""

    def boxes(kind: bytes) -> list[bytes]:
        sizes = st.integers(30, 40)
        return media.jpeg_store(data.draw(SMALL), data.draw(st.integers(1, 2)), data.draw(sizes),
                                kind)  # fmt: skip

    plain: list[bytes] = []
    mixed: list[bytes] = []
    for _ in range(data.draw(st.integers(0, 6))):
        kind = data.draw(st.sampled_from([b"store", b"other", b"text"]))
        if kind == b"store":
            mixed += boxes(media.STORE)
            continue
        found = (
            boxes(OTHER_KIND)
            if kind == b"other"
            else [segment(data.draw(st.sampled_from([0xE0, 0xEB])), data.draw(SMALL))]
        )
        plain += found
        mixed += found
    rest = segment(0xE1, b"Exif") + segment(0xDA, b"\0") + b"\x01\xff\x00\xff\xd3\x02\xff\xd9"
    tail = rest + data.draw(SMALL)
    begin = b"\xff\xd8" + segment(0xE0, b"JFIF\0")
    assert strip(begin + b"".join(mixed) + tail) == begin + b"".join(plain) + tail


@unhurried
@given(st.permutations([b"moov", MDAT, box(b"free", b"x"), box(b"uuid", bytes(20))]), st.data())
def test_of_a_film_the_stores_behind_its_head_and_content_and_at_its_end_are_taken_out(
    order: list[bytes], data: st.DataObject
) -> None:
    made = st.sampled_from([b"manifest", b"merkle", b"update"])
    mixed = list(order)
    meant = True
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, len(mixed)))
        mixed.insert(at, media.store_box(data.draw(SMALL), data.draw(made)))
    for at, each in enumerate(mixed):
        others = [one for one in mixed[at:] if one in order]
        before = [one for one in mixed[:at] if one in order]
        meant &= each in order or not others or not before or before[-1] == MDAT
    film = mp4(media.FTYP, *mixed)
    assert strip(film) == (mp4(media.FTYP, *order) if meant else film)
    assert bool(told(film).odd) != meant


# Anything else


@unhurried
@given(data=st.data(), name=st.sampled_from(sorted(FILES)))
def test_anything_at_all_is_stripped_once_or_taken_as_it_is(name: str, data: st.DataObject) -> None:
    store = {
        "image/png": chunk(b"caBX", b"store"),
        "image/jpeg": b"".join(media.jpeg_store(b"store", 1, 50)),
        "video/mp4": media.store_box(b"store"),
    }.get(FILES[name][0], b"C2PA\x04\0\0\0some")
    true = FILES[name][1]()
    at = data.draw(st.integers(0, len(true)))
    targets.stripped(data.draw(almost(true[:at] + store + true[at:])))


@unhurried
@given(st.binary())
@example(b"")
@example(b"RIFF")
@example(b"\xff\xd8\xff")
@example(b"\x89PNG\r\n\x1a\n")
@example(b"\0\0\0\x08ftyp")
def test_a_file_of_no_known_kind_is_taken_as_it_is(data: bytes) -> None:
    assert strip(data) == data


@pytest.mark.parametrize(
    ("data", "odd"),
    [
        (picture("PNG")[:-20], "cut off"),
        (picture("WEBP")[:-20], "cut off"),
        (b"\xff\xd8\xff\xe0\x00\x04abcd\xff\xd9", "between its segments"),
        (riff((b"C2PA", b"some"))[:-6] + b"\xff\xff\0\0" + b"some", "beyond its end"),
        (mp4(media.FTYP, media.store_box(bytes(99)), b"moov", MDAT).replace(
            b"co64\0\0\0\0\0\0\0\2", b"co64\0\0\0\0\0\0\0\3"), "cut off"),
        (mp4(media.FTYP, media.store_box(bytes(999)), MDAT, b"moov", where=(-1000,)),
         "points to its credentials"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_as_its_format_says_is_taken_as_it_is_and_that_is_said(
    data: bytes, odd: str
) -> None:
    assert strip(data) == data
    assert odd in told(data).odd


def test_a_picture_that_is_odd_at_its_end_loses_the_store_before_that() -> None:
    """The library puts its store in front, whatever follows, so both have one hash."""
    for plain, inside in (
        (png(chunk(b"IDAT", b"1"))[:-5], png(chunk(b"caBX", b"2"), chunk(b"IDAT", b"1"))[:-5]),
        (b"\xff\xd8" + segment(0xE0, b"") + b"odd", b"".join(
            [b"\xff\xd8", segment(0xE0, b""), *media.jpeg_store(b"2", 1, 99), b"odd"])),
    ):  # fmt: skip
        assert strip(inside) == plain
        assert told(inside).odd == told(plain).odd != ""


def test_a_large_film_takes_no_more_memory_than_a_small_one(tmp_path: Path) -> None:
    head, size = mp4(media.FTYP, media.store_box(b"some"), b"moov", box(b"mdat")), 1 << 28
    head = head[:-8] + media.u32(8 + size) + b"mdat"
    with (tmp_path / "film.mp4").open("w+b") as film:
        film.write(head)
        film.truncate(len(head) + size)
        tracemalloc.start()
        length = sum(map(len, pieces(film, layout(film))))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert length == len(head) + size - len(media.store_box(b"some"))
    assert most < 8 << 20


def test_a_file_with_credentials_everywhere_is_taken_as_it_is() -> None:
    store = b"".join(media.jpeg_store(b"", 1, 99))
    crowd = b"\xff\xd8" + (store + segment(0xE0, b"")) * (1 << 16) + store + b"\xff\xd9"
    assert "more places" in told(crowd).odd
    assert strip(crowd) == crowd


# The vectors


def test_the_vectors_are_as_they_were() -> None:
    """Files that the library wrote in November 2026, and what is left: an ID is for good."""
    expected = json.loads((VECTORS / "expected.json").read_text("utf-8"))
    assert {path.name for path in VECTORS.iterdir()} == {*expected, "expected.json"}
    for name, (format_, digest) in expected.items():
        data = (VECTORS / name).read_bytes()
        assert told(data).format == format_
        assert told(data).cuts
        assert hashlib.sha256(strip(data)).hexdigest() == digest, name
