/**
 * What the registry says of each attack, as the page asks for it: its settings, how the temperature matters, and its
 * request.
 */
import { ATTACKS as REGISTRY } from "../../pkg/registry.js";
import { isChoice, offeredBy } from "./settings.js";

/**
 * @typedef {import("./settings.js").AttackId} AttackId
 * @typedef {import("./settings.js").Settings} Settings
 * @typedef {typeof REGISTRY[AttackId]} Attack
 * @typedef {Attack["changes"]} Changes What a step changes: two features, one, all of them once, or all a little and
 * again.
 */

/** @type {Record<AttackId, Attack>} */
export const ATTACKS = REGISTRY;

/**
 * What an attack differentiates, as the papers write it: probabilities, those at T, logits, the loss, the margin of the
 * target's logit.
 */
export const SYMBOLS = /** @type {const} */ ({
  softmax: "F",
  "softmax-at-t": "F̂",
  logits: "Z",
  loss: "J",
  margin: "f",
});

/** The names of an attack's settings, in the order of the controls. @param {AttackId} attack */
export const settingsOf = (attack) => offeredBy(attack).map(({ name }) => name);

/** @param {AttackId} attack @param {import("./settings.js").Offered["name"]} name */
export const hasSetting = (attack, name) => settingsOf(attack).includes(name);

/**
 * What a setting may be in this attack; nothing where it has none of that name.
 *
 * @param {AttackId} attack
 * @param {import("./settings.js").Choice["name"]} name
 * @returns {readonly string[]}
 */
export const choicesIn = (attack, name) =>
  offeredBy(attack)
    .filter(isChoice)
    .find((setting) => setting.name === name)?.choices ?? [];

/** Whether the attack looks through softmax(Z/T); null where T makes no difference to it. @param {Settings} settings */
export function tempered({ attack, temper }) {
  const { temperature } = ATTACKS[attack];
  if (!temperature) return null;
  return temperature.sibling ? temperature.always : (temper ?? temperature.always);
}

/**
 * The same attack with the temperature taken into account, or without.
 *
 * @param {Settings} settings
 * @param {boolean} on
 * @returns {Settings}
 */
export function withTemper(settings, on) {
  const { temperature } = ATTACKS[settings.attack];
  if (!temperature || tempered(settings) === on) return settings;
  const { sibling, always } = temperature;
  return sibling ? { ...settings, attack: sibling } : { ...settings, temper: on === always ? null : on };
}

/** Whether any class will do other than the one that the image shows. @param {Settings} settings */
export const isUntargeted = ({ attack, untargeted }) => untargeted && ATTACKS[attack].untargeted;

/** The settings as the attack can have them. @param {Settings} settings @returns {Settings} */
export function settle(settings) {
  const { temperature } = ATTACKS[settings.attack];
  const impossible = offeredBy(settings.attack)
    .filter(isChoice)
    .filter(({ name, choices }) => !choices.some((choice) => choice === settings[name]));
  const isOwnWay = !temperature || temperature.sibling || settings.temper === temperature.always;
  return {
    ...settings,
    ...Object.fromEntries(impossible.map((setting) => [setting.name, setting.default])),
    temper: isOwnWay ? null : settings.temper,
  };
}

/**
 * What the engine is asked for: the attack with its own settings and no others.
 *
 * @param {Settings} settings
 * @param {number} temperature The network's own.
 * @returns {import("../../pkg/registry.js").Attack & { untargeted?: boolean }}
 */
export function requestOf(settings, temperature) {
  const own = Object.fromEntries(settingsOf(settings.attack).map((name) => [name, settings[name]]));
  return /** @type {any} */ ({
    attack: settings.attack,
    ...own,
    ...(tempered(settings) ? { temperature } : {}),
    ...(isUntargeted(settings) ? { untargeted: true } : {}),
  });
}
