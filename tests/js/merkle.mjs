// Answers questions about OpenZeppelin's own tree, so that ours is tested against theirs.
// stdin: a JSON list of {slices: [[id, ...], ...], proofs: [[id, [hash, ...]], ...], dumps: [...],
// top: dump}; stdout: for each what the JavaScript library says. KISEKI_NODE_MODULES names another
// node_modules folder than the repository's.

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const from = process.env.KISEKI_NODE_MODULES;
const require = createRequire(from ? `${from}/` : import.meta.url);
const { SimpleMerkleTree } = require("@openzeppelin/merkle-tree");

const plain = { sortLeaves: false };

function answer({ slices, proofs, dumps, top }) {
  const trees = slices.map((ids) => SimpleMerkleTree.of(ids, plain));
  const upper = SimpleMerkleTree.of(trees.map((tree) => tree.root), plain);
  return {
    root: upper.root,
    sortedRoot: slices.length === 1 ? SimpleMerkleTree.of(slices[0]).root : null,
    verified: proofs.map(([id, proof]) => SimpleMerkleTree.verify(upper.root, id, proof)),
    proofs: proofs.map(([id]) => {
      const k = slices.findIndex((ids) => ids.includes(id));
      return [...trees[k].getProof(id), ...upper.getProof(k)];
    }),
    dumps: trees.map((tree) => tree.dump()),
    loaded: dumps.map((dump) => SimpleMerkleTree.load(dump).root),
    loadedTop: SimpleMerkleTree.load(top).root,
  };
}

const questions = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(questions.map(answer)));
