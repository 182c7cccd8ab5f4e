/**
 * The sentences of a panel: what the network reads and how the attack goes or ended. A vanished gradient
 * has a sentence of its own, because it is neither a defence that held nor an attack that failed.
 */
import {
  ATTACKS,
  changesMade,
  countsChanges,
  FOOLED,
  hasSetting,
  isUntargeted,
  SPENT,
  usesTemperature,
} from "../domain/attacks.js";
import { CHANNELS, DATASETS, positionOf } from "../domain/datasets.js";
import { largestDerivative, largestLossDerivative } from "../domain/softmax.js";
import { className, modelName, number, percent, t } from "../page/i18n.js";
import { stepAt } from "./player.js";
import { goalClass, SIDES } from "./state.js";

/** @typedef {import("./state.js").Side} Side */
/** @typedef {import("./state.js").State} State */
/** @typedef {import("./state.js").Step} Step */
/** @typedef {import("../domain/datasets.js").Dataset} Dataset */
/** @typedef {{ tone: 'quiet' | 'fooled' | 'still' | 'vanished', text: string }} Verdict */

/**
 * The verdict of a panel at a step.
 *
 * @param {State} state
 * @param {Side} side
 * @param {number} shown
 * @returns {Verdict}
 */
export function verdict(state, side, shown) {
  const panel = state.panels[side];
  const step = stepAt(panel, shown);
  if (step?.outcome) return { tone: TONES[step.outcome], text: endingText(state, panel.steps, step) };
  if (step) return { tone: "quiet", text: progressText(state, panel.steps[0], step) };
  if (!state.picture.pixels)
    return { tone: "quiet", text: state.strokes.length > 0 ? t("verdict.waiting") : t("verdict.blank") };
  if (panel.reading)
    return { tone: "quiet", text: t("verdict.reads", { label: className(DATASETS[state.data], panel.reading.label) }) };
  return { tone: "quiet", text: t("verdict.waiting") };
}

/**
 * What the attack will do to this panel, before it is run; empty if it has been run or there is no image.
 * Whether the gradient will be zero is computed from the logits: if every derivative of the softmax is
 * exactly zero in float32, the gradient is zero whatever the network is.
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
  const about = goalClass(state, side);
  if (untargeted && reading.label !== about) return t("prospect.misread");
  if (!untargeted && reading.label === about) return t("prospect.already");
  const slope = output && SLOPES[output];
  const vanishesAt = (/** @type {number} */ temperature) => slope?.(reading.logits, about, temperature) === 0;
  const networkT = effectiveTemperature(panels[side]);
  if (vanishesAt(usesTemperature(settings) ? networkT : 1))
    return t("prospect.blind") + (vanishesAt(networkT) ? "" : t("prospect.blind.cure"));
  const goal = t(untargeted ? "prospect.goal.any" : "prospect.goal", values);
  const kind = `prospect.${output === null ? "random" : changes}`;
  return t(countsChanges(settings) ? `${kind}.changes` : kind, { ...values, goal });
}

/**
 * For each output behind a softmax, the function for its largest absolute derivative with respect to a logit.
 *
 * @type {Partial<Record<string, typeof largestDerivative>>}
 */
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

/** How an attack ended. @param {State} state @param {Step[]} steps @param {Step} last */
function endingText(state, [first], last) {
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
    changes: changesMade(state.settings, last.iteration),
    distance: number(Math.hypot(...last.image.map((value, feature) => value - first.image[feature])), {
      maximumFractionDigits: 2,
      minimumFractionDigits: 2,
    }),
    features: dataset.features,
  };
  const { attack } = state.settings;
  const { changes, output } = ATTACKS[attack];
  const counted = (/** @type {string} */ key) => t(countsChanges(state.settings) ? `${key}.changes` : key, values);
  switch (last.outcome) {
    case "gradient-vanished":
      return t(zeroGradients === gradientEntries ? "verdict.vanished" : "verdict.vanished-partly", values);
    case "budget-spent":
      return last.iteration === 0 && hasSetting(attack, "budget")
        ? t(`verdict.no-budget.${changes}`, values)
        : counted(SPENT[changes]);
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
      return counted(FOOLED[changes]);
    default:
      return t(`verdict.${last.outcome}`, values);
  }
}

/** How many pixels differ in at least one channel. @param {Dataset} dataset @param {Step} first @param {Step} last */
function pixelsChanged(dataset, { image: before }, { image: after }) {
  const { side, features } = dataset;
  const changed = new Set();
  for (let i = 0; i < features; i++) if (after[i] !== before[i]) changed.add(i % (side * side));
  return changed.size;
}

/** What a running attack does next. @param {State} state @param {Step} first @param {Step} step */
function progressText({ data, settings }, first, step) {
  const dataset = DATASETS[data];
  const [one, other] = step.chosen ?? [];
  const words = { reading: reading(dataset, first, step), epsilon: settings.epsilon };
  if (other !== undefined)
    return t("verdict.next", { ...words, first: positionText(dataset, one), second: positionText(dataset, other) });
  if (one !== undefined) return t("verdict.next-one", { ...words, first: positionText(dataset, one) });
  return t(ATTACKS[settings.attack].changes === "all" ? "verdict.next-all" : "verdict.under-way", words);
}

/** "Still reads 7", or "Now reads 2". @param {Dataset} dataset @param {Step} first @param {Step} step */
const reading = (dataset, first, step) =>
  t(step.label === first.label ? "verdict.still" : "verdict.now", { label: className(dataset, step.label) });

/**
 * A feature as (column, row), counted from zero at the top left, and its channel if the image has several.
 *
 * @param {Dataset} dataset
 * @param {number} feature
 */
function positionText(dataset, feature) {
  const { channel, x, y } = positionOf(dataset, feature);
  const at = `(${number(x)},\u00a0${number(y)})`;
  return dataset.channels === 1 ? at : t(`verdict.${CHANNELS[channel]}`, { at });
}

/** The name of the network in a panel. @param {State} state @param {Side} side */
export function panelName({ panels }, side) {
  const { model, scale } = panels[side];
  return model ? modelName(model, scale) : t(`panel.${side}`);
}

/**
 * The temperature for an attack that takes it into account: the training temperature times the factor on the logits.
 *
 * @param {import("./state.js").Panel} panel
 */
export const effectiveTemperature = ({ model, scale }) => (model?.temperature ?? 1) * (scale ?? 1);

/** The verdicts of both panels in one text. @param {State} state */
export const verdictsOfBoth = (state) =>
  SIDES.map((side) => `${panelName(state, side)}: ${verdict(state, side, state.shown).text}`).join(" ");
