/** Finds a graphics adapter for WebGPU and checks that the engine can use it. */
import { failure } from "./protocol.js";

/** Without this feature, burn's runtime stops when it launches its first kernel. */
const REQUIRED_FEATURES = /** @type {const} */ (["timestamp-query"]);

/**
 * Returns the adapter's name. It looks in the current scope, a worker or the page, before anything is fetched. If there
 * is no usable adapter, it throws an error whose name is the reason.
 *
 * @param {boolean} software Whether to accept an adapter that is software on the CPU.
 */
export async function findAdapter(software) {
  if (!navigator.gpu) throw failure("NoWebGPU", "This browser has no WebGPU, or blocks it on this page.");
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" }).catch(() => null);
  if (!adapter) throw failure("NoAdapter", "WebGPU offers no graphics adapter.");
  const name = adapterName(adapter.info);
  const missing = REQUIRED_FEATURES.filter((feature) => !adapter.features.has(feature));
  if (missing.length > 0) throw failure("MissingFeature", `${name} lacks ${missing.join(", ")}.`);
  if (!software && isSoftware(adapter))
    throw failure("SoftwareAdapter", `${name} is software, not a graphics processor.`);
  return name;
}

/** @param {GPUAdapterInfo} info Browsers may leave every field empty. */
const adapterName = ({ vendor, architecture, device, description }) =>
  description || [vendor, architecture, device].filter(Boolean).join(" ") || "The graphics adapter";

/** Some browsers have a flag for this; in others only the name shows it. @param {GPUAdapter} adapter */
const isSoftware = ({ info }) =>
  info.isFallbackAdapter
  || /swiftshader|llvmpipe|lavapipe|basic render/i.test(`${info.architecture} ${info.description}`);
