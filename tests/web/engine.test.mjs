/** The JavaScript API in a page, with a fake wasm module. */
import assert from "node:assert/strict";
import { serveFakeSite } from "./fake-site.mjs";
import { openPage, test, withBrowser } from "./server-and-browser.mjs";

withBrowser();

/** @typedef {import("../../www/engine/engine.js").Progress} Progress */

test("The engine starts in a worker, reports that, and reports progress in bytes", async (t) => {
  const { url } = await serveFakeSite(t);
  const { page, problems } = await openPage(t, `${url}/blank`);
  const { info, progress } = await page.evaluate(async () => {
    const { createEngine } = await import("/www/engine.js");
    const progress = /** @type {Progress[]} */ ([]);
    const onProgress = (/** @type {Progress} */ part) => progress.push(part);
    const engine = await createEngine({ prefer: "cpu", onProgress });
    await engine.load("one", { onProgress });
    return { info: engine.info(), progress };
  });
  assert.deepEqual(
    { ...info, reason: "" },
    { engine: "cpu", where: "worker", why: "asked", detail: "", reason: "", implementation: "fake", version: "0" },
  );
  assert.match(info.reason, /requested.*worker/);
  assert.deepEqual(progress[0], { part: "engine", loaded: 8, total: 8 });
  assert.deepEqual(progress.at(-1), { part: "one", loaded: 100_000, total: 100_000 });
  assert.deepEqual(problems, []);
});

test("Callers share one fetch, which is aborted only when all of them have aborted", async (t) => {
  /** @type {import("node:http").ServerResponse[]} */
  const held = [];
  const { url, requests } = await serveFakeSite(t, {
    "/www/models/two.safetensors": (_, response) => {
      held.push(response);
    },
  });
  const { page } = await openPage(t, `${url}/blank`);
  const outcomes = await page.evaluate(async () => {
    const { createEngine } = await import("/www/engine.js");
    const engine = await createEngine();
    await Promise.all([engine.load("one"), engine.load("one")]);
    await engine.load("one");
    const [first, second] = [new AbortController(), new AbortController()];
    const loads = [engine.load("two", { signal: first.signal }), engine.load("two", { signal: second.signal })];
    first.abort();
    const one = await loads[0].catch((error) => error.name);
    const stillWaiting = await Promise.race([loads[1], new Promise((resolve) => setTimeout(resolve, 200, "waiting"))]);
    second.abort();
    return [one, stillWaiting, await loads[1].catch((error) => error.name)];
  });
  assert.deepEqual(outcomes, ["AbortError", "waiting", "AbortError"]);
  const fetched = (/** @type {string} */ path) => requests.filter((request) => request === path).length;
  assert.equal(fetched("/www/models/manifest.json"), 1);
  assert.equal(fetched("/www/models/one.safetensors"), 1);
  assert.equal(fetched("/www/models/two.safetensors"), 1);
  assert.ok(held[0].destroyed || (await new Promise((resolve) => held[0].on("close", () => resolve(true)))));
});

test("Two attacks take turns, and each reports its steps in order", async (t) => {
  const { url } = await serveFakeSite(t);
  const { page } = await openPage(t, `${url}/blank`);
  const { order, results } = await page.evaluate(async () => {
    const { createEngine } = await import("/www/engine.js");
    const engine = await createEngine();
    const order = /** @type {string[]} */ ([]);
    const attack = (/** @type {number} */ target) =>
      engine.attack(
        {
          model: "one",
          image: new Float32Array(784),
          target,
          attack: "jsma-f",
          direction: "increase",
          theta: 5,
          budget: 3,
        },
        { onStep: (step) => order.push(`${target}.${step.iteration}`) },
      );
    return { results: await Promise.all([attack(1), attack(2)]), order };
  });
  // The second request is a separate message. It may arrive after the first attack has made a few steps.
  const begun = order.indexOf("2.0");
  assert.ok(begun >= 1 && begun <= 3, `${order}`);
  const both = order.slice(begun - 1, order.indexOf("1.3") + 1).map(([attack]) => attack);
  assert.ok(
    both.every((attack, place) => attack !== both[place + 1]),
    `${order}`,
  );
  for (const { outcome, steps } of results) {
    assert.equal(outcome, "budget-spent");
    assert.deepEqual(
      steps.map(({ iteration }) => iteration),
      [0, 1, 2, 3],
    );
  }
});

