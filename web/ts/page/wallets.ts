/** The wallets of this browser (EIP-6963), and what they are asked (EIP-1193). */

/** A wallet, as far as these pages ask it. */
export interface Wallet {
    request(asked: { method: string; params?: unknown[] }): Promise<unknown>;
}

interface Announced extends Event {
    detail: { info: { name: string; rdns: string }; provider: Wallet };
}

/** The wallets that announce themselves, by name; the one that is simply there where none does. */
export async function wallets(): Promise<Map<string, Wallet>> {
    const found = new Map<string, Wallet>();
    const hear = (event: Event): void => {
        const { info, provider } = (event as Announced).detail;
        found.set(info.name, provider);
    };
    window.addEventListener("eip6963:announceProvider", hear);
    window.dispatchEvent(new Event("eip6963:requestProvider"));
    await new Promise((resolve) => setTimeout(resolve, 100));
    window.removeEventListener("eip6963:announceProvider", hear);
    const plain = (window as { ethereum?: Wallet }).ethereum;
    if (!found.size && plain) found.set("", plain);
    return found;
}

/** The address that a wallet acts with. */
export async function address(wallet: Wallet): Promise<string> {
    const [first] = (await wallet.request({ method: "eth_requestAccounts" })) as string[];
    if (!first) throw new Error("the wallet names no address");
    return first;
}

/** Whether a wallet is on this chain, or goes there. */
export async function onChain(wallet: Wallet, chain: number): Promise<boolean> {
    const asked = `0x${chain.toString(16)}`;
    const there = async (): Promise<boolean> =>
        Number(await wallet.request({ method: "eth_chainId" })) === chain;
    if (await there()) return true;
    try {
        await wallet.request({
            method: "wallet_switchEthereumChain",
            params: [{ chainId: asked }],
        });
    } catch (error) {
        if (refused(error)) throw error;
        return false; // it does not know that chain
    }
    return there();
}

/** Whether somebody refused (EIP-1193, 4001). */
export function refused(error: unknown): boolean {
    return (
        typeof error === "object" && error !== null && (error as { code?: number }).code === 4001
    );
}
