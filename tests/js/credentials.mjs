// Answers with what the pages' script says of files: where its credentials are, and its hashes. Each file comes as its length
// (4 bytes, the first counting most) and its bytes; each answer is a line of JSON.
import { fileURLToPath } from "node:url";
import { build } from "vite";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { output } = await build({
  configFile: false,
  envDir: false,
  logLevel: "error",
  root: here("../../web"),
  build: { ssr: here("asked.ts"), write: false, target: "es2022" },
  ssr: { noExternal: true },
});
const module = `data:text/javascript,${encodeURIComponent(output[0].code)}`;
const { boundOf, digests } = await import(module);

const hex = (bytes) => Buffer.from(bytes).toString("hex");

function answer(data) {
  const file = { size: data.length, some: (at, length) => data.subarray(at, at + length) };
  const { whole, bare, layout } = digests(file);
  const cuts = layout.cuts.map(([start, stop, instead]) => [start, stop, hex(instead)]);
  const bound = boundOf(file, layout);
  return { format: layout.format, cuts, odd: layout.odd, whole: hex(whole), bare: hex(bare), bound };
}

let waiting = Buffer.alloc(0);
for await (const piece of process.stdin) {
  waiting = Buffer.concat([waiting, piece]);
  while (waiting.length >= 4 && waiting.length >= 4 + waiting.readUInt32BE(0)) {
    const stop = 4 + waiting.readUInt32BE(0);
    process.stdout.write(`${JSON.stringify(answer(waiting.subarray(4, stop)))}\n`);
    waiting = waiting.subarray(stop);
  }
}
