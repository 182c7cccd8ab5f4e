/**
 * The WebGPU engine on a software adapter, which is slow, so only a few steps of a few attacks are compared with the
 * CPU. `ATTACKS=100 node --test tests/web/webgpu.test.mjs` compares a hundred attacks to their end, which takes half an
 * hour or more on such an adapter. `STEPS=10000` makes ten thousand steps of attacks that stay on the device, and a
 * thousand single steps, and reports the time of a step. The engines are compared on an adapter that offers no more than
 * WebGPU guarantees; the other tests use the adapter as it is.
 */
import assert from "node:assert/strict";
import { waitForOutcomes, waitForStep } from "./page-actions.mjs";
import { openPage, serveSite, test, withBrowser } from "./server-and-browser.mjs";

withBrowser({ gpu: true });

const MINUTES = 60_000;
const ATTACKS = Number(process.env.ATTACKS ?? 0);
const STEPS = Number(process.env.STEPS ?? 8);
const MANY = STEPS >= 1000;

/**
 * @typedef {{ sample: number, model: string, target: number, attack: 'jsma-f' | 'jsma-z', direction: 'increase' | 'decrease', budget: number }}
 * Attack
 */

/**
 * Attacks that cover all rows of the Jacobian that attacks use, both directions, and both outcomes that a few steps can
 * have.
 *
 * @type {Attack[]}
 */
const FEW = [
  { sample: 70, model: "mnist-undefended", target: 3, attack: "jsma-f", direction: "increase", budget: 6 },
  { sample: 20, model: "mnist-undefended", target: 8, attack: "jsma-z", direction: "decrease", budget: 4 },
  { sample: 40, model: "mnist-distilled-t40", target: 9, attack: "jsma-f", direction: "increase", budget: 112 },
];

/** An attack on each of the page's digits, with the nine other classes as targets in turn. @type {Attack[]} */
const HUNDRED = Array.from({ length: 100 }, (_, sample) => ({
  sample,
  model: "mnist-undefended",
  target: (Math.floor(sample / 10) + 1 + (sample % 9)) % 10,
  attack: "jsma-f",
  direction: "increase",
  budget: 112,
}));

/**
 * Runs before a worker's script: an adapter without any feature and with the guaranteed limits, which opens no device
 * that has more.
 */
const BARE = `
  const probe = await (await navigator.gpu.requestAdapter()).requestDevice();
  const { limits } = probe;
  probe.destroy();
  Object.defineProperty(GPUAdapter.prototype, "features", { get: () => new Set() });
  Object.defineProperty(GPUAdapter.prototype, "limits", { get: () => limits });
  const { requestDevice } = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = async function ({ requiredFeatures = [], requiredLimits = {} } = {}) {
    const missing = [...requiredFeatures, ...Object.keys(requiredLimits).filter((name) => requiredLimits[name] > limits[name])];
    if (missing.length > 0) throw new TypeError("The adapter does not offer " + missing.join(", ") + ".");
    return requestDevice.call(this);
  };
`;

/**
 * Runs before a worker's script: an adapter that lacks one feature, and that allows larger workgroups than WebGPU
 * guarantees, as most graphics processors do. A device allows them only on request.
 */
const UNTIMED = `
  const override = (name, change) => {
    const { get } = Object.getOwnPropertyDescriptor(GPUAdapter.prototype, name);
    Object.defineProperty(GPUAdapter.prototype, name, { get() { return change(get.call(this)); } });
  };
  const overlay = (changed) => (object) => new Proxy(object, { get: (_, name) => changed[name] ?? object[name] });
  override("features", (features) => new Set([...features].filter((name) => name !== "timestamp-query")));
  override("limits", overlay({ maxComputeInvocationsPerWorkgroup: 1024, maxComputeWorkgroupSizeX: 1024, maxComputeWorkgroupSizeY: 1024 }));
  override("info", overlay({ subgroupMaxSize: 128 }));
`;

/**
 * Runs before a worker's script: WebGPU has only the compatibility mode. A device in this mode has less than the
 * guaranteed limits, whatever the adapter has.
 *
 * @param {boolean} always Whether there is an adapter even for requests without this mode, against the specification.
 */
const compatible = (always) => `
  const { requestAdapter } = GPU.prototype;
  GPU.prototype.requestAdapter = async function (options) {
    const isOffered = ${always} || options?.featureLevel === "compatibility";
    return isOffered ? requestAdapter.call(this, { featureLevel: "compatibility" }) : null;
  };
`;

