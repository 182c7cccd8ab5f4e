/** What the benchmark reads and computes, without a browser. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { chart } from "../../bench/chart.mjs";
import { onnxModel } from "../../bench/page/onnx.js";
import { choosePair } from "../../bench/page/tfjs.js";
import { half, readSafeTensors } from "../../bench/page/weights.js";
import { bestRate, floorOf, median, ratio } from "../../bench/report.mjs";

test("Numbers in half precision are read exactly", () => {
  const cases = [
    [0x3c00, 1],
    [0xc000, -2],
    [0x3555, 0.333251953125],
    [0x0001, 2 ** -24],
    [0x83ff, -1023 * 2 ** -24],
    [0x7bff, 65504],
    [0x7c00, Infinity],
    [0x8000, -0],
  ];
  for (const [bits, value] of cases) assert.ok(Object.is(half(bits), value), `${bits}`);
  assert.ok(Number.isNaN(half(0x7e00)));
});

test("A published model file has the network's tensors and all of its parameters", () => {
  const file = readFileSync(new URL("../../www/models/mnist-undefended.safetensors", import.meta.url));
  const weights = readSafeTensors(new Uint8Array(file).buffer);
  assert.deepEqual(weights["conv4.weight"].shape, [64, 64, 3, 3]);
  assert.equal(
    Object.values(weights).reduce((sum, { data }) => sum + data.length, 0),
    312_202,
  );
  assert.ok(Object.values(weights).every(({ data }) => data.every(Number.isFinite)));
  const { bytes } = onnxModel(weights, "mnist", { side: 28, channels: 1 });
  assert.ok(bytes.length > 4 * 312_202 && bytes.length < 4 * 312_202 + 4000);
  assert.deepEqual([...bytes.slice(0, 2)], [8, 8], "the version of the format comes first");
});

test("The TensorFlow.js version chooses the same pair as a search over all pairs", () => {
  let state = 1;
  const random = () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647 - 0.5;
  };
  for (let round = 0; round < 200; round++) {
    const [a, b] = [Float32Array.from({ length: 12 }, random), Float32Array.from({ length: 12 }, random)];
    const image = Float32Array.from({ length: 12 }, () => (random() > 0.3 ? 1 : 0));
    for (const others of [null, b]) {
      let best = 0;
      /** @type {number[]} */
      let pair = [];
      for (let p = 0; p < 12; p++) {
        for (let q = p + 1; q < 12; q++) {
          const [alpha, beta] = [a[p] + a[q], others ? -others[p] - others[q] : a[p] + a[q]];
          if (image[p] < 1 && image[q] < 1 && alpha > 0 && beta > 0 && alpha * beta > best)
            [best, pair] = [alpha * beta, [p, q]];
        }
      }
      assert.deepEqual(choosePair(a, others, image), pair);
    }
  }
});

test("The floor is the work divided by the best rate, and a ratio is their time divided by ours", () => {
  const result = {
    multiply_adds: {
      mnist: { one: { dense: 2_000_000, nonzero: 1_000_000, changed: 500_000 }, two: { dense: 3_000_000 } },
    },
    timings: [
      { what: "product", side: 100, processor: 0.5, clock: 9 },
      { what: "product", side: 200, processor: 8, clock: 9 },
      { what: "step", dataset: "mnist", processor: 3, clock: 4, attack: "jsma-f", batch: 1 },
      { what: "best", by: "slow", processor: 12, clock: 40 },
      { what: "best", by: "elsewhere", processor: null, clock: 30 },
    ],
  };
  assert.equal(bestRate(/** @type {any} */ (result.timings)), 2_000_000);
  assert.equal(floorOf(result, "mnist", "jsma-f"), 1);
  assert.equal(floorOf(result, "mnist", "jsma-z"), 1.5);
  assert.equal(floorOf(result, "mnist", "jsma-f", "nonzero"), 0.5);
  assert.equal(floorOf(result, "mnist", "jsma-f", "changed"), 0.25);
  assert.equal(ratio(result, { what: "best", by: "slow" }, { what: "step" }), 4);
  assert.equal(ratio(result, { what: "best", by: "elsewhere" }, { what: "step" }), 10);
  assert.equal(ratio(result, { what: "best", by: "absent" }, { what: "step" }), null);
  assert.equal(median([5, 1, 3]), 3);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.match(chart(result), /^<svg .*<\/svg>\n$/s);
});
