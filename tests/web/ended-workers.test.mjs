/**
 * The engine's worker ends, with or without an error, at any moment: what the visitor sees, and what still works. The
 * page does not wait for a worker that has ended, and does not give up a worker that only waits for a file. (The
 * workers of the lab are tested in `pool.test.mjs`, a lost graphics device in `engine-switch.test.mjs` and
 * `webgpu.test.mjs`.)
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { chooseDigit, panel, runAttack, setAttack, waitUntilReady } from "./page-actions.mjs";
import { openPage, serveSite, test, withBrowser } from "./server-and-browser.mjs";
import { CLOCK, TICKS } from "./worker-clock.mjs";

withBrowser();

/** @typedef {import("playwright-core").Page} Page */

const WEIGHTS = "/www/models/mnist-undefended.safetensors";
const MODULE = "/pkg/cpu/engine_bg.wasm";

/** Runs before the page's scripts: the test controls the clock, and messages from workers are counted. */
const OBSERVE = `${CLOCK}
  globalThis.received = 0;
  globalThis.started = 0;
  globalThis.Worker = class extends Worker {
    constructor(...of) {
      super(...of);
      started++;
      this.addEventListener("message", () => { received++; });
    }
  };
`;

/** Half a minute passes for the page, without an answer from the worker. @param {Page} page */
const passTime = (page) =>
  page.evaluate((ticks) => {
    for (let i = 0; i < ticks; i++) /** @type {any} */ (globalThis).tick();
  }, TICKS);

/** Half a minute passes for the page, and the worker answers at every tick. @param {Page} page */
async function passTimeWithAnswers(page) {
  for (let ticks = 0; ticks < TICKS; ticks++) {
    const before = await page.evaluate(() => {
      const global = /** @type {any} */ (globalThis);
      const before = global.received;
      global.tick();
      return before;
    });
    await page.waitForFunction((before) => /** @type {any} */ (globalThis).received > before, before);
  }
}

/** Ends the worker without an event, as a browser does when it is short of memory. @param {Page} page */
async function endWorker(page) {
  const [worker] = page.workers();
  const gone = worker.waitForEvent("close");
  // This call gets no answer.
  worker.evaluate(() => close()).catch(() => {});
  await gone;
}

/** A file that is served once the test calls `open()`. @param {string} path */
function heldFile(path) {
  /** @type {(() => void)[]} */
  const waiting = [];
  let isOpen = false;
  return {
    /** @type {import("./server-and-browser.mjs").Answer} */
    answer: (_, response) => {
      const send = () => void response.writeHead(200).end(readFileSync(new URL(`../..${path}`, import.meta.url)));
      if (isOpen) send();
      else waiting.push(send);
    },
    async requested() {
      while (waiting.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    },
    open() {
      isOpen = true;
      waiting.splice(0).forEach((send) => send());
    },
  };
}

/** Waits until both panels report that the engine has stopped. @param {Page} page @param {RegExp} words */
async function bothPanelsReport(page, words) {
  await page.waitForFunction(
    () => document.querySelectorAll('[data-panel] .status[data-error="EngineError"]').length === 2,
  );
  for (const text of await page.locator("[data-panel] .status-text").allTextContents()) assert.match(text, words);
}

/** Retries, and checks that the new engine attacks as usual. @param {Page} page */
async function retryAndAttack(page) {
  await panel(page, "left").locator(".retry").click();
  await waitUntilReady(page);
  await chooseDigit(page, 7);
  await setAttack(page, { target: 3 });
  assert.deepEqual(await runAttack(page), ["fooled", "gradient-vanished"]);
}

const SILENT = /The engine stopped\. Press “Retry” to restart it\. The engine has not answered for 30 seconds/;

/** The file that the worker waits for. @type {Record<string, string>} */
const LOADING = { "the module": MODULE, "the weights": WEIGHTS };

for (const [name, path] of Object.entries(LOADING)) {
  test(`A worker that ends while it fetches ${name} is reported in both panels, and Retry starts another`, async (t) => {
    const file = heldFile(path);
    const { url } = await serveSite(t, { [path]: file.answer });
    const { page } = await openPage(t, url, { script: OBSERVE });
    await file.requested();
    await endWorker(page);
    await passTime(page);
    await bothPanelsReport(page, SILENT);
    file.open();
    await retryAndAttack(page);
  });

  test(`The page keeps a worker that waits for ${name}`, async (t) => {
    const file = heldFile(path);
    const { url } = await serveSite(t, { [path]: file.answer });
    const { page, problems } = await openPage(t, url, { script: OBSERVE });
    await file.requested();
    await passTimeWithAnswers(page);
    file.open();
    await waitUntilReady(page);
    assert.deepEqual(problems, []);
  });
}

test("If the worker ends before its first message, the engine runs in the page", async (t) => {
  const { url } = await serveSite(t, { "/www/engine/worker.js": "close();" });
  const { page } = await openPage(t, url, { script: OBSERVE });
  await page.waitForFunction(() => /** @type {any} */ (globalThis).started > 0);
  await passTime(page);
  await waitUntilReady(page);
  assert.match(
    `${await page.locator("#engine-info").getAttribute("data-reason")}`,
    /in the page, since no worker could be started \(it has not answered/,
  );
  assert.deepEqual(await runAttack(page), ["fooled", "gradient-vanished"]);
});

test("A worker that ends while idle is noticed at the next request, and the shown result stays until then", async (t) => {
  const { url } = await serveSite(t);
  const { page } = await openPage(t, url, { script: OBSERVE });
  await waitUntilReady(page);
  await runAttack(page);
  await endWorker(page);
  await passTime(page);
  assert.equal(
    await page.locator('.status[data-error]:not([data-error=""])').count(),
    0,
    "no request waits for an answer",
  );
  await page.locator("#scrubber").press("Home");
  assert.equal(await panel(page, "left").getAttribute("data-outcome"), "fooled");

  await page.locator("#samples .tile").nth(33).click();
  await page.waitForFunction(() => document.querySelector('[data-panel="left"]')?.getAttribute("data-label") === "");
  await passTime(page);
  await bothPanelsReport(page, SILENT);
  await retryAndAttack(page);
});

/**
 * How a worker ends during an attack.
 *
 * @type {Record<string, [end: (page: Page) => Promise<unknown>, words: RegExp]>}
 */
const ENDS = {
  "without an event": [
    async (page) => {
      await endWorker(page);
      await passTime(page);
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
  test(`A worker that ends ${how} during an attack is reported, the attack stops, and Retry starts another worker`, async (t) => {
    const { url } = await serveSite(t);
    const { page } = await openPage(t, `${url}/#v=1&sample=0&target=3&attack=cw-l2&iterations=1000&lang=en&end`, {
      script: OBSERVE,
    });
    await waitUntilReady(page);
    await page.locator("#run").click();
    await page.waitForFunction(
      () => Number(document.querySelector('[data-panel="left"]')?.getAttribute("data-iterations")) > 2,
    );
    await end(page);
    await bothPanelsReport(page, words);
    await page.waitForFunction(() => document.body.dataset.running === "false");
    await page.locator("#message", { hasText: "Press “Retry” in a panel" }).waitFor();
    // The messages in the panels may still move the input, so it is not clicked with the mouse.
    await page
      .locator("input[name=attack][value=jsma-f]")
      .evaluate((choice) => /** @type {HTMLElement} */ (choice).click());
    await retryAndAttack(page);
  });
}
