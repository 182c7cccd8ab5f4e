/**
 * Faults: files that are missing or damaged, which the page reports and fetches again; and events around the page, such
 * as full storage, during which the page continues without a message. Broken downloads are tested in
 * `broken-downloads.test.mjs`, and workers that end in `ended-workers.test.mjs`.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import {
  bothPanels,
  chooseDigit,
  openReadyPage,
  panel,
  runAttack,
  setAttack,
  waitForOutcomes,
  waitUntilReady,
} from "./page-actions.mjs";
import { openPage, serveSite, test, withBrowser } from "./server-and-browser.mjs";

withBrowser();

const MANIFEST = "/www/models/manifest.json";
const WEIGHTS = "/www/models/mnist-undefended.safetensors";
const MODULE = "/pkg/cpu/engine_bg.wasm";

/** @param {string} path */
const published = (path) => readFileSync(new URL(`../..${path}`, import.meta.url));

/** The file with one bit of one byte changed. @param {string} path @param {number} place */
function flipped(path, place) {
  const bytes = published(path);
  bytes[place] ^= 1;
  return bytes;
}

/**
 * Faults of the file of one network.
 *
 * @type {Record<string, [answer: import("./server-and-browser.mjs").Answer, error: string]>}
 */
const NETWORK_FAULTS = {
  "is missing": [404, "NetworkError"],
  "has a flipped bit": [flipped(WEIGHTS, 300_000), "ModelError"],
  "is cut short": [published(WEIGHTS).subarray(0, 300_000), "IntegrityError"],
  "is too long": [Buffer.concat([published(WEIGHTS), Buffer.alloc(1)]), "IntegrityError"],
  "breaks off": [
    (_, response) => {
      response.write(Buffer.alloc(1000));
      setTimeout(() => response.destroy(), 50);
    },
    "NetworkError",
  ],
  "stops coming": [(_, response) => void response.write(Buffer.alloc(1000)), "NetworkError"],
};

for (const [fault, [answer, error]] of Object.entries(NETWORK_FAULTS)) {
  test(`A network's file that ${fault} is reported in its panel, and a retry fetches it`, async (t) => {
    const { url, answers } = await serveSite(t, { [WEIGHTS]: answer });
    const { page } = await openPage(t, url);
    const left = panel(page, "left");
    // The page gives up a download that stalls after half a minute.
    await page.waitForFunction(
      () => document.querySelector('[data-panel="left"]')?.getAttribute("data-status") === "error",
      null,
      { timeout: 60_000 },
    );
    assert.equal(await left.locator(".status").getAttribute("data-error"), error);
    assert.ok((await left.locator(".status-text").innerText()).length > 20);
    await page.waitForFunction(
      () => document.querySelector('[data-panel="right"]')?.getAttribute("data-status") === "ready",
    );
    delete answers[WEIGHTS];
    await left.locator(".retry").click();
    await waitUntilReady(page);
    await chooseDigit(page, 7);
    await setAttack(page, { target: 3 });
    assert.equal((await runAttack(page))[0], "fooled");
  });
}

test("A damaged copy in the browser's cache is ignored, and the file is fetched again", async (t) => {
  const { url, requests } = await serveSite(t, {
    [WEIGHTS]: (_, response) => {
      const isFirst = requests.filter((path) => path === WEIGHTS).length === 1;
      response
        .writeHead(200, { "Cache-Control": "max-age=3600" })
        .end(isFirst ? flipped(WEIGHTS, 300_000) : published(WEIGHTS));
    },
  });
  const { problems } = await openReadyPage(t, url);
  assert.equal(requests.filter((path) => path === WEIGHTS).length, 2);
  assert.deepEqual(problems, []);
});

/**
 * Faults of files that the engine needs, and so both panels.
 *
 * @type {Record<string, [path: string, answer: import("./server-and-browser.mjs").Answer, error: string]>}
 */
const ENGINE_FAULTS = {
  "missing module": [MODULE, 404, "NetworkError"],
  "module with a flipped bit": [MODULE, flipped(MODULE, 1_500_000), "IntegrityError"],
  "module cut short": [MODULE, published(MODULE).subarray(0, 100_000), "IntegrityError"],
  "missing script of the module": ["/pkg/cpu/engine.js", 404, "NetworkError"],
  "missing description of the module": ["/pkg/cpu/build.json", 404, "NetworkError"],
  "damaged description of the module": ["/pkg/cpu/build.json", '{"wasm":{"bytes":-1}}', "IntegrityError"],
  "missing manifest": [MANIFEST, 404, "NetworkError"],
  "manifest of garbage": [MANIFEST, "<html>", "IntegrityError"],
  "manifest with a path in it": [
    MANIFEST,
    `${published(MANIFEST)}`.replaceAll('"file": "', '"file": "../'),
    "ModelError",
  ],
};

