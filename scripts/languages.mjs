/**
 * Writes the list of languages, because a static page cannot list a folder: www/languages/index.js lists the files of
 * www/languages, each named by its BCP 47 tag. It also writes into embed.js the two phrases that the element shows before
 * it may fetch anything, and the function that chooses among the languages. To add a language, add its file and run
 * `npm run languages`.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const FOLDER = new URL("../www/languages/", import.meta.url);
const LIST = new URL("index.js", FOLDER);
const CLOSEST = new URL("closest.js", FOLDER);
const ELEMENT = new URL("../www/embed.js", import.meta.url);

/** @typedef {Record<string, Record<string, string>>} Files The words of each language, by its tag. */

/** @returns {Files} */
export function languageFiles() {
  const names = readdirSync(FOLDER)
    .filter((name) => name.endsWith(".json"))
    .sort();
  for (const name of names) checkTag(name.slice(0, -5));
  return Object.fromEntries(
    names.map((name) => [name.slice(0, -5), JSON.parse(readFileSync(new URL(name, FOLDER), "utf8"))]),
  );
}

/** Refuses the name of a file that is no tag, or not as BCP 47 writes it. @param {string} tag */
export function checkTag(tag) {
  const canonical = canonicalTag(tag);
  if (tag !== canonical)
    throw new Error(
      `www/languages/${tag}.json: "${tag}" is ${canonical ? `written "${canonical}"` : "no language tag"}. Rename the file to a BCP 47 tag, such as de.json, pt-BR.json or zh-Hant.json.`,
    );
}

/** @param {string} tag */
function canonicalTag(tag) {
  try {
    return Intl.getCanonicalLocales(tag)[0];
  } catch {
    return null;
  }
}

/** The scripts in use that are written from right to left. (`Intl.Locale` tells the direction wrongly for `az-Arab`.) */
const FROM_RIGHT = ["Adlm", "Arab", "Aran", "Hebr", "Mand", "Mend", "Nkoo", "Rohg", "Samr", "Syrc", "Thaa", "Yezi"];

/** The direction of a language's script. @param {string} tag */
export const directionOf = (tag) => (FROM_RIGHT.includes(new Intl.Locale(tag).maximize().script ?? "") ? "rtl" : "ltr");

/** A tag as the key of an object. @param {string} tag */
const keyOf = (tag) => (/^[a-z]+$/.test(tag) ? tag : JSON.stringify(tag));

/** The source of www/languages/index.js. @param {Files} files */
export function writeList(files) {
  const names = Object.entries(files).map(
    ([tag, words]) =>
      `  ${keyOf(tag)}: { name: ${JSON.stringify(words["language.name"])}, dir: "${directionOf(tag)}" },\n`,
  );
  return `/** The languages of the page, each with its own name and its direction. Written by \`npm run languages\`. */\nexport const LANGUAGES = /** @type {const} */ ({\n${names.join("")}});\n`;
}

/** The source of embed.js with the phrases of all languages. @param {Files} files @param {string} script */
export function writeElement(files, script) {
  const words = Object.entries(files).map(
    ([tag, file]) => `  ${keyOf(tag)}: [${JSON.stringify(file["embed.wake"])}, ${JSON.stringify(file.title)}],\n`,
  );
  const closest = readFileSync(CLOSEST, "utf8").replace("export function", "function");
  return script
    .replace(/^const WORDS = \{.*?^\};$/ms, () => `const WORDS = {\n${words.join("")}};`)
    .replace(
      /(^\/\/ Copied from languages\/closest\.js by `npm run languages`\.\n).*?(^\/\/ End of the copy\.\n)/ms,
      (_, begin, end) => begin + closest + end,
    );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const files = languageFiles();
  writeFileSync(LIST, writeList(files));
  writeFileSync(ELEMENT, writeElement(files, readFileSync(ELEMENT, "utf8")));
}
