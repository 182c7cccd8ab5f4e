/** Many attacks on all cores, in front of a stand-in for the wasm module: who does what when, and what dies on the way. */
import assert from "node:assert/strict";
import { fakeSite } from "./fake.mjs";
import { open, test, withBrowser } from "./helper.mjs";

withBrowser();

/** Keeps every worker that the page makes, so that a test can end one, and counts what it has said. */
const KEEP = `
  globalThis.made = [];
  globalThis.Worker = class extends Worker {
    heard = 0;
    constructor(...of) {
      super(...of);
      made.push(this);
      this.addEventListener("message", () => { this.heard++; });
    }
  };
`;
/** What a worker has said when it is given its first chunk: that it is there, has a module, two networks and a plan. */
const TAUGHT = 5;

/** What the tests do in the page: attempts of so many steps of so many milliseconds. */
const HELP = `
  globalThis.start = async (options) => {
    const [{ createPool }, { fetchModels }] = await Promise.all([import("/www/pool/pool.js"), import("/www/engine/manifest.js")]);
    const models = await fetchModels();
    globalThis.pool = createPool(options);
    globalThis.plan = (count, theta, budget = 0, deadly) => ({ models, request: { labels: new Uint8Array(count), theta, budget, deadly } });
    globalThis.results = [];
    globalThis.control = new AbortController();
    globalThis.begin = async (plan) => {
      const { chunks } = await pool.plan(plan);
      return pool.run(plan, chunks, { signal: control.signal, onRecords: (records) => results.push(...records.map(({ attempt }) => attempt)) });
    };
  };
`;

/** @param {number} count */
const all = (count) => Array.from({ length: count }, (_, place) => place);
/** @param {number[]} results */
const sorted = (results) => [...results].sort((a, b) => a - b);

test("every attempt is made once, by several workers, from one module and one copy of the weights", async (t) => {
  const { url, requests } = await fakeSite(t);
  const { page, problems } = await open(t, `${url}/blank`, { script: KEEP + HELP });
  const seen = await page.evaluate(/** @returns {Promise<any>} */ async () => {
    const global = /** @type {any} */ (globalThis);
    await global.start({ size: 3 });
    const plan = global.plan(20, 5);
    const done = await global.begin(plan);
    const records = global.results.map((/** @type {number} */ attempt) => ({ task: 0, attempt }));
    return { done, results: global.results, workers: global.made.length, rows: await global.pool.rows(plan, [...records, records[0]]) };
  });
  assert.equal(seen.done, true);
  assert.deepEqual(sorted(seen.results), all(20));
  assert.equal(seen.workers, 4, "three that work and one that counts");
  assert.deepEqual(seen.rows, [{ attempts: 20 }]);
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
      const done = global.begin(global.plan(8, 20, 20));
      while (global.results.length < 1) await new Promise((resolve) => setTimeout(resolve, 10));
      global.made[1].terminate();
      // A tab that wakes up asks its workers whether they are still there.
      if (silent) document.dispatchEvent(new Event("visibilitychange"));
      else global.made[1].dispatchEvent(new ErrorEvent("error", { message: "out of memory" }));
      return { done: await done, results: global.results, workers: global.made.length };
    }, patience);
    assert.equal(seen.done, true);
    assert.deepEqual(sorted(seen.results), all(8));
    // Nobody is hired where somebody has nothing to do.
    assert.equal(seen.workers, 4 - patience);
  });
}

test("a worker that dies without a word while nobody looks is missed at the next round", async (t) => {
  const { url } = await fakeSite(t);
  const { page } = await open(t, `${url}/blank`, { script: KEEP + HELP });
  const seen = await page.evaluate(/** @returns {Promise<any>} */ async () => {
    const global = /** @type {any} */ (globalThis);
    /** Rounds are made, and waited for, when the test says so. */
    const [rounds, late] = [/** @type {(() => void)[]} */ ([]), /** @type {(() => void)[]} */ ([])];
    const { setInterval: interval, setTimeout: timer } = globalThis;
    global.setInterval = (/** @type {() => void} */ ring, /** @type {number} */ after) => (after > 5000 ? rounds.push(ring) : interval(ring, after));
    global.setTimeout = (/** @type {() => void} */ ring, /** @type {number} */ after) => (after > 5000 ? late.push(ring) : timer(ring, after));
    const rest = (/** @type {number} */ ms) => new Promise((resolve) => timer(() => resolve(null), ms));
    await global.start({ size: 2 });
    const done = global.begin(global.plan(8, 20, 20));
    while (global.results.length < 1) await rest(10);
    global.made[1].terminate();
    // Whoever is alive has done everything else.
    while (global.results.length < 7) await rest(10);
    // The one that is alive answers in its own time.
    let hasAnswered = false;
    global.made[2].addEventListener("message", (/** @type {MessageEvent} */ { data }) => { hasAnswered ||= Boolean(data.pong); });
    rounds[0]();
    while (!hasAnswered) await rest(10);
    for (const ring of late) ring();
    return { done: await done, results: global.results };
  });
  assert.equal(seen.done, true);
  assert.deepEqual(sorted(seen.results), all(8));
});

