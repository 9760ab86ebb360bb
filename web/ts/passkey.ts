/**
 * Asks this device's passkey, and hands its answer to the page's own server. What is signed, the
 * server computes and checks; nothing of the key leaves the device.
 *
 * A page marks a place with `data-passkey`. In it are the options for the browser, as JSON, and
 * buttons whose `data-do` says which of them a tap asks for. `data-post` takes the answer, with the
 * message that was signed where the page shows one, and says which page comes next.
 */
import {
    type PublicKeyCredentialCreationOptionsJSON,
    type PublicKeyCredentialRequestOptionsJSON,
    WebAuthnError,
    browserSupportsWebAuthn,
    startAuthentication,
    startRegistration,
} from "@simplewebauthn/browser";

interface Options {
    create?: PublicKeyCredentialCreationOptionsJSON;
    get?: PublicKeyCredentialRequestOptionsJSON;
}

const say = document.getElementById("trouble");

for (const place of document.querySelectorAll<HTMLElement>("[data-passkey]")) {
    const buttons = [...place.querySelectorAll<HTMLButtonElement>("[data-do]")];
    const options = JSON.parse(place.querySelector(".options")?.textContent ?? "{}") as Options;
    if (!browserSupportsWebAuthn()) {
        tell(place.dataset.unable);
        busy(buttons, true);
        continue;
    }
    for (const button of buttons) {
        button.addEventListener("click", () => void act(place, buttons, button, options));
    }
}

async function act(
    place: HTMLElement,
    buttons: HTMLButtonElement[],
    button: HTMLButtonElement,
    options: Options,
): Promise<void> {
    const called = button.textContent;
    busy(buttons, true);
    button.textContent = place.dataset.busy ?? "…";
    tell(undefined);
    try {
        const answer = await asked(button, options);
        const message = place.querySelector(".message")?.textContent;
        const body = message ? { message: JSON.parse(message) as unknown, answer } : answer;
        location.assign(await sent(place.dataset.post ?? "", body));
    } catch (error) {
        button.textContent = called;
        busy(buttons, false);
        if (error instanceof Refused) tell(place.dataset.failed, error.message);
        else if (error instanceof TypeError) tell(place.dataset.lost);
        else if (error instanceof WebAuthnError || error instanceof DOMException)
            tell(place.dataset.cancelled);
        else tell(place.dataset.failed, String(error));
    }
}

async function asked(button: HTMLButtonElement, options: Options): Promise<unknown> {
    if (button.dataset.do === "post") return {};
    if (button.dataset.do === "create" && options.create)
        return startRegistration({ optionsJSON: options.create });
    if (options.get) return startAuthentication({ optionsJSON: options.get });
    throw new Refused("");
}

/** The server's reason why not. */
class Refused extends Error {}

async function sent(address: string, answer: unknown): Promise<string> {
    const response = await fetch(address, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(answer),
    });
    const told = (await response.json().catch(() => ({}))) as { next?: string; error?: string };
    if (!response.ok || !told.next) throw new Refused(told.error ?? "");
    return told.next;
}

function busy(buttons: HTMLButtonElement[], is: boolean): void {
    for (const each of buttons) each.disabled = is;
}

function tell(what: string | undefined, why = ""): void {
    if (!say) return;
    say.hidden = !what;
    say.textContent = what ?? "";
    if (why) {
        const small = document.createElement("small");
        small.textContent = why;
        say.append(small);
    }
}
