/**
 * Keeps the runs of the lab in the browser's database while they grow, so that a reload, an update or a closed tab loses
 * none of their work. Each chunk is stored when it is done. A tab holds a lock for its run; a run without a lock is
 * offered to the visitor by the next lab that is opened.
 */
import { EXPERIMENTS } from "./plan.js";

/**
 * @typedef {import("../pool/pool.js").ExperimentRecord} ExperimentRecord
 * @typedef {import("../pool/pool.js").Chunk} Chunk
 *
 * @typedef {object} KeptChoice A choice of the form, with the names of the networks.
 * @property {string} data
 * @property {import("./plan.js").Experiment} experiment
 * @property {{ model: string, scale: number | null }[]} networks
 * @property {import("../domain/settings.js").Settings} settings
 * @property {number} images
 *
 * @typedef {object} KeptChunk
 * @property {Chunk} chunk
 * @property {ExperimentRecord[]} records
 *
 * @typedef {object} KeptRun
 * @property {string} id
 * @property {number} time When it started, in milliseconds.
 * @property {string | null} identity Equal for two runs whose records are the same; `null` if it is not known.
 * @property {KeptChoice} choice
 * @property {import("./backends.js").Backend} backend
 * @property {number} total The number of attempts.
 * @property {import("./run.js").Run["state"]} state
 * @property {import("./plan.js").Row[]} rows The rows counted last.
 */

const NAME = `defensive-distillation ${new URL("../../", import.meta.url).pathname}`;
const [RUNS, CHUNKS] = ["runs", "chunks"];
/** The field of a chunk that names its run, and its index. */
const RUN = "run";
/** How many runs are kept at most, besides those of open tabs. */
const MAX_KEPT = 5;
/** Milliseconds between two times that the rows of a run are stored while it grows. */
const ROWS_INTERVAL = 5000;

/** @param {string} id */
const lockOf = (id) => `${NAME} ${id}`;

export function createArchive() {
  /** @type {Promise<IDBDatabase> | null} */
  let database = null;
  /** Releases the lock of this tab's last run. */
  let release = () => {};

  /**
   * Runs a transaction and resolves to the request's result when it is complete.
   *
   * @template Value
   * @param {IDBTransactionMode} mode
   * @param {(runs: IDBObjectStore, chunks: IDBObjectStore) => IDBRequest<Value>} work
   * @returns {Promise<Value>}
   */
  async function transact(mode, work) {
    database ??= openDatabase();
    const transaction = (await database).transaction([RUNS, CHUNKS], mode);
    const request = work(transaction.objectStore(RUNS), transaction.objectStore(CHUNKS));
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
    });
  }

  /** The runs that no open tab holds, the newest first. @returns {Promise<KeptRun[]>} */
  async function findFree() {
    const { held = [] } = (await navigator.locks?.query()) ?? {};
    const runs = await transact("readonly", (runs) => runs.getAll());
    return runs
      .filter(({ id }) => !held.some(({ name }) => name === lockOf(id)))
      .filter(({ choice }) => EXPERIMENTS.includes(choice?.experiment))
      .sort((a, b) => b.time - a.time);
  }

  /** @param {string} id */
  const remove = (id) =>
    transact("readwrite", (runs, chunks) => {
      const keys = chunks.index(RUN).getAllKeys(id);
      keys.onsuccess = () => {
        for (const key of keys.result) chunks.delete(key);
      };
      return runs.delete(id);
    });

  /** @param {string} id @returns {Promise<KeptChunk[]>} */
  const chunksOf = (id) => transact("readonly", (_, chunks) => chunks.index(RUN).getAll(id));

  return {
    /**
     * The last run that no open tab holds, with its chunks; null if there is none or nothing can be stored.
     *
     * @returns {Promise<(KeptRun & { chunks: KeptChunk[] }) | null>}
     */
    async find() {
      try {
        const [run] = await findFree();
        return run ? { ...run, chunks: await chunksOf(run.id) } : null;
      } catch {
        return null;
      }
    },

    /** Deletes a run. @param {string} id */
    forget: (id) => remove(id).catch(() => {}),

    /**
     * Keeps a run from now on, and deletes the oldest ones.
     *
     * @param {KeptRun} run A run that is kept already goes on.
     */
    keep(run) {
      /** Whether everything could be stored so far. */
      let isKept = true;
      let rowsTime = performance.now();
      /** The work of a run must not wait for its copy, or end with it. @param {Promise<unknown>} written */
      const note = (written) =>
        void written.catch(() => {
          isKept = false;
        });
      const store = () => note(transact("readwrite", (runs) => runs.put(run)));

      release();
      void navigator.locks?.request(
        lockOf(run.id),
        () =>
          new Promise((/** @type {(value: void) => void} */ resolve) => {
            release = resolve;
          }),
      );
      store();
      note(
        findFree().then((free) => {
          const oldest = free.filter(({ id }) => id !== run.id).slice(MAX_KEPT);
          return Promise.all(oldest.map(({ id }) => remove(id)));
        }),
      );

      return {
        isKept: () => isKept,

        /** Adds a chunk that is done. @param {Chunk} chunk @param {ExperimentRecord[]} records */
        add(chunk, records) {
          note(transact("readwrite", (_, chunks) => chunks.add({ [RUN]: run.id, chunk, records })));
        },

        /** Stores rows that were counted while the run grows, from time to time. @param {KeptRun["rows"]} rows */
        update(rows) {
          run = { ...run, rows };
          if (performance.now() - rowsTime < ROWS_INTERVAL) return;
          rowsTime = performance.now();
          store();
        },

        /** @param {KeptRun["identity"]} identity */
        identify(identity) {
          run = { ...run, identity };
          store();
        },

        /** Stores how a run has ended. @param {KeptRun["state"]} state @param {KeptRun["rows"]} rows */
        end(state, rows) {
          run = { ...run, state, rows };
          store();
        },
      };
    },
  };
}

/** @returns {Promise<IDBDatabase>} */
function openDatabase() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(RUNS, { keyPath: "id" });
      request.result.createObjectStore(CHUNKS, { autoIncrement: true }).createIndex(RUN, RUN);
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
