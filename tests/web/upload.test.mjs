/**
 * Uploaded pictures on the page: chosen, pasted and dropped; how they are converted, and which files are refused.
 */
import assert from "node:assert/strict";
import { withCifar } from "./extra-networks.mjs";
import {
  bothPanels,
  chooseDigit,
  clickInput,
  openReadyPage,
  panel,
  previewColours,
  runAttack,
  waitForOutcomes,
  waitUntilReady,
} from "./page-actions.mjs";
import { openPage, serveSite, test, withBrowser } from "./server-and-browser.mjs";

withBrowser();

/** @typedef {import("playwright-core").Page} Page */

const CIFAR = withCifar();
const CIFAR_LINK = "v=1&data=cifar10&sample=0&target=5&lang=en&end";

/**
 * Draws on a canvas of this size and returns it as an image file.
 *
 * @param {Page} page
 * @param {{ width: number, height: number, type?: string, draw: (context: any) => void }} what
 */
async function file(page, { width, height, type = "image/png", draw }) {
  const bytes = await page.evaluate(
    async ({ width, height, type, draw }) => {
      const canvas = new OffscreenCanvas(width, height);
      // biome-ignore lint/security/noGlobalEval: A function comes to the page as its text.
      globalThis.eval(`(${draw})`)(canvas.getContext("2d"));
      return [...new Uint8Array(await (await canvas.convertToBlob({ type })).arrayBuffer())];
    },
    { width, height, type, draw: `${draw}` },
  );
  return Buffer.from(bytes);
}

/** A square of four colours in the middle, with a fifth colour to its left and right. @param {any} context */
function quarters(context) {
  context.fillStyle = "#ff00ff";
  context.fillRect(0, 0, 400, 200);
  [
    ["#c80000", 100, 0],
    ["#00c800", 200, 0],
    ["#0000c8", 100, 100],
    ["#c8c8c8", 200, 100],
  ].forEach(([colour, x, y]) => {
    context.fillStyle = colour;
    context.fillRect(x, y, 100, 100);
  });
}

/** A large four in dark ink on paper that is darker on one side. @param {any} context */
function four(context) {
  const shade = context.createLinearGradient(0, 0, 600, 0);
  shade.addColorStop(0, "#f4f1e8");
  shade.addColorStop(1, "#aaa69c");
  context.fillStyle = shade;
  context.fillRect(0, 0, 600, 600);
  context.strokeStyle = "#23304f";
  context.lineWidth = 34;
  context.lineCap = context.lineJoin = "round";
  context.beginPath();
  context.moveTo(250, 130);
  context.lineTo(170, 330);
  context.lineTo(430, 330);
  context.moveTo(370, 120);
  context.lineTo(360, 480);
  context.stroke();
}

/** @param {Page} page @param {Buffer} buffer @param {string} [name] */
const choosePicture = (page, buffer, name = "picture.png") =>
  page.locator("#upload-file").setInputFiles({ name, mimeType: "image/png", buffer });

/** The pixels of the left panel's picture. @param {Page} page */
const pixels = (page) =>
  panel(page, "left")
    .locator(".picture-pixels")
    .evaluate((canvas) => {
      const { width, height } = /** @type {HTMLCanvasElement} */ (canvas);
      const context = /** @type {any} */ (new OffscreenCanvas(width, height).getContext("2d"));
      context.drawImage(canvas, 0, 0);
      return [...context.getImageData(0, 0, width, height).data];
    });

/** @param {Page} page @param {RegExp} words */
const waitForNote = (page, words) => page.locator("#upload-note", { hasText: words }).waitFor();

