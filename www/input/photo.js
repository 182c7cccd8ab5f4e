/**
 * Turns a picture file of the visitor's into an image of a data set: checks its header, lets the browser
 * decode it, crops it to the square in its centre, and averages. The file stays on the visitor's machine.
 */
import { readHeader } from "./image-header.js";
import { asDigit, asTinyDigit, average } from "./photo-to-digit.js";

/** @typedef {import("../domain/datasets.js").Dataset} Dataset */
/** @typedef {import("./photo-to-digit.js").Square} Square */

const MAX_BYTES = 30_000_000;
const MAX_PIXELS = 50_000_000;
const MAX_SIDE = 16_384;
/**
 * The picture is first averaged to this many cells per pixel in each direction, so that a digit can be centred
 * between pixels.
 */
const CELLS_PER_PIXEL = 10;
/** The number of pixels read from the canvas at a time. In between, the page can respond to input. */
const PIXELS_PER_READ = 60_000;

/** The weights of red, green and blue in the perceived brightness. */
const LUMA = [0.299, 0.587, 0.114];

/** Why a picture cannot be used. The language files have a message for each reason, `upload.<reason>`. */
export class PictureError extends Error {
  /**
   * @param {'kind' | 'bytes' | 'pixels' | 'moves' | 'broken' | 'blank'} reason
   * @param {Record<string, number>} [values]
   */
  constructor(reason, values = {}) {
    super(reason);
    this.name = "PictureError";
    this.reason = reason;
    this.values = values;
  }
}

/**
 * Reads a picture file as an image with one byte for each feature.
 *
 * Throws a PictureError if the picture cannot be used.
 *
 * @param {Blob} file
 * @param {Dataset} dataset
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
export async function readPhoto(file, dataset) {
  if (file.size > MAX_BYTES) throw new PictureError("bytes", { size: file.size / 1e6, most: MAX_BYTES / 1e6 });
  const bytes = new Uint8Array(await file.arrayBuffer());
  const header = readHeader(bytes);
  if (!header) throw new PictureError("kind");
  const { width, height, isAnimated } = header;
  if (isAnimated) throw new PictureError("moves");
  if (width * height > MAX_PIXELS || Math.max(width, height) > MAX_SIDE)
    throw new PictureError("pixels", { size: (width * height) / 1e6, most: MAX_PIXELS / 1e6 });
  const bitmap = await createImageBitmap(new Blob([bytes]), { imageOrientation: "from-image" }).catch(() => {
    throw new PictureError("broken");
  });
  try {
    const side = Math.min(bitmap.width, bitmap.height);
    const channels = await centreSquare(bitmap, side, CELLS_PER_PIXEL * dataset.side);
    return Uint8Array.from(featuresOf(channels, side, dataset), (value) => Math.round(255 * value));
  } finally {
    bitmap.close();
  }
}

/** @param {Square[]} channels @param {number} side The side of the square before averaging. @param {Dataset} dataset */
function featuresOf(channels, side, dataset) {
  const whole = { left: 0, top: 0, size: CELLS_PER_PIXEL * dataset.side };
  if (dataset.channels > 1) return channels.flatMap((channel) => [...average(channel, whole, dataset.side)]);
  const { size } = channels[0];
  const grey = {
    size,
    values: channels[0].values.map((_, index) =>
      channels.reduce((sum, { values }, channel) => sum + LUMA[channel] * values[index], 0),
    ),
  };
  if (side === dataset.side) return asTinyDigit({ size: side, values: average(grey, whole, side) });
  const digit = asDigit(grey);
  if (!digit) throw new PictureError("blank");
  return digit;
}

/**
 * The square in the centre of a picture as red, green and blue, each averaged to size × size. Transparent pixels
 * are put on white.
 *
 * @param {ImageBitmap} bitmap
 * @param {number} side
 * @param {number} size
 * @returns {Promise<Square[]>}
 */
async function centreSquare(bitmap, side, size) {
  const rows = Math.max(1, Math.floor(PIXELS_PER_READ / side));
  const canvas = Object.assign(document.createElement("canvas"), { width: side, height: Math.min(rows, side) });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new PictureError("broken");
  const [left, top] = [Math.floor((bitmap.width - side) / 2), Math.floor((bitmap.height - side) / 2)];
  const channels = LUMA.map(() => new Float64Array(size * size));
  const shares = sharesOfCells(side, size);
  for (let y = 0; y < side; y += rows) {
    const height = Math.min(rows, side - y);
    context.fillStyle = "#fff";
    context.fillRect(0, 0, side, height);
    context.drawImage(bitmap, left, top + y, side, height, 0, 0, side, height);
    const { data } = context.getImageData(0, 0, side, height);
    for (let row = 0; row < height; row++)
      addRow(channels, size, data.subarray(4 * row * side, 4 * (row + 1) * side), shares, shares[y + row]);
    await new Promise((resolve) => setTimeout(resolve));
  }
  return channels.map((values) => ({ size, values: values.map((sum) => Math.min(1, sum / 255)) }));
}

/**
 * Adds a row of pixels to the cells that it covers.
 *
 * @param {Float64Array[]} channels
 * @param {number} size
 * @param {Uint8ClampedArray} row
 * @param {[number, number][][]} shares
 * @param {[number, number][]} down
 */
function addRow(channels, size, row, shares, down) {
  const sums = channels.map(() => new Float64Array(size));
  shares.forEach((across, x) => {
    for (const [column, share] of across)
      sums.forEach((sum, channel) => {
        sum[column] += share * row[4 * x + channel];
      });
  });
  for (const [line, share] of down) {
    channels.forEach((cells, channel) => {
      for (let column = 0; column < size; column++) cells[line * size + column] += share * sums[channel][column];
    });
  }
}

/**
 * For each pixel of a line, the cells that it overlaps and the share of each cell that it fills.
 *
 * @param {number} side
 * @param {number} size
 * @returns {[cell: number, share: number][][]}
 */
function sharesOfCells(side, size) {
  return Array.from({ length: side }, (_, index) => {
    const [from, to] = [(index * size) / side, ((index + 1) * size) / side];
    /** @type {[number, number][]} */
    const cells = [];
    for (let cell = Math.floor(from); cell < Math.min(size, to); cell++)
      cells.push([cell, Math.min(cell + 1, to) - Math.max(cell, from)]);
    return cells;
  });
}
