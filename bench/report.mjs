/** Reports the bench's results: the tables that the bench prints, and docs/speed.md with its chart. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { chart } from "./chart.mjs";

/** @typedef {import("./run.mjs").Timing} Timing */

const ROOT = new URL("../", import.meta.url);
const DATASETS = /** @type {const} */ ({ mnist: "MNIST", cifar10: "CIFAR-10" });
/** How many rows of the Jacobian a step of each attack needs. @type {Record<string, "one" | "two">} */
const ROWS = { "jsma-f": "one", "jsma-t": "one", "jsma-z": "two" };

/** @param {number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Multiply-adds per millisecond of the fastest matrix product that was timed. @param {Timing[]} timings */
export function bestRate(timings) {
  return Math.max(
    ...timings.filter(({ what }) => what === "product").map(({ side = 0, processor }) => side ** 3 / Number(processor)),
  );
}

/** The floors, by which multiply-adds they count. */
const FLOORS = /** @type {const} */ (["dense", "nonzero", "changed"]);

/**
 * A floor: milliseconds for each image that a step's multiply-adds take at the rate of the fastest matrix product.
 *
 * @param {any} result
 * @param {string} dataset
 * @param {string} attack
 * @param {"dense" | "nonzero" | "changed"} [counted]
 */
export const floorOf = (result, dataset, attack, counted = "dense") =>
  result.multiply_adds[dataset][ROWS[attack]][counted] / bestRate(result.timings);

/** The timing whose fields equal those wanted. @param {any} result @param {Partial<Timing>} wanted */
export function find(result, wanted) {
  return result.timings.find((/** @type {any} */ timing) =>
    Object.entries(wanted).every(([key, value]) => timing[key] === value),
  );
}

/**
 * A peer's time divided by the engine's; `null` if either was not measured.
 *
 * @param {any} result
 * @param {Partial<Timing>} peer
 * @param {Partial<Timing>} own
 */
export function ratio(result, peer, own) {
  const [theirs, ours] = [find(result, peer), find(result, own)];
  if (!theirs || !ours) return null;
  return (theirs.processor ?? theirs.clock) / ours.processor;
}

/** @param {string[]} head @param {(string | number)[][]} rows */
function table(head, rows) {
  return [head, head.map((_, place) => (place === 0 ? "---" : "---:")), ...rows]
    .map((row) => `| ${row.join(" | ")} |`)
    .join("\n");
}

/** @param {number | null | undefined} value */
const number = (value) =>
  value === null || value === undefined ? "–" : value >= 100 ? value.toFixed(0) : value.toPrecision(3);
/** @param {number} share */
const percent = (share) => `${(100 * share).toFixed(0)} %`;

const STEP_HEAD = [
  "ms a step, for each image",
  "batch 1",
  "8",
  "32",
  "100",
  "first step, batch 1",
  "floor: dense",
  "without zeros",
  "only what changed",
];

/** @param {any} result */
function steps(result) {
  const rows = Object.entries(DATASETS).flatMap(([dataset, name]) =>
    ["jsma-f", "jsma-t", "jsma-z", "not-robust"].map((attack) => {
      const at = (/** @type {Partial<Timing>} */ wanted) =>
        number(find(result, { dataset, attack, ...wanted })?.processor);
      return [
        `${name}, ${attack}`,
        ...[1, 8, 32, 100].map((batch) => at({ what: "step", batch })),
        at({ what: "first", batch: 1 }),
        ...FLOORS.map((floor) => (ROWS[attack] ? number(floorOf(result, dataset, attack, floor)) : "–")),
      ];
    }),
  );
  return table(
    STEP_HEAD,
    rows.filter((row) => row.slice(1, 5).some((cell) => cell !== "–")),
  );
}

