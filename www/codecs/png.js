/**
 * Reads the exact pixels of an 8-bit PNG, grey or RGB, with or without alpha. A canvas would need only three lines, but browsers that protect
 * against fingerprinting change the pixels that are read back from a canvas, and that would change the attack.
 */
import { inflate } from "./inflate.js";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** In pixels. The files of CIFAR-10 are 10,000 pixels high. */
const MAX_SIDE = 16_384;
/** Twice the size of a decoded file of CIFAR-10. */
const MAX_BYTES = 64 * 1024 * 1024;
/** How many values a pixel has, by PNG's colour type. @type {Record<number, number>} */
const CHANNELS = { 0: 1, 2: 3, 4: 2, 6: 4 };

/**
 * Decodes a PNG file.
 *
 * @param {Uint8Array<ArrayBuffer>} file
 * @returns {Promise<{ width: number, height: number, channels: number, pixels: Uint8Array }>} The values of one pixel
 *   after the other, row by row.
 */
export async function decodePng(file) {
  if (!SIGNATURE.every((byte, place) => file[place] === byte)) throw new Error("it is not a PNG file");
  const { header, data } = readChunks(file);
  const width = header.getUint32(0);
  const height = header.getUint32(4);
  const [depth, colour, , , interlace] = [8, 9, 10, 11, 12].map((place) => header.getUint8(place));
  const channels = CHANNELS[colour];
  if (depth !== 8 || channels === undefined || interlace !== 0)
    throw new Error("it is not a plain 8-bit PNG, grey or RGB");
  if (width < 1 || height < 1 || width > MAX_SIDE || height > MAX_SIDE)
    throw new Error(`it measures ${width} × ${height}`);
  const length = height * (width * channels + 1);
  if (length > MAX_BYTES) throw new Error("it is too large");
  const rows = await decompress(new Blob(data), length);
  if (rows?.length !== length) throw new Error("its data does not match its size");
  return { width, height, channels, pixels: unfilter(rows, width * channels, height, channels) };
}

/**
 * Decompresses the rows with the browser, which is faster, or with `inflate` if the browser cannot. Stops at the length
 * given in the header, because a few bytes can decompress to gigabytes.
 *
 * @param {Blob} compressed In the zlib format, which has two bytes before the raw stream and four after it.
 * @param {number} length
 */
async function decompress(compressed, length) {
  if (typeof DecompressionStream !== "function")
    return inflate(new Uint8Array(await compressed.slice(2, -4).arrayBuffer()), length);
  const rows = new Uint8Array(length);
  let at = 0;
  const reader = compressed.stream().pipeThrough(new DecompressionStream("deflate")).getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    if (at + part.value.length > length) {
      reader.cancel().catch(() => {});
      return null;
    }
    rows.set(part.value, at);
    at += part.value.length;
  }
  return rows.subarray(0, at);
}

/** Finds the header and the image data. @param {Uint8Array<ArrayBuffer>} file */
function readChunks(file) {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  /** @type {DataView | null} */
  let header = null;
  const data = [];
  for (let at = SIGNATURE.length; at + 12 <= file.length; ) {
    const length = view.getUint32(at);
    const name = String.fromCharCode(...file.subarray(at + 4, at + 8));
    if (at + 12 + length > file.length) break;
    if (name === "IHDR" && length === 13) header = new DataView(file.buffer, file.byteOffset + at + 8, length);
    if (name === "IDAT") data.push(file.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  if (!header || data.length === 0) throw new Error("it is incomplete");
  return { header, data };
}

/**
 * Undoes the filter of each row. Pixels are stored as differences to their neighbours; the row's first byte is one of
 * five filters.
 *
 * @param {Uint8Array} rows
 * @param {number} width Bytes in a row, without the byte for the filter.
 * @param {number} height
 * @param {number} step Bytes in a pixel.
 */
function unfilter(rows, width, height, step) {
  const pixels = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const filter = rows[y * (width + 1)];
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      const left = x >= step ? pixels[at - step] : 0;
      const up = y > 0 ? pixels[at - width] : 0;
      const corner = x >= step && y > 0 ? pixels[at - width - step] : 0;
      const prediction = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter];
      if (prediction === undefined) throw new Error("a row has an unknown filter");
      pixels[at] = rows[y * (width + 1) + 1 + x] + prediction;
    }
  }
  return pixels;
}

/**
 * The neighbour that is nearest to left + up − corner.
 *
 * @param {number} left
 * @param {number} up
 * @param {number} corner
 */
function paeth(left, up, corner) {
  const [toLeft, toUp, toCorner] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}
