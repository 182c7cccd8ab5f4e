/**
 * Turns a picture file of the visitor's into an image of a data set: checks its size, lets the browser
 * decode it, crops it to the square in its centre, and averages. The file stays on the visitor's machine.
 */
import { decodePng } from "../codecs/png.js";
import { readsBack } from "../page/canvas.js";
import { LUMA, putOnGround } from "./ground.js";
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

/** Why a picture cannot be used. The language files have a message for each reason, `upload.<reason>`. */
export class PictureError extends Error {
  /**
   * @param {'kind' | 'bytes' | 'pixels' | 'width' | 'height' | 'moves' | 'broken' | 'blank' | 'protected'} reason
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
 * A decoded picture.
 *
 * @typedef {object} Decoded
 * @property {number} width
 * @property {number} height
 * @property {(left: number, top: number, width: number, height: number) => Uint8ClampedArray | Uint8Array} read Returns
 *   the red, green, blue and alpha values of an area, row by row.
 * @property {() => void} close
 */

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
  const { width, height, isAnimated } = readHeader(bytes) ?? (await measure(bytes));
  if (isAnimated) throw new PictureError("moves");
  if (width * height > MAX_PIXELS)
    throw new PictureError("pixels", { size: (width * height) / 1e6, most: MAX_PIXELS / 1e6 });
  if (width > MAX_SIDE) throw new PictureError("width", { size: width, most: MAX_SIDE });
  if (height > MAX_SIDE) throw new PictureError("height", { size: height, most: MAX_SIDE });
  const picture = await (readsBack() ? decodeWithCanvas(bytes) : decodeWithoutCanvas(bytes));
  try {
    const side = Math.min(picture.width, picture.height);
    const channels = await centreSquare(picture, side, CELLS_PER_PIXEL * dataset.side);
    return Uint8Array.from(featuresOf(channels, side, dataset), (value) => Math.round(255 * value));
  } finally {
    picture.close();
  }
}

/**
 * The size of a picture whose header `readHeader` does not know, such as AVIF. The browser decides whether it can open
 * the file. It knows the size before it decodes the pixels, so that an enormous picture can be refused.
 *
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @returns {Promise<import("./image-header.js").Header>}
 */
async function measure(bytes) {
  const url = URL.createObjectURL(new Blob([bytes]));
  const image = new Image();
  try {
    await new Promise((resolve, reject) => {
      image.onload = resolve;
      image.onerror = () => reject(new PictureError("kind"));
      image.src = url;
    });
    const { naturalWidth: width, naturalHeight: height } = image;
    if (width === 0 || height === 0) throw new PictureError("kind");
    return { width, height, isAnimated: false };
  } finally {
    image.removeAttribute("src");
    URL.revokeObjectURL(url);
  }
}

/** @param {Uint8Array<ArrayBuffer>} bytes @returns {Promise<Decoded>} */
async function decodeWithCanvas(bytes) {
  const bitmap = await createImageBitmap(new Blob([bytes]), { imageOrientation: "from-image" }).catch(() => {
    throw new PictureError("broken");
  });
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new PictureError("broken");
  return {
    width: bitmap.width,
    height: bitmap.height,
    read(left, top, width, height) {
      // Setting the size empties the canvas.
      [canvas.width, canvas.height] = [width, height];
      context.drawImage(bitmap, left, top, width, height, 0, 0, width, height);
      return context.getImageData(0, 0, width, height).data;
    },
    close: () => bitmap.close(),
  };
}

/**
 * Decodes a PNG file with the page's own code. For other formats there is no way to the pixels but through a canvas,
 * and this browser returns false ones.
 *
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @returns {Promise<Decoded>}
 */
async function decodeWithoutCanvas(bytes) {
  const { width, height, channels, pixels } = await decodePng(bytes).catch(() => {
    throw new PictureError("protected");
  });
  const hasAlpha = channels % 2 === 0;
  const colours = hasAlpha ? channels - 1 : channels;
  return {
    width,
    height,
    read(left, top, wide, high) {
      const area = new Uint8Array(4 * wide * high);
      for (let i = 0; i < wide * high; i++) {
        const from = channels * ((top + Math.floor(i / wide)) * width + left + (i % wide));
        for (let channel = 0; channel < 3; channel++) area[4 * i + channel] = pixels[from + (channel % colours)];
        area[4 * i + 3] = hasAlpha ? pixels[from + colours] : 255;
      }
      return area;
    },
    close() {},
  };
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
  const digit = side === dataset.side ? asTinyDigit({ size: side, values: average(grey, whole, side) }) : asDigit(grey);
  if (!digit) throw new PictureError("blank");
  return digit;
}

/**
 * The square in the centre of a picture as red, green and blue, each averaged to size × size.
 *
 * @param {Decoded} picture
 * @param {number} side
 * @param {number} size
 * @returns {Promise<Square[]>}
 */
async function centreSquare(picture, side, size) {
  const rows = Math.max(1, Math.floor(PIXELS_PER_READ / side));
  const [left, top] = [Math.floor((picture.width - side) / 2), Math.floor((picture.height - side) / 2)];
  const sums = Array.from({ length: 4 }, () => new Float64Array(size * size));
  const shares = sharesOfCells(side, size);
  for (let y = 0; y < side; y += rows) {
    const height = Math.min(rows, side - y);
    const data = picture.read(left, top + y, side, height);
    for (let row = 0; row < height; row++)
      addRow(sums, size, data.subarray(4 * row * side, 4 * (row + 1) * side), shares, shares[y + row]);
    await new Promise((resolve) => setTimeout(resolve));
  }
  const [red, green, blue, alpha] = sums.map((values) => values.map((sum) => Math.min(1, sum / 255)));
  return putOnGround([red, green, blue], alpha).map((values) => ({ size, values }));
}

/**
 * Adds a row of pixels to the cells that it covers. Colours are multiplied by their alpha.
 *
 * @param {Float64Array[]} channels Red, green, blue and alpha.
 * @param {number} size
 * @param {Uint8ClampedArray | Uint8Array} row
 * @param {[number, number][][]} shares
 * @param {[number, number][]} down
 */
function addRow(channels, size, row, shares, down) {
  const sums = channels.map(() => new Float64Array(size));
  shares.forEach((across, x) => {
    const alpha = row[4 * x + 3];
    for (const [column, share] of across)
      sums.forEach((sum, channel) => {
        sum[column] += channel < 3 ? (share * row[4 * x + channel] * alpha) / 255 : share * alpha;
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
