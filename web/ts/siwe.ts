/** Buttons that post, and signing in with a wallet (EIP-4361): the server made the text. */
import { keccak_256 } from "@noble/hashes/sha3.js";

import { Refused, sent, serve } from "./page/asking.ts";
import { address, refused, wallets } from "./page/wallets.ts";

for (const place of document.querySelectorAll<HTMLElement>(
    "[data-siwe], [data-post]:not([data-passkey])",
)) {
    for (const button of place.querySelectorAll("button")) {
        const work = () => (place.dataset.siwe ? signedIn(place) : posted(place));
        const stopped = (error: unknown) => (refused(error) ? place.dataset.refused : undefined);
        serve(place, button, work, stopped);
    }
}

async function posted(place: HTMLElement): Promise<string> {
    const body = JSON.parse(place.querySelector(".body")?.textContent ?? "{}") as unknown;
    return sent(place.dataset.post ?? "", body);
}

async function signedIn(place: HTMLElement): Promise<string> {
    const [wallet] = (await wallets()).values();
    if (!wallet) throw new Refused(place.dataset.none ?? "");
    const who = checksummed(await address(wallet));
    const text = (place.dataset.text ?? "").replace("{address}", who);
    const hex = `0x${hexOf(new TextEncoder().encode(text))}`;
    const signature = await wallet.request({ method: "personal_sign", params: [hex, who] });
    return sent(place.dataset.siwe ?? "", { address: who, nonce: place.dataset.nonce, signature });
}

/** An address with its checksum (EIP-55). */
function checksummed(given: string): string {
    const digits = given.slice(2).toLowerCase();
    const hash = hexOf(keccak_256(new TextEncoder().encode(digits)));
    const upper = (place: number): boolean => parseInt(hash[place] ?? "0", 16) > 7;
    const shown = [...digits].map((each, place) => (upper(place) ? each.toUpperCase() : each));
    return `0x${shown.join("")}`;
}

function hexOf(bytes: Uint8Array): string {
    return [...bytes].map((each) => each.toString(16).padStart(2, "0")).join("");
}
