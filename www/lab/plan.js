/** What is to be measured: from the choices of the form to the request that the engine understands. */
import { EXPERIMENTS as KINDS } from "../../pkg/registry.js";
import { ATTACKS, toAttackRequest, usesTemperature } from "../domain/attacks.js";
import { CIFAR10, DATASETS, MNIST } from "../domain/datasets.js";
import { ATTACK_IDS, DEFAULTS } from "../domain/settings.js";

/**
 * @typedef {import("../engine/protocol.js").ManifestEntry} ManifestEntry
 * @typedef {import("../domain/settings.js").Settings} Settings
 * @typedef {import("../page/samples.js").Sample} Sample
 * @typedef {keyof typeof KINDS} Kind
 * @typedef {typeof EXPERIMENTS[number]} Experiment
 * @typedef {any} Row A row as the engine counts it; `pkg/cpu/engine.d.ts` says what is in it. A paper's
 *   row has what the paper reports, and the number of its `source`.
 *
 * @typedef {object} Subject A network as it is published, or with its logits multiplied.
 * @property {ManifestEntry} model
 * @property {number | null} scale
 *
 * @typedef {object} Choice
 * @property {string} data
 * @property {Experiment} experiment
 * @property {Subject[]} subjects
 * @property {Settings} settings Of the attack, where the experiment leaves the choice.
 * @property {number} images
 *
 * @typedef {object} Task One attack on one network; nothing is attacked where only gradients are measured.
 * @property {Subject} subject
 * @property {Settings | null} settings
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
 * The engine's name of an experiment. All attacks beside each other are counted like one.
 *
 * @param {Experiment} experiment
 * @returns {Kind}
 */
export const kindOf = (experiment) => (experiment === "attacks" ? "success" : experiment);

/** The factors of the control that nobody trained: temperatures of the paper. */
export const SCALES = [2, 5, 10, 20, 40, 100];

/** The steps at which FGSM is tried. */
export const EPSILONS = [0.05, 0.1, 0.2, 0.3];

/** @typedef {Pick<Settings, "attack" | "direction">} Entrant */

/**
 * Attacks that are compared in more than one direction.
 *
 * @type {Partial<Record<Settings["attack"], Settings["direction"][]>>}
 */
const DIRECTIONS = {
  "not-robust": ["increase", "decrease", "either"],
  "random-pairs": ["increase", "decrease"],
};

/** The paper's attack and its variants stand first, and the random baseline last. @type {Settings["attack"][]} */
const FIRST = ["jsma-f", "jsma-z", "jsma-t"];
/** @type {Settings["attack"]} */
const LAST = "random-pairs";
/** It has an experiment of its own. @type {Settings["attack"]} */
const APART = "fgsm";

/** The attacks that are compared with each other. @type {Entrant[]} */
export const LINEUP = [...FIRST, ...ATTACK_IDS.filter((id) => ![...FIRST, LAST, APART].includes(id)), LAST].flatMap(
  (attack) => (DIRECTIONS[attack] ?? [DEFAULTS.direction]).map((direction) => ({ attack, direction })),
);

const CLASSES = 10;

/** JSMA's heat maps go up to this share of the features, since hardness is about all budgets up to it. */
const PAIRS_SHARE = 0.383;

/** How many features an attack may change. @param {Experiment} experiment @param {string} data */
export function budgetOf(experiment, data) {
  const { budget, features } = DATASETS[data];
  return experiment === "pairs" ? 2 * Math.floor((features * PAIRS_SHARE) / 2) : budget;
}

/** Everything that can be measured. @param {ManifestEntry[]} models @returns {Subject[]} */
export function allSubjects(models) {
  const scaled = models
    .filter(({ role }) => role === "undefended")
    .flatMap((model) => SCALES.map((scale) => ({ model, scale })));
  return [...models.map((model) => ({ model, scale: null })), ...scaled];
}

/** The k that the form begins with, where one network of each kind is enough and where a curve is drawn. */
const FIRST_SCALES = [5, 10, 40];

/**
 * The networks that the form begins with. All attacks beside each other are many: there it is the
 * network that is defended best, and its controls.
 *
 * @param {Experiment} experiment
 * @param {Subject[]} subjects
 */
export function firstSubjects(experiment, subjects) {
  if (experiment !== "attacks") return subjects.filter(({ scale }) => scale === null || FIRST_SCALES.includes(scale));
  const warmest = Math.max(...subjects.map(({ model }) => model.temperature));
  const most = Math.max(...SCALES);
  return subjects.filter(({ model, scale }) =>
    model.role === "undefended" ? scale === null || scale === most : model.temperature === warmest,
  );
}

