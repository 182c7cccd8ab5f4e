/**
 * The page's words. One file a language; a word that a language lacks is shown in English.
 * Elements of index.html name theirs: `data-t` for the text, `data-t-label` for an aria-label and
 * `data-t-title` for a title. Words that differ by data set are under `key.<data set>`.
 */

import { withNumbers } from "../domain/papers.js";
import { fetchJson } from "../engine/fetch.js";
import { LANGUAGES as NAMES } from "../languages/index.js";
import { make, must } from "./dom.js";
import { recall, remember } from "./storage.js";

/** @typedef {keyof typeof NAMES} Language */
export const LANGUAGES = /** @type {Language[]} */ (Object.keys(NAMES));
/** @typedef {Record<string, string>} Words */

const KEY = "language";
/** @type {Map<Language, Words>} */
const files = new Map();
/** @type {Language} */
let current = "en";
/** Goes up with each language that is asked for, so that a slow one does not take the place of a later one. */
let turn = 0;
/** The data set that the words are about. */
let subject = "";

/** The one that the page speaks now. */
export const language = () => current;

/** The language chosen before, or the first of the browser's languages that the page speaks. */
export function preferredLanguage() {
  const wanted = [recall(KEY), ...navigator.languages].map((tag) => tag?.toLowerCase().split("-")[0]);
  return wanted.map(toLanguage).find((language) => language !== undefined) ?? "en";
}

/** @param {string | undefined} tag */
export const toLanguage = (tag) => LANGUAGES.find((language) => language === tag);

/**
 * The menu of languages; what is chosen there is remembered.
 *
 * @param {(language: Language) => void} onChoice
 */
export function setUpMenu(onChoice) {
  const menu = must("#language", HTMLSelectElement);
  menu.replaceChildren(
    ...LANGUAGES.map((language) => make("option", { value: language, lang: language }, NAMES[language])),
  );
  menu.addEventListener("change", () => {
    const chosen = toLanguage(menu.value) ?? "en";
    remember(KEY, chosen);
    onChoice(chosen);
  });
}

/**
 * Fetches a language where need be and puts it on the page. Where its words cannot be had, the page
 * goes on in the language that it speaks, which is English at first.
 *
 * @param {Language} wanted
 * @returns {Promise<boolean>} Whether it speaks the language now, or one that was asked for later.
 */
export async function speak(wanted) {
  const mine = ++turn;
  const [, isHere] = await Promise.all([
    fetchWords("en"),
    fetchWords(wanted).then(
      () => true,
      () => false,
    ),
  ]);
  // Somebody has asked for another one since.
  if (mine !== turn) return true;
  if (isHere) current = wanted;
  document.documentElement.lang = current;
  must("#language", HTMLSelectElement).value = current;
  translate(document);
  return isHere;
}

/** Puts the words for a data set on the page. @param {string} data */
export function speakOf(data) {
  if (subject === data) return false;
  subject = data;
  translate(document);
  return true;
}

/** @param {ParentNode} root */
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
 * The words of a key with their {placeholders} filled, and the numbers of the papers that they cite. Where there are
 * words for the data set, they
 * are taken; where the placeholder `count` is one and the language tells one from many, `key.one`.
 *
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 */
export function t(key, values = {}) {
  const forms =
    typeof values.count === "number" ? [`.${new Intl.PluralRules(current).select(values.count)}`, ""] : [""];
  const keys = [`${key}.${subject}`, key].flatMap((each) => forms.map((form) => each + form));
  const words = keys.map(lookUp).find((found) => found !== undefined) ?? key;
  return withNumbers(words).replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name];
    return value === undefined ? whole : typeof value === "number" ? number(value) : value;
  });
}

/** @param {number} value @param {Intl.NumberFormatOptions} [options] */
export function number(value, options) {
  return new Intl.NumberFormat(current, options).format(value);
}

/** A share of one as a percentage. @param {number} share @param {number} [digits] */
export function percent(share, digits = 2) {
  return number(share, { style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/**
 * The interval of a share, as percentages. That of a mean may reach beyond what a share can be.
 *
 * @param {[number, number]} interval
 * @param {number} [digits]
 */
export function percentInterval([low, high], digits = 1) {
  return t("results.interval", { low: percent(Math.max(0, low), digits), high: percent(Math.min(1, high), digits) });
}

/** A duration that is not known exactly. @param {number} seconds */
export function duration(seconds) {
  if (seconds < 100) return t("lab.seconds", { count: Math.max(1, Math.ceil(seconds)) });
  const minutes = Math.round(seconds / 60);
  return minutes < 100 ? t("lab.minutes", { count: minutes }) : t("lab.hours", { count: Math.round(minutes / 60) });
}

/** A class by its name; digits are their own. @param {{ classes: readonly string[] }} dataset @param {number} label */
export const className = ({ classes }, label) => lookUp(`class.${classes[label]}`) ?? classes[label];

/**
 * A network in words.
 *
 * @param {Pick<import("../engine/protocol.js").ManifestEntry, "role" | "temperature">} model
 * @param {number | null} [k] What its logits are multiplied by.
 */
export function modelName({ role, temperature }, k = null) {
  const name =
    role === "undefended" ? t("role.undefended") : t("role.at-temperature", { role: t(`role.${role}`), temperature });
  return k === null ? name : t("role.scaled", { network: name, k });
}

/** @param {string} key */
const lookUp = (key) => files.get(current)?.[key] ?? files.get("en")?.[key];

/** @param {Language} language */
async function fetchWords(language) {
  if (files.has(language)) return;
  const words = await fetchJson(new URL(`../languages/${language}.json`, import.meta.url), { cache: "default" });
  files.set(language, /** @type {Words} */ (words));
}
