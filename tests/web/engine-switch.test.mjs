/** The switch from the CPU engine to the WebGPU engine and back, with fakes of both. */
import assert from "node:assert/strict";
import { fakeAdapter, fakeEngine, fakeGpu, serveFakeSite } from "./fake-site.mjs";
import { openPage, test, withBrowser } from "./server-and-browser.mjs";

withBrowser();

/** @typedef {import("../../www/engine/engine.js").Step & { by: string }} Step `by`: the engine that made the step. */

/**
 * Loads a network, runs attacks one after another, and returns which engine is used in the end.
 *
 * @param {import("node:test").TestContext} t
 * @param {Record<string, import("./server-and-browser.mjs").Answer>} answers
 * @param {{ prefer?: 'auto' | 'cpu' | 'webgpu', attacks?: { theta: number, budget: number }[], script?: string }}
 * [visit]
 */
async function compute(t, answers, { prefer = "auto", attacks = [], script } = {}) {
  const { url, requests } = await serveFakeSite(t, answers);
  const { page } = await openPage(t, `${url}/blank`, { script });
  const result = await page.evaluate(
    async ({ prefer, attacks }) => {
      const { createEngine } = await import("/www/engine.js");
      const whys = /** @type {string[]} */ ([]);
      const engine = await createEngine({ prefer, onChange: ({ why }) => whys.push(why) });
      await engine.load("one");
      if (prefer === "webgpu") await engine.settled();
      const results = [];
      for (const settings of attacks) {
        const image = new Float32Array(784);
        results.push(
          await engine.attack({ model: "one", image, target: 1, attack: "jsma-f", direction: "increase", ...settings }),
        );
      }
      const info = await engine.settled();
      engine.close();
      return { info, whys, results };
    },
    { prefer, attacks },
  );
  return { ...result, requests, page };
}

const FAST = { ...fakeAdapter(), ...fakeEngine("cpu", { EXTRA: 20 }), ...fakeEngine("webgpu", {}) };

test("The WebGPU engine is fetched once the CPU has computed for long enough, and is used if it is faster", async (t) => {
  const long = { theta: 100, budget: 45 };
  const { info, whys, requests } = await compute(t, FAST, { attacks: [long] });
  assert.deepEqual(whys, ["waiting", "fetching", "compiling", "faster"]);
  assert.equal(info.engine, "webgpu");
  assert.equal(info.implementation, "fake webgpu, Test adapter");
  assert.match(info.detail, /^\d.* ms a step; the CPU takes \d.* ms/);
  assert.equal(requests.filter((path) => path === "/www/models/one.safetensors").length, 2);
});

test("A short visit does not fetch the WebGPU engine", async (t) => {
  const { info, requests } = await compute(t, FAST, { attacks: [{ theta: 1, budget: 10 }] });
  assert.equal(info.why, "waiting");
  assert.ok(!requests.some((path) => path.startsWith("/pkg/webgpu")));
});

test("A visitor who chooses the WebGPU engine gets it at once, even if it is slower", async (t) => {
  const slow = { ...FAST, ...fakeEngine("webgpu", { EXTRA: 40 }) };
  const { info, results } = await compute(t, slow, { prefer: "webgpu", attacks: [{ theta: 1, budget: 2 }] });
  assert.equal(info.why, "forced");
  assert.deepEqual(
    results[0].steps.map((step) => /** @type {Step} */ (step).by),
    ["fake webgpu", "fake webgpu", "fake webgpu"],
  );
});

/**
 * Reasons to keep the CPU engine.
 *
 * @type {Record<string, [why: string, detail: RegExp, answers: Record<string, import("./server-and-browser.mjs").Answer>]>}
 */
const REFUSED = {
  "An adapter with less than a guaranteed limit": [
    "LimitedAdapter",
    /^The maxComputeInvocationsPerWorkgroup of Test adapter is 128; WebGPU guarantees 256\.$/,
    fakeAdapter(undefined, { maxComputeInvocationsPerWorkgroup: 128 }),
  ],
  "A runtime that measures times": ["failed", /asked for a query set/, fakeEngine("webgpu", { RUNTIME: "query set" })],
  "An engine with different results": ["Mismatch", /logits.* differ by 0\.5/, fakeEngine("webgpu", { LOGIT: 1.5 })],
  "An engine with results that are not numbers": ["Mismatch", /logits/, fakeEngine("webgpu", { LOGIT: undefined })],
  "A shader that does not compile": [
    "Fault",
    /unresolved/,
    fakeEngine("webgpu", { FAULT: "error: unresolved identifier" }),
  ],
  "A module that is missing": ["failed", /404|engine_bg/, { "/pkg/webgpu/engine_bg.wasm": 404 }],
};

