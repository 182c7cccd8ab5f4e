/** A picture of the visitor's own as text that fits into a link: its bytes in raw deflate, in base64. */
import { fromText, lettersOf, toText } from "./base64.js";
import { inflate } from "./inflate.js";

/** What deflate adds where it finds nothing to pack: five bytes for a block, and one more for good measure. */
const OVERHEAD = 6;

/** @param {Uint8Array<ArrayBuffer>} bytes One for each feature, fewer than 65,536. */
export async function writePixels(bytes) {
  const plain = Uint8Array.of(1, bytes.length & 255, bytes.length >> 8, ~bytes.length & 255, (~bytes.length >> 8) & 255, ...bytes);
  const packed = await deflate(bytes);
  return toText(packed && packed.length < plain.length ? packed : plain);
}

/** Null where the browser cannot pack, or not in this format. @param {Uint8Array<ArrayBuffer>} bytes */
async function deflate(bytes) {
  try {
    const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate-raw"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch {
    return null;
  }
}

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
