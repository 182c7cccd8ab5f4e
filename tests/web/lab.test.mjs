/**
 * The lab on the published networks: a few attacks are counted, shown and saved, with the same results as single
 * attacks.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { COMPARED_ATTACKS } from "../../www/lab/plan.js";
import { violations } from "./axe.mjs";
import { fakeGpu } from "./fake-site.mjs";
import { waitForOutcomes, waitUntilReady } from "./page-actions.mjs";
import { openPage, serveSite, test, withBrowser } from "./server-and-browser.mjs";

withBrowser();

const POLICY = /http-equiv="Content-Security-Policy" content="([^"]*)"/;

/** @typedef {import("playwright-core").Page} Page */

/**
 * Opens the lab and waits until an experiment can be run.
 *
 * @param {import("node:test").TestContext} t
 * @param {string} [hash]
 * @param {Parameters<typeof openPage>[2]} [options]
 * @param {Parameters<typeof serveSite>[1]} [answers]
 */
async function openLab(t, hash = "", options, answers = {}) {
  const { url } = await serveSite(t, answers);
  const opened = await openPage(t, `${url}/www/lab.html${hash}`, options);
  await opened.page.waitForFunction(() => document.querySelector("#lab")?.getAttribute("data-ready") === "true");
  return { ...opened, url, answers };
}

/** Starts an experiment. @param {Page} page @param {string[]} networks @param {number} images */
async function runExperiment(page, networks, images) {
  for (const box of await page.locator("input[name=network]").all())
    await box.setChecked(networks.includes(await box.inputValue()));
  await page.locator("#lab-images").fill(String(images));
  await page.locator("#lab-images").press("Tab");
  await page.locator("#lab-run").click();
}

/** @param {Page} page @param {string} state */
const waitForState = (page, state) =>
  page.waitForFunction((wanted) => document.querySelector("#lab")?.getAttribute("data-state") === wanted, state, {
    timeout: 60_000,
  });

/**
 * The rows of the table with this source: the visitor, this project, or a paper.
 *
 * @param {Page} page
 * @param {RegExp} [by]
 */
const tableRows = (page, by = /^Yours/) =>
  page.evaluate(
    (source) =>
      [...document.querySelectorAll("#lab-table tbody tr")]
        .map((row) => [...row.children].map((cell) => cell.textContent ?? ""))
        .filter((cells) => new RegExp(source).test(cells[1])),
    by.source,
  );

/** Waits until the table has so many rows of the visitor's own results. @param {Page} page @param {number} count */
async function waitForRows(page, count) {
  for (let tries = 0; (await tableRows(page)).length !== count; tries++) {
    assert.ok(tries < 300, `${JSON.stringify(await tableRows(page))}: ${count} rows wanted`);
    await page.waitForTimeout(100);
  }
}

/** Clicks a button that saves a file, and returns the file. @param {Page} page @param {string} selector */
async function savedFile(page, selector) {
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator(selector).click()]);
  return { name: download.suggestedFilename(), content: readFileSync(await download.path()) };
}

