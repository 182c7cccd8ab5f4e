/** One engine, in a worker or in the page: how it is started, asked, and given up. */
import { failure } from "./protocol.js";
import { PATIENCE, listen, silentFor, startWorker } from "./watch.js";

/**
 * @typedef {import("./protocol.js").Backend} Backend
 * @typedef {import("./protocol.js").Port} Port
 * @typedef {import("./protocol.js").Progress} Progress
 *
 * @typedef {object} Connection
 * @property {Backend} backend
 * @property {'worker' | 'page'} where
 * @property {string} whereReason
 * @property {string} implementation
 * @property {string} version
 * @property {(method: string, argument?: unknown, options?: CallOptions) => Promise<any>} call
 * @property {(patience: number) => void} watch How many seconds it may be silent while it is asked something. Until
 *   this is called it is asked every few seconds whether it is still there, so that it may wait for as long as it must.
 * @property {() => void} close
 *
 * @typedef {{ signal?: AbortSignal, onEvent?: (event: any) => void }} CallOptions
 */

/**
 * Starts an engine in a worker; or in the page, where no worker can be made or the worker is not
 * given what the engine needs and the page is.
 *
 * @param {Backend} backend
 * @param {object} [options]
 * @param {boolean} [options.software] Whether an adapter will do that is a program.
 * @param {(progress: Progress) => void} [options.onProgress]
 * @param {(call: Connection["call"]) => void} [options.meanwhile] Has it fetch things while it opens.
 * @param {AbortSignal} [options.signal]
 * @returns {Promise<Connection>}
 */
export async function connect(backend, { software = false, onProgress: onEvent, meanwhile, signal } = {}) {
  const open = async (/** @type {Spoken} */ { where, whereReason, speech }) => {
    try {
      const opening = speech.call("open", { backend, software }, { signal, onEvent });
      meanwhile?.(speech.call);
      const { implementation, version } = await opening;
      signal?.throwIfAborted();
      return { backend, where, whereReason, implementation, version, ...speech };
    } catch (error) {
      speech.close();
      throw error;
    }
  };
  /** @type {Spoken} */
  let worker;
  const started = backend === "cpu" ? ahead : null;
  if (started) ahead = null;
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

/** @typedef {{ where: 'worker' | 'page', whereReason: string, speech: ReturnType<typeof speak> }} Spoken */

/** The worker that was started ahead, until somebody takes it. @type {Promise<Spoken> | null} */
let ahead = null;

/** Has a CPU engine fetched and compiled before anybody asks for one; the first `connect` gets it. */
export function startAhead() {
  ahead = inWorker();
  ahead.then(({ speech }) => speech.call("open", { backend: "cpu" })).catch(() => {
    // It fails once more, and is reported, when the engine is asked for.
  });
}

/** @returns {Promise<Spoken>} */
async function inWorker() {
  const worker = await startWorker(() => new Worker(new URL("./worker.js", import.meta.url), { type: "module" }));
  const speech = speak(worker, () => worker.terminate());
  // A worker may be ended without a word, for want of memory say.
  speech.watch(PATIENCE, () => worker.postMessage({ ping: true }));
  worker.onerror = worker.onmessageerror = () => speech.fail(stopped());
  return { where: "worker", whereReason: "It runs in a worker.", speech };
}

/** @param {string} because @returns {Promise<Spoken>} */
async function inPage(because) {
  const { serve } = await import("./engine-core.js");
  const { port1, port2 } = new MessageChannel();
  serve(port1);
  const speech = speak(port2, () => port2.close());
  // A trap in an asynchronous call is thrown outside of it, and would leave its promise pending.
  addEventListener("error", (event) => {
    if (event.error instanceof WebAssembly.RuntimeError) speech.fail(stopped());
  });
  return { where: "page", whereReason: `It runs in the page, since ${because}.`, speech };
}

const stopped = () => failure("EngineError", "The engine stopped unexpectedly.");

/**
 * Calls over a port, and their answers.
 *
 * @param {Port} port
 * @param {() => void} end
 */
function speak(port, end) {
  /** @type {Map<number, { onEvent?: (event: any) => void, resolve: (value: any) => void, reject: (error: unknown) => void }>} */
  const pending = new Map();
  /** @type {Error | null} */
  let over = null;
  let last = 0;
  /** @type {ReturnType<typeof listen> | undefined} */
  let patience;

  port.onmessage = ({ data }) => {
    patience?.hear();
    const waiting = pending.get(data?.id);
    if (!waiting) return;
    if ("event" in data) return waiting.onEvent?.(data.event);
    pending.delete(data.id);
    if ("error" in data) waiting.reject(failure(`${data.error?.name}`, `${data.error?.message}`));
    else waiting.resolve(data.value);
  };

  /** @param {Error} error */
  function fail(error) {
    if (over) return;
    over = error;
    patience?.end();
    end();
    for (const { reject } of pending.values()) reject(error);
    pending.clear();
  }

  /**
   * @param {string} method
   * @param {unknown} [argument]
   * @param {CallOptions} [options]
   * @returns {Promise<any>}
   */
  async function call(method, argument, { signal, onEvent } = {}) {
    if (over) throw over;
    const id = ++last;
    const abort = () => port.postMessage({ abort: id });
    try {
      return await new Promise((resolve, reject) => {
        if (pending.size === 0) patience?.hear();
        port.postMessage({ id, method, argument });
        pending.set(id, { onEvent, resolve, reject });
        if (signal?.aborted) abort();
        signal?.addEventListener("abort", abort);
      });
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  /** @param {number} seconds @param {() => void} [ask] */
  function watch(seconds, ask) {
    patience?.end();
    patience = listen(seconds, () => fail(failure("EngineError", `The engine ${silentFor(seconds)}.`)), () => {
      if (pending.size > 0) ask?.();
      return pending.size > 0;
    });
  }

  return { call, fail, watch, close: () => fail(failure("EngineError", "The engine was closed.")) };
}
