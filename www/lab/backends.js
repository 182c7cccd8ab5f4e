/**
 * What computes: all cores but one, or the graphics processor, each with a pool of its own that is made when it is
 * wanted.
 */
import { findAdapter } from "../engine/adapter.js";
import { createPool } from "../pool/pool.js";

/** @typedef {import("../engine/protocol.js").Backend} Backend */
/** @typedef {ReturnType<typeof createPool>} Pool */

export const BACKENDS = /** @type {const} */ (["cpu", "webgpu"]);

export function createBackends() {
  /** @type {Map<Backend, Pool>} */
  const pools = new Map();
  /**
   * How much longer it has turned out to take than was estimated; null where nobody knows.
   *
   * @type {Record<Backend, number | null>}
   */
  const slowness = { cpu: 1, webgpu: null };
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
     * How many seconds it should take; null where nobody knows.
     *
     * @param {Backend} backend
     * @param {number} work As `workOf` counts it.
     */
    estimate(backend, work) {
      const slower = slowness[backend];
      return slower === null ? null : (slower * work) / poolOf(backend).size();
    },

    /** How long it has taken. @param {Backend} backend @param {number} work @param {number} seconds */
    learn(backend, work, seconds) {
      if (work > 0) slowness[backend] = Math.min(1000, Math.max(0.01, (seconds * poolOf(backend).size()) / work));
    },

    /** Whether it goes on in a hidden tab. @param {boolean} wanted */
    setInBackground(wanted) {
      inBackground = wanted;
      for (const pool of pools.values()) pool.setInBackground(wanted);
    },
  };
}

/**
 * The graphics processor's name, or by its name why there is none to use.
 *
 * @returns {Promise<{ name: string } | { why: string }>}
 */
export const findGraphics = () =>
  findAdapter(false).then(
    (name) => ({ name }),
    (/** @type {Error} */ { name }) => ({ why: name }),
  );
