/**
 * Shorter links: a link with a long drawing or a picture is cut by many chats. It gets shorter with fewer points, or
 * with a test image instead of the visitor's own.
 */
import { isUntargeted } from "../domain/attacks.js";
import { writeStrokes } from "../link/strokes.js";
import { addressOf } from "../session/address.js";

/** @typedef {import("../link/link.js").Link} Link */
/** @typedef {import("../page/samples.js").Sample} Sample */

/** Many chats cut what is longer, in characters. */
export const LONGEST_LINK = 2000;
/** The halvings of the search for a tolerance. */
const HALVINGS = 12;

/**
 * The link with as many points of its drawing as fit, or null if it has no drawing.
 *
 * @param {Link} link
 * @returns {Link | null}
 */
export function withFewerPoints(link) {
  const { strokes } = link;
  if (!strokes || strokes.length === 0) return null;
  const others = addressOf({ ...link, strokes: [] }).length;
  let [low, high] = [0, 256];
  for (let halving = 0; halving < HALVINGS; halving++) {
    const tolerance = (low + high) / 2;
    if (others + writeStrokes(simplify(strokes, tolerance)).length > LONGEST_LINK) low = tolerance;
    else high = tolerance;
  }
  return { ...link, strokes: simplify(strokes, high) };
}

/**
 * Leaves out points of strokes that are no further than `tolerance` from the lines between the others: the algorithm of
 * Ramer, Douglas and Peucker.
 *
 * @param {Uint8Array[]} strokes
 * @param {number} tolerance In units of a stroke's coordinates.
 */
function simplify(strokes, tolerance) {
  return strokes.map((stroke) => {
    const last = stroke.length / 2 - 1;
    const kept = new Set([0, last]);
    const spans = [[0, last]];
    for (const [from, to] of spans) {
      const { at, distance } = furthest(stroke, from, to);
      if (distance <= tolerance) continue;
      kept.add(at);
      spans.push([from, at], [at, to]);
    }
    const points = [...kept].sort((one, other) => one - other);
    return Uint8Array.from(points.flatMap((at) => [...stroke.subarray(2 * at, 2 * at + 2)]));
  });
}

/**
 * The point of a part of a stroke that is furthest from the line between its ends.
 *
 * @param {Uint8Array} stroke
 * @param {number} from
 * @param {number} to
 */
function furthest(stroke, from, to) {
  const [x0, y0, dx, dy] = [
    stroke[2 * from],
    stroke[2 * from + 1],
    stroke[2 * to] - stroke[2 * from],
    stroke[2 * to + 1] - stroke[2 * from + 1],
  ];
  const squared = dx * dx + dy * dy;
  let [at, distance] = [from, 0];
  for (let place = from + 1; place < to; place++) {
    const [x, y] = [stroke[2 * place] - x0, stroke[2 * place + 1] - y0];
    const share = squared === 0 ? 0 : Math.min(1, Math.max(0, (x * dx + y * dy) / squared));
    const away = Math.hypot(x - share * dx, y - share * dy);
    if (away > distance) [at, distance] = [place, away];
  }
  return { at, distance };
}

/**
 * The link with the test image that is nearest to a picture; null if there is none. Its attack starts anew.
 *
 * @param {Link} link
 * @param {Sample[]} samples
 * @param {Float32Array | null} pixels
 */
export function withNearestSample(link, samples, pixels) {
  const others = samples.filter(({ label }) => isUntargeted(link) || label !== link.target);
  if (!pixels || others.length === 0) return null;
  const distances = others.map((sample) =>
    sample.pixels.reduce((sum, value, place) => sum + (value - pixels[place]) ** 2, 0),
  );
  const sample = others[distances.indexOf(Math.min(...distances))];
  const step = link.step === null ? null : 0;
  return { sample, link: { ...link, strokes: null, pixels: null, sample: sample.index, step } };
}
