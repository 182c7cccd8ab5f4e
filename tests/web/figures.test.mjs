/**
 * The published figures match the published networks: each row adds up, names the hash of a published file, and agrees
 * with a new measurement on a sample of images.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { before, test } from "node:test";
import { EXPERIMENTS } from "../../pkg/registry.js";
import { defaultNetwork } from "../../www/domain/networks.js";
import { json, loadSamples, MANIFEST, openEngine, read } from "./in-node.mjs";

/** @typedef {import("../../pkg/cpu/engine.js").Task} Task */

/** @type {Record<string, any[]>} */
const RESULTS = Object.fromEntries(Object.keys(EXPERIMENTS).map((kind) => [kind, json(`results/${kind}.json`)]));
const ROWS = Object.entries(RESULTS).flatMap(([kind, rows]) =>
  rows.map((row, place) => ({ name: `${kind}.json, row ${place + 1} (${row.model} × ${row.scale})`, row })),
);

/** The Wilson interval at 95 %. @param {number} successes @param {number} attempts */
function wilson(successes, attempts) {
  const z = 1.959963984540054;
  const [share, scale] = [successes / attempts, 1 + (z * z) / attempts];
  const spread = z * Math.sqrt((share * (1 - share)) / attempts + (z * z) / (4 * attempts * attempts));
  return [
    Math.max(0, (share + (z * z) / (2 * attempts) - spread) / scale),
    Math.min(1, (share + (z * z) / (2 * attempts) + spread) / scale),
  ];
}

/** @param {number} one @param {number} other @param {string} what */
const near = (one, other, what) => assert.ok(Math.abs(one - other) < 1e-9, `${what}: ${one}, not ${other}`);

/** @param {any} row @param {string} name */
function addsUp(row, name) {
  const { rate, interval, outcomes } = row;
  const [count, of] = [
    row.successes ?? row.errors ?? row.reached,
    row.errors === undefined ? (row.shown ?? row.attempts) : row.measured,
  ];
  if (rate !== undefined && of > 0) {
    near(rate, count / of, `${name}: the rate`);
    wilson(count, of).forEach((end, place) => near(interval[place], end, `${name}: the interval`));
  }
  if (row.successes !== undefined && outcomes) assert.equal(outcomes.fooled, row.successes, `${name}: the outcomes`);
  if (row.attempts !== undefined && outcomes)
    assert.equal(
      outcomes.fooled + outcomes.budget_spent + outcomes.no_admissible_pair + outcomes.gradient_vanished,
      row.attempts,
      `${name}: the attempts`,
    );
}

test("Every row is about a published file, and adds up", () => {
  for (const { name, row } of ROWS) {
    const entry = MANIFEST.find(({ id }) => id === row.model);
    assert.equal(row.model_sha256, entry?.sha256, `${name} is about a file that is not published`);
    if (row.to)
      assert.equal(
        row.to.model_sha256,
        MANIFEST.find(({ id }) => id === row.to.model)?.sha256,
        `${name} was shown to a file that is not published`,
      );
    assert.equal(row.dataset, entry?.dataset, name);
    assert.equal(row.temperature, entry?.temperature, name);
    addsUp(row, name);
    for (const cell of row.cells ?? []) addsUp(cell, `${name}, ${cell.source} to ${cell.target}`);
    if (row.counts)
      assert.equal(
        row.counts.reduce((/** @type {number} */ sum, /** @type {number} */ count) => sum + count),
        row.measured,
        name,
      );
  }
});

test("A network with fewer epochs than the paper's 50 has a reason for it", () => {
  for (const { id, epochs, epochs_reason: reason } of MANIFEST)
    assert.equal(reason === "", epochs >= 50, `${id}: ${reason}`);
});

test("The manifest lists exactly the published files, with their hashes and sizes", () => {
  const files = readdirSync(new URL("../../www/models/", import.meta.url)).filter((name) => name !== "manifest.json");
  assert.deepEqual(files.sort(), MANIFEST.map(({ file }) => file).sort());
  for (const { file, sha256, bytes } of MANIFEST) {
    const content = read(`www/models/${file}`);
    assert.deepEqual([createHash("sha256").update(content).digest("hex"), content.length], [sha256, bytes], file);
  }
});

/**
 * The networks that are measured again: all of MNIST, and the two of CIFAR-10 that the page opens with, because steps
 * on CIFAR-10 take many times as long.
 */
const NETWORKS = Object.fromEntries(
  ["mnist", "cifar10"].map((dataset) => {
    const published = MANIFEST.filter((entry) => entry.dataset === dataset);
    return [dataset, dataset === "mnist" ? published : opening(published)];
  }),
);
/** @param {typeof MANIFEST} published */
function opening(published) {
  return /** @type {const} */ (["left", "right"]).map((side) => defaultNetwork(published, side));
}
/**
 * The number of images of each measurement. The attack tries the nine other classes on each image.
 *
 * @type {Record<string, { gradients: number, attacks: number }>}
 */
const IMAGES = { mnist: { gradients: 30, attacks: 3 }, cifar10: { gradients: 20, attacks: 1 } };

/** @type {import("../../pkg/cpu/engine.js").Engine} */
let engine;
/**
 * The page's hundred test images, ordered by class.
 *
 * @type {Record<string, { pixels: Float32Array, label: number }[]>}
 */
const samples = {};

