/**
 * What a panel has to say, in words. A gradient that has vanished is never called a defence that
 * held, nor an attack that failed: the two sentences would look alike, and only one would be true.
 */
import { ATTACKS, hasSetting, isUntargeted, usesTemperature } from "../domain/attacks.js";
import { CHANNELS, DATASETS, positionOf } from "../domain/datasets.js";
import { largestDerivative, largestLossDerivative } from "../domain/softmax.js";
import { className, modelName, number, percent, t } from "../page/i18n.js";
import { stepAt } from "./player.js";
import { goalOf, SIDES } from "./state.js";

/** @typedef {import("./state.js").Side} Side */
/** @typedef {import("./state.js").State} State */
/** @typedef {import("./state.js").Step} Step */
/** @typedef {import("../domain/datasets.js").Dataset} Dataset */
/** @typedef {{ tone: 'quiet' | 'fooled' | 'still' | 'vanished', text: string }} Verdict */

/** @param {State} state @param {Side} side @param {number} shown @returns {Verdict} */
export function verdict(state, side, shown) {
  const panel = state.panels[side];
  const step = stepAt(panel, shown);
  if (step?.outcome) return { tone: TONES[step.outcome], text: ending(state, panel.steps, step) };
  if (step) return { tone: "quiet", text: underWay(state, panel.steps[0], step) };
  if (!state.picture.pixels)
    return { tone: "quiet", text: state.strokes.length > 0 ? t("verdict.waiting") : t("verdict.blank") };
  if (panel.reading)
    return { tone: "quiet", text: t("verdict.reads", { label: className(DATASETS[state.data], panel.reading.label) }) };
  return { tone: "quiet", text: t("verdict.waiting") };
}

/**
 * What running the attack will do here, for those who have not run it; empty where it has been, or where
 * there is nothing to run it on. Whether it will be blinded is computed and not supposed: through a
 * softmax whose every derivative is exactly zero there is no gradient, whatever the network is.
 *
 * @param {State} state
 * @param {Side} side
 */
export function prospect(state, side) {
  const { data, settings, target, panels, picture, running } = state;
  const { reading, readingOf, steps } = panels[side];
  if (running || steps.length > 0 || !reading || readingOf !== picture.pixels) return "";
  const untargeted = isUntargeted(settings);
  const { changes, output } = ATTACKS[settings.attack];
  const values = {
    attack: t(`attack.${settings.attack}`),
    target: className(DATASETS[data], target),
    budget: settings.budget,
    epsilon: settings.epsilon,
  };
  const about = goalOf(state, side);
  if (untargeted && reading.label !== about) return t("prospect.misread");
  if (!untargeted && reading.label === about) return t("prospect.already");
  const slope = output && SLOPES[output];
  const isBlindAt = (/** @type {number} */ temperature) => slope?.(reading.logits, about, temperature) === 0;
  const own = ownTemperature(panels[side]);
  if (isBlindAt(usesTemperature(settings) ? own : 1))
    return t("prospect.blind") + (isBlindAt(own) ? "" : t("prospect.blind.cure"));
  const goal = t(untargeted ? "prospect.goal.any" : "prospect.goal", values);
  return t(`prospect.${output === null ? "random" : changes}`, { ...values, goal });
}

/** The outputs that go through a softmax, and how steep that is. @type {Partial<Record<string, typeof largestDerivative>>} */
const SLOPES = { softmax: largestDerivative, "softmax-at-t": largestDerivative, loss: largestLossDerivative };

/** @type {Record<import("./state.js").Outcome, Verdict["tone"]>} */
const TONES = {
  fooled: "fooled",
  "budget-spent": "still",
  "no-admissible-pair": "still",
  "gradient-vanished": "vanished",
  "already-target": "quiet",
  cancelled: "quiet",
};

/**
 * What is said when all changes have been made, and when the target is reached.
 *
 * @type {Record<import("../domain/attacks.js").Changes, string>}
 */
const SPENT = {
  pair: "verdict.budget-spent",
  feature: "verdict.budget-spent",
  all: "verdict.step-taken",
  descent: "verdict.descent-spent",
};
/** @type {typeof SPENT} */
const FOOLED = {
  pair: "verdict.fooled",
  feature: "verdict.fooled",
  all: "verdict.fooled",
  descent: "verdict.fooled-descent",
};

