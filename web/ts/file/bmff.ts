/** What the tables of an MP4, MOV, AVIF or HEIC file refer to, and those tables put back. `kiseki.core.bmff` says why this is so;
 * this does the same. */

import { Odd, type Source, all, atMost } from "./places.ts";
import { type Box, type Fields, Held, boxes } from "./tables.ts";

export { type Box, boxes };

/** The bytes of all boxes with tables; they are held in memory. */
const TABLES = 2 ** 26;

/** No reader looks for tables in them. */
const SHOWS_NOTHING_ELSE = new Set(["mdat", "free", "skip", "wide"]);
const READ = ["stco", "co64", "stsc", "stsz", "stts", "tfhd", "trun", "trex", "tfra", "iloc"];
const REFUSED: [string, string][] = [
    ...["saio", "sidx", "ssix", "stz2", "CTBO"].map((kind) => [
        kind,
        "a table that is not put back",
    ]),
    ...["imdt", "snim"].map((kind) => [kind, "content that is found in another way"]),
    ...["cmov", "!mov", "!mof", "!six", "!ssx"].map((kind) => [kind, "compressed tables"]),
] as [string, string][];

/** A stretch of a file, and what stands there instead. */
type Put = [start: number, stop: number, instead: Uint8Array];

/** Each table of a file whose offsets change: from where, to where, and the new one.
 *
 * @param kept the top-level boxes that stay, in their order.
 * @param cuts the stretches between them that do not stay, in their order.
 * @throws Odd something that a table names would have other bytes than before; or it cannot be told.
 */
export function putBack(file: Source, kept: Box[], cuts: [number, number][]): Put[] {
    const moofs = new Set(kept.filter((box) => box.kind === "moof").map((box) => box.start));
    const film = new Film(new Gaps(cuts), file.size, moofs);
    const held: Held[] = [];
    let left = TABLES;
    for (const box of kept) {
        if (SHOWS_NOTHING_ELSE.has(box.kind)) continue;
        left -= box.stop - box.start;
        if (left < 0) throw new Odd("its tables are larger than any that are meant");
        held.push(new Held(box.start, all(file, box.start, box.stop - box.start), box));
    }
    for (const each of held) film.readDefaults(each);
    for (const each of held) film.read(each);
    const names = counted(held, [...REFUSED.map(([kind]) => kind), ...READ]);
    for (const [kind, why] of REFUSED) {
        if (names.get(kind)) throw new Odd(`it has ${why} (${kind})`);
    }
    for (const kind of READ) {
        if (names.get(kind) !== (film.seen.get(kind) ?? 0)) {
            throw new Odd(`a table stands where none is meant (${kind})`);
        }
    }
    film.mustNotShowTables();
    return film.tables;
}

/** How often each of some names stands in the boxes. */
function counted(held: Held[], kinds: string[]): Map<string, number> {
    const numbers = new Map(kinds.map((kind) => [codeOf(kind), kind]));
    const lasts = new Uint8Array(256);
    for (const kind of kinds) lasts[kind.charCodeAt(3)] = 1;
    const found = new Map(kinds.map((kind) => [kind, 0]));
    for (const { data } of held) {
        const free = new Map(kinds.map((kind) => [kind, 0])); // one occurrence begins where the one before has ended
        for (let at = 3; at < data.length; at++) {
            if (!lasts[data[at] as number]) continue;
            const code =
                (((data[at - 3] as number) << 24) |
                    ((data[at - 2] as number) << 16) |
                    ((data[at - 1] as number) << 8) |
                    (data[at] as number)) >>>
                0;
            const kind = numbers.get(code);
            if (kind === undefined || at - 3 < (free.get(kind) as number)) continue;
            free.set(kind, at + 1);
            found.set(kind, (found.get(kind) as number) + 1);
        }
    }
    return found;
}

