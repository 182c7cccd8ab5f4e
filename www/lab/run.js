/** A run: attempts as they are made, counted from time to time, until all are done or it is told to stop. */
import { attemptsOf, planOf } from "./plan.js";
import { progressOf } from "./views.js";

/**
 * @typedef {import("../pool/pool.js").ExperimentRecord} ExperimentRecord
 *
 * @typedef {object} Work What is run, and on what.
 * @property {import("./plan.js").Choice} choice
 * @property {import("../page/samples.js").Sample[]} samples Those that are attacked.
 * @property {import("../engine/protocol.js").ManifestEntry[]} models All of the data set.
 * @property {import("./backends.js").Backend} backend
 * @property {import("./backends.js").Pool} pool
 *
 * @typedef {object} Listener
 * @property {() => void} onProgress There are more records, or the run has begun in earnest.
 * @property {() => void} onRows The records have been counted.
 * @property {(error: Error) => void} onTrouble
 *
 * @typedef {ReturnType<typeof createRun>} Run
 */

/** Milliseconds between two looks at what has been counted. */
const PACE = 400;

/** @param {Work} work @param {Listener} listener */
export function createRun({ choice, samples, models, backend, pool }, { onProgress, onRows, onTrouble }) {
  const plan = planOf(choice, samples, { engine: backend, date: new Date().toISOString().slice(0, 10) });
  const control = new AbortController();
  /** Until the last pause, and when the work began or went on. */
  let [worked, since] = [0, performance.now()];
  let looking = 0;
  let counted = 0;

  const run = {
    choice,
    samples,
    models,
    backend,
    pool,
    total: attemptsOf(choice),
    /** @type {ExperimentRecord[]} */
    records: [],
    /** What the records come to, network by network. @type {import("./plan.js").Row[]} */
    rows: [],
    /** @type {'running' | 'paused' | 'done' | 'cancelled' | 'failed'} */
    state: "running",
    /** Whether the engine and the networks are there. */
    isPlanned: false,

    /** Milliseconds of work, pauses left out. */
    worked: () => (run.state === "running" ? worked + performance.now() - since : worked),

    /** Until it ends, one way or another. */
    async finish() {
      const ending = await attack().catch((error) => {
        onTrouble(error);
        return /** @type {const} */ ("failed");
      });
      worked = run.worked();
      run.state = ending;
      pool.resume();
    },

    /** Counts what there is. */
    async count() {
      const records = run.records.slice();
      try {
        run.rows = (await pool.rows(plan, records)).map((/** @type {import("./plan.js").Row} */ row) => {
          const { done, of } = progressOf(choice.experiment, row);
          return { ...row, partial: done < of };
        });
      } catch (error) {
        if (run.state !== "failed") onTrouble(/** @type {Error} */ (error));
      }
      counted = records.length;
      onRows();
    },

    pauseOrResume() {
      if (run.state === "running") {
        pool.pause();
        worked = run.worked();
        run.state = "paused";
      } else if (run.state === "paused") {
        since = performance.now();
        run.state = "running";
        pool.resume();
      }
    },

    cancel: () => control.abort(),
  };

  async function attack() {
    const cancelled = new Promise((/** @type {(nothing: null) => void} */ resolve) =>
      control.signal.addEventListener("abort", () => resolve(null)),
    );
    // A fetch may hang as long as it likes; whoever cancels does not.
    const planned = await Promise.race([pool.plan(plan), cancelled]);
    if (planned === null) return "cancelled";
    run.isPlanned = true;
    since = performance.now();
    onProgress();
    const isDone = await pool.run(plan, planned.chunks, {
      signal: control.signal,
      onRecords(records) {
        run.records.push(...records);
        look();
      },
    });
    return isDone ? "done" : "cancelled";
  }

  /** Counts what is there, soon and not too often. */
  function look() {
    if (looking === 0)
      looking = setTimeout(async () => {
        await run.count();
        looking = 0;
        if (run.records.length > counted) look();
      }, PACE);
    onProgress();
  }

  return run;
}
