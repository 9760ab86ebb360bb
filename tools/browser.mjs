// Unpacks the Chromium that npm's @sparticuz/chromium carries, with its software renderer and one Japanese font, into the
// folder that is named. `tools/setup.py test` runs it; nothing of the package itself is run.
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { execFileSync } from "node:child_process";
import { createBrotliDecompress, inflateSync } from "node:zlib";

const [to] = process.argv.slice(2);
const half = `${to}.half`;
const modules = path.resolve(path.dirname(createRequire(import.meta.url).resolve("axe-core")), "..");
const from = path.join(modules, "@sparticuz/chromium/bin");
await rm(half, { recursive: true, force: true });
await mkdir(path.join(half, "fonts"), { recursive: true });
await pipeline(
  createReadStream(path.join(from, "chromium.br")),
  createBrotliDecompress(),
  createWriteStream(path.join(half, "chromium"), { mode: 0o755 }),
);
// Through a file: tar is done at the archive's end mark, and a pipe into it would break on what follows that.
const renderer = path.join(half, "swiftshader.tar");
await pipeline(
  createReadStream(path.join(from, "swiftshader.tar.br")),
  createBrotliDecompress(),
  createWriteStream(renderer),
);
execFileSync("tar", ["-xf", renderer, "-C", half], { stdio: "inherit" });
await rm(renderer);
const font = await readFile(path.join(modules, "@fontsource/kosugi/files/kosugi-japanese-400-normal.woff"));
await writeFile(path.join(half, "fonts/kosugi.ttf"), unwrapped(font));
await writeFile(
  path.join(half, "fonts.conf"),
  `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>` +
    `<include ignore_missing="yes">/etc/fonts/fonts.conf</include><dir>${path.resolve(to)}/fonts</dir>` +
    `<cachedir>${path.resolve(to)}/cache</cachedir></fontconfig>\n`,
);
await rm(to, { recursive: true, force: true });
await rename(half, to);

/** The font inside a WOFF file (W3C, WOFF 1.0, 3 to 5): Chromium takes no WOFF from the system. */
function unwrapped(woff) {
  const count = woff.readUInt16BE(12);
  const begin = 12 + 16 * count;
  const head = Buffer.alloc(begin);
  woff.copy(head, 0, 4, 8); // the flavour
  head.writeUInt16BE(count, 4);
  const power = 2 ** Math.floor(Math.log2(count));
  head.writeUInt16BE(16 * power, 6);
  head.writeUInt16BE(Math.log2(power), 8);
  head.writeUInt16BE(16 * (count - power), 10);
  const tables = [];
  let place = begin;
  for (let i = 0; i < count; i++) {
    const entry = woff.subarray(44 + 20 * i, 64 + 20 * i);
    const [offset, packed, length] = [4, 8, 12].map((at) => entry.readUInt32BE(at));
    const raw = woff.subarray(offset, offset + packed);
    const table = packed < length ? inflateSync(raw) : raw;
    entry.copy(head, 12 + 16 * i, 0, 4); // its name
    entry.copy(head, 16 + 16 * i, 16, 20); // its checksum
    head.writeUInt32BE(place, 20 + 16 * i);
    head.writeUInt32BE(length, 24 + 16 * i);
    tables.push(table, Buffer.alloc(-length & 3));
    place += (length + 3) & ~3;
  }
  return Buffer.concat([head, ...tables]);
}
