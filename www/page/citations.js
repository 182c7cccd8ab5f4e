import { make } from "./dom.js";

/**
 * Sets the text of an element and turns each citation, such as [1], into a link to the list of papers.
 *
 * @param {Element} element
 * @param {string} text
 */
export function setCitedText(element, text) {
  element.replaceChildren(
    ...text.split(/(\[\d+\])/).map((part) => {
      const cited = /^\[(\d+)\]$/.exec(part);
      return cited ? make("a", { href: `#reference-${cited[1]}` }, part) : part;
    }),
  );
}
