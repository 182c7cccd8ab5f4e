/**
 * Links to the state of the page: `#v=1&…`. One table describes every field of a link: how it is read and written, and
 * its value if a link leaves it out. The settings of attacks come from the registry.
 *
 * Addresses are hostile input, so every field is checked here. A value that cannot be used is replaced by the nearest
 * one that can, and the field is listed in `dropped`. Unknown fields are listed in `unknown` and otherwise ignored, so
 * that links of later versions still open. Links must work for ever: fields may be added, but the meaning of a field and
 * of a missing field must never change.
 */
import { DATASETS, MNIST } from "../domain/datasets.js";
import { ROLES } from "../domain/networks.js";
import { ATTACK_IDS, CHOICES, choicesOf, isChoice, nearestAllowed, PAGE_SETTINGS, RANGES } from "../domain/settings.js";
import { LANGUAGES } from "../page/i18n.js";
import { mend } from "./mend.js";
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
 * @property {import("../page/i18n.js").Language | null} lang The language that the link was made in.
 * @property {boolean} fixlang Whether the page is shown in that language, also to readers who prefer another.
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
  fixlang: flag(false),
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

/** @typedef {keyof Link | 'start' | 'version' | 'end'} Dropped */

/** The link that an address without a link means. @returns {Link} */
export const emptyLink = () =>
  /** @type {Link} */ (Object.fromEntries(NAMES.map((name) => [name, FIELDS[name].fallback])));

/** Where a link starts, and where one starts that has lost its version. */
const START = /(?:^|[^a-z0-9])v=|^&*v(?:&|$)/i;
const HEADLESS = new RegExp(`(?:^|&)(?:${NAMES.join("|")})=`, "i");
/** Fields that other sites append to count visits. */
const TRACKING = /^(utm_\w+|\w*clk?id|\w*clickid|igshi?d?|mc_[ce]id|_hs\w+|_g[al]|mkt_tok|s_cid|ref(_\w+)?|source)$/;
/** How much of unknown fields is listed: they can be anything. */
const MOST_UNKNOWN = 5;
const LONGEST_NAME = 24;

/**
 * Reads a link from a part of an address, which may have been changed on its way. Returns null if there is no link.
 *
 * @param {string} part
 * @returns {{ link: Link, dropped: Dropped[], unknown: string[] } | null} `unknown` has the names of fields that are
 * unknown.
 */
export function parseLink(part) {
  const { text, isCut } = mend(part.slice(0, MAX_LENGTH));
  const start = START.exec(text) ?? HEADLESS.exec(text);
  if (!start) return null;
  const fields = readFields(
    text
      .slice(start.index)
      .replace(/^[^a-z]/i, "")
      .slice(0, MAX_LENGTH),
  );
  const link = emptyLink();
  /** @type {Set<Dropped>} */
  const dropped = new Set();
  if (!fields.has("v")) dropped.add("start");
  else if (fields.get("v")?.text !== VERSION) dropped.add("version");
  for (const name of NAMES) readField(name, fields.get(name), link, dropped);
  if (dropped.has("data")) for (const name of DATASET_FIELDS) Object.assign(link, { [name]: null });
  const [, ...others] = PICTURES.filter((name) => link[name] !== null);
  for (const name of others) {
    Object.assign(link, { [name]: null });
    dropped.add(name);
  }
  if (isCut || part.length > MAX_LENGTH || (!fields.has(END) && isCutOff(link, fields))) dropped.add("end");
  const unknown = [...fields.keys()].filter(
    (name) => name !== "v" && name !== END && !NAMES.some((known) => known === name) && !TRACKING.test(name),
  );
  return {
    link,
    dropped: [...dropped],
    unknown: unknown.slice(0, MOST_UNKNOWN).map((name) => name.slice(0, LONGEST_NAME)),
  };
}

/**
 * @typedef {object} FieldText
 * @property {string} text
 * @property {boolean} isAmbiguous Whether the field is given twice with different texts, of which this is the first.
 * @property {boolean} isUpperCase Whether its name is in capitals, as in a link that was converted to capitals.
 */

/** The fields of a mended text by their names, in lower case. @param {string} text */
function readFields(text) {
  /** @type {Map<string, FieldText>} */
  const fields = new Map();
  for (const [written, value] of new URLSearchParams(text)) {
    const name = written.toLowerCase();
    const first = fields.get(name);
    if (first) first.isAmbiguous ||= first.text !== value;
    else fields.set(name, { text: value, isAmbiguous: false, isUpperCase: written !== name });
  }
  return fields;
}

/**
 * Whether a link without an end was cut off. Links written by hand have no hash of a network and need no end, but they
 * say more than the fields that start every link.
 *
 * @param {Link} link
 * @param {Map<string, FieldText>} fields
 */
const isCutOff = (link, fields) =>
  [link.left, link.right].some((each) => each?.hash)
  || [...fields.keys()].every((name) => name === "v" || name === "data" || name === "left");

/**
 * @template {keyof Link} Name
 * @param {Name} name
 * @param {FieldText | undefined} field
 * @param {Link} link
 * @param {Set<Dropped>} dropped
 */
function readField(name, field, link, dropped) {
  if (!field) return;
  const { text, isAmbiguous, isUpperCase } = field;
  const isEncoded = name === "strokes" || name === "pixels";
  if (isEncoded && hasLostCase(text, isUpperCase)) return void dropped.add(name);
  const { value, fits } = FIELDS[name].read(isEncoded ? text : text.toLowerCase(), link.data);
  link[name] = value;
  if (!fits || isAmbiguous) dropped.add(name);
}

/** From this length on, base64 without a single capital was converted to lower case: one in ten million is without. */
const SURELY_MIXED = 32;

/**
 * Whether a program has changed the case of base64, so that it stands for other bytes.
 *
 * @param {string} text
 * @param {boolean} isNameUpperCase
 */
function hasLostCase(text, isNameUpperCase) {
  if (isNameUpperCase) return text !== "" && !/[a-z]/.test(text);
  return new Set(text).size >= SURELY_MIXED / 3 && text.length >= SURELY_MIXED && !/[A-Z]/.test(text);
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
