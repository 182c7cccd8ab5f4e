/** Links on the page: the address holds what is on the page, and opening it elsewhere shows the same. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
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
    locale: "ja",
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

test("A link sets language, colours and view, which are not stored", async (t) => {
  const { url } = await serveSite(t);
  const { page } = await openReadyPage(t, `${url}/#v=1&sample=0&show=saliency&marks=0&lang=ja&theme=dark&end`, {
    colorScheme: "light",
  });
  assert.equal(await page.locator("html").getAttribute("lang"), "ja");
  assert.equal(await page.locator("#theme").getAttribute("aria-pressed"), "true");
  assert.ok(await page.locator('input[name=overlay][value="saliency"]').isChecked());
  assert.ok(!(await page.locator("#marks").isChecked()));
  assert.equal(await page.evaluate(() => localStorage.length), 0);
  await page.locator("#language").selectOption("en");
  await waitForAddress(page, "lang=en", "theme=dark", "show=saliency", "marks=0");
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
    const isQuiet = dropped.length === 0 && isPublished;
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
  assert.match(link, /#v=1&left=\S+&right=\S+&sample=0&target=3&step=3&lang=en&end$/);
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
