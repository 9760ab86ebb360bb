/** Whether the credentials in a file name its very bytes: the hash of the file beside what they say is left out (C2PA,
 * `c2pa.hash.data`), of PNG, JPEG, WebP and WAV. It tells that file and credentials belong together, and not who signed them. */

import { sha256 } from "@noble/hashes/sha2.js";
import { NoValue, type Value, decoded } from "./cbor.ts";
import type { Layout } from "./credentials.ts";
import { type Source, big, letters } from "./places.ts";

const PIECE = 1 << 20;
const MOST = 1 << 26;

/** Whether the credentials name these bytes; nothing where that cannot be told here. */
export function boundOf(file: Source, known: Layout): boolean | null {
    const data = store(file, known);
    if (!data) return null;
    try {
        const named = assertion(data);
        return named && isSame(file, named);
    } catch (error) {
        if (error instanceof NoValue || error instanceof TypeError) return null;
        throw error;
    }
}

/** The one store of a file, put together. */
function store(file: Source, known: Layout): Uint8Array | undefined {
    const cuts = known.cuts.filter(([, , instead]) => !instead.length);
    const [cut] = cuts;
    if (!cut || cuts.length > 1 || cut[1] - cut[0] > MOST) return undefined;
    const [start, stop] = cut;
    if (known.format === "PNG") return part(file, start + 8, stop - 4, big(file.some(start, 4)));
    if (known.format === "RIFF") {
        const length = file.some(start + 4, 4).reduceRight((sum, each) => sum * 256 + each, 0);
        return part(file, start + 8, stop - (length % 2), length);
    }
    return known.format === "JPEG" ? joined(file, start, stop) : undefined;
}

/** What lies between two places, if it is as long as it says: more would be several stores. */
function part(file: Source, start: number, stop: number, length: number): Uint8Array | undefined {
    return length === stop - start ? new Uint8Array(file.some(start, length)) : undefined;
}

/** Of the segments of a JPEG: each repeats how the box begins. */
function joined(file: Source, start: number, stop: number): Uint8Array | undefined {
    const parts: number[] = [];
    let number = 0;
    for (let at = start; at < stop;) {
        const length = 2 + big(file.some(at + 2, 2));
        number += 1;
        if (big(file.some(at + 8, 4)) !== number) return undefined; // another box begins
        for (const each of file.some(
            at + (number === 1 ? 12 : 20),
            length - (number === 1 ? 12 : 20),
        )) {
            parts.push(each);
        }
        at += length;
    }
    return Uint8Array.from(parts);
}

interface Box {
    readonly kind: string;
    readonly data: Uint8Array;
}

/** The boxes that lie one after the other (JUMBF, ISO 19566-5). */
function boxes(data: Uint8Array): Box[] {
    const found: Box[] = [];
    for (let at = 0; at < data.length;) {
        const size = big(data.subarray(at, at + 4));
        if (size < 8 || at + size > data.length) throw new NoValue("a box");
        found.push({
            kind: letters(data.subarray(at + 4, at + 8)),
            data: data.subarray(at + 8, at + size),
        });
        at += size;
    }
    return found;
}

/** What a superbox is called, and the boxes in it. */
function inside(box: Box): { label: string; inner: Box[] } {
    const [head, ...inner] = box.kind === "jumb" ? boxes(box.data) : [];
    if (head?.kind !== "jumd") throw new NoValue("a superbox");
    const text = letters(head.data.subarray(17, 17 + 256));
    return {
        label: ((head.data[16] as number) & 2) !== 0 ? (text.split("\0")[0] ?? "") : "",
        inner,
    };
}

/** The assertion of the newest manifest that names the file's bytes; nothing where there is not just one. */
function assertion(data: Uint8Array): Map<string, Value> | null {
    const [whole] = boxes(data);
    const newest = whole && inside(whole).inner.at(-1);
    if (!newest) return null;
    const stores = inside(newest)
        .inner.filter((each) => each.kind === "jumb")
        .map(inside);
    const assertions = stores.filter(({ label }) => label === "c2pa.assertions");
    const named = assertions
        .flatMap(({ inner }) => inner.map(inside))
        .filter(({ label }) => /^c2pa\.hash\./.test(label));
    const [only] = named;
    if (only?.label !== "c2pa.hash.data" || named.length > 1) return null;
    const [content] = only.inner;
    if (content?.kind !== "cbor") return null;
    const value = decoded(content.data);
    return value instanceof Map ? value : null;
}

function isSame(file: Source, named: Map<string, Value>): boolean | null {
    const [algorithm, hash] = [named.get("alg"), named.get("hash")];
    if (algorithm !== "sha256" || !(hash instanceof Uint8Array) || hash.length !== 32) return null;
    const left = named.get("exclusions") ?? [];
    if (!Array.isArray(left)) return null;
    const made = sha256.create();
    let at = 0;
    for (const each of left) {
        const [start, length] = each instanceof Map ? [each.get("start"), each.get("length")] : [];
        if (typeof start !== "number" || typeof length !== "number" || start < at || length < 0)
            return null;
        if (start + length > file.size) return null;
        update(file, at, start);
        at = start + length;
    }
    update(file, at, file.size);
    return made.digest().every((each, k) => each === hash[k]);

    function update(of: Source, from: number, to: number): void {
        for (let place = from; place < to; place += PIECE) {
            made.update(of.some(place, Math.min(PIECE, to - place)));
        }
    }
}
