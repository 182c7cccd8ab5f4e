/**
 * What the page has to know of each attack, in one table: its settings, what it differentiates,
 * whether it can take the temperature into account, and what a step of it is. The controls, the
 * requests, the words and the links all follow this table.
 */

/** @typedef {import("./settings.js").Settings} Settings */
/** @typedef {import("../engine/protocol.js").AttackRequest} AttackRequest */

/** @typedef {'pair' | 'pixel' | 'step' | 'descent'} Unit */

/**
 * @typedef {object} Attack
 * @property {'F' | 'F̂' | 'Z' | 'J' | 'f' | null} output What it differentiates: probabilities, those at T, logits, the loss, the logits' margin; null where it asks for no gradient.
 * @property {readonly ('direction' | import("./settings.js").Numeric)[]} settings Which of the settings it has.
 * @property {readonly Settings["direction"][]} directions
 * @property {boolean} untargeted Whether it can do without a target.
 * @property {boolean | null} temper Whether it looks through softmax(Z/T) by itself; null where T makes no difference to it.
 * @property {Settings["attack"]} [twin] The attack that differs in this alone, where that one has a name of its own.
 * @property {Unit} unit What it changes at a time: two features, one, all at once, or all a little and again.
 * @property {'L0' | 'L2' | 'L∞'} norm The measure of a change that it keeps small.
 */

const FEATURES = /** @type {const} */ (["direction", "theta", "budget"]);
const BOTH_WAYS = /** @type {const} */ (["increase", "decrease"]);

/** @type {Record<Settings["attack"], Attack>} */
export const ATTACKS = {
  "jsma-f": { output: "F", settings: FEATURES, directions: BOTH_WAYS, untargeted: false, temper: false, twin: "jsma-t", unit: "pair", norm: "L0" },
  "jsma-t": { output: "F̂", settings: FEATURES, directions: BOTH_WAYS, untargeted: false, temper: true, twin: "jsma-f", unit: "pair", norm: "L0" },
  "jsma-z": { output: "Z", settings: FEATURES, directions: BOTH_WAYS, untargeted: false, temper: null, unit: "pair", norm: "L0" },
  "not-robust": { output: "F̂", settings: FEATURES, directions: ["increase", "decrease", "either"], untargeted: false, temper: true, unit: "pixel", norm: "L0" },
  "fgsm": { output: "J", settings: ["epsilon"], directions: [], untargeted: true, temper: false, unit: "step", norm: "L∞" },
  "random-pairs": { output: null, settings: [...FEATURES, "seed"], directions: BOTH_WAYS, untargeted: true, temper: null, unit: "pair", norm: "L0" },
  "cw-l2": { output: "f", settings: ["confidence", "iterations"], directions: [], untargeted: false, temper: null, unit: "descent", norm: "L2" },
  "cw-l0": { output: "f", settings: ["confidence", "iterations"], directions: [], untargeted: false, temper: null, unit: "descent", norm: "L0" },
};

/** Whether the attack looks through softmax(Z/T); null where T makes no difference to it. @param {Settings} settings */
export function tempered({ attack, temper }) {
  const { temper: own, twin } = ATTACKS[attack];
  return own === null || twin ? own : temper ?? own;
}

/** The same attack with the temperature taken into account, or without. @param {Settings} settings @param {boolean} on @returns {Settings} */
export function withTemper(settings, on) {
  const { temper, twin } = ATTACKS[settings.attack];
  if (temper === null || tempered(settings) === on) return settings;
  return twin ? { ...settings, attack: twin } : { ...settings, temper: on === temper ? null : on };
}

/** Whether anything but the class that the image shows will do. @param {Settings} settings */
export const isUntargeted = ({ attack, untargeted }) => untargeted && ATTACKS[attack].untargeted;

/** The settings as the attack can have them. @param {Settings} settings @returns {Settings} */
export function settle(settings) {
  const { directions, twin, temper } = ATTACKS[settings.attack];
  const direction = directions.length === 0 || directions.includes(settings.direction) ? settings.direction : directions[0];
  return { ...settings, direction, temper: twin || temper === null || settings.temper === temper ? null : settings.temper };
}

/**
 * What the engine is asked for: the attack with its own settings and no others.
 *
 * @param {Settings} settings
 * @param {number} temperature The network's own.
 * @returns {Omit<AttackRequest, "model" | "image" | "target">}
 */
export function requestOf(settings, temperature) {
  const own = Object.fromEntries(ATTACKS[settings.attack].settings.map((name) => [name, settings[name]]));
  return { attack: settings.attack, ...own, ...(tempered(settings) ? { temperature } : {}), ...(isUntargeted(settings) ? { untargeted: true } : {}) };
}