/** Millions of multiply-adds of a step. @param {any} counts Those of the data sets. */
function multiplyAdds(counts) {
  const millions = (/** @type {number} */ count) => number(count / 1e6);
  const rows = Object.entries(DATASETS).flatMap(([dataset, name]) =>
    ["jsma-f", "jsma-z"].map((attack) => [
      `${name}, ${attack}`,
      ...FLOORS.map((floor) => millions(counts[dataset][ROWS[attack]][floor])),
    ]),
  );
  return table(["millions of multiply-adds a step", "dense", "without zeros", "only what changed"], rows);
}

const PARTS = {
  convolutions: "convolutions",
  "convolutions backward": "backward",
  dense: "dense layers",
  choice: "choosing the pair",
};

/** @param {any} result */
function parts(result) {
  const rows = Object.entries(DATASETS).flatMap(([dataset, name]) =>
    ["jsma-f"].flatMap((attack) =>
      [1, 32].flatMap((batch) => {
        const piece = (/** @type {string} */ piece) =>
          find(result, { what: "piece", piece, dataset, attack, batch })?.processor;
        const step = find(result, { what: "step", dataset, attack, batch })?.processor;
        if (step === undefined) return [];
        const shares = Object.keys(PARTS).map((part) => piece(part) / step);
        const rest = 1 - shares.reduce((sum, share) => sum + share, 0);
        return [
          [
            `${name}, ${attack}, batch ${batch}`,
            number(step),
            ...shares.map(percent),
            rest < 0 ? "within the error" : percent(rest),
          ],
        ];
      }),
    ),
  );
  return table(["step", "ms", ...Object.values(PARTS), "everything else"], rows);
}

const PEERS = {
  "tfjs-wasm": "TensorFlow.js, wasm",
  "tfjs-webgl": "TensorFlow.js, WebGL in software",
  "tfjs-webgpu": "TensorFlow.js, WebGPU in software",
};

/** @param {any} result */
function peers(result) {
  const rows = Object.entries(DATASETS).flatMap(([dataset, name]) => [
    ...Object.entries(PEERS).flatMap(([by, peer]) =>
      [
        { label: "usual code", wanted: { what: /** @type {const} */ ("usual"), batch: 1 }, attack: "jsma-f" },
        ...["jsma-f", "jsma-z"].flatMap((attack) =>
          [1, 32].map((batch) => ({
            label: "best code",
            wanted: { what: /** @type {const} */ ("best"), attack, batch },
            attack,
          })),
        ),
      ].map(({ label, wanted, attack }) => {
        const { batch } = wanted;
        const theirs = find(result, { by, dataset, ...wanted });
        const own = find(result, { what: "step", dataset, attack, batch });
        const times = ratio(result, { by, dataset, ...wanted }, { what: "step", dataset, attack, batch });
        return theirs
          ? [
              `${name}, ${attack}, batch ${batch}: ${peer}, ${label}`,
              number(theirs.processor ?? theirs.clock),
              number(own.processor),
              `${number(times)} ×`,
            ]
          : [];
      }),
    ),
    ...[1, 32].map((batch) => {
      const theirs = find(result, { what: "forward", by: "onnxruntime", dataset, batch });
      const own = find(result, { what: "piece", piece: "forward", dataset, attack: "jsma-f", batch });
      return theirs && own
        ? [
            `${name}, forward pass alone, batch ${batch}: onnxruntime-web`,
            number(theirs.processor),
            number(own.processor),
            `${number(theirs.processor / own.processor)} ×`,
          ]
        : [];
    }),
  ]);
  return table(
    ["ms for each image", "theirs", "ours", "ratio"],
    rows.filter((row) => row.length > 0),
  );
}

/** @param {any} result */
function checks(result) {
  const rows = result.checks.map((/** @type {any} */ { by, dataset, error, pairs, failure }) => {
    const equal = Object.entries(pairs)
      .map(([attack, same]) => `${attack} ${same ? "equal" : "DIFFERENT"}`)
      .join(", ");
    return [`${by}, ${dataset}`, failure ?? error.toExponential(1), equal || "–"];
  });
  return table(["peer", "largest difference of a logit, relative", "first pairs"], rows);
}

