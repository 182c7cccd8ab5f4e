/** A site with the fake wasm package of fake/engine.js and with two models of 100,000 bytes. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { serveSite } from "./server-and-browser.mjs";

const EMPTY_MODULE = Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
const WEIGHTS = Buffer.alloc(100_000, 7);

/** @param {Buffer} bytes */
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** A valid manifest entry. */
export const ENTRY = {
  id: "one",
  file: "one.safetensors",
  bytes: WEIGHTS.length,
  sha256: sha256(WEIGHTS),
  dataset: "mnist",
  role: "undefended",
  temperature: 1,
  parameters: 1,
  test_accuracy: 1,
  logit_norm: 1,
  command: "",
  seed: 0,
  epochs: 0,
  epochs_reason: "",
  seconds: 0,
  hardware: "",
  date: "2026-01-31",
};

const SCRIPT = `${readFileSync(new URL("fake/engine.js", import.meta.url))}`;
const BUILD = JSON.stringify({ wasm: { bytes: EMPTY_MODULE.length, sha256: sha256(EMPTY_MODULE) } });

/**
 * The files of a fake engine with other constants than the default.
 *
 * @param {'cpu' | 'webgpu'} engine
 * @param {Record<string, unknown>} constants
 */
export function fakeEngine(engine, constants) {
  let script = SCRIPT;
  for (const [name, value] of Object.entries({ IMPLEMENTATION: `fake ${engine}`, ...constants })) {
    script = script.replace(new RegExp(`^const ${name} = .*$`, "m"), `const ${name} = ${JSON.stringify(value)};`);
  }
  return {
    [`/pkg/${engine}/build.json`]: BUILD,
    [`/pkg/${engine}/engine.js`]: script,
    [`/pkg/${engine}/engine_bg.wasm`]: EMPTY_MODULE,
  };
}

/** WebGPU's guaranteed limits, as far as they concern computing. */
const LIMITS = {
  maxBufferSize: 268435456,
  maxStorageBufferBindingSize: 134217728,
  maxStorageBuffersPerShaderStage: 8,
  maxComputeWorkgroupStorageSize: 16384,
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupSizeX: 256,
  maxComputeWorkgroupSizeY: 256,
  maxComputeWorkgroupsPerDimension: 65535,
};

/**
 * A script that replaces WebGPU by one with an adapter that has no features.
 *
 * @param {object} [info]
 * @param {Partial<typeof LIMITS>} [limits] Those that differ from the guaranteed ones.
 */
export const fakeGpu = (info = { description: "Test adapter" }, limits = {}) => `
  const adapter = {
    info: ${JSON.stringify(info)},
    features: new Set(),
    limits: ${JSON.stringify({ ...LIMITS, ...limits })},
    requestDevice: async () => ({ limits: adapter.limits, createQuerySet: () => ({}) }),
  };
  Object.defineProperty(navigator, "gpu", { value: { requestAdapter: async () => adapter } });`;

/** A worker script that finds a graphics adapter. @param {Parameters<typeof fakeGpu>} adapter */
export const fakeAdapter = (...adapter) => ({
  "/www/engine/worker.js": `${fakeGpu(...adapter)} const { serve } = await import("./engine-core.js"); serve(self);`,
});

/**
 * @param {import("node:test").TestContext} t
 * @param {Record<string, import("./server-and-browser.mjs").Answer>} [answers]
 */
export function serveFakeSite(t, answers = {}) {
  return serveSite(t, {
    "/pkg/cpu/build.json": BUILD,
    "/pkg/cpu/engine.js": SCRIPT,
    "/pkg/cpu/engine_bg.wasm": EMPTY_MODULE,
    "/www/models/manifest.json": JSON.stringify([ENTRY, { ...ENTRY, id: "two", file: "two.safetensors" }]),
    "/www/models/one.safetensors": WEIGHTS,
    "/www/models/two.safetensors": WEIGHTS,
    ...answers,
  });
}