test("The lab counts the same results as single attacks, and saves them", async (t) => {
  const { page, problems } = await openLab(t, "#success", { acceptDownloads: true });
  await runExperiment(page, ["mnist-undefended", "mnist-undefended×40"], 1);
  await waitForState(page, "done");
  await waitForRows(page, 2);

  const { name, content } = await savedFile(page, "#lab-json");
  assert.equal(name, "success.json");
  const rows = JSON.parse(`${content}`);
  assert.deepEqual(
    rows.map((/** @type {any} */ { role, scale, planned, partial }) => [role, scale, planned, partial]),
    [
      ["undefended", 1, 9, false],
      ["scaled", 40, 9, false],
    ],
  );
  const single = await page.evaluate(
    async ({ index }) => {
      const [{ createEngine }, { loadSamples }] = await Promise.all([
        import("/www/engine.js"),
        import("/www/page/samples.js"),
      ]);
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
          const { outcome, steps } = await engine.attack({
            model: "mnist-undefended",
            scale,
            image: sample.pixels,
            target,
            attack: "jsma-f",
            direction: "increase",
            theta: 1,
            budget: 112,
          });
          outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
          if (outcome === "fooled") changed += steps[steps.length - 1].featuresChanged;
        }
        counts.push({ outcomes, changed });
      }
      return counts;
    },
    { index: rows[0].drawn[0] },
  );
  rows.forEach(
    (/** @type {any} */ { outcomes, successes, distortion_successes: distortion }, /** @type {number} */ place) => {
      const { outcomes: one, changed } = single[place];
      assert.deepEqual(outcomes, {
        fooled: one.fooled ?? 0,
        budget_spent: one["budget-spent"] ?? 0,
        no_admissible_pair: one["no-admissible-pair"] ?? 0,
        gradient_vanished: one["gradient-vanished"] ?? 0,
      });
      if (successes > 0) assert.ok(Math.abs(distortion * 784 * successes - changed) < 1e-6);
    },
  );
  assert.ok(
    rows[0].successes > 0 && rows[1].outcomes.gradient_vanished > 0,
    "the attack never succeeds, or the control never blinds it",
  );

  const csv = await savedFile(page, "#lab-csv");
  const lines = `${csv.content}`.trim().split("\r\n");
  assert.equal(lines.length, 3);
  assert.equal(lines[1].split(",")[lines[0].split(",").indexOf("successes")], String(rows[0].successes));
  const png = await savedFile(page, "#lab-png");
  assert.deepEqual([...png.content.subarray(0, 4)], [0x89, 0x50, 0x4e, 0x47]);
  assert.ok(png.content.length > 5000, `${png.content.length} bytes`);

  assert.doesNotMatch(await page.locator("body").innerText(), /attack (has )?failed/i);
  assert.equal(
    POLICY.exec(await page.content())?.[1],
    POLICY.exec(readFileSync(new URL("../../index.html", import.meta.url), "utf8"))?.[1],
  );
  assert.deepEqual(problems, []);
});

test("A cell of the heat map leads to its attack on the page", async (t) => {
  const { page } = await openLab(t, "#pairs");
  await runExperiment(page, ["mnist-undefended"], 1);
  await waitForState(page, "done");
  await page.locator(".heat button").first().click();
  const link = page.locator("#lab-attempts a").first();
  const description = `${await link.textContent()}`;
  await link.click();
  await waitUntilReady(page);
  const [outcome] = await waitForOutcomes(page);
  const changed = Number(/(\d+) pixels? changed/.exec(description)?.[1]);
  await page.waitForFunction(
    (count) => document.querySelector('[data-panel="left"]')?.getAttribute("data-features-changed") === String(count),
    changed,
  );
  assert.equal(outcome, description.includes("fooled") ? "fooled" : "budget-spent");
});

test("A cell is not redrawn while the pointer is down on it, and keeps the focus when it is redrawn", async (t) => {
  const { page } = await openLab(t, "#pairs");
  await runExperiment(page, ["mnist-undefended"], 1);
  await waitForState(page, "done");
  // New results of a running experiment redraw the heat map in the same way.
  const redraw = () =>
    page
      .locator("input[name=network]:not(:checked)")
      .first()
      .evaluate((box) => /** @type {HTMLElement} */ (box).click());
  const cell = page.locator(".heat button").first();
  await cell.hover();
  await page.mouse.down();
  await redraw();
  await page.mouse.up();
  await page.locator("#lab-attempts a").first().waitFor();
  assert.equal(
    await page.evaluate(() => document.activeElement?.id),
    "lab-attempts",
    "the focus moves to the opened list",
  );
  // In one call, because new figures may redraw the cell between two calls.
  await page.evaluate(() => /** @type {HTMLElement | null} */ (document.querySelector(".heat button"))?.focus());
  const before = await cell.elementHandle();
  await redraw();
  assert.ok(await before?.evaluate((button) => !button.isConnected), "the cell has been redrawn");
  assert.ok(await cell.evaluate((button) => button === document.activeElement));
});

