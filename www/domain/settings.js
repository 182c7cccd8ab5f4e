/**
 * The settings of all attacks, and of how an image is shown: what each may be, and its default. Those
 * of an attack come from the registry. The controls, the links and the requests are made from this.
 */
import { ATTACKS } from "../../pkg/registry.js";
import { CHANNELS, DATASETS } from "./datasets.js";

/**
 * @typedef {keyof typeof ATTACKS} AttackId
 * @typedef {typeof ATTACKS[AttackId]["settings"][number]} Setting One setting of an attack, as the registry describes
 * it.
 * @typedef {Extract<Setting, { link: unknown }>} Offered A setting that the page offers: the others are the engine's
 * alone.
 * @typedef {Extract<Offered, { choices: unknown }>} Choice
 * @typedef {Exclude<Offered, Choice>["name"]} Numeric
 *
 * @typedef {{ [setting in Choice as setting["name"]]: setting["choices"][number] } & { [name in Numeric]: number }}
 * OfAttacks
 *
 * @typedef {object} Common
 * @property {AttackId} attack
 * @property {boolean} untargeted Whether any class will do other than the one that the image shows.
 * @property {boolean | null} temper Whether the attack takes the temperature into account; null is its own way.
 *
 * @typedef {Common & OfAttacks} Settings The settings of all attacks; `settingsOf` says which of them each one has.
 *
 * @typedef {{ min: number, max: number | "features", step: number }} Range
 */

/** In the order of the menus. */
export const ATTACK_IDS = /** @type {AttackId[]} */ (Object.keys(ATTACKS));

/** @param {Setting} setting @returns {setting is Offered} */
const isOffered = (setting) => "link" in setting;

/** The settings that the page offers of an attack. @param {AttackId} attack */
export const offeredBy = (attack) => /** @type {readonly Setting[]} */ (ATTACKS[attack].settings).filter(isOffered);

/**
 * Each setting once, in the order of the registry. Attacks share its range and its defaults, and each has choices of
 * its own.
 */
export const OFFERED = [
  ...new Map(ATTACK_IDS.flatMap(offeredBy).map((setting) => /** @type {const} */ ([setting.name, setting]))).values(),
];

/** @param {Offered} setting @returns {setting is Choice} */
export const isChoice = (setting) => setting.type === "choice";

/** All choices of a setting, those of one attack after those of another. @param {Choice["name"]} name */
export const choicesOf = (name) => [
  ...new Set(
    ATTACK_IDS.flatMap(offeredBy)
      .filter(isChoice)
      .filter((setting) => setting.name === name)
      .flatMap((setting) => [...setting.choices]),
  ),
];

/** The settings that are numbers. */
export const NUMERIC = OFFERED.filter((setting) => !isChoice(setting)).map(({ name }) => /** @type {Numeric} */ (name));

export const CHOICES = /** @type {const} */ ({
  overlay: ["image", "perturbation", "gradient", "saliency"],
  channel: ["all", ...CHANNELS],
  theme: ["light", "dark"],
});

/** What is no attack's setting and has a range. */
export const RANGES = /** @type {const} */ ({
  /** What the logits of a network are multiplied by, nothing trained. */
  k: { min: 1, max: 200, step: 1 },
  /** Of the softmax that the teacher's answers are shown at. */
  soft: { min: 1, max: 200, step: 1 },
});

/** The paper's attack, and of every other one what its paper begins with. @type {Settings} */
export const DEFAULTS = /** @type {any} */ ({
  attack: "jsma-f",
  ...Object.fromEntries(OFFERED.map((setting) => [setting.name, setting.default])),
  untargeted: false,
  temper: null,
});

/** The k that the control begins with: here hardly anything is left of the gradient. */
export const FIRST_K = 20;

/** The names of all settings. */
export const SETTINGS = /** @type {(keyof Settings)[]} */ (Object.keys(DEFAULTS));

/** Those of a link or a state that are settings. @param {Settings} all @returns {Settings} */
export const settingsIn = (all) => /** @type {any} */ (Object.fromEntries(SETTINGS.map((name) => [name, all[name]])));

/** @type {Record<string, Range>} */
const ALL_RANGES = {
  ...RANGES,
  ...Object.fromEntries(OFFERED.flatMap((setting) => ("page" in setting ? [[setting.name, setting.page]] : []))),
};

/** The range of a setting on images of a data set. @param {Numeric | keyof typeof RANGES} name @param {string} data */
export function rangeOf(name, data) {
  const { min, max, step } = ALL_RANGES[name];
  return { min, max: max === "features" ? DATASETS[data].features : max, step };
}

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

/** @param {Numeric | keyof typeof RANGES} name @param {number} wanted @param {string} data */
export function nearest(name, wanted, data) {
  const { min, max, step } = rangeOf(name, data);
  const steps = Math.round(Math.min(max, Math.max(min, wanted)) / step);
  const decimals = String(step).split(".")[1]?.length ?? 0;
  return Number((steps * step).toFixed(decimals));
}

/**
 * The settings with the numbers as images of another data set allow them.
 *
 * @param {Settings} settings
 * @param {string} data
 * @returns {Settings}
 */
export const fitAll = (settings, data) => ({
  ...settings,
  ...Object.fromEntries(NUMERIC.map((name) => [name, nearest(name, settings[name], data)])),
});
