/* tslint:disable */
/* eslint-disable */

import type * as messages from "../messages.js";
export type * from "../messages.js";



/**
 * A started chunk. Freeing it cancels the active attacks.
 */
export class ChunkRun {
    private constructor();
    free(): void;
    [Symbol.dispose](): void;
    /**
     * Evaluates every active attack once, and returns the records of those that ended; `undefined` once
     * all have ended.
     *
     * Wait for the promise before the next call.
     *
     * # Errors
     * `EngineError` if the device fails.
     */
    step(): Promise<messages.ExperimentRecord[] | undefined>;
    /**
     * The number of attempts that have not ended.
     */
    readonly left: number;
}

/**
 * Holds networks, and runs attacks on them.
 *
 * Its methods take `&self`, so that several promises can be pending at the same time.
 */
export class Engine {
    private constructor();
    free(): void;
    [Symbol.dispose](): void;
    /**
     * Classifies one image, with the network's logits multiplied by `scale` if there is one.
     *
     * # Errors
     * `RequestError` if the network is not loaded, `ImageError` for an image of another size or with
     * pixels outside [0, 1], `EngineError` if the device fails.
     */
    classify(model: string, image: Float32Array | number[], scale?: number | null): Promise<messages.Classification>;
    /**
     * Plans an experiment on networks that are loaded; nothing is computed yet.
     *
     * # Errors
     * `RequestError` for a request that is not understood, networks that are not loaded or do not belong
     * together, or labels that are no classes; `ImageError` for pixels that are too few, too many or not
     * in [0, 1].
     */
    experiment(request: messages.ExperimentRequest): Experiment;
    /**
     * The first error that the device has reported since the engine was opened, a shader that does not
     * compile for instance. After an error no result can be trusted.
     */
    fault(): string | undefined;
    /**
     * The engine and its version.
     */
    info(): messages.EngineInfo;
    /**
     * Verifies a model file against its manifest entry, and keeps the network under its id.
     *
     * # Errors
     * `ModelError` if the entry is damaged or the file is another one.
     */
    load(entry: messages.ManifestEntry, bytes: Uint8Array | number[]): void;
    /**
     * Resolves when the device is lost, with the reason; on the CPU it never does.
     */
    lost(): Promise<string>;
    /**
     * Opens an engine without networks, on the device that this module was built for.
     *
     * # Errors
     * `EngineError` if there is no such device.
     */
    static open(): Promise<Engine>;
    /**
     * Starts a batch of attacks; nothing is computed yet.
     *
     * # Errors
     * `RequestError` for a request that is not understood, a network that is not loaded or settings out
     * of range; `ImageError` for pixels that are too few, too many or not in [0, 1].
     */
    start(request: messages.BatchRequest): Run;
}

/**
 * A planned experiment. Every worker makes its own of the same request.
 */
export class Experiment {
    private constructor();
    free(): void;
    [Symbol.dispose](): void;
    /**
     * The attempts of each task, by number.
     */
    attempts(): messages.Attempt[];
    /**
     * All chunks, of at most `size` attempts, the tasks in turn.
     */
    chunks(size: number): messages.Chunk[];
    /**
     * The rows of the records so far, in any order.
     *
     * # Errors
     * `RequestError` for records that are not understood or belong to another experiment.
     */
    rows(records: messages.ExperimentRecord[]): messages.ExperimentRow[];
    /**
     * Starts a chunk; nothing is computed yet.
     *
     * # Errors
     * `RequestError` for a chunk of another experiment.
     */
    start(chunk: messages.Chunk): ChunkRun;
}

/**
 * A started batch of attacks. Freeing it cancels the active runs.
 */
export class Run {
    private constructor();
    free(): void;
    [Symbol.dispose](): void;
    /**
     * Evaluates every active run once, and returns one step for each.
     *
     * Wait for the promise before the next call.
     *
     * # Errors
     * `EngineError` if the device fails.
     */
    step(): Promise<messages.Step[]>;
    /**
     * The number of active runs.
     */
    readonly running: number;
}

/**
 * A drawing as the network reads it: 28×28 pixels in [0, 1]; `undefined` for an empty drawing.
 *
 * Each stroke is x, y, x, y, … from 0 to 255 over the square that is drawn on.
 *
 * # Errors
 * `ImageError` for too many strokes or points, or an odd number of coordinates.
 */