test("A picture is cropped, averaged, attacked and put into a link, without a request to any server", async (t) => {
  const { url, requests } = await serveSite(t, CIFAR.answers);
  const { page, problems } = await openReadyPage(t, `${url}/#${CIFAR_LINK}`);
  const picture = await file(page, { width: 400, height: 200, draw: quarters });
  const before = requests.length;
  await choosePicture(page, picture);
  await page.locator("#input-caption", { hasText: "Your picture" }).waitFor();
  await waitUntilReady(page);
  const seen = await pixels(page);
  const at = (/** @type {number} */ x, /** @type {number} */ y) => seen.slice(4 * (32 * y + x), 4 * (32 * y + x) + 3);
  assert.deepEqual(
    [at(0, 0), at(31, 0), at(0, 31), at(31, 31)],
    [
      [200, 0, 0],
      [0, 200, 0],
      [0, 0, 200],
      [200, 200, 200],
    ],
  );
  assert.deepEqual(
    [at(15, 15), at(16, 16)],
    [
      [200, 0, 0],
      [200, 200, 200],
    ],
    "the quarters meet between two pixels",
  );
  await page.waitForFunction(() => /pixels=/.test(location.hash));
  // The browser may fetch the tab's icon at any time.
  assert.deepEqual(
    requests.slice(before).filter((path) => path !== "/www/icon.svg"),
    [],
    "no other request is made",
  );
  await runAttack(page);
  await page.locator("#scrubber").press("Home");
  await page.waitForFunction(() => /step=0&/.test(location.hash));

  const { page: other, problems: others } = await openPage(t, page.url(), {
    script: "delete globalThis.CompressionStream",
  });
  await waitForOutcomes(other);
  assert.deepEqual(await pixels(other), seen);
  assert.deepEqual(await bothPanels(other, "data-label"), await bothPanels(page, "data-label"));
  assert.ok(await other.locator("#notes").isHidden());
  await other.locator("#samples .tile").nth(3).click();
  await other.waitForFunction(() => /sample=/.test(location.hash) && !/pixels=/.test(location.hash));
  assert.deepEqual([...problems, ...others], []);
});

test("A photographed 4 is read as a 4 after choosing, pasting or dropping it", async (t) => {
  const { url } = await serveSite(t);
  const { page, problems } = await openReadyPage(t, url, { locale: "en" });
  const photo = await file(page, { width: 600, height: 600, type: "image/jpeg", draw: four });
  const isFour = () =>
    page.waitForFunction(
      () =>
        document.querySelector('[data-panel="left"]')?.getAttribute("data-label") === "4"
        && document.querySelector('[data-panel="right"]')?.getAttribute("data-label") === "4",
    );
  await choosePicture(page, photo, "photo.jpg");
  await isFour();
  assert.match(`${await page.locator("#input-caption").textContent()}`, /Your picture/);
  assert.ok((await previewColours(page)) > 10);
  for (const kind of ["paste", "drop"]) {
    await chooseDigit(page, 7);
    await page.evaluate(
      ({ kind, bytes }) => {
        const clipboardData = new DataTransfer();
        clipboardData.items.add(new File([Uint8Array.from(bytes)], "photo.jpg", { type: "image/jpeg" }));
        const event =
          kind === "paste"
            ? new ClipboardEvent("paste", { clipboardData, bubbles: true })
            : new DragEvent("drop", { dataTransfer: clipboardData, bubbles: true, cancelable: true });
        document.body.dispatchEvent(event);
      },
      { kind, bytes: [...photo] },
    );
    await isFour();
  }
  // Clearing the pad removes the picture.
  await page.locator("#clear").click();
  await page.locator("#input-caption", { hasText: "Nothing drawn" }).waitFor();
  assert.deepEqual(problems, []);
});

/** Waits until both networks read the picture as this digit. @param {Page} page @param {number} digit */
const isRead = (page, digit) =>
  page.waitForFunction(
    (digit) =>
      [...document.querySelectorAll("[data-panel]")].every((panel) => panel.getAttribute("data-label") === `${digit}`),
    digit,
  );

/** A 7 of 145 pixels in height on clean paper. @param {any} context */
function smallSeven(context) {
  context.fillStyle = "#f2f0ea";
  context.fillRect(0, 0, 900, 900);
  context.strokeStyle = "#222838";
  context.lineWidth = 12;
  context.lineCap = context.lineJoin = "round";
  context.beginPath();
  context.moveTo(400, 370);
  context.lineTo(500, 370);
  context.lineTo(445, 515);
  context.stroke();
}

/** A 2 on ruled paper, partly in a shadow with a sharp edge. @param {any} context */
function twoOnRuledPaper(context) {
  context.fillStyle = "#f2f0ea";
  context.fillRect(0, 0, 900, 900);
  context.fillStyle = "#556";
  for (let y = 40; y < 900; y += 75) context.fillRect(0, y, 900, 5);
  context.strokeStyle = "#181c28";
  context.lineWidth = 34;
  context.lineCap = context.lineJoin = "round";
  context.beginPath();
  context.arc(450, 340, 110, Math.PI, 2.25 * Math.PI);
  context.lineTo(345, 640);
  context.lineTo(575, 640);
  context.stroke();
  context.fillStyle = "rgba(20, 20, 30, 0.45)";
  context.beginPath();
  context.moveTo(900, 0);
  context.lineTo(520, 0);
  context.lineTo(380, 900);
  context.lineTo(900, 900);
  context.fill();
}

