/** One engine: started in a worker, or in the page where no worker can run it. */
import { startInPage, startWorker } from "./client.js";

/**
 * @typedef {import("./protocol.js").Backend} Backend
 * @typedef {import("./protocol.js").CallOptions} CallOptions
 * @typedef {import("./protocol.js").Progress} Progress
 *
 * @typedef {object} Connection
 * @property {Backend} backend
 * @property {'worker' | 'page'} where
 * @property {string} whereReason
 * @property {string} implementation
 * @property {string} version
 * @property {(method: string, argument?: unknown, options?: CallOptions) => Promise<any>} call
 * @property {(seconds: number) => void} watch How many seconds it may be silent while an answer is due. Until
 *   this is called, an engine in a worker is pinged, so that a call may take as long as it needs.
 * @property {() => void} close
 */

/**
 * Starts an engine in a worker; or in the page, where no worker can be started or workers lack WebGPU and the
 * page has it.
 *
 * @param {Backend} backend
 * @param {object} [options]
 * @param {boolean} [options.software] Whether a software adapter will do.
 * @param {(progress: Progress) => void} [options.onProgress]
 * @param {(call: Connection["call"]) => void} [options.meanwhile] Called while the engine opens, to fetch things at the
 * same time.
 * @param {AbortSignal} [options.signal]
 * @returns {Promise<Connection>}
 */
export async function connect(backend, { software = false, onProgress: onEvent, meanwhile, signal } = {}) {
  const open = async (
    /** @type {Awaited<ReturnType<typeof inWorker | typeof inPage>>} */ { where, whereReason, client },
  ) => {
    try {
      const opening = client.call("open", { backend, software }, { signal, onEvent });
      meanwhile?.(client.call);
      const { implementation, version } = await opening;
      signal?.throwIfAborted();
      return {
        backend,
        where,
        whereReason,
        implementation,
        version,
        call: client.call,
        watch: client.watch,
        close: () => client.close(),
      };
    } catch (error) {
      client.close();
      throw error;
    }
  };
  let worker;
  const started = backend === "cpu" ? startedAhead : null;
  if (started) startedAhead = null;
  try {
    worker = await (started ?? inWorker());
  } catch (error) {
    return open(await inPage(`no worker could be started (${/** @type {Error} */ (error).message})`));
  }
  try {
    return await open(worker);
  } catch (error) {
    if (/** @type {Error} */ (error).name !== "NoWebGPU" || !navigator.gpu) throw error;
    return open(await inPage("workers have no WebGPU here"));
  }
}

/** The worker that `startAhead` started, until `connect` takes it. @type {ReturnType<typeof inWorker> | null} */
let startedAhead = null;

/** Fetches and compiles a CPU engine in advance; the first `connect` gets it. */
export function startAhead() {
  startedAhead = inWorker();
  startedAhead
    .then(({ client }) => client.call("open", { backend: "cpu" }))
    .catch(() => {
      // `connect` fails in the same way, and reports it.
    });
}

async function inWorker() {
  const client = await startWorker(() => new Worker(new URL("./worker.js", import.meta.url), { type: "module" }));
  return { where: /** @type {const} */ ("worker"), whereReason: "It runs in a worker.", client };
}

/** @param {string} because */
async function inPage(because) {
  const { serve } = await import("./engine-core.js");
  return {
    where: /** @type {const} */ ("page"),
    whereReason: `It runs in the page, since ${because}.`,
    client: startInPage(serve),
  };
}
