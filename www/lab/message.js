/** The form's message: an error or a hint, always in sight and read out by screen readers. */
import { announce } from "../page/announce.js";
import { must, setText } from "../page/dom.js";

/** Shows a message; an empty one hides it. @param {string} text */
export function showMessage(text) {
  const message = must("#lab-message", HTMLElement);
  message.hidden = text === "";
  setText(message, text);
  if (text) announce(text);
}
