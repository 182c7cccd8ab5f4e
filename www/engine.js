/**
 * The JSMA attack on an undefended and a defensively distilled network, as a JavaScript API.
 *
 *     const engine = await createEngine();
 *     await engine.load("mnist-undefended");
 *     const { outcome, steps } = await engine.attack(
 *       { model: "mnist-undefended", image, target: 8, attack: "jsma-f", direction: "increase", theta: 1, budget: 112 },
 *       { onStep: (step) => show(step) },
 *     );
 *
 * Errors are `Error`s with one of these names: NetworkError (a file could not be fetched; retry),
 * IntegrityError and ModelError (a file is damaged; retry), RequestError and ImageError (the
 * caller's request cannot be met; the message says why), EngineError (the engine is gone; make a
 * new one), AbortError (the caller's signal ended the wait).
 */
import { failure } from "./protocol.js";

/**
 * @typedef {import("./protocol.js").AttackRequest} AttackRequest
 * @typedef {import("./protocol.js").AttackResult} AttackResult
 * @typedef {import("./protocol.js").Classification} Classification
 * @typedef {import("./protocol.js").EngineInfo} EngineInfo
 * @typedef {import("./protocol.js").ManifestEntry} ManifestEntry
 * @typedef {import("./protocol.js").Outcome} Outcome
 * @typedef {import("./protocol.js").Port} Port
 * @typedef {import("./protocol.js").Progress} Progress
 * @typedef {import("./protocol.js").Step} Step
 */

/**
 * @typedef {object} EngineHandle
 * @property {() => EngineInfo} info
 * @property {() => Promise<ManifestEntry[]>} models The published networks.
 * @property {(model: string, options?: { onProgress?: (progress: Progress) => void, signal?: AbortSignal }) => Promise<ManifestEntry>} load
 *   Fetches, verifies and loads a network; once, however often it is called.
 * @property {(strokes: Uint8Array[]) => Promise<Float32Array | null>} rasterize
 *   The 28×28 image of a drawing, made as MNIST was; null when nothing was drawn. Each stroke is
 *   x0, y0, x1, y1, … from 0 to 255 over the square drawing area.
 * @property {(request: { model: string, scale?: number, image: Float32Array }) => Promise<Classification>} classify
 * @property {(request: AttackRequest, options?: { onStep?: (step: Step) => void, signal?: AbortSignal }) => Promise<AttackResult>} attack
 *   Aborting ends the attack with the outcome `cancelled` and the steps made so far. Attacks that
 *   run at the same time take turns, one step each.
 * @property {() => void} close
 */

/**
 * Starts the engine in a worker, or in the page where no worker can be made.
 *
 * @param {object} [options]
 * @param {'auto' | 'cpu' | 'webgpu'} [options.prefer]
 * @param {(progress: Progress) => void} [options.onProgress]
 * @param {AbortSignal} [options.signal]
 * @returns {Promise<EngineHandle>}
 */
export async function createEngine({ prefer = "auto", onProgress, signal } = {}) {
  if (!["auto", "cpu", "webgpu"].includes(prefer)) throw failure("RequestError", `There is no engine "${prefer}". There are: auto, cpu, webgpu.`);
  signal?.throwIfAborted();
  const { connection, where, whereReason } = await connect();
  const { call, close } = connection;
  try {
    const { engine, implementation, version } = await call("open", undefined, { signal, onEvent: onProgress });
    signal?.throwIfAborted();
    const engineReason = prefer === "cpu" ? "The CPU engine was asked for." : "This build has the CPU engine only.";
    const info = Object.freeze({ engine, where, reason: `${engineReason} ${whereReason}`, implementation, version });
    return {
      info: () => info,
      models: () => call("models"),
      load: (model, { onProgress: onEvent, signal } = {}) => call("load", model, { signal, onEvent }),
      rasterize: (strokes) => call("rasterize", strokes),
      classify: (request) => call("classify", request),
      async attack(request, { onStep, signal } = {}) {
        /** @type {Step[]} */
        const steps = [];
        const onEvent = (/** @type {Step} */ step) => {
          steps.push(step);
          onStep?.(step);
        };
        return { outcome: await call("attack", request, { signal, onEvent }), steps };
      },
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** @typedef {{ connection: ReturnType<typeof speak>, where: 'worker' | 'page', whereReason: string }} Connected */

/** @returns {Promise<Connected>} */
async function connect() {
  try {
    const worker = await startWorker();
    const connection = speak(worker, () => worker.terminate());
    worker.onerror = worker.onmessageerror = () => connection.fail(stopped());
    return { connection, where: "worker", whereReason: "It runs in a worker, beside the page." };
  } catch (error) {
    const { serve } = await import("./engine-core.js");
    const { port1, port2 } = new MessageChannel();
    serve(port1);
    const connection = speak(port2, () => port2.close());
    // A trap in an asynchronous call is thrown outside of it, and would leave its promise pending.
    addEventListener("error", (event) => {
      if (event.error instanceof WebAssembly.RuntimeError) connection.fail(stopped());
    });
    const whereReason = `It runs in the page, since no worker could be started (${/** @type {Error} */ (error).message}).`;
    return { connection, where: "page", whereReason };
  }
}

const stopped = () => failure("EngineError", "The engine stopped unexpectedly. Reload the page to start it again.");

/** Some browsers refuse a worker at once, others when they have read its script; so its first message is waited for. */
function startWorker() {
  return new Promise((/** @type {(worker: Worker) => void} */ resolve, reject) => {
    const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    worker.onmessage = () => resolve(worker);
    worker.onerror = (event) => {
      event.preventDefault();
      worker.terminate();
      reject(new Error(event.message || "its script could not be loaded"));
    };
  });
}

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

  port.onmessage = ({ data }) => {
    const waiting = pending.get(data.id);
    if (!waiting) return;
    if ("event" in data) return waiting.onEvent?.(data.event);
    pending.delete(data.id);
    if ("error" in data) waiting.reject(failure(data.error.name, data.error.message));
    else waiting.resolve(data.value);
  };

  /** @param {Error} error */
  function fail(error) {
    if (over) return;
    over = error;
    end();
    for (const { reject } of pending.values()) reject(error);
    pending.clear();
  }

  /**
   * @param {string} method
   * @param {unknown} [argument]
   * @param {{ signal?: AbortSignal, onEvent?: (event: any) => void }} [options]
   * @returns {Promise<any>}
   */
  async function call(method, argument, { signal, onEvent } = {}) {
    if (over) throw over;
    const id = ++last;
    const abort = () => port.postMessage({ abort: id });
    try {
      return await new Promise((resolve, reject) => {
        port.postMessage({ id, method, argument });
        pending.set(id, { onEvent, resolve, reject });
        if (signal?.aborted) abort();
        signal?.addEventListener("abort", abort);
      });
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  return { call, fail, close: () => fail(failure("EngineError", "The engine was closed.")) };
}
