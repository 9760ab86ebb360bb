/** Boxes of an MP4 file in memory, and the numbers of their tables. */

import { Odd, type Source, big, letters } from "./places.ts";

/** One box: its kind, where it starts, where its content starts, where it ends. */
export interface Box {
    readonly kind: string;
    readonly start: number;
    readonly body: number;
    readonly stop: number;
}

/** The boxes that lie one after the other, up to what is none. */
export function* boxes(file: Source, from: number, end: number): Generator<Box> {
    let at = from;
    while (at + 8 <= end) {
        const box = boxAt(file.some(at, 16), at, end);
        if (!box) return;
        yield box;
        at = box.stop;
    }
}

function boxAt(head: Uint8Array, at: number, end: number): Box | undefined {
    let size = big(head.subarray(0, 4));
    let body = at + 8;
    if (size === 1) {
        size = big(head.subarray(8, 16));
        body = at + 16;
    } else if (size === 0) {
        size = end - at;
    }
    if (!(body - at <= size && size <= end - at)) return undefined;
    return { kind: letters(head.subarray(4, 8)), start: at, body, stop: at + size };
}

/** A box in memory, and where in the file that memory begins. */
export class Held {
    constructor(
        readonly origin: number,
        readonly data: Uint8Array,
        readonly box: Box,
    ) {}

    /** The boxes in it of the last kind, each in one of the kind before, and so on. */
    *inside(first: string, ...rest: string[]): Generator<Held> {
        let at = this.box.body + (this.box.kind === "meta" ? 4 : 0); // it begins with a version and flags
        while (at + 8 <= this.box.stop) {
            const head = this.data.subarray(at - this.origin, at - this.origin + 16);
            if (!big(head.subarray(0, 4)))
                throw new Odd("a box has no size; readers disagree where it ends");
            const box = boxAt(head, at, this.box.stop);
            if (!box) return;
            if (box.kind === first) {
                const found = new Held(this.origin, this.data, box);
                const [next, ...others] = rest;
                if (next === undefined) yield found;
                else yield* found.inside(next, ...others);
            }
            at = box.stop;
        }
    }

    one(kind: string): Held {
        const found = [...this.inside(kind)];
        if (found.length !== 1) throw new Odd(`it has not one ${kind} where one is meant`);
        return found[0] as Held;
    }

    get fields(): Fields {
        const [start, stop] = [this.box.body - this.origin, this.box.stop - this.origin];
        return new Fields(new Uint8Array(this.data.subarray(start, stop))); // a copy, to be changed
    }
}

/** A table's numbers, one after the other; what is an offset is written anew. */
export class Fields {
    at = 0;
    changed = false;

    constructor(readonly data: Uint8Array) {}

    /** Of 8 bytes above 2**53 it is rounded: such a place lies in no file. `less` counts exactly all the same. */
    number(width: number): number {
        if (this.at + width > this.data.length) throw new Odd("a table is cut off");
        this.at += width;
        let found = 0;
        for (let k = this.at - width; k < this.at; k++)
            found = found * 256 + (this.data[k] as number);
        return found;
    }

    /** How many rows follow, of so many bytes or more. */
    count(width: number, each: number): number {
        const found = this.number(width);
        if (found * each > this.data.length - this.at) throw new Odd("a table is cut off");
        return found;
    }

    /** Makes the number that was read last, or the one that ended at a place, less by so much. */
    less(width: number, by: number, at = this.at): void {
        let left = by;
        for (let k = at - 1; left && k >= at - width; k--) {
            const digit = (this.data[k] as number) - (left % 256);
            left = Math.floor(left / 256) + (digit < 0 ? 1 : 0);
            this.data[k] = digit & 255;
            this.changed = true;
        }
    }
}
