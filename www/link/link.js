/**
 * Links to the state of the page: `#v=1&…`. One table describes every field of a link: how it is read and written, and
 * its value if a link leaves it out. The settings of attacks come from the registry.
 *
 * Addresses are hostile input, so every field is checked here. A value that cannot be used is replaced by the nearest
 * one that can, and the field is listed in `dropped`. Unknown fields are ignored, so that links of later versions still
 * open. Links must work for ever: fields may be added, but the meaning of a field and of a missing field must never
 * change.
 */
import { DATASETS, MNIST } from "../domain/datasets.js";
import { ROLES } from "../domain/networks.js";
import { ATTACK_IDS, CHOICES, choicesOf, isChoice, nearestAllowed, PAGE_SETTINGS, RANGES } from "../domain/settings.js";
import { LANGUAGES } from "../page/i18n.js";
import { readPixels } from "./pixels.js";
import { readStrokes, writeStrokes } from "./strokes.js";

/**
 * @typedef {import("../domain/networks.js").NetworkName} NetworkName
 *
 * @typedef {Settings & View} Link
 *
 * @typedef {object} View The fields of a link besides the settings of the attack. For a null the page
 *   chooses the value.
 * @property {string} data
 * @property {NetworkName | null} left
 * @property {NetworkName | null} right
 * @property {number | null} kleft The factor by which the left network's logits are multiplied.
 * @property {number | null} kright The same for the right network.
 * @property {number | null} sample The number of a test image in its test set.
 * @property {number | null} target
 * @property {number | null} step The iteration that is shown, if the attack has been run.
 * @property {typeof CHOICES.overlay[number]} show
 * @property {typeof CHOICES.channel[number]} channel Which channels of a colour image are shown.
 * @property {boolean} marks Whether the changed features are marked.
 * @property {number} story The open step of the story; 0 for none.
 * @property {number} soft The temperature at which the teacher's answers are shown.
 * @property {import("../page/i18n.js").Language | null} lang
 * @property {'light' | 'dark' | null} theme
 * @property {Uint8Array[] | null} strokes A drawing; an empty list is a blank drawing.
 * @property {string | null} pixels An uploaded picture in the format of `pixels.js`.
 *
 * @typedef {import("../domain/settings.js").Settings} Settings
 */

/**
 * How a field is read and written. `read` returns the nearest value that is allowed for the link's data set, or
 * `fallback` if there is none, and in `fits` whether the text had exactly that value. A link that leaves the field out
 * means `fallback`.
 *
 * @template Value
 * @typedef {object} Field
 * @property {Value} fallback
 * @property {(text: string, data: string) => { value: Value, fits: boolean }} read
 * @property {(value: Value) => string} write
 */

const VERSION = "1";
/** Longer than a link with the longest drawing. The rest of a longer address is not read. */
const MAX_LENGTH = 65_536;
/** The last field. If it is missing, the link was cut off, and may mean something else than its author intended. */
const END = "end";

/**
 * The fields of the attacks' settings that are choices.
 *
 * @type {{ [name in import("../domain/settings.js").Choice["name"]]: Field<Link[name]> }}
 */
const CHOICE_FIELDS = /** @type {any} */ (
  Object.fromEntries(PAGE_SETTINGS.filter(isChoice).map(({ name, link }) => [name, choice(choicesOf(name), link)]))
);
/**
 * The fields of the settings that are numbers.
 *
 * @type {{ [name in import("../domain/settings.js").Numeric]: Field<Link[name]> }}
 */
const NUMBER_FIELDS = /** @type {any} */ (
  Object.fromEntries(
    PAGE_SETTINGS.flatMap((each) => (isChoice(each) ? [] : [[each.name, setting(each.name, each.link)]])),
  )
);

/**
 * In the order of reading and writing. The data set is first because other fields depend on it; drawings and pictures
 * are last because they are the longest.
 *
 * @type {{ [name in keyof Link]: Field<Link[name]> }}
 */
const FIELDS = {
  data: choice(Object.keys(DATASETS), MNIST),
  left: network(),
  right: network(),
  kleft: integer(RANGES.k.min, RANGES.k.max, null),
  kright: integer(RANGES.k.min, RANGES.k.max, null),
  sample: integer(0, 99_999, null),
  attack: choice(ATTACK_IDS, "jsma-f"),
  ...CHOICE_FIELDS,
  target: integer(0, 9, null),
  ...NUMBER_FIELDS,
  untargeted: flag(false),
  temper: flag(null),
  step: integer(0, 99_999, null),
  show: choice(CHOICES.overlay, "image"),
  channel: choice(CHOICES.channel, "all"),
  marks: flag(true),
  story: integer(0, 6, 1),
  soft: setting("soft", 40),
  lang: choice(LANGUAGES, null),
  theme: choice(CHOICES.theme, null),
  strokes: {
    fallback: null,
    read(text, data) {
      if (!DATASETS[data].isDrawn) return { value: null, fits: false };
      if (text === "") return { value: [], fits: true };
      const { strokes, whole } = readStrokes(text);
      return { value: strokes.length > 0 ? strokes : null, fits: whole };
    },
    write: (value) => writeStrokes(value ?? []),
  },
  pixels: {
    fallback: null,
    read(text, data) {
      const fits = readPixels(text, DATASETS[data].features) !== null;
      return { value: fits ? text : null, fits };
    },
    write: (value) => value ?? "",
  },
};

const NAMES = /** @type {(keyof Link)[]} */ (Object.keys(FIELDS));

