/** A file without its credentials: what an output's ID is the hash of. `kiseki.core.credentials` says what is taken out and
 * why; this does the same, byte by byte, and tests hold it to that. */

import { type Box, boxes, putBack } from "./bmff.ts";
import { Odd, type Source, all, big, letters, little } from "./places.ts";

/** What to take out: from where, to where, and what stands there instead. */
export type Cut = readonly [start: number, stop: number, instead: Uint8Array];

/** Where a file's credentials are. `odd` says why it, or the rest of it, is taken as it is; empty where it is understood. */
export interface Layout {
    readonly format: "PNG" | "JPEG" | "RIFF" | "MP4" | "";
    readonly cuts: readonly Cut[];
    readonly odd: string;
}

/** Places in one file at which credentials stand. */
const MANY = 1 << 16;
const BOXES = 1 << 20;
const ELSEWHERE = "it has credentials where none are meant";
const STORE = "6332706100110010800000aa00389b71";
const BOX = "d8fec3d61b0e483c92975828877ec481";
const NOTHING = new Uint8Array(0);

/** Where a file's credentials are. It reads headers, and what lies between them only in a JPEG. */
export function layout(file: Source): Layout {
    const begin = letters(file.some(0, 12));
    if (begin.startsWith("\x89PNG\r\n\x1a\n")) return picture("PNG", file, png);
    if (begin.startsWith("\xff\xd8\xff")) return picture("JPEG", file, jpeg);
    if (begin.startsWith("RIFF")) return film("RIFF", file, riff);
    if (begin.slice(4, 8) === "ftyp") return film("MP4", file, mp4);
    return { format: "", cuts: [], odd: "" };
}

/** A file without its credentials, in pieces of up to a megabyte. */
export function* pieces(file: Source, known: Layout, piece = 1 << 20): Generator<Uint8Array> {
    let at = 0;
    for (const [start, stop, instead] of [
        ...known.cuts,
        [file.size, file.size, NOTHING] as const,
    ]) {
        while (at < start) {
            const chunk = file.some(at, Math.min(start - at, piece));
            if (!chunk.length) return;
            at += chunk.length;
            yield chunk;
        }
        if (instead.length) yield instead;
        at = stop;
    }
}

type Read = (file: Source, cuts: Cuts) => Cut[];

/** Of a picture, what stands before the place at which it is odd was understood. */
function picture(format: Layout["format"], file: Source, read: Read): Layout {
    const cuts = new Cuts();
    try {
        return { format, cuts: read(file, cuts), odd: "" };
    } catch (error) {
        if (!(error instanceof Odd)) throw error;
        return { format, cuts: cuts.crowded ? [] : cuts.plain, odd: error.message };
    }
}

function film(format: Layout["format"], file: Source, read: Read): Layout {
    try {
        return { format, cuts: read(file, new Cuts()), odd: "" };
    } catch (error) {
        if (!(error instanceof Odd)) throw error;
        return { format, cuts: [], odd: error.message };
    }
}

/** Stretches to be taken out, as they are found from front to back; neighbours are one. */
class Cuts {
    readonly all: [number, number][] = [];

    add(start: number, stop: number): void {
        let from = start;
        if (this.all.at(-1)?.[1] === start) from = (this.all.pop() as [number, number])[0];
        if (this.crowded)
            throw new Odd("it has credentials in more places than any file that is meant");
        this.all.push([from, stop]);
    }

    get crowded(): boolean {
        return this.all.length >= MANY;
    }

    get plain(): Cut[] {
        return this.all.map(([start, stop]) => [start, stop, NOTHING]);
    }
}

// PNG, and RIFF

function png(file: Source, cuts: Cuts): Cut[] {
    let at = 8;
    let kind = "";
    let behindHead = false;
    let elsewhere = false;
    while (kind !== "IEND") {
        const head = all(file, at, 8);
        kind = letters(head.subarray(4));
        const stop = at + 12 + big(head.subarray(0, 4));
        if (stop > file.size) throw new Odd("it is cut off");
        if (kind === "caBX" && behindHead) {
            cuts.add(at, stop);
        } else {
            elsewhere ||= kind === "caBX";
            behindHead = at === 8 && kind === "IHDR";
        }
        at = stop;
    }
    if (elsewhere) throw new Odd(ELSEWHERE);
    return cuts.plain;
}

function riff(file: Source, cuts: Cuts): Cut[] {
    const form = all(file, 4, 8);
    const size = little(form.subarray(0, 4));
    const end = 8 + size;
    let at = 12;
    if (end > file.size) throw new Odd("it is cut off");
    let elsewhere = false;
    let endless = false;
    while (at + 8 <= end) {
        const head = all(file, at, 8);
        const length = little(head.subarray(4));
        const kind = letters(head.subarray(0, 4));
        let stop = at + 8 + length;
        if (stop < end) stop += stop % 2; // the last byte of padding is left out by some
        if (stop > end) throw new Odd("a chunk reaches beyond its end");
        if (kind === "C2PA") {
            cuts.add(at, stop);
        } else {
            elsewhere ||= cuts.all.length > 0;
            endless ||= kind === "data" && !length;
        }
        at = stop;
    }
    if (!cuts.all.length) return [];
    const named = letters(form.subarray(4));
    if (named !== "WEBP" && named !== "WAVE") {
        throw new Odd("it is of a kind whose indexes are not put back");
    }
    if (elsewhere || at % 2 || at !== end || end !== file.size) throw new Odd(ELSEWHERE);
    if (endless) throw new Odd("its sound has no length, which means all that follows");
    const left = new Uint8Array(4);
    const taken = cuts.all.reduce((sum, [start, stop]) => sum + stop - start, 0);
    new DataView(left.buffer).setUint32(0, size - taken, true);
    return [[4, 8, left], ...cuts.plain];
}

