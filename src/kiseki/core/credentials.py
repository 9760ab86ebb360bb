"""A file without its credentials: what an output's ID is the hash of.

Credentials (C2PA manifest stores) come and go after a picture is made: a shop adds some, a social
network takes them out, and one day ours are put in. So an output's ID is that of the file without
any, whoever made them: the same before, inside and after. Taken out are

    PNG     every `caBX` chunk
    JPEG    the APP11 segments of every JUMBF box that is a C2PA store
    RIFF    every `C2PA` chunk (WebP, WAV, AVI), and its bytes from the size of the whole
    MP4     every top-level `uuid` box d8fec3d6-1b0e-483c-9297-5828877ec481, in any file that begins
            with `ftyp` (also MOV, M4A, AVIF, HEIC); what points into the file is put back: stco
            and co64, tfhd and tfra, iloc

and nothing else: what stands in XMP or follows the end of a picture stays. A file of another kind
is taken as it is, and so is one that is not as its format says (a picture from that place on), and
`Layout.odd` says why: an error would keep it from being registered, a guess would give it an ID
that nobody else finds.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import accumulate
from typing import BinaryIO

__all__ = ["Layout", "layout", "pieces", "strip"]

_CHUNK = 1 << 20
_MANY = 1 << 16
"""Places in one file at which credentials stand; a video has one for some seconds."""
_TABLES = 1 << 26
"""The bytes of all tables that are put back; they are held in memory."""

_STORE = bytes.fromhex("6332706100110010800000aa00389b71")
_BOX = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a file's credentials are.

    Attributes:
        format: ``PNG``, ``JPEG``, ``RIFF`` or ``MP4``; empty for every other kind.
        cuts: what to take out, ascending: from where, to where, and what stands there instead.
        odd: why a file of these formats, or the rest of it, is taken as it is; empty when it is
            understood.
    """

    format: str
    cuts: tuple[tuple[int, int, bytes], ...] = ()
    odd: str = ""


def strip(data: bytes) -> bytes:
    """A file without its credentials; the same bytes when it has none that can be told."""
    file = BytesIO(data)
    return b"".join(pieces(file, layout(file)))


def layout(file: BinaryIO) -> Layout:
    """Where a file's credentials are. It reads headers, and what lies between them only in a JPEG.

    Args:
        file: open for reading, and seekable.
    """
    source = _Source(file)
    begin = source.some(0, 12)
    for format_, known, read in (
        ("PNG", begin.startswith(b"\x89PNG\r\n\x1a\n"), _png),
        ("JPEG", begin.startswith(b"\xff\xd8\xff"), _jpeg),
        ("RIFF", begin.startswith(b"RIFF"), _riff),
        ("MP4", begin[4:8] == b"ftyp", _mp4),
    ):
        if known:
            cuts = _Cuts()
            try:
                return Layout(format_, read(source, cuts))
            except _Odd as odd:
                # Of a picture, what stands before the place at which it is odd was understood.
                part = read in (_png, _jpeg) and not cuts.crowded
                return Layout(format_, cuts.plain if part else (), str(odd))
    return Layout("")


def pieces(file: BinaryIO, known: Layout) -> Iterator[bytes]:
    """A file without its credentials, in pieces of a megabyte.

    Args:
        known: its `layout`.
    """
    source, at = _Source(file), 0
    for start, stop, instead in (*known.cuts, (source.size, source.size, b"")):
        while at < start:
            chunk = source.some(at, min(start - at, _CHUNK))
            if not chunk:
                return  # it was cut short meanwhile; whoever hashes files sees that they changed
            at += len(chunk)
            yield chunk
        if instead:
            yield instead
        at = stop


class _Odd(Exception):  # noqa: N818 - a way out of the readers below, and no error
    """Why a file is taken as it is."""


