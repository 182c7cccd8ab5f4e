/** The worker's side of a port: runs the called methods and sends their results. The page's side is `client.js`. */
import { failure, toPlain } from "./protocol.js";

/**
 * @typedef {object} Caller What a method gets besides its argument.
 * @property {AbortSignal} signal Aborts when the caller no longer wants the result.
 * @property {(event: any) => void} emit Sends an event to the caller before the result.
 *
 * @typedef {Record<string, (argument: any, caller: Caller) => unknown>} Methods
 */

/**
 * Answers each call with the result of its method. The same code runs in a worker or, if none can be started, in the
 * page at the other end of a MessageChannel.
 *
 * @param {import("./protocol.js").Port} port
 * @param {(onLost: (error: Error) => void) => Methods} makeMethods The methods call
 *   `onLost` when the engine is lost. It rejects all pending and later calls.
 */
export function serveMethods(port, makeMethods) {
  /** @type {Map<number, AbortController>} */
  const calls = new Map();
  /** Set once the engine is lost. @type {Error | null} */
  let lost = null;
  const methods = makeMethods((error) => {
    lost = error;
    for (const id of calls.keys()) sendError(id, error);
  });

  port.onmessage = async ({ data }) => {
    if (data?.ping) return port.postMessage({ pong: true });
    if (data?.abort !== undefined) return calls.get(data.abort)?.abort();
    const { id, method, argument } = data ?? {};
    if (!Number.isInteger(id)) return;
    const controller = new AbortController();
    calls.set(id, controller);
    if (lost) return sendError(id, lost);
    try {
      if (!Object.hasOwn(methods, method)) throw failure("RequestError", "The worker has no such method.");
      const value = await methods[method](argument, {
        signal: controller.signal,
        emit: (event) => port.postMessage({ id, event }),
      });
      if (calls.delete(id)) port.postMessage({ id, value });
    } catch (error) {
      sendError(id, error);
    }
  };
  port.postMessage({ ready: true });

  /** @param {number} id @param {unknown} error */
  function sendError(id, error) {
    calls.get(id)?.abort();
    if (calls.delete(id)) port.postMessage({ id, error: toPlain(error) });
  }
}
