/**
 * An experiment on all cores: workers that share one compiled module and one copy of each network's
 * file, so that nothing is fetched or compiled twice, and no headers of isolation are needed. One core
 * is left to the visitor. Or on the graphics processor: one worker, and many attempts at a time. A
 * record depends on its attempt alone, so it does not matter which worker makes it, when, or how often
 * it is started: the chunk of a worker that ends is done again.
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
 * @typedef {object} Plan An experiment, and the networks that it needs.
 * @property {ManifestEntry[]} models
 * @property {ExperimentRequest} request
 *
 * @typedef {object} PoolWorker
 * @property {import("../engine/client.js").Client} client
 * @property {Set<string>} loaded The networks that it has loaded.
 * @property {Plan | null} plan The plan that it has been given.
 */

const MOST_WORKERS = 16;
/**
 * Attempts of a chunk: on a core those of one image, so that little is lost with a worker; on a
 * graphics processor as many as a batch of the engine holds, since they cost little more than one.
 */
const CHUNK = { cpu: 9, webgpu: 100 };
/** How often a chunk is started before it is given up. */
const MOST_TRIES = 3;

/** All cores but one. */
export const spareCores = () => Math.min(MOST_WORKERS, Math.max(1, (navigator.hardwareConcurrency || 2) - 1));

/**
 * @param {object} [options]
 * @param {Backend} [options.backend] What runs the attacks; the coordinator runs on the CPU in any case.
 * @param {boolean} [options.software] Whether a software adapter will do.
 * @param {number} [options.size] How many workers.
 */
