/** A run of an experiment: collects records from the pool, and counts them into rows from time to time. */
import { attemptsOf, planOf } from "./plan.js";
import { progressOf } from "./views.js";

/**
 * @typedef {import("../pool/pool.js").ExperimentRecord} ExperimentRecord
 *
 * @typedef {object} Work What a run measures, and on which backend.
 * @property {import("./plan.js").Choice} choice
 * @property {import("../page/samples.js").Sample[]} samples The attacked samples.
 * @property {import("../engine/protocol.js").ManifestEntry[]} models All networks of the data set.
 * @property {import("./backends.js").Backend} backend
 * @property {import("./backends.js").Pool} pool
 *
 * @typedef {object} Listener
 * @property {() => void} onProgress Called when there are more records, and when the first chunk starts.
 * @property {(chunk: import("../pool/pool.js").Chunk, records: ExperimentRecord[]) => void} onChunk Called when a chunk is
 *   done.
 * @property {() => void} onRows Called when the records have been counted into rows.
 * @property {(error: Error) => void} onError
 *
 * @typedef {ReturnType<typeof createRun>} Run
 */

/** Milliseconds between two counts of the records. */
const COUNT_INTERVAL = 400;

/** @param {Work} work */
export const planOfWork = ({ choice, samples, backend }) =>
  planOf(choice, samples, { engine: backend, date: new Date().toISOString().slice(0, 10) });

/**
 * @param {Work} work
 * @param {Listener} listener
 * @param {import("./archive.js").KeptChunk[]} [kept] Chunks that are done already. They are not run again.
 */
export function createRun(work, { onProgress, onChunk, onRows, onError }, kept = []) {
  const { choice, samples, models, backend, pool } = work;
  const plan = planOfWork(work);
  const control = new AbortController();
  /** Milliseconds of work until the last pause, and the time at which work started or resumed. */
  let [workedBefore, resumedAt] = [0, performance.now()];
  /** The timer of the next count, or 0. */
  let timer = 0;
  let counted = 0;
  /** How many records were done before. */
  let keptCount = 0;

  const run = {
    choice,
    samples,
    models,
    backend,
    pool,
    total: attemptsOf(choice),
    /** @type {ExperimentRecord[]} */
    records: [],
    /** The rows counted from the records so far. @type {import("./plan.js").Row[]} */
    rows: [],
    /** @type {'running' | 'paused' | 'done' | 'cancelled' | 'failed'} */
    state: "running",
    /** Whether the engine and the networks are loaded. */
    isPlanned: false,

    /** How many of the records this run has made itself. */
    made: () => run.records.length - keptCount,

    /** Milliseconds of work, without pauses. */
    workedMs: () => (run.state === "running" ? workedBefore + performance.now() - resumedAt : workedBefore),

    /** Runs the plan until it is done, cancelled or failed. */
    async finish() {
      const ending = await runPlan().catch((error) => {
        onError(error);
        return /** @type {const} */ ("failed");
      });
      workedBefore = run.workedMs();
      run.state = ending;
      pool.resume();
    },

    /** Counts the records so far into rows. */
    async countRows() {
      const records = run.records.slice();
      try {
        run.rows = (await pool.rows(plan, records)).map((/** @type {import("./plan.js").Row} */ row) => {
          const { done, of } = progressOf(choice.experiment, row);
          return { ...row, partial: done < of };
        });
      } catch (error) {
        if (run.state !== "failed") onError(/** @type {Error} */ (error));
      }
      counted = records.length;
      onRows();
    },

    pauseOrResume() {
      if (run.state === "running") {
        pool.pause();
        workedBefore = run.workedMs();
        run.state = "paused";
      } else if (run.state === "paused") {
        resumedAt = performance.now();
        run.state = "running";
        pool.resume();
      }
    },

    cancel: () => control.abort(),
  };

  async function runPlan() {
    const cancelled = new Promise((/** @type {(nothing: null) => void} */ resolve) =>
      control.signal.addEventListener("abort", () => resolve(null)),
    );
    // Cancelling takes effect at once, even if a fetch hangs.
    const planned = await Promise.race([pool.plan(plan), cancelled]);
    if (planned === null) return "cancelled";
    run.isPlanned = true;
    resumedAt = performance.now();
    const done = new Map(kept.map(({ chunk, records }) => [keyOf(chunk), records]));
    run.records.push(...planned.chunks.flatMap((chunk) => done.get(keyOf(chunk)) ?? []));
    keptCount = run.records.length;
    if (keptCount > 0) scheduleCount();
    onProgress();
    const left = planned.chunks.filter((chunk) => !done.has(keyOf(chunk)));
    const isDone = await pool.run(plan, left, {
      signal: control.signal,
      onRecords(records, chunk) {
        run.records.push(...records);
        onChunk(chunk, records);
        scheduleCount();
      },
    });
    return isDone ? "done" : "cancelled";
  }

  /** Reports progress, and schedules a count of the records unless one is scheduled already. */
  function scheduleCount() {
    if (timer === 0)
      timer = setTimeout(async () => {
        await run.countRows();
        timer = 0;
        if (run.records.length > counted) scheduleCount();
      }, COUNT_INTERVAL);
    onProgress();
  }

  return run;
}

/** @param {import("../pool/pool.js").Chunk} chunk */
const keyOf = ({ task, from, to }) => `${task} ${from} ${to}`;
