/** The page's side of a worker: how it is started, called, watched and closed. The worker's side is `serve.js`. */
import { failure } from "./protocol.js";
import { listen, PATIENCE, silentFor } from "./watch.js";

/**
 * @typedef {import("./protocol.js").CallOptions} CallOptions
 * @typedef {import("./protocol.js").Port} Port
 *
 * @typedef {object} Client
 * @property {(method: string, argument?: unknown, options?: CallOptions) => Promise<any>} call Rejects with the
 *   worker's error, or with the reason for which the client was closed.
 * @property {() => void} ping Asks the worker whether it is still there. Silence is taken as an end, as with a call.
 * @property {(seconds: number, options?: { pings?: boolean }) => void} watch For how many seconds the worker may be
 *   silent while an answer is due; then the client is closed. With `pings` the worker is pinged all the while, so that
 *   a call may take as long as it needs and only a worker that is gone is silent.
 * @property {(reason?: Error) => void} close Ends the worker and rejects all calls.
 * @property {() => void} onClose Called once, before the calls are rejected.
 */

/**
 * Starts a worker, and waits for its first message. Some browsers refuse a worker at once, others when they
 * have read its script, and one may be ended before it sends anything.
 *
 * @param {() => Worker} make
 * @returns {Promise<Client>}
 */
export async function startWorker(make) {
  const worker = make();
  await new Promise((resolve, reject) => {
    const patience = listen(PATIENCE, () => giveUp(`it ${silentFor(PATIENCE)}`));
    worker.onmessage = () => {
      patience.end();
      resolve(null);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      giveUp(event.message || "its script could not be loaded");
    };
    /** @param {string} reason */
    function giveUp(reason) {
      patience.end();
      worker.terminate();
      reject(new Error(reason));
    }
  });
  const client = createClient(worker, () => worker.terminate());
  worker.onerror = (event) => {
    event.preventDefault();
    client.close(stopped(event.message));
  };
  worker.onmessageerror = () => client.close(stopped());
  // A browser that is short of memory ends a worker without any event.
  client.watch(PATIENCE, { pings: true });
  return client;
}

/** Runs in the page what a worker would run. @param {(port: Port) => void} serve @returns {Client} */
export function startInPage(serve) {
  const { port1, port2 } = new MessageChannel();
  serve(port1);
  // A trap in an asynchronous call is thrown outside of it, and would leave its promise pending.
  const onError = (/** @type {ErrorEvent} */ { error }) => {
    if (error instanceof WebAssembly.RuntimeError) client.close(stopped(error.message));
  };
  addEventListener("error", onError);
  const client = createClient(port2, () => {
    removeEventListener("error", onError);
    port2.close();
  });
  return client;
}

const stopped = (detail = "") => failure("EngineError", `The engine stopped unexpectedly${detail && ` (${detail})`}.`);

/**
 * @param {Port} port
 * @param {() => void} end
 * @returns {Client}
 */
function createClient(port, end) {
  /**
   * @type {Map<number, { onEvent?: (event: any) => void, resolve: (value: any) => void, reject: (error: unknown) => void }>}
   */
  const pending = new Map();
  let lastId = 0;
  let isPinged = false;
  /** @type {Error | null} */
  let closed = null;
  /** @type {ReturnType<typeof listen> | undefined} */
  let patience;

  port.onmessage = ({ data }) => {
    isPinged = false;
    patience?.hear();
    const waiting = pending.get(data?.id);
    if (!waiting) return;
    if ("event" in data) return waiting.onEvent?.(data.event);
    pending.delete(data.id);
    if ("error" in data) waiting.reject(failure(`${data.error?.name}`, `${data.error?.message}`));
    else waiting.resolve(data.value);
  };

  /** @type {Client} */
  const client = {
    async call(method, argument, { signal, onEvent } = {}) {
      if (closed) throw closed;
      const id = ++lastId;
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
    },

    ping() {
      isPinged = true;
      port.postMessage({ ping: true });
    },

    watch(seconds, { pings = false } = {}) {
      patience?.end();
      patience = listen(
        seconds,
        () => client.close(failure("EngineError", `The engine ${silentFor(seconds)}.`)),
        () => {
          if (pings && pending.size > 0) client.ping();
          return isPinged || pending.size > 0;
        },
      );
    },

    close(reason = failure("EngineError", "The engine was closed.")) {
      if (closed) return;
      closed = reason;
      patience?.end();
      // What runs in the page cannot be ended from outside; it stops by itself.
      for (const id of pending.keys()) port.postMessage({ abort: id });
      end();
      client.onClose();
      for (const { reject } of pending.values()) reject(reason);
      pending.clear();
    },

    onClose: () => {},
  };
  return client;
}