/** The fields that have a meaning only for the data set of the link. */
export const DATASET_FIELDS = /** @type {const} */ ([
  "left",
  "right",
  "kleft",
  "kright",
  "sample",
  "target",
  "strokes",
  "pixels",
  "step",
]);

/** The fields that give a picture. If a link has several, the first in this list is used. */
const PICTURES = /** @type {const} */ (["pixels", "strokes", "sample"]);

/** @typedef {keyof Link | 'version' | 'end'} Dropped */

/** The link that an address without a link means. @returns {Link} */
export const emptyLink = () =>
  /** @type {Link} */ (Object.fromEntries(NAMES.map((name) => [name, FIELDS[name].fallback])));

/**
 * Reads the part of an address from its `#` on. Returns null if it is not a link of this page.
 *
 * @param {string} hash
 * @returns {{ link: Link, dropped: Dropped[] } | null}
 */
export function parseLink(hash) {
  const text = hash.replace(/^#/, "").slice(0, MAX_LENGTH);
  if (!/^v=/.test(text)) return null;
  const parameters = new URLSearchParams(text);
  const link = emptyLink();
  /** @type {Set<Dropped>} */
  const dropped = new Set();
  if (parameters.get("v") !== VERSION) dropped.add("version");
  for (const name of NAMES) readField(name, parameters.get(name), link, dropped);
  if (dropped.has("data")) for (const name of DATASET_FIELDS) Object.assign(link, { [name]: null });
  const [, ...others] = PICTURES.filter((name) => link[name] !== null);
  for (const name of others) {
    Object.assign(link, { [name]: null });
    dropped.add(name);
  }
  // Links written by hand have no hash, and need no end.
  const isCutOff = !parameters.has(END) && [link.left, link.right].some((each) => each?.hash);
  if (isCutOff || hash.length > MAX_LENGTH) dropped.add("end");
  return { link, dropped: [...dropped] };
}

/**
 * @template {keyof Link} Name
 * @param {Name} name
 * @param {string | null} text
 * @param {Link} link
 * @param {Set<Dropped>} dropped
 */
function readField(name, text, link, dropped) {
  if (text === null) return;
  const { value, fits } = FIELDS[name].read(text, link.data);
  link[name] = value;
  if (!fits) dropped.add(name);
}

/** The link's text, which goes after the `#` of an address. @param {Link} link */
export function writeLink(link) {
  const fields = NAMES.map((name) => writeField(name, link)).filter((field) => field !== "");
  return [`v=${VERSION}`, ...fields, END].join("&");
}

/**
 * A field's text, or an empty string if it has its default value.
 *
 * @template {keyof Link} Name
 * @param {Name} name
 * @param {Link} link
 */
function writeField(name, link) {
  /** @type {Field<Link[Name]>} */
  const { fallback, write } = FIELDS[name];
  const value = link[name];
  return value === null || value === fallback ? "" : `${name}=${write(value)}`;
}

/**
 * Whether two links have the same values in these fields.
 *
 * @param {Link} one
 * @param {Link} other
 * @param {readonly (keyof Link)[]} names
 */
export const hasSameFields = (one, other, names) =>
  names.every((name) => writeField(name, one) === writeField(name, other));

/**
 * @template {string | null} Fallback
 * @template {string} Value
 * @param {readonly Value[]} values
 * @param {Fallback} fallback
 * @returns {Field<Value | Fallback>}
 */
function choice(values, fallback) {
  return {
    fallback,
    read(text) {
      const value = values.find((each) => each === text);
      return { value: value ?? fallback, fits: value !== undefined };
    },
    write: String,
  };
}

/** A decimal number. Exponents, other bases and words such as "Infinity" are not allowed. */
const NUMBER = /^-?\d{1,30}(\.\d{1,30})?$/;

/**
 * @template {number | null} Fallback
 * @param {number} min
 * @param {number} max
 * @param {Fallback} fallback
 * @returns {Field<number | Fallback>}
 */
function integer(min, max, fallback) {
  return {
    fallback,
    read(text) {
      if (!NUMBER.test(text)) return { value: fallback, fits: false };
      const value = Math.round(Math.min(max, Math.max(min, Number(text))));
      return { value, fits: value === Number(text) };
    },
    write: String,
  };
}

/** @param {Parameters<typeof nearestAllowed>[0]} name @param {number} fallback @returns {Field<number>} */
function setting(name, fallback) {
  return {
    fallback,
    read(text, data) {
      if (!NUMBER.test(text)) return { value: fallback, fits: false };
      const value = nearestAllowed(name, Number(text), data);
      return { value, fits: value === Number(text) };
    },
    write: String,
  };
}

/** @template {boolean | null} Fallback @param {Fallback} fallback @returns {Field<boolean | Fallback>} */
function flag(fallback) {
  return {
    fallback,
    read: (text) => (/^[01]$/.test(text) ? { value: text === "1", fits: true } : { value: fallback, fits: false }),
    write: (value) => (value ? "1" : "0"),
  };
}

/** @returns {Field<NetworkName | null>} */
function network() {
  return {
    fallback: null,
    read(text) {
      const [, name, temperature, hash = ""] = /^([a-z]+)-(\d{1,4}(?:\.\d{1,3})?)(?:-([0-9a-f]{8}))?$/.exec(text) ?? [];
      const role = ROLES.find((each) => each === name);
      if (!role) return { value: null, fits: false };
      return { value: { role, temperature: Number(temperature), hash }, fits: true };
    },
    write: (value) =>
      value ? [value.role, value.temperature, value.hash].filter((part) => part !== "").join("-") : "",
  };
}
