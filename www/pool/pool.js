/**
 * Runs an experiment on all CPU cores but one, with one worker for each, or on the GPU, with one worker that runs many
 * attempts at a time. The workers share one compiled module and one copy of each network's file, so nothing is fetched
 * or compiled twice. They share no memory, so the page needs no headers for cross-origin isolation. A record depends
 * only on its attempt, not on the worker or the time. If a worker ends, its chunk is therefore run again by another.
 */
import { startInPage, startWorker } from "../engine/client.js";
import { fetchWeights, findBuild } from "../engine/engine-core.js";
import { checkPlatform } from "../engine/platform.js";
import { failure } from "../engine/protocol.js";

/**
 * @typedef {import("../engine/protocol.js").ManifestEntry} ManifestEntry
 * @typedef {import("../engine/protocol.js").Backend} Backend
 * @typedef {import("../../pkg/cpu/engine.js").ExperimentRequest} ExperimentRequest
 * @typedef {import("../../pkg/cpu/engine.js").ExperimentRecord} ExperimentRecord
 * @typedef {import("../../pkg/cpu/engine.js").ExperimentRow} ExperimentRow
 * @typedef {import("../../pkg/cpu/engine.js").Attempt} Attempt
 * @typedef {import("../../pkg/cpu/engine.js").Chunk} Chunk
 *
 * @typedef {object} Plan An experiment and the networks that it needs.
 * @property {ManifestEntry[]} models
 * @property {ExperimentRequest} request
 *
 * @typedef {object} PoolWorker
 * @property {import("../engine/client.js").Client} client
 * @property {Set<string>} loaded The ids of the networks that it has loaded.
 * @property {Plan | null} plan The plan that it has received.
 */

const MAX_WORKERS = 16;
/**
 * How many attempts a chunk has. CPU: those of one image, so that little is lost when a worker ends. GPU: a full batch
 * of the engine, which takes little longer than a single attempt.
 */
const CHUNK_SIZE = { cpu: 9, webgpu: 100 };
/** How often a chunk is started before the run fails. */
const MAX_TRIES = 3;

/** The number of workers on the CPU. One core stays free for the visitor. */
const spareCores = () => Math.min(MAX_WORKERS, Math.max(1, (navigator.hardwareConcurrency || 2) - 1));

/**
 * Creates a pool. Its workers are started when a run needs them.
 *
 * @param {object} [options]
 * @param {Backend} [options.backend] The engine that runs the attacks. The coordinator always runs on the CPU.
 * @param {boolean} [options.software] Whether to accept a software adapter.
 * @param {number} [options.size] How many workers run at a time.
 */
