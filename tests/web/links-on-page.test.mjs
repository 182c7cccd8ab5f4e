/** Links on the page: the address holds what is on the page, and opening it elsewhere shows the same. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { deflateRawSync } from "node:zlib";
import { writeStrokes } from "../../www/link/strokes.js";
import { violations } from "./axe.mjs";
import { withCifar } from "./extra-networks.mjs";
import {
  bothPanels,
  chooseDigit,
  clickInput,
  drawStrokes,
  openReadyPage,
  panel,
  runAttack,
  setAttack,
  waitForOutcomes,
  waitForStep,
  waitUntilReady,
} from "./page-actions.mjs";
import { openPage, serveSite, test, withBrowser } from "./server-and-browser.mjs";

withBrowser();

/** @typedef {import("playwright-core").Page} Page */

const FIVE = JSON.parse(readFileSync(new URL("../data_digit/five.json", import.meta.url), "utf8"));
const GOLDEN = JSON.parse(readFileSync(new URL("links.golden.json", import.meta.url), "utf8"));
const MANIFEST = JSON.parse(readFileSync(new URL("../../www/models/manifest.json", import.meta.url), "utf8"));

/** The pixels, words and numbers of both panels. @param {Page} page */
const panelContents = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll("[data-panel]")].map((panel) => ({
      .../** @type {HTMLElement} */ (panel).dataset,
      pixels: /** @type {HTMLCanvasElement} */ (panel.querySelector(".picture-pixels")).toDataURL(),
      verdict: panel.querySelector(".verdict")?.textContent,
      bars: [...panel.querySelectorAll(".bar-value")].map((value) => value.textContent),
      numbers: panel.querySelector(".readouts")?.textContent,
    })),
  );

/** Waits until the address holds each of the parts. @param {Page} page @param {...string} parts */
async function waitForAddress(page, ...parts) {
  await page.waitForFunction((parts) => parts.every((part) => `${location.hash}&`.includes(`${part}&`)), parts);
  return page.url();
}

test("New runs have c by the gradient, and a link without the scale of c means c from 1", async (t) => {
  const { url } = await serveSite(t);
  const { page, problems } = await openReadyPage(t, url);
  const chosen = () => page.locator("input[name=c_scale]:checked").inputValue();
  await chooseDigit(page, 7);
  await setAttack(page, { target: 3, attack: "cw-l2" });
  await waitForAddress(page, "attack=cw-l2", "c_scale=gradient", "end");
  await setAttack(page, { attack: "jsma-f" });
  await page.waitForFunction(() => !location.hash.includes("attack="));
  const { hash } = new URL(page.url());
  assert.ok(!hash.includes("c_scale"), hash);
  for (const [link, wanted] of /** @type {const} */ ([
    ["#v=1&sample=0&target=3&attack=cw-l2&end", "fixed"],
    ["#v=1&sample=0&target=3&attack=cw-l2&c_scale=gradient&end", "gradient"],
    [hash, "gradient"],
  ])) {
    await page.goto("about:blank");
    await page.goto(`${url}/${link}`);
    await waitUntilReady(page);
    assert.equal(await chosen(), wanted, link);
  }
  assert.deepEqual(problems, []);
});

test("A link to an attack on a drawing shows the same pixels and words on a phone without workers", async (t) => {
  const { url } = await serveSite(t);
  const { page } = await openReadyPage(t, url);
  assert.equal(new URL(page.url()).hash, "", "an untouched page does not change its address");
  await drawStrokes(page, FIVE.strokes);
  await setAttack(page, { target: 3, theta: 0.5, budget: 60 });
  await clickInput(page.locator('input[name=overlay][value="gradient"]'));
  await runAttack(page);
  await page.locator("#scrubber").press("End");
  await page.locator("#scrubber").press("ArrowLeft");
  const step = `${Number(await panel(page, "left").getAttribute("data-iterations")) - 1}`;
  await waitForStep(page, step);
  assert.ok(Number(step) > 2);
  const link = await waitForAddress(page, `step=${step}`, "theta=0.5", "budget=60", "show=gradient", "end");
  t.diagnostic(`${link.length} characters: ${link}`);
  const before = await panelContents(page);

  const { page: other, problems } = await openPage(t, link, {
    script: "delete globalThis.Worker",
    viewport: { width: 375, height: 740 },
  });
  await waitForOutcomes(other);
  await waitForStep(other, step);
  assert.match(`${await other.locator("#engine-info").getAttribute("data-reason")}`, /in the page, since no worker/);
  assert.deepEqual(await panelContents(other), before);
  assert.equal(other.url(), link, "the address of an opened link does not change");
  assert.ok(await other.locator("#notes").isHidden());
  assert.deepEqual(problems, []);
});

