/**
 * A drawing as text that fits into a link: for each stroke the number of its points, in one byte or
 * two, and then two bytes a point; all of it in base64.
 */
import { fromText, toText } from "../codecs/base64.js";

/** What the engine takes at most: a minute of uninterrupted drawing. */
export const MOST_STROKES = 256;
export const MOST_POINTS = 8192;

const MOST_BYTES = 2 * (MOST_STROKES + MOST_POINTS);

/** @param {Uint8Array[]} strokes */
export const pointCount = (strokes) => strokes.reduce((sum, stroke) => sum + stroke.length / 2, 0);

/** Whether a drawing can grow by a point, and by so many strokes. @param {Uint8Array[]} strokes */
export const hasRoom = (strokes, more = 1) =>
  strokes.length + more <= MOST_STROKES && pointCount(strokes) < MOST_POINTS;

/** @param {Uint8Array[]} strokes */
export function writeStrokes(strokes) {
  const bytes = strokes
    .filter((stroke) => stroke.length > 0)
    .flatMap((stroke) => {
      const points = stroke.length / 2;
      return [...(points < 128 ? [points] : [(points & 127) | 128, points >> 7]), ...stroke];
    });
  return toText(bytes);
}

/**
 * The drawing that a text holds, as far as it can be read. Where the text ends early or holds more
 * than a drawing may, what came before is kept, and `whole` is false.
 *
 * @param {string} text
 * @returns {{ strokes: Uint8Array[], whole: boolean }}
 */
export function readStrokes(text) {
  const { bytes, whole } = fromText(text, MOST_BYTES);
  /** @type {Uint8Array[]} */
  const strokes = [];
  let points = 0;
  for (let at = 0; at < bytes.length; ) {
    let count = bytes[at++];
    if (count > 127) count = (count & 127) | ((bytes[at++] ?? 0) << 7);
    const kept = Math.min(count, MOST_POINTS - points, Math.floor((bytes.length - at) / 2));
    if (kept > 0) strokes.push(bytes.slice(at, at + 2 * kept));
    points += kept;
    if (kept < count || count === 0) return { strokes, whole: false };
    at += 2 * count;
    if (strokes.length === MOST_STROKES && at < bytes.length) return { strokes, whole: false };
  }
  return { strokes, whole };
}
