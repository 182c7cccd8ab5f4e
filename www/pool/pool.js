/**
 * An experiment on all cores: workers that share one compiled module and one copy of each network's
 * file, so that nothing is fetched or compiled twice, and no headers of isolation are needed. One core
 * is left to the visitor. Or on the graphics processor: one worker, and many attempts at a time. A
 * record depends on its attempt alone, so it does not matter who makes it, when, or how often it has
 * to be begun: what a worker that dies was doing is done again.
 */
import { findBuild, isIntact, pastDamage, weightsOf } from "../engine/engine-core.js";
import { fetchBytes } from "../engine/fetch.js";
import { checkPlatform } from "../engine/platform.js";
import { failure } from "../engine/protocol.js";
import { startWorker } from "../engine/watch.js";

/**
 * @typedef {import("../engine/protocol.js").ManifestEntry} ManifestEntry
 * @typedef {import("../engine/protocol.js").Port} Port
 * @typedef {import("../engine/protocol.js").Backend} Backend
 * @typedef {import("../../pkg/cpu/engine.js").ExperimentRequest} ExperimentRequest
 * @typedef {import("../../pkg/cpu/engine.js").ExperimentRecord} ExperimentRecord
 * @typedef {import("../../pkg/cpu/engine.js").ExperimentRow} ExperimentRow
 * @typedef {import("../../pkg/cpu/engine.js").Attempt} Attempt
 * @typedef {import("../../pkg/cpu/engine.js").Chunk} Chunk
 *
 * @typedef {object} Plan An experiment, and the networks that it needs.
 * @property {ManifestEntry[]} models
 * @property {ExperimentRequest} request
 *
 * @typedef {object} Hand
 * @property {Set<string>} knows The networks that it has loaded.
 * @property {Plan | null} plan What it has planned.
 * @property {(method: string, argument: unknown) => Promise<any>} call
 * @property {(isHeld: boolean) => void} hold Has it wait before its next step, or go on.
 * @property {() => void} ping Declares it dead if it does not answer.
 * @property {(reason: Error) => void} end
 * @property {() => void} onEnd
 */

const MOST_HANDS = 16;
/**
 * Attempts of a chunk: on a core those of one image, so that pausing and dying cost little; on a
 * graphics processor as many as a batch of the engine holds, since they cost little more than one.
 */
const CHUNK = { cpu: 9, webgpu: 100 };
/** How often a chunk is begun before it is given up. */
const MOST_TRIES = 3;
/** Milliseconds in which a hand answers, unless it is dead: longer than any step takes. */
const PATIENCE = 10_000;
/** Milliseconds after which hands at work are asked again whether they are still there. */
const ROUND = 15_000;

/** All cores but one. */
export const spareCores = () => Math.min(MOST_HANDS, Math.max(1, (navigator.hardwareConcurrency || 2) - 1));

/**
 * @param {object} [options]
 * @param {Backend} [options.backend] What attacks; the counting is done by the CPU engine in any case.
 * @param {boolean} [options.software] Whether a graphics adapter will do that is a program.
 * @param {number} [options.size] How many workers.
 */
