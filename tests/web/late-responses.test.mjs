/** A late response does not replace what the visitor has chosen since. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { bothPanels, chooseDigit, drawStrokes, openReadyPage, waitUntilReady } from "./page-actions.mjs";
import { openPage, serveSite, test, withBrowser } from "./server-and-browser.mjs";

withBrowser();

/** @typedef {import("playwright-core").Page} Page */

/**
 * Holds back what is fetched from an address until the test calls `release()`.
 *
 * @param {Page} page
 * @param {string} address
 */
async function holdBack(page, address) {
  /** @type {(value?: unknown) => void} */
  let release = () => {};
  const released = new Promise((resolve) => {
    release = resolve;
  });
  /** @type {(value?: unknown) => void} */
  let request = () => {};
  const requested = new Promise((resolve) => {
    request = resolve;
  });
  await page.route(address, async (route) => {
    request();
    await released;
    await route.continue();
  });
  return { requested, release };
}

test("A picture that is decoded slowly does not replace a digit that was chosen meanwhile", async (t) => {
  const { url } = await serveSite(t);
  // The picture is held back while the browser decodes it.
  const script = `
    const decode = createImageBitmap;
    globalThis.createImageBitmap = async (...of) => {
      await new Promise((resolve) => { globalThis.go = resolve; });
      return decode(...of);
    };`;
  const { page, problems } = await openReadyPage(t, url, { script });
  const buffer = Buffer.from(
    await page.evaluate(async () => {
      const canvas = new OffscreenCanvas(40, 40);
      const context = /** @type {any} */ (canvas.getContext("2d"));
      context.fillStyle = "white";
      context.fillRect(0, 0, 40, 40);
      context.fillStyle = "black";
      context.fillRect(15, 10, 10, 20);
      return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())];
    }),
  );
  const openPicture = async () => {
    await page.locator("#upload-file").setInputFiles({ name: "picture.png", mimeType: "image/png", buffer });
    await page.waitForFunction(() => typeof (/** @type {any} */ (globalThis).go) === "function");
  };
  const finishDecoding = () =>
    page.evaluate(async () => {
      const global = /** @type {any} */ (globalThis);
      global.go();
      delete global.go;
      // The page continues in tasks and frames, so some of them pass here.
      for (let i = 0; i < 30; i++) await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
    });

  await openPicture();
  await chooseDigit(page, 4);
  await finishDecoding();
  assert.equal(
    await page.locator("#samples .tile[aria-selected=true]").count(),
    1,
    "the digit that was chosen last is still selected",
  );
  assert.ok(!(await page.locator("#upload-note[data-alert]").count()), "no picture is being read any more");

  await openPicture();
  await finishDecoding();
  // A picture is shown if nothing else was chosen meanwhile.
  await page.locator("#samples .tile[aria-selected=true]").waitFor({ state: "detached" });
  assert.deepEqual(problems, []);
});

test("When two languages are chosen one after the other, the page shows the later one", async (t) => {
  const { url } = await serveSite(t);
  const { page } = await openReadyPage(t, url, { locale: "en-GB" });
  const words = await holdBack(page, "**/languages/ja.json");
  await page.locator("#language").selectOption("ja");
  await words.requested;
  await page.locator("#language").selectOption("en");
  const came = page.waitForResponse("**/languages/ja.json");
  words.release();
  await (await came).finished();
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  assert.deepEqual(
    await page.evaluate(() => [
      document.documentElement.lang,
      /** @type {HTMLSelectElement} */ (document.querySelector("#language")).value,
    ]),
    ["en", "en"],
  );
  assert.equal(await page.locator("#run").textContent(), "Run the attack");
});

test("An engine that is replaced while it starts leaves no worker behind", async (t) => {
  const path = "/pkg/cpu/engine_bg.wasm";
  /** @type {import("node:http").ServerResponse[]} */
  const held = [];
  // The first request for the module waits for the test.
  const { url, answers } = await serveSite(t, {
    [path]: (_, response) => {
      held.push(response);
    },
  });
  // Counts the workers that have not been terminated.
  const script = `
    globalThis.alive = 0;
    globalThis.Worker = class extends Worker {
      constructor(...of) { super(...of); alive++; }
      terminate() { alive--; super.terminate(); }
    };`;
  const { page, problems } = await openPage(t, url, { script });
  while (held.length === 0) await page.waitForTimeout(20);
  delete answers[path];
  await page.locator("#engine-choice").selectOption("cpu");
  await page.waitForFunction(() => /** @type {any} */ (globalThis).alive === 2);
  for (const response of held)
    response
      .writeHead(200, { "Content-Type": "application/wasm" })
      .end(readFileSync(new URL(`../..${path}`, import.meta.url)));
  await waitUntilReady(page);
  await page.waitForFunction(() => /** @type {any} */ (globalThis).alive === 1);
  assert.equal(await page.locator("#engine-info").getAttribute("data-engine"), "cpu");
  assert.deepEqual(await bothPanels(page, "data-status"), ["ready", "ready"]);
  assert.deepEqual(problems, []);
});

