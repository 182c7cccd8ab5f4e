/** What has gone wrong or has to be known, in the form; nothing hides it. */
import { announce } from "../announce.js";
import { must, setText } from "../dom.js";

/** @param {string} words */
export function say(words) {
  const message = must("#lab-message", HTMLElement);
  message.hidden = words === "";
  setText(message, words);
  if (words) announce(words);
}
