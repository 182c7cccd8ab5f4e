/** The published module and networks, through the JavaScript API. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { openPage, serveSite, test, withBrowser } from "./server-and-browser.mjs";

withBrowser();

/** A drawing, and the grey values that it has on every machine. */
const FIVE = JSON.parse(readFileSync(new URL("../data_digit/five.json", import.meta.url), "utf8"));
const MANIFEST = JSON.parse(readFileSync(new URL("../../www/models/manifest.json", import.meta.url), "utf8"));
const DISTILLED = (MANIFEST.find((/** @type {any} */ { id }) => id === "mnist-distilled-t40") ?? MANIFEST.at(-1)).id;

test("The drawing, the networks and the attacks give the expected results, and the same attack twice gives the same steps", async (t) => {
  const { url } = await serveSite(t);
  const { page, problems } = await openPage(t, `${url}/blank`);
  const seen = await page.evaluate(
    async ({ strokes, distilled }) => {
      const { createEngine } = await import("/www/engine.js");
      const engine = await createEngine();
      await Promise.all([engine.load("mnist-undefended"), engine.load(distilled)]);
      const image =
        (await engine.rasterize(strokes.map((/** @type {number[]} */ stroke) => Uint8Array.from(stroke))))
        ?? new Float32Array();
      const request = /** @type {const} */ ({
        model: "mnist-undefended",
        image,
        target: 3,
        attack: "jsma-f",
        direction: "increase",
        theta: 1,
        budget: 112,
      });
      const once = await engine.attack(request);
      const twice = await engine.attack(request);
      return {
        info: engine.info(),
        grey: Array.from(image, (value) => Math.round(255 * value)),
        nothing: await engine.rasterize([]),
        reads: await engine.classify({ model: "mnist-undefended", image }),
        same: JSON.stringify(once) === JSON.stringify(twice),
        outcome: once.outcome,
        steps: once.steps.map(({ iteration, featuresChanged, label, pair, outcome, image }) => ({
          iteration,
          featuresChanged,
          label,
          pair,
          outcome,
          pixels: image.length,
        })),
        vanished: await engine.attack({ ...request, model: distilled }),
        already: (await engine.attack({ ...request, target: 5 })).outcome,
        spent: (await engine.attack({ ...request, budget: 0 })).outcome,
        odd: (await engine.attack({ ...request, budget: 1 })).outcome,
        logits: (await engine.attack({ ...request, attack: "jsma-z" })).outcome,
        decrease: (await engine.attack({ ...request, direction: "decrease", budget: 784 })).outcome,
      };
    },
    { strokes: FIVE.strokes, distilled: DISTILLED },
  );

  assert.equal(seen.info.where, "worker");
  assert.deepEqual(seen.grey, FIVE.grey);
  assert.equal(seen.nothing, null);
  assert.equal(seen.reads.label, 5);
  assert.ok(Math.abs(seen.reads.probabilities.reduce((sum, p) => sum + p) - 1) < 1e-5);

  assert.equal(seen.outcome, "fooled");
  assert.ok(seen.same, "the same request gave two results");
  assert.deepEqual(
    seen.steps.map(({ iteration }) => iteration),
    seen.steps.map((_, index) => index),
  );
  assert.equal(seen.steps.at(-1)?.label, 3);
  for (const step of seen.steps) assert.ok(step.featuresChanged <= 2 * step.iteration && step.pixels === 784);
  for (const step of seen.steps.slice(0, -1)) assert.ok(step.label !== 3 && step.pair && step.outcome === null);

  assert.equal(seen.vanished.outcome, "gradient-vanished");
  const { zeroGradients, gradientEntries, iteration } = seen.vanished.steps[seen.vanished.steps.length - 1];
  assert.deepEqual([zeroGradients, gradientEntries, iteration], [784, 784, 0]);
  assert.equal(seen.already, "already-target");
  assert.equal(seen.spent, "budget-spent");
  assert.equal(seen.odd, "budget-spent");
  assert.equal(seen.logits, "fooled");
  assert.ok(["fooled", "no-admissible-pair", "budget-spent"].includes(seen.decrease), seen.decrease);
  assert.deepEqual(problems, []);
});

/** @type {Record<string, [change: Record<string, unknown>, name: string, message: RegExp]>} */
const REFUSED = {
  "a model that is not loaded": [{ model: "mnist-teacher-t40" }, "RequestError", /not loaded/],
  "an unknown attack": [{ attack: "deepfool" }, "RequestError", /jsma-f/],
  "an unknown direction": [{ direction: "up" }, "RequestError", /increase/],
  "a change of 0": [{ theta: 0 }, "RequestError", /θ|theta/],
  "a change of more than one": [{ theta: 1.5 }, "RequestError", /θ|theta/],
  "a change that is not a number": [{ theta: NaN }, "RequestError", /θ|theta/],
  "a negative budget": [{ budget: -1 }, "RequestError", /budget|understood/],
  "a budget larger than the image": [{ budget: 785 }, "RequestError", /784/],
  "a budget of half a pixel": [{ budget: 1.5 }, "RequestError", /budget|understood/],
  "a class that does not exist": [{ target: 10 }, "RequestError", /0 to 9/],
  "too few pixels": [{ image: new Array(783).fill(0) }, "ImageError", /784/],
  "two images": [{ image: new Array(1568).fill(0) }, "ImageError", /784/],
  "a pixel that is too bright": [{ image: [1.01, ...new Array(783).fill(0)] }, "ImageError", /0 (and|to) 1/],
  "a pixel that is not a number": [{ image: [NaN, ...new Array(783).fill(0)] }, "ImageError", /0 (and|to) 1/],
};

test("An invalid request is refused, with a name and a reason", async (t) => {
  const { url } = await serveSite(t);
  const { page } = await openPage(t, `${url}/blank`);
  const errors = await page.evaluate(
    async (changes) => {
      const { createEngine } = await import("/www/engine.js");
      const engine = await createEngine();
      await engine.load("mnist-undefended");
      const good = {
        model: "mnist-undefended",
        image: new Array(784).fill(0),
        target: 3,
        attack: "jsma-f",
        direction: "increase",
        theta: 1,
        budget: 4,
      };
      const attempts = changes.map((change) => {
        const request = /** @type {any} */ ({ ...good, ...change });
        return engine.attack({ ...request, image: Float32Array.from(request.image) }).then(
          ({ outcome }) => ({ name: outcome, message: "" }),
          ({ name, message }) => ({ name, message }),
        );
      });
      const stroke = await engine.rasterize([Uint8Array.of(1, 2, 3)]).catch(({ name, message }) => ({ name, message }));
      return {
        attempts: await Promise.all(attempts),
        stroke,
        stillWorks: await engine.attack(/** @type {any} */ ({ ...good, image: new Float32Array(784) })),
      };
    },
    Object.values(REFUSED).map(([change]) => change),
  );
  for (const [index, [what, [, name, message]]] of Object.entries(REFUSED).entries()) {
    assert.equal(errors.attempts[index].name, name, `${what}: ${errors.attempts[index].message}`);
    assert.match(errors.attempts[index].message, message, what);
  }
  assert.equal(/** @type {any} */ (errors.stroke).name, "ImageError");
  assert.ok(errors.stillWorks.outcome);
});
