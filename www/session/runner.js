/** Runs the attack on both networks at once, and cancels it on request. */

import { isUntargeted, toAttackRequest } from "../domain/attacks.js";
import { DATASETS } from "../domain/datasets.js";
import { announce } from "../page/announce.js";
import { explain } from "../page/errors.js";
import { className, t } from "../page/i18n.js";
import { lastIteration } from "./player.js";
import { goalClass, NOTHING, SIDES } from "./state.js";
import { effectiveTemperature, panelName, verdict } from "./verdict.js";

/** @typedef {import("./state.js").Side} Side */

/**
 * @param {object} parts
 * @param {import("./state.js").Store} parts.store
 * @param {ReturnType<typeof import("./loader.js").createLoader>} parts.loader
 * @param {ReturnType<typeof import("./reader.js").createReader>} parts.reader
 * @param {ReturnType<typeof import("./player.js").createPlayer>} parts.player
 */
export function createRunner({ store, loader, reader, player }) {
  const { state } = store;
  /** @type {AbortController | null} */
  let current = null;

  /** Cancels and discards the last attack, because the request has changed. */
  function reset() {
    current?.abort();
    current = null;
    for (const side of SIDES) store.setPanel(side, { steps: [], outcome: null, error: null });
    store.set({ running: false, message: NOTHING });
    player.show(0);
  }

  /** Attacks the current picture. Resolves when both attacks have ended. */
  async function start() {
    reset();
    const controller = new AbortController();
    current = controller;
    store.set({ running: true });
    await Promise.all(SIDES.map((side) => loader.settled(side)));
    await reader.refresh();
    const image = state.picture.pixels;
    if (current !== controller) return;
    if (controller.signal.aborted) return end(() => t("message.cancelled"));
    if (!loader.engine()) return end(() => t("message.no-engine"));
    if (!image) return end(() => t("message.blank"));
    announce(
      isUntargeted(state.settings)
        ? t("announce.start-untargeted")
        : t("announce.start", { target: className(DATASETS[state.data], state.target) }),
    );
    await Promise.all(SIDES.map((side) => attack(side, image, controller.signal)));
    if (current !== controller) return;
    if (!loader.engine()) return end(() => t("message.no-engine"));
    end(NOTHING);
    if (controller.signal.aborted) player.show(lastIteration(state));
    announce(SIDES.map((side) => `${panelName(state, side)}: ${result(side)}`).join(" "));
  }

  /** How the attack of a panel ended, in words. @param {Side} side */
  function result(side) {
    const { loading, error } = state.panels[side];
    const trouble = loading.error ?? error;
    return trouble ? explain(trouble) : verdict(state, side, Infinity).text;
  }

  /** Ends the run; the message says why it could not be made. @param {() => string} message */
  function end(message) {
    store.set({ running: false, message });
    if (message()) announce(message());
  }

  /** @param {Side} side @param {Float32Array} image @param {AbortSignal} signal */
  async function attack(side, image, signal) {
    const { model, scale, loading, steps } = state.panels[side];
    const engine = loader.engine();
    if (!model || !engine || loading.status !== "ready") return;
    try {
      const { outcome } = await engine.attack(
        {
          model: model.id,
          scale: scale ?? 1,
          image,
          target: goalClass(state, side),
          ...toAttackRequest(state.settings, effectiveTemperature(state.panels[side])),
        },
        {
          signal,
          onStep(step) {
            steps[step.iteration] = step;
            store.changed();
          },
        },
      );
      if (state.panels[side].steps === steps) store.setPanel(side, { outcome });
    } catch (error) {
      if (state.panels[side].steps !== steps) return;
      if (/** @type {Error} */ (error).name === "EngineError")
        loader.closeLostEngine(engine, /** @type {Error} */ (error));
      else store.setPanel(side, { error: /** @type {Error} */ (error) });
    }
  }

  return {
    reset,
    start,
    cancel: () => current?.abort(),
  };
}
