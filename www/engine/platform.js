/**
 * Checks what the engine needs from the browser before anything is fetched, and whether the device is too small for the
 * WebGPU engine.
 */
import { failure } from "./protocol.js";

/** A wasm module of one function, which fills a vector of 128 bits. It is valid only where wasm has SIMD. */
const SIMD_MODULE = Uint8Array.of(
  0,
  97,
  115,
  109,
  1,
  0,
  0,
  0,
  1,
  5,
  1,
  96,
  0,
  1,
  123,
  3,
  2,
  1,
  0,
  10,
  8,
  1,
  6,
  0,
  65,
  0,
  253,
  17,
  11,
);

/** In GiB; browsers round the device's memory to a power of two. The WebGPU engine alone takes most of 1 GiB. */
const LITTLE_MEMORY = 2;

/** Throws NoWebAssembly or NoSimd if no engine can run in this browser. */
export function checkPlatform() {
  if (typeof WebAssembly !== "object") throw failure("NoWebAssembly", "");
  if (!WebAssembly.validate(SIMD_MODULE))
    throw failure("NoSimd", "Chrome and Edge have it from version 91, Firefox from 89, Safari from 16.4.");
}

/** Whether an engine can run in this browser. */
export function canRun() {
  try {
    checkPlatform();
    return true;
  } catch {
    return false;
  }
}

/**
 * A reason not to fetch the large WebGPU engine unless the caller requests it, or null.
 *
 * @returns {'SaveData' | 'LittleMemory' | null}
 */
export function reasonToSkipWebGpu() {
  const { connection, deviceMemory } = /** @type {{ connection?: { saveData?: boolean }, deviceMemory?: number }} */ (
    navigator
  );
  if (connection?.saveData === true) return "SaveData";
  return deviceMemory !== undefined && deviceMemory <= LITTLE_MEMORY ? "LittleMemory" : null;
}
