import { keccak_256 } from "@noble/hashes/sha3.js";

/** Bytes that are read at once. */
export const SLICE = 1 << 20;

/** The keccak256 of a file, which is read a slice at a time. */
export async function digest(file: Blob): Promise<Uint8Array> {
    const hash = keccak_256.create();
    for (let at = 0; at < file.size; at += SLICE) {
        hash.update(new Uint8Array(await file.slice(at, at + SLICE).arrayBuffer()));
    }
    return hash.digest();
}
