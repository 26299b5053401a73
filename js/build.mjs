// Bundles the editor, the gallery, the comparison and the grid for the Python package, or after the word "test" its tests for Node; then a folder may follow.
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
  const widgets = {
    gallery: "src/gallery/widget.ts",
    comparison: "src/comparison/widget.ts",
    grid: "src/grid/widget.ts",
  };
  const styles = { grid_still: "src/grid/still.css" }; // of what needs no program
  await build({ ...small, entryPoints: { editor: "src/index.ts", ...widgets, ...styles } });
  // These programs stand in a page itself, and their styles are the widgets'.
  await build({
    ...small,
    entryPoints: { page: "src/gallery/page.ts", comparison_page: "src/comparison/page.ts" },
    format: "iife",
    loader: { ".css": "empty" },
  });
}
