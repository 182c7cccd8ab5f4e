/** Packs bytes: by the browser where it can, and as they are where it cannot, which is a valid stream as well. */

/** The most that a block of a stream holds when it is not packed. */
const BLOCK = 65_535;

/**
 * A stream in raw deflate (RFC 1951), or in zlib's wrapping of it (RFC 1950), whichever is asked for.
 *
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {"deflate-raw" | "deflate"} format
 */
export async function deflate(bytes, format) {
  const plain = format === "deflate" ? wrap(stored(bytes), bytes) : stored(bytes);
  const packed = await pack(bytes, format);
  return packed && packed.length < plain.length ? packed : plain;
}

/**
 * Null where the browser cannot pack, or not in this format.
 *
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {"deflate-raw" | "deflate"} format
 */
async function pack(bytes, format) {
  try {
    const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream(format));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch {
    return null;
  }
}

/** The bytes in blocks of their own length. @param {Uint8Array} bytes */
function stored(bytes) {
  const blocks = Math.max(1, Math.ceil(bytes.length / BLOCK));
  const stream = new Uint8Array(bytes.length + 5 * blocks);
  for (let block = 0; block < blocks; block++) {
    const part = bytes.subarray(block * BLOCK, (block + 1) * BLOCK);
    const { length } = part;
    const at = block * (BLOCK + 5);
    stream.set([Number(block === blocks - 1), length & 255, length >> 8, ~length & 255, (~length >> 8) & 255], at);
    stream.set(part, at + 5);
  }
  return stream;
}

/**
 * zlib's two bytes before a stream and Adler's sum of what it holds behind it.
 *
 * @param {Uint8Array} stream
 * @param {Uint8Array} bytes
 */
function wrap(stream, bytes) {
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
