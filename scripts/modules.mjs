/**
 * Lists every module that a page imports at its start in the page itself (`<link rel="modulepreload">`). The browser
 * then fetches all of them at once and does not have to read one module to find the next.
 */
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/** The pages, each with its script. */
const PAGES = [
  ["index.html", "www/main.js"],
  ["www/lab.html", "www/lab/main.js"],
];
const LIST = /( *<!-- modules -->\n).*?( *<!-- \/modules -->)/s;
/** An import of a module by a relative path, at the start of a line. */
const IMPORT = /^(?:import|export)\b[^"';]*?"(\.[^"]+)";/gm;

/**
 * The pages under a folder, with up-to-date lists.
 *
 * @param {string} root
 * @returns {[path: string, html: string][]}
 */
export const pages = (root) =>
  PAGES.map(([page, script]) => {
    const links = graph(root, script).map(
      (file) => `  <link rel="modulepreload" href="${relative(dirname(page), file)}">\n`,
    );
    return [
      join(root, page),
      readFileSync(join(root, page), "utf8").replace(LIST, (_, begin, end) => begin + links.join("") + end),
    ];
  });

/**
 * A script and all modules that it imports statically, in order of their distance.
 *
 * @param {string} root
 * @param {string} script
 */
function graph(root, script) {
  const files = new Set([script]);
  for (const file of files) {
    for (const [, path] of readFileSync(join(root, file), "utf8").matchAll(IMPORT))
      files.add(join(dirname(file), path));
  }
  return [...files];
}
