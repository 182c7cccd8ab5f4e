/** A visit to the page: what a visitor does, by the hooks that the page's elements carry. */
import { choicesForAttack, settingNames } from "../../www/domain/attacks.js";
import { open } from "./helper.mjs";

/** @typedef {import("playwright-core").Page} Page */

/** @param {Page} page @param {"left" | "right"} side */
export const panel = (page, side) => page.locator(`[data-panel="${side}"]`);

/** An attribute of both panels. @param {Page} page @param {string} name */
export async function both(page, name) {
  return Promise.all([panel(page, "left").getAttribute(name), panel(page, "right").getAttribute(name)]);
}

/** Waits until both networks are loaded and have read the image. @param {Page} page */
export async function ready(page) {
  await page.waitForFunction(
    () => document.querySelectorAll('[data-panel][data-status="ready"]:not([data-label=""])').length === 2,
  );
}

/** Waits until the attack has ended in both panels. @param {Page} page @returns {Promise<(string | null)[]>} */
export async function ended(page) {
  // What the page has been told to do is drawn in the next frame; until then it shows the attack before.
  await page.evaluate(() => new Promise(requestAnimationFrame));
  await page.waitForFunction(
    () =>
      document.body.dataset.running === "false"
      && document.querySelectorAll('[data-panel]:not([data-outcome=""])').length === 2,
  );
  return both(page, "data-outcome");
}

/** Waits until nothing runs and the panels show a step. @param {Page} page @param {string} step */
export const showing = (page, step) =>
  page.waitForFunction(
    (step) =>
      document.body.dataset.running === "false"
      && document.querySelector('[data-panel="left"]')?.getAttribute("data-iteration") === step,
    step,
  );

/**
 * Opens the page and waits until it can attack.
 *
 * @param {Parameters<typeof open>} where
 */
export async function visit(...where) {
  const opened = await open(...where);
  await ready(opened.page);
  return opened;
}

/** Chooses the first test digit of a class. @param {Page} page @param {number} label */
export async function choose(page, label) {
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
 * Clicks a choice wherever it is by now: what was opened above it may still be moving it.
 *
 * @param {import("playwright-core").Locator} choice
 */
export const pick = (choice) => choice.evaluate((input) => /** @type {HTMLElement} */ (input).click());

/** @typedef {Partial<import("../../www/domain/settings.js").Settings> & { target?: number }} Wanted */

/** What an attack does not have is left as it is. @param {Page} page @param {Wanted} wanted */
export async function set(page, { target, attack, direction, ...numbers }) {
  if (target !== undefined) await pick(page.locator(`#targets input[value="${target}"]`));
  if (attack || direction || Object.keys(numbers).length > 0)
    await page.locator("#settings").evaluate((details) => {
      /** @type {HTMLDetailsElement} */ (details).open = true;
    });
  if (attack) await pick(page.locator(`input[name=attack][value=${attack}]`));
  if (direction && (!attack || choicesForAttack(attack, "direction").includes(direction))) {
    const way = page.locator(`input[name=direction][value=${direction}]`);
    // The settings of another attack are drawn in the next frame.
    await way.waitFor();
    await pick(way);
  }
  for (const [id, value] of Object.entries(numbers)) {
    if (attack && !settingNames(attack).some((name) => name === id)) continue;
    await page.locator(`#${id}`).fill(`${value}`);
    await page.locator(`#${id}`).press("Enter");
  }
}

/** @param {Page} page */
export async function attack(page) {
  await page.locator("#run").click();
  return ended(page);
}

/** Draws strokes of x, y, x, y, … from 0 to 255. @param {Page} page @param {number[][]} strokes */
export async function draw(page, strokes) {
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
 * Goes to another data set, and waits until its networks have read its first image.
 *
 * @param {Page} page
 * @param {string} data
 */
export async function goTo(page, data) {
  await pick(page.locator(`#data input[value=${data}]`));
  await page.waitForFunction(
    (data) =>
      [...document.querySelectorAll("[data-panel]")].every((panel) =>
        panel.getAttribute("data-model")?.startsWith(data),
      ),
    data,
  );
  await ready(page);
}

/** How many different colours the 28×28 preview has: one when it is blank. @param {Page} page */
export function coloursSeen(page) {
  return page.locator("#seen").evaluate((canvas) => {
    const { data } = /** @type {any} */ (canvas).getContext("2d").getImageData(0, 0, 28, 28);
    return new Set(new Uint32Array(data.buffer)).size;
  });
}

/**
 * Waits until the preview, which is drawn a frame or more after what it shows was asked for, has so many colours.
 *
 * @param {Page} page
 * @param {(colours: number) => boolean} wanted
 * @param {string} what
 */
export async function untilSeen(page, wanted, what) {
  let colours = await coloursSeen(page);
  for (let looks = 0; !wanted(colours); looks++) {
    if (looks === 100) throw new Error(`${what}: it has ${colours} colours still`);
    await page.waitForTimeout(50);
    colours = await coloursSeen(page);
  }
}

/** Runs the lab's experiment on one network and one image. @param {Page} page */
export async function measureLittle(page) {
  await page.locator("#lab[data-ready]").waitFor();
  for (const box of (await page.locator("input[name=network]").all()).slice(1)) await box.uncheck();
  await page.locator("#lab-images").fill("1");
  await page.locator("#lab-images").press("Enter");
  await page.locator("#lab-run").click();
  await page.locator('#lab[data-state="done"]').waitFor();
}
