/**
 * Announces a sentence to screen readers: an action, the start and outcome of an attack, or an error.
 */
import { must } from "./dom.js";

/** The sentences to announce at the next frame. @type {string[]} */
let sentences = [];

/** @param {string} sentence */
export function announce(sentence) {
  const region = must("#announcer", HTMLElement);
  // Screen readers repeat the same sentence only if the region was empty in between.
  region.textContent = "";
  if (sentences.push(sentence) > 1) return;
  requestAnimationFrame(() => {
    region.textContent = sentences.join(" ");
    sentences = [];
  });
}
