/** Both data sets and every temperature on the page: what is fetched, kept and shown. */
import assert from "node:assert/strict";
import { violations } from "./axe.mjs";
import { PUBLISHED, withCifar, withTemperatures } from "./extra-networks.mjs";
import {
  bothPanels,
  chooseDigit,
  clickInput,
  openReadyPage,
  panel,
  runAttack,
  setAttack,
  switchDataSet,
  waitForOutcomes,
  waitUntilReady,
} from "./page-actions.mjs";
import { openPage, serveSite, test, withBrowser } from "./server-and-browser.mjs";

withBrowser();

/** @typedef {import("playwright-core").Page} Page */

const CIFAR = withCifar();
const LINK = "v=1&data=cifar10&left=undefended-1&right=distilled-100&sample=0&target=5&lang=en&end";

/** The pixels of a panel's picture, read from its canvas. @param {Page} page @param {"left" | "right"} side */
const pixels = (page, side) =>
  panel(page, side)
    .locator(".picture-pixels")
    .evaluate((canvas) => {
      const { width, height } = /** @type {HTMLCanvasElement} */ (canvas);
      const context = /** @type {any} */ (new OffscreenCanvas(width, height).getContext("2d"));
      context.drawImage(canvas, 0, 0);
      return [...context.getImageData(0, 0, width, height).data];
    });

/** Attacks until an attack changes the image on the left, and shows its last step. @param {Page} page */
async function attackSomething(page) {
  for (const target of [5, 8, 1, 0]) {
    await setAttack(page, { target });
    await runAttack(page);
    if (Number(await panel(page, "left").getAttribute("data-iterations")) > 0) break;
  }
  await page.locator("#scrubber").press("End");
  await page.waitForFunction(() => {
    const { iteration, iterations } = /** @type {HTMLElement} */ (document.querySelector('[data-panel="left"]'))
      .dataset;
    return iteration === iterations && Number(iteration) > 0;
  });
}

test("A visitor who stays with MNIST fetches nothing of CIFAR-10, and switching back and forth fetches each file once", async (t) => {
  const { url, requests } = await serveSite(t, CIFAR.answers);
  const { page, problems } = await openReadyPage(t, url);
  await chooseDigit(page, 4);
  await setAttack(page, { target: 9, budget: 200 });
  const cifarRequests = () => requests.filter((path) => path.includes("cifar10"));
  assert.deepEqual(cifarRequests(), []);

  await switchDataSet(page, "cifar10");
  assert.equal(await page.locator("#samples .tile").count(), 100);
  assert.ok(await page.locator("#pad").isHidden(), "there is no drawing area");
  assert.match(`${await page.locator("#input-caption").textContent()}`, /CIFAR-10/);
  assert.equal(await page.locator("#budget").inputValue(), "200", "the settings stay");
  const fetched = cifarRequests().sort();
  assert.deepEqual(fetched, [...new Set(fetched)], "no file twice");
  const shown = await bothPanels(page, "data-model");
  const files = CIFAR.entries.filter(({ id }) => shown.includes(id)).map(({ file }) => `/www/models/${file}`);
  assert.deepEqual(
    fetched.filter((path) => path.endsWith("safetensors")),
    files.sort(),
    "the networks that are shown and no others",
  );

  await page.locator("#samples .tile").nth(95).click();
  requests.length = 0;
  await switchDataSet(page, "mnist");
  assert.match(`${await page.locator("#input-caption").textContent()}`, /MNIST.* 4$/);
  assert.ok(await page.locator('#targets input[value="9"]').isChecked());
  await page.waitForFunction(() => /target=9/.test(location.hash) && !/data=cifar10/.test(location.hash));
  await switchDataSet(page, "cifar10");
  assert.match(`${await page.locator("#input-caption").textContent()}`, /truck/);
  assert.deepEqual(
    requests.filter((path) => /mnist|cifar10/.test(path)),
    [],
  );
  await page.waitForFunction(() => /data=cifar10/.test(location.hash));
  await page.goBack();
  await page.waitForFunction(() => document.documentElement.dataset.set === "mnist");
  await waitUntilReady(page);
  assert.deepEqual(problems, []);
});

