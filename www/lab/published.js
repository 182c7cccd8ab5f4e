/** This project's own measurements, from the results files; without a file there is nothing to show. */
import { settingNames, usesTemperature } from "../domain/attacks.js";
import { DATASETS } from "../domain/datasets.js";
import { ROLES } from "../domain/networks.js";
import { DEFAULTS } from "../domain/settings.js";
import { fetchJson } from "../engine/fetch.js";
import { budgetOf, kindOf, LINEUP } from "./plan.js";

/**
 * @typedef {import("./plan.js").Experiment} Experiment
 * @typedef {import("../domain/settings.js").Settings} Settings
 * @typedef {import("./plan.js").Row} Row
 * @typedef {(value: any) => boolean} Check
 */

const MOST_ROWS = 10_000;
const ROLES_OF_ROWS = [...ROLES, "scaled"];

/** @type {Check} */
const isNumber = Number.isFinite;
/** @type {Check} */
const isSpan = (value) => Array.isArray(value) && value.length === 2 && value.every(isNumber);
/** @param {Check} check @returns {Check} */
const maybe = (check) => (value) => value === null || check(value);
/** @param {{ [field: string]: Check }} fields @returns {Check} */
const has = (fields) => (value) =>
  value !== null && typeof value === "object" && Object.entries(fields).every(([field, check]) => check(value[field]));
/** @param {Check} check @param {number} most @returns {Check} */
const list = (check, most) => (value) => Array.isArray(value) && value.length <= most && value.every(check);

const NETWORK = {
  dataset: (/** @type {any} */ value) => Object.hasOwn(DATASETS, value),
  model: (/** @type {any} */ value) => typeof value === "string",
  role: (/** @type {any} */ value) => ROLES_OF_ROWS.includes(value),
  temperature: isNumber,
  scale: isNumber,
  attack_temperature: (/** @type {any} */ value) => value === undefined || isNumber(value),
};
const OUTCOMES = has({
  fooled: isNumber,
  budget_spent: isNumber,
  no_admissible_pair: isNumber,
  gradient_vanished: isNumber,
});
const COUNTS = {
  attempts: isNumber,
  successes: isNumber,
  rate: isNumber,
  interval: isSpan,
  outcomes: OUTCOMES,
  planned: isNumber,
};
const CELL = has({
  source: isNumber,
  target: isNumber,
  attempts: isNumber,
  rate: isNumber,
  gradient_vanished: isNumber,
  distortion_successes: maybe(isNumber),
  hardness: maybe(isNumber),
  distance: maybe(isNumber),
});

/** What the views need of a row. @type {Record<import("./plan.js").Kind, Check>} */
const ROWS = {
  success: has({ ...NETWORK, ...COUNTS, distortion_successes: maybe(isNumber) }),
  robustness: has({
    ...NETWORK,
    measured: isNumber,
    misread: isNumber,
    cap: isNumber,
    failures: isNumber,
    gradient_vanished: isNumber,
    robustness: maybe(isNumber),
    interval: maybe(isSpan),
    robustness_of_successes: maybe(isNumber),
    interval_of_successes: maybe(isSpan),
  }),
  pairs: has({ ...NETWORK, ...COUNTS, cells: list(CELL, 100) }),
  amplitude: has({
    ...NETWORK,
    measured: isNumber,
    counts: list(isNumber, 10),
    below_1e_40: isNumber,
    below_interval: isSpan,
    above_1e_3: isNumber,
    above_interval: isSpan,
    zero: isNumber,
  }),
  fgsm: has({
    ...NETWORK,
    measured: isNumber,
    rate: isNumber,
    interval: isSpan,
    outcomes: OUTCOMES,
    misread: isNumber,
    epsilon: isNumber,
  }),
  transfer: has({
    ...NETWORK,
    shown: isNumber,
    rate: isNumber,
    interval: isSpan,
    misread_rate: isNumber,
    misread_interval: isSpan,
    outcomes: OUTCOMES,
    to: has(NETWORK),
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
        // The next who asks may have a better line.
        files.delete(kind);
        return [];
      });
  files.set(kind, rows);
  return rows;
}

/** @param {import("./plan.js").Kind} kind @param {unknown} value @returns {Row[]} */
export const parse = (kind, value) => (Array.isArray(value) ? value.slice(0, MOST_ROWS).filter(ROWS[kind]) : []);

/**
 * The rows of an experiment, with the attack as it is chosen and at its paper's settings; of several
 * on the same network, the one that counts most.
 *
 * @param {Experiment} experiment
 * @param {string} data
 * @param {Settings} settings
 * @returns {Promise<Row[]>}
 */
export async function fetchPublished(experiment, data, settings) {
  const rows = (await fetchRows(kindOf(experiment))).filter(({ dataset }) => dataset === data);
  if (experiment === "amplitude") return rows;
  if (experiment !== "attacks") return sameAttack(rows, { ...settings, budget: budgetOf(experiment, data) });
  const transfers = (await fetchRows("transfer")).filter(
    (row) => row.dataset === data && row.role === "undefended" && row.to.model !== row.model,
  );
  return [
    ...LINEUP.flatMap((each) => sameAttack(rows, { ...settings, ...each, temper: null })),
    ...sameAttack(transfers, { ...settings, ...LINEUP[0], temper: null }).map(transferred),
  ];
}

/** What fooled the undefended network, shown to another: a row about that other one. @param {Row} row @returns {Row} */
const transferred = ({ to, shown, misread_rate: rate, misread_interval: interval }) => ({
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
 * Settings in which rows of the same attack differ: FGSM is measured at several steps, and other draws make no other
 * attack.
 */
const FREE = ["epsilon", "seed"];

/** Rows hold numbers of 32 bits. @param {string | number} one @param {string | number} other */
const isEqual = (one, other) => one === other || Math.fround(Number(one)) === Math.fround(Number(other));

/**
 * The rows of an attack at these settings; of several on the same network, the one that counts most. A
 * row that lacks a setting is older than the setting, and was measured at its default.
 *
 * @param {Row[]} rows
 * @param {Settings} settings
 */
export function sameAttack(rows, settings) {
  const compared = settingNames(settings.attack).filter((name) => !FREE.includes(name));
  const knows = usesTemperature(settings);
  const same = rows.filter((row) => {
    const { attack_temperature: at = 1 } = row;
    const own = row.temperature * row.scale;
    // An undefended network's own T is 1, so that its row stands for both.
    const looks = knows === null || Math.abs(at / (knows ? own : 1) - 1) < 1e-6;
    return (
      row.attack === settings.attack
      && looks
      && compared.every((name) => isEqual(row[name] ?? DEFAULTS[name], settings[name]))
    );
  });
  /** @type {Map<string, Row>} */
  const most = new Map();
  for (const row of same) {
    const key = JSON.stringify([row.model, row.scale, row.epsilon, row.to?.model, row.to?.scale]);
    if ((most.get(key)?.planned ?? -1) < row.planned) most.set(key, row);
  }
  return [...most.values()];
}
