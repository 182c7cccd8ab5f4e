/**
 * The address of what is on the page: `#v=1&…`. One table says what a link can hold, how it is read,
 * how it is written and what holds where a link says nothing. The settings of attacks are in the registry.
 *
 * Whatever stands in an address is hostile until it has been read here. A field that cannot be used
 * is replaced by the nearest thing that can, and named in `dropped`; fields that this version does
 * not know are passed over, so that links of later versions still open. Links are kept for ever: a
 * field may be added, but what is written in one today has to mean the same tomorrow, and so do the
 * values that a link leaves out.
 */
import { DATASETS, MNIST } from "../domain/datasets.js";
import { ROLES } from "../domain/networks.js";
import { ATTACK_IDS, CHOICES, choicesOf, isChoice, nearest, OFFERED, RANGES } from "../domain/settings.js";
import { LANGUAGES } from "../page/i18n.js";
import { readPixels } from "./pixels.js";
import { readStrokes, writeStrokes } from "./strokes.js";

/**
 * @typedef {import("../domain/networks.js").NetworkName} NetworkName
 *
 * @typedef {Settings & View} Link
 *
 * @typedef {object} View What a link says besides the settings of the attack. Null is what it leaves to the page.
 * @property {string} data
 * @property {NetworkName | null} left
 * @property {NetworkName | null} right
 * @property {number | null} kleft What the logits of the left network are multiplied by.
 * @property {number | null} kright
 * @property {number | null} sample The number of a test image in its test set.
 * @property {number | null} target
 * @property {number | null} step The iteration on show, where the attack has been run.
 * @property {typeof CHOICES.overlay[number]} show
 * @property {typeof CHOICES.channel[number]} channel Which channels are shown of a colour image.
 * @property {boolean} marks
 * @property {number} story The step of the story that is open; 0 for none.
 * @property {number} soft The temperature at which the teacher's answers are shown.
 * @property {import("../page/i18n.js").Language | null} lang
 * @property {'light' | 'dark' | null} theme
 * @property {Uint8Array[] | null} strokes An empty list is a blank sheet.
 * @property {string | null} pixels A picture of the visitor's own, as `pixels.js` writes it.
 *
 * @typedef {import("../domain/settings.js").Settings} Settings
 */

/**
 * How a field is read and written. `read` gives the nearest value that can be used for the link's data
 * set, which is `otherwise` where there is none, and whether that is what the text says.
 *
 * @template Value
 * @typedef {{ otherwise: Value, read: (text: string, data: string) => { value: Value, fits: boolean }, write: (value: Value) => string }}
 * Field
 */

const VERSION = "1";
/** More than the longest drawing takes. The rest of a longer address is not even looked at. */
const MOST_LETTERS = 65_536;
/** Stands at the end, so that a link that was cut on its way is not taken for another one. */
const END = "end";

/**
 * The settings of attacks that are choices, as fields.
 *
 * @type {{ [name in import("../domain/settings.js").Choice["name"]]: Field<Link[name]> }}
 */
const CHOSEN = /** @type {any} */ (
  Object.fromEntries(OFFERED.filter(isChoice).map(({ name, link }) => [name, choice(choicesOf(name), link)]))
);
/** Those that are numbers. @type {{ [name in import("../domain/settings.js").Numeric]: Field<Link[name]> }} */
const NUMBERS = /** @type {any} */ (
  Object.fromEntries(OFFERED.flatMap((each) => (isChoice(each) ? [] : [[each.name, setting(each.name, each.link)]])))
);

/**
 * In the order in which they are read and written: the data set first, on which others depend; drawings and pictures
 * last, being the longest.
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
  ...CHOSEN,
  target: integer(0, 9, null),
  ...NUMBERS,
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
    otherwise: null,
    read(text, data) {
      if (!DATASETS[data].isDrawn) return { value: null, fits: false };
      if (text === "") return { value: [], fits: true };
      const { strokes, whole } = readStrokes(text);
      return { value: strokes.length > 0 ? strokes : null, fits: whole };
    },
    write: (value) => writeStrokes(value ?? []),
  },
  pixels: {
    otherwise: null,
    read(text, data) {
      const fits = readPixels(text, DATASETS[data].features) !== null;
      return { value: fits ? text : null, fits };
    },
    write: (value) => value ?? "",
  },
};

const NAMES = /** @type {(keyof Link)[]} */ (Object.keys(FIELDS));