test("An attack on a CIFAR-10 picture changes single channels of pixels, and the picture is shown in colour", async (t) => {
  const { url } = await serveSite(t, CIFAR.answers);
  const { page, problems, requests } = await openReadyPage(t, `${url}/#${LINK}`);
  assert.deepEqual(
    requests.filter((path) => path.includes("/mnist")),
    [],
    "nothing of MNIST",
  );
  const names = await page.locator(".chip-name").allTextContents();
  assert.deepEqual([names[0], names[9]], ["airplane", "truck"]);
  assert.equal(await page.locator(".chip-picture:visible").count(), 10);

  // The picture has the pixels of the data set.
  const sample = await page.evaluate(async () => {
    const { loadSamples } = await import("/www/page/samples.js");
    const [, , , ...rest] = await loadSamples("cifar10");
    return Array.from(rest.find(({ index }) => index === 0)?.pixels ?? []);
  });
  assert.equal(sample.length, 3072);
  const before = await pixels(page, "left");
  for (const place of [0, 1, 500, 1023]) {
    assert.deepEqual(
      before.slice(4 * place, 4 * place + 3),
      [0, 1, 2].map((channel) => Math.round(255 * sample[1024 * channel + place])),
      `pixel ${place}`,
    );
  }

  await attackSomething(page);
  const changed = Number(await panel(page, "left").getAttribute("data-features-changed"));
  assert.ok(changed > 0 && changed <= 112);
  const after = await pixels(page, "left");
  assert.equal(
    after.filter((value, place) => value !== before[place]).length,
    changed,
    "each feature is a channel of a pixel",
  );
  assert.match(
    `${await panel(page, "left").locator(".readout-changed").textContent()}`,
    new RegExp(`^${changed} / 112`),
  );

  for (const overlay of ["perturbation", "gradient", "saliency"]) {
    // The last image has a perturbation but no gradient, and the first has a gradient but no perturbation.
    await page.locator("#scrubber").press(overlay === "perturbation" ? "End" : "Home");
    await clickInput(page.locator(`input[name=overlay][value=${overlay}]`));
    /** @type {Set<string>} */
    const seen = new Set();
    for (const channel of ["all", "red", "green", "blue"]) {
      await clickInput(page.locator(`input[name=channel][value=${channel}]`));
      await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
      seen.add((await pixels(page, "left")).join());
    }
    assert.ok(seen.size > 1, overlay);
  }
  await page.waitForFunction(() => location.hash.includes("channel=blue"));
  assert.deepEqual(problems, []);
});

test("A link to a CIFAR-10 picture shows the same pixels and words, also in the other language", async (t) => {
  const { url } = await serveSite(t, CIFAR.answers);
  const { page } = await openReadyPage(t, `${url}/#${LINK}`);
  await attackSomething(page);
  // The address changes with each step that is played. Wait for the last step.
  await page.waitForFunction(
    (step) => location.hash.includes(`step=${step}&`),
    await page.locator("#scrubber").inputValue(),
  );
  const [link, seen, words] = [
    page.url(),
    await pixels(page, "left"),
    await panel(page, "left").locator(".verdict").textContent(),
  ];
  const { page: other, problems } = await openPage(t, link, { viewport: { width: 375, height: 740 } });
  await waitForOutcomes(other);
  const iteration = `${await panel(page, "left").getAttribute("data-iteration")}`;
  await other.waitForFunction(
    (iteration) => document.querySelector('[data-panel="left"]')?.getAttribute("data-iteration") === iteration,
    iteration,
  );
  assert.deepEqual(await pixels(other, "left"), seen);
  assert.equal(await panel(other, "left").locator(".verdict").textContent(), words);
  await other.locator("#language").selectOption("ja");
  await other.locator(".chip-name", { hasText: "飛行機" }).waitFor();
  assert.equal(await other.evaluate(() => document.documentElement.scrollWidth), 375);
  assert.deepEqual(problems, []);
});

test("A link to a data set without networks shows the other data set, with a notice", async (t) => {
  const mnist = PUBLISHED.filter(({ dataset }) => dataset === "mnist");
  const { url } = await serveSite(t, { "/www/models/manifest.json": JSON.stringify(mnist) });
  const { page } = await openReadyPage(
    t,
    `${url}/#v=1&data=cifar10&sample=3&target=8&budget=3000&show=gradient&step=2&lang=en&end`,
  );
  assert.match(`${await page.locator("#notes .notice-text").textContent()}`, /the data set/);
  assert.deepEqual(await bothPanels(page, "data-label"), ["7", "7"]);
  assert.deepEqual(await bothPanels(page, "data-outcome"), ["", ""]);
  assert.equal(await page.locator("#budget").inputValue(), "784");
  assert.ok(await page.locator('input[name=overlay][value="gradient"]').isChecked());
  assert.ok(await page.locator("#data").isHidden(), "there is only one data set");
});

