/** A picture of the visitor's own as text that fits into a link: its bytes in raw deflate, in base64. */
import { fromText, lettersOf, toText } from "../codecs/base64.js";
import { deflate } from "../codecs/deflate.js";
import { inflate } from "../codecs/inflate.js";

/** What deflate adds where it finds nothing to pack: five bytes for a block, and one more for good measure. */
const OVERHEAD = 6;

/** @param {Uint8Array<ArrayBuffer>} bytes One for each feature. */
export const writePixels = async (bytes) => toText(await deflate(bytes, "deflate-raw"));

/**
 * The bytes of a text that `writePixels` might have written, or null for any other.
 *
 * @param {string} text
 * @param {number} features
 */
export function readPixels(text, features) {
  if (text.length > lettersOf(features + OVERHEAD)) return null;
  const { bytes, whole } = fromText(text, features + OVERHEAD);
  return whole ? inflate(bytes, features) : null;
}

/** Bytes as an image. @param {Uint8Array} bytes */
export const imageOf = (bytes) => Float32Array.from(bytes, (byte) => byte / 255);