test("Pausing and cancelling keep the results so far, marked as partial", async (t) => {
  const { page, problems } = await openLab(t, "#robustness", { acceptDownloads: true });
  await runExperiment(page, ["mnist-undefended"], 100);
  await page.waitForFunction(() => Number(document.querySelector("#lab")?.getAttribute("data-done")) > 0);
  await page.locator("#lab-pause").click();
  await waitForState(page, "paused");
  await page.locator("#lab-pause").click();
  await waitForState(page, "running");
  await page.locator("#lab-cancel").click();
  await waitForState(page, "cancelled");
  assert.match(`${await page.locator("#lab-status").textContent()}`, /partial/);
  await waitForRows(page, 1);
  assert.match((await tableRows(page))[0][1], /partial: \d+ of 100/);
  assert.match(
    `${await page.locator("#lab-legend .partial").textContent()}`,
    /^Partial: your result covers \d+ of 100 so far/,
  );
  const { name, content } = await savedFile(page, "#lab-json");
  assert.equal(name, "robustness-partial.json");
  assert.equal(JSON.parse(`${content}`)[0].partial, true);
  const csv = await savedFile(page, "#lab-csv");
  assert.equal(csv.name, "robustness-partial.csv");
  const [head, line] = `${csv.content}`.split("\r\n").map((each) => each.split(","));
  assert.equal(line[head.indexOf("partial")], "true");
  assert.deepEqual([line[head.indexOf("theta")], line[head.indexOf("direction")]], ["1", "increase"]);
  await page.locator("#lab-comma").check();
  const { content: withComma } = await savedFile(page, "#lab-csv");
  assert.match(`${withComma}`, /^[^,]*;[^,]*\r\n.*;\d+,\d+;/);

  await runExperiment(page, ["mnist-distilled-t40"], 1);
  await waitForState(page, "done");
  await waitForRows(page, 1);
  assert.equal(await page.locator("#lab-legend .partial").count(), 0);
  assert.deepEqual(problems, []);
});

test("Every experiment draws its chart and its table", async (t) => {
  const { page, problems } = await openLab(t);
  for (const experiment of ["amplitude", "fgsm", "transfer"]) {
    await page.locator(`input[name=experiment][value=${experiment}]`).check();
    // The state belongs to the new run from the click on.
    await runExperiment(page, ["mnist-undefended", "mnist-distilled-t40"], 1);
    await waitForState(page, "done");
    await waitForRows(page, { amplitude: 2, fgsm: 8, transfer: 4 }[experiment] ?? 0);
    assert.ok((await page.locator("#lab-chart > *").count()) === 1, experiment);
  }
  assert.deepEqual(problems, []);
});

/** The English names of the attacks in the comparison that this project has measured on MNIST. */
function publishedNames() {
  /** @type {(path: string) => any} */
  const json = (path) => JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), "utf8"));
  const [words, results] = [json("www/languages/en.json"), json("results/success.json")];
  const measured = COMPARED_ATTACKS.filter(({ attack, direction }) =>
    results.some(
      (/** @type {any} */ row) =>
        row.dataset === "mnist" && row.attack === attack && (row.direction ?? direction) === direction,
    ),
  );
  return measured.map(({ attack, direction }) => {
    const hasSeveral = COMPARED_ATTACKS.filter((each) => each.attack === attack).length > 1;
    return words[`attack.${attack}`] + (hasSeveral ? `, ${words[`direction.${direction}`]}` : "");
  });
}

test("The experiment with all attacks compares them, and a frozen tab continues where it was", async (t) => {
  const { page, problems } = await openLab(t, "#attacks", { acceptDownloads: true });
  await page.waitForFunction(() => document.querySelectorAll(".heat tbody tr").length > 0);
  // The published figures are shown before any run: the paper's attack, the attacks that use T, transfer, and the
  // control.
  const rows = await page.locator(".heat tbody th").allTextContents();
  assert.deepEqual(rows, [...publishedNames(), "Transfer"]);
  const checked = await page
    .locator("input[name=network]:checked")
    .evaluateAll((boxes) => boxes.map((box) => /** @type {HTMLInputElement} */ (box).value));
  assert.deepEqual(checked, ["mnist-undefended", "mnist-distilled-t100", "mnist-teacher-t100", "mnist-undefended×100"]);

  await runExperiment(page, ["mnist-undefended×100"], 1);
  const session = await page.context().newCDPSession(page);
  await session.send("Page.setWebLifecycleState", { state: "frozen" });
  await page.waitForTimeout(1500);
  await session.send("Page.setWebLifecycleState", { state: "active" });
  await waitForRows(page, COMPARED_ATTACKS.length);
  await page.waitForFunction(() => Number(document.querySelector("#lab")?.getAttribute("data-done")) >= 18);
  await page.locator("#lab-cancel").click();
  await waitForState(page, "cancelled");
  await page.waitForFunction(
    (all) =>
      new RegExp(`your result covers \\d\\d of ${all}`).test(
        document.querySelector("#lab-legend .partial")?.textContent ?? "",
      ),
    9 * COMPARED_ATTACKS.length,
  );
  const measured = (await tableRows(page)).filter((cells) => !/partial/.test(cells[1])).map((cells) => cells[2]);
  assert.equal(measured[0], "JSMA-F");
  await page.locator(".heat button").first().click();
  assert.match(
    `${await page.locator("#lab-attempts li").first().textContent()}`,
    /^Test image \d+, \d to \d: zero gradient, 0 pixels changed$/,
  );
  assert.deepEqual(problems, []);
});

