/** The light or dark theme: the system's setting, unless the visitor or a link chooses one. */
import { must } from "./dom.js";
import { loadChoice, saveChoice } from "./storage.js";

const KEY = "theme";
/** @typedef {typeof import("../domain/settings.js").CHOICES.theme[number]} Theme */

/** @type {Theme | null} */
let chosen = null;

/** The chosen theme; null if the system's setting is used. */
export const chosenTheme = () => chosen;

/**
 * Sets up the theme and its button. Calls `onChange` whenever the colours change. Returns a function that sets
 * the theme until the page is closed, without saving it; links use it.
 *
 * @param {Theme | null} wanted
 * @param {(byVisitor: boolean) => void} onChange
 */
export function setUpTheme(wanted, onChange) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const sheet = must("#dark-sheet", HTMLLinkElement);
  const button = must("#theme", HTMLButtonElement);
  const saved = loadChoice(KEY);
  chosen = wanted ?? (saved === "dark" || saved === "light" ? saved : null);

  let isPrinting = false;

  function apply(byVisitor = false) {
    const dark = !isPrinting && (chosen === "dark" || (chosen === null && system.matches));
    sheet.media = dark ? "all" : "not all";
    button.setAttribute("aria-pressed", String(dark));
    onChange(byVisitor);
  }

  button.addEventListener("click", () => {
    chosen = button.getAttribute("aria-pressed") === "true" ? "light" : "dark";
    saveChoice(KEY, chosen);
    apply(true);
  });
  system.addEventListener("change", () => apply());
  // Print in the light theme.
  for (const moment of ["beforeprint", "afterprint"]) {
    addEventListener(moment, () => {
      isPrinting = moment === "beforeprint";
      apply();
    });
  }
  apply();

  return (/** @type {Theme} */ theme) => {
    chosen = theme;
    apply();
  };
}
