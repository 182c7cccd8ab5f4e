/**
 * The connection breaks during the download of each kind of file that the page loads: before the first byte, half-way,
 * and before the last byte; only half-way for files that the page can do without. The tables name the file, the message
 * that the visitor sees, what still works, and how the visitor tries again.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { chooseDigit, clickInput, drawStrokes, panel, runAttack, setAttack, waitUntilReady } from "./page-actions.mjs";
import { openPage, serveSite, test, withBrowser } from "./server-and-browser.mjs";

withBrowser();

/** @typedef {import("playwright-core").Page} Page */

/** @param {string} path */
const published = (path) => readFileSync(new URL(`../..${path}`, import.meta.url));

/** @type {{ file: string, dataset: string, role: string, temperature: number }[]} */
const MODELS = JSON.parse(`${published("/www/models/manifest.json")}`);
/** The path of the network that a panel opens with. @param {string} dataset @param {string} role */
const model = (dataset, role) =>
  `/www/models/${MODELS.filter((each) => each.dataset === dataset && each.role === role).sort((a, b) => b.temperature - a.temperature)[0].file}`;

/** A file whose download breaks. @param {string} path */
function brokenDownload(path) {
  const bytes = published(path);
  const type =
    { js: "text/javascript", css: "text/css", json: "application/json", wasm: "application/wasm" }[
      `${path.split(".").pop()}`
    ] ?? "application/octet-stream";
  let place = 0;
  /** Responses that wait until the test releases them. @type {import("node:http").ServerResponse[] | null} */
  let held = null;

  /** @param {import("node:http").ServerResponse} response */
  function drop(response) {
    if (place === 0) return void response.destroy();
    response.writeHead(200, { "Content-Type": type, "Content-Length": bytes.length });
    response.write(bytes.subarray(0, place), () => response.destroy());
  }

  return {
    places: [0, bytes.length >> 1, bytes.length - 1],
    /** @param {number} where @param {boolean} isHeld */
    at(where, isHeld) {
      place = where;
      held = isHeld ? [] : null;
    },
    isAsked: () => held !== null && held.length > 0,
    release() {
      const waiting = held ?? [];
      held = null;
      waiting.forEach(drop);
    },
    /** @type {import("./server-and-browser.mjs").Answer} */
    answer: (_, response) => void (held ? held.push(response) : drop(response)),
  };
}

/** @typedef {[selector: string, words: RegExp]} Message Where the message appears, and what it says. */

/** @type {(side: "left" | "right", words: RegExp) => Message} */
const inPanel = (side, words) => [`[data-panel="${side}"] .status[data-error="NetworkError"] .status-text`, words];
/** @param {"left" | "right"} side @returns {(page: Page) => Promise<void>} */
const retry = (side) => (page) => panel(page, side).locator(".retry").click();

/** Attacks the network of this panel. @param {"left" | "right"} side @returns {(page: Page) => Promise<void>} */
const attackPanel = (side) => async (page) => {
  await page.waitForFunction(
    (side) => document.querySelector(`[data-panel="${side}"][data-status="ready"]:not([data-label=""])`),
    side,
  );
  await page.locator("#run").click();
  await page.waitForFunction((side) => document.querySelector(`[data-panel="${side}"]:not([data-outcome=""])`), side);
};

/** Chooses an image. @param {Page} page */
async function chooseImage(page) {
  await page.locator("#samples .tile").nth(33).click();
  await page.waitForFunction(() => / 3$/.test(document.querySelector("#input-caption")?.textContent ?? ""));
}

/** Draws a digit and waits until it is classified. @param {Page} page */
async function drawDigit(page) {
  await drawStrokes(page, [[70, 60, 190, 60, 110, 220]]);
  await waitUntilReady(page);
}

/**
 * Files that a button fetches again. There is no message while the file is held back, so a message afterwards is about
 * this break.
 *
 * @type {Record<string, { path: string, at?: string, seen: Message, works: (page: Page) => Promise<void>, again: (page: Page) => Promise<void> }>}
 */