test("The lab works after a visitor leaves during a run and comes back", async (t) => {
  const { page, url, problems } = await openLab(t, "#robustness");
  await runExperiment(page, ["mnist-undefended"], 100);
  await page.waitForFunction(() => Number(document.querySelector("#lab")?.getAttribute("data-done")) > 0);
  await page.goto(`${url}/blank`);
  await page.goBack();
  await page.waitForFunction(() => document.querySelector("#lab")?.getAttribute("data-ready") === "true");
  if ((await page.locator("#lab").getAttribute("data-state")) === "running") await page.locator("#lab-cancel").click();
  await runExperiment(page, ["mnist-distilled-t40"], 1);
  await waitForState(page, "done");
  await waitForRows(page, 1);
  assert.deepEqual(problems, []);
});

/** Reloads the lab and waits until it offers the run of the earlier visit. @param {Page} page */
async function reloadAndWait(page) {
  await page.reload();
  await page.locator("#lab[data-ready=true]").waitFor();
  await page.locator("#lab-kept").waitFor();
}

/** The rows in the JSON file, without the day. @param {Page} page */
const savedRows = async (page) =>
  JSON.parse(`${(await savedFile(page, "#lab-json")).content}`).map((/** @type {any} */ { date, ...row }) => row);

/** Counts the chunks that workers are given. */
const COUNT_CHUNKS = `globalThis.chunks = 0;
  const post = Worker.prototype.postMessage;
  Worker.prototype.postMessage = function (...of) {
    if (of[0]?.method === "work") chunks++;
    return Reflect.apply(post, this, of);
  };`;

test("A run goes on after a reload, where it was, with the same result, and a finished one is shown", async (t) => {
  const { page, problems, requests } = await openLab(t, "#pairs", { acceptDownloads: true, script: COUNT_CHUNKS });
  await page.locator("#lab-attack").selectOption("jsma-z");
  await runExperiment(page, ["mnist-undefended"], 4);
  await page.waitForFunction(() => Number(document.querySelector("#lab")?.getAttribute("data-done")) > 0);
  await page.locator("#lab-pause").click();
  const before = Number(await page.locator("#lab").getAttribute("data-done"));
  assert.ok(before < 36, "the run has not ended");

  await page.evaluate(() => {
    location.hash = "#fgsm";
  });
  await reloadAndWait(page);
  const notice = `${await page.locator("#lab-kept p").textContent()}`;
  const [, done] = /Your run “.*” of .* is kept: (\d+) of 36 attempts are done\./.exec(notice) ?? [];
  assert.ok(Number(done) >= before, notice);
  await page.locator("#lab-kept-accept").click();
  await waitForState(page, "done");
  // A chunk has the nine attempts of an image.
  assert.equal(await page.evaluate(() => 9 * /** @type {any} */ (globalThis).chunks), 36 - Number(done));
  assert.equal(await page.evaluate(() => location.hash), "#pairs");
  assert.equal(await page.locator("#lab-kept").count(), 0);
  await waitForRows(page, 1);
  const rows = await savedRows(page);
  assert.deepEqual([rows[0].attack, rows[0].planned, rows[0].partial], ["jsma-z", 36, false]);

  requests.length = 0;
  await reloadAndWait(page);
  assert.match(`${await page.locator("#lab-kept p").textContent()}`, /It is complete/);
  await page.locator("#lab-kept-accept").click();
  await waitForState(page, "done");
  await waitForRows(page, 1);
  assert.deepEqual(await savedRows(page), rows);
  assert.deepEqual(
    requests.filter((request) => /wasm|safetensors/.test(request)),
    [],
    "a finished run is shown without the engine",
  );
  await page.locator(".heat button").first().click();
  await page.locator("#lab-attempts a").first().waitFor();

  await runExperiment(page, ["mnist-undefended"], 4);
  await waitForState(page, "done");
  await page.waitForFunction(() => !/partial/.test(document.querySelector("#lab-table")?.textContent ?? "partial"));
  assert.deepEqual(await savedRows(page), rows, "an uninterrupted run has the same result");
  assert.deepEqual(problems, []);
});

