/** One line on what of a link, or of a language, could not be had, and what is shown instead. */
import { announce } from "../page/announce.js";
import { must, setText } from "../page/dom.js";
import { t } from "../page/i18n.js";
import { panelName } from "../session/verdict.js";

/** @typedef {import("../session/state.js").LinkNotice} Note */

/** What is told in a sentence of its own; everything else is a field, and named in a list. @type {readonly Note[]} */
const SENTENCES = ["words", "version", "end", "missing.left", "missing.right", "changed.left", "changed.right"];

/** @param {import("../session/session.js").Session} session */
export function setUpLinkNotices(session) {
  const root = must("#notes", HTMLElement);
  const text = must(".notice-text", HTMLElement, root);
  must("#notes-dismiss", HTMLButtonElement).addEventListener("click", session.dismissLinkNotices);

  /** @param {import("../session/state.js").State} state */
  return (state) => {
    root.hidden = state.linkNotices.length === 0;
    const words = noticeText(state);
    if (text.textContent === words) return;
    setText(text, words);
    if (words) announce(words);
  };
}

/** @param {import("../session/state.js").State} state */
function noticeText(state) {
  const fields = state.linkNotices.filter((note) => !SENTENCES.includes(note)).map((note) => t(`notes.field.${note}`));
  const sentences = SENTENCES.filter((note) => state.linkNotices.includes(note)).map((note) => {
    const [kind, side] = note.split(".");
    return t(`notes.${kind}`, {
      network: side ? panelName(state, /** @type {import("../session/state.js").Side} */ (side)) : "",
    });
  });
  if (fields.length > 0) sentences.push(t("notes.dropped", { fields: fields.join(t("notes.comma")) }));
  return sentences.join(" ");
}
