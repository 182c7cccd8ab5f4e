/** This project's published measurements, from `results/*.json`. If a file cannot be fetched, it has no rows. */
import { settingNames, usesTemperature } from "../domain/attacks.js";
import { DATASETS } from "../domain/datasets.js";
import { ROLES } from "../domain/networks.js";
import { PAGE_SETTINGS } from "../domain/settings.js";
import { fetchJson } from "../engine/fetch.js";
import { budgetOf, COMPARED_ATTACKS, kindOf } from "./plan.js";

/**
 * @typedef {import("./plan.js").Experiment} Experiment
 * @typedef {import("../domain/settings.js").Settings} Settings
 * @typedef {import("./plan.js").Row} Row
 * @typedef {(value: any) => boolean} Check
 */

const MAX_ROWS = 10_000;
const ROLES_OF_ROWS = [...ROLES, "scaled"];

/** @type {Check} */
const isNumber = Number.isFinite;
/** @type {Check} */
const isInterval = (value) => Array.isArray(value) && value.length === 2 && value.every(isNumber);
/** @param {Check} check @returns {Check} */
const orNull = (check) => (value) => value === null || check(value);
/** @param {{ [field: string]: Check }} fields @returns {Check} */
const hasFields = (fields) => (value) =>
  value !== null && typeof value === "object" && Object.entries(fields).every(([field, check]) => check(value[field]));
/** @param {Check} check @param {number} most @returns {Check} */
const isList = (check, most) => (value) => Array.isArray(value) && value.length <= most && value.every(check);

const NETWORK = {
  dataset: (/** @type {any} */ value) => Object.hasOwn(DATASETS, value),
  model: (/** @type {any} */ value) => typeof value === "string",
  role: (/** @type {any} */ value) => ROLES_OF_ROWS.includes(value),
  temperature: isNumber,
  scale: isNumber,
  attack_temperature: (/** @type {any} */ value) => value === undefined || isNumber(value),
};
const OUTCOMES = hasFields({
  fooled: isNumber,
  budget_spent: isNumber,
  no_admissible_pair: isNumber,
  gradient_vanished: isNumber,
});
const COUNTS = {
  attempts: isNumber,
  successes: isNumber,
  rate: isNumber,
  interval: isInterval,
  outcomes: OUTCOMES,
  planned: isNumber,
};
const CELL = hasFields({
  source: isNumber,
  target: isNumber,
  attempts: isNumber,
  rate: isNumber,
  gradient_vanished: isNumber,
  distortion_successes: orNull(isNumber),
  hardness: orNull(isNumber),
  distance: orNull(isNumber),
});

/** The fields that the charts and tables need in a row of each experiment. @type {Record<import("./plan.js").Kind, Check>} */
const ROW_CHECKS = {
  success: hasFields({ ...NETWORK, ...COUNTS, distortion_successes: orNull(isNumber) }),
  robustness: hasFields({
    ...NETWORK,
    measured: isNumber,
    misread: isNumber,
    cap: isNumber,
    failures: isNumber,
    gradient_vanished: isNumber,
    robustness: orNull(isNumber),
    interval: orNull(isInterval),
    robustness_of_successes: orNull(isNumber),
    interval_of_successes: orNull(isInterval),
  }),
  pairs: hasFields({ ...NETWORK, ...COUNTS, cells: isList(CELL, 100) }),
  amplitude: hasFields({
    ...NETWORK,
    measured: isNumber,
    counts: isList(isNumber, 10),
    below_1e_40: isNumber,
    below_interval: isInterval,
    above_1e_3: isNumber,
    above_interval: isInterval,
    zero: isNumber,
  }),
  fgsm: hasFields({
    ...NETWORK,
    measured: isNumber,
    rate: isNumber,
    interval: isInterval,
    outcomes: OUTCOMES,
    misread: isNumber,
    epsilon: isNumber,
  }),
  transfer: hasFields({
    ...NETWORK,
    shown: isNumber,
    rate: isNumber,
    interval: isInterval,
    misread_rate: isNumber,
    misread_interval: isInterval,
    outcomes: OUTCOMES,
    to: hasFields(NETWORK),
  }),
};

/** @type {Map<import("./plan.js").Kind, Promise<Row[]>>} */
const files = new Map();

