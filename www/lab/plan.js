/** The plan of a run: turns the form's choices into tasks and the engine's request. */
import { EXPERIMENTS as KINDS } from "../../pkg/registry.js";
import { toAttackRequest } from "../domain/attacks.js";
import { CIFAR10, DATASETS } from "../domain/datasets.js";
import { ATTACK_IDS, DEFAULTS } from "../domain/settings.js";

/**
 * @typedef {import("../engine/protocol.js").ManifestEntry} ManifestEntry
 * @typedef {import("../domain/settings.js").Settings} Settings
 * @typedef {import("../page/samples.js").Sample} Sample
 * @typedef {keyof typeof KINDS} Kind
 * @typedef {typeof EXPERIMENTS[number]} Experiment
 * @typedef {any} Row A row of results about one network. The engine's rows are described in `pkg/cpu/engine.d.ts`. A
 *   paper's row has only what the paper reports, and in `source` the paper's number in the page's list.
 *
 * @typedef {object} Subject A network to be measured, as published or with its logits multiplied.
 * @property {ManifestEntry} model
 * @property {number | null} scale The factor k of the logits; `null` for the network as published.
 *
 * @typedef {object} Choice
 * @property {string} data
 * @property {Experiment} experiment
 * @property {Subject[]} subjects
 * @property {Settings} settings The attack's settings. Some experiments replace some of them.
 * @property {number} images
 *
 * @typedef {object} Task One attack on one network, on all chosen images.
 * @property {Subject} subject
 * @property {Settings | null} settings `null` if only gradients are measured.
 */

export const EXPERIMENTS = /** @type {const} */ ([
  "success",
  "attacks",
  "robustness",
  "pairs",
  "amplitude",
  "fgsm",
  "transfer",
]);

/**
 * The engine's name of an experiment. The comparison of all attacks is a success experiment with more tasks.
 *
 * @param {Experiment} experiment
 * @returns {Kind}
 */
export const kindOf = (experiment) => (experiment === "attacks" ? "success" : experiment);

/** The factors k of the scaled controls, which are not trained: temperatures of the paper. */
export const SCALES = [2, 5, 10, 20, 40, 100];

/** The values of ε with which FGSM is run. */
export const EPSILONS = [0.05, 0.1, 0.2, 0.3];

/** @typedef {Pick<Settings, "attack" | "direction">} AttackVariant */

/**
 * The directions of those attacks that are compared in more than one.
 *
 * @type {Partial<Record<Settings["attack"], Settings["direction"][]>>}
 */
const DIRECTIONS = {
  "not-robust": ["increase", "decrease", "either"],
  "random-pairs": ["increase", "decrease"],
};

/** The paper's attack and its variants come first, the random baseline last. @type {Settings["attack"][]} */
const FIRST = ["jsma-f", "jsma-z", "jsma-t"];
/** @type {Settings["attack"]} */
const LAST = "random-pairs";
/** FGSM is not compared here, since it has an experiment of its own. @type {Settings["attack"]} */
const NOT_COMPARED = "fgsm";
const OTHERS = ATTACK_IDS.filter((id) => ![...FIRST, LAST, NOT_COMPARED].includes(id));

/** The attacks that the comparison of all attacks runs, in their order. @type {AttackVariant[]} */
export const COMPARED_ATTACKS = [...FIRST, ...OTHERS, LAST].flatMap((attack) =>
  (DIRECTIONS[attack] ?? [DEFAULTS.direction]).map((direction) => ({ attack, direction })),
);

const CLASSES = 10;

/** The budget of the experiment with pairs of classes, as a share of the features: hardness covers budgets up to it. */
const PAIRS_SHARE = 0.383;

/** How many features an attack may change. @param {Experiment} experiment @param {string} data */
export function budgetOf(experiment, data) {
  const { budget, features } = DATASETS[data];
  return experiment === "pairs" ? 2 * Math.floor((features * PAIRS_SHARE) / 2) : budget;
}

/** All networks that can be measured, with the scaled controls. @param {ManifestEntry[]} models @returns {Subject[]} */
export function allSubjects(models) {
  const scaled = models
    .filter(({ role }) => role === "undefended")
    .flatMap((model) => SCALES.map((scale) => ({ model, scale })));
  return [...models.map((model) => ({ model, scale: null })), ...scaled];
}

/** The scaled controls that the form selects at first. */
const DEFAULT_SCALES = [5, 10, 40];

/**
 * The networks that the form selects at first. The comparison of all attacks has many tasks for each network, so there
 * only these are selected: the undefended one, its control with the largest k, and those trained at the highest T.
 *
 * @param {Experiment} experiment
 * @param {Subject[]} subjects
 */
