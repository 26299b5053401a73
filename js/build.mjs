// Bundles the editor and the gallery for the Python package, or after the word "test" its tests for Node; then a folder may follow.
import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const common = { absWorkingDir: here, bundle: true, format: "esm", target: "es2022", logLevel: "warning" };
const [first, second] = process.argv.slice(2);

if (first === "test") {
  const names = readdirSync(`${here}test`).filter((name) => name.endsWith(".test.ts"));
  await build({
    ...common,
    entryPoints: names.map((name) => `test/${name}`),
    platform: "node",
    outdir: resolve(here, second ?? "build"),
    loader: { ".css": "empty" },
  });
} else {
  const outdir = resolve(here, first ?? "../requesty_nb/static");
  const small = { ...common, minify: true, charset: "utf8", legalComments: "none", outdir };
  await build({ ...small, entryPoints: { editor: "src/index.ts", gallery: "src/gallery/widget.ts" } });
  // The page's program stands in the page itself, and its styles are the gallery's.
  await build({
    ...small,
    entryPoints: { page: "src/gallery/page.ts" },
    format: "iife",
    loader: { ".css": "empty" },
  });
}