export function createPool({ backend = "cpu", software = false, size = backend === "webgpu" ? 1 : spareCores() } = {}) {
  /** @type {Set<PoolWorker>} */
  const workers = new Set();
  /** @type {PoolWorker[]} */
  const idle = [];
  /**
   * The worker that plans experiments and computes the rows. It runs no chunks, so it is kept when a run is cancelled.
   *
   * @type {Promise<PoolWorker> | null}
   */
  let coordinator = null;
  /** GPU workers whose first result agreed with the CPU's. @type {WeakSet<PoolWorker>} */
  const verified = new WeakSet();
  /** @type {Map<string, Promise<Uint8Array>>} */
  const weights = new Map();
  /** @type {Partial<Record<Backend, Promise<{ script: string, module: WebAssembly.Module }>>>} */
  const builds = {};
  /** The current run. @type {{ assign: () => void } | null} */
  let currentRun = null;
  let isPaused = false;
  let runsInBackground = false;
  let inPage = false;

  const canWork = () => !isPaused && (runsInBackground || document.visibilityState !== "hidden");
  document.addEventListener("visibilitychange", onWake);
  // Phones freeze tabs, and browsers keep pages in a cache after the visitor leaves. There may be no visibilitychange
  // then.
  document.addEventListener("resume", onWake);
  addEventListener("pageshow", onWake);

  /** Updates the workers. It also pings them, because they may have ended without an event while the machine slept. */
  function onWake() {
    update();
    if (document.visibilityState === "hidden") return;
    for (const { client } of workers) client.ping();
    coordinator?.then(
      ({ client }) => client.ping(),
      () => {},
    );
  }

  /** Pauses or resumes all workers, and assigns chunks to idle ones. */
  function update() {
    // The call fails if the worker has been closed. Then there is nothing to pause.
    for (const { client } of workers) client.call("hold", !canWork()).catch(() => {});
    currentRun?.assign();
  }

  /** Fetches and compiles a build of the engine. @param {Backend} backend */
  async function compileModule(backend) {
    checkPlatform();
    const { script, fetchModule } = await findBuild(backend, { signal: new AbortController().signal, emit: () => {} });
    return { script, module: await WebAssembly.compile(await fetchModule()) };
  }

  /** Starts a worker and opens an engine in it. @param {Backend} backend @returns {Promise<PoolWorker>} */
  async function start(backend) {
    builds[backend] ??= compileModule(backend).catch((error) => {
      delete builds[backend];
      throw error;
    });
    const compiled = await builds[backend];
    const client = await startWorker(
      () => new Worker(new URL("./worker.js", import.meta.url), { type: "module" }),
    ).catch(async () => {
      inPage = true;
      return startInPage((await import("./core.js")).serveExperiment);
    });
    try {
      await client.call("open", { ...compiled, backend, software });
    } catch (error) {
      client.close(/** @type {Error} */ (error));
      throw error;
    }
    return { client, loaded: new Set(), plan: null };
  }

  /**
   * Loads the networks of a plan into a worker and lets it plan the experiment. Returns the attempts and chunks, or
   * null if the worker had planned it before.
   *
   * @param {PoolWorker} worker
   * @param {Plan} plan
   */
  async function load(worker, plan) {
    for (const entry of plan.models) {
      if (worker.loaded.has(entry.id)) continue;
      if (!weights.has(entry.id)) weights.set(entry.id, fetchWeights(entry));
      const bytes = await /** @type {Promise<Uint8Array>} */ (weights.get(entry.id)).catch((error) => {
        weights.delete(entry.id);
        throw error;
      });
      await worker.client.call("load", { entry, bytes });
      worker.loaded.add(entry.id);
    }
    if (worker.plan === plan) return null;
    const planned = await worker.client.call("plan", { request: plan.request, size: CHUNK_SIZE[backend] });
    worker.plan = plan;
    return planned;
  }

  /** Returns the coordinator. Starts a new one if there is none or it was closed. @returns {Promise<PoolWorker>} */
  function getCoordinator() {
    coordinator ??= start("cpu").then((worker) => {
      worker.client.onClose = () => {
        coordinator = null;
      };
      return worker;
    });
    coordinator.catch(() => {
      coordinator = null;
    });
    return coordinator;
  }

  /**
   * Runs the plan's first attempt on the GPU and on the CPU, before any result of the GPU is used. Throws a Mismatch if
   * the results differ.
   *
   * @param {PoolWorker} worker
   * @param {Plan} plan
   */
  async function verify(worker, plan) {
    const reference = await getCoordinator();
    await load(reference, plan);
    const [expected, found] = await Promise.all(
      [reference, worker].map(async ({ client }) => describe(await client.call("work", { task: 0, from: 0, to: 1 }))),
    );
    if (expected !== found) throw failure("Mismatch", `The results of GPU and CPU differ (${found}, not ${expected}).`);
    verified.add(worker);
  }

  return {
    /** How many workers run at a time; one if the engine runs in the page. */
    size: () => (inPage ? 1 : size),

    /**
     * Returns the attempts and the chunks of a plan.
     *
     * @param {Plan} plan
     * @returns {Promise<{ attempts: Attempt[], chunks: Chunk[] }>}
     */
    async plan(plan) {
      const worker = await getCoordinator();
      worker.plan = null;
      return load(worker, plan);
    },

    /**
     * Computes the rows of the result table from the records so far.
     *
     * @param {Plan} plan
     * @param {ExperimentRecord[]} records
     * @returns {Promise<ExperimentRow[]>}
     */
    async rows(plan, records) {
      const worker = await getCoordinator();
      await load(worker, plan);
      return worker.client.call("rows", records);
    },

    /**
     * Runs all chunks. Resolves to true when all are done, and to false if the signal is aborted.
     *
     * @param {Plan} plan
     * @param {Chunk[]} chunks
     * @param {object} options
     * @param {(records: ExperimentRecord[], chunk: Chunk) => void} options.onRecords Called once for each chunk, in any
     *   order.
     * @param {AbortSignal} options.signal
     * @returns {Promise<boolean>}
     */
    run(plan, chunks, { onRecords, signal }) {
      if (currentRun) return Promise.reject(failure("RequestError", "The pool is already running."));
      return new Promise((resolve, reject) => {
        const waiting = chunks.map((_, place) => place).reverse();
        const tries = chunks.map(() => 0);
        let left = chunks.length;
        let starting = 0;
        // Workers that could not be started are not replaced. The next one would probably fail for the same reason,
        // such as too little memory.
        let failed = 0;

        /** @param {() => void} settle */
        function finish(settle) {
          if (!currentRun) return;
          currentRun = null;
          signal.removeEventListener("abort", cancel);
          // Busy workers are closed, because their results are no longer needed. The next run starts new ones.
          for (const worker of [...workers])
            if (!idle.includes(worker)) worker.client.close(failure("AbortError", "The work was cancelled."));
          settle();
        }
        const cancel = () => finish(() => resolve(false));

        /** Assigns chunks to idle workers and starts more workers for the rest. */
        function assign() {
          if (!currentRun) return;
          if (left === 0) return finish(() => resolve(true));
          while (canWork() && waiting.length > 0 && idle.length > 0) {
            void runChunk(/** @type {PoolWorker} */ (idle.pop()), /** @type {number} */ (waiting.pop()));
          }
          while (canWork() && starting < waiting.length && starting + workers.size + failed < (inPage ? 1 : size)) {
            starting++;
            start(backend)
              .then(add, (error) => {
                failed++;
                // A run needs at least one worker.
                if (workers.size === 0 && starting === 1) finish(() => reject(error));
              })
              .finally(() => {
                starting--;
                currentRun?.assign();
              });
          }
        }

        /** @param {PoolWorker} worker @param {number} place */
        async function runChunk(worker, place) {
          const myRun = currentRun;
          tries[place]++;
          try {
            await load(worker, plan);
            if (backend === "webgpu" && !verified.has(worker)) await verify(worker, plan);
            const records = await worker.client.call("work", chunks[place]);
            if (workers.has(worker)) idle.push(worker);
            if (currentRun !== myRun || !myRun) return;
            left--;
            onRecords(records, chunks[place]);
          } catch (error) {
            // Any other error comes from the request or the network, and another worker would fail in the same way.
            const isLost = /** @type {Error} */ (error).name === "EngineError";
            if (isLost) worker.client.close(/** @type {Error} */ (error));
            else if (workers.has(worker)) idle.push(worker);
            if (currentRun !== myRun || !myRun) return;
            if (!isLost || tries[place] >= MAX_TRIES) return finish(() => reject(error));
            waiting.push(place);
          }
          assign();
        }

        currentRun = { assign };
        signal.addEventListener("abort", cancel);
        if (signal.aborted) cancel();
        else assign();
      });
    },

    /** Pauses the run until `resume` is called. */
    pause() {
      isPaused = true;
      update();
    },

    resume() {
      isPaused = false;
      update();
    },

    /** Whether the run continues in a hidden tab. @param {boolean} isAllowed */
    setInBackground(isAllowed) {
      runsInBackground = isAllowed;
      update();
    },

    /** Whether the run is paused only because the tab is hidden. */
    isPausedByHiddenTab: () => !isPaused && !canWork(),

    close() {
      document.removeEventListener("visibilitychange", onWake);
      document.removeEventListener("resume", onWake);
      removeEventListener("pageshow", onWake);
      const reason = failure("EngineError", "The pool was closed.");
      for (const { client } of [...workers]) client.close(reason);
      coordinator?.then(
        ({ client }) => client.close(reason),
        () => {},
      );
    },
  };

  /** @param {PoolWorker} worker */
  function add(worker) {
    workers.add(worker);
    idle.push(worker);
    worker.client.onClose = () => {
      workers.delete(worker);
      if (idle.includes(worker)) idle.splice(idle.indexOf(worker), 1);
    };
  }
}

/** A smaller gradient counts as none, because a device that flushes subnormal numbers may compute it as zero. */
const MIN_AMPLITUDE = 1e-30;

/**
 * Describes how attempts ended. A gradient's size is rounded to the digits on which the engines agree.
 *
 * @param {any[]} records
 */
const describe = (records) =>
  records
    .map(
      ({ outcome, amplitude }) =>
        outcome ?? (amplitude < MIN_AMPLITUDE ? "no gradient" : `a gradient of ${amplitude.toPrecision(2)}`),
    )
    .join();
