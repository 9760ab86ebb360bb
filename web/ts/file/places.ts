/** A file that is read in places, and the way out where it is not as its format says. The same as `kiseki.core.places`. */

/** Why a file is taken as it is: a way out of the readers of a format, and no error. */
export class Odd extends Error {}

export interface Source {
    readonly size: number;
    /** Up to so many bytes; fewer where the file ends. */
    some(at: number, length: number): Uint8Array;
}

/** So many bytes. */
export function all(file: Source, at: number, length: number): Uint8Array {
    const found = at + length <= file.size ? file.some(at, length) : new Uint8Array(0);
    if (found.length !== length) throw new Odd("it is cut off");
    return found;
}

/** What lies in memory already. */
export class Bytes implements Source {
    readonly size: number;

    constructor(private readonly data: Uint8Array) {
        this.size = data.length;
    }

    some(at: number, length: number): Uint8Array {
        return this.data.subarray(Math.min(at, this.size), Math.min(at + length, this.size));
    }
}

/** The number that bytes say, the first of them counting most; 0 of none. Above 2**53 it is rounded. */
export function big(bytes: Uint8Array): number {
    return bytes.reduce((sum, each) => sum * 256 + each, 0);
}

/** The number that bytes say, the last of them counting most. */
export function little(bytes: Uint8Array): number {
    return bytes.reduceRight((sum, each) => sum * 256 + each, 0);
}

/** Bytes as a text of as many letters, to compare with a name. */
export function letters(bytes: Uint8Array): string {
    return String.fromCharCode(...bytes);
}

/** How many of some numbers, which ascend, are at most one. */
export function atMost(ascending: readonly number[], value: number): number {
    let low = 0;
    let high = ascending.length;
    while (low < high) {
        const middle = (low + high) >>> 1;
        if ((ascending[middle] as number) <= value) low = middle + 1;
        else high = middle;
    }
    return low;
}
