/** The peer onnxruntime-web: the forward pass only, since onnxruntime-web computes no gradients. */
import { NORMALISATION } from "./weights.js";

/** @typedef {import("./weights.js").Tensor} Tensor */

/** Encodes a number as a protocol buffer's variable-length integer. @param {number} value @returns {number[]} */
const varint = (value) => (value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))]);

/**
 * Encodes a field of a protocol buffer: a number, a string, or bytes that are encoded already.
 *
 * @param {number} number
 * @param {number | string | Uint8Array} value
 */
function field(number, value) {
  if (typeof value === "number") return Uint8Array.from([...varint(number * 8), ...varint(value)]);
  const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
  return join(Uint8Array.from([...varint(number * 8 + 2), ...varint(bytes.length)]), bytes);
}

/** Concatenates arrays of bytes. @param {...Uint8Array} parts */
function join(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/**
 * Encodes an operator of the graph.
 *
 * @param {string} operator
 * @param {string[]} inputs
 * @param {string} output
 * @param {Record<string, number | number[]>} [attributes]
 */
function node(operator, inputs, output, attributes = {}) {
  const encoded = Object.entries(attributes).map(([name, value]) =>
    field(
      5,
      Array.isArray(value)
        ? join(field(1, name), ...value.map((each) => field(8, each)), field(20, 7))
        : join(field(1, name), field(3, value), field(20, 2)),
    ),
  );
  return field(1, join(...inputs.map((name) => field(1, name)), field(2, output), field(4, operator), ...encoded));
}

/** Encodes a constant tensor. @param {string} name @param {Tensor} tensor */
const initializer = (name, { shape, data }) =>
  field(
    5,
    join(...shape.map((size) => field(1, size)), field(2, 1), field(8, name), field(9, new Uint8Array(data.buffer))),
  );

/**
 * Encodes an input (field 11) or an output (field 12) of the graph.
 *
 * @param {number} number
 * @param {string} name
 * @param {(number | string)[]} shape
 */
function port(number, name, shape) {
  const sizes = shape.map((size) => field(1, field(typeof size === "number" ? 1 : 2, size)));
  return field(number, join(field(1, name), field(2, field(1, join(field(1, 1), field(2, join(...sizes)))))));
}

/**
 * The network as an ONNX model, for batches of any size.
 *
 * @param {Record<string, Tensor>} weights
 * @param {string} dataset
 * @param {{ side: number, channels: number }} image
 */
export function onnxModel(weights, dataset, { side, channels }) {
  const constants = { ...weights };
  /** @type {Uint8Array[]} */
  const nodes = [];
  let last = "image";
  const add = (
    /** @type {string} */ operator,
    /** @type {string[]} */ inputs,
    /** @type {Record<string, number | number[]>} */ attributes = {},
  ) => {
    const output = `${nodes.length}`;
    nodes.push(node(operator, [last, ...inputs], output, attributes));
    last = output;
  };
  const normal = NORMALISATION[dataset];
  if (normal) {
    constants.mean = { shape: [1, 3, 1, 1], data: Float32Array.from(normal.mean) };
    constants.std = { shape: [1, 3, 1, 1], data: Float32Array.from(normal.std) };
    add("Sub", ["mean"]);
    add("Div", ["std"]);
  }
  for (const number of [1, 2, 3, 4]) {
    add("Conv", [`conv${number}.weight`, `conv${number}.bias`], { kernel_shape: [3, 3] });
    add("Relu", []);
    if (number % 2 === 0) add("MaxPool", [], { kernel_shape: [2, 2], strides: [2, 2] });
  }
  add("Flatten", []);
  for (const number of [1, 2, 3]) {
    add("Gemm", [`fc${number}.weight`, `fc${number}.bias`], { transB: 1 });
    if (number < 3) add("Relu", []);
  }
  const graph = join(
    ...nodes,
    field(2, dataset),
    ...Object.entries(constants).map(([name, tensor]) => initializer(name, tensor)),
    port(11, "image", ["batch", channels, side, side]),
    port(12, last, ["batch", 10]),
  );
  return { bytes: join(field(1, 8), field(7, graph), field(8, join(field(1, ""), field(2, 13)))), output: last };
}

/**
 * @param {Record<string, Tensor>} weights
 * @param {string} dataset
 * @param {{ side: number, channels: number }} image
 */
export async function createOnnx(weights, dataset, { side, channels }) {
  const address = new URL("../node_modules/onnxruntime-web/dist/", import.meta.url).href;
  const ort = await import(`${address}ort.wasm.min.mjs`);
  ort.env.wasm.wasmPaths = address;
  ort.env.wasm.numThreads = 1;
  const { bytes, output } = onnxModel(weights, dataset, { side, channels });
  const session = await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
  return {
    version: ort.env.versions.web,
    /** Ten logits for each image. @param {Float32Array} images @returns {Promise<Float32Array>} */
    async logits(images) {
      const image = new ort.Tensor("float32", images, [images.length / (channels * side * side), channels, side, side]);
      return (await session.run({ image }))[output].data;
    },
  };
}
