/**
 * A long visit: attacks that end and attacks that are cancelled, networks and data sets that are
 * changed, drawings. Once it has settled, neither the page nor its worker holds more than before, in
 * JavaScript, in buffers, in the module's memory, in elements or in listeners.
 * `ROUNDS=200 node --test tests/web/heap.test.mjs` goes on for about an hour.
 */
import assert from "node:assert/strict";
import { site, test, withBrowser } from "./helper.mjs";
import { attack, choose, draw, goTo, panel, ready, set, visit } from "./visit.mjs";

withBrowser();

/** @typedef {import("playwright-core").Page} Page */

/** Rounds after which everything has been done that leaves something behind for good, and rounds that are measured. */
const [SETTLING, ROUNDS] = [2, Number(process.env.ROUNDS ?? 3)];
/**
 * Bytes by which a heap may differ with nothing kept: code that is compiled, in each round that of the test as well.
 * The buffers of one attack alone take more.
 */
const NOISE = 300_000;
const NOISE_OF_ROUND = 60_000;

/** What the visitor does over and over. @param {Page} page @param {number} round */
async function work(page, round) {
  await choose(page, round % 10);
  await set(page, { target: (round + 3) % 10, attack: "jsma-f" });
  await attack(page);
  await set(page, { attack: "cw-l2" });
  await page.locator("#run").click();
  await page.waitForFunction(
    () => Number(document.querySelector('[data-panel="left"]')?.getAttribute("data-iterations")) > 1,
  );
  await page.locator("#cancel").click();
  await page.waitForFunction(() => document.body.dataset.running === "false");
  await set(page, { attack: "jsma-f" });

  const slider = panel(page, "right").locator(".panel-temperature");
  for (const key of ["ArrowLeft", "End"]) {
    const before = await panel(page, "right").getAttribute("data-model");
    await slider.press(key);
    await page.waitForFunction(
      (before) => document.querySelector('[data-panel="right"]')?.getAttribute("data-model") !== before,
      before,
    );
    await ready(page);
  }
  await goTo(page, "cifar10");
  await goTo(page, "mnist");
  await page.locator("#clear").click();
  await draw(page, [[70, 60, 190, 60, 110, 220]]);
  await ready(page);
  await page.locator("#language").selectOption(round % 2 ? "ja" : "en");
  await page.waitForFunction((language) => document.documentElement.lang === language, round % 2 ? "ja" : "en");
}

/** Asks the page and its worker, past everything that may be thrown away. @param {Page} page */
async function debugging(page) {
  const client = await page.context().newCDPSession(page);
  /** @type {Promise<string>} */
  const attached = new Promise((resolve) =>
    client.on("Target.attachedToTarget", ({ sessionId, targetInfo }) => {
      if (targetInfo.type === "worker") resolve(sessionId);
    }),
  );
  await client.send("Target.setAutoAttach", { autoAttach: true, waitForDebuggerOnStart: false, flatten: false });
  const sessionId = await attached;
  let last = 0;
  /** @type {(method: string, params?: object) => Promise<any>} */
  const inWorker = (method, params = {}) =>
    new Promise((resolve, reject) => {
      const id = ++last;
      client.on("Target.receivedMessageFromTarget", function hear({ message }) {
        const { id: answered, result, error } = JSON.parse(message);
        if (answered !== id) return;
        client.off("Target.receivedMessageFromTarget", hear);
        if (error) reject(new Error(error.message));
        else resolve(result);
      });
      client
        .send("Target.sendMessageToTarget", { sessionId, message: JSON.stringify({ id, method, params }) })
        .catch(reject);
    });
  await client.send("Performance.enable");
  /** The module's memory is in no heap. */
  async function moduleBytes() {
    const { result } = await inWorker("Runtime.evaluate", { expression: "WebAssembly.Memory.prototype" });
    const { objects } = await inWorker("Runtime.queryObjects", { prototypeObjectId: result.objectId });
    const {
      result: { value },
    } = await inWorker("Runtime.callFunctionOn", {
      objectId: objects.objectId,
      functionDeclaration: "function () { return this.reduce((sum, { buffer }) => sum + buffer.byteLength, 0); }",
    });
    for (const { objectId } of [result, objects]) await inWorker("Runtime.releaseObject", { objectId });
    return value;
  }
  return async () => {
    for (let times = 0; times < 2; times++) {
      await client.send("HeapProfiler.collectGarbage");
      await inWorker("HeapProfiler.collectGarbage");
    }
    const { metrics } = await client.send("Performance.getMetrics");
    const count = (/** @type {string} */ wanted) => metrics.find(({ name }) => name === wanted)?.value ?? NaN;
    const [page, worker] = [await client.send("Runtime.getHeapUsage"), await inWorker("Runtime.getHeapUsage")];
    return {
      heap: page.usedSize + worker.usedSize,
      buffers: page.backingStorageSize + worker.backingStorageSize,
      module: await moduleBytes(),
      elements: count("Nodes"),
      listeners: count("JSEventListeners"),
    };
  };
}

test(
  "a long visit holds no more after many attacks, cancellations and changes than after a few",
  async (t) => {
    const { url } = await site(t);
    const { page, problems } = await visit(t, `${url}/#v=1&lang=en&end`);
    const measure = await debugging(page);
    for (let round = 0; round < SETTLING; round++) await work(page, round);
    const before = await measure();
    for (let round = 0; round < ROUNDS; round++) await work(page, SETTLING + round);
    const after = await measure();
    t.diagnostic(`before ${JSON.stringify(before)}, after ${ROUNDS} rounds ${JSON.stringify(after)}`);
    assert.ok(after.heap - before.heap < NOISE + ROUNDS * NOISE_OF_ROUND, "more is held");
    assert.ok(after.buffers - before.buffers < NOISE, "more buffers are held");
    assert.ok(after.module <= before.module, "the module has grown");
    assert.ok(after.elements - before.elements < 200, "elements are left");
    assert.ok(after.listeners - before.listeners < 20, "listeners are left");
    assert.deepEqual(problems, []);
  },
  (SETTLING + ROUNDS) * 60_000,
);
