/**
 * Many attacks on all cores: workers that share one compiled module and one copy of each network's
 * file, so that nothing is fetched or compiled twice, and no headers of isolation are needed. One core
 * is left to the visitor. A job depends on nothing but itself, so it does not matter who does it, when,
 * or how often it has to be begun: what dies is done again.
 */
import { MAX_JSON, MODELS, findBuild, isIntact, pastDamage, versioned } from "./engine-core.js";
import { fetchBytes, fetchJson } from "./fetch.js";
import { parseManifest } from "./manifest.js";
import { failure } from "./protocol.js";

/**
 * @typedef {import("./pool-core.js").Job} Job
 * @typedef {import("./pool-core.js").Ending} Ending
 * @typedef {import("./protocol.js").ManifestEntry} ManifestEntry
 * @typedef {import("./protocol.js").Port} Port
 *
 * @typedef {object} Hand
 * @property {Port} port
 * @property {Set<string>} knows The networks that it has loaded.
 * @property {(method: string, argument: unknown) => Promise<any>} call
 * @property {() => void} ping Declares it dead if it does not answer.
 * @property {(reason: Error) => void} end
 *
 * @typedef {object} Work What is under way.
 * @property {number[]} waiting Places of jobs that nobody has taken.
 * @property {() => void} deal Gives jobs to idle hands.
 */

const MOST_HANDS = 16;
/** How often a job is begun before it is given up. */
const MOST_TRIES = 3;
/** Milliseconds in which a hand answers, unless it is dead: longer than any step takes. */
const PATIENCE = 10_000;

/** All cores but one. */
export const spareCores = () => Math.min(MOST_HANDS, Math.max(1, (navigator.hardwareConcurrency || 2) - 1));

/** The published networks. @param {AbortSignal} [signal] */
export async function fetchModels(signal) {
  return parseManifest(await fetchJson(new URL("manifest.json", MODELS), MAX_JSON, signal));
}

/**
 * @param {object} [options]
 * @param {number} [options.size] How many workers.
 */
