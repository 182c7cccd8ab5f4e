/**
 * Names every module that a page begins with in the page itself (`<link rel="modulepreload">`), so that
 * the browser fetches them all at once instead of finding them one inside the other.
 */
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/** Pages, each with the script that it starts. */
const PAGES = [
  ["index.html", "www/main.js"],
  ["www/lab.html", "www/lab/main.js"],
];
const LIST = /( *<!-- modules -->\n).*?( *<!-- \/modules -->)/s;
/** The page's files import at the top of the line, and by relative paths. */
const IMPORT = /^(?:import|export)\b[^"';]*?"(\.[^"]+)";/gm;

/**
 * The pages under a folder with their lists as they should be.
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

/** A script and all that it imports before it runs, the nearest first. @param {string} root @param {string} script */
function graph(root, script) {
  const files = new Set([script]);
  for (const file of files) {
    for (const [, path] of readFileSync(join(root, file), "utf8").matchAll(IMPORT))
      files.add(join(dirname(file), path));
  }
  return [...files];
}
