/**
 * The table of success rates: the paper's figure beside this project's, from `results/success.json`. If the file cannot
 * be fetched, the table is hidden.
 */
import { DATASETS } from "../domain/datasets.js";
import { ROLES } from "../domain/networks.js";
import { fetchJson } from "../engine/fetch.js";
import { make, must } from "../page/dom.js";
import { modelName, number, percent, percentInterval, t } from "../page/i18n.js";
import { fetchPaperFigures } from "../page/paper-figures.js";

/**
 * @typedef {object} SuccessRow
 * @property {string} dataset
 * @property {typeof ROLES[number]} role
 * @property {number} temperature
 * @property {number} planned
 * @property {number} rate
 * @property {number} low
 * @property {number} high
 * @property {number} vanished
 */

const FILE = new URL("../../results/success.json", import.meta.url);

/** Fetches the results once, and returns a function that draws those of one data set in the page's language. */
export async function setUpResults() {
  const [rows, papers] = await Promise.all([
    fetchJson(FILE, { cache: "default" })
      .then(parseRows)
      .catch(() => []),
    fetchPaperFigures(),
  ]);
  return (/** @type {string} */ data) => {
    const root = must("#results", HTMLElement);
    const shown = rows.filter(({ dataset }) => dataset === data);
    root.hidden = shown.length === 0;
    root.replaceChildren(
      ...(shown.length > 0 ? [makeTable(shown, papers.success[data]?.["jsma-f"]?.figures ?? {})] : []),
    );
  };
}

/** The rows of the paper's attack with the paper's settings; invalid rows are left out. @param {unknown} value @returns {SuccessRow[]} */
function parseRows(value) {
  if (!Array.isArray(value)) return [];
  return value
    .filter(
      (row) =>
        row
        && Object.hasOwn(DATASETS, row.dataset)
        && row.attack === "jsma-f"
        && row.direction === "increase"
        && row.theta === 1
        && row.budget === 112,
    )
    .filter((row) => ROLES.includes(row.role))
    .map(({ dataset, role, temperature, planned, rate, interval, outcomes }) => {
      return {
        dataset,
        role,
        temperature,
        planned,
        rate,
        low: interval?.[0],
        high: interval?.[1],
        vanished: outcomes?.gradient_vanished,
      };
    })
    .filter(({ dataset, role, ...numbers }) => Object.values(numbers).every(Number.isFinite))
    .slice(0, 60);
}

/** @param {SuccessRow[]} rows @param {Record<string, number>} paper */
function makeTable(rows, paper) {
  const head = ["network", "paper", "ours", "vanished"].map((name) =>
    make("th", { scope: "col" }, t(`results.${name}`)),
  );
  return make(
    "table",
    {},
    make("caption", {}, t("results.title", { count: rows[0].planned })),
    make("thead", {}, make("tr", {}, ...head)),
    make("tbody", {}, ...rows.map((row) => makeRow(row, paper[`${row.role} ${row.temperature}`]))),
  );
}

/** @param {SuccessRow} row @param {number | undefined} paper */
function makeRow({ role, temperature, rate, low, high, vanished }, paper) {
  const interval = make("span", { class: "results-interval" }, percentInterval([low, high]));
  return make(
    "tr",
    {},
    make("th", { scope: "row" }, modelName({ role, temperature })),
    make("td", {}, paper === undefined ? "–" : percent(paper)),
    make("td", {}, percent(rate), " ", interval),
    make("td", {}, number(vanished)),
  );
}
