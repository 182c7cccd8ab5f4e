/** The page in somebody else's, on another origin: as a frame and as an element. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { violations } from "./axe.mjs";
import { open, site, test, withBrowser } from "./helper.mjs";
import { ended, ready, visit } from "./visit.mjs";

withBrowser();

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {import("playwright-core").Frame} Frame */

const PHONE = { viewport: { width: 375, height: 740 }, isMobile: true, hasTouch: true };
const LINK = "v=1&sample=0&target=3&step=7&lang=en&end";
const MODULE = "/pkg/cpu/engine_bg.wasm";
const WORDS = `<p>${"The words of the host. ".repeat(40)}</p>`;

/** Adds up what moves without the reader's doing. */
const WATCH_SHIFTS = `globalThis.shifts = 0; new PerformanceObserver((list) => { for (const entry of list.getEntries()) if (!entry.hadRecentInput) shifts += entry.value; }).observe({ type: "layout-shift", buffered: true });`;

/** A page of another origin with this body. @param {import("node:test").TestContext} t @param {string} body */
async function host(t, body) {
  const { url } = await site(t, {
    "/host": `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Host</title><link rel="icon" href="data:,"><style>body { max-width: 700px; margin: 0 auto; padding: 0 16px; font: 17px/1.5 serif }</style><h1>Host</h1>${body}${WORDS.repeat(4)}`,
  });
  return `${url}/host`;
}

/**
 * The lines that the share panel gives.
 *
 * @param {import("node:test").TestContext} t
 * @param {string} url
 * @param {...string} flags
 */
async function snippets(t, url, ...flags) {
  const { page } = await visit(t, `${url}/#${LINK}`);
  await ended(page);
  await page.locator("#share-open").click();
  for (const flag of flags) await page.locator(`#share-flags input[value="${flag}"]`).check();
  await page.waitForFunction(() =>
    /base64/.test(/** @type {HTMLTextAreaElement} */ (document.querySelector("#share-element")).value),
  );
  const [iframe, element] = await Promise.all(
    ["iframe", "element"].map((name) => page.locator(`#share-${name}`).inputValue()),
  );
  await page.close();
  return { iframe, element };
}

/**
 * The frames of the page, those within elements among them, once there are so many.
 *
 * @param {Page} page
 * @param {number} [count]
 */
async function guests(page, count = 1) {
  for (let waited = 0; waited < 10_000; waited += 50) {
    const found = page.frames().filter((frame) => frame !== page.mainFrame());
    if (found.length >= count) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`there are fewer than ${count} frames`);
}

/** What is in one of the host's own frames. @param {Page} page @param {number} place */
async function guest(page, place) {
  const handle = await page.locator("iframe").nth(place).elementHandle();
  const frame = await handle?.contentFrame();
  if (!frame) throw new Error(`there is no frame ${place}`);
  return frame;
}

/** Waits until a guest's attack has ended. @param {Frame} frame */
async function outcome(frame) {
  await frame.waitForFunction(
    () =>
      document.body?.dataset.running === "false"
      && document.querySelectorAll('[data-panel]:not([data-outcome=""])').length === 2,
  );
  return frame.locator('[data-panel="left"]').getAttribute("data-outcome");
}

test("five elements on a phone share one engine, nothing jumps, and the host scrolls", async (t) => {
  const { url } = await site(t);
  const { element } = await snippets(t, url);
  const address = await host(t, (element + WORDS).repeat(5));
  const { page, problems } = await open(t, "about:blank", { ...PHONE, script: WATCH_SHIFTS });
  let engines = 0;
  page.context().on("requestfinished", async (request) => {
    if (new URL(request.url()).pathname === MODULE && (await request.sizes()).responseBodySize > 0) engines++;
  });
  await page.goto(address);
  for (let place = 0; place < 5; place++) {
    await page.locator("defensive-distillation").nth(place).scrollIntoViewIfNeeded();
    assert.equal(await outcome((await guests(page, place + 1))[place]), "fooled");
    const box = await page.locator("defensive-distillation").nth(place).boundingBox();
    await page.mouse.move(180, Math.min(700, Math.max(10, (box?.y ?? 0) + 60)));
    const before = await page.evaluate(() => scrollY);
    await page.mouse.wheel(0, 300);
    await page.waitForFunction((before) => scrollY > before, before);
  }
  await page.waitForFunction(() => document.querySelectorAll('defensive-distillation[style*="height: "]').length === 5);
  const shifts = await page.evaluate(() => /** @type {any} */ (globalThis).shifts);
  t.diagnostic(`cumulative layout shift ${shifts}`);
  assert.ok(shifts <= 0.1, `${shifts}`);
  assert.equal(engines, 1);
  assert.deepEqual(problems, []);
});