test("Back and forward step through what was chosen and attacked, and playing adds no entries", async (t) => {
  const { url } = await serveSite(t);
  const { page } = await openReadyPage(t, url);
  await chooseDigit(page, 4);
  await waitForAddress(page, "sample=" + (await sampleNumber(page)));
  await setAttack(page, { target: 9 });
  await waitForAddress(page, "target=9");
  const entries = await page.evaluate(() => history.length);
  await runAttack(page);
  const last = `${await panel(page, "left").getAttribute("data-iterations")}`;
  await waitForAddress(page, `step=${last}`);
  assert.equal(
    await page.evaluate(() => history.length),
    entries + 1,
    "one entry for the attack, however many steps it has",
  );
  const after = await panelContents(page);

  await page.goBack();
  await page.waitForFunction(() => document.querySelector('[data-panel="left"]')?.getAttribute("data-outcome") === "");
  assert.ok(await page.locator('#targets input[value="9"]').isChecked());
  await page.goBack();
  await page.locator('#targets input[value="3"]:checked').waitFor({ state: "attached" });
  await page.goBack();
  await page.waitForFunction(() => document.querySelector('[data-panel="left"]')?.getAttribute("data-label") === "7");
  assert.equal(new URL(page.url()).hash, "");
  for (const _ of [1, 2, 3]) await page.goForward();
  await waitForOutcomes(page);
  await waitForStep(page, last);
  assert.deepEqual(await panelContents(page), after);
});

/** @param {Page} page */
const sampleNumber = async (page) =>
  /\d+/.exec(`${await page.locator('#samples [aria-selected="true"]').getAttribute("title")}`)?.[0];

test("A link sets colours, view and a fixed language, which are not stored", async (t) => {
  const { url } = await serveSite(t);
  const fields = "sample=0&show=saliency&marks=0&lang=ja&fixlang=1&theme=dark&end";
  const { page } = await openReadyPage(t, `${url}/#v=1&${fields}`, { colorScheme: "light" });
  assert.equal(await page.locator("html").getAttribute("lang"), "ja");
  assert.equal(await page.locator("#theme").getAttribute("aria-pressed"), "true");
  assert.ok(await page.locator('input[name=overlay][value="saliency"]').isChecked());
  assert.ok(!(await page.locator("#marks").isChecked()));
  assert.equal(await page.evaluate(() => localStorage.length), 0);
  await clickInput(page.locator('input[name=overlay][value="gradient"]'));
  await waitForAddress(page, "lang=ja", "fixlang=1", "theme=dark", "show=gradient", "marks=0");
  await page.locator("#language").selectOption("en");
  await page.waitForFunction(() => !location.hash.includes("lang"));
});

/** The language that a page is shown in. @param {Page} page */
const languageOf = (page) => page.locator("html").getAttribute("lang");