test("Missing CIFAR-10 pictures are reported, and a retry fetches them", async (t) => {
  const { url, answers } = await serveSite(t, { ...CIFAR.answers, "/www/samples/cifar10.json": 404 });
  const { page } = await openPage(t, `${url}/#${LINK}`);
  await page.locator("#samples-error .notice-text").waitFor();
  delete answers["/www/samples/cifar10.json"];
  await page.locator("#samples-retry").click();
  await waitUntilReady(page);
  assert.equal(await page.locator("#samples .tile").count(), 100);
});

/** @type {Record<string, [query: string, language: string, options: object]>} */
const VIEWS = {
  "in English, light": ["", "en", { colorScheme: "light" }],
  "in Japanese, dark, on a phone": ["", "ja", { colorScheme: "dark", viewport: { width: 375, height: 740 } }],
  "in a narrow frame": ["?embed=1&controls=1&target=1&temperature=1", "en", { viewport: { width: 320, height: 700 } }],
};

for (const [name, [query, language, options]] of Object.entries(VIEWS)) {
  test(`Axe finds no violation with CIFAR-10 on the page, ${name}`, async (t) => {
    const { url } = await serveSite(t, CIFAR.answers);
    const { page } = await openReadyPage(
      t,
      `${url}/${query}#${LINK.replace("lang=en", `lang=${language}&fixlang=1`)}`,
      {
        ...options,
        bypassCSP: true,
      },
    );
    assert.deepEqual(await violations(page), []);
    assert.ok(
      await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
      "nothing scrolls sideways",
    );
  });
}

test("The slider offers the published temperatures, and a change repeats the attack on the same image", async (t) => {
  const { url, requests } = await serveSite(t, withTemperatures(10, 20, 40, 100));
  const { page, problems } = await openReadyPage(t, `${url}/#v=1&right=distilled-40&sample=0&target=3&lang=en&end`);
  const slider = panel(page, "right").locator(".panel-temperature");
  assert.ok(
    await panel(page, "left").locator(".panel-temperature").isDisabled(),
    "an undefended network has one temperature",
  );
  assert.deepEqual([await slider.inputValue(), await slider.getAttribute("max")], ["2", "3"]);
  assert.equal(await panel(page, "right").locator(".panel-facts").textContent(), "T = 4090.40%");
  requests.length = 0;

  // Without a previous attack, only the network changes.
  await slider.press("ArrowLeft");
  await page.waitForFunction(
    () => document.querySelector('[data-panel="right"]')?.getAttribute("data-model") === "mnist-distilled-t20",
  );
  await waitUntilReady(page);
  assert.deepEqual(await bothPanels(page, "data-outcome"), ["", ""]);
  assert.match(`${await panel(page, "right").locator(".panel-facts").textContent()}`, /T = 2090\.20%/);
  assert.equal(await slider.getAttribute("aria-valuetext"), "T = 20 · 90.20% on the test set");

  await setAttack(page, { target: 8 });
  await page.locator("#samples .tile").nth(11).click();
  await setAttack(page, { attack: "jsma-t" });
  await runAttack(page);
  await slider.press("End");
  await page.waitForFunction(
    () => document.querySelector('[data-panel="right"]')?.getAttribute("data-model") === "mnist-distilled-t100",
  );
  const outcomes = await waitForOutcomes(page);
  assert.equal(outcomes[0], "fooled");
  assert.match(`${outcomes[1]}`, /fooled|budget|pair|vanished/);
  assert.ok(await page.locator('#targets input[value="8"]').isChecked());
  assert.match(`${await page.locator("#input-caption").textContent()}`, /image 5, labelled 1/);
  await page.waitForFunction(() => /right=distilled-100-.*attack=jsma-t.*target=8.*step=/.test(location.hash));

  // A network that is not shown is not fetched: the slider only passes T = 10.
  await slider.evaluate((slider) => {
    for (const value of ["2", "1", "0", "3"]) Object.assign(slider, { value }).dispatchEvent(new Event("input"));
  });
  assert.equal(await panel(page, "right").getAttribute("data-model"), "mnist-distilled-t100");
  // Another role keeps the temperature if there is such a network.
  await panel(page, "right").locator(".panel-model").selectOption("undefended");
  await page.waitForFunction(
    () => document.querySelector('[data-panel="right"]')?.getAttribute("data-model") === "mnist-undefended",
  );
  await waitUntilReady(page);
  assert.deepEqual(problems, []);
});

