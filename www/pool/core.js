/**
 * The methods of a worker of the pool. It gets the compiled module and the networks, then an experiment's request, and
 * then the experiment's chunks, one after the other.
 */
import { findAdapter } from "../engine/adapter.js";
import { checkFault, guarded, nextTask, startEngine } from "../engine/engine-core.js";
import { serveMethods } from "../engine/serve.js";

/** @param {import("../engine/protocol.js").Port} port */
export const serveExperiment = (port) => serveMethods(port, makeMethods);

/** @param {(error: Error) => void} onLost @returns {import("../engine/serve.js").Methods} */
function makeMethods(onLost) {
  /** @type {import("../../pkg/cpu/engine.js").Engine} */
  let engine;
  /** @type {import("../../pkg/cpu/engine.js").Experiment | undefined} */
  let experiment;
  /** Pending while the worker is paused. */
  let released = Promise.resolve();
  /** Resolves `released`; null while the worker is not paused. @type {(() => void) | null} */
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

  const currentExperiment = () => {
    if (experiment) return experiment;
    throw new Error("There is no experiment yet.");
  };

  return {
    async open({ script, module, backend, software }) {
      if (backend === "webgpu") await findAdapter(software);
      ({ engine } = await startEngine(backend, script, module, onLost));
    },

    load: ({ entry, bytes }) => guarded(() => engine.load(entry, bytes)),

    /** Plans an experiment and returns its attempts and its chunks. */
    async plan({ request, size }) {
      experiment?.free();
      experiment = await guarded(() => engine.experiment(request));
      return { attempts: experiment.attempts(), chunks: experiment.chunks(size) };
    },

    /** Pauses the worker before its next step, or resumes it. @param {unknown} isHeld */
    hold: (isHeld) => hold(Boolean(isHeld)),

    /**
     * Runs the attempts of a chunk and returns their records.
     *
     * @param {import("../../pkg/cpu/engine.js").Chunk} chunk
     */
    async work(chunk, { signal }) {
      /** @type {import("../../pkg/cpu/engine.js").ExperimentRecord[]} */
      const done = [];
      const chunkRun = await guarded(() => currentExperiment().start(chunk));
      signal.addEventListener("abort", () => hold(false));
      try {
        while (!signal.aborted) {
          await nextTask();
          await released;
          const records = checkFault(engine, await guarded(() => chunkRun.step()));
          if (!records) break;
          done.push(...records);
        }
      } finally {
        chunkRun.free();
      }
      return done;
    },

    rows: (records) => guarded(() => currentExperiment().rows(records)),
  };
}
