/**
 * Proves that pkg/ belongs to the sources, by building it again into a temporary folder and
 * comparing every byte. Another compiler than the one that made it gives other bytes; then the
 * stamp over the sources has to do, and the output says so. `--fast` compares the stamp alone.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stamp } from "./stamp.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const PKG = join(ROOT, "pkg");

const made = JSON.parse(readFileSync(join(PKG, "cpu/build.json"), "utf8"));
const now = stamp();
const sameTools = made.rustc === now.rustc && made.binaryen === now.binaryen;

if (made.sources !== now.sources) {
  fail("The sources have changed since pkg/ was built.");
} else if (process.argv.includes("--fast") || !sameTools) {
  const because = sameTools ? "" : ` (pkg/ was made by ${made.rustc}, binaryen ${made.binaryen}; here are ${now.rustc}, binaryen ${now.binaryen})`;
  process.stdout.write(`pkg/ has the stamp of these sources; it was not rebuilt${because}.\n`);
} else {
  rebuildAndCompare();
}

function rebuildAndCompare() {
  const rebuilt = mkdtempSync(join(tmpdir(), "pkg-"));
  try {
    execFileSync("bash", [join(ROOT, "scripts/build.sh"), rebuilt], { stdio: "inherit" });
    const names = files(rebuilt);
    const different = [...new Set([...names, ...files(PKG)])].filter((name) => !isSame(join(rebuilt, name), join(PKG, name)));
    if (different.length > 0) fail(`A rebuild gives other files than pkg/ holds: ${different.join(", ")}.`);
    else process.stdout.write(`pkg/ belongs to the sources: a rebuild gave the same ${names.length} files, byte for byte.\n`);
  } finally {
    rmSync(rebuilt, { recursive: true, force: true });
  }
}

/** @param {string} folder */
function files(folder) {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => statSync(join(folder, name)).isFile()).sort();
}

/** @param {string} one @param {string} other */
function isSame(one, other) {
  try {
    return readFileSync(one).equals(readFileSync(other));
  } catch {
    return false;
  }
}

/** @param {string} reason */
function fail(reason) {
  process.stderr.write(`${reason} Run \`npm run build\` and commit pkg/.\n`);
  process.exitCode = 1;
}
