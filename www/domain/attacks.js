/**
 * The facts about attacks that the page needs: an attack's settings, its use of the temperature, and its request to the
 * engine. They come from the registry, which lists the attacks in `src/attack/mod.rs`.
 */
import { ATTACKS as REGISTRY } from "../../pkg/registry.js";
import { isChoice, PAGE_SETTINGS, pageSettings } from "./settings.js";

/**
 * @typedef {import("./settings.js").AttackId} AttackId
 * @typedef {import("./settings.js").Settings} Settings
 * @typedef {typeof REGISTRY[AttackId]} Attack
 * @typedef {Attack["changes"]} Changes What one step changes: a pair of features, one feature, all features once, or
 *   all features a little at every step.
 */

/** @type {Record<AttackId, Attack>} */
export const ATTACKS = REGISTRY;

/**
 * The papers' symbol for the output that an attack differentiates: the probabilities, the probabilities at T, the
 * logits, the loss, or the margin of the target's logit.
 */
export const SYMBOLS = /** @type {const} */ ({
  softmax: "F",
  "softmax-at-t": "F̂",
  logits: "Z",
  loss: "J",
  margin: "f",
});

/**
 * The language keys of the sentence for an attack that has made all of its changes.
 *
 * @type {Record<Changes, string>}
 */
export const SPENT = {
  pair: "verdict.budget-spent",
  feature: "verdict.budget-spent",
  all: "verdict.step-taken",
  descent: "verdict.descent-spent",
};
/** The language keys of the sentence for an attack that has reached its goal. @type {typeof SPENT} */
export const FOOLED = {
  pair: "verdict.fooled",
  feature: "verdict.fooled",
  all: "verdict.fooled",
  descent: "verdict.fooled-descent",
};

/** Lists the names of an attack's settings, in the order of the controls. @param {AttackId} attack */
export const settingNames = (attack) => pageSettings(attack).map(({ name }) => name);

/**
 * Whether an attack has a setting.
 *
 * @param {AttackId} attack
 * @param {import("./settings.js").PageSetting["name"]} name
 */
export const hasSetting = (attack, name) => settingNames(attack).includes(name);

/**
 * Lists the choices of an attack's setting. The list is empty if the attack has no such setting.
 *
 * @param {AttackId} attack
 * @param {import("./settings.js").Choice["name"]} name
 * @returns {readonly string[]}
 */
export const choicesForAttack = (attack, name) =>
  pageSettings(attack)
    .filter(isChoice)
    .find((setting) => setting.name === name)?.choices ?? [];

/**
 * Whether the attack can change the same feature several times, because a change is smaller than the range of a pixel.
 * Then its budget is a number of changes, and not of features.
 *
 * @param {Settings} settings
 */
export const countsChanges = ({ attack, theta }) =>
  hasSetting(attack, "theta") && hasSetting(attack, "budget") && theta < 1;

/** How many features an attack has changed after so many iterations, each counted every time. @param {Settings} settings @param {number} iteration */
export const changesMade = ({ attack }, iteration) => (ATTACKS[attack].changes === "pair" ? 2 : 1) * iteration;

/** Whether the attack uses softmax(Z/T); null if T makes no difference to the attack. @param {Settings} settings */
export function usesTemperature({ attack, temper }) {
  const { temperature } = ATTACKS[attack];
  if (!temperature) return null;
  return temperature.sibling ? temperature.always : (temper ?? temperature.always);
}

/**
 * Switches the use of the temperature on or off. For some attacks this changes the attack to its sibling.
 *
 * @param {Settings} settings
 * @param {boolean} on
 * @returns {Settings}
 */
export function withTemperature(settings, on) {
  const { temperature } = ATTACKS[settings.attack];
  if (!temperature || usesTemperature(settings) === on) return settings;
  const { sibling, always } = temperature;
  return sibling ? { ...settings, attack: sibling } : { ...settings, temper: on === always ? null : on };
}

/** Whether any class other than the image's own counts as success. @param {Settings} settings */
export const isUntargeted = ({ attack, untargeted }) => untargeted && ATTACKS[attack].untargeted;

/**
 * The settings of a link. For a setting that its attack does not have, a link that leaves it out says nothing: the page
 * uses the default of new runs once the visitor chooses an attack that has it.
 *
 * @param {Settings} ofLink
 */
export const settingsOfLink = (ofLink) => replaceUnused(ofLink, "link", "default");

/**
 * The settings as a link holds them: it leaves out the defaults of settings that its attack does not have.
 *
 * @param {Settings} settings
 */
export const settingsForLink = (settings) => replaceUnused(settings, "default", "link");

/**
 * Replaces values of settings that the attack does not have.
 *
 * @param {Settings} settings
 * @param {"default" | "link"} from
 * @param {"default" | "link"} to
 * @returns {Settings}
 */
function replaceUnused(settings, from, to) {
  const unused = PAGE_SETTINGS.filter(
    (setting) => !hasSetting(settings.attack, setting.name) && settings[setting.name] === setting[from],
  );
  return { ...settings, ...Object.fromEntries(unused.map((setting) => [setting.name, setting[to]])) };
}

/**
 * Replaces each setting that the attack does not allow with its default.
 *
 * @param {Settings} settings
 * @returns {Settings}
 */
export function toValidSettings(settings) {
  const { temperature } = ATTACKS[settings.attack];
  const invalid = pageSettings(settings.attack)
    .filter(isChoice)
    .filter(({ name, choices }) => !choices.some((choice) => choice === settings[name]));
  const isDefaultTemper = !temperature || temperature.sibling || settings.temper === temperature.always;
  return {
    ...settings,
    ...Object.fromEntries(invalid.map((setting) => [setting.name, setting.default])),
    temper: isDefaultTemper ? null : settings.temper,
  };
}

/**
 * Lists the settings that an attack does not have as they were wanted.
 *
 * @param {Settings} wanted
 * @param {Settings} valid As `toValidSettings` returns them.
 */
export function changedSettings(wanted, valid) {
  const { attack, untargeted, temper } = wanted;
  const isTempered = usesTemperature(valid) ?? false;
  return /** @type {(keyof Settings)[]} */ ([
    ...settingNames(attack).filter((name) => wanted[name] !== valid[name]),
    ...(untargeted && !isUntargeted(valid) ? ["untargeted"] : []),
    ...(temper !== null && temper !== isTempered ? ["temper"] : []),
  ]);
}

/**
 * The engine's request for an attack: its id and its own settings, and no others.
 *
 * @param {Settings} settings
 * @param {number} temperature The network's training temperature, times the factor of its logits.
 * @returns {import("../../pkg/registry.js").Attack & { untargeted?: boolean }}
 */
export function toAttackRequest(settings, temperature) {
  const own = Object.fromEntries(settingNames(settings.attack).map((name) => [name, settings[name]]));
  const usesT = usesTemperature(settings);
  // An attack with a sibling that uses T has no temperature itself. The others state theirs, which is 1 without T.
  const hasT = usesT || (usesT === false && !ATTACKS[settings.attack].temperature?.sibling);
  return /** @type {any} */ ({
    attack: settings.attack,
    ...own,
    ...(hasT ? { temperature: usesT ? temperature : 1 } : {}),
    ...(isUntargeted(settings) ? { untargeted: true } : {}),
  });
}
