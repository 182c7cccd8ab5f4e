/**
 * Replacements for networks that are not published, so that the page can be tested with every data set and with many
 * temperatures: CIFAR-10's shape with random weights, and published MNIST networks under other temperatures. A
 * published network is used where there is one.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

/** @typedef {import("../../www/engine/protocol.js").ManifestEntry} Entry */

const MODELS = new URL("../../www/models/", import.meta.url);
/** @type {Entry[]} */
export const PUBLISHED = JSON.parse(readFileSync(new URL("manifest.json", MODELS), "utf8"));

/** The layers of the paper's network for CIFAR-10. @type {[name: string, shape: number[]][]} */
const WEIGHTS = [
  ["conv1", [64, 3, 3, 3]],
  ["conv2", [64, 64, 3, 3]],
  ["conv3", [128, 64, 3, 3]],
  ["conv4", [128, 128, 3, 3]],
  ["fc1", [256, 3200]],
  ["fc2", [256, 256]],
  ["fc3", [10, 256]],
];

/** @param {number[]} shape */
const size = (shape) => shape.reduce((product, length) => product * length, 1);

/** A SafeTensors file of Glorot-uniform weights. The same seed gives the same file. @param {number} seed */
function randomFile(seed) {
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
  /** @type {Record<string, { dtype: string, shape: number[], data_offsets: number[] }>} */
  const header = {};
  /** @type {Float32Array[]} */
  const tensors = [];
  let at = 0;
  for (const [name, shape] of WEIGHTS) {
    const patch = size(shape.slice(2));
    const limit = Math.sqrt(6 / ((shape[0] + shape[1]) * patch));
    for (const [part, dimensions, draw] of /** @type {[string, number[], () => number][]} */ ([
      ["weight", shape, () => limit * random()],
      ["bias", [shape[0]], () => 0],
    ])) {
      const values = Float32Array.from({ length: size(dimensions) }, draw);
      header[`${name}.${part}`] = { dtype: "F32", shape: dimensions, data_offsets: [at, at + values.byteLength] };
      at += values.byteLength;
      tensors.push(values);
    }
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, ...tensors.map(({ buffer }) => Buffer.from(buffer))]);
}

/** @param {Partial<Entry>} differs @param {Buffer} bytes @returns {Entry} */
const entry = (differs, bytes) => ({
  ...PUBLISHED[0],
  ...differs,
  bytes: bytes.length,
  sha256: createHash("sha256").update(bytes).digest("hex"),
});

/**
 * Answers for `serveSite` with a CIFAR-10 network of each role in addition to those of MNIST. Roles without a published
 * network get one with random weights.
 *
 * @returns {{ answers: Record<string, Buffer | string>, entries: Entry[] }}
 */
export function withCifar() {
  const published = PUBLISHED.filter(({ dataset }) => dataset === "cifar10");
  const roles = new Set(published.map(({ role }) => role));
  const missing = /** @type {const} */ ([
    ["undefended", 1],
    ["distilled", 100],
    ["teacher", 100],
  ]).filter(([role]) => !roles.has(role));
  if (missing.length === 0) return { answers: {}, entries: published };
  const files = missing.map(([role, temperature], place) => {
    const bytes = randomFile(place + 1);
    const id = role === "undefended" ? "cifar10-undefended" : `cifar10-${role}-t${temperature}`;
    return {
      bytes,
      entry: entry(
        {
          id,
          file: `${id}.safetensors`,
          dataset: "cifar10",
          role,
          temperature,
          parameters: 1_147_978,
          test_accuracy: 0.1,
        },
        bytes,
      ),
    };
  });
  const entries = files.map(({ entry }) => entry);
  const answers = Object.fromEntries(files.map(({ entry, bytes }) => [`/www/models/${entry.file}`, bytes]));
  return {
    answers: { ...answers, "/www/models/manifest.json": JSON.stringify([...PUBLISHED, ...entries]) },
    entries: [...published, ...entries],
  };
}

/**
 * Answers for `serveSite` with MNIST's distilled network at these temperatures. All of them are the same published
 * file, so only the accuracy in the manifest differs.
 *
 * @param {...number} temperatures
 */
export function withTemperatures(...temperatures) {
  const mnist = PUBLISHED.filter(({ dataset, role }) => dataset === "mnist" && role !== "distilled");
  const [distilled] = PUBLISHED.filter(({ dataset, role }) => dataset === "mnist" && role === "distilled");
  const family = temperatures.map((temperature) => ({
    ...distilled,
    id: `mnist-distilled-t${temperature}`,
    temperature,
    test_accuracy: 0.9 + temperature / 10_000,
  }));
  return { "/www/models/manifest.json": JSON.stringify([...mnist, ...family]) };
}