/** The median duration of the experiment with a number of workers. @param {any} result @param {number} workers */
const seconds = (result, workers) =>
  median(
    result.experiments
      .filter((/** @type {any} */ each) => each.workers === workers)
      .map((/** @type {any} */ each) => each.seconds),
  );

/** Attacks per second with a number of workers. @param {any} result @param {number} workers */
const rate = (result, workers) => result.experiments[0].attempts / seconds(result, workers);

/** @param {any} result */
function experiments(result) {
  const rows = [1, 2]
    .filter((workers) => result.experiments.some((/** @type {any} */ each) => each.workers === workers))
    .map((workers) => {
      const { attempts, steps } = result.experiments.find((/** @type {any} */ each) => each.workers === workers);
      const took = seconds(result, workers);
      return [
        `${workers}`,
        attempts,
        steps,
        number(took),
        number(rate(result, workers)),
        `${number(seconds(result, 1) / took)} ×`,
      ];
    });
  return table(["workers", "attacks", "steps", "seconds", "attacks per second", "speed relative to one worker"], rows);
}

/** @param {any} result */
function visits(result) {
  const of = (/** @type {string} */ key) => median(result.start_up.map((/** @type {any} */ visit) => visit[key]));
  return table(
    ["first visit", ""],
    [
      ["from navigation until both networks are ready", `${(of("ready") / 1000).toFixed(2)} s`],
      ["from navigation until the first attack on both has ended", `${(of("attacked") / 1000).toFixed(2)} s`],
      ["transferred until then", `${(of("bytes") / 1e6).toFixed(2)} MB`],
      [
        "memory of the wasm module after 2,000, 4,000 and 6,000 more images",
        result.memory.wasm
          .slice(1)
          .map((/** @type {number} */ bytes) => `${(bytes / 2 ** 20).toFixed(0)}`)
          .join(", ") + " MiB",
      ],
      ["JavaScript heap, including the bench and the peers", `${(result.memory.heap / 2 ** 20).toFixed(0)} MiB`],
    ],
  );
}

const ATTACKS = {
  "jsma-f": "JSMA-F",
  "jsma-z": "JSMA-Z",
  "not-robust": "Carlini–Wagner JSMA",
  "cw-l2": "CW-L2",
  "cw-l0": "CW-L0",
  fgsm: "FGSM",
};

/** The module against the one before. @param {any} result */
function comparison({ before }) {
  if (!before) return "The module of the earlier commit was not in the history, so it was not timed.";
  const rows = before.timings.map((/** @type {any} */ { dataset, attack, now, before, ratio }) => [
    `${DATASETS[/** @type {"mnist"} */ (dataset)]}, ${ATTACKS[/** @type {"fgsm"} */ (attack)]}: ms a step`,
    number(before),
    number(now),
    `${number(ratio)} ×`,
  ]);
  const of = (/** @type {string} */ key, /** @type {string} */ module) =>
    before.attacks
      .filter((/** @type {any} */ each) => each.module === module)
      .map((/** @type {any} */ each) => each[key]);
  const [{ attacks, workers }] = before.attacks;
  for (const [key, unit] of [
    ["processor", "seconds of processor time"],
    ["seconds", "seconds"],
  ]) {
    const [earlier, now] = ["before", "now"].map((module) => of(key, module));
    const ratio = median(now.map((/** @type {number} */ time, /** @type {number} */ round) => earlier[round] / time));
    rows.push([
      `the ${attacks} JSMA-F attacks on MNIST, ${workers} workers: ${unit}`,
      number(median(earlier)),
      number(median(now)),
      `${number(ratio)} ×`,
    ]);
  }
  return table(["", `the module of ${before.commit}`, "this one", "ratio"], rows);
}

/** The tables that the bench prints. @param {any} result */
export function tables(result) {
  return [steps, comparison, parts, peers, checks, experiments, visits]
    .map((section) => `${section(result)}\n`)
    .join("\n");
}

