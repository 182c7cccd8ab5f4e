/**
 * What the page has to know of a data set, in one table. A network's entry in the manifest names
 * its data set; whatever differs between data sets is looked up here.
 *
 * @typedef {object} Dataset
 * @property {string} name
 * @property {number} side Width and height of an image in pixels.
 * @property {number} features How many numbers an image has.
 * @property {string[]} classes
 * @property {number} budget The paper's budget, in features.
 */

export const MNIST = /** @type {const} */ ("mnist");

/** @type {Record<string, Dataset>} */
export const DATASETS = {
  [MNIST]: { name: "MNIST", side: 28, features: 784, classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"], budget: 112 },
};