const FETCHED = {
  "the weights of panel a": {
    path: model("mnist", "undefended"),
    seen: inPanel("left", /fetched/),
    works: attackPanel("right"),
    again: retry("left"),
  },
  "the weights of panel b": {
    path: model("mnist", "distilled"),
    seen: inPanel("right", /fetched/),
    works: attackPanel("left"),
    again: retry("right"),
  },
  "the weights of CIFAR-10, fetched on demand": {
    path: model("cifar10", "undefended"),
    at: "/#v=1&data=cifar10&end",
    seen: inPanel("left", /fetched/),
    works: attackPanel("right"),
    again: retry("left"),
  },
  "the list of networks": {
    path: "/www/models/manifest.json",
    seen: inPanel("left", /manifest\.json could not be fetched/),
    works: chooseImage,
    again: retry("right"),
  },
  "the description of the module": {
    path: "/pkg/cpu/build.json",
    seen: inPanel("right", /build\.json could not be fetched/),
    works: chooseImage,
    again: retry("left"),
  },
  "the module's script": {
    path: "/pkg/cpu/engine.js",
    seen: inPanel("left", /script could not be fetched/),
    works: chooseImage,
    again: retry("left"),
  },
  "the module": {
    path: "/pkg/cpu/engine_bg.wasm",
    seen: inPanel("left", /engine_bg\.wasm could not be fetched/),
    works: chooseImage,
    again: retry("left"),
  },
  "the test images": {
    path: "/www/samples/mnist.png",
    seen: ["#samples-error .notice-text", /mnist\.png/],
    works: drawDigit,
    again: (page) => page.locator("#samples-retry").click(),
  },
  "the list of test images": {
    path: "/www/samples/mnist.json",
    seen: ["#samples-error .notice-text", /mnist\.json/],
    works: drawDigit,
    again: (page) => page.locator("#samples-retry").click(),
  },
  "the test images of CIFAR-10, fetched on demand": {
    path: "/www/samples/cifar10.png",
    at: "/#v=1&data=cifar10&end",
    seen: ["#samples-error .notice-text", /cifar10\.png/],
    works: async (page) => clickInput(page.locator("#targets input[value='3']")),
    again: (page) => page.locator("#samples-retry").click(),
  },
};

for (const [
  name,
  {
    path,
    at = "/",
    seen: [selector, words],
    works,
    again,
  },
] of Object.entries(FETCHED)) {
  test(`A broken download of ${name} is reported where the file is missing, the rest works, and a button fetches it again`, async (t) => {
    const file = brokenDownload(path);
    const { url, answers } = await serveSite(t, { [path]: file.answer });
    const { page } = await openPage(t, `${url}/blank`);
    const message = page.locator(selector);
    for (const [turn, place] of file.places.entries()) {
      file.at(place, true);
      if (turn === 0) await page.goto(url + at, { waitUntil: "commit" });
      else await again(page);
      while (!file.isAsked()) await new Promise((resolve) => setTimeout(resolve, 10));
      await message.waitFor({ state: "hidden" });
      file.release();
      await message.waitFor();
      assert.match(`${await message.textContent()}`, words, `after ${place} bytes`);
    }
    await works(page);
    delete answers[path];
    await again(page);
    await page.locator('[data-panel][data-status="ready"]').nth(1).waitFor();
    await page.locator("#samples .tile").nth(70).click();
    await waitUntilReady(page);
    await setAttack(page, { target: 3 });
    assert.ok((await runAttack(page)).every(Boolean));
  });
}

/**
 * Files without which the page does not start. The page says so, and its link tries again. (A broken download of the
 * page's HTML is reported by the browser; on a later visit the service worker has the HTML.)
 *
 * @type {Record<string, [path: string, at: string]>}
 */
const NEEDED = {
  "the page's main script": ["/www/main.js", "/"],
  "a script that the page imports": ["/www/session/state.js", "/"],
  "the page's words": ["/www/languages/en.json", "/"],
  "the lab's script": ["/www/lab/main.js", "/www/lab.html"],
  "a script that the lab imports": ["/www/pool/pool.js", "/www/lab.html"],
};

