/** The bench's page: does the pieces of work that `bench/run.mjs` describes and times. */
import { DATASETS } from "../../www/domain/datasets.js";
import { fetchModels } from "../../www/engine/manifest.js";
import { chooseSamples, planOf } from "../../www/lab/plan.js";
import { loadSamples } from "../../www/page/samples.js";
import { createPool } from "../../www/pool/pool.js";
import { createOnnx } from "./onnx.js";
import { createTensorFlow, startTensorFlow } from "./tfjs.js";
import { readSafeTensors } from "./weights.js";

/**
 * @typedef {object} Work One piece of work; fields that do not apply are left out.
 * @property {"step" | "attacks" | "piece" | "product" | "usual" | "best" | "forward"} what
 * @property {string} [by] The peer (another library) that does the work; left out for the engine.
 * @property {string} [dataset]
 * @property {string} [attack]
 * @property {number} [batch]
 * @property {number} [budget]
 * @property {string} [piece] The part of a step; or, of a product, the routine: `own` or `gemm`.
 * @property {number} [side]
 */

const MODELS = new URL("../../www/models/", import.meta.url);
const published = await startModule("../../pkg/cpu/");
const instrumented = await startModule("../pkg/bench/");
/** @type {import("../../pkg/cpu/engine.js").Engine} */
const engine = await published.glue.Engine.open();
const manifest = await (await fetch(new URL("manifest.json", MODELS))).json();

/** Starts the engine's wasm module of a folder. @param {string} folder */
async function startModule(folder) {
  const glue = await import(new URL(`${folder}engine.js`, import.meta.url).href);
  const { memory } = await glue.default({ module_or_path: new URL(`${folder}engine_bg.wasm`, import.meta.url) });
  return { glue, memory };
}

/**
 * Calls `make` once for each name, and keeps its results.
 *
 * @template Value
 * @param {(name: string) => Promise<Value>} make
 * @returns {(name: string) => Promise<Value>}
 */
function memoize(make) {
  /** @type {Map<string, Promise<Value>>} */
  const made = new Map();
  return (name) => {
    const value = made.get(name) ?? make(name);
    made.set(name, value);
    return value;
  };
}

/** The undefended network of a data set, and batches of images with their targets. */
const subject = memoize(async (dataset) => {
  const entry = manifest.find((/** @type {any} */ { id }) => id === `${dataset}-undefended`);
  const file = await (await fetch(new URL(entry.file, MODELS))).arrayBuffer();
  engine.load(entry, new Uint8Array(file));
  const samples = chooseSamples(await loadSamples(dataset), 100);
  const batch = (/** @type {number} */ size) => {
    const chosen = samples.slice(0, size);
    const images = new Float32Array(size * DATASETS[dataset].features);
    chosen.forEach(({ pixels }, place) => images.set(pixels, place * pixels.length));
    return { images, targets: chosen.map(({ label }, place) => (label + 1 + (place % 9)) % 10) };
  };
  return { entry, file, batch };
});

const settings = (/** @type {string} */ attack, budget = 112) => ({ attack, direction: "increase", theta: 1, budget });

const peers = {
  /** @param {string} name The backend and the data set, separated by a space. */
  tensorFlow: memoize(async (name) => {
    const [backend, dataset] = name.split(" ");
    const { tf } = await startTensorFlow(backend);
    return {
      tf,
      network: createTensorFlow(readSafeTensors((await subject(dataset)).file), dataset, DATASETS[dataset]),
    };
  }),
  onnx: memoize(async (dataset) =>
    createOnnx(readSafeTensors((await subject(dataset)).file), dataset, DATASETS[dataset]),
  ),
};

/**
 * TensorFlow.js's network on a backend. TensorFlow.js has one active backend, which is changed if needed.
 *
 * @param {string} by
 * @param {string} dataset
 */
async function tensorFlow(by, dataset) {
  const backend = by.slice("tfjs-".length);
  const { tf, network } = await peers.tensorFlow(`${backend} ${dataset}`);
  if (tf.getBackend() !== backend) await tf.setBackend(backend);
  return network;
}

const pieces = memoize(async (name) => {
  const [dataset, attack, batch] = name.split(" ");
  const { entry, file, batch: take } = await subject(dataset);
  const { images, targets } = take(Number(batch));
  return new instrumented.glue.Pieces(
    JSON.stringify(entry),
    new Uint8Array(file),
    JSON.stringify(settings(attack)),
    images,
    Uint8Array.from(targets),
  );
});
const products = memoize(async (name) => {
  const [side, routine] = name.split(" ");
  return new instrumented.glue.Product(Number(side), routine === "own");
});

