/**
 * The peer TensorFlow.js, on the same weights, with JSMA in two versions: the usual code (ten gradients for each step,
 * then matrices of all pairs), and the best code that its interface allows (one or two gradients, and a choice of the
 * pair that needs no matrix).
 */
import { NORMALISATION } from "./weights.js";

/** @typedef {import("./weights.js").Tensor} Tensor */

/** @type {any} */
let tf;

/** @param {string} backend @returns {Promise<{ tf: any, version: string }>} */
export async function startTensorFlow(backend) {
  const folder = new URL("../node_modules/@tensorflow/", import.meta.url).href;
  const load = (/** @type {string} */ name) =>
    new Promise((resolve, reject) => {
      const script = Object.assign(document.createElement("script"), {
        src: folder + name,
        onload: resolve,
        onerror: () => reject(new Error(`${name} could not be fetched`)),
      });
      document.head.append(script);
    });
  const scope = /** @type {any} */ (globalThis);
  if (!scope.tf) await load("tfjs/dist/tf.min.js");
  tf = scope.tf;
  if (!tf.findBackendFactory(backend)) await load(`tfjs-backend-${backend}/dist/tf-backend-${backend}.min.js`);
  if (backend === "wasm") tf.wasm.setWasmPaths(`${folder}tfjs-backend-wasm/dist/`);
  if (!(await tf.setBackend(backend))) throw new Error(`TensorFlow.js has no ${backend} here`);
  await tf.ready();
  return { tf, version: tf.version.tfjs };
}

/**
 * @param {Record<string, Tensor>} weights
 * @param {string} dataset
 * @param {{ side: number, channels: number, features: number }} image
 */
