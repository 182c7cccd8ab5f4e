/** What a visitor does on the page: opening it, choosing, drawing, attacking, and waiting for the result. */
import { choicesForAttack, settingNames } from "../../www/domain/attacks.js";
import { openPage } from "./server-and-browser.mjs";

/** @typedef {import("playwright-core").Page} Page */

/** @param {Page} page @param {"left" | "right"} side */
export const panel = (page, side) => page.locator(`[data-panel="${side}"]`);

/** An attribute of both panels. @param {Page} page @param {string} name */
export async function bothPanels(page, name) {
  return Promise.all([panel(page, "left").getAttribute(name), panel(page, "right").getAttribute(name)]);
}

/** Waits until both networks are loaded and have classified the image. @param {Page} page */
export async function waitUntilReady(page) {
  await page.waitForFunction(
    () => document.querySelectorAll('[data-panel][data-status="ready"]:not([data-label=""])').length === 2,
  );
}

/** Waits until the attack has ended in both panels. @param {Page} page @returns {Promise<(string | null)[]>} */
export async function waitForOutcomes(page) {
  // The page draws a change in the next frame. Until then it shows the previous attack.
  await page.evaluate(() => new Promise(requestAnimationFrame));
  await page.waitForFunction(
    () =>
      document.body.dataset.running === "false"
      && document.querySelectorAll('[data-panel]:not([data-outcome=""])').length === 2,
  );
  return bothPanels(page, "data-outcome");
}

/** Waits until no attack runs and the panels show this step. @param {Page} page @param {string} step */
export const waitForStep = (page, step) =>
  page.waitForFunction(
    (step) =>
      document.body.dataset.running === "false"
      && document.querySelector('[data-panel="left"]')?.getAttribute("data-iteration") === step,
    step,
  );

/**
 * Opens the page and waits until it can attack.
 *
 * @param {Parameters<typeof openPage>} where
 */
export async function openReadyPage(...where) {
  const opened = await openPage(...where);
  await waitUntilReady(opened.page);
  return opened;
}

/** Chooses the first test digit of a class. @param {Page} page @param {number} label */
export async function chooseDigit(page, label) {
  await page
    .locator("#samples .tile")
    .nth(10 * label)
    .click();
  await page.waitForFunction(
    (wanted) => document.querySelector('[data-panel="left"]')?.getAttribute("data-label") === `${wanted}`,
    label,
  );
}

/**
 * Clicks an input without the mouse, because something that opens above the input may still be moving it.
 *
 * @param {import("playwright-core").Locator} choice
 */
export const clickInput = (choice) => choice.evaluate((input) => /** @type {HTMLElement} */ (input).click());

/** @typedef {Partial<import("../../www/domain/settings.js").Settings> & { target?: number }} AttackSettings */

/**
 * Sets the target, the attack and its settings. Skips what the attack does not have.
 *
 * @param {Page} page
 * @param {AttackSettings} wanted
 */
export async function setAttack(page, { target, attack, direction, ...numbers }) {
  if (target !== undefined) await clickInput(page.locator(`#targets input[value="${target}"]`));
  if (attack || direction || Object.keys(numbers).length > 0)
    await page.locator("#settings").evaluate((details) => {
      /** @type {HTMLDetailsElement} */ (details).open = true;
    });
  if (attack) await clickInput(page.locator(`input[name=attack][value=${attack}]`));
  if (direction && (!attack || choicesForAttack(attack, "direction").includes(direction))) {
    const way = page.locator(`input[name=direction][value=${direction}]`);
    // The settings of another attack are drawn in the next frame.
    await way.waitFor();
    await clickInput(way);
  }
  for (const [id, value] of Object.entries(numbers)) {
    if (attack && !settingNames(attack).some((name) => name === id)) continue;
    await page.locator(`#${id}`).fill(`${value}`);
    await page.locator(`#${id}`).press("Enter");
  }
}

/** @param {Page} page */
export async function runAttack(page) {
  await page.locator("#run").click();
  return waitForOutcomes(page);
}

/**
 * Draws strokes on the pad. Each stroke is x, y, x, y, … from 0 to 255.
 *
 * @param {Page} page
 * @param {number[][]} strokes
 */
export async function drawStrokes(page, strokes) {
  await page.locator("#pad").scrollIntoViewIfNeeded();
  const pad = await page.locator("#pad").boundingBox();
  if (!pad) throw new Error("there is no drawing area");
  for (const stroke of strokes) {
    for (let i = 0; i < stroke.length; i += 2) {
      await page.mouse.move(pad.x + (stroke[i] / 255) * pad.width, pad.y + (stroke[i + 1] / 255) * pad.height, {
        steps: i === 0 ? 1 : 4,
      });
      if (i === 0) await page.mouse.down();
    }
    await page.mouse.up();
  }
}

/**
 * Switches to another data set and waits until its networks have classified its first image.
 *
 * @param {Page} page
 * @param {string} data
 */
export async function switchDataSet(page, data) {
  await clickInput(page.locator(`#data input[value=${data}]`));
  await page.waitForFunction(
    (data) =>
      [...document.querySelectorAll("[data-panel]")].every((panel) =>
        panel.getAttribute("data-model")?.startsWith(data),
      ),
    data,
  );
  await waitUntilReady(page);
}

/** How many different colours the 28×28 preview has. A blank preview has one. @param {Page} page */
export function previewColours(page) {
  return page.locator("#seen").evaluate((canvas) => {
    const { data } = /** @type {any} */ (canvas).getContext("2d").getImageData(0, 0, 28, 28);
    return new Set(new Uint32Array(data.buffer)).size;
  });
}

/**
 * Waits until the number of colours in the preview is as wanted. The preview is drawn one or more frames after a
 * change.
 *
 * @param {Page} page
 * @param {(colours: number) => boolean} wanted
 * @param {string} what
 */
export async function waitForPreview(page, wanted, what) {
  let colours = await previewColours(page);
  for (let looks = 0; !wanted(colours); looks++) {
    if (looks === 100) throw new Error(`${what}: it still has ${colours} colours`);
    await page.waitForTimeout(50);
    colours = await previewColours(page);
  }
}

/** Runs the lab's experiment with one network and one image. @param {Page} page */
export async function runSmallExperiment(page) {
  await page.locator("#lab[data-ready]").waitFor();
  for (const box of (await page.locator("input[name=network]").all()).slice(1)) await box.uncheck();
  await page.locator("#lab-images").fill("1");
  await page.locator("#lab-images").press("Enter");
  await page.locator("#lab-run").click();
  await page.locator('#lab[data-state="done"]').waitFor();
}
