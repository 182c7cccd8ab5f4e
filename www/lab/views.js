/** What each experiment shows: its chart, what the marks mean, and the same figures as a table. */
import { number, percent, t } from "../i18n.js";
import { PAPER } from "../paper.js";
import { modelName } from "../verdict.js";
import { barChart, heatMap, histograms, legend, lineChart } from "./charts.js";

/**
 * @typedef {any} Row A row as the engine counts it; `pkg/cpu/engine.d.ts` says what is in it.
 * @typedef {import("../protocol.js").ManifestEntry} ManifestEntry
 * @typedef {import("../../pkg/cpu/engine.js").ExperimentKind} Kind
 *
 * @typedef {object} Context
 * @property {ManifestEntry[]} models
 * @property {Row[]} published Rows of this project's results for the same attack.
 * @property {boolean} isPaper Whether the attack is the paper's, so that its figures stand beside.
 * @property {number} network Of heat maps: which network,
 * @property {typeof MEASURES[number]} measure and which of its figures.
 * @property {(cell: { task: number, source: number, target: number }) => void} onOpen
 *
 * @typedef {object} View
 * @property {Element | null} chart
 * @property {Element[]} legend
 * @property {string[]} head
 * @property {string[][]} body
 */

/** What a heat map of source and target can show. */
export const MEASURES = /** @type {const} */ (["rate", "distortion_successes", "distance", "vanished"]);

const TEMPERATURES = [1, 2, 5, 10, 20, 40, 100];

/** A network's name, by the row that measured it. @param {{ model: string, scale: number, role: string }} row @param {ManifestEntry[]} models */
export function nameOf({ model, scale, role }, models) {
  const entry = models.find(({ id }) => id === model);
  return entry ? modelName(entry, role === "scaled" ? scale : null) : model;
}

/** How much of a row has been measured, of how much. @param {Kind} experiment @param {Row} row */
export function progressOf(experiment, row) {
  if (experiment === "robustness") return { done: row.measured + row.misread, of: row.images };
  if (experiment === "amplitude" || experiment === "fgsm") return { done: row.measured, of: row.planned };
  return { done: row.attempts + row.already_target, of: row.planned };
}

/** @param {Kind} experiment @param {Row[]} rows @param {Context} context @returns {View} */
export function draw(experiment, rows, context) {
  const named = (/** @type {Row} */ row) => {
    const { done, of } = progressOf(experiment, row);
    const name = nameOf(row, context.models);
    return done < of ? t("lab.partial", { name, done, of }) : name;
  };
  return DRAW[experiment](rows, context, named);
}

/** A mean's interval may reach below what a share can be. @param {[number, number] | null | undefined} interval @param {number} [digits] */
const span = (interval, digits = 1) => (interval ? ` (${t("results.interval", { low: percent(Math.max(0, interval[0]), digits), high: percent(Math.min(1, interval[1]), digits) })})` : "");
/** @param {number | null} share @param {number} [digits] */
const share = (share, digits = 1) => (share === null ? "–" : percent(share, digits));
/** @param {string} name */
const head = (name) => t(`lab.head.${name}`);

