/**
 * Turns a square of brightness values into the pixels of a data set by area averaging. For MNIST it follows
 * the way in which MNIST's digits were made: light ink on black, scaled to 20 pixels, with the centre of mass in
 * the middle of 28 × 28 pixels. Ink is what differs from the paper around it, however little of it there is.
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
/** With less contrast than this between paper and ink, there is no ink. */
const MIN_CONTRAST = 0.12;
/** The strongest contrast is that of the cell in this place. The cells before it may be noise or dust. */
const STRONGEST_PLACE = 20;
/** In the dark, noise is a large share of the brightness. Contrast is relative to at least this brightness. */
const DARKEST_PAPER = 0.15;
/** The paper's brightness is measured in this many blocks across, to tell light ink from dark ink. */
const BLOCKS = 5;
/** A median needs only every so many cells in each direction. */
const SAMPLED = 2;
/** The widest stroke, as a share of the picture. What is wider is a shadow, or the table beside the paper. */
const WIDEST = 0.3;
/** A stroke's own width is measured, and then what is this many times as wide is a shadow. */
const WIDER_THAN_STROKE = 3;
/** The narrowest structure that counts as a shadow, in cells. */
const NARROWEST_SHADOW = 15;
/** The steepest line of ruled paper that is looked for, and the difference between two slopes. */
const [STEEPEST, SLOPE_STEP] = [0.1, 0.004];
/** The share of a ruled line's length that is seen, and the share of the picture at each end where it has to be seen. */
const [LINE_SEEN, LINE_END] = [0.9, 0.03];
/** A digit is at least this large, as a share of the picture. */
const MIN_DIGIT = 0.05;
/** A separate piece of ink belongs to the digit if it has this share of the ink of the largest piece, … */
const MIN_PIECE = 0.04;
/** … and is no farther from it than this share of its size. */
const MAX_GAP = 0.5;
/** The number of cells between two pieces of ink up to which they count as one piece. */
const BRIDGE = 2;
/** The share of the ink that may lie outside a digit's bounding box, at each edge: specks of dust. */
const DUST = 0.004;
/** The side of MNIST's images, and of the box that a digit is scaled to. */
const [SIDE, BOX] = [28, 20];

/**
 * A picture of a digit, on paper or on a screen, in the form of MNIST; null if there is too little contrast. Paper may
 * be lit unevenly, lie in a shadow with sharp edges, or be ruled.
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

/**
 * A picture of MNIST's own size is used as it is, but inverted if its ink is dark; null if there is too little
 * contrast.
 *
 * @param {Square} square
 */
export function asTinyDigit({ values }) {
  const [low, middle, high] = [0, 0.5, 1].map((share) => quantile(values, share));
  if (high - low < MIN_CONTRAST) return null;
  return middle - low > high - middle ? values.map((value) => 1 - value) : values;
}

/** How much ink of the digit there is at each cell, from 0 to 1; null if there is none. @param {Square} square @returns {Square | null} */
function inkOf(square) {
  const { size } = square;
  const onLight = hasDarkInk(square) ? square : { size, values: square.values.map((value) => 1 - value) };
  const smooth = blurred(onLight);
  const first = contrastOf(onLight, smooth, Math.round(WIDEST * size));
  const width = first && strokeWidth(first, strongestOf(first), size);
  if (!width) return null;
  const contrast = contrastOf(
    onLight,
    smooth,
    Math.min(Math.round(WIDEST * size), Math.max(NARROWEST_SHADOW, Math.round(WIDER_THAN_STROKE * width))),
  );
  if (!contrast) return null;
  const faintest = FAINTEST * strongestOf(contrast);
  const mask = Uint8Array.from(contrast, (value) => Number(value > faintest));
  removeLines(mask, size, 1, size);
  removeLines(mask, size, size, 1);
  const isDigit = piecesOfDigit(mask, contrast, size);
  if (!isDigit) return null;
  const strongest = strongestOf(contrast.filter((_, index) => isDigit[index]));
  return {
    size,
    values: contrast.map((value, index) =>
      isDigit[index] ? Math.min(1, Math.max(0, (value / strongest - FAINTEST) / (FULL - FAINTEST))) : 0,
    ),
  };
}

