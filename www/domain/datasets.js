/**
 * What the page has to know of a data set, in one table. A network's entry in the manifest names
 * its data set; whatever differs between data sets is looked up here, and the words that differ are
 * in the languages' files.
 *
 * @typedef {object} Dataset
 * @property {string} id Its name in the manifest, in links and in file names.
 * @property {string} name
 * @property {number} side Width and height of an image in pixels.
 * @property {number} channels Numbers that a pixel has; each is a feature. An image is one channel after the other, each row by row.
 * @property {number} features How many numbers an image has.
 * @property {string[]} classes
 * @property {number} budget The paper's budget, in features.
 * @property {boolean} isDrawn Whether a visitor can draw an image of it by hand.
 * @property {{ label: number, target: number }} first The page opens with the first test image of this class, to be mistaken for that one.
 */

export const MNIST = /** @type {const} */ ("mnist");
export const CIFAR10 = /** @type {const} */ ("cifar10");

/** In the order in which the page offers them. @type {Record<string, Dataset>} */
export const DATASETS = {
  [MNIST]: {
    id: MNIST, name: "MNIST", side: 28, channels: 1, features: 784, budget: 112, isDrawn: true, first: { label: 7, target: 3 },
    classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
  },
  [CIFAR10]: {
    id: CIFAR10, name: "CIFAR-10", side: 32, channels: 3, features: 3072, budget: 112, isDrawn: false, first: { label: 3, target: 5 },
    classes: ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"],
  },
};

/** A colour image has these, in this order. */
export const CHANNELS = /** @type {const} */ (["red", "green", "blue"]);

/** Where a feature is: its channel, and its pixel's column and row from the top left. @param {Dataset} dataset @param {number} feature */
export function placeOf({ side }, feature) {
  const pixel = feature % (side * side);
  return { channel: Math.floor(feature / (side * side)), x: pixel % side, y: Math.floor(pixel / side) };
}
