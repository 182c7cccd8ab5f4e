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

  /** @param {{ theta: number, budget: number, targets: Uint8Array, images: Float32Array }} request */
  start({ theta, budget, targets, images }) {
    let iteration = 0;
    if (images[0] === -1) throw new WebAssembly.RuntimeError("unreachable");
    return {
      get running() {
        return iteration > budget ? 0 : targets.length;
      },
      async step() {
        for (const end = performance.now() + theta; performance.now() < end; );
        const outcome = iteration === budget ? "budget-spent" : null;
        const steps = Array.from(targets, (label, run) => ({ run, iteration, label, outcome, gradient: null }));
        iteration++;
        return steps;
      },
      free() {},
    };
  }
}
