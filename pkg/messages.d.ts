// Generated from the Rust sources by `npm run registry`.

import type { Attack } from "./registry.js";
export type { Attack };

/** How large an image's gradients are. */
export type Amplitude = {
  /** The mean absolute value of the Jacobian's entries. */
  amplitude: number;
  /** How many of the entries are exactly zero. */
  zero_entries: number;
};

/** The figures of a row of `amplitude.json`. Shares are of one; intervals are Wilson's, and hold 95 %. */
export type AmplitudeFigures = {
  /** Images measured. */
  measured: number;
  /** The edges of the bins. */
  edges: Array<number>;
  /** Images in each bin. */
  counts: Array<number>;
  /** Images whose every entry is exactly zero; they are in the first bin. */
  zero: number;
  /** Share of the images in the first bin. */
  below_1e_40: number;
  /** Its interval. */
  below_interval: [number, number];
  /** Share of the images in the last bin. */
  above_1e_3: number;
  /** Its interval. */
  above_interval: [number, number];
  /** The median amplitude; the upper one of two. */
  median: number | null;
};

/** How an attack ended. */
export type AttackResult = {
  /** The image, counted from 0 over those of the experiment. */
  image: number;
  /** The target class; of an untargeted attack, the image's own. */
  class: number;
  /** How it ended. */
  outcome: Outcome;
  /** Iterations that changed the image. */
  changes: number;
  /** Features that differ from the original. */
  features_changed: number;
  /** ‖δ‖₂, with pixels in [0, 1]. */
  distance: number;
  /**
   * Features of the unchanged image whose gradient is exactly zero; `null` where the attack computes
   * no gradient.
   */
  zeros: number | null;
  /**
   * Features of the unchanged image with a saliency above zero; `null` where the attack has no
   * saliency map.
   */
  admissible: number | null;
  /** What each target model predicts. */
  read: Array<Predictions>;
};

/** One image to attack. */
export type Attempt = {
  /** Which image of the experiment, counted from 0. */
  image: number;
  /** The target class; of an untargeted attack, the image's own. */
  class: number;
  /** Whether any class other than `class` is the goal. */
  untargeted: boolean;
};

/** A batch of attacks with the same settings, on one network. */
export type BatchRequest = {
  /** The images one after another, pixels in [0, 1]. */
  images: Float32Array;
  /** The target class of each image. */
  targets: Uint8Array;
  /**
   * The targets are the classes shown, and any other class is the goal, for attacks that can be
   * untargeted.
   */
  untargeted?: boolean;
  /** For runs that were started elsewhere. */
  resumed?: Resumed;
  /** Its id in the manifest. */
  model: string;
  /** The factor by which its logits are multiplied, above 0. Default: 1. */
  scale?: number;
} & Attack;

/** Consecutive attempts of one task. */
export type Chunk = {
  /** Which task. */
  task: number;
  /** Its first attempt. */
  from: number;
  /** One past its last attempt. */
  to: number;
};

/** One source class, one target class. */
export type ClassPair = {
  /** The class of the images. */
  source: number;
  /** The class that the attacks aim at. */
  target: number;
  /** Attacks on images that were not at their goal before any change. */
  attempts: number;
  /** Attacks that reached their goal. */
  successes: number;
  /** Successes over attempts. */
  rate: number;
  /** Its interval. */
  interval: [number, number];
  /** Attacks whose gradient vanished. */
  gradient_vanished: number;
  /** Mean share of the features changed, over the successes. */
  distortion_successes: number | null;
  /** H(s, t); `null` where nothing succeeds, as no distortion is known then. */
  hardness: number | null;
  /** The mean adversarial distance. */
  distance: number | null;
};

/** The output of a network for one image. */
export type Classification = {
  /** The logits, one for each class. */
  logits: Array<number>;
  /** The softmax of the logits at T = 1. */
  probabilities: Array<number>;
  /** The most probable class. */
  label: number;
};

/** A data set of the paper (Papernot et al. 2015, section V). */
export type Dataset = "mnist" | "cifar10";

/** An engine and its version. */
export type EngineInfo = {
  /** The name. */
  engine: EngineName;
  /** What computes, as text for people. */
  implementation: string;
  /** The version of this crate. */
  version: string;
};

/** The name of an engine. */
export type EngineName = "cpu" | "webgpu";

/** A kind of experiment. Each has a file of rows in `results/`. */
export type ExperimentKind = "success" | "amplitude" | "robustness" | "fgsm" | "pairs" | "transfer";

