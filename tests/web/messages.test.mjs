/**
 * Hostile messages in a browser: to the page, to an embedded page, to the element from its frame and from its host, to
 * the engine's worker and to a worker of the pool, and from the workers to the page. There is no unhandled error, no
 * hang, no change of layout, and nothing is executed. `fuzz.test.mjs` tests the parsers without a browser. `FUZZ=50`
 * sends fifty times as many messages.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { openReadyPage, runAttack, waitUntilReady } from "./page-actions.mjs";
import { openPage, serveSite, test, withBrowser } from "./server-and-browser.mjs";

withBrowser();

const TIMES = Number(process.env.FUZZ ?? 1);
const NAME = "defensive-distillation";
const CORPUS = JSON.parse(readFileSync(new URL("../corpus/messages.json", import.meta.url), "utf8"));

/** Values that can be written as JSON. An object with `$` stands for a value that JSON does not have. */
const value = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom(
    ...CORPUS,
    { $: "NaN" },
    { $: "Infinity" },
    { $: "buffer" },
    { $: "floats" },
    { $: "cycle" },
    { $: "date" },
    { $: "bomb" },
  ),
);
const kind = fc.oneof(
  fc.constantFrom("ready", "measure", "height", "__proto__", "<img src=x onerror='wasRun=1'>"),
  value,
);
/** Messages similar to those between host and embedded page. */
const embedMessage = fc.record(
  { [NAME]: kind, height: fc.oneof(value, fc.double(), fc.constantFrom(-1, 0, 1e9, "500px", "1px; position: fixed")) },
  { requiredKeys: [] },
);
/** A message with a valid height, but from the wrong sender. */
const heightMessage = fc.record({
  [NAME]: fc.constant("height"),
  height: fc.nat(3000).map((height) => 100.5 + height),
});
const workerCall = fc.record(
  {
    id: fc.oneof(fc.nat(), value),
    method: fc.oneof(
      fc.constantFrom(
        "open",
        "models",
        "load",
        "classify",
        "attack",
        "rasterize",
        "check",
        "plan",
        "work",
        "rows",
        "hold",
        "constructor",
        "__proto__",
      ),
      value,
    ),
    argument: value,
    abort: value,
    ping: value,
  },
  { requiredKeys: [] },
);
const workerAnswer = fc.record(
  { id: fc.oneof(fc.nat(3), value), event: value, value, error: value },
  { requiredKeys: ["id"] },
);

/** @param {fc.Arbitrary<unknown>} arbitrary @param {number} count @returns {unknown[]} */
const sample = (arbitrary, count) =>
  fc.sample(arbitrary, { numRuns: count * TIMES, ...(process.env.FUZZ ? {} : { seed: 1511 }) });

/** Runs in the page: turns objects with `$` into the values that they stand for, and collects unhandled errors. */
const REVIVE = `
  globalThis.revive = (value) => {
    if (value === null || typeof value !== "object") return value;
    if (Array.isArray(value)) return value.map(revive);
    const cycle = {};
    cycle.cycle = cycle;
    if ("$" in value) return { NaN, Infinity, buffer: new ArrayBuffer(9), floats: new Float32Array(784), cycle, date: new Date(NaN), bomb: Array(1e6) }[value.$];
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, revive(each)]));
  };
  globalThis.unhandled = [];
  addEventListener("error", ({ message }) => unhandled.push(message));
  addEventListener("unhandledrejection", ({ reason }) => unhandled.push(String(reason)));
`;

/** @param {import("playwright-core").Page | import("playwright-core").Frame} where */
async function assertUnharmed(where) {
  assert.deepEqual(await where.evaluate(() => /** @type {any} */ (globalThis).unhandled), []);
  assert.equal(await where.evaluate(() => /** @type {any} */ (globalThis).wasRun), undefined);
}

