/** IDs and proofs, as `kiseki.core.ids` and `kiseki.core.merkle` make and check them. All hashes are 0x text outside. */

import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, concatBytes, hexToBytes } from "@noble/hashes/utils.js";

export const ZERO = `0x${"0".repeat(64)}`;

/** Something was said that is not true. */
export class False extends Error {}

/** So many bytes from 0x text.
 *
 * @throws False it is something else.
 */
export function bytes(text: unknown, length: number): Uint8Array {
    if (
        typeof text !== "string" ||
        !/^0x[0-9a-fA-F]*$/.test(text) ||
        text.length !== 2 + 2 * length
    ) {
        throw new False(`no ${length} bytes`);
    }
    return hexToBytes(text.slice(2));
}

export function hex(data: Uint8Array): string {
    return `0x${bytesToHex(data)}`;
}

export function keccak(...parts: Uint8Array[]): Uint8Array {
    return keccak_256(concatBytes(...parts));
}

/** What hides a file: of its SHA-256 and a salt. */
export function commitment(digest: string, salt: string): string {
    return hex(keccak(bytes(digest, 32), bytes(salt, 32)));
}

export function itemId(registrant: string, committed: string): string {
    return hex(keccak(Uint8Array.of(1), bytes(registrant, 20), bytes(committed, 32)));
}

export function collectionId(provider: string, root: string, terms: string): string {
    return hex(keccak(Uint8Array.of(5), bytes(provider, 20), bytes(root, 32), bytes(terms, 32)));
}

/** Whether a proof shows that an ID stands under a root. */
export function isUnder(root: string, id: string, proof: readonly string[]): boolean {
    let node = bytes(id, 32);
    for (const each of proof) {
        const other = bytes(each, 32);
        node = isBefore(node, other) ? keccak(node, other) : keccak(other, node);
    }
    return hex(node) === root.toLowerCase();
}

function isBefore(a: Uint8Array, b: Uint8Array): boolean {
    const at = a.findIndex((each, k) => each !== b[k]);
    return at >= 0 && (a[at] as number) < (b[at] as number);
}

/** The root of a sum tree over leaves in the order given, and the sum (`kiseki.core.sumtree`).
 *
 * @throws False no leaves, or shares that are none.
 */
export function sumRoot(
    leaves: readonly (readonly [key: string, shares: bigint])[],
): [string, bigint] {
    let level = leaves.map(([key, shares]) => {
        if (shares <= 0n || shares >= LIMIT) throw new False("no shares");
        return [keccak(Uint8Array.of(0), bytes(key, 32), uint96(shares)), shares] as const;
    });
    while (level.length > 1) {
        const above: (typeof level)[number][] = [];
        for (let k = 0; k < level.length; k += 2) {
            const [left, right] = [level[k], level[k + 1]];
            if (!left) break;
            if (!right) {
                above.push(left); // an odd last one goes up as it is
                continue;
            }
            const [one, other] = [uint96(left[1]), uint96(right[1])];
            above.push([
                keccak(Uint8Array.of(2), left[0], one, right[0], other),
                left[1] + right[1],
            ]);
        }
        level = above;
    }
    const [top] = level;
    if (!top || top[1] >= LIMIT) throw new False("no leaves, or too many shares");
    return [hex(top[0]), top[1]];
}

const LIMIT = 1n << 96n;

function uint96(number: bigint): Uint8Array {
    return hexToBytes(number.toString(16).padStart(24, "0"));
}
