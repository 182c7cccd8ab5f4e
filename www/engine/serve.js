/** The worker's side of its port: it runs the methods that it is asked for. The page's side is `client.js`. */
import { failure, toPlain } from "./protocol.js";

/**
 * @typedef {object} Listener The one who waits for an answer.
 * @property {AbortSignal} signal
 * @property {(event: any) => void} emit
 *
 * @typedef {Record<string, (argument: any, listener: Listener) => unknown>} Methods
 */

/**
 * Answers calls with what the methods return. The same code runs in a worker and, where there is none, in the
 * page at the other end of a MessageChannel.
 *
 * @param {import("./protocol.js").Port} port
 * @param {(onLost: (error: Error) => void) => Methods} makeMethods `onLost` rejects the calls of now and of later.
 */
export function serveMethods(port, makeMethods) {
  /** @type {Map<number, AbortController>} */
  const calls = new Map();
  /** Why nothing can be computed any more. @type {Error | null} */
  let lost = null;
  const methods = makeMethods((error) => {
    lost = error;
    for (const id of calls.keys()) refuse(id, error);
  });

  port.onmessage = async ({ data }) => {
    if (data?.ping) return port.postMessage({ pong: true });
    if (data?.abort !== undefined) return calls.get(data.abort)?.abort();
    const { id, method, argument } = data ?? {};
    if (!Number.isInteger(id)) return;
    const controller = new AbortController();
    calls.set(id, controller);
    if (lost) return refuse(id, lost);
    try {
      if (!Object.hasOwn(methods, method)) throw failure("RequestError", "The worker has no such method.");
      const value = await methods[method](argument, {
        signal: controller.signal,
        emit: (event) => port.postMessage({ id, event }),
      });
      if (calls.delete(id)) port.postMessage({ id, value });
    } catch (error) {
      refuse(id, error);
    }
  };
  port.postMessage({ ready: true });

  /** @param {number} id @param {unknown} error */
  function refuse(id, error) {
    calls.get(id)?.abort();
    if (calls.delete(id)) port.postMessage({ id, error: toPlain(error) });
  }
}
