/**
 * Encodes a drawing as text for a link: for each stroke the number of its points in one or two bytes, then two bytes
 * for each point, all as base64.
 */
import { fromBase64, toBase64 } from "../codecs/base64.js";

/** The engine's limits: about a minute of uninterrupted drawing. */
export const MAX_STROKES = 256;
export const MAX_POINTS = 8192;

const MAX_BYTES = 2 * (MAX_STROKES + MAX_POINTS);

/** How many points a drawing has. @param {Uint8Array[]} strokes */
export const pointCount = (strokes) => strokes.reduce((sum, stroke) => sum + stroke.length / 2, 0);

/** Whether there is room for another point and `more` strokes. @param {Uint8Array[]} strokes */
export const hasRoom = (strokes, more = 1) => strokes.length + more <= MAX_STROKES && pointCount(strokes) < MAX_POINTS;

/** Encodes a drawing. @param {Uint8Array[]} strokes */
export function writeStrokes(strokes) {
  const bytes = strokes
    .filter((stroke) => stroke.length > 0)
    .flatMap((stroke) => {
      const points = stroke.length / 2;
      return [...(points < 128 ? [points] : [(points & 127) | 128, points >> 7]), ...stroke];
    });
  return toBase64(bytes);
}

/**
 * Decodes a drawing. If the text ends early or has more strokes or points than allowed, the part before that is kept,
 * and `whole` is false.
 *
 * @param {string} text
 * @returns {{ strokes: Uint8Array[], whole: boolean }}
 */
export function readStrokes(text) {
  const { bytes, whole } = fromBase64(text, MAX_BYTES);
  /** @type {Uint8Array[]} */
  const strokes = [];
  let points = 0;
  for (let at = 0; at < bytes.length; ) {
    let count = bytes[at++];
    if (count > 127) count = (count & 127) | ((bytes[at++] ?? 0) << 7);
    const kept = Math.min(count, MAX_POINTS - points, Math.floor((bytes.length - at) / 2));
    if (kept > 0) strokes.push(bytes.slice(at, at + 2 * kept));
    points += kept;
    if (kept < count || count === 0) return { strokes, whole: false };
    at += 2 * count;
    if (strokes.length === MAX_STROKES && at < bytes.length) return { strokes, whole: false };
  }
  return { strokes, whole };
}
