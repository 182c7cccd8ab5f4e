/** Light or dark: the system's choice until the visitor makes one. */
import { must } from "./dom.js";
import { recall, remember } from "./storage.js";

const KEY = "theme";
const system = matchMedia("(prefers-color-scheme: dark)");

/** @returns {boolean} */
export function isDark() {
  const chosen = recall(KEY);
  return chosen === "dark" || (chosen !== "light" && system.matches);
}

/**
 * Connects the button, and tells when the colours change.
 *
 * @param {() => void} onChange
 */
export function setUpTheme(onChange) {
  const sheet = must("#dark-sheet", HTMLLinkElement);
  const button = must("#theme", HTMLButtonElement);
  let dark = isDark();

  function apply() {
    sheet.media = dark ? "all" : "not all";
    button.setAttribute("aria-pressed", String(dark));
    onChange();
  }

  button.addEventListener("click", () => {
    dark = !dark;
    remember(KEY, dark ? "dark" : "light");
    apply();
  });
  system.addEventListener("change", () => {
    dark = isDark();
    apply();
  });
  apply();
}
