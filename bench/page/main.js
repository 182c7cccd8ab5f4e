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
 * @property {"first" | "step" | "attacks" | "piece" | "product" | "usual" | "best" | "forward"} what `first` is the start
 *   of attacks and their first step, `step` are the steps after it, and `attacks` are whole attacks.
 * @property {string} [by] The peer (another library) that does the work; left out for the engine.
 * @property {string} [dataset]
 * @property {string} [attack]
 * @property {number} [batch]
 * @property {number} [budget]
 * @property {string} [piece] The part of a step; or what computes a product: `engine` or `burn`.
 * @property {number} [side]
 * @property {"now" | "before"} [module] The module that attacks: the published one, or that of an earlier commit.
 */

const MODELS = new URL("../../www/models/", import.meta.url);
/** The folders of the modules that attack. `bench/run.mjs` serves the earlier one from the history. */
const FOLDERS = {
  now: new URL("../../pkg/cpu/", import.meta.url).href,
  before: new URL("../before/", import.meta.url).href,
};
/** The fewest images that are attacked, in batches of one or more. */
const LEAST_IMAGES = 8;

const published = await startModule(FOLDERS.now);
const instrumented = await startModule(new URL("../pkg/bench/", import.meta.url).href);
/** The steps after the first that are timed. @type {number} */
const STEPS = instrumented.glue.Pieces.steps();
/** @type {import("../../pkg/cpu/engine.js").Engine} */
const engine = await published.glue.Engine.open();
/** @type {Record<string, import("../../pkg/cpu/engine.js").Engine>} */
const engines = { now: engine };
const manifest = await (await fetch(new URL("manifest.json", MODELS))).json();

/** Starts the engine's wasm module of a folder. @param {string} folder */
async function startModule(folder) {
  const glue = await import(`${folder}engine.js`);
  const { memory } = await glue.default({ module_or_path: new URL(`${folder}engine_bg.wasm`) });
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

/** Starts the earlier module. */
async function startBefore() {
  engines.before = await (await startModule(FOLDERS.before)).glue.Engine.open();
}

/** The undefended network of a data set, and batches of images with their targets. */
const subject = memoize(async (dataset) => {
  const entry = manifest.find((/** @type {any} */ { id }) => id === `${dataset}-undefended`);
  const file = await (await fetch(new URL(entry.file, MODELS))).arrayBuffer();
  for (const each of Object.values(engines)) each.load(entry, new Uint8Array(file));
  const samples = chooseSamples(await loadSamples(dataset), 100);
  const batch = (/** @type {number} */ size, first = 0) => {
    const chosen = samples.slice(first, first + size);
    const images = new Float32Array(size * DATASETS[dataset].features);
    chosen.forEach(({ pixels }, place) => images.set(pixels, place * pixels.length));
    return { images, targets: chosen.map(({ label }, place) => (label + 1 + ((first + place) % 9)) % 10) };
  };
  /** At least `LEAST_IMAGES` images. @param {number} size */
  const batches = (size) => {
    const count = Math.max(size, LEAST_IMAGES) / size;
    return Array.from({ length: count }, (_, place) => batch(size, size * place));
  };
  return { entry, file, samples, batch, batches };
});

/** The settings of attacks that have others than the saliency attacks. @type {Record<string, object>} */
const OTHER_SETTINGS = {
  fgsm: { epsilon: 0.3, temperature: 1 },
  "cw-l2": { iterations: 1000 },
  "cw-l0": { iterations: 200 },
};
const settings = (/** @type {string} */ attack, budget = 112) => ({
  attack,
  ...(OTHER_SETTINGS[attack] ?? { direction: "increase", theta: 1, budget }),
});

/**
 * Starts attacks in batches.
 *
 * @param {Work} work
 * @param {boolean} isFirstMade Whether the first step is made, too.
 */
async function start({ dataset = "mnist", attack = "jsma-f", batch = 1, budget, module = "now" }, isFirstMade) {
  const { entry, batches } = await subject(dataset);
  const runs = [];
  for (const { images, targets } of batches(batch)) {
    const request = { ...settings(attack, budget), model: entry.id, images, targets: Uint8Array.from(targets) };
    const run = engines[module].start(/** @type {any} */ (request));
    if (isFirstMade) await run.step();
    runs.push(run);
  }
  return runs;
}

/** The attacks whose steps after the first are timed next. @type {import("../../pkg/cpu/engine.js").Run[]} */
const started = [];

/** Prepares `run` of the same work, which is timed. @param {Work} work @param {number} times */
async function prepare(work, times) {
  if (work.what !== "step") return;
  for (let time = 0; time < times; time++) started.push(...(await start(work, true)));
}

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
  const { images, targets } = take(Math.max(Number(batch), LEAST_IMAGES));
  return new instrumented.glue.Pieces(
    JSON.stringify(entry),
    new Uint8Array(file),
    JSON.stringify(settings(attack)),
    images,
    Uint8Array.from(targets),
    Number(batch),
  );
});
const products = memoize(async (name) => {
  const [side, routine] = name.split(" ");
  return new instrumented.glue.Product(Number(side), routine === "engine");
});

