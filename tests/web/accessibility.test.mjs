/** Accessibility: keyboard, screen reader, phone, dark and forced colours, print. */
import assert from "node:assert/strict";
import { violations } from "./axe.mjs";
import {
  chooseDigit,
  openReadyPage,
  panel,
  runAttack,
  runSmallExperiment,
  setAttack,
  waitForOutcomes,
  waitUntilReady,
} from "./page-actions.mjs";
import { openPage, serveSite, test, withBrowser } from "./server-and-browser.mjs";

withBrowser();

/** @typedef {import("playwright-core").Page} Page */

const PHONE = { width: 375, height: 740 };
/**
 * Widths just above and below every breakpoint of the layout, and common widths of phones (one of them in landscape)
 * and screens.
 */
const WIDTHS = [320, 360, 375, 480, 599, 601, 667, 735, 737, 800, 959, 961, 1024, 1151, 1153, 1247, 1249, 1280, 1600];
const APPEARANCES = /** @type {const} */ ([
  ["en", "light"],
  ["ja", "dark"],
]);

/**
 * Every view of the project: its path, and what is done there before the check.
 *
 * @type {Record<string, [path: string, prepare: (page: Page) => Promise<unknown>]>}
 */
const VIEWS = {
  "the page before an attack": ["/", waitUntilReady],
  "the page after an attack": [
    "/",
    async (page) => {
      await waitUntilReady(page);
      await runAttack(page);
    },
  ],
  "the page with CIFAR-10 after an attack": [
    "/#v=1&data=cifar10&end",
    async (page) => {
      await waitUntilReady(page);
      await runAttack(page);
    },
  ],
  "the share panel": [
    "/",
    async (page) => {
      await waitUntilReady(page);
      await page.locator("#share-open").click();
      await page.waitForFunction(() =>
        /** @type {HTMLImageElement} */ (document.querySelector("#share-preview")).src.startsWith("blob:"),
      );
    },
  ],
  "the embedded page with everything": ["/?embed=1&controls=1&target=1&draw=1&temperature=1&story=1", waitUntilReady],
  "the lab with a finished experiment": [
    "/www/lab.html#pairs",
    async (page) => {
      await runSmallExperiment(page);
      await page.locator(".heat button").first().click();
    },
  ],
  "the post in English": [
    "/www/blog/en.html",
    async (page) => {
      await page.locator("iframe.frame").waitFor();
    },
  ],
  "the post in Japanese": [
    "/www/blog/ja.html",
    async (page) => {
      await page.locator("iframe.frame").waitFor();
    },
  ],
};

for (const [name, [path, prepare]] of Object.entries(VIEWS)) {
  test(`Axe finds no violation in ${name}, each click target has 24 px, and nothing scrolls sideways`, async (t) => {
    const { url } = await serveSite(t);
    const { page } = await openPage(t, url + path, { bypassCSP: true, reducedMotion: "reduce" });
    await prepare(page);
    const isTranslated = (await page.locator("#language").count()) > 0;
    for (const [language, colorScheme] of APPEARANCES) {
      if (isTranslated) await chooseLanguage(page, language);
      await page.emulateMedia({ colorScheme });
      assert.deepEqual(await violations(page), [], `${language}, ${colorScheme}`);
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: width === 667 ? 360 : 740 });
        assert.deepEqual(await overflowing(page), [], `${language}, ${width} px`);
        if (width === 360 || width === 1280) assert.deepEqual(await smallTargets(page), [], `${language}, ${width} px`);
      }
    }
  }, 150_000);
}

/** Changes the language by script, because a dialog may cover the menu. @param {Page} page @param {string} language */
async function chooseLanguage(page, language) {
  await page.locator("#language").evaluate((select, language) => {
    /** @type {HTMLSelectElement} */ (select).value = language;
    select.dispatchEvent(new Event("change"));
  }, language);
  await page.waitForFunction((language) => document.documentElement.lang === language, language);
}

/** The elements that reach beyond the right edge, if the window scrolls sideways. @param {Page} page */
function overflowing(page) {
  return page.evaluate(() => {
    const { scrollWidth } = document.documentElement;
    if (scrollWidth <= innerWidth) return [];
    const wide = [...document.querySelectorAll("body *")].filter(
      (element) => element.checkVisibility() && element.getBoundingClientRect().right > innerWidth,
    );
    return [`${scrollWidth} px`, ...wide.map((element) => `${element.tagName} ${element.className} ${element.id}`)];
  });
}

