/** The papers' figures as rows like the engine's, as far as they go, each with the number of its source in the page's list. */
import { ATTACKS, settingsOf } from "../domain/attacks.js";
import { PAPER } from "../domain/paper.js";
import { DEFAULTS } from "../domain/settings.js";
import { LINEUP } from "./plan.js";

/** @typedef {import("./plan.js").Row} Row */

/** Where each attack's success is from. @type {Record<string, number>} */
const SOURCES = { "jsma-f": 2, "jsma-z": 1, "not-robust decrease": 3, "cw-l2": 4, "cw-l0": 4 };
const DISTILLATION = 2;
const FGSM = 5;
/** The step that FGSM's figures are about. */
export const PAPER_EPSILON = 0.3;

/**
 * @param {import("./plan.js").Experiment} experiment
 * @param {string} data
 * @param {import("../domain/settings.js").Settings} settings
 * @returns {Row[]}
 */
export function reported(experiment, data, settings) {
  const isPaper = settings.attack === "jsma-f" && settings.direction === "increase";
  switch (experiment) {
    case "success": return ofAttack(data, settings);
    case "attacks": return LINEUP.flatMap((each) => ofAttack(data, { ...settings, ...each, temper: null }));
    case "robustness": return isPaper ? rows(PAPER.robustness[data], (robustness) => ({ robustness, source: DISTILLATION })) : [];
    case "amplitude": return rows(PAPER.amplitude[data], ({ below, above }) => ({ below_1e_40: below, above_1e_3: above, source: DISTILLATION }));
    case "fgsm": return settings.temper ? [] : rows(PAPER.fgsm[data], (rate, network) => ({ rate, isBelow: network === "distilled 100", epsilon: PAPER_EPSILON, source: FGSM }));
    default: return [];
  }
}

/** @param {string} data @param {import("../domain/settings.js").Settings} settings */
function ofAttack(data, settings) {
  const { attack, direction } = settings;
  const changed = settingsOf(attack).filter((name) => settings[name] !== DEFAULTS[name]);
  const others = changed.filter((name) => name !== "direction");
  if (settings.temper !== null || others.length > 0) return [];
  const name = changed.includes("direction") ? `${attack} ${direction}` : attack;
  const sizes = PAPER.size[data]?.[name] ?? {};
  const isLength = ATTACKS[attack].norm === "L2";
  return rows(PAPER.success[data]?.[name], (rate, network) => ({
    attack, direction, rate, source: SOURCES[name],
    ...(isLength ? { distance_successes: sizes[network] } : { distortion_successes: sizes[network] ?? null }),
  }));
}

/** @param {Record<string, any> | undefined} figures @param {(figure: any, network: string) => object} row @returns {Row[]} */
function rows(figures = {}, row) {
  return Object.entries(figures).map(([network, figure]) => {
    const [role, temperature] = network.split(" ");
    return { role, temperature: Number(temperature), scale: 1, ...row(figure, network) };
  });
}
