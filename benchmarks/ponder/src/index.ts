import { ponder } from "ponder:registry";
import * as schema from "ponder:schema";

// Events of which the arguments, some under other names, are the columns of one table.
const simple: [string, any, (args: any) => object][] = [
  ["DataRegistry:TermsDefined", schema.terms, (a) => ({ id: a.termsId, ...a.terms })],
  [
    "DataRegistry:CollectionRegistered",
    schema.collection,
    (a) => ({ ...a, id: a.collection, terms: a.termsId }),
  ],
  ["DataRegistry:PayeeChanged", schema.payeeChange, (a) => a],
  ["DataRegistry:CollectionRevoked", schema.revocation, (a) => ({ collection: a.collection })],
  ["DataRegistry:ItemRevoked", schema.itemRevocation, (a) => a],
  [
    "ModelRegistry:ModelRegistered",
    schema.model,
    (a) => ({
      ...a.entry,
      id: a.model,
      developer: a.developer,
      weights: a.weights,
      terms: a.entry.termsId,
    }),
  ],
  ["ModelRegistry:ModelSource", schema.modelSource, (a) => a],
  ["ModelRegistry:ModelParent", schema.base, (a) => ({ group: a.model, model: a.parent })],
  ["OutputRegistry:BatchRegistered", schema.batch, (a) => ({ ...a, id: a.batch })],
  ["OutputRegistry:BatchModel", schema.base, (a) => ({ group: a.batch, model: a.model })],
  ["RightsToken:Revealed", schema.rights, (a) => ({ ...a, token: a.tokenId })],
  ["RightsToken:RightsMinted", schema.mint, (a) => ({ ...a, token: a.tokenId })],
  ["RightsToken:Transfer", schema.transfer, (a) => ({ token: a.tokenId, holder: a.to })],
  ["RevenueSplitter:Deposited", schema.deposit, (a) => a],
  ["RevenueSplitter:Claimed", schema.claim, (a) => a],
  ["RevenueSplitter:Resolved", schema.resolution, (a) => a],
  ["Statements:Stated", schema.statement, (a) => a],
];

const place = (event: any) => ({
  at: (event.block.number << 20n) | BigInt(event.log.logIndex),
  time: Number(event.block.timestamp),
  tx: event.transaction.hash,
});

for (const [name, table, columns] of simple) {
  // Only what is a column: an argument more would be kept in its cache.
  const names = Object.keys(columnsOf(table));
  ponder.on(name as any, async ({ event, context }: any) => {
    const all: any = { ...columns(event.args), ...place(event) };
    await context.db.insert(table).values(Object.fromEntries(names.map((n) => [n, all[n]])));
  });
}

for (const [name, group] of [
  ["DataRegistry:CollectionPublished", "collection"],
  ["OutputRegistry:BatchPublished", "batch"],
]) {
  ponder.on(name as any, async ({ event, context }: any) => {
    const rows = event.args.commitments.map((commitment: string) => ({
      ...place(event),
      group: event.args[group],
      commitment,
    }));
    await context.db.insert(schema.published).values(rows);
  });
}

function columnsOf(table: any): object {
  return table[Symbol.for("drizzle:Columns")];
}