/** Click targets smaller than 24 px. A link within a sentence is exempt. @param {Page} page */
function smallTargets(page) {
  return page.evaluate(() => {
    const targets = [
      ...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']"),
    ].filter(
      (element) =>
        element.checkVisibility({ visibilityProperty: true }) && !element.closest(".unseen, [aria-hidden=true]"),
    );
    return targets
      .filter((element) => {
        const inSentence =
          element.tagName === "A"
          && getComputedStyle(element).display === "inline"
          && (element.closest("p, li, figcaption")?.textContent ?? "").trim() !== (element.textContent ?? "").trim();
        const whole =
          /** @type {HTMLInputElement} */ (element).type === "checkbox"
          || /** @type {HTMLInputElement} */ (element).type === "radio"
            ? (element.closest("label") ?? element)
            : element;
        // A link around a picture is as large as the picture.
        const boxes = [whole, ...(element.tagName === "A" ? element.children : [])].map((part) =>
          part.getBoundingClientRect(),
        );
        return !inSentence && !boxes.some(({ width, height }) => width >= 23.9 && height >= 23.9);
      })
      .map((element) => `${element.tagName} ${element.className} ${element.id} ${element.textContent?.slice(0, 30)}`);
  });
}

test("An attack can be set up, run and reviewed with the keyboard alone", async (t) => {
  const { url } = await serveSite(t);
  const { page } = await openReadyPage(t, url);
  const tabTo = async (/** @type {string} */ selector) => {
    for (let presses = 0; presses < 60; presses++) {
      await page.keyboard.press("Tab");
      if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), selector)) return;
    }
    assert.fail(`the keyboard does not reach ${selector}`);
  };
  await tabTo("#samples .tile");
  await page.keyboard.press("Home");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector('[data-panel="left"]')?.getAttribute("data-label") === "0");
  await tabTo("#targets input");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await tabTo("#run");
  await page.keyboard.press("Enter");
  assert.deepEqual(await waitForOutcomes(page), ["fooled", "gradient-vanished"]);
  await page.waitForFunction(() => (document.querySelector("#announcer")?.textContent ?? "") !== "");
  await tabTo("#scrubber");
  await page.keyboard.press("Home");
  await page.waitForFunction(
    () => document.querySelector('[data-panel="left"]')?.getAttribute("data-iteration") === "0",
  );
});

test("The colours follow the system, and the button changes them", async (t) => {
  const { url } = await serveSite(t);
  const background = (/** @type {import("playwright-core").Page} */ page) =>
    page.evaluate(
      () =>
        getComputedStyle(document.documentElement).backgroundColor + getComputedStyle(document.body).backgroundColor,
    );
  const { page: light } = await openReadyPage(t, url, { colorScheme: "light" });
  const { page: dark } = await openReadyPage(t, url, { colorScheme: "dark" });
  const inDark = await background(dark);
  assert.notEqual(await background(light), inDark);
  await light.locator("#theme").click();
  assert.equal(await background(light), inDark);
});

/**
 * Presses Tab until the focus is back at the first control, and returns the controls that it reached.
 *
 * @param {Page} page
 */
async function tabThrough(page) {
  /** @type {string[]} */
  const reached = [];
  for (let presses = 0; presses < 150; presses++) {
    await page.keyboard.press("Tab");
    const name = await page.evaluate(() => {
      const element = document.activeElement;
      if (!element || element === document.body) return "";
      const shown = element.closest("label.chip, label.segment") ?? element;
      const { outlineStyle, outlineWidth } = getComputedStyle(shown);
      const isSeen = outlineStyle !== "none" && parseFloat(outlineWidth) >= 1;
      const { type } = /** @type {HTMLInputElement} */ (element);
      return `${type === "radio" ? "radio" : `${element.tagName} ${element.id || element.className || element.textContent}`}${isSeen ? "" : " WITHOUT A VISIBLE FOCUS"}`;
    });
    if (name === "" || name === reached[0]) return reached;
    reached.push(name);
  }
  assert.fail(`the keyboard is trapped: ${reached.slice(-5)}`);
}

