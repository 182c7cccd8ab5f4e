/**
 * Writes a PNG, or an animated PNG (APNG), from pictures given one after the other. Of each frame, only the rectangle
 * that differs from the previous frame is stored. Programs without support for animation show the still picture.
 */
import { deflate } from "./deflate.js";

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
/** PNG's colour type for RGB. */
const RGB = 2;
/** PNG's filter that subtracts the row above. */
const FILTER_UP = 2;

/**
 * @param {object} options
 * @param {number} options.width
 * @param {number} options.height
 * @param {number} [options.frames] How many frames the animation will have; 0 for a plain PNG.
 * @param {Record<string, string>} [options.texts] Text fields of the file, such as "Source", in ASCII.
 */
export function createPng({ width, height, frames = 0, texts = {} }) {
  /** @type {Uint8Array<ArrayBuffer>[]} */
  const chunks = [SIGNATURE, chunk("IHDR", [...uint32(width), ...uint32(height), 8, RGB, 0, 0, 0])];
  if (frames > 0) chunks.push(chunk("acTL", [...uint32(frames), ...uint32(0)]));
  for (const [name, text] of Object.entries(texts)) chunks.push(chunk("tEXt", charCodes(`${name}\0${text}`)));
  let sequence = 0;
  /** @type {Uint32Array | null} */
  let previous = null;

  return {
    /** Adds the still picture, for programs that do not show the animation. @param {Uint8ClampedArray} rgba */
    async still(rgba) {
      chunks.push(chunk("IDAT", await compress(rgba, width, { x: 0, y: 0, width, height })));
    },

    /** Adds a frame. @param {Uint8ClampedArray} rgba @param {number} milliseconds How long the frame is shown. */
    async frame(rgba, milliseconds) {
      const current = new Uint32Array(rgba.slice().buffer);
      const area = previous ? difference(previous, current, width) : { x: 0, y: 0, width, height };
      previous = current;
      chunks.push(
        chunk("fcTL", [
          ...uint32(sequence++),
          ...uint32(area.width),
          ...uint32(area.height),
          ...uint32(area.x),
          ...uint32(area.y),
          milliseconds >> 8,
          milliseconds & 255,
          1000 >> 8,
          1000 & 255,
          0,
          0,
        ]),
      );
      const data = await compress(rgba, width, area);
      const part = new Uint8Array(4 + data.length);
      part.set(uint32(sequence++));
      part.set(data, 4);
      chunks.push(chunk("fdAT", part));
    },

    finish: () => new Blob([...chunks, chunk("IEND", [])], { type: "image/png" }),
  };
}

/** @typedef {{ x: number, y: number, width: number, height: number }} Area */

/**
 * The smallest rectangle that contains every pixel that differs.
 *
 * @param {Uint32Array} one
 * @param {Uint32Array} other
 * @param {number} width
 * @returns {Area}
 */
function difference(one, other, width) {
  let [left, right, top, bottom] = [width, -1, -1, -1];
  for (let i = 0; i < one.length; i++) {
    if (one[i] === other[i]) continue;
    const x = i % width;
    bottom = Math.floor(i / width);
    if (top < 0) top = bottom;
    if (x < left) left = x;
    if (x > right) right = x;
  }
  return top < 0
    ? { x: 0, y: 0, width: 1, height: 1 }
    : { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}

/**
 * Compresses an area's pixels. Each row is stored as its difference to the row above, which is mostly zeros for
 * pictures of large squares.
 *
 * @param {Uint8ClampedArray} rgba
 * @param {number} stride
 * @param {Area} area
 */
async function compress(rgba, stride, { x, y, width, height }) {
  const rows = new Uint8Array(height * (1 + 3 * width));
  let at = 0;
  for (let row = 0; row < height; row++) {
    rows[at++] = FILTER_UP;
    for (let column = 0; column < width; column++) {
      const here = 4 * ((y + row) * stride + x + column);
      const above = row > 0 ? here - 4 * stride : -1;
      for (let channel = 0; channel < 3; channel++)
        rows[at++] = rgba[here + channel] - (above < 0 ? 0 : rgba[above + channel]);
    }
  }
  return deflate(rows, "deflate");
}

/** @param {string} name @param {ArrayLike<number>} data */
function chunk(name, data) {
  const bytes = new Uint8Array(12 + data.length);
  bytes.set(uint32(data.length));
  bytes.set(charCodes(name), 4);
  bytes.set(data, 8);
  bytes.set(uint32(crc32(bytes.subarray(4, -4))), 8 + data.length);
  return bytes;
}

/** @param {string} text */
const charCodes = (text) => Array.from(text, (letter) => letter.charCodeAt(0));

/** @param {number} value */
const uint32 = (value) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];

/** The CRC-32 of each byte. */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** The CRC-32 that ends each chunk of a PNG. @param {Uint8Array} bytes */
function crc32(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = CRC_TABLE[(value ^ byte) & 255] ^ (value >>> 8);
  return ~value >>> 0;
}