export function rasterize(strokes: Uint8Array[]): Float32Array | undefined;

export function start(): void;

export type InitInput = RequestInfo | URL | Response | BufferSource | WebAssembly.Module;

export interface InitOutput {
    readonly memory: WebAssembly.Memory;
    readonly __wbg_chunkrun_free: (a: number, b: number) => void;
    readonly __wbg_engine_free: (a: number, b: number) => void;
    readonly __wbg_experiment_free: (a: number, b: number) => void;
    readonly __wbg_run_free: (a: number, b: number) => void;
    readonly chunkrun_left: (a: number) => number;
    readonly chunkrun_step: (a: number) => any;
    readonly engine_classify: (a: number, b: number, c: number, d: number, e: number, f: number) => any;
    readonly engine_experiment: (a: number, b: any) => [number, number, number];
    readonly engine_fault: (a: number) => [number, number];
    readonly engine_info: (a: number) => [number, number, number];
    readonly engine_load: (a: number, b: any, c: number, d: number) => [number, number];
    readonly engine_lost: (a: number) => any;
    readonly engine_open: () => any;
    readonly engine_start: (a: number, b: any) => [number, number, number];
    readonly experiment_attempts: (a: number) => [number, number, number];
    readonly experiment_chunks: (a: number, b: number) => [number, number, number];
    readonly experiment_rows: (a: number, b: any) => [number, number, number];
    readonly experiment_start: (a: number, b: any) => [number, number, number];
    readonly rasterize: (a: number, b: number) => [number, number, number, number];
    readonly run_running: (a: number) => number;
    readonly run_step: (a: number) => any;
    readonly start: () => void;
    readonly wasm_bindgen__convert__closures_____invoke__h127db843e11708d0: (a: number, b: number, c: any) => [number, number];
    readonly wasm_bindgen__convert__closures_____invoke__h127db843e11708d0_23: (a: number, b: number, c: any) => [number, number];
    readonly wasm_bindgen__convert__closures_____invoke__h127db843e11708d0_24: (a: number, b: number, c: any) => [number, number];
    readonly wasm_bindgen__convert__closures_____invoke__h180628ca200415a6: (a: number, b: number, c: any, d: any) => void;
    readonly wasm_bindgen__convert__closures_____invoke__h6ab55eb2d0f3c88a: (a: number, b: number, c: any) => [number, number];
    readonly wasm_bindgen__convert__closures_____invoke__h1780a8b252ff1411: (a: number, b: number, c: any) => void;
    readonly wasm_bindgen__convert__closures_____invoke__h1780a8b252ff1411_22: (a: number, b: number, c: any) => void;
    readonly __wbindgen_malloc_command_export: (a: number, b: number) => number;
    readonly __wbindgen_realloc_command_export: (a: number, b: number, c: number, d: number) => number;
    readonly __wbindgen_free_command_export: (a: number, b: number, c: number) => void;
    readonly __wbindgen_exn_store_command_export: (a: number) => void;
    readonly __externref_table_alloc_command_export: () => number;
    readonly __wbindgen_externrefs: WebAssembly.Table;
    readonly __wbindgen_destroy_closure_command_export: (a: number, b: number) => void;
    readonly __externref_table_dealloc_command_export: (a: number) => void;
    readonly __externref_drop_slice_command_export: (a: number, b: number) => void;
    readonly __wbindgen_start: () => void;
}

export type SyncInitInput = BufferSource | WebAssembly.Module;

/**
 * Instantiates the given `module`, which can either be bytes or
 * a precompiled `WebAssembly.Module`.
 *
 * @param {{ module: SyncInitInput }} module - Passing `SyncInitInput` directly is deprecated.
 *
 * @returns {InitOutput}
 */
export function initSync(module: { module: SyncInitInput } | SyncInitInput): InitOutput;

/**
 * If `module_or_path` is {RequestInfo} or {URL}, makes a request and
 * for everything else, calls `WebAssembly.instantiate` directly.
 *
 * @param {{ module_or_path: InitInput | Promise<InitInput> }} module_or_path - Passing `InitInput` directly is deprecated.
 *
 * @returns {Promise<InitOutput>}
 */
export default function __wbg_init (module_or_path: { module_or_path: InitInput | Promise<InitInput> } | InitInput | Promise<InitInput>): Promise<InitOutput>;
