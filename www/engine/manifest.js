/** Fetches the list of published networks and checks every field, because a file cannot be trusted. */

import { DATASETS } from "../../pkg/registry.js";
import { fetchJson } from "./fetch.js";
import { failure, ROLES } from "./protocol.js";

/** @typedef {import("./protocol.js").ManifestEntry} ManifestEntry */

const MANIFEST = new URL("../models/manifest.json", import.meta.url);
const MAX_ENTRIES = 100;
const MAX_BYTES = 16 * 1024 * 1024;

/** @type {{ [field in keyof ManifestEntry]: [accepts: (value: any) => boolean, expected: string] }} */
const FIELDS = {
  id: [text(/^[a-z0-9][a-z0-9.-]{0,63}$/), "lower-case letters, digits, dots and dashes"],
  file: [text(/^[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*$/, 100), "a plain file name"],
  bytes: [integer(1, MAX_BYTES), `a whole number from 1 to ${MAX_BYTES}`],
  sha256: [text(/^[0-9a-f]{64}$/), "64 hexadecimal digits"],
  dataset: oneOf(Object.keys(DATASETS)),
  role: oneOf(ROLES),
  temperature: [number(Number.MIN_VALUE, 10_000), "a positive number"],
  parameters: [integer(1, 1e9), "a whole number above 0"],
  test_accuracy: [number(0, 1), "a number from 0 to 1"],
  logit_norm: [number(0, 1e9), "a number from 0"],
  command: [text(/^[^\p{Cc}]*$/u, 1000), "one line of text"],
  seed: [integer(0, Number.MAX_SAFE_INTEGER), "a whole number"],
  epochs: [integer(0, 1e6), "a whole number"],
  epochs_reason: [text(/^[^\p{Cc}]*$/u, 300), "one line of text"],
  seconds: [number(0, 1e9), "a number of seconds"],
  hardware: [text(/^[^\p{Cc}]*$/u, 300), "one line of text"],
  date: [text(/^\d{4}-\d\d-\d\d([T ][\d:.]+(Z|[+-]\d\d:\d\d)?)?$/), "a date such as 2026-01-31"],
};

/** Fetches the list of published networks. @param {AbortSignal} [signal] */
export async function fetchModels(signal) {
  return parseManifest(await fetchJson(MANIFEST, { signal }));
}

/**
 * Checks the list and keeps the known fields of each entry. Throws a ModelError if a field is not as expected.
 *
 * @param {unknown} value
 * @returns {ManifestEntry[]}
 */
export function parseManifest(value) {
  if (!Array.isArray(value) || value.length > MAX_ENTRIES)
    throw manifestError(`it should be a list of at most ${MAX_ENTRIES} models`);
  const entries = value.map(parseEntry);
  if (new Set(entries.map(({ id }) => id)).size < entries.length) throw manifestError("two models have the same id");
  return entries;
}

/** @param {any} entry @param {number} index */
function parseEntry(entry, index) {
  const fields = Object.entries(FIELDS).map(([field, [accepts, expected]]) => {
    if (!accepts(entry?.[field])) throw manifestError(`"${field}" of model number ${index + 1} should be ${expected}`);
    return [field, entry[field]];
  });
  return /** @type {ManifestEntry} */ (Object.fromEntries(fields));
}

/** @param {string} reason */
const manifestError = (reason) => failure("ModelError", `The list of models cannot be used: ${reason}. Please retry.`);

/** @param {RegExp} pattern @param {number} [maxLength] */
function text(pattern, maxLength = 100) {
  return (/** @type {unknown} */ value) =>
    typeof value === "string" && value.length <= maxLength && pattern.test(value);
}

/** @param {readonly string[]} names @returns {[accepts: (value: unknown) => boolean, expected: string]} */
function oneOf(names) {
  return [(value) => names.some((name) => name === value), `one of ${names.join(", ")}`];
}

/** @param {number} min @param {number} max */
function number(min, max) {
  return (/** @type {unknown} */ value) => typeof value === "number" && value >= min && value <= max;
}

/** @param {number} min @param {number} max */
function integer(min, max) {
  return (/** @type {unknown} */ value) => Number.isInteger(value) && number(min, max)(value);
}