function codeOf(kind: string): number {
    return [0, 1, 2, 3].reduce((sum, at) => sum * 256 + kind.charCodeAt(at), 0);
}

/** What is taken out. */
class Gaps {
    private readonly starts: number[];
    private readonly stops: number[];
    private readonly sums = [0];

    constructor(cuts: [number, number][]) {
        this.starts = cuts.map(([start]) => start);
        this.stops = cuts.map(([, stop]) => stop);
        for (const [start, stop] of cuts)
            this.sums.push((this.sums.at(-1) as number) + stop - start);
    }

    /** How many bytes are taken out in front of a stretch, and none in it. */
    before(start: number, stop: number): number {
        const number = atMost(this.starts, start);
        const next = this.starts[number] ?? Infinity;
        if ((number && start < (this.stops[number - 1] as number)) || stop > next) {
            throw new Odd("something in it points to its credentials");
        }
        return this.sums[number] as number;
    }
}

/** How many bytes the samples take from one on up to another. */
type Sizes = (start: number, stop: number) => number;

class Film {
    readonly tables: Put[] = [];
    readonly seen = new Map<string, number>();
    /** Every stretch that a table refers to: where it starts, and where it stops. */
    private readonly shown: [number[], number[]] = [[], []];
    /** The size of a sample in a fragment, by track. */
    private readonly defaults = new Map<number, number>();

    constructor(
        private readonly gaps: Gaps,
        private readonly size: number,
        private readonly moofs: Set<number>,
    ) {}

    readDefaults(held: Held): void {
        if (held.box.kind !== "moov") return;
        for (const each of held.inside("mvex", "trex")) {
            this.see("trex");
            const table = each.fields;
            const [, track, , , size] = [0, 0, 0, 0, 0].map(() => table.number(4)) as [
        number, number, number, number, number,
      ]; // prettier-ignore
            if (this.defaults.has(track)) throw new Odd("two boxes (trex) are about one track");
            this.defaults.set(track, size);
        }
    }

    read(held: Held): void {
        if (held.box.kind === "moov") {
            for (const track of held.inside("trak")) this.track(track);
        } else if (held.box.kind === "moof") {
            let isFirst = true;
            for (const each of held.inside("traf")) {
                this.fragment(held.box.start, each, isFirst);
                isFirst = false;
            }
        } else if (held.box.kind === "mfra") {
            for (const each of held.inside("tfra")) this.put(each, (table) => this.index(table));
        } else if (held.box.kind === "meta") {
            for (const each of held.inside("iloc")) {
                const idat = [...held.inside("idat")].map((one) => one.box.stop - one.box.body);
                this.put(each, (table) => this.items(table, idat));
            }
        }
    }

    /** What changes is no part of what is shown. */
    mustNotShowTables(): void {
        const changed = this.tables.map(([start, stop]) => [start, stop] as const);
        changed.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
        const begins = changed.map(([start]) => start);
        const [starts, stops] = this.shown;
        starts.forEach((start, k) => {
            const before = changed[atMost(begins, Math.max(start, (stops[k] as number) - 1)) - 1];
            if (before && before[1] > start) throw new Odd("something in it points to a table");
        });
    }

    private see(kind: string): void {
        this.seen.set(kind, (this.seen.get(kind) ?? 0) + 1);
    }

    private put(held: Held, read: (table: Fields) => void): void {
        this.see(held.box.kind);
        const table = held.fields;
        read(table);
        if (table.changed) this.tables.push([held.box.body, held.box.stop, table.data]);
    }

    /** A table names these bytes; how many are taken out in front of them. */
    private show(start: number, stop: number): number {
        if (stop > this.size) throw new Odd("something in it points out of it");
        this.shown[0].push(start);
        this.shown[1].push(stop);
        return this.gaps.before(start, stop);
    }

    // A film in one piece

