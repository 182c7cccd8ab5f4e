/**
 * Reads an 8-bit greyscale PNG to its very bytes. A canvas would do it in three lines, but browsers
 * that guard against fingerprinting alter what is read back from a canvas, and an attack on altered
 * pixels is another attack.
 */

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const MAX_SIDE = 4096;

/**
 * @param {Uint8Array<ArrayBuffer>} file
 * @returns {Promise<{ width: number, height: number, pixels: Uint8Array }>}
 */
export async function decodeGreyPng(file) {
  if (!SIGNATURE.every((byte, place) => file[place] === byte)) throw new Error("it is not a PNG file");
  const { header, data } = readChunks(file);
  const width = header.getUint32(0);
  const height = header.getUint32(4);
  const [depth, colour, , , interlace] = [8, 9, 10, 11, 12].map((place) => header.getUint8(place));
  if (depth !== 8 || colour !== 0 || interlace !== 0) throw new Error("it is not a plain 8-bit greyscale PNG");
  if (width < 1 || height < 1 || width > MAX_SIDE || height > MAX_SIDE) throw new Error(`it measures ${width} × ${height}`);
  const stream = new Blob(data).stream().pipeThrough(new DecompressionStream("deflate"));
  const rows = new Uint8Array(await new Response(stream).arrayBuffer());
  if (rows.length !== height * (width + 1)) throw new Error("its picture is incomplete");
  return { width, height, pixels: unfilter(rows, width, height) };
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
  if (!header || data.length === 0) throw new Error("it is cut short");
  return { header, data };
}

/**
 * Each row is stored as differences to its neighbours, by one of five rules that its first byte names.
 *
 * @param {Uint8Array} rows
 * @param {number} width
 * @param {number} height
 */
function unfilter(rows, width, height) {
  const pixels = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const rule = rows[y * (width + 1)];
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      const left = x > 0 ? pixels[at - 1] : 0;
      const up = y > 0 ? pixels[at - width] : 0;
      const corner = x > 0 && y > 0 ? pixels[at - width - 1] : 0;
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][rule];
      if (guess === undefined) throw new Error("a row has an unknown filter");
      pixels[at] = rows[y * (width + 1) + 1 + x] + guess;
    }
  }
  return pixels;
}

/** Whichever neighbour is nearest to left + up − corner. @param {number} left @param {number} up @param {number} corner */
function paeth(left, up, corner) {
  const [toLeft, toUp, toCorner] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}
