/** Runs a piece of work once for several callers. */
import { failure } from "./protocol.js";

/** @typedef {import("./serve.js").Caller} Caller */

/**
 * Returns a function that starts `work` at the first call; later calls wait for the same result. A success is kept;
 * after a failure the next call starts the work again. If a caller aborts, the others still get the result. The work is
 * aborted when its last caller aborts.
 *
 * @template Value
 * @param {(caller: Caller) => Promise<Value>} work
 * @returns {(caller: Caller) => Promise<Value>}
 */
export function shared(work) {
  /** @type {{ value: Promise<Value>, done: boolean, callers: Set<Caller>, controller: AbortController } | null} */
  let job = null;

  function start() {
    const controller = new AbortController();
    /** @type {Set<Caller>} */
    const callers = new Set();
    const value = work({ signal: controller.signal, emit: (event) => callers.forEach(({ emit }) => emit(event)) });
    const started = { value, done: false, callers, controller };
    value.then(
      () => {
        started.done = true;
      },
      () => {
        if (job === started) job = null;
      },
    );
    return started;
  }

  return (caller) =>
    new Promise((resolve, reject) => {
      job ??= start();
      const joined = job;
      joined.callers.add(caller);
      const leave = () => {
        joined.callers.delete(caller);
        reject(failure("AbortError", "The load was cancelled."));
        if (joined.done || joined.callers.size > 0) return;
        if (job === joined) job = null;
        joined.controller.abort();
      };
      if (caller.signal.aborted) return leave();
      caller.signal.addEventListener("abort", leave);
      joined.value.then(resolve, reject).finally(() => {
        joined.callers.delete(caller);
        caller.signal.removeEventListener("abort", leave);
      });
    });
}
