/**
 * The JSMA attack on an undefended and a defensively distilled network, as a JavaScript API.
 *
 *     const engine = await createEngine();
 *     await engine.load("mnist-undefended");
 *     const { outcome, steps } = await engine.attack(
 * { model: "mnist-undefended", image, target: 8, attack: "jsma-f", direction: "increase", theta: 1, budget: 112 },
 *       { onStep: (step) => show(step) },
 *     );
 *
 * Errors are `Error`s with one of these names: NetworkError (a file could not be fetched; retry),
 * IntegrityError and ModelError (a file is damaged; retry), RequestError and ImageError (the
 * caller's request cannot be met; the message says why), NoWebAssembly and NoSimd (no engine can run in
 * this browser), EngineError (the engine is gone; make a
 * new one), AbortError (the caller's signal ended the wait).
 */
import { ATTACKS } from "../../pkg/registry.js";
import { connect } from "./connection.js";
import { checkPlatform, reasonToSpare } from "./platform.js";
import { prove, stepTime } from "./proof.js";
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
 * @property {() => Promise<EngineInfo>} settled Resolves when no other engine is on its way.
 * @property {() => Promise<ManifestEntry[]>} models The published networks.
 * @property {(model: string, options?: { onProgress?: (progress: Progress) => void, signal?: AbortSignal }) => Promise<ManifestEntry>}
 * load
 *   Fetches, verifies and loads a network; once, however often it is called.
 * @property {(strokes: Uint8Array[]) => Promise<Float32Array | null>} rasterize
 *   The 28×28 image of a drawing, made as MNIST was; null when nothing was drawn. Each stroke is
 *   x0, y0, x1, y1, … from 0 to 255 over the square drawing area.
 * @property {(request: { model: string, scale?: number, image: Float32Array }) => Promise<Classification>} classify
 * @property {(request: AttackRequest, options?: { onStep?: (step: Step) => void, signal?: AbortSignal }) => Promise<AttackResult>}
 * attack
 *   Aborting ends the attack with the outcome `cancelled` and the steps made so far. Attacks that
 *   run at the same time take turns, one step each. Is the engine lost on the way, another one goes
 *   on from the last step, which it reports once more.
 * @property {() => void} close
 */

/**
 * Milliseconds of computing on the CPU after which the WebGPU engine is fetched: about what it takes
 * to fetch it and to compile its shaders. So no visit waits for more than twice what it would have,
 * had it been known at the start how much there is to compute.
 */
const PRICE = 4000;
/** Seconds that the WebGPU engine may be silent: while shaders are compiled, and afterwards. */
const PATIENCE = { compiling: 120, computing: 30 };

/**
 * Starts the engine on the CPU, in a worker, or in the page where no worker can be made. A WebGPU
 * engine follows behind it and takes over once it is proven right and faster; with `prefer:
 * "webgpu"` at once and whatever its speed, even on an adapter that is a program.
 *
 * @param {object} [options]
 * @param {'auto' | 'cpu' | 'webgpu'} [options.prefer]
 * @param {(progress: Progress) => void} [options.onProgress]
 * @param {(info: EngineInfo) => void} [options.onChange] Another engine is at work, or about to be.
 * @param {(published: ManifestEntry[]) => string[]} [options.expect] Which networks will be loaded first: they are
 *   fetched while the engine's module is.
 * @param {AbortSignal} [options.signal]
 * @returns {Promise<EngineHandle>}
 */
