// What OpenZeppelin's own library says of several IDs of one tree, so that ours is tested against theirs.
// stdin: a JSON list of {ids, some}; stdout: for each their multiproof, and whether it verifies.

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const from = process.env.KISEKI_NODE_MODULES;
const require = createRequire(from ? `${from}/` : import.meta.url);
const { SimpleMerkleTree } = require("@openzeppelin/merkle-tree");

function answer({ ids, some }) {
  const tree = SimpleMerkleTree.of(ids, { sortLeaves: false });
  const { leaves, proof, proofFlags } = tree.getMultiProof(some);
  return { leaves, proof, proofFlags, verified: tree.verifyMultiProof({ leaves, proof, proofFlags }) };
}

process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(answer)));
