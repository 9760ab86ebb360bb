/** Puts the words of the page's templates where people read them. */

/** The element with an ID, which the page has. */
export function element<T extends HTMLElement = HTMLElement>(id: string): T {
    const found = document.getElementById(id);
    if (!found) throw new Error(`the page has no ${id}`);
    return found as T;
}

/** A copy of a template. */
export function copy(id: string): DocumentFragment {
    const content = element<HTMLTemplateElement>(id).content;
    return document.importNode(content, true);
}

/** The element of a copy that takes something. */
export function slot(within: ParentNode, name: string): HTMLElement {
    const found = within.querySelector<HTMLElement>(`[data-put="${name}"]`);
    if (!found) throw new Error(`nothing takes ${name}`);
    return found;
}

/** Marks that say from which side a text is read, and other characters that nobody sees. */
const TURNING = /[\u0000-\u0008\u000b-\u001f\u007f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** A text as it is shown: the name of a file turns round nothing that stands behind it. The server's pages do the same. */
function straight(text: string): string {
    return text.replace(TURNING, "\ufffd");
}

/** Puts a text, or elements, into a copy. */
export function put(within: ParentNode, name: string, ...what: (string | Node)[]): void {
    const shown = what.map((each) => (typeof each === "string" ? straight(each) : each));
    slot(within, name).replaceChildren(...shown);
}

/** Words that a copy carries, with their values; the element is shown with them. */
export function putWords(within: ParentNode, name: string, values: Record<string, string>): void {
    const taker = slot(within, name);
    const words = taker.dataset["words"] ?? "";
    const put = (all: string, key: string) => straight(values[key] ?? all);
    taker.textContent = words.replace(/\{(\w+)\}/g, put);
    taker.hidden = false;
}

/** A link to a page of the site, with an ID as it is shown there. */
export function linked(address: string, id: string): HTMLAnchorElement {
    const link = document.createElement("a");
    link.href = address;
    link.className = "id";
    link.title = id;
    link.textContent = short(id);
    return link;
}

export function code(text: string, kind = "whole"): HTMLElement {
    const found = document.createElement("code");
    found.className = kind;
    found.textContent = text;
    return found;
}

function short(id: string): string {
    return id.length > 14 ? `${id.slice(0, 8)}…${id.slice(-4)}` : id;
}

/** A time in UTC, as the server's pages write it. */
export function moment(seconds: number, language: string): string {
    const at = new Date(seconds * 1000);
    const [day, clock] = [at.toISOString().slice(0, 10), at.toISOString().slice(11, 16)];
    if (language !== "ja") return `${day} ${clock} UTC`;
    return `${at.getUTCFullYear()}年${at.getUTCMonth() + 1}月${at.getUTCDate()}日${clock}（UTC）`;
}

/** A number of bytes, as people say it. */
export function size(bytes: number, language: string): string {
    const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
    const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1);
    return new Intl.NumberFormat(language, {
        style: "unit",
        unit: units[power] as string,
        unitDisplay: power ? "short" : "long",
        maximumFractionDigits: 1,
    }).format(bytes / 1000 ** power);
}