export async function createEngine({ prefer = "auto", onProgress, onChange, expect, signal } = {}) {
  if (!["auto", "cpu", "webgpu"].includes(prefer))
    throw failure("RequestError", `There is no engine "${prefer}". There are: auto, cpu, webgpu.`);
  signal?.throwIfAborted();
  checkPlatform();
  // What fails of it fails once more, and is reported, when it is asked for.
  const meanwhile = async (/** @type {Connection["call"]} */ call) => {
    const expected = expect?.(await call("models")) ?? [];
    await Promise.all(expected.map((id) => call("load", id)));
  };
  const cpu = await connect("cpu", { signal, onProgress, meanwhile: (call) => meanwhile(call).catch(() => {}) });
  /** @type {Connection | null} */
  let gpu = null;
  /** The networks that the caller has loaded, the last one last. @type {Map<string, ManifestEntry>} */
  const loaded = new Map();
  /** How long the CPU has computed in all, how many attacks it is computing, and since when. */
  const busy = { total: 0, attacks: 0, since: 0 };
  const closing = new AbortController();
  /** @type {Promise<void> | null} */
  let upgrade = null;
  /** @type {EngineInfo} */
  let info;
  tell(prefer === "cpu" ? "asked" : (prefer === "auto" && reasonToSpare()) || "waiting");

  /** @param {import("./protocol.js").Why} why */
  function tell(why, detail = "") {
    const { backend, where, whereReason, implementation, version } = gpu ?? cpu;
    const reason = [WHY[why], detail, whereReason].filter(Boolean).join(" ");
    info = Object.freeze({ engine: backend, where, why, detail, reason, implementation, version });
    onChange?.(info);
  }

  /** Fetches the WebGPU engine if it is wanted by now. */
  function consider() {
    if (info.why !== "waiting" || closing.signal.aborted || loaded.size === 0) return;
    if (prefer === "auto" && busy.total < PRICE) return;
    upgrade = change().catch((error) => {
      const { name, message } = /** @type {Error} */ (error);
      if (!closing.signal.aborted)
        tell(name in WHY ? /** @type {import("./protocol.js").Why} */ (name) : "failed", message);
    });
  }

  async function change() {
    const isForced = prefer === "webgpu";
    tell("fetching");
    const { signal } = closing;
    const next = await connect("webgpu", { software: isForced, signal });
    signal.addEventListener("abort", next.close);
    try {
      next.watch(PATIENCE.compiling);
      tell("compiling");
      const [model] = [...loaded.values()].slice(-1);
      await next.call("load", model.id);
      await prove(cpu, next, model);
      const times = { cpu: await stepTime(cpu, model), gpu: await stepTime(next, model) };
      const detail = `${times.gpu.toPrecision(3)} ms a step; the CPU takes ${times.cpu.toPrecision(3)} ms.`;
      if (!isForced && times.gpu >= times.cpu) throw failure("Slower", detail);
      for (const id of loaded.keys()) await next.call("load", id);
      next.watch(PATIENCE.computing);
      gpu = next;
      tell(isForced ? "forced" : "faster", detail);
    } catch (error) {
      next.close();
      throw error;
    }
  }

  /** The CPU engine takes over. @param {Connection} engine @param {Error} error */
  function giveUp(engine, { message }) {
    if (gpu !== engine) return;
    gpu = null;
    engine.close();
    tell("lost", message);
  }

  /**
   * Has the engine of the moment do something, and the CPU engine if the other one is lost on it.
   *
   * @template Value
   * @param {(engine: Connection) => Promise<Value>} work
   * @returns {Promise<Value>}
   */
  async function onEngine(work) {
    const engine = gpu ?? cpu;
    try {
      return await work(engine);
    } catch (error) {
      const reason = /** @type {Error} */ (error);
      if (engine === cpu || !["EngineError", "Fault"].includes(reason.name) || closing.signal.aborted) throw error;
      giveUp(engine, reason);
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
      await engine?.call("load", model).catch((error) => giveUp(engine, error));
      loaded.delete(model);
      loaded.set(model, entry);
      consider();
      return entry;
    },
    rasterize: (strokes) => cpu.call("rasterize", strokes),
    classify: (request) => onEngine((engine) => engine.call("classify", request)),
    async attack(request, { onStep, signal } = {}) {
      /** @type {Step[]} */
      const steps = [];
      const onEvent = (/** @type {Step} */ step) => {
        steps[step.iteration] = step;
        onStep?.(step);
      };
      const outcome = await onEngine(async (engine) => {
        if (busy.attacks++ === 0) busy.since = performance.now();
        try {
          return (
            steps.at(-1)?.outcome ?? (await engine.call("attack", resumed(request, steps.at(-1)), { signal, onEvent }))
          );
        } finally {
          if (--busy.attacks === 0) busy.total += performance.now() - busy.since;
          consider();
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
 * The rest of an attack. If a run depends on more than its request, its last image and the number of
 * changes, it starts over.
 *
 * @param {AttackRequest} request
 * @param {Step} [last]
 */
const resumed = (request, last) =>
  last && ATTACKS[request.attack].resumable
    ? { ...request, image: last.image, resumed: { originals: request.image, iterations: [last.iteration] } }
    : request;
