/**
 * The page's words: the languages' files have all of them in every language, and the page uses the language that the
 * visitor chose.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { checkTag, languageFiles, writeElement, writeList } from "../../scripts/languages.mjs";
import { PAPER_KEYS } from "../../www/domain/papers.js";
import { closestLanguage } from "../../www/languages/closest.js";
import { openReadyPage, runAttack, waitUntilReady } from "./page-actions.mjs";
import { openPage, serveSite, test, withBrowser } from "./server-and-browser.mjs";

withBrowser();

/** @typedef {import("playwright-core").Page} Page */

const FILES = languageFiles();
const { en, ...others } = FILES;
/** @param {string} path */
const source = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

test("The lists of languages match the languages' files", () => {
  assert.ok(Object.keys(FILES).length >= 2);
  assert.equal(source("www/languages/index.js"), writeList(FILES), "run: npm run languages");
  assert.equal(source("www/embed.js"), writeElement(FILES, source("www/embed.js")), "run: npm run languages");
});

test("Any BCP 47 tag names a language, and other names are refused", async () => {
  const tags = ["ar", "az-Arab", "de-CH-1996", "pt-BR", "sr-Latn", "zh-Hant"];
  const files = Object.fromEntries(tags.map((tag) => [tag, { ...en, "language.name": `"${tag}"` }]));
  const load = (/** @type {string} */ script) => import(`data:text/javascript,${encodeURIComponent(script)}`);
  const { LANGUAGES } = await load(writeList(files));
  assert.deepEqual(Object.keys(LANGUAGES), tags);
  assert.deepEqual(
    Object.values(LANGUAGES).map(({ name, dir }) => [name, dir]),
    tags.map((tag) => [`"${tag}"`, /^ar|Arab/.test(tag) ? "rtl" : "ltr"]),
  );
  const words = /^const WORDS = .*?^};/ms.exec(writeElement(files, source("www/embed.js")))?.[0];
  assert.deepEqual(Object.keys((await load(`${words} export { WORDS };`)).WORDS), tags);
  for (const tag of tags) checkTag(tag);
  assert.throws(() => checkTag("pt_BR"), /www\/languages\/pt_BR\.json: "pt_BR" is no language tag/);
  assert.throws(() => checkTag("pt-br"), /"pt-br" is written "pt-BR"/);
});

test("The language that fits a reader best is chosen", () => {
  const tags = ["en", "ja", "pt-BR", "pt-PT", "sr-Latn", "zh", "zh-Hant"];
  for (const [wanted, expected] of Object.entries({
    en: "en",
    "en-GB": "en",
    "EN-us-x-private": "en",
    "ja-JP-u-ca-japanese": "ja",
    pt: "pt-BR",
    "pt-br": "pt-BR",
    "pt-AO": "pt-BR",
    "pt-PT": "pt-PT",
    sr: "sr-Latn",
    "zh-CN": "zh",
    "zh-TW": "zh-Hant",
    "zh-HK": "zh-Hant",
    "zh-Hant-TW": "zh-Hant",
    fr: undefined,
    "": undefined,
    C: undefined,
    en_US: undefined,
    __proto: undefined,
  }))
    assert.equal(closestLanguage(wanted, tags), expected, wanted);
});

test("The cited papers are those in the list of papers", () => {
  const cited = Object.values(en).flatMap((words) => [...words.matchAll(/\[(\w+)\]/g)].map(([, key]) => key));
  assert.deepEqual([...new Set(cited)].sort(), [...PAPER_KEYS].sort());
});