test("five frames on a phone: nothing jumps, and a finger on a frame scrolls the host", async (t) => {
  const { url } = await site(t);
  const { iframe } = await snippets(t, url);
  const address = await host(t, (iframe + WORDS).repeat(5));
  const { page, problems } = await open(t, "about:blank", { ...PHONE, script: WATCH_SHIFTS });
  await page.goto(address);
  const touch = await page.context().newCDPSession(page);
  for (let place = 0; place < 5; place++) {
    const frame = page.locator("iframe").nth(place);
    await frame.evaluate((element) => element.scrollIntoView({ block: "center" }));
    assert.equal(await outcome(await guest(page, place)), "fooled");
    const box = await frame.boundingBox();
    const before = await page.evaluate(() => scrollY);
    const [x, y] = [180, (box?.y ?? 0) + (box?.height ?? 0) / 2];
    await touch.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: [{ x, y }] });
    for (let moved = 20; moved <= 200; moved += 20) {
      await touch.send("Input.dispatchTouchEvent", { type: "touchMove", touchPoints: [{ x, y: y - moved }] });
      await page.waitForTimeout(16);
    }
    await touch.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
    await page.waitForFunction((before) => scrollY > before + 100, before);
  }
  const shifts = await page.evaluate(() => /** @type {any} */ (globalThis).shifts);
  t.diagnostic(`cumulative layout shift ${shifts}`);
  assert.ok(shifts <= 0.1, `${shifts}`);
  assert.deepEqual(problems, []);
});

test("an element that waits for a click fetches nothing before, and then runs with the focus in it", async (t) => {
  const { url, requests } = await site(t);
  const { element } = await snippets(t, url, "load=click");
  const address = await host(t, element);
  const { page } = await open(t, "about:blank");
  requests.length = 0;
  await page.goto(address);
  await page.locator("defensive-distillation button").waitFor();
  assert.deepEqual(requests, ["/www/embed.js"]);
  await page.locator("defensive-distillation button").click();
  const [guest] = await guests(page);
  assert.equal(await outcome(guest), "fooled");
  await guest.waitForFunction(() => {
    const { iteration, iterations } = /** @type {HTMLElement} */ (document.querySelector('[data-panel="left"]'))
      .dataset;
    return iteration === iterations;
  });
  assert.equal(await page.evaluate(() => document.activeElement?.localName), "defensive-distillation");
});

