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

import { Refused, sent, serve, tell } from "./page/asking.ts";

interface Options {
    create?: PublicKeyCredentialCreationOptionsJSON;
    get?: PublicKeyCredentialRequestOptionsJSON;
}

for (const place of document.querySelectorAll<HTMLElement>("[data-passkey]")) {
    const buttons = [...place.querySelectorAll<HTMLButtonElement>("[data-do]")];
    const options = JSON.parse(place.querySelector(".options")?.textContent ?? "{}") as Options;
    if (!browserSupportsWebAuthn()) {
        tell(place.dataset.unable);
        for (const each of buttons) each.disabled = true;
        place.dataset.ready = "";
        continue;
    }
    for (const button of buttons) {
        const work = () => answered(place, button, options);
        serve(place, button, work, stopped(place));
    }
}

async function answered(
    place: HTMLElement,
    button: HTMLButtonElement,
    options: Options,
): Promise<string> {
    const answer = await asked(button, options);
    const message = place.querySelector(".message")?.textContent;
    const body = message ? { message: JSON.parse(message) as unknown, answer } : answer;
    return sent(place.dataset.post ?? "", body);
}

async function asked(button: HTMLButtonElement, options: Options): Promise<unknown> {
    if (button.dataset.do === "post") return {};
    if (button.dataset.do === "create" && options.create)
        return startRegistration({ optionsJSON: options.create });
    if (options.get) return startAuthentication({ optionsJSON: options.get });
    throw new Refused("");
}

function stopped(place: HTMLElement): (error: unknown) => string | undefined {
    return (error) =>
        error instanceof WebAuthnError || error instanceof DOMException
            ? place.dataset.cancelled
            : undefined;
}
