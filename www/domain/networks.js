/** Finding the network that a link names among the published ones. */
export { ROLES } from "../engine/protocol.js";

/**
 * @typedef {import("../engine/protocol.js").ManifestEntry} ManifestEntry
 *
 * @typedef {object} NetworkName A network by what it is, and by the start of its file's SHA-256.
 * @property {ManifestEntry["role"]} role
 * @property {number} temperature
 * @property {string} hash Eight hexadecimal digits, or nothing where any such network will do.
 */

/** Enough of a hash to tell one file from another that nobody made to deceive. */
const HASH_DIGITS = 8;

/** @param {ManifestEntry} model @returns {NetworkName} */
export const networkName = ({ role, temperature, sha256 }) => ({
  role,
  temperature,
  hash: sha256.slice(0, HASH_DIGITS),
});

/**
 * The network of that name; where there is none, the one of that role at the nearest temperature.
 *
 * @param {ManifestEntry[]} models
 * @param {NetworkName} name
 * @returns {{ model: ManifestEntry | undefined, fit: 'same' | 'changed' | 'missing' }}
 */
export function findNetwork(models, { role, temperature, hash }) {
  const model = nearest(family(models, role), Math.max(temperature, 1e-3));
  if (model?.temperature !== temperature) return { model, fit: "missing" };
  return { model, fit: model.sha256.startsWith(hash) ? "same" : "changed" };
}

/** The networks of a role, by temperature. @param {ManifestEntry[]} models @param {string} role */
export const family = (models, role) =>
  models.filter((model) => model.role === role).sort((a, b) => a.temperature - b.temperature);

/**
 * The network of a role that takes another one's place: at its temperature or near it, and at the
 * highest there is for an undefended one, which has no temperature of its own.
 *
 * @param {ManifestEntry[]} models
 * @param {string} role
 * @param {ManifestEntry | null} before
 */
export function networkOf(models, role, before) {
  const candidates = family(models, role).reverse();
  return !before || before.role === "undefended" ? candidates[0] : nearest(candidates, before.temperature);
}

/**
 * The first of the models whose temperature is nearest, by ratio.
 *
 * @param {ManifestEntry[]} models
 * @param {number} temperature
 * @returns {ManifestEntry | undefined}
 */
function nearest([first, ...others], temperature) {
  const distance = (/** @type {ManifestEntry} */ model) => Math.abs(Math.log(model.temperature / temperature));
  return others.reduce((best, each) => (distance(each) < distance(best) ? each : best), first);
}

/**
 * The undefended network beside the one distilled at the highest temperature.
 *
 * @param {ManifestEntry[]} models
 * @param {'left' | 'right'} side
 */
export function defaultNetwork(models, side) {
  if (side === "left") return models.find(({ role }) => role === "undefended") ?? models[0];
  return family(models, "distilled").pop() ?? models[models.length - 1];
}
