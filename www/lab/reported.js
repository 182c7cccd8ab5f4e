/** The figures that the papers report, as rows like the engine's with the paper's number in the page's list. */
import { ATTACKS, settingNames } from "../domain/attacks.js";
import { PAPER_KEYS, PAPERS } from "../domain/papers.js";
import { DEFAULTS } from "../domain/settings.js";
import { COMPARED_ATTACKS } from "./plan.js";

/**
 * @typedef {import("./plan.js").Row} Row
 * @typedef {import("../page/paper-figures.js").PaperFigures} PaperFigures
 */

/** The ε of the papers' figures about FGSM. */
export const PAPER_EPSILON = 0.3;

/**
 * The rows of an experiment that the papers report for these settings; empty if they report none.
 *
 * @param {import("./plan.js").Experiment} experiment
 * @param {string} data
 * @param {import("../domain/settings.js").Settings} settings
 * @param {PaperFigures} papers
 * @returns {Row[]}
 */
export function paperRows(experiment, data, settings, papers) {
  const isPaper = settings.attack === "jsma-f" && settings.direction === "increase";
  switch (experiment) {
    case "success":
      return rowsOfAttack(data, settings, papers);
    case "attacks":
      return COMPARED_ATTACKS.flatMap((variant) =>
        rowsOfAttack(data, { ...settings, ...variant, temper: null }, papers),
      );
    case "robustness":
      return isPaper ? rows(papers.robustness[data], (robustness) => ({ robustness })) : [];
    case "amplitude":
      return rows(papers.amplitude[data], ({ below, above }) => ({ below_1e_40: below, above_1e_3: above }));
    case "fgsm":
      return settings.temper
        ? []
        : rows(papers.fgsm[data], (rate, network) => ({
            rate,
            isBelow: papers.fgsm[data].upper_bounds?.includes(network) ?? false,
            epsilon: PAPER_EPSILON,
          }));
    default:
      return [];
  }
}

/**
 * The papers' success rates of an attack. They are about the default settings, apart from the direction.
 *
 * @param {string} data
 * @param {import("../domain/settings.js").Settings} settings
 * @param {PaperFigures} papers
 */
function rowsOfAttack(data, settings, papers) {
  const { attack, direction } = settings;
  const changed = settingNames(attack).filter((name) => settings[name] !== DEFAULTS[name]);
  if (settings.temper !== null || changed.some((name) => name !== "direction")) return [];
  const name = changed.includes("direction") ? `${attack} ${direction}` : attack;
  const sizes = papers.size[data]?.[name]?.figures ?? {};
  const isLength = ATTACKS[attack].norm === "L2";
  return rows(papers.success[data]?.[name], (rate, network) => ({
    attack,
    direction,
    rate,
    ...(isLength ? { distance_successes: sizes[network] } : { distortion_successes: sizes[network] ?? null }),
  }));
}

/**
 * A row for each network of a group of figures.
 *
 * @template Figure
 * @param {import("../page/paper-figures.js").Group<Figure> | undefined} group
 * @param {(figure: Figure, network: string) => object} row
 * @returns {Row[]}
 */
function rows(group, row) {
  if (!group) return [];
  const source = numberOf(group.source);
  return Object.entries(group.figures).map(([network, figure]) => {
    const [role, temperature] = network.split(" ");
    return { role, temperature: Number(temperature), scale: 1, source, ...row(figure, network) };
  });
}

/** A paper's number in the page's list, from 1. @param {string} source Such as `arXiv:1511.04508`. */
const numberOf = (source) => 1 + PAPER_KEYS.findIndex((key) => `arXiv:${PAPERS[key].arxiv}` === source);
