/**
 * The ground of a picture with transparent parts. It is put on white, as most programs show it. White ink would vanish
 * there, so it is put on black.
 */

/** The weights of red, green and blue in the perceived brightness. */
export const LUMA = [0.299, 0.587, 0.114];

/** What is nowhere darker than this would hardly be seen on white. */
const LIGHT = 0.6;

/**
 * @param {Float64Array[]} channels Red, green and blue, each multiplied by alpha, from 0 to 1.
 * @param {Float64Array} alpha
 * @returns {Float64Array[]} Red, green and blue on the ground.
 */
export function putOnGround(channels, alpha) {
  const most = alpha.reduce((so, value) => Math.max(so, value), 0);
  const isTransparent = alpha.some((value) => value < 1);
  // A thin stroke covers its cells only in part, so what counts as drawn depends on the most that a cell is covered.
  const isLight =
    isTransparent
    && alpha.every((value, cell) => value < most / 2 || brightness(channels, cell) >= LIGHT * value)
    && most > 0;
  const ground = isLight ? 0 : 1;
  return channels.map((values) => values.map((value, cell) => Math.min(1, value + (1 - alpha[cell]) * ground)));
}

/** @param {Float64Array[]} channels @param {number} cell */
const brightness = (channels, cell) => channels.reduce((sum, values, channel) => sum + LUMA[channel] * values[cell], 0);
