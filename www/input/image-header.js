/**
 * What a picture file says of itself in its header: read before anything is decoded, so that a small
 * file that unpacks to an enormous picture is turned away unopened.
 *
 * @typedef {object} Header
 * @property {number} width
 * @property {number} height
 * @property {boolean} moves Whether it is an animation.
 */

/**
 * Of a PNG, JPEG, WebP or GIF; null of anything else, and of what is cut short.
 *
 * @param {Uint8Array} file
 * @returns {Header | null}
 */
export function readHeader(file) {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  try {
    if (startsWith(file, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])) return readPng(view);
    if (startsWith(file, [0xff, 0xd8, 0xff])) return readJpeg(view);
    if (text(view, 0, 4) === "GIF8") return readGif(view);
    if (text(view, 0, 4) === "RIFF" && text(view, 8, 4) === "WEBP") return readWebp(view);
  } catch (error) {
    // A header that points beyond the file's end.
    if (!(error instanceof RangeError)) throw error;
  }
  return null;
}

/** @param {Uint8Array} file @param {number[]} start */
const startsWith = (file, start) => start.every((byte, place) => file[place] === byte);

/** @param {DataView} view @param {number} at @param {number} length */
const text = (view, at, length) =>
  Array.from({ length }, (_, place) => String.fromCharCode(view.getUint8(at + place))).join("");

/** @param {DataView} view @returns {Header} */
function readPng(view) {
  const header = { width: view.getUint32(16), height: view.getUint32(20), moves: false };
  for (let at = 8; at + 8 <= view.byteLength; at += 12 + view.getUint32(at)) {
    const name = text(view, at + 4, 4);
    if (name === "acTL") return { ...header, moves: view.getUint32(at + 8) > 1 };
    if (name === "IDAT") break;
  }
  return header;
}

/** @param {DataView} view @returns {Header | null} */
function readJpeg(view) {
  for (let at = 2; ; at += 2 + view.getUint16(at + 2)) {
    if (view.getUint8(at) !== 0xff) return null;
    const marker = view.getUint8(at + 1);
    // The start of a frame, of any of its thirteen kinds.
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return { height: view.getUint16(at + 5), width: view.getUint16(at + 7), moves: false };
    if (marker === 0xd9 || marker === 0xda) return null;
  }
}

/**
 * Its size is that of the whole screen; it moves when there is a second image.
 *
 * @param {DataView} view
 * @returns {Header}
 */
function readGif(view) {
  const header = { width: view.getUint16(6, true), height: view.getUint16(8, true) };
  const skipColours = (/** @type {number} */ flags) => (flags & 0x80 ? 3 << ((flags & 7) + 1) : 0);
  const skipBlocks = (/** @type {number} */ at) => {
    while (view.getUint8(at) > 0) at += 1 + view.getUint8(at);
    return at + 1;
  };
  let images = 0;
  for (let at = 13 + skipColours(view.getUint8(10)); at < view.byteLength && images < 2; ) {
    const kind = view.getUint8(at);
    if (kind === 0x21) {
      at = skipBlocks(at + 2);
    } else if (kind === 0x2c) {
      images++;
      at = skipBlocks(at + 11 + skipColours(view.getUint8(at + 9)));
    } else {
      break;
    }
  }
  return { ...header, moves: images > 1 };
}

/**
 * Lossy, lossless, or with an extended header, which says whether it moves.
 *
 * @param {DataView} view
 * @returns {Header | null}
 */
function readWebp(view) {
  const number24 = (/** @type {number} */ at) => view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
  switch (text(view, 12, 4)) {
    case "VP8X":
      return { width: 1 + number24(24), height: 1 + number24(27), moves: (view.getUint8(20) & 2) !== 0 };
    case "VP8L": {
      const bits = view.getUint32(21, true);
      return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >> 14) & 0x3fff), moves: false };
    }
    case "VP8 ":
      return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff, moves: false };
    default:
      return null;
  }
}