test("The page ignores messages, and attacks as usual", async (t) => {
  const { url } = await serveSite(t);
  const { page, problems } = await openReadyPage(t, url, { script: REVIVE });
  await page.evaluate(
    (messages) => {
      const { revive } = /** @type {any} */ (globalThis);
      for (const message of messages) postMessage(revive(message), "*");
    },
    sample(fc.oneof(embedMessage, workerCall, value), 300),
  );
  // Messages arrive in order, so all have arrived when this one has.
  await page.evaluate(
    () =>
      new Promise((resolve) => {
        addEventListener("message", ({ data }) => {
          if (data === "the last one") resolve(null);
        });
        postMessage("the last one", "*");
      }),
  );
  assert.deepEqual(await runAttack(page), ["fooled", "gradient-vanished"]);
  await assertUnharmed(page);
  assert.deepEqual(problems, []);
});

test("An embedded page answers only requests for its height, and the element accepts only a height", async (t) => {
  const { url } = await serveSite(t);
  // The host is hostile and has another origin.
  const { url: host } = await serveSite(t, {
    "/host": `<!doctype html><html lang="en"><title>Host</title><link rel="icon" href="data:,"><script type="module" src="${url}/www/embed.js"></script><body><${NAME} link="v=1&amp;sample=0&amp;target=3&amp;end"></${NAME}>`,
  });
  const { page, problems } = await openPage(t, `${host}/host`, { script: REVIVE });
  await page.locator(`${NAME}[style*="height: "]`).waitFor();
  const [embedded] = page.frames().filter((frame) => frame !== page.mainFrame());
  await waitUntilReady(/** @type {any} */ (embedded));
  await page.locator(NAME).evaluate((element) => {
    const heights = /** @type {string[]} */ ([]);
    Object.assign(globalThis, { heights });
    new MutationObserver(() => heights.push(element.style.height)).observe(element, { attributes: true });
  });

  await page.evaluate(
    ([name, messages]) => {
      const { revive } = /** @type {any} */ (globalThis);
      const frame = document.querySelector(`${name}`)?.shadowRoot?.querySelector("iframe")?.contentWindow;
      for (const message of /** @type {unknown[]} */ (messages)) {
        frame?.postMessage(revive(message), "*");
        // The host also sends it to itself, as if it came from the embedded page.
        postMessage(revive(message), "*");
      }
    },
    [NAME, sample(fc.oneof(embedMessage, value, heightMessage), 300)],
  );
  // A compromised embedded page sends anything but a valid height.
  const fromEmbedded = sample(embedMessage, 300).filter(
    (/** @type {any} */ message) => !(message[NAME] === "height" && message.height > 0),
  );
  await embedded.evaluate((messages) => {
    const { revive } = /** @type {any} */ (globalThis);
    for (const message of messages) parent.postMessage(revive(message), "*");
    parent.postMessage("the last one", "*");
  }, fromEmbedded);
  await page.evaluate(
    () =>
      new Promise((resolve) => {
        addEventListener("message", ({ data }) => {
          if (data === "the last one") resolve(null);
        });
        const again = document
          .querySelector("defensive-distillation")
          ?.shadowRoot?.querySelector("iframe")?.contentWindow;
        again?.postMessage({ "defensive-distillation": "measure" }, "*");
        addEventListener("message", ({ data }) => {
          if (data?.["defensive-distillation"] === "height" && data.height > 0) resolve(null);
        });
      }),
  );
  // The real height is a whole number. The generated ones are not, or are invalid.
  assert.deepEqual(
    (await page.evaluate(() => /** @type {string[]} */ (/** @type {any} */ (globalThis).heights))).filter(
      (height) => !/^\d{2,4}px$/.test(height),
    ),
    [],
  );
  assert.equal(
    await page.locator(NAME).evaluate((element) => [...element.attributes].map(({ name }) => name).join()),
    "link,style",
  );
  await embedded.locator("#run").evaluate((button) => /** @type {HTMLElement} */ (button).click());
  await embedded.waitForFunction(
    () =>
      document.body.dataset.running === "false"
      && document.querySelectorAll('[data-panel]:not([data-outcome=""])').length === 2,
  );
  await assertUnharmed(page);
  await assertUnharmed(embedded);
  assert.deepEqual(problems, []);
});

