/**
 * Says a sentence to those who do not see the page: what they did, start, outcome and errors, and nothing in between.
 */
import { must } from "./dom.js";

/** What is said at the next frame. @type {string[]} */
let sentences = [];

/** @param {string} sentence */
export function announce(sentence) {
  const region = must("#announcer", HTMLElement);
  // The same sentence twice is news only if the region was empty in between.
  region.textContent = "";
  if (sentences.push(sentence) > 1) return;
  requestAnimationFrame(() => {
    region.textContent = sentences.join(" ");
    sentences = [];
  });
}
