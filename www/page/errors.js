/** Error messages: a sentence in the visitor's language, followed by the error's own message in English. */
import { make } from "./dom.js";
import { t } from "./i18n.js";

const KNOWN = new Set([
  "NetworkError",
  "IntegrityError",
  "ModelError",
  "RequestError",
  "ImageError",
  "EngineError",
  "NoWebAssembly",
  "NoSimd",
]);

/** The sentence for an error. @param {Error} error */
const errorText = (error) => t(KNOWN.has(error.name) ? `error.${error.name}` : "error.other");

/** The whole message as text. @param {Error} error */
export const explain = (error) => `${errorText(error)} ${error.message}`.trim();

/** Shows the whole message in an element. @param {Element} element @param {Error} error */
export function showError(element, error) {
  const now = explain(error);
  if (element.textContent === now) return;
  const details = error.message ? [" ", make("span", { lang: "en" }, error.message)] : [];
  element.replaceChildren(errorText(error), ...details);
}
