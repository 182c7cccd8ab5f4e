/** Uploaded pictures, without a browser: headers, averaging, conversion to digits, and links. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateRawSync, deflateSync } from "node:zlib";
import { inflate } from "../../www/codecs/inflate.js";
import { putOnGround } from "../../www/input/ground.js";
import { readHeader } from "../../www/input/image-header.js";
import { asDigit, asTinyDigit, average } from "../../www/input/photo-to-digit.js";
import { parseLink } from "../../www/link/link.js";
import { readPixels, writePixels } from "../../www/link/pixels.js";

/** @param {...(number | string | number[])} parts Bytes, or letters. */
const bytes = (...parts) =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === "string" ? [...Buffer.from(part, "latin1")] : part)));
const PNG = [
  0x89,
  0x50,
  0x4e,
  0x47,
  13,
  10,
  26,
  10,
  0,
  0,
  0,
  13,
  ...Buffer.from("IHDR"),
  0,
  0,
  1,
  0,
  0,
  0,
  0,
  200,
  8,
  2,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
];
const GIF = ["GIF89a", 10, 0, 20, 0, 0x80, 0, 0, [0, 0, 0, 255, 255, 255]];
const FRAME = [0x2c, 0, 0, 0, 0, 10, 0, 20, 0, 0, 2, 2, 0x4c, 1, 0];
const DELAY = [0x21, 0xf9, 4, 0, 10, 0, 0, 0];
const webp = (/** @type {string} */ kind, /** @type {number[]} */ body) =>
  bytes("RIFF", [0, 0, 0, 0], "WEBP", kind, [body.length, 0, 0, 0], body);

/** @type {Record<string, [file: Uint8Array, header: import("../../www/input/image-header.js").Header | null]>} */
const HEADERS = {
  "a PNG": [bytes(PNG, 0, 0, 0, 0, "IDAT"), { width: 256, height: 200, isAnimated: false }],
  "an animated PNG": [
    bytes(PNG, 0, 0, 0, 8, "acTL", 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0),
    { width: 256, height: 200, isAnimated: true },
  ],
  "an animation of one frame": [
    bytes(PNG, 0, 0, 0, 8, "acTL", 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0),
    { width: 256, height: 200, isAnimated: false },
  ],
  "a PNG that is cut short": [bytes(PNG).subarray(0, 20), null],
  "a JPEG after its thumbnail and tables": [
    bytes(0xff, 0xd8, 0xff, 0xe1, 0, 4, 1, 2, 0xff, 0xdb, 0, 3, 0, 0xff, 0xc2, 0, 17, 8, 1, 0x2c, 2, 0x58, 3),
    { width: 600, height: 300, isAnimated: false },
  ],
  "a JPEG with fill bytes before a marker": [
    bytes(0xff, 0xd8, 0xff, 0xff, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xff, 0xff, 0xc0, 0, 17, 8, 1, 0x2c, 2, 0x58, 3),
    { width: 600, height: 300, isAnimated: false },
  ],
  "a JPEG with bytes between its segments": [
    bytes(0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 7, 0, 9, 0xff, 0xc0, 0, 17, 8, 1, 0x2c, 2, 0x58, 3),
    { width: 600, height: 300, isAnimated: false },
  ],
  "a JPEG with markers that have no segment": [
    bytes(0xff, 0xd8, 0xff, 0x01, 0xff, 0xd3, 0xff, 0x00, 0xff, 0xc0, 0, 17, 8, 1, 0x2c, 2, 0x58, 3),
    { width: 600, height: 300, isAnimated: false },
  ],
  "an animated AVIF": [bytes(0, 0, 0, 32, "ftypavis"), { width: 0, height: 0, isAnimated: true }],
  "a still AVIF, which the browser measures": [bytes(0, 0, 0, 32, "ftypavif"), null],
  "a JPEG without a frame": [bytes(0xff, 0xd8, 0xff, 0xd9, 0, 0), null],
  "a JPEG with a segment longer than the file": [bytes(0xff, 0xd8, 0xff, 0xe0, 0xff, 0xff), null],
  "a GIF": [bytes(...GIF, FRAME, 0x3b), { width: 10, height: 20, isAnimated: false }],
  "an animated GIF": [bytes(...GIF, DELAY, FRAME, DELAY, FRAME, 0x3b), { width: 10, height: 20, isAnimated: true }],
  "a WebP, lossy": [
    webp("VP8 ", [0, 0, 0, 0x9d, 1, 0x2a, 0x40, 1, 0xf0, 0]),
    { width: 320, height: 240, isAnimated: false },
  ],
  "a WebP, lossless": [webp("VP8L", [0x2f, 0x3f, 0xc1, 0x3b, 0]), { width: 320, height: 240, isAnimated: false }],
  "an animated WebP": [
    webp("VP8X", [2, 0, 0, 0, 0x3f, 1, 0, 0xef, 0, 0]),
    { width: 320, height: 240, isAnimated: true },
  ],
  "a text file": [bytes("<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>"), null],
  "an empty file": [bytes(), null],
};