export function createPool({ backend = "cpu", software = false, size = backend === "webgpu" ? 1 : spareCores() } = {}) {
  /** @type {Set<PoolWorker>} */
  const workers = new Set();
  /** @type {PoolWorker[]} */
  const idle = [];
  /**
   * Plans and computes the rows, and does no chunks, so that it survives a cancellation.
   *
   * @type {Promise<PoolWorker> | null}
   */
  let coordinator = null;
  /** Those whose results agreed with the CPU's. @type {WeakSet<PoolWorker>} */
  const proven = new WeakSet();
  /** @type {Map<string, Promise<Uint8Array>>} */
  const weights = new Map();
  /** @type {Partial<Record<Backend, Promise<{ script: string, module: WebAssembly.Module }>>>} */
  const builds = {};
  /** The current run. @type {{ assign: () => void } | null} */
  let work = null;
  let isPaused = false;
  let inBackground = false;
  let inPage = false;

  const mayWork = () => !isPaused && (inBackground || document.visibilityState !== "hidden");
  document.addEventListener("visibilitychange", wake);
  // A phone freezes a tab, and a browser keeps a page that was left, and neither need say when it was hidden.
  document.addEventListener("resume", wake);
  addEventListener("pageshow", wake);

  /** After a sleep, workers may be gone without any event. */
  function wake() {
    update();
    if (document.visibilityState === "hidden") return;
    for (const { client } of workers) client.ping();
    coordinator?.then(
      ({ client }) => client.ping(),
      () => {},
    );
  }

  /** Holds or releases all workers, and gives work to idle ones. */
  function update() {
    // A worker that is closed meanwhile has nothing to hold.
    for (const { client } of workers) client.call("hold", !mayWork()).catch(() => {});
    work?.assign();
  }

  /** @param {Backend} backend */
  async function findModule(backend) {
    checkPlatform();
    const { script, fetchModule } = await findBuild(backend, { signal: new AbortController().signal, emit: () => {} });
    return { script, module: await WebAssembly.compile(await fetchModule()) };
  }

  /** Starts a worker and its engine. @param {Backend} backend @returns {Promise<PoolWorker>} */
  async function start(backend) {
    builds[backend] ??= findModule(backend).catch((error) => {
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
   * Loads the networks of a plan into a worker, and gives it the plan; returns what it has planned, if it had to.
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
    const planned = await worker.client.call("plan", { request: plan.request, size: CHUNK[backend] });
    worker.plan = plan;
    return planned;
  }

  /** The coordinator; a new one where the last was closed. @returns {Promise<PoolWorker>} */
  function findCoordinator() {
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
   * Runs the plan's first attempt on a graphics processor and on the CPU, before any result of the former
   * counts. Throws a Mismatch if they end differently.
   *
   * @param {PoolWorker} worker
   * @param {Plan} plan
   */
  async function prove(worker, plan) {
    const judge = await findCoordinator();
    await load(judge, plan);
    const [expected, found] = await Promise.all(
      [judge, worker].map(async ({ client }) => endsOf(await client.call("work", { task: 0, from: 0, to: 1 }))),
    );
    if (expected !== found) throw failure("Mismatch", `The results of GPU and CPU differ (${found}, not ${expected}).`);
    proven.add(worker);
  }

  return {
    /** How many work at a time: one where no workers can be made. */
    size: () => (inPage ? 1 : size),

    /**
     * The attempts and the chunks of a plan.
     *
     * @param {Plan} plan
     * @returns {Promise<{ attempts: Attempt[], chunks: Chunk[] }>}
     */
    async plan(plan) {
      const worker = await findCoordinator();
      worker.plan = null;
      return load(worker, plan);
    },

    /**
     * The rows of the table, as far as the records go.
     *
     * @param {Plan} plan
     * @param {ExperimentRecord[]} records
     * @returns {Promise<ExperimentRow[]>}
     */
    async rows(plan, records) {
      const worker = await findCoordinator();
      await load(worker, plan);
      return worker.client.call("rows", records);
    },

    /**
     * Does all chunks; resolves to whether all are done, which they are not when the signal ends it.
     *
     * @param {Plan} plan
     * @param {Chunk[]} chunks
     * @param {object} options
     * @param {(records: ExperimentRecord[]) => void} options.onRecords Once for each chunk, in any order.
     * @param {AbortSignal} options.signal
     * @returns {Promise<boolean>}
     */
    run(plan, chunks, { onRecords, signal }) {
      if (work) return Promise.reject(failure("RequestError", "The pool is already running."));
      return new Promise((resolve, reject) => {
        const waiting = chunks.map((_, place) => place).reverse();
        const tries = chunks.map(() => 0);
        let left = chunks.length;
        let starting = 0;
        // Workers that could not be started are not replaced: the next would want the same memory, say.
        let failed = 0;

        /** @param {() => void} settle */
        function finish(settle) {
          if (!work) return;
          work = null;
          signal.removeEventListener("abort", cancel);
          // The results of busy workers are not needed; the next run starts new ones.
          for (const worker of [...workers])
            if (!idle.includes(worker)) worker.client.close(failure("AbortError", "The work was cancelled."));
          settle();
        }
        const cancel = () => finish(() => resolve(false));

        /** Gives chunks to idle workers, and starts workers for the rest. */
        function assign() {
          if (!work) return;
          if (left === 0) return finish(() => resolve(true));
          while (mayWork() && waiting.length > 0 && idle.length > 0) {
            void occupy(/** @type {PoolWorker} */ (idle.pop()), /** @type {number} */ (waiting.pop()));
          }
          while (mayWork() && starting < waiting.length && starting + workers.size + failed < (inPage ? 1 : size)) {
            starting++;
            start(backend)
              .then(add, (error) => {
                failed++;
                // Fewer workers are enough, but none is not.
                if (workers.size === 0 && starting === 1) finish(() => reject(error));
              })
              .finally(() => {
                starting--;
                work?.assign();
              });
          }
        }

        /** @param {PoolWorker} worker @param {number} place */
        async function occupy(worker, place) {
          const mine = work;
          tries[place]++;
          try {
            await load(worker, plan);
            if (backend === "webgpu" && !proven.has(worker)) await prove(worker, plan);
            const records = await worker.client.call("work", chunks[place]);
            if (workers.has(worker)) idle.push(worker);
            if (work !== mine || !mine) return;
            left--;
            onRecords(records);
          } catch (error) {
            // Any other error is due to the request or the network, and another worker would meet it, too.
            const isGone = /** @type {Error} */ (error).name === "EngineError";
            if (isGone) worker.client.close(/** @type {Error} */ (error));
            else if (workers.has(worker)) idle.push(worker);
            if (work !== mine || !mine) return;
            if (!isGone || tries[place] >= MOST_TRIES) return finish(() => reject(error));
            waiting.push(place);
          }
          assign();
        }

        work = { assign };
        signal.addEventListener("abort", cancel);
        if (signal.aborted) cancel();
        else assign();
      });
    },

    /** Takes no further step until it is resumed. */
    pause() {
      isPaused = true;
      update();
    },

    resume() {
      isPaused = false;
      update();
    },

    /** Whether it goes on in a hidden tab. @param {boolean} wanted */
    setInBackground(wanted) {
      inBackground = wanted;
      update();
    },

    /** Whether it stands still because the tab is hidden. */
    isResting: () => !isPaused && !mayWork(),

    close() {
      document.removeEventListener("visibilitychange", wake);
      document.removeEventListener("resume", wake);
      removeEventListener("pageshow", wake);
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

/** Below it a gradient may be zero on a device that flushes subnormal numbers. */
const FAINT = 1e-30;

/** How attempts ended; a gradient's size to the digits in which engines agree. @param {any[]} records */
const endsOf = (records) =>
  records
    .map(
      ({ outcome, amplitude }) =>
        outcome ?? (amplitude < FAINT ? "no gradient to speak of" : `a gradient of ${amplitude.toPrecision(2)}`),
    )
    .join();
