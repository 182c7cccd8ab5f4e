/** The page as a visitor uses it, on the published files. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { ATTACKS, settingNames } from "../../www/domain/attacks.js";
import { ATTACK_IDS } from "../../www/domain/settings.js";
import { longestTask, open, site, test, withBrowser } from "./helper.mjs";
import {
  attack,
  both,
  choose,
  coloursSeen,
  draw,
  ended,
  goTo,
  panel,
  pick,
  ready,
  set,
  untilSeen,
  visit,
} from "./visit.mjs";

withBrowser();

const FIVE = JSON.parse(readFileSync(new URL("../data_digit/five.json", import.meta.url), "utf8"));
const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self' data: blob:; base-uri 'none'; form-action 'none'";
const MOST_TRANSFERRED = 2_500_000;

test("a test digit fools the undefended network, and the other one's gradient has vanished", async (t) => {
  const { url, transferred } = await site(t);
  const { page, problems, requests } = await open(t, url);
  await ready(page);
  await choose(page, 7);
  await set(page, { target: 3 });
  assert.deepEqual(await attack(page), ["fooled", "gradient-vanished"]);
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

test("both networks are fetched while the engine's module is still on its way", async (t) => {
  const { url, requests } = await site(t, {
    "/pkg/cpu/engine_bg.wasm": async (_, response) => {
      while (requests.filter((path) => path.endsWith(".safetensors")).length < 2)
        await new Promise((resolve) => setTimeout(resolve, 10));
      response.end(readFileSync(new URL("../../pkg/cpu/engine_bg.wasm", import.meta.url)));
    },
  });
  await visit(t, url);
  assert.equal(new Set(requests.filter((path) => path.endsWith(".safetensors"))).size, 2);
  assert.equal(requests.filter((path) => path.endsWith(".safetensors")).length, 2, "and once only");
});

test("a digit is drawn, undone, cleared and attacked", async (t) => {
  const { url } = await site(t);
  const { page } = await visit(t, url);
  await page.locator("#clear").click();
  await untilSeen(page, (colours) => colours === 1, "the preview of nothing");
  await page.locator("#run").click();
  await page.locator("#message").waitFor();
  assert.match(`${await page.locator("#message").textContent()}`, /draw|choose/i);
  assert.deepEqual(await both(page, "data-outcome"), ["", ""]);

  await draw(page, FIVE.strokes);
  await page.waitForFunction(() => document.querySelector('[data-panel="left"]')?.getAttribute("data-label") === "5");
  await untilSeen(page, (colours) => colours > 10, "the preview of a drawing");
  await set(page, { target: 3 });
  assert.deepEqual(await attack(page), ["fooled", "gradient-vanished"]);

  const before = await coloursSeen(page);
  await page.locator("#undo").click();
  await page.waitForFunction(() => document.querySelector('[data-panel="left"]')?.getAttribute("data-outcome") === "");
  await untilSeen(page, (colours) => colours !== before, "the preview after undo");
});

/**
 * How each attack ends on test image 0, a 7 that should be read as a 3: on the undefended network, and on
 * the one distilled at T = 100.
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

/** @typedef {[settings: import("./visit.mjs").Wanted, left: RegExp, right: RegExp]} Case */

/** @type {Record<string, Case>} */
const SETTINGS = {
  "a target that the image already is": [{ target: 7 }, /^already-target$/, /^already-target$/],
  "a budget of nothing": [{ target: 3, budget: 0 }, /^budget-spent$/, /^(budget-spent|gradient-vanished)$/],
  "a budget of every pixel": [{ target: 3, budget: 784 }, /^fooled$/, /^gradient-vanished$/],
  "pixels made darker": [
    { target: 1, direction: "decrease" },
    /^(fooled|no-admissible-pair|budget-spent)$/,
    /^(fooled|gradient-vanished|no-admissible-pair)$/,
  ],
};

test("each attack ends as it should, and each setting does what it says", async (t) => {
  const { url } = await site(t);
  const { page, problems } = await visit(t, url);
  await choose(page, 7);
  const attacks = ATTACK_IDS.map(
    (id) => /** @type {const} */ ([id, [{ target: 3, attack: id, ...ENDINGS[id][0] }, ...ENDINGS[id].slice(1)]]),
  );
  for (const [name, [settings, left, right]] of /** @type {[string, Case][]} */ ([
    ...attacks,
    ...Object.entries(SETTINGS),
  ])) {
    await set(page, { attack: "jsma-f", direction: "increase", theta: 1, budget: 112, ...settings });
    const outcomes = await attack(page);
    assert.match(`${outcomes[0]}`, left, name);
    const controls = await page
      .locator("#settings [data-setting]:visible")
      .evaluateAll((rows) => rows.map((row) => row.getAttribute("data-setting")));
    assert.deepEqual(controls, settingNames(settings.attack ?? "jsma-f"), name);
    assert.match(`${outcomes[1]}`, right, name);
  }
  assert.deepEqual(problems, []);
}, 180_000);

