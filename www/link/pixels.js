/** Encodes an uploaded picture as text for a link: its bytes, compressed with raw deflate, as base64. */
import { encodedLength, fromBase64, toBase64 } from "../codecs/base64.js";
import { deflate } from "../codecs/deflate.js";
import { inflate } from "../codecs/inflate.js";

/** How many bytes deflate adds to incompressible data: five for a block, and one more to be safe. */
const OVERHEAD = 6;

/** Encodes a picture. @param {Uint8Array<ArrayBuffer>} bytes One for each feature. */
export const writePixels = async (bytes) => toBase64(await deflate(bytes, "deflate-raw"));

/**
 * Decodes a text of `writePixels`. Returns null for any other text.
 *
 * @param {string} text
 * @param {number} features
 */
export function readPixels(text, features) {
  if (text.length > encodedLength(features + OVERHEAD)) return null;
  const { bytes, whole } = fromBase64(text, features + OVERHEAD);
  return whole ? inflate(bytes, features) : null;
}

/** Converts bytes to an image with values from 0 to 1. @param {Uint8Array} bytes */
export const toImage = (bytes) => Float32Array.from(bytes, (byte) => byte / 255);
