/**
 * The settings of an attack, and of how it is looked at, in one table: what each may be, and what it
 * is unless someone says otherwise. The controls are drawn from it, links are read and written by
 * it, and whatever arrives from outside is made to fit it.
 */
import { CHANNELS, DATASETS, MNIST } from "./datasets.js";

/** @typedef {Pick<import("./engine.js").AttackRequest, "attack" | "direction" | "theta" | "budget">} Settings */

export const CHOICES = /** @type {const} */ ({
  attack: ["jsma-f", "jsma-t", "jsma-z"],
  direction: ["increase", "decrease"],
  overlay: ["image", "perturbation", "gradient", "saliency"],
  channel: ["all", ...CHANNELS],
  theme: ["light", "dark"],
});

export const RANGES = /** @type {const} */ ({
  theta: { min: 0.01, max: 1, step: 0.01 },
  /** At most an image's features; see `rangeOf`. */
  budget: { min: 0, max: Infinity, step: 1 },
  /** Of the softmax that the teacher's soft answers are shown at. */
  soft: { min: 1, max: 200, step: 1 },
});

/** The paper's attack. @type {Settings} */
export const DEFAULTS = { attack: "jsma-f", direction: "increase", theta: 1, budget: DATASETS[MNIST].budget };

/** The range of a setting on images of a data set. @param {keyof typeof RANGES} name @param {string} data */
export const rangeOf = (name, data) => (name === "budget" ? { ...RANGES.budget, max: DATASETS[data].features } : RANGES[name]);

/**
 * The nearest number that a setting may be, or its default where there is no number at all.
 *
 * @param {"theta" | "budget"} name
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