for (const [fault, [path, answer, error]] of Object.entries(ENGINE_FAULTS)) {
  test(`A ${fault} is reported, and a retry fetches the file`, async (t) => {
    const { url, answers } = await serveSite(t, { [path]: answer });
    const { page } = await openPage(t, url);
    await page.waitForFunction(
      () => document.querySelectorAll('[data-panel] .status[data-error]:not([data-error=""])').length === 2,
    );
    assert.equal(await panel(page, "left").locator(".status").getAttribute("data-error"), error);
    delete answers[path];
    await panel(page, "left").locator(".retry").click();
    await waitUntilReady(page);
    assert.deepEqual(await bothPanels(page, "data-label"), ["7", "7"]);
  });
}

test("Missing test digits are reported, and a retry fetches them", async (t) => {
  const { url, answers } = await serveSite(t, { "/www/samples/mnist.png": 404 });
  const { page } = await openPage(t, url);
  await page.locator("#samples-error .notice-text").waitFor();
  delete answers["/www/samples/mnist.png"];
  await page.locator("#samples-retry").click();
  await waitUntilReady(page);
  assert.equal(await page.locator("#samples .tile").count(), 100);
});

test("Without its words the page says that it could not start", async (t) => {
  const { url } = await serveSite(t, { "/www/languages/en.json": 404 });
  const { page } = await openPage(t, url);
  await page.locator("#boot[data-failed]").waitFor();
  assert.ok(await page.locator("#boot a").isVisible());
});

test("Without workers the attack runs in the page, and the page says so", async (t) => {
  const { url } = await serveSite(t);
  const { page } = await openReadyPage(t, url, { script: "delete globalThis.Worker" });
  await chooseDigit(page, 7);
  await setAttack(page, { target: 3 });
  assert.deepEqual(await runAttack(page), ["fooled", "gradient-vanished"]);
  assert.match(`${await page.locator("#engine-info").getAttribute("data-reason")}`, /in the page, since no worker/);
});

test("If a part of the page cannot be drawn, the page says so once, and the other parts go on", async (t) => {
  const { url } = await serveSite(t);
  const { page, problems } = await openReadyPage(t, url, { locale: "en-GB" });
  // The view of the controls comes before those of the panels.
  await page.locator("#settings-summary").evaluate((element) => element.remove());
  await chooseDigit(page, 4);
  await setAttack(page, { target: 9 });
  assert.equal((await runAttack(page))[0], "fooled");
  const notice = page.locator("[data-fault]");
  assert.match(await notice.innerText(), /could not be drawn\..*The page has no HTMLElement "#settings-summary"/);
  assert.equal(await notice.count(), 1);
  await notice.locator("button").click();
  assert.equal(await notice.count(), 0);
  assert.deepEqual(problems.length, 1, `${problems}`);
  assert.match(problems[0], /#settings-summary/);
});

/**
 * Events around the page. The page continues and shows no message.
 *
 * @type {Record<string, (page: import("playwright-core").Page) => Promise<unknown>>}
 */
const EVENTS = {
  "storage is forbidden": async () => {},
  "the tab is frozen in the middle of an attack, and comes back": async (page) => {
    const devtools = await page.context().newCDPSession(page);
    for (const state of /** @type {const} */ (["frozen", "active"])) {
      await devtools.send("Page.setWebLifecycleState", { state });
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  },
  "storage is full": async (page) => {
    // The choice still applies to this visit.
    const before = await page.locator("#theme").getAttribute("aria-pressed");
    await page.locator("#theme").click();
    assert.notEqual(await page.locator("#theme").getAttribute("aria-pressed"), before);
  },
  "a day passes at once, for clock and timers": (page) => page.clock.fastForward("24:00:00"),
  "the clock is put back by a year": (page) =>
    page.evaluate(() => {
      const now = Date.now;
      Date.now = () => now() - 365 * 24 * 3600 * 1000;
    }),
  "another tab attacks too": async (page) => {
    const other = await page.context().newPage();
    await other.goto(page.url());
    await waitUntilReady(other);
    assert.deepEqual(await runAttack(other), ["fooled", "fooled"]);
  },
};

/** Scripts that run before those of the page. @type {Record<string, string>} */
const SETUP_SCRIPTS = {
  "storage is forbidden":
    'for (const name of ["localStorage", "caches", "indexedDB"]) Object.defineProperty(globalThis, name, { get() { throw new DOMException("forbidden", "SecurityError"); } });',
  "storage is full": 'Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError"); };',
};

for (const [what, happens] of Object.entries(EVENTS)) {
  test(`An attack and the next one end as usual when ${what}`, async (t) => {
    const { url } = await serveSite(t);
    const { page, problems } = await openPage(t, `${url}/blank`, { script: SETUP_SCRIPTS[what] });
    if (what.startsWith("a day")) await page.clock.install();
    // An attack of two hundred steps, so that it still runs when the event happens.
    await page.goto(`${url}/#v=1&sample=0&target=3&attack=cw-l2&iterations=40&lang=en&end`);
    await waitUntilReady(page);
    await page.locator("#run").click();
    await page.waitForFunction(
      () => Number(document.querySelector('[data-panel="left"]')?.getAttribute("data-iterations")) > 2,
    );
    await happens(page);
    assert.deepEqual(await waitForOutcomes(page), ["fooled", "fooled"]);
    assert.deepEqual(await runAttack(page), ["fooled", "fooled"]);
    assert.deepEqual(problems, []);
  });
}