test("A run is offered to no other tab while its own is open, and can be discarded", async (t) => {
  const { page, url } = await openLab(t, "#robustness");
  await runExperiment(page, ["mnist-undefended"], 100);
  await page.waitForFunction(() => Number(document.querySelector("#lab")?.getAttribute("data-done")) > 0);
  await page.locator("#lab-pause").click();
  const other = await page.context().newPage();
  await other.goto(`${url}/www/lab.html#amplitude`);
  await other.locator("#lab[data-ready=true]").waitFor();
  await runExperiment(other, ["mnist-undefended"], 1);
  await waitForState(other, "done");
  await other.close();

  await reloadAndWait(page);
  // The newest run is offered first, then the one before it.
  await page.locator("#lab-kept p", { hasText: /It is complete/ }).waitFor();
  await page.locator("#lab-kept-discard").click();
  await page.locator("#lab-kept p", { hasText: /of 900 attempts are done/ }).waitFor();
  await page.locator("#lab-kept-discard").click();
  await page.locator("#lab-kept").waitFor({ state: "detached" });
  await page.reload();
  await page.locator("#lab[data-ready=true]").waitFor();
  assert.equal(await page.locator("#lab-kept").count(), 0);
});

test("A run of another engine is shown as far as it came, and not continued", async (t) => {
  const { page, answers } = await openLab(t, "#robustness");
  await runExperiment(page, ["mnist-undefended", "mnist-distilled-t40"], 30);
  await waitForRows(page, 2);
  await page.locator("#lab-cancel").click();
  await waitForState(page, "cancelled");
  const rows = await tableRows(page);
  const path = "/pkg/cpu/build.json";
  const build = JSON.parse(readFileSync(new URL(`../..${path}`, import.meta.url), "utf8"));
  build.wasm.sha256 = build.wasm.sha256.replace(/^./, (/** @type {string} */ digit) => (digit === "0" ? "1" : "0"));
  answers[path] = JSON.stringify(build);
  await reloadAndWait(page);
  await page.locator("#lab-kept-accept").click();
  await waitForState(page, "cancelled");
  assert.match(`${await page.locator("#lab-message").textContent()}`, /cannot be continued/);
  assert.deepEqual(await tableRows(page), rows);
});

test("If a run cannot be kept, the browser asks before it leaves", async (t) => {
  const { page } = await openLab(t, "#robustness", {
    script: 'Object.defineProperty(globalThis, "indexedDB", { value: undefined })',
  });
  await runExperiment(page, ["mnist-undefended"], 100);
  await page.waitForFunction(() => Number(document.querySelector("#lab")?.getAttribute("data-done")) > 0);
  /** @type {string[]} */
  const asked = [];
  page.on("dialog", (dialog) => {
    asked.push(dialog.type());
    void dialog.accept();
  });
  await page.reload();
  await page.locator("#lab[data-ready=true]").waitFor();
  assert.deepEqual(asked, ["beforeunload"]);
});

test("A network that cannot be fetched ends the run with a message, and the next run works", async (t) => {
  const { page } = await openLab(t, "#amplitude", {}, { "/www/models/mnist-distilled-t40.safetensors": 503 });
  await runExperiment(page, ["mnist-distilled-t40"], 1);
  await waitForState(page, "failed");
  assert.match(
    `${await page.locator("#lab-message").textContent()}`,
    /mnist-distilled-t40\.safetensors could not be fetched/,
  );
  await runExperiment(page, ["mnist-undefended"], 1);
  await waitForState(page, "done");
  await waitForRows(page, 1);
});