/** The result of one attempt of a task: all that tables need of it, small enough to send and to keep. */
export type ExperimentRecord = {
  /** Which task of the experiment. */
  task: number;
  /** Which attempt of `Experiment::attempts`. */
  attempt: number;
} & (AttackResult | Amplitude);

/** An experiment: attacks on networks, each with all images. */
export type ExperimentRequest = {
  /** What is measured. */
  experiment: ExperimentKind;
  /** The networks, each with its attack. */
  tasks: Array<Task>;
  /** The target models, for `transfer`. */
  readers?: Array<Subject>;
  /** The images one after another, pixels in [0, 1]. */
  images: Float32Array;
  /** The class of each image. */
  labels: Uint8Array;
  /** What the rows contain beside figures. */
  source?: Partial<Source>;
};

/** The figures of a row of `fgsm.json`. Shares are of one; intervals hold 95 %. */
export type FgsmFigures = {
  /** Images attacked, or misclassified before any change. */
  measured: number;
  /** Images that the network misclassifies at the end. */
  errors: number;
  /** Their share, the paper's error rate. */
  rate: number;
  /** Wilson's interval of the rate. */
  interval: [number, number];
  /** Attacks by outcome, on the images that the network classifies correctly before any change. */
  outcomes: Outcomes;
  /** Images that it misclassifies before any change; they are not attacked, and count as errors. */
  misread: number;
  /** Mean share of the features whose gradient is exactly zero, where one was computed. */
  zero_gradients: number | null;
};

/** One network's entry in `www/models/manifest.json`. */
export type ManifestEntry = {
  /** `<dataset>-undefended`, `<dataset>-distilled-t<T>` or `<dataset>-teacher-t<T>`. */
  id: string;
  /** The name of the model file, in the manifest's folder. */
  file: string;
  /** The file's length in bytes. */
  bytes: number;
  /** The file's SHA-256, as 64 lower-case hexadecimal digits. */
  sha256: string;
  /** The data set, and with it the architecture. */
  dataset: Dataset;
  /** The network's role. */
  role: Role;
  /** T of the training. The network is used at T = 1. */
  temperature: number;
  /** The number of weights and biases. */
  parameters: number;
  /** Share of the test set that the published file classifies correctly, in [0, 1]. */
  test_accuracy: number;
  /** Mean over the test set of Σ|z|, of the published file. */
  logit_norm: number;
  /** The command that trains the network. */
  command: string;
  /** The seed of the training. */
  seed: number;
  /** Passes over the training set. */
  epochs: number;
  /** The reason for fewer epochs than the paper's 50, in one line; empty if there are not fewer. */
  epochs_reason: string;
  /** The time of the training in seconds. */
  seconds: number;
  /** The hardware of the training. */
  hardware: string;
  /** The day of publication, as YYYY-MM-DD. */
  date: string;
};

/**
 * How a run ended.
 *
 * Only `BudgetSpent` is a failure of the attack. With
 * `GradientVanished` the attack had no gradient to use, which says nothing about
 * whether an adversarial example exists. A run is cancelled by dropping it; the JavaScript interface
 * calls that `cancelled`.
 */
export type Outcome = "fooled" | "budget-spent" | "no-admissible-pair" | "gradient-vanished" | "already-target";

/** Attempts by outcome. */
export type Outcomes = {
  /** The goal was reached. */
  fooled: number;
  /** The budget was used up first. */
  budget_spent: number;
  /** No features were admissible. */
  no_admissible_pair: number;
  /** Every gradient entry of every feature that could still be changed was exactly zero. */
  gradient_vanished: number;
};

/** The figures of a row of `pairs.json`. Shares are of one; intervals are Wilson's, and hold 95 %. */
export type PairsFigures = {
  /** Attacks on images that were not at their goal before any change. */
  attempts: number;
  /** Attacks that reached their goal. */
  successes: number;
  /** Successes over attempts. */
  rate: number;
  /** Its interval. */
  interval: [number, number];
  /** Attempts by outcome. */
  outcomes: Outcomes;
  /** Images that the network classified as the target before any change; these are no attempts. */
  already_target: number;
  /** The pairs of classes with at least one attempt, source class by source class. */
  cells: Array<ClassPair>;
};

/** The classes that a target model predicts. */
export type Predictions = {
  /** For the unchanged image. */
  before: number;
  /** For the adversarial example. */
  after: number;
};

