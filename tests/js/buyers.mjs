// Answers questions about OpenZeppelin's StandardMerkleTree of addresses, which offers for some buyers use.
// stdin: a JSON list of {buyers: [address, ...], proofs: [[address, [hash, ...]], ...]}.

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const from = process.env.KISEKI_NODE_MODULES;
const require = createRequire(from ? `${from}/` : import.meta.url);
const { StandardMerkleTree } = require("@openzeppelin/merkle-tree");

function answer({ buyers, proofs }) {
  const tree = StandardMerkleTree.of(buyers.map((each) => [each]), ["address"]);
  return {
    root: tree.root,
    verified: proofs.map(([buyer, proof]) => tree.verify([buyer], proof)),
  };
}

const questions = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(questions.map(answer)));