test("Without a graphics processor the lab uses the CPU, and says why", async (t) => {
  const { page, problems } = await openLab(t, "#amplitude", {
    script: `Object.defineProperty(navigator, "gpu", { value: undefined });`,
  });
  await page.locator("#lab-backend-note", { hasText: "WebGPU is not available." }).waitFor();
  assert.equal(await page.locator("input[name=backend][value=webgpu]").isDisabled(), true);
  assert.equal(await page.locator("input[name=backend][value=cpu]").isChecked(), true);
  assert.match(`${await page.locator("#lab-engine").textContent()}`, /runs on the CPU/);
  assert.deepEqual(problems, []);
});

test("A graphics adapter with less than WebGPU guarantees is refused in the lab, and the note says so", async (t) => {
  const script = fakeGpu(undefined, { maxComputeWorkgroupStorageSize: 8192 });
  const { page, problems } = await openLab(t, "#amplitude", { script });
  await page.locator("#lab-backend-note", { hasText: "adapter offers less than WebGPU guarantees." }).waitFor();
  assert.equal(await page.locator("input[name=backend][value=webgpu]").isDisabled(), true);
  assert.deepEqual(problems, []);
});

test("A graphics processor that cannot be used ends the run with a message, and a run on the CPU works", async (t) => {
  const { page } = await openLab(t, "#amplitude", { script: fakeGpu() }, { "/pkg/webgpu/build.json": 503 });
  await page.locator("#lab-backend-note", { hasText: "Test adapter" }).waitFor();
  await page.locator("input[name=backend][value=webgpu]").check();
  assert.match(`${await page.locator("#lab-engine").textContent()}`, /runs on the GPU/);
  await runExperiment(page, ["mnist-undefended"], 1);
  await waitForState(page, "failed");
  assert.match(
    `${await page.locator("#lab-message").textContent()}`,
    /build\.json.*Completed attempts are kept\. Choose “CPU/,
  );
  await page.locator("input[name=backend][value=cpu]").check();
  await runExperiment(page, ["mnist-undefended"], 1);
  await waitForState(page, "done");
  await waitForRows(page, 1);
});