/**
 * Whether the ink is darker than the paper. Brightness is compared with the paper's around it, as a ratio: a shadow
 * changes it less than ink does.
 *
 * @param {Square} square
 */
function hasDarkInk({ size, values }) {
  const levels = paperLevels({ size, values });
  const ratios = values.map((value, index) => {
    const [low, high] = levels(index % size, Math.floor(index / size));
    const paper = Math.min(high, Math.max(low, value));
    return Math.log((value + DARKEST_PAPER) / (paper + DARKEST_PAPER));
  });
  return strongestOf(ratios.map((ratio) => -ratio)) > strongestOf(ratios);
}

/**
 * The lowest and highest brightness of the paper around a cell: of the four blocks whose centres are nearest. Between
 * them may be the edge of a shadow. The brightness of a block is the median of a window of two blocks in each
 * direction, since a stroke can fill more than half of a single block.
 *
 * @param {Square} square
 */
function paperLevels({ size, values }) {
  const width = size / BLOCKS;
  const blocks = Array.from({ length: BLOCKS * BLOCKS }, (_, block) => {
    const [left, top] = [((block % BLOCKS) - 0.5) * width, (Math.floor(block / BLOCKS) - 0.5) * width];
    /** @type {number[]} */
    const inside = [];
    for (let y = Math.max(0, Math.floor(top)); y < top + 2 * width && y < size; y += SAMPLED)
      for (let x = Math.max(0, Math.floor(left)); x < left + 2 * width && x < size; x += SAMPLED)
        inside.push(values[y * size + x]);
    return quantile(Float64Array.from(inside), 0.5);
  });
  const ranges = Array.from({ length: (BLOCKS - 1) ** 2 }, (_, index) => {
    const at = BLOCKS * Math.floor(index / (BLOCKS - 1)) + (index % (BLOCKS - 1));
    const four = [at, at + 1, at + BLOCKS, at + BLOCKS + 1].map((block) => blocks[block]);
    return [Math.min(...four), Math.max(...four)];
  });
  return (/** @type {number} */ x, /** @type {number} */ y) => {
    const [column, row] = [x, y].map((cell) =>
      Math.min(BLOCKS - 2, Math.max(0, Math.floor((cell + 0.5) / width - 0.5))),
    );
    return ranges[row * (BLOCKS - 1) + column];
  };
}

/**
 * How much darker each cell is than its paper, as a share of the paper's brightness; null if nothing stands out. The
 * paper is a morphological closing: what is dark and narrower than `width` is replaced by what is around it, and wider
 * shadows stay, with their edges.
 *
 * @param {Square} square
 * @param {Float64Array} smooth The same square without noise.
 * @param {number} width In cells.
 */
function contrastOf({ size, values }, smooth, width) {
  const half = Math.floor(width / 2);
  const paper = filterExtremes(filterExtremes(smooth, size, half, 1), size, half, -1);
  const contrast = values.map((value, index) => (paper[index] - value) / Math.max(DARKEST_PAPER, paper[index]));
  return strongestOf(contrast) < MIN_CONTRAST ? null : contrast;
}

/** The contrast that counts as the strongest. @param {Float64Array} contrast */
function strongestOf(contrast) {
  const places = Math.min(STRONGEST_PLACE, Math.ceil(contrast.length / 2));
  /** The strongest so far, in ascending order. */
  const found = new Float64Array(places).fill(-Infinity);
  for (const value of contrast) {
    if (value <= found[0]) continue;
    let place = 0;
    for (; place + 1 < places && found[place + 1] < value; place++) found[place] = found[place + 1];
    found[place] = value;
  }
  return found[0];
}

/** The mean of each cell and its neighbours. @param {Square} square */
function blurred({ size, values }) {
  const sums = new Float64Array(values.length);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      let [sum, count] = [0, 0];
      for (let row = Math.max(0, y - 1); row <= Math.min(size - 1, y + 1); row++) {
        for (let column = Math.max(0, x - 1); column <= Math.min(size - 1, x + 1); column++) {
          sum += values[row * size + column];
          count++;
        }
      }
      sums[y * size + x] = sum / count;
    }
  }
  return sums;
}