for (const [name, [file, header]] of Object.entries(HEADERS)) {
  test(`The header of ${name} is read correctly`, () => assert.deepEqual(readHeader(file), header));
}

test("A header that is cut or changed anywhere causes no exception and no hang", () => {
  for (const [file] of Object.values(HEADERS)) {
    for (let length = 0; length <= file.length; length++) readHeader(file.subarray(0, length));
    for (let place = 0; place < file.length; place++) {
      for (const value of [0, 1, 0x7f, 0xff]) readHeader(file.with(place, value));
    }
  }
});

test("Each value of an averaged picture is the mean of its area", () => {
  const square = { size: 4, values: Float64Array.from({ length: 16 }, (_, place) => place) };
  assert.deepEqual([...average(square, { left: 0, top: 0, size: 4 }, 2)], [2.5, 4.5, 10.5, 12.5]);
  assert.deepEqual([...average(square, { left: 0, top: 0, size: 4 }, 4)], [...square.values], "unchanged");
  const [middle] = average(square, { left: 0.5, top: 0.5, size: 3 }, 1);
  assert.ok(Math.abs(middle - 7.5) < 1e-12);
  assert.deepEqual(
    [...average(square, { left: -2, top: 0, size: 4 }, 2)],
    [0, 2.5, 0, 10.5],
    "the area beyond the edge counts as 0",
  );
});

/**
 * Ink on paper that gets darker downwards.
 *
 * @param {number} size
 * @param {(x: number, y: number) => boolean} isInk
 */
const paper = (size, isInk) => ({
  size,
  values: Float64Array.from({ length: size * size }, (_, place) => {
    const [x, y] = [place % size, Math.floor(place / size)];
    return (isInk(x, y) ? 0.25 : 0.95) * (1 - (0.4 * y) / size) + 0.01 * Math.sin(place * 12.9898);
  }),
});

test("A digit on paper becomes light ink on black, 20 pixels large, with its centre of mass in the middle", () => {
  const stroke = paper(280, (x, y) => x > 40 && x < 55 && y > 60 && y < 260);
  for (const square of [stroke, { ...stroke, values: stroke.values.map((value) => 1 - value) }]) {
    const pixels = asDigit(square);
    assert.ok(pixels);
    assert.ok(Math.max(...pixels) === 1 && Math.min(...pixels) === 0);
    const mass = pixels.reduce((sum, value) => sum + value, 0);
    const centre = [0, 1].map(
      (axis) =>
        pixels.reduce((sum, value, place) => sum + value * ((axis ? Math.floor(place / 28) : place % 28) + 0.5), 0)
        / mass,
    );
    for (const at of centre) assert.ok(Math.abs(at - 14) < 0.3, `${centre}`);
    const rows = Array.from({ length: 28 }, (_, y) =>
      pixels.slice(28 * y, 28 * y + 28).some((value) => value > 0.5),
    ).filter(Boolean).length;
    assert.ok(rows >= 19 && rows <= 21, `${rows} rows`);
    const columns = Array.from({ length: 28 }, (_, x) =>
      pixels.some((value, place) => place % 28 === x && value > 0.5),
    ).filter(Boolean).length;
    assert.ok(columns >= 1 && columns <= 3, `${columns} columns of a stroke`);
  }
});

