/** What somebody else wrote down: a receipt, and the list of a model's data. Nothing in them is believed before it is checked. */

import { False, collectionId, commitment, isUnder, itemId, sumRoot } from "./ids.ts";

/** A work that a receipt names. */
export interface Work {
    readonly names: readonly string[];
    readonly sha256: string | null;
    readonly salt: string | null;
    readonly commitment: string;
    readonly proof: readonly string[];
}

export interface Receipt {
    readonly collection: string;
    readonly provider: string;
    readonly root: string;
    readonly count: number;
    readonly items: readonly Work[];
}

/** What a model used, by collection: pairs of data ID and weight, ascending. */
export type Manifest = ReadonlyMap<string, readonly (readonly [string, bigint])[]>;

export const RECEIPT = "kiseki-receipt-v1";
export const MANIFEST = "kiseki-manifest-v1";

/** The receipt in a text, of which everything that can be was computed again: each work's commitment, and its proof.
 *
 * @throws SyntaxError it is no receipt.
 * @throws False something in it is not true.
 */
export function receipt(text: string): Receipt {
    const read = record(JSON.parse(text));
    if (read["format"] !== RECEIPT || !Array.isArray(read["items"]))
        throw new SyntaxError("no receipt");
    const [collection, provider, root] = [
        word(read["collection"]),
        word(read["provider"]),
        word(read["root"]),
    ];
    const terms = word(record(read["terms"])["id"]);
    if (collectionId(provider, root, terms) !== collection) throw new False("the collection");
    const items = read["items"].map(work);
    for (const each of items) {
        const isSaid = each.sha256 !== null && each.salt !== null;
        if (isSaid && commitment(each.sha256, each.salt) !== each.commitment)
            throw new False("a commitment");
        if (!isUnder(root, itemId(provider, each.commitment), each.proof))
            throw new False("a proof");
    }
    return { collection, provider, root, count: Number(read["count"]), items };
}

function work(value: unknown): Work {
    const read = record(value);
    const [names, proof] = [read["names"], read["proof"]];
    if (!isTexts(names) || !isTexts(proof)) throw new SyntaxError("no work of a receipt");
    const [sha256, salt] = [read["sha256"], read["salt"]];
    return {
        names,
        sha256: sha256 === null ? null : word(sha256),
        salt: salt === null ? null : word(salt),
        commitment: word(read["commitment"]),
        proof,
    };
}

/** The list of a model's data in a text.
 *
 * @throws SyntaxError it is none, or its works do not ascend.
 */
export function manifest(text: string): Manifest {
    const read = record(JSON.parse(text));
    const listed = read["collections"];
    if (read["format"] !== MANIFEST || !Array.isArray(listed)) throw new SyntaxError("no manifest");
    const found = new Map<string, [string, bigint][]>();
    for (const [collection, items] of listed as [unknown, unknown][]) {
        if (!Array.isArray(items)) throw new SyntaxError("no items");
        const pairs = items.map((each): [string, bigint] => {
            const [id, weight] = each as [unknown, unknown];
            if (typeof weight !== "string" || !/^[0-9]{1,30}$/.test(weight))
                throw new SyntaxError("no weight");
            return [word(id), BigInt(weight)];
        });
        if (pairs.some(([id], k) => k && id <= (pairs[k - 1] as [string, bigint])[0])) {
            throw new SyntaxError("items that do not ascend");
        }
        found.set(word(collection), pairs);
    }
    return found;
}

/** Whether pairs are what a model has on the chain of a collection. */
export function isOn(
    pairs: readonly (readonly [string, bigint])[],
    items: string,
    weight: string,
): boolean {
    try {
        const [root, sum] = sumRoot(pairs);
        return root === items && sum === BigInt(weight);
    } catch (error) {
        if (error instanceof False) return false; // weights that no model can have
        throw error;
    }
}

/** What a receipt names a file by that has this SHA-256. */
export function workOf(known: Receipt, sha256: string): Work | undefined {
    return known.items.find((each) => each.sha256 === sha256 && each.salt !== null);
}

/** The data IDs of a receipt, ascending, if it names every work of its collection. */
export function whole(known: Receipt): string[] | undefined {
    const found = new Set(known.items.map((each) => itemId(known.provider, each.commitment)));
    return found.size === known.count ? [...found].sort() : undefined;
}

function record(value: unknown): Record<string, unknown> {
    if (typeof value !== "object" || value === null) throw new SyntaxError("no object");
    return value as Record<string, unknown>;
}

/** 0x text in lower case, as everything is compared. */
function word(value: unknown): string {
    if (typeof value !== "string" || !/^0x[0-9a-fA-F]{2,64}$/.test(value))
        throw new SyntaxError("no 0x text");
    return value.toLowerCase();
}

function isTexts(value: unknown): value is string[] {
    return Array.isArray(value) && value.every((each) => typeof each === "string");
}
