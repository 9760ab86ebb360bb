"""What the tables of an MP4, MOV, AVIF or HEIC file refer to, and those tables put back.

A film's content does not lie in its boxes' order: tables say where each piece of it is. So taking
bytes out of such a file is safe only where every piece that a reader shows is the same afterwards.
`put_back` knows these tables

    stco, co64     chunks of samples, their sizes in stsc and stsz     (moov, in every track)
    tfhd, trun     runs of samples, their sizes there or in trex       (moof)
    tfra           where fragments begin                               (mfra)
    iloc           where the items of a picture lie                    (meta)

and refuses a file with any other that refers to places, with one of these somewhere else, or with
one that readers could take in two ways. It goes by the names: in whatever box a table hides, its
name stands there in plain bytes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate

from kiseki.core.places import Odd, Source

__all__ = ["Box", "boxes", "put_back"]

_TABLES = 1 << 26
"""The bytes of all boxes with tables; they are held in memory."""

_SHOWS_NOTHING_ELSE = (b"mdat", b"free", b"skip", b"wide")
"""No reader looks for tables in them."""
_READ = (
    *(b"stco", b"co64", b"stsc", b"stsz", b"stts"),
    *(b"tfhd", b"trun", b"trex", b"tfra", b"iloc"),
)
_REFUSED = {
    **dict.fromkeys((b"saio", b"sidx", b"ssix", b"stz2", b"CTBO"), "a table that is not put back"),
    **dict.fromkeys((b"imdt", b"snim"), "content that is found in another way"),
    **dict.fromkeys((b"cmov", b"!mov", b"!mof", b"!six", b"!ssx"), "compressed tables"),
}
_FULL = {b"meta"}
"""Containers that begin with a version and flags."""


@dataclass(frozen=True, slots=True)
class Box:
    """One box: its kind, where it starts, where its content starts, where it ends."""

    kind: bytes
    start: int
    body: int
    stop: int


def boxes(file: Source, at: int, end: int) -> Iterator[Box]:
    """The boxes that lie one after the other, up to what is none."""
    while at + 8 <= end:
        box = _box(file.some(at, 16), at, end)
        if box is None:
            return
        yield box
        at = box.stop


def put_back(
    file: Source, kept: list[Box], cuts: list[tuple[int, int]]
) -> list[tuple[int, int, bytes]]:
    """Each table of a file whose offsets change: from where, to where, and the new one.

    Args:
        kept: the top-level boxes that stay, in their order.
        cuts: the stretches between them that do not stay, in their order.

    Raises:
        Odd: something that a table names would have other bytes than before; or it cannot be told.
    """
    film = _Film(_Cuts(cuts), file.size, {box.start for box in kept if box.kind == b"moof"})
    held = []
    left = _TABLES
    for box in kept:
        if box.kind in _SHOWS_NOTHING_ELSE:
            continue
        left -= box.stop - box.start
        if left < 0:
            raise Odd("its tables are larger than any that are meant")
        held.append(_Held(box.start, file.all(box.start, box.stop - box.start), box))
    for each in held:
        film.read_defaults(each)
    for each in held:
        film.read(each)
    for kind, why in _REFUSED.items():
        if any(kind in each.data for each in held):
            raise Odd(f"it has {why} ({kind.decode()})")
    for kind in _READ:
        if sum(each.data.count(kind) for each in held) != film.seen[kind]:
            raise Odd(f"a table stands where none is meant ({kind.decode()})")
    film.must_not_show_tables()
    return film.tables


def _box(head: bytes, at: int, end: int) -> Box | None:
    size, body = int.from_bytes(head[:4], "big"), at + 8
    if size == 1:
        size, body = int.from_bytes(head[8:16], "big"), at + 16
    elif size == 0:
        size = end - at
    return Box(head[4:8], at, body, at + size) if body - at <= size <= end - at else None


@dataclass(frozen=True, slots=True)
class _Held:
    """A box in memory, and where in the file that memory begins."""

    origin: int
    data: bytes
    box: Box

    def inside(self, *kinds: bytes) -> Iterator[_Held]:
        """The boxes in it of the last kind, each in one of the kind before, and so on."""
        at = self.box.body + (4 if self.box.kind in _FULL else 0)
        while at + 8 <= self.box.stop:
            head = self.data[at - self.origin : at - self.origin + 16]
            if head[:4] == bytes(4):
                raise Odd("a box has no size; readers disagree where it ends")
            box = _box(head, at, self.box.stop)
            if box is None:
                return
            if box.kind == kinds[0]:
                found = _Held(self.origin, self.data, box)
                yield from found.inside(*kinds[1:]) if kinds[1:] else (found,)
            at = box.stop

    def one(self, kind: bytes) -> _Held:
        found = list(self.inside(kind))
        if len(found) != 1:
            raise Odd(f"it has not one {kind.decode()} where one is meant")
        return found[0]

    @property
    def fields(self) -> _Fields:
        start, stop = self.box.body - self.origin, self.box.stop - self.origin
        return _Fields(bytearray(self.data[start:stop]))


class _Fields:
    """A table's numbers, one after the other; what is an offset is written anew."""

    def __init__(self, data: bytearray) -> None:
        self.data, self.at = data, 0

    def number(self, width: int) -> int:
        if self.at + width > len(self.data):
            raise Odd("a table is cut off")
        self.at += width
        return int.from_bytes(self.data[self.at - width : self.at], "big")

    def count(self, width: int, each: int) -> int:
        """How many rows follow, of so many bytes or more."""
        found = self.number(width)
        if found * each > len(self.data) - self.at:
            raise Odd("a table is cut off")
        return found

    def put(self, width: int, value: int, at: int | None = None) -> None:
        """In place of the number that was read last, or of the one that ended at a place."""
        at = self.at if at is None else at
        self.data[at - width : at] = value.to_bytes(width, "big")


