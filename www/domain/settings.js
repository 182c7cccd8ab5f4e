/**
 * The settings of an attack, and of how it is looked at, in one table: what each may be, and what it
 * is unless someone says otherwise. The controls are drawn from it, links are read and written by
 * it, and whatever arrives from outside is made to fit it.
 */
import { CHANNELS, DATASETS, MNIST } from "./datasets.js";

/**
 * @typedef {object} Settings The settings of all attacks; `attacks.js` says which of them each one has.
 * @property {import("../engine/engine.js").AttackRequest["attack"]} attack
 * @property {typeof CHOICES.direction[number]} direction
 * @property {number} theta
 * @property {number} budget
 * @property {number} epsilon
 * @property {number} seed
 * @property {number} confidence
 * @property {number} iterations
 * @property {boolean} untargeted Whether anything but the class that the image shows will do.
 * @property {boolean | null} temper Whether the attack takes the temperature into account; null is as it does by itself.
 */

export const CHOICES = /** @type {const} */ ({
  attack: ["jsma-f", "jsma-t", "jsma-z", "not-robust", "fgsm", "random-pairs", "cw-l2", "cw-l0"],
  direction: ["increase", "decrease", "either"],
  overlay: ["image", "perturbation", "gradient", "saliency"],
  channel: ["all", ...CHANNELS],
  theme: ["light", "dark"],
});

export const RANGES = /** @type {const} */ ({
  theta: { min: 0.01, max: 1, step: 0.01 },
  /** At most an image's features; see `rangeOf`. */
  budget: { min: 0, max: Infinity, step: 1 },
  /** How far FGSM moves every feature. */
  epsilon: { min: 0, max: 1, step: 0.01 },
  /** What the random control draws by. */
  seed: { min: 0, max: 999_999, step: 1 },
  /** κ: by how much the target's logit should lead. */
  confidence: { min: 0, max: 100, step: 1 },
  /** Of each descent. The paper's 10,000 would be more images than a page can keep. */
  iterations: { min: 10, max: 1000, step: 10 },
  /** What the logits of a network are multiplied by, nothing trained. */
  k: { min: 1, max: 200, step: 1 },
  /** Of the softmax that the teacher's soft answers are shown at. */
  soft: { min: 1, max: 200, step: 1 },
});

/** The paper's attack, and the ε at which FGSM was tried on its networks. @type {Settings} */
export const DEFAULTS = {
  attack: "jsma-f", direction: "increase", theta: 1, budget: DATASETS[MNIST].budget, epsilon: 0.3, seed: 0, confidence: 0, iterations: 200, untargeted: false, temper: null,
};

/** The k that the control begins with: here hardly anything is left of the gradient. */
export const FIRST_K = 20;

/** The names of all settings. */
export const SETTINGS = /** @type {(keyof Settings)[]} */ (Object.keys(DEFAULTS));

/** Those of a link or a state that are settings. @param {Settings} all @returns {Settings} */
export const settingsIn = (all) => /** @type {any} */ (Object.fromEntries(SETTINGS.map((name) => [name, all[name]])));

/** @typedef {{ [name in keyof Settings]: Settings[name] extends number ? name : never }[keyof Settings]} Numeric */
/** The settings that are numbers. */
export const NUMERIC = /** @type {Numeric[]} */ (SETTINGS.filter((name) => typeof DEFAULTS[name] === "number"));

/** The range of a setting on images of a data set. @param {keyof typeof RANGES} name @param {string} data */
export const rangeOf = (name, data) => (name === "budget" ? { ...RANGES.budget, max: DATASETS[data].features } : RANGES[name]);

/**
 * The nearest number that a setting may be, or its default where there is no number at all.
 *
 * @param {Numeric} name
 * @param {unknown} value
 * @param {string} data
 */
export function fit(name, value, data) {
  const wanted = value === "" || value === null ? NaN : Number(value);
  return Number.isFinite(wanted) ? nearest(name, wanted, data) : DEFAULTS[name];
}

/** @param {keyof typeof RANGES} name @param {number} wanted @param {string} data */
export function nearest(name, wanted, data) {
  const { min, max, step } = rangeOf(name, data);
  const steps = Math.round(Math.min(max, Math.max(min, wanted)) / step);
  return Number((steps * step).toFixed(2));
}
