import { sha256 } from "@noble/hashes/sha2.js";
import { type Layout, layout, pieces } from "./credentials.ts";
import type { Source } from "./places.ts";

/** What a file is known by.
 *
 * `whole` is the SHA-256 of all its bytes, `bare` that of the file without its credentials: the same where it has none. */
export interface Digests {
    readonly whole: Uint8Array;
    readonly bare: Uint8Array;
    readonly layout: Layout;
}

/** Reads a file once for each of its hashes.
 *
 * @param told how many bytes were read, of how many.
 */
export function digests(
    file: Source,
    told: (done: number, of: number) => void = () => {},
): Digests {
    const known = layout(file);
    const of = file.size * (known.cuts.length ? 2 : 1);
    let done = 0;
    function hashed(cuts: Layout): Uint8Array {
        const hash = sha256.create();
        for (const piece of pieces(file, cuts)) {
            hash.update(piece);
            done += piece.length;
            told(Math.min(done, of), of);
        }
        return hash.digest();
    }
    const whole = hashed({ ...known, cuts: [] });
    return { whole, bare: known.cuts.length ? hashed(known) : whole, layout: known };
}
