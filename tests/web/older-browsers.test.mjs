/**
 * Older browsers and small devices. The features that they lack are removed before the page loads. The page works
 * without them, or says in a sentence that it cannot.
 */
import assert from "node:assert/strict";
import { chooseDigit, openReadyPage, panel, runAttack, runSmallExperiment, setAttack } from "./page-actions.mjs";
import { openPage, serveSite, test, withBrowser } from "./server-and-browser.mjs";

withBrowser();

/** @typedef {import("playwright-core").Page} Page */

/**
 * The script that removes the feature, and the words on whether the engine still runs in a worker.
 *
 * @type {Record<string, [script: string, where: RegExp]>}
 */
const OPTIONAL_FEATURES = {
  "module workers": [
    "{ const Original = Worker; globalThis.Worker = class extends Original { constructor(url, { type, ...rest } = {}) { super(url, rest); } }; }",
    /in the page, since no worker/,
  ],
  "compression streams": ["delete globalThis.CompressionStream; delete globalThis.DecompressionStream;", /in a worker/],
  "deflate-raw": [
    "{ const Original = CompressionStream; globalThis.CompressionStream = class extends Original { constructor(format) { if (format === 'deflate-raw') throw new TypeError('unknown format'); super(format); } }; }",
    /in a worker/,
  ],
  "segmentation and reflected ARIA attributes": [
    `delete Intl.Segmenter;
    for (const name of Object.getOwnPropertyNames(Element.prototype)) if (/^aria[A-Z]/.test(name)) delete Element.prototype[name];`,
    /in a worker/,
  ],
  "methods of recent years": [
    `for (const [kind, names] of [[Uint8Array, ["fromBase64", "fromHex"]], [Uint8Array.prototype, ["toBase64", "toHex"]], [Object.getPrototypeOf(Uint8Array.prototype), ["toSorted", "toReversed", "with", "findLast"]],
    [Array, ["fromAsync"]], [Array.prototype, ["toSorted", "toReversed", "toSpliced", "with", "findLast", "findLastIndex"]], [Object, ["groupBy"]], [Promise, ["withResolvers", "try"]],
    [Set.prototype, ["union", "intersection", "difference"]], [URL, ["canParse", "parse"]], [AbortSignal, ["any", "timeout"]], [Element.prototype, ["checkVisibility"]], [globalThis, ["structuredClone", "scheduler", "requestIdleCallback"]]])
    for (const name of names) delete kind[name];`,
    /in a worker/,
  ],
};

/** A picture of a black bar on white, which is read as 1, as a file to upload. @param {Page} page */
async function pictureOfOne(page) {
  const bytes = await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(60, 60);
    const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d"));
    context.fillStyle = "#fff";
    context.fillRect(0, 0, 60, 60);
    context.fillStyle = "#000";
    context.fillRect(25, 5, 10, 50);
    return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())];
  });
  return { name: "one.png", mimeType: "image/png", buffer: Buffer.from(bytes) };
}

for (const [name, [script, where]] of Object.entries(OPTIONAL_FEATURES)) {
  test(`Without ${name} the page attacks, puts a picture into a link, and saves one`, async (t) => {
    const { url } = await serveSite(t);
    const { page, problems } = await openReadyPage(t, url, { script, acceptDownloads: true });
    assert.match(`${await page.locator("#engine-info").getAttribute("data-reason")}`, where);
    await chooseDigit(page, 7);
    await setAttack(page, { target: 3 });
    assert.deepEqual(await runAttack(page), ["fooled", "gradient-vanished"]);

    await page.locator("#upload-file").setInputFiles(await pictureOfOne(page));
    await page.waitForFunction(() => /pixels=/.test(location.hash));
    await page.waitForFunction(() => document.querySelector('[data-panel="left"]')?.getAttribute("data-label") === "1");
    if (/compression|deflate/.test(name)) {
      const seen = (/** @type {Page} */ where) =>
        where.locator("#seen").evaluate((canvas) => /** @type {HTMLCanvasElement} */ (canvas).toDataURL());
      const { page: other } = await openReadyPage(t, page.url());
      assert.equal(await seen(other), await seen(page), "the link shows the same picture in a newer browser");
    }

    assert.deepEqual(
      await page.locator("#clear, #cancel").evaluateAll((all) => all.map((one) => one.getAttribute("aria-disabled"))),
      ["false", "true"],
      "assistive technology is told which buttons have no use",
    );

    await page.locator("#share-open").click();
    await page.waitForFunction(() =>
      /base64/.test(/** @type {HTMLTextAreaElement} */ (document.querySelector("#share-element")).value),
    );
    const saved = page.waitForEvent("download");
    await page.locator("#share-still").click();
    await saved;
    const width = await page.locator("#share-preview").evaluate(async (image) => {
      await /** @type {HTMLImageElement} */ (image).decode();
      return /** @type {HTMLImageElement} */ (image).naturalWidth;
    });
    assert.ok(width >= 480, `the saved picture is ${width} pixels wide`);
    assert.deepEqual(problems, []);
  }, 150_000);
}

