/** The papers' figures, from results/paper.json. If the file cannot be loaded, no figures are shown. */
import { fetchJson } from "../engine/fetch.js";

/**
 * @template Figure
 * @typedef {object} Group Figures from one paper.
 * @property {string} source The paper, such as `arXiv:1511.04508`.
 * @property {Record<string, Figure>} figures By network: its role and training temperature, such as
 * `distilled 20`.
 * @property {string[]} [upper_bounds] The networks whose figures are upper bounds.
 */

/**
 * @typedef {Record<string, Group<number>>} ByName
 *
 * @typedef {object} PaperFigures Each by data set; `success` and `size` then by attack.
 * @property {Record<string, ByName>} success
 * @property {Record<string, ByName>} size The size of the successful changes: the share of features changed, or the
 * L2 norm for an attack that minimises it.
 * @property {ByName} robustness
 * @property {Record<string, Group<{ below: number, above: number }>>} amplitude The shares of images below 1e-40 and
 * above 1e-3.
 * @property {ByName} fgsm
 */

const FILE = new URL("../../results/paper.json", import.meta.url);

/** @type {Promise<PaperFigures> | null} */
let request = null;

/** Fetches the figures once; after a failure the next call tries again. @returns {Promise<PaperFigures>} */
export function fetchPaperFigures() {
  request ??= fetchJson(FILE, { cache: "default" })
    .then(parsePaperFigures)
    .catch(() => {
      request = null;
      return NO_FIGURES;
    });
  return request;
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
 * The members of an object that pass a check; empty if the value is not an object.
 *
 * @param {any} value
 * @param {Check} check
 * @returns {Record<string, any>}
 */
const filterMembers = (value, check) =>
  Object.fromEntries(Object.entries(isObject(value) ? value : {}).filter(([, member]) => check(member)));

const isGroupOfNumbers = isGroup(Number.isFinite);
/** The valid figures by data set and attack. @param {any} value */
const figuresByAttack = (value) =>
  Object.fromEntries(
    Object.entries(filterMembers(value, isObject)).map(([data, attacks]) => [
      data,
      filterMembers(attacks, isGroupOfNumbers),
    ]),
  );

/** Reads the figures and leaves out invalid ones. @param {any} value The parsed file. @returns {PaperFigures} */
export const parsePaperFigures = (value) => ({
  success: figuresByAttack(value?.success),
  size: figuresByAttack(value?.size),
  robustness: filterMembers(value?.robustness, isGroupOfNumbers),
  amplitude: filterMembers(value?.amplitude, isGroup(isAmplitude)),
  fgsm: filterMembers(value?.fgsm, isGroupOfNumbers),
});

export const NO_FIGURES = parsePaperFigures(null);