for (const [name, path] of Object.entries({
  "the page": "/",
  "the embedded page": "/?embed=1&controls=1&target=1&draw=1&temperature=1&story=1",
  "the lab": "/www/lab.html",
})) {
  test(`Tab reaches every control of ${name} in the order of the document, and each shows its focus`, async (t) => {
    const { url } = await serveSite(t);
    const { page } = await openPage(t, url + path);
    if (name === "the lab") await page.locator("#lab[data-ready]").waitFor();
    else await waitUntilReady(page);
    const reached = await tabThrough(page);
    assert.deepEqual(
      reached.filter((control) => control.includes("WITHOUT")),
      [],
    );
    const wanted = await page.evaluate(() => {
      const groups = new Set();
      return [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")]
        .filter((element) => {
          const { tabIndex, type, name, disabled } = /** @type {HTMLInputElement} */ (element);
          if (tabIndex < 0 || disabled || !element.checkVisibility({ visibilityProperty: true })) return false;
          if (type !== "radio") return true;
          // Tab stops once in a group of radio buttons; the arrow keys move within it.
          const isNew = !groups.has(name);
          groups.add(name);
          return isNew;
        })
        .map((element) =>
          /** @type {HTMLInputElement} */ (element).type === "radio"
            ? "radio"
            : `${element.tagName} ${element.id || element.className || element.textContent}`,
        );
    });
    assert.deepEqual(reached, wanted);
  });
}

test("The share panel keeps the focus until it is closed, and then returns it", async (t) => {
  const { url } = await serveSite(t);
  const { page } = await openReadyPage(t, url);
  await page.locator("#share-open").focus();
  await page.keyboard.press("Enter");
  for (let presses = 0; presses < 30; presses++) {
    await page.keyboard.press("Tab");
    assert.ok(
      await page.evaluate(() => document.activeElement === document.body || document.activeElement?.closest("#share")),
    );
  }
  await page.keyboard.press("Escape");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "share-open");
});

/** The keys that draw a 7: along the top, then down in steps. */
const SEVEN = [
  "ArrowLeft",
  "ArrowLeft",
  "ArrowLeft",
  "ArrowLeft",
  "ArrowLeft",
  " ",
  "Shift+ArrowRight",
  "Shift+ArrowRight",
  "ArrowRight",
  "ArrowRight",
  ...Array.from({ length: 7 }, () => ["ArrowDown", "ArrowDown", "ArrowLeft"]).flat(),
  " ",
];

test("A digit can be drawn by keyboard, announced, undone, cleared, and put into a link", async (t) => {
  const { url } = await serveSite(t);
  const { page, problems } = await openReadyPage(t, url);
  const waitForAnnouncement = (/** @type {RegExp} */ words) =>
    page.waitForFunction(
      (words) => new RegExp(words).test(document.querySelector("#announcer")?.textContent ?? ""),
      words.source,
    );
  await page.locator("#pad").focus();
  await page.keyboard.press("ArrowRight");
  await page.locator("#pad-keys").waitFor();
  await waitForAnnouncement(/^Column 16, row 8\.$/);
  await page.keyboard.press("ArrowLeft");
  for (const key of SEVEN) await page.keyboard.press(key);
  await waitForAnnouncement(/Undefended: Reads 7\. Distilled, T = 100: Reads 7\./);
  // The link of the story's step has the whole drawing as soon as it is classified. The address changes later, and may
  // hold only a part of the drawing at first.
  await page.waitForFunction(
    () =>
      /strokes=/.test(location.hash)
      && location.href
        === /** @type {HTMLAnchorElement | null} */ (document.querySelector(".story-steps details[open] .step-link"))
          ?.href,
  );

  const { page: other } = await openReadyPage(t, page.url());
  await other.waitForFunction(() => document.querySelector('[data-panel="left"]')?.getAttribute("data-label") === "7");
  const seen = (/** @type {Page} */ where) =>
    where.locator("#seen").evaluate((canvas) => /** @type {HTMLCanvasElement} */ (canvas).toDataURL());
  assert.equal(await seen(other), await seen(page));

  await page.locator("#pad").focus();
  for (const key of [" ", "ArrowDown", " "]) await page.keyboard.press(key);
  await page.keyboard.press("Backspace");
  await waitForAnnouncement(/1 stroke left/);
  await page.keyboard.press("Delete");
  await waitForAnnouncement(/cleared/);
  assert.equal(await page.locator("#undo").getAttribute("aria-disabled"), "true");
  // The cursor stays at the edge, and the page does not scroll.
  for (let moves = 0; moves < 10; moves++) await page.keyboard.press("Shift+ArrowDown");
  await waitForAnnouncement(/row 28\./);
  assert.equal(await page.evaluate(() => scrollY), 0);
  await page.keyboard.press("Tab");
  await page.locator("#pad-keys").waitFor({ state: "hidden" });
  assert.deepEqual(problems, []);
});