test("an attempt that kills every worker is given up, with the reason", async (t) => {
  const { url } = await fakeSite(t);
  const { page } = await open(t, `${url}/blank`, { script: KEEP + HELP });
  const error = await page.evaluate(/** @returns {Promise<any>} */ async () => {
    const global = /** @type {any} */ (globalThis);
    await global.start({ size: 2 });
    return global.begin(global.plan(3, 1, 0, 1)).catch((/** @type {Error} */ { name, message }) => ({ name, message, workers: global.made.length }));
  });
  assert.equal(error.name, "EngineError");
  assert.match(error.message, /unreachable/);
  assert.ok(error.workers >= 4 && error.workers <= 6, `${error.workers} workers`);
});

for (const [fit, told] of /** @type {const} */ ([[1, "the work is done by the others"], [0, "it is given up where there are no others"]])) {
  test(`a worker that cannot begin is not replaced for ever: ${told}`, async (t) => {
    const { url } = await fakeSite(t);
    // The first worker plans and counts; of the others so many find memory for a module.
    const script = KEEP.replace("made.push(this);", `made.push(this);
      if (made.length <= 1 + ${fit}) this.fits = true;`).replace("heard = 0;", `heard = 0;
    fits = false;
    postMessage(message) {
      if (this.fits || message.method !== "open") return super.postMessage(message);
      const error = { name: "EngineError", message: "There is no memory for it." };
      setTimeout(() => this.dispatchEvent(new MessageEvent("message", { data: { id: message.id, error } })));
    }`);
    const { page } = await open(t, `${url}/blank`, { script: script + HELP });
    const seen = await page.evaluate(/** @returns {Promise<any>} */ async () => {
      const global = /** @type {any} */ (globalThis);
      await global.start({ size: 3 });
      const end = await global.begin(global.plan(12, 1)).catch((/** @type {Error} */ { message }) => message);
      return { end, results: global.results, workers: global.made.length };
    });
    assert.deepEqual([seen.end, sorted(seen.results)], fit ? [true, all(12)] : ["There is no memory for it.", []]);
    assert.equal(seen.workers, 4, "three were tried, and there is the one that counts");
  });
}

