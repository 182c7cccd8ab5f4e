/**
 * Decompresses raw deflate (RFC 1951) to a length that is known beforehand. Browsers can do this too, but not in every
 * version, only asynchronously, and without a limit on the size of the output. Links are read synchronously.
 */

/** The base lengths and distances of the symbols, and how many extra bits follow each. */
const LENGTHS = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
];
const LENGTH_BITS = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCES = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
  8193, 12289, 16385, 24577,
];
const DISTANCE_BITS = [
  0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
];
/** The order of the code lengths of the code length alphabet (RFC 1951, section 3.2.7). */
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const LONGEST_CODE = 15;

class Damaged extends Error {}

/**
 * Returns the bytes, or null if the input is damaged, has bytes left over, or does not give exactly `length` bytes.
 *
 * @param {Uint8Array} input
 * @param {number} length
 */
export function inflate(input, length) {
  try {
    return decompress(input, length);
  } catch (error) {
    if (error instanceof Damaged) return null;
    throw error;
  }
}

/** @param {Uint8Array} input @param {number} length */
function decompress(input, length) {
  const output = new Uint8Array(length);
  let written = 0;
  let place = 0;

  /** Reads bits; the first is the lowest. @param {number} count */
  function bits(count) {
    let value = 0;
    for (let i = 0; i < count; i++, place++) {
      if (place >> 3 >= input.length) throw new Damaged();
      value |= ((input[place >> 3] >> (place & 7)) & 1) << i;
    }
    return value;
  }

  /** @param {number} byte */
  function write(byte) {
    if (written === length) throw new Damaged();
    output[written++] = byte;
  }

  /** Reads the next symbol of a Huffman code. @param {Code} code */
  function symbol({ counts, symbols }) {
    let [code, first, index] = [0, 0, 0];
    for (let size = 1; size <= LONGEST_CODE; size++) {
      code |= bits(1);
      if (code - first < counts[size]) return symbols[index + code - first];
      index += counts[size];
      first = (first + counts[size]) << 1;
      code <<= 1;
    }
    throw new Damaged();
  }

  /** Copies an uncompressed block. */
  function stored() {
    place = (place + 7) & ~7;
    const count = bits(16);
    if (bits(16) !== (~count & 0xffff)) throw new Damaged();
    for (let i = 0; i < count; i++) write(bits(8));
  }

  /** Reads the Huffman codes at the start of a block. */
  function readCodes() {
    const [literals, distances, sizes] = [257 + bits(5), 1 + bits(5), 4 + bits(4)];
    const lengths = new Array(ORDER.length).fill(0);
    for (let i = 0; i < sizes; i++) lengths[ORDER[i]] = bits(3);
    const code = huffmanCode(lengths);
    /** @type {number[]} */
    const all = [];
    while (all.length < literals + distances) {
      const next = symbol(code);
      if (next < 16) {
        all.push(next);
        continue;
      }
      if (next === 16 && all.length === 0) throw new Damaged();
      const [value, times] =
        next === 16 ? [all[all.length - 1], 3 + bits(2)] : next === 17 ? [0, 3 + bits(3)] : [0, 11 + bits(7)];
      for (let i = 0; i < times; i++) all.push(value);
    }
    if (all.length > literals + distances) throw new Damaged();
    return [huffmanCode(all.slice(0, literals)), huffmanCode(all.slice(literals))];
  }

  /** Decompresses a block. @param {Code[]} codes */
  function compressed([literals, distances]) {
    for (;;) {
      const next = symbol(literals);
      if (next === 256) return;
      if (next < 256) {
        write(next);
        continue;
      }
      if (next - 257 >= LENGTHS.length) throw new Damaged();
      const count = LENGTHS[next - 257] + bits(LENGTH_BITS[next - 257]);
      const index = symbol(distances);
      if (index >= DISTANCES.length) throw new Damaged();
      const distance = DISTANCES[index] + bits(DISTANCE_BITS[index]);
      if (distance > written) throw new Damaged();
      for (let i = 0; i < count; i++) write(output[written - distance]);
    }
  }

  for (let isLast = false; !isLast; ) {
    isLast = bits(1) === 1;
    const kind = bits(2);
    if (kind === 3) throw new Damaged();
    if (kind === 0) stored();
    else compressed(kind === 1 ? FIXED : readCodes());
  }
  return written === length && (place + 7) >> 3 === input.length ? output : null;
}

/**
 * @typedef {{ counts: number[], symbols: number[] }} Code A Huffman code: how many symbols have each code length,
 *   and the symbols in the order of their codes.
 */

/** @param {number[]} lengths The length of each symbol's code; 0 if the symbol is not used. @returns {Code} */
function huffmanCode(lengths) {
  const counts = new Array(LONGEST_CODE + 1).fill(0);
  for (const length of lengths) if (length > 0) counts[length]++;
  const symbols = lengths
    .map((_, symbol) => symbol)
    .filter((symbol) => lengths[symbol] > 0)
    .sort((a, b) => lengths[a] - lengths[b] || a - b);
  return { counts, symbols };
}

/** The fixed codes of RFC 1951, section 3.2.6, for literals and lengths and for distances. */
const FIXED = [
  huffmanCode(Array.from({ length: 288 }, (_, symbol) => (symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8))),
  huffmanCode(new Array(30).fill(5)),
];
