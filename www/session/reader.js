/** Classifies the picture with the networks of both panels whenever it changes, as fast as the engine can. */

import { replacementNetwork } from "../domain/networks.js";
import { explain } from "../page/errors.js";
import { SIDES, TEACHER_STEP } from "./state.js";

/** @typedef {import("./state.js").Side} Side */

/**
 * @param {import("./state.js").Store} store
 * @param {ReturnType<typeof import("./loader.js").createLoader>} loader
 */
export function createReader(store, loader) {
  const { state } = store;

  const readPanels = coalesce(async () => {
    const engine = loader.engine();
    if (!engine) return;
    try {
      await rasterize(engine);
      await Promise.all(SIDES.map((side) => classify(engine, side)));
    } catch (error) {
      // The engine has been replaced. The next one classifies the picture as soon as its networks are loaded.
      if (engine !== loader.engine()) return;
      if (/** @type {Error} */ (error).name === "EngineError")
        loader.closeLostEngine(engine, /** @type {Error} */ (error));
      else store.set({ message: () => explain(/** @type {Error} */ (error)) });
    }
  });

  /** @param {import("../engine/engine.js").EngineHandle} engine */
  async function rasterize(engine) {
    const { data, strokes, picture } = state;
    if (picture.sample !== null || picture.own !== null || picture.strokes === strokes) return;
    const pixels = await engine.rasterize(strokes);
    const isDrawing = state.data === data && state.picture.sample === null && state.picture.own === null;
    if (isDrawing) store.set({ picture: { sample: null, own: null, pixels, strokes } });
  }

  /** @param {import("../engine/engine.js").EngineHandle} engine @param {Side} side */
  async function classify(engine, side) {
    const { model, scale, loading, readingOf } = state.panels[side];
    const image = state.picture.pixels;
    if (!model || !image || loading.status !== "ready" || readingOf === image) return;
    const reading = await engine.classify({ model: model.id, scale: scale ?? 1, image });
    const isCurrent =
      state.panels[side].model === model && state.panels[side].scale === scale && state.picture.pixels === image;
    if (isCurrent) store.setPanel(side, { reading, readingOf: image });
  }

  /** Classifies the picture with panel b's teacher. The teacher is loaded only when the story shows its answers. */
  const classifyWithTeacher = coalesce(async () => {
    const engine = loader.engine();
    const of = state.picture.pixels;
    const model = replacementNetwork(state.models, "teacher", state.panels.right.model);
    if (state.story !== TEACHER_STEP || !engine || !of || !model) return;
    if (state.teacher?.of === of && state.teacher.model === model && !state.teacher.error) return;
    try {
      await engine.load(model.id);
      const { logits } = await engine.classify({ model: model.id, image: of });
      store.set({ teacher: { model, of, logits, error: null } });
    } catch (error) {
      if (engine === loader.engine())
        store.set({ teacher: { model, of, logits: undefined, error: /** @type {Error} */ (error) } });
    }
  });

  return {
    /** Resolves when both panels have classified the picture. */
    async refresh() {
      await readPanels();
      void classifyWithTeacher();
    },
  };
}

/**
 * Calls `work` once at a time. Calls made meanwhile share one further run, which uses the newest state.
 * So no queue builds up when a stroke is drawn faster than the engine computes.
 *
 * @param {() => Promise<void>} work
 */
function coalesce(work) {
  /** @type {Promise<void> | null} */
  let running = null;
  let again = false;

  async function loop() {
    try {
      do {
        again = false;
        await work();
      } while (again);
    } finally {
      running = null;
    }
  }

  return () => {
    again = true;
    running ??= loop();
    return running;
  };
}
