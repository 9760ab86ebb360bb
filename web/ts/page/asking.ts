/** Asking the page's own server, and telling what is wrong in the page's own words. */

/** The server's reason why not, and the language that it is in; empty for that of the page. */
export class Refused extends Error {
    constructor(
        message: string,
        readonly language = "",
    ) {
        super(message);
    }
}

/** Sends JSON; the address of the page that comes next. */
export async function sent(address: string, answer: unknown): Promise<string> {
    const response = await fetch(address, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(answer),
    });
    return next(response.ok, await response.text());
}

/** What an answer says comes next. */
function next(good: boolean, body: string): string {
    const told = read(body);
    if (!good || !told.next) throw new Refused(told.error ?? "", told.language);
    return told.next;
}

interface Told {
    next?: string;
    error?: string;
    language?: string;
}

function read(body: string): Told {
    try {
        return JSON.parse(body) as Told;
    } catch {
        return {};
    }
}

/** Shows what is wrong, with the reason beside and its language; nothing where nothing is. */
export function tell(what: string | undefined, why = "", language = ""): void {
    const place = document.getElementById("trouble");
    if (!place) return;
    place.hidden = !what;
    place.textContent = what ?? "";
    if (why) {
        const small = document.createElement("small");
        small.textContent = why;
        if (language) small.lang = language;
        place.append(small);
    }
}

/** Lets a button do what a tap asks for. Until then the page's style keeps its place from being
 * tapped, and says after a while that a part of the page did not arrive. */
export function serve(
    place: HTMLElement,
    button: HTMLButtonElement,
    work: () => Promise<string>,
    cancelled: (error: unknown) => string | undefined = () => undefined,
): void {
    button.addEventListener("click", () => void act(place, button, work, cancelled));
    place.dataset.ready = "";
}

/** Does what a tap asks for. Until it is done the buttons wait; then the next page comes. */
export async function act(
    place: HTMLElement,
    button: HTMLButtonElement,
    work: () => Promise<string>,
    cancelled: (error: unknown) => string | undefined = () => undefined,
): Promise<void> {
    const buttons = [...place.querySelectorAll("button")];
    const called = button.textContent;
    for (const each of buttons) each.disabled = true;
    button.textContent = place.dataset.busy ?? "…";
    tell(undefined);
    try {
        location.assign(await work());
    } catch (error) {
        button.textContent = called;
        for (const each of buttons) each.disabled = false;
        const stopped = cancelled(error);
        if (error instanceof Refused) tell(place.dataset.failed, error.message, error.language);
        else if (stopped) tell(stopped);
        else if (error instanceof TypeError) tell(place.dataset.lost);
        else tell(place.dataset.failed, String(error), "en");
    }
}
