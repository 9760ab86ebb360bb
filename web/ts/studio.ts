/** The studio's pages: signing in with a wallet, sending a folder, and buttons that post. */
import { keccak_256 } from "@noble/hashes/sha3.js";

import { Refused, act, next, sent } from "./page/asking.ts";
import { address, refused, wallets } from "./page/wallets.ts";

for (const place of document.querySelectorAll<HTMLElement>("[data-siwe], [data-post]")) {
    for (const button of place.querySelectorAll("button")) {
        const work = () =>
            button.dataset.do === "siwe" ? signedIn(place) : sent(place.dataset.post ?? "", {});
        const stopped = (error: unknown) => (refused(error) ? place.dataset.refused : undefined);
        button.addEventListener("click", () => void act(place, button, work, stopped));
    }
}

for (const form of document.querySelectorAll<HTMLFormElement>("[data-upload]")) {
    form.addEventListener("submit", (event) => {
        event.preventDefault();
        const button = form.querySelector("button");
        if (button) void act(form, button, () => uploaded(form));
    });
}

/** EIP-4361: the server made the text; the wallet signs it. */
async function signedIn(place: HTMLElement): Promise<string> {
    const [wallet] = (await wallets()).values();
    if (!wallet) throw new Refused(place.dataset.none ?? "");
    const who = checksummed(await address(wallet));
    const text = (place.dataset.text ?? "").replace("{address}", who);
    const hex = `0x${hexOf(new TextEncoder().encode(text))}`;
    const signature = await wallet.request({ method: "personal_sign", params: [hex, who] });
    return sent(place.dataset.siwe ?? "", { address: who, nonce: place.dataset.nonce, signature });
}

/** With a bar: a season's drawings take minutes. */
function uploaded(form: HTMLFormElement): Promise<string> {
    const bar = form.querySelector("progress");
    const data = new FormData();
    for (const field of form.elements) {
        if (field instanceof HTMLInputElement && field.type === "file") {
            for (const file of field.files ?? [])
                data.append(field.name, file, file.webkitRelativePath || file.name);
        } else if (field instanceof HTMLInputElement || field instanceof HTMLSelectElement) {
            data.append(field.name, field.value);
        }
    }
    return new Promise((resolve, reject) => {
        const request = new XMLHttpRequest();
        request.upload.addEventListener("progress", (told) => {
            if (!bar) return;
            bar.hidden = false;
            bar.max = told.total;
            bar.value = told.loaded;
        });
        request.addEventListener("error", () => reject(new TypeError("the line is lost")));
        request.addEventListener("load", () => {
            if (bar) bar.hidden = true;
            try {
                resolve(next(request.status < 400, request.responseText));
            } catch (error) {
                reject(error as Error);
            }
        });
        request.open("POST", form.dataset.upload ?? "");
        request.send(data);
    });
}

/** An address with its checksum (EIP-55). */
function checksummed(given: string): string {
    const digits = given.slice(2).toLowerCase();
    const hash = hexOf(keccak_256(new TextEncoder().encode(digits)));
    return `0x${[...digits].map((each, place) => (parseInt(hash[place] ?? "0", 16) > 7 ? each.toUpperCase() : each)).join("")}`;
}

function hexOf(bytes: Uint8Array): string {
    return [...bytes].map((each) => each.toString(16).padStart(2, "0")).join("");
}