test("One live region announces start, outcome and errors in sentences, and no steps in between", async (t) => {
  const { url, answers } = await serveSite(t, { "/www/models/mnist-undefended.safetensors": 404 });
  const { page } = await openPage(t, url, {
    script: `addEventListener("DOMContentLoaded", () => {
    globalThis.announced = [];
    new MutationObserver(() => { const text = document.querySelector("#announcer").textContent; if (text) announced.push(text); }).observe(document.querySelector("#announcer"), { childList: true });
  })`,
  });
  const live = () =>
    page.evaluate(() =>
      [
        ...document.querySelectorAll(
          "[aria-live]:not([aria-live=off]), [role=status], [role=alert], output:not([aria-live=off])",
        ),
      ]
        .filter((element) => !element.closest("dialog"))
        .map(({ id }) => id),
    );
  assert.deepEqual(await live(), ["announcer"]);
  await page.waitForFunction(() =>
    /** @type {any} */ (globalThis).announced.some((/** @type {string} */ words) => /could not be fetched/.test(words)),
  );
  delete answers["/www/models/mnist-undefended.safetensors"];
  await panel(page, "left").locator(".retry").click();
  await waitUntilReady(page);
  await page.evaluate(() => {
    /** @type {any} */ (globalThis).announced.length = 0;
  });
  await chooseDigit(page, 7);
  await setAttack(page, { target: 3 });
  await runAttack(page);
  await page.waitForFunction(() => document.querySelector("#play")?.getAttribute("data-playing") === "false");
  const announced = await page.evaluate(() => /** @type {any} */ (globalThis).announced);
  // Both sentences come together if the attack has ended before the next frame.
  assert.ok(announced.length <= 2, announced);
  assert.match(
    announced.join(" "),
    /^Attack started\. Target: 3\. Undefended: Fooled: reads 3 after \d+ changed pixels.*\. Distilled, T = 100: Still reads 7, .*gradient is exactly 0/,
  );
  await page.goto(`${url}/www/lab.html`);
  assert.deepEqual(await live(), ["announcer"]);
});

test("A finger draws without scrolling the page, and no field makes a phone zoom", async (t) => {
  const { url } = await serveSite(t);
  const { page } = await openReadyPage(t, url, { viewport: PHONE, hasTouch: true, isMobile: true });
  await page.locator("#settings").evaluate((details) => {
    /** @type {HTMLDetailsElement} */ (details).open = true;
  });
  const sizes = await page.evaluate(() =>
    [
      ...document.querySelectorAll(
        "input:not([type=range], [type=radio], [type=checkbox], [type=file]), select, textarea",
      ),
    ]
      .filter((field) => field.checkVisibility() && parseFloat(getComputedStyle(field).fontSize) < 16)
      .map(({ id, className }) => id || className),
  );
  assert.deepEqual(sizes, []);
  assert.equal(
    await page.locator("meta[name=viewport]").getAttribute("content"),
    "width=device-width, initial-scale=1",
    "zooming is allowed",
  );
  for (const viewport of [PHONE, { width: PHONE.height, height: PHONE.width }]) {
    await page.setViewportSize(viewport);
    await page.locator("#clear").click();
    await page.locator("#pad").scrollIntoViewIfNeeded();
    const box = await page.locator("#pad").boundingBox();
    if (!box) throw new Error("there is no drawing area");
    const before = await page.evaluate(() => scrollY);
    const touch = await page.context().newCDPSession(page);
    const at = (/** @type {number} */ share) => [{ x: box.x + box.width / 2, y: box.y + share * box.height }];
    await touch.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: at(0.9) });
    for (let share = 0.85; share > 0.1; share -= 0.05)
      await touch.send("Input.dispatchTouchEvent", { type: "touchMove", touchPoints: at(share) });
    await touch.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
    await page.waitForFunction(() => document.querySelector('[data-panel="left"]')?.getAttribute("data-label") === "1");
    assert.equal(await page.evaluate(() => scrollY), before);
  }
});

