/** Work that several callers wait for, done once. */
import { failure } from "./protocol.js";

/** @typedef {import("./serve.js").Listener} Listener */

/**
 * Makes a function that starts `work` when it is first called and joins it afterwards. What has
 * succeeded is kept; what has failed starts anew at the next call. A caller who aborts leaves
 * alone, and the work is ended when the last one has left.
 *
 * @template Value
 * @param {(listener: Listener) => Promise<Value>} work
 * @returns {(listener: Listener) => Promise<Value>}
 */
export function shared(work) {
  /** @type {{ value: Promise<Value>, done: boolean, listeners: Set<Listener>, controller: AbortController } | null} */
  let job = null;

  function start() {
    const controller = new AbortController();
    /** @type {Set<Listener>} */
    const listeners = new Set();
    const value = work({ signal: controller.signal, emit: (event) => listeners.forEach(({ emit }) => emit(event)) });
    const started = { value, done: false, listeners, controller };
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

  return (listener) =>
    new Promise((resolve, reject) => {
      job ??= start();
      const joined = job;
      joined.listeners.add(listener);
      const leave = () => {
        joined.listeners.delete(listener);
        reject(failure("AbortError", "The load was cancelled."));
        if (joined.done || joined.listeners.size > 0) return;
        if (job === joined) job = null;
        joined.controller.abort();
      };
      if (listener.signal.aborted) return leave();
      listener.signal.addEventListener("abort", leave);
      joined.value.then(resolve, reject).finally(() => {
        joined.listeners.delete(listener);
        listener.signal.removeEventListener("abort", leave);
      });
    });
}
