/** Finds a graphics adapter for WebGPU, checks that the engine can use it, and opens a device on it. */
import { failure } from "./protocol.js";

/**
 * The limits that the kernels and the runtime in the wasm module rely on. WebGPU guarantees each of them, so a device
 * has them without a request. WebGPU's compatibility mode guarantees less.
 *
 * @type {{ [limit: string]: number }}
 */
const GUARANTEED = {
  maxBufferSize: 256 * 1024 * 1024,
  maxStorageBufferBindingSize: 128 * 1024 * 1024,
  maxStorageBuffersPerShaderStage: 8,
  maxComputeWorkgroupStorageSize: 16_384,
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupSizeX: 256,
  maxComputeWorkgroupSizeY: 256,
  maxComputeWorkgroupsPerDimension: 65_535,
};

/**
 * Returns the adapter's name. It looks in the current scope, a worker or the page, before anything is fetched. If there
 * is no usable adapter, it throws an error whose name is the reason.
 *
 * @param {boolean} software Whether to accept an adapter that is software on the CPU.
 */
export async function findAdapter(software) {
  const adapter = await requestAdapter();
  const name = adapterName(adapter.info);
  if (!software && isSoftware(adapter))
    throw failure("SoftwareAdapter", `${name} is software, not a graphics processor.`);
  return name;
}

/**
 * Opens a device that has no more than every WebGPU device has, and calls `open`, which starts the runtime in the wasm
 * module on that device.
 *
 * By itself, the runtime requests every feature and every limit of the adapter, and stops if the adapter has no
 * `timestamp-query`. It uses this feature only to measure times, which the engine never does (docs/webgpu.md). So the
 * runtime's request for an adapter is answered with an object that lists the feature, has the limits of the device and
 * returns the device.
 *
 * @template Engine
 * @param {() => Promise<Engine>} open
 * @param {(error: Error) => void} onLost Called if the runtime measures a time after all.
 */
export async function withDevice(open, onLost) {
  const adapter = await requestAdapter();
  const device = await adapter.requestDevice();
  checkLimits(adapter.info, device.limits);
  const createQuerySet = device.createQuerySet.bind(device);
  override(device, "createQuerySet", (/** @type {GPUQuerySetDescriptor} */ { count }) => {
    const reason = "The GPU runtime asked for a query set, but the device was opened without timestamp queries.";
    onLost(failure("EngineError", reason));
    // An exception here would stop the module, and the page could learn of that before it learns the reason. Every
    // device has query sets of this type.
    return createQuerySet({ type: "occlusion", count });
  });
  const offered = {
    info: adapter.info,
    features: new Set(["timestamp-query"]),
    limits: device.limits,
    requestDevice: async () => device,
  };
  // In the page, other scripts may use WebGPU too, so only the next request is answered like this.
  const restore = override(navigator.gpu, "requestAdapter", async () => {
    restore();
    return offered;
  });
  try {
    return await open();
  } finally {
    restore();
  }
}

/**
 * Replaces a property of an object, and returns a function that undoes it.
 *
 * @param {object} object
 * @param {string} name
 * @param {unknown} value
 */
function override(object, name, value) {
  const before = Object.getOwnPropertyDescriptor(object, name);
  Object.defineProperty(object, name, { value, configurable: true });
  return () => {
    if (Reflect.get(object, name) !== value) return;
    if (before) Object.defineProperty(object, name, before);
    else Reflect.deleteProperty(object, name);
  };
}

/** Returns an adapter that has the guaranteed limits, or throws an error whose name is the reason. */
async function requestAdapter() {
  const { gpu } = navigator;
  if (!gpu) throw failure("NoWebGPU", "This browser has no WebGPU, or blocks it on this page.");
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" }).catch(() => null);
  if (!adapter) {
    const options = /** @type {GPURequestAdapterOptions} */ ({ featureLevel: "compatibility" });
    const limited = await gpu.requestAdapter(options).catch(() => null);
    if (!limited) throw failure("NoAdapter", "WebGPU offers no graphics adapter.");
    throw failure("LimitedAdapter", `${adapterName(limited.info)} has only WebGPU's compatibility mode.`);
  }
  checkLimits(adapter.info, adapter.limits);
  return adapter;
}

/**
 * Throws a LimitedAdapter if a limit of an adapter or its device is less than guaranteed.
 *
 * @param {GPUAdapterInfo} info
 * @param {GPUSupportedLimits} limits
 */
function checkLimits(info, limits) {
  for (const [limit, least] of Object.entries(GUARANTEED)) {
    const value = Reflect.get(limits, limit);
    if (value >= least) continue;
    throw failure("LimitedAdapter", `The ${limit} of ${adapterName(info)} is ${value}; WebGPU guarantees ${least}.`);
  }
}

/** @param {GPUAdapterInfo} info Browsers may leave every field empty. */
const adapterName = ({ vendor, architecture, device, description }) =>
  description || [vendor, architecture, device].filter(Boolean).join(" ") || "The graphics adapter";

/** Some browsers have a flag for this; in others only the name shows it. @param {GPUAdapter} adapter */
const isSoftware = ({ info }) =>
  info.isFallbackAdapter
  || /swiftshader|llvmpipe|lavapipe|basic render/i.test(`${info.architecture} ${info.description}`);