/**
 * How many images an experiment begins with: enough to see something, few enough to see it soon.
 *
 * @param {Experiment} experiment
 * @param {string} data
 */
export const firstImages = (experiment, data) => (data === CIFAR10 || experiment === "attacks" ? 2 : 10);

/** Whether the form can choose the attack. @param {Experiment} experiment */
export const choosesAttack = (experiment) => experiment !== "attacks" && KINDS[experiment].chooses;

/** Whether it makes one attack, whether or not the form can choose it. @param {Experiment} experiment */
export const hasOneAttack = (experiment) => experiment !== "attacks" && KINDS[experiment].attacks;

/** How often an image is attacked or measured in a task. @param {Experiment} experiment */
const attemptsAnImage = (experiment) => (KINDS[kindOf(experiment)].attempts === "images" ? 1 : CLASSES - 1);

/** How many images are attacked or measured, and how often. @param {Choice} choice */
export const attemptsOf = (choice) => tasksOf(choice).length * choice.images * attemptsAnImage(choice.experiment);

/**
 * Milliseconds of one core for one step of one attack, on a machine of 2024: a first guess, until this one is known.
 *
 * @type {Record<string, number>}
 */
const STEP = { [MNIST]: 3, [CIFAR10]: 22 };
/** The ten rows of a Jacobian. */
const AMPLITUDE = 6;
/** From here on hardly any gradient is left to a softmax at T = 1, and an attack ends with its first step. */
const FOGGY = 10;

/** How many seconds of one core it should take. @param {Choice} choice */
export function workOf(choice) {
  const steps = tasksOf(choice).map(({ subject: { model, scale }, settings }) => {
    if (!settings) return AMPLITUDE;
    const isBlind =
      ATTACKS[settings.attack].output === "softmax"
      && !usesTemperature(settings)
      && model.temperature * (scale ?? 1) >= FOGGY;
    return isBlind ? 1 : ATTACKS[settings.attack].stepCost;
  });
  const all = steps.reduce((sum, each) => sum + each, 0);
  return (all * choice.images * attemptsAnImage(choice.experiment) * STEP[choice.data]) / 1000;
}

/**
 * The first images of each class in turn, so that a few are a fair choice, too. The samples come with
 * as many of each class, class by class.
 *
 * @param {Sample[]} samples
 * @param {number} count
 */
export function choose(samples, count) {
  const each = Math.floor(samples.length / CLASSES);
  return Array.from(
    { length: Math.min(count, samples.length) },
    (_, place) => samples[(place % CLASSES) * each + Math.floor(place / CLASSES)],
  );
}

/** Everything that is to be done, network after network. @param {Choice} choice @returns {Task[]} */
export function tasksOf({ experiment, subjects, settings }) {
  const asked = { ...settings, untargeted: false };
  const all = !KINDS[kindOf(experiment)].attacks
    ? [null]
    : experiment === "fgsm"
      ? EPSILONS.map((epsilon) => ({ ...asked, epsilon }))
      : experiment === "attacks"
        ? LINEUP.map((each) => ({ ...asked, ...each, temper: null }))
        : [asked];
  return subjects.flatMap((subject) => all.map((each) => ({ subject, settings: each })));
}

/**
 * @param {Choice} choice
 * @param {Sample[]} samples The chosen ones.
 * @param {{ engine: string, date: string }} about
 * @returns {import("../pool/pool.js").Plan}
 */
export function planOf(choice, samples, { engine, date }) {
  const { experiment, subjects } = choice;
  const features = samples[0].pixels.length;
  const images = new Float32Array(samples.length * features);
  samples.forEach(({ pixels }, place) => images.set(pixels, place * features));
  const named = (/** @type {Subject} */ { model, scale }) => ({
    model: model.id,
    ...(scale === null ? {} : { scale }),
  });
  return {
    models: [...new Set(subjects.map(({ model }) => model))],
    request: /** @type {import("../../pkg/cpu/engine.js").ExperimentRequest} */ ({
      experiment: kindOf(experiment),
      tasks: tasksOf(choice).map(({ subject, settings }) => ({
        ...named(subject),
        ...(settings ? { attack: toAttackRequest(settings, subject.model.temperature * (subject.scale ?? 1)) } : {}),
      })),
      readers: KINDS[kindOf(experiment)].shownTo ? subjects.map(named) : [],
      images,
      labels: Uint8Array.from(samples, ({ label }) => label),
      source: { drawn: samples.map(({ index }) => index), seed: null, engine, command: "", date },
    }),
  };
}
