/**
 * `npm run bench:webgpu`: what the WebGPU engine asks of a device, counted in the browser: dispatches,
 * submissions, buffers read and made for each step of an attack, and what attacks that stay on the
 * device take. Prints tables, and writes results/bench-webgpu.json with the adapter's name.
 *
 * The counts hold on any adapter. Times say something on a real one alone, which Chromium is asked for
 * with `-- real`; without it the adapter is a program, so few steps are taken.
 */
import { writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { launchBrowser } from "../scripts/browser.mjs";
import { publishedFiles, startServer } from "../scripts/serve.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const REAL = process.argv.includes("real");
const NETWORKS = ["mnist-undefended", "cifar10-undefended"];
/** Features that an attack may change: a long one on a real adapter. */
const BUDGET = REAL ? 112 : 8;
/** Attacks that go on together on the device, nine for each image. */
const IMAGES = REAL ? 100 : 1;

/** What is put before the worker's own script: it counts what the engine asks of WebGPU. */
const COUNTING = `
  const counts = { dispatches: 0, submissions: 0, reads: 0, bytesRead: 0, buffers: 0, bufferBytes: 0 };
  const count = (type, method, add) => {
    const own = type.prototype[method];
    type.prototype[method] = function (...given) { add(this, ...given); return own.apply(this, given); };
  };
  count(GPUComputePassEncoder, "dispatchWorkgroups", () => counts.dispatches++);
  count(GPUQueue, "submit", () => counts.submissions++);
  count(GPUBuffer, "mapAsync", ({ size }) => { counts.reads++; counts.bytesRead += size; });
  count(GPUDevice, "createBuffer", (_, { size }) => { counts.buffers++; counts.bufferBytes += size; });
  const channel = new BroadcastChannel("counts");
  channel.onmessage = () => { if (counts.dispatches > 0) channel.postMessage(counts); };
`;
/** @type {Record<string, string>} */
const WORKERS = {
  "/www/engine/worker.js": `${COUNTING} const { serve } = await import("./engine-core.js"); serve(self);`,
  "/www/pool/worker.js": `${COUNTING} const { serveExperiment } = await import("./core.js"); serveExperiment(self);`,
  "/bench": "<!doctype html>",
};

const files = publishedFiles();
const server = await startServer((request, response) => {
  const body = WORKERS[new URL(`${request.url}`, "http://localhost").pathname];
  if (!body) return files(request, response);
  response.writeHead(200, { "Content-Type": body.startsWith("<") ? "text/html" : "text/javascript" }).end(body);
});

const browser = await launchBrowser(
  REAL ? { args: ["--enable-unsafe-webgpu", "--enable-features=Vulkan", "--ignore-gpu-blocklist"] } : { gpu: true },
);
const page = await browser.newPage();
page.setDefaultTimeout(0);
await page.goto(`${server.url}/bench`);
const measured = await page.evaluate(measure, { networks: NETWORKS, budget: BUDGET, images: IMAGES });
await browser.close();
server.close();

const result = {
  ...measured,
  date: new Date().toISOString().slice(0, 10),
  host: { processor: cpus()[0]?.model, cores: cpus().length, load: loadavg()[0] },
};
console.log(result.adapter);
console.table(result.steps);
console.table(result.together);
writeFileSync(join(ROOT, "results/bench-webgpu.json"), `${JSON.stringify(result, null, 1)}\n`);

/**
 * In the page: attacks one at a time, then many together.
 *
 * @param {{ networks: string[], budget: number, images: number }} work
 */
async function measure({ networks, budget, images }) {
  // The addresses are the server's, which the type checker does not know.
  const at = (/** @type {string} */ path) => import(path);
  const [{ createEngine }, { createPool }, { fetchModels }, { loadSamples }, { DATASETS }] = await Promise.all([
    at("/www/engine.js"),
    at("/www/pool/pool.js"),
    at("/www/engine/manifest.js"),
    at("/www/page/samples.js"),
    at("/www/domain/datasets.js"),
  ]);
  const channel = new BroadcastChannel("counts");
  /** @returns {Promise<Record<string, number>>} */
  const counts = () =>
    new Promise((resolve) => {
      channel.onmessage = ({ data }) => data && resolve(data);
      channel.postMessage(null);
    });
  /** @param {Record<string, number>} before @param {Record<string, number>} after @param {number} steps */
  const each = (before, after, steps) =>
    Object.fromEntries(Object.keys(after).map((name) => [name, +((after[name] - before[name]) / steps).toFixed(2)]));
  const settings = { direction: "increase", theta: 1, budget };

  const engine = await createEngine({ prefer: "webgpu" });
  const steps = [];
  for (const model of networks) {
    const entry = await engine.load(model);
    await engine.settled();
    const [{ pixels, label }] = await loadSamples(DATASETS[entry.dataset]);
    for (const attack of ["jsma-f", "jsma-z"]) {
      const run = (/** @type {number} */ most) =>
        engine.attack({ model, image: pixels, target: (label + 3) % 10, attack, ...settings, budget: most });
      // A short one first, which compiles what is missing; what a long one takes more is its steps.
      await run(2);
      const marks = [await counts()];
      const { steps: few } = await run(2);
      marks.push(await counts());
      const started = performance.now();
      const { steps: many } = await run(budget);
      marks.push(await counts());
      const [start, short, long] = marks;
      const more = each(short, long, 1);
      const less = each(start, short, 1);
      const further = many.length - few.length;
      steps.push({
        model,
        attack,
        ...Object.fromEntries(
          Object.keys(more).map((name) => [name, +((more[name] - less[name]) / further).toFixed(2)]),
        ),
        milliseconds: Math.round((performance.now() - started) / many.length),
      });
    }
  }
  const { implementation: adapter, engine: ran, reason } = engine.info();
  if (ran !== "webgpu") throw new Error(reason);

  const together = [];
  for (const model of networks) {
    const models = (await fetchModels()).filter((/** @type {{ id: string }} */ { id }) => id === model);
    const samples = (await loadSamples(DATASETS[models[0].dataset])).slice(0, images);
    const plan = {
      models,
      request: {
        experiment: "success",
        tasks: [{ model, attack: { attack: "jsma-f", ...settings } }],
        images: Float32Array.from(samples.flatMap((/** @type {{ pixels: Float32Array }} */ { pixels }) => [...pixels])),
        labels: Uint8Array.from(samples.map((/** @type {{ label: number }} */ { label }) => label)),
      },
    };
    for (const backend of ["cpu", "webgpu"]) {
      const pool = createPool({ backend, software: true });
      const { chunks } = await pool.plan(plan);
      let attacks = 0;
      const started = performance.now();
      await pool.run(plan, chunks, {
        onRecords: (/** @type {unknown[]} */ records) => {
          attacks += records.length;
        },
        signal: new AbortController().signal,
      });
      together.push({
        model,
        attack: "jsma-f",
        backend,
        workers: pool.size(),
        attacks,
        budget,
        seconds: +((performance.now() - started) / 1000).toFixed(1),
      });
      pool.close();
    }
  }
  return { adapter, steps, together };
}