class _Cuts:
    def __init__(self, cuts: list[tuple[int, int]]) -> None:
        self._starts = [start for start, _ in cuts]
        self._stops = [stop for _, stop in cuts]
        self._sums = [0, *accumulate(stop - start for start, stop in cuts)]

    def before(self, start: int, stop: int) -> int:
        """How many bytes are taken out in front of a stretch, and none in it."""
        number = bisect_right(self._starts, start)
        if (number and start < self._stops[number - 1]) or stop > self._next(number):
            raise Odd("something in it points to its credentials")
        return self._sums[number]

    def _next(self, number: int) -> int:
        return self._starts[number] if number < len(self._starts) else 1 << 64


@dataclass
class _Film:
    cuts: _Cuts
    size: int
    moofs: set[int]
    tables: list[tuple[int, int, bytes]] = field(default_factory=list)
    shown: list[tuple[int, int]] = field(default_factory=list)
    """Every stretch that a table refers to."""
    seen: Counter[bytes] = field(default_factory=Counter)
    defaults: dict[int, int] = field(default_factory=dict)
    """The size of a sample in a fragment, by track."""

    def read_defaults(self, held: _Held) -> None:
        if held.box.kind != b"moov":
            return
        for each in held.inside(b"mvex", b"trex"):
            self.seen[b"trex"] += 1
            table = each.fields
            _, track, _, _, size = (table.number(4) for _ in range(5))
            if track in self.defaults:
                raise Odd("two boxes (trex) are about one track")
            self.defaults[track] = size

    def read(self, held: _Held) -> None:
        if held.box.kind == b"moov":
            for track in held.inside(b"trak"):
                self._track(track)
        elif held.box.kind == b"moof":
            for number, each in enumerate(held.inside(b"traf")):
                self._fragment(held.box.start, each, is_first=number == 0)
        elif held.box.kind == b"mfra":
            for each in held.inside(b"tfra"):
                self._put(each, self._index)
        elif held.box.kind == b"meta":
            for each in held.inside(b"iloc"):
                sizes = [one.box.stop - one.box.body for one in held.inside(b"idat")]
                self._put(each, partial(self._items, idat=sizes))

    def must_not_show_tables(self) -> None:
        """What changes is no part of what is shown."""
        changed = sorted((start, stop) for start, stop, _ in self.tables)
        starts = [start for start, _ in changed]
        for start, stop in self.shown:
            before = bisect_right(starts, max(start, stop - 1)) - 1
            if before >= 0 and changed[before][1] > start:
                raise Odd("something in it points to a table")

    def _put(self, held: _Held, read: Callable[[_Fields], None]) -> None:
        self.seen[held.box.kind] += 1
        table = held.fields
        old = bytes(table.data)
        read(table)
        if table.data != old:
            self.tables.append((held.box.body, held.box.stop, bytes(table.data)))

    def _show(self, start: int, stop: int) -> int:
        """A table names these bytes; how many are taken out in front of them."""
        if stop > self.size:
            raise Odd("something in it points out of it")
        self.shown.append((start, stop))
        return self.cuts.before(start, stop)

    # A film in one piece

    def _track(self, track: _Held) -> None:
        tables = list(track.inside(b"mdia", b"minf", b"stbl"))
        if len(tables) > 1:
            raise Odd("a track has two lists of its samples; readers disagree which one counts")
        for table in tables:
            self._must_have_sizes(track, table)
            sizes, rows = self._sizes(table.one(b"stsz")), self._rows(table.one(b"stsc"))
            offsets = [*table.inside(b"stco"), *table.inside(b"co64")]
            if len(offsets) != 1:
                raise Odd("a track has not one list of its chunks")
            width = 4 if offsets[0].box.kind == b"stco" else 8
            self._put(offsets[0], partial(self._chunks, width=width, sizes=sizes, rows=rows))

    def _must_have_sizes(self, track: _Held, table: _Held) -> None:
        """Readers compute the size of raw sound, whatever its table says."""
        self.seen[b"stts"] += 1
        times = table.one(b"stts").fields
        times.number(4)
        rows = [(times.number(4), times.number(4)) for _ in range(times.count(4, 8))]
        kinds = [each.fields.data[8:12] for each in track.inside(b"mdia", b"hdlr")]
        if len(rows) == 1 and rows[0][1] == 1 and kinds != [b"vide"]:
            raise Odd("it has raw sound, whose samples have no sizes")

    def _sizes(self, held: _Held) -> Callable[[int, int], int]:
        """How many bytes the samples take from one on up to another."""
        self.seen[b"stsz"] += 1
        table = held.fields
        _, common = table.number(4), table.number(4)
        count = table.count(4, 0 if common else 4)
        if common:
            return lambda start, stop: common * (min(stop, count) - min(start, count))
        sums = [0, *accumulate(table.number(4) for _ in range(count))]
        return lambda start, stop: sums[min(stop, count)] - sums[min(start, count)]

    def _rows(self, held: _Held) -> list[tuple[int, int]]:
        """From which chunk on each has how many samples."""
        self.seen[b"stsc"] += 1
        table = held.fields
        table.number(4)
        rows = []
        for _ in range(table.count(4, 12)):
            rows.append((table.number(4), table.number(4)))
            table.number(4)
        firsts = [first for first, _ in rows]
        if firsts != sorted(set(firsts)) or firsts[:1] not in ([], [1]):
            raise Odd("its list of samples by chunk is out of order")
        return rows

    def _chunks(
        self,
        table: _Fields,
        width: int,
        sizes: Callable[[int, int], int],
        rows: list[tuple[int, int]],
    ) -> None:
        table.number(4)
        count = table.count(4, width)
        if count and not rows and sizes(0, 1 << 32):
            raise Odd("its list of samples by chunk is empty")
        row, per, at = 0, 0, 0
        for chunk in range(1, count + 1):
            if row < len(rows) and rows[row][0] == chunk:
                per, row = rows[row][1], row + 1
            offset = table.number(width)
            table.put(width, offset - self._show(offset, offset + sizes(at, at + per)))
            at += per

    # A film in fragments

    def _fragment(self, moof: int, held: _Held, *, is_first: bool) -> None:
        base, size = moof, None
        head = held.one(b"tfhd")

        def read(table: _Fields) -> None:
            nonlocal base, size
            flags = table.number(4) & 0xFFFFFF
            size = self.defaults.get(table.number(4))
            if flags & 1:
                base = table.number(8)
                table.put(8, base - self.cuts.before(base, base))
            elif not is_first and not flags & 0x20000:
                raise Odd("where a fragment's content begins depends on the one before")
            for bit in (2, 8):
                table.number(4 if flags & bit else 0)
            if flags & 0x10:
                size = table.number(4)

        self._put(head, read)
        at = base
        for run in held.inside(b"trun"):
            self.seen[b"trun"] += 1
            at = self._run(run.fields, base, at, size)

    def _run(self, table: _Fields, base: int, at: int, size: int | None) -> int:
        flags = table.number(4) & 0xFFFFFF
        fields = [bit for bit in (0x100, 0x200, 0x400, 0x800) if flags & bit]
        count = table.count(4, 4 * len(fields))
        if flags & 1:
            offset = table.number(4)
            if offset >> 31:
                raise Odd("a fragment points to what is in front of it")
            at = base + offset
        table.number(4 if flags & 4 else 0)
        length = 0
        if 0x200 in fields:
            for _ in range(count):
                row = {bit: table.number(4) for bit in fields}
                length += row[0x200]
        elif size is None:
            raise Odd("the samples of a fragment have no size")
        else:
            length = count * size
        if self._show(at, at + length) != self.cuts.before(base, base):
            raise Odd("credentials stand between a fragment and its content")
        return at + length

    def _index(self, table: _Fields) -> None:
        version = table.number(4) >> 24
        if version > 1:
            raise Odd("its index is of a kind that is not known")
        width = 8 if version else 4
        table.number(4)
        sizes = table.number(4)
        rest = sum((sizes >> shift & 3) + 1 for shift in (0, 2, 4))
        for _ in range(table.count(4, 2 * width + rest)):
            table.number(width)
            where = table.number(width)
            if where not in self.moofs:
                raise Odd("its index names a place where no fragment begins")
            table.put(width, where - self.cuts.before(where, where))
            table.number(rest)

    # A picture of items

    def _items(self, table: _Fields, idat: list[int]) -> None:
        version = table.number(4) >> 24
        widths = table.number(2)
        offset, length, base, index = (widths >> shift & 15 for shift in (12, 8, 4, 0))
        if version > 2 or {offset, length, base, index} - {0, 4, 8} or (index and not version):
            raise Odd("its list of items is of a kind that is not known")
        wide = 4 if version == 2 else 2
        for _ in range(table.number(wide)):
            table.number(wide)
            method = table.number(2) if version else 0
            if table.number(2) or method > 1:
                raise Odd("an item lies in another file or item")
            self._item(table, method, base, (index if version else 0, offset, length), idat)

    def _item(
        self,
        table: _Fields,
        method: int,
        base: int,
        widths: tuple[int, int, int],
        idat: list[int],
    ) -> None:
        """It lies at one base and, counted from that, several places; in the file (method 0) or in
        a box beside its table (1)."""
        index, offset, length = widths
        where, at_base = table.number(base), table.at
        moved = set()
        for _ in range(table.number(2)):
            table.number(index)
            place, at_place = table.number(offset), table.at
            long = table.number(length)
            start, stop = where + place, where + place + long
            if not long:
                raise Odd("an item has no length, which means all that follows")
            if method:
                if len(idat) != 1 or stop > idat[0]:
                    raise Odd("an item lies outside of its box")
                continue
            by = self._show(start, stop)
            moved.add(by)
            if not where:
                table.put(offset, place - by, at_place)
        if where and not method:
            by = moved.pop() if moved else self.cuts.before(where, where)
            if moved or by > where:
                raise Odd("credentials stand between the parts of an item")
            table.put(base, where - by, at_base)
