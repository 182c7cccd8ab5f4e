/** Finds published networks: those that a link names, and replacements for those that are missing. */
export { ROLES } from "../engine/protocol.js";

/**
 * @typedef {import("../engine/protocol.js").ManifestEntry} ManifestEntry
 *
 * @typedef {object} NetworkName Names a network in a link.
 * @property {ManifestEntry["role"]} role
 * @property {number} temperature
 * @property {string} hash The first eight digits of its file's SHA-256, or an empty string if any file is accepted.
 */

/** Enough digits to tell files apart, though not to detect a file made to collide on purpose. */
const HASH_DIGITS = 8;

/** @param {ManifestEntry} model @returns {NetworkName} */
export const networkName = ({ role, temperature, sha256 }) => ({
  role,
  temperature,
  hash: sha256.slice(0, HASH_DIGITS),
});

/**
 * Finds the network of that name. If there is none, returns the network of that role with the nearest temperature.
 *
 * @param {ManifestEntry[]} models
 * @param {NetworkName} name
 * @returns {{ model: ManifestEntry | undefined, fit: 'same' | 'changed' | 'missing' }}
 */
export function findNetwork(models, { role, temperature, hash }) {
  const model = nearest(networksInRole(models, role), Math.max(temperature, 1e-3));
  if (model?.temperature !== temperature) return { model, fit: "missing" };
  return { model, fit: model.sha256.startsWith(hash) ? "same" : "changed" };
}

/** The networks of a role, sorted by temperature. @param {ManifestEntry[]} models @param {string} role */
export const networksInRole = (models, role) =>
  models.filter((model) => model.role === role).sort((a, b) => a.temperature - b.temperature);

/**
 * The network of a role that replaces the current network: the one with the nearest temperature. If the current network
 * is undefended, which has no temperature of its own, it is the one with the highest temperature.
 *
 * @param {ManifestEntry[]} models
 * @param {string} role
 * @param {ManifestEntry | null} current
 */
export function replacementNetwork(models, role, current) {
  const candidates = networksInRole(models, role).reverse();
  return !current || current.role === "undefended" ? candidates[0] : nearest(candidates, current.temperature);
}

/**
 * The model with the nearest temperature, by ratio. Of several, the first.
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
 * The network that a panel shows first. Left: the undefended network. Right: the network distilled at the highest
 * temperature.
 *
 * @param {ManifestEntry[]} models
 * @param {'left' | 'right'} side
 */
export function defaultNetwork(models, side) {
  if (side === "left") return models.find(({ role }) => role === "undefended") ?? models[0];
  return networksInRole(models, "distilled").pop() ?? models[models.length - 1];
}
