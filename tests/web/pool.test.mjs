/**
 * The pool, which runs many attacks on all cores, with a fake wasm module: how work is shared out, and what happens
 * when workers end.
 */
import assert from "node:assert/strict";
import { serveFakeSite } from "./fake-site.mjs";
import { openPage, test, withBrowser } from "./server-and-browser.mjs";
import { CLOCK, TICKS } from "./worker-clock.mjs";

withBrowser();

/** Runs in the page: stores every worker that the page starts, and counts the messages from each. */
const OBSERVE_WORKERS = `
  globalThis.workers = [];
  globalThis.Worker = class extends Worker {
    received = 0;
    isTerminated = false;
    terminate() {
      this.isTerminated = true;
      super.terminate();
    }
    constructor(...of) {
      super(...of);
      workers.push(this);
      this.addEventListener("message", () => { this.received++; });
    }
  };
`;
/**
 * How many messages a worker has sent before it gets its first chunk: one each for the start, the module, the two
 * networks and the plan.
 */
const LOADED = 5;

/**
 * Runs in the page: helpers to start a pool, and to plan and run attempts with given numbers of steps and milliseconds.
 */
const HELPERS = `
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

test("Several workers make every attempt once, and the module and the weights are fetched once", async (t) => {
  const { url, requests } = await serveFakeSite(t);
  const { page, problems } = await openPage(t, `${url}/blank`, { script: OBSERVE_WORKERS + HELPERS });
  const seen = await page.evaluate(
    /** @returns {Promise<any>} */ async () => {
      const global = /** @type {any} */ (globalThis);
      await global.start({ size: 3 });
      const plan = global.plan(20, 5);
      const done = await global.begin(plan);
      const records = global.results.map((/** @type {number} */ attempt) => ({ task: 0, attempt }));
      return {
        done,
        results: global.results,
        workers: global.workers.length,
        rows: await global.pool.rows(plan, [...records, records[0]]),
      };
    },
  );
  assert.equal(seen.done, true);
  assert.deepEqual(sorted(seen.results), all(20));
  assert.equal(seen.workers, 4, "three workers and one coordinator");
  assert.deepEqual(seen.rows, [{ attempts: 20 }]);
  for (const path of ["/pkg/cpu/engine_bg.wasm", "/www/models/one.safetensors", "/www/models/two.safetensors"]) {
    assert.equal(requests.filter((request) => request === path).length, 1, path);
  }
  assert.deepEqual(problems, []);
});

test("The chunk of a worker that ends with an error is done again", async (t) => {
  const { url } = await serveFakeSite(t);
  const { page } = await openPage(t, `${url}/blank`, { script: OBSERVE_WORKERS + HELPERS });
  const seen = await page.evaluate(
    /** @returns {Promise<any>} */ async () => {
      const global = /** @type {any} */ (globalThis);
      await global.start({ size: 2 });
      const done = global.begin(global.plan(8, 20, 20));
      while (global.results.length < 1) await new Promise((resolve) => setTimeout(resolve, 10));
      global.workers[1].terminate();
      global.workers[1].dispatchEvent(new ErrorEvent("error", { message: "out of memory" }));
      return { done: await done, results: global.results, workers: global.workers.length };
    },
  );
  assert.equal(seen.done, true);
  assert.deepEqual(sorted(seen.results), all(8));
  assert.equal(seen.workers, 4);
});

test("The chunk of a worker that ends without an event is done again, and a busy worker is kept", async (t) => {
  const { url } = await serveFakeSite(t);
  const { page } = await openPage(t, `${url}/blank`, { script: CLOCK + OBSERVE_WORKERS + HELPERS });
  const seen = await page.evaluate(
    /** @returns {Promise<any>} */ async (ticks) => {
      const global = /** @type {any} */ (globalThis);
      const rest = () => new Promise((resolve) => setTimeout(resolve, 10));
      await global.start({ size: 2 });
      const done = global.begin(global.plan(8, 20, 20));
      while (global.results.length < 1) await rest();
      const [, dead, busy] = global.workers;
      dead.terminate();
      for (let i = 0; i < ticks; i++) {
        const before = busy.received;
        global.tick();
        while (busy.received === before && global.results.length < 7) await rest();
      }
      return { done: await done, results: global.results, isBusyKept: !busy.isTerminated };
    },
    TICKS,
  );
  assert.equal(seen.done, true);
  assert.deepEqual(sorted(seen.results), all(8));
  assert.ok(seen.isBusyKept);
});

test("A tab that becomes visible checks that its workers still answer, including idle ones", async (t) => {
  const { url } = await serveFakeSite(t);
  const { page } = await openPage(t, `${url}/blank`, { script: CLOCK + OBSERVE_WORKERS + HELPERS });
  const seen = await page.evaluate(
    /** @returns {Promise<any>} */ async (ticks) => {
      const global = /** @type {any} */ (globalThis);
      await global.start({ size: 1 });
      await global.begin(global.plan(2, 1));
      // The coordinator and the worker are both idle.
      for (const worker of global.workers) worker.terminate();
      document.dispatchEvent(new Event("visibilitychange"));
      // The coordinator is checked after its promise has been resolved.
      await new Promise((resolve) => setTimeout(resolve));
      for (let i = 0; i < ticks; i++) global.tick();
      return {
        done: await global.begin(global.plan(2, 1)),
        results: global.results.length,
        workers: global.workers.length,
      };
    },
    TICKS,
  );
  assert.deepEqual(seen, { done: true, results: 4, workers: 4 });
});

test("An attempt that ends every worker is given up, with the reason", async (t) => {
  const { url } = await serveFakeSite(t);
  const { page } = await openPage(t, `${url}/blank`, { script: OBSERVE_WORKERS + HELPERS });
  const error = await page.evaluate(
    /** @returns {Promise<any>} */ async () => {
      const global = /** @type {any} */ (globalThis);
      await global.start({ size: 2 });
      return global
        .begin(global.plan(3, 1, 0, 1))
        .catch((/** @type {Error} */ { name, message }) => ({ name, message, workers: global.workers.length }));
    },
  );
  assert.equal(error.name, "EngineError");
  assert.match(error.message, /unreachable/);
  assert.ok(error.workers >= 4 && error.workers <= 6, `${error.workers} workers`);
});

for (const [fit, consequence] of /** @type {const} */ ([
  [1, "the others do the work"],
  [0, "the run ends with an error if there are no others"],
])) {
  test(`A worker that cannot start is not replaced for ever: ${consequence}`, async (t) => {
    const { url } = await serveFakeSite(t);
    // The first worker is the coordinator. Of the others, `fit` have memory for a module.
    const script = OBSERVE_WORKERS.replace(
      "workers.push(this);",
      `workers.push(this);
      if (workers.length <= 1 + ${fit}) this.fits = true;`,
    ).replace(
      "received = 0;",
      `received = 0;
    fits = false;
    postMessage(message) {
      if (this.fits || message.method !== "open") return super.postMessage(message);
      const error = { name: "EngineError", message: "There is no memory for it." };
      setTimeout(() => this.dispatchEvent(new MessageEvent("message", { data: { id: message.id, error } })));
    }`,
    );
    const { page } = await openPage(t, `${url}/blank`, { script: script + HELPERS });
    const seen = await page.evaluate(
      /** @returns {Promise<any>} */ async () => {
        const global = /** @type {any} */ (globalThis);
        await global.start({ size: 3 });
        const end = await global.begin(global.plan(12, 1)).catch((/** @type {Error} */ { message }) => message);
        return { end, results: global.results, workers: global.workers.length };
      },
    );
    assert.deepEqual([seen.end, sorted(seen.results)], fit ? [true, all(12)] : ["There is no memory for it.", []]);
    assert.equal(seen.workers, 4, "three workers were tried, and there is the coordinator");
  });
}

test("Cancelling ends a run at once and keeps the results so far, and the pool works afterwards", async (t) => {
  const { url } = await serveFakeSite(t);
  const { page } = await openPage(t, `${url}/blank`, { script: OBSERVE_WORKERS + HELPERS });
  const seen = await page.evaluate(
    /** @returns {Promise<any>} */ async () => {
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
    },
  );
  assert.deepEqual([seen.done, seen.again], [false, true]);
  assert.ok(seen.kept >= 2 && seen.kept < 40 && seen.after === seen.kept, `${seen.kept} and ${seen.after} results`);
  assert.ok(seen.took < 500, `${seen.took} ms`);
  assert.deepEqual(sorted(seen.results), all(4));
});

test("No attempt starts while the pool is paused, or while the tab is hidden unless the background is allowed", async (t) => {
  const { url } = await serveFakeSite(t);
  const { page } = await openPage(t, `${url}/blank`, { script: OBSERVE_WORKERS + HELPERS });
  const growth = await page.evaluate(
    /** @returns {Promise<any>} */ async () => {
      const global = /** @type {any} */ (globalThis);
      const rest = (milliseconds = 500) => new Promise((resolve) => setTimeout(resolve, milliseconds));
      const show = (/** @type {string} */ state) => {
        Object.defineProperty(document, "visibilityState", { configurable: true, value: state });
        document.dispatchEvent(new Event("visibilitychange"));
      };
      const seen = /** @type {boolean[]} */ ([]);
      /** Records whether there are new results after the running attempts have ended. */
      const recordGrowth = async () => {
        await rest();
        const before = global.results.length;
        await rest();
        seen.push(global.results.length > before);
      };
      const waitForGrowth = async () => {
        for (const before = global.results.length; global.results.length === before; ) await rest(20);
        seen.push(true);
      };
      await global.start({ size: 2 });
      const running = global.begin(global.plan(4000, 5));
      await waitForGrowth();
      global.pool.pause();
      await recordGrowth();
      global.pool.resume();
      await waitForGrowth();
      show("hidden");
      await recordGrowth();
      global.pool.setInBackground(true);
      await waitForGrowth();
      global.control.abort();
      await running;
      return seen;
    },
  );
  assert.deepEqual(growth, [true, false, true, false, true]);
});

test("Pausing stops an attempt between two steps, and resuming continues it", async (t) => {
  const { url } = await serveFakeSite(t);
  for (const script of [OBSERVE_WORKERS + HELPERS, `delete globalThis.Worker; ${HELPERS}`]) {
    const { page } = await openPage(t, `${url}/blank`, { script });
    const seen = await page.evaluate(
      /** @returns {Promise<any>} */ async () => {
        const global = /** @type {any} */ (globalThis);
        await global.start({ size: 1 });
        // The pause is sent right after the chunk, so the attempt has started by then but has not ended.
        const { prototype } = global.Worker ?? MessagePort;
        const { postMessage } = prototype;
        const begun = new Promise((resolve) => {
          prototype.postMessage = function (/** @type {any} */ message, /** @type {any[]} */ ...rest) {
            postMessage.call(this, message, ...rest);
            if (message?.method === "work") resolve(null);
          };
        });
        // One attempt of a hundred steps.
        const running = global.begin(global.plan(1, 5, 100));
        await begun;
        global.pool.pause();
        global.pool.pause();
        await new Promise((resolve) => setTimeout(resolve, 3000));
        const paused = global.results.length;
        global.pool.resume();
        return { paused, done: await running, results: global.results };
      },
    );
    assert.deepEqual(seen, { paused: 0, done: true, results: [0] });
  }
});

test("A worker whose answer was delayed because the page was frozen is kept", async (t) => {
  const { url } = await serveFakeSite(t);
  const { page } = await openPage(t, `${url}/blank`, { script: CLOCK + OBSERVE_WORKERS + HELPERS });
  const seen = await page.evaluate(
    /** @returns {Promise<any>} */ async (loaded) => {
      const global = /** @type {any} */ (globalThis);
      await global.start({ size: 1 });
      const running = global.begin(global.plan(1, 1500));
      while (!(global.workers[1]?.received >= loaded)) await new Promise((resolve) => setTimeout(resolve, 10));
      let pongs = 0;
      global.workers[1].addEventListener("message", (/** @type {MessageEvent} */ { data }) => {
        pongs += data.pong ? 1 : 0;
      });
      document.dispatchEvent(new Event("visibilitychange"));
      document.dispatchEvent(new Event("resume"));
      // A due timer fires at once after the page resumes, before a worker can answer.
      global.tick();
      const done = await running;
      return { isAsked: pongs > 1, done, workers: global.workers.length };
    },
    LOADED,
  );
  assert.deepEqual(seen, { isAsked: true, done: true, workers: 2 });
});

test("The page does the work if no worker can be started", async (t) => {
  const { url } = await serveFakeSite(t);
  const { page, problems } = await openPage(t, `${url}/blank`, { script: `delete globalThis.Worker; ${HELPERS}` });
  const seen = await page.evaluate(
    /** @returns {Promise<any>} */ async () => {
      const global = /** @type {any} */ (globalThis);
      await global.start({ size: 4 });
      return { done: await global.begin(global.plan(6, 1)), results: global.results, size: global.pool.size() };
    },
  );
  assert.deepEqual([seen.done, seen.size], [true, 1]);
  assert.deepEqual(sorted(seen.results), all(6));
  assert.deepEqual(problems, []);
});

test("A run in the page also stops when it is cancelled, even while it is paused", async (t) => {
  const { url } = await serveFakeSite(t);
  for (const isPaused of [false, true]) {
    const { page } = await openPage(t, `${url}/blank`, { script: `delete globalThis.Worker; ${HELPERS}` });
    const seen = await page.evaluate(
      /** @returns {Promise<any>} */ async (isPaused) => {
        const global = /** @type {any} */ (globalThis);
        // Between two steps the engine yields to other tasks by sending itself a message.
        let turns = 0;
        const { postMessage } = MessagePort.prototype;
        MessagePort.prototype.postMessage = function (/** @type {any} */ message, /** @type {any[]} */ ...more) {
          if (message === null) turns++;
          return postMessage.call(this, message, ...more);
        };
        await global.start({ size: 1 });
        const running = global.begin(global.plan(2, 5, 1e6));
        while (turns < 3) await new Promise((resolve) => setTimeout(resolve, 10));
        if (isPaused) global.pool.pause();
        global.control.abort();
        const done = await running;
        const before = turns;
        global.pool.resume();
        global.control = new AbortController();
        return { done, again: await global.begin(global.plan(50, 1)), more: turns - before };
      },
      isPaused,
    );
    assert.deepEqual([seen.done, seen.again], [false, true]);
    // Two turns for each attempt, and one that may have been pending. A cancelled run that continued would double them.
    assert.ok(seen.more <= 2 * 50 + 1, `${seen.more} turns`);
  }
});
