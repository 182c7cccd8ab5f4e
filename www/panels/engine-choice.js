/** Shows which engine computes and why, with a menu to choose another. */
import { make, must } from "../page/dom.js";
import { preferredEngine, saveEnginePreference } from "../page/engine-preference.js";
import { t } from "../page/i18n.js";

/** @param {import("../session/session.js").Session} session */
export function setUpEngineChoice(session) {
  const line = must("#engine-info", HTMLElement);
  const choice = must("#engine-choice", HTMLSelectElement);
  choice.value = preferredEngine();
  choice.addEventListener("change", () => {
    const preference = /** @type {import("../page/engine-preference.js").Preference} */ (choice.value);
    saveEnginePreference(preference);
    session.preferEngine(preference);
  });
  let shown = "";

  /** @param {import("../session/state.js").State} state */
  return ({ engineInfo: info }) => {
    const text = info
      ? `${t("engine.info", { engine: t(`engine.${info.engine}`), where: t(`engine.${info.where}`), implementation: info.implementation, version: info.version })} ${t(`engine.why.${info.why}`)}`
      : "";
    line.dataset.reason = info?.reason ?? "";
    line.dataset.engine = info?.engine ?? "";
    line.dataset.why = info?.why ?? "";
    const now = `${text} ${info?.detail}`;
    if (now === shown) return;
    shown = now;
    // The engine's own message is in English. It is shown as it is, so that it can be quoted in a bug report.
    line.replaceChildren(text, ...(info?.detail ? [" ", make("span", { lang: "en" }, info.detail)] : []));
  };
}