/** Runs before a worker's script: a message destroys the device. */
const DESTROY = `
  const { requestDevice } = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = async function (...options) {
    const device = await requestDevice.apply(this, options);
    new BroadcastChannel("destroy").onmessage = () => device.destroy();
    return device;
  };
`;

/**
 * Runs before a worker's script: the runtime asks the device for a query set, as it does to measure a time. If it is
 * not `timed` from the start, it is after a message.
 *
 * @param {boolean} timed
 */
const measuring = (timed) => `
  const { createCommandEncoder } = GPUDevice.prototype;
  let isTimed = ${timed};
  new BroadcastChannel("time").onmessage = () => { isTimed = true; };
  GPUDevice.prototype.createCommandEncoder = function (...given) {
    if (isTimed) this.createQuerySet({ type: "timestamp", count: 2 });
    return createCommandEncoder.apply(this, given);
  };
`;

/** The workers of the page and of experiments, with a script that runs before their own. @param {string} script */
const workers = (script) => ({
  "/www/engine/worker.js": `${script} const { serve } = await import("./engine-core.js"); serve(self);`,
  "/www/pool/worker.js": `${script} const { serveExperiment } = await import("./core.js"); serveExperiment(self);`,
});

/**
 * Runs attacks on both engines and returns their steps.
 *
 * @param {import("playwright-core").Page} page
 * @param {Attack[]} attacks
 */
function compute(page, attacks) {
  return page.evaluate(async (attacks) => {
    const [{ createEngine }, { loadSamples }, { MNIST }] = await Promise.all([
      import("/www/engine.js"),
      import("/www/page/samples.js"),
      import("/www/domain/datasets.js"),
    ]);
    const samples = await loadSamples(MNIST);
    const engines = await Promise.all([createEngine({ prefer: "cpu" }), createEngine({ prefer: "webgpu" })]);
    const infos = [];
    for (const engine of engines) {
      for (const model of new Set(attacks.map(({ model }) => model))) await engine.load(model);
      infos.push(await engine.settled());
    }
    const results = [];
    for (const { sample, ...request } of attacks) {
      const [cpu, gpu] = await Promise.all(
        engines.map(async (engine) => {
          const { outcome, steps } = await engine.attack({ ...request, theta: 1, image: samples[sample].pixels });
          return { outcome, steps: steps.map(({ logits, pair }) => ({ logits, pair })) };
        }),
      );
      results.push({ cpu, gpu });
    }
    return { infos, results, after: engines[1].info() };
  }, attacks);
}

/**
 * Checks that both engines were used and made the same steps.
 *
 * @param {import("node:test").TestContext} t
 * @param {Attack[]} attacks
 * @param {Awaited<ReturnType<typeof compute>>} computed
 */
function stepsAgree(t, attacks, { infos, results, after }) {
  assert.deepEqual(
    infos.map(({ engine, why, detail }) => [engine, why, engine === "cpu" ? detail : ""]),
    [
      ["cpu", "asked", ""],
      ["webgpu", "forced", ""],
    ],
    infos[1].reason,
  );
  assert.equal(after.engine, "webgpu", after.reason);
  t.diagnostic(infos[1].reason);
  const different = results.flatMap(({ cpu, gpu }, i) => {
    const at = cpu.steps.findIndex(({ pair }, k) => `${pair}` !== `${gpu.steps[k]?.pair}`);
    if (cpu.outcome === gpu.outcome && at < 0) return [];
    return [
      `${JSON.stringify(attacks[i])}: ${cpu.outcome} after ${cpu.steps.length - 1}, ${gpu.outcome} after ${gpu.steps.length - 1}; pairs differ from step ${at}`,
    ];
  });
  t.diagnostic(
    `${results.length - different.length} of ${results.length} attacks choose the same pairs to the same outcome.`,
  );
  assert.deepEqual(different, []);
  for (const { cpu, gpu } of results) {
    for (const [k, { logits }] of cpu.steps.entries()) {
      const scale = Math.max(...logits.map(Math.abs));
      logits.forEach((z, j) =>
        assert.ok(Math.abs(z - gpu.steps[k].logits[j]) <= 1e-4 * scale, `${z} against ${gpu.steps[k].logits[j]}`),
      );
    }
  }
}

