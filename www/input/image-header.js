/**
 * Reads the size of a picture from the header of its file. This is done before decoding, so that a small file
 * that decodes to an enormous picture can be refused.
 *
 * @typedef {object} Header
 * @property {number} width
 * @property {number} height
 * @property {boolean} isAnimated Whether it has more than one image.
 */

/**
 * The header of a PNG, JPEG, WebP or GIF file, or of an animated AVIF or HEIC file; null for other and for truncated
 * files.
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
    // The browser measures a still AVIF or HEIC. Of an animated one only this is said.
    if (text(view, 4, 4) === "ftyp" && SEQUENCES.includes(text(view, 8, 4)))
      return { width: 0, height: 0, isAnimated: true };
  } catch (error) {
    // The header points beyond the end of the file.
    if (!(error instanceof RangeError)) throw error;
  }
  return null;
}

/** The main brands of AVIF and HEIC files with several images. */
const SEQUENCES = ["avis", "msf1", "hevc", "hevx"];

/** @param {Uint8Array} file @param {number[]} start */
const startsWith = (file, start) => start.every((byte, index) => file[index] === byte);

/** @param {DataView} view @param {number} at @param {number} length */
const text = (view, at, length) =>
  Array.from({ length }, (_, index) => String.fromCharCode(view.getUint8(at + index))).join("");

/** @param {DataView} view @returns {Header} */
function readPng(view) {
  const header = { width: view.getUint32(16), height: view.getUint32(20), isAnimated: false };
  for (let at = 8; at + 8 <= view.byteLength; at += 12 + view.getUint32(at)) {
    const name = text(view, at + 4, 4);
    if (name === "acTL") return { ...header, isAnimated: view.getUint32(at + 8) > 1 };
    if (name === "IDAT") break;
  }
  return header;
}

/**
 * As in libjpeg, bytes before a marker are skipped: any number of fill bytes (FF), and bytes of damaged segments.
 *
 * @param {DataView} view
 * @returns {Header | null}
 */
function readJpeg(view) {
  for (let at = 2; ; ) {
    while (view.getUint8(at) !== 0xff) at++;
    while (view.getUint8(at) === 0xff) at++;
    const marker = view.getUint8(at++);
    // A start-of-frame marker. There are thirteen of them.
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return { height: view.getUint16(at + 3), width: view.getUint16(at + 5), isAnimated: false };
    if (marker === 0xd9 || marker === 0xda) return null;
    // These markers have no segment: a stuffed byte, TEM, the start of the image and the restart markers.
    const isAlone = marker === 0x00 || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
    if (!isAlone) at += Math.max(2, view.getUint16(at));
  }
}

/**
 * The size is that of the logical screen. It is an animation if it has a second image.
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
  return { ...header, isAnimated: images > 1 };
}

/**
 * A WebP file is lossy (VP8), lossless (VP8L), or has an extended header (VP8X) with a flag for animations.
 *
 * @param {DataView} view
 * @returns {Header | null}
 */
function readWebp(view) {
  const number24 = (/** @type {number} */ at) => view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
  switch (text(view, 12, 4)) {
    case "VP8X":
      return { width: 1 + number24(24), height: 1 + number24(27), isAnimated: (view.getUint8(20) & 2) !== 0 };
    case "VP8L": {
      const bits = view.getUint32(21, true);
      return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >> 14) & 0x3fff), isAnimated: false };
    }
    case "VP8 ":
      return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff, isAnimated: false };
    default:
      return null;
  }
}
