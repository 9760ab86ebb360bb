import { readFileSync } from "node:fs";
import { createConfig } from "ponder";
import { http } from "viem";

// What theirs.py wrote: where the chain is, the suite on it, and where the database goes.
const told = JSON.parse(readFileSync(process.env.KISEKI_PONDER!, "utf8"));

export default createConfig({
  database: { kind: "pglite", directory: told.directory },
  // The node is ours, so nothing is to be held back: the defaults spare public nodes.
  networks: {
    anvil: { chainId: told.chain, transport: http(told.url), maxRequestsPerSecond: 100_000 },
  },
  contracts: told.contracts,
});