class _Source:
    """A file that is read in places."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = file.seek(0, 2)

    def some(self, at: int, length: int) -> bytes:
        """Up to so many bytes."""
        self._file.seek(at)
        return self._file.read(length)

    def all(self, at: int, length: int) -> bytes:
        """So many bytes."""
        found = self.some(at, length) if at + length <= self.size else b""
        if len(found) != length:
            raise _Odd("it is cut off")
        return found


class _Cuts:
    """Stretches to be taken out, as they are found from front to back; neighbours are one."""

    def __init__(self) -> None:
        self.all: list[tuple[int, int]] = []

    def add(self, start: int, stop: int) -> None:
        if self.all and self.all[-1][1] == start:
            start = self.all.pop()[0]
        if self.crowded:
            raise _Odd("it has credentials in more places than any file that is meant")
        self.all.append((start, stop))

    @property
    def crowded(self) -> bool:
        """There are as many as any file has: nothing of one that has more is taken out, because
        taken out again it would be another file."""
        return len(self.all) >= _MANY

    @property
    def plain(self) -> _Found:
        return tuple((start, stop, b"") for start, stop in self.all)


_Found = tuple[tuple[int, int, bytes], ...]


# PNG, and RIFF


def _png(file: _Source, cuts: _Cuts) -> _Found:
    at, kind = 8, b""
    while kind != b"IEND":
        head = file.all(at, 8)
        kind, stop = head[4:], at + 12 + int.from_bytes(head[:4], "big")
        if stop > file.size:
            raise _Odd("it is cut off")
        if kind == b"caBX":
            cuts.add(at, stop)
        at = stop
    return cuts.plain


def _riff(file: _Source, cuts: _Cuts) -> _Found:
    size = int.from_bytes(file.all(4, 4), "little")
    at, end = 12, 8 + size
    if end > file.size:
        raise _Odd("it is cut off")
    while at + 8 <= end:
        head = file.all(at, 8)
        stop = at + 8 + int.from_bytes(head[4:], "little")
        stop += stop % 2 if stop < end else 0  # the last byte of padding is left out by some
        if stop > end:
            raise _Odd("a chunk reaches beyond its end")
        if head[:4] == b"C2PA":
            cuts.add(at, stop)
        at = stop
    size -= sum(stop - start for start, stop in cuts.all)
    return ((4, 8, size.to_bytes(4, "little")), *cuts.plain) if cuts.all else ()


# JPEG

_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_ALONE = {0x01, *range(0xD0, 0xD9)}


def _jpeg(file: _Source, cuts: _Cuts) -> _Found:
    at = 2
    open_: dict[bytes, tuple[int, bool]] = {}
    """Of each box instance the segment that must come next, and whether it is a store's."""
    while True:
        mark = file.some(at, 2)
        while mark == b"\xff\xff":  # any number of these may stand before a marker
            at += 1
            mark = file.some(at, 2)
        if len(mark) < 2 or mark[0] != 0xFF:
            raise _Odd("it is cut off, or something stands between its segments")
        if mark[1] == 0xD9:
            return cuts.plain
        if mark[1] in _ALONE:
            at += 2
            continue
        stop = at + 2 + int.from_bytes(file.all(at + 2, 2), "big")
        if not at + 4 <= stop <= file.size:
            raise _Odd("it is cut off")
        if mark[1] == 0xEB and _is_store(file.some(at + 4, min(stop - at - 4, 40)), open_):
            cuts.add(at, stop)
        at = stop
        if mark[1] == 0xDA:
            found = _after_scan(file, at)
            if found is None:
                return cuts.plain  # without an end, as many a download is
            at = found


def _is_store(begin: bytes, open_: dict[bytes, tuple[int, bool]]) -> bool:
    """Whether an APP11 segment is part of a C2PA store: its first segment says so, the others have
    the same box instance and count on."""
    if len(begin) < 16 or begin[:2] != b"JP":
        return False
    instance, number = begin[2:4], int.from_bytes(begin[4:8], "big")
    if number == 1:
        # A superbox (length, "jumb"), in it its description (length, "jumd"), in that its kind.
        store = begin[12:16] == b"jumb" and begin[20:24] == b"jumd" and begin[24:40] == _STORE
    else:
        wanted, store = open_.get(instance, (0, False))
        if number != wanted:
            return False
    open_[instance] = (number + 1, store)
    return store


def _after_scan(file: _Source, at: int) -> int | None:
    """The first marker after what a scan's header begins; none to the end of the file."""
    while block := file.some(at, _CHUNK):
        match = _MARKER.search(block)
        if match:
            return at + match.start()
        if len(block) < 2:
            return None
        at += len(block) - 1  # its last byte may begin a marker
    return None


# MP4 and its kin

_HOLD_TABLES = {
    (b"moov", b"trak", b"mdia", b"minf", b"stbl"),
    (b"moof", b"traf"),
    (b"mfra",),
    (b"meta",),
}


def _mp4(file: _Source, cuts: _Cuts) -> _Found:
    for kind, start, body, stop in _boxes(file, 0, file.size):
        if kind == b"uuid" and file.some(body, 16) == _BOX and body + 16 <= stop:
            cuts.add(start, stop)
    tables = _tables(file, _Moved(cuts.all)) if cuts.all else ()
    return tuple(sorted((*cuts.plain, *tables)))


