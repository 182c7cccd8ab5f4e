/**
 * The JSMA attack on an undefended and a defensively distilled network, as a JavaScript API.
 *
 *     const engine = await createEngine();
 *     await engine.load("mnist-undefended");
 *     const settings = { attack: "jsma-f", direction: "increase", theta: 1, budget: 112 };
 *     const request = { model: "mnist-undefended", image, target: 8, ...settings };
 *     const { outcome, steps } = await engine.attack(request, { onStep: (step) => show(step) });
 *
 * Errors are `Error`s with one of these names: NetworkError (a file could not be fetched; retry), IntegrityError and
 * ModelError (a file is damaged; retry), RequestError and ImageError (the request is invalid; the message says why),
 * NoWebAssembly and NoSimd (no engine can run in this browser), EngineError (the engine has stopped; create a new one),
 * AbortError (the caller's signal was aborted).
 */
import { ATTACKS } from "../../pkg/registry.js";
import { checkAgreement, stepTime } from "./compare-engines.js";
import { connect } from "./connection.js";
import { checkPlatform, reasonToSkipWebGpu } from "./platform.js";
import { failure, WHY } from "./protocol.js";

/**
 * @typedef {import("./protocol.js").AttackRequest} AttackRequest
 * @typedef {import("./protocol.js").AttackResult} AttackResult
 * @typedef {import("./protocol.js").Classification} Classification
 * @typedef {import("./protocol.js").EngineInfo} EngineInfo
 * @typedef {import("./protocol.js").ManifestEntry} ManifestEntry
 * @typedef {import("./protocol.js").Outcome} Outcome
 * @typedef {import("./protocol.js").Progress} Progress
 * @typedef {import("./protocol.js").Step} Step
 * @typedef {import("./connection.js").Connection} Connection
 */

/**
 * @typedef {object} EngineHandle
 * @property {() => EngineInfo} info
 * @property {() => Promise<EngineInfo>} settled Resolves when no other engine is being started.
 * @property {() => Promise<ManifestEntry[]>} models The published networks.
 * @property {(model: string, options?: { onProgress?: (progress: Progress) => void, signal?: AbortSignal }) =>
 *   Promise<ManifestEntry>} load Fetches, verifies and loads a network. Later calls for the same network do nothing
 *   more.
 * @property {(strokes: Uint8Array[]) => Promise<Float32Array | null>} rasterize
 *   The 28×28 image of a drawing, prepared like the images of MNIST; null if nothing was drawn. Each stroke is
 *   x0, y0, x1, y1, … from 0 to 255 in the square drawing area.
 * @property {(request: { model: string, scale?: number, image: Float32Array }) => Promise<Classification>} classify
 * @property {(request: AttackRequest, options?: { onStep?: (step: Step) => void, signal?: AbortSignal }) =>
 *   Promise<AttackResult>} attack Aborting ends the attack with the outcome `cancelled` and the steps made so far.
 *   Attacks that run at the same time take turns, one step each. If the engine is lost, another resumes from the last
 *   reported step and reports that step again.
 * @property {() => void} close
 */

/**
 * The WebGPU engine is fetched after the CPU has computed for so many milliseconds, which is about the time that
 * fetching it and compiling its shaders takes. No visit therefore takes more than twice as long as it would
 * if the better engine had been used from the start.
 */
const CPU_TIME_BEFORE_WEBGPU = 4000;
/** Seconds that the WebGPU engine may be silent: while it compiles shaders, and afterwards. */
const SILENCE_LIMITS = { compiling: 120, computing: 30 };

/**
 * Starts an engine on the CPU, in a worker, or in the page if no worker can be started. Once there is enough to
 * compute, it also starts a WebGPU engine and switches to it if its results agree with the CPU's and it is faster. With
 * `prefer: "webgpu"` it starts the WebGPU engine at once and switches to it at any speed, even on a software adapter.
 *
 * @param {object} [options]
 * @param {'auto' | 'cpu' | 'webgpu'} [options.prefer]
 * @param {(progress: Progress) => void} [options.onProgress]
 * @param {(info: EngineInfo) => void} [options.onChange] Called when the engine, or the reason for it,
 *   changes.
 * @param {(published: ManifestEntry[]) => string[]} [options.expect] Returns the ids of the networks that
 *   will be loaded first. They are fetched at the same time as the engine's module.
 * @param {AbortSignal} [options.signal]
 * @returns {Promise<EngineHandle>}
 */