test("A cancelled attack ends within a step and keeps the steps made so far, and the engine stays usable", async (t) => {
  const { url } = await serveFakeSite(t);
  const { page } = await openPage(t, `${url}/blank`);
  const { result, late, before, again } = await page.evaluate(async () => {
    const { createEngine } = await import("/www/engine.js");
    const engine = await createEngine();
    const request = /** @type {const} */ ({
      model: "one",
      image: new Float32Array(784),
      target: 1,
      attack: "jsma-f",
      direction: "increase",
      theta: 200,
      budget: 500,
    });
    const controller = new AbortController();
    let aborted = Infinity;
    const result = await engine.attack(request, {
      signal: controller.signal,
      onStep: ({ iteration }) => {
        if (iteration === 3) {
          controller.abort();
          aborted = iteration;
        }
      },
    });
    const before = await engine.attack(request, { signal: AbortSignal.abort() });
    const again = await engine.attack({ ...request, budget: 2 });
    return { result, late: result.steps.length - 1 - aborted, before, again };
  });
  assert.equal(result.outcome, "cancelled");
  assert.ok(late <= 2, `${late} more steps after the cancellation`);
  assert.equal(before.outcome, "cancelled");
  assert.equal(again.outcome, "budget-spent");
});

test("Errors keep their names, and after a trap the engine cannot be used any more", async (t) => {
  const { url } = await serveFakeSite(t);
  const { page } = await openPage(t, `${url}/blank`);
  const names = await page.evaluate(async () => {
    const { createEngine } = await import("/www/engine.js");
    const engine = await createEngine();
    const image = new Float32Array(784);
    const name = (/** @type {Promise<unknown>} */ promise) =>
      promise.then(
        () => "none",
        (error) => (error instanceof Error ? error.name : "not an Error"),
      );
    const attack = /** @type {const} */ ({
      model: "one",
      image,
      target: 1,
      attack: "jsma-f",
      direction: "increase",
      theta: 0,
      budget: 0,
    });
    const notLoaded = await name(engine.classify({ model: "one", image }));
    await engine.load("one");
    const trap = Float32Array.from(image).fill(-2, 0, 1);
    return {
      prefer: await name(createEngine({ prefer: /** @type {any} */ ("abacus") })),
      aborted: await name(createEngine({ signal: AbortSignal.abort() })),
      unknownModel: await name(engine.load("three")),
      notLoaded,
      target: await name(engine.attack({ ...attack, target: 257 })),
      image: await name(engine.attack({ ...attack, image: /** @type {any} */ ([0, 0]) })),
      trap: await name(engine.classify({ model: "one", image: Float32Array.from(image).fill(-1, 0, 1) })),
      trapInPromise: await name(engine.classify({ model: "one", image: trap })),
      afterwards: await name(engine.classify({ model: "one", image })),
    };
  });
  assert.deepEqual(names, {
    prefer: "RequestError",
    aborted: "AbortError",
    unknownModel: "RequestError",
    notLoaded: "RequestError",
    target: "RequestError",
    image: "ImageError",
    trap: "EngineError",
    trapInPromise: "EngineError",
    afterwards: "EngineError",
  });
});

test("Closing the engine rejects pending calls", async (t) => {
  const { url } = await serveFakeSite(t);
  const { page } = await openPage(t, `${url}/blank`);
  const name = await page.evaluate(async () => {
    const { createEngine } = await import("/www/engine.js");
    const engine = await createEngine();
    const pending = engine.attack({
      model: "one",
      image: new Float32Array(784),
      target: 1,
      attack: "jsma-f",
      direction: "increase",
      theta: 10,
      budget: 500,
    });
    engine.close();
    return pending.catch((error) => error.name);
  });
  assert.equal(name, "EngineError");
});

const WITHOUT_WORKER = {
  "the browser has no workers": { script: "delete globalThis.Worker", answers: {} },
  "the worker's script is missing": { script: "", answers: { "/www/engine/worker.js": 404 } },
  "the worker's script has a syntax error": { script: "", answers: { "/www/engine/worker.js": "import * from" } },
};