test("A picture without contrast gives no digit, whatever its size and brightness", () => {
  assert.equal(asDigit(paper(280, () => false)), null);
  for (const brightness of [0, 0.04, 0.5, 0.93, 1]) {
    for (const size of [28, 56, 280, 320])
      assert.equal(asDigit({ size, values: new Float64Array(size * size).fill(brightness) }), null);
    assert.equal(asTinyDigit({ size: 28, values: new Float64Array(784).fill(brightness) }), null);
  }
});

/** @typedef {(x: number, y: number) => number} Field A value at each place of a picture, whose side is 1. */

/** Digits as strokes in a box from 0 to 1: x, y, x, y, … */
const DIGITS = {
  0: [Array.from({ length: 33 }, (_, i) => [0.5 + 0.42 * Math.sin(i / 5.093), 0.5 - 0.5 * Math.cos(i / 5.093)]).flat()],
  2: [[0.1, 0.25, 0.25, 0.05, 0.6, 0, 0.85, 0.2, 0.75, 0.45, 0.1, 1, 0.95, 1]],
  4: [
    [0.45, 0, 0.05, 0.62, 0.95, 0.62],
    [0.7, 0.3, 0.65, 1],
  ],
  7: [[0.1, 0.05, 0.9, 0.05, 0.4, 1]],
};

/** The distance of a place from the strokes. @param {number} x @param {number} y @param {number[][]} strokes */
function distanceTo(x, y, strokes) {
  let least = Infinity;
  for (const stroke of strokes) {
    for (let i = 0; i + 3 < stroke.length; i += 2) {
      const [fromX, fromY, toX, toY] = stroke.slice(i, i + 4);
      const [wide, high] = [toX - fromX, toY - fromY];
      const along = ((x - fromX) * wide + (y - fromY) * high) / (wide * wide + high * high);
      const at = Math.min(1, Math.max(0, along));
      least = Math.min(least, Math.hypot(x - fromX - at * wide, y - fromY - at * high));
    }
  }
  return least;
}

/**
 * A photo of a digit.
 *
 * @param {keyof typeof DIGITS} digit
 * @param {object} [options]
 * @param {number[]} [options.box] Left, top, width and height.
 * @param {number} [options.pen] The width of the stroke.
 * @param {number} [options.ink] Its brightness, as a share of the paper's.
 * @param {Field} [options.paper] The brightness of the paper.
 * @param {Field} [options.lines] How dark the lines of the paper are, from 0 to 1.
 * @param {number} [options.noise]
 * @param {boolean} [options.isLight] Whether the ink is light and the paper dark.
 */
function photo(
  digit,
  {
    box: [left, top, width, height] = [0.3, 0.3, 0.3, 0.4],
    pen = 0.04,
    ink = 0.15,
    paper = () => 0.92,
    lines = () => 0,
    noise = 0.03,
    isLight = false,
  } = {},
) {
  const size = 280;
  const strokes = DIGITS[digit].map((stroke) => stroke.map((at, i) => (i % 2 ? top + at * height : left + at * width)));
  const values = Float64Array.from({ length: size * size }, (_, index) => {
    const [x, y] = [((index % size) + 0.5) / size, (Math.floor(index / size) + 0.5) / size];
    const cover = Math.min(1, Math.max(0, (pen / 2 - distanceTo(x, y, strokes)) * size + 0.5));
    const reflected = (1 - lines(x, y)) * (1 - cover) + ink * cover;
    // As good as random, and the same in every run.
    const value = reflected * paper(x, y) + noise * ((Math.abs(Math.sin(index * 12.9898) * 43758.5453) % 1) - 0.5);
    const bounded = Math.min(1, Math.max(0, value));
    return isLight ? 1 - bounded : bounded;
  });
  return { size, values };
}

/** Lines across the paper. @param {number} count @param {number} dark @param {number} slope @returns {Field} */
const ruled =
  (count, dark, slope = 0) =>
  (x, y) =>
    Math.abs((((((y - slope * x) * count) % 1) + 1) % 1) - 0.5) < 0.005 * count ? dark : 0;

