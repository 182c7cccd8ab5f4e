/**
 * The wasm module gives the bits of native code: in Node, and in Chromium both in a worker and in the page. The tests of
 * Firefox and WebKit compare the same cases there.
 */
import assert from "node:assert/strict";
import { differences } from "./bits.mjs";
import { loadSamples, openEngine } from "./in-node.mjs";
import { BITS, openPage, serveBits, test, withBrowser } from "./server-and-browser.mjs";

withBrowser();

test("Attacks in Node give the committed bits", async () => {
  const models = BITS.map(({ model }) => model);
  const engine = await openEngine((id) => models.includes(id));
  const samples = { mnist: await loadSamples("mnist"), cifar10: await loadSamples("cifar10") };
  const found = await differences(BITS, async ({ model, sample, target, attack }) => {
    const { pixels } = samples[model.startsWith("mnist") ? "mnist" : "cifar10"][sample];
    const run = engine.start({ ...attack, model, images: pixels, targets: Uint8Array.of(target) });
    const steps = [];
    while (run.running > 0) steps.push(...(await run.step()));
    run.free();
    return steps;
  });
  assert.deepEqual(found, []);
});

for (const [where, script] of /** @type {const} */ ([
  ["worker", ""],
  ["page", "delete globalThis.Worker"],
])) {
  test(`Attacks in a ${where} of Chromium give the committed bits`, async (t) => {
    const { url } = await serveBits(t);
    const { page, problems } = await openPage(t, `${url}/blank`, { script });
    const seen = await page.evaluate(async (cases) => {
      const { differencesOfPage } = await import(/** @type {any} */ ("/bits.js"));
      return differencesOfPage(cases);
    }, BITS);
    assert.deepEqual(seen, { where, found: [] });
    assert.deepEqual(problems, []);
  });
}
