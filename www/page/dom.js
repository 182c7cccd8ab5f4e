/** Helpers to find, make and fill elements. */

/**
 * Finds an element that the page must have. If it is missing, that is a bug in this project, so this throws
 * instead of returning null.
 *
 * @template {Element} Kind
 * @param {string} selector
 * @param {{ new (): Kind, prototype: Kind }} kind
 * @param {ParentNode} [root]
 * @returns {Kind}
 */
export function must(selector, kind, root = document) {
  const found = root.querySelector(selector);
  if (found instanceof kind) return found;
  throw new Error(`The page has no ${kind.name} "${selector}".`);
}

/**
 * Makes an element. Children that are strings become text, never markup.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string>} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/**
 * Replaces the children of an element. If one of its controls had the focus, the control at the same position gets it.
 *
 * @param {HTMLElement} root
 * @param {...Node} children
 */
export function refill(root, ...children) {
  const stops = () => [...root.querySelectorAll("a[href], button, select, [tabindex]")];
  const index = stops().findIndex((each) => each === document.activeElement);
  root.replaceChildren(...children);
  const next = stops()[index];
  if (next instanceof HTMLElement || next instanceof SVGElement) next.focus({ preventScroll: true });
}

/**
 * Marks a control as without use for now. It can still be reached by keyboard and keeps the focus, which a `disabled`
 * one does not. The attribute is set, because Firefox has the property `ariaDisabled` only from version 119.
 *
 * @param {Element} control
 * @param {boolean} isDisabled
 */
export const setDisabled = (control, isDisabled) => control.setAttribute("aria-disabled", String(isDisabled));

/** @param {Element} control */
export const isDisabled = (control) => control.getAttribute("aria-disabled") === "true";

/**
 * The 2D context of a canvas.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {CanvasRenderingContext2DSettings} [settings]
 */
export function contextOf(canvas, settings) {
  const context = canvas.getContext("2d", settings);
  if (!context) throw new Error("This browser cannot draw on a canvas.");
  return context;
}

/**
 * Sets the text of an element if it differs, so that an unchanged page is not laid out again at every frame.
 *
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
