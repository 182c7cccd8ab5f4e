/**
 * Makes the stamp of a build: the hash of its sources and the versions of its tools. `stamp.mjs write FOLDER ENGINE`
 * writes it to FOLDER/ENGINE/build.json, with the module's size and hash for the page. `check-pkg.mjs` compares it.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Native code, which is not part of the module. */
const NATIVE = /^src\/(bin|train)\//;

/** The JavaScript that pkg/types is made from. The types are built with the CPU engine, which takes less time. */
const TYPED = ["www/engine/connection.js", "www/engine/engine.js", "www/engine/protocol.js"];

/**
 * The stamp of the current sources and tools.
 *
 * @param {string} engine
 * @returns {{ sources: string, rustc: string, binaryen: string }}
 */
export function stamp(engine) {
  const rust = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
    .map((path) => `src/${path.replaceAll("\\", "/")}`)
    .filter((path) => path.endsWith(".rs") && !NATIVE.test(path))
    .sort();
  const sources = createHash("sha256");
  for (const path of [
    ...rust,
    "Cargo.toml",
    "Cargo.lock",
    "tools/bindgen/Cargo.lock",
    "tools/bindgen/src/main.rs",
    "scripts/build.sh",
    ...(engine === "cpu" ? TYPED : []),
  ]) {
    sources.update(`${path}\n${sha256(path)}\n`);
  }
  const { version } = JSON.parse(readFileSync(join(ROOT, "node_modules/binaryen/package.json"), "utf8"));
  return {
    sources: sources.digest("hex"),
    rustc: execFileSync("rustc", ["--version"], { encoding: "utf8" }).trim(),
    binaryen: version,
  };
}

/** @param {string} path Relative to the project's folder. */
function sha256(path) {
  return createHash("sha256")
    .update(readFileSync(join(ROOT, path)))
    .digest("hex");
}

if (process.argv[2] === "write") {
  const folder = join(process.argv[3], process.argv[4]);
  const module = readFileSync(join(folder, "engine_bg.wasm"));
  const wasm = { bytes: module.length, sha256: createHash("sha256").update(module).digest("hex") };
  writeFileSync(join(folder, "build.json"), `${JSON.stringify({ wasm, ...stamp(process.argv[4]) }, null, 2)}\n`);
}
