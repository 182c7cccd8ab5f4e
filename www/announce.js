/** Says a sentence to those who do not see the page: start, outcome and errors, and nothing in between. */
import { must } from "./dom.js";

/** @param {string} sentence */
export function announce(sentence) {
  const region = must("#announcer", HTMLElement);
  region.textContent = "";
  // The same sentence twice is news only if the region was empty in between.
  requestAnimationFrame(() => { region.textContent = sentence; });
}
