/** What every view does with the document: find an element, make one, fill one. */

/**
 * The element that index.html promises to have. A missing one is a mistake in this project, so it
 * is reported at once instead of turning into a null somewhere else.
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
 * A new element. Strings become text, never markup.
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
 * Puts other children into an element; the focus stays at the place in it where it was.
 *
 * @param {HTMLElement} root
 * @param {...Node} children
 */
export function refill(root, ...children) {
  const stops = () => [...root.querySelectorAll("a[href], button, select, [tabindex]")];
  const place = stops().findIndex((each) => each === document.activeElement);
  root.replaceChildren(...children);
  const again = stops()[place];
  if (again instanceof HTMLElement || again instanceof SVGElement) again.focus({ preventScroll: true });
}

/** @param {HTMLCanvasElement} canvas @param {CanvasRenderingContext2DSettings} [settings] */
export function contextOf(canvas, settings) {
  const context = canvas.getContext("2d", settings);
  if (!context) throw new Error("This browser gives no canvas to draw on.");
  return context;
}

/**
 * Sets text only where it differs, so that an unchanged page is not laid out anew on every frame.
 *
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
