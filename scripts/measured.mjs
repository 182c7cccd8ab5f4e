/** The measured figures: what results/success.json says of the published networks under the paper's protocol. */
import { readFileSync } from "node:fs";

/**
 * @typedef {{ id: string, sha256: string, role: string, temperature: number, test_accuracy: number, logit_norm: number }}
 * Entry
 */

/** @type {Entry[]} */
export const models = read("www/models/manifest.json").filter((/** @type {any} */ { dataset }) => dataset === "mnist");
const rows = read("results/success.json").filter(
  (/** @type {any} */ row) =>
    row.direction === "increase" && row.theta === 1 && row.budget === 112 && row.images === 100,
);

/**
 * The attacks of one kind on one network; only those on the very file that is published count.
 *
 * @param {Entry} entry
 * @param {string} attack
 * @param {number} temperature
 * @param {number} [scale] What the network's logits are multiplied by.
 */
export function measured({ id, sha256 }, attack, temperature, scale = 1) {
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

/** FGSM's step in the literature that the post quotes. */
const EPSILON = 0.3;

/**
 * How often one untargeted step of FGSM has the network misread an image.
 *
 * @param {Entry} entry
 * @param {number} temperature Of the softmax that the attack differentiates.
 */
export function misread({ id, sha256 }, temperature) {
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
 * The paper's measure of robustness: the mean over images of the least share of
 * features that one of the nine targets takes, an image on which all fail counting as the cap.
 *
 * @param {Entry} entry
 */
export function robustness({ id, sha256 }) {
  const row = read("results/robustness.json").find(
    (/** @type {any} */ row) =>
      row.model === id && row.scale === 1 && row.attack === "jsma-f" && row.attack_temperature === 1,
  );
  if (row?.model_sha256 !== sha256)
    throw new Error(`results/robustness.json has no jsma-f on the published ${id}. Run \`distill evaluate\`.`);
  return row;
}

/** @param {number} share */
export const percent = (share) => `${(100 * share).toFixed(2)} %`;

/** @param {string} path From the project's folder. */
function read(path) {
  return JSON.parse(readFileSync(new URL(`../${path}`, import.meta.url), "utf8"));
}