test("A reader's own language wins over that of a link, unless the sender has fixed it", async (t) => {
  const { url } = await serveSite(t);
  const inEnglish = `${url}/#v=1&sample=17&target=8&lang=en&end`;
  const { page } = await openReadyPage(t, inEnglish, { locale: "ja-JP" });
  assert.equal(await languageOf(page), "ja", "the browser's language");
  assert.ok(await page.locator('#targets input[value="8"]').isChecked());
  await page.locator("#language").selectOption("en");
  await page.waitForFunction(() => document.documentElement.lang === "en");
  await page.goto("about:blank");
  await page.goto(`${url}/#v=1&sample=17&lang=ja&end`);
  await waitUntilReady(page);
  assert.equal(await languageOf(page), "en", "the language that the reader has chosen");
  await page.evaluate(() => {
    location.hash = "v=1&sample=17&target=4&lang=ja&end";
  });
  await page.locator('#targets input[value="4"]:checked').waitFor({ state: "attached" });
  assert.equal(await languageOf(page), "en");
  await page.evaluate(() => {
    location.hash = "v=1&sample=17&target=5&lang=ja&fixlang=1&end";
  });
  await page.waitForFunction(() => document.documentElement.lang === "ja");
  const { page: other } = await openReadyPage(t, `${url}/#v=1&sample=17&lang=ja&end`, { locale: "fr-FR" });
  assert.equal(await languageOf(other), "ja", "a reader whose languages the page does not have gets the link's");
});