class _Moved:
    """Where what an offset points to lies without the credentials."""

    def __init__(self, cuts: list[tuple[int, int]]) -> None:
        self._starts = [start for start, _ in cuts]
        self._lengths = [0, *accumulate(stop - start for start, stop in cuts)]

    def __call__(self, offset: int) -> int:
        """Who embeds moves all offsets, those too that point in front of the box; so what points
        into a box was in front of it."""
        back = offset - self.by(offset)
        if back < 0:
            raise _Odd("something in it points to its credentials")
        return back

    def by(self, offset: int) -> int:
        """How far it was moved."""
        return self._lengths[bisect_right(self._starts, offset)]


def _boxes(file: _Source, at: int, end: int) -> Iterator[tuple[bytes, int, int, int]]:
    """(kind, start, start of its content, end) of each box, up to what is none."""
    while at + 8 <= end:
        head = file.some(at, 16)
        size, body = int.from_bytes(head[:4], "big"), at + 8
        if size == 1:
            size, body = int.from_bytes(head[8:16], "big"), at + 16
        elif size == 0:
            size = end - at
        if not body - at <= size <= end - at:
            return
        yield head[4:8], at, body, at + size
        at += size


def _tables(file: _Source, moved: _Moved) -> Iterator[tuple[int, int, bytes]]:
    """Every table of offsets, put back."""
    left = _TABLES
    for kind, body, stop in _within(file, (), 0, file.size):
        left -= stop - body
        if left < 0:
            raise _Odd("its tables are larger than any that are meant")
        old = file.all(body, stop - body)
        new = _READ[kind](old, moved)
        if new != old:
            yield body, stop, new


def _within(
    file: _Source, path: tuple[bytes, ...], at: int, end: int
) -> Iterator[tuple[bytes, int, int]]:
    for kind, _, body, stop in _boxes(file, at, end):
        if path in _HOLD_TABLES and kind in _READ:
            yield kind, body, stop
        here = (*path, kind)
        if any(each[: len(here)] == here for each in _HOLD_TABLES):
            yield from _within(file, here, body + 4 if kind == b"meta" else body, stop)


class _Fields:
    """A table's fields, one after the other; what is an offset is written anew."""

    def __init__(self, data: bytes) -> None:
        self.data, self._at = bytearray(data), 0

    def number(self, width: int) -> int:
        if self._at + width > len(self.data):
            raise _Odd("a table of offsets is cut off")
        self._at += width
        return int.from_bytes(self.data[self._at - width : self._at], "big")

    def put(self, width: int, value: int) -> None:
        """In place of the number that was read last."""
        self.data[self._at - width : self._at] = value.to_bytes(width, "big")


def _chunk_offsets(width: int, old: bytes, moved: _Moved) -> bytes:
    table = _Fields(old)
    table.number(4)
    for _ in range(table.number(4)):
        table.put(width, moved(table.number(width)))
    return bytes(table.data)


def _tfhd(old: bytes, moved: _Moved) -> bytes:
    """The base of a fragment, where it says one."""
    table = _Fields(old)
    if table.number(4) & 1:
        table.number(4)
        table.put(8, moved(table.number(8)))
    return bytes(table.data)


def _tfra(old: bytes, moved: _Moved) -> bytes:
    """Where fragments begin."""
    table = _Fields(old)
    width = 8 if table.number(4) >> 24 else 4
    table.number(4)
    sizes = table.number(4)
    rest = sum((sizes >> shift & 3) + 1 for shift in (0, 2, 4))
    for _ in range(table.number(4)):
        table.number(width)
        table.put(width, moved(table.number(width)))
        table.number(rest)
    return bytes(table.data)


def _iloc(old: bytes, moved: _Moved) -> bytes:
    """Where items lie, of those that lie in the file (method 0): a base, or else each extent."""
    table = _Fields(old)
    version = table.number(4) >> 24
    widths = table.number(2)
    offset, length, base, index = (widths >> shift & 15 for shift in (12, 8, 4, 0))
    wide = 4 if version == 2 else 2
    for _ in range(table.number(wide)):
        table.number(wide)
        here = not version or not table.number(2) & 15
        table.number(2)
        where = table.number(base)
        if here and where:
            table.put(base, moved(where))
        # The base of zero is what libraries move as well, and then each extent beside it.
        each = here and (not where or where == moved.by(where))
        for _ in range(table.number(2)):
            table.number(index if version else 0)
            at = table.number(offset)
            if each and offset:
                table.put(offset, moved(at))
            table.number(length)
    return bytes(table.data)


_READ = {
    b"stco": lambda old, moved: _chunk_offsets(4, old, moved),
    b"co64": lambda old, moved: _chunk_offsets(8, old, moved),
    b"tfhd": _tfhd,
    b"tfra": _tfra,
    b"iloc": _iloc,
}
