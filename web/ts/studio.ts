/** The studio's pages: sending a folder in pieces. */
import { Refused, act } from "./page/asking.ts";

/** Bytes of a piece, which proxies take (docs/operate.md). */
const PIECE = 8 << 20;
/** Files that are on their way at once. */
const TOGETHER = 4;
/** Times that a piece is sent again while the line is lost, a second longer apart each time. */
const AGAIN = 6;

interface Told {
    next?: string;
    files?: [string, number][];
    received?: number;
    error?: string;
    language?: string;
}

for (const form of document.querySelectorAll<HTMLFormElement>("[data-pieces]")) {
    form.addEventListener("submit", (event) => {
        event.preventDefault();
        const button = form.querySelector("button");
        const lost = (error: unknown) =>
            error instanceof TypeError ? form.dataset.broken : undefined;
        if (button) void act(form, button, () => brought(form), lost);
    });
    form.dataset.ready = "";
}

/** Announces the files, then sends those that are not there; the address of the season's page. */
async function brought(form: HTMLFormElement): Promise<string> {
    const files = chosen(form);
    const table = form.querySelector<HTMLInputElement>("#table")?.files?.[0];
    if (!files.size) throw new Refused("");
    const said = {
        ...fields(form),
        table: table && [table.name, table.size, table.lastModified],
        files: [...files].map(([path, file]) => [path, file.size, file.lastModified]),
    };
    const told = await answered(form.dataset.pieces ?? "", "application/json", [
        JSON.stringify(said),
    ]);
    form.dataset.pieces = told.next ?? ""; // whoever presses again sends the rest of the same
    const missing = told.files ?? [];
    const bar = shown(form, missing.length);
    const here = new Map([...files].map(([path, file]) => [`files/${inside(path)}`, file]));
    const rest = [...missing];
    const line = async (): Promise<void> => {
        for (let next = rest.pop(); next; next = rest.pop()) {
            const [path, begins] = next;
            const file = path.startsWith("table/") ? table : here.get(path);
            if (file)
                await whole(`${told.next}/file?path=${encodeURIComponent(path)}`, file, begins);
            bar();
        }
    };
    await Promise.all(Array.from({ length: TOGETHER }, line));
    return told.next ?? "";
}

/** What the form says: of several under one name all of them. */
function fields(form: HTMLFormElement): Record<string, string> {
    const found: Record<string, string> = {};
    for (const [name, value] of new FormData(form)) {
        if (typeof value !== "string" || (name in found && !value)) continue;
        found[name] = found[name] ? `${found[name]}; ${value}` : value;
    }
    return found;
}

/** The files of the folder by their paths; hidden ones are a system's and not a person's. */
function chosen(form: HTMLFormElement): Map<string, File> {
    const found = new Map<string, File>();
    for (const file of input(form, "folder").files ?? []) {
        const path = file.webkitRelativePath || file.name;
        if (!path.split("/").some((part) => part.startsWith("."))) found.set(path, file);
    }
    return found;
}

/** A path below the folder that was chosen, as the server has it. */
function inside(path: string): string {
    const parts = path.split("/").filter((part) => part && part !== ".");
    return (parts.length > 1 ? parts.slice(1) : parts).join("/");
}

/** Sends a file from where the server has it. */
async function whole(address: string, file: File, begins: number): Promise<void> {
    let at = begins;
    do {
        const piece = file.slice(at, at + PIECE);
        const told = await patiently(`${address}&from=${at}`, piece);
        const received = told.received ?? 0;
        if (received === at && file.size > at) throw new Refused(file.name); // it is not taken
        at = received;
    } while (at < file.size);
}

/** Sends a piece, and again where the line was lost: what is here already is not sent twice. */
async function patiently(address: string, piece: Blob): Promise<Told> {
    for (let tries = 1; ; tries++) {
        try {
            return await answered(address, "application/octet-stream", [piece]);
        } catch (error) {
            if (!(error instanceof TypeError) || tries >= AGAIN) throw error;
            await new Promise((resolve) => setTimeout(resolve, 1_000 * tries));
        }
    }
}

async function answered(address: string, kind: string, body: BlobPart[]): Promise<Told> {
    const response = await fetch(address, {
        method: "POST",
        headers: { "Content-Type": kind },
        body: new Blob(body),
    });
    const text = await response.text();
    let told: Told = {};
    try {
        told = JSON.parse(text) as Told;
    } catch {
        if (response.ok) throw new Refused(text.slice(0, 200));
    }
    if (!response.ok) throw new Refused(told.error ?? `${response.status}`, told.language);
    return told;
}

/** Shows how many of how many are there; call it for each. */
function shown(form: HTMLFormElement, all: number): () => void {
    const bar = form.querySelector("progress");
    const words = form.querySelector<HTMLElement>("[data-told]");
    let done = 0;
    const show = (): void => {
        if (bar) [bar.hidden, bar.max, bar.value] = [false, Math.max(all, 1), done];
        if (!words) return;
        words.hidden = false;
        const counted = (form.dataset.part ?? "").replace("{done}", done.toLocaleString("en"));
        words.textContent = counted.replace("{all}", all.toLocaleString("en"));
    };
    show();
    return () => {
        done++;
        show();
    };
}

function input(form: HTMLFormElement, name: string): HTMLInputElement {
    const found = form.elements.namedItem(name);
    if (!(found instanceof HTMLInputElement)) throw new Error(name);
    return found;
}