test("Without module workers the lab computes in the page", async (t) => {
  const { url } = await serveSite(t);
  const { page } = await openPage(t, `${url}/www/lab.html`, { script: OPTIONAL_FEATURES["module workers"][0] });
  await runSmallExperiment(page);
  assert.equal(await page.locator("#lab-table tbody tr", { hasText: "Yours" }).count(), 1);
});

/**
 * The script that removes the feature, and the message in English and in Japanese.
 *
 * @type {Record<string, [script: string, words: RegExp, japanese: RegExp]>}
 */
const REQUIRED_FEATURES = {
  SIMD: ["WebAssembly.validate = () => false;", /has no SIMD.*Safari from 16\.4/, /SIMD（.*対応していません/],
  WebAssembly: ["delete globalThis.WebAssembly;", /no WebAssembly/, /WebAssembly が使えません/],
};

for (const [name, [script, words, japanese]] of Object.entries(REQUIRED_FEATURES)) {
  test(`Without ${name} the page and the lab say so in a sentence, and show pictures`, async (t) => {
    const { url, requests } = await serveSite(t);
    const { page, problems } = await openPage(t, url, { script });
    await page.locator('[data-panel="right"] .status-text', { hasText: words }).waitFor();
    await chooseSeven(page);
    assert.match(`${await page.locator("#announcer").textContent()}`, words);
    await page.locator("#language").selectOption("ja");
    await panel(page, "left").locator(".status-text", { hasText: japanese }).waitFor();
    assert.deepEqual(
      requests.filter((path) => /pkg\/(cpu|webgpu)|safetensors/.test(path)),
      [],
      "no file is fetched that cannot be used",
    );
    assert.deepEqual(problems, []);

    const { page: lab } = await openPage(t, `${url}/www/lab.html`, { script });
    await lab.locator("#lab[data-ready]").waitFor();
    await lab.locator("#lab-run").click();
    await lab.locator("#lab-message", { hasText: words }).waitFor();
  });
}

/** Chooses a 7. The caption shows it even if no network can classify it. @param {Page} page */
async function chooseSeven(page) {
  await page.locator("#samples .tile").nth(70).click();
  await page.waitForFunction(() => /labelled 7/.test(document.querySelector("#input-caption")?.textContent ?? ""));
}

test("A phone fetches nothing of CIFAR-10 and no WebGPU engine for a first attack, and with little memory only on request", async (t) => {
  const { url, requests } = await serveSite(t);
  const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };
  const { page } = await openReadyPage(t, url, phone);
  await runAttack(page);
  assert.equal(await page.locator("#engine-info").getAttribute("data-why"), "waiting");
  const { page: small } = await openReadyPage(t, url, {
    ...phone,
    script: "Object.defineProperty(navigator, 'deviceMemory', { value: 2 })",
  });
  assert.equal(await small.locator("#engine-info").getAttribute("data-why"), "LittleMemory");
  assert.match(`${await small.locator("#engine-info").textContent()}`, /little memory/);
  await runAttack(small);
  assert.deepEqual(
    requests.filter((path) => /webgpu|cifar/.test(path)),
    [],
  );
  // A visitor who chooses the WebGPU engine gets it.
  await small.locator("#engine-choice").selectOption("webgpu");
  await small.waitForFunction(
    () =>
      !/LittleMemory|waiting/.test(document.querySelector("#engine-info")?.getAttribute("data-why") ?? "LittleMemory"),
  );
});