/** The table of targets: each with the measured value, and whether it was met. @param {any} result @param {any} python */
function targets(result, python) {
  /** @type {string[][]} */
  const rows = [];
  /**
   * @param {string} what
   * @param {string} target
   * @param {number | null} value
   * @param {(value: number) => boolean} isMet
   * @param {string} text
   */
  const add = (what, target, value, isMet, text) =>
    rows.push([
      what,
      target,
      value === null ? "not measured" : text,
      value === null ? "–" : isMet(value) ? "met" : "**missed**",
    ]);
  for (const [dataset, name] of Object.entries(DATASETS)) {
    const own = { what: /** @type {const} */ ("step"), dataset, attack: "jsma-f", batch: 1 };
    const usual = ratio(result, { what: "usual", by: "tfjs-wasm", dataset }, own);
    const best = ratio(result, { what: "best", by: "tfjs-wasm", dataset, attack: "jsma-f", batch: 1 }, own);
    add(
      `${name}: JSMA-F step, speed against TensorFlow.js on wasm, usual code`,
      "≥ 10 ×",
      usual,
      (value) => value >= 10,
      `${number(usual)} ×`,
    );
    add(
      `${name}: JSMA-F step, speed against TensorFlow.js on wasm, best code`,
      "≥ 1.5 ×",
      best,
      (value) => value >= 1.5,
      `${number(best)} ×`,
    );
  }
  const single = find(result, { what: "step", dataset: "mnist", attack: "jsma-f", batch: 1 }).processor;
  add("MNIST: time of a JSMA-F step, one image", "≤ 6 ms", single, (value) => value <= 6, `${number(single)} ms`);
  for (const [dataset, name] of Object.entries(DATASETS)) {
    const share =
      floorOf(result, dataset, "jsma-f")
      / find(result, { what: "step", dataset, attack: "jsma-f", batch: 32 }).processor;
    add(`${name}: share of the floor's speed, batch 32`, "≥ 50 %", share, (value) => value >= 0.5, percent(share));
  }
  for (const [peer, target] of /** @type {const} */ ([
    ["art", 2],
    ["torchattacks", 10],
  ])) {
    const theirs = python?.peers.find((/** @type {any} */ each) => each.by === peer);
    const times = theirs ? (theirs.seconds_for_900 / 900) * rate(result, 2) : null;
    add(
      `the 900 attacks on two cores, speed against ${theirs?.name ?? peer} on native PyTorch`,
      `≥ ${target} ×`,
      times,
      (value) => value >= target,
      `${number(times)} ×`,
    );
  }
  const done = median(result.start_up.map((/** @type {any} */ visit) => visit.attacked)) / 1000;
  add(
    "from navigation until the first attack has ended, on localhost",
    "≤ 1.5 s",
    done,
    (value) => value <= 1.5,
    `${done.toFixed(2)} s`,
  );
  const bytes = median(result.start_up.map((/** @type {any} */ visit) => visit.bytes)) / 1e6;
  add("transferred until then, gzipped", "≤ 2.5 MB", bytes, (value) => value <= 2.5, `${bytes.toFixed(2)} MB`);
  return table(["", "target", "measured", ""], rows);
}

/** @param {any} native */
function nativeTables(native) {
  const { timings, experiment } = native;
  const at = (/** @type {any} */ wanted) =>
    number(
      timings.find((/** @type {any} */ timing) => Object.entries(wanted).every(([key, value]) => timing[key] === value))
        ?.ms,
    );
  const rows = Object.entries(DATASETS).flatMap(([dataset, name]) =>
    ["jsma-f", "jsma-z"].map((attack) => [
      `${name}, ${attack}`,
      ...[1, 8, 32, 100].map((batch) => at({ dataset, attack, batch, piece: "step" })),
      at({ dataset, attack, batch: 1, piece: "first" }),
      ...FLOORS.map((floor) => number(native.multiply_adds[dataset][ROWS[attack]][floor] / native.best_rate)),
    ]),
  );
  return `${table(STEP_HEAD, rows)}

The fastest product is burn's, with fused multiply-add: ${(native.best_rate / 1e6).toFixed(0)} billion multiply-adds per second.
The ${experiment.attacks} attacks take ${number(experiment.seconds)} s on ${native.threads} cores: ${number(experiment.attacks / experiment.seconds)} per second.`;
}

