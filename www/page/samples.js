/** Loads the test images of the page. Each data set has a PNG file of tiles and a list of their indices and labels. */

import { decodePng } from "../codecs/png.js";
import { DATASETS, positionOf } from "../domain/datasets.js";
import { fetchFile, fetchJson } from "../engine/fetch.js";
import { failure } from "../engine/protocol.js";

/**
 * @typedef {{ index: number, label: number, pixels: Float32Array }} Sample A test image with its index in the test set.
 */

/** Tiles in a row of the PNG file. */
const COLUMNS = 10;
const MAX_SAMPLES = 1000;

/** Object URLs of the PNG files fetched so far, by data set. @type {Map<string, string>} */
const tileUrls = new Map();

/**
 * The address of a data set's tiles, for use in styles. It is an object URL, so nothing is fetched again; empty until
 * the samples have been loaded.
 *
 * @param {string} dataset
 */
export const tilesUrl = (dataset) => tileUrls.get(dataset) ?? "";

/** The requests so far, so that nothing is fetched twice. @type {Map<string, Promise<Sample[]>>} */
const requests = new Map();

/** Loads the samples of a data set. After a failure the next call tries again. @param {string} dataset */
export function loadSamples(dataset) {
  const samples = requests.get(dataset) ?? fetchSamples(dataset);
  requests.set(dataset, samples);
  samples.catch(() => requests.delete(dataset));
  return samples;
}

/** @param {string} dataset @returns {Promise<Sample[]>} */
async function fetchSamples(dataset) {
  const [json, tiles] = [`${dataset}.json`, `${dataset}.png`];
  const [entries, bytes] = await Promise.all([
    fetchJson(addressOf(json), { cache: "default" }),
    fetchFile(addressOf(tiles)),
  ]);
  const list = await readOrFail(json, () => parseList(entries, dataset));
  const png = await readOrFail(tiles, () => decodePng(bytes));
  const { side, channels, features } = DATASETS[dataset];
  if (png.channels !== channels || png.width < COLUMNS * side || png.height < Math.ceil(list.length / COLUMNS) * side) {
    throw failure("IntegrityError", `${dataset}.png does not have the images that ${dataset}.json lists.`);
  }
  tileUrls.set(dataset, URL.createObjectURL(new Blob([bytes], { type: "image/png" })));
  return list.map((entry, position) => {
    const top = Math.floor(position / COLUMNS) * side;
    const left = (position % COLUMNS) * side;
    const pixels = new Float32Array(features);
    for (let i = 0; i < features; i++) {
      const { channel, x, y } = positionOf(DATASETS[dataset], i);
      pixels[i] = png.pixels[((top + y) * png.width + left + x) * channels + channel] / 255;
    }
    return { ...entry, pixels };
  });
}

/** @param {string} name */
const addressOf = (name) => new URL(`../samples/${name}`, import.meta.url);

/**
 * Calls `read`; if it fails, throws an error that names the file.
 *
 * @template Value
 * @param {string} name
 * @param {() => Value | Promise<Value>} read
 */
async function readOrFail(name, read) {
  try {
    return await read();
  } catch (error) {
    throw failure("IntegrityError", `${name} cannot be used: ${/** @type {Error} */ (error).message}.`);
  }
}

/** @param {unknown} list @param {string} dataset */
function parseList(list, dataset) {
  const classes = DATASETS[dataset].classes.length;
  if (!Array.isArray(list) || list.length < 1 || list.length > MAX_SAMPLES)
    throw new Error("it is not a list of images");
  return list.map((entry) => {
    const { index, label } = entry ?? {};
    const fits = Number.isInteger(index) && index >= 0 && Number.isInteger(label) && label >= 0 && label < classes;
    if (!fits) throw new Error("an entry has no valid index and label");
    return { index: Number(index), label: Number(label) };
  });
}
