/** Which model a file of weights says that it is, and the hash of its tensors: the same as `kiseki.core.stamp` and
 * `kiseki.core.weights`. A stamp is a claim; anybody can write one. */

import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, concatBytes } from "@noble/hashes/utils.js";
import { Odd, type Source, all, little } from "./places.ts";

export interface Stamp {
    readonly model: string;
    readonly registry: string;
    readonly chain: string;
    /** SHA-256 over the tensors; nothing where readers could disagree about what they are. */
    readonly tensors: string | null;
}

interface Tensor {
    readonly name: Uint8Array;
    readonly row: Uint8Array;
    readonly start: number;
    readonly stop: number;
}

const HEADER = 32 * 2 ** 20;
const CHUNK = 1 << 22;
const TEXT = /"(?:[^"\\]|\\.)*"(\s*:)?/g;
const BITS: Record<string, number> = {
    ...{ F4: 4, F6_E2M3: 6, F6_E3M2: 6, BOOL: 8, U8: 8, I8: 8, F8_E5M2: 8, F8_E4M3: 8 },
    ...{ F8_E8M0: 8, F8_E5M2FNUZ: 8, F8_E4M3FNUZ: 8, I16: 16, U16: 16, F16: 16, BF16: 16 },
    ...{ I32: 32, U32: 32, F32: 32, I64: 64, U64: 64, F64: 64, C64: 64 },
};

/** The stamp of a file; nothing where it is no file of weights, or has none that can be read. */
export function stampOf(file: Source): Stamp | null {
    if (file.size < 10) return null;
    const length = little(file.some(0, 8));
    if (file.some(8, 1)[0] !== 0x7b || length > HEADER || 8 + length > file.size) return null;
    let text: string, header: Record<string, unknown>;
    try {
        text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
            all(file, 8, length),
        );
        header = JSON.parse(text) as Record<string, unknown>;
    } catch {
        return null;
    }
    const said = header["__metadata__"] as Record<string, unknown> | undefined;
    const [model, registry, chain] = ["model", "registry", "chain"].map(
        (each) => said?.[`kiseki.${each}`],
    );
    if (typeof model !== "string" || !/^0x[0-9a-f]{64}$/i.test(model)) return null;
    if (typeof registry !== "string" || !/^0x[0-9a-f]{40}$/i.test(registry)) return null;
    if (typeof chain !== "string" || !/^[1-9][0-9]{0,19}$/.test(chain)) return null;
    let tensors: string | null = null;
    try {
        tensors = hashed(file, 8 + length, listed(text, header, file.size - 8 - length));
    } catch (error) {
        if (!(error instanceof Odd)) throw error;
    }
    return { model: model.toLowerCase(), registry: registry.toLowerCase(), chain, tensors };
}

/** The tensors as they lie.
 *
 * @throws Odd readers could disagree about them.
 */
function listed(text: string, header: Record<string, unknown>, size: number): Tensor[] {
    // JSON.parse keeps the last of two keys, and takes 1.0 for 1: both are seen in the text.
    if (!/^[\s{}[\],:0-9]*$/.test(text.replace(TEXT, (_, colon) => (colon ? ":" : "")))) odd();
    const members = Object.values(header).map((each) => {
        if (typeof each !== "object" || each === null || Array.isArray(each)) odd();
        return Object.keys(each as object).length;
    });
    const keys = [...text.matchAll(TEXT)].filter((each) => each[1]).length;
    if (keys !== members.reduce((sum, each) => sum + each, members.length)) odd();
    const found = Object.entries(header)
        .filter(([name]) => name !== "__metadata__")
        .map(([name, value]) => tensor(name, value as Record<string, unknown>));
    found.sort((a, b) => a.start - b.start || a.stop - b.stop);
    let end = 0;
    for (const each of found) {
        if (each.start !== end) odd();
        end = each.stop;
    }
    if (!found.length || end !== size) odd();
    return found;
}

function tensor(name: string, value: Record<string, unknown>): Tensor {
    const { dtype, shape, data_offsets: offsets } = value;
    if (Object.keys(value).length !== 3 || /\p{Surrogate}/u.test(name)) odd();
    const bits = typeof dtype === "string" && Object.hasOwn(BITS, dtype) ? BITS[dtype] : odd();
    if (!areNumbers(shape) || !areNumbers(offsets) || offsets.length !== 2) return odd();
    const [start, stop] = offsets as [number, number];
    const all = shape.reduce((product, each) => product * BigInt(each), BigInt(bits as number));
    if (start > stop || all !== BigInt(stop - start) * 8n) odd();
    const [called, kind] = [dtype as string, name].map((each) => new TextEncoder().encode(each));
    const [type, bytes] = [called as Uint8Array, kind as Uint8Array];
    const row = concatBytes(
        ...[number(bytes.length, 4), bytes, number(type.length, 1), type],
        ...[number(shape.length, 4), ...shape.map((each) => number(each, 8))],
    );
    return { name: bytes, row, start, stop };
}

function hashed(file: Source, data: number, tensors: readonly Tensor[]): string {
    const rows = tensors.map((each): [Uint8Array, Uint8Array] => {
        const hash = sha256.create();
        for (let at = each.start; at < each.stop; at += CHUNK) {
            hash.update(all(file, data + at, Math.min(CHUNK, each.stop - at)));
        }
        return [each.name, concatBytes(each.row, hash.digest())];
    });
    rows.sort(([a], [b]) => order(a, b));
    const begin = new TextEncoder().encode("kiseki-tensors-v1\0");
    const whole = sha256.create().update(begin).update(number(rows.length, 8));
    for (const [, row] of rows) whole.update(row);
    return `0x${bytesToHex(whole.digest())}`;
}

function order(a: Uint8Array, b: Uint8Array): number {
    const at = a.findIndex((each, k) => each !== b[k]);
    return at < 0 ? a.length - b.length : (a[at] as number) - (b[at] ?? -1);
}

function areNumbers(value: unknown): value is number[] {
    return Array.isArray(value) && value.every((each) => Number.isSafeInteger(each));
}

/** A number in so many bytes, the first of them counting most. */
function number(value: number, length: number): Uint8Array {
    const found = new Uint8Array(length);
    for (let k = length, left = BigInt(value); k > 0; left >>= 8n) found[--k] = Number(left & 255n);
    return found;
}

function odd(): never {
    throw new Odd("readers could disagree about its tensors");
}
