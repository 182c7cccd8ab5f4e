/**
 * The engine's worker ends, with a word or without, whatever it is doing: a table of the moment, what
 * the visitor sees, and what works all the same. Nothing waits for a worker that is gone, and nobody
 * gives up one that only has to wait. (Workers of the lab's pool are in `pool.test.mjs`, a lost
 * graphics device in `handover.test.mjs` and `webgpu.test.mjs`.)
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { CLOCK, TICKS } from "./clock.mjs";
import { open, site, test, withBrowser } from "./helper.mjs";
import { attack, choose, panel, ready, set } from "./visit.mjs";

withBrowser();

/** @typedef {import("playwright-core").Page} Page */

const WEIGHTS = "/www/models/mnist-undefended.safetensors";
const MODULE = "/pkg/cpu/engine_bg.wasm";

/** Put before the page's scripts: its clock is the test's, and what the worker says is counted. */
const WATCHED = `${CLOCK}
  globalThis.heard = 0;
  globalThis.made = 0;
  globalThis.Worker = class extends Worker {
    constructor(...of) {
      super(...of);
      made++;
      this.addEventListener("message", () => { heard++; });
    }
  };
`;

/** Half a minute passes for the page, in which nobody answers. @param {Page} page */
const wait = (page) =>
  page.evaluate((ticks) => {
    for (let i = 0; i < ticks; i++) /** @type {any} */ (globalThis).tick();
  }, TICKS);

/** Half a minute passes for the page and for the worker. @param {Page} page */
async function waitTogether(page) {
  for (let ticks = 0; ticks < TICKS; ticks++) {
    const before = await page.evaluate(() => {
      const global = /** @type {any} */ (globalThis);
      const before = global.heard;
      global.tick();
      return before;
    });
    await page.waitForFunction((before) => /** @type {any} */ (globalThis).heard > before, before);
  }
}

/** Ends the worker without a word, as a browser does that is short of memory. @param {Page} page */
async function kill(page) {
  const [worker] = page.workers();
  const gone = worker.waitForEvent("close");
  // The answer does not come any more.
  worker.evaluate(() => close()).catch(() => {});
  await gone;
}

/** A file that comes when it is told to. @param {string} path */
function held(path) {
  /** @type {(() => void)[]} */
  const waiting = [];
  let isOpen = false;
  return {
    /** @type {import("./helper.mjs").Answer} */
    answer: (_, response) => {
      const send = () => void response.writeHead(200).end(readFileSync(new URL(`../..${path}`, import.meta.url)));
      if (isOpen) send();
      else waiting.push(send);
    },
    async asked() {
      while (waiting.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    },
    open() {
      isOpen = true;
      waiting.splice(0).forEach((send) => send());
    },
  };
}

/** Both panels say that the engine is gone. @param {Page} page @param {RegExp} words */
async function told(page, words) {
  await page.waitForFunction(
    () => document.querySelectorAll('[data-panel] .status[data-error="EngineError"]').length === 2,
  );
  for (const text of await page.locator("[data-panel] .status-text").allTextContents()) assert.match(text, words);
}

/** A new engine is started, and does what the one before would have. @param {Page} page */
async function startAgain(page) {
  await panel(page, "left").locator(".retry").click();
  await ready(page);
  await choose(page, 7);
  await set(page, { target: 3 });
  assert.deepEqual(await attack(page), ["fooled", "gradient-vanished"]);
}

const SILENT = /The engine stopped\. Press “Retry” to restart it\. The engine has not answered for 30 seconds/;

/** While a file is on its way. @type {Record<string, string>} */
const LOADING = { "the module": MODULE, "the weights": WEIGHTS };

for (const [name, path] of Object.entries(LOADING)) {
  test(`a worker that ends while it fetches ${name} is told about in both panels, and Retry starts another`, async (t) => {
    const file = held(path);
    const { url } = await site(t, { [path]: file.answer });
    const { page } = await open(t, url, { script: WATCHED });
    await file.asked();
    await kill(page);
    await wait(page);
    await told(page, SILENT);
    file.open();
    await startAgain(page);
  });

  test(`a worker that has to wait for ${name} is waited for`, async (t) => {
    const file = held(path);
    const { url } = await site(t, { [path]: file.answer });
    const { page, problems } = await open(t, url, { script: WATCHED });
    await file.asked();
    await waitTogether(page);
    file.open();
    await ready(page);
    assert.deepEqual(problems, []);
  });
}

test("a worker that ends before it has said anything is done without: the page computes", async (t) => {
  const { url } = await site(t, { "/www/engine/worker.js": "close();" });
  const { page } = await open(t, url, { script: WATCHED });
  await page.waitForFunction(() => /** @type {any} */ (globalThis).made > 0);
  await wait(page);
  await ready(page);
  assert.match(
    `${await page.locator("#engine-info").getAttribute("data-reason")}`,
    /in the page, since no worker could be started \(it has not answered/,
  );
  assert.deepEqual(await attack(page), ["fooled", "gradient-vanished"]);
});

test("a worker that ends while it has nothing to do is missed when there is, and what was on show stays", async (t) => {
  const { url } = await site(t);
  const { page } = await open(t, url, { script: WATCHED });
  await ready(page);
  await attack(page);
  await kill(page);
  await wait(page);
  assert.equal(
    await page.locator('.status[data-error]:not([data-error=""])').count(),
    0,
    "nobody is asked for anything",
  );
  await page.locator("#scrubber").press("Home");
  assert.equal(await panel(page, "left").getAttribute("data-outcome"), "fooled");

  await page.locator("#samples .tile").nth(33).click();
  await page.waitForFunction(() => document.querySelector('[data-panel="left"]')?.getAttribute("data-label") === "");
  await wait(page);
  await told(page, SILENT);
  await startAgain(page);
});

/**
 * How a worker ends in the middle of an attack.
 *
 * @type {Record<string, [end: (page: Page) => Promise<unknown>, words: RegExp]>}
 */
const ENDS = {
  "without a word": [
    async (page) => {
      await kill(page);
      await wait(page);
    },
    SILENT,
  ],
  "with an error": [
    (page) =>
      page.workers()[0].evaluate(() => {
        setTimeout(() => {
          throw new Error("out of memory");
        });
      }),
    /The engine stopped unexpectedly/,
  ],
  "in a trap of the module": [
    (page) =>
      page.workers()[0].evaluate(() => {
        setTimeout(() => {
          throw new WebAssembly.RuntimeError("unreachable");
        });
      }),
    /The engine stopped unexpectedly/,
  ],
};

for (const [how, [end, words]] of Object.entries(ENDS)) {
  test(`a worker that ends ${how} in the middle of an attack is told about, the attack is over, and Retry starts another`, async (t) => {
    const { url } = await site(t);
    const { page } = await open(t, `${url}/#v=1&sample=0&target=3&attack=cw-l2&iterations=1000&lang=en&end`, {
      script: WATCHED,
    });
    await ready(page);
    await page.locator("#run").click();
    await page.waitForFunction(
      () => Number(document.querySelector('[data-panel="left"]')?.getAttribute("data-iterations")) > 2,
    );
    await end(page);
    await told(page, words);
    await page.waitForFunction(() => document.body.dataset.running === "false");
    await page.locator("#message", { hasText: "Press “Retry” in a panel" }).waitFor();
    // The messages in the panels have just moved what is below them.
    await page
      .locator("input[name=attack][value=jsma-f]")
      .evaluate((choice) => /** @type {HTMLElement} */ (choice).click());
    await startAgain(page);
  });
}
