/** The colours of maps and marks. They are defined in the style sheets and read here for the canvases. */

/** @typedef {{ css: string, rgb: [number, number, number] }} Colour */

const NAMES = /** @type {const} */ ([
  "paper",
  "ink",
  "low",
  "middle",
  "high",
  "changed",
  "next",
  "halo",
  "red",
  "green",
  "blue",
]);
/** @typedef {Record<typeof NAMES[number], Colour>} Colours */

/** @type {Colours | null} */
let cached = null;

/** The colours of the current theme. Returns the same object until the theme changes. @returns {Colours} */
export function colours() {
  cached ??= readColours();
  return cached;
}

/** Reads the colours anew at the next use. Called when the theme has changed. */
export function resetColours() {
  cached = null;
}

function readColours() {
  const style = getComputedStyle(document.documentElement);
  const read = NAMES.map((name) => {
    const css = style.getPropertyValue(`--map-${name}`).trim();
    const value = parseInt(css.slice(1), 16) || 0;
    return [name, { css, rgb: [value >> 16, (value >> 8) & 255, value & 255] }];
  });
  return /** @type {Colours} */ (Object.fromEntries(read));
}

/**
 * The colour of a pixel value from 0 to 1, from paper to ink.
 *
 * @param {number} value
 * @param {Colours} scale
 */
export const inkScale = (value, { paper, ink }) => mix(paper.rgb, ink.rgb, value);

/**
 * The colour of a signed value from −1 to 1: from blue through grey to orange, which people with any kind of colour
 * vision can distinguish.
 *
 * @param {number} value
 * @param {Colours} scale
 * @param {number[]} [zero] The colour for zero.
 */
export const divergingScale = (value, { low, middle, high }, zero = middle.rgb) =>
  mix(zero, (value < 0 ? low : high).rgb, Math.min(1, Math.abs(value)));

/** @param {number[]} from @param {number[]} to @param {number} share */
const mix = (from, to, share) => from.map((start, channel) => start + (to[channel] - start) * share);
