/** Makes SVG elements. */

/** @param {string} tag @param {Record<string, string>} attributes */
export function makeSvg(tag, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

/**
 * @param {number} x
 * @param {number} y
 * @param {string} text
 * @param {'start' | 'middle' | 'end'} anchor Which end of the text is at `x`.
 */
export function svgText(x, y, text, anchor) {
  const element = makeSvg("text", { x: x.toFixed(1), y: y.toFixed(1), "text-anchor": anchor });
  element.textContent = text;
  return element;
}
