/**
 * What a worker of the pool answers: it is given the compiled module and the networks, then the request of an
 * experiment, and then one chunk of it after the other.
 */
import { findAdapter } from "../engine/adapter.js";
import { guarded, startEngine, trusted, turn } from "../engine/engine-core.js";
import { serveMethods } from "../engine/serve.js";

/** @param {import("../engine/protocol.js").Port} port */
export const serveExperiment = (port) => serveMethods(port, makeMethods);

/** @param {(error: Error) => void} onLost @returns {import("../engine/serve.js").Methods} */
function makeMethods(onLost) {
  /** @type {import("../../pkg/cpu/engine.js").Engine} */
  let engine;
  /** @type {import("../../pkg/cpu/engine.js").Experiment | undefined} */
  let experiment;
  /** Pending while the worker is held. */
  let released = Promise.resolve();
  /** Ends the hold, if there is one. @type {(() => void) | null} */
  let release = null;

  /** @param {boolean} isHeld */
  function hold(isHeld) {
    if (isHeld === (release !== null)) return;
    if (isHeld)
      released = new Promise((resolve) => {
        release = resolve;
      });
    else {
      release?.();
      release = null;
    }
  }

  const planned = () => {
    if (experiment) return experiment;
    throw new Error("There is no experiment yet.");
  };

  return {
    async open({ script, module, backend, software }) {
      if (backend === "webgpu") await findAdapter(software);
      ({ engine } = await startEngine(script, module, onLost));
    },

    load: ({ entry, bytes }) => guarded(() => engine.load(entry, bytes)),

    /** Plans an experiment; returns its attempts and its chunks. */
    async plan({ request, size }) {
      experiment?.free();
      experiment = await guarded(() => engine.experiment(request));
      return { attempts: experiment.attempts(), chunks: experiment.chunks(size) };
    },

    /** Whether to wait before the next step of a chunk. @param {unknown} isHeld */
    hold: (isHeld) => hold(Boolean(isHeld)),

    /** @param {import("../../pkg/cpu/engine.js").Chunk} chunk */
    async work(chunk, { signal }) {
      /** @type {import("../../pkg/cpu/engine.js").ExperimentRecord[]} */
      const done = [];
      const run = await guarded(() => planned().start(chunk));
      signal.addEventListener("abort", () => hold(false));
      try {
        while (!signal.aborted) {
          await turn();
          await released;
          const records = trusted(engine, await guarded(() => run.step()));
          if (!records) break;
          done.push(...records);
        }
      } finally {
        run.free();
      }
      return done;
    },

    rows: (records) => guarded(() => planned().rows(records)),
  };
}