export async function createEngine({ prefer = "auto", onProgress, onChange, expect, signal } = {}) {
  if (!["auto", "cpu", "webgpu"].includes(prefer))
    throw failure("RequestError", `There is no engine "${prefer}". There are: auto, cpu, webgpu.`);
  signal?.throwIfAborted();
  checkPlatform();
  const loadExpected = async (/** @type {Connection["call"]} */ call) => {
    const expected = expect?.(await call("models")) ?? [];
    await Promise.all(expected.map((id) => call("load", id)));
  };
  // An error here is ignored: the caller's own `load` fails in the same way and reports it.
  const cpu = await connect("cpu", { signal, onProgress, prefetch: (call) => loadExpected(call).catch(() => {}) });
  /** @type {Connection | null} */
  let gpu = null;
  /** The networks that the caller has loaded, in the order of loading. @type {Map<string, ManifestEntry>} */
  const loaded = new Map();
  /** The CPU time of finished attacks in milliseconds, how many attacks are running, and since when. */
  const busy = { total: 0, attacks: 0, since: 0 };
  const closing = new AbortController();
  /** @type {Promise<void> | null} */
  let upgrade = null;
  /** @type {EngineInfo} */
  let info;
  report(prefer === "cpu" ? "asked" : (prefer === "auto" && reasonToSkipWebGpu()) || "waiting");

  /** Updates `info` and calls `onChange`. @param {import("./protocol.js").Why} why */
  function report(why, detail = "") {
    const { backend, where, whereReason, implementation, version } = gpu ?? cpu;
    const reason = [WHY[why], detail, whereReason].filter(Boolean).join(" ");
    info = Object.freeze({ engine: backend, where, why, detail, reason, implementation, version });
    onChange?.(info);
  }

  /** Starts the WebGPU engine once the CPU has computed long enough, or at once if it is preferred. */
  function considerWebGpu() {
    if (info.why !== "waiting" || closing.signal.aborted || loaded.size === 0) return;
    if (prefer === "auto" && busy.total < CPU_TIME_BEFORE_WEBGPU) return;
    upgrade = switchToWebGpu().catch((error) => {
      const { name, message } = /** @type {Error} */ (error);
      if (!closing.signal.aborted)
        report(name in WHY ? /** @type {import("./protocol.js").Why} */ (name) : "failed", message);
    });
  }

  async function switchToWebGpu() {
    const isForced = prefer === "webgpu";
    report("fetching");
    const { signal } = closing;
    const next = await connect("webgpu", { software: isForced, signal });
    signal.addEventListener("abort", next.close);
    try {
      next.watch(SILENCE_LIMITS.compiling);
      report("compiling");
      const [model] = [...loaded.values()].slice(-1);
      await next.call("load", model.id);
      await checkAgreement(cpu, next, model);
      const times = { cpu: await stepTime(cpu, model), gpu: await stepTime(next, model) };
      const detail = `${times.gpu.toPrecision(3)} ms a step; the CPU takes ${times.cpu.toPrecision(3)} ms.`;
      if (!isForced && times.gpu >= times.cpu) throw failure("Slower", detail);
      for (const id of loaded.keys()) await next.call("load", id);
      next.watch(SILENCE_LIMITS.computing);
      gpu = next;
      report(isForced ? "forced" : "faster", detail);
    } catch (error) {
      next.close();
      throw error;
    }
  }

  /** Closes a lost WebGPU engine, so that the CPU engine is used. @param {Connection} engine @param {Error} error */
  function fallBackToCpu(engine, { message }) {
    if (gpu !== engine) return;
    gpu = null;
    engine.close();
    report("lost", message);
  }

  /**
   * Runs work on the current engine. If that is the WebGPU engine and it is lost, runs the work again on the CPU
   * engine.
   *
   * @template Value
   * @param {(engine: Connection) => Promise<Value>} work
   * @returns {Promise<Value>}
   */
  async function withFallback(work) {
    const engine = gpu ?? cpu;
    try {
      return await work(engine);
    } catch (error) {
      const reason = /** @type {Error} */ (error);
      if (engine === cpu || !["EngineError", "Fault"].includes(reason.name) || closing.signal.aborted) throw error;
      fallBackToCpu(engine, reason);
      return work(cpu);
    }
  }

  return {
    info: () => info,
    async settled() {
      await upgrade;
      return info;
    },
    models: () => cpu.call("models"),
    async load(model, { onProgress: onEvent, signal } = {}) {
      const entry = await cpu.call("load", model, { signal, onEvent });
      const engine = gpu;
      await engine?.call("load", model).catch((error) => fallBackToCpu(engine, error));
      loaded.delete(model);
      loaded.set(model, entry);
      considerWebGpu();
      return entry;
    },
    rasterize: (strokes) => cpu.call("rasterize", strokes),
    classify: (request) => withFallback((engine) => engine.call("classify", request)),
    async attack(request, { onStep, signal } = {}) {
      /** @type {Step[]} */
      const steps = [];
      const onEvent = (/** @type {Step} */ step) => {
        steps[step.iteration] = step;
        onStep?.(step);
      };
      const outcome = await withFallback(async (engine) => {
        if (busy.attacks++ === 0) busy.since = performance.now();
        try {
          return (
            steps.at(-1)?.outcome
            ?? (await engine.call("attack", resumeRequest(request, steps.at(-1)), { signal, onEvent }))
          );
        } finally {
          if (--busy.attacks === 0) busy.total += performance.now() - busy.since;
          considerWebGpu();
        }
      });
      return { outcome, steps };
    },
    close() {
      closing.abort();
      cpu.close();
    },
  };
}

/**
 * The request that continues an attack after its last step. An attack that is not resumable starts over, because its
 * state is more than its request, its last image and the number of changes.
 *
 * @param {AttackRequest} request
 * @param {Step} [last]
 */
const resumeRequest = (request, last) =>
  last && ATTACKS[request.attack].resumable
    ? { ...request, image: last.image, resumed: { originals: request.image, iterations: [last.iteration] } }
    : request;