before(async () => {
  const ids = Object.values(NETWORKS).flatMap((networks) => networks.map(({ id }) => id));
  engine = await openEngine((id) => ids.includes(id));
  for (const dataset of Object.keys(NETWORKS)) samples[dataset] = await loadSamples(dataset);
});

/**
 * Measures these networks again and returns the rows.
 *
 * @param {string} dataset
 * @param {"fgsm" | "amplitude" | "success"} experiment
 * @param {Task[]} tasks
 * @param {number} count Number of images, taken from the classes in turn.
 * @returns {Promise<any[]>}
 */
async function measure(dataset, experiment, tasks, count) {
  const images = samples[dataset]
    .map((_, place) => samples[dataset][10 * (place % 10) + Math.floor(place / 10)])
    .slice(0, count);
  const planned = engine.experiment({
    experiment,
    tasks,
    images: Float32Array.from(images.flatMap(({ pixels }) => [...pixels])),
    labels: Uint8Array.from(images, ({ label }) => label),
  });
  const records = [];
  for (const chunk of planned.chunks(100)) {
    const run = planned.start(chunk);
    for (let some = await run.step(); some; some = await run.step()) records.push(...some);
    run.free();
  }
  return planned.rows(records);
}

/**
 * Checks that a measured count agrees with a published interval: the share is within the interval, or at most four
 * standard errors away from its nearer end.
 *
 * @param {string} name @param {number} count @param {number} of @param {number[]} interval
 */
function agrees(name, count, of, [low, high]) {
  const share = Math.min(Math.max(count / of, low), high);
  const error = Math.sqrt((share * (1 - share)) / of + 1 / (of * of));
  assert.ok(
    Math.abs(count / of - share) <= 4 * error,
    `${name}: published ${low} to ${high}, but ${count} of ${of} here`,
  );
}

/**
 * The published rows of an experiment about the networks that are measured again.
 *
 * @param {string} kind
 * @param {string} dataset
 * @param {(row: any) => boolean} [isIncluded]
 * @returns {any[]}
 */
const rowsOf = (kind, dataset, isIncluded = () => true) =>
  RESULTS[kind].filter(
    (row) => row.scale === 1 && NETWORKS[dataset].some(({ id }) => id === row.model) && isIncluded(row),
  );

/**
 * Checks that each network that is measured again has a row.
 *
 * @param {string} dataset
 * @param {{ model: string }[]} rows
 */
function coversNetworks(dataset, rows) {
  for (const { id } of NETWORKS[dataset])
    assert.ok(
      rows.some(({ model }) => model === id),
      `${id} has no row`,
    );
}

for (const [dataset, networks] of Object.entries(NETWORKS)) {
  const { gradients, attacks } = IMAGES[dataset];

  test(`The networks of ${dataset} have their published accuracies`, async () => {
    for (const { id, test_accuracy } of networks) {
      let right = 0;
      for (const { pixels, label } of samples[dataset])
        right += Number((await engine.classify(id, pixels)).label === label);
      agrees(`${id}: accuracy`, right, samples[dataset].length, [test_accuracy, test_accuracy]);
    }
  });

  test(`FGSM has its published rates on ${dataset}`, async () => {
    const published = rowsOf(
      "fgsm",
      dataset,
      ({ attack, epsilon }) => attack === "fgsm" && Math.abs(epsilon - 0.3) < 1e-6,
    );
    coversNetworks(dataset, published);
    const tasks = published.map(({ model, attack_temperature }) => ({
      model,
      attack: /** @type {const} */ ({ attack: "fgsm", epsilon: 0.3, temperature: attack_temperature }),
    }));
    for (const [place, { errors, measured }] of (await measure(dataset, "fgsm", tasks, gradients)).entries()) {
      agrees(
        `FGSM on ${published[place].model} at T = ${published[place].attack_temperature}`,
        errors,
        measured,
        published[place].interval,
      );
    }
  });

  test(`The shares of vanished gradients on ${dataset} are the published ones`, async () => {
    const published = rowsOf("amplitude", dataset);
    coversNetworks(dataset, published);
    for (const [place, row] of (
      await measure(
        dataset,
        "amplitude",
        published.map(({ model }) => ({ model })),
        gradients,
      )
    ).entries()) {
      agrees(
        `below 1e-40 on ${published[place].model}`,
        row.below_1e_40 * row.measured,
        row.measured,
        published[place].below_interval,
      );
      agrees(
        `above 1e-3 on ${published[place].model}`,
        row.above_1e_3 * row.measured,
        row.measured,
        published[place].above_interval,
      );
    }
  });

  test(`JSMA-F has its published rates on ${dataset}`, async () => {
    const published = rowsOf(
      "success",
      dataset,
      ({ attack, direction, theta, budget, attack_temperature }) =>
        attack === "jsma-f" && direction === "increase" && theta === 1 && budget === 112 && attack_temperature === 1,
    );
    coversNetworks(dataset, published);
    const tasks = published.map(({ model }) => ({
      model,
      attack: /** @type {const} */ ({ attack: "jsma-f", direction: "increase", theta: 1, budget: 112 }),
    }));
    for (const [place, { successes, attempts }] of (await measure(dataset, "success", tasks, attacks)).entries()) {
      agrees(`JSMA-F on ${published[place].model}`, successes, attempts, published[place].interval);
    }
  });
}