test(
  "On an adapter without features, with the guaranteed limits, the WebGPU engine computes the same steps as the CPU engine",
  async (t) => {
    const { url } = await serveSite(t, workers(BARE));
    const { page } = await openPage(t, `${url}/blank`);
    page.setDefaultTimeout(0);
    const attacks = ATTACKS > 0 ? HUNDRED.slice(0, ATTACKS) : FEW;
    stepsAgree(t, attacks, await compute(page, attacks));
  },
  ATTACKS > 0 ? 600 * MINUTES : 6 * MINUTES,
);

/**
 * Runs an experiment on the CPU, and on the device with attacks that stay there. Returns the records and the seconds of
 * each.
 *
 * @param {import("playwright-core").Page} page
 * @param {number} images
 * @param {number} budget
 */
function experiment(page, images, budget) {
  return page.evaluate(
    async ({ images, budget }) => {
      const [{ createPool }, { fetchModels }, { loadSamples }, { MNIST }] = await Promise.all([
        import("/www/pool/pool.js"),
        import("/www/engine/manifest.js"),
        import("/www/page/samples.js"),
        import("/www/domain/datasets.js"),
      ]);
      const all = await loadSamples(MNIST);
      const samples = Array.from({ length: images }, (_, i) => all[Math.floor((i * all.length) / images)]);
      const networks = ["mnist-undefended", "mnist-distilled-t40"];
      const models = (await fetchModels()).filter(({ id }) => networks.includes(id));
      const settings = { direction: "increase", theta: 1, budget };
      const plan = {
        models,
        request: /** @type {any} */ ({
          experiment: "success",
          tasks: [
            { model: networks[0], attack: { attack: "jsma-f", ...settings } },
            { model: networks[1], attack: { attack: "jsma-f", ...settings } },
            { model: networks[1], attack: { attack: "jsma-t", attack_temperature: 40, ...settings } },
          ],
          images: Float32Array.from(samples.flatMap(({ pixels }) => [...pixels])),
          labels: Uint8Array.from(samples.map(({ label }) => label)),
        }),
      };
      const seen = [];
      for (const backend of /** @type {const} */ (["cpu", "webgpu"])) {
        const pool = createPool({ backend, software: true });
        const { chunks } = await pool.plan(plan);
        /** @type {any[]} */
        const records = [];
        const started = performance.now();
        await pool.run(plan, chunks, {
          onRecords: (found) => records.push(...found),
          signal: new AbortController().signal,
        });
        pool.close();
        records.sort((a, b) => a.task - b.task || a.attempt - b.attempt);
        seen.push({ records, seconds: (performance.now() - started) / 1000 });
      }
      return seen;
    },
    { images, budget },
  );
}

/**
 * Checks that an experiment has the same records on both engines.
 *
 * @param {import("node:test").TestContext} t
 * @param {Awaited<ReturnType<typeof experiment>>} seen
 */
function recordsAgree(t, [cpu, gpu]) {
  const different = cpu.records.flatMap((record, i) =>
    JSON.stringify(record) === JSON.stringify(gpu.records[i])
      ? []
      : [`${JSON.stringify(record)} is ${JSON.stringify(gpu.records[i])}`],
  );
  t.diagnostic(
    `${cpu.records.length - different.length} of ${cpu.records.length} records are the same; ${cpu.seconds.toFixed(1)} s on the CPU, ${gpu.seconds.toFixed(1)} s on the adapter.`,
  );
  assert.deepEqual(different, []);
}

test(
  "On an adapter without features, with the guaranteed limits, attacks that stay on the device end as on the CPU",
  async (t) => {
    const { url } = await serveSite(t, workers(BARE));
    const { page } = await openPage(t, `${url}/blank`);
    page.setDefaultTimeout(0);
    // Each image is attacked towards nine classes in three ways.
    const [images, budget] = ATTACKS > 0 ? [Math.ceil(ATTACKS / 27), 112] : [1, 4];
    const seen = await experiment(page, images, budget);
    const [cpu] = seen;
    assert.equal(cpu.records.length, 3 * 9 * images);
    recordsAgree(t, seen);
    const outcomes = new Set(cpu.records.map(({ outcome }) => outcome));
    assert.ok(outcomes.has("gradient-vanished") && outcomes.has("budget-spent"), [...outcomes].join());
  },
  ATTACKS > 0 ? 600 * MINUTES : 6 * MINUTES,
);

