/** Writes generated files, or checks them. */
import { readFileSync, writeFileSync } from "node:fs";

/**
 * Writes a file. With `--check` on the command line, only checks that the file is up to date.
 *
 * @param {string | URL} path
 * @param {string} text
 * @param {string} command The command that updates the file.
 */
export function writeOrCheck(path, text, command) {
  if (!process.argv.includes("--check")) return writeFileSync(path, text);
  if (readFileSync(path, "utf8") === text) return;
  process.stderr.write(`${path instanceof URL ? path.pathname : path} is out of date. Run \`${command}\`.\n`);
  process.exitCode = 1;
}
