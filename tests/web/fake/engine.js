/**
 * A stand-in for the wasm package, for what the real one never does on demand: steps that take as
 * long as a test needs, and traps. `theta` is the number of milliseconds that a step takes.
 */
export default async function init() {}

export const rasterize = (/** @type {Uint8Array[]} */ strokes) => (strokes.length > 0 ? new Float32Array(784) : undefined);

export class Engine {
  #loaded = new Set();

  info() {
    return { engine: "cpu", implementation: "fake", version: "0" };
  }

  /** @param {{ id: string }} entry */
  load({ id }) {
    if (this.#loaded.has(id)) throw new Error("loaded twice");
    this.#loaded.add(id);
  }

  /** The first pixel says what goes wrong. @param {string} model @param {Float32Array} image */
  async classify(model, image) {
    if (!this.#loaded.has(model)) throw Object.assign(new Error("Load it first."), { name: "RequestError" });
    if (image[0] === -1) throw new WebAssembly.RuntimeError("unreachable");
    if (image[0] === -2) {
      queueMicrotask(() => { throw new WebAssembly.RuntimeError("unreachable"); });
      return new Promise(() => {});
    }
    return { logits: [], probabilities: [], label: 0 };
  }

  /** @param {{ theta: number, budget: number, targets: Uint8Array }} request */
  start({ theta, budget, targets }) {
    let iteration = 0;
    return {
      async step() {
        for (const end = performance.now() + theta; performance.now() < end; );
        const outcome = iteration === budget ? "budget-spent" : null;
        return [{ run: 0, iteration: iteration++, label: targets[0], outcome }];
      },
      free() {},
    };
  }

  /** One attempt an image, one chunk an attempt; `theta` and `budget` as above, and the image of that number is deadly. @param {{ labels: Uint8Array, theta: number, budget: number, deadly?: number }} request */
  experiment({ labels, theta, budget, deadly }) {
    const attempts = Array.from(labels, (label, image) => ({ image, class: label, untargeted: false }));
    return {
      attempts: () => attempts,
      chunks: () => attempts.map((_, from) => ({ task: 0, from, to: from + 1 })),
      /** @param {{ from: number }} chunk */
      start({ from }) {
        let iteration = 0;
        return {
          async step() {
            if (from === deadly) throw new WebAssembly.RuntimeError("unreachable");
            for (const end = performance.now() + theta; performance.now() < end; );
            return iteration > budget ? undefined : iteration++ < budget ? [] : [{ task: 0, attempt: from }];
          },
          free() {},
        };
      },
      /** @param {{ attempt: number }[]} records */
      rows: (records) => [{ attempts: new Set(records.map(({ attempt }) => attempt)).size }],
      free() {},
    };
  }
}
