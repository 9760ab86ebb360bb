"""Two files with one ID show the same: forgeries, and every byte that a table names.

Each forgery here is a file whose bytes outside of the C2PA boxes are those of another file that is
registered, and that shows something else. `strip` takes such a file as it is, and says why.
"""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageSequence
from tests.python.core import media
from tests.python.core.media import box, chunk, embed, full, picture, segment, u32, u64

from kiseki.core.credentials import layout, strip

PLAIN = box(b"mdat", bytes(range(40, 80)))


def odd(data: bytes) -> str:
    return layout(io.BytesIO(data)).odd


def pixels(data: bytes) -> list[bytes]:
    with Image.open(io.BytesIO(data)) as opened:
        return [each.convert("RGBA").tobytes() for each in ImageSequence.Iterator(opened)]


# Real pictures


PICTURES = {
    "png": ("PNG", "image/png", {}),
    "apng": ("PNG", "image/png", {"save_all": True}),
    "jpeg": ("JPEG", "image/jpeg", {}),
    "jpeg in scans": ("JPEG", "image/jpeg", {"progressive": True}),
    "jpeg with a second picture": ("MPO", "image/jpeg", {"save_all": True}),
    "webp": ("WEBP", "image/webp", {}),
    "webp without loss": ("WEBP", "image/webp", {"lossless": True}),
    "webp, moving": ("WEBP", "image/webp", {"save_all": True}),
    "avif": ("AVIF", "image/avif", {}),
}


def saved(kind: str, options: dict[str, bool]) -> bytes:
    if "save_all" not in options:
        return picture(kind, **options)
    first, second = (Image.open(io.BytesIO(picture("PNG", size))).resize((9, 9)) for size in (9, 8))
    out = io.BytesIO()
    first.save(out, kind, append_images=[second], **options)
    return out.getvalue()


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_has_the_same_pixels_before_inside_and_after(name: str) -> None:
    kind, mime, options = PICTURES[name]
    before = saved(kind, options)
    inside = embed(before, mime)
    assert strip(inside) == strip(before) == before != inside
    assert odd(inside) == odd(before) == ""
    assert pixels(inside) == pixels(before)
    assert len(pixels(before)) == (2 if "save_all" in options else 1)


# Films, and pictures of items


def forged_avif() -> tuple[bytes, bytes]:
    """A picture, and another one that hides in a store behind it."""
    noise, blue = picture("AVIF", 64), io.BytesIO()
    Image.new("RGB", (67, 64), (0, 0, 255)).save(blue, "AVIF")
    place, offset, length = _iloc(noise)
    _, mine, size = _iloc(blue.getvalue())
    pad = length - size
    frame = blue.getvalue()[mine : mine + size]
    frame += bytes([0x7A, pad - 3 & 127 | 128, pad - 3 >> 7]) + bytes(pad - 4) + b"\x80"  # OBU
    store = media.store_box(bytes(len(noise) - offset) + frame)
    start = len(noise) + len(store) - len(frame)
    store += bytes(start - offset - len(store))  # as long as the offset moves
    store = u32(len(store)) + store[4:]
    return noise, noise[:place] + u32(start) + noise[place + 4 :] + store


def _iloc(data: bytes) -> tuple[int, int, int]:
    """Where the one item's offset stands, the offset, and the length."""
    place = data.index(b"iloc") + 18
    return place, *struct.unpack(">II", data[place : place + 8])


def test_a_picture_in_a_store_behind_a_registered_one_is_not_that() -> None:
    registered, forged = forged_avif()
    assert pixels(forged) != pixels(registered)
    assert strip(forged) == forged
    assert "points to its credentials" in odd(forged)


def moof(at: int, *, base: int | None, run: int, size: int = 3) -> bytes:
    """A fragment of one sample.

    Args:
        at: where it starts.
        base: from where its places are counted; none for its own start.
        run: where the sample lies in the file.
    """
    told = u32(1) if base is None else u32(1) + u64(base)
    tfhd = full(b"tfhd", 0, 0x20000 if base is None else 1, told)
    offset = run - (at if base is None else base) & 0xFFFFFFFF
    trun = full(b"trun", 0, 0x201, u32(1, offset, size))
    return box(b"moof", full(b"mfhd", 0, 0, u32(1)), box(b"traf", tfhd, trun))