/** What means nothing without the data set it was made for. */
export const OF_DATA = /** @type {const} */ ([
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

/** The fields that name a picture. A link has one; of several the first holds. */
const PICTURES = /** @type {const} */ (["pixels", "strokes", "sample"]);

/** @typedef {keyof Link | 'version' | 'end'} Dropped */

/** What an address without a link stands for. @returns {Link} */
export const emptyLink = () =>
  /** @type {Link} */ (Object.fromEntries(NAMES.map((name) => [name, FIELDS[name].otherwise])));

/**
 * Reads the part of an address from its `#` on. Null where it is none of this page's links.
 *
 * @param {string} hash
 * @returns {{ link: Link, dropped: Dropped[] } | null}
 */
export function parseLink(hash) {
  const text = hash.replace(/^#/, "").slice(0, MOST_LETTERS);
  if (!/^v=/.test(text)) return null;
  const said = new URLSearchParams(text);
  const link = emptyLink();
  /** @type {Set<Dropped>} */
  const dropped = new Set();
  if (said.get("v") !== VERSION) dropped.add("version");
  for (const name of NAMES) readField(name, said.get(name), link, dropped);
  if (dropped.has("data")) for (const name of OF_DATA) Object.assign(link, { [name]: null });
  const [, ...others] = PICTURES.filter((name) => link[name] !== null);
  for (const name of others) {
    Object.assign(link, { [name]: null });
    dropped.add(name);
  }
  // Links that were written by hand need no end, and name no hash.
  const isCut = !said.has(END) && [link.left, link.right].some((each) => each?.hash);
  if (isCut || hash.length > MOST_LETTERS) dropped.add("end");
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

/** The link as it stands behind the `#`. @param {Link} link */
export function writeLink(link) {
  const fields = NAMES.map((name) => writeField(name, link)).filter((field) => field !== "");
  return [`v=${VERSION}`, ...fields, END].join("&");
}

/** Nothing where the link says what holds anyway. @template {keyof Link} Name @param {Name} name @param {Link} link */
function writeField(name, link) {
  /** @type {Field<Link[Name]>} */
  const { otherwise, write } = FIELDS[name];
  const value = link[name];
  return value === null || value === otherwise ? "" : `${name}=${write(value)}`;
}

/**
 * The page as another one would show it: the same request, read at the same step, looked at in the
 * same way.
 *
 * @param {Link} one
 * @param {Link} other
 * @param {readonly (keyof Link)[]} names
 */
export const isSame = (one, other, names) => names.every((name) => writeField(name, one) === writeField(name, other));

/**
 * @template {string | null} Otherwise
 * @template {string} Value
 * @param {readonly Value[]} values
 * @param {Otherwise} otherwise
 * @returns {Field<Value | Otherwise>}
 */
function choice(values, otherwise) {
  return {
    otherwise,
    read(text) {
      const value = values.find((each) => each === text);
      return { value: value ?? otherwise, fits: value !== undefined };
    },
    write: String,
  };
}

/** A number in digits alone: no exponents, no other bases, no words. */
const NUMBER = /^-?\d{1,30}(\.\d{1,30})?$/;

/**
 * @template {number | null} Otherwise
 * @param {number} least
 * @param {number} most
 * @param {Otherwise} otherwise
 * @returns {Field<number | Otherwise>}
 */
function integer(least, most, otherwise) {
  return {
    otherwise,
    read(text) {
      if (!NUMBER.test(text)) return { value: otherwise, fits: false };
      const value = Math.round(Math.min(most, Math.max(least, Number(text))));
      return { value, fits: value === Number(text) };
    },
    write: String,
  };
}

/** @param {Parameters<typeof nearest>[0]} name @param {number} otherwise @returns {Field<number>} */
function setting(name, otherwise) {
  return {
    otherwise,
    read(text, data) {
      if (!NUMBER.test(text)) return { value: otherwise, fits: false };
      const value = nearest(name, Number(text), data);
      return { value, fits: value === Number(text) };
    },
    write: String,
  };
}

/** @template {boolean | null} Otherwise @param {Otherwise} otherwise @returns {Field<boolean | Otherwise>} */
function flag(otherwise) {
  return {
    otherwise,
    read: (text) => (/^[01]$/.test(text) ? { value: text === "1", fits: true } : { value: otherwise, fits: false }),
    write: (value) => (value ? "1" : "0"),
  };
}

/** @returns {Field<NetworkName | null>} */
function network() {
  return {
    otherwise: null,
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