test("The table shows the figures of papers and of this project, and hardness is one of the heat maps", async (t) => {
  const { page, problems } = await openLab(t);
  const paper = /^Paper \[/;
  /** The least number of rows from papers, and from this project's results. */
  const wanted = {
    success: [10, 12],
    attacks: [8, 33],
    robustness: [8, 8],
    amplitude: [0, 12],
    fgsm: [10, 36],
    pairs: [0, 2],
    transfer: [0, 50],
  };
  for (const [experiment, [reported, published]] of Object.entries(wanted)) {
    await page.locator(`input[name=experiment][value=${experiment}]`).check();
    await page.waitForFunction(
      (least) =>
        [...document.querySelectorAll("#lab-table tbody td:nth-of-type(1)")].filter(
          (cell) => cell.textContent === "Published here",
        ).length >= least,
      published,
    );
    assert.ok(
      (await tableRows(page, paper)).length >= reported,
      `${experiment}: ${(await tableRows(page, paper)).length} rows of papers`,
    );
    assert.equal((await tableRows(page)).length, 0);
    assert.equal(await page.locator("#lab-chart > *").count(), 1, experiment);
  }
  await page.locator("input[name=experiment][value=pairs]").check();
  await page.locator("#lab-choice select").nth(1).selectOption("hardness");
  const figures = (await page.locator(".heat td").allTextContents()).map(Number).filter((figure) => figure > 0);
  assert.ok(figures.length >= 80 && figures.every((figure) => figure < 39), `${figures}`);
  assert.equal(await page.locator(".heat button").count(), 0, "cells of published results cannot be opened");
  assert.deepEqual(problems, []);
});

test("A mangled address of the lab opens its experiment, and an unknown one is said", async (t) => {
  const { page, url } = await openLab(t, "#fgsm");
  const message = page.locator("#lab-message");
  for (const hash of [
    "#CIFAR10/FGSM",
    "#cifar10%2Ffgsm",
    "#cifar10/fgsm.",
    "#/cifar10/fgsm?fbclid=1",
    "##cifar10/fgsm。",
  ]) {
    await page.goto("about:blank");
    await page.goto(`${url}/www/lab.html${hash}`);
    await page.locator("#lab[data-ready]").waitFor();
    assert.ok(await page.locator("input[name=data][value=cifar10]").isChecked(), hash);
    assert.ok(await page.locator("input[name=experiment][value=fgsm]").isChecked(), hash);
    assert.ok(await message.isHidden(), hash);
  }
  await page.evaluate(() => {
    location.hash = "#cifar10/fgsn";
  });
  await message.filter({ hasText: "names no experiment" }).waitFor();
  await page.goto("about:blank");
  await page.goto(`${url}/www/lab.html#succes`);
  await message.filter({ hasText: "names no experiment" }).waitFor();
  await page.goto("about:blank");
  await page.goto(`${url}/www/lab.html#reference-1`);
  await page.locator("#lab[data-ready]").waitFor();
  assert.ok(await message.isHidden());
});

test("The lab for CIFAR-10 can be opened by its address and by the switch", async (t) => {
  const { page, problems, requests, url } = await openLab(t, "#cifar10/pairs", { acceptDownloads: true });
  assert.ok(requests.every((request) => !request.includes("samples/mnist")));
  // The cells of published results cannot be opened.
  assert.deepEqual([await page.locator(".heat").count(), await page.locator(".heat button").count()], [1, 0]);
  await runExperiment(page, ["cifar10-undefended×100"], 1);
  await waitForState(page, "done");
  await waitForRows(page, 1);
  assert.deepEqual((await page.locator(".heat thead th").allTextContents()).slice(1, 3), ["airplane", "automobile"]);
  const { name, content } = await savedFile(page, "#lab-json");
  assert.equal(name, "cifar10-pairs.json");
  const [row] = JSON.parse(`${content}`);
  assert.deepEqual([row.dataset, row.scale, row.budget, row.attempts + row.already_target], ["cifar10", 100, 1176, 9]);
  await page.locator("input[name=experiment][value=success]").check();
  assert.ok(
    (await tableRows(page, /^Paper/)).some((cells) => cells[0] === "Distilled, T = 100" && cells[4] === "5.1%"),
  );
  await page.locator("input[name=data][value=mnist]").check();
  await page.waitForFunction(
    () => location.hash === "#success" && document.querySelector("input[value=mnist-undefended]"),
  );
  assert.ok(
    (await tableRows(page, /^Paper/)).some((cells) => cells[0] === "Distilled, T = 100" && cells[4] === "0.5%"),
  );
  await page.locator("input[name=data][value=cifar10]").check();
  await page.locator("input[name=experiment][value=pairs]").check();
  const cell = page.locator(".heat button").first();
  const vanished = row.cells[0].gradient_vanished > 0;
  await cell.click();
  await page.locator("#lab-attempts a").first().click();
  await page.waitForURL(`${url}/#*`);
  await waitUntilReady(page);
  const [, outcome] = await waitForOutcomes(page);
  assert.equal(outcome, vanished ? "gradient-vanished" : "fooled");
  await page.locator("#lab-link").click();
  await page.waitForURL(`${url}/www/lab.html#cifar10/success`);
  assert.deepEqual(problems, []);
});

for (const [language, colorScheme, width] of /** @type {const} */ ([
  ["en", "light", 1280],
  ["ja", "dark", 375],
])) {
  test(`Axe finds no violation in the lab in ${language}, ${colorScheme}, at ${width} px, and nothing is cut off`, async (t) => {
    const { page } = await openLab(t, "#pairs", {
      locale: language,
      colorScheme,
      bypassCSP: true,
      viewport: { width, height: 800 },
    });
    assert.equal(await page.locator("html").getAttribute("lang"), language);
    await runExperiment(page, ["mnist-distilled-t40"], 2);
    await waitForState(page, "done");
    await page.locator(".heat button").first().click();
    assert.deepEqual(await violations(page), []);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
  });
}
