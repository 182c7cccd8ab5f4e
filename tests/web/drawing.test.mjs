/** The drawing pad: dots, palms beside a pen, and the density of the screen. */
import assert from "node:assert/strict";
import { drawStrokes, openReadyPage, waitUntilReady } from "./page-actions.mjs";
import { serveSite, test, withBrowser } from "./server-and-browser.mjs";

withBrowser();

/** @typedef {import("playwright-core").Page} Page */

/** The canvas of the pad: its width in pixels, and how many pixels are drawn. @param {Page} page */
const pad = (page) =>
  page.locator("#pad").evaluate((element) => {
    const canvas = /** @type {HTMLCanvasElement} */ (element);
    // A copy is read, because reading the pad itself would change how the browser draws it.
    const context = /** @type {any} */ (new OffscreenCanvas(canvas.width, canvas.height).getContext("2d"));
    context.drawImage(canvas, 0, 0);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    let drawn = 0;
    for (let at = 3; at < data.length; at += 4) if (data[at] > 128) drawn++;
    return { width: canvas.width, drawn };
  });

/**
 * Waits until the canvas of the pad is as wanted, and returns it.
 *
 * @param {Page} page
 * @param {(canvas: { width: number, drawn: number }) => boolean} wanted
 */
async function waitForPad(page, wanted) {
  for (let looks = 0; looks < 200; looks++) {
    const canvas = await pad(page);
    if (wanted(canvas)) return canvas;
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
  throw new Error(`the pad has ${JSON.stringify(await pad(page))}`);
}

test("A dot is drawn on the pad as large as the networks see it", async (t) => {
  const { url } = await serveSite(t);
  const { page, problems } = await openReadyPage(t, url);
  await drawStrokes(page, [[128, 128]]);
  const { width, drawn } = await waitForPad(page, ({ drawn }) => drawn > 0);
  // The pen is 2.6 of 28 pixels wide.
  const radius = (1.3 / 28) * width;
  assert.ok(Math.abs(drawn / (Math.PI * radius ** 2) - 1) < 0.1, `${drawn} pixels`);
  assert.deepEqual(problems, []);
});

/**
 * Sends a pointer event to the pad.
 *
 * @param {Page} page
 * @param {string} type
 * @param {{ pointerId: number, pointerType: string, x: number, y: number }} pointer The place as shares of the pad.
 */
const point = (page, type, pointer) =>
  page.locator("#pad").evaluate(
    (pad, { type, pointerId, pointerType, x, y }) => {
      // A pointer that only a script knows cannot be captured.
      pad.setPointerCapture = () => {};
      const { left, top, width, height } = pad.getBoundingClientRect();
      pad.dispatchEvent(
        new PointerEvent(type, {
          pointerId,
          pointerType,
          bubbles: true,
          cancelable: true,
          clientX: left + x * width,
          clientY: top + y * height,
        }),
      );
    },
    { type, ...pointer },
  );

const PALM = { pointerId: 5, pointerType: "touch", x: 0.8, y: 0.9 };
const PEN = { pointerId: 6, pointerType: "pen", x: 0.3, y: 0.2 };

/** The strokes in the address. @param {Page} page */
async function strokes(page) {
  await page.waitForFunction(() => /strokes=/.test(location.hash));
  return new URLSearchParams(new URL(page.url()).hash.slice(1)).get("strokes");
}

/** @type {Record<string, [type: string, pointer: typeof PALM][]>} */
const ORDERS = {
  "before the pen, and the browser cancels it later": [
    ["pointerdown", PALM],
    ["pointerdown", PEN],
    ["pointercancel", PALM],
    ["pointermove", { ...PEN, y: 0.8 }],
    ["pointerup", PEN],
  ],
  "before the pen, and the browser cancels it at once": [
    ["pointerdown", PALM],
    ["pointercancel", PALM],
    ["pointerdown", PEN],
    ["pointermove", { ...PEN, y: 0.8 }],
    ["pointerup", PEN],
  ],
  "before the pen, and moves on beside it": [
    ["pointerdown", PALM],
    ["pointermove", { ...PALM, y: 0.95 }],
    ["pointerdown", PEN],
    ["pointermove", { ...PALM, y: 0.9 }],
    ["pointermove", { ...PEN, y: 0.8 }],
    ["pointerup", PALM],
    ["pointerup", PEN],
  ],
  "while the pen draws": [
    ["pointerdown", PEN],
    ["pointerdown", PALM],
    ["pointermove", { ...PALM, y: 0.95 }],
    ["pointermove", { ...PEN, y: 0.8 }],
    ["pointerup", PALM],
    ["pointerup", PEN],
  ],
};

test("A palm beside a pen draws nothing, whichever touches first", async (t) => {
  const { url } = await serveSite(t);
  const { page, problems } = await openReadyPage(t, url);
  /** @type {(string | null)[]} */
  const drawn = [];
  for (const order of [
    ORDERS["while the pen draws"].filter(([, { pointerId }]) => pointerId === 6),
    ...Object.values(ORDERS),
  ]) {
    await page.locator("#clear").click();
    await page.waitForFunction(() => !/strokes=[^&]/.test(location.hash));
    for (const [type, pointer] of order) await point(page, type, pointer);
    await page.waitForFunction(() => /strokes=[^&]/.test(location.hash));
    await waitUntilReady(page);
    drawn.push(await strokes(page));
  }
  assert.deepEqual(
    drawn,
    drawn.map(() => drawn[0]),
    `as without a palm: ${Object.keys(ORDERS)}`,
  );
  assert.deepEqual(problems, []);
});

test("A stroke that is cleared while it is drawn does not come back", async (t) => {
  const { url } = await serveSite(t);
  const { page, problems } = await openReadyPage(t, url);
  await point(page, "pointerdown", PEN);
  await point(page, "pointermove", { ...PEN, y: 0.5 });
  await waitForPad(page, ({ drawn }) => drawn > 0);
  await page.locator("#clear").evaluate((button) => /** @type {HTMLElement} */ (button).click());
  await point(page, "pointermove", { ...PEN, y: 0.8 });
  await waitForPad(page, ({ drawn }) => drawn === 0);
  assert.deepEqual(problems, []);
});

/**
 * How the page learns of another density. The test's browser fires neither event by itself when only the density
 * changes: zooming also changes the size of the window, and another screen is noticed by a media query.
 *
 * @type {Record<string, () => void>}
 */
const NOTICES = {
  "zoomed, which resizes the window": () => void dispatchEvent(new Event("resize")),
  "moved to another screen": () => {
    for (const list of /** @type {any} */ (globalThis).densities.splice(0)) list.dispatchEvent(new Event("change"));
  },
};

for (const [name, notice] of Object.entries(NOTICES)) {
  test(`The pad and the panels are drawn again when the page is ${name}`, async (t) => {
    const { url } = await serveSite(t);
    const script = `
      globalThis.densities = [];
      const match = matchMedia;
      globalThis.matchMedia = (query) => {
        const list = match(query);
        if (query.startsWith("(resolution")) densities.push(list);
        return list;
      };`;
    const { page, problems } = await openReadyPage(t, url, { script });
    await drawStrokes(page, [[60, 60, 200, 200]]);
    const before = await waitForPad(page, ({ drawn }) => drawn > 0);
    const devtools = await page.context().newCDPSession(page);
    const viewport = page.viewportSize() ?? { width: 0, height: 0 };
    for (const density of [2, 3]) {
      await devtools.send("Emulation.setDeviceMetricsOverride", {
        ...viewport,
        deviceScaleFactor: density,
        mobile: false,
      });
      await page.waitForFunction((density) => devicePixelRatio === density, density);
      await page.evaluate(notice);
      const after = await waitForPad(page, ({ width }) => width === density * before.width);
      assert.ok(Math.abs(after.drawn / before.drawn / density ** 2 - 1) < 0.05, "the same drawing");
      await page.waitForFunction((density) => {
        const marks = /** @type {HTMLCanvasElement} */ (document.querySelector(".picture-marks"));
        return marks.width === Math.round(density * /** @type {any} */ (marks.parentElement).clientWidth);
      }, density);
    }
    assert.deepEqual(problems, []);
  });
}
