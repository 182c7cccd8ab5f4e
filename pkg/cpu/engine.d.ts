/* tslint:disable */
/* eslint-disable */

export interface ManifestEntry {
    id: string; file: string; bytes: number; sha256: string;
    dataset: "mnist" | "cifar10"; role: "undefended" | "distilled" | "teacher"; temperature: number;
    parameters: number; test_accuracy: number; logit_norm: number;
    command: string; seed: number; epochs: number; seconds: number; hardware: string; date: string;
}
export interface EngineInfo { engine: "cpu"; implementation: string; version: string; }
export interface Classification { logits: number[]; probabilities: number[]; label: number; }
/** Which features an attack may change, how, and how many. */
export interface Features {
    direction: "increase" | "decrease";
    /** How much a feature changes at a time, in (0, 1]. */
    theta: number;
    /** Features that may change. */
    budget: number;
}
/** T of the softmax that the attack differentiates; 1 if left out. */
export interface AtTemperature { temperature?: number; }
/** An attack by its name, with its settings. */
export type Attack =
| ({ attack: "jsma-f" | "jsma-t" | "jsma-z" } & AtTemperature & Features)
| ({ attack: "not-robust"; direction: "increase" | "decrease" | "either" }
& AtTemperature & Omit<Features, "direction">)
| ({ attack: "random-pairs"; /** What all draws depend on; 0 if left out. */ seed?: number } & Features)
| ({ attack: "fgsm"; /** How far every feature moves, in [0, 1]. */ epsilon: number } & AtTemperature);
export type BatchRequest = Attack & {
    model: string;
    /** The images one after another, pixels in [0, 1]. */
    images: Float32Array;
    /** The class that each image should be mistaken for. */
    targets: Uint8Array;
    /** The targets are what the images show, to be mistaken for anything else (fgsm, random-pairs). */
    untargeted?: boolean;
}
export type Outcome = "fooled" | "budget-spent" | "no-admissible-pair" | "gradient-vanished" | "already-target";
/** One image of one run, evaluated. */
export interface Step {
    run: number;
    /** Changes made so far. */
    iteration: number;
    image: Float32Array;
    logits: number[]; probabilities: number[]; label: number;
    featuresChanged: number;
    /** The features chosen at this image: the next step's image has them changed. */
    chosen: number[] | null;
    /** The same where there are two. */
    pair: [number, number] | null;
    alpha: number | null; beta: number | null; score: number | null;
    /** Features whose whole gradient is exactly zero, and of how many. */
    zeroGradients: number | null; gradientEntries: number | null;
    /** The derivative of the target's output by each feature. */
    gradient: Float32Array | null;
    /** The adversarial saliency map, one entry a feature. */
    saliency: Float32Array | null;
    outcome: Outcome | null;
}



/**
 * Holds networks, and runs attacks on them.
 */
export class Engine {
    free(): void;
    [Symbol.dispose](): void;
    /**
     * What a network reads in one image.
     */
    classify(model: string, image: Float32Array | number[]): Promise<Classification>;
    /**
     * What computes.
     */
    info(): EngineInfo;
    /**
     * Verifies a model file against its manifest entry, and keeps the network under its id.
     */
    load(entry: ManifestEntry, bytes: Uint8Array | number[]): void;
    /**
     * An engine without networks, on the CPU.
     */
    constructor();
    /**
     * Begins a batch of attacks; nothing is computed yet.
     */
    start(request: BatchRequest): Run;
}

/**
 * A batch of attacks under way. Freeing it cancels what still goes on.
 */
export class Run {
    private constructor();
    free(): void;
    [Symbol.dispose](): void;
    /**
     * Evaluates every run that is still going once, and returns one step for each.
     *
     * Wait for the promise before the next call.
     */
    step(): Promise<Step[]>;
    /**
     * How many runs of the batch are still going.
     */
    readonly running: number;
}

/**
 * What the network sees of a drawing: 28×28 pixels in [0, 1], or nothing of an empty one.
 *
 * Each stroke is x, y, x, y, … from 0 to 255 over the square that is drawn on.
 */
export function rasterize(strokes: Uint8Array[]): Float32Array | undefined;

export function start(): void;

export type InitInput = RequestInfo | URL | Response | BufferSource | WebAssembly.Module;

export interface InitOutput {
    readonly memory: WebAssembly.Memory;
    readonly __wbg_engine_free: (a: number, b: number) => void;
    readonly __wbg_run_free: (a: number, b: number) => void;
    readonly engine_classify: (a: number, b: number, c: number, d: number, e: number) => any;
    readonly engine_info: (a: number) => [number, number, number];
    readonly engine_load: (a: number, b: any, c: number, d: number) => [number, number];
    readonly engine_new: () => number;
    readonly engine_start: (a: number, b: any) => [number, number, number];
    readonly rasterize: (a: number, b: number) => [number, number, number, number];
    readonly run_running: (a: number) => number;
    readonly run_step: (a: number) => any;
    readonly start: () => void;
    readonly wasm_bindgen__convert__closures_____invoke__h0bf075fa01c67f12: (a: number, b: number, c: any) => [number, number];
    readonly wasm_bindgen__convert__closures_____invoke__h34067ae4a0ff3f55: (a: number, b: number, c: any, d: any) => void;
    readonly __wbindgen_malloc: (a: number, b: number) => number;
    readonly __wbindgen_realloc: (a: number, b: number, c: number, d: number) => number;
    readonly __wbindgen_free: (a: number, b: number, c: number) => void;
    readonly __wbindgen_exn_store: (a: number) => void;
    readonly __externref_table_alloc: () => number;
    readonly __wbindgen_externrefs: WebAssembly.Table;
    readonly __wbindgen_destroy_closure: (a: number, b: number) => void;
    readonly __externref_table_dealloc: (a: number) => void;
    readonly __externref_drop_slice: (a: number, b: number) => void;
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
