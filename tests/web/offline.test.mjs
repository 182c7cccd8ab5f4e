/** The page without a network connection, and the update from one release to the next. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { listFiles } from "../../scripts/release.mjs";
import { developmentFiles } from "../../scripts/serve.mjs";
import { chooseDigit, runAttack, setAttack, switchDataSet, waitUntilReady } from "./page-actions.mjs";
import { openPage, serveSite, test, withBrowser } from "./server-and-browser.mjs";

withBrowser();

/** @typedef {import("playwright-core").Page} Page */

const ROOT = process.env.SITE ?? fileURLToPath(new URL("../..", import.meta.url));
const UPDATE = ["/sw.js", "/sw-files.js"];
const WEIGHTS = "/www/models/mnist-undefended.safetensors";

/** Opens the page with service workers allowed. @param {import("node:test").TestContext} t @param {string} url */
async function openWithWorker(t, url) {
  const opened = await openPage(t, url, { serviceWorkers: "allow" });
  await waitUntilReady(opened.page);
  return opened;
}

/** Waits until these files are in the cache. @param {Page} page @param {string[]} wanted */
async function waitForCached(page, ...wanted) {
  for (let waited = 0; waited < 20_000; waited += 100) {
    const all = await page.evaluate(async () => {
      const worker = (await navigator.serviceWorker.getRegistration())?.active;
      const stores = await Promise.all((await caches.keys()).map(async (key) => (await caches.open(key)).keys()));
      return worker?.state === "activated" ? stores.flat().map(({ url }) => new URL(url).pathname) : [];
    });
    if (wanted.every((name) => all.some((path) => path.endsWith(name)))) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail(`not all of these are in the cache: ${wanted}`);
}

/** @param {Page} page */
const isControlled = (page) => page.evaluate(() => navigator.serviceWorker.controller !== null);

/** Runs a short experiment in the lab. @param {Page} page @param {string} lab */
async function runExperiment(page, lab) {
  await page.goto(`${lab}#amplitude`);
  await page.locator("#lab[data-ready=true]").waitFor();
  await page.locator("#lab-images").fill("1");
  await page.locator("#lab-run").click();
  await page.locator('#lab[data-state="done"]').waitFor();
}

/**
 * Answers for `serveSite` with some files changed, and the list of files with their new hashes.
 *
 * @param {Record<string, string>} changes By path.
 * @returns {Record<string, string>}
 */
function release(changes) {
  let list = listFiles(ROOT);
  for (const [path, body] of Object.entries(changes)) {
    const line = new RegExp(`("${path.slice(1).replaceAll(".", "\\.")}": )"[0-9a-f]{64}"`);
    assert.match(list, line);
    list = list.replace(line, `$1"${createHash("sha256").update(body).digest("hex")}"`);
  }
  return { ...changes, "/sw-files.js": list };
}

/** @param {string} path */
const published = (path) => readFileSync(`${ROOT}${path}`, "utf8");
const NEXT = release({
  "/www/main.js": `${published("/www/main.js")}\nglobalThis.isNext = true;\n`,
  "/www/languages/ja.json": published("/www/languages/ja.json").replace(/"title": "[^"]*"/, '"title": "次の版"'),
});

for (const base of ["/", "/some/base/"]) {
  test(`Without a network connection, the page at ${base} works with everything that was used once`, async (t) => {
    const { url, requests, answers } = await serveSite(t, {}, base);
    const { page, problems } = await openWithWorker(t, `${url}/`);
    await waitForCached(
      page,
      "samples/mnist.png",
      "mnist-undefended.safetensors",
      "mnist-distilled-t100.safetensors",
      "results/success.json",
    );
    await page.reload();
    await waitUntilReady(page);
    assert.ok(await isControlled(page));
    await switchDataSet(page, "cifar10");
    await waitForCached(page, "samples/cifar10.png", "cifar10-undefended.safetensors");
    await runExperiment(page, `${url}/www/lab.html`);

    await page.context().setOffline(true);
    // The browser's check for a new service worker ignores the emulated offline mode.
    for (const name of UPDATE) answers[name] = (request) => request.destroy();
    const before = requests.length;
    await page.goto(`${url}/?lang=1#v=1&sample=18&target=3&lang=ja&fixlang=1&end`);
    await waitUntilReady(page);
    assert.equal(await page.locator("html").getAttribute("lang"), "ja");
    await chooseDigit(page, 7);
    await setAttack(page, { target: 3 });
    assert.deepEqual(await runAttack(page), ["fooled", "gradient-vanished"]);
    await switchDataSet(page, "cifar10");
    assert.ok(await page.locator("#results").isVisible());
    await runExperiment(page, `${url}/www/lab.html`);
    assert.deepEqual(
      requests.slice(before).filter((path) => !UPDATE.includes(path)),
      [],
    );
    assert.deepEqual(problems, []);
  });
}

test("The files that are cached on a first visit are downloaded only once", async (t) => {
  const { url, transferred } = await serveSite(t);
  const { page } = await openWithWorker(t, url);
  await waitForCached(
    page,
    "pkg/cpu/engine_bg.wasm",
    "mnist-undefended.safetensors",
    "mnist-distilled-t100.safetensors",
  );
  // The module and two models are 1.8 MB.
  assert.ok(transferred() < 2.5e6, `${transferred()} bytes`);
});

test("Without a network connection, a model that was never used is reported as not fetched", async (t) => {
  const { url } = await serveSite(t);
  const { page } = await openWithWorker(t, url);
  await waitForCached(page, "mnist-undefended.safetensors");
  await page.reload();
  await waitUntilReady(page);
  await page.context().setOffline(true);
  await page.locator('[data-panel="right"] .panel-model').selectOption({ index: 2 });
  await page.waitForFunction(
    () => document.querySelector('[data-panel="right"]')?.getAttribute("data-status") === "error",
  );
  assert.equal(await page.locator('[data-panel="right"] .status').getAttribute("data-error"), "NetworkError");
  await page.context().setOffline(false);
  await page.locator('[data-panel="right"] .retry').click();
  await waitUntilReady(page);
});

test("A new release is offered, and all tabs stay on the old one until it is accepted", async (t) => {
  const { url, answers } = await serveSite(t);
  const { page, problems } = await openWithWorker(t, url);
  await waitForCached(page, "mnist-undefended.safetensors");
  await page.reload();
  await waitUntilReady(page);
  assert.ok((await page.locator("#release").count()) === 0);

  Object.assign(answers, NEXT);
  await page.reload();
  await page.locator("#release").waitFor();
  const other = await page.context().newPage();
  await other.goto(`${url}/#v=1&lang=ja&fixlang=1`);
  await waitUntilReady(other);
  for (const tab of [page, other])
    assert.equal(await tab.evaluate(() => /** @type {any} */ (globalThis).isNext), undefined);
  assert.notEqual(
    await other.locator("h1").textContent(),
    "次の版",
    "words of the new release on a page of the old one",
  );
  assert.deepEqual(await runAttack(page), ["fooled", "gradient-vanished"]);

  await page.locator("#release button").click();
  for (const tab of [page, other]) {
    await tab.waitForFunction(() => /** @type {any} */ (globalThis).isNext);
    await waitUntilReady(tab);
    assert.equal(await tab.locator("#release").count(), 0);
  }
  assert.equal(await other.locator("h1").textContent(), "次の版");
  const mains = await page.evaluate(
    async () =>
      (await (await caches.open((await caches.keys())[0])).keys()).filter(({ url }) => url.includes("/www/main.js"))
        .length,
  );
  assert.equal(mains, 1, "the old release is still in the cache");
  assert.deepEqual(problems, []);
});

test("A release is only installed once the host has all of its files", async (t) => {
  const { url, answers } = await serveSite(t);
  const { page } = await openWithWorker(t, url);
  await waitForCached(page, "mnist-undefended.safetensors");
  await page.reload();
  await waitUntilReady(page);
  answers["/sw-files.js"] = NEXT["/sw-files.js"];
  answers["/www/languages/ja.json"] = NEXT["/www/languages/ja.json"];
  const failed = page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    const next = await new Promise((/** @type {(worker: ServiceWorker | null) => void} */ resolve) => {
      registration.addEventListener("updatefound", () => resolve(registration.installing));
      void registration.update();
    });
    await new Promise((/** @type {(value: void) => void} */ resolve) =>
      next?.addEventListener("statechange", () => next.state !== "installing" && resolve()),
    );
    return next?.state;
  });
  assert.equal(await failed, "redundant");
  await page.reload();
  await waitUntilReady(page);
  assert.equal(await page.locator("#release").count(), 0);
  assert.deepEqual(await runAttack(page), ["fooled", "gradient-vanished"]);

  Object.assign(answers, NEXT);
  await page.reload();
  await page.locator("#release button").click();
  await page.waitForFunction(() => /** @type {any} */ (globalThis).isNext);
});

