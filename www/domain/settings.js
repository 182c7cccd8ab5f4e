/**
 * The settings of attacks, from the registry, and the settings of the display, each with its allowed values and
 * default. Controls, links and requests are built from these.
 */
import { ATTACKS } from "../../pkg/registry.js";
import { CHANNELS, DATASETS } from "./datasets.js";

/**
 * @typedef {keyof typeof ATTACKS} AttackId
 * @typedef {typeof ATTACKS[AttackId]["settings"][number]} Setting One setting of an attack in the registry.
 * @typedef {Extract<Setting, { link: unknown }>} PageSetting A setting that visitors can change on the page. The
 *   others exist only in the engine.
 * @typedef {Extract<PageSetting, { choices: unknown }>} Choice
 * @typedef {Exclude<PageSetting, Choice>["name"]} Numeric
 *
 * @typedef {{ [setting in Choice as setting["name"]]: setting["choices"][number] } & { [name in Numeric]: number }}
 * AttackSettings
 *
 * @typedef {object} CommonSettings
 * @property {AttackId} attack
 * @property {boolean} untargeted Whether any class other than the image's own counts as success.
 * @property {boolean | null} temper Whether the attack uses the temperature; null for the attack's default.
 *
 * @typedef {CommonSettings & AttackSettings} Settings The settings of all attacks. `settingNames` lists those of one
 *   attack.
 *
 * @typedef {{ min: number, max: number | "features", step: number }} Range
 */

/** In the order of the menu. */
export const ATTACK_IDS = /** @type {AttackId[]} */ (Object.keys(ATTACKS));

/** @param {Setting} setting @returns {setting is PageSetting} */
const isOnPage = (setting) => "link" in setting;

/** The settings of an attack that visitors can change. @param {AttackId} attack */
export const pageSettings = (attack) => /** @type {readonly Setting[]} */ (ATTACKS[attack].settings).filter(isOnPage);

/**
 * Every page setting once, in the order of the registry. Attacks with the same setting share its range and default, but
 * may have different choices.
 */
export const PAGE_SETTINGS = [
  ...new Map(
    ATTACK_IDS.flatMap(pageSettings).map((setting) => /** @type {const} */ ([setting.name, setting])),
  ).values(),
];

/** @param {PageSetting} setting @returns {setting is Choice} */
export const isChoice = (setting) => setting.type === "choice";

/** The choices of a setting in all attacks, in the order of the attacks. @param {Choice["name"]} name */
export const choicesOf = (name) => [
  ...new Set(
    ATTACK_IDS.flatMap(pageSettings)
      .filter(isChoice)
      .filter((setting) => setting.name === name)
      .flatMap((setting) => [...setting.choices]),
  ),
];

/** The names of the settings that are numbers. */
export const NUMERIC = PAGE_SETTINGS.filter((setting) => !isChoice(setting)).map(
  ({ name }) => /** @type {Numeric} */ (name),
);

/** The choices of the display settings. */
export const CHOICES = /** @type {const} */ ({
  overlay: ["image", "perturbation", "gradient", "saliency"],
  channel: ["all", ...CHANNELS],
  theme: ["light", "dark"],
});

/** The ranges of numbers that are not settings of an attack. */
export const RANGES = /** @type {const} */ ({
  /** The factor by which a network's logits are multiplied, without any training. */
  k: { min: 1, max: 200, step: 1 },
  /** Of the softmax that the teacher's answers are shown at. */
  soft: { min: 1, max: 200, step: 1 },
});

/** The paper's attack, and for every other attack the first values in its own paper. @type {Settings} */
export const DEFAULTS = /** @type {any} */ ({
  attack: "jsma-f",
  ...Object.fromEntries(PAGE_SETTINGS.map((setting) => [setting.name, setting.default])),
  untargeted: false,
  temper: null,
});

/** The first k of the control. With it the gradient has almost vanished. */
export const INITIAL_K = 20;

/** The names of all settings. */
export const SETTINGS = /** @type {(keyof Settings)[]} */ (Object.keys(DEFAULTS));

/** Picks the settings from a link or a state. @param {Settings} all @returns {Settings} */
export const pickSettings = (all) => /** @type {any} */ (Object.fromEntries(SETTINGS.map((name) => [name, all[name]])));

/** @type {Record<string, Range>} */
const ALL_RANGES = {
  ...RANGES,
  ...Object.fromEntries(PAGE_SETTINGS.flatMap((setting) => ("page" in setting ? [[setting.name, setting.page]] : []))),
};

/** The range of a setting for a data set. @param {Numeric | keyof typeof RANGES} name @param {string} data */
export function rangeOf(name, data) {
  const { min, max, step } = ALL_RANGES[name];
  return { min, max: max === "features" ? DATASETS[data].features : max, step };
}

/**
 * Returns the allowed number nearest to an input, or the setting's default if the input is not a number.
 *
 * @param {Numeric} name
 * @param {unknown} value
 * @param {string} data
 */
export function toAllowedNumber(name, value, data) {
  const wanted = value === "" || value === null ? NaN : Number(value);
  return Number.isFinite(wanted) ? nearestAllowed(name, wanted, data) : DEFAULTS[name];
}

/**
 * Returns the allowed number nearest to `wanted`.
 *
 * @param {Numeric | keyof typeof RANGES} name
 * @param {number} wanted
 * @param {string} data
 */
export function nearestAllowed(name, wanted, data) {
  const { min, max, step } = rangeOf(name, data);
  const steps = Math.round(Math.min(max, Math.max(min, wanted)) / step);
  const decimals = String(step).split(".")[1]?.length ?? 0;
  return Number((steps * step).toFixed(decimals));
}

/**
 * Adjusts the numbers of the settings to the ranges of a data set.
 *
 * @param {Settings} settings
 * @param {string} data
 * @returns {Settings}
 */
export const fitToDataset = (settings, data) => ({
  ...settings,
  ...Object.fromEntries(NUMERIC.map((name) => [name, nearestAllowed(name, settings[name], data)])),
});