test("A model card shows the manifest's entry, and gives a reason for fewer epochs only where there are fewer", async (t) => {
  const manifest = PUBLISHED.map((each) => ({
    ...each,
    ...(each.role === "undefended"
      ? { epochs: 7, epochs_reason: "There was <b>no time</b>." }
      : { epochs: 50, epochs_reason: "" }),
  }));
  const { url } = await serveSite(t, { "/www/models/manifest.json": JSON.stringify(manifest) });
  const { page, problems } = await openReadyPage(t, `${url}/#v=1&right=distilled-100&sample=0&target=3&lang=en`);
  /** @type {string[][]} */
  const cards = [];
  for (const side of /** @type {const} */ (["left", "right"])) {
    await panel(page, side).locator(".card-open").click();
    await page.locator("#card[open]").waitFor();
    cards.push(
      await page
        .locator("#card dl > div")
        .evaluateAll((rows) => rows.map((row) => [...row.children].map(({ textContent }) => textContent).join(": "))),
    );
    await page.locator("#card-close").click();
  }
  const [undefended, distilled] = cards;
  assert.ok(
    undefended.includes("Epochs: 7") && undefended.includes("Why fewer than the paper’s 50: There was <b>no time</b>."),
    undefended.join("\n"),
  );
  assert.ok(distilled.includes("Epochs: 50") && distilled.every((row) => !row.startsWith("Why")), distilled.join("\n"));
  const { sha256, hardware, command } =
    manifest.find(({ id }) => id === "mnist-distilled-t100") ?? assert.fail("T = 100 is published");
  for (const value of [sha256, hardware, command, "mnist-distilled-t100"])
    assert.ok(
      distilled.some((row) => row.endsWith(`: ${value}`)),
      value,
    );
  assert.deepEqual(problems, []);
});

test("A frame with CIFAR-10 and its targets has the height that is reserved for it", async (t) => {
  const { url } = await serveSite(t, CIFAR.answers);
  const { page } = await openPage(t, `${url}/blank`);
  for (const width of [320, 700]) {
    await page.setViewportSize({ width, height: 900 });
    const [kept, taken] = await page.evaluate(async (link) => {
      const { heightFor } = await import("/www/embed.js");
      const frame = document.createElement("iframe");
      Object.assign(frame.style, {
        border: "0",
        width: "100%",
        height: heightFor((part) => ["controls", "target"].includes(part), "vw", link),
      });
      frame.src = `/?embed=1&controls=1&target=1#${link}`;
      document.body.style.margin = "0";
      document.body.replaceChildren(frame);
      const isReady = () =>
        frame.contentDocument?.querySelectorAll('[data-panel][data-status="ready"]:not([data-label=""])').length === 2;
      while (!isReady()) await new Promise((resolve) => setTimeout(resolve, 50));
      return [frame.getBoundingClientRect().height, frame.contentDocument?.body.getBoundingClientRect().height ?? 0];
    }, LINK);
    t.diagnostic(`at ${width} px: ${kept} px are reserved, ${taken} px are used`);
    assert.ok(taken <= kept + 1 && taken > kept - 40, `${taken} of ${kept} at ${width}`);
  }
});

test("A frame has the temperature slider only if its flags ask for it", async (t) => {
  const { url } = await serveSite(t, withTemperatures(20, 40));
  const link = "v=1&right=distilled-40&sample=0&target=3&step=1&lang=en&end";
  const { page: bare } = await openReadyPage(t, `${url}/?embed=1#${link}`);
  assert.ok(await bare.locator(".panel-temperature").first().isHidden());
  assert.match(`${await panel(bare, "right").locator(".panel-facts").innerText()}`, /T = 40/);
  const { page } = await openReadyPage(t, `${url}/?embed=1&temperature=1#${link}`);
  await waitForOutcomes(page);
  await panel(page, "right").locator(".panel-temperature").press("ArrowLeft");
  await page.waitForFunction(
    () => document.querySelector('[data-panel="right"]')?.getAttribute("data-model") === "mnist-distilled-t20",
  );
  assert.equal((await waitForOutcomes(page))[0], "fooled");
  await page.locator('#open-page[href*="right=distilled-20"]').waitFor({ state: "attached" });
});