/**
 * The largest (`sign` 1) or smallest (`sign` −1) value within `half` cells in each direction. A window is the end of one
 * block of cells and the start of the next one, so the time does not depend on its width (van Herk, 1992).
 *
 * @param {Float64Array} values
 * @param {number} size
 * @param {number} half
 * @param {1 | -1} sign
 */
function filterExtremes(values, size, half, sign) {
  const width = 2 * half + 1;
  const length = Math.ceil((size + 2 * half) / width) * width;
  const [cells, starts, ends] = [0, 1, 2].map(() => new Float64Array(length));
  let before = values;
  for (const [along, across] of [
    [1, size],
    [size, 1],
  ]) {
    const after = new Float64Array(before.length);
    for (let line = 0; line < size; line++) {
      cells.fill(-Infinity);
      for (let cell = 0; cell < size; cell++) cells[cell + half] = sign * before[line * across + cell * along];
      for (let cell = 0; cell < length; cell++)
        starts[cell] = cell % width === 0 ? cells[cell] : Math.max(starts[cell - 1], cells[cell]);
      for (let cell = length - 1; cell >= 0; cell--)
        ends[cell] = cell % width === width - 1 ? cells[cell] : Math.max(ends[cell + 1], cells[cell]);
      for (let cell = 0; cell < size; cell++)
        after[line * across + cell * along] = sign * Math.max(ends[cell], starts[cell + width - 1]);
    }
    before = after;
  }
  return before;
}

/**
 * The width of the strokes in cells: for each cell of full ink the length of its row or of its column of full ink,
 * whichever is shorter, and of these the median.
 *
 * @param {Float64Array} contrast
 * @param {number} strongest
 * @param {number} size
 */
function strokeWidth(contrast, strongest, size) {
  const isFull = Uint8Array.from(contrast, (value) => Number(value > FULL * strongest));
  const [rows, columns] = [runLengths(isFull, size, 1, size), runLengths(isFull, size, size, 1)];
  const widths = Float64Array.from(isFull, (_, index) => Math.min(rows[index], columns[index])).filter(Boolean);
  return widths.length > 0 ? quantile(widths, 0.5) : 0;
}

/**
 * For each marked cell, the number of marked cells in the unbroken run that it is part of, along the rows or the columns.
 *
 * @param {Uint8Array} mask
 * @param {number} size
 * @param {number} along The distance from a cell to the next one of the run, in the array.
 * @param {number} across The distance from a line to the next one.
 */
function runLengths(mask, size, along, across) {
  const lengths = new Uint16Array(mask.length);
  for (let line = 0; line < size; line++) {
    for (let from = 0; from < size; ) {
      let to = from;
      while (to < size && mask[line * across + to * along]) to++;
      for (let cell = from; cell < to; cell++) lengths[line * across + cell * along] = to - from;
      from = Math.max(to, from + 1);
    }
  }
  return lengths;
}

/**
 * Removes the lines of ruled paper from the marked cells. A line runs through the whole picture, nearly straight and
 * nearly level. Where a stroke crosses it, the marks are thicker than the line and stay.
 *
 * @param {Uint8Array} mask
 * @param {number} size
 * @param {number} along The distance from a cell to the next one of a line, in the array: 1 for level lines.
 * @param {number} across The distance to the cell below.
 */
function removeLines(mask, size, along, across) {
  const thickness = runLengths(mask, size, across, along);
  const near = new Uint8Array(mask.length);
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++)
      for (let row = Math.max(0, y - 1); row <= Math.min(size - 1, y + 1); row++)
        near[y * across + x * along] |= mask[row * across + x * along];
  const end = Math.ceil(LINE_END * size);
  /** @type {{ top: number, slope: number }[]} */
  const lines = [];
  for (let slope = -STEEPEST; slope <= STEEPEST; slope += SLOPE_STEP) {
    for (let top = Math.max(0, Math.ceil(-slope * size)); top < size && top + slope * size < size; top++) {
      let [missed, missedAtStart, missedAtEnd] = [0, 0, 0];
      for (let x = 0; x < size && missed <= (1 - LINE_SEEN) * size; x++) {
        if (near[Math.floor(top + slope * x) * across + x * along]) continue;
        missed++;
        if (x < end) missedAtStart++;
        if (x >= size - end) missedAtEnd++;
      }
      if (missed <= (1 - LINE_SEEN) * size && 2 * Math.max(missedAtStart, missedAtEnd) <= end)
        lines.push({ top, slope });
    }
  }
  for (const { top, slope } of lines) {
    const cells = Array.from({ length: size }, (_, x) => {
      const y = Math.floor(top + slope * x);
      return [y, y - 1, y + 1]
        .filter((row) => row >= 0 && row < size && thickness[row * across + x * along] > 0)
        .map((row) => ({ x, row, thick: thickness[row * across + x * along] }))[0];
    }).filter(Boolean);
    const usual = quantile(
      Float64Array.from(cells, ({ thick }) => thick),
      0.5,
    );
    // A line as thick as this is a shadow or the edge of the paper, and is dealt with elsewhere.
    if (usual > LINE_END * size) continue;
    for (const { x, row, thick } of cells.filter(({ thick }) => thick <= usual + 2)) {
      let from = row;
      while (from > 0 && thickness[(from - 1) * across + x * along] > 0) from--;
      for (let y = from; y < from + thick; y++) mask[y * across + x * along] = 0;
    }
  }
}

