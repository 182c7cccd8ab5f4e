/**
 * `npm run bench:webgpu`: counts the WebGPU engine's calls to a device in the browser (dispatches, submissions, buffers
 * read and created for each step of an attack), and times batches of attacks that stay on the device. Prints tables, and
 * writes results/bench-webgpu.json with the adapter's name.
 *
 * The counts are the same on any adapter. Times are meaningful only on a real graphics processor, which `-- real` makes
 * Chromium use; otherwise the adapter is emulated in software, so only few steps are taken.
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
/** The budget of an attack, in features. */
const BUDGET = REAL ? 112 : 8;
/** The number of images that are attacked together on the device, each towards nine classes. */
const IMAGES = REAL ? 100 : 1;

/** Runs in the workers before their own scripts: counts the calls to WebGPU, and answers on a channel. */
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
 * Runs in the page: measures attacks one at a time, then many together.
 *
 * @param {{ networks: string[], budget: number, images: number }} work
 */
async function measure({ networks, budget, images }) {
  // The paths are addresses on the server, which the type checker cannot resolve.
  const load = (/** @type {string} */ path) => import(path);
  const [{ createEngine }, { createPool }, { fetchModels }, { loadSamples }, { DATASETS }] = await Promise.all([
    load("/www/engine.js"),
    load("/www/pool/pool.js"),
    load("/www/engine/manifest.js"),
    load("/www/page/samples.js"),
    load("/www/domain/datasets.js"),
  ]);
  const channel = new BroadcastChannel("counts");
  /** @returns {Promise<Record<string, number>>} */
  const counts = () =>
    new Promise((resolve) => {
      channel.onmessage = ({ data }) => data && resolve(data);
      channel.postMessage(null);
    });
  /** @param {Record<string, number>} before @param {Record<string, number>} after */
  const difference = (before, after) =>
    Object.fromEntries(Object.keys(after).map((name) => [name, after[name] - before[name]]));
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
      // The first run compiles the kernels. The difference between a short and a long run is that of their steps.
      await run(2);
      const marks = [await counts()];
      const { steps: few } = await run(2);
      marks.push(await counts());
      const started = performance.now();
      const { steps: many } = await run(budget);
      marks.push(await counts());
      const [start, afterShort, afterLong] = marks;
      const long = difference(afterShort, afterLong);
      const short = difference(start, afterShort);
      const moreSteps = many.length - few.length;
      steps.push({
        model,
        attack,
        ...Object.fromEntries(
          Object.keys(long).map((name) => [name, +((long[name] - short[name]) / moreSteps).toFixed(2)]),
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
