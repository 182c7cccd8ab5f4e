/**
 * The words of the page. Each language has a file; a key that is missing there is shown in English.
 * Elements of index.html name their keys: `data-t` for the text, `data-t-label` for the aria-label and
 * `data-t-title` for the title. Words that differ between data sets have the key `key.<data set>`.
 */

import { withNumbers } from "../domain/papers.js";
import { fetchJson } from "../engine/fetch.js";
import { closestLanguage } from "../languages/closest.js";
import { LANGUAGES as FACTS } from "../languages/index.js";
import { make, must } from "./dom.js";
import { claim } from "./sequence.js";
import { loadChoice, saveChoice } from "./storage.js";

/** @typedef {keyof typeof FACTS} Language */
export const LANGUAGES = /** @type {Language[]} */ (Object.keys(FACTS));
/** @typedef {Record<string, string>} Words */

const KEY = "language";
/** @type {Map<Language, Words>} */
const files = new Map();
/** @type {Language} */
let current = "en";
/** The data set whose words are shown. */
let wordsDataset = "";

/** The current language. */
export const language = () => current;

/**
 * The language chosen on an earlier visit, else the first of the browser's languages that the page has, else the
 * language that a link was made in.
 *
 * @param {Language | null} [ofLink]
 */
export function preferredLanguage(ofLink = null) {
  const wanted = [loadChoice(KEY), ...navigator.languages, ofLink];
  return wanted.map(toLanguage).find((language) => language !== undefined) ?? "en";
}

/** The page's language for a BCP 47 tag; undefined if the page has none that fits. @param {string | null} tag */
export const toLanguage = (tag) => closestLanguage(tag ?? "", LANGUAGES);

/**
 * Fills the language menu. The choice is saved for later visits.
 *
 * @param {(language: Language) => void} onChoice
 */
export function setUpMenu(onChoice) {
  const menu = must("#language", HTMLSelectElement);
  menu.replaceChildren(
    ...LANGUAGES.map((language) => make("option", { value: language, lang: language }, FACTS[language].name)),
  );
  menu.addEventListener("change", () => {
    const chosen = toLanguage(menu.value) ?? "en";
    saveChoice(KEY, chosen);
    onChoice(chosen);
  });
}

/**
 * Loads a language and translates the page. If its words cannot be loaded, the page stays in its current
 * language, which is English at first.
 *
 * @param {Language} wanted
 * @returns {Promise<boolean>} Whether the page is now in this language, or another one was requested meanwhile.
 */
export async function setLanguage(wanted) {
  const isLatest = claim("language");
  const [, isLoaded] = await Promise.all([
    fetchWords("en"),
    fetchWords(wanted).then(
      () => true,
      () => false,
    ),
  ]);
  // Another language has been requested since.
  if (!isLatest()) return true;
  if (isLoaded) current = wanted;
  document.documentElement.lang = current;
  document.documentElement.dir = FACTS[current].dir;
  must("#language", HTMLSelectElement).value = current;
  translate(document);
  return isLoaded;
}

/** Shows the words for a data set. Returns whether it has changed. @param {string} data */
export function setWordsDataset(data) {
  if (wordsDataset === data) return false;
  wordsDataset = data;
  translate(document);
  return true;
}

/** Sets the words of the elements in a part of the page. @param {ParentNode} root */
export function translate(root) {
  for (const element of root.querySelectorAll("[data-t]"))
    element.textContent = t(element.getAttribute("data-t") ?? "");
  for (const element of root.querySelectorAll("[data-t-label]")) {
    element.setAttribute("aria-label", t(element.getAttribute("data-t-label") ?? ""));
  }
  for (const element of root.querySelectorAll("[data-t-title]")) {
    element.setAttribute("title", t(element.getAttribute("data-t-title") ?? ""));
  }
}

/**
 * The words of a key, with {placeholders} filled in and citations numbered. Words for the current data set take
 * precedence. If the placeholder `count` is given, the language's plural form for it is used, such as `key.one`,
 * where the file has it.
 *
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 */
export function t(key, values = {}) {
  const forms =
    typeof values.count === "number" ? [`.${new Intl.PluralRules(current).select(values.count)}`, ""] : [""];
  const keys = [`${key}.${wordsDataset}`, key].flatMap((each) => forms.map((form) => each + form));
  const words = keys.map(wordsOf).find((found) => found !== undefined) ?? key;
  return withNumbers(words).replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name];
    return value === undefined ? whole : typeof value === "number" ? number(value) : value;
  });
}

/** A number as the language writes it. @param {number} value @param {Intl.NumberFormatOptions} [options] */
export function number(value, options) {
  return new Intl.NumberFormat(current, options).format(value);
}

/** A date with its time, as the language writes it. @param {number} time In milliseconds. */
export const dateAndTime = (time) =>
  new Intl.DateTimeFormat(current, { dateStyle: "medium", timeStyle: "short" }).format(time);

/** A share from 0 to 1 as a percentage. @param {number} share @param {number} [digits] */
export function percent(share, digits = 2) {
  return number(share, { style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/**
 * The interval of a share, in per cent. It is cut off at 0 and 1, because the interval of a mean can reach beyond.
 *
 * @param {[number, number]} interval
 * @param {number} [digits]
 */
export function percentInterval([low, high], digits = 1) {
  return t("results.interval", { low: percent(Math.max(0, low), digits), high: percent(Math.min(1, high), digits) });
}

/** An estimated duration, in seconds, minutes or hours. @param {number} seconds */
export function duration(seconds) {
  if (seconds < 100) return t("lab.seconds", { count: Math.max(1, Math.ceil(seconds)) });
  const minutes = Math.round(seconds / 60);
  return minutes < 100 ? t("lab.minutes", { count: minutes }) : t("lab.hours", { count: Math.round(minutes / 60) });
}

/**
 * The name of a class; a digit is its own name.
 *
 * @param {{ classes: readonly string[] }} dataset
 * @param {number} label
 */
export const className = ({ classes }, label) => wordsOf(`class.${classes[label]}`) ?? classes[label];

/**
 * The name of a network.
 *
 * @param {Pick<import("../engine/protocol.js").ManifestEntry, "role" | "temperature">} model
 * @param {number | null} [k] The factor on its logits.
 */
export function modelName({ role, temperature }, k = null) {
  const name =
    role === "undefended" ? t("role.undefended") : t("role.at-temperature", { role: t(`role.${role}`), temperature });
  return k === null ? name : t("role.scaled", { network: name, k });
}

/** @param {string} key */
const wordsOf = (key) => files.get(current)?.[key] ?? files.get("en")?.[key];

/** @param {Language} language */
async function fetchWords(language) {
  if (files.has(language)) return;
  const words = await fetchJson(new URL(`../languages/${language}.json`, import.meta.url), { cache: "default" });
  files.set(language, /** @type {Words} */ (words));
}