test(
  "On an adapter that lacks timestamp-query and allows large workgroups, the engine and experiments compute as on the CPU",
  async (t) => {
    const { url } = await serveSite(t, workers(UNTIMED));
    const { page } = await openPage(t, `${url}/blank`);
    page.setDefaultTimeout(0);
    const attacks = FEW.slice(0, 1);
    stepsAgree(t, attacks, await compute(page, attacks));
    recordsAgree(t, await experiment(page, 1, 1));
  },
  6 * MINUTES,
);

for (const [always, reason] of /** @type {const} */ ([
  [false, /swiftshader has only WebGPU's compatibility mode\./],
  [true, /The maxComputeInvocationsPerWorkgroup of .*swiftshader is 128; WebGPU guarantees 256\./],
])) {
  const offered = always ? "even if unasked" : "only on request";
  test(`An adapter in compatibility mode, offered ${offered}, is refused with the reason`, async (t) => {
    const { url } = await serveSite(t, workers(compatible(always)));
    const { page } = await openPage(t, `${url}/blank`);
    const info = await page.evaluate(async () => {
      const { createEngine } = await import("/www/engine.js");
      const engine = await createEngine({ prefer: "webgpu" });
      await engine.load("mnist-undefended");
      return engine.settled();
    });
    assert.deepEqual([info.engine, info.why], ["cpu", "LimitedAdapter"]);
    assert.match(info.detail, reason);
    await assert.rejects(experiment(page, 1, 1), reason);
  });
}

test(
  "A device is given up if its first attack ends differently from the CPU",
  async (t) => {
    const { url } = await serveSite(t, {
      "/www/pool/worker.js": `
    let isWrong = false;
    addEventListener("message", ({ data }) => { isWrong ||= data.argument?.backend === "webgpu"; });
    const post = postMessage.bind(self);
    self.postMessage = (message) => post(isWrong && message.value?.[0]?.outcome ? { ...message, value: message.value.map((record) => ({ ...record, outcome: "fooled" })) } : message);
    const { serveExperiment } = await import("./core.js");
    serveExperiment(self);`,
    });
    const { page } = await openPage(t, `${url}/blank`);
    page.setDefaultTimeout(0);
    await assert.rejects(experiment(page, 1, 2), /results of GPU and CPU differ \(fooled, not budget-spent\)/);
  },
  6 * MINUTES,
);

/**
 * Runs before a worker's script: reports how many buffers the worker has created, and the size of its module's memory.
 */
const REPORT_MEMORY = `
  const { instantiate } = WebAssembly;
  let memory;
  WebAssembly.instantiate = async (...given) => {
    const made = await instantiate.apply(WebAssembly, given);
    memory = (made.instance ?? made).exports.memory;
    return made;
  };
  const { createBuffer } = GPUDevice.prototype;
  let buffers = 0;
  GPUDevice.prototype.createBuffer = function (...given) { buffers++; return createBuffer.apply(this, given); };
  const channel = new BroadcastChannel("measured");
  // The worker of the CPU engine creates no buffers and does not answer.
  channel.onmessage = () => { if (buffers > 0) channel.postMessage({ buffers, memory: memory.buffer.byteLength }); };
`;

/**
 * Checks that the second half of the steps creates no buffers and needs no more memory. The first half may, because
 * each new size of batch needs its own buffers.
 *
 * @param {import("node:test").TestContext} t
 * @param {{ taken: number, milliseconds: number, buffers: number, memory: number }[]} marks One for each attack or round,
 * in order.
 */
function staysFlat(t, marks) {
  for (const { taken, milliseconds, buffers, memory } of marks) {
    t.diagnostic(
      `after ${taken} steps, the last at ${milliseconds.toFixed(0)} ms each: ${buffers} buffers created, ${(memory / 1e6).toFixed(1)} MB of the module's memory`,
    );
  }
  const [half, ...later] = marks.slice((marks.length - 1) >> 1);
  for (const { taken, buffers, memory } of later)
    assert.deepEqual({ buffers, memory }, { buffers: half.buffers, memory: half.memory }, `after ${taken} steps`);
}

test(
  "Further single steps create no buffers on the device and need no more memory in the module",
  async (t) => {
    const { url } = await serveSite(t, workers(REPORT_MEMORY));
    const { page } = await openPage(t, `${url}/blank`);
    page.setDefaultTimeout(0);
    const { info, marks } = await page.evaluate(
      async ({ attacks, most }) => {
        const [{ createEngine }, { loadSamples }, { MNIST }] = await Promise.all([
          import("/www/engine.js"),
          import("/www/page/samples.js"),
          import("/www/domain/datasets.js"),
        ]);
        const samples = await loadSamples(MNIST);
        const engine = await createEngine({ prefer: "webgpu" });
        for (const model of new Set(attacks.map(({ model }) => model))) await engine.load(model);
        await engine.settled();
        const channel = new BroadcastChannel("measured");
        /** @returns {Promise<{ buffers: number, memory: number }>} */
        const measured = () =>
          new Promise((resolve) => {
            channel.onmessage = ({ data }) => resolve(data);
            channel.postMessage("");
          });
        const marks = [];
        for (let place = 0, taken = 0; place < attacks.length || taken < most; place++) {
          const { sample, ...request } = attacks[place % attacks.length];
          const started = performance.now();
          const { steps } = await engine.attack({
            ...request,
            theta: 1,
            image: samples[(sample + place) % samples.length].pixels,
          });
          const milliseconds = (performance.now() - started) / steps.length;
          if (place >= attacks.length) taken += steps.length;
          if (place >= attacks.length - 1) marks.push({ taken, milliseconds, ...(await measured()) });
        }
        return { info: engine.info(), marks };
      },
      { attacks: FEW, most: Math.min(STEPS, 1000) },
    );
    assert.equal(info.engine, "webgpu", info.reason);
    staysFlat(t, marks);
  },
  MANY ? 600 * MINUTES : 6 * MINUTES,
);

test(
  "Further steps of attacks that stay on the device create no buffers and need no more memory in the module",
  async (t) => {
    const { url } = await serveSite(t, workers(REPORT_MEMORY));
    const { page } = await openPage(t, `${url}/blank`);
    page.setDefaultTimeout(0);
    const marks = await page.evaluate(
      async ({ most, images, budget }) => {
        const [{ createPool }, { fetchModels }, { loadSamples }, { MNIST }] = await Promise.all([
          import("/www/pool/pool.js"),
          import("/www/engine/manifest.js"),
          import("/www/page/samples.js"),
          import("/www/domain/datasets.js"),
        ]);
        const samples = await loadSamples(MNIST);
        const channel = new BroadcastChannel("measured");
        /** @returns {Promise<{ buffers: number, memory: number }>} */
        const measured = () =>
          new Promise((resolve) => {
            channel.onmessage = ({ data }) => resolve(data);
            channel.postMessage("");
          });
        const model = "mnist-undefended";
        const models = (await fetchModels()).filter(({ id }) => id === model);
        const pool = createPool({ backend: "webgpu", software: true });
        const marks = [];
        for (let round = 0, taken = 0; round === 0 || taken < most; round++) {
          // Each round has other images. The first round creates what is needed once, so it does not count.
          const shown = Array.from({ length: images }, (_, i) => samples[(images * round + i) % samples.length]);
          const plan = {
            models,
            request: /** @type {any} */ ({
              experiment: "success",
              tasks: [{ model, attack: { attack: "jsma-f", direction: "increase", theta: 1, budget } }],
              images: Float32Array.from(shown.flatMap(({ pixels }) => [...pixels])),
              labels: Uint8Array.from(shown.map(({ label }) => label)),
            }),
          };
          const { chunks } = await pool.plan(plan);
          let steps = 0;
          const started = performance.now();
          await pool.run(plan, chunks, {
            onRecords: (records) => {
              for (const { changes } of /** @type {any[]} */ (records)) steps += 1 + changes;
            },
            signal: new AbortController().signal,
          });
          if (round > 0) taken += steps;
          marks.push({ taken, milliseconds: (performance.now() - started) / steps, ...(await measured()) });
        }
        pool.close();
        return marks;
      },
      { most: STEPS, images: MANY ? 4 : 1, budget: MANY ? 112 : 2 },
    );
    staysFlat(t, marks);
  },
  MANY ? 600 * MINUTES : 6 * MINUTES,
);

test(
  "If the device is lost during an attack, the CPU engine resumes the attack",
  async (t) => {
    const { url } = await serveSite(t, workers(DESTROY));
    const { page } = await openPage(t, `${url}/blank`);
    page.setDefaultTimeout(0);
    const { before, after, result } = await page.evaluate(async () => {
      const [{ createEngine }, { loadSamples }, { MNIST }] = await Promise.all([
        import("/www/engine.js"),
        import("/www/page/samples.js"),
        import("/www/domain/datasets.js"),
      ]);
      const engine = await createEngine({ prefer: "webgpu" });
      await engine.load("mnist-undefended");
      const before = await engine.settled();
      const image = (await loadSamples(MNIST))[70].pixels;
      const { outcome, steps } = await engine.attack(
        { model: "mnist-undefended", image, target: 3, attack: "jsma-f", direction: "increase", theta: 1, budget: 112 },
        {
          onStep: ({ iteration }) => {
            if (iteration === 2) new BroadcastChannel("destroy").postMessage("");
          },
        },
      );
      return { before, after: engine.info(), result: { outcome, iterations: steps.map(({ iteration }) => iteration) } };
    });
    assert.equal(before.engine, "webgpu", before.reason);
    assert.deepEqual([after.engine, after.why], ["cpu", "lost"]);
    assert.equal(result.outcome, "fooled");
    assert.deepEqual(
      result.iterations,
      result.iterations.map((_, i) => i),
    );
  },
  6 * MINUTES,
);

test(
  "If the runtime measures a time during an attack, the CPU engine resumes the attack and the reason is shown",
  async (t) => {
    const { url } = await serveSite(t, workers(measuring(false)));
    const { page } = await openPage(t, `${url}/blank`);
    page.setDefaultTimeout(0);
    const { before, after, outcome } = await page.evaluate(async () => {
      const [{ createEngine }, { loadSamples }, { MNIST }] = await Promise.all([
        import("/www/engine.js"),
        import("/www/page/samples.js"),
        import("/www/domain/datasets.js"),
      ]);
      const engine = await createEngine({ prefer: "webgpu" });
      await engine.load("mnist-undefended");
      const before = await engine.settled();
      const image = (await loadSamples(MNIST))[70].pixels;
      const { outcome } = await engine.attack(
        { model: "mnist-undefended", image, target: 3, attack: "jsma-f", direction: "increase", theta: 1, budget: 112 },
        { onStep: ({ iteration }) => iteration === 2 && new BroadcastChannel("time").postMessage("") },
      );
      return { before, after: engine.info(), outcome };
    });
    assert.equal(before.engine, "webgpu", before.reason);
    assert.deepEqual([after.engine, after.why], ["cpu", "lost"]);
    assert.match(after.detail, /asked for a query set/);
    assert.equal(outcome, "fooled");
  },
  6 * MINUTES,
);

test(
  "If the runtime measures a time in an experiment, the experiment ends with the reason",
  async (t) => {
    const { url } = await serveSite(t, workers(measuring(true)));
    const { page } = await openPage(t, `${url}/blank`);
    page.setDefaultTimeout(0);
    await assert.rejects(experiment(page, 1, 1), /asked for a query set/);
  },
  6 * MINUTES,
);

test(
  "A link shows the same pixels and words on both engines",
  async (t) => {
    const { url } = await serveSite(t);
    const link = "#v=1&sample=0&target=3&budget=6&step=3&lang=en&end";
    const wide = { viewport: { width: 1280, height: 900 } };
    const narrow = { viewport: { width: 375, height: 740 }, isMobile: true, hasTouch: true, deviceScaleFactor: 3 };
    const seen = [];
    for (const [engine, options] of /** @type {const} */ ([
      ["cpu", wide],
      ["webgpu", narrow],
    ])) {
      const { page, problems } = await openPage(t, `${url}/?engine=${engine}#v=1&sample=18&end`, options);
      page.setDefaultTimeout(5 * MINUTES);
      // The CPU computes until the WebGPU engine is ready, so the link is opened only then.
      await page.locator(`#engine-info[data-engine=${engine}]`).waitFor();
      await page.evaluate((link) => {
        location.hash = link;
      }, link);
      // Wait for the result and not for the start: the attack may have ended on the CPU before the first check.
      await waitForStep(page, "3");
      await waitForOutcomes(page);
      seen.push(
        await page.evaluate(() =>
          [...document.querySelectorAll("[data-panel]")].map((panel) => ({
            pixels: /** @type {HTMLCanvasElement} */ (panel.querySelector(".picture-pixels")).toDataURL(),
            verdict: panel.querySelector(".verdict")?.textContent,
            outcome: panel.getAttribute("data-outcome"),
          })),
        ),
      );
      assert.equal(await page.locator("#engine-info").getAttribute("data-engine"), engine);
      assert.deepEqual(problems, []);
    }
    assert.equal(seen[0][0].outcome, "budget-spent");
    assert.deepEqual(seen[1], seen[0]);
  },
  8 * MINUTES,
);
