/**
 * Writes the list of modules in each page, and then `sw-files.js`, which has the SHA-256 of every file of the page and
 * so identifies a release. `npm run release`; with `--check` it only checks that both are up to date.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { EXPERIMENTS } from "../pkg/registry.js";
import { pages } from "./modules.mjs";
import { writeOrCheck } from "./write.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const LIST = "sw-files.js";
/**
 * The files that the page can fetch. The other published files are for other programs or for readers of the repository.
 */
const PAGE_FILES =
  /^(index\.html|www\/(?!cards\/|oembed\/).+|pkg\/registry\.js|pkg\/(cpu|webgpu)\/(engine\.js|engine_bg\.wasm|build\.json))$/;
const RESULTS = ["paper", ...Object.keys(EXPERIMENTS)].map((kind) => `results/${kind}.json`);

/** The source of `sw-files.js` for the files under a folder. @param {string} root */
export function listFiles(root) {
  const names = [
    "index.html",
    ...["www", "pkg", "results"].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(join(root, "/").length).replaceAll("\\", "/")),
    ),
  ];
  const lines = names
    .filter((name) => PAGE_FILES.test(name) || RESULTS.includes(name))
    .sort()
    .map((name) => `  ${JSON.stringify(name)}: "${sha256(join(root, name))}",\n`);
  return `// Made by \`npm run release\`: this release of the page, each file by its SHA-256.\n/** @type {Record<string, string>} */\nconst FILES = {\n${lines.join("")}};\n`;
}

/** Writes `sw-files.js` in a folder. @param {string} root */
export function writeList(root) {
  writeFileSync(join(root, LIST), listFiles(root));
}

/** @param {string} path */
const sha256 = (path) => createHash("sha256").update(readFileSync(path)).digest("hex");

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, html] of pages(ROOT)) writeOrCheck(path, html, "npm run release");
  writeOrCheck(join(ROOT, LIST), listFiles(ROOT), "npm run release");
}