/** 145 pixels high in a photo of 900 × 900. */
const SMALL = { box: [0.45, 0.4, 0.1, 145 / 900], pen: 0.012 };

/** @type {Record<string, [keyof typeof DIGITS, NonNullable<Parameters<typeof photo>[1]>]>} */
const PHOTOS = {
  "a small 7": [7, SMALL],
  "a small 7 on paper that is lit unevenly": [7, { ...SMALL, paper: (x, y) => 0.92 * (1 - 0.25 * y - 0.1 * x) }],
  "a 7 that covers a thousandth of the picture": [7, { box: [0.5, 0.5, 0.05, 0.08], pen: 0.01 }],
  "a faint 0": [0, { ink: 0.75 }],
  "a 0 that fills the picture": [0, { box: [0.15, 0.05, 0.7, 0.9], pen: 0.15 }],
  "a 4 across the sharp edge of a shadow": [4, { paper: (x, y) => (x + 0.6 * y > 0.75 ? 0.5 : 0.92) }],
  "a 0 in a picture that is mostly in the shadow": [0, { paper: (x) => (x > 0.25 ? 0.5 : 0.92) }],
  "a 2 under the shadow of a bar": [2, { paper: (x) => (x > 0.45 && x < 0.62 ? 0.55 : 0.92) }],
  "a 0 on dark lines": [0, { lines: ruled(10, 0.6) }],
  "a 4 on dark lines": [4, { lines: ruled(14, 0.7) }],
  "a 2 on very dark lines, photographed at an angle": [2, { lines: ruled(8, 0.8, 0.03) }],
  "a 2 on dark lines, half in the shadow": [2, { lines: ruled(12, 0.6), paper: (x) => (x > 0.5 ? 0.5 : 0.92) }],
  "a 4 on squared paper": [4, { lines: (x, y) => Math.max(ruled(12, 0.5)(x, y), ruled(12, 0.5)(y, x)) }],
};

for (const [name, [digit, options]] of Object.entries(PHOTOS)) {
  test(`A photo of ${name} becomes nearly the same digit as on clean paper, in dark ink and in light`, () => {
    const { box, pen } = options;
    const clean = asDigit(photo(digit, { box, pen, noise: 0 }));
    for (const isLight of [false, true]) {
      const read = asDigit(photo(digit, { ...options, isLight }));
      assert.ok(clean && read, "there is a digit");
      const distance = Math.hypot(...read.map((value, pixel) => value - clean[pixel]));
      // Half of it is the difference between two neighbouring positions of the same digit. Another digit is at 8.
      assert.ok(distance < 1.5, `at a distance of ${distance}`);
    }
  });
}

test("White ink without a ground is put on black, everything else on white", () => {
  const alpha = Float64Array.of(0, 0.3, 0.6, 0.6);
  const grey = (/** @type {number[]} */ ...of) => [0, 1, 2].map(() => Float64Array.from(of));
  const ground = (/** @type {Float64Array[]} */ channels) =>
    putOnGround(channels, alpha).map((values) => [...values].map((value) => Math.round(1000 * value) / 1000));
  const three = (/** @type {number[]} */ ...of) => [of, of, of];
  assert.deepEqual(ground(grey(0, 0.3, 0.6, 0.6)), three(0, 0.3, 0.6, 0.6), "white ink");
  assert.deepEqual(ground(grey(0, 0, 0, 0)), three(1, 0.7, 0.4, 0.4), "black ink");
  assert.deepEqual(ground(grey(0, 0.3, 0.6, 0)), three(1, 1, 1, 0.4), "a white card with black ink");
  const opaque = Float64Array.of(1, 1, 1, 1);
  assert.deepEqual(putOnGround(grey(1, 1, 1, 0.9), opaque), grey(1, 1, 1, 0.9), "without transparent parts");
  const nothing = new Float64Array(4);
  assert.deepEqual(putOnGround(grey(0, 0, 0, 0), nothing), grey(1, 1, 1, 1), "nothing drawn");
});

