/**
 * The page in Firefox: the CPU engine, drawing, links and the embedded page, with the same pixels and words as
 * Chromium.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before } from "node:test";
import { launchBrowser, launchFirefox } from "../../scripts/browser.mjs";
import { writeStrokes } from "../../www/link/strokes.js";
import { hasEnded, isReady, outcomes } from "./in-page.mjs";
import { BITS, serveBits, serveSite, test } from "./server-and-browser.mjs";

/** @typedef {import("puppeteer-core").Page} Page */

const FIVE = JSON.parse(readFileSync(new URL("../data_digit/five.json", import.meta.url), "utf8"));

/** @type {import("puppeteer-core").Browser} */
let firefox;
before(async () => {
  firefox = await launchFirefox();
});
after(() => firefox.close());

/** @param {import("node:test").TestContext} t @param {string} url */
async function open(t, url) {
  const context = await firefox.createBrowserContext();
  t.after(() => context.close());
  const page = await context.newPage();
  await page.setViewport({ width: 1280, height: 900 });
  /** @type {string[]} */
  const problems = [];
  page.on("pageerror", (error) => problems.push(`${error}`));
  page.on("console", (message) => {
    if (["error", "warn"].includes(message.type())) problems.push(message.text());
  });
  await page.goto(url);
  return { page, problems };
}

/** Evaluated in the page, in both browsers: the pixels of each panel without the marks, and the words around them. */
const shown = () =>
  [...document.querySelectorAll("[data-panel]")].map((panel) => {
    const { width, height } = /** @type {HTMLCanvasElement} */ (panel.querySelector(".picture-pixels"));
    const context = /** @type {HTMLCanvasElement} */ (panel.querySelector(".picture-pixels")).getContext("2d");
    return {
      pixels: [...(context?.getImageData(0, 0, width, height).data ?? [])].join(),
      words: [".verdict", ".readouts", ".bars"].map((part) => panel.querySelector(part)?.textContent),
      data: { .../** @type {HTMLElement} */ (panel).dataset },
    };
  });

/** @param {Page} page @param {number[][]} strokes Each is x, y, x, y, … from 0 to 255. */
async function drawStrokes(page, strokes) {
  const box = await (await page.$("#pad"))?.boundingBox();
  if (!box) throw new Error("there is no drawing area");
  for (const stroke of strokes) {
    for (let i = 0; i < stroke.length; i += 2) {
      await page.mouse.move(box.x + (stroke[i] / 255) * box.width, box.y + (stroke[i + 1] / 255) * box.height);
      if (i === 0) await page.mouse.down();
    }
    await page.mouse.up();
  }
}

test("A digit can be drawn by mouse and by keyboard, and is attacked on the CPU in a worker", async (t) => {
  const { url } = await serveSite(t);
  const { page, problems } = await open(t, `${url}/#v=1&left=undefended-1&right=distilled-100&target=3&end`);
  await page.waitForFunction(isReady);
  assert.deepEqual(
    await page.$eval("#engine-info", (line) => [
      line.getAttribute("data-engine"),
      / in a worker/.test(line.textContent ?? ""),
    ]),
    ["cpu", true],
  );
  await drawStrokes(page, FIVE.strokes);
  await page.waitForFunction(() => document.querySelector('[data-panel="left"]')?.getAttribute("data-label") === "5");
  await page.click("#run");
  await page.waitForFunction(hasEnded);
  assert.deepEqual(await page.evaluate(outcomes), ["fooled", "gradient-vanished"]);

  await page.focus("#clear");
  await page.keyboard.press("Enter");
  await page.focus("#pad");
  for (const key of [" ", ...Array(14).fill("ArrowDown"), " "]) await page.keyboard.press(key);
  await page.waitForFunction(() => /Pen lifted|Reads 1/.test(document.querySelector("#announcer")?.textContent ?? ""));
  await page.waitForFunction(() => document.querySelector('[data-panel="left"]')?.getAttribute("data-label") === "1");
  assert.deepEqual(problems, []);
});

test("A link shows the same pixels and words as in Chromium", async (t) => {
  const { url } = await serveSite(t);
  const link = `${url}/?engine=cpu#v=1&left=undefended-1&right=distilled-40&attack=jsma-t&target=3&step=6&strokes=${writeStrokes(FIVE.strokes.map((/** @type {number[]} */ stroke) => Uint8Array.from(stroke)))}&end`;
  const isThere = () =>
    document.body.dataset.running === "false"
    && [...document.querySelectorAll("[data-panel]")].every(
      (panel) => panel.getAttribute("data-outcome") !== "" && panel.getAttribute("data-iteration") === "6",
    );
  const { page, problems } = await open(t, link);
  await page.waitForFunction(isThere);
  const here = await page.evaluate(shown);
  assert.deepEqual(problems, []);

  const chromium = await launchBrowser();
  t.after(() => chromium.close());
  const other = await chromium.newPage();
  await other.goto(link);
  await other.waitForFunction(isThere);
  assert.deepEqual(here, await other.evaluate(shown));
  assert.ok(new Set(here[0].pixels.split(",")).size > 10, "the picture is blank");
});

test("A frame and an element run the attack in another page", async (t) => {
  const link = "v=1&amp;left=undefended-1&amp;right=distilled-100&amp;sample=0&amp;target=3";
  const { url } = await serveSite(t, {
    "/host": `<!doctype html><html lang="en"><title>Host</title><link rel="icon" href="data:,">
      <iframe src="/?embed=1&amp;controls=1&amp;load=now#${link}" width="640" height="520"></iframe>
      <defensive-distillation link="${link}" load="click" controls>A poster</defensive-distillation>
      <script type="module" src="/www/embed.js"></script>`,
  });
  const { page, problems } = await open(t, `${url}/host`);
  const frame = await (await page.$("iframe"))?.contentFrame();
  await frame?.waitForFunction(isReady);
  await frame?.evaluate(() => /** @type {HTMLElement} */ (document.querySelector("#run")).click());
  await frame?.waitForFunction(hasEnded);
  assert.deepEqual(await frame?.evaluate(outcomes), ["fooled", "gradient-vanished"]);

  // A click on the poster also starts the attack, once the element is on the screen.
  const poster = await page.waitForSelector("defensive-distillation >>> button");
  await poster?.click();
  await page.$eval("defensive-distillation", (element) => element.scrollIntoView());
  const element = await (await page.waitForSelector("defensive-distillation >>> iframe"))?.contentFrame();
  await element?.waitForFunction(hasEnded);
  assert.deepEqual(await element?.evaluate(outcomes), ["fooled", "gradient-vanished"]);
  assert.deepEqual(problems, []);
});

test("Attacks in Firefox give the committed bits", async (t) => {
  const { url } = await serveBits(t);
  const { page, problems } = await open(t, `${url}/blank`);
  const seen = await page.evaluate(async (cases) => {
    const { differencesOfPage } = await import(/** @type {any} */ ("/bits.js"));
    return differencesOfPage(cases);
  }, BITS);
  assert.deepEqual(seen, { where: "worker", found: [] });
  assert.deepEqual(problems, []);
});
