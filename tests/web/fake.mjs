/** A site whose wasm package is the stand-in in fake/engine.js, with two models of 100,000 bytes. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { site } from "./helper.mjs";

const EMPTY_MODULE = Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
const WEIGHTS = Buffer.alloc(100_000, 7);

/** @param {Buffer} bytes */
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** A manifest entry in which everything is as it should be. */
export const ENTRY = {
  id: "one", file: "one.safetensors", bytes: WEIGHTS.length, sha256: sha256(WEIGHTS), dataset: "mnist", role: "undefended", temperature: 1,
  parameters: 1, test_accuracy: 1, logit_norm: 1, command: "", seed: 0, epochs: 0, seconds: 0, hardware: "", date: "2026-01-31",
};

/**
 * @param {import("node:test").TestContext} t
 * @param {Record<string, import("./helper.mjs").Answer>} [answers]
 */
export function fakeSite(t, answers = {}) {
  return site(t, {
    "/pkg/cpu/build.json": JSON.stringify({ wasm: { bytes: EMPTY_MODULE.length, sha256: sha256(EMPTY_MODULE) } }),
    "/pkg/cpu/engine.js": readFileSync(new URL("fake/engine.js", import.meta.url)),
    "/pkg/cpu/engine_bg.wasm": EMPTY_MODULE,
    "/www/models/manifest.json": JSON.stringify([ENTRY, { ...ENTRY, id: "two", file: "two.safetensors" }]),
    "/www/models/one.safetensors": WEIGHTS,
    "/www/models/two.safetensors": WEIGHTS,
    ...answers,
  });
}