test("one click takes the temperature into account, and runs again what was run", async (t) => {
  const { url } = await site(t);
  const { page, problems } = await visit(t, url);
  await choose(page, 7);
  await set(page, { target: 3 });
  assert.deepEqual(await attack(page), ["fooled", "gradient-vanished"]);
  await page.locator("#temper").click();
  assert.deepEqual(await ended(page), ["fooled", "fooled"]);
  assert.ok(await page.locator("input[name=attack][value=jsma-t]").isChecked());
  await page.locator("#temper").click();
  assert.deepEqual(await ended(page), ["fooled", "gradient-vanished"]);

  // FGSM keeps its name, and says no less that it was blinded.
  await set(page, { attack: "fgsm" });
  await page.locator("#untargeted").check();
  assert.equal((await attack(page))[1], "gradient-vanished");
  await page.waitForFunction(() => document.querySelector("#play")?.getAttribute("data-playing") === "false");
  assert.match(`${await panel(page, "right").locator(".verdict").textContent()}`, /blinded, not resisted/);
  await page.locator("#temper").click();
  assert.deepEqual(await ended(page), ["fooled", "fooled"]);

  await set(page, { attack: "jsma-z" });
  await page.waitForFunction(() => document.querySelector("#temper")?.getAttribute("aria-disabled") === "true");
  assert.equal(await page.locator("#untargeted").isVisible(), false);
  assert.deepEqual(problems, []);
});

test("what is said before a run is what comes: who will be blinded, and what is misread already", async (t) => {
  const { url } = await site(t);
  const { page } = await visit(t, url);
  const sayings = async () => {
    // What has been chosen is drawn in the next frame; where an attack has been run nothing is said.
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
    await choose(page, 4);
    await choose(page, 7);
    await set(page, { target: 3, attack: chosen });
    if (ATTACKS[chosen].untargeted) await page.locator("#untargeted").setChecked(isUntargeted);
    // The switch follows the attack that has been chosen, and is drawn in the next frame.
    await sayings();
    if ((await page.locator("#temper").isChecked()) !== isTempered) await pick(page.locator("#temper"));
    const said = await sayings();
    const outcomes = await attack(page);
    const blinded = outcomes.map((outcome) => outcome === "gradient-vanished");
    assert.deepEqual(
      said.map((words) => /will be blinded/.test(words)),
      blinded,
      `${chosen}: ${said.join(" | ")}`,
    );
    assert.deepEqual(
      said.map((words) => /Take the temperature into account/.test(words)),
      blinded,
    );
  }

  await goTo(page, "cifar10");
  await set(page, { attack: "fgsm" });
  await page.locator("#untargeted").setChecked(true);
  let misread = 0;
  for (let tile = 5; tile < 100 && misread < 2; tile += 10) {
    await page.locator("#samples .tile").nth(tile).click();
    await ready(page);
    const said = await sayings();
    const labels = await both(page, "data-label");
    const isMisread = labels.map((label) => Number(label) !== Math.floor(tile / 10));
    assert.deepEqual(
      said.map((words) => /already misreads/.test(words)),
      isMisread,
      `${said.join(" | ")} of ${labels}`,
    );
    misread += Number(isMisread.includes(true));
  }
  assert.equal(misread, 2, "there are such images");
  await set(page, { attack: "jsma-f", target: Number((await both(page, "data-label"))[0]) });
  assert.match((await sayings())[0], /already the target/);
});

test("the direction says whether ink is added or removed", async (t) => {
  const { url } = await site(t);
  const { page } = await visit(t, url);
  await choose(page, 7);
  for (const direction of /** @type {const} */ (["increase", "decrease"])) {
    await set(page, { target: 3, direction });
    await attack(page);
    const [first, last] = [await brightnessAt(page, "Home"), await brightnessAt(page, "End")];
    assert.ok(direction === "increase" ? last < first : last > first, `${direction}: from ${first} to ${last}`);
  }
});

/**
 * How bright the left image is, on paper that is bright itself.
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

test("a running attack is cancelled, and the next one runs", async (t) => {
  const { url } = await site(t);
  const { page } = await visit(t, url);
  await choose(page, 7);
  // As long as an attack can be, so that it is under way when it is cancelled.
  await set(page, { target: 3, attack: "cw-l2", iterations: 1000 });
  await page.locator("#run").click();
  await page.waitForFunction(
    () => Number(document.querySelector('[data-panel="left"]')?.getAttribute("data-iterations")) >= 2,
  );
  await page.locator("#cancel").click();
  assert.equal((await ended(page))[0], "cancelled");
  await set(page, { attack: "jsma-f" });
  assert.equal((await attack(page))[0], "fooled");
});

test("the scrubber shows the earlier images again", async (t) => {
  const { url } = await site(t);
  const { page } = await visit(t, url);
  await choose(page, 7);
  await set(page, { target: 3 });
  await attack(page);
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

test("keys on the scrubber count from what is shown, also between two frames", async (t) => {
  const { url } = await site(t);
  const { page } = await visit(t, url);
  await choose(page, 7);
  await set(page, { target: 3 });
  await attack(page);
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
  assert.deepEqual(taken, [], "the browser's own keys are left to it");
});

test("the scrubber stops what is played, also where it stands already", async (t) => {
  const { url } = await site(t);
  const { page } = await visit(t, url);
  await choose(page, 7);
  await set(page, { target: 3 });
  await attack(page);
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
  assert.deepEqual([pressed, held], ["0", "1"], "playing has moved by one image when it is stopped");
});

test("the page's thread stays free while attacks run", async (t) => {
  const { url } = await site(t);
  const { page } = await visit(t, url);
  await choose(page, 7);
  await set(page, { target: 3, attack: "jsma-z", theta: 0.02, budget: 240 });
  const longest = await longestTask(page, () => attack(page));
  assert.ok(
    Number(await panel(page, "left").getAttribute("data-iterations")) >= 20,
    "the attack was too short to tell",
  );
  t.diagnostic(`the longest task on the page's thread took ${longest} ms`);
  assert.ok(longest > 0 && longest <= 50, `${longest} ms`);
});
