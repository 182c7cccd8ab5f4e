/**
 * What the page and the engine say to each other: the types of the published API, the messages of
 * the worker, and how an error crosses from one side to the other.
 *
 * @typedef {'fooled' | 'budget-spent' | 'no-admissible-pair' | 'gradient-vanished' | 'already-target' | 'cancelled'} Outcome
 *   How an attack ended.
 *
 * @typedef {object} ManifestEntry One published network, as `www/models/manifest.json` describes it.
 * @property {string} id
 * @property {string} file Its name beside the manifest.
 * @property {number} bytes
 * @property {string} sha256
 * @property {keyof typeof import("../../pkg/registry.js").DATASETS} dataset
 * @property {typeof ROLES[number]} role
 * @property {number} temperature The temperature it was trained at.
 * @property {number} parameters
 * @property {number} test_accuracy From 0 to 1.
 * @property {number} logit_norm The mean L1 norm of its logits over the test set.
 * @property {string} command The command that trained it.
 * @property {number} seed
 * @property {number} epochs
 * @property {string} epochs_reason Why these are fewer than the paper's 50; empty where they are not.
 * @property {number} seconds
 * @property {string} hardware
 * @property {string} date
 *
 * @typedef {object} Classification
 * @property {number[]} logits
 * @property {number[]} probabilities The softmax of the logits at temperature 1.
 * @property {number} label The most probable class.
 *
 * @typedef {import("../../pkg/registry.js").Attack & AttackOn} AttackRequest An attack with its settings, on an image.
 *
 * @typedef {object} AttackOn
 * @property {string} model
 * @property {number} [scale] What the network's logits are multiplied by, nothing trained; 1 if left out.
 * @property {Float32Array} image 784 pixels in [0, 1], row by row; of CIFAR-10 3072, a plane of 1024 for each of red, green and blue.
 * @property {number} target The class that the image is to be mistaken for.
 * @property {boolean} [untargeted] The target is what the image shows, to be mistaken for anything else. Not every attack can do this.
 *
 * @typedef {object} Step One image that the network has seen in the course of an attack.
 * @property {number} run
 * @property {number} iteration Changes made so far; 0 is the untouched image.
 * @property {Float32Array} image
 * @property {number[]} logits
 * @property {number[]} probabilities
 * @property {number} label
 * @property {number} featuresChanged
 * @property {number[] | null} chosen The features chosen at this image, changed in the next; null where the attack changes all at once.
 * @property {[number, number] | null} pair The same where there are two.
 * @property {number | null} alpha
 * @property {number | null} beta
 * @property {number | null} score
 * @property {number | null} zeroGradients How many features have a gradient of exactly zero.
 * @property {number | null} gradientEntries Of how many.
 * @property {Float32Array | null} gradient The target output's derivative by each feature.
 * @property {Float32Array | null} saliency The saliency map of the paper, feature by feature.
 * @property {Outcome | null} outcome Set on the last step alone, unless the attack was cancelled.
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
export type Outcome = 'fooled' | 'budget-spent' | 'no-admissible-pair' | 'gradient-vanished' | 'already-target' | 'cancelled';
export type ManifestEntry = {
    id: string;
    /**
     * Its name beside the manifest.
     */
    file: string;
    bytes: number;
    sha256: string;
    dataset: keyof typeof import("../../pkg/registry.js").DATASETS;
    role: typeof ROLES[number];
    /**
     * The temperature it was trained at.
     */
    temperature: number;
    parameters: number;
    /**
     * From 0 to 1.
     */
    test_accuracy: number;
    /**
     * The mean L1 norm of its logits over the test set.
     */
    logit_norm: number;
    /**
     * The command that trained it.
     */
    command: string;
    seed: number;
    epochs: number;
    /**
     * Why these are fewer than the paper's 50; empty where they are not.
     */
    epochs_reason: string;
    seconds: number;
    hardware: string;
    date: string;
};
export type Classification = {
    logits: number[];
    /**
     * The softmax of the logits at temperature 1.
     */
    probabilities: number[];
    /**
     * The most probable class.
     */
    label: number;
};
export type AttackRequest = import("../../pkg/registry.js").Attack & AttackOn;
export type AttackOn = {
    model: string;
    /**
     * What the network's logits are multiplied by, nothing trained; 1 if left out.
     */
    scale?: number;
    /**
     * 784 pixels in [0, 1], row by row; of CIFAR-10 3072, a plane of 1024 for each of red, green and blue.
     */
    image: Float32Array;
    /**
     * The class that the image is to be mistaken for.
     */
    target: number;
    /**
     * The target is what the image shows, to be mistaken for anything else. Not every attack can do this.
     */
    untargeted?: boolean;
};
export type Step = {
    run: number;
    /**
     * Changes made so far; 0 is the untouched image.
     */
    iteration: number;
    image: Float32Array;
    logits: number[];
    probabilities: number[];
    label: number;
    featuresChanged: number;
    /**
     * The features chosen at this image, changed in the next; null where the attack changes all at once.
     */
    chosen: number[] | null;
    /**
     * The same where there are two.
     */
    pair: [number, number] | null;
    alpha: number | null;
    beta: number | null;
    score: number | null;
    /**
     * How many features have a gradient of exactly zero.
     */
    zeroGradients: number | null;
    /**
     * Of how many.
     */
    gradientEntries: number | null;
    /**
     * The target output's derivative by each feature.
     */
    gradient: Float32Array | null;
    /**
     * The saliency map of the paper, feature by feature.
     */
    saliency: Float32Array | null;
    /**
     * Set on the last step alone, unless the attack was cancelled.
     */
    outcome: Outcome | null;
};
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
     * Why this engine and not the other, in a word that a program can tell apart.
     */
    why: Why;
    /**
     * What there is to say beside it: a figure, an adapter, an error's message; or nothing.
     */
    detail: string;
    /**
     * All of this in words that can be reported.
     */
    reason: string;
    implementation: string;
    version: string;
};
/** What a published network can be. */
export declare const ROLES: readonly ["undefended", "distilled", "teacher"];
/** Why which engine computes. Names in capitals are those of the errors that ended an attempt. */
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
    MissingFeature: string;
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
     * Asks the worker to abort the call, which then answers.
     */
    signal?: AbortSignal;
    onEvent?: (event: any) => void;
};
export type Port = {
    postMessage: (message: any) => void;
    onmessage: ((event: MessageEvent) => any) | null;
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
export declare function failure(name: string, message: string): Error;
/** @param {unknown} error @returns {PlainError} */
export declare function toPlain(error: unknown): PlainError;
