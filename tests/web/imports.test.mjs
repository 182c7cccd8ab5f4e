/**
 * Which folders of the page may import from which. An import that the table forbids shows that code is in the wrong
 * folder.
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path/posix";
import test from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The folders that the page and the lab share. */
const SHARED = ["codecs", "engine", "domain", "page", "link"];

/**
 * What each folder of `www/`, or file in `www/` itself, may import in addition to its own files. An entry names only
 * entries above it, so folders never import each other in a circle. `types of` allows only types.
 *
 * @type {Record<string, string[]>}
 */
const MAY_IMPORT = {
  /** `pkg/registry.js`: facts that the build writes. */
  registry: [],
  languages: [],
  "embed.js": [],
  /** File formats; nothing specific to this project. */
  codecs: [],
  /** The npm package. It imports nothing of the page, so it works without the page. */
  engine: ["registry", "types of pkg"],
  "engine.js": ["engine"],
  pool: ["engine", "types of pkg"],
  /** Facts and arithmetic; nothing that fetches, starts a worker or uses the document. */
  domain: ["registry", "codecs", "engine"],
  page: ["codecs", "engine", "domain", "languages"],
  /** Reads and writes links. The lab also writes links to the page, so this folder does not import the session. */
  link: ["codecs", "domain", "page", "types of engine"],
  "not-found.js": ["link"],
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
const folderOf = (path) => {
  if (path === "pkg/registry.js") return "registry";
  return path.startsWith("www/") ? path.split("/")[1] : path.split("/")[0];
};

/** @param {string} file */
const read = (file) => readFileSync(join(ROOT, file), "utf8");

/** @typedef {{ file: string, target: string, where: string, isType: boolean }} Import */

const IMPORT = /^(?:import|export)\b[^"'`;()=]*\bfrom "([^"]+)"|^import "([^"]+)"|\bimport\("([^"]+)"\)/gm;

/**
 * The `import`s, `export … from`s and `import()`s of a file, including those of types in comments.
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

test("Every file of the page is in a folder of the table, and imports only what the table allows", () => {
  const unlisted = files
    .filter((file) => !(folderOf(file) in MAY_IMPORT))
    .map((file) => `${file} is not in a folder of the table`);
  const forbidden = imports.filter(({ file, target, isType }) => {
    const [from, to] = [folderOf(file), folderOf(target)];
    const allowed = MAY_IMPORT[from] ?? [];
    return from !== to && !allowed.includes(to) && !(isType && allowed.includes(`types of ${to}`));
  });
  assert.equal([...unlisted, ...forbidden.map(({ where }) => where)].join("\n"), "");
  // Checks that the patterns above find imports at all.
  assert.ok(
    imports.filter(({ isType }) => !isType).length > 300 && imports.filter(({ isType }) => isType).length > 100,
  );
});

test("Each folder of the table imports only from folders above it, so there is no circle", () => {
  const folders = Object.keys(MAY_IMPORT);
  for (const [index, folder] of folders.entries()) {
    for (const other of MAY_IMPORT[folder].map((name) => name.replace("types of ", ""))) {
      assert.ok(
        other === "pkg" || folders.slice(0, index).includes(other),
        `"${folder}" is above "${other}" in the table, but may import it`,
      );
    }
  }
});

test("No files import each other in a circle, except for types, which are never loaded", () => {
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

test("The engine fetches files by literal URLs, which bundlers can find", () => {
  const urls = files
    .filter((file) => folderOf(file) === "engine")
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
