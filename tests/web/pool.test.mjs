/**
 * Many attacks on all cores, in front of a stand-in for the wasm module: who does what when, and what dies on the way.
 */
import assert from "node:assert/strict";
import { CLOCK, TICKS } from "./clock.mjs";
import { fakeSite } from "./fake.mjs";
import { open, test, withBrowser } from "./helper.mjs";

withBrowser();

/** Keeps every worker that the page makes, so that a test can end one, and counts what it has said. */
const KEEP = `
  globalThis.made = [];
  globalThis.Worker = class extends Worker {
    heard = 0;
    isTerminated = false;
    terminate() {
      this.isTerminated = true;
      super.terminate();
    }
    constructor(...of) {
      super(...of);
      made.push(this);
      this.addEventListener("message", () => { this.heard++; });
    }
  };
`;
/**
 * How many messages a worker has sent when it is given its first chunk: that it is there, has a module, two networks
 * and a plan.
 */
const LOADED = 5;

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
        workers: global.made.length,
        rows: await global.pool.rows(plan, [...records, records[0]]),
      };
    },
  );
  assert.equal(seen.done, true);
  assert.deepEqual(sorted(seen.results), all(20));
  assert.equal(seen.workers, 4, "three that work and one that counts");
  assert.deepEqual(seen.rows, [{ attempts: 20 }]);
  for (const path of ["/pkg/cpu/engine_bg.wasm", "/www/models/one.safetensors", "/www/models/two.safetensors"]) {
    assert.equal(requests.filter((request) => request === path).length, 1, path);
  }
  assert.deepEqual(problems, []);
});

test("what a worker that dies with an error was doing is done again", async (t) => {
  const { url } = await fakeSite(t);
  const { page } = await open(t, `${url}/blank`, { script: KEEP + HELP });
  const seen = await page.evaluate(
    /** @returns {Promise<any>} */ async () => {
      const global = /** @type {any} */ (globalThis);
      await global.start({ size: 2 });
      const done = global.begin(global.plan(8, 20, 20));
      while (global.results.length < 1) await new Promise((resolve) => setTimeout(resolve, 10));
      global.made[1].terminate();
      global.made[1].dispatchEvent(new ErrorEvent("error", { message: "out of memory" }));
      return { done: await done, results: global.results, workers: global.made.length };
    },
  );
  assert.equal(seen.done, true);
  assert.deepEqual(sorted(seen.results), all(8));
  assert.equal(seen.workers, 4);
});

test("what a worker that dies without any event was doing is done again, and one that is busy is not taken for dead", async (t) => {
  const { url } = await fakeSite(t);
  const { page } = await open(t, `${url}/blank`, { script: CLOCK + KEEP + HELP });
  const seen = await page.evaluate(
    /** @returns {Promise<any>} */ async (ticks) => {
      const global = /** @type {any} */ (globalThis);
      const rest = () => new Promise((resolve) => setTimeout(resolve, 10));
      await global.start({ size: 2 });
      const done = global.begin(global.plan(8, 20, 20));
      while (global.results.length < 1) await rest();
      const [, dead, busy] = global.made;
      dead.terminate();
      for (let i = 0; i < ticks; i++) {
        const before = busy.heard;
        global.tick();
        while (busy.heard === before && global.results.length < 7) await rest();
      }
      return { done: await done, results: global.results, isBusyKept: !busy.isTerminated };
    },
    TICKS,
  );
  assert.equal(seen.done, true);
  assert.deepEqual(sorted(seen.results), all(8));
  assert.ok(seen.isBusyKept);
});

test("a tab that wakes up asks its workers whether they are still there, idle ones too", async (t) => {
  const { url } = await fakeSite(t);
  const { page } = await open(t, `${url}/blank`, { script: CLOCK + KEEP + HELP });
  const seen = await page.evaluate(
    /** @returns {Promise<any>} */ async (ticks) => {
      const global = /** @type {any} */ (globalThis);
      await global.start({ size: 1 });
      await global.begin(global.plan(2, 1));
      // Both are idle: the one that counts, and the one that works.
      for (const worker of global.made) worker.terminate();
      document.dispatchEvent(new Event("visibilitychange"));
      // The coordinator is asked once its promise is read.
      await new Promise((resolve) => setTimeout(resolve));
      for (let i = 0; i < ticks; i++) global.tick();
      return {
        done: await global.begin(global.plan(2, 1)),
        results: global.results.length,
        workers: global.made.length,
      };
    },
    TICKS,
  );
  assert.deepEqual(seen, { done: true, results: 4, workers: 4 });
});

test("an attempt that kills every worker is given up, with the reason", async (t) => {
  const { url } = await fakeSite(t);
  const { page } = await open(t, `${url}/blank`, { script: KEEP + HELP });
  const error = await page.evaluate(
    /** @returns {Promise<any>} */ async () => {
      const global = /** @type {any} */ (globalThis);
      await global.start({ size: 2 });
      return global
        .begin(global.plan(3, 1, 0, 1))
        .catch((/** @type {Error} */ { name, message }) => ({ name, message, workers: global.made.length }));
    },
  );
  assert.equal(error.name, "EngineError");
  assert.match(error.message, /unreachable/);
  assert.ok(error.workers >= 4 && error.workers <= 6, `${error.workers} workers`);
});