test("A damaged copy in the cache is not used, and the file is fetched again", async (t) => {
  const { url, requests } = await serveSite(t);
  const { page, problems } = await openWithWorker(t, url);
  await waitForCached(page, "mnist-undefended.safetensors");
  await page.evaluate(async () => {
    const store = await caches.open((await caches.keys())[0]);
    for (const request of await store.keys()) {
      if (!/mnist-undefended|www\/session\/state\.js/.test(request.url)) continue;
      const copy = await store.match(request);
      const bytes = new Uint8Array(await (copy ?? new Response()).arrayBuffer());
      bytes[bytes.length >> 1] ^= 1;
      await store.put(request, new Response(bytes, { headers: copy?.headers }));
    }
  });
  const before = requests.length;
  await page.reload();
  await waitUntilReady(page);
  const refetched = requests.slice(before).filter((path) => !UPDATE.includes(path));
  assert.deepEqual(refetched.sort(), [WEIGHTS, "/www/session/state.js"]);
  await page.context().setOffline(true);
  await page.reload();
  await waitUntilReady(page);
  assert.deepEqual(problems, []);
});

test("With npm start the page has the files on disk, even if a service worker has stored older ones", async (t) => {
  const { url, answers } = await serveSite(t);
  const { page, problems } = await openWithWorker(t, url);
  await waitForCached(page, "www/main.js", "mnist-undefended.safetensors");
  await page.reload();
  await waitUntilReady(page);
  assert.ok(await isControlled(page));

  const edited = (/** @type {number} */ times) => ({
    "/www/main.js": `${published("/www/main.js")}\nglobalThis.edited = ${times};\n`,
  });
  answers["/sw.js"] = developmentFiles();
  Object.assign(answers, edited(1));
  await page.reload();
  // The old service worker may have answered this load. The page then reloads by itself.
  await page.waitForFunction(() => /** @type {any} */ (globalThis).edited === 1);
  await waitUntilReady(page);
  await page.waitForFunction(
    async () => (await caches.keys()).length === 0 && (await navigator.serviceWorker.getRegistrations()).length === 0,
  );

  Object.assign(answers, edited(2));
  await page.reload();
  await waitUntilReady(page);
  assert.equal(await page.evaluate(() => /** @type {any} */ (globalThis).edited), 2);
  assert.deepEqual(await runAttack(page), ["fooled", "gradient-vanished"]);
  assert.equal(await page.evaluate(async () => (await caches.keys()).length), 0);
  assert.deepEqual(problems, []);
});