test("When the engine is changed during a classification, the new engine classifies, and nothing is reported", async (t) => {
  const { url } = await serveSite(t);
  // Each worker keeps the answers to its first classifications until the page has closed the worker.
  const script = `
    globalThis.classifications = 0;
    globalThis.Worker = class extends Worker {
      postMessage(message) {
        if (message?.method !== "classify" || globalThis.isHeld !== true) return super.postMessage(message);
        classifications++;
      }
    };`;
  const { page, problems } = await openReadyPage(t, url, { script, locale: "en-GB" });
  await page.evaluate(() => {
    /** @type {any} */ (globalThis).isHeld = true;
  });
  await page.locator("#samples .tile").nth(40).click();
  await page.waitForFunction(() => /** @type {any} */ (globalThis).classifications > 0);
  await page.evaluate(() => {
    const global = /** @type {any} */ (globalThis);
    global.isHeld = false;
    // Everything that is said from now on, even for a moment.
    global.said = [];
    const listen = () => {
      for (const element of document.querySelectorAll("#announcer, #message, .status-text")) {
        const text = element.textContent ?? "";
        if (/stopped|closed/.test(text)) global.said.push(text);
      }
    };
    new MutationObserver(listen).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  await page.locator("#engine-choice").selectOption("cpu");
  await waitUntilReady(page);
  assert.deepEqual(await bothPanels(page, "data-label"), ["4", "4"]);
  assert.deepEqual(await bothPanels(page, "data-status"), ["ready", "ready"]);
  assert.ok(await page.locator("#message").isHidden(), await page.locator("#message").innerText());
  assert.deepEqual(await page.evaluate(() => /** @type {any} */ (globalThis).said), []);
  assert.deepEqual(problems, []);
});

/** So low that never a fifth of the panels is visible, which would load the engine. */
const LOW = { viewport: { width: 375, height: 140 } };

test("A drawing made in an embedded page before it loads its engine is not replaced by the link", async (t) => {
  const { url, requests } = await serveSite(t);
  const { page, problems } = await openPage(t, `${url}/?embed=1&draw=1#v=1&sample=0&target=3&step=2&lang=en&end`, LOW);
  await page.locator("#samples .tile[aria-selected=true]").waitFor({ state: "attached" });
  await page.locator("#pad").evaluate((pad) => pad.scrollIntoView());
  await drawStrokes(page, [[128, 40, 128, 200]]);
  await page.locator("#pad-hint").waitFor({ state: "hidden" });
  assert.equal(
    requests.some((path) => path.endsWith(".wasm")),
    false,
    "the engine is not loaded yet",
  );
  await page.setViewportSize({ width: 375, height: 800 });
  await page.locator(".bench").scrollIntoViewIfNeeded();
  await waitUntilReady(page);
  assert.deepEqual(await bothPanels(page, "data-label"), ["1", "1"]);
  assert.deepEqual(await bothPanels(page, "data-iterations"), ["0", "0"], "the link's attack is not run on it");
  assert.equal(await page.locator("#samples .tile[aria-selected=true]").count(), 0);
  assert.deepEqual(problems, []);
});

test("What the visitor chooses while the language of a link loads is not replaced by the link", async (t) => {
  const { url } = await serveSite(t);
  const { page, problems } = await openReadyPage(t, `${url}/#v=1&sample=0&lang=en&end`, { locale: "en-GB" });
  const words = await holdBack(page, "**/languages/ja.json");
  await page.evaluate(() => {
    location.hash = "#v=1&sample=1&target=5&lang=ja&fixlang=1&end";
  });
  await words.requested;
  await chooseDigit(page, 4);
  words.release();
  await page.waitForFunction(() => document.documentElement.lang === "ja");
  assert.equal(await page.locator("#samples .tile").nth(40).getAttribute("aria-selected"), "true");
  assert.ok(await page.locator("#targets input[value='5']").isChecked(), "the rest of the link is applied");
  assert.deepEqual(await bothPanels(page, "data-label"), ["4", "4"]);
  assert.deepEqual(problems, []);
});

test("A pad that is cleared while the test images load stays clear", async (t) => {
  const { url } = await serveSite(t);
  const { page, problems } = await openPage(t, `${url}/blank`, { locale: "en-GB" });
  const images = await holdBack(page, "**/samples/mnist.png");
  await page.goto(url);
  await images.requested;
  await drawStrokes(page, [[128, 40, 128, 215]]);
  await page.locator("#clear").click();
  images.release();
  await page.locator("#samples .tile").nth(99).waitFor({ state: "attached" });
  await page.locator("#input-caption", { hasText: "Nothing drawn" }).waitFor();
  assert.equal(await page.locator("#samples .tile[aria-selected=true]").count(), 0);
  assert.deepEqual(problems, []);
});

test("A button of the story that waits for the networks does nothing once the visitor has acted", async (t) => {
  const { url } = await serveSite(t);
  const { page, problems } = await openPage(t, `${url}/blank`, { locale: "en-GB" });
  const list = await holdBack(page, "**/models/manifest.json");
  await page.goto(`${url}/#v=1&story=2&lang=en&end`);
  await list.requested;
  await page.locator('[data-story="undefended"]').click();
  await page.locator("#samples .tile").nth(40).click();
  list.release();
  await waitUntilReady(page);
  assert.equal(await page.evaluate(() => document.body.dataset.started), "false");
  assert.deepEqual(await bothPanels(page, "data-label"), ["4", "4"]);
  assert.deepEqual(problems, []);
});

test("The lab starts no experiment while the images of its data set are loading", async (t) => {
  const { url } = await serveSite(t);
  const { page, problems } = await openPage(t, `${url}/www/lab.html`);
  await page.waitForFunction(() => document.querySelector("#lab")?.getAttribute("data-ready") === "true");
  const images = await holdBack(page, "**/samples/cifar10*");
  await page.locator("#lab-data input[value=cifar10]").click();
  await images.requested;
  await page.locator("#lab-run").click();
  await page.locator("#lab-message", { hasText: "still loading" }).waitFor();
  assert.equal(
    await page.locator("input[name=network]").count(),
    0,
    "no network of the previous data set can be chosen",
  );
  images.release();
  await page.waitForFunction(() => document.querySelectorAll("input[name=network][value^=cifar10]:checked").length > 0);
  assert.deepEqual(problems, []);
});
