/** Files that scripts make: written, or with `--check` compared with what is there. */
import { readFileSync, writeFileSync } from "node:fs";

/**
 * With `--check` it only says whether the file is up to date.
 *
 * @param {string | URL} path
 * @param {string} text
 * @param {string} command What brings it up to date.
 */
export function writeOrCheck(path, text, command) {
  if (!process.argv.includes("--check")) return writeFileSync(path, text);
  if (readFileSync(path, "utf8") === text) return;
  process.stderr.write(`${path instanceof URL ? path.pathname : path} is out of date. Run \`${command}\`.\n`);
  process.exitCode = 1;
}
