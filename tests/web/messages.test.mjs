/**
 * Hostile messages in a browser: to the page, to a page in a frame, to the element from its frame and
 * from its host, to the engine's worker and to a worker of the pool, and from them to the page. Nothing
 * throws unhandled, hangs, moves or executes. `fuzz.test.mjs` has what each of them parses, without a
 * browser; `FUZZ=50` sends so many times as many here, too.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { open, site, test, withBrowser } from "./helper.mjs";
import { attack, ready, visit } from "./visit.mjs";

withBrowser();

const TIMES = Number(process.env.FUZZ ?? 1);
const NAME = "defensive-distillation";
const CORPUS = JSON.parse(readFileSync(new URL("../corpus/messages.json", import.meta.url), "utf8"));

/** Values that can be sent and that go through JSON; `$` stands for what JSON has no word for. */
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
const said = fc.oneof(
  fc.constantFrom("ready", "measure", "height", "__proto__", "<img src=x onerror='wasRun=1'>"),
  value,
);
/** What host and guest say to each other, more or less. */
const talk = fc.record(
  { [NAME]: said, height: fc.oneof(value, fc.double(), fc.constantFrom(-1, 0, 1e9, "500px", "1px; position: fixed")) },
  { requiredKeys: [] },
);
/** A height that could be, were it not for who says it. */
const likely = fc.record({ [NAME]: fc.constant("height"), height: fc.nat(3000).map((height) => 100.5 + height) });
const call = fc.record(
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
const answer = fc.record(
  { id: fc.oneof(fc.nat(3), value), event: value, value, error: value },
  { requiredKeys: ["id"] },
);

/** @param {fc.Arbitrary<unknown>} arbitrary @param {number} count @returns {unknown[]} */
const some = (arbitrary, count) =>
  fc.sample(arbitrary, { numRuns: count * TIMES, ...(process.env.FUZZ ? {} : { seed: 1511 }) });

/** In the page: makes of `$` what it stands for. */
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
async function isUnharmed(where) {
  assert.deepEqual(await where.evaluate(() => /** @type {any} */ (globalThis).unhandled), []);
  assert.equal(await where.evaluate(() => /** @type {any} */ (globalThis).wasRun), undefined);
}

test("the page does not listen to messages, and attacks as it would have", async (t) => {
  const { url } = await site(t);
  const { page, problems } = await visit(t, url, { script: REVIVE });
  await page.evaluate(
    (messages) => {
      const { revive } = /** @type {any} */ (globalThis);
      for (const message of messages) postMessage(revive(message), "*");
    },
    some(fc.oneof(talk, call, value), 300),
  );
  // They come in order, so that after this one all have come.
  await page.evaluate(
    () =>
      new Promise((resolve) => {
        addEventListener("message", ({ data }) => {
          if (data === "the last one") resolve(null);
        });
        postMessage("the last one", "*");
      }),
  );
  assert.deepEqual(await attack(page), ["fooled", "gradient-vanished"]);
  await isUnharmed(page);
  assert.deepEqual(problems, []);
});

test("a guest tells its height to who asks for it, and listens to nothing else; the element takes a height and nothing else", async (t) => {
  const { url } = await site(t);
  // The host is hostile, and of another origin.
  const { url: host } = await site(t, {
    "/host": `<!doctype html><html lang="en"><title>Host</title><link rel="icon" href="data:,"><script type="module" src="${url}/www/embed.js"></script><body><${NAME} link="v=1&amp;sample=0&amp;target=3&amp;end"></${NAME}>`,
  });
  const { page, problems } = await open(t, `${host}/host`, { script: REVIVE });
  await page.locator(`${NAME}[style*="height: "]`).waitFor();
  const [guest] = page.frames().filter((frame) => frame !== page.mainFrame());
  await ready(/** @type {any} */ (guest));
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
        // And to itself, as if it came from the guest.
        postMessage(revive(message), "*");
      }
    },
    [NAME, some(fc.oneof(talk, value, likely), 300)],
  );
  // A guest that is no longer what it was says anything but a height that can be.
  const fromGuest = some(talk, 300).filter(
    (/** @type {any} */ message) => !(message[NAME] === "height" && message.height > 0),
  );
  await guest.evaluate((messages) => {
    const { revive } = /** @type {any} */ (globalThis);
    for (const message of messages) parent.postMessage(revive(message), "*");
    parent.postMessage("the last one", "*");
  }, fromGuest);
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
  // A guest's height is a whole number; those that were made up are not, or not a height.
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
  await guest.locator("#run").evaluate((button) => /** @type {HTMLElement} */ (button).click());
  await guest.waitForFunction(
    () =>
      document.body.dataset.running === "false"
      && document.querySelectorAll('[data-panel]:not([data-outcome=""])').length === 2,
  );
  await isUnharmed(page);
  await isUnharmed(guest);
  assert.deepEqual(problems, []);
});

for (const [who, script] of Object.entries({
  "the engine's worker": "engine/worker.js",
  "a worker of the pool": "pool/worker.js",
})) {
  test(`${who} answers whatever it is asked, and goes on working`, async (t) => {
    const { url } = await site(t);
    const { page, problems } = await open(t, `${url}/blank`, { script: REVIVE });
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
      [script, some(fc.oneof(call, value), 300)],
    );
    assert.deepEqual([seen.errors, seen.odd], [[], []]);
    assert.ok(seen.last === "RequestError" || seen.last > 0, `${seen.last}`);
    await isUnharmed(page);
    assert.deepEqual(problems, []);
  });
}

test("what a worker answers besides is passed over, and an answer of the wrong shape is an error that is told", async (t) => {
  const noise = some(
    fc.oneof(
      value,
      talk,
      answer.map((each) => ({ ...each, id: -1 })),
    ),
    200,
  ).filter((/** @type {any} */ message) => !(message?.id > 0));
  const { url, answers } = await site(t, {
    "/www/engine/worker.js": `
    ${REVIVE.replaceAll("globalThis.", "self.")}
    const noise = ${JSON.stringify(noise)};
    const { serve } = await import("./engine-core.js");
    serve(self);
    for (const message of noise) postMessage(revive(message));`,
  });
  const { page, problems } = await visit(t, url, { script: REVIVE });
  assert.deepEqual(await attack(page), ["fooled", "gradient-vanished"]);
  await isUnharmed(page);
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
    await isUnharmed(page);
  }
  delete answers["/www/engine/worker.js"];
  await page.locator('[data-panel="left"] .retry').click();
  await ready(page);
  assert.deepEqual(await attack(page), ["fooled", "gradient-vanished"]);
});