    private track(track: Held): void {
        const tables = [...track.inside("mdia", "minf", "stbl")];
        if (tables.length > 1) {
            throw new Odd(
                "a track has two lists of its samples; readers disagree which one counts",
            );
        }
        for (const table of tables) {
            this.mustHaveSizes(track, table);
            const sizes = this.sizes(table.one("stsz"));
            const rows = this.rows(table.one("stsc"));
            const offsets = [...table.inside("stco"), ...table.inside("co64")];
            const [list] = offsets;
            if (!list || offsets.length !== 1)
                throw new Odd("a track has not one list of its chunks");
            const width = list.box.kind === "stco" ? 4 : 8;
            this.put(list, (fields) => this.chunks(fields, width, sizes, rows));
        }
    }

    /** Readers compute the size of raw sound, whatever its table says. */
    private mustHaveSizes(track: Held, table: Held): void {
        this.see("stts");
        const times = table.one("stts").fields;
        times.number(4);
        const count = times.count(4, 8);
        let last = 0;
        for (let row = 0; row < count; row++) {
            times.number(4);
            last = times.number(4);
        }
        const kinds = [...track.inside("mdia", "hdlr")].map((each) =>
            String.fromCharCode(...each.fields.data.subarray(8, 12)),
        );
        if (count === 1 && last === 1 && !(kinds.length === 1 && kinds[0] === "vide")) {
            throw new Odd("it has raw sound, whose samples have no sizes");
        }
    }

    private sizes(held: Held): Sizes {
        this.see("stsz");
        const table = held.fields;
        table.number(4);
        const common = table.number(4);
        const count = table.count(4, common ? 0 : 4);
        if (common)
            return (start, stop) => common * (Math.min(stop, count) - Math.min(start, count));
        const sums = new BigUint64Array(count + 1); // they can be too large for other numbers
        for (let k = 0; k < count; k++) sums[k + 1] = (sums[k] as bigint) + BigInt(table.number(4));
        const upTo = (place: number) => sums[Math.min(place, count)] as bigint;
        return (start, stop) => Number(upTo(stop) - upTo(start));
    }

    /** From which chunk on each has how many samples. */
    private rows(held: Held): [number, number][] {
        this.see("stsc");
        const table = held.fields;
        table.number(4);
        const rows: [number, number][] = [];
        for (let left = table.count(4, 12); left; left--) {
            rows.push([table.number(4), table.number(4)]);
            table.number(4);
        }
        if (
            rows.some(([first], k) =>
                k ? first <= (rows[k - 1] as [number, number])[0] : first !== 1,
            )
        ) {
            throw new Odd("its list of samples by chunk is out of order");
        }
        return rows;
    }

    private chunks(table: Fields, width: number, sizes: Sizes, rows: [number, number][]): void {
        table.number(4);
        const count = table.count(4, width);
        if (count && !rows.length && sizes(0, 2 ** 32)) {
            throw new Odd("its list of samples by chunk is empty");
        }
        let [row, per, at] = [0, 0, 0];
        for (let chunk = 1; chunk <= count; chunk++) {
            const from = rows[row];
            if (from?.[0] === chunk) {
                per = from[1];
                row += 1;
            }
            const offset = table.number(width);
            table.less(width, this.show(offset, offset + sizes(at, at + per)));
            at += per;
        }
    }

    // A film in fragments

    private fragment(moof: number, held: Held, isFirst: boolean): void {
        let base = moof;
        let size: number | undefined;
        this.put(held.one("tfhd"), (table) => {
            const flags = table.number(4) & 0xffffff;
            size = this.defaults.get(table.number(4));
            if (flags & 1) {
                base = table.number(8);
                table.less(8, this.gaps.before(base, base));
            } else if (!isFirst && !(flags & 0x20000)) {
                throw new Odd("where a fragment's content begins depends on the one before");
            }
            for (const bit of [2, 8]) table.number(flags & bit ? 4 : 0);
            if (flags & 0x10) size = table.number(4);
        });
        let at = base;
        for (const run of held.inside("trun")) {
            this.see("trun");
            at = this.run(run.fields, base, at, size);
        }
    }

