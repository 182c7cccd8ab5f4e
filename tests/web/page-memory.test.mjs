/**
 * The memory of a long visit: attacks that end, attacks that are cancelled, changes of network and data set, drawings.
 * After the first rounds, the page and its worker need no more JavaScript heap, buffers, module memory, elements or
 * listeners. `ROUNDS=200 node --test tests/web/page-memory.test.mjs` takes about an hour.
 */
import assert from "node:assert/strict";
import {
  chooseDigit,
  drawStrokes,
  openReadyPage,
  panel,
  runAttack,
  setAttack,
  switchDataSet,
  waitUntilReady,
} from "./page-actions.mjs";
import { serveSite, test, withBrowser } from "./server-and-browser.mjs";

withBrowser();

/** @typedef {import("playwright-core").Page} Page */

/** Rounds before the first measurement, which fill caches and compile code, and rounds between the two measurements. */
const [SETTLING, ROUNDS] = [2, Number(process.env.ROUNDS ?? 3)];
/**
 * Bytes by which the heap may grow without a leak, because of compiled code. In each round the code of the test is
 * compiled as well. The buffers of a single attack are larger.
 */
const NOISE = 300_000;
const NOISE_OF_ROUND = 60_000;

/** One round of the visit. @param {Page} page @param {number} round */
async function visitRound(page, round) {
  await chooseDigit(page, round % 10);
  await setAttack(page, { target: (round + 3) % 10, attack: "jsma-f" });
  await runAttack(page);
  await setAttack(page, { attack: "cw-l2" });
  await page.locator("#run").click();
  await page.waitForFunction(
    () => Number(document.querySelector('[data-panel="left"]')?.getAttribute("data-iterations")) > 1,
  );
  await page.locator("#cancel").click();
  await page.waitForFunction(() => document.body.dataset.running === "false");
  await setAttack(page, { attack: "jsma-f" });

  const slider = panel(page, "right").locator(".panel-temperature");
  for (const key of ["ArrowLeft", "End"]) {
    const before = await panel(page, "right").getAttribute("data-model");
    await slider.press(key);
    await page.waitForFunction(
      (before) => document.querySelector('[data-panel="right"]')?.getAttribute("data-model") !== before,
      before,
    );
    await waitUntilReady(page);
  }
  await switchDataSet(page, "cifar10");
  await switchDataSet(page, "mnist");
  await page.locator("#clear").click();
  await drawStrokes(page, [[70, 60, 190, 60, 110, 220]]);
  await waitUntilReady(page);
  await page.locator("#language").selectOption(round % 2 ? "ja" : "en");
  await page.waitForFunction((language) => document.documentElement.lang === language, round % 2 ? "ja" : "en");
}

/** Returns a function that collects garbage and then measures the page and its worker. @param {Page} page */
async function memoryMeter(page) {
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
      client.on("Target.receivedMessageFromTarget", function receive({ message }) {
        const { id: answered, result, error } = JSON.parse(message);
        if (answered !== id) return;
        client.off("Target.receivedMessageFromTarget", receive);
        if (error) reject(new Error(error.message));
        else resolve(result);
      });
      client
        .send("Target.sendMessageToTarget", { sessionId, message: JSON.stringify({ id, method, params }) })
        .catch(reject);
    });
  await client.send("Performance.enable");
  /** The size of the module's memory, which is not part of a heap. */
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
  "A long visit needs no more memory after many attacks, cancellations and changes than after a few",
  async (t) => {
    const { url } = await serveSite(t);
    const { page, problems } = await openReadyPage(t, `${url}/#v=1&lang=en&end`);
    const measure = await memoryMeter(page);
    for (let round = 0; round < SETTLING; round++) await visitRound(page, round);
    const before = await measure();
    for (let round = 0; round < ROUNDS; round++) await visitRound(page, SETTLING + round);
    const after = await measure();
    t.diagnostic(`before ${JSON.stringify(before)}, after ${ROUNDS} rounds ${JSON.stringify(after)}`);
    assert.ok(after.heap - before.heap < NOISE + ROUNDS * NOISE_OF_ROUND, "the heap has grown");
    assert.ok(after.buffers - before.buffers < NOISE, "the buffers have grown");
    assert.ok(after.module <= before.module, "the module's memory has grown");
    assert.ok(after.elements - before.elements < 200, "elements were not removed");
    assert.ok(after.listeners - before.listeners < 20, "listeners were not removed");
    assert.deepEqual(problems, []);
  },
  (SETTLING + ROUNDS) * 60_000,
);
