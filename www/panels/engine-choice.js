/** Which engine computes, why, and which one the visitor would rather have. */
import { must, make } from "../page/dom.js";
import { t } from "../page/i18n.js";
import { recall, remember } from "../page/storage.js";

/** @typedef {'auto' | 'cpu' | 'webgpu'} Preference */

const KEY = "engine";
const PREFERENCES = /** @type {const} */ (["auto", "webgpu", "cpu"]);

/** What the address asks for with `?engine=`, what was chosen before, or what is measured to be faster. @returns {Preference} */
export function preferredEngine() {
  const wanted = [new URLSearchParams(location.search.slice(0, 2000)).get("engine"), recall(KEY)];
  return wanted.map((name) => PREFERENCES.find((each) => each === name)).find(Boolean) ?? "auto";
}

/** @param {import("../session/session.js").Session} session */
export function setUpComputing(session) {
  const line = must("#engine-info", HTMLElement);
  const choice = must("#engine-choice", HTMLSelectElement);
  choice.value = preferredEngine();
  choice.addEventListener("change", () => {
    remember(KEY, choice.value);
    session.preferEngine(/** @type {Preference} */ (choice.value));
  });
  let shown = "";

  /** @param {import("../session/state.js").State} state */
  return ({ engineInfo: info }) => {
    const words = info
      ? `${t("engine.info", { engine: t(`engine.${info.engine}`), where: t(`engine.${info.where}`), implementation: info.implementation, version: info.version })} ${t(`engine.why.${info.why}`)}`
      : "";
    line.dataset.reason = info?.reason ?? "";
    line.dataset.engine = info?.engine ?? "";
    line.dataset.why = info?.why ?? "";
    const now = `${words} ${info?.detail}`;
    if (now === shown) return;
    shown = now;
    // The engine's own words, which are English and worth quoting in a report.
    line.replaceChildren(words, ...(info?.detail ? [" ", make("span", { lang: "en" }, info.detail)] : []));
  };
}
