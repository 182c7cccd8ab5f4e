/**
 * What a build was made from. `stamp.mjs write FOLDER` puts it into FOLDER/cpu/build.json, where
 * the page also reads the module's size and hash; `check-pkg.mjs` compares it.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Native code only: the module does not depend on it. */
const NATIVE = /^src\/(bin|train)\//;

/** @returns {{ sources: string, rustc: string, binaryen: string }} */
export function stamp() {
  const rust = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
    .map((path) => `src/${path.replaceAll("\\", "/")}`)
    .filter((path) => path.endsWith(".rs") && !NATIVE.test(path))
    .sort();
  const sources = createHash("sha256");
  for (const path of [...rust, "Cargo.toml", "Cargo.lock", "tools/bindgen/Cargo.lock", "tools/bindgen/src/main.rs", "scripts/build.sh", "www/engine.js", "www/protocol.js"]) {
    sources.update(`${path}\n${sha256(path)}\n`);
  }
  const { version } = JSON.parse(readFileSync(join(ROOT, "node_modules/binaryen/package.json"), "utf8"));
  return { sources: sources.digest("hex"), rustc: execFileSync("rustc", ["--version"], { encoding: "utf8" }).trim(), binaryen: version };
}

/** @param {string} path From the project's folder. */
function sha256(path) {
  return createHash("sha256").update(readFileSync(join(ROOT, path))).digest("hex");
}

if (process.argv[2] === "write") {
  const cpu = join(process.argv[3], "cpu");
  const module = readFileSync(join(cpu, "engine_bg.wasm"));
  const wasm = { bytes: module.length, sha256: createHash("sha256").update(module).digest("hex") };
  writeFileSync(join(cpu, "build.json"), `${JSON.stringify({ wasm, ...stamp() }, null, 2)}\n`);
}