/**
 * Repeats some work a number of times. Returns how many images it did it for: the time is divided by that.
 *
 * @param {Work} work
 * @param {number} times
 * @returns {Promise<number>}
 */
async function run(work, times) {
  const { what, by = "", dataset = "mnist", attack = "jsma-f", batch = 1, piece = "", side } = work;
  let count = 0;
  if (what === "product") {
    (await products(`${side} ${piece}`)).run(times);
    return times;
  }
  if (what === "piece") return (await pieces(`${dataset} ${attack} ${batch}`)).run(piece, times);
  if (what === "step") {
    for (const run of started.splice(0)) {
      for (let step = 0; step < STEPS && run.running > 0; step++) count += (await run.step()).length;
      run.free();
    }
    return count;
  }
  if (what === "first" || what === "attacks") {
    for (let time = 0; time < times; time++) {
      for (const run of await start(work, what === "first")) {
        if (what === "attacks") while (run.running > 0) await run.step();
        run.free();
      }
    }
    return times * Math.max(batch, LEAST_IMAGES);
  }
  const { images, targets } = (await subject(dataset)).batch(batch);
  const network = by.startsWith("tfjs") ? await tensorFlow(by, dataset) : null;
  for (let time = 0; time < times; time++) {
    if (what === "usual") await network?.usualStep(images, targets[0]);
    else if (what === "best") await network?.bestStep(images, targets, /** @type {any} */ (attack));
    else if (network) await network.logits(images);
    else await (await peers.onnx(dataset)).logits(images);
  }
  return times * batch;
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

/**
 * Multiply-adds of a step of JSMA-F and of JSMA-Z: all of them, and those that `Pieces::counts` describes.
 *
 * @param {string} dataset
 */
async function multiplyAdds(dataset) {
  const of = async (/** @type {string} */ attack, /** @type {number} */ rows) => ({
    dense: instrumented.glue.multiplyAdds(dataset, rows),
    ...JSON.parse((await pieces(`${dataset} ${attack} 32`)).counts()),
  });
  return { one: await of("jsma-f", 1), two: await of("jsma-z", 2) };
}

/**
 * Attacks images by JSMA-F towards nine target classes each, on one worker for each core.
 *
 * @param {string} dataset
 * @param {"now" | "before"} module
 * @param {number} images
 */
async function attackAll(dataset, module, images) {
  const { entry, file, samples } = await subject(dataset);
  const { features } = DATASETS[dataset];
  /** @type {object[]} */
  const chunks = [];
  for (let first = 0; first < images; first += 5) {
    const attacks = samples
      .slice(first, Math.min(first + 5, images))
      .flatMap(({ pixels, label }) => Array.from({ length: 9 }, (_, k) => ({ pixels, target: (label + 1 + k) % 10 })));
    const pixels = new Float32Array(attacks.length * features);
    attacks.forEach((attack, place) => pixels.set(attack.pixels, place * features));
    const targets = Uint8Array.from(attacks, ({ target }) => target);
    chunks.push({ ...settings("jsma-f"), model: entry.id, images: pixels, targets });
  }
  const workers = await Promise.all(
    Array.from({ length: navigator.hardwareConcurrency }, async () => {
      const worker = new Worker(new URL("attacker.js", import.meta.url), { type: "module" });
      const ask = (/** @type {any} */ data) =>
        new Promise((resolve, reject) => {
          worker.onmessage = ({ data }) => resolve(data);
          worker.onerror = ({ message }) => reject(new Error(message));
          worker.postMessage(data);
        });
      await ask({ module: FOLDERS[module], entry, file: new Uint8Array(file) });
      return { worker, ask };
    }),
  );
  const done = { workers: workers.length, attacks: 0, steps: 0, seconds: 0 };
  const startedAt = performance.now();
  await Promise.all(
    workers.map(async ({ worker, ask }) => {
      for (let chunk = chunks.shift(); chunk; chunk = chunks.shift()) {
        const { attacks, steps } = await ask(chunk);
        done.attacks += attacks;
        done.steps += steps;
      }
      worker.terminate();
    }),
  );
  done.seconds = (performance.now() - startedAt) / 1000;
  return done;
}

Object.assign(globalThis, {
  bench: {
    prepare,
    run,
    check,
    experiment,
    startBefore,
    attackAll,
    multiplyAdds,
    sides: () => [...instrumented.glue.Product.sides()],
    pieces: () => [...instrumented.glue.Pieces.names()],
    memory: () => published.memory.buffer.byteLength,
    versions: async () => ({
      tfjs: (await startTensorFlow("wasm")).version,
      onnxruntime: (await peers.onnx("mnist")).version,
    }),
  },
});