test("The share panel fixes the language only if the sender wants that", async (t) => {
  const { url } = await serveSite(t);
  const { page } = await openReadyPage(t, `${url}/#v=1&sample=0&target=3&lang=en&end`, { locale: "ja-JP" });
  await page.locator("#share-open").click();
  const link = page.locator("#share-link");
  assert.doesNotMatch(await link.inputValue(), /lang/);
  await page.locator("#share-fix-language").check();
  assert.match(await link.inputValue(), /&lang=ja&fixlang=1&end$/);
  assert.match(await page.locator("#share-element").inputValue(), /lang=ja&amp;fixlang=1&amp;end"/);
  const { page: reader } = await openReadyPage(t, await link.inputValue(), { locale: "en-US" });
  assert.equal(await languageOf(reader), "ja");
  await reader.locator("#share-open").click();
  assert.ok(await reader.locator("#share-fix-language").isChecked(), "a fixed language is passed on");
});

/**
 * What is opened behind the page's address, and what shows: the target, and words of the notice, if there is one.
 *
 * @type {Record<string, [address: string, target: string, notice?: RegExp]>}
 */
const MANGLED = {
  "escaped as in HTML": ["#v=1&amp;sample=10&amp;target=6&amp;end", "6"],
  "percent-encoded": ["#v%3D1%26sample%3D10%26target%3D6%26end", "6"],
  "behind a ?": ["?v=1&sample=10&target=6&end", "6"],
  "behind a ? of a host": ["?utm_source=chat&v=1&sample=10&target=6&end", "6"],
  "in place of the # of an embedded page": ["?embed=1&amp;target=1%23v=1&amp;sample=10&amp;target=6&amp;end", "6"],
  "with its # encoded": ["%23v=1&sample=10&target=6&end", "6"],
  "with its # encoded twice": ["%2523v=1&sample=10&target=6&end", "6"],
  "with its # encoded, in a folder": ["www/%23v%3D1%26sample%3D10%26target%3D6%26end", "6"],
  "without its #": ["v=1&sample=10&target=6&end", "6"],
  "in capitals": ["#V=1&SAMPLE=10&TARGET=6&END", "6"],
  "with a zero-width space in front": ["#\u200bv=1&sample=10&target=6&end", "6"],
  "with a line break": ["#v=1&sample=10&tar%0Aget=6&end", "6"],
  "without its start": ["#sample=10&target=6&end", "6", /start of this link is missing/],
  "with unknown fields": ["#v=1&sample=10&target=6&engine=abacus&end", "6", /Unknown parts .*: engine\./],
  "cut after its version": ["#v=1", "3", /end of this link is missing/],
  "of something else": ["#abc%20def", "3", /not a link of this page/],
  "of an element of the page": ["#reference-2", "3"],
  "with a flag that is not that of an embedded page": ["?embed=1.5#v=1&sample=10&target=6&end", "6"],
  "with a query of a host": ["?v=20261127&fbclid=1", "3"],
  "that wants a target where there is none": [
    "#v=1&sample=10&target=6&untargeted=1&end",
    "6",
    /targeted or untargeted/,
  ],
  "that wants the temperature where it is not used": ["#v=1&target=6&temper=1&end", "6", /uses the temperature/],
  "that wants a direction that the attack does not have": ["#v=1&target=6&direction=either&end", "6", /direction/],
};

test("A link that was mangled on its way shows its state, or a notice says what was lost", async (t) => {
  const { url } = await serveSite(t);
  const { page, problems } = await openPage(t, "about:blank");
  for (const [name, [address, target, notice]] of Object.entries(MANGLED)) {
    await page.goto("about:blank");
    await page.goto(`${url}/${address}`);
    await page.waitForURL((address) => address.pathname === "/");
    await page.locator("#plate:not([hidden])").waitFor();
    await page.locator(`#targets input[value="${target}"]:checked`).waitFor({ state: "attached" });
    const notes = page.locator("#notes .notice-text");
    if (notice) await notes.filter({ hasText: notice }).waitFor();
    else assert.equal(await notes.textContent(), "", name);
    assert.equal((await page.locator("html").getAttribute("data-embed")) !== null, /embed=1&/.test(address), name);
  }
  // The browser says that the addresses of the 404 page are missing.
  assert.deepEqual(
    problems.filter((problem) => !problem.includes("404 (Not Found)")),
    [],
  );
});

test("An address that does not exist has a page that leads to the start", async (t) => {
  const { url } = await serveSite(t);
  const { page } = await openPage(t, `${url}/www/nowhere?lang=ja`);
  assert.equal(await page.title(), "Page not found: defensive distillation");
  await page.getByRole("link", { name: "Open the start page" }).click();
  await page.waitForURL(`${url}/`);
});

test("A notice appears when a link's network has changed or does not exist", async (t) => {
  const { url } = await serveSite(t);
  const { role, temperature, sha256 } = MANIFEST.find((/** @type {any} */ { id }) => id === "mnist-undefended");
  const same = `left=${role}-${temperature}-${sha256.slice(0, 8)}`;
  const { page } = await openReadyPage(t, `${url}/#v=1&${same}&sample=0&target=3&end`);
  assert.ok(await page.locator("#notes").isHidden());
  await page.evaluate((link) => {
    location.hash = link;
  }, `v=1&left=${role}-${temperature}-00000000&sample=0&target=3&end`);
  await page.locator("#notes .notice-text", { hasText: "has changed since this link was made" }).waitFor();
  await page.evaluate(() => {
    location.hash = "v=1&right=teacher-41&sample=0&target=3&end";
  });
  await page.locator("#notes .notice-text", { hasText: "is used instead" }).waitFor();
  assert.match(`${await panel(page, "right").getAttribute("data-model")}`, /teacher/);
  await page.locator("#notes-dismiss").click();
  await page.locator("#notes").waitFor({ state: "hidden" });
});

test("Every golden link opens, and a bad one shows in one line what was dropped", async (t) => {
  const { url } = await serveSite(t, withCifar().answers);
  const { page, problems, requests } = await openReadyPage(t, url);
  const active = () => page.locator("img, script, iframe, object, embed, [onerror], [onload]").count();
  const before = await active();
  const alerts = /** @type {string[]} */ ([]);
  page.on("dialog", (dialog) => {
    alerts.push(dialog.message());
    void dialog.dismiss();
  });
  const megabyte = {
    name: "a megabyte",
    link: `#v=1&target=4&strokes=${"A".repeat(1e6)}`,
    says: {},
    dropped: ["strokes", "end"],
  };
  for (const { name, link, says, dropped } of [...GOLDEN, megabyte]) {
    // The page shows the previous link until the next frame.
    await page.evaluate(
      (hash) =>
        new Promise((resolve) => {
          addEventListener("popstate", () => requestAnimationFrame(() => requestAnimationFrame(resolve)), {
            once: true,
          });
          location.hash = hash;
        }),
      link,
    );
    const isPublished = [says.left, says.right].every(
      (named) =>
        !named
        || MANIFEST.some(
          (/** @type {any} */ { dataset, role, temperature, sha256 }) =>
            dataset === (says.data ?? "mnist")
            && role === named.role
            && temperature === named.temperature
            && sha256.startsWith(named.hash),
        ),
    );
    const isQuiet = dropped.length === 0 && isPublished && !link.includes("abacus");
    await page
      .waitForFunction((quiet) => document.querySelector("#notes")?.hasAttribute("hidden") === quiet, isQuiet, {
        timeout: 5000,
      })
      .catch(() => assert.fail(name));
    const lines = await page.locator("#notes").evaluate((notes) => notes.childElementCount);
    assert.equal(lines, 2, name);
  }
  await waitUntilReady(page);
  assert.deepEqual(await bothPanels(page, "data-status"), ["ready", "ready"]);
  assert.deepEqual(alerts, []);
  assert.equal(await active(), before);
  assert.deepEqual(problems, []);
  assert.deepEqual(
    requests.filter((request) => new URL(request).origin !== url),
    [],
  );
});

test("The share panel offers the link, the snippets and the pictures of what is on the page", async (t) => {
  const { url } = await serveSite(t);
  const { page, problems } = await openReadyPage(t, `${url}/#v=1&sample=0&target=3&step=3&lang=en&end`, {
    permissions: ["clipboard-read", "clipboard-write"],
  });
  await waitForOutcomes(page);
  await waitForStep(page, "3");
  await page.locator("#share-open").click();
  await page.waitForFunction(() =>
    /base64/.test(/** @type {HTMLTextAreaElement} */ (document.querySelector("#share-element")).value),
  );
  const line = (/** @type {string} */ name) => page.locator(`#share-${name}`).inputValue();
  const link = await line("link");
  assert.match(link, /#v=1&left=\S+&right=\S+&sample=0&target=3&step=3&end$/);
  const escaped = link.replaceAll("&", "&amp;");
  const hash = escaped.slice(escaped.indexOf("#"));
  assert.ok(
    (await line("iframe")).startsWith(`<iframe src="${url}/?embed=1&amp;controls=1${hash}" title="Undefended: `),
  );
  assert.match(
    await line("element"),
    new RegExp(`^<script type="module" src="${url}/www/embed.js"></script>\\n<defensive-distillation link="v=1&amp;`),
  );
  assert.ok((await line("markdown")).endsWith(`](jsma-f-7-as-3.png)](${link})`));
  await page.locator("#share-lines button").first().click();
  await page.locator("#share-status", { hasText: "Copied" }).waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), link);

  const iterations = Number(await panel(page, "left").getAttribute("data-iterations"));
  const still = await decodePng(page, await savedFile(page, "#share-still"));
  const moving = await decodePng(page, await savedFile(page, "#share-moving"));
  assert.deepEqual([still.width, still.height, still.frames.length], [960, 560, 1]);
  assert.deepEqual([moving.width, moving.height, moving.frames.length], [960, 560, iterations + 1]);
  assert.equal(new Set(moving.frames).size, iterations + 1, "each step has a different picture");
  assert.ok(still.text.includes(`Source\0${link}`) && moving.text.includes(`Source\0${link}`));
  await page.keyboard.press("Escape");
  assert.ok(await page.locator("#share").isHidden());
  assert.deepEqual(problems, []);
});

