export type AttackRequest = import("./protocol.js").AttackRequest;
export type AttackResult = import("./protocol.js").AttackResult;
export type Classification = import("./protocol.js").Classification;
export type EngineInfo = import("./protocol.js").EngineInfo;
export type ManifestEntry = import("./protocol.js").ManifestEntry;
export type Outcome = import("./protocol.js").Outcome;
export type Progress = import("./protocol.js").Progress;
export type Step = import("./protocol.js").Step;
export type Connection = import("./connection.js").Connection;
export type EngineHandle = {
    info: () => EngineInfo;
    /**
     * Resolves when no other engine is on its way.
     */
    settled: () => Promise<EngineInfo>;
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
        scale?: number;
        image: Float32Array;
    }) => Promise<Classification>;
    /**
     *   Aborting ends the attack with the outcome `cancelled` and the steps made so far. Attacks that
     *   run at the same time take turns, one step each. Is the engine lost on the way, another one goes
     *   on from the last step, which it reports once more.
     */
    attack: (request: AttackRequest, options?: {
        onStep?: (step: Step) => void;
        signal?: AbortSignal;
    }) => Promise<AttackResult>;
    close: () => void;
};
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
export declare function createEngine({ prefer, onProgress, onChange, expect, signal }?: {
    prefer?: 'auto' | 'cpu' | 'webgpu';
    onProgress?: (progress: Progress) => void;
    onChange?: (info: EngineInfo) => void;
    expect?: (published: ManifestEntry[]) => string[];
    signal?: AbortSignal;
}): Promise<EngineHandle>;