/** @param {any} python */
function pythonTable(python) {
  return table(
    ["the 900 attacks on MNIST, PyTorch on both cores", "attacks timed", "seconds for 900", "fooled"],
    python.peers.map((/** @type {any} */ peer) => [
      peer.name,
      peer.attacks,
      number(peer.seconds_for_900),
      percent(peer.rate),
    ]),
  );
}

/** @type {Record<string, string>} */
const GPU_RUNS = {
  cpu: "CPU engine",
  vulkan: "GPU engine, SPIR-V",
  wgsl: "GPU engine, WGSL",
  "pytorch-eager": "PyTorch",
  "pytorch-graphs": "PyTorch, CUDA graphs",
  "pytorch-graphs-nhwc": "PyTorch, CUDA graphs, channels last",
};

/** The section about a GPU. @param {any} gpu */
function gpuSection(gpu) {
  const { cpu, vulkan, pytorch } = gpu;
  const named = Object.entries(DATASETS).flatMap(([dataset, name]) =>
    gpu.datasets[dataset] ? [{ name, ...gpu.datasets[dataset] }] : [],
  );
  const errors = named.flatMap(({ name, layers }) =>
    layers.flatMap((/** @type {any} */ { by, batches }) =>
      batches.map((/** @type {any} */ { batch, logits, rows }) => [
        `${name}, ${GPU_RUNS[by]}, ${batch}`,
        logits.error.toExponential(1),
        rows.error.toExponential(1),
        logits.not_finite + rows.not_finite,
      ]),
    ),
  );
  const runs = named.flatMap(({ name, attacks }) => {
    const own = attacks.find((/** @type {any} */ run) => run.by === "cpu")?.seconds.median;
    return attacks.map((/** @type {any} */ { by, attacks, batch, seconds, fooled, compared }) => [
      `${name}, ${GPU_RUNS[by]}`,
      attacks,
      batch,
      `${number(seconds.median)} (${number(seconds.least)} to ${number(seconds.most)})`,
      own ? `${number(own / seconds.median)} ×` : "–",
      fooled,
      compared?.attacks
        ? `${compared.another_outcome}, ${compared.another_number_of_changes}, ${compared.another_last_image}`
        : "–",
    ]);
  });
  const failures = gpu.errors.map((/** @type {any} */ { part, error }) => `- ${part}: ${error.split("\n")[0]}`);
  return `## On a GPU
\`bench/gpu/run.py\` on ${vulkan.map((/** @type {any} */ of) => `${of.name} (Vulkan ${of.api}, driver ${of.driver} ${of.driver_info})`).join(" and ") || "no GPU"}, and ${cpu.threads} threads of ${cpu.name}${
    pytorch ? `; PyTorch ${pytorch.version}` : ""
  }; ${gpu.date}.
JSMA-F on the page's hundred images towards nine target classes each, with the images on the device. A time is the
median of several runs after one that is not counted, from images in the host's memory to results there. PyTorch makes
all attacks in one batch, in float32 without TF32.

${table(
  [
    "the attacks",
    "made",
    "at a time",
    "seconds",
    "speed relative to the CPU engine",
    "fooled",
    "outcomes, numbers of changes and last images that are not the CPU engine's",
  ],
  runs,
)}
${
  errors.length === 0
    ? ""
    : `
The largest difference from the CPU engine, relative to the largest of an image's ten logits or of its gradient:

${table(["images", "logits", "gradients", "not finite"], errors)}
`
}${failures.length === 0 ? "" : `\nFailed:\n\n${failures.join("\n")}\n`}`;
}

