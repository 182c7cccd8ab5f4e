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
     * Resolves when no other engine is being started.
     */
    settled: () => Promise<EngineInfo>;
    /**
     * The published networks.
     */
    models: () => Promise<ManifestEntry[]>;
    /**
     * Fetches, verifies and loads a network. Later calls for the same network do nothing
     * more.
     */
    load: (model: string, options?: {
        onProgress?: (progress: Progress) => void;
        signal?: AbortSignal;
    }) => Promise<ManifestEntry>;
    /**
     *   The 28×28 image of a drawing, prepared like the images of MNIST; null if nothing was drawn. Each stroke is
     *   x0, y0, x1, y1, … from 0 to 255 in the square drawing area.
     */
    rasterize: (strokes: Uint8Array[]) => Promise<Float32Array | null>;
    classify: (request: {
        model: string;
        scale?: number;
        image: Float32Array;
    }) => Promise<Classification>;
    /**
     * Aborting ends the attack with the outcome `cancelled` and the steps made so far.
     * Attacks that run at the same time take turns, one step each. If the engine is lost, another resumes from the last
     * reported step and reports that step again.
     */
    attack: (request: AttackRequest, options?: {
        onStep?: (step: Step) => void;
        signal?: AbortSignal;
    }) => Promise<AttackResult>;
    close: () => void;
};
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
export declare function createEngine({ prefer, onProgress, onChange, expect, signal }?: {
    prefer?: 'auto' | 'cpu' | 'webgpu';
    onProgress?: (progress: Progress) => void;
    onChange?: (info: EngineInfo) => void;
    expect?: (published: ManifestEntry[]) => string[];
    signal?: AbortSignal;
}): Promise<EngineHandle>;