/** Where runs that were started elsewhere stand. */
export type Resumed = {
  /** The images before any change, one after another. */
  originals: Float32Array;
  /** The changes made since, for each image. */
  iterations: Array<number>;
};

/**
 * The figures of a row of `robustness.json`. Shares are of one; intervals are the mean ± 1.96 standard
 * errors.
 */
export type RobustnessFigures = {
  /** Images that were attacked towards all nine targets, and that the network classifies correctly. */
  measured: number;
  /** Images left out, since the network misclassifies them before any change. */
  misread: number;
  /** The share of features that an image counts with if no attack succeeds on it. */
  cap: number;
  /** Images on which no attack succeeds, for whatever reason. */
  failures: number;
  /** Of these, those whose gradient had vanished for every target. */
  gradient_vanished: number;
  /** Mean Δ_adv with failures at the cap. */
  robustness: number | null;
  /** Its interval. */
  interval: [number, number] | null;
  /** Mean Δ_adv with failures left out. */
  robustness_of_successes: number | null;
  /** Its interval. */
  interval_of_successes: [number, number] | null;
};

/** The role of a network in defensive distillation (Papernot et al. 2015, section III). */
export type Role = "undefended" | "distilled" | "teacher";

/** A row of `results/<kind>.json`. As JSON it is one flat object. */
export type Row<F> = {
  /** The target model, for transfer. */
  to?: TargetModel;
  /** How many images. */
  images: number;
  /** The images' places in the test set; `null` where the seed determines them. */
  drawn?: Array<number>;
  /** Attempts of the whole experiment, on this network. */
  planned: number;
  /** What it classifies. */
  dataset: Dataset;
  /** The published network's id. */
  model: string;
  /** The published network's role, or `scaled` if its logits are multiplied. */
  role: RowRole;
  /** T of its training. */
  temperature: number;
  /** The factor by which its logits are multiplied; 1 for the published network itself. */
  scale: number;
} & F & {
  /** What computed them, as text for people. */
  engine: string;
  /** The seed that the images were drawn with; `null` if they were chosen. */
  seed: number | null;
  /** SHA-256 of the network's file in hexadecimal. */
  model_sha256: string;
  /** The command that measures this. */
  command: string;
  /** The day, as YYYY-MM-DD. */
  date: string;
};

/** The role of a row's network, in the order of the tables. */
export type RowRole = "undefended" | "distilled" | "teacher" | "scaled";

/** Where an experiment's images come from, and what computes: what its rows contain beside figures. */
export type Source = {
  /** The images' places in the test set, counted from 0. */
  drawn: Array<number>;
  /** The seed that they were drawn with; `null` if they were chosen. */
  seed: number | null;
  /** What computes, as text for people. */
  engine: string;
  /** The command that measures this. */
  command: string;
  /** The day, as YYYY-MM-DD. */
  date: string;
};

/** One image of one run, evaluated. */
export type Step = {
  /** The run's number in the batch. */
  run: number;
  /** Changes made so far. */
  iteration: number;
  /** The image, pixels in [0, 1]. */
  image: Float32Array;
  /** The logits of the network, one for each class. */
  logits: Array<number>;
  /** The softmax of the logits at T = 1. */
  probabilities: Array<number>;
  /** The most probable class. */
  label: number;
  /** Features that differ from the original. */
  featuresChanged: number;
  /** The features chosen at this image, changed in the next step's image. */
  chosen: Array<number> | null;
  /** The same where there are two. */
  pair: [number, number] | null;
  /** α, the sum over the chosen features of the derivatives of the target's output. */
  alpha: number | null;
  /** β, that of the derivatives of all other outputs. */
  beta: number | null;
  /** The attack's score of the choice, the largest of all. */
  score: number | null;
  /** Features whose whole gradient is exactly zero. */
  zeroGradients: number | null;
  /** The number of features that have a gradient. */
  gradientEntries: number | null;
  /** The derivative of the target's output by each feature. */
  gradient: Float32Array | null;
  /** The adversarial saliency map, one entry a feature. */
  saliency: Float32Array | null;
  /** How the run ended, in its last step. */
  outcome: Outcome | null;
};

/** A loaded network. */
export type Subject = {
  /** Its id in the manifest. */
  model: string;
  /** The factor by which its logits are multiplied, above 0. Default: 1. */
  scale?: number;
};

