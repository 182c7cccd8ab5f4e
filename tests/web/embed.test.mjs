/** The page embedded in a page of another origin: as a frame and as an element. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { violations } from "./axe.mjs";
import { openReadyPage, waitForOutcomes, waitUntilReady } from "./page-actions.mjs";
import { openPage, serveSite, test, withBrowser } from "./server-and-browser.mjs";

withBrowser();

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {import("playwright-core").Frame} Frame */

const PHONE = { viewport: { width: 375, height: 740 }, isMobile: true, hasTouch: true };
const LINK = "v=1&sample=0&target=3&step=7&lang=en&end";
const MODULE = "/pkg/cpu/engine_bg.wasm";
const WORDS = `<p>${"The words of the host. ".repeat(40)}</p>`;

/** Adds up the layout shifts that follow no input. */
const WATCH_SHIFTS = `globalThis.shifts = 0; new PerformanceObserver((list) => { for (const entry of list.getEntries()) if (!entry.hadRecentInput) shifts += entry.value; }).observe({ type: "layout-shift", buffered: true });`;

/**
 * The address of a host page of another origin with this body.
 *
 * @param {import("node:test").TestContext} t
 * @param {string} body
 * @param {string} [head]
 */
async function host(t, body, head = "") {
  const { url } = await serveSite(t, {
    "/host": `<!doctype html><html lang="en">${head}<meta name="viewport" content="width=device-width, initial-scale=1"><title>Host</title><link rel="icon" href="data:,"><style>body { max-width: 700px; margin: 0 auto; padding: 0 16px; font: 17px/1.5 serif }</style><h1>Host</h1>${body}${WORDS.repeat(4)}`,
  });
  return `${url}/host`;
}

/**
 * The HTML snippets of the share panel.
 *
 * @param {import("node:test").TestContext} t
 * @param {string} url
 * @param {...string} flags
 */
