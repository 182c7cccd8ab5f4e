/** Uploaded pictures, without a browser: headers, averaging, conversion to digits, and links. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateRawSync, deflateSync } from "node:zlib";
import { inflate } from "../../www/codecs/inflate.js";
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

test("A picture without contrast gives no digit", () => {
  assert.equal(asDigit(paper(280, () => false)), null);
  assert.equal(asDigit({ size: 280, values: new Float64Array(280 * 280).fill(1) }), null);
});

test("A picture of MNIST's size keeps its pixels", () => {
  const values = Float64Array.from({ length: 784 }, (_, place) => (place % 28 === 13 ? 0.8 : 0));
  assert.deepEqual(asTinyDigit({ size: 28, values }), values);
  assert.deepEqual(
    asTinyDigit({ size: 28, values: values.map((value) => 1 - value) }).map((value) => Math.round(value * 10)),
    values.map((value) => Math.round(value * 10)),
  );
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
