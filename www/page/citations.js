import { make } from "./dom.js";

/**
 * Sets the text of an element and turns each citation, such as [1], into a link to the list of papers. The address
 * holds what the page shows, so a click goes to the list without changing it.
 *
 * @param {Element} element
 * @param {string} text
 */
export function setCitedText(element, text) {
  element.replaceChildren(
    ...text.split(/(\[\d+\])/).map((part) => {
      const cited = /^\[(\d+)\]$/.exec(part);
      return cited ? citation(`reference-${cited[1]}`, part) : part;
    }),
  );
}

/** @param {string} id @param {string} text */
function citation(id, text) {
  const link = make("a", { href: `#${id}` }, text);
  link.addEventListener("click", (event) => {
    const paper = document.getElementById(id);
    // With these keys the link is opened elsewhere.
    if (!paper || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    paper.tabIndex = -1;
    paper.focus();
    paper.scrollIntoView({ block: "nearest" });
  });
  return link;
}