/** Repeats some work a number of times. @param {Work} work @param {number} times */
async function run(
  { what, by = "", dataset = "mnist", attack = "jsma-f", batch = 1, budget, piece = "", side },
  times,
) {
  if (what === "product") return void (await products(`${side} ${piece}`)).run(times);
  if (what === "piece") return void (await pieces(`${dataset} ${attack} ${batch}`)).run(piece, times);
  const { entry, batch: take } = await subject(dataset);
  const { images, targets } = take(batch);
  const network = by.startsWith("tfjs") ? await tensorFlow(by, dataset) : null;
  for (let time = 0; time < times; time++) {
    if (what === "usual") await network?.usualStep(images, targets[0]);
    else if (what === "best") await network?.bestStep(images, targets, /** @type {any} */ (attack));
    else if (what === "forward" && network) await network.logits(images);
    else if (what === "forward") await (await peers.onnx(dataset)).logits(images);
    else {
      const run = engine.start(
        /** @type {any} */ ({
          ...settings(attack, budget),
          model: entry.id,
          images,
          targets: Uint8Array.from(targets),
        }),
      );
      do await run.step();
      while (what === "attacks" && run.running > 0);
      run.free();
    }
  }
}

/**
 * Compares a peer's results with the engine's: the largest difference of a logit, relative to the largest logit, and
 * whether each attack's first pairs are the same.
 *
 * @param {string} by
 * @param {string} dataset
 * @param {number} count The number of images.
 */
async function check(by, dataset, count) {
  const { entry, batch } = await subject(dataset);
  const { images, targets } = batch(count);
  const network = by.startsWith("tfjs") ? await tensorFlow(by, dataset) : await peers.onnx(dataset);
  const found = await network.logits(images);
  let [error, largest] = [0, 0];
  for (let place = 0; place < count; place++) {
    const { logits } = await engine.classify(
      entry.id,
      images.slice(place * (images.length / count), (place + 1) * (images.length / count)),
    );
    logits.forEach((/** @type {number} */ logit, /** @type {number} */ i) => {
      error = Math.max(
        error,
        Math.abs(logit - found[10 * place + i]) || (logit === found[10 * place + i] ? 0 : Infinity),
      );
      largest = Math.max(largest, Math.abs(logit));
    });
  }
  /** @type {Record<string, boolean>} */
  const pairs = {};
  if ("bestStep" in network) {
    const ours = async (/** @type {string} */ attack) => {
      const run = engine.start(
        /** @type {any} */ ({ ...settings(attack), model: entry.id, images, targets: Uint8Array.from(targets) }),
      );
      const steps = await run.step();
      run.free();
      return steps.map((/** @type {any} */ { pair }) => `${pair ?? ""}`);
    };
    for (const attack of /** @type {const} */ (["jsma-f", "jsma-z"])) {
      const theirs = await network.bestStep(images, targets, attack);
      pairs[attack] = `${theirs.map(String)}` === `${await ours(attack)}`;
    }
    const [first] = await ours("jsma-f");
    pairs.usual = `${await network.usualStep(images.slice(0, images.length / count), targets[0])}` === first;
  }
  return { error: error / largest, pairs };
}

/**
 * The 900 attacks: `images` images (a hundred) towards nine target classes each, on a pool of `size` workers.
 *
 * @param {string} dataset
 * @param {number} size
 * @param {number} images
 */
async function experiment(dataset, size, images) {
  const samples = chooseSamples(await loadSamples(dataset), images);
  const model = (await fetchModels()).find(({ id }) => id === `${dataset}-undefended`);
  if (!model) throw new Error(`There is no undefended network for ${dataset}.`);
  const plan = planOf(
    /** @type {any} */ ({
      experiment: "success",
      subjects: [{ model, scale: null }],
      settings: { ...settings("jsma-f"), temper: false },
    }),
    samples,
    { engine: "", date: "" },
  );
  const pool = createPool({ size });
  const { chunks } = await pool.plan(plan);
  // A warm-up, in which each worker loads the network and compiles its code.
  const listener = { onRecords: () => {}, signal: new AbortController().signal };
  await pool.run(plan, chunks.slice(0, 2 * size), listener);
  /** @type {import("../../pkg/cpu/engine.js").ExperimentRecord[]} */
  const records = [];
  const startedAt = performance.now();
  await pool.run(plan, chunks, { ...listener, onRecords: (done) => records.push(...done) });
  const seconds = (performance.now() - startedAt) / 1000;
  const [row] = await pool.rows(plan, records);
  pool.close();
  return {
    seconds,
    attempts: records.length,
    steps: records.reduce((sum, record) => sum + ("changes" in record ? record.changes + 1 : 0), 0),
    rate: "rate" in row ? row.rate : null,
  };
}

Object.assign(globalThis, {
  bench: {
    run,
    check,
    experiment,
    sides: () => [...instrumented.glue.Product.sides()],
    multiplyAdds: (/** @type {string} */ dataset, /** @type {number} */ rows) =>
      instrumented.glue.multiplyAdds(dataset, rows),
    memory: () => published.memory.buffer.byteLength,
    versions: async () => ({
      tfjs: (await startTensorFlow("wasm")).version,
      onnxruntime: (await peers.onnx("mnist")).version,
    }),
  },
});
