/** The test images that come with the page: one PNG of tiles, and a list of which images they are. */
import { DATASETS } from "./datasets.js";
import { failure } from "./protocol.js";
import { decodeGreyPng } from "./png.js";

/** @typedef {import("./state.js").Sample} Sample */

const COLUMNS = 10;
const MOST = 1000;

/** Where the tiles of a data set are. @param {string} dataset */
export const samplesUrl = (dataset) => new URL(`samples/${dataset}.png`, import.meta.url);

/** @param {string} dataset @returns {Promise<Sample[]>} */
export async function loadSamples(dataset) {
  const [list, png] = await Promise.all([
    get(new URL(`samples/${dataset}.json`, import.meta.url), async (response) => parseList(await response.json(), dataset)),
    get(samplesUrl(dataset), async (response) => decodeGreyPng(new Uint8Array(await response.arrayBuffer()))),
  ]);
  const { side, features } = DATASETS[dataset];
  if (png.width < COLUMNS * side || png.height < Math.ceil(list.length / COLUMNS) * side) {
    throw failure("IntegrityError", `${dataset}.png has fewer images than ${dataset}.json lists.`);
  }
  return list.map((entry, place) => {
    const top = Math.floor(place / COLUMNS) * side;
    const left = (place % COLUMNS) * side;
    const pixels = new Float32Array(features);
    for (let i = 0; i < features; i++) {
      const [y, x] = [top + Math.floor(i / side), left + (i % side)];
      pixels[i] = png.pixels[y * png.width + x] / 255;
    }
    return { ...entry, pixels };
  });
}

/**
 * @template Value
 * @param {URL} url
 * @param {(response: Response) => Promise<Value>} read
 */
async function get(url, read) {
  const name = url.pathname.slice(url.pathname.lastIndexOf("/") + 1);
  const response = await fetch(url).catch(() => {
    throw failure("NetworkError", `${name} could not be fetched. Check the connection and retry.`);
  });
  if (!response.ok) throw failure("NetworkError", `${name} could not be fetched: the server answered ${response.status}.`);
  return read(response).catch((error) => {
    throw failure("IntegrityError", `${name} cannot be used: ${error.message}.`);
  });
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
