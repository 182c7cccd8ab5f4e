/** The papers' figures, from results/paper.json. Without the file there is nothing to show. */
import { fetchJson } from "../engine/fetch.js";

/**
 * @template Figure
 * @typedef {object} Group Figures of one paper.
 * @property {string} source The paper, such as `arXiv:1511.04508`.
 * @property {Record<string, Figure>} figures By network: its role and the temperature of its training, such as
 * `distilled 20`.
 * @property {string[]} [upper_bounds] The networks whose figures are upper bounds.
 */

/**
 * @typedef {Record<string, Group<number>>} ByName
 *
 * @typedef {object} PaperFigures By data set; where there are several attacks, then by attack.
 * @property {Record<string, ByName>} success
 * @property {Record<string, ByName>} size How large the successful changes are: a share of the features, or of an
 * attack that keeps the length small the length.
 * @property {ByName} robustness
 * @property {Record<string, Group<{ below: number, above: number }>>} amplitude The shares of images below 1e-40 and
 * above 1e-3.
 * @property {ByName} fgsm
 */

const FILE = new URL("../../results/paper.json", import.meta.url);

/** @type {Promise<PaperFigures> | null} */
let file = null;

/** Fetches the figures once; after a failure the next call tries again. @returns {Promise<PaperFigures>} */
export function fetchPaperFigures() {
  file ??= fetchJson(FILE, { cache: "default" })
    .then(parsePaperFigures)
    .catch(() => {
      file = null;
      return NO_FIGURES;
    });
  return file;
}

/** @typedef {(value: any) => boolean} Check */

/** @type {Check} */
const isObject = (value) => value !== null && typeof value === "object";
/** @type {Check} */
const isAmplitude = (value) => isObject(value) && Number.isFinite(value.below) && Number.isFinite(value.above);
/** @type {Check} */
const isNetworks = (value) =>
  value === undefined || (Array.isArray(value) && value.every((network) => typeof network === "string"));
/** @param {Check} isFigure @returns {Check} */
const isGroup = (isFigure) => (value) =>
  isObject(value)
  && typeof value.source === "string"
  && isNetworks(value.upper_bounds)
  && isObject(value.figures)
  && Object.values(value.figures).every(isFigure);

/**
 * The members of an object that pass; of anything else none.
 *
 * @param {any} value
 * @param {Check} check
 * @returns {Record<string, any>}
 */
const filter = (value, check) =>
  Object.fromEntries(Object.entries(isObject(value) ? value : {}).filter(([, member]) => check(member)));

const isOfShares = isGroup(Number.isFinite);
/** @param {any} value */
const byAttack = (value) =>
  Object.fromEntries(
    Object.entries(filter(value, isObject)).map(([data, attacks]) => [data, filter(attacks, isOfShares)]),
  );

/** @param {any} value What is in the file. @returns {PaperFigures} */
export const parsePaperFigures = (value) => ({
  success: byAttack(value?.success),
  size: byAttack(value?.size),
  robustness: filter(value?.robustness, isOfShares),
  amplitude: filter(value?.amplitude, isGroup(isAmplitude)),
  fgsm: filter(value?.fgsm, isOfShares),
});

export const NO_FIGURES = parsePaperFigures(null);