/** A drawing with many more points than its shape needs, as a pen draws it. */
function longDrawing() {
  const points = 400;
  return FIVE.strokes.map((/** @type {number[]} */ stroke) => {
    const last = stroke.length / 2 - 1;
    return Uint8Array.from({ length: 2 * points }, (_, place) => {
      const along = (Math.floor(place / 2) / (points - 1)) * last;
      const [from, share] = [Math.min(last - 1, Math.floor(along)), along - Math.min(last - 1, Math.floor(along))];
      const axis = place % 2;
      return Math.round((1 - share) * stroke[2 * from + axis] + share * stroke[2 * from + 2 + axis]);
    });
  });
}

test("The share panel says that a link is long, and offers shorter ones that work", async (t) => {
  const { url } = await serveSite(t);
  const whole = `#v=1&target=3&strokes=${writeStrokes(longDrawing())}&end`;
  const { page, problems } = await openReadyPage(t, `${url}/${whole}`);
  await page.locator("#share-open").click();
  const link = page.locator("#share-link");
  const long = await link.inputValue();
  assert.ok(long.length > 2000, `${long.length} characters`);
  await page.locator("#share-short-title", { hasText: `${long.length.toLocaleString("en")} characters` }).waitFor();

  await page.locator('input[name="share-short"][value="points"]').check();
  const shorter = await link.inputValue();
  assert.ok(shorter.length <= 2000 && shorter.length > 300, `${shorter.length} characters`);
  await page.locator("#share-short-note", { hasText: /^\d+ of the 784 pixels differ/ }).waitFor();
  const differing = Number.parseInt(`${await page.locator("#share-short-note").textContent()}`, 10);
  assert.ok(
    (await page.locator("#share-iframe").inputValue()).includes(new URL(shorter).hash.replaceAll("&", "&amp;")),
  );
  const { page: reader } = await openReadyPage(t, shorter);
  assert.ok(await reader.locator("#notes").isHidden());
  const pixelsOf = (/** @type {Page} */ page) =>
    page.locator('[data-panel="left"] .picture-pixels').evaluate((canvas) => {
      const { width, height } = /** @type {HTMLCanvasElement} */ (canvas);
      return [.../** @type {any} */ (canvas).getContext("2d").getImageData(0, 0, width, height).data];
    });
  const [mine, theirs] = [await pixelsOf(page), await pixelsOf(reader)];
  const seen = mine.filter((value, place) => place % 4 === 0 && Math.abs(value - theirs[place]) > 3).length;
  assert.ok(seen <= differing + 2 && differing < 40, `${differing} pixels are said to differ, ${seen} do`);

  await page.locator('input[name="share-short"][value="sample"]').check();
  const withSample = await link.inputValue();
  assert.match(withSample, /&sample=\d+&target=3&end$/);
  await page.locator("#share-short-note", { hasText: "this test image instead of yours" }).waitFor();
  const { page: another } = await openReadyPage(t, withSample);
  assert.equal(await panel(another, "left").getAttribute("data-label"), "5");
  const [picture] = await Promise.all([page.waitForEvent("download"), page.locator("#share-short-save").click()]);
  assert.match(picture.suggestedFilename(), /\.png$/);

  await page.keyboard.press("Escape");
  await chooseDigit(page, 4);
  await page.locator("#share-open").click();
  assert.ok(await page.locator("#share-short").isHidden(), "a short link needs no other");
  assert.deepEqual(problems, []);
});

