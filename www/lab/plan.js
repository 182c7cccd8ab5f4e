/** What is to be measured: from the choices of the form to the request that the engine understands. */
import { ATTACKS, requestOf } from "../attacks.js";

/**
 * @typedef {import("../protocol.js").ManifestEntry} ManifestEntry
 * @typedef {import("../settings.js").Settings} Settings
 * @typedef {import("../samples.js").Sample} Sample
 * @typedef {import("../../pkg/cpu/engine.js").ExperimentKind} Kind
 *
 * @typedef {object} Subject A network as it is published, or with its logits multiplied.
 * @property {ManifestEntry} model
 * @property {number | null} scale
 *
 * @typedef {object} Choice
 * @property {Kind} experiment
 * @property {Subject[]} subjects
 * @property {Settings} settings
 * @property {number} images
 */

export const EXPERIMENTS = /** @type {const} */ (["success", "robustness", "pairs", "amplitude", "fgsm", "transfer"]);

/** The factors of the control that nobody trained: the temperatures of the paper. */
export const SCALES = [2, 5, 10, 20, 40, 100];

/** The steps at which FGSM is tried. */
export const EPSILONS = [0.05, 0.1, 0.2, 0.3];

const CLASSES = 10;

/** Everything that can be measured. @param {ManifestEntry[]} models @returns {Subject[]} */
export function allSubjects(models) {
  const scaled = models.filter(({ role }) => role === "undefended").flatMap((model) => SCALES.map((scale) => ({ model, scale })));
  return [...models.map((model) => ({ model, scale: null })), ...scaled];
}

/** Whether an experiment makes attacks that the form can choose. @param {Kind} experiment */
export const hasAttack = (experiment) => experiment !== "amplitude" && experiment !== "fgsm";

/** How many images are attacked or measured, and how often. @param {Choice} choice */
export function attemptsOf({ experiment, subjects, images }) {
  const each = experiment === "amplitude" ? 1 : experiment === "fgsm" ? EPSILONS.length : CLASSES - 1;
  return subjects.length * images * each;
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
  return Array.from({ length: Math.min(count, samples.length) }, (_, place) => samples[(place % CLASSES) * each + Math.floor(place / CLASSES)]);
}

/**
 * @param {Choice} choice
 * @param {Sample[]} samples The chosen ones.
 * @param {{ engine: string, date: string }} about
 * @returns {import("../pool.js").Plan}
 */
export function planOf({ experiment, subjects, settings }, samples, { engine, date }) {
  const features = samples[0].pixels.length;
  const images = new Float32Array(samples.length * features);
  samples.forEach(({ pixels }, place) => images.set(pixels, place * features));
  const named = (/** @type {Subject} */ { model, scale }) => ({ model: model.id, ...(scale === null ? {} : { scale }) });
  const tasks = subjects.flatMap((subject) => attacksOn(subject, experiment, settings).map((attack) => ({ ...named(subject), ...(attack ? { attack } : {}) })));
  return {
    models: [...new Set(subjects.map(({ model }) => model))],
    request: /** @type {import("../../pkg/cpu/engine.js").ExperimentRequest} */ ({
      experiment,
      tasks,
      readers: experiment === "transfer" ? subjects.map(named) : [],
      images,
      labels: Uint8Array.from(samples, ({ label }) => label),
      source: { drawn: samples.map(({ index }) => index), seed: null, engine, command: "", date },
    }),
  };
}

/** @param {Subject} subject @param {Kind} experiment @param {Settings} settings */
function attacksOn({ model, scale }, experiment, settings) {
  const temperature = model.temperature * (scale ?? 1);
  if (experiment === "amplitude") return [null];
  const asked = { ...settings, untargeted: false };
  if (experiment === "fgsm") return EPSILONS.map((epsilon) => requestOf({ ...asked, attack: "fgsm", epsilon }, temperature));
  return [requestOf(asked, temperature)];
}

/** The attacks that the form offers. */
export const attackNames = /** @type {Settings["attack"][]} */ (Object.keys(ATTACKS));