async function shareSnippets(t, url, ...flags) {
  const { page } = await openReadyPage(t, `${url}/#${LINK}`);
  await waitForOutcomes(page);
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
 * Waits until the page has so many frames, including those within elements, and returns them.
 *
 * @param {Page} page
 * @param {number} [count]
 */
async function embeddedPages(page, count = 1) {
  for (let waited = 0; waited < 10_000; waited += 50) {
    const found = page.frames().filter((frame) => frame !== page.mainFrame());
    if (found.length >= count) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`there are fewer than ${count} frames`);
}

/** The page in one of the host's own frames. @param {Page} page @param {number} place */
async function pageInFrame(page, place) {
  const handle = await page.locator("iframe").nth(place).elementHandle();
  const frame = await handle?.contentFrame();
  if (!frame) throw new Error(`there is no frame ${place}`);
  return frame;
}

/** Waits until the attack in an embedded page has ended, and returns its outcome on the left. @param {Frame} frame */
async function waitForOutcome(frame) {
  await frame.waitForFunction(
    () =>
      document.body?.dataset.running === "false"
      && document.querySelectorAll('[data-panel]:not([data-outcome=""])').length === 2,
  );
  return frame.locator('[data-panel="left"]').getAttribute("data-outcome");
}

test("Five elements on a phone share one engine, nothing shifts, and the host scrolls", async (t) => {
  const { url } = await serveSite(t);
  const { element } = await shareSnippets(t, url);
  const address = await host(t, (element + WORDS).repeat(5));
  const { page, problems } = await openPage(t, "about:blank", { ...PHONE, script: WATCH_SHIFTS });
  let engines = 0;
  page.context().on("requestfinished", async (request) => {
    if (new URL(request.url()).pathname === MODULE && (await request.sizes()).responseBodySize > 0) engines++;
  });
  await page.goto(address);
  for (let place = 0; place < 5; place++) {
    await page.locator("defensive-distillation").nth(place).scrollIntoViewIfNeeded();
    assert.equal(await waitForOutcome((await embeddedPages(page, place + 1))[place]), "fooled");
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

test("With five frames on a phone nothing shifts, and a finger on a frame scrolls the host", async (t) => {
  const { url } = await serveSite(t);
  const { iframe } = await shareSnippets(t, url);
  const address = await host(t, (iframe + WORDS).repeat(5));
  const { page, problems } = await openPage(t, "about:blank", { ...PHONE, script: WATCH_SHIFTS });
  await page.goto(address);
  const touch = await page.context().newCDPSession(page);
  for (let place = 0; place < 5; place++) {
    const frame = page.locator("iframe").nth(place);
    await frame.evaluate((element) => element.scrollIntoView({ block: "center" }));
    assert.equal(await waitForOutcome(await pageInFrame(page, place)), "fooled");
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

test("An element that waits for a click fetches nothing before it, and then runs and has the focus", async (t) => {
  const { url, requests } = await serveSite(t);
  const { element } = await shareSnippets(t, url, "load=click");
  const address = await host(t, element);
  const { page } = await openPage(t, "about:blank");
  requests.length = 0;
  await page.goto(address);
  await page.locator("defensive-distillation button").waitFor();
  assert.deepEqual(requests, ["/www/embed.js"]);
  await page.locator("defensive-distillation button").click();
  const [embedded] = await embeddedPages(page);
  assert.equal(await waitForOutcome(embedded), "fooled");
  await embedded.waitForFunction(() => {
    const { iteration, iterations } = /** @type {HTMLElement} */ (document.querySelector('[data-panel="left"]'))
      .dataset;
    return iteration === iterations;
  });
  assert.equal(await page.evaluate(() => document.activeElement?.localName), "defensive-distillation");
});

test("Without JavaScript an element shows a picture and a link", async (t) => {
  const { url } = await serveSite(t);
  const { element } = await shareSnippets(t, url);
  const { page } = await openPage(t, await host(t, element), { javaScriptEnabled: false });
  assert.equal(
    await page.locator("defensive-distillation a").getAttribute("href"),
    await page.locator("a").getAttribute("href"),
  );
  assert.match(`${await page.locator("defensive-distillation a").getAttribute("href")}`, /#v=1&left=.*&end$/);
  const box = await page.locator("defensive-distillation img").boundingBox();
  assert.ok(box && box.width > 300 && box.height > 100);
});

test("A frame shows the picture before wasm is loaded, then the attack of its link, and leads to the full page", async (t) => {
  /** @type {(() => void)[]} */
  const held = [];
  const { url, answers } = await serveSite(t);
  const { iframe } = await shareSnippets(t, url);
  answers[MODULE] = (_, response) => {
    const module = readFileSync(new URL(`../..${MODULE}`, import.meta.url));
    held.push(() => response.writeHead(200, { "Content-Type": "application/wasm" }).end(module));
  };
  const { page, problems } = await openPage(t, await host(t, iframe));
  const [embedded] = await embeddedPages(page);
  await embedded.waitForFunction(() => {
    const canvas = /** @type {HTMLCanvasElement | null} */ (
      document.querySelector('[data-panel="right"] .picture-pixels')
    );
    const blank = Object.assign(document.createElement("canvas"), { width: 28, height: 28 });
    return canvas && canvas.toDataURL().length > 2 * blank.toDataURL().length;
  });
  assert.equal(await embedded.locator('[data-panel="left"]').getAttribute("data-status"), "waiting");
  while (held.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  held.forEach((answer) => answer());
  delete answers[MODULE];
  assert.equal(await waitForOutcome(embedded), "fooled");
  await embedded.waitForFunction(
    () => document.querySelector('[data-panel="left"]')?.getAttribute("data-iteration") === "7",
  );
  const { page: full } = await openPage(t, `${url}/#${LINK}`);
  await waitForOutcomes(full);
  const verdicts = () => [...document.querySelectorAll(".verdict")].map((verdict) => verdict.textContent);
  await full.waitForFunction(
    () => document.querySelector('[data-panel="left"]')?.getAttribute("data-iteration") === "7",
  );
  assert.deepEqual(await embedded.evaluate(verdicts), await full.evaluate(verdicts));

  const address = embedded.url();
  await embedded.locator("#scrubber").press("Home");
  await embedded.locator('#open-page[href*="step=0"]').waitFor();
  assert.match(
    `${await embedded.locator("#open-page").getAttribute("href")}`,
    new RegExp(`^${url}/#v=1&left=.*&sample=0&target=3&step=0&`),
  );
  // The first step is shown now, so the wait below does not end with the last step of the previous run.
  await embedded.locator("#run").click();
  await embedded.waitForFunction(() => {
    const left = document.querySelector('[data-panel="left"]');
    return (
      document.body.dataset.running === "false"
      && left?.getAttribute("data-iteration") !== "0"
      && left?.getAttribute("data-iteration") === left?.getAttribute("data-iterations")
    );
  });
  await page.waitForTimeout(600);
  assert.equal(embedded.url(), address, "an embedded page does not change its address");
  assert.deepEqual(problems, []);
});

test("A frame that waits for a click shows the picture, and runs the attack after the click", async (t) => {
  const { url, requests } = await serveSite(t);
  const { page, problems } = await openPage(
    t,
    await host(
      t,
      `<iframe src="${url}/?embed=1&amp;load=click#${LINK.replaceAll("&", "&amp;")}" width="700" height="400"></iframe>`,
    ),
  );
  const [embedded] = await embeddedPages(page);
  await embedded.locator("#wake").waitFor();
  await page.waitForTimeout(300);
  assert.deepEqual(
    requests.filter((path) => /wasm|safetensors/.test(path)),
    [],
  );
  await embedded.locator("#wake").click();
  assert.equal(await waitForOutcome(embedded), "fooled");
  await embedded.waitForFunction(() => {
    const { iteration, iterations } = /** @type {HTMLElement} */ (document.querySelector('[data-panel="left"]'))
      .dataset;
    return iteration === iterations;
  });
  assert.deepEqual(problems, []);
});

test("A sandboxed frame that may only run scripts computes in the page and has no storage", async (t) => {
  const { url } = await serveSite(t);
  const { page } = await openPage(
    t,
    await host(
      t,
      `<iframe sandbox="allow-scripts" src="${url}/?embed=1&amp;controls=1#${LINK.replaceAll("&", "&amp;")}" width="700" height="560"></iframe><script type="module" src="${url}/www/embed.js"></script><defensive-distillation sandbox link="${LINK.replaceAll("&", "&amp;")}"></defensive-distillation>`,
    ),
  );
  await page.locator("defensive-distillation").scrollIntoViewIfNeeded();
  for (const embedded of await embeddedPages(page, 2)) {
    assert.equal(await waitForOutcome(embedded), "fooled");
    assert.equal(await embedded.evaluate(() => self.origin), "null");
    assert.match(
      `${await embedded.locator("#engine-info").getAttribute("data-reason")}`,
      /in the page, since no worker/,
    );
  }
  await page.locator('defensive-distillation[style*="height: "]').waitFor();
});

test("The element accepts a height only from its own frame, and the frame sends it only to its host", async (t) => {
  const { url } = await serveSite(t);
  const script = `<script type="module" src="${url}/www/embed.js"></script><defensive-distillation link="${LINK.replaceAll("&", "&amp;")}"></defensive-distillation>`;
  const { page } = await openPage(t, await host(t, script));
  await page.locator('defensive-distillation[style*="height: "]').waitFor();
  const height = await page.locator("defensive-distillation").evaluate((element) => element.style.height);
  const [embedded] = await embeddedPages(page);
  await page.evaluate(() => {
    postMessage({ "defensive-distillation": "height", height: 3333 }, "*");
    const other = document.body.appendChild(document.createElement("iframe"));
    /** @type {any} */ (other.contentWindow).eval(
      `parent.postMessage({ "defensive-distillation": "height", height: 2222 }, "*")`,
    );
  });
  await embedded.evaluate(() => {
    for (const height of [-1, 1e9, NaN, "500", null, {}])
      parent.postMessage({ "defensive-distillation": "height", height }, "*");
  });
  // A sibling frame asks for the height. It is not the host, so the embedded page sends nothing.
  const received = await page.evaluate(
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
  assert.equal(received, "nothing");
  assert.equal(await page.locator("defensive-distillation").evaluate((element) => element.style.height), height);
});

/** An element with a poster that is a link. @param {string} url */
const withPoster = (url) =>
  `<script type="module" src="${url}/www/embed.js"></script><defensive-distillation link="${LINK.replaceAll("&", "&amp;")}"><a href="/blank" style="display: block; width: 500px; height: 200px">The poster</a></defensive-distillation>`;

/** Whether the poster is what a reader sees and clicks, and the frame is not. @param {Page} page */
const showsPoster = (page) =>
  page.locator("defensive-distillation").evaluate((element) => {
    const root = /** @type {ShadowRoot} */ (element.shadowRoot);
    const link = /** @type {HTMLElement} */ (element.querySelector("a"));
    link.scrollIntoView({ block: "center" });
    const { left, top, width, height } = link.getBoundingClientRect();
    const frame = root.querySelector("iframe");
    return (
      getComputedStyle(link).visibility === "visible"
      && document.elementFromPoint(left + width / 10, top + height / 2) === link
      && (!frame || getComputedStyle(frame).opacity === "0" || getComputedStyle(frame).display === "none")
    );
  });

/** Counts the frames that have loaded, which error pages do too. */
const COUNT_LOADS = `globalThis.loads = 0;
  const createElement = document.createElement.bind(document);
  document.createElement = (name) => {
    const element = createElement(name);
    if (name === "iframe") element.addEventListener("load", () => { loads++; });
    return element;
  };`;

/** The poster is still shown when the frame has loaded. @param {Page} page */
async function posterStays(page) {
  await page.locator("defensive-distillation").scrollIntoViewIfNeeded();
  await page.waitForFunction(() => /** @type {any} */ (globalThis).loads > 0);
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  assert.ok(await showsPoster(page));
}

for (const [name, answer] of /** @type {const} */ ([
  ["the page's server is down", (/** @type {import("node:http").IncomingMessage} */ request) => request.destroy()],
  ["the page's server answers 503", 503],
  ["the page is another one", "<!doctype html><title>Parked</title>This domain is for sale."],
]))
  test(`The poster and its link stay if ${name}, and a click loads the page later`, async (t) => {
    const { url, answers } = await serveSite(t, { "/": answer });
    const { page } = await openPage(t, await host(t, withPoster(url)), { script: COUNT_LOADS });
    await posterStays(page);
    delete answers["/"];
    await page.locator("defensive-distillation button").click();
    await page.locator('defensive-distillation[style*="height: "]').waitFor();
    assert.equal(await showsPoster(page), false);
    assert.equal(await page.locator("defensive-distillation button").count(), 0);
    assert.equal(await page.locator("defensive-distillation iframe").count(), 1);
  });

test("The poster and its link stay if the host's policy forbids the frame", async (t) => {
  const { url } = await serveSite(t);
  const policy = `<meta http-equiv="Content-Security-Policy" content="script-src ${url}; frame-src 'none'">`;
  const { page } = await openPage(t, await host(t, withPoster(url), policy), { script: COUNT_LOADS });
  await posterStays(page);
});

test("A printed host page has the poster in place of the page, without the button", async (t) => {
  const { url } = await serveSite(t);
  const { page } = await openPage(t, await host(t, withPoster(url)));
  await page.locator("defensive-distillation").scrollIntoViewIfNeeded();
  const visible = (/** @type {string} */ part) => page.locator(`defensive-distillation ${part}`).isVisible();
  await page.locator("defensive-distillation button").waitFor();
  await page.emulateMedia({ media: "print" });
  assert.deepEqual([await visible("a"), await visible("button")], [true, false]);
  await page.emulateMedia({ media: "screen" });
  await page.locator('defensive-distillation[style*="height: "]').waitFor();
  assert.deepEqual([await visible("a"), await visible("iframe")], [false, true]);
  await page.emulateMedia({ media: "print" });
  assert.deepEqual([await visible("a"), await visible("iframe")], [true, false]);
  const [element, link] = await Promise.all(
    ["defensive-distillation", "defensive-distillation a"].map((name) => page.locator(name).boundingBox()),
  );
  assert.ok(element && link && element.height < link.height + 20, "the room of the page is not printed");
});

test("In print, an embedded page and the lab have no text that is cut off", async (t) => {
  const { url } = await serveSite(t);
  const { page } = await openReadyPage(t, `${url}/?embed=1&load=now#${LINK}`);
  await page.emulateMedia({ media: "print" });
  assert.equal(await page.locator(".sheet").isVisible(), false);
  await page.emulateMedia({ media: "screen" });
  await page.goto(`${url}/www/lab.html`);
  await page.locator("#lab[data-ready]").waitFor();
  await page.locator("#lab-bibtex-box summary").click();
  assert.ok(await page.locator("#lab-bibtex").isVisible());
  await page.emulateMedia({ media: "print" });
  assert.ok(await page.locator("#lab-references").isVisible());
  const isCut = (/** @type {Element} */ element) =>
    element.clientHeight > 0 && element.scrollHeight > element.clientHeight;
  assert.equal(await page.locator("#lab-bibtex").evaluate(isCut), false);
});

test("Elements that are removed leave nothing in memory", async (t) => {
  const { url } = await serveSite(t);
  const { page, problems } = await openPage(
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
  assert.equal(await waitForOutcome((await embeddedPages(page))[0]), "fooled");
  assert.deepEqual(problems, []);
});

test("An embedded page with all its parts fits any width, and axe finds no violation", async (t) => {
  const { url } = await serveSite(t);
  for (const flags of ["", "&controls=1&target=1&draw=1&story=1&lang=ja&theme=dark"]) {
    const { page } = await openPage(t, `${url}/?embed=1${flags}#${LINK}`, {
      viewport: { width: 320, height: 700 },
      bypassCSP: true,
    });
    await waitUntilReady(page);
    await waitForOutcomes(page);
    for (const width of [320, 375, 599, 600, 900]) {
      await page.setViewportSize({ width, height: 700 });
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
    }
    assert.deepEqual(await violations(page), [], flags);
    assert.equal(await page.locator("html").getAttribute("lang"), flags ? "ja" : "en");
  }
});

for (const language of ["en", "ja"]) {
  test(`The blog post in ${language} uses every way of embedding, and nothing shifts on a phone`, async (t) => {
    const { url } = await serveSite(t);
    const { page, problems } = await openPage(t, `${url}/www/blog/${language}.html`, {
      ...PHONE,
      script: WATCH_SHIFTS,
    });
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
    const [frame] = await embeddedPages(page);
    await frame.locator("#run").click();
    assert.equal(await waitForOutcome(frame), "fooled");
    const elements = page.locator("defensive-distillation");
    for (let place = 0; place < (await elements.count()); place++) {
      const element = elements.nth(place);
      await element.scrollIntoViewIfNeeded();
      if ((await element.getAttribute("load")) === "click") await element.locator("button").click();
      const embedded = await (await element.locator("iframe").elementHandle())?.contentFrame();
      assert.ok(embedded);
      if ((await element.getAttribute("draw")) === null) assert.match(`${await waitForOutcome(embedded)}`, /fooled/);
      else await embedded.locator('#message:not([hidden]), [data-panel="left"][data-status="ready"]').first().waitFor();
      assert.equal(await embedded.locator("html").getAttribute("lang"), language);
    }
    const shifts = await page.evaluate(() => /** @type {any} */ (globalThis).shifts);
    t.diagnostic(`cumulative layout shift ${shifts}`);
    assert.ok(shifts <= 0.1, `${shifts}`);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), PHONE.viewport.width);
    assert.deepEqual(problems, []);
  });

  test(`Axe finds no violation in the blog post in ${language}`, async (t) => {
    const { url } = await serveSite(t);
    for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
      const { page } = await openPage(t, `${url}/www/blog/${language}.html`, { colorScheme, bypassCSP: true });
      assert.deepEqual(await violations(page, { iframes: false }), [], colorScheme);
    }
  });
}
