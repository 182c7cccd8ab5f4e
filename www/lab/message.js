/** What has gone wrong or has to be known, in the form; nothing hides it. */
import { announce } from "../page/announce.js";
import { must, setText } from "../page/dom.js";

/** @param {string} words */
export function say(words) {
  const message = must("#lab-message", HTMLElement);
  message.hidden = words === "";
  setText(message, words);
  if (words) announce(words);
}
