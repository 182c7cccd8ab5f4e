/**
 * One hand of the pool: it is given the compiled module and the networks, then the request of an
 * experiment, and then one chunk of it after the other. The same code runs in a worker and, where
 * there is none, in the page.
 */
import { findAdapter } from "../engine/adapter.js";
import { guarded, instantiate, trusted, turn } from "../engine/engine-core.js";
import { failure, toPlain } from "../engine/protocol.js";

/** @param {import("../engine/protocol.js").Port} port */
export function serveExperiment(port) {
  /** @type {import("../../pkg/cpu/engine.js").Engine} */
  let engine;
  /** @type {import("../../pkg/cpu/engine.js").Experiment | undefined} */
  let experiment;
  let isOver = false;
  /** Settled unless it has to wait. */
  let gate = Promise.resolve();
  /** Opens the gate where it is shut. @type {(() => void) | null} */
  let open = null;

  /** @param {boolean} isHeld */
  function hold(isHeld) {
    if (isHeld === (open !== null)) return;
    if (isHeld) gate = new Promise((resolve) => { open = resolve; });
    else {
      open?.();
      open = null;
    }
  }
  /** Why nothing can be computed any more. @type {Error | null} */
  let lost = null;

  const planned = () => {
    if (experiment) return experiment;
    throw new Error("There is no experiment yet.");
  };

  /** @type {Record<string, (argument: any) => unknown>} */
  const methods = {
    async open({ script, module, backend, software }) {
      if (backend === "webgpu") await findAdapter(software);
      const glue = await instantiate(script, module);
      engine = await guarded(() => glue.Engine.open());
      engine.lost().then((reason) => { lost = failure("EngineError", `The graphics processor was lost (${reason}).`); });
    },

    load: ({ entry, bytes }) => guarded(() => engine.load(entry, bytes)),

    /** Plans an experiment, and says what there is to do. */
    async plan({ request, size }) {
      experiment?.free();
      experiment = await guarded(() => engine.experiment(request));
      return { attempts: experiment.attempts(), chunks: experiment.chunks(size) };
    },

    /** @param {import("../../pkg/cpu/engine.js").Chunk} chunk */
    async work(chunk) {
      /** @type {import("../../pkg/cpu/engine.js").ExperimentRecord[]} */
      const done = [];
      const campaign = await guarded(() => planned().start(chunk));
      try {
        while (!isOver) {
          await turn();
          await gate;
          const records = trusted(engine, await guarded(() => campaign.step()));
          if (!records) break;
          done.push(...records);
        }
      } catch (error) {
        throw lost ?? error;
      } finally {
        campaign.free();
      }
      return done;
    },

    rows: (records) => guarded(() => planned().rows(records)),
  };

  port.onmessage = async ({ data }) => {
    const { id, method, argument, end, ping, hold: isHeld } = data ?? {};
    if (end) {
      isOver = true;
      hold(false);
    } else if (isHeld !== undefined) hold(Boolean(isHeld));
    else if (ping) port.postMessage({ pong: true });
    else if (Number.isInteger(id)) {
      try {
        if (!Object.hasOwn(methods, method)) throw failure("RequestError", "The worker has no such method.");
        port.postMessage({ id, value: await methods[method](argument) });
      } catch (error) {
        port.postMessage({ id, error: toPlain(error) });
      }
    }
  };
  port.postMessage({ ready: true });
}
