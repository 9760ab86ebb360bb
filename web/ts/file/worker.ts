/** Reads a file beside the page, so that the page can be used meanwhile, and stopped. */

import { boundOf } from "./bound.ts";
import { digests } from "./digests.ts";
import { OnDisk } from "./disk.ts";
import { hex } from "./ids.ts";
import { type Stamp, stampOf } from "./weights.ts";

/** What was found out about a file.
 *
 * `bound`: whether the credentials in it name these very bytes; nothing where there are none, or none that are understood.
 * `stamp`: which model a file of weights says that it is. */
export interface Looked {
    readonly whole: string;
    readonly bare: string;
    readonly isOdd: boolean;
    readonly bound: boolean | null;
    readonly stamp: Stamp | null;
}

export type Said = { done: number; of: number } | { looked: Looked } | { failed: string };

const EVERY = 50;

addEventListener("message", (event: MessageEvent<Blob>) => {
    try {
        const file = new OnDisk(event.data);
        let last = 0;
        const { whole, bare, layout } = digests(file, (done, of) => {
            if (Date.now() - last < EVERY) return;
            last = Date.now();
            say({ done, of });
        });
        const bound = layout.cuts.length ? boundOf(file, layout) : null;
        const stamp = stampOf(file);
        say({ looked: { whole: hex(whole), bare: hex(bare), isOdd: !!layout.odd, bound, stamp } });
    } catch (error) {
        say({ failed: String(error) });
    }
});

function say(said: Said): void {
    (postMessage as (message: unknown) => void)(said);
}
