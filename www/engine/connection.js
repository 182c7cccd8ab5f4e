/** Starts one engine, in a worker if possible and otherwise in the page, and connects to it. */
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
 * @property {(seconds: number) => void} watch Sets how many seconds the engine may be silent while an
 *   answer is due. Until this is called, an engine in a worker is pinged, so a call may take as long as it needs.
 * @property {() => void} close
 */

/**
 * Starts an engine in a worker. Starts it in the page if no worker can be started, or if workers have no WebGPU but the
 * page does.
 *
 * @param {Backend} backend
 * @param {object} [options]
 * @param {boolean} [options.software] Whether to accept a software adapter.
 * @param {(progress: Progress) => void} [options.onProgress]
 * @param {(call: Connection["call"]) => void} [options.prefetch] Called while the engine opens, to load
 *   networks at the same time.
 * @param {AbortSignal} [options.signal]
 * @returns {Promise<Connection>}
 */
export async function connect(backend, { software = false, onProgress: onEvent, prefetch, signal } = {}) {
  const open = async (
    /** @type {Awaited<ReturnType<typeof createInWorker | typeof createInPage>>} */ { where, whereReason, client },
  ) => {
    try {
      const opening = client.call("open", { backend, software }, { signal, onEvent });
      prefetch?.(client.call);
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
  const started = backend === "cpu" ? earlyWorker : null;
  if (started) earlyWorker = null;
  try {
    worker = await (started ?? createInWorker());
  } catch (error) {
    return open(await createInPage(`no worker could be started (${/** @type {Error} */ (error).message})`));
  }
  try {
    return await open(worker);
  } catch (error) {
    if (/** @type {Error} */ (error).name !== "NoWebGPU" || !navigator.gpu) throw error;
    return open(await createInPage("workers have no WebGPU here"));
  }
}

/** The worker that `startEarly` started, until `connect` uses it. @type {ReturnType<typeof createInWorker> | null} */
let earlyWorker = null;

/** Starts fetching and compiling a CPU engine. The first `connect` uses it. */
export function startEarly() {
  earlyWorker = createInWorker();
  earlyWorker
    .then(({ client }) => client.call("open", { backend: "cpu" }))
    .catch(() => {
      // `connect` makes the same call, fails in the same way and reports the error.
    });
}

async function createInWorker() {
  const client = await startWorker(() => new Worker(new URL("./worker.js", import.meta.url), { type: "module" }));
  return { where: /** @type {const} */ ("worker"), whereReason: "It runs in a worker.", client };
}

/** @param {string} because Why no worker can be used. */
async function createInPage(because) {
  const { serve } = await import("./engine-core.js");
  return {
    where: /** @type {const} */ ("page"),
    whereReason: `It runs in the page, since ${because}.`,
    client: startInPage(serve),
  };
}
