/**
 * The interface between the page and the engine: the types of the published API, the messages to and from a worker, and
 * how errors are sent as messages.
 *
 * @typedef {'fooled' | 'budget-spent' | 'no-admissible-pair' | 'gradient-vanished' | 'already-target' | 'cancelled'}
 * Outcome
 *   How an attack ended.
 *
 * @typedef {import("../../pkg/messages.js").ManifestEntry} ManifestEntry
 * @typedef {import("../../pkg/messages.js").Classification} Classification
 *
 * @typedef {import("../../pkg/registry.js").Attack & AttackInput} AttackRequest An attack with its settings, on one
 * image.
 *
 * @typedef {object} AttackInput
 * @property {string} model
 * @property {number} [scale] Multiplies the network's logits, without any training; 1 by default.
 * @property {Float32Array} image MNIST: 784 pixels in [0, 1], row by row. CIFAR-10: 3072 values in [0, 1], 1024 each
 *   for red, green and blue.
 * @property {number} target The class that the network should take the image for.
 * @property {boolean} [untargeted] If true, `target` is the image's own class, and any other class counts as success.
 * Not every attack supports this.
 *
 * @typedef {import("../../pkg/messages.js").Step} Step
 *
 * @typedef {object} AttackResult
 * @property {Outcome} outcome
 * @property {Step[]} steps
 *
 * @typedef {object} Progress
 * @property {string} part `engine`, or the id of a model.
 * @property {number} loaded Bytes received, after any decompression.
 * @property {number} total
 *
 * @typedef {'cpu' | 'webgpu'} Backend
 *
 * @typedef {keyof typeof WHY} Why
 *
 * @typedef {object} EngineInfo
 * @property {Backend} engine
 * @property {'worker' | 'page'} where
 * @property {Why} why Why this engine runs and not the other, as a word for programs.
 * @property {string} detail More about `why`: measured times, an adapter's name or an error's message; may be empty.
 * @property {string} reason `why`, `detail` and `where` as sentences.
 * @property {string} implementation
 * @property {string} version
 */

/** The roles of published networks. */
export const ROLES = /** @type {const} */ (["undefended", "distilled", "teacher"]);

/**
 * Each reason for the choice of engine, as a sentence. A capitalised key is the name of the error that ended a start.
 */
export const WHY = {
  faster: "Runs on WebGPU: measured to be faster here than the CPU.",
  forced: "Runs on WebGPU, as requested.",
  asked: "Runs on the CPU, as requested.",
  waiting: "Runs on the CPU; the WebGPU engine is fetched once there is enough to compute.",
  fetching: "Runs on the CPU while the WebGPU engine is fetched.",
  compiling: "Runs on the CPU while the WebGPU engine compiles its shaders.",
  SaveData: "Runs on the CPU: the browser is set to save data.",
  LittleMemory: "Runs on the CPU: the device has little memory.",
  NoWebGPU: "Runs on the CPU: WebGPU is not available.",
  NoAdapter: "Runs on the CPU: WebGPU found no graphics adapter.",
  LimitedAdapter: "Runs on the CPU: the graphics adapter offers less than WebGPU guarantees.",
  SoftwareAdapter: "Runs on the CPU: the graphics adapter is software.",
  Fault: "Runs on the CPU: the graphics adapter reported an error.",
  Mismatch: "Runs on the CPU: the WebGPU results differ from the CPU's.",
  Slower: "Runs on the CPU: measured to be faster here than WebGPU.",
  failed: "Runs on the CPU: the WebGPU engine could not be started.",
  lost: "Runs on the CPU: the WebGPU engine stopped.",
};

/**
 * The messages. A call is answered with any number of events and then with one value or one error.
 *
 * @typedef {{ id: number, method: string, argument?: unknown }} Call
 * @typedef {{ abort: number }} Abort
 * @typedef {{ ping: true }} Ping The worker answers it at once, to show that it is still running.
 * @typedef {{ ready: true } | { pong: true }} Ready
 * @typedef {{ id: number, event: unknown } | { id: number, value: unknown } | { id: number, error: PlainError }} Answer
 * @typedef {{ name: string, message: string }} PlainError
 *
 * @typedef {object} CallOptions
 * @property {AbortSignal} [signal] Sends an abort message to the worker, which then ends the call with an answer.
 * @property {(event: any) => void} [onEvent]
 *
 * @typedef {object} Port The common part of a Worker, a worker's global scope and a MessagePort.
 * @property {(message: any) => void} postMessage
 * @property {((event: MessageEvent) => any) | null} onmessage
 */

/**
 * Returns an error whose name tells callers what is wrong. www/engine/engine.js lists the names that the API throws.
 *
 * @param {string} name
 * @param {string} message What happened, where, and what to do, in words for a visitor.
 */
export function failure(name, message) {
  const error = new Error(message);
  error.name = name;
  return error;
}

/** @param {unknown} error @returns {PlainError} */
export function toPlain(error) {
  return error instanceof Error
    ? { name: error.name, message: error.message }
    : { name: "EngineError", message: String(error) };
}