@pytest.mark.parametrize("absolute", [False, True])
@pytest.mark.parametrize("place", ["between", "in front", "behind"])
def test_a_fragment_cannot_reach_into_a_store_or_over_it(place: str, absolute: bool) -> None:
    store = media.store_box(b"another's sample" * 9)
    size = len(moof(0, base=0 if absolute else None, run=0))
    start = len(media.FTYP) + (len(store) if place == "in front" else 0)
    end = len(media.FTYP) + size + len(PLAIN)
    run = {"between": start + size + 8, "in front": start - 20, "behind": end - 1}[place]
    made = moof(start, base=start if absolute else None, run=run)
    order = {
        "between": [made, store, PLAIN],
        "in front": [store, made, PLAIN],
        "behind": [made, PLAIN, store],
    }[place]
    film = media.FTYP + b"".join(order)
    assert strip(film) == film
    assert odd(film)


def stbl(*more: bytes, sizes: bytes | None = None, samples: int = 1) -> bytes:
    return box(
        b"stbl", full(b"stsd", 0, 0, u32(0)), full(b"stts", 0, 0, u32(1, 1, 2)),
        full(b"stsc", 0, 0, u32(1, 1, samples, 1)),
        full(b"stsz", 0, 0, u32(3, 9)) if sizes is None else sizes, *more,
    )  # fmt: skip


def moov(*tables: bytes) -> bytes:
    def track(table: bytes) -> bytes:
        hdlr = full(b"hdlr", 0, 0, u32(0), b"vide", bytes(12), b"v\0")
        return box(b"trak", box(b"mdia", hdlr, box(b"minf", table)))

    return box(b"moov", *map(track, tables))


# What a reader finds, read here in another way: by the names of tables, wherever they stand

Choose = Callable[[], int]
Unit = Callable[[Choose, int], bytes]

UNITS: dict[str, Unit] = {
    "mdat": lambda _, at: box(b"mdat", zlib.crc32(bytes([at % 256])).to_bytes(4, "big") * 6),
    "free": lambda _, at: box(b"free", bytes(at % 5)),
    "stco": lambda choose, _: moov(stbl(full(b"stco", 0, 0, u32(2, choose(), choose())))),
    "co64": lambda choose, _: moov(
        stbl(full(b"stco", 0, 0, u32(1, choose()))),
        stbl(full(b"co64", 0, 0, u32(2), u64(choose(), choose()))),
    ),
    "iloc": lambda choose, _: full(
        b"meta", 0, 0, full(b"iloc", 0, 0, b"\x44\x40", struct.pack(
            ">HHHIHII HHIHIIII", 2, 1, 0, 0, 1, choose(), 3, 2, 0, choose(), 2, 0, 3, 4, 3)),
    ),
    "moof": lambda choose, at: moof(at, base=None, run=choose()),
    "base": lambda choose, at: moof(at, base=choose(), run=choose()),
    "tfra": lambda choose, _: box(
        b"mfra", full(b"tfra", 0, 0, u32(1, 0, 1, 0, choose()), b"\1\1\1")
    ),
    "saio": lambda choose, _: moov(stbl(full(b"stco", 0, 0, u32(0)),
                                        full(b"saio", 0, 0, u32(1, choose())))),
    "sidx": lambda choose, at: full(b"sidx", 0, 0, u32(1, 1, 0), u32(
        choose() - at - 44 & 0xFFFFFFFF), u32(1, 3, 0, 0)),
    "nested": lambda choose, _: box(b"meco", full(b"meta", 0, 0, full(
        b"iloc", 0, 0, b"\x44\x40", struct.pack(">HHHIHII", 1, 1, 0, 0, 1, choose(), 3)))),
}  # fmt: skip


