/**
 * Writes `www/licences.html`, which lists the crates in the wasm modules and their licences: `node
 * scripts/licences.mjs`. The versions are those in Cargo.lock. It fails if a crate has a licence that deny.toml does
 * not allow. With `--check` it only checks that the page is up to date.
 */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { escapeHtml } from "../www/codecs/html.js";
import { writeOrCheck } from "./write.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const PAGE = join(ROOT, "www/licences.html");
const TARGET = "wasm32-unknown-unknown";
/** The options of cargo for each engine. @type {Record<string, string[]>} */
const ENGINES = { cpu: [], webgpu: ["--no-default-features", "--features", "webgpu"] };
/** The licences that deny.toml allows. */
const ALLOWED = [
  ...(/licenses\].*?allow = \[([^\]]*)\]/s.exec(readFileSync(join(ROOT, "deny.toml"), "utf8"))?.[1] ?? "").matchAll(
    /"([^"]+)"/g,
  ),
].map(([, name]) => name);

/**
 * @typedef {{ name: string, version: string, licence: string, authors: string, engines: string[], text: string }} Crate
 */

const page = html(crates());
writeOrCheck(PAGE, page, "node scripts/licences.mjs");

/** The crates that are linked into the modules, each once. @returns {Crate[]} */
function crates() {
  const { packages } = JSON.parse(cargo("metadata", "--format-version", "1", "--filter-platform", TARGET));
  /** @type {Map<string, Crate>} */
  const found = new Map();
  for (const [engine, features] of Object.entries(ENGINES)) {
    const tree = cargo(
      "tree",
      "--target",
      TARGET,
      "--edges",
      "normal,no-proc-macro",
      "--prefix",
      "none",
      "--no-dedupe",
      "--format",
      "{p}",
      ...features,
    );
    for (const line of new Set(tree.split("\n").filter(Boolean))) {
      const [name, version] = line.split(" ");
      if (name === "defensive-distillation") continue;
      const { license, authors, manifest_path } = packages.find(
        (/** @type {any} */ each) => each.name === name && `v${each.version}` === version,
      );
      const licence = `${license}`.replace(/ ?\/ ?/g, " OR ");
      if (!isAllowed(licence))
        throw new Error(`${name} ${version} is under ${licence}, which deny.toml does not allow.`);
      /** @type {Crate} */
      const crate = found.get(line) ?? {
        name,
        version: version.slice(1),
        licence,
        authors: authors.join(", ").replaceAll(/ ?<[^>]*>/g, ""),
        engines: [],
        text: textOf(dirname(manifest_path)),
      };
      crate.engines.push(engine);
      found.set(line, crate);
    }
  }
  return [...found.values()].sort((a, b) =>
    a.name < b.name ? -1 : a.name > b.name ? 1 : a.version < b.version ? -1 : 1,
  );
}

/**
 * Whether an SPDX expression is allowed: one of each group joined by OR, and every part joined by AND.
 *
 * @param {string} licence
 */
function isAllowed(licence) {
  return licence
    .replaceAll(/[()]/g, "")
    .split(" AND ")
    .every((part) => part.split(" OR ").some((name) => ALLOWED.includes(name)));
}

/** The licence text in a crate's sources; MIT if there are several. @param {string} folder */
function textOf(folder) {
  const names = readdirSync(folder)
    .filter((name) => /^(licen[cs]e|copying|unlicense)/i.test(name))
    .sort();
  const name = names.find((each) => /mit/i.test(each)) ?? names.find((each) => !/apache/i.test(each)) ?? names[0];
  if (!name) return "";
  try {
    return readFileSync(join(folder, name), "utf8")
      .replaceAll("\r", "")
      .replaceAll(/[ \t]+$/gm, "")
      .trim();
  } catch {
    return "";
  }
}

/** Runs cargo offline and returns its output. @param {...string} args */
function cargo(...args) {
  return execFileSync("cargo", [...args.slice(0, 1), "--locked", "--offline", ...args.slice(1)], {
    cwd: ROOT,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
}

/** The page. @param {Crate[]} all */
function html(all) {
  /** @type {Map<string, string[]>} */
  const texts = new Map();
  for (const { name, version, text } of all)
    if (text) texts.set(text, [...(texts.get(text) ?? []), `${name} ${version}`]);
  const rows = all.map(
    ({ name, version, licence, authors, engines }) =>
      `      <tr><th scope="row"><a href="https://crates.io/crates/${name}/${version}">${name} ${version}</a></th><td>${escapeHtml(licence)}</td><td>${engines.map((engine) => (engine === "cpu" ? "CPU" : "WebGPU")).join(", ")}</td><td>${escapeHtml(authors)}</td></tr>\n`,
  );
  const details = [...texts].map(
    ([text, names]) =>
      `    <details><summary>${escapeHtml(names.join(", "))}</summary><pre>${escapeHtml(text)}</pre></details>\n`,
  );
  return `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>Licences: defensive distillation</title>
  <link rel="icon" href="icon.svg" type="image/svg+xml">
  <link rel="stylesheet" href="styles/base.css">
  <link rel="stylesheet" href="styles/licences.css">
  <link rel="stylesheet" href="styles/dark.css" id="dark-sheet" media="(prefers-color-scheme: dark)">
  <script src="page/theme-before-paint.js"></script>
</head>
<body>
  <main class="licences">
    <p><a class="licences-back" href="../">Defensive distillation, attacked live</a></p>
    <h1>Licences <span lang="ja">ライセンス</span></h1>
    <p>This project is under the <a href="../LICENSE-MIT">MIT</a> or the <a href="../LICENSE-APACHE">Apache 2.0</a> licence, at your choice. <a href="../LICENSE-DATA.md">The licences of the data and the networks</a> are on a separate page. The engines, which are WebAssembly modules, also contain the following libraries. Each name links to the library's sources.</p>
    <p lang="ja">このプロジェクトは <a href="../LICENSE-MIT">MIT</a> または <a href="../LICENSE-APACHE">Apache 2.0</a> ライセンスのどちらかを選んで利用できます。<a href="../LICENSE-DATA.md">データとネットワークのライセンス</a>は別に記しています。計算エンジン（WebAssembly モジュール）には次のライブラリも含まれます。ソースコードは名前のリンク先にあります。</p>
    <div class="licences-table"><table>
      <thead><tr><th scope="col">Library <span lang="ja">ライブラリ</span></th><th scope="col">Licence <span lang="ja">ライセンス</span></th><th scope="col">Engine <span lang="ja">エンジン</span></th><th scope="col">Authors <span lang="ja">作者</span></th></tr></thead>
      <tbody>
${rows.join("")}      </tbody>
    </table></div>
    <h2>Texts <span lang="ja">条文</span></h2>
${details.join("")}  </main>
</body>
</html>
`;
}
