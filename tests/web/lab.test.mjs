/** The lab, on the published networks: a handful of attacks, counted, shown, saved, and the same as one by one. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { open, site, test, withBrowser } from "./helper.mjs";
import { ended, ready } from "./visit.mjs";

withBrowser();

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const POLICY = /http-equiv="Content-Security-Policy" content="([^"]*)"/;

/** @typedef {import("playwright-core").Page} Page */

/** Opens the lab and waits until it can measure. @param {import("node:test").TestContext} t @param {string} [hash] @param {Parameters<typeof open>[2]} [options] */
async function openLab(t, hash = "", options) {
  const { url } = await site(t);
  const opened = await open(t, `${url}/www/lab.html${hash}`, options);
  await opened.page.waitForFunction(() => document.querySelector("#lab")?.getAttribute("data-ready") === "true");
  return { ...opened, url };
}

/** @param {Page} page @param {string[]} networks @param {number} images */
async function measure(page, networks, images) {
  for (const box of await page.locator("input[name=network]").all()) await box.setChecked(networks.includes(await box.inputValue()));
  await page.locator("#lab-images").fill(String(images));
  await page.locator("#lab-images").press("Tab");
  await page.locator("#lab-run").click();
}

/** @param {Page} page @param {string} state */
const reaches = (page, state) => page.waitForFunction((wanted) => document.querySelector("#lab")?.getAttribute("data-state") === wanted, state, { timeout: 60_000 });

/** A file that a button saves. @param {Page} page @param {string} selector */
async function saved(page, selector) {
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator(selector).click()]);
  return { name: download.suggestedFilename(), content: readFileSync(await download.path()) };
}

test("the lab counts what single attacks give, and saves it", async (t) => {
  const { page, problems } = await openLab(t, "#success", { acceptDownloads: true });
  await measure(page, ["mnist-undefended", "mnist-undefended×40"], 1);
  await reaches(page, "done");
  await page.waitForFunction(() => document.querySelectorAll("#lab-table tbody tr").length === 2);

  const { name, content } = await saved(page, "#lab-json");
  assert.equal(name, "success.json");
  const rows = JSON.parse(`${content}`);
  assert.deepEqual(rows.map((/** @type {any} */ { role, scale, planned, partial }) => [role, scale, planned, partial]), [["undefended", 1, 9, false], ["scaled", 40, 9, false]]);
  const single = await page.evaluate(async ({ index }) => {
    const [{ createEngine }, { loadSamples }] = await Promise.all([import("/www/engine.js"), import("/www/samples.js")]);
    const engine = await createEngine();
    await engine.load("mnist-undefended");
    const sample = (await loadSamples("mnist")).find((each) => each.index === index);
    if (!sample) throw new Error("no such sample");
    const counts = [];
    for (const scale of [1, 40]) {
      /** @type {Record<string, number>} */
      const outcomes = {};
      let changed = 0;
      for (let target = 0; target < 10; target++) {
        if (target === sample.label) continue;
        const { outcome, steps } = await engine.attack({ model: "mnist-undefended", scale, image: sample.pixels, target, attack: "jsma-f", direction: "increase", theta: 1, budget: 112 });
        outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
        if (outcome === "fooled") changed += steps[steps.length - 1].featuresChanged;
      }
      counts.push({ outcomes, changed });
    }
    return counts;
  }, { index: rows[0].drawn[0] });
  rows.forEach((/** @type {any} */ { outcomes, successes, distortion_successes: distortion }, /** @type {number} */ place) => {
    const { outcomes: one, changed } = single[place];
    assert.deepEqual(outcomes, { fooled: one.fooled ?? 0, budget_spent: one["budget-spent"] ?? 0, no_admissible_pair: one["no-admissible-pair"] ?? 0, gradient_vanished: one["gradient-vanished"] ?? 0 });
    if (successes > 0) assert.ok(Math.abs(distortion * 784 * successes - changed) < 1e-6);
  });
  assert.ok(rows[0].successes > 0 && rows[1].outcomes.gradient_vanished > 0, "the attack and the control say nothing");

  const csv = await saved(page, "#lab-csv");
  const lines = `${csv.content}`.trim().split("\r\n");
  assert.equal(lines.length, 3);
  assert.equal(lines[1].split(",")[lines[0].split(",").indexOf("successes")], String(rows[0].successes));
  const png = await saved(page, "#lab-png");
  assert.deepEqual([...png.content.subarray(0, 4)], [0x89, 0x50, 0x4e, 0x47]);
  assert.ok(png.content.length > 5000, `${png.content.length} bytes`);

  assert.doesNotMatch(await page.locator("body").innerText(), /attack (has )?failed/i);
  assert.equal(POLICY.exec(await page.content())?.[1], POLICY.exec(readFileSync(new URL("../../index.html", import.meta.url), "utf8"))?.[1]);
  assert.deepEqual(problems, []);
});

