/** CBOR (RFC 8949), as much of it as assertions of credentials hold. What is something else is no value. */

export type Value = number | string | boolean | null | Uint8Array | Value[] | Map<string, Value>;

/** It is not CBOR, or of a kind that is not read here. */
export class NoValue extends Error {}

const DEEPEST = 16;

/** The value that bytes hold. */
export function decoded(data: Uint8Array): Value {
    return new Reader(data).value(0);
}

class Reader {
    private at = 0;

    constructor(private readonly data: Uint8Array) {}

    value(depth: number): Value {
        if (depth > DEEPEST) throw new NoValue("too deep");
        const first = this.take(1)[0] as number;
        const major = first >> 5;
        if (major === 7) return this.simple(first & 31);
        const count = this.count(first & 31);
        if (major === 0) return count;
        if (major === 1) return -1 - count;
        if (major === 2) return this.take(count);
        if (major === 3) return new TextDecoder("utf-8", { fatal: true }).decode(this.take(count));
        if (major === 6) return this.value(depth + 1); // what a tag says of it is not needed
        if (count > this.data.length) throw new NoValue("more than there is");
        if (major === 4) return Array.from({ length: count }, () => this.value(depth + 1));
        const found = new Map<string, Value>();
        for (let left = count; left; left--) {
            const key = this.value(depth + 1);
            const value = this.value(depth + 1);
            if (typeof key === "string") found.set(key, value);
        }
        return found;
    }

    private simple(kind: number): Value {
        if (kind === 20 || kind === 21) return kind === 21;
        if (kind === 22 || kind === 23) return null;
        const width = { 25: 2, 26: 4, 27: 8 }[kind];
        if (width === undefined) throw new NoValue("of another kind");
        this.take(width); // no number with a point matters here
        return null;
    }

    private count(kind: number): number {
        if (kind < 24) return kind;
        if (kind > 27) throw new NoValue("without a length");
        return this.take(1 << (kind - 24)).reduce((sum, each) => sum * 256 + each, 0);
    }

    private take(count: number): Uint8Array {
        if (count > this.data.length - this.at) throw new NoValue("cut off");
        this.at += count;
        return this.data.subarray(this.at - count, this.at);
    }
}