for (const [worker, script] of Object.entries({
  "The engine's worker": "engine/worker.js",
  "A worker of the pool": "pool/worker.js",
})) {
  test(`${worker} answers any call, and still works afterwards`, async (t) => {
    const { url } = await serveSite(t);
    const { page, problems } = await openPage(t, `${url}/blank`, { script: REVIVE });
    const seen = await page.evaluate(
      async ([script, messages]) => {
        const { revive } = /** @type {any} */ (globalThis);
        const worker = new Worker(`/www/${script}`, { type: "module" });
        const answers = /** @type {any[]} */ ([]);
        const errors = /** @type {string[]} */ ([]);
        worker.onerror = ({ message }) => errors.push(message);
        await new Promise((resolve) => {
          worker.onmessage = resolve;
        });
        /** @type {(id: number) => Promise<any>} */
        const answerTo = (id) =>
          new Promise((resolve) =>
            worker.addEventListener("message", ({ data }) => {
              if (data.id === id && !("event" in data)) resolve(data);
            }),
          );
        worker.onmessage = ({ data }) => answers.push(data);
        if (script === "engine/worker.js") {
          worker.postMessage({ id: 1e6, method: "open", argument: { backend: "cpu" } });
          await answerTo(1e6);
        }
        for (const message of /** @type {unknown[]} */ (messages)) worker.postMessage(revive(message));
        worker.postMessage({ id: 1e6 + 2, method: "hold", argument: false });
        const last = answerTo(1e6 + 1);
        worker.postMessage({ id: 1e6 + 1, method: script === "engine/worker.js" ? "models" : "nothing" });
        const { value, error } = await last;
        worker.terminate();
        return {
          errors,
          last: value?.length ?? error?.name,
          odd: answers.filter(
            (each) => !each.pong && !("event" in each) && !("value" in each) && typeof each.error?.message !== "string",
          ),
        };
      },
      [script, sample(fc.oneof(workerCall, value), 300)],
    );
    assert.deepEqual([seen.errors, seen.odd], [[], []]);
    assert.ok(seen.last === "RequestError" || seen.last > 0, `${seen.last}`);
    await assertUnharmed(page);
    assert.deepEqual(problems, []);
  });
}

test("The page ignores unexpected messages of a worker, and reports an answer of the wrong shape as an error", async (t) => {
  const noise = sample(
    fc.oneof(
      value,
      embedMessage,
      workerAnswer.map((each) => ({ ...each, id: -1 })),
    ),
    200,
  ).filter((/** @type {any} */ message) => !(message?.id > 0));
  const { url, answers } = await serveSite(t, {
    "/www/engine/worker.js": `
    ${REVIVE.replaceAll("globalThis.", "self.")}
    const noise = ${JSON.stringify(noise)};
    const { serve } = await import("./engine-core.js");
    serve(self);
    for (const message of noise) postMessage(revive(message));`,
  });
  const { page, problems } = await openReadyPage(t, url, { script: REVIVE });
  assert.deepEqual(await runAttack(page), ["fooled", "gradient-vanished"]);
  await assertUnharmed(page);
  assert.deepEqual(problems, []);

  for (const wrong of [
    'error: { name: "<b>", message: "<img src=x onerror=wasRun=1>" }',
    'value: "<img src=x onerror=wasRun=1>"',
    "value: 5",
    "error: 0",
    "nothing: 0",
  ]) {
    answers["/www/engine/worker.js"] =
      `postMessage({ ready: true }); onmessage = ({ data }) => { if (data.id) postMessage({ id: data.id, ${wrong} }); };`;
    await page.reload();
    await page.waitForFunction(
      () => document.querySelectorAll('[data-panel] .status[data-error]:not([data-error=""])').length === 2,
    );
    assert.ok((await page.locator('[data-panel="left"] .status-text').innerText()).length > 20);
    assert.equal(await page.locator("[data-panel] img").count(), 0);
    await assertUnharmed(page);
  }
  delete answers["/www/engine/worker.js"];
  await page.locator('[data-panel="left"] .retry').click();
  await waitUntilReady(page);
  assert.deepEqual(await runAttack(page), ["fooled", "gradient-vanished"]);
});