test("cancelling ends it at once, keeps what is done, and leaves a pool that works", async (t) => {
  const { url } = await fakeSite(t);
  const { page } = await open(t, `${url}/blank`, { script: KEEP + HELP });
  const seen = await page.evaluate(/** @returns {Promise<any>} */ async () => {
    const global = /** @type {any} */ (globalThis);
    await global.start({ size: 2 });
    const running = global.begin(global.plan(40, 10, 20));
    while (global.results.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    const before = performance.now();
    global.control.abort();
    const done = await running;
    const took = performance.now() - before;
    const kept = global.results.length;
    await new Promise((resolve) => setTimeout(resolve, 500));
    const after = global.results.length;
    global.results = [];
    global.control = new AbortController();
    return { done, took, kept, after, again: await global.begin(global.plan(4, 1)), results: global.results };
  });
  assert.deepEqual([seen.done, seen.again], [false, true]);
  assert.ok(seen.kept >= 2 && seen.kept < 40 && seen.after === seen.kept, `${seen.kept} and ${seen.after} results`);
  assert.ok(seen.took < 500, `${seen.took} ms`);
  assert.deepEqual(sorted(seen.results), all(4));
});

test("nothing is begun while it is paused or the tab is hidden, unless that was asked for", async (t) => {
  const { url } = await fakeSite(t);
  const { page } = await open(t, `${url}/blank`, { script: KEEP + HELP });
  const growth = await page.evaluate(/** @returns {Promise<any>} */ async () => {
    const global = /** @type {any} */ (globalThis);
    const rest = (milliseconds = 500) => new Promise((resolve) => setTimeout(resolve, milliseconds));
    const show = (/** @type {string} */ state) => {
      Object.defineProperty(document, "visibilityState", { configurable: true, value: state });
      document.dispatchEvent(new Event("visibilitychange"));
    };
    const seen = /** @type {boolean[]} */ ([]);
    /** Whether anything more is done, once what was under way has ended. */
    const grows = async () => {
      await rest();
      const before = global.results.length;
      await rest();
      seen.push(global.results.length > before);
    };
    const grew = async () => {
      for (const before = global.results.length; global.results.length === before; ) await rest(20);
      seen.push(true);
    };
    await global.start({ size: 2 });
    const running = global.begin(global.plan(4000, 5));
    await grew();
    global.pool.pause();
    await grows();
    global.pool.resume();
    await grew();
    show("hidden");
    await grows();
    global.pool.setInBackground(true);
    await grew();
    global.control.abort();
    await running;
    return seen;
  });
  assert.deepEqual(growth, [true, false, true, false, true]);
});

test("pausing stops an attempt in the middle, and resuming goes on with it", async (t) => {
  const { url } = await fakeSite(t);
  for (const script of [KEEP + HELP, `delete globalThis.Worker; ${HELP}`]) {
    const { page } = await open(t, `${url}/blank`, { script });
    const seen = await page.evaluate(/** @returns {Promise<any>} */ async () => {
      const global = /** @type {any} */ (globalThis);
      await global.start({ size: 1 });
      // The pause follows right behind the chunk, so that the attempt is begun by then, and is not over.
      const { prototype } = global.Worker ?? MessagePort;
      const { postMessage } = prototype;
      const begun = new Promise((resolve) => {
        prototype.postMessage = function (/** @type {any} */ message, /** @type {any[]} */ ...rest) {
          postMessage.call(this, message, ...rest);
          if (message?.method === "work") resolve(null);
        };
      });
      // One attempt, of a hundred steps.
      const running = global.begin(global.plan(1, 5, 100));
      await begun;
      global.pool.pause();
      global.pool.pause();
      await new Promise((resolve) => setTimeout(resolve, 3000));
      const paused = global.results.length;
      global.pool.resume();
      return { paused, done: await running, results: global.results };
    });
    assert.deepEqual(seen, { paused: 0, done: true, results: [0] });
  }
});

test("a worker whose answer was frozen along with the page is not taken for dead", async (t) => {
  const { url } = await fakeSite(t);
  const { page } = await open(t, `${url}/blank`, { script: KEEP + HELP });
  const seen = await page.evaluate(/** @returns {Promise<any>} */ async (taught) => {
    const global = /** @type {any} */ (globalThis);
    /** The page's long timers, to be rung when it wakes. @type {(() => void)[]} */
    const late = [];
    const { setTimeout: timer } = globalThis;
    global.setTimeout = (/** @type {() => void} */ ring, /** @type {number} */ after) => (after > 5000 ? late.push(ring) : timer(ring, after));
    await global.start({ size: 1 });
    const running = global.begin(global.plan(1, 1500));
    while (!(global.made[1]?.heard >= taught)) await new Promise((resolve) => timer(() => resolve(null), 10));
    document.dispatchEvent(new Event("visibilitychange"));
    document.dispatchEvent(new Event("resume"));
    // What is due rings at once on waking, before any worker has had the time to answer.
    late[0]();
    return { asked: late.length > 1, done: await running, workers: global.made.length };
  }, TAUGHT);
  assert.deepEqual(seen, { asked: true, done: true, workers: 2 });
});

test("where no worker can be made, the page does the same work", async (t) => {
  const { url } = await fakeSite(t);
  const { page, problems } = await open(t, `${url}/blank`, { script: `delete globalThis.Worker; ${HELP}` });
  const seen = await page.evaluate(/** @returns {Promise<any>} */ async () => {
    const global = /** @type {any} */ (globalThis);
    await global.start({ size: 4 });
    return { done: await global.begin(global.plan(6, 1)), results: global.results, size: global.pool.size() };
  });
  assert.deepEqual([seen.done, seen.size], [true, 1]);
  assert.deepEqual(sorted(seen.results), all(6));
  assert.deepEqual(problems, []);
});
