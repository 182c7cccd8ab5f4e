/** Reads published model files for the peers: SafeTensors in half precision, with PyTorch's names and shapes. */

/** @typedef {{ shape: number[], data: Float32Array }} Tensor */

/**
 * @param {ArrayBuffer} file
 * @returns {Record<string, Tensor>}
 */
export function readSafeTensors(file) {
  const length = Number(new DataView(file).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(file, 8, length)));
  delete header.__metadata__;
  return Object.fromEntries(
    Object.entries(header).map(
      ([
        name,
        {
          dtype,
          shape,
          data_offsets: [from, to],
        },
      ]) => {
        if (dtype !== "F16") throw new Error(`${name} is ${dtype}, not F16`);
        const halves = new Uint16Array(file.slice(8 + length + from, 8 + length + to));
        return [name, { shape, data: Float32Array.from(halves, half) }];
      },
    ),
  );
}

/** Converts the bits of a half-precision number. @param {number} bits */
export function half(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/**
 * The mean and standard deviation by which the networks normalise each colour, as in src/dataset/mod.rs.
 *
 * @type {Record<string, { mean: number[], std: number[] } | undefined>}
 */
export const NORMALISATION = {
  cifar10: { mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616] },
};
