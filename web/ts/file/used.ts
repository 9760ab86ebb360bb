/** The second question: was a work of somebody's own used? It takes the work, and its receipt. */

import { type Manifest, type Receipt, type Work, isOn, whole } from "./documents.ts";
import { itemId, sumRoot } from "./ids.ts";
import { copy, linked, moment, put, putWords, slot } from "./show.ts";
import { type Collection, type Site, Unanswered } from "./site.ts";

/** A work in its collection, and everybody who declares that. */
export class Used {
    readonly shown = document.createDocumentFragment();
    private readonly id: string;
    private readonly rows: HTMLTableSectionElement;
    private readonly more: HTMLElement;
    private next: string | undefined;
    private readonly lists: Manifest[] = [];
    /** Those that are what a model has on the chain. */
    private readonly fitting = new Set<Manifest>();

    private constructor(
        private readonly site: Site,
        private readonly receipt: Receipt,
        work: Work,
        private readonly language: string,
    ) {
        this.id = itemId(receipt.provider, work.commitment);
        const uses = copy("uses");
        this.rows = uses.querySelector("tbody") as HTMLTableSectionElement;
        this.more = uses.querySelector("[data-more]") as HTMLElement;
        this.uses = uses;
    }

    private readonly uses: DocumentFragment;

    /** Asks the site; nothing where nobody here knows the collection.
     *
     * @throws Unanswered
     */
    static async of(
        site: Site,
        receipt: Receipt,
        work: Work,
        language: string,
    ): Promise<Used | undefined> {
        const collection = await site.collection(receipt.collection);
        if (!collection) return undefined;
        const used = new Used(site, receipt, work, language);
        const revoked = await site.revokedAt(used.id);
        used.next = `/collection/${receipt.collection}/uses`;
        await used.read();
        used.show(collection, revoked);
        return used;
    }

    /** Takes a model's list of data; whether it is what one of the models has on the chain. */
    async take(list: Manifest): Promise<boolean> {
        this.lists.push(list);
        await this.judge([...this.rows.rows]);
        if (this.fitting.has(list)) return true;
        this.lists.pop();
        return false;
    }

    private show(stands: Collection, revoked: number | null): void {
        const head = copy("receipt-known");
        const isUsed = this.rows.rows.length > 0;
        slot(head, isUsed ? "is-used" : "is-unused").hidden = false;
        const said = (at: number | null) => (at === null ? "" : moment(at, this.language));
        const times = { time: said(stands.revokedAt), end: said(stands.endsAt) };
        const isRevoked = stands.revokedAt !== null;
        if (stands.isOver) putWords(head, isRevoked ? "revoked-ended" : "ended", times);
        else if (isRevoked) putWords(head, stands.endsAt === null ? "revoked" : "ending", times);
        if (revoked !== null) putWords(head, "item-revoked", { time: said(revoked) });
        const tone = stands.isOver || revoked !== null ? "over" : isRevoked ? "ending" : "";
        if (tone) head.querySelector("article")?.classList.add(tone);
        const { collection, provider } = this.receipt;
        put(head, "collection", linked(this.site.at(`/collection/${collection}`), collection));
        put(head, "provider", linked(this.site.at(`/wallet/${provider}`), provider));
        put(head, "id", linked(this.site.at(`/data/${this.id}`), this.id));
        this.shown.append(head);
        if (isUsed) this.shown.append(this.uses);
        this.shown.append(copy("unproved"));
        this.more.querySelector("button")?.addEventListener("click", () => void this.goOn());
    }

    private async goOn(): Promise<void> {
        const button = this.more.querySelector("button") as HTMLButtonElement;
        button.disabled = true;
        await this.read().catch(() => undefined); // it stays, to be pressed again
        button.disabled = false;
    }

    /** The next part of who declares the collection, as the site's own page lists them. */
    private async read(): Promise<void> {
        if (this.next === undefined) return;
        const page = await this.site.page(this.next);
        const main = page.querySelector("main");
        if (!main) throw new Unanswered();
        const added = [...main.querySelectorAll<HTMLTableRowElement>("tr[data-id]")].map((row) =>
            document.importNode(row, true),
        );
        const after = main.querySelector<HTMLAnchorElement>(".more a")?.getAttribute("href");
        for (const row of added) {
            const cell = row.insertCell();
            cell.dataset["label"] =
                this.rows.parentElement?.querySelector<HTMLElement>("th:last-child")?.textContent ??
                "";
            this.rows.append(row);
        }
        const query = after?.split("?")[1];
        this.next = query ? `/collection/${this.receipt.collection}/uses?${query}` : undefined;
        this.more.hidden = this.next === undefined;
        await this.judge(added);
    }

    /** Says of each row what is proved of the work. */
    private async judge(rows: HTMLTableRowElement[]): Promise<void> {
        for (const row of rows) {
            const cell = row.cells[row.cells.length - 1] as HTMLTableCellElement;
            const { kind, id, through } = row.dataset;
            let verdict = "verdict-through";
            if (!through && kind === "batch") verdict = "verdict-batch";
            else if (!through && id) verdict = await this.verdict(id).catch(() => "verdict-failed");
            cell.replaceChildren(copy(verdict));
        }
    }

    /** What is proved of the work in what a model declares itself. */
    private async verdict(model: string): Promise<string> {
        const source = await this.site.source(model, this.receipt.collection);
        if (!source) throw new Unanswered(); // its row says that it does
        const { items, weight } = source;
        for (const list of this.lists) {
            const pairs = list.get(this.receipt.collection);
            if (!pairs?.length || !isOn(pairs, items, weight)) continue;
            this.fitting.add(list);
            return pairs.some(([id]) => id === this.id) ? "verdict-declared" : "verdict-absent";
        }
        return this.isOfAll(items, BigInt(weight)) ? "verdict-declared" : "verdict-open";
    }

    /** Whether a model declares every work of the collection, each with the same weight: a receipt of all of them shows that. */
    private isOfAll(items: string, weight: bigint): boolean {
        const ids = whole(this.receipt);
        if (!ids || weight % BigInt(ids.length)) return false;
        const each = weight / BigInt(ids.length);
        return sumRoot(ids.map((id) => [id, each] as const))[0] === items;
    }
}
