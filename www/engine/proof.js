/** Whether the WebGPU engine computes what the CPU engine does, and which of them is faster. */
import { failure } from "./protocol.js";

/**
 * @typedef {import("./connection.js").Connection} Connection
 * @typedef {import("./protocol.js").ManifestEntry} ManifestEntry
 * @typedef {import("./protocol.js").Step} Step
 */

/** A seven in one stroke. */
const SEVEN = [Uint8Array.of(60, 50, 180, 50, 110, 220)];
/** No picture, but as good as one: every channel of every pixel has another brightness than its neighbours. */
const PATTERN = Float32Array.from({ length: 3 * 32 * 32 }, (_, feature) => ((feature * 37) % 101) / 100);
/** The image is to be mistaken for the first of these that it is not taken for already. */
const TARGETS = [3, 8];
/** The largest difference, as a share of the largest number: shaders may round otherwise, but not otherwise by this. */
const TOLERANCE = 1e-3;
/** Steps that are timed. */
const TIMED = 4;

/**
 * Has both engines read a fixed image and take a step of JSMA-Z, whose two rows of gradients reach
 * every layer. Throws a Mismatch or a Fault if they do not agree. This also compiles every shader
 * that an attack needs.
 *
 * @param {Connection} cpu
 * @param {Connection} gpu
 * @param {ManifestEntry} model One that both have loaded.
 */
export async function prove(cpu, gpu, model) {
  const request = await attackOn(cpu, model, 2);
  const [expected, found] = [await steps(cpu, request), await steps(gpu, request)].map((all) =>
    all.map(({ step }) => step),
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
  // Something that is not a number makes it one that is not within any tolerance.
  const worst = Math.max(0, ...a.map((x, i) => Math.abs(x - b[i])));
  if (worst <= TOLERANCE * scale && a.length === b.length) return;
  throw failure(
    "Mismatch",
    `the ${name} of the test image differ by ${worst.toPrecision(3)} of ${scale.toPrecision(3)}`,
  );
}

/**
 * Milliseconds for a step of an attack.
 *
 * @param {Connection} engine
 * @param {ManifestEntry} model
 */
export async function stepTime(engine, model) {
  const times = (await steps(engine, await attackOn(engine, model, 2 * TIMED))).map(({ at }) => at);
  const gaps = times
    .slice(1)
    .map((at, i) => at - times[i])
    .sort((a, b) => a - b);
  return gaps[gaps.length >> 1] ?? Infinity;
}

/** @param {Connection} engine @param {ManifestEntry} model @param {number} budget */
async function attackOn(engine, { id: model, dataset }, budget) {
  const image = dataset === "mnist" ? await engine.call("rasterize", SEVEN) : PATTERN;
  const { label } = await engine.call("classify", { model, image });
  const target = TARGETS.find((candidate) => candidate !== label);
  return { model, image, target, attack: "jsma-z", direction: "increase", theta: 1, budget };
}

/** @param {Connection} engine @param {object} request */
async function steps(engine, request) {
  /** @type {{ step: Step, at: number }[]} */
  const taken = [];
  await engine.call("attack", request, { onEvent: (step) => taken.push({ step, at: performance.now() }) });
  return taken;
}
