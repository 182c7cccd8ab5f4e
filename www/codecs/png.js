/**
 * Reads an 8-bit PNG, grey or RGB, to its very bytes. A canvas would do it in three lines, but browsers
 * that guard against fingerprinting alter what is read back from a canvas, and an attack on altered
 * pixels is another attack.
 */
import { inflate } from "./inflate.js";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** The sheets of CIFAR-10 are 10,000 pixels high. */
const MAX_SIDE = 16_384;
/** Twice a sheet of CIFAR-10. */
const MAX_BYTES = 64 * 1024 * 1024;
/** Numbers in a pixel, by the colour type that the file names. @type {Record<number, number>} */
const CHANNELS = { 0: 1, 2: 3 };

/**
 * @param {Uint8Array<ArrayBuffer>} file
 * @returns {Promise<{ width: number, height: number, channels: number, pixels: Uint8Array }>} Pixel after pixel, row by
 * row.
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
  const rows = await unpack(new Blob(data), length);
  if (rows?.length !== length) throw new Error("its data does not match its size");
  return { width, height, channels, pixels: unfilter(rows, width * channels, height, channels) };
}

/**
 * By the browser, which is faster, or by hand where it cannot; to the length that the header promises and
 * not beyond it, since a few bytes can swell to gigabytes.
 *
 * @param {Blob} packed In zlib's wrapping: two bytes before, four behind.
 * @param {number} length
 */
async function unpack(packed, length) {
  if (typeof DecompressionStream !== "function")
    return inflate(new Uint8Array(await packed.slice(2, -4).arrayBuffer()), length);
  const rows = new Uint8Array(length);
  let at = 0;
  const reader = packed.stream().pipeThrough(new DecompressionStream("deflate")).getReader();
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

/** @param {Uint8Array<ArrayBuffer>} file */
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
 * Each row is stored as differences to its neighbours, by one of five rules that its first byte names.
 *
 * @param {Uint8Array} rows
 * @param {number} width Bytes in a row, without the one that names the rule.
 * @param {number} height
 * @param {number} step Bytes from a number to the same of the pixel before.
 */
function unfilter(rows, width, height, step) {
  const pixels = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const rule = rows[y * (width + 1)];
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      const left = x >= step ? pixels[at - step] : 0;
      const up = y > 0 ? pixels[at - width] : 0;
      const corner = x >= step && y > 0 ? pixels[at - width - step] : 0;
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][rule];
      if (guess === undefined) throw new Error("a row has an unknown filter");
      pixels[at] = rows[y * (width + 1) + 1 + x] + guess;
    }
  }
  return pixels;
}

/**
 * Whichever neighbour is nearest to left + up − corner.
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