// JPEG

const [APP0, APP11, SCAN, END] = [0xe0, 0xeb, 0xda, 0xd9] as const;

function isAlone(kind: number): boolean {
    return kind === 0x01 || (kind >= 0xd0 && kind < 0xd9);
}

function jpeg(file: Source, cuts: Cuts): Cut[] {
    let inFront = true;
    let elsewhere = false;
    // Of the box that has begun: how much is missing, how its next segment begins, and where its segments are if it is a store.
    let left = 0;
    let more = "";
    let parts: [number, number][] = [];
    for (const [kind, at, stop, bytes] of segments(file)) {
        const begin = letters(bytes);
        inFront &&= kind === APP0 || kind === APP11;
        let isStore = parts.length > 0;
        if (left) {
            if (begin.slice(0, 16) !== more)
                throw new Odd("a box in its APP11 segments breaks off");
            left -= stop - at - 20;
        } else if (begin.startsWith("JP") && begin.slice(4, 8) === "\0\0\0\x01") {
            // A superbox (length, "jumb"), in it its description (length, "jumd"), in that its kind.
            isStore =
                begin.slice(12, 16) === "jumb" &&
                begin.slice(20, 24) === "jumd" &&
                hex(bytes.subarray(24, 40)) === STORE;
            if (!inFront) {
                elsewhere ||= isStore;
                continue;
            }
            left = big(bytes.subarray(8, 12)) - (stop - at - 12);
            parts = [];
        } else {
            continue;
        }
        if (left < 0) throw new Odd("a box in its APP11 segments is longer than it says");
        const number = (big(bytes.subarray(4, 8)) + 1) >>> 0;
        more = begin.slice(0, 4) + word(number) + begin.slice(8, 16);
        if (isStore) parts.push([at, stop]);
        if (!left) for (const [from, to] of parts) cuts.add(from, to);
    }
    if (left || elsewhere) throw new Odd(ELSEWHERE);
    return cuts.plain;
}

/** (kind, from where, to where, how an APP11 begins) of each segment in front of the first scan. */
function* segments(file: Source): Generator<[number, number, number, Uint8Array]> {
    let at = 2;
    for (;;) {
        let mark = file.some(at, 2);
        while (mark[0] === 0xff && mark[1] === 0xff) {
            at += 1;
            mark = file.some(at, 2);
        }
        const kind = mark[1];
        if (kind === undefined || mark[0] !== 0xff) {
            throw new Odd("it is cut off, or something stands between its segments");
        }
        if (kind === SCAN || kind === END) return;
        let stop = at + 2;
        if (!isAlone(kind)) {
            stop += big(all(file, stop, 2));
            if (!(at + 4 <= stop && stop <= file.size)) throw new Odd("it is cut off");
        }
        const begin = kind === APP11 ? file.some(at + 4, Math.min(stop - at - 4, 40)) : NOTHING;
        yield [kind, at, stop, begin];
        at = stop;
    }
}

function word(number: number): string {
    return String.fromCharCode(
        number >>> 24,
        (number >>> 16) & 255,
        (number >>> 8) & 255,
        number & 255,
    );
}

function hex(bytes: Uint8Array): string {
    return Array.from(bytes, (each) => each.toString(16).padStart(2, "0")).join("");
}

// MP4 and its kin

function mp4(file: Source, cuts: Cuts): Cut[] {
    const every: Box[] = [];
    for (const box of boxes(file, 0, file.size)) {
        every.push(box);
        if (every.length > BOXES) throw new Odd("it has more boxes than any film that is meant");
    }
    const places = new Set(every.filter((box) => isStore(file, box)).map((box) => box.start));
    if (!places.size) return [];
    if (every.at(-1)?.stop !== file.size) throw new Odd("something in it is no box");
    const kept = every.filter((box) => !places.has(box.start));
    let before = kept[0] as Box;
    const last = kept.at(-1) as Box;
    for (const box of every) {
        if (!places.has(box.start)) {
            before = box;
            continue;
        }
        if (before.kind !== "ftyp" && before.kind !== "mdat" && box.start < last.stop) {
            throw new Odd(ELSEWHERE);
        }
        if (big(all(file, box.start, 4)) !== box.stop - box.start) {
            throw new Odd("its credentials have a size that not every reader reads");
        }
        cuts.add(box.start, box.stop);
    }
    return [...cuts.plain, ...putBack(file, kept, cuts.all)].sort(
        (a, b) => a[0] - b[0] || a[1] - b[1],
    );
}

function isStore(file: Source, box: Box): boolean {
    return box.kind === "uuid" && hex(file.some(box.body, 16)) === BOX && box.body + 16 <= box.stop;
}
