export type AttackRequest = import("./protocol.js").AttackRequest;
export type AttackResult = import("./protocol.js").AttackResult;
export type Classification = import("./protocol.js").Classification;
export type EngineInfo = import("./protocol.js").EngineInfo;
export type ManifestEntry = import("./protocol.js").ManifestEntry;
export type Outcome = import("./protocol.js").Outcome;
export type Port = import("./protocol.js").Port;
export type Progress = import("./protocol.js").Progress;
export type Step = import("./protocol.js").Step;
export type EngineHandle = {
    info: () => EngineInfo;
    /**
     * The published networks.
     */
    models: () => Promise<ManifestEntry[]>;
    /**
     *   Fetches, verifies and loads a network; once, however often it is called.
     */
    load: (model: string, options?: {
        onProgress?: (progress: Progress) => void;
        signal?: AbortSignal;
    }) => Promise<ManifestEntry>;
    /**
     *   The 28×28 image of a drawing, made as MNIST was; null when nothing was drawn. Each stroke is
     *   x0, y0, x1, y1, … from 0 to 255 over the square drawing area.
     */
    rasterize: (strokes: Uint8Array[]) => Promise<Float32Array | null>;
    classify: (request: {
        model: string;
        image: Float32Array;
    }) => Promise<Classification>;
    /**
     *   Aborting ends the attack with the outcome `cancelled` and the steps made so far. Attacks that
     *   run at the same time take turns, one step each.
     */
    attack: (request: AttackRequest, options?: {
        onStep?: (step: Step) => void;
        signal?: AbortSignal;
    }) => Promise<AttackResult>;
    close: () => void;
};
/**
 * @typedef {import("./protocol.js").AttackRequest} AttackRequest
 * @typedef {import("./protocol.js").AttackResult} AttackResult
 * @typedef {import("./protocol.js").Classification} Classification
 * @typedef {import("./protocol.js").EngineInfo} EngineInfo
 * @typedef {import("./protocol.js").ManifestEntry} ManifestEntry
 * @typedef {import("./protocol.js").Outcome} Outcome
 * @typedef {import("./protocol.js").Port} Port
 * @typedef {import("./protocol.js").Progress} Progress
 * @typedef {import("./protocol.js").Step} Step
 */
/**
 * @typedef {object} EngineHandle
 * @property {() => EngineInfo} info
 * @property {() => Promise<ManifestEntry[]>} models The published networks.
 * @property {(model: string, options?: { onProgress?: (progress: Progress) => void, signal?: AbortSignal }) => Promise<ManifestEntry>} load
 *   Fetches, verifies and loads a network; once, however often it is called.
 * @property {(strokes: Uint8Array[]) => Promise<Float32Array | null>} rasterize
 *   The 28×28 image of a drawing, made as MNIST was; null when nothing was drawn. Each stroke is
 *   x0, y0, x1, y1, … from 0 to 255 over the square drawing area.
 * @property {(request: { model: string, image: Float32Array }) => Promise<Classification>} classify
 * @property {(request: AttackRequest, options?: { onStep?: (step: Step) => void, signal?: AbortSignal }) => Promise<AttackResult>} attack
 *   Aborting ends the attack with the outcome `cancelled` and the steps made so far. Attacks that
 *   run at the same time take turns, one step each.
 * @property {() => void} close
 */
/**
 * Starts the engine in a worker, or in the page where no worker can be made.
 *
 * @param {object} [options]
 * @param {'auto' | 'cpu' | 'webgpu'} [options.prefer]
 * @param {(progress: Progress) => void} [options.onProgress]
 * @param {AbortSignal} [options.signal]
 * @returns {Promise<EngineHandle>}
 */
export declare function createEngine({ prefer, onProgress, signal }?: {
    prefer?: 'auto' | 'cpu' | 'webgpu';
    onProgress?: (progress: Progress) => void;
    signal?: AbortSignal;
}): Promise<EngineHandle>;
export type Connected = {
    connection: ReturnType<typeof speak>;
    where: 'worker' | 'page';
    whereReason: string;
};
/**
 * Calls over a port, and their answers.
 *
 * @param {Port} port
 * @param {() => void} end
 */
declare function speak(port: Port, end: () => void): {
    call: (method: string, argument?: unknown, { signal, onEvent }?: {
        signal?: AbortSignal;
        onEvent?: (event: any) => void;
    }) => Promise<any>;
    fail: (error: Error) => void;
    close: () => void;
};
export {};
