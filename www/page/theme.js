/** Light or dark: the system's choice until the visitor makes one. */
import { must } from "./dom.js";
import { recall, remember } from "./storage.js";

const KEY = "theme";
/** @typedef {typeof import("../domain/settings.js").CHOICES.theme[number]} Theme */

/** @type {Theme | null} */
let chosen = null;

/** Null where the system chooses. */
export const chosenTheme = () => chosen;

/**
 * Connects the button, and tells when the colours change, and whether a visitor changed them. What
 * it returns sets a theme for as long as the page is open, as a link does.
 *
 * @param {Theme | null} wanted
 * @param {(byVisitor: boolean) => void} onChange
 */
export function setUpTheme(wanted, onChange) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const sheet = must("#dark-sheet", HTMLLinkElement);
  const button = must("#theme", HTMLButtonElement);
  const known = recall(KEY);
  chosen = wanted ?? (known === "dark" || known === "light" ? known : null);

  let isPrinting = false;

  function apply(byVisitor = false) {
    const dark = !isPrinting && (chosen === "dark" || (chosen === null && system.matches));
    sheet.media = dark ? "all" : "not all";
    button.setAttribute("aria-pressed", String(dark));
    onChange(byVisitor);
  }

  button.addEventListener("click", () => {
    chosen = button.getAttribute("aria-pressed") === "true" ? "light" : "dark";
    remember(KEY, chosen);
    apply(true);
  });
  system.addEventListener("change", () => apply());
  // Paper is light.
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
