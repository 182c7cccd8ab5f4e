/** A notice about the parts of a link that could not be used, or a language that could not be loaded. */
import { announce } from "../page/announce.js";
import { must, setText } from "../page/dom.js";
import { t } from "../page/i18n.js";
import { panelName } from "../session/verdict.js";

/** @typedef {import("../session/state.js").LinkNotice} LinkNotice */

/** Notices that have a sentence of their own. The others are fields, named in lists. @type {readonly LinkNotice[]} */
const SENTENCES = [
  "words",
  "unread",
  "start",
  "version",
  "end",
  "missing.left",
  "missing.right",
  "changed.left",
  "changed.right",
];
/** What the notices of unknown fields start with. */
const UNKNOWN = "unknown.";

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
  const [unknown, others] = [true, false].map((wanted) =>
    state.linkNotices.filter((notice) => notice.startsWith(UNKNOWN) === wanted),
  );
  const fields = others.filter((notice) => !SENTENCES.includes(notice)).map((notice) => t(`notes.field.${notice}`));
  const names = unknown.map((notice) => notice.slice(UNKNOWN.length));
  const sentences = SENTENCES.filter((notice) => state.linkNotices.includes(notice)).map((notice) => {
    const [kind, side] = notice.split(".");
    return t(`notes.${kind}`, {
      network: side ? panelName(state, /** @type {import("../session/state.js").Side} */ (side)) : "",
    });
  });
  if (fields.length > 0) sentences.push(t("notes.dropped", { fields: fields.join(t("notes.comma")) }));
  if (names.length > 0) sentences.push(t("notes.unknown", { names: names.join(t("notes.comma")) }));
  return sentences.join(" ");
}
