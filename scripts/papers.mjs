/**
 * Writes the lists of papers into the pages and the README: `npm run readme`. With `--check` it only checks that they
 * are up to date. A list is between `<!-- papers PREFIX: KEY … -->` and `<!-- /papers -->`. PREFIX is the start of each
 * entry's id, or `bibtex` for a list in BibTeX. `all` stands for the keys of all papers.
 */
import { readdirSync, readFileSync } from "node:fs";
import { escapeHtml } from "../www/codecs/html.js";
import { bibtex, PAPER_KEYS, PAPERS } from "../www/domain/papers.js";
import { writeOrCheck } from "./write.mjs";

/** @typedef {import("../www/domain/papers.js").PaperKey} PaperKey */

const ROOT = new URL("../", import.meta.url);
const POSTS = readdirSync(new URL("www/blog/", ROOT))
  .filter((name) => name.endsWith(".html"))
  .map((name) => `www/blog/${name}`);
const LIST = /( *)(<!-- papers ([\w-]+): ([\w ]+?) -->\n).*?( *<!-- \/papers -->)/gs;
/** A longer list of authors is shortened to the first author and "et al.". */
const MAX_AUTHORS = 3;

for (const file of ["README.md", "index.html", "www/lab.html", ...POSTS]) {
  const path = new URL(file, ROOT);
  let lists = 0;
  const text = readFileSync(path, "utf8").replace(LIST, (_, indent, start, prefix, names, end) => {
    lists++;
    const keys = names === "all" ? PAPER_KEYS : /** @type {string[]} */ (names.split(" ")).map(toKey);
    const items = keys.map((key, place) => `${indent}<li id="${prefix}${place + 1}">${entry(key)}</li>\n`);
    const list = prefix === "bibtex" ? `\`\`\`bibtex\n${keys.map(bibtex).join("\n")}\n\`\`\`\n` : items.join("");
    return indent + start + list + end;
  });
  if (lists !== 1) throw new Error(`${file} should have one list of papers, but has ${lists}.`);
  writeOrCheck(path, text, "npm run readme");
}

/** @param {string} name @returns {PaperKey} */
function toKey(name) {
  if (!Object.hasOwn(PAPERS, name)) throw new Error(`There is no paper "${name}" in www/domain/papers.js.`);
  return /** @type {PaperKey} */ (name);
}

/** An entry of a list, as HTML. @param {PaperKey} key */
function entry(key) {
  const { title, authors, arxiv } = PAPERS[key];
  const families = authors.map(([, family]) => family);
  const names = families.length > MAX_AUTHORS ? `${families[0]} et al.` : families.join(", ");
  return `${escapeHtml(names)}, <a href="https://arxiv.org/abs/${arxiv}">${escapeHtml(title)}</a>`;
}
