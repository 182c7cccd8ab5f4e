/**
 * The order of what the visitor does. Each action takes the next number and claims a part of the page, such as its
 * picture. What was started before and is done later looks here whether its part has been claimed since.
 */

/** @typedef {"engine" | "language" | "picture" | "run"} Part `run` is claimed by every action that a replay stops for. */

let last = 0;
/** The number of the latest action on each part. @type {Map<Part, number>} */
const claims = new Map();

/** Claims a part. Returns whether nobody has claimed it since. @param {Part} part */
export function claim(part) {
  claims.set(part, ++last);
  return watch(part);
}

/** Returns whether nobody has claimed a part since this call. @param {Part} part */
export function watch(part) {
  const now = claims.get(part);
  return () => claims.get(part) === now;
}