/** @type {Record<Kind, (rows: Row[], context: Context, named: (row: Row) => string) => View>} */
const DRAW = {
  success(rows, { published, isPaper }, named) {
    const series = successSeries(rows, published, isPaper);
    return {
      chart: lineChart({ series, x: { ticks: TEMPERATURES, isLog: true, label: t("lab.axis.temperature") }, y: t("lab.axis.success"), format: (value) => percent(value, 0), title: t("lab.success.title") }),
      legend: legend(series),
      head: ["network", "attempts", "fooled", "rate", "spent", "no-move", "vanished", "changed"].map(head),
      body: rows.map((row) => [
        named(row), number(row.attempts), number(row.successes), share(row.rate) + span(row.interval),
        number(row.outcomes.budget_spent), number(row.outcomes.no_admissible_pair), number(row.outcomes.gradient_vanished), share(row.distortion_successes),
      ]),
    };
  },

  robustness(rows, _, named) {
    const bars = rows.map((row) => ({
      name: named(row),
      bars: [row.robustness === null ? null : { share: row.robustness, interval: row.interval }, row.robustness_of_successes === null ? null : { share: row.robustness_of_successes, interval: row.interval_of_successes }],
      words: row.robustness === null ? "" : `${share(row.robustness, 2)} · ${share(row.robustness_of_successes, 2)}`,
    }));
    const cap = rows[0]?.cap;
    return {
      chart: rows.length > 0 ? barChart({ rows: bars, most: 1.1 * (cap ?? 1), cap, title: t("lab.robustness.title") }) : null,
      legend: [words(t("lab.robustness.legend"))],
      head: ["network", "images", "capped", "dropped", "failures", "all-vanished", "misread"].map(head),
      body: rows.map((row) => [
        named(row), number(row.measured), share(row.robustness, 2) + span(row.interval, 2), share(row.robustness_of_successes, 2) + span(row.interval_of_successes, 2),
        number(row.failures), number(row.gradient_vanished), number(row.misread),
      ]),
    };
  },

  pairs(rows, { network, measure, onOpen, models }, named) {
    const row = rows[network];
    const classes = Array.from({ length: 10 }, (_, place) => String(place));
    const most = measure === "rate" || measure === "vanished" || !row ? 1 : Math.max(1e-9, ...row.cells.map((/** @type {any} */ cell) => cell[measure] ?? 0));
    const cells = (/** @type {string} */ source) => classes.map((target) => {
      const cell = row.cells.find((/** @type {any} */ each) => each.source === Number(source) && each.target === Number(target));
      if (!cell) return null;
      const value = measure === "vanished" ? cell.gradient_vanished / cell.attempts : cell[measure];
      // Not to be taken for a network that withstood: nothing could be tried.
      const star = measure === "rate" && cell.gradient_vanished === cell.attempts ? "*" : "";
      const text = value === null ? "·" : star + number(100 * value, { maximumFractionDigits: measure === "distortion_successes" ? 1 : 0 });
      const label = t("lab.pairs.cell", { source, target, measure: t(`lab.measure.${measure}`), value: value === null ? "–" : percent(value, 1), count: cell.attempts });
      return { share: value === null ? null : value / most, text, label, onOpen: () => onOpen({ task: network, source: Number(source), target: Number(target) }) };
    });
    return {
      chart: row ? heatMap({ caption: t("lab.pairs.caption", { network: nameOf(row, models), measure: t(`lab.measure.${measure}`) }), corner: t("lab.pairs.corner"), across: classes, rows: classes.map((name) => ({ name, cells: cells(name) })) }) : null,
      legend: [words(t("lab.pairs.legend"))],
      head: ["network", "attempts", "fooled", "rate", "vanished"].map(head),
      body: rows.map((each) => [named(each), number(each.attempts), number(each.successes), share(each.rate) + span(each.interval), number(each.outcomes.gradient_vanished)]),
    };
  },

  amplitude(rows, _, named) {
    const bins = ["0", "1e−40", "1e−35", "1e−30", "1e−25", "1e−20", "1e−15", "1e−10", "1e−5", "1e−3"];
    return {
      chart: histograms({
        bins,
        title: t("lab.amplitude.title"),
        rows: rows.map((row) => ({
          name: named(row),
          shares: row.counts.map((/** @type {number} */ count) => (row.measured > 0 ? count / row.measured : 0)),
          words: row.measured > 0 ? t("lab.amplitude.below", { share: percent(row.below_1e_40, 1) }) : "",
        })),
      }),
      legend: [words(t("lab.amplitude.legend"))],
      head: ["network", "images", "below", "above", "zero"].map(head),
      body: rows.map((row) => [named(row), number(row.measured), share(row.below_1e_40) + span(row.below_interval), share(row.above_1e_3) + span(row.above_interval), number(row.zero)]),
    };
  },

  fgsm(rows, { models }, named) {
    const names = [...new Set(rows.map((row) => nameOf(row, models)))];
    const marks = /** @type {const} */ (["circle", "square", "diamond", "triangle"]);
    const series = names.map((name, place) => ({
      name,
      look: `chart-series-${place % 6}`,
      mark: marks[place % 4],
      isHollow: place >= 4,
      isJoined: true,
      points: rows.filter((row) => nameOf(row, models) === name && row.measured > 0).map((row) => ({ x: row.epsilon, y: row.rate, interval: row.interval })),
    }));
    return {
      chart: lineChart({ series, x: { ticks: [0, 0.05, 0.1, 0.2, 0.3], isLog: false, label: t("lab.axis.epsilon") }, y: t("lab.axis.error"), format: (value) => percent(value, 0), title: t("lab.fgsm.title") }),
      legend: legend(series),
      head: ["network", "epsilon", "images", "errors", "vanished", "misread"].map(head),
      body: rows.map((row) => [named(row), number(row.epsilon, { maximumFractionDigits: 2 }), number(row.measured), share(row.rate) + span(row.interval), number(row.outcomes.gradient_vanished), number(row.misread)]),
    };
  },

  transfer(rows, { models }, named) {
    const from = [...new Set(rows.map(named))];
    const to = [...new Set(rows.map((row) => nameOf(row.to, models)))];
    const cells = (/** @type {string} */ name) => to.map((other) => {
      const row = rows.find((each) => named(each) === name && nameOf(each.to, models) === other);
      if (!row || row.shown === 0) return null;
      return { share: row.rate, text: percent(row.rate, 0), label: "" };
    });
    return {
      chart: rows.length > 0 ? heatMap({ caption: t("lab.transfer.caption"), corner: t("lab.transfer.corner"), across: to, rows: from.map((name) => ({ name, cells: cells(name) })) }) : null,
      legend: [words(t("lab.transfer.legend"))],
      head: ["from", "to", "shown", "reached", "misread-rate", "vanished"].map(head),
      body: rows.map((row) => [
        named(row), nameOf(row.to, models), number(row.shown), row.shown === 0 ? "–" : share(row.rate) + span(row.interval), row.shown === 0 ? "–" : share(row.misread_rate) + span(row.misread_interval), number(row.outcomes.gradient_vanished),
      ]),
    };
  },
};

