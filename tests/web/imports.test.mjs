/**
 * Which folder of the page imports from which. An import that the table forbids means that something is in the wrong
 * place.
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path/posix";
import test from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** What the page and the lab are both made of. */
const SHARED = ["codecs", "engine", "domain", "page", "link"];

/**
 * What each folder of `www/`, or file beside them, may import besides its own files. Every entry names only
 * what stands above it, so folders never import each other in a circle. `types of` allows types alone.
 *
 * @type {Record<string, string[]>}
 */
const MAY_IMPORT = {
  /** `pkg/registry.js`: facts alone, which the build writes. */
  registry: [],
  languages: [],
  "embed.js": [],
  /** File formats, and nothing about this project. */
  codecs: [],
  /** The npm package. It imports nothing of the page, so that it works without it. */
  engine: ["registry", "types of pkg"],
  "engine.js": ["engine"],
  pool: ["engine", "types of pkg"],
  /** Facts and arithmetic: nothing here fetches, computes in a worker or touches the document. */
  domain: ["registry", "codecs", "engine"],
  page: ["codecs", "engine", "domain", "languages"],
  /** What a link says, as text. The lab writes links to the page, so this knows nothing of the session. */
  link: ["codecs", "domain", "page", "types of engine"],
  lab: ["registry", ...SHARED, "pool", "types of pkg"],
  session: SHARED,
  panels: [...SHARED, "session"],
  input: [...SHARED, "session", "panels"],
  story: [...SHARED, "session", "panels"],
  share: [...SHARED, "session", "panels", "embed.js"],
  "main.js": [...SHARED, "session", "panels", "input", "story", "share"],
};

const files = readdirSync(join(ROOT, "www"), { recursive: true, encoding: "utf8" })
  .map((name) => join("www", name.replaceAll("\\", "/")))
  .filter((name) => name.endsWith(".js"))
  .sort();

/** The entry of the table that a file belongs to. @param {string} path */
const placeOf = (path) => {
  if (path === "pkg/registry.js") return "registry";
  return path.startsWith("www/") ? path.split("/")[1] : path.split("/")[0];
};

/** @param {string} file */
const read = (file) => readFileSync(join(ROOT, file), "utf8");

/** @typedef {{ file: string, target: string, where: string, isType: boolean }} Import */

const IMPORT = /^(?:import|export)\b[^"'`;()=]*\bfrom "([^"]+)"|^import "([^"]+)"|\bimport\("([^"]+)"\)/gm;

/**
 * The `import`s and `export … from`s of a file, its `import()`s, and the types that its comments name.
 *
 * @param {string} file
 * @returns {Import[]}
 */
function importsOf(file) {
  const text = read(file);
  return [...text.matchAll(IMPORT)].map(({ 0: found, index, ...paths }) => {
    const above = text.slice(0, index).split("\n");
    return {
      file,
      target: join(dirname(file), paths[1] ?? paths[2] ?? paths[3]),
      where: `${file}:${above.length}: ${found.replace(/\s+/g, " ")}`,
      isType: /^(\s*\*|.*\/\*\*)(?!.*\*\/)/.test(above[above.length - 1]),
    };
  });
}

const imports = files.flatMap(importsOf);

test("every file of the page has a place in the table, and every import stays within it", () => {
  const homeless = files
    .filter((file) => !(placeOf(file) in MAY_IMPORT))
    .map((file) => `${file} is in no folder of the table`);
  const forbidden = imports.filter(({ file, target, isType }) => {
    const [from, to] = [placeOf(file), placeOf(target)];
    const allowed = MAY_IMPORT[from] ?? [];
    return from !== to && !allowed.includes(to) && !(isType && allowed.includes(`types of ${to}`));
  });
  assert.equal([...homeless, ...forbidden.map(({ where }) => where)].join("\n"), "");
  // The patterns above have found what there is to find.
  assert.ok(
    imports.filter(({ isType }) => !isType).length > 300 && imports.filter(({ isType }) => isType).length > 100,
  );
});

test("the table has no circle: each folder imports only from those above it", () => {
  const places = Object.keys(MAY_IMPORT);
  for (const [index, place] of places.entries()) {
    for (const other of MAY_IMPORT[place].map((name) => name.replace("types of ", ""))) {
      assert.ok(
        other === "pkg" || places.slice(0, index).includes(other),
        `"${place}" stands above "${other}", which it may import`,
      );
    }
  }
});

test("no files import each other in a circle, types aside: those are never loaded", () => {
  /** @type {Map<string, string[]>} */
  const graph = new Map(
    files.map((file) => [
      file,
      imports.filter((each) => each.file === file && !each.isType).map(({ target }) => target),
    ]),
  );
  /** @type {Set<string>} */
  const done = new Set();
  /** @param {string} file @param {string[]} path */
  function visit(file, path) {
    if (path.includes(file)) assert.fail([...path.slice(path.indexOf(file)), file].join(" → "));
    if (done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  }
  for (const file of files) visit(file, []);
});

test("the engine names each file that it fetches in full, where bundlers look for it", () => {
  const urls = files
    .filter((file) => placeOf(file) === "engine")
    .flatMap((file) =>
      [...read(file).matchAll(/new URL\((.*?), import\.meta\.url\)/g)].map(([text, path]) => ({ file, text, path })),
    );
  for (const { file, text, path } of urls) {
    if (path === "`../models/${file}`") continue;
    const [, literal] = /^"(.*[^/])"$/.exec(path) ?? [];
    assert.ok(literal && existsSync(join(ROOT, dirname(file), literal)), `${file}: ${text}`);
  }
  assert.ok(urls.length > 0);
});