/** @typedef {{ mass: number, left: number, right: number, top: number, bottom: number }} Piece A connected piece of ink and its bounding box. */

/**
 * The cells that belong to the digit: those of the largest piece of ink that lies within the picture, and of pieces
 * near it. The others are dust, remains of lines, and what the picture's edge cuts off. Null if there is no digit.
 *
 * @param {Uint8Array} mask
 * @param {Float64Array} contrast
 * @param {number} size
 */
function piecesOfDigit(mask, contrast, size) {
  const { labels, pieces } = label(mask, contrast, size);
  /** @param {Piece} piece */
  const isLarge = ({ left, right, top, bottom }) => Math.max(right - left, bottom - top) >= MIN_DIGIT * size;
  /** @param {Piece} piece */
  const isInside = ({ left, right, top, bottom }) => Math.min(left, top) > 0 && Math.max(right, bottom) < size;
  const byMass = pieces.filter(isLarge).sort((a, b) => b.mass - a.mass);
  const main = byMass.find(isInside) ?? byMass[0];
  if (!main) return null;
  const reach = MAX_GAP * Math.max(main.right - main.left, main.bottom - main.top);
  /** @param {Piece} piece */
  const isNear = ({ left, right, top, bottom }) =>
    Math.max(left - main.right, main.left - right, top - main.bottom, main.top - bottom) <= reach;
  const kept = pieces.map(
    (piece) => piece === main || (isInside(piece) && piece.mass >= MIN_PIECE * main.mass && isNear(piece)),
  );
  return Uint8Array.from(labels, (number) => Number(number > 0 && kept[number - 1]));
}

/**
 * Finds the connected pieces of the marked cells.
 *
 * @param {Uint8Array} mask
 * @param {Float64Array} contrast
 * @param {number} size
 * @returns {{ labels: Uint16Array, pieces: Piece[] }} For each cell the number of its piece, from 1.
 */
function label(mask, contrast, size) {
  const labels = new Uint16Array(mask.length);
  /** @type {Piece[]} */
  const pieces = [];
  /** @type {number[]} */
  const open = [];
  for (let start = 0; start < mask.length; start++) {
    if (!mask[start] || labels[start]) continue;
    const piece = { mass: 0, left: size, right: 0, top: size, bottom: 0 };
    pieces.push(piece);
    labels[start] = pieces.length;
    open.push(start);
    for (let cell = open.pop(); cell !== undefined; cell = open.pop()) {
      const [x, y] = [cell % size, Math.floor(cell / size)];
      piece.mass += contrast[cell];
      piece.left = Math.min(piece.left, x);
      piece.right = Math.max(piece.right, x + 1);
      piece.top = Math.min(piece.top, y);
      piece.bottom = Math.max(piece.bottom, y + 1);
      for (let row = Math.max(0, y - BRIDGE); row <= Math.min(size - 1, y + BRIDGE); row++) {
        for (let column = Math.max(0, x - BRIDGE); column <= Math.min(size - 1, x + BRIDGE); column++) {
          const next = row * size + column;
          if (!mask[next] || labels[next]) continue;
          labels[next] = pieces.length;
          open.push(next);
        }
      }
    }
  }
  return { labels, pieces };
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
