/** The page with the published files, used as a visitor does. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { ATTACKS, settingNames } from "../../www/domain/attacks.js";
import { ATTACK_IDS } from "../../www/domain/settings.js";
import {
  bothPanels,
  chooseDigit,
  clickInput,
  drawStrokes,
  openReadyPage,
  panel,
  previewColours,
  runAttack,
  setAttack,
  switchDataSet,
  waitForOutcomes,
  waitForPreview,
  waitUntilReady,
} from "./page-actions.mjs";
import { longestTask, openPage, serveSite, test, withBrowser } from "./server-and-browser.mjs";

withBrowser();

const FIVE = JSON.parse(readFileSync(new URL("../data_digit/five.json", import.meta.url), "utf8"));
const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self' data: blob:; base-uri 'none'; form-action 'none'";
const MOST_TRANSFERRED = 2_500_000;

test("An attack on a test digit fools the undefended network, and the distilled network's gradient has vanished", async (t) => {
  const { url, transferred } = await serveSite(t);
  const { page, problems, requests } = await openPage(t, url);
  await waitUntilReady(page);
  await chooseDigit(page, 7);
  await setAttack(page, { target: 3 });
  assert.deepEqual(await runAttack(page), ["fooled", "gradient-vanished"]);
  assert.equal(await panel(page, "right").getAttribute("data-zero-gradients"), "784");
  assert.match(`${await panel(page, "right").locator(".readout-zeros").textContent()}`, /784.*784/);
  assert.match(`${await panel(page, "right").locator(".verdict").textContent()}`, /gradient/i);
  assert.doesNotMatch(await page.locator("body").innerText(), /attack (has )?failed/i);

  assert.deepEqual(problems, [], "the console, errors and violations of the policy");
  assert.deepEqual(
    requests.filter((request) => new URL(request).origin !== url),
    [],
    "requests to other hosts",
  );
  assert.equal(await page.locator("meta[http-equiv=Content-Security-Policy]").getAttribute("content"), POLICY);
  t.diagnostic(`${transferred()} bytes transferred until the first attack`);
  assert.ok(transferred() > 1_000_000 && transferred() <= MOST_TRANSFERRED, `${transferred()} bytes`);
});

test("Both networks are fetched while the engine's module is still loading", async (t) => {
  const { url, requests } = await serveSite(t, {
    "/pkg/cpu/engine_bg.wasm": async (_, response) => {
      while (requests.filter((path) => path.endsWith(".safetensors")).length < 2)
        await new Promise((resolve) => setTimeout(resolve, 10));
      response.end(readFileSync(new URL("../../pkg/cpu/engine_bg.wasm", import.meta.url)));
    },
  });
  await openReadyPage(t, url);
  assert.equal(new Set(requests.filter((path) => path.endsWith(".safetensors"))).size, 2);
  assert.equal(requests.filter((path) => path.endsWith(".safetensors")).length, 2, "and each only once");
});

test("A digit can be drawn, undone, cleared and attacked", async (t) => {
  const { url } = await serveSite(t);
  const { page } = await openReadyPage(t, url);
  await page.locator("#clear").click();
  await waitForPreview(page, (colours) => colours === 1, "the preview of an empty pad");
  await page.locator("#run").click();
  await page.locator("#message").waitFor();
  assert.match(`${await page.locator("#message").textContent()}`, /draw|choose/i);
  assert.deepEqual(await bothPanels(page, "data-outcome"), ["", ""]);

  await drawStrokes(page, FIVE.strokes);
  await page.waitForFunction(() => document.querySelector('[data-panel="left"]')?.getAttribute("data-label") === "5");
  await waitForPreview(page, (colours) => colours > 10, "the preview of a drawing");
  await setAttack(page, { target: 3 });
  assert.deepEqual(await runAttack(page), ["fooled", "gradient-vanished"]);

  const before = await previewColours(page);
  await page.locator("#undo").click();
  await page.waitForFunction(() => document.querySelector('[data-panel="left"]')?.getAttribute("data-outcome") === "");
  await waitForPreview(page, (colours) => colours !== before, "the preview after undo");
});

/**
 * How each attack ends on test image 0, a 7 with target 3: on the undefended network, and on the network distilled at
 * T = 100.
 *
 * @type {Record<import("../../www/domain/settings.js").AttackId, Case>}
 */
