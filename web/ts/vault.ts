/** Signing in to a vault with a wallet (EIP-4361), and out: the vault makes the text for the wallet that the browser names. */
import { Refused, serve } from "./page/asking.ts";
import { address, refused, wallets } from "./page/wallets.ts";

for (const place of document.querySelectorAll<HTMLElement>("[data-vault]")) {
    for (const button of place.querySelectorAll("button")) {
        const work = () => (place.dataset.vault === "enter" ? entered(place) : left(place));
        const stopped = (error: unknown) => (refused(error) ? place.dataset.refused : undefined);
        serve(place, button, work, stopped);
    }
}

async function entered(place: HTMLElement): Promise<string> {
    const [wallet] = (await wallets()).values();
    if (!wallet) throw new Refused(place.dataset.none ?? "");
    const who = await address(wallet);
    const { text, nonce } = await asked("POST", place.dataset.text ?? "", { wallet: who });
    const bytes = [...new TextEncoder().encode(text)];
    const hex = `0x${bytes.map((each) => each.toString(16).padStart(2, "0")).join("")}`;
    const signature = await wallet.request({ method: "personal_sign", params: [hex, who] });
    await asked("POST", place.dataset.session ?? "", { nonce, signature });
    return place.dataset.next ?? "";
}

async function left(place: HTMLElement): Promise<string> {
    await asked("DELETE", place.dataset.session ?? "");
    return place.dataset.next ?? "";
}

/** What the vault answers. */
async function asked(
    method: string,
    where: string,
    body?: unknown,
): Promise<Record<string, string>> {
    const answer = await fetch(where, {
        method,
        headers: { "Content-Type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    let told: Record<string, string> = {};
    try {
        told = (await answer.json()) as Record<string, string>;
    } catch {
        // something in between answered
    }
    if (!answer.ok) throw new Refused(told["error"] ?? "", told["language"]);
    return told;
}