for (const [name, { script, answers }] of Object.entries(WITHOUT_WORKER)) {
  test(`The engine runs in the page if no worker can start: ${name}`, async (t) => {
    const { url } = await serveFakeSite(t, answers);
    const { page } = await openPage(t, `${url}/blank`);
    await page.evaluate(script);
    const { info, outcome, cancelled, trap } = await page.evaluate(async () => {
      const { createEngine } = await import("/www/engine.js");
      const engine = await createEngine();
      await engine.load("one");
      const image = new Float32Array(784);
      const request = /** @type {const} */ ({
        model: "one",
        image,
        target: 1,
        attack: "jsma-f",
        direction: "increase",
        theta: 5,
        budget: 2,
      });
      const { outcome } = await engine.attack(request);
      const controller = new AbortController();
      const cancelled = await engine.attack(
        { ...request, budget: 500 },
        {
          signal: controller.signal,
          onStep: ({ iteration }) => {
            if (iteration === 3) controller.abort();
          },
        },
      );
      const trap = await engine.classify({ model: "one", image: image.fill(-2, 0, 1) }).catch((error) => error.name);
      return { info: engine.info(), outcome, cancelled, trap };
    });
    assert.equal(info.where, "page");
    assert.match(info.reason, /in the page, since no worker/);
    assert.equal(outcome, "budget-spent");
    assert.equal(cancelled.outcome, "cancelled");
    assert.ok(cancelled.steps.length > 3 && cancelled.steps.length < 400);
    assert.equal(trap, "EngineError");
  });
}

test("Closing an engine in the page stops its running attack, and leaves no listener and no timer", async (t) => {
  const { url } = await serveFakeSite(t);
  const { page } = await openPage(t, `${url}/blank`);
  const { name, left, later } = await page.evaluate(async () => {
    // What is open: listeners of the window, timers that repeat, and the messages that the engine sends.
    const open = { listeners: 0, timers: 0 };
    let sent = 0;
    Reflect.deleteProperty(globalThis, "Worker");
    const { addEventListener: add, removeEventListener: remove, setInterval: start, clearInterval: stop } = globalThis;
    globalThis.addEventListener = (/** @type {any[]} */ ...of) => {
      open.listeners++;
      Reflect.apply(add, globalThis, of);
    };
    globalThis.removeEventListener = (/** @type {any[]} */ ...of) => {
      open.listeners--;
      Reflect.apply(remove, globalThis, of);
    };
    globalThis.setInterval = /** @type {any} */ (
      (/** @type {any[]} */ ...of) => {
        open.timers++;
        return Reflect.apply(start, globalThis, of);
      }
    );
    globalThis.clearInterval = (id) => {
      open.timers--;
      stop(id);
    };
    const post = MessagePort.prototype.postMessage;
    MessagePort.prototype.postMessage = function (/** @type {any[]} */ ...of) {
      if (of[0]?.event) sent++;
      Reflect.apply(post, this, of);
    };

    const { createEngine } = await import("/www/engine.js");
    const engine = await createEngine();
    await engine.load("one");
    const image = new Float32Array(784);
    const settings = /** @type {const} */ ({ attack: "jsma-f", direction: "increase", theta: 5, budget: 500 });
    /** @type {Promise<string>} */
    const ended = new Promise((resolve) => {
      engine
        .attack(
          { model: "one", image, target: 1, ...settings },
          { onStep: ({ iteration }) => iteration === 3 && engine.close() },
        )
        .catch((error) => resolve(error.name));
    });
    const name = await ended;
    const left = { ...open };
    // The engine has stopped once it sends nothing for a while in which a step takes place.
    const before = sent;
    for (let turns = 0; turns < 50; turns++) await new Promise((resolve) => setTimeout(resolve));
    return { name, left, later: sent - before };
  });
  assert.equal(name, "EngineError");
  assert.deepEqual(left, { listeners: 0, timers: 0 });
  assert.ok(later <= 1, `${later} steps after the end`);
});

test("The engine runs in the page of a sandboxed frame, where no worker may start", async (t) => {
  const script =
    "import('/www/engine.js').then(({ createEngine }) => createEngine()).then((e) => e.info().where).then((where) => parent.postMessage(where, '*'), (e) => parent.postMessage(`${e}`, '*'))";
  const { url } = await serveFakeSite(t, { "/frame": `<!doctype html><script type=module>${script}</script>` });
  const { page } = await openPage(t, `${url}/blank`);
  const where = await page.evaluate(
    () =>
      new Promise((resolve) => {
        addEventListener("message", ({ data }) => resolve(data));
        const frame = Object.assign(document.createElement("iframe"), { src: "/frame" });
        frame.sandbox.add("allow-scripts");
        document.body.append(frame);
      }),
  );
  assert.equal(where, "page");
});
