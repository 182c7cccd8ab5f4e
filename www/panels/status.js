/** What a panel is loading, or its error with a Retry button. */
import { must, setText } from "../page/dom.js";
import { showError } from "../page/errors.js";
import { number, t } from "../page/i18n.js";

/** @typedef {import("../session/state.js").Side} Side */
/** @typedef {import("../session/state.js").State} State */

/**
 * @param {HTMLElement} root
 * @param {Side} side
 * @param {import("../session/session.js").Session} session
 */
export function setUpStatus(root, side, session) {
  const text = must(".status-text", HTMLElement, root);
  const progress = must("progress", HTMLProgressElement, root);
  const retry = must(".retry", HTMLButtonElement, root);
  /** @type {() => void} */
  let tryAgain = () => {};
  retry.addEventListener("click", () => {
    tryAgain();
    // The button is about to be hidden. Keyboard users continue from its panel.
    root.closest("article")?.focus();
  });

  /** @param {State} state */
  return ({ engine, panels }) => {
    const panel = panels[side];
    const engineIsReady = engine.status === "ready";
    const part = engineIsReady ? panel.loading : engine;
    const error = part.error ?? panel.error;
    tryAgain = engineIsReady ? () => session.retryModel(side) : () => session.openEngine();
    root.hidden = part.status === "ready" && !error;
    root.dataset.error = error ? error.name : "";
    retry.hidden = !part.error;
    progress.hidden = Boolean(error);
    if (error) return showError(text, error);
    const { loaded, total } = part.progress ?? { loaded: 0, total: 0 };
    if (total > 0) {
      progress.max = total;
      progress.value = loaded;
    } else {
      progress.removeAttribute("value");
    }
    const key = engineIsReady ? "status.model" : "status.engine";
    setText(text, total > 0 ? t(`${key}.bytes`, { loaded: kilobytes(loaded), total: kilobytes(total) }) : t(key));
  };
}

/** @param {number} bytes */
const kilobytes = (bytes) => number(Math.round(bytes / 1000));
