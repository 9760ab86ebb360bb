/** The page on which somebody asks about a file. The file stays with them: what leaves the page are fingerprints. */

import { type Receipt, manifest, receipt, workOf } from "./file/documents.ts";
import { False } from "./file/ids.ts";
import { type Answer, known } from "./file/known.ts";
import { type Looked, Looking, Stopped } from "./file/looking.ts";
import { Closed, isEncrypted, textOf } from "./file/opening.ts";
import { picture } from "./file/picture.ts";
import { copy, element, put, putWords, size, slot } from "./file/show.ts";
import { Site, Unanswered } from "./file/site.ts";
import { Used } from "./file/used.ts";
import { inLanguage } from "./file/words.ts";

const ask = element("ask");
let language = ask.dataset["language"] ?? "en";
let site = new Site(ask.dataset["root"] ?? "", language);
const [told, usedTold, listTold] = ["told", "used", "list"].map((id) => element(id)) as [
    HTMLElement,
    HTMLElement,
    HTMLElement,
];

let file: File | undefined;
let looking: Looking | undefined;
let looked: Looked | undefined;
let mine: Receipt | undefined;
let used: Used | undefined;
let models: Blob | undefined; // the list of a model's data
let isReceipts = false; // whether what is told of the file comes from the receipt

// The file

async function look(chosen: File): Promise<void> {
    looking?.stop();
    [file, looked, used, models] = [chosen, undefined, undefined, undefined];
    for (const each of [told, usedTold, listTold]) each.replaceChildren();
    delete told.dataset["state"];
    element("chosen").hidden = true;
    const working = element("working");
    put(working, "name", chosen.name);
    const progress = element<HTMLProgressElement>("progress");
    progress.value = 0;
    working.hidden = false;
    const now = (looking = new Looking(chosen, (part) => (progress.value = part)));
    try {
        const found = await now.looked;
        if (looking !== now) return;
        looked = found;
    } catch (error) {
        if (looking !== now) return;
        if (!(error instanceof Stopped)) told.replaceChildren(copy("state-unreadable"));
        return;
    } finally {
        if (looking === now) working.hidden = true;
    }
    await showChosen(chosen);
    if (!chosen.size) return told.replaceChildren(copy("state-empty"));
    await Promise.all([answer(), answerUsed()]);
}

async function showChosen(chosen: File): Promise<void> {
    const shown = element("chosen");
    put(shown, "name", chosen.name);
    put(shown, "size", size(chosen.size, language));
    await picture(chosen, element<HTMLCanvasElement>("look"));
    shown.hidden = false;
}

async function answer(): Promise<void> {
    const about = looked;
    if (!about) return;
    try {
        const found = await known(site, about, language);
        if (about !== looked) return;
        isReceipts = false;
        told.replaceChildren(found.shown);
        told.dataset["state"] = found.state;
        if (mine) changedSince(mine);
        if (used && found.state === "unknown") instead(copy("state-own"), "known");
    } catch (error) {
        if (about !== looked) return;
        report(error);
        told.dataset["state"] = "failed";
        told.replaceChildren(copy("state-failed"));
        again(told, answer);
    }
}

// Its owner's question

async function take(chosen: Blob, secret?: string): Promise<void> {
    [mine, used] = [undefined, undefined];
    for (const each of [usedTold, listTold]) each.replaceChildren();
    if (isReceipts) await answer();
    const form = element<HTMLFormElement>("secret");
    if (secret === undefined && (await isEncrypted(chosen))) {
        form.hidden = false;
        form.onsubmit = (event) => {
            event.preventDefault();
            void take(chosen, element<HTMLInputElement>("key").value);
        };
        return element("key").focus();
    }
    try {
        mine = receipt(await textOf(chosen, secret));
        form.hidden = true;
        element<HTMLInputElement>("key").value = "";
    } catch (error) {
        const isFalse = error instanceof False;
        if (!(error instanceof Closed)) form.hidden = true;
        return usedTold.replaceChildren(copy(isFalse ? "receipt-false" : "receipt-unreadable"));
    }
    await answerUsed();
}