const ENDINGS = {
  "jsma-f": [{}, /^fooled$/, /^gradient-vanished$/],
  "jsma-t": [{}, /^fooled$/, /^fooled$/],
  "jsma-z": [{}, /^fooled$/, /^fooled$/],
  "not-robust": [{ direction: "either" }, /^fooled$/, /^fooled$/],
  fgsm: [{}, /^(fooled|budget-spent)$/, /^(fooled|budget-spent)$/],
  "random-pairs": [{}, /^(fooled|budget-spent)$/, /^(fooled|budget-spent)$/],
  "cw-l2": [{ iterations: 20 }, /^fooled$/, /^(fooled|budget-spent)$/],
  "cw-l0": [{ iterations: 20 }, /^fooled$/, /^(fooled|budget-spent)$/],
};

/** @typedef {[settings: import("./page-actions.mjs").AttackSettings, left: RegExp, right: RegExp]} Case */

/** @type {Record<string, Case>} */
const SETTINGS = {
  "a target that the image already is": [{ target: 7 }, /^already-target$/, /^already-target$/],
  "a budget of 0": [{ target: 3, budget: 0 }, /^budget-spent$/, /^(budget-spent|gradient-vanished)$/],
  "a budget of every pixel": [{ target: 3, budget: 784 }, /^fooled$/, /^gradient-vanished$/],
  "pixels made darker": [
    { target: 1, direction: "decrease" },
    /^(fooled|no-admissible-pair|budget-spent)$/,
    /^(fooled|gradient-vanished|no-admissible-pair)$/,
  ],
};

test("Each attack ends as expected, and each setting has its effect", async (t) => {
  const { url } = await serveSite(t);
  const { page, problems } = await openReadyPage(t, url);
  await chooseDigit(page, 7);
  const attacks = ATTACK_IDS.map(
    (id) => /** @type {const} */ ([id, [{ target: 3, attack: id, ...ENDINGS[id][0] }, ...ENDINGS[id].slice(1)]]),
  );
  for (const [name, [settings, left, right]] of /** @type {[string, Case][]} */ ([
    ...attacks,
    ...Object.entries(SETTINGS),
  ])) {
    await setAttack(page, { attack: "jsma-f", direction: "increase", theta: 1, budget: 112, ...settings });
    const outcomes = await runAttack(page);
    assert.match(`${outcomes[0]}`, left, name);
    const controls = await page
      .locator("#settings [data-setting]:visible")
      .evaluateAll((rows) => rows.map((row) => row.getAttribute("data-setting")));
    assert.deepEqual(controls, settingNames(settings.attack ?? "jsma-f"), name);
    assert.match(`${outcomes[1]}`, right, name);
  }
  assert.deepEqual(problems, []);
}, 180_000);

test("One click takes the temperature into account and repeats the attack", async (t) => {
  const { url } = await serveSite(t);
  const { page, problems } = await openReadyPage(t, url);
  await chooseDigit(page, 7);
  await setAttack(page, { target: 3 });
  assert.deepEqual(await runAttack(page), ["fooled", "gradient-vanished"]);
  await page.locator("#temper").click();
  assert.deepEqual(await waitForOutcomes(page), ["fooled", "fooled"]);
  assert.ok(await page.locator("input[name=attack][value=jsma-t]").isChecked());
  await page.locator("#temper").click();
  assert.deepEqual(await waitForOutcomes(page), ["fooled", "gradient-vanished"]);

  // FGSM stays selected, and its verdict also says that the attack was blinded.
  await setAttack(page, { attack: "fgsm" });
  await page.locator("#untargeted").check();
  assert.equal((await runAttack(page))[1], "gradient-vanished");
  await page.waitForFunction(() => document.querySelector("#play")?.getAttribute("data-playing") === "false");
  assert.match(`${await panel(page, "right").locator(".verdict").textContent()}`, /blinded, not resisted/);
  await page.locator("#temper").click();
  assert.deepEqual(await waitForOutcomes(page), ["fooled", "fooled"]);

  await setAttack(page, { attack: "jsma-z" });
  await page.waitForFunction(() => document.querySelector("#temper")?.getAttribute("aria-disabled") === "true");
  assert.equal(await page.locator("#untargeted").isVisible(), false);
  assert.deepEqual(problems, []);
});