export function defaultSubjects(experiment, subjects) {
  if (experiment !== "attacks") return subjects.filter(({ scale }) => scale === null || DEFAULT_SCALES.includes(scale));
  const highest = Math.max(...subjects.map(({ model }) => model.temperature));
  const largest = Math.max(...SCALES);
  return subjects.filter(({ model, scale }) =>
    model.role === "undefended" ? scale === null || scale === largest : model.temperature === highest,
  );
}

/**
 * How many images the form selects at first: enough for a first impression, and few enough for a quick result.
 *
 * @param {Experiment} experiment
 * @param {string} data
 */
export const defaultImages = (experiment, data) => (data === CIFAR10 || experiment === "attacks" ? 2 : 10);

/** Whether the visitor can choose the attack. @param {Experiment} experiment */
export const choosesAttack = (experiment) => experiment !== "attacks" && KINDS[experiment].chooses;

/** Whether the experiment runs one attack only, which may be fixed. @param {Experiment} experiment */
export const hasOneAttack = (experiment) => experiment !== "attacks" && KINDS[experiment].attacks;

/** How often a task attacks or measures each image. @param {Experiment} experiment */
export const attemptsAnImage = (experiment) => (KINDS[kindOf(experiment)].attempts === "images" ? 1 : CLASSES - 1);

/** The number of attacks or measurements of a run. @param {Choice} choice */
export const attemptsOf = (choice) => tasksOf(choice).length * choice.images * attemptsAnImage(choice.experiment);

/**
 * Chooses images from the classes in turn, so that even a few images cover many classes. The samples are sorted by
 * class, with equally many of each.
 *
 * @param {Sample[]} samples
 * @param {number} count
 */
export function chooseSamples(samples, count) {
  const each = Math.floor(samples.length / CLASSES);
  return Array.from(
    { length: Math.min(count, samples.length) },
    (_, place) => samples[(place % CLASSES) * each + Math.floor(place / CLASSES)],
  );
}

/** The tasks of a run, network by network. @param {Choice} choice @returns {Task[]} */
export function tasksOf({ experiment, subjects, settings }) {
  const targeted = { ...settings, untargeted: false };
  const variants = !KINDS[kindOf(experiment)].attacks
    ? [null]
    : experiment === "fgsm"
      ? EPSILONS.map((epsilon) => ({ ...targeted, epsilon }))
      : experiment === "attacks"
        ? COMPARED_ATTACKS.map((variant) => ({ ...targeted, ...variant, temper: null }))
        : [targeted];
  return subjects.flatMap((subject) => variants.map((variant) => ({ subject, settings: variant })));
}

/**
 * The plan that the pool runs: the networks and the engine's request.
 *
 * @param {Choice} choice
 * @param {Sample[]} samples The chosen samples.
 * @param {{ engine: string, date: string }} about
 * @returns {import("../pool/pool.js").Plan}
 */
export function planOf(choice, samples, { engine, date }) {
  const { experiment, subjects } = choice;
  const features = samples[0].pixels.length;
  const images = new Float32Array(samples.length * features);
  samples.forEach(({ pixels }, place) => images.set(pixels, place * features));
  const reference = (/** @type {Subject} */ { model, scale }) => ({
    model: model.id,
    ...(scale === null ? {} : { scale }),
  });
  return {
    models: [...new Set(subjects.map(({ model }) => model))],
    request: /** @type {import("../../pkg/cpu/engine.js").ExperimentRequest} */ ({
      experiment: kindOf(experiment),
      tasks: tasksOf(choice).map(({ subject, settings }) => ({
        ...reference(subject),
        ...(settings ? { attack: toAttackRequest(settings, subject.model.temperature * (subject.scale ?? 1)) } : {}),
      })),
      readers: KINDS[kindOf(experiment)].shownTo ? subjects.map(reference) : [],
      images,
      labels: Uint8Array.from(samples, ({ label }) => label),
      source: { drawn: samples.map(({ index }) => index), seed: null, engine, command: "", date },
    }),
  };
}

/**
 * A text that is equal for two plans whose records are the same: of the same networks, images and settings, made by the
 * same module of the engine.
 *
 * @param {import("../pool/pool.js").Plan} plan
 * @param {string} module The hash of the module.
 */
export function identityOf({ models, request: { experiment, tasks, readers, source } }, module) {
  const networks = models.map(({ id, sha256 }) => [id, sha256]);
  return JSON.stringify({ experiment, tasks, readers, drawn: source?.drawn, networks, module });
}
