/** The graphics adapter that WebGPU offers, and whether it will do. */
import { failure } from "./protocol.js";

/** Without it burn's runtime stops when its first kernel is launched. */
const NEEDED = /** @type {const} */ (["timestamp-query"]);

/**
 * Asks in this scope, a worker's or the page's, before anything is fetched. The error says by its
 * name why there is no adapter to use.
 *
 * @param {boolean} software Whether one will do that is a program on the processor.
 */
export async function findAdapter(software) {
  if (!navigator.gpu) throw failure("NoWebGPU", "This browser has no WebGPU, or blocks it on this page.");
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" }).catch(() => null);
  if (!adapter) throw failure("NoAdapter", "WebGPU offers no graphics adapter.");
  const name = adapterName(adapter.info);
  const missing = NEEDED.filter((feature) => !adapter.features.has(feature));
  if (missing.length > 0) throw failure("MissingFeature", `${name} lacks ${missing.join(", ")}.`);
  if (!software && isSoftware(adapter))
    throw failure("SoftwareAdapter", `${name} is software, not a graphics processor.`);
  return name;
}

/** @param {GPUAdapterInfo} info Browsers may leave all of it empty. */
const adapterName = ({ vendor, architecture, device, description }) =>
  description || [vendor, architecture, device].filter(Boolean).join(" ") || "The graphics adapter";

/** Some browsers say so, others only in the name. @param {GPUAdapter} adapter */
const isSoftware = ({ info }) =>
  info.isFallbackAdapter
  || /swiftshader|llvmpipe|lavapipe|basic render/i.test(`${info.architecture} ${info.description}`);