/** A seven in white ink without a ground. @param {any} context */
function whiteSeven(context) {
  context.strokeStyle = "#fff";
  context.lineWidth = 40;
  context.lineCap = context.lineJoin = "round";
  context.beginPath();
  context.moveTo(180, 130);
  context.lineTo(420, 130);
  context.lineTo(270, 480);
  context.stroke();
}

/** A seven of 28 × 28 pixels in white ink without a ground. @param {any} context */
function tinyWhiteSeven(context) {
  context.fillStyle = "#fff";
  context.fillRect(7, 6, 14, 2);
  for (let i = 0; i < 14; i++) context.fillRect(18 - i / 2, 8 + i, 2, 1);
}

test("A small digit on much paper, one on ruled paper in the shadow, and white ink without a ground are read", async (t) => {
  const { url } = await serveSite(t);
  const { page, problems } = await openReadyPage(t, url, { locale: "en" });
  /** @type {[number, number, (context: any) => void][]} */
  const pictures = [
    [7, 900, smallSeven],
    [2, 900, twoOnRuledPaper],
    [7, 600, whiteSeven],
    [7, 28, tinyWhiteSeven],
  ];
  for (const [digit, side, draw] of pictures) {
    await chooseDigit(page, 5);
    await choosePicture(page, await file(page, { width: side, height: side, draw }));
    await page.locator("#input-caption", { hasText: "Your picture" }).waitFor();
    await isRead(page, digit);
  }
  assert.deepEqual(problems, []);
});

/**
 * A BMP file, which the page itself knows nothing about: a black 7 on white.
 *
 * @param {number} side
 * @param {number} [claimed] The width and height that its header claims.
 */
function bitmapOfSeven(side, claimed = side) {
  const row = 4 * Math.ceil((3 * side) / 4);
  const bytes = Buffer.alloc(54 + row * side, 255);
  bytes.write("BM", "latin1");
  const numbers = [bytes.length, 0, 54, 40, claimed, claimed];
  numbers.forEach((number, place) => void bytes.writeUInt32LE(number, 2 + 4 * place));
  bytes.writeUInt16LE(1, 26);
  bytes.writeUInt16LE(24, 28);
  bytes.fill(0, 30, 54);
  const dot = (/** @type {number} */ x, /** @type {number} */ y) => {
    // The rows of a BMP file run from the bottom to the top.
    for (let dy = 0; dy < 12; dy++)
      bytes.fill(0, 54 + row * (side - 1 - y - dy) + 3 * x, 54 + row * (side - 1 - y - dy) + 3 * (x + 12));
  };
  for (let i = 0; i < 90; i++) {
    dot(50 + i, 40);
    dot(138 - Math.round(i * 0.5), 40 + Math.round(i * 1.3));
  }
  return bytes;
}

/** A still AVIF of 2 × 2 pixels. */
const AVIF = Buffer.from(
  "AAAAIGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZk1BMUIAAADybWV0YQAAAAAAAAAoaGRscgAAAAAAAAAAcGljdAAAAAAAAAAAAAAAAGxpYmF2aWYAAAAADnBpdG0AAAAAAAEAAAAeaWxvYwAAAABEAAABAAEAAAABAAABGgAAAB0AAAAoaWluZgAAAAAAAQAAABppbmZlAgAAAAABAABhdjAxQ29sb3IAAAAAamlwcnAAAABLaXBjbwAAABRpc3BlAAAAAAAAAAIAAAACAAAAEHBpeGkAAAAAAwgICAAAAAxhdjFDgQ0MAAAAABNjb2xybmNseAACAAIAAYAAAAAXaXBtYQAAAAAAAAABAAEEAQKDBAAAACVtZGF0EgAKCBgANogQEAwgMg8f8D///8WfhwB8+ErK42A=",
  "base64",
);

test("A picture in a format that only the browser knows is opened, and its size is limited too", async (t) => {
  const { url } = await serveSite(t, CIFAR.answers);
  const { page, problems } = await openReadyPage(t, url, { locale: "en" });
  await choosePicture(page, bitmapOfSeven(200), "seven.bmp");
  await page.locator("#input-caption", { hasText: "Your picture" }).waitFor();
  await isRead(page, 7);
  await choosePicture(page, bitmapOfSeven(200, 16_000), "enormous.bmp");
  await waitForNote(page, /256 megapixels/);
  await clickInput(page.locator("#data input[value=cifar10]"));
  await waitUntilReady(page);
  await choosePicture(page, AVIF, "small.avif");
  await page.locator("#input-caption", { hasText: "Your picture" }).waitFor();
  const animated = Buffer.from(AVIF);
  animated.write("avis", 8, "latin1");
  await choosePicture(page, animated, "moving.avif");
  await waitForNote(page, /Animated pictures/);
  assert.deepEqual(problems, []);
});

