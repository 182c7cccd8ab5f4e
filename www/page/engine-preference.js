/** Which engine the visitor prefers. */
import { loadChoice, saveChoice } from "./storage.js";

/** @typedef {'auto' | 'cpu' | 'webgpu'} Preference */

const KEY = "engine";
const PREFERENCES = /** @type {const} */ (["auto", "webgpu", "cpu"]);

/**
 * The engine in the address (`?engine=`), else the one chosen on an earlier visit, else `auto`: the faster one by
 * measurement.
 *
 * @returns {Preference}
 */
export function preferredEngine() {
  const wanted = [new URLSearchParams(location.search.slice(0, 2000)).get("engine"), loadChoice(KEY)];
  return wanted.map((name) => PREFERENCES.find((each) => each === name)).find(Boolean) ?? "auto";
}

/** @param {Preference} preference */
export const saveEnginePreference = (preference) => saveChoice(KEY, preference);