test("a cell of the heat map leads to the attack behind it", async (t) => {
  const { page } = await openLab(t, "#pairs");
  await measure(page, ["mnist-undefended"], 1);
  await reaches(page, "done");
  await page.locator(".heat button").first().click();
  const link = page.locator("#lab-attempts a").first();
  const said = `${await link.textContent()}`;
  await link.click();
  await ready(page);
  const [outcome] = await ended(page);
  const changed = Number(/(\d+) pixels? changed/.exec(said)?.[1]);
  await page.waitForFunction((count) => document.querySelector('[data-panel="left"]')?.getAttribute("data-features-changed") === String(count), changed);
  assert.equal(outcome, said.includes("fooled") ? "fooled" : "budget-spent");
});

test("pausing and cancelling keep what there is, and say that it is partial", async (t) => {
  const { page, problems } = await openLab(t, "#robustness", { acceptDownloads: true });
  await measure(page, ["mnist-undefended"], 100);
  await page.waitForFunction(() => Number(document.querySelector("#lab")?.getAttribute("data-done")) > 0);
  await page.locator("#lab-pause").click();
  await reaches(page, "paused");
  await page.locator("#lab-pause").click();
  await reaches(page, "running");
  await page.locator("#lab-cancel").click();
  await reaches(page, "cancelled");
  assert.match(`${await page.locator("#lab-status").textContent()}`, /partial/);
  await page.waitForFunction(() => /partial/.test(document.querySelector("#lab-table tbody")?.textContent ?? ""));
  const { name, content } = await saved(page, "#lab-json");
  assert.equal(name, "robustness-partial.json");
  assert.equal(JSON.parse(`${content}`)[0].partial, true);

  await measure(page, ["mnist-distilled-t40"], 1);
  await reaches(page, "done");
  assert.deepEqual(problems, []);
});

test("every experiment draws its chart and its table", async (t) => {
  const { page, problems } = await openLab(t);
  for (const experiment of ["amplitude", "fgsm", "transfer"]) {
    await page.locator(`input[name=experiment][value=${experiment}]`).check();
    await measure(page, ["mnist-undefended", "mnist-distilled-t40"], 1);
    await page.waitForFunction(() => document.querySelector("#lab")?.getAttribute("data-state") === "running");
    await reaches(page, "done");
    await page.waitForFunction((count) => document.querySelectorAll("#lab-table tbody tr").length === count, { amplitude: 2, fgsm: 8, transfer: 4 }[experiment]);
    assert.ok(await page.locator("#lab-chart > *").count() === 1, experiment);
  }
  assert.deepEqual(problems, []);
});

for (const [language, colorScheme, width] of /** @type {const} */ ([["en", "light", 1280], ["ja", "dark", 375]])) {
  test(`axe finds nothing in the lab in ${language}, ${colorScheme}, at ${width} px, and nothing is cut off`, async (t) => {
    const { page } = await openLab(t, "#pairs", { locale: language, colorScheme, bypassCSP: true, viewport: { width, height: 800 } });
    assert.equal(await page.locator("html").getAttribute("lang"), language);
    await measure(page, ["mnist-distilled-t40"], 2);
    await reaches(page, "done");
    await page.locator(".heat button").first().click();
    await page.addScriptTag({ content: AXE });
    const violations = await page.evaluate(async () => {
      const { violations } = await /** @type {any} */ (globalThis).axe.run();
      return violations.map((/** @type {any} */ { id, nodes }) => `${id}: ${nodes.map((/** @type {any} */ node) => node.target).join(", ")}`);
    });
    assert.deepEqual(violations, []);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
  });
}
