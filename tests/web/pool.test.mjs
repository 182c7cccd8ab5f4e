/** Many attacks on all cores, in front of a stand-in for the wasm module: who does what when, and what dies on the way. */
import assert from "node:assert/strict";
import { fakeSite } from "./fake.mjs";
import { open, test, withBrowser } from "./helper.mjs";

withBrowser();

/** Keeps every worker that the page makes, so that a test can end one. */
const KEEP = `
  globalThis.made = [];
  globalThis.Worker = class extends Worker { constructor(...of) { super(...of); made.push(this); } };
`;

/** What the tests do in the page: jobs of one attack each, whose target says which it is. */
const HELP = `
  globalThis.start = async (options) => {
    const { createPool, fetchModels } = await import("/www/pool.js");
    const [one, two] = await fetchModels();
    globalThis.pool = createPool(options);
    globalThis.jobs = (count, milliseconds, steps = 0) => Array.from({ length: count }, (_, place) => ({
      model: place % 2 ? one : two,
      settings: { attack: "jsma-f", theta: milliseconds, budget: steps },
      images: new Float32Array(784),
      targets: Uint8Array.of(place),
    }));
    globalThis.results = [];
    globalThis.control = new AbortController();
    globalThis.begin = (list) => pool.run(list, { signal: control.signal, onResult: (place, endings) => results.push([place, endings.map(({ label }) => label)]) });
  };
`;

/** @param {number} count */
const all = (count) => Array.from({ length: count }, (_, place) => [place, [place]]);
/** @param {any[]} results */
const sorted = (results) => [...results].sort(([a], [b]) => a - b);

test("every job is done once, by several workers, from one module and one copy of the weights", async (t) => {
  const { url, requests } = await fakeSite(t);
  const { page, problems } = await open(t, `${url}/blank`, { script: KEEP + HELP });
  const seen = await page.evaluate(/** @returns {Promise<any>} */ async () => {
    const global = /** @type {any} */ (globalThis);
    await global.start({ size: 3 });
    return { done: await global.begin(global.jobs(20, 5)), results: global.results, workers: global.made.length };
  });
  assert.equal(seen.done, true);
  assert.deepEqual(sorted(seen.results), all(20));
  assert.equal(seen.workers, 3);
  for (const path of ["/pkg/cpu/engine_bg.wasm", "/www/models/one.safetensors", "/www/models/two.safetensors"]) {
    assert.equal(requests.filter((request) => request === path).length, 1, path);
  }
  assert.deepEqual(problems, []);
});

for (const [how, patience] of /** @type {const} */ ([["with a word", 0], ["without a word", 1]])) {
  test(`what a worker that dies ${how} was doing is done again`, async (t) => {
    const { url } = await fakeSite(t);
    const { page } = await open(t, `${url}/blank`, { script: KEEP + HELP });
    const seen = await page.evaluate(/** @returns {Promise<any>} */ async (silent) => {
      const global = /** @type {any} */ (globalThis);
      await global.start({ size: 2 });
      const done = global.begin(global.jobs(8, 20, 20));
      while (global.results.length < 1) await new Promise((resolve) => setTimeout(resolve, 10));
      global.made[0].terminate();
      // A tab that wakes up asks its workers whether they are still there.
      if (silent) document.dispatchEvent(new Event("visibilitychange"));
      else global.made[0].dispatchEvent(new ErrorEvent("error", { message: "out of memory" }));
      return { done: await done, results: global.results, workers: global.made.length };
    }, patience);
    assert.equal(seen.done, true);
    assert.deepEqual(sorted(seen.results), all(8));
    // Nobody is hired where somebody has nothing to do.
    assert.equal(seen.workers, 3 - patience);
  });
}

test("a job that kills every worker is given up, with the reason", async (t) => {
  const { url } = await fakeSite(t);
  const { page } = await open(t, `${url}/blank`, { script: KEEP + HELP });
  const error = await page.evaluate(/** @returns {Promise<any>} */ async () => {
    const global = /** @type {any} */ (globalThis);
    await global.start({ size: 2 });
    const list = global.jobs(3, 1);
    list[1].images[0] = -1;
    return global.begin(list).catch((/** @type {Error} */ { name, message }) => ({ name, message, workers: global.made.length }));
  });
  assert.equal(error.name, "EngineError");
  assert.match(error.message, /unreachable/);
  assert.ok(error.workers >= 3 && error.workers <= 5, `${error.workers} workers`);
});

test("cancelling ends it at once, keeps what is done, and leaves a pool that works", async (t) => {
  const { url } = await fakeSite(t);
  const { page } = await open(t, `${url}/blank`, { script: KEEP + HELP });
  const seen = await page.evaluate(/** @returns {Promise<any>} */ async () => {
    const global = /** @type {any} */ (globalThis);
    await global.start({ size: 2 });
    const running = global.begin([...global.jobs(2, 1), ...global.jobs(6, 5000)]);
    while (global.results.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    const before = performance.now();
    global.control.abort();
    const done = await running;
    const took = performance.now() - before;
    const kept = global.results.length;
    global.results = [];
    global.control = new AbortController();
    return { done, took, kept, again: await global.begin(global.jobs(4, 1)), results: global.results };
  });
  assert.deepEqual([seen.done, seen.kept, seen.again], [false, 2, true]);
  assert.ok(seen.took < 500, `${seen.took} ms`);
  assert.deepEqual(sorted(seen.results), all(4));
});

test("nothing is begun while it is paused or the tab is hidden, unless that was asked for", async (t) => {
  const { url } = await fakeSite(t);
  const { page } = await open(t, `${url}/blank`, { script: KEEP + HELP });
  const counts = await page.evaluate(/** @returns {Promise<any>} */ async () => {
    const global = /** @type {any} */ (globalThis);
    const rest = () => new Promise((resolve) => setTimeout(resolve, 300));
    const show = (/** @type {string} */ state) => {
      Object.defineProperty(document, "visibilityState", { configurable: true, value: state });
      document.dispatchEvent(new Event("visibilitychange"));
    };
    await global.start({ size: 2 });
    const running = global.begin(global.jobs(400, 5));
    const counts = /** @type {number[]} */ ([]);
    /** How many jobs end in a while, once those under way have. */
    const measure = async () => { await rest(); const before = global.results.length; await rest(); counts.push(global.results.length - before); };
    global.pool.pause();
    await measure();
    global.pool.resume();
    await measure();
    show("hidden");
    await measure();
    global.pool.setInBackground(true);
    await measure();
    global.control.abort();
    await running;
    return counts;
  });
  assert.deepEqual(counts.map((/** @type {number} */ count) => count > 0), [false, true, false, true], `${counts}`);
});

test("where no worker can be made, the page does the same work", async (t) => {
  const { url } = await fakeSite(t);
  const { page, problems } = await open(t, `${url}/blank`, { script: `delete globalThis.Worker; ${HELP}` });
  const seen = await page.evaluate(/** @returns {Promise<any>} */ async () => {
    const global = /** @type {any} */ (globalThis);
    await global.start({ size: 4 });
    return { done: await global.begin(global.jobs(6, 1)), results: global.results, size: global.pool.size() };
  });
  assert.deepEqual([seen.done, seen.size], [true, 1]);
  assert.deepEqual(sorted(seen.results), all(6));
  assert.deepEqual(problems, []);
});