/** @param {State} state @param {Step[]} steps @param {Step} last */
function ending(state, [first], last) {
  const dataset = DATASETS[state.data];
  const { featuresChanged, zeroGradients, gradientEntries } = last;
  const values = {
    reading: reading(dataset, first, last),
    label: className(dataset, last.label),
    target: className(dataset, state.target),
    count: featuresChanged,
    share: percent(featuresChanged / dataset.features, 1),
    pixels: pixelsChanged(dataset, first, last),
    budget: state.settings.budget,
    epsilon: state.settings.epsilon,
    zeros: zeroGradients ?? 0,
    entries: gradientEntries ?? 0,
    made: last.iteration,
    distance: number(Math.hypot(...last.image.map((pixel, place) => pixel - first.image[place])), {
      maximumFractionDigits: 2,
      minimumFractionDigits: 2,
    }),
    features: dataset.features,
  };
  const { attack } = state.settings;
  const { changes, output } = ATTACKS[attack];
  switch (last.outcome) {
    case "gradient-vanished":
      return t(zeroGradients === gradientEntries ? "verdict.vanished" : "verdict.vanished-partly", values);
    case "budget-spent":
      return t(
        last.iteration === 0 && hasSetting(attack, "budget") ? `verdict.no-budget.${changes}` : SPENT[changes],
        values,
      );
    case "no-admissible-pair":
      return t(
        output === null
          ? "verdict.nothing-left"
          : changes === "feature"
            ? "verdict.no-admissible-feature"
            : "verdict.no-admissible-pair",
        values,
      );
    case "already-target":
      return t(isUntargeted(state.settings) ? "verdict.already-misread" : "verdict.already-target", values);
    case "fooled":
      return t(FOOLED[changes], values);
    default:
      return t(`verdict.${last.outcome}`, values);
  }
}

/** How many pixels differ in any of their channels. @param {Dataset} dataset @param {Step} first @param {Step} last */
function pixelsChanged(dataset, { image: before }, { image: after }) {
  const { side, features } = dataset;
  const changed = new Set();
  for (let i = 0; i < features; i++) if (after[i] !== before[i]) changed.add(i % (side * side));
  return changed.size;
}

/** @param {State} state @param {Step} first @param {Step} step */
function underWay({ data, settings }, first, step) {
  const dataset = DATASETS[data];
  const [one, other] = step.chosen ?? [];
  const words = { reading: reading(dataset, first, step), epsilon: settings.epsilon };
  if (other !== undefined)
    return t("verdict.next", { ...words, first: place(dataset, one), second: place(dataset, other) });
  if (one !== undefined) return t("verdict.next-one", { ...words, first: place(dataset, one) });
  return t(ATTACKS[settings.attack].changes === "all" ? "verdict.next-all" : "verdict.under-way", words);
}

/** "Still reads 7", or "Now reads 2". @param {Dataset} dataset @param {Step} first @param {Step} step */
const reading = (dataset, first, step) =>
  t(step.label === first.label ? "verdict.still" : "verdict.now", { label: className(dataset, step.label) });

/**
 * A feature as (column, row), counted from zero at the top left, with its channel where there are several.
 *
 * @param {Dataset} dataset
 * @param {number} feature
 */
function place(dataset, feature) {
  const { channel, x, y } = positionOf(dataset, feature);
  const at = `(${number(x)},\u00a0${number(y)})`;
  return dataset.channels === 1 ? at : t(`verdict.${CHANNELS[channel]}`, { at });
}

/** @param {State} state @param {Side} side */
export function panelName({ panels }, side) {
  const { model, scale } = panels[side];
  return model ? modelName(model, scale) : t(`panel.${side}`);
}

/**
 * The T that an attack takes into account: that of the training, times what the logits are multiplied by.
 *
 * @param {import("./state.js").Panel} panel
 */
export const ownTemperature = ({ model, scale }) => (model?.temperature ?? 1) * (scale ?? 1);

/** What both panels show, in words. @param {State} state */
export const bothVerdicts = (state) =>
  SIDES.map((side) => `${panelName(state, side)}: ${verdict(state, side, state.shown).text}`).join(" ");