test("without JavaScript there are a picture and a link", async (t) => {
  const { url } = await site(t);
  const { element } = await snippets(t, url);
  const { page } = await open(t, await host(t, element), { javaScriptEnabled: false });
  assert.equal(
    await page.locator("defensive-distillation a").getAttribute("href"),
    await page.locator("a").getAttribute("href"),
  );
  assert.match(`${await page.locator("defensive-distillation a").getAttribute("href")}`, /#v=1&left=.*&end$/);
  const box = await page.locator("defensive-distillation img").boundingBox();
  assert.ok(box && box.width > 300 && box.height > 100);
});

test("a frame shows the picture before any wasm, then the very attack, and leads to the full page", async (t) => {
  /** @type {(() => void)[]} */
  const held = [];
  const { url, answers } = await site(t);
  const { iframe } = await snippets(t, url);
  answers[MODULE] = (_, response) => {
    const module = readFileSync(new URL(`../..${MODULE}`, import.meta.url));
    held.push(() => response.writeHead(200, { "Content-Type": "application/wasm" }).end(module));
  };
  const { page, problems } = await open(t, await host(t, iframe));
  const [guest] = await guests(page);
  await guest.waitForFunction(() => {
    const canvas = /** @type {HTMLCanvasElement | null} */ (
      document.querySelector('[data-panel="right"] .picture-pixels')
    );
    const blank = Object.assign(document.createElement("canvas"), { width: 28, height: 28 });
    return canvas && canvas.toDataURL().length > 2 * blank.toDataURL().length;
  });
  assert.equal(await guest.locator('[data-panel="left"]').getAttribute("data-status"), "waiting");
  while (held.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  held.forEach((answer) => answer());
  delete answers[MODULE];
  assert.equal(await outcome(guest), "fooled");
  await guest.waitForFunction(
    () => document.querySelector('[data-panel="left"]')?.getAttribute("data-iteration") === "7",
  );
  const { page: full } = await open(t, `${url}/#${LINK}`);
  await ended(full);
  const verdicts = () => [...document.querySelectorAll(".verdict")].map((verdict) => verdict.textContent);
  await full.waitForFunction(
    () => document.querySelector('[data-panel="left"]')?.getAttribute("data-iteration") === "7",
  );
  assert.deepEqual(await guest.evaluate(verdicts), await full.evaluate(verdicts));

  const address = guest.url();
  await guest.locator("#scrubber").press("Home");
  await guest.locator('#open-page[href*="step=0"]').waitFor();
  assert.match(
    `${await guest.locator("#open-page").getAttribute("href")}`,
    new RegExp(`^${url}/#v=1&left=.*&sample=0&target=3&step=0&`),
  );
  // From the first step, so that what is waited for is not the end of the run before.
  await guest.locator("#run").click();
  await guest.waitForFunction(() => {
    const left = document.querySelector('[data-panel="left"]');
    return (
      document.body.dataset.running === "false"
      && left?.getAttribute("data-iteration") !== "0"
      && left?.getAttribute("data-iteration") === left?.getAttribute("data-iterations")
    );
  });
  await page.waitForTimeout(600);
  assert.equal(guest.url(), address, "a guest does not write its address");
  assert.deepEqual(problems, []);
});

test("a frame that waits for a click shows the picture, and runs the attack when it is asked to", async (t) => {
  const { url, requests } = await site(t);
  const { page, problems } = await open(
    t,
    await host(
      t,
      `<iframe src="${url}/?embed=1&amp;load=click#${LINK.replaceAll("&", "&amp;")}" width="700" height="400"></iframe>`,
    ),
  );
  const [guest] = await guests(page);
  await guest.locator("#wake").waitFor();
  await page.waitForTimeout(300);
  assert.deepEqual(
    requests.filter((path) => /wasm|safetensors/.test(path)),
    [],
  );
  await guest.locator("#wake").click();
  assert.equal(await outcome(guest), "fooled");
  await guest.waitForFunction(() => {
    const { iteration, iterations } = /** @type {HTMLElement} */ (document.querySelector('[data-panel="left"]'))
      .dataset;
    return iteration === iterations;
  });
  assert.deepEqual(problems, []);
});

test("a sandboxed frame, with scripts alone, runs in the page and remembers nothing", async (t) => {
  const { url } = await site(t);
  const { page } = await open(
    t,
    await host(
      t,
      `<iframe sandbox="allow-scripts" src="${url}/?embed=1&amp;controls=1#${LINK.replaceAll("&", "&amp;")}" width="700" height="560"></iframe><script type="module" src="${url}/www/embed.js"></script><defensive-distillation sandbox link="${LINK.replaceAll("&", "&amp;")}"></defensive-distillation>`,
    ),
  );
  await page.locator("defensive-distillation").scrollIntoViewIfNeeded();
  for (const guest of await guests(page, 2)) {
    assert.equal(await outcome(guest), "fooled");
    assert.equal(await guest.evaluate(() => self.origin), "null");
    assert.match(`${await guest.locator("#engine-info").getAttribute("data-reason")}`, /in the page, since no worker/);
  }
  await page.locator('defensive-distillation[style*="height: "]').waitFor();
});

test("only the frame itself is believed about its height, and only its host is told", async (t) => {
  const { url } = await site(t);
  const script = `<script type="module" src="${url}/www/embed.js"></script><defensive-distillation link="${LINK.replaceAll("&", "&amp;")}"></defensive-distillation>`;
  const { page } = await open(t, await host(t, script));
  await page.locator('defensive-distillation[style*="height: "]').waitFor();
  const height = await page.locator("defensive-distillation").evaluate((element) => element.style.height);
  const [guest] = await guests(page);
  await page.evaluate(() => {
    postMessage({ "defensive-distillation": "height", height: 3333 }, "*");
    const other = document.body.appendChild(document.createElement("iframe"));
    /** @type {any} */ (other.contentWindow).eval(
      `parent.postMessage({ "defensive-distillation": "height", height: 2222 }, "*")`,
    );
  });
  await guest.evaluate(() => {
    for (const height of [-1, 1e9, NaN, "500", null, {}])
      parent.postMessage({ "defensive-distillation": "height", height }, "*");
  });
  // A sibling asks for the height. It is not the guest's host, so nobody is told anything.
  const heard = await page.evaluate(
    () =>
      new Promise((resolve) => {
        addEventListener("message", ({ data }) => {
          if (data?.["defensive-distillation"] === "height") resolve("a height");
        });
        const other = /** @type {any} */ (document.body.appendChild(document.createElement("iframe"))).contentWindow;
        other.eval(
          `parent.document.querySelector("defensive-distillation").shadowRoot.querySelector("iframe").contentWindow.postMessage({ "defensive-distillation": "measure" }, "*")`,
        );
        setTimeout(resolve, 500, "nothing");
      }),
  );
  assert.equal(heard, "nothing");
  assert.equal(await page.locator("defensive-distillation").evaluate((element) => element.style.height), height);
});

test("elements come and go without leaving anything behind", async (t) => {
  const { url } = await site(t);
  const { page, problems } = await open(
    t,
    await host(t, `<script type="module" src="${url}/www/embed.js"></script><div id="place"></div>`),
  );
  await page.waitForFunction(() => customElements.get("defensive-distillation"));
  await page.evaluate(async (link) => {
    const place = /** @type {HTMLElement} */ (document.querySelector("#place"));
    for (let round = 0; round < 20; round++) {
      const element = document.createElement("defensive-distillation");
      element.setAttribute("link", link);
      place.append(element);
      await new Promise((resolve) => setTimeout(resolve, 30));
      element.remove();
      place.append(element);
      element.remove();
    }
  }, LINK);
  assert.equal(page.frames().length, 1);
  const client = await page.context().newCDPSession(page);
  await client.send("HeapProfiler.collectGarbage");
  const { result } = await client.send("Runtime.evaluate", {
    expression: "customElements.get('defensive-distillation').prototype",
  });
  const { objects } = await client.send("Runtime.queryObjects", { prototypeObjectId: `${result.objectId}` });
  const {
    result: { value: left },
  } = await client.send("Runtime.callFunctionOn", {
    objectId: objects.objectId,
    functionDeclaration: "function () { return this.length; }",
  });
  assert.ok(left <= 1, `${left} elements are still in memory`);
  await page.evaluate((link) => {
    const element = document.createElement("defensive-distillation");
    element.setAttribute("link", link);
    document.querySelector("#place")?.append(element);
    element.remove();
    document.querySelector("#place")?.append(element);
  }, LINK);
  assert.equal(await outcome((await guests(page))[0]), "fooled");
  assert.deepEqual(problems, []);
});

test("an embedded page with all its parts fits any width, and axe finds nothing", async (t) => {
  const { url } = await site(t);
  for (const flags of ["", "&controls=1&target=1&draw=1&story=1&lang=ja&theme=dark"]) {
    const { page } = await open(t, `${url}/?embed=1${flags}#${LINK}`, {
      viewport: { width: 320, height: 700 },
      bypassCSP: true,
    });
    await ready(page);
    await ended(page);
    for (const width of [320, 375, 599, 600, 900]) {
      await page.setViewportSize({ width, height: 700 });
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
    }
    assert.deepEqual(await violations(page), [], flags);
    assert.equal(await page.locator("html").getAttribute("lang"), flags ? "ja" : "en");
  }
});

for (const language of ["en", "ja"]) {
  test(`the blog post in ${language} uses every way of embedding, and holds still on a phone`, async (t) => {
    const { url } = await site(t);
    const { page, problems } = await open(t, `${url}/www/blog/${language}.html`, { ...PHONE, script: WATCH_SHIFTS });
    assert.equal(await page.locator("html").getAttribute("lang"), language);
    const figures = await page.locator("[data-figure]").allTextContents();
    assert.ok(figures.length > 20 && figures.every((figure) => /^\d[\d.]*( %)?$/.test(figure)), figures.join(", "));
    assert.equal(await page.locator("iframe").count(), 1);
    for (const kind of [
      "[load=click]",
      ":not([load])",
      "[autoplay]",
      "[sandbox]",
      "[temperature]",
      "[story]",
      "[draw][target][controls]",
    ])
      assert.ok((await page.locator(`defensive-distillation${kind}`).count()) > 0, kind);

    await page.locator("iframe").scrollIntoViewIfNeeded();
    const [frame] = await guests(page);
    await frame.locator("#run").click();
    assert.equal(await outcome(frame), "fooled");
    const elements = page.locator("defensive-distillation");
    for (let place = 0; place < (await elements.count()); place++) {
      const element = elements.nth(place);
      await element.scrollIntoViewIfNeeded();
      if ((await element.getAttribute("load")) === "click") await element.locator("button").click();
      const guest = await (await element.locator("iframe").elementHandle())?.contentFrame();
      assert.ok(guest);
      if ((await element.getAttribute("draw")) === null) assert.match(`${await outcome(guest)}`, /fooled/);
      else await guest.locator('#message:not([hidden]), [data-panel="left"][data-status="ready"]').first().waitFor();
      assert.equal(await guest.locator("html").getAttribute("lang"), language);
    }
    const shifts = await page.evaluate(() => /** @type {any} */ (globalThis).shifts);
    t.diagnostic(`cumulative layout shift ${shifts}`);
    assert.ok(shifts <= 0.1, `${shifts}`);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), PHONE.viewport.width);
    assert.deepEqual(problems, []);
  });

  test(`axe finds nothing in the blog post in ${language}`, async (t) => {
    const { url } = await site(t);
    for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
      const { page } = await open(t, `${url}/www/blog/${language}.html`, { colorScheme, bypassCSP: true });
      assert.deepEqual(await violations(page, { iframes: false }), [], colorScheme);
    }
  });
}
