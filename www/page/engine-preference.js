/** Which engine the visitor would rather have. */
import { recall, remember } from "./storage.js";

/** @typedef {'auto' | 'cpu' | 'webgpu'} Preference */

const KEY = "engine";
const PREFERENCES = /** @type {const} */ (["auto", "webgpu", "cpu"]);

/**
 * What the address asks for with `?engine=`, what was chosen before, or what is measured to be faster.
 *
 * @returns {Preference}
 */
export function preferredEngine() {
  const wanted = [new URLSearchParams(location.search.slice(0, 2000)).get("engine"), recall(KEY)];
  return wanted.map((name) => PREFERENCES.find((each) => each === name)).find(Boolean) ?? "auto";
}

/** @param {Preference} preference */
export const rememberEngine = (preference) => remember(KEY, preference);
