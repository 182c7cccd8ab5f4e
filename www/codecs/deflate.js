/** Compresses bytes with deflate. If the browser cannot do this, writes a valid stream of uncompressed blocks. */

/** The most bytes of an uncompressed block. */
const MAX_BLOCK = 65_535;

/**
 * Returns a stream in raw deflate (RFC 1951, `deflate-raw`) or in the zlib format (RFC 1950, `deflate`).
 *
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {"deflate-raw" | "deflate"} format
 */
export async function deflate(bytes, format) {
  const plain = format === "deflate" ? toZlib(stored(bytes), bytes) : stored(bytes);
  const compressed = await compress(bytes, format);
  return compressed && compressed.length < plain.length ? compressed : plain;
}

/**
 * Returns null if the browser cannot compress to this format.
 *
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {"deflate-raw" | "deflate"} format
 */
async function compress(bytes, format) {
  try {
    const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream(format));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch {
    return null;
  }
}

/** A stream of uncompressed blocks. @param {Uint8Array} bytes */
function stored(bytes) {
  const blocks = Math.max(1, Math.ceil(bytes.length / MAX_BLOCK));
  const stream = new Uint8Array(bytes.length + 5 * blocks);
  for (let block = 0; block < blocks; block++) {
    const part = bytes.subarray(block * MAX_BLOCK, (block + 1) * MAX_BLOCK);
    const { length } = part;
    const at = block * (MAX_BLOCK + 5);
    stream.set([Number(block === blocks - 1), length & 255, length >> 8, ~length & 255, (~length >> 8) & 255], at);
    stream.set(part, at + 5);
  }
  return stream;
}

/**
 * Adds the zlib format to a raw stream: a header of two bytes before it, and the Adler-32 checksum of its content after
 * it.
 *
 * @param {Uint8Array} stream
 * @param {Uint8Array} bytes
 */
function toZlib(stream, bytes) {
  let [a, b] = [1, 0];
  for (const byte of bytes) {
    a = (a + byte) % 65_521;
    b = (b + a) % 65_521;
  }
  const whole = new Uint8Array(stream.length + 6);
  whole.set([0x78, 0x01]);
  whole.set(stream, 2);
  whole.set([b >> 8, b & 255, a >> 8, a & 255], 2 + stream.length);
  return whole;
}
