/** Finds the measured figures of the published networks in results/. */
import { readFileSync } from "node:fs";

/**
 * @typedef {{ id: string, sha256: string, role: string, temperature: number, test_accuracy: number, logit_norm: number
 *   }} Entry
 */

/** @type {Entry[]} */
export const models = read("www/models/manifest.json").filter((/** @type {any} */ { dataset }) => dataset === "mnist");
/** The rows with the settings of the paper. */
const rows = read("results/success.json").filter(
  (/** @type {any} */ row) =>
    row.direction === "increase" && row.theta === 1 && row.budget === 112 && row.images === 100,
);

/**
 * The row of an attack on a network. Throws if the row was measured on another file than the published one.
 *
 * @param {Entry} entry
 * @param {string} attack
 * @param {number} temperature
 * @param {number} [scale] The factor by which the network's logits are multiplied.
 */
export function successRow({ id, sha256 }, attack, temperature, scale = 1) {
  const row = rows.find(
    (/** @type {any} */ row) =>
      row.model === id
      && row.scale === scale
      && row.attack === attack
      && Math.abs(row.attack_temperature - temperature) < 1e-6,
  );
  if (row?.model_sha256 !== sha256)
    throw new Error(
      `results/success.json has no ${attack} at T = ${temperature} on the published ${id} × ${scale}. Run \`distill evaluate\`.`,
    );
  return row;
}

/** The step size of FGSM in the literature that the post cites. */
const EPSILON = 0.3;

/**
 * The row of one untargeted step of FGSM on a network.
 *
 * @param {Entry} entry
 * @param {number} temperature The temperature of the softmax that the attack differentiates.
 */
export function fgsmRow({ id, sha256 }, temperature) {
  const near = (/** @type {number} */ one, /** @type {number} */ other) => Math.abs(one - other) < 1e-6;
  const row = read("results/fgsm.json").find(
    (/** @type {any} */ row) =>
      row.model === id
      && row.scale === 1
      && row.attack === "fgsm"
      && near(row.epsilon, EPSILON)
      && near(row.attack_temperature, temperature),
  );
  if (row?.model_sha256 !== sha256)
    throw new Error(
      `results/fgsm.json has no step of ${EPSILON} at T = ${temperature} on the published ${id}. Run \`distill evaluate\`.`,
    );
  return row;
}

/**
 * The row with the paper's robustness of a network. For each image it is the smallest share of features that an attack
 * changes to reach one of the nine targets, or the maximum share if all nine fail; the row has the mean over the
 * images.
 *
 * @param {Entry} entry
 */
export function robustnessRow({ id, sha256 }) {
  const row = read("results/robustness.json").find(
    (/** @type {any} */ row) =>
      row.model === id && row.scale === 1 && row.attack === "jsma-f" && row.attack_temperature === 1,
  );
  if (row?.model_sha256 !== sha256)
    throw new Error(`results/robustness.json has no jsma-f on the published ${id}. Run \`distill evaluate\`.`);
  return row;
}

/** @param {number} share From 0 to 1. */
export const percent = (share) => `${(100 * share).toFixed(2)} %`;

/** @param {string} path Relative to the project's folder. */
function read(path) {
  return JSON.parse(readFileSync(new URL(`../${path}`, import.meta.url), "utf8"));
}