test("The page says correctly before a run which attacks will be blinded and which images are already misread", async (t) => {
  const { url } = await serveSite(t);
  const { page } = await openReadyPage(t, url);
  const prospects = async () => {
    // A choice is drawn in the next frame. The panels show no prospect after an attack.
    await page.evaluate(() => new Promise(requestAnimationFrame));
    await page.waitForFunction(() => document.querySelectorAll("[data-panel] .prospect:not([hidden])").length === 2);
    return page.locator(".prospect").allTextContents();
  };
  const cases = ATTACK_IDS.flatMap((id) => {
    const { temperature, untargeted } = ATTACKS[id];
    const ways = temperature?.sibling ? [temperature.always] : temperature ? [false, true] : [];
    return (untargeted ? [false, true] : [false]).flatMap((isUntargeted) =>
      ways.map((isTempered) => /** @type {const} */ ([id, isUntargeted, isTempered])),
    );
  });
  for (const [chosen, isUntargeted, isTempered] of cases) {
    await chooseDigit(page, 4);
    await chooseDigit(page, 7);
    await setAttack(page, { target: 3, attack: chosen });
    if (ATTACKS[chosen].untargeted) await page.locator("#untargeted").setChecked(isUntargeted);
    // The switch follows the chosen attack in the next frame.
    await prospects();
    if ((await page.locator("#temper").isChecked()) !== isTempered) await clickInput(page.locator("#temper"));
    const messages = await prospects();
    const outcomes = await runAttack(page);
    const blinded = outcomes.map((outcome) => outcome === "gradient-vanished");
    assert.deepEqual(
      messages.map((words) => /will be blinded/.test(words)),
      blinded,
      `${chosen}: ${messages.join(" | ")}`,
    );
    assert.deepEqual(
      messages.map((words) => /Take the temperature into account/.test(words)),
      blinded,
    );
  }

  await switchDataSet(page, "cifar10");
  await setAttack(page, { attack: "fgsm" });
  await page.locator("#untargeted").setChecked(true);
  let misread = 0;
  for (let tile = 5; tile < 100 && misread < 2; tile += 10) {
    await page.locator("#samples .tile").nth(tile).click();
    await waitUntilReady(page);
    const messages = await prospects();
    const labels = await bothPanels(page, "data-label");
    const isMisread = labels.map((label) => Number(label) !== Math.floor(tile / 10));
    assert.deepEqual(
      messages.map((words) => /already misreads/.test(words)),
      isMisread,
      `${messages.join(" | ")} of ${labels}`,
    );
    misread += Number(isMisread.includes(true));
  }
  assert.equal(misread, 2, "two such images were found");
  await setAttack(page, { attack: "jsma-f", target: Number((await bothPanels(page, "data-label"))[0]) });
  assert.match((await prospects())[0], /already the target/);
});

test("The direction sets whether ink is added or removed", async (t) => {
  const { url } = await serveSite(t);
  const { page } = await openReadyPage(t, url);
  await chooseDigit(page, 7);
  for (const direction of /** @type {const} */ (["increase", "decrease"])) {
    await setAttack(page, { target: 3, direction });
    await runAttack(page);
    const [first, last] = [await brightnessAt(page, "Home"), await brightnessAt(page, "End")];
    assert.ok(direction === "increase" ? last < first : last > first, `${direction}: from ${first} to ${last}`);
  }
});

/**
 * The brightness of the left image, where paper is bright and ink is dark.
 *
 * @param {import("playwright-core").Page} page
 * @param {string} key
 */
