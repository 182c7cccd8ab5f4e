/**
 * Many attacks, cancelled and finished, and networks that are loaded again and again: the module's memory stays as
 * large as it was.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

/** @param {string} path */
const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url));

test("three hundred attacks and sixty networks need no more memory than the first ones", async () => {
  const glue = await import("../../pkg/cpu/engine.js");
  const { memory } = await glue.default({ module_or_path: read("pkg/cpu/engine_bg.wasm") });
  const engine = await glue.Engine.open();
  const entries = JSON.parse(`${read("www/models/manifest.json")}`)
    .filter((/** @type {any} */ { dataset }) => dataset === "mnist")
    .slice(0, 2);
  const files = entries.map((/** @type {any} */ { file }) => read(`www/models/${file}`));
  const image = Float32Array.from({ length: 784 }, (_, place) => (place % 28 === 13 ? 1 : 0));

  /** @param {number} times */
  async function work(times) {
    for (let time = 0; time < times; time++) {
      const place = time % 2;
      if (time % 5 === 0) engine.load(entries[place], files[place]);
      const run = engine.start({
        model: entries[place].id,
        attack: "jsma-z",
        direction: "increase",
        theta: 1,
        budget: 112,
        images: image,
        targets: Uint8Array.of(time % 10),
      });
      // Every other one is cancelled at once, as a visitor does by choosing something else.
      for (let step = 0; step < (time % 2 ? 1 : 3) && run.running > 0; step++) await run.step();
      run.free();
      assert.throws(() => engine.load(entries[place], files[place].subarray(1)));
    }
  }
  for (const [place, entry] of entries.entries()) engine.load(entry, files[place]);
  // It settles within the first two hundred, and is the same after a thousand: allocations of other sizes leave other
  // gaps.
  await work(300);
  const before = memory.buffer.byteLength;
  await work(300);
  assert.equal(memory.buffer.byteLength, before);
});
