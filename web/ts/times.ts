/** Times as the clock of this device shows them: the server writes them in UTC, for whoever has no scripts. */
import { clock, zone } from "./page/clock.ts";

const language = document.documentElement.lang;

function shown(within: ParentNode): void {
    for (const time of within.querySelectorAll<HTMLTimeElement>("time[datetime]")) {
        const at = new Date(time.dateTime);
        if (Number.isNaN(at.getTime()) || time.title) continue;
        time.title = time.textContent;
        time.textContent = clock(at, language);
    }
}

shown(document);
for (const place of document.querySelectorAll<HTMLElement>("[data-times]"))
    place.textContent = (place.dataset["times"] ?? "").replace("{zone}", zone(language));
// What a script of the page shows later, as the answer about a file.
new MutationObserver((changes) => {
    for (const change of changes)
        for (const each of change.addedNodes) if (each instanceof Element) shown(each);
}).observe(document.body, { childList: true, subtree: true });