export function createTensorFlow(weights, dataset, { side, channels, features }) {
  const get = (/** @type {string} */ name) => tf.tensor(weights[name].data, weights[name].shape);
  const convolutions = [1, 2, 3, 4].map((number) => ({
    kernel: get(`conv${number}.weight`).transpose([2, 3, 1, 0]),
    bias: get(`conv${number}.bias`),
  }));
  const dense = [1, 2, 3].map((number) => ({
    matrix: get(`fc${number}.weight`).transpose(),
    bias: get(`fc${number}.bias`),
  }));
  // PyTorch flattens channel by channel, TensorFlow.js pixel by pixel.
  const last = convolutions[3].kernel.shape[3];
  const cells = Math.sqrt(dense[0].matrix.shape[0] / last);
  dense[0].matrix = dense[0].matrix
    .reshape([last, cells, cells, -1])
    .transpose([1, 2, 0, 3])
    .reshape([last * cells * cells, -1]);
  const normal = NORMALISATION[dataset];
  const [mean, std] = normal ? [tf.tensor(normal.mean), tf.tensor(normal.std)] : [null, null];

  /** @param {any} x */
  function network(x) {
    if (mean) x = x.sub(mean).div(std);
    convolutions.forEach(({ kernel, bias }, place) => {
      x = tf.conv2d(x, kernel, 1, "valid").add(bias).relu();
      if (place % 2 === 1) x = tf.maxPool(x, 2, 2, "valid");
    });
    x = x.reshape([x.shape[0], -1]);
    dense.forEach(({ matrix, bias }, place) => {
      x = x.matMul(matrix).add(bias);
      if (place < 2) x = x.relu();
    });
    return x;
  }

  /** Converts from channel-by-channel to pixel-by-pixel order. @param {Float32Array} images */
  const toTensor = (images) =>
    tf.tidy(() => tf.tensor(images, [images.length / features, channels, side, side]).transpose([0, 2, 3, 1]));
  /** @param {any} gradient */
  const fromGradient = (gradient) => gradient.transpose([0, 3, 1, 2]).reshape([-1, features]);

  return {
    /** Ten logits for each image. @param {Float32Array} images @returns {Promise<Float32Array>} */
    async logits(images) {
      const x = toTensor(images);
      const logits = tf.tidy(() => network(x));
      const numbers = await logits.data();
      tf.dispose([x, logits]);
      return numbers;
    },

    /**
     * A step of JSMA-F on one image, in the usual code.
     *
     * @param {Float32Array} image
     * @param {number} target
     * @returns {Promise<number[]>} The pair.
     */
    async usualStep(image, target) {
      const x = toTensor(image);
      const best = tf.tidy(() => {
        const rows = Array.from({ length: 10 }, (_, output) =>
          fromGradient(
            tf.grad((/** @type {any} */ x) => tf.softmax(network(x)).slice([0, output], [1, 1]).sum())(x),
          ).reshape([features]),
        );
        const a = rows[target];
        const b = tf.addN(rows).sub(a);
        const alpha = a.reshape([features, 1]).add(a.reshape([1, features]));
        const beta = b.reshape([features, 1]).add(b.reshape([1, features]));
        const open = tf.tensor(image).less(1);
        const both = open.reshape([features, 1]).logicalAnd(open.reshape([1, features]));
        const admissible = alpha
          .greater(0)
          .logicalAnd(beta.less(0))
          .logicalAnd(both)
          .logicalAnd(tf.eye(features).less(1));
        return tf.where(admissible, alpha.mul(beta).neg(), tf.zerosLike(alpha)).flatten().argMax();
      });
      const [place] = await best.data();
      tf.dispose([x, best]);
      return [Math.floor(place / features), place % features].sort((p, q) => p - q);
    },

    /**
     * A step on a batch with the fewest gradients: that of the target's probability (JSMA-F), or those of the target's
     * logit and of the other logits' sum (JSMA-Z).
     *
     * @param {Float32Array} images
     * @param {number[]} targets
     * @param {"jsma-f" | "jsma-z"} attack
     * @returns {Promise<number[][]>} The pairs.
     */
    async bestStep(images, targets, attack) {
      const x = toTensor(images);
      const [logits, ...rows] = tf.tidy(() => {
        const wanted = tf.oneHot(tf.tensor1d(targets, "int32"), 10).toFloat();
        /** @type {any} */
        let logits;
        const row = (/** @type {(logits: any) => any} */ of) =>
          fromGradient(
            tf.grad((/** @type {any} */ x) => {
              const z = network(x);
              logits ??= tf.keep(z.clone());
              return of(z).sum();
            })(x),
          );
        const rows =
          attack === "jsma-f"
            ? [row((z) => tf.softmax(z).mul(wanted))]
            : [row((z) => z.mul(wanted)), row((z) => z.mul(tf.sub(1, wanted)))];
        return [logits, ...rows];
      });
      const [, a, b] = await Promise.all([logits.data(), ...rows.map((/** @type {any} */ each) => each.data())]);
      tf.dispose([x, logits, ...rows]);
      return targets.map((_, place) => {
        const part = (/** @type {Float32Array} */ numbers) =>
          numbers.subarray(place * features, (place + 1) * features);
        return choosePair(part(a), b ? part(b) : null, part(images));
      });
    },
  };
}

/**
 * Chooses the pair with the largest −αβ without a matrix of all pairs. If the outputs sum to one (`b` is null), it is
 * the two largest entries of `a`. Otherwise each of its features is beaten in both rows by at most one other feature,
 * so only such features are compared.
 *
 * @param {Float32Array} a
 * @param {Float32Array | null} b
 * @param {Float32Array} image
 */
export function choosePair(a, b, image) {
  const open = [...a.keys()].filter((feature) => image[feature] < 1);
  const other = (/** @type {number} */ feature) => (b ? -b[feature] : a[feature]);
  open.sort((p, q) => a[q] - a[p] || other(q) - other(p) || p - q);
  let first = -Infinity;
  let second = -Infinity;
  const candidates = open.filter((feature) => {
    const value = other(feature);
    if (value > first) first = value;
    else if (value > second) second = value;
    else return false;
    return true;
  });
  let best = 0;
  /** @type {number[]} */
  let pair = [];
  candidates.forEach((p, place) =>
    candidates.slice(place + 1).forEach((q) => {
      const [alpha, beta] = [a[p] + a[q], other(p) + other(q)];
      if (alpha > 0 && beta > 0 && alpha * beta > best) [best, pair] = [alpha * beta, [p, q]];
    }),
  );
  return pair.sort((p, q) => p - q);
}