export function createPool({ backend = "cpu", software = false, size = backend === "webgpu" ? 1 : spareCores() } = {}) {
  /** @type {Set<Hand>} */
  const hands = new Set();
  /** @type {Hand[]} */
  const idle = [];
  /** Plans and counts, and does no chunks, so that it outlives a cancellation. @type {Promise<Hand> | null} */
  let clerk = null;
  /** Those that have come to the same end as the CPU. @type {WeakSet<Hand>} */
  const proven = new WeakSet();
  /** @type {Map<string, Promise<Uint8Array>>} */
  const weights = new Map();
  /** @type {Partial<Record<Backend, Promise<{ script: string, module: WebAssembly.Module }>>>} */
  const builds = {};
  /** The run under way. @type {{ deal: () => void } | null} */
  let work = null;
  let isPaused = false;
  let inBackground = false;
  let inPage = false;

  const mayWork = () => !isPaused && (inBackground || document.visibilityState !== "hidden");
  document.addEventListener("visibilitychange", wake);
  // A phone freezes a tab, and a browser keeps a page that was left, and neither need say when it was hidden.
  document.addEventListener("resume", wake);
  addEventListener("pageshow", wake);

  /** What was put to sleep may be gone without a word. */
  function wake() {
    goOn();
    if (document.visibilityState === "hidden") return;
    for (const hand of hands) hand.ping();
    clerk?.then((hand) => hand.ping(), () => {});
  }

  /** Everybody rests or works, whichever it is time for. */
  function goOn() {
    for (const hand of hands) hand.hold(!mayWork());
    work?.deal();
  }

  /** @param {Backend} backend */
  async function findModule(backend) {
    checkPlatform();
    const { script, fetchModule } = await findBuild(backend, { signal: new AbortController().signal, emit: () => {} });
    return { script, module: await WebAssembly.compile(await fetchModule()) };
  }

  /** A hand with a module in it. @param {Backend} backend */
  async function hire(backend) {
    builds[backend] ??= findModule(backend).catch((error) => {
      delete builds[backend];
      throw error;
    });
    const compiled = await builds[backend];
    const hand = await makeHand().catch(() => {
      inPage = true;
      return makeHandInPage();
    });
    try {
      await hand.call("open", { ...compiled, backend, software });
    } catch (error) {
      hand.end(/** @type {Error} */ (error));
      throw error;
    }
    return hand;
  }

  /** Brings a hand to where it can do chunks of a plan. @param {Hand} hand @param {Plan} plan */
  async function teach(hand, plan) {
    for (const entry of plan.models) {
      if (hand.knows.has(entry.id)) continue;
      if (!weights.has(entry.id)) weights.set(entry.id, fetchWeights(entry));
      const bytes = await /** @type {Promise<Uint8Array>} */ (weights.get(entry.id)).catch((error) => {
        weights.delete(entry.id);
        throw error;
      });
      await hand.call("load", { entry, bytes });
      hand.knows.add(entry.id);
    }
    if (hand.plan === plan) return null;
    const planned = await hand.call("plan", { request: plan.request, size: CHUNK[backend] });
    hand.plan = plan;
    return planned;
  }

  /** The one who counts; a new one where the last has died. @returns {Promise<Hand>} */
  function findClerk() {
    clerk ??= hire("cpu").then((hand) => {
      hand.onEnd = () => { clerk = null; };
      return hand;
    });
    clerk.catch(() => { clerk = null; });
    return clerk;
  }

  /**
   * Has a graphics processor and the CPU make the plan's first attempt, before anything of it counts.
   * Throws a Mismatch if they come to different ends.
   *
   * @param {Hand} hand
   * @param {Plan} plan
   */
  async function prove(hand, plan) {
    const judge = await findClerk();
    await teach(judge, plan);
    const [expected, found] = await Promise.all([judge, hand].map(async (each) => endsOf(await each.call("work", { task: 0, from: 0, to: 1 }))));
    if (expected !== found) throw failure("Mismatch", `The results of GPU and CPU differ (${found}, not ${expected}).`);
    proven.add(hand);
  }

  return {
    /** How many work at a time: one where no workers can be made. */
    size: () => (inPage ? 1 : size),

    /** What there is to do. @param {Plan} plan @returns {Promise<{ attempts: Attempt[], chunks: Chunk[] }>} */
    async plan(plan) {
      const hand = await findClerk();
      hand.plan = null;
      return teach(hand, plan);
    },

    /** The rows of the table, as far as the records go. @param {Plan} plan @param {ExperimentRecord[]} records @returns {Promise<ExperimentRow[]>} */
    async rows(plan, records) {
      const hand = await findClerk();
      await teach(hand, plan);
      return hand.call("rows", records);
    },

    /**
     * Does all chunks; resolves to whether all are done, which they are not when the signal ends it.
     *
     * @param {Plan} plan
     * @param {Chunk[]} chunks
     * @param {object} options
     * @param {(records: ExperimentRecord[]) => void} options.onRecords Once for each chunk, in any order.
     * @param {AbortSignal} options.signal
     * @returns {Promise<boolean>}
     */
    run(plan, chunks, { onRecords, signal }) {
      if (work) return Promise.reject(failure("RequestError", "The pool is already running."));
      return new Promise((resolve, reject) => {
        const waiting = chunks.map((_, place) => place).reverse();
        const tries = chunks.map(() => 0);
        let left = chunks.length;
        let hiring = 0;
        // Whoever could not begin is not replaced: the next would want the same memory, say.
        let failed = 0;
        // A worker may be ended without a word, for want of memory say.
        const rounds = setInterval(() => { for (const hand of hands) hand.ping(); }, ROUND);

        /** @param {() => void} settle */
        function finish(settle) {
          if (!work) return;
          work = null;
          clearInterval(rounds);
          signal.removeEventListener("abort", cancel);
          // Whoever is still busy works for nothing; the next run hires anew.
          for (const hand of [...hands]) if (!idle.includes(hand)) hand.end(failure("AbortError", "The work was cancelled."));
          settle();
        }
        const cancel = () => finish(() => resolve(false));

        function deal() {
          if (!work) return;
          if (left === 0) return finish(() => resolve(true));
          while (mayWork() && waiting.length > 0 && idle.length > 0) {
            occupy(/** @type {Hand} */ (idle.pop()), /** @type {number} */ (waiting.pop()));
          }
          while (mayWork() && hiring < waiting.length && hiring + hands.size + failed < (inPage ? 1 : size)) {
            hiring++;
            hire(backend).then(welcome, (error) => {
              failed++;
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
            await teach(hand, plan);
            if (backend === "webgpu" && !proven.has(hand)) await prove(hand, plan);
            const records = await hand.call("work", chunks[place]);
            if (hands.has(hand)) idle.push(hand);
            if (work !== mine || !mine) return;
            left--;
            onRecords(records);
          } catch (error) {
            // Any other error is that of the request or of the network, and no other hand would do better.
            const hasDied = /** @type {Error} */ (error).name === "EngineError";
            if (hasDied) hand.end(/** @type {Error} */ (error));
            else if (hands.has(hand)) idle.push(hand);
            if (work !== mine || !mine) return;
            if (!hasDied || tries[place] >= MOST_TRIES) return finish(() => reject(error));
            waiting.push(place);
          }
          deal();
        }

        work = { deal };
        signal.addEventListener("abort", cancel);
        if (signal.aborted) cancel();
        else deal();
      });
    },

    /** Takes no further step until it is resumed. */
    pause() {
      isPaused = true;
      goOn();
    },

    resume() {
      isPaused = false;
      goOn();
    },

    /** Whether it goes on in a hidden tab. @param {boolean} wanted */
    setInBackground(wanted) {
      inBackground = wanted;
      goOn();
    },

    /** Whether it stands still because the tab is hidden. */
    isResting: () => !isPaused && !mayWork(),

    close() {
      document.removeEventListener("visibilitychange", wake);
      document.removeEventListener("resume", wake);
      removeEventListener("pageshow", wake);
      const reason = failure("EngineError", "The pool was closed.");
      for (const hand of [...hands]) hand.end(reason);
      clerk?.then((hand) => hand.end(reason), () => {});
    },
  };

  /** @param {Hand} hand */
  function welcome(hand) {
    hands.add(hand);
    idle.push(hand);
    hand.onEnd = () => {
      hands.delete(hand);
      if (idle.includes(hand)) idle.splice(idle.indexOf(hand), 1);
    };
  }
}

/** Below it a gradient may be zero on a device that flushes subnormal numbers. */
const FAINT = 1e-30;

/** How attempts ended; a gradient's size to the digits in which engines agree. @param {any[]} records */
const endsOf = (records) => records.map(({ outcome, amplitude }) => outcome ?? (amplitude < FAINT ? "no gradient to speak of" : `a gradient of ${amplitude.toPrecision(2)}`)).join();

async function makeHand() {
  const worker = await startWorker(() => new Worker(new URL("./worker.js", import.meta.url), { type: "module" }));
  const hand = speak(worker, () => worker.terminate());
  worker.onerror = (event) => {
    event.preventDefault();
    hand.end(failure("EngineError", `A worker stopped (${event.message}).`));
  };
  return hand;
}

async function makeHandInPage() {
  const { port1, port2 } = new MessageChannel();
  const { serveExperiment } = await import("./core.js");
  serveExperiment(port2);
  return speak(port1, () => port1.postMessage({ end: true }));
}

/** @param {Port} port @param {() => void} stop @returns {Hand} */
function speak(port, stop) {
  /** @type {Map<number, { resolve: (value: any) => void, reject: (error: Error) => void }>} */
  const pending = new Map();
  let last = 0;
  /** How often it was asked whether it is there, and the last of these after which it said something. */
  let asks = 0;
  let answered = 0;
  /** @type {Error | null} */
  let over = null;

  port.onmessage = ({ data }) => {
    answered = asks;
    const waiting = pending.get(data?.id);
    if (!waiting) return;
    pending.delete(data.id);
    if ("error" in data) waiting.reject(failure(`${data.error?.name}`, `${data.error?.message}`));
    else waiting.resolve(data.value);
  };

  /** @type {Hand} */
  const hand = {
    knows: new Set(),
    plan: null,
    onEnd: () => {},
    call: (method, argument) => new Promise((resolve, reject) => {
      if (over) return reject(over);
      pending.set(++last, { resolve, reject });
      port.postMessage({ id: last, method, argument });
    }),
    hold: (isHeld) => port.postMessage({ hold: isHeld }),
    ping() {
      const ask = ++asks;
      port.postMessage({ ping: true });
      setTimeout(() => {
        // Asked again since: time may have stood still for both.
        if (asks === ask && answered < ask) hand.end(failure("EngineError", "A worker stopped answering."));
      }, PATIENCE);
    },
    end(reason) {
      if (over) return;
      over = reason;
      stop();
      hand.onEnd();
      for (const { reject } of pending.values()) reject(reason);
      pending.clear();
    },
  };
  return hand;
}

/** @param {ManifestEntry} entry @returns {Promise<Uint8Array>} */
function fetchWeights(entry) {
  return pastDamage(async (cache) => {
    const bytes = await fetchBytes(weightsOf(entry), entry.bytes, { cache });
    if (await isIntact(bytes, entry.sha256)) return bytes;
    throw failure("IntegrityError", `${entry.file} is damaged: its SHA-256 does not match. Please retry.`);
  });
}