async function answerUsed(): Promise<void> {
    const [about, own] = [looked, mine];
    if (!own) return;
    if (!about || !file) return usedTold.replaceChildren(copy("receipt-alone"));
    const work = workOf(own, about.whole);
    if (!work) {
        usedTold.replaceChildren(copy("receipt-other"));
        return changedSince(own);
    }
    try {
        const found = await Used.of(site, own, work, language);
        if (about !== looked || own !== mine) return;
        used = found;
        if (found && told.dataset["state"] === "unknown") instead(copy("state-own"), "known");
        usedTold.replaceChildren(found ? found.shown : copy("receipt-nowhere"));
    } catch (error) {
        if (about !== looked || own !== mine) return;
        report(error);
        usedTold.replaceChildren(copy("receipt-failed"));
        again(usedTold, answerUsed);
    }
}

/** A receipt that names a file so called, with other bytes, shows that this is not that file. */
function changedSince(own: Receipt): void {
    if (!file || !looked || workOf(own, looked.whole) || told.dataset["state"] !== "unknown")
        return;
    const name = file.name;
    const isNamed = own.items.some((each) =>
        each.names.some((said) => said.split("/").at(-1) === name && each.sha256 !== null),
    );
    if (!isNamed) return;
    const changed = copy("state-changed-receipt");
    putWords(changed, "words", { name });
    usedTold.replaceChildren();
    instead(changed, "changed");
}

/** What a receipt shows takes the place of "nobody here knows this file", because somebody does. */
function instead(words: DocumentFragment, state: Answer["state"]): void {
    const sent = told.querySelector("details");
    told.replaceChildren(words, ...(sent ? [sent] : []));
    isReceipts = true;
    told.dataset["state"] = state;
}

async function takeList(chosen: Blob): Promise<void> {
    models = chosen;
    listTold.replaceChildren();
    try {
        const list = manifest(await textOf(chosen));
        if (used && !(await used.take(list))) listTold.replaceChildren(copy("list-other"));
    } catch {
        listTold.replaceChildren(copy("list-unreadable"));
    }
}

// Another language

/** The page stays, so the file does: what was told of it is asked again, in the other language. */
async function speak(address: string): Promise<void> {
    const list = models;
    language = await inLanguage(address);
    site = new Site(ask.dataset["root"] ?? "", language);
    if (!file || !looked) return;
    await showChosen(file);
    if (!file.size) return told.replaceChildren(copy("state-empty"));
    await answer();
    await answerUsed();
    if (list) await takeList(list);
}

document.addEventListener("click", (event) => {
    const link = event.target instanceof Element && event.target.closest(".languages a");
    if (!(link instanceof HTMLAnchorElement) || !(file || mine)) return; // or nothing is lost
    event.preventDefault();
    const address = link.href;
    void speak(address).catch((error: unknown) => {
        report(error);
        location.assign(address);
    });
});

/** What is wrong with this page itself is for those who mend it. */
function report(error: unknown): void {
    if (!(error instanceof Unanswered)) console.error(error);
}

// How files come

function again(within: HTMLElement, ask: () => Promise<void>): void {
    within.querySelector("[data-again]")?.addEventListener("click", () => void ask());
}

function chosenBy(id: string, taken: (file: File) => void): void {
    const input = element<HTMLInputElement>(id);
    input.addEventListener("change", () => {
        const [first] = input.files ?? [];
        if (first) taken(first);
        input.value = ""; // so that the same one can be chosen again
    });
}

function takeReceipt(chosen: File): void {
    put(slot(document, "receipt").parentElement as HTMLElement, "receipt", chosen.name);
    void take(chosen);
}

chosenBy("file", (chosen) => void look(chosen));
chosenBy("receipt", takeReceipt);
chosenBy("manifest", (chosen) => void takeList(chosen));
element("cancel").addEventListener("click", () => looking?.stop());

const drop = element("drop");
for (const name of ["dragenter", "dragover"]) {
    document.addEventListener(name, (event) => {
        event.preventDefault(); // else the browser leaves the page and opens the file
        drop.classList.add("over");
    });
}
document.addEventListener("dragleave", (event) => {
    if (!(event as DragEvent).relatedTarget) drop.classList.remove("over");
});
document.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    const [first] = (event as DragEvent).dataTransfer?.files ?? [];
    if (!first) return;
    const isOwn = event.target instanceof Element && event.target.closest("#own");
    if (isOwn) takeReceipt(first);
    else void look(first);
});
document.addEventListener("paste", (event) => {
    const [first] = (event as ClipboardEvent).clipboardData?.files ?? [];
    if (first) void look(first);
});

ask.hidden = false;
