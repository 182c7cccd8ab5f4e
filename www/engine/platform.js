/**
 * What the engine needs of a browser, looked for before anything is fetched; and what it leaves alone on a small
 * device.
 */
import { failure } from "./protocol.js";

/** A module of one function, which fills a vector of 128 bits. */
const WITH_SIMD = Uint8Array.of(
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

/** GiB, as browsers say it in powers of two. The WebGPU engine takes most of one by itself. */
const LITTLE_MEMORY = 2;

/** Throws NoWebAssembly or NoSimd where no engine can run. */
export function checkPlatform() {
  if (typeof WebAssembly !== "object") throw failure("NoWebAssembly", "");
  if (!WebAssembly.validate(WITH_SIMD))
    throw failure("NoSimd", "Chrome and Edge have it from version 91, Firefox from 89, Safari from 16.4.");
}

/** Whether an engine can run. */
export function canRun() {
  try {
    checkPlatform();
    return true;
  } catch {
    return false;
  }
}

/**
 * Why a large engine is not fetched unless it is asked for, if there is a reason.
 *
 * @returns {'SaveData' | 'LittleMemory' | null}
 */
export function reasonToSpare() {
  const { connection, deviceMemory } = /** @type {{ connection?: { saveData?: boolean }, deviceMemory?: number }} */ (
    navigator
  );
  if (connection?.saveData === true) return "SaveData";
  return deviceMemory !== undefined && deviceMemory <= LITTLE_MEMORY ? "LittleMemory" : null;
}
