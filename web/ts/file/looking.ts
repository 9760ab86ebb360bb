import type { Looked, Said } from "./worker.ts";

export type { Looked };

/** Somebody stopped it. */
export class Stopped extends Error {}

/** A file that is being looked at, in a worker of its own. */
export class Looking {
    readonly looked: Promise<Looked>;
    private readonly worker = new Worker(new URL("./worker.ts", import.meta.url), {
        type: "module",
    });
    private stopped: () => void = () => {};

    /** @param told what part of the file was read. */
    constructor(file: Blob, told: (part: number) => void) {
        this.looked = new Promise<Looked>((found, failed) => {
            this.stopped = () => failed(new Stopped());
            this.worker.onerror = (event) => failed(new Error(event.message));
            this.worker.onmessage = ({ data }: MessageEvent<Said>) => {
                if ("looked" in data) found(data.looked);
                else if ("failed" in data) failed(new Error(data.failed));
                else told(data.of ? data.done / data.of : 0);
            };
            this.worker.postMessage(file);
        }).finally(() => this.worker.terminate());
    }

    stop(): void {
        this.stopped();
    }
}
