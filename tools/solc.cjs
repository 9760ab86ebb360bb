// A `solc` command made of the npm package, for tools that expect the native compiler: py-solc-x,
// Ape and Forge. It speaks only what they use: --version and standard JSON; and for tools/mutate.py
// one standard JSON a line, answered in a line, because loading the compiler takes longer than compiling.
// --spare-stack is for tools/coverage.py too, where Forge leaves out every detail of the optimizer.
"use strict";

const fs = require("node:fs");
const path = require("node:path");

// The npm package registers handlers that would print its whole source on an error.
const solc = require("solc");
process.removeAllListeners("uncaughtException");
process.removeAllListeners("unhandledRejection");

const VALUED = ["--base-path", "--include-path", "--allow-paths"];

function parse(words) {
  const options = { "--base-path": [], "--include-path": [], "--allow-paths": [], files: [], flags: [] };
  for (let i = 0; i < words.length; i++) {
    const [name, value] = words[i].split(/=(.*)/s);
    if (VALUED.includes(name)) options[name].push(value ?? words[++i]);
    else if (name.startsWith("--")) options.flags.push(name);
    else if (name !== "-") options.files.push(name);
  }
  return options;
}

function finder(options) {
  const roots = [...options["--base-path"], ...options["--include-path"]];
  if (options["--base-path"].length === 0) roots.unshift(process.cwd());
  // Ape compiles a copy of contracts/ in a temporary folder, where there is no node_modules.
  roots.push(path.dirname(__dirname));
  return (name) => {
    for (const root of roots) {
      const file = path.resolve(root, name);
      if (fs.existsSync(file)) return { contents: fs.readFileSync(file, "utf8") };
    }
    return { error: `${name} is not under ${roots.join(", ")}` };
  };
}

// The optimizer stays off, but the variables of assembly that the stack has no room for lie in memory.
// OpenZeppelin's P-256 does not compile otherwise. No step of the optimizer runs.
const SPARE_STACK = {
  ...Object.fromEntries(
    ["peephole", "inliner", "jumpdestRemover", "orderLiterals", "deduplicate", "cse", "constantOptimizer"].map(
      (name) => [name, false],
    ),
  ),
  yul: true,
  yulDetails: { stackAllocation: true, optimizerSteps: "" },
};

function spareStack(input) {
  const request = JSON.parse(input);
  const optimizer = request.settings?.optimizer;
  if (optimizer && !optimizer.enabled) optimizer.details = SPARE_STACK;
  return JSON.stringify(request);
}

function main() {
  const options = parse(process.argv.slice(2));
  const spare = options.flags.includes("--spare-stack");
  const compile = (input) => solc.compile(spare ? spareStack(input) : input, { import: finder(options) });
  if (options.flags.includes("--version")) {
    console.log(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}`);
  } else if (options.flags.includes("--standard-json")) {
    fs.writeSync(1, compile(fs.readFileSync(options.files[0] ?? 0, "utf8")) + "\n");
  } else if (options.flags.includes("--standard-json-lines")) {
    const lines = require("node:readline").createInterface({ input: process.stdin });
    lines.on("line", (line) => fs.writeSync(1, compile(line) + "\n"));
  } else {
    console.error("tools/solc.cjs understands --version and --standard-json.");
    process.exitCode = 1;
  }
}

main();