def _same(unit: bytes, _choose: Choose, _at: int) -> bytes:
    return unit


def top(film: bytes) -> Iterator[tuple[bytes, int, int]]:
    at = 0
    while at + 8 <= len(film):
        size = int.from_bytes(film[at : at + 4], "big")
        size = int.from_bytes(film[at + 8 : at + 16], "big") if size == 1 else size
        yield film[at + 4 : at + 8], at, at + (size or len(film) - at)
        at += size or len(film)


def found(film: bytes) -> list[bytes]:
    """Every stretch that a table names."""
    out = []

    def number(at: int, width: int = 4) -> int:
        return int.from_bytes(film[at : at + width], "big")

    def take(at: int, length: int = 3) -> None:
        out.append(film[at : at + length] if at >= 0 else b"in front of everything")

    for kind, start, stop in top(film):
        if kind in (b"mdat", b"free", b"uuid"):
            continue
        base = start
        for match in re.finditer(rb"stco|co64|iloc|tfhd|trun|tfra|saio|sidx", film[start:stop]):
            at = start + match.end() + 4
            if match[0] in (b"stco", b"saio", b"co64"):
                width = 8 if match[0] == b"co64" else 4
                for each in range(number(at)):
                    take(number(at + 4 + width * each, width))
            elif match[0] == b"tfhd":
                base = number(at + 4, 8) if film[at - 1] & 1 else start
            elif match[0] == b"trun":
                (offset,) = struct.unpack(">i", film[at + 4 : at + 8])
                take(base + offset)
            elif match[0] == b"tfra":
                take(number(at + 16), 8)
            elif match[0] == b"sidx":
                take(at + 28 + 4 * 1 + number(at + 12))
            else:
                at += 4
                for _ in range(number(at - 2, 2)):
                    items = at + 10
                    for _ in range(number(at + 8, 2)):
                        take(number(at + 4) + number(items), number(items + 4))
                        items += 8
                    at = items
    return out


@settings(deadline=None, max_examples=600)
@given(st.data())
def test_whatever_a_table_names_has_the_same_bytes_without_the_credentials(
    data: st.DataObject,
) -> None:
    """Tables of every kind, those too that are not put back, point anywhere: into stores, in front
    of them, behind, to tables, out of the file; stores stand anywhere, several, and long."""
    names = data.draw(st.lists(st.sampled_from([*UNITS, "mdat", "mdat", "stco"]), min_size=1,
                               max_size=4))  # fmt: skip
    usual = data.draw(st.booleans())
    order: list[Unit] = [UNITS[each] for each in names]
    for _ in range(data.draw(st.integers(1, 3))):
        content = data.draw(st.binary(max_size=40)) + bytes(data.draw(st.sampled_from([0, 300])))
        form = data.draw(st.sampled_from(["plain"] * 6 + ["large", "to the end"]))
        store = media.store_box(content)
        if form == "large":
            store = u32(1) + store[4:8] + u64(len(store) + 8) + store[8:]
        elif form == "to the end":
            store = u32(0) + store[4:]
        place = 0 if usual else data.draw(st.integers(0, len(order)))
        order.insert(place, partial(_same, store))

    def built(choose: Choose) -> bytes:
        film = media.FTYP
        for make in order:
            film += make(choose, len(film))
        return film

    places = list(top(built(lambda: 0)))
    bodies = [start + 8 for kind, start, _ in places if kind == b"mdat"]
    fragments = [start for kind, start, _ in places if kind == b"moof"]
    anywhere = [at for _, start, stop in places for at in (start, start + 8, stop)]
    near = st.integers(-12, 40) if not usual else st.integers(0, 21)
    marks = (bodies + fragments) if usual and bodies else anywhere
    film = built(lambda: max(0, data.draw(st.sampled_from(marks)) + data.draw(near)))
    left = strip(film)
    if left == film:
        assert odd(film)
        return
    event("taken out")
    assert not odd(film)
    assert found(left) == found(film)
    assert strip(left) == left


