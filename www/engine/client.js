/** The page's side of a worker: starts, calls, watches and closes it. The worker's side is `serve.js`. */
import { failure } from "./protocol.js";
import { SILENCE_LIMIT, silenceMessage, startWatchdog } from "./watch.js";

/**
 * @typedef {import("./protocol.js").CallOptions} CallOptions
 * @typedef {import("./protocol.js").Port} Port
 *
 * @typedef {object} Client
 * @property {(method: string, argument?: unknown, options?: CallOptions) => Promise<any>} call Rejects with the
 *   worker's error, or with the reason why the client was closed.
 * @property {() => void} ping Sends a message that the worker answers at once. If no answer comes, the client is
 *   closed, as for a call.
 * @property {(seconds: number, options?: { pings?: boolean }) => void} watch Closes the client
 *   after so many seconds of silence while an answer is due. With `pings`, the worker is pinged during each call, so a
 *   call may take as long as it needs and only a worker that has ended is silent.
 * @property {(reason?: Error) => void} close Ends the worker and rejects all calls.
 * @property {() => void} onClose Called once, before the calls are rejected.
 */

/**
 * Starts a worker and waits for its first message. Some browsers refuse a worker at once, others only after reading its
 * script, and some workers are ended before they send anything.
 *
 * @param {() => Worker} make
 * @returns {Promise<Client>}
 */
export async function startWorker(make) {
  const worker = make();
  await new Promise((resolve, reject) => {
    const watchdog = startWatchdog(SILENCE_LIMIT, () => fail(`it ${silenceMessage(SILENCE_LIMIT)}`));
    worker.onmessage = () => {
      watchdog.stop();
      resolve(null);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      fail(event.message || "its script could not be loaded");
    };
    /** @param {string} reason */
    function fail(reason) {
      watchdog.stop();
      worker.terminate();
      reject(new Error(reason));
    }
  });
  const client = createClient(worker, () => worker.terminate());
  worker.onerror = (event) => {
    event.preventDefault();
    client.close(stoppedError(event.message));
  };
  worker.onmessageerror = () => client.close(stoppedError());
  // A browser that is short of memory ends a worker without firing an event.
  client.watch(SILENCE_LIMIT, { pings: true });
  return client;
}

/** Runs the worker's code in the page. @param {(port: Port) => void} serve @returns {Client} */
export function startInPage(serve) {
  const { port1, port2 } = new MessageChannel();
  serve(port1);
  // A trap in an asynchronous wasm call is thrown outside the call, which would leave its promise pending.
  const onError = (/** @type {ErrorEvent} */ { error }) => {
    if (error instanceof WebAssembly.RuntimeError) client.close(stoppedError(error.message));
  };
  addEventListener("error", onError);
  const client = createClient(port2, () => {
    removeEventListener("error", onError);
    port2.close();
  });
  return client;
}

const stoppedError = (detail = "") =>
  failure("EngineError", `The engine stopped unexpectedly${detail && ` (${detail})`}.`);

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
  let isPingPending = false;
  /** @type {Error | null} */
  let closed = null;
  /** @type {ReturnType<typeof startWatchdog> | undefined} */
  let watchdog;

  port.onmessage = ({ data }) => {
    isPingPending = false;
    watchdog?.reset();
    const call = pending.get(data?.id);
    if (!call) return;
    if ("event" in data) return call.onEvent?.(data.event);
    pending.delete(data.id);
    if ("error" in data) call.reject(failure(`${data.error?.name}`, `${data.error?.message}`));
    else call.resolve(data.value);
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
      isPingPending = true;
      port.postMessage({ ping: true });
    },

    watch(seconds, { pings = false } = {}) {
      watchdog?.stop();
      watchdog = startWatchdog(
        seconds,
        () => client.close(failure("EngineError", `The engine ${silenceMessage(seconds)}.`)),
        () => {
          if (pings && pending.size > 0) client.ping();
          return isPingPending || pending.size > 0;
        },
      );
    },

    close(reason = failure("EngineError", "The engine was closed.")) {
      if (closed) return;
      closed = reason;
      watchdog?.stop();
      // An engine in the page cannot be ended from outside. Aborted calls stop by themselves.
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
