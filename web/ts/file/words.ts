/**
 * The page's words in another language, put in place of its own: what somebody chose stays, because
 * the page does. The server makes both pages of one template, so they have the same parts.
 */

const WORDS = [
    "aria-label",
    "data-language",
    "data-times",
    "data-words",
    "href",
    "hreflang",
    "lang",
    "placeholder",
];
const FILLED = "[id], [data-put], input, [data-kept]";
/** Parts that the script fills, or listens to. */

/** @throws TypeError the site does not answer. */
export async function inLanguage(address: string): Promise<string> {
    const answer = await fetch(address, { headers: { Accept: "text/html" } });
    if (!answer.ok) throw new TypeError(`the site answers ${answer.status}`);
    const other = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.title = other.title;
    document.documentElement.lang = other.documentElement.lang;
    for (const part of ["body > .skip", "body > header", "body > .banner", "main", "footer"]) {
        const [mine, theirs] = [document.querySelector(part), other.querySelector(part)];
        if (mine && theirs) replace(mine, theirs);
    }
    return other.documentElement.lang;
}

function replace(mine: Element, theirs: Element): void {
    for (const name of WORDS) {
        const said = theirs.getAttribute(name);
        if (said !== null) mine.setAttribute(name, said);
    }
    if (mine.matches("[data-kept], [data-put]")) return;
    if (mine instanceof HTMLTemplateElement || !mine.querySelector(FILLED)) {
        mine.innerHTML = theirs.innerHTML;
        return;
    }
    const [parts, others] = [words(mine), words(theirs)];
    others.forEach((text, place) => {
        const part = parts[place];
        if (part) part.textContent = text.textContent;
    });
    const theirChildren = [...theirs.children];
    [...mine.children].forEach((child, place) => {
        const twin = theirChildren[place];
        if (twin && twin.tagName === child.tagName) replace(child, twin);
    });
}

/** What stands between the parts of an element. */
function words(within: Element): ChildNode[] {
    return [...within.childNodes].filter(
        (each) => each.nodeType === Node.TEXT_NODE && each.textContent?.trim(),
    );
}