async function brightnessAt(page, key) {
  await page.locator("#scrubber").press(key);
  await page.waitForFunction((end) => {
    const { iteration, iterations } = /** @type {HTMLElement} */ (document.querySelector('[data-panel="left"]'))
      .dataset;
    return iteration === (end ? iterations : "0");
  }, key === "End");
  return panel(page, "left")
    .locator(".picture-pixels")
    .evaluate((canvas) => {
      const { width, height } = /** @type {HTMLCanvasElement} */ (canvas);
      const { data } = /** @type {any} */ (canvas).getContext("2d").getImageData(0, 0, width, height);
      return data.reduce((/** @type {number} */ sum, /** @type {number} */ value) => sum + value, 0);
    });
}

test("A running attack can be cancelled, and the next one runs", async (t) => {
  const { url } = await serveSite(t);
  const { page } = await openReadyPage(t, url);
  await chooseDigit(page, 7);
  // The longest possible attack, so that it still runs when it is cancelled.
  await setAttack(page, { target: 3, attack: "cw-l2", iterations: 1000 });
  await page.locator("#run").click();
  await page.waitForFunction(
    () => Number(document.querySelector('[data-panel="left"]')?.getAttribute("data-iterations")) >= 2,
  );
  await page.locator("#cancel").click();
  assert.equal((await waitForOutcomes(page))[0], "cancelled");
  await setAttack(page, { attack: "jsma-f" });
  assert.equal((await runAttack(page))[0], "fooled");
});

test("The scrubber shows the images of earlier steps", async (t) => {
  const { url } = await serveSite(t);
  const { page } = await openReadyPage(t, url);
  await chooseDigit(page, 7);
  await setAttack(page, { target: 3 });
  await runAttack(page);
  const left = panel(page, "left");
  const last = await left.getAttribute("data-iterations");
  const shows = async (/** @type {string} */ key, /** @type {(string | null)[]} */ expected) => {
    await page.locator("#scrubber").press(key);
    await page.waitForFunction(
      (iteration) => document.querySelector('[data-panel="left"]')?.getAttribute("data-iteration") === iteration,
      expected[0],
    );
    assert.equal(await left.getAttribute("data-label"), expected[1]);
  };
  await shows("Home", ["0", "7"]);
  assert.equal(await left.getAttribute("data-features-changed"), "0");
  await shows("End", [last, "3"]);
});

test("Keys on the scrubber count from the current step, also between two frames", async (t) => {
  const { url } = await serveSite(t);
  const { page } = await openReadyPage(t, url);
  await chooseDigit(page, 7);
  await setAttack(page, { target: 3 });
  await runAttack(page);
  const last = Number(await panel(page, "left").getAttribute("data-iterations"));
  const shown = await page.evaluate(
    async (keys) => {
      for (const key of keys)
        document.querySelector("#scrubber")?.dispatchEvent(new KeyboardEvent("keydown", { key, cancelable: true }));
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      return document.querySelector('[data-panel="left"]')?.getAttribute("data-iteration");
    },
    [
      "End",
      "ArrowLeft",
      "ArrowDown",
      "ArrowUp",
      "ArrowLeft",
      "PageDown",
      "Home",
      "ArrowLeft",
      "PageUp",
      "End",
      "ArrowRight",
      "ArrowLeft",
    ],
  );
  assert.equal(shown, `${last - 1}`);
  const taken = await page.evaluate(() =>
    ["altKey", "ctrlKey", "metaKey"].filter((modifier) => {
      const event = new KeyboardEvent("keydown", { key: "ArrowLeft", [modifier]: true, cancelable: true });
      return !document.querySelector("#scrubber")?.dispatchEvent(event);
    }),
  );
  assert.deepEqual(taken, [], "the browser's own shortcuts still work");
});

test("The scrubber stops playing, even if it does not move", async (t) => {
  const { url } = await serveSite(t);
  const { page } = await openReadyPage(t, url);
  await chooseDigit(page, 7);
  await setAttack(page, { target: 3 });
  await runAttack(page);
  await page.locator("#scrubber").press("End");
  const [pressed, held] = await page.evaluate(async () => {
    const [play, scrubber] = [
      /** @type {HTMLElement} */ (document.querySelector("#play")),
      /** @type {HTMLElement} */ (document.querySelector("#scrubber")),
    ];
    const shown = async (/** @type {Event} */ event) => {
      play.click();
      scrubber.dispatchEvent(event);
      await new Promise((resolve) => setTimeout(resolve, 500));
      return document.querySelector('[data-panel="left"]')?.getAttribute("data-iteration");
    };
    return [await shown(new KeyboardEvent("keydown", { key: "Home" })), await shown(new PointerEvent("pointerdown"))];
  });
  assert.deepEqual([pressed, held], ["0", "1"], "playing had moved by one step before it was stopped");
});