/** Writes docs/speed.md and its chart from results/bench-*.json. */
export function writeReport() {
  const [browser, native, python, gpu] = ["browser", "native", "python", "gpu"].map(read);
  if (!browser) throw new Error("results/bench-browser.json is missing. Run `npm run bench`.");
  writeFileSync(new URL("docs/speed.svg", ROOT), chart(browser));
  const load = (/** @type {number[]} */ load) => load[0].toFixed(1);
  writeFileSync(
    new URL("docs/speed.md", ROOT),
    `# Speed

<!-- Written by \`npm run bench\` from results/bench-*.json. -->
Measured on ${browser.date}, on ${browser.hardware.cores} cores of a shared ${browser.hardware.processor.trim()}, in Chromium ${browser.versions.chromium},
against TensorFlow.js ${browser.versions.tfjs} and onnxruntime-web ${browser.versions.onnxruntime}. The machine's load was ${load(browser.load.before)} before and ${load(browser.load.after)} after.
Everything that is compared ran in turns within one run, and the tables show the median of the turns. The ratios are
more reliable than the absolute times. A step's time is the processor time of the page's thread. Times with several
workers, with WebGL and of a whole visit are wall-clock times, which other programs on the machine lengthen.

## Targets
${targets(browser, python)}

## A step
The engine is the wasm module whose SHA-256 begins with ${browser.module.sha256.slice(0, 8)}, called as the page calls it. A step's time is the mean over the
second to the ninth step of attacks on eight images, or on as many as the batch has. The first step is timed with the
start of the attack; it computes the whole forward pass.

A *floor* is the time that a step's multiply-adds take at the rate of the fastest matrix product of the same module on
the same core: ${(bestRate(browser.timings) / 1e6).toFixed(1)} billion multiply-adds per second, with matrices that have no zeros. The multiply-adds
are counted on the images of batch 32, in the steps that are timed. *Dense* counts all of them. *Without zeros* leaves
out those with a zero: in the forward pass the inputs that are zero, in the backward pass the gradients that are zero,
do not come from the maximum of a pool, or meet a ReLU that is off. *Only what changed* also leaves out the outputs of
convolutions that the last change does not reach.

${steps(browser)}

${multiplyAdds(browser.multiply_adds)}

![How the cost of a step grows with the batch and the network, and that of an attack with its budget](speed.svg)

## The engine before
The module of ${browser.before ? `commit ${browser.before.commit}` : "an earlier commit"} computed every product, and every forward pass as a whole. Both were timed in turns, attack by
attack, with the same settings: each attack's step on one image, the mean over eight images, and for FGSM, which makes
one step, the first. A ratio is the median of the rounds' ratios.

${comparison(browser)}

## Parts of a step
Each part was timed by itself, on the inputs and gradients of the fifth step of the same attacks. *Convolutions* is the
forward pass, after the step before. *Everything else* is pooling, copying between the layers and the images, allocating
memory, and evaluating the runs.

${parts(browser)}

## Comparison with other libraries
All use the same weights from the same files. *Usual code* computes ten gradients and matrices of all pairs. *Best
code* computes one gradient (JSMA-F) or two (JSMA-Z), and chooses the pair by the same method as this engine. A library
was timed only if its logits agree to ${"0.01 %"} of the largest and its first pairs are the same.

${peers(browser)}

${checks(browser)}

## The 900 attacks
JSMA-F on a hundred images towards nine target classes each, on the lab's workers; ${browser.experiments[0].attempts} attacks were run.

${experiments(browser)}
${python ? `\n${pythonTable(python)}\n\n${python.note}\n` : ""}${native ? `\n## Native\n\`cargo bench --features cli\`: ${native.note}\n\n${nativeTables(native)}\n` : ""}${gpu ? `\n${gpuSection(gpu)}` : ""}
## A visit
${visits(browser)}

${readFileSync(new URL("bench/notes.md", ROOT), "utf8")}`,
  );
}

/** @param {string} name */
function read(name) {
  const file = new URL(`results/bench-${name}.json`, ROOT);
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : null;
}

if (process.argv[1]?.endsWith("report.mjs")) writeReport();