test("The page works without offline copies if nothing can be stored", async (t) => {
  const { url } = await serveSite(t);
  const { page, problems } = await openPage(t, `${url}/blank`, { serviceWorkers: "allow" });
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Storage.overrideQuotaForOrigin", { origin: url, quotaSize: 1000 });
  for (let times = 0; times < 2; times++) {
    await page.goto(`${url}/#v=1`);
    await page.reload();
    await waitUntilReady(page);
    assert.deepEqual(await runAttack(page), ["fooled", "gradient-vanished"]);
    assert.equal(await isControlled(page), false);
  }
  assert.deepEqual(problems, []);
});

test("The page works if service workers are forbidden", async (t) => {
  const { url } = await serveSite(t);
  const { page, problems } = await openPage(t, url, {
    serviceWorkers: "allow",
    script:
      'Object.defineProperty(Navigator.prototype, "serviceWorker", { get() { throw new DOMException("forbidden", "SecurityError"); } })',
  });
  await waitUntilReady(page);
  assert.deepEqual(await runAttack(page), ["fooled", "gradient-vanished"]);
  assert.deepEqual(problems, []);
});

test("An embedded page registers no service worker", async (t) => {
  const { url } = await serveSite(t);
  const { page } = await openWithWorker(t, `${url}/?embed=1&load=now`);
  assert.equal(await page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length), 0);
});