test("A picture of MNIST's size keeps its pixels", () => {
  const values = Float64Array.from({ length: 784 }, (_, place) => (place % 28 === 13 ? 0.8 : 0));
  assert.deepEqual(asTinyDigit({ size: 28, values }), values);
  assert.deepEqual(
    asTinyDigit({ size: 28, values: values.map((value) => 1 - value) })?.map((value) => Math.round(value * 10)),
    values.map((value) => Math.round(value * 10)),
  );
  // Sixteen dark pixels are 2 % of the picture.
  const few = new Float64Array(784).fill(1);
  for (let row = 6; row < 22; row++) few[28 * row + 14] = 0;
  assert.deepEqual(
    asTinyDigit({ size: 28, values: few }),
    few.map((value) => 1 - value),
  );
  const ink = few.map((value) => 1 - value);
  assert.deepEqual(asTinyDigit({ size: 28, values: ink }), ink);
});

/** @param {number} length @param {(place: number) => number} value */
const picture = (length, value) => Uint8Array.from({ length }, (_, place) => value(place));
const noise = (/** @type {number} */ place) => (Math.imul(place + 1, 2654435761) >>> 13) & 255;

test("Every picture is the same after it is written into a link and read again, compressed or not", async () => {
  const pack = globalThis.CompressionStream;
  for (const length of [784, 3072]) {
    for (const value of [() => 0, () => 255, (/** @type {number} */ place) => place >> 3, noise]) {
      const image = picture(length, value);
      const packed = await writePixels(image);
      assert.deepEqual(readPixels(packed, length), image);
      assert.equal(
        parseLink(`#v=1&data=${length === 784 ? "mnist" : "cifar10"}&pixels=${packed}&end`)?.link.pixels,
        packed,
      );
      Reflect.deleteProperty(globalThis, "CompressionStream");
      const plain = await writePixels(image);
      globalThis.CompressionStream = pack;
      assert.deepEqual(readPixels(plain, length), image, "without CompressionStream");
      assert.ok(packed.length <= plain.length && plain.length === Math.ceil(((length + 5) * 4) / 3));
    }
  }
});

test("Deflate unpacks every kind of block like zlib", () => {
  const words = new Uint8Array(Buffer.from("distillation as a defence, a defence as distillation; ".repeat(40)));
  for (const data of [words, picture(3072, noise), picture(70_000, (place) => place % 251), new Uint8Array(1)]) {
    for (const options of [{ level: 0 }, { level: 1 }, { level: 9 }, { strategy: 4 }, { strategy: 2 }]) {
      const packed = new Uint8Array(deflateRawSync(data, options));
      assert.deepEqual(inflate(packed, data.length), data);
      assert.equal(inflate(packed, data.length - 1), null, "more bytes than expected");
      assert.equal(inflate(packed, data.length + 1), null, "fewer bytes than expected");
      assert.equal(inflate(packed.subarray(0, -1), data.length), null, "cut short");
      assert.equal(inflate(Uint8Array.of(...packed, 0), data.length), null, "bytes after the end");
    }
  }
});

/** @type {Record<string, string>} */
const HOSTILE = {
  "an empty text": "",
  "a decompression bomb": Buffer.from(deflateRawSync(Buffer.alloc(1_000_000))).toString("base64url"),
  "a picture of another size": Buffer.from(deflateRawSync(Buffer.alloc(3072))).toString("base64url"),
  "a picture and further bytes": `${Buffer.from(deflateRawSync(Buffer.alloc(784))).toString("base64url")}AAAA`,
  "a picture that is cut": Buffer.from(deflateRawSync(picture(784, noise)))
    .toString("base64url")
    .slice(0, 600),
  "zlib with its header": Buffer.from(deflateSync(Buffer.alloc(784))).toString("base64url"),
  garbage: "_-_-_-_-AAAA",
  markup: "<svg onload=alert(1)>",
  "a longer text than any picture": "A".repeat(60_000),
};

for (const [name, text] of Object.entries(HOSTILE)) {
  test(`A link with ${name} instead of a picture drops only the picture`, () => {
    const read = parseLink(`#v=1&target=4&pixels=${encodeURIComponent(text)}&end`);
    assert.deepEqual([read?.link.pixels, read?.link.target, read?.dropped], [null, 4, ["pixels"]]);
  });
}