/** @param {Row[]} rows @param {Row[]} published @param {boolean} isPaper @returns {import("./charts.js").Series[]} */
function successSeries(rows, published, isPaper) {
  const paper = Object.entries(PAPER.mnist).filter(([name]) => name.startsWith("distilled")).map(([name, y]) => ({ x: Number(name.split(" ")[1]), y }));
  const pick = (/** @type {Row[]} */ of, /** @type {string} */ role) => of.filter((row) => row.role === role && row.attempts > 0)
    .map((row) => ({ x: role === "scaled" ? row.scale : row.temperature, y: row.rate, interval: row.interval }));
  /** @type {import("./charts.js").Series[]} */
  const series = [
    { name: t("lab.series.paper"), look: "chart-paper", mark: "circle", isHollow: true, isJoined: true, points: isPaper ? paper : [] },
    { name: t("lab.series.paper-undefended"), look: "chart-paper", mark: "square", isHollow: true, points: isPaper ? [{ x: 1, y: PAPER.mnist["undefended 1"] }] : [] },
    ...ROLES.map(({ role, mark }) => ({ name: t("lab.series.published", { role: t(`lab.role.${role}`) }), look: "chart-published", mark, isHollow: true, isJoined: role === "scaled", points: pick(published, role) })),
    ...ROLES.map(({ role, mark }) => ({ name: t("lab.series.yours", { role: t(`lab.role.${role}`) }), look: role === "scaled" ? "chart-scaled" : "chart-yours", mark, isJoined: role === "scaled" || role === "distilled", points: pick(rows, role) })),
  ];
  return series.filter(({ points }) => points.length > 0);
}

const ROLES = /** @type {const} */ ([
  { role: "undefended", mark: "square" },
  { role: "distilled", mark: "circle" },
  { role: "teacher", mark: "triangle" },
  { role: "scaled", mark: "diamond" },
]);

/** @param {string} text */
function words(text) {
  const element = document.createElement("span");
  element.textContent = text;
  return element;
}