/** Reads back noise from every canvas, as Firefox does when it resists fingerprinting. */
const FALSE_PIXELS = `
  const getImageData = CanvasRenderingContext2D.prototype.getImageData;
  CanvasRenderingContext2D.prototype.getImageData = function (...of) {
    const image = getImageData.apply(this, of);
    for (let at = 0; at < image.data.length; at++) image.data[at] = 255 * Math.random();
    return image;
  };`;

test("If the browser returns false pixels, a PNG is read without a canvas, and for other pictures the page says so", async (t) => {
  const { url } = await serveSite(t);
  const { page, problems } = await openReadyPage(t, url, { locale: "en", script: FALSE_PIXELS });
  for (const [digit, side, draw] of /** @type {const} */ ([
    [4, 600, four],
    [7, 600, whiteSeven],
  ])) {
    await choosePicture(page, await file(page, { width: side, height: side, draw }));
    await page.locator("#input-caption", { hasText: "Your picture" }).waitFor();
    await isRead(page, digit);
  }
  await choosePicture(page, await file(page, { width: 600, height: 600, type: "image/jpeg", draw: four }), "4.jpg");
  await waitForNote(page, /fingerprinting.*PNG/);

  await page.locator("#share-open").click();
  await page.locator("#share-status", { hasText: /fingerprinting.*false pixels/ }).waitFor();
  assert.match(await page.locator("#share-element").inputValue(), /src="data:image\/png/);
  assert.match(await page.locator("#share-link").inputValue(), /pixels=/);
  assert.deepEqual(problems, []);
});

/** An animated GIF of two frames. */
const ANIMATED_GIF = Buffer.concat([
  Buffer.from("GIF89a"),
  Buffer.from([1, 0, 1, 0, 0x80, 0, 0, 0, 0, 0, 255, 255, 255]),
  ...[0, 1].map(() => Buffer.from([0x21, 0xf9, 4, 0, 10, 0, 0, 0, 0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x4c, 1, 0])),
  Buffer.from([0x3b]),
]);

/** A PNG whose header claims another size. @param {Buffer} png @param {number} width @param {number} height */
function withSize(png, width, height) {
  const changed = Buffer.from(png);
  changed.writeUInt32BE(width, 16);
  changed.writeUInt32BE(height, 20);
  return changed;
}

test("A file that is not a picture, is damaged, too large, animated or without a digit is refused with a message, and the page does not change", async (t) => {
  const { url } = await serveSite(t);
  const { page, problems } = await openReadyPage(t, url, { locale: "en" });
  const good = await file(page, { width: 600, height: 600, draw: four });
  const enormous = withSize(good, 16_000, 16_000);
  /** @type {[Buffer, RegExp][]} */
  const answers = [
    [Buffer.from("<svg xmlns='http://www.w3.org/2000/svg'/>"), /Unsupported file/],
    [good.subarray(0, 300), /cannot be opened/],
    [Buffer.alloc(0), /Unsupported file/],
    [enormous, /256 megapixels/],
    [ANIMATED_GIF, /Animated pictures/],
    [withSize(good, 17_000, 20), /17,000 pixels wide.*16,384/],
    [withSize(good, 20, 17_000), /17,000 pixels high.*16,384/],
    [
      await file(page, {
        width: 90,
        height: 90,
        draw: (context) => {
          context.fillStyle = "#777";
          context.fillRect(0, 0, 90, 90);
        },
      }),
      /No digit found/,
    ],
  ];
  for (const [picture, answer] of answers) {
    await choosePicture(page, picture);
    await waitForNote(page, answer);
  }
  await page.evaluate(() => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([new Uint8Array(31_000_000)], "large.png", { type: "image/png" }));
    document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
  });
  await waitForNote(page, /31 MB.*30 MB/);
  assert.match(`${await page.locator("#input-caption").textContent()}`, /test image 0/);
  assert.equal(new URL(page.url()).hash, "");
  await choosePicture(page, good);
  await waitForNote(page, /never leaves this page/);
  assert.deepEqual(problems, []);
});
