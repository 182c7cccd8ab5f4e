/** The test images that come with the page: one PNG of tiles, and a list of which images they are. */

import { decodePng } from "../codecs/png.js";
import { DATASETS, positionOf } from "../domain/datasets.js";
import { fetchFile, fetchJson } from "../engine/fetch.js";
import { failure } from "../engine/protocol.js";

/**
 * @typedef {{ index: number, label: number, pixels: Float32Array }} Sample A test image and its number in the test set.
 */

const COLUMNS = 10;
const MOST = 1000;

/** Addresses of the tiles that have been fetched, by data set. @type {Map<string, string>} */
const sheets = new Map();

/**
 * The tiles of a data set whose samples are here, as a picture for style sheets; it is not fetched again.
 *
 * @param {string} dataset
 */
export const sheetOf = (dataset) => sheets.get(dataset) ?? "";

/** What has been asked for, so that nothing is fetched twice. @type {Map<string, Promise<Sample[]>>} */
const known = new Map();

/** @param {string} dataset */
export function loadSamples(dataset) {
  const samples = known.get(dataset) ?? fetchSamples(dataset);
  known.set(dataset, samples);
  samples.catch(() => known.delete(dataset));
  return samples;
}

/** @param {string} dataset @returns {Promise<Sample[]>} */
async function fetchSamples(dataset) {
  const [json, tiles] = [`${dataset}.json`, `${dataset}.png`];
  const [entries, bytes] = await Promise.all([
    fetchJson(addressOf(json), { cache: "default" }),
    fetchFile(addressOf(tiles)),
  ]);
  const list = await asSaid(json, () => parseList(entries, dataset));
  const png = await asSaid(tiles, () => decodePng(bytes));
  const { side, channels, features } = DATASETS[dataset];
  if (png.channels !== channels || png.width < COLUMNS * side || png.height < Math.ceil(list.length / COLUMNS) * side) {
    throw failure("IntegrityError", `${dataset}.png does not have the images that ${dataset}.json lists.`);
  }
  sheets.set(dataset, URL.createObjectURL(new Blob([bytes], { type: "image/png" })));
  return list.map((entry, place) => {
    const top = Math.floor(place / COLUMNS) * side;
    const left = (place % COLUMNS) * side;
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
 * What a file says, or that it cannot be used.
 *
 * @template Value
 * @param {string} name
 * @param {() => Value | Promise<Value>} read
 */
async function asSaid(name, read) {
  try {
    return await read();
  } catch (error) {
    throw failure("IntegrityError", `${name} cannot be used: ${/** @type {Error} */ (error).message}.`);
  }
}

/** @param {unknown} list @param {string} dataset */
function parseList(list, dataset) {
  const classes = DATASETS[dataset].classes.length;
  if (!Array.isArray(list) || list.length < 1 || list.length > MOST) throw new Error("it is not a list of images");
  return list.map((entry) => {
    const { index, label } = entry ?? {};
    const fits = Number.isInteger(index) && index >= 0 && Number.isInteger(label) && label >= 0 && label < classes;
    if (!fits) throw new Error("an entry has no valid index and label");
    return { index: Number(index), label: Number(label) };
  });
}
