import type { Source } from "./places.ts";

/** Only workers have it; the types of workers do not go together with those of pages. */
declare class FileReaderSync {
    readAsArrayBuffer(blob: Blob): ArrayBuffer;
}

/** Bytes that a file on the disk is read by. Headers lie close together, so one reading serves many. */
const WINDOW = 1 << 18;

/** A file of somebody's disk. Only a worker can read so, because others would wait for it. */
export class OnDisk implements Source {
    readonly size: number;
    private readonly reader = new FileReaderSync();
    private from = 0;
    private held = new Uint8Array(0);

    constructor(private readonly file: Blob) {
        this.size = file.size;
    }

    some(at: number, length: number): Uint8Array {
        const start = Math.min(at, this.size);
        const stop = Math.min(at + length, this.size);
        if (stop - start > WINDOW) return this.read(start, stop);
        if (start < this.from || stop > this.from + this.held.length) {
            this.held = this.read(start, Math.min(start + WINDOW, this.size));
            this.from = start;
        }
        return this.held.subarray(start - this.from, stop - this.from);
    }

    private read(start: number, stop: number): Uint8Array<ArrayBuffer> {
        return new Uint8Array(this.reader.readAsArrayBuffer(this.file.slice(start, stop)));
    }
}