for (const [name, [path, at]] of Object.entries(NEEDED)) {
  test(`After a broken download of ${name}, a sentence says that the page has not started, and its link tries again`, async (t) => {
    const file = brokenDownload(path);
    const { url, answers } = await serveSite(t, { [path]: file.answer });
    const { page } = await openPage(t, `${url}/blank`);
    for (const place of file.places) {
      file.at(place, false);
      await page.goto(url + at);
      // The message appears after a while, in case the network is only slow. Finish the delay.
      await page.locator("#boot").evaluate((note) => note.getAnimations().forEach((animation) => animation.finish()));
      await page.locator("#boot").waitFor();
      assert.match(await page.locator("#boot").innerText(), /has not started/, `after ${place} bytes`);
    }
    delete answers[path];
    await page.locator("#boot a").click();
    if (at === "/") await waitUntilReady(page);
    else await page.locator("#lab[data-ready=true]").waitFor();
    assert.ok(await page.locator("#boot").isHidden());
  });
}

/**
 * Files that the page can do without, and the check that the file is missing.
 *
 * @type {Record<string, [path: string, missing: (page: Page) => Promise<void>]>}
 */
const OPTIONAL = {
  "the script that runs before the first paint": ["/www/page/before-paint.js", async () => {}],
  "a style sheet": ["/www/styles/base.css", async () => {}],
  "the results": ["/results/success.json", (page) => page.locator("#results").waitFor({ state: "hidden" })],
  "the worker's script": [
    "/www/engine/worker.js",
    async (page) =>
      assert.match(
        `${await page.locator("#engine-info").getAttribute("data-reason")}`,
        /in the page, since no worker could be started/,
      ),
  ],
  "the service worker": [
    "/sw.js",
    async (page) =>
      assert.equal(await page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length), 0),
  ],
  "the list of the release's files": [
    "/sw-files.js",
    (page) =>
      page.waitForFunction(async () => (await navigator.serviceWorker.getRegistrations()).length === 0).then(() => {}),
  ],
};

for (const [name, [path, missing]] of Object.entries(OPTIONAL)) {
  test(`The attack runs after a broken download of ${name}`, async (t) => {
    const file = brokenDownload(path);
    const { url } = await serveSite(t, { [path]: file.answer });
    file.at(file.places[1], false);
    const { page } = await openPage(t, url, path.startsWith("/sw") ? { serviceWorkers: "allow" } : {});
    await waitUntilReady(page);
    assert.deepEqual(await runAttack(page), ["fooled", "gradient-vanished"]);
    await missing(page);
  });
}

test("After a broken download of a language's words, the page starts in English with a notice, and the language can be chosen later", async (t) => {
  const path = "/www/languages/ja.json";
  const file = brokenDownload(path);
  const { url, answers } = await serveSite(t, { [path]: file.answer });
  file.at(file.places[1], false);
  const { page, problems } = await openPage(t, url, { locale: "ja-JP" });
  await page.locator("#notes .notice-text").waitFor();
  assert.match(`${await page.locator("#notes .notice-text").textContent()}`, /^The texts of this language/);
  await waitUntilReady(page);
  assert.equal(await page.locator("html").getAttribute("lang"), "en");
  await chooseDigit(page, 7);
  assert.deepEqual(
    problems.filter((problem) => !problem.includes("ja.json")),
    [],
  );
  await page.locator("#language").selectOption("ja");
  await page.locator("#notes .notice-text").waitFor();
  assert.equal(await page.locator("#language").inputValue(), "en", "the menu shows the current language");
  delete answers[path];
  await page.locator("#language").selectOption("ja");
  await page.waitForFunction(() => document.documentElement.lang === "ja");
  await page.locator("#notes").waitFor({ state: "hidden" });
  await setAttack(page, { target: 3 });
  assert.deepEqual(await runAttack(page), ["fooled", "gradient-vanished"]);
});

test("After a broken download of the element's script, the host keeps its poster and its link", async (t) => {
  const path = "/www/embed.js";
  const file = brokenDownload(path);
  const { url, answers } = await serveSite(t, { [path]: file.answer });
  answers["/host"] =
    `<!doctype html><html lang="en"><title>Host</title><link rel="icon" href="data:,"><script type="module" src="${path}"></script><defensive-distillation><a href="${url}/">A digit</a></defensive-distillation>`;
  file.at(file.places[1], false);
  const { page } = await openPage(t, `${url}/host`);
  // The page itself also needs that script.
  delete answers[path];
  await page.locator("defensive-distillation a").click();
  await waitUntilReady(page);
  assert.deepEqual(await runAttack(page), ["fooled", "gradient-vanished"]);
});