for (const [name, [why, detail, answers]] of Object.entries(REFUSED)) {
  test(`${name} keeps the CPU engine, with a reason`, async (t) => {
    const { info, results } = await compute(
      t,
      { ...FAST, ...answers },
      { prefer: "webgpu", attacks: [{ theta: 1, budget: 2 }] },
    );
    assert.equal(info.engine, "cpu");
    assert.equal(info.why, why);
    assert.match(info.detail, detail);
    assert.equal(results[0].outcome, "budget-spent");
  });
}

test("A browser without a graphics adapter keeps the CPU engine, with a reason", async (t) => {
  const { info, requests } = await compute(t, fakeEngine("webgpu", {}), { prefer: "webgpu" });
  assert.equal(info.engine, "cpu");
  assert.match(info.why, /^No(Adapter|WebGPU)$/);
  assert.ok(!requests.some((path) => path.startsWith("/pkg/webgpu")));
});

const LONG = { theta: 100, budget: 45 };

test("A slower engine is not used", async (t) => {
  const { info } = await compute(t, { ...FAST, ...fakeEngine("webgpu", { EXTRA: 40 }) }, { attacks: [LONG] });
  assert.deepEqual([info.engine, info.why], ["cpu", "Slower"]);
});

test("A software adapter is not used, and nothing is fetched for it", async (t) => {
  const { info, requests } = await compute(
    t,
    { ...FAST, ...fakeAdapter({ vendor: "google", architecture: "swiftshader" }) },
    { attacks: [LONG] },
  );
  assert.deepEqual([info.engine, info.why], ["cpu", "SoftwareAdapter"]);
  assert.ok(!requests.some((path) => path.startsWith("/pkg/webgpu")));
});

test("With the browser's data saver on, the WebGPU engine is not fetched", async (t) => {
  const script = "Object.defineProperty(navigator, 'connection', { value: { saveData: true } })";
  const { info, requests } = await compute(t, FAST, { attacks: [LONG], script });
  assert.equal(info.why, "SaveData");
  assert.ok(!requests.some((path) => path.startsWith("/pkg/webgpu")));
});

for (const end of ["lost", "trap"]) {
  test(`If the WebGPU engine ends during an attack (${end}), the CPU engine resumes the attack from its last step`, async (t) => {
    const { info, results } = await compute(
      t,
      { ...FAST, ...fakeEngine("webgpu", { END: end }) },
      { prefer: "webgpu", attacks: [{ theta: 1, budget: 20 }] },
    );
    assert.deepEqual([info.engine, info.why], ["cpu", "lost"]);
    assert.ok(info.detail.length > 10);
    const [{ outcome, steps }] = results;
    assert.equal(outcome, "budget-spent");
    assert.deepEqual(
      steps.map(({ iteration }) => iteration),
      Array.from({ length: 21 }, (_, i) => i),
    );
    assert.deepEqual(
      steps.map((step) => /** @type {Step} */ (step).by),
      steps.map((_, i) => (i < 2 ? "fake webgpu" : "fake cpu")),
    );
  });
}

test("The WebGPU engine runs in the page if only the page has WebGPU, and leaves WebGPU to the page as it was", async (t) => {
  const without = {
    "/www/engine/worker.js":
      'Object.defineProperty(navigator, "gpu", { value: undefined }); const { serve } = await import("./engine-core.js"); serve(self);',
  };
  for (const RUNTIME of ["", "device"]) {
    const answers = { ...FAST, ...without, ...fakeEngine("webgpu", { RUNTIME }) };
    const script = fakeGpu({ description: "Page adapter" });
    const { info, page } = await compute(t, answers, { prefer: "webgpu", script });
    assert.deepEqual([info.engine, info.where, info.implementation], ["webgpu", "page", "fake webgpu, Page adapter"]);
    assert.match(info.reason, /in the page, since workers have no WebGPU/);
    const features = await page.evaluate(async () => [
      ...((await navigator.gpu.requestAdapter())?.features ?? ["none"]),
    ]);
    assert.deepEqual(features, []);
  }
});

test("An engine that stops answering is given up", async (t) => {
  const answers = { ...FAST, ...fakeEngine("webgpu", { END: "silent" }) };
  const { info, results } = await compute(t, answers, { prefer: "webgpu", attacks: [{ theta: 1, budget: 20 }] });
  assert.equal(info.why, "lost");
  assert.match(info.detail, /not answered for 30 seconds/);
  assert.equal(results[0].outcome, "budget-spent");
});
