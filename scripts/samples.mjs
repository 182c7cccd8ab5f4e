/**
 * Writes the page's test images: `node scripts/samples.mjs [mnist] [cifar10]`. They are the first ten test images of
 * each class, sorted by class, as a PNG of tiles and a list of their numbers in the test set. `npm run data` downloads
 * the data sets that this needs.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { crc32, deflateSync } from "node:zlib";
import { decodePng } from "../www/codecs/png.js";
import { DATASETS, positionOf } from "../www/domain/datasets.js";

/** How many images each class has. Each row of tiles in the PNG is a class. */
const IMAGES_PER_CLASS = 10;

/** @typedef {(image: number, feature: number) => number} Pixels */

/**
 * Reads the test set of each data set: its labels, and its pixels from 0 to 255.
 *
 * @type {Record<string, () => Promise<{ labels: number[], pixels: Pixels }>>}
 */
const TESTS = {
  async mnist() {
    const images = read("mnist/t10k-images-idx3-ubyte").subarray(16);
    return {
      labels: [...read("mnist/t10k-labels-idx1-ubyte").subarray(8)],
      pixels: (image, feature) => images[784 * image + feature],
    };
  },
  /** The file is a PNG in which each row is an image of 1,024 coloured pixels. */
  async cifar10() {
    const { pixels } = await decodePng(new Uint8Array(read("cifar10/test_batch.png")));
    const labels = JSON.parse(`${read("cifar10/test_lables.json")}`);
    return {
      labels,
      pixels: (image, feature) => pixels[3 * (1024 * image + (feature % 1024)) + Math.floor(feature / 1024)],
    };
  },
};

const wanted = process.argv.slice(2);
for (const name of wanted.length > 0 ? wanted : Object.keys(TESTS)) await write(name);

/** Writes the images of a data set. @param {string} name */
async function write(name) {
  const dataset = DATASETS[name];
  const { labels, pixels } = await TESTS[name]();
  const list = dataset.classes.flatMap((_, label) =>
    labels.flatMap((each, index) => (each === label ? [{ index, label }] : [])).slice(0, IMAGES_PER_CLASS),
  );
  const { side, channels, features } = dataset;
  const width = IMAGES_PER_CLASS * side * channels;
  const sheet = new Uint8Array(width * dataset.classes.length * side);
  list.forEach(({ index }, place) => {
    for (let feature = 0; feature < features; feature++) {
      const { channel, x, y } = positionOf(dataset, feature);
      const [row, column] = [Math.floor(place / IMAGES_PER_CLASS) * side + y, (place % IMAGES_PER_CLASS) * side + x];
      sheet[row * width + column * channels + channel] = pixels(index, feature);
    }
  });
  writeFileSync(new URL(`../www/samples/${name}.png`, import.meta.url), png(sheet, width, channels));
  writeFileSync(
    new URL(`../www/samples/${name}.json`, import.meta.url),
    `[${list.map((entry) => JSON.stringify(entry)).join(",\n ")}]\n`,
  );
}

/** @param {string} path A path in data/. */
function read(path) {
  return readFileSync(new URL(`../data/${path}`, import.meta.url));
}

/**
 * Encodes an 8-bit PNG, grey or RGB. Each row is stored with the filter that gives the smallest values.
 *
 * @param {Uint8Array} bytes
 * @param {number} width Bytes in a row.
 * @param {number} channels
 */
function png(bytes, width, channels) {
  const height = bytes.length / width;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width / channels, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, channels === 1 ? 0 : 2, 0, 0, 0], 8);
  const rows = Array.from({ length: height }, (_, y) => {
    const filtered = [0, 1, 2, 3, 4].map((filter) => filterRow(bytes, width, channels, y, filter));
    const size = (/** @type {Uint8Array} */ row) =>
      row.subarray(1).reduce((sum, byte) => sum + Math.min(byte, 256 - byte), 0);
    return filtered.reduce((best, row) => (size(row) < size(best) ? row : best));
  });
  const parts = [
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(Buffer.concat(rows), { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ];
  return Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), ...parts]);
}

/**
 * Applies one of PNG's five filters to a row.
 *
 * @param {Uint8Array} bytes
 * @param {number} width Bytes in a row.
 * @param {number} step Bytes in a pixel.
 * @param {number} y
 * @param {number} filter
 */
function filterRow(bytes, width, step, y, filter) {
  const row = new Uint8Array(width + 1);
  row[0] = filter;
  for (let x = 0; x < width; x++) {
    const at = y * width + x;
    const left = x >= step ? bytes[at - step] : 0;
    const up = y > 0 ? bytes[at - width] : 0;
    const corner = x >= step && y > 0 ? bytes[at - width - step] : 0;
    const [toLeft, toUp, toCorner] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
    const nearest = toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner;
    row[x + 1] = bytes[at] - [0, left, up, (left + up) >> 1, nearest][filter];
  }
  return row;
}

/** A chunk of a PNG. @param {string} name @param {Buffer} data */
function chunk(name, data) {
  const body = Buffer.concat([Buffer.from(name), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}