def test_a_table_that_is_shown_itself_is_not_put_back() -> None:
    """Its numbers change with the length of the store, so what shows them would change."""

    def film(long: int) -> bytes:
        sizes = full(b"stsz", 0, 0, u32(0, 2, 20, long))
        return media.mp4(media.FTYP, media.store_box(b"some"), PLAIN, lambda at: moov(
            stbl(full(b"stco", 0, 0, u32(1, at)), sizes=sizes, samples=2),
            stbl(full(b"stco", 0, 0, u32(1, at))),
        ))  # fmt: skip

    assert strip(film(20)) != film(20)
    table = film(20).index(b"stco") + 4 - film(20).index(PLAIN) - 8
    assert strip(film(table - 20)) != film(table - 20)
    assert strip(film(table - 19)) == film(table - 19)
    assert "points to a table" in odd(film(table - 19))


REFUSED: dict[str, tuple[str, Callable[[int], bytes]]] = {
    "raw sound": ("raw sound", lambda at: moov(stbl(full(b"stco", 0, 0, u32(1, at)))).replace(
        b"vide", b"soun").replace(u32(1, 1, 2), u32(1, 1, 1))),
    "compressed tables": ("compressed tables", lambda _: box(b"moov", box(b"cmov", b"x"))),
    "a table elsewhere": ("a table stands where none", lambda at: box(
        b"moov", box(b"udta", full(b"stco", 0, 0, u32(1, at))))),
    "two lists of chunks": ("not one list of its chunks", lambda at: moov(
        stbl(*[full(b"stco", 0, 0, u32(1, at)), full(b"co64", 0, 0, u32(1), u64(at))]))),
    "two lists of samples": ("two lists of its samples", lambda at: moov(
        stbl(full(b"stco", 0, 0, u32(1, at))) + stbl(full(b"stco", 0, 0, u32(1, at))))),
    "a box without a size": ("has no size", lambda at: moov(
        u32(0) + stbl(full(b"stco", 0, 0, u32(1, at)))[4:])),
    "an item of all that follows": ("no length", lambda at: full(b"meta", 0, 0, full(
        b"iloc", 0, 0, b"\x44\0", struct.pack(">HHHHII", 1, 1, 0, 1, at, 0)))),
    "an item in another file": ("another file", lambda at: full(b"meta", 0, 0, full(
        b"iloc", 0, 0, b"\x44\0", struct.pack(">HHHHII", 1, 1, 1, 1, at, 3)))),
    "an item outside of its box": ("outside of its box", lambda _: full(
        b"meta", 0, 0, box(b"idat", b"some"), full(
            b"iloc", 1, 0, b"\x44\0", struct.pack(">HHHHHII", 1, 1, 1, 0, 1, 2, 3)))),
    "a list of items of version 3": ("not known", lambda at: full(b"meta", 0, 0, full(
        b"iloc", 3, 0, b"\x44\0", struct.pack(">HHHHHII", 1, 1, 0, 0, 1, at, 3)))),
    "an index to no fragment": ("no fragment begins", lambda at: box(b"mfra", full(
        b"tfra", 0, 0, u32(1, 0, 1, 0, at), b"\1\1\1"))),
    "an index of version 2": ("not known", lambda at: box(b"mfra", full(
        b"tfra", 2, 0, u32(1, 0, 0)))),
    "a fragment that points back": ("in front of it", lambda at: moof(
        at - 8 + len(PLAIN), base=None, run=at)),
    "places counted from another box": ("in another way", lambda at: moov(
        stbl(full(b"stco", 0, 0, u32(1, at)), box(b"imdt")))),
    "a fragment after another's": ("the one before", lambda _: box(b"moof", *[
        box(b"traf", full(b"tfhd", 0, 0, u32(1)), full(b"trun", 0, 0x201, u32(1, 99, 3)))] * 2)),
    "samples without a size": ("have no size", lambda _: box(b"moof", box(
        b"traf", full(b"tfhd", 0, 0, u32(1)), full(b"trun", 0, 1, u32(1, 99))))),
    "sizes of another track": ("about one track", lambda _: box(b"moov", box(b"mvex", *[
        full(b"trex", 0, 0, u32(1, 1, 0, 3, 0))] * 2))),
    "more bytes than there are": ("points out of it", lambda at: moov(stbl(
        full(b"stco", 0, 0, u32(1, at)), sizes=full(b"stsz", 0, 0, u32(9999, 1))))),
    "chunks out of order": ("out of order", lambda at: moov(
        stbl(full(b"stco", 0, 0, u32(1, at)))).replace(u32(1, 1, 1, 1), u32(1, 2, 1, 1))),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_a_film_that_two_readers_could_read_in_two_ways_is_taken_as_it_is(what: str) -> None:
    why, made = REFUSED[what]
    film = media.mp4(media.FTYP, media.store_box(b"some"), PLAIN, made)
    assert strip(film) == film
    assert why in odd(film)
    without = media.mp4(media.FTYP, PLAIN, made)
    assert odd(without) == ""  # nothing has to be taken out of it


def test_a_store_between_the_parts_of_an_item_stays() -> None:
    """They are counted from one base, which can be put back for one side only."""
    store = media.store_box(b"some")

    def film(*parts: int) -> bytes:
        places = b"".join(u32(each, 3) for each in parts)
        item = struct.pack(">HHHIH", 1, 1, 0, len(media.FTYP) + 8, len(parts)) + places
        meta = full(b"meta", 0, 0, full(b"iloc", 0, 0, b"\x44\x40", item))
        return media.FTYP + PLAIN + store + PLAIN + meta

    other = len(PLAIN) + len(store)
    assert odd(film(0, 5)) == ""
    assert strip(film(0, other)) == film(0, other)
    assert "between the parts" in odd(film(0, other))


@pytest.mark.parametrize("where", ["large", "to the end", "no box behind"])
def test_a_store_whose_end_readers_could_see_elsewhere_stays(where: str) -> None:
    store = media.store_box(b"some")
    film = media.FTYP + PLAIN + {
        "large": u32(1) + store[4:8] + u64(len(store) + 8) + store[8:],
        "to the end": u32(0) + store[4:],
        "no box behind": store + u32(7) + b"free",
    }[where]  # fmt: skip
    assert strip(film) == film
    assert odd(film)


def test_a_film_of_boxes_without_end_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    film = media.FTYP + media.store_box(b"some") + PLAIN
    assert strip(film) == media.FTYP + PLAIN
    monkeypatch.setattr("kiseki.core.credentials._BOXES", 2)
    assert strip(film) == film
    assert "more boxes" in odd(film)
    monkeypatch.undo()
    monkeypatch.setattr("kiseki.core.bmff._TABLES", 20)
    assert strip(film) == film
    assert "larger than any" in odd(film)


# Pictures


def test_a_store_between_a_pngs_parts_stays() -> None:
    """Decoders end at the first chunk between two of the picture; Apple's find the second half by
    its distance (iDOT)."""
    head, rest = picture("PNG")[:33], picture("PNG")[33:]
    size = int.from_bytes(rest[:4], "big")
    data = rest[8 : 8 + size]
    halves = [chunk(b"IDAT", data[: size // 2]), chunk(b"IDAT", data[size // 2 :])]
    store, idot = chunk(b"caBX", b"store"), chunk(b"iDOT", bytes(28))
    end = chunk(b"IEND", b"")
    for parts in (
        [halves[0], store, halves[1]],
        [idot, store, *halves],
        [*halves, store],
        [chunk(b"tEXt", b"x"), store, *halves],
    ):
        forged = head + b"".join(parts) + end
        assert strip(forged) == forged
        assert "where none are meant" in odd(forged)
        twice = head + store + b"".join(parts) + end
        assert strip(twice) == forged
        assert odd(twice)
    assert strip(head + store + store + rest) == head + rest
    for before in (head[:8] + store + head[8:] + rest, head + head[8:] + store + rest):
        assert strip(before) == before


def jpeg_parts() -> tuple[bytes, bytes, bytes]:
    """Two pictures in one file: up to the index of both (MPF), that segment, and the rest."""
    data = saved("MPO", {"save_all": True})
    at = data.index(b"\xff\xe2")
    stop = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return data[:at], data[at:stop], data[stop:]


def test_a_store_behind_an_index_of_pictures_stays() -> None:
    """The index says how far behind it the second picture lies: with a store between, that is in
    the store."""
    front, index, rest = jpeg_parts()
    far = len(rest) - len(picture("JPEG", 9))
    store = b"".join(media.jpeg_store(picture("JPEG", 8) * 9 + bytes(far), 1, 60_000))
    forged = front + index + store + rest
    assert strip(forged) == forged
    assert "where none are meant" in odd(forged)
    assert strip(front + store + index + rest) == front + index + rest
    assert pixels(front + store + index + rest) == pixels(front + index + rest)


def test_what_is_no_whole_store_stays_in_a_jpeg() -> None:
    """A reader that puts boxes together by their numbers would find the rest of another one."""
    one, two, three = media.jpeg_store(bytes(60), 1, 35)
    begin, end = b"\xff\xd8" + segment(0xE0, b"JFIF\0"), b"\xff\xd9"
    other = two.replace(b"jumb", b"RESI")
    xl = one.replace(one[12:16], u32(1), 1)
    for parts in ([one, two], [one, three], [one, two, two, three], [one, other, three],
                  [one, segment(0xE0, b"JFIF\0"), two, three], [two, three], [xl, two, three],
                  [one, two, three[:2] + b"\0\x30" + three[4:] + bytes(99)]):  # fmt: skip
        forged = begin + b"".join(parts) + end
        assert strip(forged) == forged
    whole = begin + one + two + three
    assert strip(whole + end) == begin + end
    assert strip(whole + one + two + end) == begin + one + two + end
    assert odd(whole + one + two + end)


def test_a_store_in_or_behind_a_jpegs_picture_stays() -> None:
    store = b"".join(media.jpeg_store(b"some", 1, 99))
    begin, scan = b"\xff\xd8" + segment(0xE0, b"JFIF\0"), segment(0xDA, b"\0") + b"\1\2"
    for segments in ([segment(0xE1, b"Exif\0\0"), store], [segment(0xDB, b"x"), store],
                     [scan, store, scan], [scan, b"\xff\xd9", store]):  # fmt: skip
        forged = begin + b"".join(segments)
        assert strip(forged) == forged
        assert strip(begin + store + b"".join(segments)) == forged


@pytest.mark.parametrize(
    ("form", "parts", "behind"),
    [
        (b"WEBP", [(b"ALPH", b"a"), (b"C2PA", b"some"), (b"VP8 ", b"bb")], b""),
        (b"WEBP", [(b"VP8 ", b"bb"), (b"C2PA", b"some")], b"data\x04\0\0\0fine"),
        (b"WAVE", [(b"data", b""), (b"C2PA", b"some")], b""),
        (b"WAVE", [(b"C2PA", b"some"), (b"data", b"fine")], b""),
        (b"AVI ", [(b"idx1", bytes(16)), (b"C2PA", b"some")], b""),
        (b"AVI ", [(b"indx", bytes(32)), (b"C2PA", b"some")], b"RIFF\x04\0\0\0AVIX"),
    ],
)
def test_a_store_in_the_middle_of_a_riff_file_or_beside_an_index_stays(
    form: bytes, parts: list[tuple[bytes, bytes]], behind: bytes
) -> None:
    made = media.riff(*parts)
    forged = made[:8] + form + made[12:] + behind
    assert strip(forged) == forged
    assert odd(forged)


def test_a_store_that_lacks_its_padding_stays() -> None:
    made = media.riff((b"VP8 ", b"bb"), (b"C2PA", b"odd"))
    forged = made[:4] + struct.pack("<I", len(made) - 9) + made[8:-1]
    assert strip(forged) == forged
    assert odd(forged)
