/**
 * One hand of the pool: it is given the compiled module and the weights, and then one job after the
 * other. The same code runs in a worker and, where there is none, in the page.
 *
 * @typedef {object} Job A batch of attacks on one network.
 * @property {import("./protocol.js").ManifestEntry} model
 * @property {Omit<import("./protocol.js").AttackRequest, "model" | "image" | "target"> & { scale?: number }} settings
 * @property {Float32Array} images One after another.
 * @property {Uint8Array} targets One for each image.
 * @property {boolean} [looksOnly] Ends each attack at the untouched image, when its gradient is known.
 *
 * @typedef {object} Ending How one attack ended.
 * @property {import("./protocol.js").Outcome | null} outcome Null where the job only looks.
 * @property {number} label What the network reads at the end.
 * @property {number} featuresChanged
 * @property {number} iteration
 * @property {number | null} zeroGradients
 * @property {number | null} amplitude The mean of the gradient's absolute values, where one was asked for last.
 */
import { guarded, instantiate, turn } from "./engine-core.js";
import { toPlain } from "./protocol.js";

/** @param {import("./protocol.js").Port} port */
export function serveJobs(port) {
  /** @type {import("../pkg/cpu/engine.js").Engine} */
  let engine;
  let isOver = false;

  /** @type {Record<string, (argument: any) => unknown>} */
  const methods = {
    async open({ script, module }) {
      const glue = await instantiate(script, module);
      engine = await guarded(() => new glue.Engine());
    },

    load: ({ entry, bytes }) => guarded(() => engine.load(entry, bytes)),

    /** @param {Job} job */
    async work({ model, settings, images, targets, looksOnly }) {
      /** @type {Ending[]} */
      const endings = [];
      const run = await guarded(() => engine.start(/** @type {any} */ ({ ...settings, model: model.id, images, targets })));
      try {
        while (!isOver && run.running > 0) {
          for (const step of await guarded(() => run.step())) {
            if (step.outcome || looksOnly) endings[step.run] = endingOf(step);
          }
          if (looksOnly) break;
          await turn();
        }
      } finally {
        run.free();
      }
      return endings;
    },
  };

  port.onmessage = async ({ data }) => {
    if ("end" in data) isOver = true;
    else if ("ping" in data) port.postMessage({ pong: true });
    else {
      const { id, method, argument } = data;
      try {
        port.postMessage({ id, value: await methods[method](argument) });
      } catch (error) {
        port.postMessage({ id, error: toPlain(error) });
      }
    }
  };
  port.postMessage({ ready: true });
}

/** @param {import("../pkg/cpu/engine.js").Step} step @returns {Ending} */
function endingOf({ outcome, label, featuresChanged, iteration, zeroGradients, gradient }) {
  const amplitude = gradient && gradient.reduce((sum, slope) => sum + Math.abs(slope), 0) / gradient.length;
  return { outcome, label, featuresChanged, iteration, zeroGradients, amplitude };
}