for (const [language, words] of Object.entries(others)) {
  test(`The language "${language}" has the same keys, placeholders and citations as English`, () => {
    // Languages differ in their plural forms.
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
 * English words in Cyrillic letters, so that Latin letters on the page show words that are not in the language file.
 *
 * @param {string} words
 */
const inCyrillic = (words) =>
  words.replace(/\{\w+\}|\[\w+\]|[A-Za-z]/g, (found) =>
    found.length > 1 ? found : String.fromCodePoint(0x430 + (found.toLowerCase().codePointAt(0) ?? 0) - 97),
  );
const CYRILLIC = {
  ...Object.fromEntries(Object.entries(en).map(([key, words]) => [key, inCyrillic(words)])),
  "language.name": "Чужой",
  "language.locale": "xx_XX",
  "blog.file": "en.html",
};

/** Names of data sets, engines, formats and formulas, which are the same in every language. */
const NAMES =
  /^(MNIST|CIFAR-10|BibTeX|CSV|JSON|PNG|T|k|a|b|x|F|e|softmax\(Z(\/T)?\)|burn-flex|bit|SIMD|English|v\d+|\d+)$/;

/**
 * All texts of the page, including those for screen readers, and the words in Latin letters among them.
 *
 * @param {Page} page
 */
async function readTexts(page) {
  const texts = await page.evaluate(() => {
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
  return [texts, texts.flatMap((text) => text.match(/[A-Za-z][A-Za-z0-9()/-]*/g) ?? [])];
}

test("A language needs only one file, which has all words of the page, the lab and the embedded page", async (t) => {
  const { url } = await serveSite(t, {
    "/www/languages/index.js": writeList({ ...FILES, ru: CYRILLIC }),
    "/www/languages/ru.json": JSON.stringify(CYRILLIC),
  });
  const { page } = await openReadyPage(t, url, { locale: "ru-RU" });
  assert.equal(await page.locator("html").getAttribute("lang"), "ru");
  assert.equal(await page.locator("#language").inputValue(), "ru");
  const isTranslated = async (/** @type {Page} */ page, /** @type {string} */ when) => {
    const [texts, words] = await readTexts(page);
    assert.ok(texts.filter((text) => /[а-я]{3}/i.test(text)).length > 20, `${when}: there are no texts`);
    assert.deepEqual(
      words.filter((word) => !NAMES.test(word)),
      [],
      when,
    );
  };
  await runAttack(page);
  await page.locator("#share-open").click();
  await isTranslated(page, "MNIST, attacked, with the share panel");
  await page.keyboard.press("Escape");
  await page.goto(`${url}/#v=1&data=cifar10&story=3&end`);
  await page.reload();
  await waitUntilReady(page);
  await isTranslated(page, "CIFAR-10");
  await page.goto(`${url}/?embed=1&controls=1&target=1&draw=1&temperature=1&story=1&lang=ru`);
  await waitUntilReady(page);
  await isTranslated(page, "the embedded page");
  await page.goto(`${url}/www/lab.html`);
  await page.locator("#lab[data-ready]").waitFor();
  await isTranslated(page, "the lab");
}, 150_000);

test("A language with a region, written from right to left, is laid out in its direction and fits the screen", async (t) => {
  const { url } = await serveSite(t, {
    "/www/languages/index.js": writeList({ ...FILES, "he-IL": CYRILLIC, "pt-BR": CYRILLIC }),
    "/www/languages/he-IL.json": JSON.stringify(CYRILLIC),
    "/www/languages/pt-BR.json": JSON.stringify(CYRILLIC),
  });
  const options = { locale: "he", viewport: { width: 375, height: 740 } };
  const { page, problems } = await openReadyPage(t, url, options);
  const html = page.locator("html");
  const direction = async () => [await html.getAttribute("lang"), await html.getAttribute("dir")];
  const fits = () => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
  assert.deepEqual(await direction(), ["he-IL", "rtl"]);
  await runAttack(page);
  assert.ok(await fits());
  const [left, right] = await Promise.all(
    ["left", "right"].map((side) => page.locator(`[data-panel="${side}"]`).boundingBox()),
  );
  assert.ok(left && right && (left.x < right.x || left.y < right.y), "the left panel is left of the right one");
  await page.goto(`${url}/?embed=1&lang=pt#v=1`);
  await waitUntilReady(page);
  assert.deepEqual(await direction(), ["pt-BR", "ltr"]);
  await page.goto(`${url}/?embed=1&controls=1&target=1&draw=1&temperature=1&story=1&lang=he`);
  await waitUntilReady(page);
  assert.deepEqual(await direction(), ["he-IL", "rtl"]);
  assert.ok(await fits());
  await page.goto(`${url}/www/lab.html`);
  await page.locator("#lab[data-ready]").waitFor();
  assert.deepEqual(await direction(), ["he-IL", "rtl"]);
  assert.ok(await fits());
  await page.locator("#language").selectOption("pt-BR");
  await page.locator('html[lang="pt-BR"][dir="ltr"]').waitFor();
  assert.deepEqual(problems, []);
});

test("A fixed language of a link has priority over the chosen one, and that over the browser's", async (t) => {
  const { url } = await serveSite(t);
  const { page } = await openReadyPage(t, url, { locale: "ja-JP" });
  // The HTML is English. The page is shown once its language is set.
  const waitForLanguage = (/** @type {string} */ language, where = page) =>
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
  await waitForLanguage("ja");
  await page.locator("#language").selectOption("en");
  await waitForLanguage("en");
  await go("/");
  await waitForLanguage("en");
  await go("/#v=1&lang=ja&fixlang=1&end");
  await waitForLanguage("ja");
  await go("/www/lab.html");
  await waitForLanguage("en");
  const { page: elsewhere } = await openPage(t, url, { locale: "fr-FR" });
  await waitForLanguage("en", elsewhere);
});
