/**
 * Uploaded pictures on the page: chosen, pasted and dropped; how they are converted, and which files are refused.
 */
import assert from "node:assert/strict";
import { withCifar } from "./extra-networks.mjs";
import {
  bothPanels,
  chooseDigit,
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

/** An animated GIF of two frames. */
const ANIMATED_GIF = Buffer.concat([
  Buffer.from("GIF89a"),
  Buffer.from([1, 0, 1, 0, 0x80, 0, 0, 0, 0, 0, 255, 255, 255]),
  ...[0, 1].map(() => Buffer.from([0x21, 0xf9, 4, 0, 10, 0, 0, 0, 0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x4c, 1, 0])),
  Buffer.from([0x3b]),
]);

test("A file that is not a picture, is damaged, too large, animated or without a digit is refused with a message, and the page does not change", async (t) => {
  const { url } = await serveSite(t);
  const { page, problems } = await openReadyPage(t, url, { locale: "en" });
  const good = await file(page, { width: 600, height: 600, draw: four });
  const enormous = Buffer.from(good);
  enormous.writeUInt32BE(16_000, 16);
  enormous.writeUInt32BE(16_000, 20);
  /** @type {[Buffer, RegExp][]} */
  const answers = [
    [Buffer.from("<svg xmlns='http://www.w3.org/2000/svg'/>"), /Unsupported file/],
    [good.subarray(0, 300), /cannot be opened/],
    [Buffer.alloc(0), /Unsupported file/],
    [enormous, /256 megapixels/],
    [ANIMATED_GIF, /Animated pictures/],
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