/** The figures of a row of `success.json`. Shares are of one; intervals hold 95 %. */
export type SuccessFigures = {
  /** Attacks on images that were not at their goal before any change. */
  attempts: number;
  /** Attacks that reached their goal. */
  successes: number;
  /** Successes over attempts. */
  rate: number;
  /** Wilson's interval of the rate. */
  interval: [number, number];
  /** Attempts by outcome. */
  outcomes: Outcomes;
  /** Images that the network classified as the target before any change; these are no attempts. */
  already_target: number;
  /** Mean share of the features changed, over all attempts, however they ended. */
  distortion_all: number;
  /** Mean share of the features changed, over the successes. */
  distortion_successes: number | null;
  /** Mean ‖δ‖₂ over the successes, with pixels in [0, 1]. */
  distance_successes: number | null;
  /** Mean number of iterations that changed the image, over all attempts. */
  steps: number;
};

/** The network that classifies adversarial examples made on another one. */
export type TargetModel = {
  /** SHA-256 of its file in hexadecimal; files have it. */
  model_sha256?: string;
  /** What it classifies. */
  dataset: Dataset;
  /** The published network's id. */
  model: string;
  /** The published network's role, or `scaled` if its logits are multiplied. */
  role: RowRole;
  /** T of its training. */
  temperature: number;
  /** The factor by which its logits are multiplied; 1 for the published network itself. */
  scale: number;
};

/** One attack on one network. */
export type Task = {
  /** The attack. Only `amplitude` does without one. */
  attack?: Attack;
  /** Its id in the manifest. */
  model: string;
  /** The factor by which its logits are multiplied, above 0. Default: 1. */
  scale?: number;
};

/** The figures of a row of `transfer.json`. Shares are of one; intervals are Wilson's, and hold 95 %. */
export type TransferFigures = {
  /** Attacks on images that were not at their goal before any change. */
  attempts: number;
  /** How they ended on the network that they were made on. */
  outcomes: Outcomes;
  /** Images that this network classified as the target before any change; these are no attempts. */
  already_target: number;
  /**
   * Attacks that fooled this network, on images that the target model classifies correctly as long
   * as they are unchanged.
   */
  shown: number;
  /** Of these, those that the target model classifies as the target, too. */
  reached: number;
  /** `reached` over `shown`. */
  rate: number;
  /** Its interval. */
  interval: [number, number];
  /** Of `shown`, those that the target model misclassifies in any way. */
  misread: number;
  /** `misread` over `shown`. */
  misread_rate: number;
  /** Its interval. */
  misread_interval: [number, number];
};

export type AttackRecord = Extract<ExperimentRecord, AttackResult>;

export type AmplitudeRecord = Extract<ExperimentRecord, Amplitude>;

/** The attack of a row, with its settings. */
export type RowAttack = {
  attack: Attack["attack"];
  /** Which way features move. */
  direction?: string;
  /** By how much a feature changes at a time, in units of the pixel's range. */
  theta?: number;
  /** How many features may change. */
  budget?: number;
  /** T of the softmax that the attack differentiates. */
  attack_temperature?: number;
  /** How far every feature moves, in units of the pixel's range. */
  epsilon?: number;
  /** The seed of all draws. */
  attack_seed?: number;
  /** κ: by how much the target's logit should exceed all others. */
  confidence?: number;
  /** Steps of each descent. */
  iterations?: number;
  /** The number of descents, each with its own c. */
  searches?: number;
  /** The learning rate of Adam. */
  learning_rate?: number;
  /** The first weight c of the margin against the distance. */
  c?: number;
  /** The unit of c: fixed, as in the authors' code, so that results depend on the scale of the logits; or from the first gradient, so that they do not. */
  c_scale?: string;
  /** Steps of all rounds together. */
  limit?: number;
  /** c is doubled up to it. */
  largest_c?: number;
};

export type SuccessRow = Row<SuccessFigures> & RowAttack;

export type AmplitudeRow = Row<AmplitudeFigures>;

export type RobustnessRow = Row<RobustnessFigures> & RowAttack;

export type FgsmRow = Row<FgsmFigures> & RowAttack;

export type PairsRow = Row<PairsFigures> & RowAttack;

export type TransferRow = Row<TransferFigures> & RowAttack & { to: TargetModel };

export type ExperimentRow = SuccessRow | AmplitudeRow | RobustnessRow | FgsmRow | PairsRow | TransferRow;