/** @param {import("./plan.js").Kind} kind */
function fetchRows(kind) {
  const file = new URL(`../../results/${kind}.json`, import.meta.url);
  const rows =
    files.get(kind)
    ?? fetchJson(file, { cache: "default" })
      .then((value) => parse(kind, value))
      .catch(() => {
        // The next call tries again.
        files.delete(kind);
        return [];
      });
  files.set(kind, rows);
  return rows;
}

/** The valid rows of a results file. @param {import("./plan.js").Kind} kind @param {unknown} value @returns {Row[]} */
export const parse = (kind, value) => (Array.isArray(value) ? value.slice(0, MAX_ROWS).filter(ROW_CHECKS[kind]) : []);

/**
 * Fetches the published rows of an experiment with the chosen attack and settings, one for each network.
 *
 * @param {Experiment} experiment
 * @param {string} data
 * @param {Settings} settings
 * @returns {Promise<Row[]>}
 */
export async function fetchPublished(experiment, data, settings) {
  const rows = (await fetchRows(kindOf(experiment))).filter(({ dataset }) => dataset === data);
  if (experiment === "amplitude") return rows;
  if (experiment !== "attacks") return rowsOfAttack(rows, { ...settings, budget: budgetOf(experiment, data) });
  const transfers = (await fetchRows("transfer")).filter(
    (row) => row.dataset === data && row.role === "undefended" && row.to.model !== row.model,
  );
  return [
    ...COMPARED_ATTACKS.flatMap((variant) => comparedRows(rows, { ...settings, ...variant, temper: null })),
    ...rowsOfAttack(transfers, { ...settings, ...COMPARED_ATTACKS[0], temper: null }).map(asSuccessRow),
  ];
}

/**
 * The rows of an attack with the settings of new runs, or else those with c from 1, as older rows were measured.
 *
 * @param {Row[]} rows
 * @param {Settings} settings
 */
function comparedRows(rows, settings) {
  const found = rowsOfAttack(rows, settings);
  return found.length > 0 ? found : rowsOfAttack(rows, { ...settings, c_scale: "fixed" });
}

/**
 * A row of the transfer experiment as a row of the success experiment: how often images that fooled the undefended
 * network (the source) are also misread by another network (the target model).
 *
 * @param {Row} row
 * @returns {Row}
 */
const asSuccessRow = ({ to, shown, misread_rate: rate, misread_interval: interval }) => ({
  ...to,
  attack: "transfer",
  attempts: shown,
  planned: shown,
  successes: Math.round(rate * shown),
  rate,
  interval,
  outcomes: null,
  distortion_successes: null,
});

/**
 * Settings that rows of the same attack need not share: FGSM is measured with several ε, and another random seed is
 * still the same attack.
 */
const IGNORED_SETTINGS = ["epsilon", "seed"];

/** What a link or a row means that leaves a setting out. */
const LEFT_OUT = Object.fromEntries(PAGE_SETTINGS.map(({ name, link }) => [name, link]));

/** Rows hold 32-bit floats, so numbers are rounded to 32 bits before they are compared. @param {string | number} one @param {string | number} other */
const isEqual = (one, other) => one === other || Math.fround(Number(one)) === Math.fround(Number(other));

/**
 * The rows of an attack with these settings. If a network has several, the one with the most planned attempts is taken.
 * A row without some setting is older than that setting, and means the same as a link without it.
 *
 * @param {Row[]} rows
 * @param {Settings} settings
 */
export function rowsOfAttack(rows, settings) {
  const compared = settingNames(settings.attack).filter((name) => !IGNORED_SETTINGS.includes(name));
  const usesT = usesTemperature(settings);
  const matching = rows.filter((row) => {
    const { attack_temperature: attackTemperature = 1 } = row;
    const own = row.temperature * row.scale;
    // The attack's temperature is the network's own T or 1. An undefended network's own T is 1, so its row matches both.
    const hasTemperature = usesT === null || Math.abs(attackTemperature / (usesT ? own : 1) - 1) < 1e-6;
    return (
      row.attack === settings.attack
      && hasTemperature
      && compared.every((name) => isEqual(row[name] ?? LEFT_OUT[name], settings[name]))
    );
  });
  /** @type {Map<string, Row>} */
  const largest = new Map();
  for (const row of matching) {
    const key = JSON.stringify([row.model, row.scale, row.epsilon, row.to?.model, row.to?.scale]);
    if ((largest.get(key)?.planned ?? -1) < row.planned) largest.set(key, row);
  }
  return [...largest.values()];
}
