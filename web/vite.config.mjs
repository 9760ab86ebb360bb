// Builds each `ts/*.ts` into a module of the same name, which a page names; what they share lies in folders. The same sources
// and packages make the same bytes on every machine: names hold no hash, and no map tells where the sources lay.
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const ts = fileURLToPath(new URL("ts", import.meta.url));
const entries = readdirSync(ts).filter((name) => name.endsWith(".ts"));
const names = {
    entryFileNames: "[name].js",
    chunkFileNames: "[name].js",
    assetFileNames: "[name][extname]",
};

export default defineConfig({
    root: ts,
    base: "./", // modules find each other wherever the site lies
    publicDir: false,
    envDir: false,
    worker: { format: "es", rolldownOptions: { output: names } },
    build: {
        target: "es2022",
        outDir: fileURLToPath(new URL("../src/kiseki/web/static/js", import.meta.url)),
        emptyOutDir: true,
        license: { fileName: "licences.md" }, // of what is built in
        assetsInlineLimit: 0,
        modulePreload: false,
        sourcemap: false,
        reportCompressedSize: false,
        rolldownOptions: {
            input: Object.fromEntries(entries.map((name) => [name.slice(0, -3), `${ts}/${name}`])),
            output: { format: "es", ...names },
        },
    },
});