    private run(table: Fields, base: number, from: number, size: number | undefined): number {
        const flags = table.number(4) & 0xffffff;
        const fields = [0x100, 0x200, 0x400, 0x800].filter((bit) => flags & bit);
        const count = table.count(4, 4 * fields.length);
        let at = from;
        if (flags & 1) {
            const offset = table.number(4);
            if (offset >= 2 ** 31) throw new Odd("a fragment points to what is in front of it");
            at = base + offset;
        }
        table.number(flags & 4 ? 4 : 0);
        let length = 0;
        if (flags & 0x200) {
            for (let row = 0; row < count; row++) {
                for (const bit of fields) {
                    const value = table.number(4);
                    if (bit === 0x200) length += value;
                }
            }
        } else if (size === undefined) {
            throw new Odd("the samples of a fragment have no size");
        } else {
            length = count * size;
        }
        if (this.show(at, at + length) !== this.gaps.before(base, base)) {
            throw new Odd("credentials stand between a fragment and its content");
        }
        return at + length;
    }

    private index(table: Fields): void {
        const version = table.number(4) >>> 24;
        if (version > 1) throw new Odd("its index is of a kind that is not known");
        const width = version ? 8 : 4;
        table.number(4);
        const sizes = table.number(4);
        const rest = [0, 2, 4].reduce((sum, shift) => sum + ((sizes >>> shift) & 3) + 1, 0);
        for (let left = table.count(4, 2 * width + rest); left; left--) {
            table.number(width);
            const where = table.number(width);
            if (!this.moofs.has(where)) {
                throw new Odd("its index names a place where no fragment begins");
            }
            table.less(width, this.gaps.before(where, where));
            table.number(rest);
        }
    }

    // A picture of items

    private items(table: Fields, idat: number[]): void {
        const version = table.number(4) >>> 24;
        const widths = table.number(2);
        const [offset, length, base, index] = [12, 8, 4, 0].map((shift) => (widths >>> shift) & 15) as [
      number, number, number, number,
    ]; // prettier-ignore
        const isKnown = [offset, length, base, index].every((width) => [0, 4, 8].includes(width));
        if (version > 2 || !isKnown || (index && !version)) {
            throw new Odd("its list of items is of a kind that is not known");
        }
        const wide = version === 2 ? 4 : 2;
        for (let left = table.number(wide); left; left--) {
            table.number(wide);
            const method = version ? table.number(2) : 0;
            if (table.number(2) || method > 1)
                throw new Odd("an item lies in another file or item");
            this.item(table, method, base, [version ? index : 0, offset, length], idat);
        }
    }

    /** It lies at one base and, counted from that, several places; in the file (method 0) or in a box beside its table (1). */
    private item(
        table: Fields,
        method: number,
        base: number,
        [index, offset, length]: [number, number, number],
        idat: number[],
    ): void {
        const where = table.number(base);
        const atBase = table.at;
        const moved = new Set<number>();
        for (let left = table.number(2); left; left--) {
            table.number(index);
            const start = where + table.number(offset);
            const atPlace = table.at;
            const long = table.number(length);
            const stop = start + long;
            if (!long) throw new Odd("an item has no length, which means all that follows");
            if (method) {
                if (idat.length !== 1 || stop > (idat[0] as number)) {
                    throw new Odd("an item lies outside of its box");
                }
                continue;
            }
            const by = this.show(start, stop);
            moved.add(by);
            if (!where) table.less(offset, by, atPlace);
        }
        if (where && !method) {
            const by = moved.size
                ? (moved.values().next().value as number)
                : this.gaps.before(where, where);
            if (moved.size > 1 || by > where) {
                throw new Odd("credentials stand between the parts of an item");
            }
            table.less(base, by, atBase);
        }
    }
}
