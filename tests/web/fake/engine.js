/**
 * A fake wasm package. It does what the real one cannot do on demand: steps that take as long as a test needs, and
 * traps. `theta` is the number of milliseconds that a step takes.
 */

/** A test changes the behaviour by replacing these lines when they are served. */
const EXTRA = 0; // additional milliseconds for each step
const IMPLEMENTATION = "fake";
const LOGIT = 1;
const FAULT = "";
const RUNTIME = ""; // "device" or "query set": what the runtime asks WebGPU for when the engine opens
const END = ""; // "lost", "silent" or "trap": what happens in the fourth step of an attack with a budget of 20 or more

export default async function init() {}

export const rasterize = (/** @type {Uint8Array[]} */ strokes) =>
  strokes.length > 0 ? new Float32Array(784) : undefined;

/** @type {(reason: string) => void} */
let lose;
/** @type {Promise<string>} */
const lost = new Promise((resolve) => {
  lose = resolve;
});

export class Engine {
  #loaded = new Set();

  static async open() {
    if (RUNTIME) {
      const adapter = await navigator.gpu.requestAdapter();
      const device = await adapter?.requestDevice();
      if (RUNTIME === "query set") device?.createQuerySet({ type: "timestamp", count: 2 });
      const next = await navigator.gpu.requestAdapter();
      if (next?.features.has("timestamp-query")) throw new Error("The next caller gets the runtime's adapter too.");
    }
    return new Engine();
  }

  lost = () => lost;

  fault = () => FAULT || undefined;

  info() {
    return { engine: "cpu", implementation: IMPLEMENTATION, version: "0" };
  }

  /** @param {{ id: string }} entry */
  load({ id }) {
    if (this.#loaded.has(id)) throw new Error("loaded twice");
    this.#loaded.add(id);
  }

  /**
   * A first pixel of -1 throws, and one of -2 traps in a microtask.
   *
   * @param {string} model
   * @param {Float32Array} image
   */
  async classify(model, image) {
    if (!this.#loaded.has(model)) throw Object.assign(new Error("Load it first."), { name: "RequestError" });
    if (image[0] === -1) throw new WebAssembly.RuntimeError("unreachable");
    if (image[0] === -2) {
      queueMicrotask(() => {
        throw new WebAssembly.RuntimeError("unreachable");
      });
      return new Promise(() => {});
    }
    return { logits: [], probabilities: [], label: 0 };
  }

  /**
   * @param {{ theta: number, budget: number, targets: Uint8Array, images: Float32Array, resumed?: { iterations: number[] } }}
   * request
   */
  start({ theta, budget, targets, images, resumed }) {
    let iteration = resumed?.iterations[0] ?? 0;
    return {
      async step() {
        for (const end = performance.now() + theta + EXTRA; performance.now() < end; );
        if (END && budget >= 20 && iteration === 3) {
          if (END === "lost") lose("for the test");
          if (END === "trap")
            queueMicrotask(() => {
              throw new WebAssembly.RuntimeError("unreachable");
            });
          return new Promise(() => {});
        }
        const outcome = iteration === budget ? "budget-spent" : null;
        return [
          {
            run: 0,
            iteration: iteration++,
            image: images,
            logits: [LOGIT, 2],
            gradient: null,
            saliency: null,
            label: targets[0],
            outcome,
            by: IMPLEMENTATION,
          },
        ];
      },
      free() {},
    };
  }

  /**
   * One attempt per image and one chunk per attempt. `theta` and `budget` are as above. The image number `deadly`
   * traps.
   *
   * @param {{ labels: Uint8Array, theta: number, budget: number, deadly?: number }} request
   */
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
