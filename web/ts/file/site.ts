/** What the site is asked. A failed question is never an answer: whatever is not just what was asked for is an error. */

/** How long an answer may take, in milliseconds. */
const PATIENCE = 30_000;

/** The site did not answer, or not what was asked. */
export class Unanswered extends Error {}

/** As of which block something was said. */
export interface AsOf {
    readonly block: number;
    readonly time: number;
}

export interface Commitment {
    readonly isKnown: boolean;
    readonly isOutput: boolean;
    readonly asOf: AsOf;
}

/** How consent to a collection stands. */
export interface Collection {
    readonly revokedAt: number | null;
    /** First second at which new uses are refused; nothing where there is no end. */
    readonly endsAt: number | null;
    /** Whether that time has come. */
    readonly isOver: boolean;
}

export class Site {
    constructor(
        private readonly root: string,
        private readonly language: string,
    ) {}

    /** The address of a page of the site. */
    at(path: string): string {
        return `${this.root}${path}`;
    }

    async commitment(which: string): Promise<Commitment> {
        const { told, asOf } = await this.json(`/api/v1/commitments/${which}?most=1`);
        const places = told["places"] as { rows?: unknown } | undefined;
        if (told["commitment"] !== which || !Array.isArray(places?.rows)) throw new Unanswered();
        return { isKnown: places.rows.length > 0, isOutput: !!told["output"], asOf };
    }

    /** A collection; nothing where nobody here knows it. */
    async collection(which: string): Promise<Collection | undefined> {
        const found = await this.json(`/api/v1/collections/${which}?most=1`, true);
        if (found.isNowhere) return undefined;
        const { told } = found;
        if (told["id"] !== which) throw new Unanswered();
        const endsAt = moment(told["ends_at"]);
        const isOver = endsAt !== null && endsAt <= found.asOf.time;
        return { revokedAt: moment(told["revoked_at"]), endsAt, isOver };
    }

    /** When a work was revoked by itself; nothing where it was not. */
    async revokedAt(item: string): Promise<number | null> {
        const { told } = await this.json(`/api/v1/revocations/${item}`);
        if (told["id"] !== item || told["revoked_at"] === undefined) throw new Unanswered();
        return moment(told["revoked_at"]);
    }

    /** What a model itself has on the chain of a collection; nothing where it does not name it. */
    async source(
        model: string,
        of: string,
    ): Promise<{ items: string; weight: string } | undefined> {
        const { told } = await this.json(`/api/v1/models/${model}/sources/${of}`);
        const { items, weight } = told;
        if (told["model"] !== model || told["collection"] !== of) throw new Unanswered();
        if (items === null) return undefined;
        if (typeof items !== "string" || typeof weight !== "string") throw new Unanswered();
        return { items, weight };
    }

    /** The commitment that a model is registered with; nothing where there is no such model. */
    async weights(model: string): Promise<string | undefined> {
        const { told, isNowhere } = await this.json(`/api/v1/models/${model}?most=1`, true);
        if (isNowhere) return undefined;
        if (told["id"] !== model || typeof told["weights"] !== "string") throw new Unanswered();
        return told["weights"];
    }

    /** A page of the site, which says in words what the rest says for programs. */
    async page(path: string): Promise<Document> {
        const mark = path.includes("?") ? "&" : "?"; // where cookies are refused, too
        const answer = await this.fetch(`${path}${mark}language=${this.language}`, "text/html");
        if (answer.status !== 200) throw new Unanswered();
        return new DOMParser().parseFromString(await answer.text(), "text/html");
    }

    private async json(
        path: string,
        mayBeNowhere = false,
    ): Promise<{ told: Record<string, unknown>; asOf: AsOf; isNowhere: boolean }> {
        const answer = await this.fetch(path, "application/json");
        let told: unknown;
        try {
            told = await answer.json();
        } catch {
            throw new Unanswered();
        }
        if (typeof told !== "object" || told === null) throw new Unanswered();
        const asOf = { block: header(answer, "Kiseki-Block"), time: header(answer, "Kiseki-Time") };
        const isNowhere = answer.status === 404 && mayBeNowhere && "error" in told;
        if (!isNowhere && (answer.status !== 200 || asOf.block < 0)) throw new Unanswered();
        return { told: told as Record<string, unknown>, asOf, isNowhere };
    }

    private async fetch(path: string, accept: string): Promise<Response> {
        const signal = AbortSignal.timeout(PATIENCE);
        try {
            return await fetch(this.at(path), {
                headers: { Accept: accept },
                redirect: "error",
                signal,
            });
        } catch {
            throw new Unanswered();
        }
    }
}

function header(answer: Response, name: string): number {
    const said = answer.headers.get(name);
    return said === null || !/^[0-9]{1,15}$/.test(said) ? -1 : Number(said);
}

function moment(value: unknown): number | null {
    if (value === null) return null;
    if (typeof value !== "number") throw new Unanswered();
    return value;
}
