/**
 * An invitation for somebody who has a wallet in this browser: it says which address signs, and
 * signs what the page's server prepared (EIP-712). The wallet shows all of it once more.
 */
import { Refused, sent, serve } from "./page/asking.ts";
import { type Wallet, address, onChain, refused, wallets } from "./page/wallets.ts";

for (const place of document.querySelectorAll<HTMLElement>("[data-wallet]")) {
    const message = place.querySelector(".message")?.textContent;
    for (const button of place.querySelectorAll("button")) {
        const work = () => (message ? signed(place, message) : begun(place));
        const stopped = (error: unknown) => (refused(error) ? place.dataset.refused : undefined);
        serve(place, button, work, stopped);
    }
}

async function begun(place: HTMLElement): Promise<string> {
    const account = await address(await first(place));
    return sent(place.dataset.wallet ?? "", { account });
}

async function signed(place: HTMLElement, message: string): Promise<string> {
    const wallet = await first(place);
    const who = await address(wallet);
    const asked = JSON.parse(message) as { domain: { chainId: number } };
    if (!(await onChain(wallet, asked.domain.chainId)))
        throw new Refused(place.dataset.chain ?? "");
    const signature = await wallet.request({
        method: "eth_signTypedData_v4",
        params: [who, message],
    });
    return sent(place.dataset.wallet ?? "", { signature, message: asked });
}

async function first(place: HTMLElement): Promise<Wallet> {
    const [wallet] = (await wallets()).values();
    if (!wallet) throw new Refused(place.dataset.none ?? "");
    return wallet;
}