test("A long link to a picture of the visitor's own can be replaced by one to the nearest test image", async (t) => {
  const { url } = await serveSite(t, withCifar().answers);
  // The hash of a number is noise, which does not get shorter when it is compressed.
  const noise = Buffer.concat(Array.from({ length: 96 }, (_, row) => createHash("sha256").update(`${row}`).digest()));
  const pixels = deflateRawSync(noise).toString("base64url");
  const { page } = await openReadyPage(t, `${url}/#v=1&data=cifar10&target=5&pixels=${pixels}&end`);
  await page.locator("#share-open").click();
  assert.deepEqual(
    await page
      .locator('input[name="share-short"]')
      .evaluateAll((inputs) => inputs.map((input) => /** @type {any} */ (input).value)),
    ["whole", "sample"],
  );
  await page.locator('input[name="share-short"][value="sample"]').check();
  const { page: reader } = await openReadyPage(t, await page.locator("#share-link").inputValue());
  assert.ok(await reader.locator("#notes").isHidden());
});

test("A click on a citation goes to the paper and leaves the address as it is", async (t) => {
  const { url } = await serveSite(t);
  const { page, problems } = await openReadyPage(t, `${url}/#v=1&sample=0&target=3&step=7&story=4&lang=en&end`);
  await waitForOutcomes(page);
  const before = page.url();
  await page.locator('.story a[href^="#reference-"]:visible').first().click();
  await page.waitForFunction(() => document.activeElement?.id.startsWith("reference-"));
  assert.equal(page.url(), before);
  await page.reload();
  await waitForOutcomes(page);
  assert.equal(await panel(page, "left").getAttribute("data-iteration"), "7");

  const { page: lab } = await openPage(t, `${url}/www/lab.html#mnist/transfer`);
  await lab.locator("#lab[data-ready]").waitFor();
  const labAddress = lab.url();
  await lab.locator('a[href^="#reference-"]:visible').first().click();
  await lab.waitForFunction(() => document.activeElement?.id.startsWith("reference-"));
  assert.equal(lab.url(), labAddress);
  assert.deepEqual(problems, []);
});