for (const [fit, told] of /** @type {const} */ ([
  [1, "the work is done by the others"],
  [0, "it is given up where there are no others"],
])) {
  test(`a worker that cannot begin is not replaced for ever: ${told}`, async (t) => {
    const { url } = await fakeSite(t);
    // The first worker plans and counts; of the others so many find memory for a module.
    const script = KEEP.replace(
      "made.push(this);",
      `made.push(this);
      if (made.length <= 1 + ${fit}) this.fits = true;`,
    ).replace(
      "heard = 0;",
      `heard = 0;
    fits = false;
    postMessage(message) {
      if (this.fits || message.method !== "open") return super.postMessage(message);
      const error = { name: "EngineError", message: "There is no memory for it." };
      setTimeout(() => this.dispatchEvent(new MessageEvent("message", { data: { id: message.id, error } })));
    }`,
    );
    const { page } = await open(t, `${url}/blank`, { script: script + HELP });
    const seen = await page.evaluate(
      /** @returns {Promise<any>} */ async () => {
        const global = /** @type {any} */ (globalThis);
        await global.start({ size: 3 });
        const end = await global.begin(global.plan(12, 1)).catch((/** @type {Error} */ { message }) => message);
        return { end, results: global.results, workers: global.made.length };
      },
    );
    assert.deepEqual([seen.end, sorted(seen.results)], fit ? [true, all(12)] : ["There is no memory for it.", []]);
    assert.equal(seen.workers, 4, "three were tried, and there is the one that counts");
  });
}

test("cancelling ends it at once, keeps what is done, and leaves a pool that works", async (t) => {
  const { url } = await fakeSite(t);
  const { page } = await open(t, `${url}/blank`, { script: KEEP + HELP });
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

test("nothing is begun while it is paused or the tab is hidden, unless that was asked for", async (t) => {
  const { url } = await fakeSite(t);
  const { page } = await open(t, `${url}/blank`, { script: KEEP + HELP });
  const growth = await page.evaluate(
    /** @returns {Promise<any>} */ async () => {
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
    },
  );
  assert.deepEqual(growth, [true, false, true, false, true]);
});

test("pausing stops an attempt in the middle, and resuming goes on with it", async (t) => {
  const { url } = await fakeSite(t);
  for (const script of [KEEP + HELP, `delete globalThis.Worker; ${HELP}`]) {
    const { page } = await open(t, `${url}/blank`, { script });
    const seen = await page.evaluate(
      /** @returns {Promise<any>} */ async () => {
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
      },
    );
    assert.deepEqual(seen, { paused: 0, done: true, results: [0] });
  }
});

test("a worker whose answer was frozen along with the page is not taken for dead", async (t) => {
  const { url } = await fakeSite(t);
  const { page } = await open(t, `${url}/blank`, { script: CLOCK + KEEP + HELP });
  const seen = await page.evaluate(
    /** @returns {Promise<any>} */ async (loaded) => {
      const global = /** @type {any} */ (globalThis);
      await global.start({ size: 1 });
      const running = global.begin(global.plan(1, 1500));
      while (!(global.made[1]?.heard >= loaded)) await new Promise((resolve) => setTimeout(resolve, 10));
      let pongs = 0;
      global.made[1].addEventListener("message", (/** @type {MessageEvent} */ { data }) => {
        pongs += data.pong ? 1 : 0;
      });
      document.dispatchEvent(new Event("visibilitychange"));
      document.dispatchEvent(new Event("resume"));
      // A tick that was due rings at once on waking, before any worker has had the time to answer.
      global.tick();
      const done = await running;
      return { isAsked: pongs > 1, done, workers: global.made.length };
    },
    LOADED,
  );
  assert.deepEqual(seen, { isAsked: true, done: true, workers: 2 });
});

test("where no worker can be made, the page does the same work", async (t) => {
  const { url } = await fakeSite(t);
  const { page, problems } = await open(t, `${url}/blank`, { script: `delete globalThis.Worker; ${HELP}` });
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

test("what the page computes itself stops when it is cancelled, too, even while it is paused", async (t) => {
  const { url } = await fakeSite(t);
  for (const isPaused of [false, true]) {
    const { page } = await open(t, `${url}/blank`, { script: `delete globalThis.Worker; ${HELP}` });
    const seen = await page.evaluate(
      /** @returns {Promise<any>} */ async (isPaused) => {
        const global = /** @type {any} */ (globalThis);
        // Between two steps the engine lets others have their turn, with a message to itself.
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
    // Two for each attempt, and one that may have been due before; as many again if what was cancelled went on.
    assert.ok(seen.more <= 2 * 50 + 1, `${seen.more} turns`);
  }
});
