"""A file without its credentials: what an output's ID is the hash of.

Credentials (C2PA manifest stores) come and go after a picture is made: a shop adds some, a social
network takes them out, and one day ours are put in. So an output's ID is that of the file without
any, whoever made them: the same before, inside and after. They are taken out where the C2PA
project's own library puts them:

    PNG     the `caBX` chunks directly behind `IHDR`
    JPEG    the APP11 segments of each JUMBF box that is a C2PA store, in front of every segment
            but APP0 and APP11
    RIFF    the `C2PA` chunks at the end of a WebP or WAV file, and their bytes from its size
    MP4     of a file that begins with `ftyp` (also MOV, M4A, AVIF, HEIC) the top-level `uuid` boxes
            d8fec3d6-1b0e-483c-9297-5828877ec481 directly behind `ftyp`, behind an `mdat`, and at
            its end; what points into the file is put back (`kiseki.core.bmff`)

and nothing else: what stands in XMP or follows the end of a picture stays. A file of another kind
is taken as it is, and so is one that is not as its format says (a picture from that place on) or
has credentials elsewhere; `Layout.odd` says why: an error would keep it from being registered, a
guess would give it an ID that nobody else finds.

What one ID means: two files that have it show the same, to every reader that keeps to the format.
For this, nothing that a reader shows lies in what is taken out, and nothing is found at another
place without it. Of the formats that holds so:

    PNG     a reader passes the chunks one after the other; what is counted in bytes (iDOT) stands
            behind what is taken out, and is counted from there
    JPEG    so too (MPF, Exif); each store is whole, so that its parts complete no other box
    RIFF    the last chunks are taken out, and a file with indexes keeps its credentials
    MP4     every stretch of bytes that a table names has the same bytes in both files

and whatever could not be shown to hold is odd. It does not hold for a reader that leaves the
format: one that looks for another file inside this one (a PDF, a ZIP), or reads on where the last
chunk of a RIFF file has ended, as OpenCV does with WebP. The latter shows what is in the
credentials only of a file whose picture ends too early, so that what is registered shows nothing;
nobody can forge an ID of a whole picture so. Content outside of the file is nobody's ID.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from typing import BinaryIO

from kiseki.core.bmff import Box, boxes, put_back
from kiseki.core.places import Odd, Source

__all__ = ["Layout", "layout", "pieces", "strip"]

_CHUNK = 1 << 20
_MANY = 1 << 16
"""Places in one file at which credentials stand; a video has one for some seconds."""
_BOXES = 1 << 20
"""A film has two for each of its fragments."""
_ELSEWHERE = "it has credentials where none are meant"

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
    source = Source(file)
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
            except Odd as odd:
                # Of a picture, what stands before the place at which it is odd was understood.
                part = read in (_png, _jpeg) and not cuts.crowded
                return Layout(format_, cuts.plain if part else (), str(odd))
    return Layout("")


def pieces(file: BinaryIO, known: Layout) -> Iterator[bytes]:
    """A file without its credentials, in pieces of a megabyte.

    Args:
        known: its `layout`.
    """
    source, at = Source(file), 0
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


class _Cuts:
    """Stretches to be taken out, as they are found from front to back; neighbours are one."""

    def __init__(self) -> None:
        self.all: list[tuple[int, int]] = []

    def add(self, start: int, stop: int) -> None:
        if self.all and self.all[-1][1] == start:
            start = self.all.pop()[0]
        if self.crowded:
            raise Odd("it has credentials in more places than any file that is meant")
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


def _png(file: Source, cuts: _Cuts) -> _Found:
    at, kind = 8, b""
    behind_head = elsewhere = False
    while kind != b"IEND":
        head = file.all(at, 8)
        kind, stop = head[4:], at + 12 + int.from_bytes(head[:4], "big")
        if stop > file.size:
            raise Odd("it is cut off")
        if kind == b"caBX" and behind_head:
            cuts.add(at, stop)
        else:
            elsewhere = elsewhere or kind == b"caBX"
            behind_head = at == 8 and kind == b"IHDR"
        at = stop
    if elsewhere:
        raise Odd(_ELSEWHERE)
    return cuts.plain


def _riff(file: Source, cuts: _Cuts) -> _Found:
    form = file.all(4, 8)
    size = int.from_bytes(form[:4], "little")
    at, end = 12, 8 + size
    if end > file.size:
        raise Odd("it is cut off")
    elsewhere = endless = False
    while at + 8 <= end:
        head = file.all(at, 8)
        length = int.from_bytes(head[4:], "little")
        stop = at + 8 + length
        stop += stop % 2 if stop < end else 0  # the last byte of padding is left out by some
        if stop > end:
            raise Odd("a chunk reaches beyond its end")
        if head[:4] == b"C2PA":
            cuts.add(at, stop)
        else:
            elsewhere = elsewhere or bool(cuts.all)
            endless = endless or (head[:4] == b"data" and not length)
        at = stop
    if not cuts.all:
        return ()
    if form[4:] not in (b"WEBP", b"WAVE"):
        raise Odd("it is of a kind whose indexes are not put back")
    if elsewhere or at % 2 or not at == end == file.size:
        raise Odd(_ELSEWHERE)
    if endless:
        raise Odd("its sound has no length, which means all that follows")
    size -= sum(stop - start for start, stop in cuts.all)
    return ((4, 8, size.to_bytes(4, "little")), *cuts.plain)


# JPEG

_ALONE = {0x01, *range(0xD0, 0xD9)}
_APP0, _APP11, _SCAN, _END = 0xE0, 0xEB, 0xDA, 0xD9


def _jpeg(file: Source, cuts: _Cuts) -> _Found:
    in_front, elsewhere = True, False
    left, more, parts = 0, b"", list[tuple[int, int]]()
    """Of the box that has begun: how much is missing, how its next segment begins, and where its
    segments are if it is a store."""
    for kind, at, stop, begin in _segments(file):
        in_front = in_front and kind in (_APP0, _APP11)
        if left:
            if begin[:16] != more:
                raise Odd("a box in its APP11 segments breaks off")
            left -= stop - at - 20
        elif begin[:2] == b"JP" and begin[4:8] == b"\0\0\0\1":
            # A superbox (length, "jumb"), in it its description (length, "jumd"), in that its kind.
            is_store = (begin[12:16], begin[20:24], begin[24:40]) == (b"jumb", b"jumd", _STORE)
            if not in_front:
                elsewhere = elsewhere or is_store
                continue
            left = int.from_bytes(begin[8:12], "big") - (stop - at - 12)
            parts = []
        else:
            continue
        if left < 0:
            raise Odd("a box in its APP11 segments is longer than it says")
        number = int.from_bytes(begin[4:8], "big") + 1
        more = begin[:4] + number.to_bytes(8, "big")[4:] + begin[8:16]
        parts += [(at, stop)] if is_store else []
        if not left:
            for part in parts:
                cuts.add(*part)
    if left or elsewhere:
        raise Odd(_ELSEWHERE)
    return cuts.plain


def _segments(file: Source) -> Iterator[tuple[int, int, int, bytes]]:
    """(kind, from where, to where, how an APP11 begins) of each segment in front of the first scan;
    what follows refers to nothing in front of it."""
    at = 2
    while True:
        mark = file.some(at, 2)
        while mark == b"\xff\xff":  # any number of these may stand before a marker
            at += 1
            mark = file.some(at, 2)
        if len(mark) < 2 or mark[0] != 0xFF:
            raise Odd("it is cut off, or something stands between its segments")
        kind = mark[1]
        if kind in (_SCAN, _END):
            return
        stop = at + 2
        if kind not in _ALONE:
            stop += int.from_bytes(file.all(stop, 2), "big")
            if not at + 4 <= stop <= file.size:
                raise Odd("it is cut off")
        begin = file.some(at + 4, min(stop - at - 4, 40)) if kind == _APP11 else b""
        yield kind, at, stop, begin
        at = stop


# MP4 and its kin


def _mp4(file: Source, cuts: _Cuts) -> _Found:
    every = list(islice(boxes(file, 0, file.size), _BOXES + 1))
    if len(every) > _BOXES:
        raise Odd("it has more boxes than any film that is meant")
    stores = [box for box in every if _is_store(file, box)]
    if not stores:
        return ()
    if every[-1].stop != file.size:
        raise Odd("something in it is no box")
    places = {box.start for box in stores}
    kept = [box for box in every if box.start not in places]
    before = kept[0]
    for box in every:
        if box.start not in places:
            before = box
            continue
        if before.kind not in (b"ftyp", b"mdat") and box.start < kept[-1].stop:
            raise Odd(_ELSEWHERE)
        if int.from_bytes(file.all(box.start, 4), "big") != box.stop - box.start:
            raise Odd("its credentials have a size that not every reader reads")
        cuts.add(box.start, box.stop)
    return tuple(sorted((*cuts.plain, *put_back(file, kept, cuts.all))))


def _is_store(file: Source, box: Box) -> bool:
    return box.kind == b"uuid" and file.some(box.body, 16) == _BOX and box.body + 16 <= box.stop
