/** A season's outputs: following what goes on. */
const FOLLOW = 2_000;

const following = document.querySelector<HTMLElement>("[data-follow]");
if (following) window.setTimeout(() => void follow(following), FOLLOW);

/** Shows how far it is; once it is done, the page that says what became of it. */
async function follow(place: HTMLElement): Promise<void> {
    try {
        const response = await fetch(location.href, { headers: { Accept: "text/html" } });
        const page = new DOMParser().parseFromString(await response.text(), "text/html");
        const now = page.querySelector("[data-follow]");
        if (response.ok && !now) {
            location.reload();
            return;
        }
        if (now && place.innerHTML !== now.innerHTML) place.replaceChildren(...now.childNodes);
    } catch {
        // The line is lost, or the site starts again: it is asked again.
    }
    window.setTimeout(() => void follow(place), FOLLOW);
}
