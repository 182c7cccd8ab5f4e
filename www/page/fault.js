/** Says that a part of the page could not be drawn, in a notice and in the browser's console. */
import { announce } from "./announce.js";
import { make, must } from "./dom.js";
import { t } from "./i18n.js";

/** What has been said so far. A view that fails at every frame is reported once. @type {Set<string>} */
const reported = new Set();

/** @param {unknown} error */
export function reportFault(error) {
  const reason = error instanceof Error ? error.message : String(error);
  if (reported.has(reason)) return;
  reported.add(reason);
  console.error(error);
  const words = t("fault");
  const close = make("button", { type: "button", "data-t": "notes.dismiss" }, t("notes.dismiss"));
  const notice = make(
    "div",
    { class: "notice", "data-fault": "" },
    make("p", { class: "notice-text" }, words, " ", make("span", { lang: "en" }, reason)),
    close,
  );
  close.addEventListener("click", () => notice.remove());
  must(".notes", HTMLElement).append(notice);
  announce(`${words} ${reason}`);
}
