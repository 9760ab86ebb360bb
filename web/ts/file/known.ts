/** The first question: what is this file? Its answer is one of three, which are never mixed up: it was changed, nobody here
 * knows it, or it is known, and this is what is in order and what is not. */

import { ZERO, commitment } from "./ids.ts";
import type { Looked } from "./looking.ts";
import { code, copy, element, linked, moment, put, putWords } from "./show.ts";
import type { AsOf, Site } from "./site.ts";
import type { Stamp } from "./weights.ts";

/** What a file turned out to be, and the words for it. */
export interface Answer {
    readonly state: "known" | "unknown" | "changed";
    readonly shown: DocumentFragment;
}

/** Asks the site about a file.
 *
 * Its ID is that of the file without credentials; earlier batches hold whole files, so that is asked next.
 * @throws Unanswered
 */
export async function known(site: Site, file: Looked, language: string): Promise<Answer> {
    const forms = [...new Set([file.bare, file.whole])];
    const sent: string[] = [];
    let asOf: AsOf | undefined;
    let first: string | undefined;
    let found: { which: string; isBare: boolean; isOutput: boolean } | undefined;
    for (const digest of forms) {
        const which = commitment(digest, ZERO);
        first ??= which;
        sent.push(which);
        const answer = await site.commitment(which);
        asOf = answer.asOf;
        if (answer.isKnown && !found?.isOutput && (answer.isOutput || !found)) {
            found = { which, isBare: digest === file.bare, isOutput: answer.isOutput };
        }
        if (answer.isOutput) break;
    }
    const shown = document.createDocumentFragment();
    if (!found && file.bound === false) {
        shown.append(copy("state-changed-credentials"));
    } else {
        const page = await site.page(`/commitment/${found?.which ?? first}`);
        const told = page.getElementById("answer");
        const isKnown = !!told?.querySelector(".known");
        if (!told || isKnown !== !!found)
            throw new Error("the page says something else than the rest");
        shown.append(...notes(file, found), document.importNode(told, true));
    }
    const said = file.stamp && (await stamped(site, file, file.stamp));
    if (said) {
        if (said.asked) sent.push(said.asked);
        if (said.isSame && !found) shown.replaceChildren();
        shown.prepend(said.shown);
    }
    shown.append(evidence(sent, asOf, language));
    if (said?.isSame) return { state: "known", shown };
    return { state: found ? "known" : file.bound === false ? "changed" : "unknown", shown };
}

/** What a file says that it is, compared with what that model is registered with. */
async function stamped(
    site: Site,
    file: Looked,
    said: Stamp,
): Promise<{ isSame: boolean; asked?: string; shown: DocumentFragment }> {
    const here = element("ask").dataset;
    if (said.chain !== here["chain"] || said.registry !== here["registry"]) {
        const shown = copy("stamp-elsewhere");
        putWords(shown, "words", { registry: said.registry, chain: said.chain, model: said.model });
        return { isSame: false, shown };
    }
    const weights = await site.weights(said.model);
    const forms = [said.tensors, file.whole].filter((each) => each !== null);
    const isSame = forms.some((each) => commitment(each, ZERO) === weights);
    const name = weights === undefined ? "nowhere" : isSame ? "same" : "other";
    const shown = copy(`stamp-${name}`);
    const link = linked(site.at(`/model/${said.model}`), said.model);
    put(shown, "model", name === "nowhere" ? code(said.model) : link);
    return { isSame, asked: said.model, shown };
}

function notes(file: Looked, found: { isBare: boolean } | undefined): Node[] {
    const said: Node[] = [];
    if (found && file.bare !== file.whole)
        said.push(copy(found.isBare ? "note-bare" : "note-whole"));
    if (found && file.bound === false) said.push(copy("note-other-credentials"));
    if (file.isOdd) said.push(copy("note-odd"));
    return said;
}

function evidence(sent: string[], asOf: AsOf | undefined, language: string): DocumentFragment {
    const told = copy("note-fingerprint");
    const rows = sent.map((each) => {
        const row = document.createElement("li");
        row.append(code(each));
        return row;
    });
    put(told, "sent", ...rows);
    if (asOf) {
        const block = asOf.block.toLocaleString("en");
        putWords(told, "as-of", { block, time: moment(asOf.time, language) });
    }
    return told;
}