export function createPool({ size = spareCores() } = {}) {
  /** @type {Set<Hand>} */
  const hands = new Set();
  /** @type {Hand[]} */
  const idle = [];
  /** @type {Map<string, Promise<Uint8Array>>} */
  const weights = new Map();
  /** @type {Promise<{ script: string, module: WebAssembly.Module }> | null} */
  let build = null;
  /** @type {Work | null} */
  let work = null;
  let isPaused = false;
  let inBackground = false;
  let inPage = false;

  const mayWork = () => !isPaused && (inBackground || document.visibilityState !== "hidden");
  document.addEventListener("visibilitychange", wake);

  /** What was put to sleep may be gone without a word. */
  function wake() {
    if (document.visibilityState === "hidden") return;
    for (const hand of hands) hand.ping();
    work?.deal();
  }

  async function findModule() {
    const { script, fetchModule } = await findBuild({ signal: new AbortController().signal, emit: () => {} });
    return { script, module: await WebAssembly.compile(await fetchModule()) };
  }

  /** A hand with the module in it. */
  async function hire() {
    build ??= findModule().catch((error) => {
      build = null;
      throw error;
    });
    const compiled = await build;
    const hand = await makeHand().catch((error) => {
      if (hands.size > 0 || inPage) throw error;
      inPage = true;
      return makeHandInPage();
    });
    try {
      await hand.call("open", compiled);
    } catch (error) {
      hand.end(/** @type {Error} */ (error));
      throw error;
    }
    hands.add(hand);
    return hand;
  }

  /** @param {Hand} hand @param {ManifestEntry} entry */
  async function teach(hand, entry) {
    if (hand.knows.has(entry.id)) return;
    if (!weights.has(entry.id)) weights.set(entry.id, fetchWeights(entry));
    const bytes = await /** @type {Promise<Uint8Array>} */ (weights.get(entry.id)).catch((error) => {
      weights.delete(entry.id);
      throw error;
    });
    await hand.call("load", { entry, bytes });
    hand.knows.add(entry.id);
  }

  return {
    /** How many work at a time: fewer than were asked for where no workers can be made. */
    size: () => (inPage ? 1 : size),

    /**
     * Does all jobs; resolves to whether all are done, which they are not when the signal ends it.
     *
     * @param {Job[]} jobs
     * @param {object} options
     * @param {(place: number, endings: Ending[]) => void} options.onResult Once for each job, in any order.
     * @param {AbortSignal} options.signal
     * @returns {Promise<boolean>}
     */
    run(jobs, { onResult, signal }) {
      if (work) return Promise.reject(failure("RequestError", "The pool is at work already."));
      return new Promise((resolve, reject) => {
        const waiting = jobs.map((_, place) => place).reverse();
        const tries = jobs.map(() => 0);
        let left = jobs.length;
        let hiring = 0;

        /** @param {() => void} settle */
        function finish(settle) {
          if (!work) return;
          work = null;
          signal.removeEventListener("abort", cancel);
          // Whoever is still busy works for nothing; the next run hires anew.
          for (const hand of [...hands]) if (!idle.includes(hand)) hand.end(failure("AbortError", "The work was cancelled."));
          settle();
        }
        const cancel = () => finish(() => resolve(false));

        function deal() {
          if (!work) return;
          if (left === 0) return finish(() => resolve(true));
          while (mayWork() && waiting.length > 0) {
            const hand = idle.pop();
            if (!hand) break;
            occupy(hand, /** @type {number} */ (waiting.pop()));
          }
          while (mayWork() && hiring < waiting.length && hiring + hands.size < (inPage ? 1 : size)) {
            hiring++;
            hire().then((hand) => { idle.push(hand); }, (error) => {
              // Fewer hands are enough, but none is not.
              if (hands.size === 0 && hiring === 1) finish(() => reject(error));
            }).finally(() => { hiring--; work?.deal(); });
          }
        }

        /** @param {Hand} hand @param {number} place */
        async function occupy(hand, place) {
          const mine = work;
          tries[place]++;
          try {
            await teach(hand, jobs[place].model);
            const endings = await hand.call("work", jobs[place]);
            if (hands.has(hand)) idle.push(hand);
            if (work !== mine || !mine) return;
            left--;
            onResult(place, endings);
          } catch (error) {
            // Any other error is that of the job or of the network, and no other hand would do better.
            const hasDied = /** @type {Error} */ (error).name === "EngineError";
            if (hasDied) hand.end(/** @type {Error} */ (error));
            else if (hands.has(hand)) idle.push(hand);
            if (work !== mine || !mine) return;
            if (!hasDied || tries[place] >= MOST_TRIES) return finish(() => reject(error));
            waiting.push(place);
          }
          deal();
        }

        work = { waiting, deal };
        signal.addEventListener("abort", cancel);
        if (signal.aborted) cancel();
        else deal();
      });
    },

    /** Begins no further job until it is resumed. */
    pause() {
      isPaused = true;
    },

    resume() {
      isPaused = false;
      work?.deal();
    },

    /** Whether it goes on in a hidden tab. @param {boolean} wanted */
    setInBackground(wanted) {
      inBackground = wanted;
      work?.deal();
    },

    close() {
      document.removeEventListener("visibilitychange", wake);
      for (const hand of [...hands]) hand.end(failure("EngineError", "The pool was closed."));
    },
  };

  async function makeHand() {
    const worker = await new Promise((/** @type {(worker: Worker) => void} */ resolve, reject) => {
      const worker = new Worker(new URL("./pool-worker.js", import.meta.url), { type: "module" });
      worker.onmessage = () => resolve(worker);
      worker.onerror = (event) => {
        event.preventDefault();
        worker.terminate();
        reject(failure("EngineError", "A worker could not be started."));
      };
    });
    const hand = speak(worker, () => worker.terminate());
    worker.onerror = (event) => {
      event.preventDefault();
      hand.end(failure("EngineError", `A worker has stopped (${event.message}).`));
    };
    return hand;
  }

  async function makeHandInPage() {
    const { port1, port2 } = new MessageChannel();
    const { serveJobs } = await import("./pool-core.js");
    serveJobs(port2);
    return speak(port1, () => port1.postMessage({ end: true }));
  }

  /** @param {Port} port @param {() => void} stop @returns {Hand} */
  function speak(port, stop) {
    /** @type {Map<number, { resolve: (value: any) => void, reject: (error: Error) => void }>} */
    const pending = new Map();
    let last = 0;
    let lastHeard = 0;
    /** @type {Error | null} */
    let over = null;

    port.onmessage = ({ data }) => {
      lastHeard = performance.now();
      const waiting = pending.get(data.id);
      pending.delete(data.id);
      if ("error" in data) waiting?.reject(failure(data.error.name, data.error.message));
      else waiting?.resolve(data.value);
    };

    /** @type {Hand} */
    const hand = {
      port,
      knows: new Set(),
      call: (method, argument) => new Promise((resolve, reject) => {
        if (over) return reject(over);
        pending.set(++last, { resolve, reject });
        port.postMessage({ id: last, method, argument });
      }),
      ping() {
        const asked = performance.now();
        port.postMessage({ ping: true });
        setTimeout(() => {
          if (lastHeard < asked) hand.end(failure("EngineError", "A worker has fallen silent."));
        }, PATIENCE);
      },
      end(reason) {
        if (over) return;
        over = reason;
        stop();
        hands.delete(hand);
        if (idle.includes(hand)) idle.splice(idle.indexOf(hand), 1);
        for (const { reject } of pending.values()) reject(reason);
        pending.clear();
      },
    };
    return hand;
  }
}

/** @param {ManifestEntry} entry @returns {Promise<Uint8Array>} */
function fetchWeights(entry) {
  return pastDamage(async (cache) => {
    const bytes = await fetchBytes(versioned(new URL(entry.file, MODELS), entry.sha256), entry.bytes, { cache });
    if (await isIntact(bytes, entry.sha256)) return bytes;
    throw failure("IntegrityError", `${entry.file} is damaged: its SHA-256 does not match. Please retry.`);
  });
}
