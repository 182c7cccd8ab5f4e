/**
 * The page's words: complete in every language, none outside the languages' files, and chosen as the visitor wishes.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { languageFiles, writeElement, writeList } from "../../scripts/languages.mjs";
import { PAPER_KEYS } from "../../www/domain/papers.js";
import { open, site, test, withBrowser } from "./helper.mjs";
import { attack, ready, visit } from "./visit.mjs";

withBrowser();

/** @typedef {import("playwright-core").Page} Page */

const FILES = languageFiles();
const { en, ...others } = FILES;
/** @param {string} path */
const source = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

test("the list of languages is that of the files", () => {
  assert.ok(Object.keys(FILES).length >= 2);
  assert.equal(source("www/languages/index.js"), writeList(FILES), "run: npm run languages");
  assert.equal(source("www/embed.js"), writeElement(FILES, source("www/embed.js")), "run: npm run languages");
});

test("what is cited is in the list of papers", () => {
  const cited = Object.values(en).flatMap((words) => [...words.matchAll(/\[(\w+)\]/g)].map(([, key]) => key));
  assert.deepEqual([...new Set(cited)].sort(), [...PAPER_KEYS].sort());
});

for (const [language, words] of Object.entries(others)) {
  test(`"${language}" has the words of English, and the same places to fill and papers to cite`, () => {
    // A language has as many forms of a number as it needs.
    const keys = (/** @type {object} */ words) =>
      Object.keys(words)
        .filter((key) => !/\.(zero|one|two|few|many|other)$/.test(key))
        .sort();
    assert.deepEqual(keys(words), keys(en));
    const places = (/** @type {string} */ words) => [...new Set(words.match(/\{\w+\}|\[\w+\]/g))].sort();
    for (const key of keys(en)) assert.deepEqual(places(words[key]), places(en[key]), key);
  });
}

/**
 * English in letters that are not Latin: what is still in Latin letters comes from somewhere else.
 *
 * @param {string} words
 */
const estranged = (words) =>
  words.replace(/\{\w+\}|\[\w+\]|[A-Za-z]/g, (found) =>
    found.length > 1 ? found : String.fromCodePoint(0x430 + (found.toLowerCase().codePointAt(0) ?? 0) - 97),
  );
const STRANGE = {
  ...Object.fromEntries(Object.entries(en).map(([key, words]) => [key, estranged(words)])),
  "language.name": "Чужой",
  "language.locale": "xx_XX",
  "blog.file": "en.html",
};

/** Names of data sets, of the engine, of formats and formulas: the same in any language. */
const NAMES =
  /^(MNIST|CIFAR-10|BibTeX|CSV|JSON|PNG|T|k|a|b|x|F|e|softmax\(Z(\/T)?\)|burn-flex|bit|SIMD|English|v\d+|\d+)$/;

/** What is said in Latin letters, on the page or to those who do not see it. @param {Page} page */
async function latin(page) {
  const said = await page.evaluate(() => {
    /** @type {string[]} */
    const found = [document.title];
    const isApart = (/** @type {Element} */ element) =>
      element.closest(
        "[lang=en]:not(html), #language, .card dd, textarea, #sheet-link, #sheet-bibtex, noscript, #boot, template, script, style",
      );
    for (const element of document.querySelectorAll("body *")) {
      if (isApart(element)) continue;
      for (const name of ["aria-label", "title", "alt", "placeholder", "aria-valuetext"])
        found.push(element.getAttribute(name) ?? "");
      for (const node of element.childNodes) if (node.nodeType === Node.TEXT_NODE) found.push(node.textContent ?? "");
    }
    return found;
  });
  return [said, said.flatMap((text) => text.match(/[A-Za-z][A-Za-z0-9()/-]*/g) ?? [])];
}

test("a language is added with one file, and no words of page, lab or embed are outside of it", async (t) => {
  const { url } = await site(t, {
    "/www/languages/index.js": writeList({ ...FILES, ru: STRANGE }),
    "/www/languages/ru.json": JSON.stringify(STRANGE),
  });
  const { page } = await visit(t, url, { locale: "ru-RU" });
  assert.equal(await page.locator("html").getAttribute("lang"), "ru");
  assert.equal(await page.locator("#language").inputValue(), "ru");
  const isStrange = async (/** @type {Page} */ page, /** @type {string} */ when) => {
    const [said, words] = await latin(page);
    assert.ok(said.filter((text) => /[а-я]{3}/i.test(text)).length > 20, `${when}: nothing is said`);
    assert.deepEqual(
      words.filter((word) => !NAMES.test(word)),
      [],
      when,
    );
  };
  await attack(page);
  await page.locator("#share-open").click();
  await isStrange(page, "MNIST, attacked, with the share panel");
  await page.keyboard.press("Escape");
  await page.goto(`${url}/#v=1&data=cifar10&story=3&end`);
  await page.reload();
  await ready(page);
  await isStrange(page, "CIFAR-10");
  await page.goto(`${url}/?embed=1&controls=1&target=1&draw=1&temperature=1&story=1&lang=ru`);
  await ready(page);
  await isStrange(page, "the embed");
  await page.goto(`${url}/www/lab.html`);
  await page.locator("#lab[data-ready]").waitFor();
  await isStrange(page, "the lab");
}, 150_000);

test("a link's language comes before the one that was chosen, and that before the browser's", async (t) => {
  const { url } = await site(t);
  const { page } = await visit(t, url, { locale: "ja-JP" });
  // The page comes in English, and is on show when it has decided what to speak.
  const speaks = (/** @type {string} */ language, where = page) =>
    where.waitForFunction(
      (language) =>
        document.documentElement.lang === language
        && document.querySelector("#plate:not([hidden]), #lab:not([hidden])") !== null,
      language,
    );
  const go = async (/** @type {string} */ address) => {
    await page.goto("about:blank");
    await page.goto(url + address);
  };
  await speaks("ja");
  await page.locator("#language").selectOption("en");
  await speaks("en");
  await go("/");
  await speaks("en");
  await go("/#v=1&lang=ja&end");
  await speaks("ja");
  await go("/www/lab.html");
  await speaks("en");
  const { page: elsewhere } = await open(t, url, { locale: "fr-FR" });
  await speaks("en", elsewhere);
});
