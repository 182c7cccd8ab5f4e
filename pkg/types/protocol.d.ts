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
export type Outcome = 'fooled' | 'budget-spent' | 'no-admissible-pair' | 'gradient-vanished' | 'already-target' | 'cancelled';
export type ManifestEntry = import("../../pkg/messages.js").ManifestEntry;
export type Classification = import("../../pkg/messages.js").Classification;
export type AttackRequest = import("../../pkg/registry.js").Attack & AttackInput;
export type AttackInput = {
    model: string;
    /**
     * Multiplies the network's logits, without any training; 1 by default.
     */
    scale?: number;
    /**
     * MNIST: 784 pixels in [0, 1], row by row. CIFAR-10: 3072 values in [0, 1], 1024 each
     * for red, green and blue.
     */
    image: Float32Array;
    /**
     * The class that the network should take the image for.
     */
    target: number;
    /**
     * If true, `target` is the image's own class, and any other class counts as success.
     * Not every attack supports this.
     */
    untargeted?: boolean;
};
export type Step = import("../../pkg/messages.js").Step;
export type AttackResult = {
    outcome: Outcome;
    steps: Step[];
};
export type Progress = {
    /**
     * `engine`, or the id of a model.
     */
    part: string;
    /**
     * Bytes received, after any decompression.
     */
    loaded: number;
    total: number;
};
export type Backend = 'cpu' | 'webgpu';
export type Why = keyof typeof WHY;
export type EngineInfo = {
    engine: Backend;
    where: 'worker' | 'page';
    /**
     * Why this engine runs and not the other, as a word for programs.
     */
    why: Why;
    /**
     * More about `why`: measured times, an adapter's name or an error's message; may be empty.
     */
    detail: string;
    /**
     * `why`, `detail` and `where` as sentences.
     */
    reason: string;
    implementation: string;
    version: string;
};
/** The roles of published networks. */
export declare const ROLES: readonly ["undefended", "distilled", "teacher"];
/**
 * Each reason for the choice of engine, as a sentence. A capitalised key is the name of the error that ended a start.
 */
export declare const WHY: {
    faster: string;
    forced: string;
    asked: string;
    waiting: string;
    fetching: string;
    compiling: string;
    SaveData: string;
    LittleMemory: string;
    NoWebGPU: string;
    NoAdapter: string;
    LimitedAdapter: string;
    SoftwareAdapter: string;
    Fault: string;
    Mismatch: string;
    Slower: string;
    failed: string;
    lost: string;
};
export type Call = {
    id: number;
    method: string;
    argument?: unknown;
};
export type Abort = {
    abort: number;
};
export type Ping = {
    ping: true;
};
export type Ready = {
    ready: true;
} | {
    pong: true;
};
export type Answer = {
    id: number;
    event: unknown;
} | {
    id: number;
    value: unknown;
} | {
    id: number;
    error: PlainError;
};
export type PlainError = {
    name: string;
    message: string;
};
export type CallOptions = {
    /**
     * Sends an abort message to the worker, which then ends the call with an answer.
     */
    signal?: AbortSignal;
    onEvent?: (event: any) => void;
};
export type Port = {
    postMessage: (message: any) => void;
    onmessage: ((event: MessageEvent) => any) | null;
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
export declare function failure(name: string, message: string): Error;
/** @param {unknown} error @returns {PlainError} */
export declare function toPlain(error: unknown): PlainError;
