/* tslint:disable */
/* eslint-disable */

export interface ManifestEntry {
    id: string; file: string; bytes: number; sha256: string;
    dataset: "mnist" | "cifar10"; role: "undefended" | "distilled" | "teacher"; temperature: number;
    parameters: number; test_accuracy: number; logit_norm: number;
    command: string; seed: number; epochs: number; epochs_reason: string; seconds: number; hardware: string; date: string;
}
export interface EngineInfo { engine: "cpu" | "webgpu"; implementation: string; version: string; }
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
| ({ attack: "fgsm"; /** How far every feature moves, in [0, 1]. */ epsilon: number } & AtTemperature)
| ({ attack: "cw-l2"; /** Values of c that are tried. */ searches?: number } & Descent)
| ({ attack: "cw-l0"; /** Steps at most. */ limit?: number; /** c is doubled up to it. */ largest_c?: number } & Descent);
/** What Carlini and Wagner's attacks share; each has a default. */
export interface Descent {
    /** κ: by how much the target's logit should lead. */
    confidence?: number;
    /** Steps of a descent. */
    iterations?: number;
    learning_rate?: number;
    /** The weight of the target against the distance, at first. */
    c?: number;
}
export type BatchRequest = Attack & {
    model: string;
    /** What its logits are multiplied by, above 0: the control that nobody trained. 1 if left out. */
    scale?: number;
    /** The images one after another, pixels in [0, 1]. */
    images: Float32Array;
    /** The class that each image should be mistaken for. */
    targets: Uint8Array;
    /** The targets are what the images show, to be mistaken for anything else (fgsm, random-pairs). */
    untargeted?: boolean;
    /** Where runs were begun elsewhere: what the images were at first, and the changes made since. */
    resumed?: { originals: Float32Array, iterations: number[] };
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



export type Role = "undefended" | "distilled" | "teacher";
export type ExperimentKind = "success" | "amplitude" | "robustness" | "fgsm" | "pairs" | "transfer";
/** A loaded network, and what its logits are multiplied by: 1 if left out. */
export interface Subject { model: string; scale?: number; }
/** Only `amplitude` does without an attack. */
export interface Task extends Subject { attack?: Attack; }
export interface ExperimentRequest {
    experiment: ExperimentKind;
    tasks: Task[];
    /** The networks that are shown what the attacks made, for `transfer`. */
    readers?: Subject[];
    /** The images one after another, pixels in [0, 1]. */
    images: Float32Array;
    /** What each of them shows. */
    labels: Uint8Array;
    /** What the rows say beside their figures: the images' numbers in the test set, and so on. */
    source?: { drawn?: number[]; seed?: number | null; engine?: string; command?: string; date?: string };
}
/** Attempts of one task, from the first to before the last. */
export interface Chunk { task: number; from: number; to: number; }
/** What one attempt attempts: to have an image taken for a class, or for anything but it. */
export interface Attempt { image: number; class: number; untargeted: boolean; }
/** How an attack ended. */
export interface AttackRecord {
    task: number; attempt: number;
    /** The image, and the target or, untargeted, what it shows. */
    image: number; class: number;
    outcome: Outcome;
    changes: number; features_changed: number;
    /** The Euclidean length of what was changed. */
    distance: number;
    /** Features whose gradient is exactly zero, and that the saliency map is above zero for, before any change. */
    zeros: number | null; admissible: number | null;
    /** What each reader takes the untouched image for, and the changed one. */
    read: { before: number; after: number }[];
}
export interface AmplitudeRecord { task: number; attempt: number; amplitude: number; zero_entries: number; }
export type ExperimentRecord = AttackRecord | AmplitudeRecord;
export interface Outcomes {
    fooled: number; budget_spent: number; no_admissible_pair: number; gradient_vanished: number;
}
type Interval = [number, number];
/** What every row says. With `scale` other than 1 the role is `scaled`. */
export interface RowHead {
    dataset: "mnist" | "cifar10"; model: string; role: Role | "scaled"; temperature: number; scale: number;
    /** The attack's settings, as in a request, but for amplitude. */
    attack?: Attack["attack"]; attack_temperature?: number; direction?: string; theta?: number; budget?: number;
    epsilon?: number; attack_seed?: number;
    confidence?: number; iterations?: number; searches?: number; limit?: number;
    learning_rate?: number; c?: number; largest_c?: number;
    images: number; drawn: number[];
    /** Attempts that the whole experiment has; a row that counts fewer is partial. */
    planned: number;
    engine: string; seed: number | null; model_sha256: string; command: string; date: string;
}
export interface SuccessRow extends RowHead {
    attempts: number; successes: number; rate: number; interval: Interval; outcomes: Outcomes;
    /** Not among the attempts. */
    already_target: number;
    distortion_all: number; distortion_successes: number | null; distance_successes: number | null; steps: number;
}
export interface AmplitudeRow extends RowHead {
    measured: number; edges: number[]; counts: number[]; zero: number;
    below_1e_40: number; below_interval: Interval; above_1e_3: number; above_interval: Interval;
    median: number | null;
}
export interface RobustnessRow extends RowHead {
    /** Images with all nine attempts made. */
    measured: number; misread: number; cap: number;
    /** Images on which no attack succeeds, and those whose gradient had vanished for every target. */
    failures: number; gradient_vanished: number;
    /** Failures counted at the cap. */
    robustness: number | null; interval: Interval | null;
    /** Failures left out. */
    robustness_of_successes: number | null; interval_of_successes: Interval | null;
}
export interface FgsmRow extends RowHead {
    measured: number; errors: number; rate: number; interval: Interval; outcomes: Outcomes;
    /** Misread before anything is changed; these are errors too. */
    misread: number;
    zero_gradients: number | null;
}
export interface PairsRow extends RowHead {
    attempts: number; successes: number; rate: number; interval: Interval; outcomes: Outcomes; already_target: number;
    cells: {
        source: number; target: number; attempts: number; successes: number; rate: number; interval: Interval;
        gradient_vanished: number; distortion_successes: number | null; hardness: number | null; distance: number | null;
    }[];
}
export interface TransferRow extends RowHead {
    /** The network that is shown what fooled the row's own. */
    to: { dataset: string; model: string; role: Role | "scaled"; temperature: number; scale: number };
    attempts: number; outcomes: Outcomes; already_target: number;
    /** Adversarial examples of images that the other network reads; how many reach their target there; are misread. */
    shown: number; reached: number; rate: number; interval: Interval;
    misread: number; misread_rate: number; misread_interval: Interval;
}
export type ExperimentRow = SuccessRow | AmplitudeRow | RobustnessRow | FgsmRow | PairsRow | TransferRow;



/**
 * A chunk under way. Freeing it cancels what still goes on.
 */
export class Campaign {
    private constructor();
    free(): void;
    [Symbol.dispose](): void;
    /**
     * Evaluates every attack that is going once, and returns what ended with it; `undefined` once
     * all have.
     *
     * Wait for the promise before the next call.
     */
    step(): Promise<ExperimentRecord[] | undefined>;
    /**
     * How many attempts have not ended.
     */
    readonly left: number;
}

/**
 * Holds networks, and runs attacks on them.
 *
 * Its methods borrow it for as long as their promises are pending, so that all of them share it.
 */
export class Engine {
    private constructor();
    free(): void;
    [Symbol.dispose](): void;
    /**
     * What a network reads in one image, with its logits multiplied by `scale` if there is one.
     */
    classify(model: string, image: Float32Array | number[], scale?: number | null): Promise<Classification>;
    /**
     * Plans an experiment on networks that are loaded; nothing is computed yet.
     */
    experiment(request: ExperimentRequest): Experiment;
    /**
     * What the device has reported as wrong since the engine was opened, a shader that does not
     * compile for instance. Nothing that it computed can be trusted then.
     */
    fault(): string | undefined;
    /**
     * What computes.
     */
    info(): EngineInfo;
    /**
     * Verifies a model file against its manifest entry, and keeps the network under its id.
     */
    load(entry: ManifestEntry, bytes: Uint8Array | number[]): void;
    /**
     * Resolves when the device is lost, with the reason; on the CPU it never does.
     */
    lost(): Promise<string>;
    /**
     * An engine without networks, on the one device that this module was built for.
     */
    static open(): Promise<Engine>;
    /**
     * Begins a batch of attacks; nothing is computed yet.
     */
    start(request: BatchRequest): Run;
}

/**
 * A measurement, ready to be dealt out. Every worker makes its own of the same request.
 */
export class Experiment {
    private constructor();
    free(): void;
    [Symbol.dispose](): void;
    /**
     * What each task attempts, by number.
     */
    attempts(): Attempt[];
    /**
     * All that is to be done, at most `size` attempts at a time, the tasks in turn.
     */
    chunks(size: number): Chunk[];
    /**
     * The rows, as far as the records go, in any order.
     */
    rows(records: ExperimentRecord[]): ExperimentRow[];
    /**
     * Begins a chunk; nothing is computed yet.
     */
    start(chunk: Chunk): Campaign;
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
    readonly __wbg_campaign_free: (a: number, b: number) => void;
    readonly __wbg_engine_free: (a: number, b: number) => void;
    readonly __wbg_experiment_free: (a: number, b: number) => void;
    readonly __wbg_run_free: (a: number, b: number) => void;
    readonly campaign_left: (a: number) => number;
    readonly campaign_step: (a: number) => any;
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