test("Pictures, marks, bars and choices can be told apart under forced colours", async (t) => {
  const { url } = await serveSite(t);
  for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
    const { page } = await openReadyPage(t, url, {
      forcedColors: "active",
      colorScheme,
      reducedMotion: "reduce",
      bypassCSP: true,
    });
    await runAttack(page);
    /** Pairs of a selector and a property. The contrast of each pair has to be at least 3. */
    const pairs = /** @type {const} */ ([
      ["#run", "color", "#run", "backgroundColor"],
      ["#targets .chip:has(:checked)", "color", "#targets .chip:has(:checked)", "backgroundColor"],
      ["#targets .chip:has(:checked)", "backgroundColor", "#targets .chip:not(:has(:checked))", "backgroundColor"],
      ["#overlays .segment:has(:checked)", "color", "#overlays .segment:has(:checked)", "backgroundColor"],
      [
        "#overlays .segment:has(:checked)",
        "backgroundColor",
        "#overlays .segment:not(:has(:checked))",
        "backgroundColor",
      ],
      ['[data-panel="right"] tr[data-read] .bar-fill', "backgroundColor", "body", "backgroundColor"],
      ["#pad-hint", "color", "#pad", "backgroundColor"],
    ]);
    const contrasts = await page.evaluate((pairs) => {
      const context = /** @type {CanvasRenderingContext2D} */ (
        document.createElement("canvas").getContext("2d", { willReadFrequently: true })
      );
      const light = (/** @type {string} */ selector, /** @type {"color" | "backgroundColor"} */ property) => {
        let element = document.querySelector(selector);
        // An element without a background shows that of an ancestor.
        while (
          element?.parentElement
          && property === "backgroundColor"
          && /rgba\(.* 0\)|transparent/.test(getComputedStyle(element)[property])
        )
          element = element.parentElement;
        context.fillStyle = getComputedStyle(element ?? document.documentElement)[property];
        context.fillRect(0, 0, 1, 1);
        const [red, green, blue] = [...context.getImageData(0, 0, 1, 1).data].map((value) =>
          value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4,
        );
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05;
      };
      return pairs.map(([one, of, other, by]) => [
        one,
        Math.max(light(one, of) / light(other, by), light(other, by) / light(one, of)),
      ]);
    }, pairs);
    assert.deepEqual(
      contrasts.filter(([, contrast]) => Number(contrast) < 3),
      [],
      colorScheme,
    );
    // The first canvas has the shades of the picture, and the second has the marks.
    const shades = await panel(page, "left")
      .locator(".picture-frame")
      .evaluate((frame) =>
        [...frame.querySelectorAll("canvas")].map((canvas) => {
          const { data } = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")).getImageData(
            0,
            0,
            canvas.width,
            canvas.height,
          );
          return new Set(new Uint32Array(data.buffer)).size;
        }),
      );
    assert.ok(shades[0] > 20 && shades[1] > 1, `${shades}`);
    assert.match(
      await page.locator('.tile[aria-selected="true"]').evaluate((tile) => getComputedStyle(tile).boxShadow),
      /inset/,
    );
  }
});

test("A run is printed on one light sheet, with its link and its citations", async (t) => {
  const { url } = await serveSite(t);
  const { page } = await openReadyPage(
    t,
    `${url}/#v=1&left=undefended-1&right=distilled-100&sample=0&target=3&theme=dark&end`,
    { reducedMotion: "reduce" },
  );
  assert.deepEqual(await runAttack(page), ["fooled", "gradient-vanished"]);
  await page.waitForFunction(() => /step=/.test(location.hash));
  const pages = async (/** @type {Parameters<Page["pdf"]>[0]} */ options) =>
    `${(await page.pdf(options)).toString("latin1")}`.match(/\/Type\s*\/Page\b/g)?.length;
  for (const format of ["A4", "Letter"])
    for (const landscape of [false, true])
      assert.equal(await pages({ format, landscape }), 1, `${format} ${landscape}`);

  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  await page.emulateMedia({ media: "print" });
  for (const selector of ['[data-panel="left"] .picture', '[data-panel="right"] .verdict', "#sheet-bibtex"])
    assert.ok(await page.locator(selector).isVisible(), selector);
  for (const selector of ["#run", "#samples", ".story", "#language"])
    assert.ok(await page.locator(selector).isHidden(), selector);
  assert.equal(await page.locator("#sheet-link").innerText(), page.url());
  assert.match(await page.locator("#sheet-bibtex").innerText(), /url = \{http[^\n]*end\}.*papernot2016distillation/s);
  const corner = () =>
    panel(page, "left")
      .locator(".picture-pixels")
      .evaluate(
        (canvas) =>
          /** @type {CanvasRenderingContext2D} */ (
            /** @type {HTMLCanvasElement} */ (canvas).getContext("2d")
          ).getImageData(0, 0, 1, 1).data[0],
      );
  assert.ok((await corner()) > 200, "dark paper");
  await page.evaluate(() => dispatchEvent(new Event("afterprint")));
  assert.ok((await corner()) < 60, "dark again on the screen");
});
