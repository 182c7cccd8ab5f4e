/** Checks that the WebGPU engine gives the same results as the CPU engine, and measures which one is faster. */
import { failure } from "./protocol.js";

/**
 * @typedef {import("./connection.js").Connection} Connection
 * @typedef {import("./protocol.js").ManifestEntry} ManifestEntry
 * @typedef {import("./protocol.js").Step} Step
 */

/** A handwritten seven in one stroke. */
const SEVEN = [Uint8Array.of(60, 50, 180, 50, 110, 220)];
/** A test image for CIFAR-10: each value differs from those of the neighbouring pixels. */
const PATTERN = Float32Array.from({ length: 3 * 32 * 32 }, (_, feature) => ((feature * 37) % 101) / 100);
/** The attack's target is the first of these classes that is not the image's own label. */
const TARGETS = [3, 8];
/** The largest difference, relative to the largest value. Shaders round differently, but never by this much. */
const TOLERANCE = 1e-3;
/** How many steps `stepTime` measures. */
const TIMED_STEPS = 4;

/**
 * Runs one step of JSMA-Z on a fixed image with both engines, and compares logits, gradient and saliency map. JSMA-Z
 * computes two rows of the Jacobian, so the step runs the backward pass of every layer. Throws a Mismatch or a Fault if
 * the engines do not agree. This also compiles every shader that an attack needs.
 *
 * @param {Connection} cpu
 * @param {Connection} gpu
 * @param {ManifestEntry} model A network that both engines have loaded.
 */
export async function checkAgreement(cpu, gpu, model) {
  const request = await attackRequest(cpu, model, 2);
  const [expected, found] = [await runAttack(cpu, request), await runAttack(gpu, request)].map((steps) =>
    steps.map(({ step }) => step),
  );
  await gpu.call("check");
  if (found.length !== expected.length)
    throw failure("Mismatch", `${found.length} steps instead of ${expected.length}`);
  for (const [i, step] of expected.entries()) {
    for (const name of /** @type {const} */ (["logits", "gradient", "saliency"]))
      compare(name, step[name], found[i][name]);
  }
}

/**
 * @param {string} name
 * @param {ArrayLike<number> | null} expected
 * @param {ArrayLike<number> | null} found
 */
function compare(name, expected, found) {
  if (!expected && !found) return;
  const [a, b] = [Array.from(expected ?? []), Array.from(found ?? [])];
  const scale = Math.max(0, ...a.map(Math.abs));
  // If a value is NaN, `worst` is NaN, which is not within any tolerance.
  const worst = Math.max(0, ...a.map((x, i) => Math.abs(x - b[i])));
  if (worst <= TOLERANCE * scale && a.length === b.length) return;
  throw failure(
    "Mismatch",
    `the ${name} of the test image differ by ${worst.toPrecision(3)} of ${scale.toPrecision(3)}`,
  );
}

/**
 * The median time of one attack step in milliseconds.
 *
 * @param {Connection} engine
 * @param {ManifestEntry} model
 */
export async function stepTime(engine, model) {
  const times = (await runAttack(engine, await attackRequest(engine, model, 2 * TIMED_STEPS))).map(({ at }) => at);
  const gaps = times
    .slice(1)
    .map((at, i) => at - times[i])
    .sort((a, b) => a - b);
  return gaps[gaps.length >> 1] ?? Infinity;
}

/** @param {Connection} engine @param {ManifestEntry} model @param {number} budget */
async function attackRequest(engine, { id: model, dataset }, budget) {
  const image = dataset === "mnist" ? await engine.call("rasterize", SEVEN) : PATTERN;
  const { label } = await engine.call("classify", { model, image });
  const target = TARGETS.find((candidate) => candidate !== label);
  return { model, image, target, attack: "jsma-z", direction: "increase", theta: 1, budget };
}

/** Runs an attack; returns its steps and the time of each. @param {Connection} engine @param {object} request */
async function runAttack(engine, request) {
  /** @type {{ step: Step, at: number }[]} */
  const steps = [];
  await engine.call("attack", request, { onEvent: (step) => steps.push({ step, at: performance.now() }) });
  return steps;
}
