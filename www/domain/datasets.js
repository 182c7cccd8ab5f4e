/**
 * The data sets of the registry, in the form that the page uses. Each network's entry in the manifest names its data
 * set. Texts that differ between data sets are in the language files.
 */
import { DATASETS as REGISTRY } from "../../pkg/registry.js";

/**
 * @typedef {object} Dataset
 * @property {string} id The data set's name in the manifest, in links and in file names.
 * @property {string} name
 * @property {number} side Width and height of an image in pixels.
 * @property {number} channels How many values a pixel has; each value is a feature. An image is stored one channel
 *   after the other, each row by row.
 * @property {number} features How many values an image has.
 * @property {readonly string[]} classes
 * @property {number} budget The paper's budget, in features.
 * @property {boolean} isDrawn Whether a visitor can draw an image for this data set.
 * @property {{ label: number, target: number }} first The page opens with the first test image of class `label`
 *   and the target class `target`.
 */

export const MNIST = REGISTRY.mnist.id;
export const CIFAR10 = REGISTRY.cifar10.id;

/** In the order of the page's menu. @type {Record<string, Dataset>} */
export const DATASETS = Object.fromEntries(
  Object.values(REGISTRY).map(({ shape: [channels, side], drawn, ...facts }) => [
    facts.id,
    { ...facts, channels, side, isDrawn: drawn },
  ]),
);

/** The channels of a colour image, in the order of storage. */
export const CHANNELS = /** @type {const} */ (["red", "green", "blue"]);

/**
 * Returns a feature's channel and its pixel's column and row, counted from the top left.
 *
 * @param {Dataset} dataset
 * @param {number} feature
 */
export function positionOf({ side }, feature) {
  const pixel = feature % (side * side);
  return { channel: Math.floor(feature / (side * side)), x: pixel % side, y: Math.floor(pixel / side) };
}