test("The browser's own share dialog gets the link to what is shown", async (t) => {
  const { url } = await serveSite(t);
  const script = "navigator.share = async (what) => { globalThis.given = what; };";
  const { page, problems } = await openReadyPage(t, `${url}/#v=1&sample=0&target=3&step=7&lang=en&end`, { script });
  await waitForOutcomes(page);
  await page.locator("#share-open").click();
  await page.waitForFunction(
    () => /** @type {HTMLTextAreaElement} */ (document.querySelector("#share-link")).value !== "",
  );
  await page.locator("#share-native").click();
  const given = await page.evaluate(() => /** @type {any} */ (globalThis).given);
  assert.equal(given.url, await page.locator("#share-link").inputValue());
  assert.match(given.text, /reads|3/);
  assert.deepEqual(problems, []);
});

test("The text is selected if the clipboard is not allowed", async (t) => {
  const { url } = await serveSite(t);
  const { page } = await openReadyPage(t, url, {
    script: "navigator.clipboard.writeText = () => Promise.reject(new Error('closed'))",
  });
  await page.locator("#share-open").click();
  await page.locator("#share-lines button").first().click();
  await page.locator("#share-status", { hasText: "selected" }).waitFor();
  assert.equal(
    await page.evaluate(() => String(document.getSelection())),
    await page.locator("#share-link").inputValue(),
  );
});

test("The story's steps have links, the teacher's answers follow the temperature, and the gradient chart says where the gradient is 0", async (t) => {
  const { url, requests } = await serveSite(t);
  const { page, problems } = await openReadyPage(t, `${url}/#v=1&sample=0&target=3&lang=en&end`);
  const [teacher] = MANIFEST.filter(
    (/** @type {any} */ { dataset, role }) => dataset === "mnist" && role === "teacher",
  ).sort((/** @type {any} */ a, /** @type {any} */ b) => b.temperature - a.temperature);
  const isFetched = () => requests.some((path) => path.endsWith(teacher.file));
  assert.ok(!isFetched(), "the teacher is fetched only when the story needs it");
  await page.locator(".story-steps summary").nth(2).click();
  await page.locator("#soft-caption", { hasText: "its answer" }).waitFor();
  assert.ok(isFetched());
  const logits = await page.evaluate(async (id) => {
    const { createEngine } = await import("/www/engine.js");
    const { loadSamples } = await import("/www/page/samples.js");
    const [engine, samples] = await Promise.all([createEngine(), loadSamples("mnist")]);
    await engine.load(id);
    const image = samples.find(({ index }) => index === 0)?.pixels ?? new Float32Array();
    return (await engine.classify({ model: id, image })).logits;
  }, teacher.id);
  for (const temperature of [1, 40, 200]) {
    await page.locator("#soft-temperature").fill(String(temperature));
    await page.locator("#soft-value", { hasText: `T = ${temperature}` }).waitFor();
    const powers = logits.map((logit) => Math.exp((logit - Math.max(...logits)) / temperature));
    const expected = powers.map((power) => power / powers.reduce((sum, each) => sum + each));
    // Small values are shown with two digits, others with four decimals. 32-bit floats end at about 1e−38.
    await page.waitForFunction(
      (expected) =>
        [...document.querySelectorAll("#soft .bar-value")].every(({ textContent }, place) => {
          const text = `${textContent}`.replace("−", "-");
          return (
            Math.abs(Number(text) - expected[place]) <= (text.includes("e") ? 0.05 * expected[place] : 5.1e-5) + 1e-37
          );
        }),
      expected,
    );
  }
  const link = await waitForAddress(page, "story=3", "soft=200");
  await page.locator(".story-steps summary").nth(4).click();
  await waitForAddress(page, "story=5");
  assert.match(`${await page.locator("#fog p.fog-right").textContent()}`, /exactly 0 at T = 1.*At its own T = \d+: \d/);
  assert.match(`${await page.locator("#fog p.fog-left").textContent()}`, /\de−\d+ at T = 1/);
  await page.goto("about:blank");
  await page.goto(link);
  await page.locator("#soft-value", { hasText: "T = 200" }).waitFor();
  assert.ok(await page.locator("#soft").isVisible());
  assert.deepEqual(problems, []);
});

