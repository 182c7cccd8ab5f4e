/**
 * The data sets of the registry, as the page needs them. A network's entry in the manifest names its
 * data set. The words that differ between data sets are in the languages' files.
 */
import { DATASETS as REGISTRY } from "../../pkg/registry.js";

/**
 * @typedef {object} Dataset
 * @property {string} id Its name in the manifest, in links and in file names.
 * @property {string} name
 * @property {number} side Width and height of an image in pixels.
 * @property {number} channels Numbers that a pixel has; each is a feature. An image is one channel after the other,
 * each row by row.
 * @property {number} features How many numbers an image has.
 * @property {readonly string[]} classes
 * @property {number} budget The paper's budget, in features.
 * @property {boolean} isDrawn Whether a visitor can draw an image of it by hand.
 * @property {{ label: number, target: number }} first The page opens with the first test image of this class, to be
 * mistaken for that one.
 */

export const MNIST = REGISTRY.mnist.id;
export const CIFAR10 = REGISTRY.cifar10.id;

/** In the order in which the page offers them. @type {Record<string, Dataset>} */
export const DATASETS = Object.fromEntries(
  Object.values(REGISTRY).map(({ shape: [channels, side], drawn, ...facts }) => [
    facts.id,
    { ...facts, channels, side, isDrawn: drawn },
  ]),
);

/** A colour image has these, in this order. */
export const CHANNELS = /** @type {const} */ (["red", "green", "blue"]);

/**
 * Where a feature is: its channel, and its pixel's column and row from the top left.
 *
 * @param {Dataset} dataset
 * @param {number} feature
 */
export function placeOf({ side }, feature) {
  const pixel = feature % (side * side);
  return { channel: Math.floor(feature / (side * side)), x: pixel % side, y: Math.floor(pixel / side) };
}
