/**
 * Writes the list of languages, because a static page cannot list a folder: www/languages/index.js lists the files of
 * www/languages. It also writes into embed.js the two phrases that the element shows before it may fetch anything. To
 * add a language, add its file and run `npm run languages`.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const FOLDER = new URL("../www/languages/", import.meta.url);
const LIST = new URL("index.js", FOLDER);
const ELEMENT = new URL("../www/embed.js", import.meta.url);

/** @typedef {Record<string, Record<string, string>>} Files The words of each language, by its tag. */

/** @returns {Files} */
export function languageFiles() {
  const names = readdirSync(FOLDER)
    .filter((name) => name.endsWith(".json"))
    .sort();
  return Object.fromEntries(
    names.map((name) => [name.slice(0, -5), JSON.parse(readFileSync(new URL(name, FOLDER), "utf8"))]),
  );
}

/** The source of www/languages/index.js. @param {Files} files */
export function writeList(files) {
  const names = Object.entries(files).map(([tag, words]) => `  ${tag}: ${JSON.stringify(words["language.name"])},\n`);
  return `/** The languages of the page, each with its own name. Written by \`npm run languages\`. */\nexport const LANGUAGES = /** @type {const} */ ({\n${names.join("")}});\n`;
}

/** The source of embed.js with the phrases of all languages. @param {Files} files @param {string} script */
export function writeElement(files, script) {
  const words = Object.entries(files).map(
    ([tag, file]) => `  ${tag}: [${JSON.stringify(file["embed.wake"])}, ${JSON.stringify(file.title)}],\n`,
  );
  return script.replace(/^const WORDS = \{.*?^\};$/ms, () => `const WORDS = {\n${words.join("")}};`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const files = languageFiles();
  writeFileSync(LIST, writeList(files));
  writeFileSync(ELEMENT, writeElement(files, readFileSync(ELEMENT, "utf8")));
}
