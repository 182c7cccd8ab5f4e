/**
 * The lab's two backends: the CPU (all cores but one) and WebGPU. Each has a pool of workers, which is created when it
 * is first needed, and an estimate of its speed.
 */
import { findAdapter } from "../engine/adapter.js";
import { fetchJson } from "../engine/fetch.js";
import { createPool } from "../pool/pool.js";

/** @typedef {import("../engine/protocol.js").Backend} Backend */
/** @typedef {ReturnType<typeof createPool>} Pool */

export const BACKENDS = /** @type {const} */ (["cpu", "webgpu"]);

export function createBackends() {
  /** @type {Map<Backend, Pool>} */
  const pools = new Map();
  /**
   * The measured duration divided by the estimated one, from the last run; `null` before WebGPU has run at all.
   *
   * @type {Record<Backend, number | null>}
   */
  const slowdown = { cpu: 1, webgpu: null };
  let inBackground = false;

  /** @param {Backend} backend */
  function poolOf(backend) {
    const pool = pools.get(backend) ?? createPool({ backend });
    pool.setInBackground(inBackground);
    pools.set(backend, pool);
    return pool;
  }

  return {
    pool: poolOf,

    /**
     * The estimated duration of some work in seconds; `null` if the backend's speed is not known yet.
     *
     * @param {Backend} backend
     * @param {number} work In seconds of one core, as `coreSeconds` estimates it.
     */
    estimate(backend, work) {
      const factor = slowdown[backend];
      return factor === null ? null : (factor * work) / poolOf(backend).size();
    },

    /** Records how long some work took. @param {Backend} backend @param {number} work @param {number} seconds */
    recordDuration(backend, work, seconds) {
      if (work > 0) slowdown[backend] = Math.min(1000, Math.max(0.01, (seconds * poolOf(backend).size()) / work));
    },

    /** Sets whether runs continue while the tab is hidden. @param {boolean} wanted */
    setInBackground(wanted) {
      inBackground = wanted;
      for (const pool of pools.values()) pool.setInBackground(wanted);
    },
  };
}

/**
 * The graphics processor's name, or the name of the error that says why WebGPU cannot be used.
 *
 * @returns {Promise<{ name: string } | { why: string }>}
 */
export const findGraphics = () =>
  findAdapter(false).then(
    (name) => ({ name }),
    (/** @type {Error} */ { name }) => ({ why: name }),
  );

/**
 * The hash of the module that a backend runs; `null` if it cannot be fetched.
 *
 * @param {Backend} backend
 * @returns {Promise<string | null>}
 */
export const fetchModuleHash = (backend) =>
  fetchJson(new URL(`../../pkg/${backend}/build.json`, import.meta.url)).then(
    (/** @type {any} */ build) => build?.wasm?.sha256 ?? null,
    () => null,
  );
