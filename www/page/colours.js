/** The colours of maps and marks. The style sheets name them, and the canvases read them there. */

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
let known = null;

/** The same object until the theme changes. @returns {Colours} */
export function colours() {
  known ??= readColours();
  return known;
}

export function forgetColours() {
  known = null;
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
 * Pixel values from 0 to 1 as ink on paper.
 *
 * @param {number} value
 * @param {Colours} scale
 */
export const inkScale = (value, { paper, ink }) => mix(paper.rgb, ink.rgb, value);

/**
 * Signed values from −1 to 1 from blue over grey to orange, which every kind of colour vision tells apart.
 *
 * @param {number} value
 * @param {Colours} scale
 * @param {number[]} [ground] What stands for zero instead of the grey.
 */
export const divergingScale = (value, { low, middle, high }, ground = middle.rgb) =>
  mix(ground, (value < 0 ? low : high).rgb, Math.min(1, Math.abs(value)));

/** @param {number[]} from @param {number[]} to @param {number} share */
const mix = (from, to, share) => from.map((start, channel) => start + (to[channel] - start) * share);
