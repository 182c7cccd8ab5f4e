/** The CPU module and the test images of the page in Node, for tests that need no browser. */
import { readFileSync } from "node:fs";
import { decodePng } from "../../www/codecs/png.js";
import { DATASETS, positionOf } from "../../www/domain/datasets.js";

/** @param {string} path Relative to the project's folder. */
export const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url));

/** @param {string} path */
export const json = (path) => JSON.parse(`${read(path)}`);

/** @type {import("../../www/engine/protocol.js").ManifestEntry[]} */
export const MANIFEST = json("www/models/manifest.json");

/** Opens an engine with the networks of the manifest that `wants` chooses. @param {(id: string) => boolean} wants */
export async function openEngine(wants) {
  const glue = await import("../../pkg/cpu/engine.js");
  await glue.default({ module_or_path: read("pkg/cpu/engine_bg.wasm") });
  const engine = await glue.Engine.open();
  for (const entry of MANIFEST.filter(({ id }) => wants(id))) engine.load(entry, read(`www/models/${entry.file}`));
  return engine;
}

/**
 * The page's hundred test images of a data set, ordered by class.
 *
 * @param {string} dataset
 * @returns {Promise<{ pixels: Float32Array, label: number }[]>}
 */
export async function loadSamples(dataset) {
  const { width, channels, pixels } = await decodePng(Uint8Array.from(read(`www/samples/${dataset}.png`)));
  const { side, features } = DATASETS[dataset];
  return json(`www/samples/${dataset}.json`).map(
    (/** @type {{ label: number }} */ { label }, /** @type {number} */ tile) => ({
      label,
      pixels: Float32Array.from({ length: features }, (_, feature) => {
        const { channel, x, y } = positionOf(DATASETS[dataset], feature);
        return pixels[((side * Math.floor(tile / 10) + y) * width + side * (tile % 10) + x) * channels + channel] / 255;
      }),
    }),
  );
}