test("Every button of the story does what it says", async (t) => {
  const { url } = await serveSite(t);
  const { page, problems } = await openReadyPage(t, `${url}/#v=1&sample=0&target=3&lang=en&end`);
  /** What each button leads to. @type {Record<string, [step: number, outcomes: RegExp]>} */
  const leads = {
    undefended: [2, /fooled,gradient-vanished/],
    both: [4, /fooled,gradient-vanished/],
    teacher: [6, /fooled,gradient-vanished/],
    tempered: [6, /fooled,fooled/],
    gradients: [5, /gradient-vanished/],
  };
  for (const [name, [step, outcomes]] of Object.entries(leads)) {
    const details = page.locator(".story-steps details").nth(step - 1);
    if (!(await details.evaluate((element) => /** @type {HTMLDetailsElement} */ (element).open)))
      await details.locator("summary").click();
    await page.locator(`[data-story="${name}"]`).click();
    // Wait for the end of the attack, because the outcomes may still be those of the previous attack.
    assert.match((await waitForOutcomes(page)).join(), outcomes, name);
    if (name === "teacher") assert.match(`${await panel(page, "right").getAttribute("data-model")}`, /teacher/);
  }
  await page.locator(".story-steps summary").first().click();
  await page.locator('[data-story="another"]').click();
  await page.waitForFunction(() => !document.querySelector("#input-caption")?.textContent?.includes("image 0,"));
  await page.locator(".story-steps summary").nth(2).click();
  await page.locator('[data-story="distilled"]').click();
  await page.waitForFunction(() =>
    /distilled/.test(document.querySelector('[data-panel="right"]')?.getAttribute("data-model") ?? ""),
  );
  assert.deepEqual(problems, []);
});

test("Axe finds no violation in any step of the story, nor in the share panel", async (t) => {
  const { url } = await serveSite(t);
  const { page } = await openReadyPage(t, `${url}/#v=1&sample=0&target=3&budget=9999&end`, { bypassCSP: true });
  for (const step of [2, 3, 4, 5, 6, 0]) {
    const summary = page.locator(".story-steps summary").nth(step - 1);
    if (step > 0) await summary.click();
    else await page.locator("#share-open").click();
    if (step === 3) await page.locator("#soft-caption", { hasText: "its answer" }).waitFor();
    assert.deepEqual(await violations(page), [], step > 0 ? `step ${step}` : "the share panel");
  }
});

/** @param {Page} page @param {string} button */
async function savedFile(page, button) {
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator(button).click()]);
  return readFileSync(await download.path());
}

/**
 * Decodes a PNG with the browser's decoder. Returns its size and a checksum of each frame's pixels.
 *
 * @param {Page} page
 * @param {Buffer} file
 */
async function decodePng(page, file) {
  const result = await page.evaluate(async (base64) => {
    const data = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const decoder = new /** @type {any} */ (globalThis).ImageDecoder({ data, type: "image/png" });
    await decoder.tracks.ready;
    await decoder.completed;
    const frames = [];
    let [width, height] = [0, 0];
    for (let frameIndex = 0; frameIndex < decoder.tracks.selectedTrack.frameCount; frameIndex++) {
      const { image } = await decoder.decode({ frameIndex });
      [width, height] = [image.codedWidth, image.codedHeight];
      const pixels = new Uint8Array(image.allocationSize());
      await image.copyTo(pixels);
      frames.push(pixels.reduce((sum, value, place) => (sum + value * (1 + (place % 9973))) % 1e12, 0));
      image.close();
    }
    return { width, height, frames };
  }, file.toString("base64"));
  return { ...result, text: file.toString("latin1") };
}
