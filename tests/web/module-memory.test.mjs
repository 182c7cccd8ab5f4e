/** The memory of the wasm module does not grow over many finished and cancelled attacks and many loads of networks. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

/** @param {string} path */
const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url));

test("Three hundred more attacks and sixty more loads of networks need no further memory", async () => {
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
      // Every other attack is cancelled after one step, as when a visitor chooses something else.
      for (let step = 0; step < (time % 2 ? 1 : 3) && run.running > 0; step++) await run.step();
      run.free();
      assert.throws(() => engine.load(entries[place], files[place].subarray(1)));
    }
  }
  for (const [place, entry] of entries.entries()) engine.load(entry, files[place]);
  // The memory grows during the first two hundred attacks, because allocations of different sizes leave gaps. It has
  // the same size after a thousand.
  await work(300);
  const before = memory.buffer.byteLength;
  await work(300);
  assert.equal(memory.buffer.byteLength, before);
});
