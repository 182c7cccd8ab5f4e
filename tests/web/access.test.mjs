/** The page for everybody: keyboard, screen reader, phone, dark colours, both languages. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { site, test, withBrowser } from "./helper.mjs";
import { attack, choose, ended, set, visit } from "./visit.mjs";

withBrowser();

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PHONE = { width: 375, height: 740 };

for (const language of ["en", "ja"]) {
  for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
    test(`axe finds nothing in ${language}, ${colorScheme}, before and after an attack`, async (t) => {
      const { url } = await site(t);
      const { page } = await visit(t, url, { locale: language, colorScheme, bypassCSP: true });
      assert.equal(await page.locator("html").getAttribute("lang"), language);
      await page.addScriptTag({ content: AXE });
      for (const moment of ["before", "after"]) {
        const violations = await page.evaluate(async () => {
          const { violations } = await /** @type {any} */ (globalThis).axe.run();
          return violations.map((/** @type {any} */ { id, nodes }) => `${id}: ${nodes.map((/** @type {any} */ node) => node.target).join(", ")}`);
        });
        assert.deepEqual(violations, [], `${moment} the attack`);
        if (moment === "before") await attack(page);
      }
    });
  }
}

test("both languages have the same words and the same places to fill", () => {
  const [en, ja] = ["en", "ja"].map((language) => JSON.parse(readFileSync(new URL(`../../www/languages/${language}.json`, import.meta.url), "utf8")));
  // Japanese has one form for any number, so English alone tells one from many.
  const keys = (/** @type {object} */ words) => Object.keys(words).filter((key) => !/\.(one|other)$/.test(key)).sort();
  assert.deepEqual(keys(ja), keys(en));
  const places = (/** @type {string} */ words) => [...new Set(words.match(/\{\w+\}/g))].sort();
  for (const key of keys(en)) assert.deepEqual(places(ja[key]), places(en[key]), key);
});

test("an attack is set up, run and looked back at by the keyboard alone", async (t) => {
  const { url } = await site(t);
  const { page } = await visit(t, url);
  const tabTo = async (/** @type {string} */ selector) => {
    for (let presses = 0; presses < 60; presses++) {
      await page.keyboard.press("Tab");
      if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), selector)) return;
    }
    assert.fail(`the keyboard does not reach ${selector}`);
  };
  await tabTo("#samples .tile");
  await page.keyboard.press("Home");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector('[data-panel="left"]')?.getAttribute("data-label") === "0");
  await tabTo("#targets input");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await tabTo("#run");
  await page.keyboard.press("Enter");
  assert.deepEqual(await ended(page), ["fooled", "gradient-vanished"]);
  await page.waitForFunction(() => (document.querySelector("#announcer")?.textContent ?? "") !== "");
  await tabTo("#scrubber");
  await page.keyboard.press("Home");
  await page.waitForFunction(() => document.querySelector('[data-panel="left"]')?.getAttribute("data-iteration") === "0");
});

for (const language of ["en", "ja"]) {
  test(`a phone shows the page without scrolling sideways, in ${language}`, async (t) => {
    const { url } = await site(t);
    const { page } = await visit(t, url, { viewport: PHONE, hasTouch: true, isMobile: true, locale: language });
    await choose(page, 7);
    await page.locator("#settings").evaluate((details) => { /** @type {HTMLDetailsElement} */ (details).open = true; });
    await set(page, { target: 3 });
    await attack(page);
    const wide = await page.evaluate(() => [...document.querySelectorAll("body *")]
      .filter((element) => element.checkVisibility() && element.getBoundingClientRect().right > innerWidth + 1 && !element.closest("#samples"))
      .map((element) => `${element.tagName} ${element.className} ${element.id}`));
    assert.deepEqual(wide, []);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), PHONE.width);
  });
}

test("the colours follow the system, and the button changes them", async (t) => {
  const { url } = await site(t);
  const background = (/** @type {import("playwright-core").Page} */ page) =>
    page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor + getComputedStyle(document.body).backgroundColor);
  const { page: light } = await visit(t, url, { colorScheme: "light" });
  const { page: dark } = await visit(t, url, { colorScheme: "dark" });
  const inDark = await background(dark);
  assert.notEqual(await background(light), inDark);
  await light.locator("#theme").click();
  assert.equal(await background(light), inDark);
});