test("The page's thread stays free while an attack runs", async (t) => {
  const { url } = await serveSite(t);
  const { page } = await openReadyPage(t, url);
  await chooseDigit(page, 7);
  await setAttack(page, { target: 3, attack: "jsma-z", theta: 0.02, budget: 240 });
  const longest = await longestTask(page, () => runAttack(page));
  assert.ok(
    Number(await panel(page, "left").getAttribute("data-iterations")) >= 20,
    "the attack was too short for the measurement",
  );
  t.diagnostic(`the longest task on the page's thread took ${longest} ms`);
  assert.ok(longest > 0 && longest <= 50, `${longest} ms`);
});

/**
 * Attacks whose θ is smaller than the range of a pixel, and how they end.
 *
 * @type {[link: string, verdict: RegExp, readout: string, note: RegExp][]}
 */
const SMALL_CHANGES = [
  [
    "v=1&sample=0&target=3&theta=0.1&budget=20&lang=en&end",
    /Still reads 7 after 20 changes to \d pixels\. The budget of 20 changes is spent\./,
    "20 / 20",
    /10 changes of two pixels each/,
  ],
  [
    "v=1&sample=0&target=3&attack=not-robust&theta=0.1&budget=11&lang=en&end",
    /Still reads 7 after 11 changes to \d+ pixels?\. The budget of 11 changes is spent\./,
    "11 / 11",
    /11 changes of one pixel each/,
  ],
  [
    "v=1&sample=0&target=3&theta=0.1&budget=20&lang=ja&fixlang=1&end",
    /\d 画素を延べ 20 回変え、予算の 20 回を使い切った/,
    "20 / 20",
    /2 画素ずつ 10 回まで/,
  ],
];

test("With θ below 1 the page counts changes, and says so", async (t) => {
  const { url } = await serveSite(t);
  for (const [link, verdict, readout, note] of SMALL_CHANGES) {
    const { page, problems } = await openReadyPage(t, `${url}/#${link}`);
    const expected = await panel(page, "left").locator(".prospect").innerText();
    assert.match(expected, /changes?, to|延べ/);
    assert.equal((await runAttack(page))[0], "budget-spent");
    const left = panel(page, "left");
    await page.locator("#scrubber").press("End");
    await left.locator(".verdict", { hasText: verdict }).waitFor();
    assert.equal(await left.locator(".readout-changed").innerText(), readout);
    assert.match(await left.locator(".readout-changed-name").innerText(), /changes \/ budget|変更回数/);
    assert.match(
      await page
        .locator("#budget ~ p, .setting + p.small")
        .allTextContents()
        .then((all) => all.join(" ")),
      note,
    );
    assert.deepEqual(problems, []);
  }
});

test("“Take one step, show the gradient” takes one step before a run, during it, and after it", async (t) => {
  const { url } = await serveSite(t);
  const { page, problems } = await openReadyPage(t, `${url}/#v=1&sample=0&target=3&story=2&lang=en&end`);
  const left = panel(page, "left");
  const iteration = (/** @type {string} */ wanted) =>
    page.waitForFunction(
      (wanted) => document.querySelector('[data-panel="left"]')?.getAttribute("data-iteration") === wanted,
      wanted,
    );
  await page.locator('[data-story="gradient"]').click();
  await iteration("1");
  await waitForOutcomes(page);
  await page.locator('[data-story="gradient"]').click();
  await iteration("2");
  await page.locator("#scrubber").press("End");
  await iteration(`${await left.getAttribute("data-iterations")}`);
  await page.locator('#overlays input[value="image"]').evaluate((input) => /** @type {HTMLElement} */ (input).click());
  await page.locator('[data-story="gradient"]').click();
  await iteration("1");
  assert.equal(await left.locator(".picture").getAttribute("data-overlay"), "gradient");
  assert.deepEqual(problems, []);
});
