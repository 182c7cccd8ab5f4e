/**
 * What the page and the engine say to each other: the types of the published API, the messages of
 * the worker, and how an error crosses from one side to the other.
 *
 * @typedef {'fooled' | 'budget-spent' | 'no-admissible-pair' | 'gradient-vanished' | 'already-target' | 'cancelled'}
 * Outcome
 *   How an attack ended.
 *
 * @typedef {import("../../pkg/messages.js").ManifestEntry} ManifestEntry
 * @typedef {import("../../pkg/messages.js").Classification} Classification
 *
 * @typedef {import("../../pkg/registry.js").Attack & AttackOn} AttackRequest An attack with its settings, on an image.
 *
 * @typedef {object} AttackOn
 * @property {string} model
 * @property {number} [scale] What the network's logits are multiplied by, nothing trained; 1 if left out.
 * @property {Float32Array} image 784 pixels in [0, 1], row by row; of CIFAR-10 3072, a plane of 1024 for each of red,
 * green and blue.
 * @property {number} target The class that the image is to be mistaken for.
 * @property {boolean} [untargeted] The target is what the image shows, to be mistaken for anything else. Not every
 * attack can do this.
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
 * @property {Why} why Why this engine and not the other, in a word that a program can tell apart.
 * @property {string} detail What there is to say beside it: a figure, an adapter, an error's message; or nothing.
 * @property {string} reason All of this in words that can be reported.
 * @property {string} implementation
 * @property {string} version
 */

/** What a published network can be. */
export const ROLES = /** @type {const} */ (["undefended", "distilled", "teacher"]);

/** Why which engine computes. Names in capitals are those of the errors that ended an attempt. */
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
  MissingFeature: "Runs on the CPU: the graphics adapter lacks a required feature.",
  SoftwareAdapter: "Runs on the CPU: the graphics adapter is software.",
  Fault: "Runs on the CPU: the graphics adapter reported an error.",
  Mismatch: "Runs on the CPU: the WebGPU results differ from the CPU's.",
  Slower: "Runs on the CPU: measured to be faster here than WebGPU.",
  failed: "Runs on the CPU: the WebGPU engine could not be started.",
  lost: "Runs on the CPU: the WebGPU engine stopped.",
};

/**
 * The messages. A call is answered by any number of events and then by one value or one error.
 *
 * @typedef {{ id: number, method: string, argument?: unknown }} Call
 * @typedef {{ abort: number }} Abort
 * @typedef {{ ping: true }} Ping Answered at once, to show that the worker is still there.
 * @typedef {{ ready: true } | { pong: true }} Ready
 * @typedef {{ id: number, event: unknown } | { id: number, value: unknown } | { id: number, error: PlainError }} Answer
 * @typedef {{ name: string, message: string }} PlainError
 *
 * @typedef {object} CallOptions
 * @property {AbortSignal} [signal] Asks the worker to abort the call, which then answers.
 * @property {(event: any) => void} [onEvent]
 *
 * @typedef {object} Port What a worker, its global scope and a MessagePort have in common.
 * @property {(message: any) => void} postMessage
 * @property {((event: MessageEvent) => any) | null} onmessage
 */

/**
 * An error with a name that a caller can tell apart; www/engine/engine.js lists those that leave the engine.
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
