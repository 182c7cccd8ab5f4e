/**
 * Checks that pkg/ was built from the current sources. It rebuilds the CPU engine in a temporary folder and compares
 * every byte. Building the WebGPU engine takes too long, so only its stamp, over the sources, lock files and tools, and
 * the hash of its module are checked; `--all` rebuilds both engines. If the compiler is not the one that made an
 * engine, a rebuild would give other bytes; then only the stamp is checked, and the output says so. `--fast` rebuilds
 * nothing.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stamp } from "./stamp.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const PKG = join(ROOT, "pkg");
/** The folders in pkg/ that the build of each engine writes. */
const FOLDERS = { cpu: ["cpu", "types"], webgpu: ["webgpu"] };

for (const engine of /** @type {const} */ (["cpu", "webgpu"])) check(engine);

/** @param {keyof typeof FOLDERS} engine */
function check(engine) {
  const built = JSON.parse(readFileSync(join(PKG, engine, "build.json"), "utf8"));
  const now = stamp(engine);
  const module = readFileSync(join(PKG, engine, "engine_bg.wasm"));
  const sameTools = built.rustc === now.rustc && built.binaryen === now.binaryen;
  const mayRebuild = !process.argv.includes("--fast") && (engine === "cpu" || process.argv.includes("--all"));
  if (built.sources !== now.sources) {
    fail(engine, `The sources have changed since pkg/${engine} was built.`);
  } else if (createHash("sha256").update(module).digest("hex") !== built.wasm.sha256) {
    fail(engine, `The module in pkg/${engine} is not the module of that build.`);
  } else if (!mayRebuild || !sameTools) {
    const because = sameTools
      ? ""
      : ` (it was built with ${built.rustc} and binaryen ${built.binaryen}; this machine has ${now.rustc} and binaryen ${now.binaryen})`;
    process.stdout.write(`pkg/${engine} has the stamp of the current sources; it was not rebuilt${because}.\n`);
  } else {
    rebuildAndCompare(engine);
  }
}

/** @param {keyof typeof FOLDERS} engine */
function rebuildAndCompare(engine) {
  const rebuilt = mkdtempSync(join(tmpdir(), "pkg-"));
  try {
    execFileSync("bash", [join(ROOT, "scripts/build.sh"), rebuilt, engine], { stdio: "inherit" });
    const names = FOLDERS[engine].flatMap((folder) => [...new Set([...files(rebuilt, folder), ...files(PKG, folder)])]);
    const different = names.filter((name) => !isSame(join(rebuilt, name), join(PKG, name)));
    if (different.length > 0) fail(engine, `A rebuild gives different files: ${different.join(", ")}.`);
    else
      process.stdout.write(
        `pkg/${engine} was built from the current sources: a rebuild gave the same ${names.length} files, byte for byte.\n`,
      );
  } finally {
    rmSync(rebuilt, { recursive: true, force: true });
  }
}

/** The files in a folder, relative to `root`. @param {string} root @param {string} folder @returns {string[]} */
function files(root, folder) {
  const names = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((name) =>
    join(folder, name),
  );
  return names.filter((name) => statSync(join(root, name)).isFile()).sort();
}

/** @param {string} one @param {string} other */
function isSame(one, other) {
  try {
    return readFileSync(one).equals(readFileSync(other));
  } catch {
    return false;
  }
}

/** @param {string} engine @param {string} reason */
function fail(engine, reason) {
  process.stderr.write(`${reason} Run \`npm run build -- pkg ${engine}\` and commit pkg/${engine}.\n`);
  process.exitCode = 1;
}
