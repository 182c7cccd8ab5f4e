/** The notice that a run of an earlier visit is kept, with a button that continues or shows it. */
import { announce } from "../page/announce.js";
import { make, must } from "../page/dom.js";
import { dateAndTime, t } from "../page/i18n.js";

/**
 * @param {(import("./archive.js").KeptRun & { chunks: import("./archive.js").KeptChunk[] }) | null} kept
 * @param {{ onAccept: () => unknown, onDiscard: () => unknown }} listener
 */
export function drawKeptNotice(kept, { onAccept, onDiscard }) {
  const before = document.querySelector("#lab-kept");
  before?.remove();
  if (!kept) return;
  const isDone = kept.state === "done";
  const text = t(isDone ? "lab.kept.done" : "lab.kept", {
    title: t(`lab.${kept.choice.experiment}.title`),
    time: dateAndTime(kept.time),
    done: kept.chunks.reduce((sum, { records }) => sum + records.length, 0),
    total: kept.total,
  });
  const button = (/** @type {string} */ id, /** @type {string} */ words, /** @type {() => unknown} */ act) => {
    const made = make("button", { type: "button", id }, t(words));
    made.addEventListener("click", act);
    return made;
  };
  must(".notes", HTMLElement).append(
    make(
      "div",
      { class: "notice", id: "lab-kept" },
      make("p", { class: "notice-text" }, text),
      button("lab-kept-accept", isDone ? "lab.kept.show" : "lab.kept.continue", onAccept),
      button("lab-kept-discard", "lab.kept.discard", onDiscard),
    ),
  );
  if (!before) announce(text);
}
