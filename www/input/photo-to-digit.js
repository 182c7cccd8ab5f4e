/**
 * Turns a square of brightness values into the pixels of a data set by area averaging. For MNIST it follows
 * the way in which MNIST's digits were made: light ink on black, scaled to 20 pixels, with the centre of mass in
 * the middle of 28 × 28 pixels.
 *
 * @typedef {object} Square
 * @property {number} size
 * @property {Float64Array} values size × size numbers from 0 to 1, row by row.
 *
 * @typedef {{ left: number, top: number, size: number }} Area A part of a square, in its pixels. It may
 * reach beyond the edges, where the values count as 0.
 */

/**
 * Divides an area into side × side cells and returns the mean value of each.
 *
 * @param {Square} square
 * @param {Area} area
 * @param {number} side
 */
export function average({ size, values }, { left, top, size: width }, side) {
  const step = width / side;
  const result = new Float64Array(side * side);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      let sum = 0;
      for (const [row, high] of covered(top + y * step, step, size)) {
        for (const [column, wide] of covered(left + x * step, step, size))
          sum += values[row * size + column] * high * wide;
      }
      result[y * side + x] = sum / (step * step);
    }
  }
  return result;
}

/**
 * The indices of the pixels that an interval covers, and how much of each.
 *
 * @param {number} from
 * @param {number} length
 * @param {number} size
 * @returns {[index: number, share: number][]}
 */
function covered(from, length, size) {
  /** @type {[number, number][]} */
  const indices = [];
  for (let index = Math.max(0, Math.floor(from)); index < Math.min(size, from + length); index++) {
    indices.push([index, Math.min(index + 1, from + length) - Math.max(index, from)]);
  }
  return indices;
}

/** Contrast, as a share of the strongest, at which ink begins, and from which it counts as full. */
const [FAINTEST, FULL] = [0.3, 0.75];
/** With less contrast than this between background and ink, there is no ink. */
const MIN_CONTRAST = 0.12;
/** The background is measured in this many blocks across, because paper is seldom lit evenly. */
const BLOCKS = 5;
/** The share of the ink that may lie outside a digit's bounding box, at each edge: specks of dust. */
const DUST = 0.004;
/** The side of MNIST's images, and of the box that a digit is scaled to. */
const [SIDE, BOX] = [28, 20];

/**
 * A picture of a digit, on paper or on a screen, in the form of MNIST; null if there is too little contrast. The
 * ink is whichever there is less of, dark or light.
 *
 * @param {Square} square
 */
export function asDigit(square) {
  const ink = inkOf(square);
  const box = ink && boxOf(ink);
  if (!box) return null;
  const { left, right, top, bottom, centre } = box;
  const size = (Math.max(right - left, bottom - top) * SIDE) / BOX;
  const pixels = average(ink, { left: centre.x - size / 2, top: centre.y - size / 2, size }, SIDE);
  // A thin pen only half fills the pixels. MNIST's strokes reach full brightness in the middle.
  const most = Math.max(...pixels);
  return pixels.map((value) => value / most);
}

/** A picture of MNIST's own size is used as it is, but inverted if its ink is dark. @param {Square} square */
export const asTinyDigit = ({ values }) => (isDark(values) ? values.map((value) => 1 - value) : values);

/** Whether the ink is darker than the background. @param {Float64Array} values */
function isDark(values) {
  const [low, middle, high] = [0.02, 0.5, 0.98].map((share) => quantile(values, share));
  return middle - low > high - middle;
}

/** How much ink there is at each pixel, from 0 to 1. @param {Square} square @returns {Square | null} */
function inkOf({ size, values }) {
  const sign = isDark(values) ? -1 : 1;
  const light = values.map((value) => sign * value);
  const background = backgroundOf({ size, values: light });
  const contrast = light.map((value, index) => value - background(index % size, Math.floor(index / size)));
  const strongest = quantile(contrast, 0.998);
  if (strongest < MIN_CONTRAST) return null;
  return {
    size,
    values: contrast.map((value) => Math.min(1, Math.max(0, (value / strongest - FAINTEST) / (FULL - FAINTEST)))),
  };
}

/** The background at each pixel, interpolated linearly between the centres of the blocks. @param {Square} square */
function backgroundOf({ size, values }) {
  const width = size / BLOCKS;
  const blocks = Array.from({ length: BLOCKS * BLOCKS }, (_, block) => {
    const [left, top] = [(block % BLOCKS) * width, Math.floor(block / BLOCKS) * width];
    /** @type {number[]} */
    const inside = [];
    for (let y = Math.floor(top); y < top + width && y < size; y++)
      for (let x = Math.floor(left); x < left + width && x < size; x++) inside.push(values[y * size + x]);
    return quantile(Float64Array.from(inside), 0.15);
  });
  return (/** @type {number} */ x, /** @type {number} */ y) => {
    const [along, down] = [x, y].map((pixel) => Math.min(BLOCKS - 1, Math.max(0, (pixel + 0.5) / width - 0.5)));
    const [column, row] = [along, down].map((block) => Math.min(BLOCKS - 2, Math.floor(block)));
    const at = (/** @type {number} */ dx, /** @type {number} */ dy) => blocks[(row + dy) * BLOCKS + column + dx];
    const interpolate = (/** @type {number} */ a, /** @type {number} */ b, /** @type {number} */ share) =>
      a + (b - a) * share;
    return interpolate(
      interpolate(at(0, 0), at(1, 0), along - column),
      interpolate(at(0, 1), at(1, 1), along - column),
      down - row,
    );
  };
}

/** The bounding box of the ink without dust, and its centre of mass; null if there is no ink. @param {Square} ink */
function boxOf({ size, values }) {
  const [rows, columns] = [new Float64Array(size), new Float64Array(size)];
  values.forEach((value, index) => {
    rows[Math.floor(index / size)] += value;
    columns[index % size] += value;
  });
  const total = rows.reduce((sum, each) => sum + each, 0);
  if (total === 0) return null;
  const ends = (/** @type {Float64Array} */ sums) => {
    let [first, last, before, after] = [0, size, 0, 0];
    while (before + sums[first] <= DUST * total) before += sums[first++];
    while (after + sums[last - 1] <= DUST * total) after += sums[--last];
    return [first, last];
  };
  const mean = (/** @type {Float64Array} */ sums) =>
    sums.reduce((sum, each, index) => sum + each * (index + 0.5), 0) / total;
  const [[top, bottom], [left, right]] = [ends(rows), ends(columns)];
  return { top, bottom, left, right, centre: { x: mean(columns), y: mean(rows) } };
}

/** The value below which a share of the values lies. @param {Float64Array} values @param {number} share */
const quantile = (values, share) => values.slice().sort()[Math.round(share * (values.length - 1))];
