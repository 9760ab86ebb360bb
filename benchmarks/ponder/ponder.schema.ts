import { onchainTable, primaryKey } from "ponder";

// Where an event stands in the chain, block << 20 | index of its log; when; in which transaction.
const place = (t: any) => ({
  at: t.bigint().primaryKey(),
  time: t.integer().notNull(),
  tx: t.hex().notNull(),
});

export const terms = onchainTable("terms", (t) => ({
  ...place(t),
  id: t.hex().notNull(),
  dataMining: t.boolean().notNull(),
  aiInference: t.boolean().notNull(),
  aiTraining: t.boolean().notNull(),
  aiGenerativeTraining: t.boolean().notNull(),
  commercialOutput: t.boolean().notNull(),
  redistribution: t.boolean().notNull(),
  royaltyBps: t.integer().notNull(),
  floorBps: t.integer().notNull(),
  validUntil: t.bigint().notNull(),
  noticeSeconds: t.bigint().notNull(),
  gate: t.hex().notNull(),
  document: t.hex().notNull(),
}));

export const collection = onchainTable("collection", (t) => ({
  ...place(t),
  id: t.hex().notNull(),
  provider: t.hex().notNull(),
  terms: t.hex().notNull(),
  root: t.hex().notNull(),
  count: t.bigint().notNull(),
  payee: t.hex().notNull(),
  origin: t.hex().notNull(),
}));

export const published = onchainTable(
  "published",
  (t) => ({
    at: t.bigint().notNull(),
    time: t.integer().notNull(),
    tx: t.hex().notNull(),
    group: t.hex().notNull(),
    commitment: t.hex().notNull(),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.group, table.commitment] }) }),
);

export const payeeChange = onchainTable("payee_change", (t) => ({
  ...place(t),
  collection: t.hex().notNull(),
  payee: t.hex().notNull(),
}));

export const revocation = onchainTable("revocation", (t) => ({
  ...place(t),
  collection: t.hex().notNull(),
}));

export const itemRevocation = onchainTable("item_revocation", (t) => ({
  ...place(t),
  provider: t.hex().notNull(),
  commitment: t.hex().notNull(),
}));

export const model = onchainTable("model", (t) => ({
  ...place(t),
  id: t.hex().notNull(),
  developer: t.hex().notNull(),
  weights: t.hex().notNull(),
  terms: t.hex().notNull(),
  run: t.hex().notNull(),
  payee: t.hex().notNull(),
  split: t.hex().notNull(),
  manifest: t.hex().notNull(),
  weight: t.bigint().notNull(),
  submitter: t.hex().notNull(),
  judgedAt: t.bigint().notNull(),
}));

export const modelSource = onchainTable("model_source", (t) => ({
  ...place(t),
  model: t.hex().notNull(),
  collection: t.hex().notNull(),
  items: t.hex().notNull(),
  weight: t.bigint().notNull(),
  submitter: t.hex().notNull(),
  judgedAt: t.bigint().notNull(),
}));

export const base = onchainTable("base", (t) => ({
  ...place(t),
  group: t.hex().notNull(),
  model: t.hex().notNull(),
}));

export const batch = onchainTable("batch", (t) => ({
  ...place(t),
  id: t.hex().notNull(),
  creator: t.hex().notNull(),
  root: t.hex().notNull(),
  count: t.bigint().notNull(),
  record: t.hex().notNull(),
  payee: t.hex().notNull(),
  split: t.hex().notNull(),
  endorsed: t.boolean().notNull(),
}));

export const rights = onchainTable("rights", (t) => ({
  ...place(t),
  token: t.bigint().notNull(),
  registry: t.hex().notNull(),
  id: t.hex().notNull(),
}));

export const mint = onchainTable("mint", (t) => ({
  ...place(t),
  token: t.bigint().notNull(),
  document: t.hex().notNull(),
  royaltyBps: t.integer().notNull(),
}));

export const transfer = onchainTable("transfer", (t) => ({
  ...place(t),
  token: t.bigint().notNull(),
  holder: t.hex().notNull(),
}));

export const deposit = onchainTable("deposit", (t) => ({
  ...place(t),
  payee: t.hex().notNull(),
  token: t.hex().notNull(),
  payer: t.hex().notNull(),
  amount: t.bigint().notNull(),
  ref: t.hex().notNull(),
}));

export const claim = onchainTable("claim", (t) => ({
  ...place(t),
  split: t.hex().notNull(),
  token: t.hex().notNull(),
  payee: t.hex().notNull(),
  lo: t.bigint().notNull(),
  shares: t.bigint().notNull(),
  amount: t.bigint().notNull(),
}));

export const resolution = onchainTable("resolution", (t) => ({
  ...place(t),
  subject: t.hex().notNull(),
  token: t.hex().notNull(),
  payee: t.hex().notNull(),
  amount: t.bigint().notNull(),
}));

export const statement = onchainTable("statement", (t) => ({
  ...place(t),
  speaker: t.hex().notNull(),
  subject: t.hex().notNull(),
  kind: t.hex().notNull(),
  document: t.hex().notNull(),
}));
