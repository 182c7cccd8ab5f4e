/**
 * What a panel has to say, in words. A gradient that has vanished is never called a defence that
 * held, nor an attack that failed: the two sentences would look alike, and only one would be true.
 */
import { ATTACKS, isUntargeted } from "./attacks.js";
import { DATASETS, MNIST } from "./datasets.js";
import { number, percent, t } from "./i18n.js";
import { stepAt } from "./player.js";

/** @typedef {import("./state.js").Side} Side */
/** @typedef {import("./state.js").State} State */
/** @typedef {import("./state.js").Step} Step */
/** @typedef {{ tone: 'quiet' | 'fooled' | 'still' | 'vanished', text: string }} Verdict */

const { features, side: width } = DATASETS[MNIST];

/** @param {State} state @param {Side} side @param {number} shown @returns {Verdict} */
export function verdict(state, side, shown) {
  const panel = state.panels[side];
  const step = stepAt(panel, shown);
  if (step?.outcome) return { tone: TONES[step.outcome], text: ending(state, panel.steps[0], step) };
  if (step) return { tone: "quiet", text: underWay(state, panel.steps[0], step) };
  if (!state.picture.pixels) return { tone: "quiet", text: state.strokes.length > 0 ? t("verdict.waiting") : t("verdict.blank") };
  if (panel.reading) return { tone: "quiet", text: t("verdict.reads", { label: String(panel.reading.label) }) };
  return { tone: "quiet", text: t("verdict.waiting") };
}

/** @type {Record<import("./state.js").Outcome, Verdict["tone"]>} */
const TONES = {
  fooled: "fooled",
  "budget-spent": "still",
  "no-admissible-pair": "still",
  "gradient-vanished": "vanished",
  "already-target": "quiet",
  cancelled: "quiet",
};

/** @param {State} state @param {Step} first @param {Step} last */
function ending(state, first, last) {
  const { featuresChanged, zeroGradients, gradientEntries } = last;
  const values = {
    reading: reading(first, last),
    label: String(last.label),
    target: String(state.target),
    count: featuresChanged,
    share: percent(featuresChanged / features, 1),
    budget: state.settings.budget,
    epsilon: state.settings.epsilon,
    zeros: zeroGradients ?? 0,
    entries: gradientEntries ?? 0,
    made: last.iteration,
    features,
  };
  const { unit, output } = ATTACKS[state.settings.attack];
  switch (last.outcome) {
    case "gradient-vanished":
      return t(zeroGradients === gradientEntries ? "verdict.vanished" : "verdict.vanished-partly", values);
    case "budget-spent":
      if (unit === "step") return t("verdict.step-taken", values);
      return t(last.iteration > 0 ? "verdict.budget-spent" : `verdict.no-budget.${unit}`, values);
    case "no-admissible-pair":
      return t(output === null ? "verdict.nothing-left" : unit === "pixel" ? "verdict.no-admissible-pixel" : "verdict.no-admissible-pair", values);
    case "already-target":
      return t(isUntargeted(state.settings) ? "verdict.already-misread" : "verdict.already-target", values);
    default:
      return t(`verdict.${last.outcome}`, values);
  }
}

/** @param {State} state @param {Step} first @param {Step} step */
function underWay({ settings }, first, step) {
  const [one, other] = step.chosen ?? [];
  const words = { reading: reading(first, step), epsilon: settings.epsilon };
  if (other !== undefined) return t("verdict.next", { ...words, first: place(one), second: place(other) });
  if (one !== undefined) return t("verdict.next-one", { ...words, first: place(one) });
  return t(ATTACKS[settings.attack].unit === "step" ? "verdict.next-all" : "verdict.under-way", words);
}

/** "Still reads 7", or "Now reads 2". @param {Step} first @param {Step} step */
const reading = (first, step) => t(step.label === first.label ? "verdict.still" : "verdict.now", { label: String(step.label) });

/** A feature as (column, row), counted from zero at the top left. @param {number} feature */
const place = (feature) => `(${number(feature % width)},\u00a0${number(Math.floor(feature / width))})`;

/** @param {State} state @param {Side} side */
export function panelName({ panels }, side) {
  const { model, scale } = panels[side];
  return model ? modelName(model, scale) : t(`panel.${side}`);
}

/** @param {Pick<import("./state.js").ManifestEntry, "role" | "temperature">} model @param {number | null} [k] What its logits are multiplied by. */
export function modelName({ role, temperature }, k = null) {
  const name = role === "undefended" ? t("role.undefended") : t("role.at-temperature", { role: t(`role.${role}`), temperature });
  return k === null ? name : t("role.scaled", { network: name, k });
}

/** The T that an attack takes into account: that of the training, times what the logits are multiplied by. @param {import("./state.js").Panel} panel */
export const ownTemperature = ({ model, scale }) => (model?.temperature ?? 1) * (scale ?? 1);
